"""Engines for tests."""

from tianfu_search_tantivy import TantivySearch

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.testing import CountingIds, FrozenClock


def opened(path, **table):
    """Open an engine by its settings."""
    table = {"path": str(path), "heap": 15, **table}
    context = BackendContext(settings=table, clock=FrozenClock(), ids=CountingIds())
    return TantivySearch.open(context)
