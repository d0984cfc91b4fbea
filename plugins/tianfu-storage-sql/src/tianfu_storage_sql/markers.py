"""A row a write, by which a commit whose answer was lost is looked up.

The last statement of a write inserts its marker. Where the answer to COMMIT is lost, a new
connection inserts the same marker as void: if that succeeds, the lost transaction was not
committed, and cannot be any more, because its marker is taken; if the marker is there, it was
committed. While the old transaction is still under way, the insert waits for it.

The markers also keep programs that know an older shape from writing: each step of a migration
that they must notice gives the table of markers its next name. That waits for those who are
committing, and whoever opened the store before finds no table for its marker any more. It costs
a write nothing.
"""

from __future__ import annotations

import secrets
import threading
import time

import sqlalchemy as sa

from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import bind, compiled

__all__ = ["Markers"]

_KEPT = 24 * 3600
"""Seconds that a marker is kept; nobody looks one up after minutes."""
_TURN = 500
"""Writes of this process after which old markers are looked for."""
_MOST = 2000


class Markers:
    """The markers of one store.

    Args:
        driver: Knows what a duplicate is.
        generation: Of the store when it was opened.
        schema: Where its tables are, if that is to be said.
    """

    def __init__(self, driver: Driver, generation: int, schema: str | None) -> None:
        self._driver = driver
        self.generation = generation
        commit = Tables(driver.dialect, driver.collation).commit(generation, schema)
        self.table: str = driver.dialect.identifier_preparer.format_table(commit)
        c = commit.c
        id_ = bind(0, c.id.type)
        self._void = compiled(
            sa.insert(commit).values(id=id_, void=sa.literal_column("1")), driver.dialect
        )
        self._look = compiled(sa.select(c.void).where(c.id == id_), driver.dialect)
        self._old = compiled(
            sa.select(c.id).where(c.id < id_).order_by(c.id).limit(sa.literal_column(str(_MOST))),
            driver.dialect,
        )
        self._purge = compiled(sa.delete(commit).where(c.id == id_), driver.dialect)
        self._guard = threading.Lock()
        self._count = 0

    @staticmethod
    def new() -> str:
        """Make a marker; the older one is the smaller one."""
        return _stamp(time.time()) + secrets.token_hex(10)

    def insert(self, marker: str) -> str:
        """Give the statement that leaves a marker; a transaction's last."""
        return f"INSERT INTO {self.table} (id, void) VALUES ('{marker}', 0)"

    def done(self, session: Session, marker: str) -> bool:
        """Tell whether the write of a marker was committed; False: it never will be."""
        session.begin(write=True)
        try:
            session.change(self._void, (marker,))
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.rollback()
            session.begin(write=True)
            rows = session.rows(self._look, (marker,))
            # A server that came up again shows what its standby may not have yet; but a commit
            # that comes later is confirmed later.
            session.change(self._void, (self.new(),))
            session.commit(None)
            # Void: an earlier look-up of ours was itself cut off after its commit.
            return bool(rows) and rows[0][0] == 0
        session.commit(None)
        return False

    def old(self) -> bool:
        """Tell whether it is time to look for old ones."""
        with self._guard:
            self._count += 1
            return self._count % _TURN == 1

    def purge(self, session: Session) -> int:
        """Delete old markers; gives how many."""
        session.begin(write=True)
        rows = session.rows(self._old, (_stamp(time.time() - _KEPT),))
        number = session.change_many(self._purge, [(row[0],) for row in rows])
        session.commit(None)
        return number


def _stamp(seconds: float) -> str:
    return f"{int(seconds * 1000):012x}"
