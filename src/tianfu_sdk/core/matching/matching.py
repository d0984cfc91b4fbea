"""What is offered and what is sought: hard gates first, then a score that explains itself.

The score is the weighted mean of what is known, every feature in [0, 1]. No feature tells
of a person: an expert is matched by the public profile alone. The weights and half-lives
are a guess, to be fitted once there are judged matches; a caller may pass others.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

import attrs

from tianfu_sdk.core.matching.similarity import (
    Corpus,
    age_safe,
    audience_fit,
    freshness,
    language_fit,
    media_fit,
    popularity,
    region_fit,
    text_fit,
    topic_fit,
)
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.matching import Match

__all__ = [
    "HALF_LIVES",
    "WEIGHTS",
    "Candidate",
    "Need",
    "Side",
    "demand_weights",
    "features",
    "gate",
    "rank",
    "score",
    "weights_for",
]

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "text": 0.45,
        "topic": 0.20,
        "region": 0.10,
        "language": 0.08,
        "audience": 0.07,
        "media": 0.03,
        "freshness": 0.05,
        "popularity": 0.02,
    }
)
"""Weight by feature; their sum does not matter, only their ratios do."""

HALF_LIVES: Mapping[str, timedelta] = MappingProxyType(
    {
        "service": timedelta(days=365),
        "achievement": timedelta(days=730),
        "project": timedelta(days=180),
        "need": timedelta(days=180),
    }
)
"""After which time a listing of a kind counts as half as fresh; nothing else ages."""

_GRAIN = 2**30
_MOST_POPULAR = 0.05
_HEAVIEST = 1e100
"""So that no sum of weights is infinite."""
_NO_TREE: Mapping[str, str | None] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Side:
    """One side of a match, as far as a match looks at it; never a person's name."""

    id: str = ""
    kind: str = ""
    """`service`, `achievement`, `project`, `expert`, `need`, `subscription`, or of content."""
    title: str = ""
    topics: tuple[str, ...] = ()
    places: tuple[Levels, ...] = ()
    audience: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    """Forms of media: those that it has, or those that are wanted."""
    published: bool = True
    published_at: datetime | None = None
    deadline: date | None = None
    """Last day."""
    expires_on: date | None = None
    """First day on which it does not hold."""
    capacity: int | None = None
    """None: not limited."""
    closed: bool = False
    """Whether its people have come to an end with it."""


@attrs.frozen(kw_only=True)
class Need(Side):
    """What is sought."""

    tokens: tuple[str, ...]
    """Distinct, by `tianfu_sdk.text.query_tokens`."""
    language: str
    """BCP 47; empty: any."""


@attrs.frozen(kw_only=True)
class Candidate(Side):
    """What is offered."""

    text: str = attrs.field(repr=False)
    counts: Mapping[str, int] | None = attrs.field(default=None, repr=False)
    """Tokens of the text, for who is matched with many; None: they are counted."""
    languages: tuple[str, ...]
    translated: tuple[str, ...] = ()
    """Languages of approved, current translations."""
    went_well: tuple[int, int] | None = None
    """How often what was begun with it went well, and how often it was begun."""


def gate(
    candidate: Candidate,
    need: Need,
    *,
    today: date,
    audiences: Mapping[str, str | None] = _NO_TREE,
) -> str:
    """Tell why two sides are out of the question, whatever their score would be.

    Args:
        candidate: What is offered.
        need: What is sought.
        today: The day in China.
        audiences: The tree of the vocabulary `audience`, wider term by code.

    Returns:
        The first of `published`, `expired`, `deadline`, `closed`, `capacity` that fails on
        either side, then `language`, `age`; or empty.
    """
    for side in (candidate, need):
        if reason := _standing(side, today):
            return reason
    if _language(candidate, need) is None and need.language:
        return "language"
    return "" if age_safe(need.audience, candidate.audience, audiences) else "age"


def _standing(side: Side, today: date) -> str:
    expiry, deadline = side.expires_on, side.deadline
    shut = {
        "published": not side.published,
        "expired": expiry is not None and expiry <= today,
        "deadline": deadline is not None and deadline < today,
        "closed": side.closed,
        "capacity": side.capacity is not None and side.capacity <= 0,
    }
    return next((reason for reason, fails in shut.items() if fails), "")


def _language(candidate: Candidate, need: Need) -> float | None:
    if not need.language:
        return None
    return language_fit(need.language, candidate.languages, candidate.translated)


