"""From what is offered to who seeks it: stored needs and subscriptions, found by the index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

import attrs

from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.matching.matching import Candidate, Need
from tianfu_sdk.core.matching.similarity import LONGEST_TEXT, token_counts, weighed
from tianfu_sdk.core.rows.kinds import LISTING, SUBSCRIPTION
from tianfu_sdk.core.searching.candidates import MOST_HITS
from tianfu_sdk.errors import Unsupported
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import State
from tianfu_sdk.model.listing import ListingKind
from tianfu_sdk.model.matching import Match
from tianfu_sdk.model.search import SearchFilter
from tianfu_sdk.model.storage import AND_GROUPS, Group, Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.offers import Gates
from tianfu_sdk.services.matching.sides import need_of, spread_of, subscription_need, tree_of
from tianfu_sdk.text import fold

__all__ = ["seekers"]

_ENOUGH = 10
_MOST = 100
"""Stored needs that are read and scored at most: twice as many as are asked for, and ten."""
_PAGE = 500
_LISTED = frozenset(kind.value for kind in ListingKind)


def seekers(
    work: Work,
    offered: Candidate,
    weights: Mapping[str, Mapping[str, float]],
    gates: Gates,
    *,
    kinds: Collection[str],
    limit: int,
    everybodys: bool = False,
) -> Iterator[Match]:
    """Score stored needs and subscriptions that the index finds, unless a gate leaves them out.

    Args:
        work: The transaction.
        offered: What they may seek.
        weights: By kind, then by feature.
        gates: Takes those that are left out.
        kinds: `need`, `subscription`, or both.
        limit: Matches that are asked for.
        everybodys: All that fits, whoever may read it: as many needs and subscriptions as an
            index gives at once, and every subscription to one of the topics.

    Raises:
        Unsupported: `ask.no_search`, the store has no search engine.
    """
    topics, audiences = tree_of(work, "topic"), tree_of(work, "audience")
    today = work.today
    needs: list[Need] = []
    most = MOST_HITS if everybodys else min(2 * limit + _ENOUGH, _MOST)
    if "need" in kinds:
        needs += _needs(work, offered, most)
    if "subscription" in kinds:
        needs += _subscriptions(work, offered, most, gates, everybodys=everybodys)
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


def _found(work: Work, offered: Candidate, kind: str, most: int) -> list[str]:
    search = work.tx.search
    if search is None:
        raise Unsupported("ask.no_search", path="store")
    only = SearchFilter(kinds=frozenset({kind}))
    text = fold(offered.text[:LONGEST_TEXT])
    return [hit.id for hit in search.percolate(text, only, most)]


def _needs(work: Work, offered: Candidate, most: int) -> Iterator[Need]:
    rows = work.tx.get(LISTING.name, _found(work, offered, LISTING.name, most))
    for row in sorted(work.readable(LISTING.name, rows), key=lambda row: row.id):
        # Read again: nothing that was withdrawn or has expired is ever shown.
        if row.keys["state"] == State.PUBLISHED.value and row.id != offered.id:
            yield need_of(work, work.noun(LISTING, row))


def _subscriptions(
    work: Work, offered: Candidate, most: int, gates: Gates, *, everybodys: bool
) -> Iterator[Need]:
    scope = None if everybodys else work.scope(Action.READ, SUBSCRIPTION.name)
    active = Where("active", "=", 1)
    groups: list[Group] = [
        (Where("id", "in", tuple(_found(work, offered, SUBSCRIPTION.name, most))),)
    ]
    # Who subscribed to a topic alone stands under no word.
    groups += [(Where("topic", "has", topic),) for topic in offered.topics[: AND_GROUPS - 1]]
    said = {offered.kind} | ({LISTING.name} if offered.kind in _LISTED else set())
    found: dict[str, Row] = {}
    for group in groups:
        query = Query(where=(active, *group), limit=_PAGE if everybodys else _MOST)
        rows = work.in_order(SUBSCRIPTION.name, query, scope)
        found |= {row.id: row for row in (rows if everybodys else islice(rows, _MOST))}
    for _, row in sorted(found.items()):
        subscription = work.noun(SUBSCRIPTION, row)
        need = subscription_need(work, subscription)
        if subscription.kinds and not said.intersection(subscription.kinds):
            gates.leave_out(need, "kind")
        else:
            yield need
