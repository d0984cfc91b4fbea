"""The machine's clock, and ids that grow with time."""

from __future__ import annotations

import os
import secrets
import threading
from datetime import UTC, datetime

from tianfu_sdk.ports.clock import Clock

__all__ = ["SystemClock", "TimeOrderedIds"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_TIME_BITS = 48


class SystemClock:
    """Tell the machine's time."""

    def now(self) -> datetime:
        """Give this moment in UTC."""
        return datetime.now(UTC)


class TimeOrderedIds:
    """Make ids of 48 bits of milliseconds and 80 random bits, in Crockford's base 32.

    Within a millisecond the random part counts up, so ids of one process never go back.
    Safe to share between threads and across a fork.

    Args:
        clock: Gives the milliseconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._pid = 0
        self._last = 0

    def new(self, prefix: str) -> str:
        """Make an id such as `res_01k…`."""
        millis = int(self._clock.now().timestamp() * 1000) & (2**_TIME_BITS - 1)
        with self._guard:
            if self._pid != os.getpid():
                # A forked child would go on counting where its parent does too.
                self._pid, self._last = os.getpid(), 0
            number = (millis << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS - 1)
            if number <= self._last:
                number = self._last + 1 + secrets.randbits(16)
            self._last = number
        letters = [_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
        return f"{prefix}_{''.join(letters)}"

    def token(self) -> str:
        """Make an unguessable token."""
        return secrets.token_hex(16)
