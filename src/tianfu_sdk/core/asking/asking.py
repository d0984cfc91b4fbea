"""How a question is asked of the index, and when an answer is good enough.

What a question asks about is weighed token by token, as the index weighs it. A document that
holds much of that weight, and stands out among what else was found, is an answer; how much
is enough was fitted on questions with and without an answer (`bench/abstention.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import attrs

from tianfu_sdk.core.searching.candidates import is_word
from tianfu_sdk.text import (
    HAN,
    TIBETAN_SYLLABLE,
    YI,
    fold,
    fold_with_places,
    folded_query_tokens,
    folded_telling_tokens,
    sentences,
)

__all__ = [
    "FEATURES",
    "HALF_LIVES",
    "NEAR",
    "SURENESS",
    "Measures",
    "asks_something",
    "bare",
    "coverage",
    "explained",
    "lead",
    "measures",
    "passage",
    "question_tokens",
    "rarity",
    "spans",
    "sureness",
]

SURENESS: Mapping[str, float] = MappingProxyType(
    {"always": -3.66, "covered": 2.75, "ahead": 14.55, "named": 2.01}
)
"""What `sureness` adds up; fitted by `bench/abstention.py`."""

NEAR = 0.5
"""Share of the best document's score by words that another answer has at least: what shares less
was found by single words."""

FEATURES: tuple[str, ...] = ("region", "language", "freshness", "popularity", "topic")
"""What raises a score beside the words of the question, each by a share of it; `topic` raises that
of related content only."""

HALF_LIVES: Mapping[str, timedelta] = MappingProxyType(
    {
        "resource": timedelta(days=1095),
        "activity": timedelta(days=90),
        "notice": timedelta(days=90),
        "news": timedelta(days=180),
        "listing": timedelta(days=365),
    }
)
"""After which time a content of a kind counts as half as fresh; a base does not age. A guess."""

# What only makes a sentence a question says nothing of what is asked.
_INTERROGATIVES = re.compile(
    "为什么|怎么办|怎么样|怎样|怎么|如何|什么是|是什么|什么|哪些|哪里|哪种|有没有|是不是|能不能|"
    "可不可以|会不会|要不要|该不该|应该|请问|多少|是否|可以|需要|我们|我家|我|吗|呢|吧|啊|的|了|"
    "平时|注意|时候|患者|一般|到底|究竟|关于|直接"
)
# Words of other scripts end where a blank or mark does; those of these are found inside others.
_UNEDGED = re.compile(f"[{HAN}{YI}]")
_EDGE = re.compile(f"[^\\W{HAN}{YI}]|[{TIBETAN_SYLLABLE}]")
_WIDE = re.compile(f"[{HAN}{YI}\u3000-\u303f\uff00-\uffef]")
_WITHIN = ("", "\u0f0b", "\u0f0c")
"""What may stand between two spans that are one: nothing, or the tsheg of Tibetan."""
_PASSAGE = 140
_LONGEST_PASSAGE = 280
_BEFORE = 60
_GRAIN = 2**30
_THIRD = 3


def question_tokens(text: str) -> list[str]:
    """Give the distinct tokens of what a question asks about, in order."""
    folded = fold(text)
    return folded_query_tokens(bare(folded)) or folded_query_tokens(folded)


def asks_something(text: str) -> bool:
    """Tell whether a question says what it is about, beyond that it asks: 怎么办 does not."""
    return bool(folded_telling_tokens(bare(fold(text))))


def bare(folded: str) -> str:
    """Give a folded question without what only makes it a question."""
    return _INTERROGATIVES.sub(" ", folded)


def rarity(tokens: Sequence[str], found: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Weigh the tokens of a question by what they brought the documents that were found.

    Args:
        tokens: Of the question.
        found: Score by token, of each document.

    Returns:
        For each token the most that it brought, as a share of all; what nothing found has is
        taken to be as rare as the rarest that something has, or as its other words where it
        has nothing but these. Empty where nothing was found.
    """
    most: dict[str, float] = {}
    for parts in found:
        for token, part in parts.items():
            if part > most.get(token, 0.0):
                most[token] = part
    asked = [most[token] for token in tokens if token in most]
    rarest = max(asked or most.values(), default=0.0)
    if not rarest:
        return {}
    weights = {token: most.get(token, rarest) for token in tokens}
    whole = math.fsum(weights.values())
    return {token: weight / whole for token, weight in weights.items()}


def coverage(weights: Mapping[str, float], held: Mapping[str, float]) -> float:
    """Tell how much of a question something holds.

    Args:
        weights: Of the question's tokens, by `rarity`.
        held: How much of each token it holds: 1, or less for what stands in other words; those
            that it does not hold may be left out.

    Returns:
        0 to 1.
    """
    return sum([share * weights[token] for token, share in held.items() if token in weights])


