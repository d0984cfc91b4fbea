"""Erasure logs: a file of JSON lines, and one in memory."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tianfu_sdk.errors import Invalid, StorageCorrupt, StorageUnavailable
from tianfu_sdk.files import sync, telling
from tianfu_sdk.model.erasure import Erasure

__all__ = ["FileErasures", "MemoryErasures", "NoErasures"]


class FileErasures:
    """Keep the log in a file of mode 0600, a JSON line an erasure, synced.

    Args:
        path: The file; it is made with the first erasure. Copy it apart from the database
            and its backups, and more often than these.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    @property
    def place(self) -> str:
        """The file."""
        return str(self._path)

    def append(self, subjects: Sequence[str], at: datetime) -> None:
        """Add subjects."""
        made = [Erasure(subject, at) for subject in subjects]
        if not made:
            return
        body = "".join(_line(erasure) for erasure in made).encode()
        with telling(self.place):
            new = not self._path.exists()
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                self._write(handle, body)
            finally:
                os.close(handle)
            if new:
                sync(self._path.parent)

    @staticmethod
    def _write(handle: int, body: bytes) -> None:
        end = os.lseek(handle, 0, os.SEEK_END)
        # A line that a power cut tore must not swallow the next one.
        if end:
            os.lseek(handle, end - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":
                body = b"\n" + body
        # One write, which O_APPEND puts behind those of other processes.
        if os.write(handle, body) != len(body):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)

    def read(self) -> Iterator[Erasure]:
        """Give every erasure."""
        with telling(self.place):
            try:
                file = self._path.open("rb")
            except FileNotFoundError:
                return
        with file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    plain = json.loads(line)
                    erasure = Erasure(plain["subject"], datetime.fromisoformat(plain["at"]))
                except (ValueError, TypeError, KeyError, Invalid):
                    if not line.endswith(b"\n"):
                        # Torn: whoever asked for it was told that it failed.
                        return
                    raise StorageCorrupt("erasures.corrupt", path=self.place, line=number) from None
                yield erasure


class MemoryErasures:
    """Keep the log in memory, for `memory:` stores and tests."""

    place = "memory"

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: list[Erasure] = []

    def append(self, subjects: Sequence[str], at: datetime) -> None:
        """Add subjects."""
        made = [Erasure(subject, at) for subject in subjects]
        with self._guard:
            self._kept += made

    def read(self) -> Iterator[Erasure]:
        """Give every erasure."""
        return iter(tuple(self._kept))


class NoErasures:
    """No place for a log: a server was opened without the setting `erasures`."""

    place = ""

    def append(self, subjects: Sequence[str], at: datetime) -> None:  # noqa: ARG002 - refused
        """Refuse: what is erased without a log comes back with the next restored backup."""
        raise StorageUnavailable("erasures.nowhere", path="erasures")

    def read(self) -> Iterator[Erasure]:
        """Give nothing."""
        return iter(())


def _line(erasure: Erasure) -> str:
    at = erasure.at.astimezone(UTC).isoformat()
    return json.dumps({"subject": erasure.subject, "at": at}) + "\n"
