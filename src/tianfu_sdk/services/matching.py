"""The desk that matches needs with what is offered, and questions with experts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import matching
from tianfu_sdk.core.asking import question_tokens
from tianfu_sdk.core.keying import NounKind
from tianfu_sdk.core.kinds import EXPERT, LISTING, QUESTION, TERM, TRANSLATION, kind_of
from tianfu_sdk.core.matching import Candidate, Need
from tianfu_sdk.core.publishing import searched_text
from tianfu_sdk.core.regions import Levels
from tianfu_sdk.core.similarity import LONGEST_TEXT, Corpus, measure
from tianfu_sdk.core.vocabularies import SHIPPED
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import State
from tianfu_sdk.model.listing import Expert, Listing, ListingKind, Match, Matches
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.model.translation import TranslationState
from tianfu_sdk.services.experts import public_text
from tianfu_sdk.services.organizations import names_of
from tianfu_sdk.services.people import TEXT, open_sealed
from tianfu_sdk.services.work import Desk, Work
from tianfu_sdk.text import canonical_language, query_tokens

__all__ = ["Matching"]

_OFFERED = tuple(kind.value for kind in ListingKind if kind is not ListingKind.NEED)
_TARGETS = (*_OFFERED, EXPERT.name)
_MOST = 100
# A listing may be a megabyte, so that a page is kept small.
_PAGE = 100
_SAMPLE = 1000


def _listed(kinds: Collection[str]) -> Group:
    return (
        Where("state", "=", State.PUBLISHED.value),
        Where("kind", "in", tuple(sorted(kinds))),
    )


class Matching(Desk):
    """Match needs with services, achievements, projects and experts. Anybody may.

    Only what is published is matched, and experts by their public profile. Every candidate
    is read, a page at a time: the time grows with their number (about 1 ms each), the memory
    does not.
    """

    def match(
        self,
        noun: str | Listing,
        *,
        to: str | None = None,
        limit: int = 10,
        weights: Mapping[str, float] | None = None,
    ) -> Matches:
        """Match a need or a question; see `Hub.match`."""
        demand_type(limit, int, "limit")
        if not 1 <= limit <= _MOST:
            raise Invalid("storage.limit", path="limit", most=_MOST)
        if to is not None and to not in _TARGETS:
            raise Invalid("field.choice", path="to", value=to[:40], choices=", ".join(_TARGETS))
        if weights is not None:
            matching.demand_weights(weights)

        def read(work: Work) -> Matches:
            need, targets = self._need(work, noun)
            if to is not None and to not in targets:
                raise Invalid("match.only_experts", path="to")
            kinds = targets if to is None else (to,)
            search = _Search(work, need, kinds, matching.WEIGHTS if weights is None else weights)
            found = matching.rank(search.matches(), limit)
            return Matches(to=to or "", found=search.titled(found), gated=dict(search.gated))

        return self._read(read)

    def _need(self, work: Work, noun: str | Listing) -> tuple[Need, tuple[str, ...]]:
        if isinstance(noun, Listing):
            codec.check(noun)
            return _of_listing(work, noun), _TARGETS
        demand_type(noun, str, "id")
        shelf = kind_of(noun)
        if shelf is LISTING:
            return _of_listing(work, work.noun(LISTING, work.visible(LISTING, noun))), _TARGETS
        if shelf is QUESTION:
            question = work.noun(QUESTION, work.visible(QUESTION, noun, Action.ANSWER))
            text = open_sealed(work, noun, TEXT, question.text)
            return Need(
                tokens=tuple(question_tokens(text)),
                language=question.language,
                topics=question.topics,
                places=_places(work, (question.region,) if question.region else ()),
            ), (EXPERT.name,)
        raise NotFound("noun.unknown", path="id", kind="listing", id=noun[:64])


def _of_listing(work: Work, listing: Listing) -> Need:
    if listing.kind is not ListingKind.NEED:
        raise Invalid("match.not_a_need", path="kind", kind=listing.kind.value)
    return Need(
        tokens=tuple(query_tokens(searched_text(listing)[:LONGEST_TEXT])),
        language=listing.language,
        topics=listing.topics,
        places=_places(work, listing.regions or (listing.region,)),
        audience=listing.audience,
    )


def _places(work: Work, codes: Sequence[str]) -> tuple[Levels, ...]:
    """Give regions as they stand today: a code of old counts as what followed it."""
    tree = work.regions()
    today = work.now.astimezone(SHANGHAI).date()
    found: dict[Levels, None] = {}
    for code in codes:
        now = [region.code for region in tree.resolve(code, today)] or [code]
        found |= dict.fromkeys(map(tree.levels, now))
    return tuple(found)


class _Search:
    """One look through all candidates, within one transaction."""

    def __init__(
        self, work: Work, need: Need, kinds: Sequence[str], weights: Mapping[str, float]
    ) -> None:
        self._work = work
        self._need = need
        self._kinds = frozenset(kinds)
        self._weights = weights
        self._today = work.now.astimezone(SHANGHAI).date()
        self._placed: dict[tuple[str, ...], tuple[Levels, ...]] = {}
        self.gated: Counter[str] = Counter()

    def matches(self) -> Iterator[Match]:
        """Score every candidate that no gate leaves out, and count those that one does."""
        parents = _topic_tree(self._work)
        for candidates, corpus in self._shelves():
            for candidate in candidates:
                reason = matching.gate(candidate, self._need, kinds=self._kinds, today=self._today)
                if reason:
                    self.gated[reason] += 1
                    continue
                found = matching.features(
                    candidate, self._need, corpus=corpus, parents=parents, now=self._work.now
                )
                score, why = matching.score(found, self._weights)
                yield Match(
                    kind=candidate.kind,
                    id=candidate.id,
                    title=candidate.title,
                    score=score,
                    why=why,
                )

    def titled(self, found: Sequence[Match]) -> tuple[Match, ...]:
        """Give experts the name of their organization: their own is not shown."""
        ids = [match.id for match in found if match.kind == EXPERT.name]
        rows = self._work.tx.get(EXPERT.name, ids) if ids else []
        owners = {row.id: str(row.keys["organization"]) for row in rows}
        names = names_of(self._work, list(owners.values()))
        return tuple(
            attrs.evolve(match, title=f"{names.get(owners[match.id], '')} {match.title}".strip())
            if match.id in owners
            else match
            for match in found
        )

    def _shelves(self) -> Iterator[tuple[Iterator[Candidate], Corpus]]:
        # Rarity is measured on the first candidates of a shelf whatever `to` says, so that
        # narrowing an answer leaves the scores as they were.
        offered = self._kinds.intersection(_OFFERED)
        if offered:
            sample = islice(_rows(self._work, LISTING, _listed(_OFFERED)), _SAMPLE)
            texts = (searched_text(self._work.noun(LISTING, row)) for row in sample)
            yield self._listings(offered), measure(self._need.tokens, texts)
        if EXPERT.name in self._kinds:
            sample = islice(_rows(self._work, EXPERT, ()), _SAMPLE)
            texts = (public_text(self._work.noun(EXPERT, row)) for row in sample)
            yield self._experts(), measure(self._need.tokens, texts)

    def _listings(self, kinds: Collection[str]) -> Iterator[Candidate]:
        for page in _pages(self._work, LISTING, _listed(kinds)):
            listings = [self._work.noun(LISTING, row) for row in page]
            translated = self._translated(listings)
            for listing in listings:
                yield self._of_listing(listing, listing.id in translated)

    def _of_listing(self, listing: Listing, translated: bool) -> Candidate:  # noqa: FBT001
        return Candidate(
            id=listing.id,
            kind=listing.kind.value,
            title=listing.title,
            text=searched_text(listing),
            languages=(listing.language,),
            translated=(self._need.language,) if translated else (),
            topics=listing.topics,
            places=self._places(listing.regions or (listing.region,)),
            audience=listing.audience,
            published=listing.state is State.PUBLISHED,
            published_at=listing.published_at,
            deadline=listing.deadline,
            expires_on=listing.expires_on,
            capacity=listing.capacity,
        )

    def _experts(self) -> Iterator[Candidate]:
        for row in _rows(self._work, EXPERT, ()):
            expert: Expert = self._work.noun(EXPERT, row)
            yield Candidate(
                id=expert.id,
                kind=EXPERT.name,
                title=expert.title,
                text=public_text(expert),
                languages=expert.languages,
                topics=expert.topics,
                places=self._places((expert.region,)),
                capacity=expert.capacity,
            )

    def _translated(self, listings: Sequence[Listing]) -> set[str]:
        """Give those of a page that an approved, current translation makes readable."""
        wanted = canonical_language(self._need.language)
        other = {
            listing.id: listing.revision
            for listing in listings
            if canonical_language(listing.language) != wanted
        }
        if not other:
            return set()
        where = (
            Where("source", "in", tuple(other)),
            Where("language", "=", wanted),
            Where("state", "=", TranslationState.APPROVED.value),
        )
        found = (self._work.noun(TRANSLATION, row) for row in _rows(self._work, TRANSLATION, where))
        return {t.source for t in found if t.source_revision == other[t.source]}

    def _places(self, codes: tuple[str, ...]) -> tuple[Levels, ...]:
        if codes not in self._placed:
            self._placed[codes] = _places(self._work, codes)
        return self._placed[codes]


def _pages(work: Work, shelf: NounKind[Any], where: Group) -> Iterator[list[Row]]:
    query = Query(where=where, limit=_PAGE)
    while rows := work.tx.find(shelf.name, query):
        yield rows
        if len(rows) < _PAGE:
            return
        query = attrs.evolve(query, after=(rows[-1].id, rows[-1].id))


def _rows(work: Work, shelf: NounKind[Any], where: Group) -> Iterator[Row]:
    for page in _pages(work, shelf, where):
        yield from page


def _topic_tree(work: Work) -> dict[str, str | None]:
    tree = {term.code: term.parent for term in SHIPPED if term.vocabulary == "topic"}
    for row in work.each(TERM.name, Query(where=(Where("vocabulary", "=", "topic"),))):
        term = work.noun(TERM, row)
        tree[term.code] = term.parent
    return tree
