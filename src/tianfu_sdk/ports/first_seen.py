"""The port of what is remembered while a file is read, and forgotten after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["FirstSeen"]


class FirstSeen(Protocol):
    """Remembers with which number each key came first, in memory that does not grow.

    Used by one thread; nothing of it is left once it is closed.
    """

    def firsts(self, pairs: Sequence[tuple[bytes, int]]) -> list[int]:
        """Give for each key the number with which it came first.

        Args:
            pairs: Keys of up to 64 bytes, each with its number; a key may stand twice.

        Returns:
            Numbers in the order of the pairs; the pair's own where the key is new.

        Raises:
            StorageFull: No room left on the disk.
        """
        ...

    def close(self) -> None:
        """Forget everything; may be called again."""
        ...