def features(
    candidate: Candidate,
    need: Need,
    *,
    corpus: Corpus,
    parents: Mapping[str, str | None],
    now: datetime,
    ranked: Side | None = None,
) -> dict[str, float]:
    """Give how well two sides fit, respect by respect; what is not known is left out.

    Args:
        candidate: What is offered.
        need: What is sought.
        corpus: The need's tokens, weighed by how rare they are.
        parents: The tree of the vocabulary `topic`, wider term by code.
        now: This moment.
        ranked: The side whose age counts; None: the candidate.

    Returns:
        Number in [0, 1] by name in `WEIGHTS`.
    """
    ranked = ranked or candidate
    half_life = HALF_LIVES.get(ranked.kind)
    counts, length = candidate.counts, None
    if counts is None:
        counts, length = corpus.counted(candidate.text)
    found = {
        "text": text_fit(counts, corpus, length),
        "topic": topic_fit(need.topics, candidate.topics, parents),
        "region": region_fit(need.places, candidate.places),
        "language": _language(candidate, need),
        "audience": audience_fit(need.audience, candidate.audience),
        "media": media_fit(need.media, candidate.media),
        "freshness": freshness(ranked.published_at, now, half_life) if half_life else None,
        "popularity": popularity(*candidate.went_well) if candidate.went_well else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def demand_weights(weights: Mapping[str, float], path: str = "weights") -> None:
    """Demand weights that a score can be made with.

    Args:
        weights: By feature.
        path: Of the errors.

    Raises:
        Invalid: `match.bad_weight`: a name that is no feature, or no number from 0 to 1e100;
            `match.no_weight`: nothing weighs anything;
            `match.popularity`: popularity weighs more than a twentieth of all, so that what
            is known would stay on top because it is known.
    """
    for name, weight in weights.items():
        # A caller may give anything.
        number = isinstance(weight, float | int) and not isinstance(weight, bool)  # type: ignore[redundant-expr]
        if name not in WEIGHTS or not number or not 0 <= weight <= _HEAVIEST:
            raise Invalid("match.bad_weight", path=f"{path}.{name}", names=", ".join(WEIGHTS))
    whole = math.fsum(weights.values())
    if not whole:
        raise Invalid("match.no_weight", path=path)
    if weights.get("popularity", 0) > _MOST_POPULAR * whole:
        raise Invalid("match.popularity", path=f"{path}.popularity")


def weights_for(to: str, own: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Give the weights by which one kind of thing is matched.

    Args:
        to: `service`, `achievement`, `project`, `expert`, `need`, `subscription`, `segment` or
            `base`.
        own: What the settings say, by kind and feature; what they leave out stays.

    Raises:
        Invalid: As `demand_weights`, with the path of the setting.
    """
    if to not in own:
        return WEIGHTS
    weights = {**WEIGHTS, **own[to]}
    demand_weights(weights, f"match.weights.{to}")
    return weights


def score(
    found: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS
) -> tuple[float, dict[str, float]]:
    """Give the weighted mean of the features that are known, and each one's share of it.

    Shares are whole multiples of 2^-30, so that they add up to the score exactly, in any
    order and on any machine.

    Args:
        found: Number in [0, 1] by name.
        weights: By name; a feature without one weighs nothing.

    Returns:
        The score in [0, 1] and the contributions, the largest first; both 0 where nothing
        that weighs is known.
    """
    whole = math.fsum(weights.get(name, 0.0) for name in found)
    if not whole:
        return 0.0, dict.fromkeys(sorted(found), 0.0)
    # One division last keeps the share of a single feature exact.
    shares = {n: weights.get(n, 0.0) * found[n] / whole * _GRAIN for n in sorted(found)}
    units = {name: math.floor(share) for name, share in shares.items()}
    total = round(math.fsum(shares.values()))
    largest = max(shares, key=lambda name: shares[name])
    units[largest] += total - sum(units.values())
    ordered = sorted(units, key=lambda name: (-units[name], name))
    return total / _GRAIN, {name: units[name] / _GRAIN for name in ordered}


def rank(matches: Iterable[Match], limit: int) -> tuple[Match, ...]:
    """Give the best matches, best first, ties by id; holds no more than `limit` at a time."""
    return tuple(heapq.nsmallest(limit, matches, key=lambda match: (-match.score, match.id)))
