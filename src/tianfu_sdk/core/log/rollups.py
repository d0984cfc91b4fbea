"""The daily roll-up of the log of events: what is kept of it, and how it is folded.

Four kinds of narrow rows, made of the log in its order and of nothing else:

- `event_day`: how many events of a type an organization had in a region on a day in China.
  Codes of regions stand as the events have them, so that both maps can be asked for. Beside
  them, under day 00 and without a region, the same of a whole month, so that the figures of
  a year do not add up all its days.
- `event_first`: of what counts once ever the event that was first, and every report of an
  attendance; a day cannot say which of two publications was the first.
- `event_views`: how often a content was viewed.
- `event_chunk`: for every thousand events where they begin in the log, and between which
  times and ids they lie; so that evidence is read where it stands.

All rows carry the generation of the roll-up that they belong to. A roll-up is made anew as
the next generation; figures rest on the log itself where the generation does not reach yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

import attrs

from tianfu_sdk.core.log.indicators import ATTENDED, Mark, attended, count_of, marks, viewed
from tianfu_sdk.core.rows.keying import day_key, moment_key, unique_id
from tianfu_sdk.model.base import EPOCH, SHANGHAI, Precision
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.storage import Row

__all__ = [
    "CHUNK",
    "FORMAT",
    "Cell",
    "Chunk",
    "Fold",
    "RollupMark",
    "cell_id",
    "cell_of",
    "chunk_row",
    "date_of",
    "day_of",
    "first_id",
    "first_row",
    "fold",
    "moment_of",
    "month_key",
    "months_of",
    "read_chunk",
    "read_first",
    "report_id",
    "views_id",
]

FORMAT = 2
"""Counts the changes of what the rows mean; a roll-up of another format is made anew."""
CHUNK = 1000
"""Events of a full chunk: one page of the log."""

Cell = tuple[int, str, str, str]
"""Day such as 20260101, or month such as 20260100; region, type of event, organization."""


@attrs.frozen
class Chunk:
    """A run of events of the log."""

    number: int = 0
    """How many events stand before it."""
    after: str = ""
    """Cursor of the event before it; empty: it begins the log."""
    events: int = 0
    least: int = 2**62
    """Time of the earliest event, microseconds since 1970."""
    greatest: int = -(2**62)
    first_id: str = ""
    """The least id of an event; ids grow with time, nearly."""
    last_id: str = ""


@attrs.frozen(kw_only=True)
class RollupMark:
    """How far a roll-up is."""

    format: int
    generation: int = 1
    cursor: str = ""
    """Of the last event that is in it; empty: none is."""
    before: str = ""
    """Of the event before that one."""
    last: str = ""
    """Its id: in a store that was moved the same cursor is that of another event."""
    number: int = 0
    """Events that are in it."""
    chunk: Chunk = Chunk()
    """The chunk that is not full yet."""
    stale: bool = False
    """Whether rows of older generations may still be there."""


@attrs.frozen
class Fold:
    """What a run of events adds to a roll-up."""

    cells: dict[Cell, list[int]]
    """Events and their `count_of`; what counts once is not in the second number yet."""
    marked: list[tuple[Event, tuple[Mark, ...], int]]
    """Events that may be the first of something, with their place in the log."""
    full: list[Chunk]
    mark: RollupMark
    """How far the roll-up is then."""
    views: dict[str, int] = attrs.field(factory=dict)
    """How often each content was viewed."""

    def settled(self, firsts: dict[Mark, str]) -> dict[Cell, tuple[int, int]]:
        """Give the cells with what counts once ever.

        Args:
            firsts: Ids of the events that were first of what these events may be; filled on.

        Returns:
            Events and amount by cell.
        """
        cells = {cell: list(sums) for cell, sums in self.cells.items()}
        for event, found, _ in self.marked:
            for mark in found:
                first = firsts.setdefault(mark, event.id) == event.id
                if first and mark[0] == event.type:
                    cells[cell_of(event)][1] += 1
        return {cell: (events, amount) for cell, (events, amount) in cells.items()}

    @property
    def marks(self) -> set[Mark]:
        """What these events may be the first of."""
        return {mark for _, found, _ in self.marked for mark in found}


def fold(mark: RollupMark, entries: Iterable[tuple[str, Event]]) -> Fold:
    """Fold a run of events.

    Args:
        mark: How far the roll-up is.
        entries: The events after it with their cursors, in the order of the log.

    Returns:
        What they add.
    """
    cells: dict[Cell, list[int]] = {}
    marked: list[tuple[Event, tuple[Mark, ...], int]] = []
    full: list[Chunk] = []
    views: dict[str, int] = {}
    before, cursor, last, number = mark.before, mark.cursor, mark.last, mark.number
    open_ = _Open(**attrs.asdict(mark.chunk))
    for after, event in entries:
        sums = cells.setdefault(cell_of(event), [0, 0])
        sums[0] += 1
        found = marks(event)
        if found:
            marked.append((event, found, number))
        else:
            sums[1] += count_of(event)
        if subject := viewed(event):
            views[subject] = views.get(subject, 0) + 1
        open_.add(event)
        before, cursor, last, number = cursor, after, event.id, number + 1
        if open_.events == CHUNK:
            full.append(open_.chunk())
            open_ = _Open(**attrs.asdict(Chunk(number, cursor)))
    then = attrs.evolve(
        mark, cursor=cursor, before=before, last=last, number=number, chunk=open_.chunk()
    )
    return Fold(cells, marked, full, then, views)


@attrs.define
class _Open:
    """A chunk that grows: a frozen one an event would be half of the time of a fold."""

    number: int
    after: str
    events: int
    least: int
    greatest: int
    first_id: str
    last_id: str

    def add(self, event: Event) -> None:
        at = moment_key(event.at)
        if not self.events or event.id < self.first_id:
            self.first_id = event.id
        self.last_id = max(self.last_id, event.id)
        self.least = min(self.least, at)
        self.greatest = max(self.greatest, at)
        self.events += 1

    def chunk(self) -> Chunk:
        return Chunk(**attrs.asdict(self))


def day_of(moment: datetime) -> int:
    """Give the day of a moment in China, such as 20260101."""
    return day_key(moment.astimezone(SHANGHAI).date())


def month_key(day: date) -> int:
    """Give the number of the month of a day, such as 20260100."""
    return day_key(day) // 100 * 100


def months_of(cells: Mapping[Cell, tuple[int, int]]) -> dict[Cell, tuple[int, int]]:
    """Add the cells of days up to months; what names no organization is left out.

    For whom that counts depends on its region and day.
    """
    found: dict[Cell, tuple[int, int]] = {}
    for (day, _, type_, organization), (events, amount) in cells.items():
        if organization:
            cell = day // 100 * 100, "", type_, organization
            known = found.get(cell, (0, 0))
            found[cell] = known[0] + events, known[1] + amount
    return found


def cell_of(event: Event) -> Cell:
    """Give the cell that an event counts in."""
    return day_of(event.at), event.region, event.type, event.organization


def date_of(key: int) -> date:
    """Give the day of a number such as 20260101."""
    return date(key // 10000, key // 100 % 100, key % 100)


def moment_of(key: int) -> datetime:
    """Give the moment of microseconds since 1970, in UTC."""
    return (EPOCH + timedelta(microseconds=key)).astimezone(UTC)


def cell_id(generation: int, cell: Cell) -> str:
    """Give the id of a row of `event_day`: they stand in the order of days."""
    digest = hashlib.sha256("\x1f".join(cell[1:]).encode()).hexdigest()
    return f"{generation:06d}-{cell[0]:08d}-{digest[:40]}"


def first_id(generation: int, mark: Mark) -> str:
    """Give the id of the row that says which event was first."""
    return unique_id("event_first", str(generation), *mark)


def views_id(generation: int, subject: str) -> str:
    """Give the id of the row that says how often a content was viewed."""
    return unique_id("event_views", str(generation), subject)


def report_id(generation: int, event: str) -> str:
    """Give the id of the row of a later report of an attendance."""
    return unique_id("event_report", str(generation), event)


def first_row(generation: int, mark: Mark, event: Event, number: int, *, first: bool) -> Row:
    """Write a row of `event_first`."""
    quantity = attended(event) if mark[0] == ATTENDED else None
    keys = {
        "generation": generation,
        "type": mark[0],
        "subject": mark[1],
        "event": event.id,
        "at": moment_key(event.at),
        "number": number,
        "organization": event.organization,
        "region": event.region,
        "first": int(first),
        "amount": quantity.value if quantity else 0,
        "precision": quantity.precision.value if quantity else Precision.EXACT.value,
    }
    id_ = first_id(generation, mark) if first else report_id(generation, event.id)
    return Row(id_, 0, None, keys)


def read_first(row: Row) -> tuple[Event, bool]:
    """Read a report of an attendance: the event as far as figures need it, and if it was first."""
    keys = row.keys
    event = Event(
        id=str(keys["event"]),
        type="activity.published",
        at=moment_of(keys["at"]),
        kind="activity",
        subject=str(keys["subject"]),
        organization=str(keys["organization"]),
        region=str(keys["region"]),
        data={"attendance": keys["amount"], "precision": keys["precision"]},
    )
    return event, bool(keys["first"])


def chunk_row(generation: int, chunk: Chunk) -> Row:
    """Write a row of `event_chunk`."""
    keys = attrs.asdict(chunk) | {"generation": generation}
    return Row(f"{generation:06d}-{chunk.number:014d}", 0, None, keys)


def read_chunk(row: Row) -> Chunk:
    """Read what `chunk_row` wrote."""
    return Chunk(**{name: value for name, value in row.keys.items() if name != "generation"})
