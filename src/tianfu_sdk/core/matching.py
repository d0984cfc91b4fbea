"""Which offers answer a need: hard gates first, then a score that explains itself.

The score is the weighted mean of what is known, every feature in [0, 1]. No feature tells
of a person: an expert is matched by the public profile alone. The weights and half-lives
are a guess, to be fitted once there are judged matches; a caller may pass others.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

import attrs

from tianfu_sdk.core.regions import Levels
from tianfu_sdk.core.similarity import (
    Corpus,
    audience_fit,
    freshness,
    language_fit,
    region_fit,
    text_fit,
    topic_fit,
)
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.listing import Match

__all__ = [
    "HALF_LIVES",
    "WEIGHTS",
    "Candidate",
    "Need",
    "demand_weights",
    "features",
    "gate",
    "rank",
    "score",
]

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "text": 0.45,
        "topic": 0.20,
        "region": 0.10,
        "language": 0.08,
        "audience": 0.07,
        "freshness": 0.05,
    }
)
"""Weight by feature; their sum does not matter, only their ratios do."""

HALF_LIVES: Mapping[str, timedelta] = MappingProxyType(
    {
        "service": timedelta(days=365),
        "achievement": timedelta(days=730),
        "project": timedelta(days=180),
    }
)
"""After which time a listing of a kind counts as half as fresh; an expert does not age."""

_GRAIN = 2**30


@attrs.frozen(kw_only=True)
class Need:
    """What is sought, as far as a match looks at it."""

    tokens: tuple[str, ...]
    """Distinct, by `tianfu_sdk.text.query_tokens`."""
    language: str
    topics: tuple[str, ...] = ()
    places: tuple[Levels, ...] = ()
    audience: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Candidate:
    """What is offered, as far as a match looks at it; never a person's name."""

    id: str
    kind: str
    """`service`, `achievement`, `project` or `expert`."""
    title: str
    text: str = attrs.field(repr=False)
    languages: tuple[str, ...]
    translated: tuple[str, ...] = ()
    """Languages of approved, current translations."""
    topics: tuple[str, ...] = ()
    places: tuple[Levels, ...] = ()
    audience: tuple[str, ...] = ()
    published: bool = True
    published_at: datetime | None = None
    deadline: date | None = None
    """Last day."""
    expires_on: date | None = None
    """First day on which it does not hold."""
    capacity: int | None = None
    """None: not limited."""


def gate(candidate: Candidate, need: Need, *, kinds: Collection[str], today: date) -> str:
    """Tell why a candidate is out of the question, whatever its score would be.

    Args:
        candidate: What is offered.
        need: What is sought.
        kinds: Kinds that are asked for.
        today: The day in China.

    Returns:
        The first of `kind`, `published`, `expired`, `deadline`, `capacity`, `language` that
        fails, or empty.
    """
    expiry, deadline = candidate.expires_on, candidate.deadline
    spoken = language_fit(need.language, candidate.languages, candidate.translated)
    shut = {
        "kind": candidate.kind not in kinds,
        "published": not candidate.published,
        "expired": expiry is not None and expiry <= today,
        "deadline": deadline is not None and deadline < today,
        "capacity": candidate.capacity is not None and candidate.capacity <= 0,
        "language": spoken is None,
    }
    return next((reason for reason, fails in shut.items() if fails), "")


def features(
    candidate: Candidate,
    need: Need,
    *,
    corpus: Corpus,
    parents: Mapping[str, str | None],
    now: datetime,
) -> dict[str, float]:
    """Give how well a candidate fits, respect by respect; what is not known is left out.

    Args:
        candidate: What is offered.
        need: What is sought.
        corpus: The need's tokens, weighed among candidates of the same kind.
        parents: The tree of the vocabulary `topic`, wider term by code.
        now: This moment.

    Returns:
        Number in [0, 1] by name in `WEIGHTS`.
    """
    half_life = HALF_LIVES.get(candidate.kind)
    found = {
        "text": text_fit(candidate.text, corpus),
        "topic": topic_fit(need.topics, candidate.topics, parents),
        "region": region_fit(need.places, candidate.places),
        "language": language_fit(need.language, candidate.languages, candidate.translated),
        "audience": audience_fit(need.audience, candidate.audience),
        "freshness": freshness(candidate.published_at, now, half_life) if half_life else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def demand_weights(weights: Mapping[str, float]) -> None:
    """Demand weights that a score can be made with.

    Raises:
        Invalid: `match.bad_weight`: a name that is no feature, or a number that is not
            finite or below 0; `match.no_weight`: nothing weighs anything.
    """
    for name, weight in weights.items():
        if name not in WEIGHTS or not (math.isfinite(weight) and weight >= 0):
            raise Invalid("match.bad_weight", path=f"weights.{name}", names=", ".join(WEIGHTS))
    if not any(weights.values()):
        raise Invalid("match.no_weight", path="weights")


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
