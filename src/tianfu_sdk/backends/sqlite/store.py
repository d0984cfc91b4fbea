"""The store itself: connections, transactions, and the door to the file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from tianfu_sdk.backends.sqlite import schema
from tianfu_sdk.backends.sqlite.documents import Table, as_bytes
from tianfu_sdk.backends.sqlite.faults import fault, translated
from tianfu_sdk.backends.sqlite.jobs import Jobs
from tianfu_sdk.backends.turns import Turns
from tianfu_sdk.core.border import check_name, check_page
from tianfu_sdk.errors import Conflict, Invalid, StorageError, StorageReadOnly, StorageUnavailable
from tianfu_sdk.model.storage import (
    Cursor,
    Job,
    JobInfo,
    JobState,
    Kind,
    NewJob,
    Outcome,
    Query,
    Row,
    StorageCapabilities,
    StoredEvent,
)
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.search import TransactionalSearch

__all__ = ["SqliteStore"]

T = TypeVar("T")
_OLDEST = (3, 35, 0)
# Entries are numbered without gaps and never deleted, and SQLite keeps the last number apart,
# so a log that was cut off at its end is seen as well.
_LOST_EVENTS = """SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'tf_event'), 0),
    ifnull((SELECT max(seq) FROM tf_event), 0)) - (SELECT count(*) FROM tf_event)"""
_turns: dict[tuple[int, str], Turns] = {}
_turns_guard = threading.Lock()


def _turns_of(path: str) -> Turns:
    # One queue of writers a file and process, however many stores open it.
    with _turns_guard:
        return _turns.setdefault((os.getpid(), path), Turns())


class _Connection(sqlite3.Connection):
    """A connection that a thread may leave behind when it ends."""

    def __del__(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.close()


class _Open(threading.local):
    """What one thread holds open; a forked child starts anew, its parent's are not its own."""

    pid: int = 0
    connection: sqlite3.Connection | None = None
    busy: bool = False


class SqliteStore:
    """Keep everything in one SQLite file: WAL, synchronous=FULL, readers never wait.

    One connection a thread, opened lazily; writers of this process queue fairly before
    SQLite's own busy timeout. Safe to share between threads and across a fork.

    Args:
        path: The file; it is made where it is missing.
        clock: Tells when jobs are due.
        ids: Makes fencing tokens.
        timeout: Seconds a writer waits for its turn.
        read_only: Open for reading only; the file must be there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock,
        ids: Ids,
        timeout: float = 10.0,
        read_only: bool = False,
    ) -> None:
        self.path = Path(path).absolute()
        self._place = str(path)
        self._clock = clock
        self._ids = ids
        self._timeout = timeout
        self._read_only = read_only
        self._tables: dict[str, Table] = {}
        self._mine = _Open()
        self._closed = True
        self._connections: weakref.WeakSet[sqlite3.Connection] = weakref.WeakSet()
        self.capabilities = StorageCapabilities(
            name="sqlite",
            persistent=True,
            processes=True,
            single_writer=True,
            search=True,
        )

    def open(self, kinds: Sequence[Kind]) -> None:
        """Create what is missing, check what is there."""
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageUnavailable(
                "storage.old_sqlite", place=self._place, found=sqlite3.sqlite_version
            )
        if self._mine.busy:
            raise StorageError("storage.nested", place=self._place)
        self._tables = {kind.name: Table.of(kind) for kind in kinds}
        self._closed = False
        with translated(self._place, self._timeout):
            connection = self._connection()
            ours = schema.recognise(connection, self._place)
            if self._read_only:
                if not ours:
                    raise StorageReadOnly("storage.read_only", place=self._place)
                return
            with self._turn():
                connection.execute("BEGIN IMMEDIATE")
                try:
                    schema.recognise(connection, self._place)
                    schema.create(connection, tuple(kinds), self._place)
                    connection.execute("COMMIT")
                finally:
                    self._end(connection)

    def run(
        self,
        fn: Callable[[Tx], T],
        *,
        write: bool,
        max_lag: timedelta | None = None,  # noqa: ARG002 - there is no standby
    ) -> T:
        """Call `fn` in one transaction and commit what it did; there is no standby."""
        if write and self._read_only:
            raise StorageReadOnly("storage.read_only", place=self._place)
        connection = self._connection()
        mine = self._mine
        if mine.busy:
            raise StorageError("storage.nested", place=self._place)
        mine.busy = True
        try:
            if not write:
                return self._transact(connection, fn, write=False)
            # A write holds the file's lock from BEGIN IMMEDIATE on, so nothing can make it
            # fail to serialise: unlike on a server there is nothing to call again.
            with self._turn():
                return self._transact(connection, fn, write=True)
        except sqlite3.Error as error:
            raise fault(error, self._place, self._timeout) from error
        finally:
            mine.busy = False

    def _transact(self, connection: sqlite3.Connection, fn: Callable[[Tx], T], *, write: bool) -> T:
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        tx = Tx(connection, self._tables, self._clock, self._ids, write=write)
        try:
            result = fn(tx)
            tx.finish()
            connection.execute("COMMIT")
        finally:
            tx.over = True
            if connection.in_transaction:
                self._end(connection)
        return result

    def check(self) -> list[str]:
        """Look for damage."""
        with translated(self._place, self._timeout):
            found = self._connection().execute("PRAGMA integrity_check(20)").fetchall()
            lost = self._connection().execute(_LOST_EVENTS).fetchone()[0]
        wrong = [str(row[0]) for row in found if row[0] != "ok"]
        if lost:
            wrong.append(f"{lost} entries of the log of events and audit lines were removed")
        return wrong

    def close(self) -> None:
        """Close the connections of all threads of this process."""
        self._closed = True
        for connection in list(self._connections):
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._connections = weakref.WeakSet()
        self._mine = _Open()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        with _turns_of(str(self.path)).turn(self._timeout):
            yield

    @staticmethod
    def _end(connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        if self._closed:
            raise StorageUnavailable("storage.closed", place=self._place)
        mine = self._mine
        if mine.connection is not None and mine.pid == os.getpid():
            return mine.connection
        with translated(self._place, self._timeout):
            mine.connection = self._connect()
        mine.pid = os.getpid()
        mine.busy = False
        return mine.connection

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self._read_only else "rwc"
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
            cached_statements=256,
        )
        self._connections.add(connection)
        try:
            # Before the journal's mode, which stays in the file: a database of another
            # program, or of a newer one, is left as it was.
            schema.recognise(connection, self._place)
            if not self._read_only:
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except (sqlite3.Error, StorageError):
            connection.close()
            raise
        return connection


class Tx:
    """One open transaction; see `tianfu_sdk.ports.storage.Tx` for what each verb promises."""

    __slots__ = (
        "_clock",
        "_ids",
        "_lost",
        "_made_jobs",
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
        self._lost: Conflict | None = None
        self.over = False

    def finish(self) -> None:
        """Refuse to commit after a conflict, caught or not."""
        if self._lost is not None:
            raise self._lost

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
            self._made_jobs = Jobs(connection, self._clock.now(), self._ids.token())
        return self._made_jobs
