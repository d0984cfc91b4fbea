"""The erasures port: who was erased, kept outside the store and its backups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from tianfu_sdk.model.erasure import Erasure

__all__ = ["ErasureLog"]


class ErasureLog(Protocol):
    """An append-only log of erased subjects. Safe to share between threads and processes.

    It is written before the store erases: a process that dies between the two leaves a
    subject in the log who is still in the store, which the next replay mends; the other way
    round a restored backup would bring an erased person back. Erasing again what is erased
    already does nothing, so a log may be replayed any number of times.
    """

    @property
    def place(self) -> str:
        """Where it is, for people; empty where there is none."""
        ...

    def append(self, subjects: Sequence[str], at: datetime) -> None:
        """Add subjects, durably: what returned survives a power cut.

        Never call it inside a transaction's function, which may run twice.

        Args:
            subjects: Random ids, such as `sub_01…`; never a phone, name or blind index.
            at: When erasing was asked for.

        Raises:
            Invalid: `erasures.bad_subject`, it does not look like an id of ours.
            StorageUnavailable: `erasures.nowhere`, no place is set; nothing may be erased
                then, because a restored backup would bring it back.
            StorageFull: No room left; nothing was added.
            StorageError: `storage.io`.
        """
        ...

    def read(self) -> Iterator[Erasure]:
        """Give every erasure, oldest first; a subject may stand more than once.

        Raises:
            StorageCorrupt: `erasures.corrupt`, with the number of the line.
        """
        ...
