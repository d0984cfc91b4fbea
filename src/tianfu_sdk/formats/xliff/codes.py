"""Rules about inline codes: sections 4.3.1 and 4.7.2 of XLIFF 2.1."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.identity import order_of
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.scopes import CODES, Part, Scope, flag

__all__ = ["check_codes", "check_cp", "check_pairs", "check_sub_flows", "composed"]

_FORMATS = {f"xlf:{name}": "fmt" for name in ("b", "i", "u", "lb", "pb")} | {"xlf:var": "ui"}
_TOGETHER = (("dataRefStart", "dataRefEnd"), ("equivStart", "equivEnd"))
_FLOWS = ("subFlowsStart", "subFlowsEnd")
_DATA = ("dataRef", "dataRefStart", "dataRefEnd")
_LAST = 0x10FFFF


def check_codes(scope: Scope, report: Report) -> None:
    """Hold the attributes of each code against one another and against the original data."""
    every = [one for side in ("source", "target") for one in scope.inline(side)]
    codes = [one for one in every if one.name in CODES]
    bases = {one.attributes["id"]: one for one in reversed(codes) if "id" in one.attributes}
    for code in codes:
        _hints(code, report)
        _references(code, scope, report)
        if "copyOf" in code.attributes:
            _copy(code, bases.get(code.attributes["copyOf"]), report)


def _hints(code: Element, report: Report) -> None:
    given = code.attributes
    if flag(code, "canReorder", "yes") != "yes":
        for hint in ("canCopy", "canDelete"):
            if flag(code, hint, "yes") != "no":
                report.error("code.reorder_hints", code, attribute=hint)
    if "subType" in given:
        wanted = _FORMATS.get(given["subType"], given.get("type"))
        if "type" not in given:
            report.error("code.no_type", code)
        elif wanted != given["type"]:
            report.error("code.sub_type", code, value=given["subType"], wanted=wanted)


def _references(code: Element, scope: Scope, report: Report) -> None:
    given = code.attributes
    for attribute in _DATA:
        if attribute in given and given[attribute] not in scope.data:
            report.error("code.no_data", code, attribute=attribute, id=given[attribute])
    for one, other in (*_TOGETHER, _FLOWS):
        if (one in given) != (other in given):
            missing, there = (other, one) if one in given else (one, other)
            report.error("code.half", code, missing=missing, there=there)


def _copy(code: Element, base: Element | None, report: Report) -> None:
    if any(attribute in code.attributes for attribute in _DATA):
        report.error("copy.with_data", code)
    if base is None or base is code:
        report.error("copy.no_base", code, id=code.attributes["copyOf"])
        return
    if flag(base, "canCopy", "yes") == "no":
        report.error("copy.forbidden", code, id=code.attributes["copyOf"])
    if any(attribute in base.attributes for attribute in _DATA):
        report.error("copy.base_data", code, id=code.attributes["copyOf"])


def check_sub_flows(scope: Scope, units: Collection[str], report: Report) -> None:
    """Demand that sub-flows are units of the same file."""
    for code in [one for side in ("source", "target") for one in scope.inline(side)]:
        for attribute in ("subFlows", *_FLOWS):
            for id_ in code.attributes.get(attribute, "").split():
                if id_ not in units:
                    report.error("code.no_flow", code, attribute=attribute, id=id_)


def check_cp(element: Element, report: Report) -> None:
    """Demand that `cp` stands for a character that XML cannot hold."""
    try:
        point = int(element.attributes.get("hex", ""), 16)
    except ValueError:
        return
    if point > _LAST:
        report.error("cp.range", element, value=element.attributes["hex"])
    elif _in_xml(point):
        # Controls of ISO 6429 may stand in XML 1.0 but are better not.
        odd = 0x7F <= point <= 0x9F and point != 0x85  # noqa: PLR2004 - the block of controls
        say = report.warn if odd else report.error
        say("cp.needless", element, value=element.attributes["hex"])


def _in_xml(point: int) -> bool:
    return (
        point in {0x9, 0xA, 0xD}
        or 0x20 <= point <= 0xD7FF  # noqa: PLR2004 - Char of XML 1.0, section 2.2
        or 0xE000 <= point <= 0xFFFD  # noqa: PLR2004 - the same
        or point > 0xFFFF  # noqa: PLR2004 - the same
    )


def composed(scope: Scope, side: str) -> list[Part]:
    """List the parts that have a source or a target, in the order that makes up the text."""
    parts = [part for part in scope.parts if getattr(part, side) is not None]
    if side == "target" and len(parts) > 1:
        places = dict(zip(map(id, scope.parts), order_of(scope), strict=True))
        parts.sort(key=lambda part: places[id(part)])
    return parts


@attrs.frozen(eq=False)
class _Ends:
    """What begins and ends on one side of a scope, by id."""

    starts: dict[str, tuple[int, Element]] = attrs.field(factory=dict)
    ends: dict[str, tuple[int, Element]] = attrs.field(factory=dict)
    orphans: list[Element] = attrs.field(factory=list)
    """`ec` that refer to none or are isolated."""


def check_pairs(scope: Scope, report: Report) -> None:
    """Demand that `sc` and `ec`, `sm` and `em` find one another, in this order."""
    for side in ("source", "target"):
        waiting = _untranslated(scope) if side == "target" else set[str]()
        for start, end in (("sc", "ec"), ("sm", "em")):
            found = _collect(scope, side, start, end, report)
            _starts(found, waiting, report)
            for ref, (place, closing) in found.ends.items():
                opening = found.starts.get(ref)
                if opening is None:
                    if ref not in waiting:
                        report.error("pair.no_start", closing, id=ref)
                elif opening[0] > place:
                    report.error("pair.order", closing, id=ref)
                elif start == "sc" and opening[1].attributes.get("isolated") != "yes":
                    _alike(opening[1], closing, report)
            for closing in found.orphans:
                _orphan(closing, report)


def _untranslated(scope: Scope) -> set[str]:
    """Give ids of codes and markers whose other half waits in a part without a target."""
    return {
        one.attributes.get("startRef", one.attributes.get("id", ""))
        for part in scope.parts
        if part.target is None
        for one in part.inlines["source"]
    }


def _collect(scope: Scope, side: str, start: str, end: str, report: Report) -> _Ends:
    made = _Ends()
    ordered = (one for part in composed(scope, side) for one in part.inlines[side])
    for place, one in enumerate(ordered):
        given = one.attributes
        if one.name == start:
            made.starts.setdefault(given.get("id", ""), (place, one))
        elif one.name == end:
            isolated = given.get("isolated") == "yes"
            if isolated or "startRef" not in given:
                made.orphans.append(one)
            if "startRef" in given:
                if given["startRef"] in made.ends:
                    report.error("pair.twice", one, id=given["startRef"])
                made.ends.setdefault(given["startRef"], (place, one))
                if end == "ec" and not isolated:
                    _attached(one, report)
    return made


def _attached(closing: Element, report: Report) -> None:
    for attribute in ("id", "dir"):
        if attribute in closing.attributes:
            report.error("pair.attached", closing, attribute=attribute)


def _orphan(closing: Element, report: Report) -> None:
    if closing.name == "em":
        return
    given = closing.attributes
    if given.get("isolated") != "yes":
        report.error("pair.not_isolated", closing)
    elif "id" not in given or "startRef" in given:
        report.error("pair.isolated_id", closing)


def _starts(found: _Ends, waiting: Collection[str], report: Report) -> None:
    for id_, (_, opening) in found.starts.items():
        isolated = opening.name == "sc" and opening.attributes.get("isolated") == "yes"
        if isolated and id_ in found.ends:
            report.error("pair.isolated", opening, id=id_)
        elif not isolated and id_ not in found.ends and id_ not in waiting:
            report.error("pair.no_end", opening, id=id_)


def _alike(opening: Element, closing: Element, report: Report) -> None:
    for hint in ("canCopy", "canDelete", "canOverlap", "canReorder"):
        one, other = flag(opening, hint, "yes"), flag(closing, hint, "yes")
        if hint == "canReorder" and one == "firstNo":
            one = "no"
        if one != other:
            report.error("pair.differs", closing, attribute=hint, wanted=one, found=other)
