"""The mark of a store that a dump was begun to be loaded into."""

from __future__ import annotations

from tianfu_sdk.core.rows.kinds import MARK
from tianfu_sdk.errors import StorageError
from tianfu_sdk.ports.storage import Store

__all__ = ["LOADING", "demand_loaded"]

LOADING = "load:progress"
"""Its id; it belongs to no content."""


def demand_loaded(store: Store) -> None:
    """Refuse a store that is loaded by half: what it has is not all.

    Raises:
        StorageError: `dump.unfinished`.
    """
    if store.run(lambda tx: tx.get(MARK.name, [LOADING]), write=False):
        raise StorageError("dump.unfinished", path="url")
