"""How the table of regions may be amended, and what must hold of it afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.places.regions import Levels, RegionTree
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.region import Region, RegionLevel

__all__ = [
    "added",
    "amended",
    "ended",
    "jurisdiction",
    "levels_changed",
    "renewed",
    "rewritten",
]

_ABOVE: Mapping[RegionLevel, frozenset[RegionLevel]] = {
    RegionLevel.PROVINCE: frozenset(),
    RegionLevel.PREFECTURE: frozenset({RegionLevel.PROVINCE}),
    # Some counties lie right below their province (省直辖县级行政区划).
    RegionLevel.COUNTY: frozenset({RegionLevel.PROVINCE, RegionLevel.PREFECTURE}),
}
_FIELDS = frozenset(field.name for field in attrs.fields(Region)) - {"code", "level"}


def jurisdiction(code: str) -> Levels:
    """Give the place that a grant must cover to amend a code: its whole province.

    A county's grant names neither its neighbours nor itself; what a province itself is, and
    that there is one, lies above all grants.
    """
    province = f"{code[:2]}0000"
    return Levels() if code == province else Levels(province=province)


# What a change makes of the rows of a code.


def added(tree: RegionTree, code: str, fields: Mapping[str, Any]) -> tuple[Region, ...]:
    """Add a row to a code, new or one that held before.

    Args:
        tree: As it stands.
        code: Six digits.
        fields: Of `Region`, code and level apart.

    Raises:
        Invalid: With the path of the field.
    """
    return (*tree.rows(code), _made(code, fields))


def rewritten(
    tree: RegionTree, code: str, on: date | None, changes: Mapping[str, Any]
) -> tuple[Region, ...]:
    """Correct the row of a code that holds on a day; None: its latest.

    Raises:
        Invalid: `content.fixed`, code and level do not change; with the path of the field.
        NotFound: `region.unknown`, `region.not_valid`.
    """
    known = _row(tree, code, on)
    return tuple(_changed(r, changes) if r is known else r for r in tree.rows(code))


def renewed(
    tree: RegionTree, code: str, since: date, changes: Mapping[str, Any]
) -> tuple[Region, ...]:
    """Let a code mean something else from a day on: another name, or another parent.

    Raises:
        Invalid: `region.begins_then`, its row begins on this very day; as `rewritten`.
        NotFound: `region.unknown`, `region.not_valid`.
    """
    known = tree.get(code, since)
    if known.valid_from == since:
        raise Invalid("region.begins_then", path="since", value=code)
    then = attrs.evolve(known, valid_from=since, approximate=False, source="")
    new = _changed(then, changes)
    old = attrs.evolve(known, valid_to=since, successors=())
    kept = [r for r in tree.rows(code) if r is not known]
    return _in_order([*kept, old, new])


def ended(tree: RegionTree, code: str, on: date, successors: Sequence[str]) -> tuple[Region, ...]:
    """Let the latest row of a code end on a day, and name the codes that replace it.

    Raises:
        Invalid: `when.backwards`, it began later; with the path of the field.
        NotFound: `region.unknown`.
    """
    return rewritten(tree, code, None, {"valid_to": on, "successors": successors})


def _row(tree: RegionTree, code: str, on: date | None) -> Region:
    if on is not None:
        return tree.get(code, on)
    rows = tree.rows(code)
    if not rows:
        raise NotFound("region.unknown", path="code", value=code[:20])
    return rows[-1]


def _made(code: str, fields: Mapping[str, Any]) -> Region:
    return codec.structure(Region, {**fields, "code": code, "level": RegionLevel.of_code(code)})


def _changed(region: Region, changes: Mapping[str, Any]) -> Region:
    fixed = sorted({"code", "level"} & changes.keys())
    if fixed:
        raise Invalid("content.fixed", path=fixed[0])
    return _made(region.code, {name: getattr(region, name) for name in _FIELDS} | dict(changes))


def _in_order(rows: Iterable[Region]) -> tuple[Region, ...]:
    return tuple(sorted(rows, key=_begin))


# What must hold.


def amended(tree: RegionTree, code: str, rows: Sequence[Region]) -> RegionTree:
    """Give the tree with other rows of one code, if it is sound then.

    Args:
        tree: As it stands.
        code: Six digits.
        rows: All rows of the code; none: it never was valid.

    Raises:
        Invalid: `region.bad_parent`, it does not lie right above the code;
            `region.parent_not_valid`, the parent does not hold all the time;
            `region.overlap`; `region.has_children`, one below would lose its parent;
            `region.named`, another names it as a successor; `region.not_ended`, successors
            of what goes on; `region.successor_not_valid`, `region.successor_circle`.
        NotFound: `region.unknown`, parent or successor.
    """
    rows = _in_order(rows)
    after = tree.amended({code: rows})
    for one, other in itertools.pairwise(rows):
        if _end(one) > _begin(other):
            raise Invalid("region.overlap", path="valid_from", value=code, name=one.name)
    for region in rows:
        _demand_parent(after, region)
        _demand_successors(after, region)
    for below in after.rows_below(code):
        if not _covered(below, rows):
            raise Invalid("region.has_children", path="code", value=below.code, name=below.name)
    for region in after.named_by(code):
        if region.code != code and not _holds_at_end(after, region, code):
            raise Invalid("region.named", path="code", value=region.code, name=region.name)
    return after


def levels_changed(before: RegionTree, after: RegionTree) -> bool:
    """Tell whether a code that both trees know has other ancestors now."""
    return any(before.levels(c) != after.levels(c) for c in before.codes if after.knows(c))


def _demand_parent(tree: RegionTree, region: Region) -> None:
    parent = region.parent
    if parent is None:
        if region.level is not RegionLevel.PROVINCE:
            raise Invalid("region.bad_parent", path="parent", value=region.code, parent="-")
        return
    fits = RegionLevel.of_code(parent) in _ABOVE[region.level] and parent[:2] == region.code[:2]
    if not fits:
        raise Invalid("region.bad_parent", path="parent", value=region.code, parent=parent)
    above = tree.rows(parent)
    if not above:
        raise NotFound("region.unknown", path="parent", value=parent)
    if not _covered(region, above):
        raise Invalid("region.parent_not_valid", path="parent", value=parent)


def _demand_successors(tree: RegionTree, region: Region) -> None:
    if region.successors and region.valid_to is None:
        raise Invalid("region.not_ended", path="successors", value=region.code)
    for place, successor in enumerate(region.successors):
        path = f"successors[{place}]"
        if not tree.knows(successor):
            raise NotFound("region.unknown", path=path, value=successor)
        if successor == region.code or _leads_to(tree, successor, region.code):
            raise Invalid("region.successor_circle", path=path, value=successor)
        if not _holds_at_end(tree, region, successor):
            raise Invalid("region.successor_not_valid", path=path, value=successor)


def _holds_at_end(tree: RegionTree, region: Region, successor: str) -> bool:
    end = region.valid_to
    return end is not None and any(row.holds(end) for row in tree.rows(successor))


def _leads_to(tree: RegionTree, start: str, wanted: str) -> bool:
    seen, open_ = {start}, [start]
    while open_:
        for region in tree.rows(open_.pop()):
            if wanted in region.successors:
                return True
            open_ += [code for code in region.successors if code not in seen]
            seen.update(region.successors)
    return False


def _begin(region: Region) -> date:
    return region.valid_from or date.min


def _end(region: Region) -> date:
    return region.valid_to or date.max


def _covered(region: Region, by: Iterable[Region]) -> bool:
    """Tell whether rows in order hold, one after the other, as long as a region does."""
    reached = _begin(region)
    for row in by:
        if _begin(row) <= reached < _end(row):
            reached = _end(row)
    return reached >= _end(region)
