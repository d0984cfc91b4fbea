"""The store itself: connections, transactions, and the door to the file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from tianfu_sdk.backends.sqlite import schema
from tianfu_sdk.backends.sqlite.copies import copy_out, put_back
from tianfu_sdk.backends.sqlite.documents import Table
from tianfu_sdk.backends.sqlite.faults import fault, translated
from tianfu_sdk.backends.sqlite.migration import Migration
from tianfu_sdk.backends.sqlite.transaction import Tx
from tianfu_sdk.backends.turns import Turns
from tianfu_sdk.errors import (
    SchemaTooNew,
    StorageError,
    StorageReadOnly,
    StorageUnavailable,
)
from tianfu_sdk.model.storage import (
    Kind,
    SchemaChange,
    StorageCapabilities,
)
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.storage import Rekey

__all__ = ["SqliteStore"]

T = TypeVar("T")
_OLDEST = (3, 35, 0)
_CACHE = 8_000
"""KiB of pages that a connection keeps at most: a document looks up hundreds of words, each on
a page of its own, and SQLite's 2,000 are read anew for every document."""
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
        self._generation = 0
        self._connections: weakref.WeakSet[sqlite3.Connection] = weakref.WeakSet()
        self.capabilities = StorageCapabilities(
            name="sqlite",
            persistent=True,
            processes=True,
            single_writer=True,
            search=True,
            backup=True,
        )

    def open(self, kinds: Sequence[Kind]) -> None:
        """Create what is missing, check what is there."""
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageUnavailable(
                "storage.old_sqlite", place=self._place, found=sqlite3.sqlite_version
            )
        if self._mine.busy:
            raise StorageError("storage.nested", place=self._place)
        self._closed = False
        with translated(self._place, self._timeout):
            connection = self._connection()
            if self._read_only:
                if not schema.recognise(connection, self._place):
                    raise StorageReadOnly("storage.read_only", place=self._place)
                schema.demand_current(connection, kinds, self._place)
            else:
                with self._writing(connection):
                    schema.create(connection, tuple(kinds), self._place)
            self._generation = schema.generation(connection)
            stored = schema.stored_kinds(connection)
        self._tables = {
            kind.name: Table.of(kind, stored[kind.name].number)
            for kind in kinds
            if kind.name in stored
        }

    def changes(self, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Say what `migrate` would do."""
        closed, self._closed = self._closed, False
        try:
            with translated(self._place, self._timeout):
                return self._migration(kinds).changes()
        finally:
            self._closed = closed

    def migrate(
        self,
        kinds: Sequence[Kind],
        rekey: Rekey,
        progress: Callable[[SchemaChange], None] | None = None,
    ) -> None:
        """Bring the file into the shape of these kinds, and open it."""
        if self._read_only:
            raise StorageReadOnly("storage.read_only", place=self._place)
        self._closed = False
        with translated(self._place, self._timeout):
            for change in self._migration(kinds).run(rekey):
                if progress is not None:
                    progress(change)
        self.open(kinds)

    def _migration(self, kinds: Sequence[Kind]) -> Migration:
        connection = self._connection()
        if self._mine.busy:
            raise StorageError("storage.nested", place=self._place)
        return Migration(connection, kinds, self._place, lambda: self._writing(connection))

    @contextlib.contextmanager
    def _writing(self, connection: sqlite3.Connection) -> Iterator[None]:
        with self._turn():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
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
            if write:
                self._demand_generation(connection)
            result = fn(tx)
            tx.finish()
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                # Perhaps a table that this program knows was migrated away.
                self._demand_generation(connection)
            raise
        finally:
            tx.over = True
            if connection.in_transaction:
                self._end(connection)
        return result

    def _demand_generation(self, connection: sqlite3.Connection) -> None:
        if schema.generation(connection) != self._generation:
            raise SchemaTooNew("storage.schema_changed", place=self._place)

    def backup(
        self,
        target: str | os.PathLike[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Copy what is committed into a new file, while others write."""
        if self._mine.busy:
            raise StorageError("storage.nested", place=self._place)
        with translated(self._place, self._timeout):
            copy_out(self._connection(), Path(target).absolute(), progress)

    def restore(
        self,
        source: str | os.PathLike[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Make the file of a backup; it must not be there yet."""
        if self._read_only:
            raise StorageReadOnly("storage.read_only", place=self._place)
        put_back(Path(source), self.path, progress)

    def check(self) -> list[str]:
        """Look for damage."""
        with translated(self._place, self._timeout):
            found = self._connection().execute("PRAGMA integrity_check(20)").fetchall()
            lost = self._connection().execute(_LOST_EVENTS).fetchone()[0]
        wrong = [str(row[0]) for row in found if row[0] != "ok"]
        if lost:
            wrong.append(f"{lost} entries of the log of events and audit lines were removed")
        return wrong

    def scrub(self) -> bool:
        """Move the log into the file and empty it, so that no older page is left in it."""
        if self._read_only:
            return False
        with translated(self._place, self._timeout), self._turn():
            connection = self._connection()
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

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
        if not self._read_only:
            # For its owner only, as SQLite then makes the files beside it; where this cannot
            # be done, SQLite says why. Only one that is not there: to close one that is would
            # drop the locks of this process.
            with contextlib.suppress(OSError):
                os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        mode = "rwc"
        if self._read_only:
            # Of a medium that can only be read, SQLite could not make the file that readers
            # and a writer share, and there can be no writer.
            mode = "ro&immutable=1" if _on_read_only_medium(self.path) else "ro"
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
            # What is deleted is written over: a key that was erased must not linger in the
            # file. It costs nothing that can be measured.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE}")
        except (sqlite3.Error, StorageError) as error:
            connection.close()
            if not self._read_only and not isinstance(error, StorageError) and self._locked_away():
                raise StorageReadOnly("storage.read_only", place=self._place) from error
            raise
        return connection

    def _locked_away(self) -> bool:
        """Tell whether the file is there and can be read, but not written."""
        readable = self.path.is_file() and os.access(self.path, os.R_OK)
        return readable and not (
            os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        )


def _on_read_only_medium(path: Path) -> bool:
    # Windows has neither the call nor the flag.
    if not hasattr(os, "statvfs") or not path.exists():
        return False
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
