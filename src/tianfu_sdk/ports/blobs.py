"""The blobs port: bytes by their SHA-256, the same bytes once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

__all__ = ["Blobs"]


class Blobs(Protocol):
    """Keeps bytes. Safe to share between threads."""

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives.

        A stream that breaks leaves nothing. The same bytes are kept once.

        Args:
            stream: Read in pieces; it is not closed.

        Returns:
            SHA-256, hex.

        Raises:
            StorageFull: No room left; nothing was kept.
        """
        ...

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them.

        Raises:
            NotFound: `blob.unknown`.
        """
        ...

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        ...

    def delete(self, digest: str) -> None:
        """Forget bytes; what is not there is skipped."""
        ...

    def list(self) -> Iterator[str]:
        """Give the digests of all that is kept, in any order."""
        ...
