"""The blobs port: bytes by their SHA-256, the same bytes once.

`tianfu_sdk.testing.BlobsSuite` holds a place for bytes to every sentence on this page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO, Protocol

__all__ = ["Blobs"]


class Blobs(Protocol):
    """Keeps bytes. Safe to share between threads; several processes may use one place.

    Bytes are there whole or not at all: what is still coming in is not seen by `has`, `open`
    and `list`. Memory does not grow with the size of what passes.
    """

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives, for good once this returns.

        The same bytes are kept once; to keep them again is no error and disturbs nobody who
        reads them. A stream that raises leaves nothing, and what it raised goes on as it is.

        Args:
            stream: Read in pieces to its end, which is a read that gives nothing; a read may
                give less than was asked for. It is not closed.

        Returns:
            SHA-256, 64 lower-case hex digits.

        Raises:
            StorageFull: No room left; nothing was kept.
            StorageUnavailable: The place cannot be reached; nothing was kept.
            StorageError: It failed otherwise; nothing was kept.
        """
        ...

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them.

        Args:
            digest: As `put` gave it.
            start: Bytes to skip, 0 or more; beyond the end there is nothing.
            length: Bytes at most, 0 or more; None: to the end.

        Returns:
            A stream that fetches as it is read; close it.

        Raises:
            NotFound: `blob.unknown`; also what is no digest at all.
            StorageUnavailable: The place cannot be reached.
        """
        ...

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        ...

    def delete(self, digest: str) -> None:
        """Forget bytes; what is not there is skipped."""
        ...

    def list(self) -> Iterator[str]:
        """Give the digests of all that is kept, in any order, each once.

        Digests may be deleted while they are listed.
        """
        ...

    def tidy(self, older: timedelta) -> int:
        """Forget what was left behind by uploads that were torn off by force.

        Args:
            older: Only what has not grown for this long by the place's own clock: an upload
                that is still running is left alone.

        Returns:
            How many remains were forgotten.
        """
        ...
