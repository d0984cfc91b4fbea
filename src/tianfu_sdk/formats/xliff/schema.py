"""The first half of a check: every element and attribute where the schema has it."""

from __future__ import annotations

from collections.abc import Mapping

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.names import (
    ATTRIBUTES,
    ELEMENTS,
    NEWER,
    PLACES,
    SINGLE,
    VALUES,
    Shape,
    short,
)
from tianfu_sdk.formats.xliff.report import Report

__all__ = ["check_schema"]

_CLOSED = frozenset({"mtc", "gls", "mda", "res", "slr", "val", "ctr", "fs", "itsm", "pgs"})
_DRAFTED = frozenset(f"ctr:{name}Item" for name in ("simple", "content", "segment", "unit"))
# What stands in these is somebody else's.
_SEALED = frozenset({"xlf:skeleton", "res:source", "res:target", "slr:data"})
_XML = {"xml:lang": "language", "xml:space": "space", "xml:id": "nmtoken"}


def check_schema(root: Element, report: Report, *, newer: bool) -> None:
    """Hold all elements of core and modules against their tables.

    Args:
        root: Of the document.
        report: Takes the problems.
        newer: It is of version 2.2.
    """
    shapes = {**ELEMENTS, **NEWER} if newer else ELEMENTS
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = short(element.tag)
        shape = shapes.get(name)
        if shape is None:
            if name.partition(":")[0] in {*_CLOSED, "xlf", "?"} and name not in _DRAFTED:
                report.error("element.unknown", element)
            continue
        _attributes(element, name, shape, report)
        _children(element, name, shape, report)
        if name not in _SEALED:
            waiting += reversed(element.elements())


def _children(element: Element, name: str, shape: Shape, report: Report) -> None:
    own = name.partition(":")[0]
    counts = [0] * len(shape.stages)
    at = 0
    seen: set[str] = set()
    for child in element.children:
        if isinstance(child, str):
            if not shape.text and child.strip(" \t\r\n"):
                report.error("text.unexpected", element)
            continue
        named = short(child.tag)
        prefix = named.partition(":")[0] if ":" in named else ""
        fits = [
            place
            for place, (names, _, _) in enumerate(shape.stages)
            if named in names or ("any" in names and prefix not in {"", own})
        ]
        if named in PLACES and name not in _SEALED:
            _module(name, child, seen, report)
        if not fits:
            report.error("element.unexpected", child, parent=element.name)
            continue
        place = next((place for place in fits if place >= at), None)
        if place is None:
            report.error("element.order", child, parent=element.name)
            place = fits[-1]
        at = max(at, place)
        counts[place] += 1
        most = shape.stages[place][2]
        if most is not None and counts[place] > most:
            report.error("element.repeated", child, parent=element.name)
    for count, (names, least, _) in zip(counts, shape.stages, strict=True):
        if count < least:
            wanted = " / ".join(sorted(one.partition(":")[2] or one for one in names))
            report.error("element.missing", element, wanted=wanted)


def _module(name: str, child: Element, seen: set[str], report: Report) -> None:
    """Judge where the outermost element of a module stands."""
    named = short(child.tag)
    parent = name.partition(":")[2]
    if name not in PLACES[named] and (name, named) != ("xlf:xliff", "mda:metadata"):
        report.error("module.place", child, parent=parent)
    elif named in seen and named in SINGLE:
        report.error("element.repeated", child, parent=parent)
    seen.add(named)


def _attributes(element: Element, name: str, shape: Shape, report: Report) -> None:
    for key, value in element.attributes.items():
        attribute = short(key)
        kind = shape.attributes.get(attribute)
        if kind is None:
            kind = _foreign(element, name, attribute, shape.foreign.split(), report)
        if kind is not None and not VALUES[kind](value):
            report.error("attribute.value", element, attribute=attribute, value=value)
    written: Mapping[str, str] = {short(key): value for key, value in element.attributes.items()}
    for needed in shape.needed:
        if needed not in written:
            report.error("attribute.missing", element, attribute=needed)


def _foreign(
    element: Element, name: str, attribute: str, allowed: list[str], report: Report
) -> str | None:
    """Judge an attribute that is not the element's own; give what it may hold."""
    prefix, colon, local = attribute.partition(":")
    if prefix == "xsi" and colon:
        return None
    if prefix == "xml" and "xml" in allowed:
        return _XML.get(attribute)
    known = ATTRIBUTES.get(prefix)
    if known is not None:
        value, places = known.get(local, ("", frozenset()))
        if name.partition(":")[2] in places and {"*", prefix} & set(allowed):
            return value
    elif (prefix in {"*", "its"} and {"*", prefix} & set(allowed)) or (
        attribute == "ctr:checksum" and "*" in allowed
    ):
        return None
    report.error("attribute.unknown", element, attribute=attribute.replace("*:", ""))
    return None
