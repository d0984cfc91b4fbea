"""The desk that matches, both ways: what is sought with what is offered, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.matching.matching import Candidate, Need
from tianfu_sdk.core.rows.kinds import ACTIVITY, CONTENT, EXPERT, LISTING, QUESTION, kind_of
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.listing import Listing, ListingKind
from tianfu_sdk.model.matching import Match
from tianfu_sdk.services.desk.people import TEXT, open_sealed
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.matching.audiences import audiences
from tianfu_sdk.services.matching.bases_near import bases
from tianfu_sdk.services.matching.experts import shown_expert
from tianfu_sdk.services.matching.offers import OFFERED, Gates, offers
from tianfu_sdk.services.matching.percolating import seekers
from tianfu_sdk.services.matching.results import Matches
from tianfu_sdk.services.matching.sides import (
    candidate_of,
    expert_candidate,
    expert_titles,
    languages_of,
    need_of,
    question_need,
)
from tianfu_sdk.settings import MATCH_TARGETS

__all__ = ["Matching"]

_MOST = 100
_ANSWERS = (*OFFERED, EXPERT.name)


@attrs.frozen
class _Subject:
    """What is matched, from which side, and with what it may be."""

    kind: str
    side: Need | Candidate
    targets: tuple[str, ...]
    unless_said: tuple[str, ...] = ()
    """What of it, where nothing is named; empty: all."""
    content: Content | None = None


class Matching(Desk):
    """Match what is sought with what is offered. Anybody may, as far as it is published.

    Experts are matched by their public profile. What a match costs does not grow with the
    store, but with the number of experts, who are read 500 at a time and scored each.
    """

    def match(
        self,
        noun: str | Listing,
        *,
        to: str | None = None,
        limit: int = 10,
        weights: Mapping[str, float] | None = None,
    ) -> Matches:
        """Match something that is sought or offered; see `Hub.match`."""
        demand_type(limit, int, "limit")
        if not 1 <= limit <= _MOST:
            raise Invalid("storage.limit", path="limit", most=_MOST)
        if to is not None and to not in MATCH_TARGETS:
            choices = ", ".join(MATCH_TARGETS)
            raise Invalid("field.choice", path="to", value=to[:40], choices=choices)
        if weights is not None:
            matching.demand_weights(weights)

        def read(work: Work) -> Matches:
            subject = self._subject(work, noun)
            if to is not None and to not in subject.targets:
                targets = ", ".join(subject.targets)
                raise Invalid("match.target", path="to", kind=subject.kind, targets=targets)
            kinds = (to,) if to else subject.unless_said or subject.targets
            gates = Gates()
            chosen = self._weights(kinds, weights)
            scored = self._scored(work, subject, kinds, weights=chosen, gates=gates, limit=limit)
            found = _titled(work, matching.rank(scored, limit))
            return Matches(to=to or "", found=found, gated=gates.counted, left_out=gates.named)

        return self._read(read)

    def _weights(
        self, kinds: Sequence[str], given: Mapping[str, float] | None
    ) -> dict[str, Mapping[str, float]]:
        if given is not None:
            return dict.fromkeys(kinds, given)
        own = self._tools.settings.match.weights
        return {kind: matching.weights_for(kind, own) for kind in kinds}

    def _scored(
        self,
        work: Work,
        subject: _Subject,
        kinds: Sequence[str],
        *,
        weights: Mapping[str, Mapping[str, float]],
        gates: Gates,
        limit: int,
    ) -> list[Match]:
        if isinstance(subject.side, Need):
            return list(offers(work, subject.side, kinds, weights, gates))
        if "segment" in kinds:
            return list(audiences(work, subject.side, weights["segment"], gates, limit))
        if "base" in kinds and subject.content is not None:
            return list(bases(work, subject.content, weights["base"], gates))
        return list(seekers(work, subject.side, weights, gates, kinds=kinds, limit=limit))

    def _subject(self, work: Work, noun: str | Listing) -> _Subject:
        if isinstance(noun, Listing):
            # As a caller made it: its kind may be a text, and nobody has looked at its types.
            return _of_content(work, LISTING.name, codec.structure(Listing, noun))
        demand_type(noun, str, "id")
        shelf = kind_of(noun)
        if shelf is QUESTION:
            question = work.noun(QUESTION, work.visible(QUESTION, noun, Action.ANSWER))
            text = open_sealed(work, noun, TEXT, question.text)
            return _Subject("question", question_need(work, question, text), (EXPERT.name,))
        if shelf is EXPERT:
            offered = expert_candidate(work, shown_expert(work, noun))
            return _Subject(EXPERT.name, offered, ("need",))
        if shelf is not None and shelf.name in CONTENT:
            return _of_content(work, shelf.name, work.noun(shelf, work.visible(shelf, noun)))
        raise NotFound("noun.unknown", path="id", kind="listing", id=noun[:64])


def _of_content(work: Work, kind: str, content: Content) -> _Subject:
    if isinstance(content, Listing) and content.kind is ListingKind.NEED:
        return _Subject("need", need_of(work, content), _ANSWERS)
    offered = candidate_of(work, kind, content, languages_of(work, content))
    targets: tuple[str, ...] = ("need", "subscription", "segment")
    if kind == ACTIVITY.name:
        targets = (*targets, "base")
    return _Subject(offered.kind, offered, targets, ("need",), content)


def _titled(work: Work, found: Sequence[Match]) -> tuple[Match, ...]:
    titles = expert_titles(work, [match.id for match in found if match.kind == EXPERT.name])
    return tuple(
        attrs.evolve(match, title=titles[match.id]) if match.id in titles else match
        for match in found
    )
