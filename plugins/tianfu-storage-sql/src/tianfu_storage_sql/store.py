"""The store itself: transactions, run again where they may be, and looked up where lost."""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from tianfu_sdk.errors import CommitUnknown, Conflict, SchemaTooNew, StorageError
from tianfu_sdk.model.storage import Kind, SchemaChange, StorageCapabilities
from tianfu_sdk.ports.storage import Rekey, Tx
from tianfu_storage_sql.address import SqlSettings
from tianfu_storage_sql.connections import Connections
from tianfu_storage_sql.events import BATCH
from tianfu_storage_sql.faults import Fault, told
from tianfu_storage_sql.gin import GinSearching
from tianfu_storage_sql.jobs import Jobs
from tianfu_storage_sql.listing import Listing
from tianfu_storage_sql.markers import Markers
from tianfu_storage_sql.migration import Migration
from tianfu_storage_sql.opening import Found, Opened, Opener
from tianfu_storage_sql.parts import KindTables, Parts
from tianfu_storage_sql.search import Searching
from tianfu_storage_sql.session import (
    Driver,
    InDoubtError,
    RacedError,
    Session,
    UnnumberedError,
)
from tianfu_storage_sql.standby import Standby
from tianfu_storage_sql.transaction import SqlTx

__all__ = ["SqlStore"]

T = TypeVar("T")
_log = logging.getLogger("tianfu_storage_sql")
_RUNS = 5
_PAUSE = 0.02
_AGAIN = frozenset({Fault.AGAIN, Fault.LOST})
_OVERTAKEN = frozenset({Fault.AGAIN, Fault.DUPLICATE})


class _AgainError(Exception):
    """Call the body again; `__cause__` says why."""


