"""Keys and the numbers that they first came with, in a database that nobody else sees."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tianfu_sdk.backends.sqlite.faults import translated

__all__ = ["SqliteFirstSeen"]

_PLACE = "temporary files"


class SqliteFirstSeen:
    """Remember keys in SQLite's own temporary file, beside 2 MB of cache.

    The file is made once the cache is full, in SQLite's folder for temporary files
    (`SQLITE_TMPDIR`, else `TMPDIR`), and is gone with the process at the latest.

    Source:
        https://www.sqlite.org/inmemorydb.html#temp_db
    """

    def __init__(self) -> None:
        with translated(_PLACE):
            self._connection = sqlite3.connect("", isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = OFF")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(
                "CREATE TABLE seen (key BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID"
            )
            # One transaction for all: nothing is ever committed, what is too much is spilled.
            self._connection.execute("BEGIN")

    def firsts(self, pairs: Sequence[tuple[bytes, int]]) -> list[int]:
        """Give for each key the number with which it came first."""
        with translated(_PLACE):
            self._connection.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", pairs)
            select = "SELECT number FROM seen WHERE key = ?"
            return [int(self._connection.execute(select, (key,)).fetchone()[0]) for key, _ in pairs]

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
