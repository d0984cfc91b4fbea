"""The daily roll-up: a consumer of the log whose mark stands beside its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.log import rollups
from tianfu_sdk.core.log.indicators import ATTENDED, Mark
from tianfu_sdk.core.log.rollups import Cell, Chunk, Fold, RollupMark
from tianfu_sdk.core.rows.kinds import (
    EVENT_CHUNK,
    EVENT_DAY,
    EVENT_FIRST,
    EVENT_VIEWS,
    MARK,
    ROLLUPS,
)
from tianfu_sdk.errors import Conflict, Denied, Invalid, SchemaTooNew
from tianfu_sdk.model.event import Event, Finding, RollupState
from tianfu_sdk.model.storage import LONGEST_PAGE, Cursor, Query, Row, Where
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.work import EVENTS, Desk, Work

__all__ = [
    "STEP",
    "Rollups",
    "after_mark",
    "all_rows",
    "each_day",
    "each_month",
    "looked_at",
    "read_mark",
    "seen_firsts",
    "span",
    "state_of",
    "views_of",
]

STEP = 5000
"""Events of one transaction: other writers get their turn in between."""
_ID = "rollup"
"""Of the mark; `services/store/everything` leaves it out by this name."""
_REBUILD = "tianfu events rollup --rebuild"
_LATE = timedelta(hours=1)
_LAST_DAY = 99999998
_TOLD = 20
"""Findings that are spelled out; a damaged roll-up would have thousands."""


class Rollups(Desk):
    """Keep the roll-up; behind `Events`, and only for the system."""

    def roll_up(self, limit: int) -> int:
        """Take in the events after the mark; see `Events.roll_up`."""
        self._demand_system()
        done = 0
        # Where somebody else was quicker there is no need to run after him.
        while done < limit and (taken := self._step(min(STEP, limit - done))):
            done += taken
        self._clean()
        return done

    def rebuild(self, progress: Callable[[int], None] | None) -> int:
        """Begin anew and take in all events; see `Events.rebuild_rollups`."""
        self._demand_system()

        def begin(work: Work) -> None:
            mark, version = _stored(work.tx)
            _write_mark(work.tx, _next_generation(mark), version)
            work.record("rollup.rebuilt", kind="rollup", subject=_ID)

        self._write(begin)
        done = 0
        while (taken := self._step(STEP)) != 0:
            done += taken or 0
            if progress is not None:
                progress(done)
        while self._clean():
            pass
        return done

    def verify(self) -> list[Finding]:
        """Add the log up again and compare; see `Events.verify_rollups`."""
        self._demand_system()
        return self._read(_verified)

    def _demand_system(self) -> None:
        if not self._actor.system:
            raise Denied("account.required")

    def _step(self, most: int) -> int | None:
        """Take in some events; 0: there are none; None: somebody else was quicker."""

        # Read and folded before the writing begins, so that writers wait for the rows only.
        def look(work: Work) -> tuple[int, RollupMark, Fold]:
            mark, version = _stored(work.tx)
            if mark.format > rollups.FORMAT:
                found, known = mark.format, rollups.FORMAT
                raise SchemaTooNew("codec.schema_too_new", path=_ID, found=found, known=known)
            mark = read_mark(work.tx)
            return version, mark, rollups.fold(mark, _after(work.tx, mark.cursor, most))

        version, mark, fold = self._read(look)
        if fold.mark.number == mark.number:
            return 0

        def write(work: Work) -> int | None:
            if _stored(work.tx)[1] != version:
                return None
            # First of all: who comes second then waits here, before it has done any work.
            _write_mark(work.tx, fold.mark, version)
            _put(work.tx, mark.generation, fold)
            return fold.mark.number - mark.number

        try:
            return self._write(write)
        except Conflict as error:
            if error.values.get("kind") != MARK.name:
                raise
            return None

    def _clean(self) -> bool:
        """Delete some rows of older generations; gives whether there may be more."""
        if not self._read(lambda work: _stored(work.tx)[0].stale):
            return False

        def write(work: Work) -> bool:
            mark, version = _stored(work.tx)
            older = Query(
                where=(Where("generation", "<", mark.generation),),
                limit=LONGEST_PAGE,
                fields="keys",
            )
            for kind in ROLLUPS:
                rows = work.tx.find(kind.name, older)
                if rows:
                    work.tx.delete(kind.name, [(row.id, row.version) for row in rows])
                    return True
            _write_mark(work.tx, attrs.evolve(mark, stale=False), version)
            return False

        try:
            return self._write(write)
        except Conflict:
            return False  # somebody else is at it


def read_mark(tx: Tx) -> RollupMark:
    """Give how far the roll-up is.

    One of another format, or of the log of another store, is as if there were none: figures
    then rest on the log, and the next step begins anew.
    """
    mark, _ = _stored(tx)
    fits = mark.format == rollups.FORMAT and _stands(tx, mark)
    return mark if fits else _next_generation(mark)


def _stands(tx: Tx, mark: RollupMark) -> bool:
    """Tell whether the last event that was rolled up stands where the mark says."""
    if not mark.number:
        return True
    try:
        entries = tx.read(EVENTS, Cursor(mark.before) if mark.before else None, 1)
    except Invalid:
        return False  # no cursor of this store
    return bool(
        entries
        and entries[0].cursor == mark.cursor
        and codec.loads(Event, entries[0].body).id == mark.last
    )


def state_of(work: Work) -> RollupState:
    """Say how far the roll-up is; see `Events.rollups`."""
    mark = read_mark(work.tx)
    waiting = work.tx.read(EVENTS, Cursor(mark.cursor) if mark.cursor else None, LONGEST_PAGE)
    since = codec.loads(Event, waiting[0].body).at if waiting else None
    return RollupState(
        rolled=mark.number,
        waiting=len(waiting),
        more=len(waiting) == LONGEST_PAGE,
        since=since,
        lag=max(work.now - since, timedelta()) if since else timedelta(),
    )


def looked_at(work: Work) -> list[Finding]:
    """Look whether the sum of the roll-up is right, and how far it is; for `doctor`."""
    mark = read_mark(work.tx)
    days = each_day(work.tx, mark.generation, 0, _LAST_DAY)
    rolled = sum(events for _, events, _ in days)
    if rolled != mark.number:
        message = f"{mark.number} events were rolled up, but the rows have {rolled}"
        return [Finding(check="rollups", severity="error", message=message, hint=_REBUILD)]
    state = state_of(work)
    waiting = f"{state.waiting} or more" if state.more else str(state.waiting)
    message = f"{rolled} events rolled up, {waiting} waiting"
    if state.lag < _LATE:
        return [Finding(check="rollups", severity="ok", message=message)]
    hint = "tianfu worker, or tianfu events rollup; until then figures read the log"
    return [Finding(check="rollups", severity="note", message=message, hint=hint)]


def each_day(
    tx: Tx, generation: int, first: int, last: int, *narrow: Where
) -> Iterator[tuple[Cell, int, int]]:
    """Give the cells of days.

    Args:
        tx: The open transaction.
        generation: Of the roll-up.
        first: Such as 20260101.
        last: The last day, included.
        narrow: On region, organization or type, one at most.

    Yields:
        Cells with their events and their amounts; in no order of interest.
    """
    return (one for one in _each(tx, generation, first, last, narrow) if one[0][0] % 100)


def each_month(
    tx: Tx, generation: int, months: Sequence[int], *narrow: Where
) -> Iterator[tuple[Cell, int, int]]:
    """Give the cells of months such as 20260100; otherwise as `each_day`."""
    for month in months:
        yield from _each(tx, generation, month, month, narrow)


def span(tx: Tx, generation: int) -> tuple[date, date] | None:
    """Give the first month's first day and the last day that cells are of, or None."""
    ends = []
    for desc in (False, True):
        where = (Where("id", "prefix", f"{generation:06d}-"),)
        query = Query(where=where, desc=desc, limit=1, fields="keys")
        ends += [int(row.keys["day"]) for row in tx.find(EVENT_DAY.name, query)]
    if not ends:
        return None
    return rollups.date_of(ends[0] // 100 * 100 + 1), rollups.date_of(ends[1])


def _each(
    tx: Tx, generation: int, first: int, last: int, narrow: tuple[Where, ...]
) -> Iterator[tuple[Cell, int, int]]:
    if narrow:
        days = Where("day", ">=", first), Where("day", "<=", last)
        query = Query(where=(*narrow, *days), order="day", limit=LONGEST_PAGE, fields="keys")
    else:
        days = (
            Where("id", ">=", f"{generation:06d}-{first:08d}"),
            Where("id", "<", f"{generation:06d}-{last + 1:08d}"),
        )
        query = Query(where=days, limit=LONGEST_PAGE, fields="keys")
    for row in all_rows(tx, EVENT_DAY.name, query):
        keys = row.keys
        if keys["generation"] == generation:
            cell = keys["day"], keys["region"], keys["type"], keys["organization"]
            yield cell, keys["events"], keys["amount"]


def after_mark(tx: Tx, mark: RollupMark) -> Iterator[tuple[Cell, int, int]]:
    """Give what the events after the mark would add; cells may come several times."""
    firsts: dict[Mark, str] = {}
    while True:
        fold = rollups.fold(mark, _after(tx, mark.cursor, STEP))
        if fold.mark.number == mark.number:
            return
        firsts |= seen_firsts(tx, mark.generation, fold.marks - firsts.keys())
        yield from ((cell, *sums) for cell, sums in fold.settled(firsts).items())
        mark = fold.mark


def seen_firsts(tx: Tx, generation: int, marks: Collection[Mark]) -> dict[Mark, str]:
    """Give the ids of the events that were the first of something, as far as it is rolled up."""
    ids = {rollups.first_id(generation, mark): mark for mark in marks}
    rows = tx.get(EVENT_FIRST.name, list(ids)) if ids else ()
    return {ids[row.id]: str(row.keys["event"]) for row in rows}


def _stored(tx: Tx) -> tuple[RollupMark, int]:
    rows = tx.get(MARK.name, [_ID])
    if not rows:
        return RollupMark(format=rollups.FORMAT), 0
    plain = json.loads(rows[0].doc or b"{}")
    if plain["format"] != rollups.FORMAT:
        # What else another format says of itself is not for this program to read.
        return RollupMark(format=plain["format"], generation=plain["generation"]), rows[0].version
    return RollupMark(**plain | {"chunk": Chunk(**plain["chunk"])}), rows[0].version


def _write_mark(tx: Tx, mark: RollupMark, version: int) -> None:
    document = json.dumps(attrs.asdict(mark), separators=(",", ":")).encode()
    tx.put(MARK.name, [Row(_ID, version, document)])


def _next_generation(mark: RollupMark) -> RollupMark:
    return RollupMark(format=rollups.FORMAT, generation=mark.generation + 1, stale=True)


def _after(tx: Tx, cursor: str, most: int) -> Iterator[tuple[str, Event]]:
    after = Cursor(cursor) if cursor else None
    while most > 0:
        entries = tx.read(EVENTS, after, min(most, LONGEST_PAGE))
        for entry in entries:
            yield str(entry.cursor), codec.loads(Event, entry.body)
        if not entries:
            return
        after = entries[-1].cursor
        most -= len(entries)


def all_rows(tx: Tx, kind: str, query: Query) -> Iterator[Row]:
    """Give all rows of a query in its order, page by page."""
    while True:
        rows = tx.find(kind, query)
        yield from rows
        if len(rows) < query.limit:
            return
        last = rows[-1]
        place = last.id if query.order == "id" else last.keys[query.order]
        query = attrs.evolve(query, after=(place, last.id))


def _put(tx: Tx, generation: int, fold: Fold) -> None:
    known = seen_firsts(tx, generation, fold.marks)
    cells = fold.settled(firsts := dict(known))
    cells |= rollups.months_of(cells)
    stored = {
        row.id: row
        for row in tx.get(EVENT_DAY.name, [rollups.cell_id(generation, c) for c in cells])
    }
    rows = []
    for cell, (events, amount) in cells.items():
        id_ = rollups.cell_id(generation, cell)
        row = stored.get(id_)
        day, region, type_, organization = cell
        keys = {
            "generation": generation,
            "day": day,
            "region": region,
            "type": type_,
            "organization": organization,
            "events": events + (row.keys["events"] if row else 0),
            "amount": amount + (row.keys["amount"] if row else 0),
        }
        rows.append(Row(id_, row.version if row else 0, None, keys))
    tx.put(EVENT_DAY.name, rows)
    tx.put(EVENT_CHUNK.name, [rollups.chunk_row(generation, chunk) for chunk in fold.full])
    new = [
        rollups.first_row(generation, mark, event, number, first=first)
        for event, marks, number in fold.marked
        for mark in marks
        if (first := mark not in known and firsts[mark] == event.id) or mark[0] == ATTENDED
    ]
    tx.put(EVENT_FIRST.name, new)
    _put_views(tx, generation, fold.views)


def _put_views(tx: Tx, generation: int, views: Mapping[str, int]) -> None:
    ids = {subject: rollups.views_id(generation, subject) for subject in views}
    stored = {row.id: row for row in tx.get(EVENT_VIEWS.name, list(ids.values()))}
    rows = []
    for subject, id_ in ids.items():
        row = stored.get(id_)
        number = views[subject] + (row.keys["views"] if row else 0)
        keys = {"generation": generation, "subject": subject, "views": number}
        rows.append(Row(id_, row.version if row else 0, None, keys))
    tx.put(EVENT_VIEWS.name, rows)


def views_of(tx: Tx, contents: Sequence[str]) -> dict[str, int] | None:
    """Give how often contents were viewed, as far as the roll-up is; None: there is none."""
    mark, _ = _stored(tx)
    if mark.format != rollups.FORMAT or not mark.number:
        return None
    ids = {rollups.views_id(mark.generation, one): one for one in contents}
    found = tx.columns(EVENT_VIEWS.name, list(ids), ("views",))
    return {ids[id_]: views for id_, views in found}


def _counted(tx: Tx, number: int) -> tuple[dict[Cell, tuple[int, int]], Counter[str], int]:
    """Add the first events of the log up: cells, views, and how many of them are not there."""
    found: dict[Cell, tuple[int, int]] = {}
    views: Counter[str] = Counter()
    firsts: dict[Mark, str] = {}
    mark = RollupMark(format=rollups.FORMAT)
    while mark.number < number:
        fold = rollups.fold(mark, _after(tx, mark.cursor, min(number - mark.number, STEP)))
        if fold.mark.number == mark.number:
            break
        cells = fold.settled(firsts)
        for cell, (events, amount) in (cells | rollups.months_of(cells)).items():
            known = found.get(cell, (0, 0))
            found[cell] = known[0] + events, known[1] + amount
        views.update(fold.views)
        mark = fold.mark
    return found, views, number - mark.number


def _verified(work: Work) -> list[Finding]:
    mark = read_mark(work.tx)
    counted, views, missing = _counted(work.tx, mark.number)
    rolled = {
        cell: (events, amount)
        for cell, events, amount in _each(work.tx, mark.generation, 0, _LAST_DAY, ())
    }
    viewed = {
        row.keys["subject"]: row.keys["views"]
        for row in all_rows(work.tx, EVENT_VIEWS.name, Query(limit=LONGEST_PAGE, fields="keys"))
        if row.keys["generation"] == mark.generation
    }
    misseen = sorted(one for one in views.keys() | viewed.keys() if views[one] != viewed.get(one))
    nothing = 0, 0
    wrong = sorted(
        cell
        for cell in counted.keys() | rolled.keys()
        if counted.get(cell, nothing) != rolled.get(cell, nothing)
    )
    if not wrong and not misseen and not missing:
        message = f"{mark.number} events add up to the roll-up again"
        return [Finding(check="rollups", severity="ok", message=message)]
    texts = [
        (rollups.cell_id(mark.generation, cell), _told(cell, rolled, counted))
        for cell in wrong[:_TOLD]
    ]
    if len(wrong) > _TOLD:
        texts.append(("", f"and {len(wrong) - _TOLD} more"))
    texts += [
        (one, f"{one}: {viewed.get(one, 0)} views, in the log {views[one]}")
        for one in misseen[:_TOLD]
    ]
    if missing:
        texts.append(("", f"{missing} events that were rolled up are not in the log"))
    return [
        Finding(check="rollups", severity="error", message=text, subject=id_, hint=_REBUILD)
        for id_, text in texts
    ]


def _told(
    cell: Cell, rolled: Mapping[Cell, tuple[int, int]], counted: Mapping[Cell, tuple[int, int]]
) -> str:
    day, region, type_, organization = cell
    where = " ".join((str(day), region or "-", type_, organization or "-"))
    (events, amount), (right, due) = rolled.get(cell, (0, 0)), counted.get(cell, (0, 0))
    return f"{where}: {events} events and {amount}, in the log {right} and {due}"
