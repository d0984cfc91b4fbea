"""A kept medium as a stream that fetches a piece at a time."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

__all__ = ["PIECE", "Pieces"]

PIECE = 4 << 20
"""Bytes of one request. One long answer would run into the time limit of a request when its
reader is slow; a piece is fetched in one go, and fetched again by itself when it fails."""


class Pieces(io.RawIOBase):
    """Bytes from here to there, in requests of at most a piece.

    Args:
        fetch: Gives the bytes from a start to an end, which both lie within what there is.
        start: Of the first byte.
        end: Behind the last byte.
        first: What was fetched already from the start on.
    """

    def __init__(
        self, fetch: Callable[[int, int], bytes], start: int, end: int, first: bytes = b""
    ) -> None:
        super().__init__()
        self._fetch = fetch
        self._held = memoryview(first)[: max(0, end - start)]
        self._next = start + len(self._held)
        self._end = end

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, into: Any, /) -> int:
        """Read into a buffer what is held, or the beginning of the next piece."""
        if not self._held and self._next < self._end:
            stop = min(self._next + PIECE, self._end)
            self._held = memoryview(self._fetch(self._next, stop))
            self._next = stop
        count = min(len(into), len(self._held))
        into[:count] = self._held[:count]
        self._held = self._held[count:]
        return count
