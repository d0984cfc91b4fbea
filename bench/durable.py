"""A PostgreSQL of one's own that waits for the disk, unlike the servers of tests."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def postgresql(data: Path | None = None, **more: str) -> Iterator[object | None]:
    """Give a running server, or None where the plugin or the server is not installed.

    Args:
        data: Folder of its data, made if it is not there; None: one that goes with the server.
        more: Settings instead of ours.
    """
    if importlib.util.find_spec("tianfu_storage_sql") is None:
        yield None
        return
    from tianfu_storage_sql import testing

    try:
        options = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", **more}
        with testing.postgresql(options=options, data=data) as server:
            yield server
    except testing.NoServer:
        yield None
