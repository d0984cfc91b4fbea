"""One transaction of the embedded store: the verbs of the port over an open connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tianfu_sdk.backends.sqlite.documents import Table, as_bytes
from tianfu_sdk.backends.sqlite.jobs import Jobs
from tianfu_sdk.core.rows.border import check_name, check_page
from tianfu_sdk.errors import Conflict, Invalid, StorageError
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
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.search import TransactionalSearch

__all__ = ["Tx"]


class Tx:
    """One open transaction; see `tianfu_sdk.ports.storage.Tx` for what each verb promises."""

    __slots__ = (
        "_clock",
        "_ids",
        "_lost",
        "_made_jobs",
        "_moment",
        "_open_connection",
        "_tables",
        "_write",
        "over",
    )

    def __init__(
        self,
        connection: sqlite3.Connection,
        tables: dict[str, Table],
        clock: Clock,
        ids: Ids,
        *,
        write: bool,
    ) -> None:
        self._open_connection = connection
        self._tables = tables
        self._clock = clock
        self._ids = ids
        self._write = write
        self._made_jobs: Jobs | None = None
        self._moment: datetime | None = None
        self._lost: Conflict | None = None
        self.over = False

    def finish(self) -> None:
        """Refuse to commit after a conflict, caught or not."""
        if self._lost is not None:
            raise self._lost

    def now(self) -> datetime:
        """Give this moment by the injected clock."""
        self._reading()
        if self._moment is None:
            self._moment = self._clock.now()
        return self._moment

    @property
    def search(self) -> TransactionalSearch | None:
        """The engine inside this transaction."""
        # Imported here because most transactions never search.
        from tianfu_sdk.backends.sqlite.search import SqliteSearch

        self._reading()
        return SqliteSearch(self._reading, self._writing)

    def get(self, kind: str, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist."""
        connection = self._reading()
        return self._table(kind).get(connection, ids) if ids else []

    def columns(self, kind: str, ids: Sequence[str], names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Give some fields of the rows that exist."""
        return self._table(kind).some(self._reading(), ids, tuple(names))

    def find(self, kind: str, query: Query) -> list[Row]:
        """Give a page of rows."""
        return self._table(kind).find(self._reading(), query)

    def count(self, kind: str, query: Query) -> int:
        """Count the rows that match."""
        return self._table(kind).count(self._reading(), query)

    def put(self, kind: str, rows: Sequence[Row]) -> None:
        """Create or replace rows."""
        connection = self._writing()
        try:
            self._table(kind).put(connection, rows)
        except Conflict as error:
            self._lost = error
            raise

    def delete(self, kind: str, versions: Sequence[tuple[str, int]]) -> None:
        """Delete rows where the version matches."""
        connection = self._writing()
        try:
            self._table(kind).delete(connection, versions)
        except Conflict as error:
            self._lost = error
            raise

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        """Store rows as they stand in another store."""
        connection = self._writing()
        try:
            self._table(kind).load(connection, rows)
        except Conflict as error:
            self._lost = error
            raise

    def append(self, stream: str, bodies: Sequence[bytes]) -> None:
        """Append events to a stream."""
        check_name(stream, "stream")
        self._writing().executemany(
            "INSERT INTO tf_event (stream, body) VALUES (?, ?)", ((stream, b) for b in bodies)
        )

    def read(self, stream: str, after: Cursor | None, limit: int) -> list[StoredEvent]:
        """Give the events after a cursor."""
        check_name(stream, "stream")
        check_page(limit)
        if after is not None and not (after.isascii() and after.isdigit()):
            raise Invalid("storage.cursor", path="after")
        rows = self._reading().execute(
            "SELECT seq, body FROM tf_event WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream, int(after or 0), limit),
        )
        return [StoredEvent(Cursor(str(seq)), as_bytes(body)) for seq, body in rows]

    def last(self, stream: str) -> Cursor | None:
        """Give the cursor of the newest event."""
        check_name(stream, "stream")
        row = (
            self._reading()
            .execute("SELECT max(seq) FROM tf_event WHERE stream = ?", (stream,))
            .fetchone()
        )
        return None if row[0] is None else Cursor(str(row[0]))

    def streams(self) -> list[str]:
        """Give the streams that have events."""
        names: list[str] = []
        # Leaps from name to name in the index; DISTINCT would walk every event.
        text = "SELECT min(stream) FROM tf_event WHERE stream > ?"
        while True:
            row = self._reading().execute(text, (names[-1] if names else "",)).fetchone()
            if row[0] is None:
                return names
            names.append(row[0])

    def enqueue(self, queue: str, jobs: Sequence[NewJob]) -> int:
        """Add jobs whose keys are new."""
        return self._jobs(write=True).enqueue(queue, jobs)

    def claim(self, queue: str, n: int, lease: timedelta, owner: str) -> list[Job]:
        """Take due jobs."""
        return self._jobs(write=True).claim(queue, n, lease, owner)

    def settle(self, settled: Sequence[tuple[Job, Outcome]]) -> list[bool]:
        """End claimed jobs."""
        return self._jobs(write=True).settle(settled)

    def jobs(
        self, queue: str, state: JobState | None, after: int | None, limit: int
    ) -> list[JobInfo]:
        """List jobs by id."""
        return self._jobs(write=False).jobs(queue, state, after, limit)

    def release(self, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again."""
        return self._jobs(write=True).release(queue, ids)

    def hold(self, queue: str, group: str) -> None:
        """Hold a group."""
        self._jobs(write=True).hold(queue, group)

    def unhold(self, queue: str, group: str) -> None:
        """Let a group go on."""
        self._jobs(write=True).unhold(queue, group)

    def drop(self, queue: str, group: str) -> int:
        """Cancel a group's waiting jobs."""
        return self._jobs(write=True).drop(queue, group)

    def queues(self) -> list[str]:
        """Give the queues that have jobs or holds."""
        return self._jobs(write=False).queues()

    def holds(self, queue: str) -> list[str]:
        """Give the held groups of a queue."""
        return self._jobs(write=False).holds(queue)

    def first_due(self, queue: str) -> datetime | None:
        """Give when the first queued job is due."""
        return self._jobs(write=False).first_due(queue)

    def load_jobs(self, queue: str, jobs: Sequence[JobInfo]) -> None:
        """Store jobs as they stand in another store."""
        try:
            self._jobs(write=True).load(queue, jobs)
        except Conflict as error:
            self._lost = error
            raise

    def purge(self, queue: str, before: datetime, limit: int) -> int:
        """Forget old finished jobs."""
        return self._jobs(write=True).purge(queue, before, limit)

    def _table(self, kind: str) -> Table:
        try:
            return self._tables[kind]
        except KeyError:
            raise StorageError("storage.no_kind", path=kind, kind=kind) from None

    def _reading(self) -> sqlite3.Connection:
        if self.over:
            raise StorageError("storage.tx_over")
        if self._lost is not None:
            raise self._lost
        return self._open_connection

    def _writing(self) -> sqlite3.Connection:
        connection = self._reading()
        if not self._write:
            raise StorageError("storage.read_only_tx")
        return connection

    def _jobs(self, *, write: bool) -> Jobs:
        connection = self._writing() if write else self._reading()
        if self._made_jobs is None:
            self._made_jobs = Jobs(connection, self.now(), self._ids.token())
        return self._made_jobs
