"""SQLite's result codes as our errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tianfu_sdk.errors import (
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)

__all__ = ["fault", "translated"]

# Primary result codes, https://www.sqlite.org/rescode.html; the low byte of an extended code.
_ERRORS: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_BUSY: (StorageBusy, "storage.busy"),
    sqlite3.SQLITE_LOCKED: (StorageBusy, "storage.busy"),
    sqlite3.SQLITE_FULL: (StorageFull, "storage.full"),
    sqlite3.SQLITE_READONLY: (StorageReadOnly, "storage.read_only"),
    sqlite3.SQLITE_CORRUPT: (StorageCorrupt, "storage.corrupt"),
    sqlite3.SQLITE_NOTADB: (StorageCorrupt, "storage.not_a_database"),
    sqlite3.SQLITE_CANTOPEN: (StorageUnavailable, "storage.cannot_open"),
    sqlite3.SQLITE_PERM: (StorageUnavailable, "storage.cannot_open"),
    sqlite3.SQLITE_IOERR: (StorageError, "storage.io"),
}


@contextmanager
def translated(place: str, seconds: float = 0) -> Iterator[None]:
    """Turn the driver's errors of a block into ours.

    Args:
        place: The file, for the error's text.
        seconds: How long the driver waited for a lock, for the same.

    Raises:
        StorageError: What the driver's result code says.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise fault(error, place, seconds) from error


def fault(error: sqlite3.Error, place: str, seconds: float) -> StorageError:
    """Give what the driver's result code says as one of our errors; arguments as above."""
    code = getattr(error, "sqlite_errorcode", None)
    # "disk I/O error" on a write past the end of a full disk is reported as IOERR too,
    # but SQLite maps ENOSPC to SQLITE_FULL itself, so no guessing by text is needed.
    kind, name = _ERRORS.get((code or 0) & 0xFF, (StorageError, "storage.failed"))
    return kind(name, place=place, driver=type(error).__name__, seconds=seconds)
