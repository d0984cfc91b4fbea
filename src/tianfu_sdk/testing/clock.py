"""Time that stands still and ids that count, so that tests repeat exactly."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta

__all__ = ["CountingIds", "FrozenClock"]


class FrozenClock:
    """A clock that moves only when it is told to. Safe to share between threads.

    Args:
        start: What it shows first; aware.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)) -> None:
        self._lock = threading.Lock()
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the moment it shows, in UTC."""
        with self._lock:
            return self._now

    def set(self, moment: datetime) -> None:
        """Show another moment.

        Args:
            moment: Aware; may lie before what it shows now.
        """
        with self._lock:
            self._now = moment.astimezone(UTC)

    def tick(self, delta: timedelta = timedelta(seconds=1)) -> datetime:
        """Move on.

        Args:
            delta: How far.

        Returns:
            What it shows then.
        """
        with self._lock:
            self._now += delta
            return self._now


class CountingIds:
    """Ids that count from 1. Safe to share between threads, but a fork repeats them.

    Its tokens can be guessed: for tests only.
    """

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._tokens = itertools.count(1)

    def new(self, prefix: str) -> str:
        """Make an id.

        Args:
            prefix: Of the kind, such as `res`.

        Returns:
            The prefix, `_` and 26 digits, above all that were made before.
        """
        return f"{prefix}_{next(self._ids):026d}"

    def token(self) -> str:
        """Make a token of 32 characters."""
        return f"{next(self._tokens):032x}"
