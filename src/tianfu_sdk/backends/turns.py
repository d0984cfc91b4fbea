"""A fair lock: who waits longest goes first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from tianfu_sdk.errors import StorageBusy

__all__ = ["Turns"]


class Turns:
    """Give writers of one store their turn in the order in which they came.

    `threading.Lock` promises no order, and SQLite's busy handler polls, so that under load
    one writer can starve. Safe to share between threads; not across processes.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, timeout: float) -> Iterator[None]:
        """Hold the turn for a block.

        Args:
            timeout: Seconds to wait for it.

        Raises:
            StorageBusy: `storage.busy`, it did not come in time.
        """
        self._take(timeout)
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, timeout: float) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(timeout):
            return
        with self._guard:
            if mine.is_set():
                return
            self._waiting.remove(mine)
        raise StorageBusy("storage.busy", seconds=timeout)

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
