"""Rules about which codes a target keeps and in what order: XLIFF 2.1, section 4.7.2.6."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.codes import composed
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.scopes import CODES, Scope, events, flag

__all__ = ["check_kept", "check_sequences"]

_Key = tuple[str, str]


@attrs.frozen(eq=False)
class _Step:
    """A code, or the end of a `pc`, in the order of the text."""

    element: Element
    key: _Key
    reorder: str
    closing: bool


def check_kept(scope: Scope, report: Report) -> None:
    """Demand that codes that may not be deleted stand in a target of the unit."""
    kept = {key for one in scope.inline("target") for key in _keys(one)}
    for part in scope.parts:
        if part.source is None or part.target is None:
            continue
        for code in part.inlines["source"]:
            if code.name in CODES and flag(code, "canDelete", "yes") == "no":
                for key in _keys(code)[:1]:
                    if key not in kept:
                        report.error("target.code_lost", part.target, id=key[1], code=code.name)


def _keys(code: Element) -> list[_Key]:
    id_ = code.attributes.get("id", "")
    if code.name == "pc":
        return [("open", id_), ("close", id_)]
    if code.name == "ec":
        return [("close", code.attributes.get("startRef", id_))]
    return [("open" if code.name == "sc" else code.name, id_)]


def check_sequences(scope: Scope, report: Report) -> None:
    """Demand that sequences begin with `firstNo`, hang together, and stay so in the target."""
    fixed = [one for side in ("source", "target") for one in scope.inline(side)]
    if all(flag(one, "canReorder", "yes") == "yes" for one in fixed):
        return
    for side in ("source", "target"):
        _follow(scope, side, report)
    target = [step for part in composed(scope, "target") for step in _steps(part.target)]
    for part in scope.parts:
        if part.source is not None and part.target is not None:
            for sequence in _sequences(list(_steps(part.source))):
                _unbroken(sequence, target, part.target, report)


def _steps(content: Element | None) -> Iterator[_Step]:
    for event in events(content) if content is not None else ():
        one = event.element
        if one.name not in CODES:
            continue
        reorder = flag(one, "canReorder", "yes")
        if event.closing:
            # The end of a pc that is part of a sequence is part of it as well, as an ec is.
            key = ("close", one.attributes.get("id", ""))
            yield _Step(one, key, "yes" if reorder == "yes" else "no", closing=True)
        else:
            yield _Step(one, _keys(one)[0], reorder, closing=one.name == "ec")


def _follow(scope: Scope, side: str, report: Report) -> None:
    before: _Step | None = None
    begun = side == "target" and any(part.target is None for part in scope.parts)
    opened: set[str] = set()
    for part in composed(scope, side):
        for place, step in enumerate(_steps(getattr(part, side))):
            begun = begun or step.reorder == "firstNo"
            if step.reorder != "yes" and step.key[0] == "open":
                opened.add(step.key[1])
            if step.reorder == "no" and not (step.closing and step.key[1] in opened):
                if not begun:
                    report.error("reorder.no_first", step.element)
                elif before is not None and before.reorder == "yes" and (side == "source" or place):
                    report.error("reorder.interrupted", step.element)
            if not step.closing or step.reorder != "yes":
                before = step


def _sequences(steps: list[_Step]) -> list[list[_Step]]:
    made: list[list[_Step]] = []
    going = False
    for step in steps:
        if step.reorder == "firstNo":
            made.append([step])
            going = True
        elif step.reorder == "no" and going:
            made[-1].append(step)
        elif not step.closing:
            going = False
    return made


def _unbroken(sequence: list[_Step], target: list[_Step], at: Element, report: Report) -> None:
    wanted = [step.key for step in sequence]
    places = [place for place, step in enumerate(target) if step.key in set(wanted)]
    found = [target[place].key for place in places]
    if found != [key for key in wanted if key in set(found)]:
        report.error("reorder.changed", at, id=wanted[0][1])
    elif places:
        between = target[places[0] : places[-1] + 1]
        if any(step.key not in set(wanted) and not step.closing for step in between):
            report.error("reorder.changed", at, id=wanted[0][1])