def lead(best: Sequence[float]) -> float:
    """Tell how far the best document is ahead of the third, so that a copy of it does not count.

    Args:
        best: Scores of the documents by their words alone, best first.

    Returns:
        0 to 1; 1 where there are no three.
    """
    return 1 - best[_THIRD - 1] / best[0] if len(best) >= _THIRD else 1.0


@attrs.frozen
class Measures:
    """How well a document answers a question, in three respects of 0 to 1 each."""

    covered: float
    """Share of the question's weight that the document holds."""
    ahead: float
    """Its square, times how far the best document is ahead of the third: what holds little of
    the question says nothing by being alone."""
    named: float
    """Share of the question's weight that the document holds in its title and keywords."""


def measures(covered: float, named: float, lead: float) -> Measures:
    """Measure a document that was found.

    Args:
        covered: By `coverage`, of the whole document.
        named: By `coverage`, of its title and keywords; no more than `covered`.
        lead: By `lead`, of the best document.
    """
    return Measures(covered, covered**2 * lead, min(named, covered))


def sureness(found: Measures) -> float:
    """Tell how probably a document answers a question.

    Args:
        found: As it was measured.

    Returns:
        0 to 1: on questions like those it was fitted on, the share of such documents that
        were the answer.

    Source: logistic regression; `docs/explanation/asking.md` says on what.
    """
    total = (
        SURENESS["always"]
        + SURENESS["covered"] * found.covered
        + SURENESS["ahead"] * found.ahead
        + SURENESS["named"] * found.named
    )
    return 1 / (1 + math.exp(-total))


def explained(
    parts: Mapping[str, float], features: Mapping[str, float], weights: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Give the score of an answer, and each one's share of it.

    A feature raises what the words are worth by its weight at most: a weight of 0.05 by 5 %
    where the feature is 1. Shares are whole multiples of 2^-30, so that they add up to the
    score exactly, in any order and on any machine.

    Args:
        parts: Score by token.
        features: Number of 0 to 1 by name in `FEATURES`; what is not known is left out.
        weights: By name of a feature.

    Returns:
        The score, and the contributions, the largest first; those of features begin with `@`.
    """
    words = math.fsum(parts.values())
    shares = {token: round(part * _GRAIN) for token, part in parts.items()}
    for name, value in features.items():
        shares[f"@{name}"] = round(words * weights.get(name, 0.0) * value * _GRAIN)
    ordered = sorted(shares, key=lambda name: (-shares[name], name))
    why = {name: shares[name] / _GRAIN for name in ordered if shares[name]}
    return sum(shares.values()) / _GRAIN, why


def passage(text: str, weights: Mapping[str, float]) -> str:
    """Choose the part of a text that holds most of a question.

    Args:
        text: As it is shown.
        weights: By token that is looked for.

    Returns:
        One or more whole sentences, about 140 characters; of a sentence without end the 280
        characters about the first that is looked for.
    """
    pieces = [piece for piece in sentences(text) if piece.strip()]
    parts = [piece.strip() for piece in pieces]
    if not parts:
        return ""
    scores = [
        sum(weight for token, weight in weights.items() if token in folded)
        for folded in map(fold, parts)
    ]
    best = max(range(len(parts)), key=lambda n: (scores[n], -n))
    chosen = parts[best]
    if len(chosen) > _LONGEST_PASSAGE:
        first = min((start for start, _ in spans(chosen, weights)), default=0)
        start = max(0, min(first - _BEFORE, len(chosen) - _LONGEST_PASSAGE))
        return chosen[start : start + _LONGEST_PASSAGE].strip()
    for before, following in zip(pieces[best:], parts[best + 1 :], strict=False):
        # Chinese has no blank between sentences, whatever stood there.
        blank = " " if before[-1].isspace() and not _WIDE.search(chosen[-1]) else ""
        if len(chosen) + len(blank) + len(following) > _PASSAGE:
            break
        chosen += blank + following
    return chosen


def spans(text: str, tokens: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Tell where a text has what was looked for.

    Args:
        text: As it is shown.
        tokens: That were looked for. Single characters of scripts without blanks are passed
            over where there are others: they stand everywhere.

    Returns:
        Start and end in characters of the text, in order; none touches another.
    """
    wanted = list(tokens)
    words = {token for token in wanted if is_word(token)} or set(wanted)
    if not words:
        return ()
    folded, starts, ends = fold_with_places(text)
    found = [
        (starts[start], ends[start + len(token) - 1])
        for token in words
        for start in _places(folded, token)
    ]
    return _joined(text, sorted(found))


def _places(folded: str, token: str) -> Iterator[int]:
    edged = not _UNEDGED.match(token)
    start = folded.find(token)
    while start >= 0:
        end = start + len(token)
        inside = edged and (_EDGE.match(folded[start - 1 : start]) or _EDGE.match(folded, end))
        if not inside:
            yield start
        start = folded.find(token, start + 1)


def _joined(text: str, found: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and text[joined[-1][1] : start] in _WITHIN:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
