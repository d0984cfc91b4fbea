"""Rules about annotations and what refers to something: XLIFF 2.1, sections 4.7.3 and 4.8."""

from __future__ import annotations

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.fragments import Links, Unreadable, read_fragment
from tianfu_sdk.formats.xliff.names import short
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.scopes import MARKERS, Scope

__all__ = ["check_annotations", "check_note_ref", "check_span", "pointed"]

_OWN = frozenset({"id", "type", "ref", "value"})


def check_annotations(scope: Scope, links: Links, report: Report) -> None:
    """Hold each `mrk` and `sm` of a unit against what its type demands."""
    for side in ("source", "target"):
        for marker in scope.inline(side):
            if marker.name in MARKERS:
                _marker(marker, scope.element, links, report)


def _marker(marker: Element, unit: Element, links: Links, report: Report) -> None:
    given = marker.attributes
    kind = given.get("type", "generic")
    # Attributes of modules and extensions may be all that a generic one is there for.
    if kind == "generic" and not given.keys() - _OWN:
        report.error("marker.no_translate", marker)
    if kind == "mtc:match" and "ref" in given:
        report.error("marker.match_ref", marker)
    if kind == "comment":
        if ("value" in given) == ("ref" in given):
            report.error("marker.comment", marker)
        if "ref" in given:
            found = pointed(given["ref"], marker, links, report)
            if found is None:
                return
            holder, note = found
            if holder is not unit or short(note.tag) != "xlf:note":
                report.error("marker.note", marker, ref=given["ref"])
    elif given.get("ref", "").startswith("#"):
        pointed(given["ref"], marker, links, report)
    elif "#" in given.get("ref", ""):
        _elsewhere(given["ref"], marker, links, report)


def pointed(ref: str, at: Element, links: Links, report: Report) -> tuple[Element, Element] | None:
    """Find what a reference into this document points to; says what is wrong with it.

    Args:
        ref: As written.
        at: Where it is written.
        links: Of the document.
        report: Takes the problem.

    Returns:
        The file, group or unit, and what in it is meant; None where a problem was noted.
    """
    if not ref.startswith("#"):
        report.error("fragment.syntax", at, ref=ref)
        return None
    try:
        fragment = read_fragment(ref[1:], links.prefixes)
    except Unreadable as error:
        report.error(str(error.args[0]), at, ref=ref)
        return None
    found = links.resolve(fragment, at)
    if found is None:
        report.error("fragment.nothing", at, ref=ref)
    return found


def _elsewhere(ref: str, at: Element, links: Links, report: Report) -> None:
    """Look at a reference into another XLIFF document, whose content is not known."""
    path, _, fragment = ref.partition("#")
    if path.lower().endswith((".xlf", ".xliff")):
        try:
            read_fragment(fragment, links.prefixes)
        except Unreadable as error:
            report.error(str(error.args[0]), at, ref=ref)


def check_span(at: Element, unit: Element, links: Links, report: Report) -> None:
    """Demand that the `ref` of a match or glossary entry is a span of text of its unit."""
    ref = at.attributes.get("ref")
    if ref is None:
        return
    if not ref.startswith("#") and "#" in ref and not short(at.tag).startswith("mtc:"):
        # It is a reference to another document; the suite of OASIS has such a one.
        report.warn("span.outside", at, ref=ref)
        return
    found = pointed(ref, at, links, report)
    if found is None:
        return
    holder, span = found
    if holder is not unit or short(span.tag).partition(":")[2] not in {
        *("segment", "ignorable", "mrk", "sm", "pc", "sc", "ec", "ph")
    }:
        report.error("span.elsewhere", at, ref=ref)


def check_note_ref(note: Element, links: Links, report: Report) -> None:
    """Demand that the `ref` of a note (2.2) is a segment, source or target of its unit."""
    ref = note.attributes.get("ref")
    if ref is None:
        return
    found = pointed(ref, note, links, report)
    unit = note.parent.parent if note.parent is not None else None
    if found is not None and found[0] is not unit:
        report.error("span.elsewhere", note, ref=ref)
