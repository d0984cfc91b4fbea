"""Media in files by their SHA-256, or in memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

from tianfu_sdk.errors import NotFound, StorageUnavailable
from tianfu_sdk.files import Draft, make_folder, sync, telling

__all__ = ["FileBlobs", "MemoryBlobs", "NoBlobs"]

_PIECE = 1 << 20
_NEW = ".new-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileBlobs:
    """Keep bytes in files named by their SHA-256, two letters of it a folder.

    What comes in is written to a temporary file beside them, synced, and renamed: bytes are
    there whole or not at all, whoever is killed when, and stay there once `put` returned,
    whenever the power goes. Safe to share between threads and processes.

    Args:
        folder: Where; it is made when the first bytes come.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives."""
        with telling(self._folder):
            make_folder(self._folder)
            draft = Draft(self._folder, _NEW)
        with draft:
            digest = self._write(draft.file, stream)
            with telling(self._folder):
                target = self._path(digest)
                make_folder(target.parent)
                draft.keep(target, over=True)
                # Whoever else may have made that folder, this returns only once it is kept.
                sync(self._folder)
        return digest

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them."""
        _demand_digest(digest)
        with telling(self._folder):
            try:
                file = self._path(digest).open("rb")
            except FileNotFoundError:
                raise NotFound("blob.unknown", path="digest") from None
            file.seek(start)
        return file if length is None else _part(file, length)

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        with telling(self._folder):
            return bool(_DIGEST.fullmatch(digest)) and self._path(digest).is_file()

    def delete(self, digest: str) -> None:
        """Forget bytes."""
        if not _DIGEST.fullmatch(digest):
            return
        path = self._path(digest)
        with telling(self._folder), contextlib.suppress(FileNotFoundError):
            path.unlink()
            sync(path.parent)

    def list(self) -> Iterator[str]:
        """Give the digests of all that is kept."""
        with telling(self._folder):
            for path in self._folder.glob("??/*"):
                if _DIGEST.fullmatch(path.name):
                    yield path.name

    def tidy(self, older: timedelta) -> int:
        """Forget what was left behind by uploads that were torn off by force."""
        with telling(self._folder), contextlib.suppress(FileNotFoundError):
            return self._forget_torn(older.total_seconds())
        return 0

    def _forget_torn(self, seconds: float) -> int:
        forgotten = 0
        # The file system's own clock: over a network it is not that of this machine.
        with tempfile.NamedTemporaryFile(prefix=_NEW, dir=self._folder) as probe:
            now = os.fstat(probe.fileno()).st_mtime
            for path in self._folder.glob(f"{_NEW}*"):
                if path.name == Path(probe.name).name:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if now - path.stat().st_mtime >= seconds:
                        path.unlink()
                        forgotten += 1
        return forgotten

    def _write(self, file: BinaryIO, stream: BinaryIO) -> str:
        sha = hashlib.sha256()
        # What the stream raises is its own affair, and no failure of this place.
        while piece := stream.read(_PIECE):
            sha.update(piece)
            with telling(self._folder):
                file.write(piece)
        return sha.hexdigest()

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def _demand_digest(digest: str) -> None:
    if not _DIGEST.fullmatch(digest):
        raise NotFound("blob.unknown", path="digest")


class _Part(io.RawIOBase):
    """At most so many bytes of a file, from where it stands."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        super().__init__()
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview, /) -> int:  # type: ignore[override]
        piece = self._file.read(min(len(into), self._left))
        into[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def _part(file: BinaryIO, length: int) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Part(file, length)))


class NoBlobs:
    """No place for media: a server was opened without the setting `media`.

    Memory would take them, show them, and lose them with the process.
    """

    def put(self, stream: BinaryIO) -> str:  # noqa: ARG002 - refused
        """Refuse."""
        raise StorageUnavailable("media.nowhere", path="media")

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:  # noqa: ARG002
        """Find nothing."""
        raise NotFound("blob.unknown", path="digest")

    def has(self, digest: str) -> bool:  # noqa: ARG002 - nothing is kept
        """Find nothing."""
        return False

    def delete(self, digest: str) -> None:
        """Do nothing."""

    def list(self) -> Iterator[str]:
        """Give nothing."""
        return iter(())

    def tidy(self, older: timedelta) -> int:  # noqa: ARG002 - the port's argument
        """Do nothing."""
        return 0


class MemoryBlobs:
    """Keep bytes in memory, for tests and notebooks. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: dict[str, bytes] = {}

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives."""
        pieces = []
        while piece := stream.read(_PIECE):
            pieces.append(piece)
        body = b"".join(pieces)
        digest = hashlib.sha256(body).hexdigest()
        with self._guard:
            self._kept.setdefault(digest, body)
        return digest

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them."""
        try:
            body = self._kept[digest]
        except KeyError:
            raise NotFound("blob.unknown", path="digest") from None
        if start == 0 and length is None:
            return io.BytesIO(body)
        return io.BytesIO(body[start:] if length is None else body[start : start + length])

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        return digest in self._kept

    def delete(self, digest: str) -> None:
        """Forget bytes."""
        with self._guard:
            self._kept.pop(digest, None)

    def list(self) -> Iterator[str]:
        """Give the digests of all that is kept."""
        with self._guard:
            return iter(tuple(self._kept))

    def tidy(self, older: timedelta) -> int:  # noqa: ARG002 - the port's argument
        """Do nothing: an upload to memory ends with its process."""
        return 0