class SqlStore:
    """Keep everything in a PostgreSQL, MariaDB or MySQL database.

    One connection a thread, opened lazily and opened again when it is gone. Safe to share
    between threads and across a fork.

    A write runs at READ COMMITTED: rows are guarded by their versions. Where a row that a
    body has read itself was changed by another one before it wrote it, the body is called
    again. A read keeps one snapshot.

    Args:
        driver: Of the server.
        settings: Of the backend's table and the URL.
        standby: Of a server that only reads, for `max_lag`; None: there is none.
    """

    def __init__(
        self, driver: Driver, settings: SqlSettings, standby: Driver | None = None
    ) -> None:
        self._driver = driver
        self._standby = None if standby is None else Standby(standby, settings.timeout)
        self._settings = settings
        self._share = settings.part()
        self._losses: tuple[type[BaseException], ...] = (StorageError, *driver.errors)
        self._parts: Parts | None = None
        self._connections = Connections(driver, settings.timeout)
        self._opener = Opener(driver, settings.timeout)
        self.capabilities = StorageCapabilities(
            name=driver.name,
            persistent=True,
            processes=True,
            single_writer=False,
            search=True,
            own_clock=True,
        )

    def __repr__(self) -> str:
        return f"SqlStore({self._driver.place})"

    def open(self, kinds: Sequence[Kind]) -> None:
        """Create what is missing, check what is there."""
        self._connections.alone()
        self._connections.open()
        if self._standby is not None:
            self._standby.open()
        tables = self._opener.tables
        known = {kind.name: kind for kind in kinds}
        opened = self._opened(tuple(kinds))
        stamped = opened.found.facts["events"] == "numbered"
        self._parts = Parts(
            markers=self._markers(opened.found),
            tables=KindTables(tables, self._driver, known, opened),
            events=opened.events,
            jobs=Jobs(
                tables, self._driver, self._share, self._settings.share_wait, stamped=stamped
            ),
            listing=Listing(tables, self._driver, stamped=stamped),
            searching=self._searching(opened.found),
        )

    def _searching(self, found: Found) -> Searching | GinSearching:
        # As the store was made, whatever the driver could do.
        if found.facts.get("search") == "gin":
            return GinSearching(self._driver)
        return Searching(self._opener.tables, self._driver)

    def _opened(self, kinds: Sequence[Kind]) -> Opened:
        for turn in range(1, _RUNS + 1):
            session = self._connections.take()
            try:
                with self._translated(session):
                    return self._opener.open(session, kinds)
            except StorageError as error:
                # A lock of one node keeps nobody from opening the store by another node of its
                # cluster; whoever comes second finds what the first one made.
                cause = error.__cause__
                if turn == _RUNS or not isinstance(cause, self._driver.errors):
                    raise
                if self._driver.fault(cause) not in _OVERTAKEN:
                    raise
            time.sleep(random.uniform(0, _PAUSE * 2**turn))  # noqa: S311 - spreads attempts
        raise AssertionError  # the loop returns or raises

    def changes(self, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Say what `migrate` would do."""
        with self._migrating(kinds) as migration:
            return migration.changes()

    def migrate(
        self,
        kinds: Sequence[Kind],
        rekey: Rekey,
        progress: Callable[[SchemaChange], None] | None = None,
    ) -> None:
        """Bring the store into the shape of these kinds, and open it."""
        with self._migrating(kinds) as migration:
            for change in migration.run(rekey):
                if progress is not None:
                    progress(change)
        self.open(kinds)

    @contextlib.contextmanager
    def _migrating(self, kinds: Sequence[Kind]) -> Iterator[Migration]:
        self._connections.alone()
        self._connections.open()
        session = self._connections.take()
        with self._connections.busy(), self._translated(session):
            yield Migration(session, self._driver, self._opener, kinds)

    def run(self, fn: Callable[[Tx], T], *, write: bool, max_lag: timedelta | None = None) -> T:
        """Call `fn` in one transaction and commit what it did."""
        parts = self._open_parts()
        began = time.monotonic()
        numbered: set[str] = set()
        turn = 0
        with self._connections.busy():
            while True:
                try:
                    return self._once(parts, fn, numbered, write=write, max_lag=max_lag)
                except _AgainError as again:
                    error = again.__cause__
                    assert error is not None  # noqa: S101 - raised from one
                    # A standby may not have the newest tables yet; the primary has.
                    max_lag = None
                    if isinstance(error, UnnumberedError):
                        self._number(parts, error)
                        numbered.add(error.stream)
                        continue
                    turn += 1
                    late = time.monotonic() - began > 3 * self._settings.timeout
                    if turn >= self._driver.runs or late:
                        raise self._last(error) from error
                time.sleep(random.uniform(0, _PAUSE * 2 ** min(turn, _RUNS)))  # noqa: S311 - as above

    def _number(self, parts: Parts, error: UnnumberedError) -> None:
        """Number the events that a reader came to, as many as it needs."""
        session = self._connections.take()

        def number() -> None:
            missing = math.inf if error.wanted is None else error.wanted
            while missing > 0 and parts.events.settle(session, error.stream):
                missing -= BATCH

        # Where it fails, they are left for who reads next, and this one sees what has a number.
        self._quietly(session, number)

    def _last(self, error: BaseException) -> BaseException:
        if isinstance(error, Conflict):
            return error
        return self._told(error, Fault.AGAIN if isinstance(error, RacedError) else None)

    def _once(
        self,
        parts: Parts,
        fn: Callable[[Tx], T],
        numbered: Collection[str],
        *,
        write: bool,
        max_lag: timedelta | None,
    ) -> T:
        session: Session | None = None
        if max_lag is not None and not write and self._standby is not None:
            session = self._standby.begin(max_lag, parts.markers.table)
        begun = session is not None
        session = session or self._connections.take()
        tx: SqlTx | None = None
        try:
            if not begun:
                session.begin(write=write)
            tx = SqlTx(session, parts, numbered, write=write)
            result = fn(tx)
            tx.finish()
            marker = parts.markers.new() if tx.wrote else None
        except BaseException as error:
            failure = session.failure
            alive = session.alive
            session.rollback()
            judged = self._judged(error, failure, tx, parts, alive=alive, standby=begun)
            if judged is error:
                raise
            raise judged from judged.__cause__ or error
        finally:
            if tx is not None:
                tx.over = True
        if marker is None:
            self._end(session)
        else:
            self._commit(session, parts, marker)
        if marker is not None:
            self._after(session, parts, tx)
        return result

    def _end(self, session: Session) -> None:
        # Nothing was written, so what goes wrong now is trouble for the next one only.
        try:
            session.end()
        except self._driver.errors:
            session.close()

    def _judged(
        self,
        error: BaseException,
        failure: BaseException | None,
        tx: SqlTx | None,
        parts: Parts,
        *,
        alive: bool,
        standby: bool,
    ) -> BaseException:
        """Tell what to do about what ended a body, or kept it from beginning."""
        if tx is not None and tx.unnumbered is not None:
            return _again(tx.unnumbered)
        if tx is not None and tx.raced and isinstance(error, Conflict):
            return _again(error)
        if isinstance(error, RacedError):
            return _again(error)
        cause = failure or (error if isinstance(error, self._driver.errors) else None)
        if cause is None or not isinstance(error, Exception):
            return error
        fault = self._driver.fault(cause) if alive else Fault.LOST
        if standby or fault in _AGAIN:
            return _again(cause)
        # What the body made of the failure itself is its own affair.
        return self._explained(cause, fault, parts) if error is cause else error

    def _explained(self, error: BaseException, fault: Fault, parts: Parts) -> StorageError:
        """Tell of a failure; of a table that is not there, whether it was migrated away."""
        if fault is Fault.MISSING:
            with contextlib.suppress(*self._losses):
                found = self._opener.recognise(self._connections.take(patient=False))
                if found is None or found.generation != parts.markers.generation:
                    return SchemaTooNew("storage.schema_changed", place=self._driver.place)
        return self._told(error, fault)

    def _told(self, error: BaseException, fault: Fault | None = None) -> StorageError:
        fault = fault or self._driver.fault(error)
        return told(
            fault,
            self._driver.place,
            error,
            seconds=self._settings.timeout,
            times=self._driver.runs,
        )

    # The end of a write.

    def _markers(self, found: Found) -> Markers:
        return Markers(self._driver, found.generation, found.schema)

    def _commit(self, session: Session, parts: Parts, marker: str) -> None:
        try:
            session.commit(parts.markers.insert(marker))
        except InDoubtError as error:
            session.close()
            raise CommitUnknown("storage.local_only", place=self._driver.place) from error
        except self._driver.errors as error:
            fault = self._driver.fault(error) if session.alive else Fault.LOST
            session.rollback()
            if fault is Fault.LOST:
                self._look_up(parts.markers, marker, error)
                return
            if fault in _AGAIN:
                raise _again(error) from error
            raise self._explained(error, fault, parts) from error

    def _look_up(self, markers: Markers, marker: str, error: BaseException) -> None:
        """Find out whether a commit whose answer was lost was done; return if it was.

        Raises:
            _AgainError: It was not, and can no longer be.
            CommitUnknown: Nothing can be known.
        """
        until = time.monotonic() + 3 * self._settings.timeout
        pause = _PAUSE
        while True:
            try:
                session = self._connections.take(patient=False)
                found = self._opener.recognise(session)
                if found is not None and found.generation != markers.generation:
                    # Migrated meanwhile; the marker, if it is there, went along.
                    markers = self._markers(found)
                if markers.done(session, marker):
                    return
            except InDoubtError:
                self._connections.drop()
                raise CommitUnknown("storage.local_only", place=self._driver.place) from error
            except self._losses as again:
                busy = isinstance(again, self._driver.errors) and (
                    self._driver.fault(again) is Fault.BUSY
                )
                if busy or time.monotonic() > until:
                    raise CommitUnknown(
                        "storage.commit_unknown", place=self._driver.place
                    ) from error
                self._connections.drop()
                time.sleep(pause)
                pause = min(1.0, pause * 2)
            else:
                raise _again(error) from error

    def _after(self, session: Session, parts: Parts, tx: SqlTx) -> None:
        """Do what may also be done by whoever comes next; its failure is nobody's."""
        for stream in parts.events.due(tx.appended):
            step = functools.partial(parts.events.settle, session, stream)
            self._quietly(session, functools.partial(_all, step))
        old = parts.markers.old()
        if old:
            self._quietly(session, lambda: parts.markers.purge(session))
            self._quietly(session, lambda: self._opener.upkeep(session))
        if old or parts.searching.due():
            self._quietly(session, lambda: parts.searching.fold(session))

    def _quietly(self, session: Session, fn: Callable[[], object]) -> None:
        for _ in range(self._driver.runs):
            if not session.alive:
                return
            try:
                fn()
            except self._driver.errors as error:
                fault = self._driver.fault(error)
                session.rollback()
                if fault is Fault.AGAIN:
                    continue
                _log.info("left for later on %s: %s", self._driver.place, fault.value)
            return

    # The rest.

    def check(self) -> list[str]:
        """Look for damage."""
        self._open_parts()
        session = self._connections.take()
        with self._translated(session):
            return self._opener.check(session)

    def close(self) -> None:
        """Close the connections of all threads of this process."""
        self._parts = None
        self._connections.close()
        if self._standby is not None:
            self._standby.close()

    def _open_parts(self) -> Parts:
        parts = self._parts
        if parts is None:
            raise self._connections.closed()
        return parts

    @contextlib.contextmanager
    def _translated(self, session: Session) -> Iterator[None]:
        try:
            yield
        except self._driver.errors as error:
            fault = self._driver.fault(error) if session.alive else Fault.LOST
            session.rollback()
            raise self._told(error, fault) from error
        except BaseException:
            session.rollback()
            raise


def _again(error: BaseException) -> _AgainError:
    again = _AgainError()
    again.__cause__ = error
    return again


def _all(step: Callable[[], bool]) -> None:
    while step():
        pass
