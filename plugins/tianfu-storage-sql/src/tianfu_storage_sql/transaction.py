"""One open transaction."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tianfu_sdk.core.rows.border import check_name, check_page
from tianfu_sdk.errors import Conflict, StorageError
from tianfu_sdk.model.storage import (
    Cursor,
    Job,
    JobInfo,
    JobState,
    NewJob,
    Outcome,
    Query,
    Row,
    StoredEvent,
)
from tianfu_sdk.ports.search import TransactionalSearch
from tianfu_storage_sql.documents import KindTable
from tianfu_storage_sql.jobs import micros
from tianfu_storage_sql.parts import Parts
from tianfu_storage_sql.session import Session, UnnumberedError

__all__ = ["SqlTx"]

_SALTS = 1 << 11
"""As many as there is room for beside microseconds since 1970 in a signed number of 8 bytes."""


class SqlTx:
    """See `tianfu_sdk.ports.storage.Tx` for what each verb promises."""

    def __init__(
        self, session: Session, parts: Parts, numbered: Collection[str], *, write: bool
    ) -> None:
        self._session = session
        self._parts = parts
        self._write = write
        self._lost: Conflict | None = None
        self._seen: dict[tuple[str, str], int] = {}
        self._now: datetime | None = None
        self.raced = False
        """Whether what was lost was read in this transaction, so that a second run helps."""
        self.over = False
        self.wrote = False
        self.appended: dict[str, int] = {}
        """How many events this transaction appended, by stream."""
        self.numbered = numbered
        self.unnumbered: UnnumberedError | None = None
        self._count = 0
        self._first: int | None = None

    def finish(self) -> None:
        """Refuse to commit after a conflict or a failure, caught or not."""
        if self.unnumbered is not None:
            raise self.unnumbered
        if self._lost is not None:
            raise self._lost
        if self._session.failure is not None:
            raise self._session.failure

    def now(self) -> datetime:
        """Give this moment by the server's clock."""
        session = self.reading()
        if self._now is None:
            self._now = self._parts.jobs.now(session)
        return self._now

    @property
    def search(self) -> TransactionalSearch | None:
        """The engine inside this transaction."""
        self.reading()
        return self._parts.searching.within(self)

    # Documents.

    def get(self, kind: str, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist."""
        session = self.reading()
        table = self._table(kind)
        if not ids:
            return []
        rows = table.get(session, ids)
        if self._write:
            for id_ in ids:
                self._seen.setdefault((kind, id_), 0)
            self._saw(kind, rows)
        return rows

    def columns(self, kind: str, ids: Sequence[str], names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Give some fields of the rows that exist."""
        return self._table(kind).some(self.reading(), ids, tuple(names))

    def find(self, kind: str, query: Query) -> list[Row]:
        """Give a page of rows."""
        session = self.reading()
        rows = self._table(kind).find(session, query)
        if self._write:
            self._saw(kind, rows)
        return rows

    def count(self, kind: str, query: Query) -> int:
        """Count the rows that match."""
        session = self.reading()
        return self._table(kind).count(session, query)

    def put(self, kind: str, rows: Sequence[Row]) -> None:
        """Create or replace rows."""
        session = self.writing()
        table = self._table(kind)
        try:
            table.put(session, rows)
        except Conflict as error:
            self._lose(kind, error, [(row.id, row.version) for row in rows])
            raise
        for row in rows:
            self._seen[kind, row.id] = row.version + 1

    def delete(self, kind: str, versions: Sequence[tuple[str, int]]) -> None:
        """Delete rows where the version matches."""
        session = self.writing()
        table = self._table(kind)
        try:
            table.delete(session, versions)
        except Conflict as error:
            self._lose(kind, error, versions)
            raise
        for id_, _ in versions:
            self._seen[kind, id_] = 0

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        """Create rows as they stand, with the versions that they have."""
        session = self.writing()
        table = self._table(kind)
        try:
            table.load(session, rows)
        except Conflict as error:
            self._lost = error
            raise

    def _saw(self, kind: str, rows: Sequence[Row]) -> None:
        for row in rows:
            self._seen[kind, row.id] = row.version

    def _lose(self, kind: str, error: Conflict, versions: Sequence[tuple[str, int]]) -> None:
        self._lost = error
        given = dict(versions)
        odd = error.values["ids"]
        # What this transaction had read itself was changed by another one meanwhile: on a
        # store with one writer that cannot be, so the body is called again, not the caller.
        self.raced = len(given) == len(versions) and all(
            self._seen.get((kind, id_)) == given.get(id_) for id_ in odd
        )

    # Events.

    def append(self, stream: str, bodies: Sequence[bytes]) -> None:
        """Append events to a stream."""
        check_name(stream, "stream")
        session = self.writing()
        if bodies:
            self._parts.events.append(session, self, stream, bodies)
            self.appended[stream] = self.appended.get(stream, 0) + len(bodies)

    def read(self, stream: str, after: Cursor | None, limit: int) -> list[StoredEvent]:
        """Give the events after a cursor."""
        check_name(stream, "stream")
        check_page(limit)
        session = self.reading()
        return self._parts.events.read(session, self, stream, after, limit)

    def last(self, stream: str) -> Cursor | None:
        """Give the cursor of the newest event."""
        check_name(stream, "stream")
        session = self.reading()
        return self._parts.events.last(session, self, stream)

    def streams(self) -> list[str]:
        """Give the names of all streams that have events."""
        return self._parts.listing.streams(self.reading())

    # Jobs.

    def queues(self) -> list[str]:
        """Give the names of all queues that have jobs or held groups."""
        return self._parts.listing.queues(self.reading())

    def holds(self, queue: str) -> list[str]:
        """Give the groups of a queue that are on hold."""
        return self._parts.listing.holds(self.reading(), queue)

    def first_due(self, queue: str) -> datetime | None:
        """Give when the first queued job that is not held is due."""
        return self._parts.listing.first_due(self.reading(), queue)

    def load_jobs(self, queue: str, jobs: Sequence[JobInfo]) -> None:
        """Add jobs as they stand; leased ones are queued, ids are new."""
        session = self.writing()
        try:
            self._parts.listing.load(session, queue, jobs, self.stamps)
        except Conflict as error:
            self._lost = error
            raise

    def enqueue(self, queue: str, jobs: Sequence[NewJob]) -> int:
        """Add jobs whose keys are new."""
        return self._parts.jobs.enqueue(self.writing(), queue, jobs, self.stamps)

    def claim(self, queue: str, n: int, lease: timedelta, owner: str) -> list[Job]:
        """Take due jobs."""
        # The session is taken last, so that a claim that finds nothing need not be kept.
        wrote, session = self.wrote, self.writing()
        jobs = self._parts.jobs.claim(session, queue, n, lease, owner)
        self.wrote = wrote or bool(jobs)
        return jobs

    def settle(self, settled: Sequence[tuple[Job, Outcome]]) -> list[bool]:
        """End claimed jobs."""
        return self._parts.jobs.settle(self.writing(), settled)

    def jobs(
        self, queue: str, state: JobState | None, after: int | None, limit: int
    ) -> list[JobInfo]:
        """List jobs by id."""
        return self._parts.listing.jobs(self.reading(), queue, state, after, limit)

    def release(self, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again."""
        return self._parts.listing.release(self.writing(), queue, ids)

    def hold(self, queue: str, group: str) -> None:
        """Hold a group."""
        self._parts.listing.hold(self.writing(), queue, group)

    def unhold(self, queue: str, group: str) -> None:
        """Let a group go on."""
        self._parts.listing.unhold(self.writing(), queue, group)

    def drop(self, queue: str, group: str) -> int:
        """Cancel a group's waiting jobs."""
        return self._parts.listing.drop(self.writing(), queue, group)

    def purge(self, queue: str, before: datetime, limit: int) -> int:
        """Forget old finished jobs."""
        return self._parts.listing.purge(self.writing(), queue, before, limit)

    # Numbers.

    def counted(self, count: int) -> range:
        """Give the next numbers of this transaction, from 0 on."""
        numbers = range(self._count, self._count + count)
        self._count = numbers.stop
        return numbers

    def stamps(self, count: int) -> list[int]:
        """Give ids in the order in which transactions began to take them, by the server's clock.

        Made here rather than by the server, whose shards or nodes would have to agree on them.
        A microsecond each, beside a number out of `_SALTS` that is drawn for a transaction: two
        make the same one if they took ids in the same microseconds and drew the same number.
        """
        if self._first is None:
            self._first = micros(self.now()) * _SALTS + secrets.randbelow(_SALTS)
        return [self._first + number * _SALTS for number in self.counted(count)]

    # Guards.

    def _table(self, kind: str) -> KindTable:
        tables: Mapping[str, KindTable] = self._parts.tables
        try:
            return tables[kind]
        except KeyError:
            raise StorageError("storage.no_kind", path=kind, kind=kind) from None

    def reading(self) -> Session:
        """Give the session while the transaction lives."""
        if self.over:
            raise StorageError("storage.tx_over")
        if self._lost is not None:
            raise self._lost
        return self._session

    def writing(self) -> Session:
        """Give the session of a transaction that may write."""
        session = self.reading()
        if not self._write:
            raise StorageError("storage.read_only_tx")
        self.wrote = True
        return session
