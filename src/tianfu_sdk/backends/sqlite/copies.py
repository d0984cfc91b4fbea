"""Whole copies of a file: backups while others write, and their way back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tianfu_sdk.backends.sqlite import schema
from tianfu_sdk.backends.sqlite.faults import translated
from tianfu_sdk.errors import Conflict, StorageCorrupt, StorageUnavailable
from tianfu_sdk.files import new_file

__all__ = ["copy_out", "put_back"]

_PAGES = 1000
"""Pages a step; between two of them progress is told."""
_BESIDE = ("-wal", "-shm", "-journal")

Progress = Callable[[int, int], None]


def copy_out(source: sqlite3.Connection, target: Path, progress: Progress | None) -> None:
    """Copy what is committed at this moment into a new file; see `BackupStore.backup`.

    Args:
        source: Outside any transaction.
        target: Not there yet.
        progress: Called with pages done and pages in all.
    """
    with _draft(target) as draft:
        # In a read transaction of its own the copy is of one moment however long it takes;
        # without it each writer would make it begin anew.
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            _copy(source, draft, progress)
        finally:
            source.execute("ROLLBACK")


def put_back(source: Path, target: Path, progress: Progress | None) -> None:
    """Make a new file of a backup, checked whole; see `BackupStore.restore`.

    Args:
        source: A file that `copy_out` wrote, or any other copy of one of ours.
        target: Not there yet, or empty.
        progress: Called with pages done and pages in all.
    """
    if not source.is_file():
        raise StorageUnavailable("storage.cannot_open", place=str(source))
    with translated(str(source)), closing(_reader(source)) as connection:
        if not schema.recognise(connection, str(source)):
            raise StorageCorrupt("storage.not_ours", place=str(source))
        with _draft(target) as draft:
            _copy(connection, draft, progress)
            with closing(sqlite3.connect(draft)) as made:
                wrong = made.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if wrong != "ok":
                raise StorageCorrupt("storage.corrupt", place=str(source))


def _reader(source: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)


def _copy(source: sqlite3.Connection, draft: Path, progress: Progress | None) -> None:
    def told(_: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    with translated(str(draft)), closing(sqlite3.connect(draft, isolation_level=None)) as copy:
        source.backup(copy, pages=_PAGES, progress=told)
        # One file without companions, which a folder that cannot be written opens too.
        copy.execute("PRAGMA journal_mode = DELETE")


@contextlib.contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Give a file to write, which becomes the target once it is whole; never over another."""
    with new_file(target, for_empty=True) as draft:
        for there in _companions(target):
            # A log that was left behind would be played into the new file.
            if there.exists():
                raise Conflict("storage.target_there", path="target", place=str(there))
        # SQLite opens it by its name, and would lose its locks when this handle is closed later.
        draft.file.close()
        try:
            yield draft.path
        finally:
            for beside in _companions(draft.path):
                beside.unlink(missing_ok=True)


def _companions(file: Path) -> Iterator[Path]:
    return (file.with_name(file.name + ending) for ending in _BESIDE)
