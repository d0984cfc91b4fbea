"""What one snapshot of a store says of the events of a period: roll-up, chunks and tail."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.log import indicators as rules
from tianfu_sdk.core.log import rollups
from tianfu_sdk.core.log.indicators import Contribution, Mark, Share
from tianfu_sdk.core.log.rollups import Cell, Chunk, date_of, month_key
from tianfu_sdk.core.places.region_views import RegionView
from tianfu_sdk.core.rows.keying import day_key, moment_key
from tianfu_sdk.core.rows.kinds import EVENT_CHUNK, EVENT_FIRST, ORGANIZATION
from tianfu_sdk.errors import StorageCorrupt
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import AsOf, Indicator, Period
from tianfu_sdk.model.organization import OrganizationKind
from tianfu_sdk.model.storage import LONGEST_PAGE, Cursor, Query, StoredEvent, Where
from tianfu_sdk.services.desk.work import EVENTS, Work
from tianfu_sdk.services.log.rollups import (
    all_rows,
    each_day,
    each_month,
    read_mark,
    seen_firsts,
    span,
)

__all__ = ["Ledger", "view_of"]

_EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
_LATEST = datetime(9999, 10, 1, tzinfo=UTC)
_A_DAY = timedelta(days=1)
_LAST = 31
_FEW = 100
"""Organizations that are looked up one by one rather than among all."""


def view_of(work: Work, as_of: AsOf) -> RegionView:
    """Give the map under which regions are seen."""
    return RegionView(work.regions(), as_of, work.today)


@attrs.frozen
class _Seen:
    """An event that can count, with its place in the log."""

    number: int
    event: Event
    rolled: bool
    """Whether it is in the roll-up."""


class Ledger:
    """The events of a period, each with the organization that it counts for.

    Whole days in China that are rolled up are not read again; what remains is: the parts of
    days at both ends of the period, the events after the mark of the roll-up, and those that
    adjustments leave out.

    Args:
        work: The open transaction; all that is read is of its snapshot.
        period: Which events.
        as_of: Under which map of regions.
    """

    def __init__(self, work: Work, period: Period, as_of: AsOf) -> None:
        self._work = work
        self._period = period
        self._mark = read_mark(work.tx)
        self._homes = _Homes(work, view_of(work, as_of))
        self._firsts: dict[Mark, str] = {}
        first = _midnight_from(period.start)
        last = _midnight_to(period.end)
        self._days = (first, last) if first < last else None
        self._edges = (
            [(period.start, first), (last, period.end)]
            if self._days
            else [(period.start, period.end)]
        )

    def rolled(self, organizations: Collection[str]) -> Iterator[Share]:
        """Give what the whole days add that are rolled up.

        Args:
            organizations: Those that are asked for; shares of others may come too.
        """
        sums: dict[tuple[str, str], list[int]] = {}
        for (day, region, type_, organization), events, amount in self._cells(organizations):
            if type_ in rules.COUNTED:
                home = organization or self._homes.of(region, date_of(day))
                known = sums.setdefault((type_, home), [0, 0])
                known[0] += events
                known[1] += amount
        for (type_, home), (events, amount) in sums.items():
            yield from rules.shares(type_, events, amount, home)

    def _cells(self, organizations: Collection[str]) -> Iterator[tuple[Cell, int, int]]:
        if self._days is None:
            return
        tx, generation = self._work.tx, self._mark.generation
        there = span(tx, generation)
        if there is None:
            return
        first = max(_day(self._days[0]), there[0])
        past = min(_day(self._days[1]), there[1] + _A_DAY)
        months, ranges = _calendar(first, past)
        narrow: tuple[Where, ...] = ()
        if len(organizations) <= _FEW:
            narrow = (Where("organization", "in", (*sorted(organizations), "")),)
        yield from each_month(tx, generation, months, *narrow)
        for start, end in ranges:
            yield from each_day(tx, generation, day_key(start), day_key(end), *narrow)
        nobodys = Where("organization", "=", "")
        for month in months:
            yield from each_day(tx, generation, month, month + _LAST, nobodys)

    def contributions(self, excluded: Collection[str] = ()) -> Iterator[Contribution]:
        """Give what each event adds that `rolled` does not tell of.

        Args:
            excluded: Ids of events to give though `rolled` tells of them.
        """
        chunks = [
            chunk
            for chunk in self._chunks()
            if any(_overlaps(chunk, *edge) for edge in self._edges)
            or any(chunk.first_id <= id_ <= chunk.last_id for id_ in excluded)
        ]
        reports = self._reports()
        for seen in self._walk(chunks):
            event = seen.event
            if not seen.rolled:
                reports += self._reported(event)
            if not self._period.holds(event.at):
                continue
            whole = seen.rolled and self._whole(event.at)
            if not whole or event.id in excluded:
                for one in rules.plain(event, self._firsts):
                    yield attrs.evolve(one, rolled=True) if whole else one
        yield from rules.attendances(reports, self._period)

    def evidence(
        self, indicator: Indicator, parents: Container[str], after: int
    ) -> Iterator[tuple[int, Event]]:
        """Give the events that a figure rests on, each with its place in the log.

        Args:
            indicator: Of the figure.
            parents: Organizations that count.
            after: Only events that stand in the log from this place on.
        """
        attended = self._attended() if indicator is Indicator.ATTENDANCE else frozenset()
        chunks = [chunk for chunk in self._chunks() if chunk.number + chunk.events > after]
        for seen in self._walk(chunks, after):
            event = seen.event
            if event.organization not in parents or not self._period.holds(event.at):
                continue
            if event.id in attended or any(
                one.indicator is indicator for one in rules.plain(event, self._firsts)
            ):
                yield seen.number, event

    def _attended(self) -> frozenset[str]:
        reports = self._reports()
        for seen in self._walk([]):
            reports += self._reported(seen.event)
        found = rules.attendances(reports, self._period)
        return frozenset(one.event.id for one in found)

    def _reports(self) -> list[tuple[Event, bool]]:
        """Give the reports of attendances that are rolled up, in the order of the log."""
        where = (
            Where("type", "=", rules.ATTENDED),
            Where("at", ">=", moment_key(self._period.start)),
            Where("at", "<", moment_key(self._period.end)),
            Where("generation", "=", self._mark.generation),
        )
        query = Query(where=where, order="at", limit=LONGEST_PAGE, fields="keys")
        rows = list(all_rows(self._work.tx, EVENT_FIRST.name, query))
        rows.sort(key=lambda row: int(row.keys["number"]))
        return [
            (self._homed(event), first) for event, first in (rollups.read_first(r) for r in rows)
        ]

    def _reported(self, event: Event) -> list[tuple[Event, bool]]:
        mark = rules.ATTENDED, event.subject
        if mark not in rules.marks(event):
            return []
        return [(event, self._firsts[mark] == event.id)]

    def _whole(self, moment: datetime) -> bool:
        return self._days is not None and self._days[0] <= moment < self._days[1]

    def _chunks(self) -> list[Chunk]:
        """Give the chunks that hold events of the period, in the order of the log."""
        where = (
            Where("greatest", ">=", moment_key(self._period.start)),
            Where("least", "<", moment_key(self._period.end)),
            Where("generation", "=", self._mark.generation),
        )
        query = Query(where=where, order="greatest", limit=LONGEST_PAGE, fields="keys")
        rows = all_rows(self._work.tx, EVENT_CHUNK.name, query)
        found = [*map(rollups.read_chunk, rows), self._mark.chunk]
        inside = self._period.start, self._period.end
        return sorted(
            (chunk for chunk in found if _overlaps(chunk, *inside)), key=lambda c: c.number
        )

    def _walk(self, chunks: Collection[Chunk], after: int = 0) -> Iterator[_Seen]:
        """Read chunks, and then all that is not rolled up yet."""
        for chunk in chunks:
            entries = self._read(chunk.after, chunk.events)
            self._demand_place(chunk, entries)
            yield from self._seen(entries, chunk.number, after, rolled=True)
        cursor, number = self._mark.cursor, self._mark.number
        while entries := self._read(cursor, LONGEST_PAGE):
            yield from self._seen(entries, number, after, rolled=False)
            cursor, number = str(entries[-1].cursor), number + len(entries)

    def _demand_place(self, chunk: Chunk, entries: Sequence[StoredEvent]) -> None:
        """Demand that a chunk stands where the roll-up says, as after a store was moved."""
        ends = [codec.loads(Event, entry.body).id for entry in (*entries[:1], *entries[-1:])]
        inside = all(chunk.first_id <= id_ <= chunk.last_id for id_ in ends)
        if len(entries) != chunk.events or not inside:
            raise StorageCorrupt("rollup.moved", path="event_chunk")

    def _read(self, after: str, limit: int) -> list[StoredEvent]:
        return self._work.tx.read(EVENTS, Cursor(after) if after else None, limit)

    def _seen(
        self, entries: Collection[StoredEvent], number: int, after: int, *, rolled: bool
    ) -> Iterator[_Seen]:
        found = []
        for place, entry in enumerate(entries, number):
            event = codec.loads(Event, entry.body)
            if event.type in rules.COUNTED:
                found.append((place, event))
        marks = {mark for _, event in found for mark in rules.marks(event)}
        unknown = marks - self._firsts.keys()
        self._firsts |= seen_firsts(self._work.tx, self._mark.generation, unknown)
        for place, event in found:
            for mark in rules.marks(event):
                self._firsts.setdefault(mark, event.id)
            if place >= after:
                yield _Seen(place, self._homed(event), rolled)

    def _homed(self, event: Event) -> Event:
        if event.organization:
            return event
        home = self._homes.of(event.region, _day(event.at))
        return attrs.evolve(event, organization=home)


class _Homes:
    """Tells which organization an event of a region counts for where it names none."""

    def __init__(self, work: Work, view: RegionView) -> None:
        self._work = work
        self._view = view
        self._known: dict[tuple[str, ...], str] = {}

    def of(self, region: str, day: date) -> str:
        """Give the association at home nearest to a region, or the first of the store."""
        codes = self._view.seen(region, day)[1].codes
        if codes not in self._known:
            self._known[codes] = self._find(codes)
        return self._known[codes]

    def _find(self, codes: tuple[str, ...]) -> str:
        tree = self._work.regions()
        today = self._work.today
        for code in reversed(codes):
            # The association of a county stays the same one when the county becomes a city.
            names = dict.fromkeys((code, *(region.code for region in tree.resolve(code, today))))
            for name in names:
                home = self._at_home(name, tree.level_of(name).value)
                if home:
                    return home
        where = (Where("parent", "=", ""),)
        first = self._work.tx.find(ORGANIZATION.name, Query(where=where, limit=1))
        return first[0].id if first else ""

    def _at_home(self, code: str, level: str) -> str:
        where = (
            Where("kind", "=", OrganizationKind.ASSOCIATION.value),
            Where(level, "=", code),
        )
        for row in self._work.each(ORGANIZATION.name, Query(where=where, fields="keys")):
            # The narrowest level of an organization's place is its own region.
            levels = (str(row.keys[name]) for name in ("county", "prefecture", "province"))
            if next(filter(None, levels), "") == code:
                return row.id
        return ""


def _calendar(first: date, past: date) -> tuple[list[int], list[tuple[date, date]]]:
    """Give the whole months from a day up to another, and the days before and after them."""
    begin = first if first.day == 1 else _next_month(first)
    if begin >= past.replace(day=1):
        return [], [(first, past - _A_DAY)] if first < past else []
    ranges = [(first, begin - _A_DAY)] if first < begin else []
    months = []
    month = begin
    while month < past.replace(day=1):
        months.append(month_key(month))
        month = _next_month(month)
    return months, [*ranges, (month, past - _A_DAY)] if month < past else ranges


def _next_month(day: date) -> date:
    return (day.replace(day=1) + 32 * _A_DAY).replace(day=1)


def _overlaps(chunk: Chunk, start: datetime, end: datetime) -> bool:
    if not chunk.events or start >= end:
        return False
    return chunk.greatest >= moment_key(start) and chunk.least < moment_key(end)


def _midnight_to(moment: datetime) -> datetime:
    """Give the last midnight in China that is not after a moment."""
    return datetime.combine(_day(moment), time(), SHANGHAI)


def _midnight_from(moment: datetime) -> datetime:
    """Give the first midnight in China that is not before a moment."""
    midnight = _midnight_to(moment)
    return midnight if midnight == moment else midnight + timedelta(days=1)


def _day(moment: datetime) -> date:
    # The ends of the calendar are no days of China, and a period may be open.
    return min(max(moment, _EARLIEST), _LATEST).astimezone(SHANGHAI).date()
