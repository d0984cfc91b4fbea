"""Checks of XLIFF 1.2: structure, ids, states and inline codes.

Source: OASIS, XLIFF Version 1.2 (2008), and its strict schema.
"""

from __future__ import annotations

from collections.abc import Mapping

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.inlines import read_older
from tianfu_sdk.formats.xliff.names import LANGUAGE
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.states import from_older
from tianfu_sdk.text.masks import compare

__all__ = ["check_older"]

_INLINE = ("g", "x", "bx", "ex", "bpt", "ept", "ph", "it", "mrk")
_FREE = frozenset({"context-group", "count-group", "prop-group", "note", "alt-trans"})
# Children in order, each with how many there are at least and at most (0: any number).
_CHILDREN: Mapping[str, tuple[tuple[frozenset[str], int, int], ...]] = {
    "xliff": ((frozenset({"file"}), 1, 0),),
    "file": ((frozenset({"header"}), 0, 1), (frozenset({"body"}), 1, 1)),
    "body": ((frozenset({"group", "trans-unit", "bin-unit"}), 0, 0),),
    "group": (
        (frozenset({"context-group", "count-group", "prop-group", "note"}), 0, 0),
        (frozenset({"group", "trans-unit", "bin-unit"}), 0, 0),
    ),
    "trans-unit": (
        (frozenset({"source"}), 1, 1),
        (frozenset({"seg-source"}), 0, 1),
        (frozenset({"target"}), 0, 1),
        (_FREE, 0, 0),
    ),
    "alt-trans": (
        (frozenset({"source"}), 0, 1),
        (frozenset({"seg-source"}), 0, 1),
        (frozenset({"target"}), 1, 0),
        (frozenset({"context-group", "prop-group", "note"}), 0, 0),
    ),
} | {name: ((frozenset(_INLINE), 0, 0),) for name in ("source", "seg-source", "target", "g", "mrk")}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "xliff": ("version",),
    "file": ("original", "source-language", "datatype"),
    "trans-unit": ("id",),
    "mrk": ("mtype",),
    "it": ("id", "pos"),
} | dict.fromkeys(("g", "x", "bx", "ex", "bpt", "ept", "ph"), ("id",))
_CHOICES: Mapping[str, frozenset[str]] = {
    "approved": frozenset({"yes", "no"}),
    "translate": frozenset({"yes", "no"}),
    "pos": frozenset({"open", "close"}),
    "state": frozenset(
        {
            *("final", "needs-adaptation", "needs-l10n", "needs-review-adaptation"),
            *("needs-review-l10n", "needs-review-translation", "needs-translation"),
            *("new", "signed-off", "translated"),
        }
    ),
    "state-qualifier": frozenset(
        {
            *(
                "exact-match",
                "fuzzy-match",
                "id-match",
                "leveraged-glossary",
                "leveraged-inherited",
            ),
            *("leveraged-mt", "leveraged-repository", "leveraged-tm", "mt-suggestion"),
            *("rejected-grammar", "rejected-inaccurate", "rejected-length", "rejected-spelling"),
            "tm-suggestion",
        }
    ),
}
_OPEN = frozenset({"state", "state-qualifier"})
_LANGUAGES = ("source-language", "target-language")


def check_older(root: Element, report: Report) -> None:
    """Hold a document of XLIFF 1.2 against the specification.

    Args:
        root: Of the document.
        report: Takes the problems.
    """
    space = root.space
    waiting = [root]
    while waiting:
        element = waiting.pop()
        _element(element, space, report)
        if element.name == "file":
            _file(element, report)
        elif element.name == "trans-unit":
            _unit(element, report)
        waiting += [
            child
            for child in reversed(element.elements())
            if child.space == space and child.name in {*_CHILDREN, *_NEEDED}
        ]


def _element(element: Element, space: str, report: Report) -> None:
    given = element.attributes
    for attribute in _NEEDED.get(element.name, ()):
        if attribute not in given:
            report.error("attribute.missing", element, attribute=attribute)
    for attribute, choices in _CHOICES.items():
        value = given.get(attribute)
        if value is None or value in choices or (attribute in _OPEN and value.startswith("x-")):
            continue
        report.error("attribute.value", element, attribute=attribute, value=value)
    for attribute in _LANGUAGES:
        if attribute in given and not LANGUAGE.fullmatch(given[attribute]):
            report.error("attribute.value", element, attribute=attribute, value=given[attribute])
    stages = _CHILDREN.get(element.name)
    if stages is not None:
        _children(element, stages, space, report)


def _children(
    element: Element,
    stages: tuple[tuple[frozenset[str], int, int], ...],
    space: str,
    report: Report,
) -> None:
    at, counts = 0, [0] * len(stages)
    for child in element.elements():
        if child.space != space:
            continue
        place = next((n for n, (names, _, _) in enumerate(stages) if child.name in names), None)
        if place is None:
            report.error("element.unexpected", child, parent=element.name)
            continue
        if place < at:
            report.error("element.order", child, parent=element.name)
        at = max(at, place)
        counts[place] += 1
        if counts[place] > stages[place][2] > 0:
            report.error("element.repeated", child, parent=element.name)
    for count, (names, least, _) in zip(counts, stages, strict=True):
        if count < least:
            report.error("element.missing", element, wanted=" / ".join(sorted(names)))


def _file(file: Element, report: Report) -> None:
    seen: set[str] = set()
    translated = None
    for one in file.walk():
        if one.name == "trans-unit" and one.space == file.space:
            id_ = one.attributes.get("id")
            if id_ is not None and id_ in seen:
                report.error("id.duplicate", one, id=id_, within="file")
            seen.add(id_ or "")
        if one.name == "target" and one.parent is not None and one.parent.name == "trans-unit":
            translated = translated or one
    if translated is not None and "target-language" not in file.attributes:
        report.warn("language.no_target", translated)


def _unit(unit: Element, report: Report) -> None:
    children = {child.name: child for child in reversed(unit.elements())}
    source, target = children.get("source"), children.get("target")
    for content in (source, target):
        if content is not None:
            _pairs(content, report)
    about = target.attributes if target is not None else {}
    state, approved = about.get("state", ""), unit.attributes.get("approved", "")
    qualifier = about.get("state-qualifier", "")
    there = target is not None and bool(target.children)
    taken, rule = from_older(state, qualifier, approved, target=there)
    if rule == "state.contradiction":
        report.warn(rule, unit, approved=approved, state=state, taken=taken.value)
    if source is not None and target is not None and there:
        parts = read_older(source).runs
        back = compare(parts, read_older(target).runs)
        for code in (*back.lost, *back.left_out):
            if not code.annotation:
                report.warn("target.code_lost", target, id=code.id, code=code.kind.value)


def _pairs(content: Element, report: Report) -> None:
    for start, end in (("bpt", "ept"), ("bx", "ex")):
        begun: dict[str, int] = {}
        for one in content.walk():
            key = one.attributes.get("rid", one.attributes.get("id", ""))
            if one.name == start:
                begun[key] = begun.get(key, 0) + 1
            elif one.name == end:
                if not begun.get(key):
                    report.error("pair.no_start", one, id=key)
                else:
                    begun[key] -= 1
        for key, left in begun.items():
            if left > 0:
                opening = next(
                    one
                    for one in content.walk()
                    if one.name == start
                    and key == one.attributes.get("rid", one.attributes.get("id", ""))
                )
                report.error("pair.no_end", opening, id=key)
