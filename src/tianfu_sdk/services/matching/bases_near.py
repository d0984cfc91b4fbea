"""From an activity to science bases near it that fit what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import attrs

from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.matching.matching import Candidate
from tianfu_sdk.core.matching.similarity import weighed
from tianfu_sdk.core.rows.kinds import ACTIVITY, BASE
from tianfu_sdk.model.content import Base, BaseStatus, Content, State
from tianfu_sdk.model.matching import Match
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.offers import Gates
from tianfu_sdk.services.matching.sides import candidate_of, need_of, spread_of, tree_of

__all__ = ["bases"]

_MOST = 500


def bases(
    work: Work, content: Content, weights: Mapping[str, float], gates: Gates
) -> Iterator[Match]:
    """Score the published bases of the same prefectures, or provinces; 500 of each at most."""
    need = attrs.evolve(need_of(work, content, ACTIVITY.name), language="")
    corpus = weighed(need.tokens, spread_of(work, need.tokens))
    topics, audiences = tree_of(work, "topic"), tree_of(work, "audience")
    today = work.today
    places = dict.fromkeys(
        ("prefecture", one.prefecture) if one.prefecture else ("province", one.province)
        for one in need.places
    )
    found: dict[str, Candidate] = {}
    for level, code in places:
        where = (Where("state", "=", State.PUBLISHED.value), Where(level, "=", code))
        rows = work.tx.find(BASE.name, Query(where=where, limit=_MOST))
        for row in work.readable(BASE.name, rows):
            found[row.id] = _candidate(work, work.noun(BASE, row), today)
    for base in found.values():
        reason = matching.gate(base, need, today=today, audiences=audiences)
        if reason:
            gates.leave_out(base, reason)
            continue
        known = matching.features(base, need, corpus=corpus, parents=topics, now=work.now)
        score, why = matching.score(known, weights)
        yield Match(kind=base.kind, id=base.id, title=base.title, score=score, why=why)


def _candidate(work: Work, base: Base, today: date) -> Candidate:
    over = base.named_to is not None and base.named_to < today
    made = candidate_of(work, BASE.name, base)
    return attrs.evolve(made, closed=over or base.status is BaseStatus.DELISTED)
