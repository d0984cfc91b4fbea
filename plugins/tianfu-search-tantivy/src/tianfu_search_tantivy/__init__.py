"""Search by tantivy (全文检索): an engine beside the store that follows its events."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_search_tantivy.engine import TantivySearch, TantivySettings

__all__ = ["TantivySearch", "TantivySettings", "tianfu_api", "tianfu_register_search"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_search(register: Register[FollowerSearch]) -> None:
    """Offer the engine as `tantivy`."""
    register("tantivy", TantivySearch.open)
