"""Media in files by their SHA-256, or in memory."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tianfu_sdk.errors import NotFound, StorageError, StorageFull

__all__ = ["FileBlobs", "MemoryBlobs"]

_PIECE = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _known(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise NotFound("blob.unknown", path="digest")
    return digest


class FileBlobs:
    """Keep bytes in files named by their SHA-256, two letters of it a folder.

    Written to a temporary file, synced, renamed: a torn upload leaves nothing. Safe to
    share between threads and processes.

    Args:
        folder: Where; it is made when the first bytes come.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives."""
        sha = hashlib.sha256()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    while piece := stream.read(_PIECE):
                        sha.update(piece)
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                target = self._path(sha.hexdigest())
                target.parent.mkdir(exist_ok=True)
                Path(name).replace(target)
                _sync(target.parent)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("storage.full", place=str(self._folder)) from error
            raise StorageError("storage.io", place=str(self._folder)) from error
        return sha.hexdigest()

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them."""
        try:
            file = self._path(_known(digest)).open("rb")
        except FileNotFoundError:
            raise NotFound("blob.unknown", path="digest") from None
        except OSError as error:
            raise StorageError("storage.io", place=str(self._folder)) from error
        if start == 0 and length is None:
            return file
        with file:
            file.seek(start)
            return io.BytesIO(file.read(-1 if length is None else length))

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        return bool(_DIGEST.fullmatch(digest)) and self._path(digest).is_file()

    def delete(self, digest: str) -> None:
        """Forget bytes."""
        if _DIGEST.fullmatch(digest):
            self._path(digest).unlink(missing_ok=True)

    def list(self) -> Iterator[str]:
        """Give the digests of all that is kept."""
        for path in self._folder.glob("??/*"):
            if _DIGEST.fullmatch(path.name):
                yield path.name

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def _sync(folder: Path) -> None:
    # Without this the rename itself may be lost with the power.
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class MemoryBlobs:
    """Keep bytes in memory, for tests and notebooks. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: dict[str, bytes] = {}

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives."""
        body = stream.read()
        digest = hashlib.sha256(body).hexdigest()
        with self._guard:
            self._kept[digest] = body
        return digest

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them."""
        try:
            body = self._kept[digest]
        except KeyError:
            raise NotFound("blob.unknown", path="digest") from None
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
        return iter(tuple(self._kept))
