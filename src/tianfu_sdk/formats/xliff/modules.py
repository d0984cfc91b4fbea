"""Rules of the modules: section 5 of XLIFF 2.1; change tracking of 2.0; plurals of 2.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tianfu_sdk.formats.markup import XML, Element
from tianfu_sdk.formats.xliff.annotations import check_span
from tianfu_sdk.formats.xliff.fragments import Links, leading
from tianfu_sdk.formats.xliff.identity import check_unique
from tianfu_sdk.formats.xliff.names import short
from tianfu_sdk.formats.xliff.report import Report

__all__ = ["check_module_attributes", "check_module_element"]

_RULES = ("isPresent", "isNotPresent", "startsWith", "endsWith")
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)")
_SIZE = re.compile(r"(?:\d+,)?(?:\d+|\*)")
_CODEPOINTS = "xliff:codepoints"
_STORAGE = frozenset({"xliff:utf8", "xliff:utf16", "xliff:utf32"})
_SELECTORS = frozenset({"plural", "ordinal", "gender", "select"})
_PLURALS = re.compile(r"\d+(?:\.\d+)?|zero|one|two|few|many|other")


def check_module_element(element: Element, name: str, links: Links, report: Report) -> None:
    """Hold an element of a module against its rules.

    Args:
        element: Any; most have none.
        name: Its short name.
        links: Of the document.
        report: Takes the problems.
    """
    match name:
        case "mda:metadata":
            found = [one for one in element.walk() if short(one.tag) != "mda:meta"]
            check_unique(found, "metadata", report)
        case "gls:glossary":
            check_unique(_named(element, "glossEntry", "translation"), "glossary", report)
        case "gls:glossEntry":
            _entry(element, links, report)
        case "gls:translation":
            _span(element, links, report)
        case "mtc:matches":
            check_unique(element.elements(), "matches", report)
        case "mtc:match":
            _span(element, links, report)
            if "subType" in element.attributes and "type" not in element.attributes:
                report.error("code.no_type", element)
        case "val:rule":
            _rule(element, report)
        case "ctr:changeTrack":
            found = [one for one in element.walk() if one.space == element.space]
            check_unique(found, "changeTrack", report)
        case "ctr:revisions":
            _revisions(element, report)
        case _ if name.startswith("res:"):
            _resources(element, name, links, report)


def _named(element: Element, *names: str) -> Iterator[Element]:
    return (one for one in element.walk() if one.name in names and one.space == element.space)


def _unit(element: Element) -> Element | None:
    return next((one for one in element.ancestors() if short(one.tag) == "xlf:unit"), None)


def _span(element: Element, links: Links, report: Report) -> None:
    unit = _unit(element)
    if unit is not None:
        check_span(element, unit, links, report)


def _entry(element: Element, links: Links, report: Report) -> None:
    _span(element, links, report)
    if not any(_named(element, "translation", "definition")):
        report.error("glossary.empty", element)


def _resources(element: Element, name: str, links: Links, report: Report) -> None:
    given = element.attributes
    root = links.root
    if name == "res:resourceData":
        check_unique(element.elements(), "resourceData", report)
    elif name == "res:resourceItemRef":
        _resource_ref(element, links, report)
    elif name == "res:resourceItem":
        sides = {one.name: one for one in element.elements() if one.name != "reference"}
        if all(map(_empty, sides.values())) and "mimeType" not in given:
            report.error("resource.no_type", element)
        if given.get("context") == "no" and "source" not in sides:
            report.error("resource.no_source", element)
    elif name in {"res:source", "res:target"}:
        if _empty(element) != ("href" in given):
            report.error("resource.href", element)
        wanted = root.attributes.get("srcLang" if name == "res:source" else "trgLang", "")
        found = given.get(XML + "lang")
        if found is not None and found.lower() != wanted.lower():
            # Targets in another language stand in valid documents of the suite of OASIS.
            say = report.error if name == "res:source" else report.warn
            say("resource.language", element, found=found, wanted=wanted)


def _empty(element: Element) -> bool:
    return not any(not isinstance(one, str) or one.strip() for one in element.children)


def _resource_ref(element: Element, links: Links, report: Report) -> None:
    ref = element.attributes.get("ref")
    file = next((one for one in element.ancestors() if short(one.tag) == "xlf:file"), None)
    if ref is None or file is None or ref in links.resources(file):
        return
    # Without resources of its own, the file's may have been taken out of it, as in valid
    # documents of the suite of OASIS.
    whole = any(short(one.tag) == "res:resourceData" for one in leading(file))
    say = report.error if whole else report.warn
    say("resource.nothing", element, id=ref)


def _rule(element: Element, report: Report) -> None:
    given = element.attributes
    tests = [name for name in _RULES if name in given]
    own = [key for key in given if short(key).startswith("*:")]
    if len(tests) + bool(own) != 1:
        report.error("rule.one", element)
    if "occurs" in given and "isPresent" not in given:
        report.error("rule.occurs", element)
    if "existsInSource" in given and not {"isPresent", "startsWith", "endsWith"} & set(given):
        report.error("rule.exists", element)
    above = element.parent.parent if element.parent is not None else None
    if given.get("disabled") == "yes" and above is not None and short(above.tag) == "xlf:file":
        report.error("rule.disabled", element)


def _revisions(element: Element, report: Report) -> None:
    given = element.attributes
    holder = element.parent.parent if element.parent is not None else None
    if holder is None:
        return
    tracked = [
        one for one in holder.walk() if one is not holder and short(one.tag).startswith("xlf:")
    ]
    alike = [one for one in tracked if one.name == given.get("appliesTo")]
    found = next((one for one in tracked if given.get("ref") == one.attributes.get("id")), None)
    if "ref" not in given:
        if len(alike) > 1 and any("id" in one.attributes for one in alike):
            report.error("revision.which", element)
        found = alike[0] if len(alike) == 1 else None
    elif found is None:
        report.error("revision.nothing", element, id=given["ref"])
    versions = {one.attributes.get("version") for one in element.elements()}
    if given.get("currentVersion", None) not in {None, *versions}:
        report.error("revision.version", element, id=given["currentVersion"])
    for revision in element.elements():
        _items(revision, found, report)


def _items(revision: Element, about: Element | None, report: Report) -> None:
    seen: set[str] = set()
    for item in revision.elements():
        name = item.attributes.get("property", "content")
        if name in seen:
            report.error("revision.twice", item, attribute=name)
        seen.add(name)
        known = {short(key) for key in about.attributes} if about is not None else {name}
        if name != "content" and name not in known:
            report.error("revision.property", item, attribute=name)


def check_module_attributes(element: Element, report: Report) -> None:
    """Hold attributes of `fs`, `slr` and `pgs` on an element of core against their rules."""
    given = {
        name: value for key, value in element.attributes.items() if ":" in (name := short(key))
    }
    if not given:
        return
    if "fs:subFs" in given and "fs:fs" not in given:
        report.error("style.alone", element)
    if element.name == "ec" and element.attributes.get("isolated") != "yes":
        for name in given:
            if name.startswith(("fs:", "slr:")):
                report.error("module.not_isolated", element, attribute=name)
    if any(name.startswith("slr:") for name in given):
        _sizes(element, given, report)
    if "pgs:switch" in given:
        _switch(element, given["pgs:switch"], report)
    elif "pgs:case" in given and not _switches(element.parent):
        report.error("plural.no_switch", element)


def _sizes(element: Element, given: Mapping[str, str], report: Report) -> None:
    general, storage = _profiles(element)
    for name, profile, usual in (
        ("slr:sizeRestriction", general, general == _CODEPOINTS),
        ("slr:storageRestriction", storage, storage in _STORAGE),
    ):
        if name in given and not _SIZE.fullmatch(given[name].strip()):
            if usual:
                report.error("size.restriction", element, attribute=name, value=given[name])
            elif not profile:
                report.warn("size.restriction", element, attribute=name, value=given[name])
    for name, profile, usual in (
        ("slr:sizeInfo", general, general == _CODEPOINTS),
        ("slr:equivStorage", storage, storage in _STORAGE),
    ):
        value = given.get(name, "")
        # Without a profile any words are fine, but what reads as a number is a whole one.
        if value and (
            (usual and not _WHOLE.fullmatch(value)) or (not profile and _NUMBER.fullmatch(value))
        ):
            report.error("size.whole", element, attribute=name, value=value)
    if "slr:sizeInfoRef" in given:
        if "slr:sizeInfo" in given:
            report.error("size.both", element)
        if not _sized(element, given["slr:sizeInfoRef"]):
            report.error("size.nothing", element, id=given["slr:sizeInfoRef"])


def _profiles(element: Element) -> tuple[str, str]:
    for above in element.ancestors():
        for child in leading(above):
            if short(child.tag) == "slr:profiles":
                given = child.attributes
                return given.get("generalProfile", ""), given.get("storageProfile", "")
    return "", ""


def _sized(element: Element, id_: str) -> bool:
    """Tell whether an `slr:data` beside an element or above it has this id."""
    return any(
        id_ in {one.attributes.get("id"), one.attributes.get(XML + "id")}
        for above in element.ancestors()
        if above.parent is not None
        for child in leading(above.parent)
        if short(child.tag) == "slr:data"
        for one in child.walk()
    )


def _switches(unit: Element | None) -> list[str]:
    given = unit.attributes if unit is not None else {}
    return next((value.split() for key, value in given.items() if short(key) == "pgs:switch"), [])


def _switch(unit: Element, switch: str, report: Report) -> None:
    parts = switch.split()
    kinds = [part.partition(":")[0] for part in parts]
    if not parts or not all(
        kind in _SELECTORS and len(part) > len(kind) + 1
        for kind, part in zip(kinds, parts, strict=True)
    ):
        report.error("plural.switch", unit, value=switch)
        return
    for segment in unit.elements():
        case = next(
            (value for key, value in segment.attributes.items() if short(key) == "pgs:case"), None
        )
        if case is None:
            continue
        values = case.split()
        if len(values) != len(kinds) or not all(
            kind not in {"plural", "ordinal"} or _PLURALS.fullmatch(value)
            for kind, value in zip(kinds, values, strict=True)
        ):
            report.error("plural.case", segment, value=case, switch=switch)
