"""The conformance suite of a search engine inside a store."""

from __future__ import annotations

from tianfu_sdk.testing.cases.percolation import PercolationCases

__all__ = ["SearchSuite"]


class SearchSuite(PercolationCases):
    """Holds `tx.search` to every sentence of `tianfu_sdk.ports.search`.

    Fixtures to override: as of `StorageSuite`. Skipped where `capabilities.search` is false.
    """
