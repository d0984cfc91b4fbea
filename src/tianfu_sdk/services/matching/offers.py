"""From a need to what is offered: listings by the index and by topic, experts by their profiles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.matching.matching import Candidate, Need
from tianfu_sdk.core.matching.offices import in_office
from tianfu_sdk.core.matching.similarity import weighed
from tianfu_sdk.core.rows.kinds import EXPERT, LISTING, QUESTION
from tianfu_sdk.model.content import State
from tianfu_sdk.model.listing import ListingKind
from tianfu_sdk.model.matching import LeftOut, Match
from tianfu_sdk.model.search import SearchFilter
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.sides import (
    candidate_of,
    expert_candidate,
    spread_of,
    translated,
    tree_of,
    waiting_of,
)

__all__ = ["OFFERED", "Gates", "offers"]

OFFERED = tuple(kind.value for kind in ListingKind if kind is not ListingKind.NEED)
_ALL = 500
"""Listings that are looked at one by one; of more, those that the index and topics give."""
_BY_TEXT = 200
_BY_TOPIC = 100
_PAGE = 100
_LISTED = 100


class Gates:
    """Who was left out, and why: all are counted, the first ones by id are named."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self._named: list[LeftOut] = []

    def leave_out(self, side: matching.Side, reason: str) -> None:
        """Note one."""
        self.counted[reason] = self.counted.get(reason, 0) + 1
        left = LeftOut(kind=side.kind, id=side.id, title=side.title, reason=reason)
        self._named.append(left)
        if len(self._named) >= 2 * _LISTED:
            self._named = list(self.named)

    @property
    def named(self) -> tuple[LeftOut, ...]:
        """Give those with the smallest ids."""
        return tuple(sorted(self._named, key=lambda left: left.id)[:_LISTED])


def offers(
    work: Work,
    need: Need,
    kinds: Collection[str],
    weights: Mapping[str, Mapping[str, float]],
    gates: Gates,
) -> Iterator[Match]:
    """Score every candidate that no gate leaves out.

    Args:
        work: The transaction.
        need: What is sought.
        kinds: What is looked for.
        weights: By kind, then by feature.
        gates: Takes those that are left out.
    """
    corpus = weighed(need.tokens, spread_of(work, need.tokens))
    topics, audiences = tree_of(work, "topic"), tree_of(work, "audience")
    today = work.today
    for candidate in _candidates(work, need, kinds):
        reason = matching.gate(candidate, need, today=today, audiences=audiences)
        if reason:
            gates.leave_out(candidate, reason)
            continue
        found = matching.features(candidate, need, corpus=corpus, parents=topics, now=work.now)
        score, why = matching.score(found, weights[candidate.kind])
        yield Match(
            kind=candidate.kind, id=candidate.id, title=candidate.title, score=score, why=why
        )


def _candidates(work: Work, need: Need, kinds: Collection[str]) -> Iterator[Candidate]:
    listed = sorted(set(kinds).intersection(OFFERED))
    if listed:
        yield from _listings(work, need, listed)
    if EXPERT.name in kinds:
        busy = waiting_of(work, need.id) if need.kind == QUESTION.name else {}
        for row in work.each(EXPERT.name, Query(where=in_office(work.today))):
            yield expert_candidate(work, work.noun(EXPERT, row), busy.get(row.id, 0))


def _listings(work: Work, need: Need, kinds: Sequence[str]) -> Iterator[Candidate]:
    for rows in _pages(work, need, kinds):
        # What has expired is its keepers' alone: nobody else is told of it, nor that it is out.
        listings = [work.noun(LISTING, row) for row in work.readable(LISTING.name, rows)]
        readable = translated(work, listings, need.language)
        for listing in listings:
            languages = (need.language,) if listing.id in readable else ()
            yield candidate_of(work, LISTING.name, listing, languages)


def _pages(work: Work, need: Need, kinds: Sequence[str]) -> Iterator[list[Row]]:
    # A listing may be a megabyte, so that a page is kept small.
    where: Group = (
        Where("state", "=", State.PUBLISHED.value),
        Where("kind", "in", tuple(kinds)),
    )
    search = work.tx.search
    if search is None or work.tx.count(LISTING.name, Query(where=where)) <= _ALL:
        page: list[Row] = []
        for row in work.in_order(LISTING.name, Query(where=where, limit=_PAGE), None):
            page.append(row)
            if len(page) == _PAGE:
                yield page
                page = []
        yield page
        return
    only = SearchFilter(tags=frozenset(f"is:{kind}" for kind in kinds))
    hits = search.query(need.tokens, only, _BY_TEXT)
    wanted = dict.fromkeys(hit.id for hit in hits)
    for topic in need.topics:
        newest = Query(
            where=(*where, Where("topic", "has", topic)),
            order="published",
            desc=True,
            limit=_BY_TOPIC,
            fields="keys",
        )
        wanted |= dict.fromkeys(row.id for row in work.tx.find(LISTING.name, newest))
    ids = sorted(wanted)
    for start in range(0, len(ids), _PAGE):
        rows = work.tx.get(LISTING.name, ids[start : start + _PAGE])
        yield [row for row in rows if row.keys["state"] == State.PUBLISHED.value]
