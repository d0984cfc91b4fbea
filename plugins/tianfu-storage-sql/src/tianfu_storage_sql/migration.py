"""Bringing the kinds of an older program up, in steps that can each be found half done.

The rows of a kind whose keys changed are copied into tables of the next number, which then
count as the kind's own. Towards which shape, stands in `tf_kind.begun`; how far, is the
largest id in the new table. Where DDL is part of a transaction, each step is one; elsewhere
each of its statements may be the last, and the step is done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from tianfu_sdk.core.rows.shapes import compare, write_shape
from tianfu_sdk.model.storage import Kind, Query, SchemaChange, SchemaStep
from tianfu_sdk.ports.storage import Rekey
from tianfu_storage_sql.documents import KindTable
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.opening import Opener
from tianfu_storage_sql.schema import SCHEMA
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.shelves import Stored
from tianfu_storage_sql.texts import Text

__all__ = ["Migration"]

_BATCH = 500
_TURNS = 20


class Migration:
    """The way of one store towards some kinds.

    Args:
        session: Outside any transaction.
        driver: Of the session.
        opener: Knows the tables.
        kinds: Where to.
    """

    def __init__(
        self, session: Session, driver: Driver, opener: Opener, kinds: Sequence[Kind]
    ) -> None:
        self._session = session
        self._driver = driver
        self._opener = opener
        self._making = opener.making
        self._shelves = opener.shelves
        self._kinds = {kind.name: kind for kind in kinds}
        self._tables: dict[tuple[str, int], KindTable] = {}

    def changes(self) -> list[SchemaChange]:
        """Say what is to be done."""
        for turn in range(_TURNS):
            try:
                return self._changes()
            except self._driver.errors as error:
                # Somebody else migrates, and dropped what was to be counted.
                if self._driver.fault(error) is not Fault.MISSING or turn == _TURNS - 1:
                    raise
                self._session.rollback()
        raise AssertionError  # the loop returns or raises

    def run(self, rekey: Rekey) -> Iterator[SchemaChange]:
        """Do it; gives what was done after each step that was committed."""
        while changes := self.changes():
            change = changes[0]
            # Looked at again inside the step: another process may have done it meanwhile.
            match change.step:
                case SchemaStep.STORE:
                    self._store()
                    yield change
                case SchemaStep.ABANDON:
                    self._abandon(change.kind)
                    yield change
                case SchemaStep.INDEXES:
                    self._indexes(self._kinds[change.kind])
                    yield change
                case _:
                    yield from self._rows(change, rekey)

    def _changes(self) -> list[SchemaChange]:
        place = self._opener.recognise(self._session)
        if place is None:
            return []
        known = self._shelves.all(self._session)
        found = []
        if place.version < SCHEMA:
            step = SchemaStep.STORE
            found.append(SchemaChange(step=step, found=place.version, wanted=SCHEMA))
        for kind in self._kinds.values():
            stored = known.get(kind.name)
            if stored is None or compare(stored.kind, kind, begun=stored.begun) is None:
                continue
            rows = self._count(stored.kind, stored.number)
            done = self._count(stored.begun, stored.number + 1) if stored.begun else 0
            change = compare(stored.kind, kind, begun=stored.begun, rows=rows, done=done)
            found += [change] if change else []
        return found

    def _count(self, kind: Kind, number: int) -> int:
        main = self._opener.tables.kind(kind, number).main
        if not self._shelves.there(self._session, main):
            # Begun, and cut off before they were made; or dropped meanwhile.
            return 0
        return int(self._session.rows(Text(f"SELECT count(*) FROM {main.name}", ()), ())[0][0])

    # Steps.

    def _store(self) -> None:
        with self._making.held(self._session):
            found = self._opener.recognise(self._session)
            if found is not None and found.version < SCHEMA:
                self._opener.lift(self._session, found)

    def _abandon(self, name: str) -> None:
        with self._making.held(self._session):
            stored, step = self._now(name)
            if step is SchemaStep.ABANDON:
                self._drop_copy(stored)
                self._shelves.note(self._session, attrs.evolve(stored, begun=None))

    def _indexes(self, kind: Kind) -> None:
        session = self._session
        with self._making.held(session):
            stored, step = self._now(kind.name)
            if step is not SchemaStep.INDEXES:
                return
            self._drop_copy(stored)
            tables = self._opener.tables.kind(kind, stored.number)
            for statement in self._shelves.missing_indexes(session, tables):
                session.do(statement)
            self._shelves.drop_indexes(session, tables)
            self._shelves.note(session, attrs.evolve(stored, kind=kind, begun=None))
            self._opener.next_generation(session)

    def _rows(self, change: SchemaChange, rekey: Rekey) -> Iterator[SchemaChange]:
        kind = self._kinds[change.kind]
        if self._begin(kind):
            yield change
        done = change.done
        while True:
            copied = self._copy(kind, rekey)
            if copied is None:
                # Finished by somebody else meanwhile.
                return
            done += copied
            if copied:
                yield attrs.evolve(change, done=done)
            if copied < _BATCH:
                break
        # Built once over all rows: quicker than kept up row by row.
        while self._build(kind):
            pass
        self._finish(kind)
        yield attrs.evolve(change, done=change.rows)

    def _begin(self, kind: Kind) -> bool:
        session = self._session
        with self._making.held(session):
            stored, step = self._now(kind.name)
            if step is not SchemaStep.ROWS:
                return False
            goes_on = _goes_on(stored, kind)
            if not goes_on:
                self._drop_copy(stored)
                self._shelves.sweep(session, stored)
                stored = attrs.evolve(stored, begun=kind, dropping=None)
                self._shelves.note(session, stored)
            self._shelves.make_bare(session, self._opener.tables.kind(kind, stored.number + 1))
            # Going on as well: it may have been cut off just before this.
            self._opener.next_generation(session)
        return not goes_on

    def _copy(self, kind: Kind, rekey: Rekey) -> int | None:
        session = self._session
        with self._making.held(session):
            stored = self._shelves.all(session)[kind.name]
            if not _goes_on(stored, kind):
                return None
            old, new = self._table(stored.kind, stored.number), self._table(kind, stored.number + 1)
            with self._making.rows(session):
                newest = new.find(session, Query(desc=True, limit=1, fields="keys"))
                after = (newest[0].id, newest[0].id) if newest else None
                rows = old.find(session, Query(after=after, limit=_BATCH))
                new.load(session, [attrs.evolve(r, keys=rekey(kind.name, r)) for r in rows])
            return len(rows)

    def _build(self, kind: Kind) -> bool:
        session = self._session
        with self._making.held(session):
            stored = self._shelves.all(session)[kind.name]
            if not _goes_on(stored, kind):
                return False
            tables = self._opener.tables.kind(kind, stored.number + 1)
            for statement in self._shelves.missing_indexes(session, tables):
                session.do(statement)
                return True
        return False

    def _finish(self, kind: Kind) -> None:
        session = self._session
        with self._making.held(session):
            stored = self._shelves.all(session)[kind.name]
            if not _goes_on(stored, kind):
                return
            finished = Stored(kind, stored.number + 1, dropping=stored.kind)
            self._shelves.weigh(session, self._opener.tables.kind(kind, finished.number))
            self._shelves.note(session, finished)
            # A standby that has the new name has all rows of the new tables, too.
            self._opener.next_generation(session)
            self._shelves.sweep(session, finished)

    # What the steps share.

    def _now(self, name: str) -> tuple[Stored, SchemaStep | None]:
        stored = self._shelves.all(self._session)[name]
        change = compare(stored.kind, self._kinds[name], begun=stored.begun)
        return stored, change.step if change else None

    def _drop_copy(self, stored: Stored) -> None:
        if stored.begun is not None:
            self._shelves.drop(self._session, stored.begun, stored.number + 1)

    def _table(self, kind: Kind, number: int) -> KindTable:
        key = (f"{kind.name} {write_shape(kind)}", number)
        if key not in self._tables:
            self._tables[key] = KindTable(self._opener.tables.kind(kind, number), self._driver)
        return self._tables[key]


def _goes_on(stored: Stored, kind: Kind) -> bool:
    return stored.begun is not None and write_shape(stored.begun) == write_shape(kind)
