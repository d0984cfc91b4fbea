"""Daily counts of events, of the roll-up and of what it has not taken in yet."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tianfu_sdk.core.log.rollups import Cell, date_of
from tianfu_sdk.core.places.region_views import RegionView
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.kinds import ORGANIZATION
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.indicator import AsOf, DailyCount
from tianfu_sdk.model.region import RegionLevel
from tianfu_sdk.model.storage import IN_VALUES, Query, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.log.events import covers
from tianfu_sdk.services.log.ledger import view_of
from tianfu_sdk.services.log.rollups import after_mark, each_day, read_mark

__all__ = ["Asked", "daily_counts"]


@attrs.frozen(kw_only=True)
class Asked:
    """What is to be counted; see `Indicators.daily`."""

    first: int
    """Such as 20260101."""
    last: int
    region: str | None
    organization: str | None
    level: RegionLevel | None
    types: frozenset[str] | None
    as_of: AsOf
    exact: bool


def daily_counts(work: Work, kind: str, asked: Asked) -> list[DailyCount]:
    """Count.

    Args:
        work: The open transaction.
        kind: What a grant to see counts names.
        asked: What.

    Raises:
        Denied: `account.required`, `grant.missing`.
        NotFound: `region.unknown`, `organization.unknown`.
    """
    groups = work.scope(Action.READ, kind)
    if groups == ():
        raise Denied("grant.missing", action=Action.READ.value, kind=kind)
    view = view_of(work, asked.as_of)
    below = None if asked.organization is None else _below(work, asked.organization)
    if asked.region is not None:
        work.regions().level_of(asked.region)
    allowed: dict[tuple[str, str], bool] = {}
    sums: dict[tuple[int, str, str], list[int]] = {}
    for cell, events, amount in _cells(work, asked, view, below):
        day, region, type_, organization = cell
        if asked.types is not None and type_ not in asked.types:
            continue
        if below is not None and organization not in below:
            continue
        code, levels = view.seen(region, date_of(day))
        if asked.region is not None and not levels.within(asked.region):
            continue
        place = organization, region
        if place not in allowed:
            allowed[place] = covers(work, groups, organization, region)
        if allowed[place]:
            found = sums.setdefault((day, _raised(code, levels, asked.level), type_), [0, 0])
            found[0] += events
            found[1] += amount
    return [
        DailyCount(day=date_of(day), region=region, type=type_, count=count, amount=amount)
        for (day, region, type_), (count, amount) in sorted(sums.items())
    ]


def _below(work: Work, organization: str) -> frozenset[str]:
    work.placed(organization)
    where = (Where("org_path", "has", organization),)
    rows = work.each(ORGANIZATION.name, Query(where=where, fields="keys"))
    return frozenset({organization, *(row.id for row in rows)})


def _cells(
    work: Work, asked: Asked, view: RegionView, below: frozenset[str] | None
) -> Iterator[tuple[Cell, int, int]]:
    mark = read_mark(work.tx)
    for narrow in _narrowed(asked, view, below):
        yield from each_day(work.tx, mark.generation, asked.first, asked.last, *narrow)
    if asked.exact:
        for cell, events, amount in after_mark(work.tx, mark):
            if asked.first <= cell[0] <= asked.last:
                yield cell, events, amount


def _narrowed(
    asked: Asked, view: RegionView, below: frozenset[str] | None
) -> Iterator[tuple[Where, ...]]:
    """Give the conditions under which the store looks, so that it reads few rows in vain."""
    if below is not None:
        key, values = "organization", below
    elif asked.region is not None:
        key, values = "region", view.candidates(asked.region)
    elif asked.types is not None:
        key, values = "type", asked.types
    else:
        yield ()
        return
    ordered = sorted(values)
    for start in range(0, len(ordered), IN_VALUES):
        some = tuple(ordered[start : start + IN_VALUES])
        yield (Where(key, "=", some[0]) if len(some) == 1 else Where(key, "in", some),)


def _raised(code: str, levels: Levels, level: RegionLevel | None) -> str:
    """Give the region of a level that a code lies in, or the code where it lies above."""
    return code if level is None else getattr(levels, level.value) or code
