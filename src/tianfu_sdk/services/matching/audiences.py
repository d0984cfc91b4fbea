"""From a content to the audiences that it is for: how many they are, never who."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

import attrs

from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.matching.matching import Candidate, Need
from tianfu_sdk.core.matching.similarity import Corpus, language_fit, topic_fit
from tianfu_sdk.core.rows.kinds import SEGMENT, SUBSCRIBER
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.matching import Match
from tianfu_sdk.model.segment import Segment
from tianfu_sdk.model.storage import AND_GROUPS, IN_VALUES, Group, Query, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.offers import Gates
from tianfu_sdk.services.matching.sides import places_of, tree_of

__all__ = ["audiences"]

_MOST_SEGMENTS = 500
_NEAR = 0.5
"""From which nearness on a topic counts as near another."""
_NOTHING = Corpus(1.0, {}, 0.0)


@attrs.frozen
class _Audience:
    """Some subscribers, by what a match looks at and by what they are counted by."""

    need: Need
    where: tuple[Where, ...]
    topics: tuple[str, ...] = ()
    """They asked for one of these; empty: for anything."""
    members: tuple[str, ...] = ()
    """Only these of them; empty: all."""
    countable: bool = True


def audiences(
    work: Work, offered: Candidate, weights: Mapping[str, float], gates: Gates, limit: int
) -> Iterator[Match]:
    """Score saved segments, and audiences made of the content's own topics, language and regions.

    Those of a topic asked for it themselves; those of a near topic are counted without who
    switched profiling off (个人信息保护法 Art. 24), and so is nobody else chosen by likeness.

    Args:
        work: The transaction.
        offered: What they are to read.
        weights: By feature.
        gates: Takes those that are left out.
        limit: The best so many are counted and given.

    Raises:
        Denied: `account.required`, `grant.missing`: who counts must be able to read them.
    """
    scope = work.scope(Action.READ, SUBSCRIBER.name)
    if scope is not None and not scope:
        work.allow(Action.READ, SUBSCRIBER.name, {})
    topics = tree_of(work, "topic")
    today = work.today
    scored: list[tuple[Match, _Audience]] = []
    for audience in (*_saved(work, offered), *_made(work, offered, topics)):
        reason = matching.gate(offered, audience.need, today=today)
        if reason:
            gates.leave_out(audience.need, reason)
            continue
        known = matching.features(
            offered, audience.need, corpus=_NOTHING, parents=topics, now=work.now
        )
        known.pop("freshness", None)
        score, why = matching.score(known, weights)
        need = audience.need
        match = Match(kind=need.kind, id=need.id, title=need.title, score=score, why=why)
        scored.append((match, audience))
    # Counted are those that are shown: a content for many regions has thousands of others.
    shown = heapq.nsmallest(limit, scored, key=lambda pair: (-pair[0].score, pair[0].id))
    for match, audience in shown:
        yield attrs.evolve(match, count=_count(work, audience, scope))


def _saved(work: Work, offered: Candidate) -> Iterator[_Audience]:
    query = Query(limit=_MOST_SEGMENTS)
    for row in work.rows(SEGMENT.name, query, work.scope(Action.READ, SEGMENT.name)):
        segment = work.noun(SEGMENT, row)
        if not segment.retired:
            yield _of_segment(work, segment, offered)


def _of_segment(work: Work, segment: Segment, offered: Candidate) -> _Audience:
    level = work.regions().level_of(segment.region).value
    where = [Where(level, "=", segment.region), Where("org_path", "has", segment.organization)]
    spoken = segment.languages
    if spoken:
        where.append(Where("language", "in", spoken))
    understood = (tag for tag in spoken if language_fit(tag, offered.languages, offered.translated))
    language = next(understood, spoken[0] if spoken else "")
    need = Need(
        id=segment.id,
        kind=SEGMENT.name,
        title=segment.name,
        tokens=(),
        language=language,
        topics=segment.interests,
        places=places_of(work, (segment.region,)),
    )
    # By settings only a plan can count: they are no key.
    return _Audience(
        need=need,
        where=tuple(where),
        topics=segment.interests,
        members=segment.members,
        countable=not segment.settings,
    )


def _made(work: Work, offered: Candidate, parents: Mapping[str, str | None]) -> Iterator[_Audience]:
    near = sorted(
        code
        for code in parents
        if code not in offered.topics
        and (topic_fit((code,), offered.topics, parents) or 0) >= _NEAR
    )
    for place in offered.places:
        region = place.codes[-1]
        at = Where(work.regions().level_of(region).value, "=", region)
        for language in dict.fromkeys((*offered.languages, *offered.translated)):
            who = (at, Where("language", "=", language))
            name = f"{region} {language}"

            everybody = Need(
                id=name, kind="audience", title=name, tokens=(), language=language, places=(place,)
            )
            yield _Audience(everybody, who)
            for topic in (*offered.topics, *near):
                willing = (Where("profiled", "=", 1),) if topic in near else ()
                name = f"{region} {language} {'~' if willing else ''}{topic}"
                some = attrs.evolve(everybody, id=name, title=name, topics=(topic,))
                yield _Audience(some, (*who, *willing), (topic,))


def _count(work: Work, audience: _Audience, scope: tuple[Group, ...] | None) -> int | None:
    if not audience.countable or (scope is not None and len(scope) > AND_GROUPS):
        return None
    groups = tuple((Where("topic", "has", topic),) for topic in audience.topics)
    if len(groups) > AND_GROUPS:
        return None
    # Of a list those are counted whom a campaign reaches by it: some are erased, or are elsewhere.
    lists: list[Group] = [
        (Where("id", "in", audience.members[start : start + IN_VALUES]),)
        for start in range(0, len(audience.members), IN_VALUES)
    ]
    queries = (
        Query(where=(*audience.where, *only), any_of=groups or None, scope=scope)
        for only in lists or ((),)
    )
    return sum(work.tx.count(SUBSCRIBER.name, query) for query in queries)
