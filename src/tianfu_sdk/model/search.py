"""Values that cross the search port."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["Hit", "SearchDoc", "SearchFilter", "Spread"]


@attrs.frozen(kw_only=True)
class SearchDoc:
    """What an engine keeps of one published thing."""

    id: str
    kind: str
    language: str
    text: str
    """Folded by `tianfu_sdk.text.fold`; its tokens are those of `tianfu_sdk.text.folded_tokens`."""
    tags: frozenset[str] = frozenset()
    """Plain labels to filter by, such as `in:510100`, `at:510000`, `topic:healthy_life`."""
    first: int | None = None
    """First moment of the time that it is of, microseconds since 1970; None: of no time."""
    last: int | None = None
    """Last moment of that time, itself a part of it: not before `first`, and None where that is."""
    shown: bool = True
    """Whether questions find it (`query`)."""
    sought: bool = False
    """Whether it is something sought, which documents find that answer it (`percolate`)."""


@attrs.frozen(kw_only=True)
class SearchFilter:
    """What a hit must be; an empty field asks nothing."""

    kinds: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    """At least one of them."""
    since: int | None = None
    """Of a time that is not over before this moment, microseconds since 1970."""
    until: int | None = None
    """Of a time that begins before this moment. What is of no time fits neither."""

    def takes_in(self, first: int | None, last: int | None) -> bool:
        """Tell whether something of a time fits, as far as the time goes.

        Args:
            first: As of `SearchDoc`.
            last: As of `SearchDoc`.
        """
        return (self.since is None or (last is not None and last >= self.since)) and (
            self.until is None or (first is not None and first < self.until)
        )


@attrs.frozen
class Hit:
    """One document found."""

    id: str
    score: float
    contributions: Mapping[str, float] = attrs.field(factory=dict)
    """Score by token; they sum to the score. Empty where the engine was asked by a document."""


@attrs.frozen(kw_only=True)
class Spread:
    """How some tokens are spread over the documents of an index."""

    docs: int
    """Documents that are shown."""
    average: float
    """Tokens of one of them; 0 where there is none."""
    frequencies: Mapping[str, int]
    """How many of them have each token; those that none has may be missing."""
