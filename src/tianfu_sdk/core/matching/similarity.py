"""How well two things fit in one respect: text, topic, region, language, audience, age.

Every function gives a number in [0, 1], or None where one side says nothing: what is not
known is left out of a score, it does not count as bad.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property

import attrs

from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.searching.candidates import Counting
from tianfu_sdk.core.searching.ranking import bm25, idf
from tianfu_sdk.model.search import Spread
from tianfu_sdk.text import canonical_language, fold, folded_length, tokens

__all__ = [
    "LONGEST_TEXT",
    "Corpus",
    "age_safe",
    "audience_fit",
    "freshness",
    "language_fit",
    "measure",
    "media_fit",
    "popularity",
    "readership",
    "region_fit",
    "text_fit",
    "token_counts",
    "topic_fit",
    "weighed",
]

LONGEST_TEXT = 20_000
"""Characters of a text that count; what comes after them is not looked at."""
_HALF = 0.1
_PRIOR = 30
"""Days of one view each."""
_OTHER_VARIANT = 0.6
_NEAR = {"county": 1.0, "prefecture": 0.7, "province": 0.4}
_FAR = 0.1
_K1_CEILING = 2.2
_MINORS = frozenset({"children", "youth"})
_EVERYBODY = "general"
_EXPECTED = 0.5
_TRIALS = 10


@attrs.frozen
class Corpus:
    """What is wanted, weighed by how rare it is among the texts of the candidates."""

    average: float
    """Tokens of a text; at least 1."""
    rarity: Mapping[str, float]
    """Weight of each wanted token."""
    ceiling: float
    """What a text could reach that holds every wanted token again and again."""

    @cached_property
    def _count(self) -> Counting:
        return Counting(self.rarity)

    def counted(self, text: str) -> tuple[dict[str, int], int]:
        """Count the wanted tokens of a text, and how many tokens it has in all."""
        folded = fold(text[:LONGEST_TEXT])
        return self._count(folded), folded_length(folded)


def token_counts(text: str) -> Counter[str]:
    """Give the tokens of a text and how often each occurs, by `tianfu_sdk.text.tokens`."""
    return Counter(tokens(text[:LONGEST_TEXT]))


def measure(wanted: Collection[str], texts: Iterable[str]) -> Corpus:
    """Weigh wanted tokens by their rarity.

    Args:
        wanted: Distinct tokens; no others are counted, so memory is bounded by them.
        texts: Of candidates, all or a sample; a token that none of them holds is taken as
            one that a single text holds.
    """
    number = length = 0
    holding: Counter[str] = Counter()
    for text in texts:
        counts = token_counts(text)
        number += 1
        length += counts.total()
        holding.update(token for token in wanted if token in counts)
    average = max(length, number, 1) / max(number, 1)
    return weighed(wanted, Spread(docs=number, average=average, frequencies=holding))


def weighed(wanted: Collection[str], spread: Spread) -> Corpus:
    """Weigh wanted tokens by what an index knows of them.

    Args:
        wanted: Distinct tokens.
        spread: Of the index; a token that no document has is taken as one that a single has.
    """
    docs = max(spread.docs, 1)
    rarity = {token: idf(docs, spread.frequencies.get(token) or 1) for token in wanted}
    ceiling = _K1_CEILING * math.fsum(rarity.values())
    return Corpus(max(spread.average, 1), rarity, ceiling)


def text_fit(counts: Mapping[str, int], corpus: Corpus, length: int | None = None) -> float | None:
    """Give how well a text answers what is wanted: s / (s + s50), s being its BM25 value.

    s50 is a tenth of what a text could reach, so that the number does not depend on how
    long the need or how large the store is. The tenth is a guess.

    Args:
        counts: Of the candidate's text, by `token_counts` or `Corpus.counted`.
        corpus: What is wanted, and how rare it is.
        length: Tokens of the text; None: those that are counted are all.

    Returns:
        None where nothing is wanted.

    Source:
        Okapi BM25; saturation as in the project's notes on matching.
    """
    if not corpus.rarity:
        return None
    if length is None:
        length = sum(counts.values())
    found = math.fsum(
        bm25(counts[token], rarity, length, corpus.average)
        for token, rarity in corpus.rarity.items()
        if token in counts
    )
    return found / (found + _HALF * corpus.ceiling)


def topic_fit(
    wanted: Collection[str], offered: Collection[str], parents: Mapping[str, str | None]
) -> float | None:
    """Give how near topics are in their vocabulary: the best of each wanted one, averaged.

    Two terms have 2 · depth(common ancestor) / (depth a + depth b).

    Args:
        wanted: Codes that the need has.
        offered: Codes that the candidate has.
        parents: Wider term by code; a code that is not there stands alone.

    Source:
        Wu and Palmer, 1994.
    """
    if not wanted or not offered:
        return None
    paths = {code: _path(code, parents) for code in {*wanted, *offered}}
    best = [max(_wu_palmer(paths[a], paths[b]) for b in offered) for a in sorted(wanted)]
    return sum(best) / len(best)


def _path(code: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    path = [code]
    while (parent := parents.get(path[0])) is not None and parent not in path:
        path.insert(0, parent)
    return tuple(path)


def _wu_palmer(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return 2 * shared / (len(one) + len(other))


def region_fit(wanted: Collection[Levels], offered: Collection[Levels]) -> float | None:
    """Give how near regions are: the same region or county 1, prefecture .7, province .4.

    Args:
        wanted: Where the need is.
        offered: Where the candidate serves; the nearest counts.

    Returns:
        0.1 where they share nothing.
    """
    if not wanted or not offered:
        return None
    return max(_near(one, other) for one in wanted for other in offered)


def _near(one: Levels, other: Levels) -> float:
    if one == other:
        return 1.0
    for level, value in _NEAR.items():
        code = getattr(one, level)
        if code and code == getattr(other, level):
            return value
    return _FAR


def language_fit(
    wanted: str, offered: Collection[str], translated: Collection[str] = ()
) -> float | None:
    """Give whether somebody is understood: the same language 1, a translation .6.

    The same language in another script (zh-Hans and zh-Hant) counts as a translation,
    because it can be converted.

    Args:
        wanted: Language of the need, BCP 47.
        offered: Languages of the candidate.
        translated: Languages of its approved translations.

    Returns:
        None where there is no common language.
    """
    if wanted in offered:
        return 1.0
    wanted = canonical_language(wanted)
    spoken = {canonical_language(tag) for tag in offered}
    if wanted in spoken:
        return 1.0
    first = wanted.partition("-")[0]
    near = first in {tag.partition("-")[0] for tag in spoken}
    if near or wanted in {canonical_language(tag) for tag in translated}:
        return _OTHER_VARIANT
    return None


def audience_fit(wanted: Collection[str], offered: Collection[str]) -> float | None:
    """Give the share of the wanted audience that is served."""
    if not wanted or not offered:
        return None
    return len(set(wanted) & set(offered)) / len(set(wanted))


def readership(views: int, published: datetime | None, now: datetime) -> float | None:
    """Give how much something is read: r / (1 + r), r being its views a day.

    The rate is smoothed as if the thing had been public for 30 days more, with a view on each:
    what is new counts as average, 0.5, and a few views do not decide.

    Args:
        views: Ever.
        published: Since when it is public.
        now: This moment.

    Source:
        Mean of a Poisson rate under a Gamma(30, 30) prior; one view a day is a guess.
    """
    if published is None:
        return None
    days = max(now - published, timedelta()) / timedelta(days=1)
    rate = (views + _PRIOR) / (days + _PRIOR)
    return rate / (1 + rate)


def freshness(published: datetime | None, now: datetime, half_life: timedelta) -> float | None:
    """Give 2^(−age / half-life): 1 for what is new, one half after a half-life."""
    if published is None:
        return None
    age = max(now - published, timedelta())
    return float(2.0 ** (-(age / half_life)))


def age_safe(
    wanted: Collection[str], offered: Collection[str], parents: Mapping[str, str | None]
) -> bool:
    """Tell whether what is for minors alone gets nothing that is for other people.

    Who asks for children or youth, and for nobody else, gets what names the same group, a wider
    or narrower one, the general public, or nobody in particular.

    Args:
        wanted: Codes of the vocabulary `audience`; empty: anybody.
        offered: The same of what is offered.
        parents: Wider term by code.

    Source:
        未成年人保护法 Art. 50, 51: what minors get must be fit for them. That an audience says
        for whom it is fit is our reading.
    """
    asked = {code: frozenset(_path(code, parents)) for code in wanted}
    if not offered or not asked or any(path.isdisjoint(_MINORS) for path in asked.values()):
        return True
    served = {code: frozenset(_path(code, parents)) for code in offered}
    return _EVERYBODY in served or any(
        a in path or b in asked[a] for a in asked for b, path in served.items()
    )


def media_fit(wanted: Collection[str], offered: Collection[str]) -> float | None:
    """Give 1 where there is one of the wanted forms of media, else 0."""
    if not wanted or not offered:
        return None
    return float(not set(wanted).isdisjoint(offered))


def popularity(good: int, tried: int) -> float | None:
    """Give how often something went well, drawn towards one half while little is known.

    Args:
        good: Times that it went well.
        tried: Times in all.

    Returns:
        (good + 5) / (tried + 10), or None where it was never tried.
    """
    if tried <= 0:
        return None
    return (min(max(good, 0), tried) + _EXPECTED * _TRIALS) / (tried + _TRIALS)
