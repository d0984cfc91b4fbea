"""The conformance suites of search engines, inside a store and outside."""

from __future__ import annotations

from tianfu_sdk.testing.cases.following import FollowerCases
from tianfu_sdk.testing.cases.gating import GatingCases
from tianfu_sdk.testing.cases.percolation import PercolationCases

__all__ = ["FollowerSuite", "SearchSuite"]


class SearchSuite(PercolationCases):
    """Holds `tx.search` to every sentence of `tianfu_sdk.ports.search`.

    Fixtures to override: as of `StorageSuite`. Skipped where `capabilities.search` is false.
    """


class FollowerSuite(FollowerCases, GatingCases):
    """Holds an engine outside the store to every sentence of `tianfu_sdk.ports.search`.

    The ranking is that of `SearchSuite`; then marks, lag, others who feed, and, through a hub,
    that nothing is shown that was withdrawn.

    Fixtures to override: `engine`, on an empty place; `reopen`, a maker of further ones on the
    same place, where what is fed outlives the engine.
    """
