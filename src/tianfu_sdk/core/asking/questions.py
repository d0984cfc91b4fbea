"""What becomes of a question that nothing published answers: its topics, its group, who answers.

Pure: texts, experts and regions are handed in; what is kept of a text is made by the caller's
keyed index, so that nothing here is ever stored as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from zlib import crc32

import attrs

from tianfu_sdk.core.asking.asking import bare, question_tokens
from tianfu_sdk.core.languages.shingles import resemblance
from tianfu_sdk.core.matching.matching import score
from tianfu_sdk.core.matching.similarity import language_fit, region_fit, topic_fit
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.listing import Expert
from tianfu_sdk.text import HAN, TIBETAN_SYLLABLE, YI, fold

__all__ = [
    "WEIGHTS",
    "Choice",
    "alike",
    "choices",
    "due_after",
    "guessed_topics",
    "related",
    "signature",
]

WEIGHTS: Mapping[str, float] = {"topic": 0.6, "region": 0.3, "language": 0.1}
"""What an expert is chosen by; a guess, to be fitted."""
_ALIKE = 0.7
"""Share of words from which two questions are one: 高血压怎么预防 and 低血压怎么预防 have .6."""
_PAIR = re.compile(f"[{HAN}{YI}]{{2}}")
# What is not caught stands there as well, and says nothing: 请问一下, 不知道.
_TELLING = re.compile(
    "一(?:下|些|点|起|样|直|定|般|旦)|千万|万一|十分|不知道?|不好意思"
    "|([0-9]+(?:[.,][0-9]+)*|[零一二两三四五六七八九十百千万亿半]+|[不没无未非勿莫别]"
    r"|\b(?:not|no|never|without|cannot)\b|n[’']t\b"
    f"|(?<![{TIBETAN_SYLLABLE}])(?:མ|མི|མིན|མེད)(?![{TIBETAN_SYLLABLE}])|ꀋ)"
)
_BANDS = 12
_ROWS = 2
_PRIME = 4294967311
_MOST_TOPICS = 3
_MOST_RELATED = 16
_LEAST_TOPIC = 0.5
_LEAST_SHARE = 0.34
_SATURDAY = 5
_SHORTEST_LABEL = 2


# One question or two.


def signature(text: str, index: Callable[[bytes], bytes]) -> frozenset[bytes]:
    """Give the tokens under which a question can be found by questions that are alike.

    Args:
        text: Of the question.
        index: Keyed: what it gives tells nothing of the text without the key.

    Returns:
        Twelve tokens; two questions that share seven tenths of their words share one of them
        nearly always, two that share a tenth hardly ever. Empty where there is no word.

    Source: Broder 1997 (min-wise hashing); bands of two by a keyed hash are our own.
    """
    words = [crc32(token.encode("utf-8", "surrogatepass")) for token in question_tokens(text)]
    if not words:
        return frozenset()
    least = [
        min((word * (2 * n + 1) * 2654435761 + n * 40503) % _PRIME for word in words)
        for n in range(1, _BANDS * _ROWS + 1)
    ]
    bands = (least[_ROWS * band : _ROWS * (band + 1)] for band in range(_BANDS))
    return frozenset(
        index(f"question:{number}:{'.'.join(map(str, band))}".encode())
        for number, band in enumerate(bands)
    )


def alike(one: str, other: str) -> bool:
    """Tell whether two texts ask the same, by the words that they share.

    One may say more than the other, but not something in its place: 老人 is not 孩子, whatever
    else they share. Numbers and negations are the same ones, in the same order.
    """
    ours, theirs = (frozenset(question_tokens(text)) for text in (one, other))
    shared = resemblance(frozenset(map(_number, ours)), frozenset(map(_number, theirs)))
    if shared < _ALIKE or _telling(one) != _telling(other):
        return False
    return not (_words(ours - theirs) and _words(theirs - ours))


def _words(tokens: Iterable[str]) -> list[str]:
    """Leave out the pairs of scripts without blanks: they differ where a word was put in."""
    return [token for token in tokens if not _PAIR.match(token)]


def _telling(text: str) -> list[str]:
    """Give the numbers and negations of a question, by which a few characters ask another."""
    return [found for found in _TELLING.findall(bare(fold(text))) if found]


def _number(token: str) -> int:
    return crc32(token.encode("utf-8", "surrogatepass"))


# What it is about.


def guessed_topics(
    text: str, labels: Mapping[str, Collection[str]], near: Iterable[tuple[float, Collection[str]]]
) -> tuple[str, ...]:
    """Guess what a question is about.

    Args:
        text: Of the question.
        labels: Of the topics, by code.
        near: Score and topics of the published contents that are nearest.

    Returns:
        At most three codes, the surest first, ties by code: those that the question names, and
        those that have a third of what the nearest contents score together.
    """
    votes: Counter[str] = Counter()
    whole = 0.0
    for value, topics in near:
        whole += value
        for topic in topics:
            votes[topic] += value  # type: ignore[assignment]
    shares = {topic: votes[topic] / whole for topic in votes} if whole else {}
    folded = fold(text)
    for code, names in labels.items():
        named = (fold(name) for name in names)
        if any(len(name) >= _SHORTEST_LABEL and name in folded for name in named):
            shares[code] = shares.get(code, 0.0) + 1
    sure = [code for code, share in shares.items() if share >= _LEAST_SHARE]
    return tuple(sorted(sure, key=lambda code: (-shares[code], code))[:_MOST_TOPICS])


def related(topics: Collection[str], parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """Give topics with those right above and below them, at most 16, by which experts are found."""
    found = dict.fromkeys(topics)
    found |= dict.fromkeys(above for topic in topics if (above := parents.get(topic)))
    found |= dict.fromkeys(sorted(code for code, above in parents.items() if above in topics))
    return tuple(found)[:_MOST_RELATED]


# Who answers.


@attrs.frozen(kw_only=True)
class Choice:
    """An expert who may answer, and why; the contributions sum to the score."""

    expert: str
    score: float
    why: Mapping[str, float]


def choices(
    experts: Iterable[tuple[Expert, Collection[Levels]]],
    *,
    topics: Collection[str],
    places: Collection[Levels],
    language: str,
    parents: Mapping[str, str | None],
    declined: Collection[str] = (),
) -> Iterator[Choice]:
    """Give the experts who may answer a question, best first, ties by id.

    Args:
        experts: Each with where they work.
        topics: Of the question.
        places: Where it was asked; empty: it does not say.
        language: In which it was asked.
        parents: The tree of the vocabulary `topic`, wider term by code.
        declined: Ids of those who did not want it.

    Returns:
        Those who speak the language and know the topic or one next to it, whether they are
        free or not.
    """
    found = []
    for expert, homes in experts:
        known = topic_fit(topics, expert.topics, parents)
        spoken = language_fit(language, expert.languages)
        if expert.id in declined or spoken is None or (known or 0.0) < _LEAST_TOPIC:
            continue
        features = {
            "topic": known,
            "region": region_fit(places, homes),
            "language": spoken,
        }
        value, why = score({n: f for n, f in features.items() if f is not None}, WEIGHTS)
        found.append(Choice(expert=expert.id, score=value, why=why))
    return iter(sorted(found, key=lambda one: (-one.score, one.expert)))


# Until when.


def due_after(
    start: datetime, days: int, holidays: Collection[date], worked: Collection[date] = ()
) -> datetime:
    """Give the moment some working days (工作日) later, at the same time of day in China.

    Args:
        start: Aware.
        days: Working days, 0 or more.
        holidays: Days without work.
        worked: Days that are worked though they are of a weekend (调休上班); these win.

    Returns:
        A moment on a working day; with 0 days that of `start` or the next working day.
    """

    def works(day: date) -> bool:
        return day in worked or (day.weekday() < _SATURDAY and day not in holidays)

    local = start.astimezone(SHANGHAI)
    while not works(local.date()):
        local += timedelta(days=1)
    for _ in range(days):
        local += timedelta(days=1)
        while not works(local.date()):
            local += timedelta(days=1)
    return local.astimezone(start.tzinfo)
