"""A connection a thread, made when it is needed and made again when it is gone."""

from __future__ import annotations

import contextlib
import threading
import time

from tianfu_sdk.errors import StorageError, StorageUnavailable
from tianfu_storage_sql.faults import Fault, told
from tianfu_storage_sql.session import Driver, Session

__all__ = ["Connections"]

_COMING_BACK = frozenset({Fault.CROWDED, Fault.LOST, Fault.NO_PRIMARY, Fault.REFUSED})
_PAUSE = 0.05
_LONGEST_PAUSE = 0.5


class _Held:
    """Closes what a thread held when that ends; no circle of references goes through it."""

    def __init__(self, session: Session, known: set[Session]) -> None:
        self.session = session
        self._known = known
        known.add(session)

    def __del__(self) -> None:
        self._known.discard(self.session)
        self.session.close()


class _Mine(threading.local):
    """What one thread holds open; a forked child starts anew, its parent's are not its own."""

    held: _Held | None = None
    inside: bool = False

    @property
    def session(self) -> Session | None:
        """The thread's connection."""
        return None if self.held is None else self.held.session


class _Busy:
    """A block of `Connections.busy`: each read goes through it, and a generator costs more."""

    __slots__ = ("_mine",)

    def __init__(self, mine: _Mine) -> None:
        self._mine = mine

    def __enter__(self) -> None:
        self._mine.inside = True

    def __exit__(self, *_: object) -> None:
        self._mine.inside = False


class Connections:
    """The connections of one store to one server.

    Args:
        driver: Makes them.
        timeout: Seconds to wait for a server that was there before and is not now.
    """

    def __init__(self, driver: Driver, timeout: float) -> None:
        self._driver = driver
        self._timeout = timeout
        self._mine = _Mine()
        # Strong: else an error that holds on to a session would leave it to the collector.
        self._all: set[Session] = set()
        self._known = False
        self._closed = True

    def open(self) -> None:
        """Let connections be made."""
        self._closed = False

    def alone(self) -> None:
        """Refuse to go on inside a transaction of this thread."""
        if not self._mine.inside:
            return
        session = self._mine.session
        if session is None or session.own:
            raise StorageError("storage.nested", place=self._driver.place)

    def busy(self) -> _Busy:
        """Hold this thread's place for one transaction, the length of a `with` block."""
        self.alone()
        return _Busy(self._mine)

    def take(self, *, patient: bool = True) -> Session:
        """Give this thread's connection.

        Args:
            patient: Whether to wait for a server that was there before.

        Raises:
            StorageUnavailable: There is none to be had.
        """
        if self._closed:
            raise self.closed()
        session = self._mine.session
        if session is not None and session.alive:
            return session
        self._mine.held = None
        until = time.monotonic() + (self._timeout if patient and self._known else 0)
        pause = _PAUSE
        while True:
            try:
                session = self._driver.connect()
            except self._driver.errors as error:
                fault = self._driver.refused(error)
                if fault not in _COMING_BACK or time.monotonic() + pause > until:
                    fault = Fault.REFUSED if fault is Fault.LOST else fault
                    raise told(fault, self._driver.place, error, seconds=self._timeout) from error
            else:
                self._known = True
                self._mine.held = _Held(session, self._all)
                return session
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    def drop(self) -> None:
        """Close this thread's connection, so that the next is a new one."""
        self._mine.held = None

    def closed(self) -> StorageUnavailable:
        """Give the error of a store that is not open."""
        return StorageUnavailable("storage.closed", place=self._driver.place)

    def close(self) -> None:
        """Close those of all threads of this process."""
        self._closed = True
        while self._all:
            with contextlib.suppress(KeyError):
                self._all.pop().close()
        self._mine = _Mine()
