"""Time and ids, injected: nothing calls `now()` by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "Ids"]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Give this moment, aware, in UTC."""
        ...


class Ids(Protocol):
    """Makes ids. Safe to share between threads and across a fork."""

    def new(self, prefix: str) -> str:
        """Make an id.

        Args:
            prefix: Of the kind, such as `res`.

        Returns:
            The prefix, `_` and 26 characters that grow with time, also within a millisecond.
        """
        ...

    def token(self) -> str:
        """Make an unguessable token of 32 characters."""
        ...
