"""From what is offered to who seeks it: stored needs and subscriptions, found by the index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from tianfu_sdk.core import matching
from tianfu_sdk.core.kinds import LISTING
from tianfu_sdk.core.matching import Candidate, Need
from tianfu_sdk.core.similarity import LONGEST_TEXT, token_counts, weighed
from tianfu_sdk.errors import Unsupported
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import State
from tianfu_sdk.model.matching import Match
from tianfu_sdk.model.search import SearchFilter
from tianfu_sdk.services.offers import Gates
from tianfu_sdk.services.sides import need_of, spread_of, tree_of
from tianfu_sdk.services.work import Work
from tianfu_sdk.text import fold

__all__ = ["seekers"]

_ENOUGH = 10
_MOST = 100
"""Stored needs that are read and scored at most: twice as many as are asked for, and ten."""


def seekers(
    work: Work,
    offered: Candidate,
    weights: Mapping[str, Mapping[str, float]],
    gates: Gates,
    limit: int,
) -> Iterator[Match]:
    """Score the stored needs that the index finds, but for those that a gate leaves out.

    Args:
        work: The transaction.
        offered: What they may seek.
        weights: By kind, then by feature.
        gates: Takes those that are left out.
        limit: Matches that are asked for.

    Raises:
        Unsupported: `ask.no_search`, the store has no search engine.
    """
    topics, audiences = tree_of(work, "topic"), tree_of(work, "audience")
    today = work.now.astimezone(SHANGHAI).date()
    needs = list(_needs(work, offered, min(2 * limit + _ENOUGH, _MOST)))
    wanted = dict.fromkeys(token for need in needs for token in need.tokens)
    spread = spread_of(work, list(wanted))
    offered = attrs.evolve(offered, counts=token_counts(offered.text))
    for need in needs:
        reason = matching.gate(offered, need, today=today, audiences=audiences)
        if reason:
            gates.leave_out(need, reason)
            continue
        found = matching.features(
            offered,
            need,
            corpus=weighed(need.tokens, spread),
            parents=topics,
            now=work.now,
            ranked=need,
        )
        score, why = matching.score(found, weights[need.kind])
        yield Match(kind=need.kind, id=need.id, title=need.title, score=score, why=why)


def _needs(work: Work, offered: Candidate, most: int) -> Iterator[Need]:
    search = work.tx.search
    if search is None:
        raise Unsupported("ask.no_search", path="store")
    only = SearchFilter(kinds=frozenset({LISTING.name}))
    hits = search.percolate(fold(offered.text[:LONGEST_TEXT]), only, most)
    rows = work.tx.get(LISTING.name, [hit.id for hit in hits])
    for row in sorted(rows, key=lambda row: row.id):
        # Read again: nothing that was withdrawn is ever shown.
        if row.keys["state"] == State.PUBLISHED.value and row.id != offered.id:
            yield need_of(work, work.noun(LISTING, row))
