"""The embedded store: one SQLite file in WAL mode, on the standard library alone."""

from tianfu_sdk.backends.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
