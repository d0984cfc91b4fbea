"""Files that appear whole, outlast a power cut, and are for their owner only.

Services and backends both write files, so how it is done stands below them, in one room.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self, cast

from tianfu_sdk.errors import (
    Conflict,
    StorageError,
    StorageFull,
    StorageUnavailable,
    TianfuError,
)

__all__ = ["Draft", "make_folder", "new_file", "sync", "telling"]

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Draft:
    """A file on its way, mode 0600: gone when the block ends, unless it was kept.

    ```python
    with Draft(target.parent, ".new-") as draft:
        draft.file.write(body)
        draft.keep(target, over=False)
    ```

    Args:
        folder: Where it is to stand: only within one file system a name is given at once.
        prefix: How its name begins until it is kept; what is torn off by force is known by it.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        handle, name = tempfile.mkstemp(prefix=prefix, dir=folder)
        self.path = Path(name)
        self.file: BinaryIO = cast(BinaryIO, os.fdopen(handle, "w+b"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What went wrong before is what counts; closing may fail of a full disk once more.
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def keep(self, target: Path, *, over: bool) -> None:
        """Give it its name, once all of it is on the disk.

        Args:
            target: In the same file system.
            over: Whether it takes the place of what is there.

        Raises:
            FileExistsError: Something is there, and `over` is False.
            OSError: It cannot be written, or not be named.
        """
        if self.file.closed:
            sync(self.path)
        else:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
        if over:
            self.path.replace(target)
        else:
            # A link, not a rename: it never takes the place of a file made meanwhile.
            os.link(self.path, target)
        sync(target.parent)


def sync(path: Path) -> None:
    """Return when a file, or the names in a folder, would be there after a power cut."""
    folder = path.is_dir()
    if folder and not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for their owner only; what is there stays as it is.

    Raises:
        OSError: It cannot be made, or a file is in its place.
    """
    if folder.is_dir():
        return
    above = [path for path in folder.parents if not path.exists()]
    for path in (*reversed(above), folder):
        path.mkdir(mode=0o700, exist_ok=True)
        sync(path.parent)


@contextlib.contextmanager
def telling(place: object) -> Iterator[None]:
    """Say what a disk refuses as an error of ours.

    Args:
        place: What the error names.

    Raises:
        StorageFull: `storage.full`.
        StorageError: `storage.io`.
    """
    try:
        yield
    except TianfuError:
        # `Denied` is a PermissionError and so an OSError, but none of a disk.
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("storage.full", place=str(place)) from error
        raise StorageError("storage.io", place=str(place)) from error


@contextlib.contextmanager
def new_file(target: Path, *, for_empty: bool = False) -> Iterator[Draft]:
    """Give a draft that becomes a new file when the block ends without an error.

    Args:
        target: Its name; nothing is overwritten.
        for_empty: Whether an empty file may be there, whose place it takes.

    Raises:
        Conflict: `storage.target_there`.
        StorageFull: `storage.full`; nothing is left behind.
        StorageUnavailable: `storage.cannot_open`, the folder cannot be written.
        StorageError: `storage.io`.
    """
    with telling(target):
        if target.exists() and not (for_empty and _is_empty(target)):
            raise _there(target)
        with _begun(target) as draft:
            yield draft
            if for_empty and _is_empty(target):
                target.unlink()
            try:
                draft.keep(target, over=False)
            except FileExistsError as error:
                raise _there(target) from error


def _begun(target: Path) -> Draft:
    try:
        return Draft(target.parent, f".{target.name}-")
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise StorageUnavailable("storage.cannot_open", place=str(target)) from error


def _is_empty(file: Path) -> bool:
    return file.is_file() and not file.stat().st_size


def _there(target: Path) -> Conflict:
    return Conflict("storage.target_there", path="target", place=str(target))
