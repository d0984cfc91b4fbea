"""Finding what was translated before: exactly, and nearly.

An index holds the texts of one language, folded. Near ones are looked for by pairs of
neighbours: those of the question that the fewest texts have name the candidates, and an edit
distance ranks them.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import attrs

from tianfu_sdk.core.languages.shingles import units
from tianfu_sdk.text import fold, normalize

__all__ = ["Found", "MemoryIndex", "context_of"]

_CANDIDATES = 200
_SHARE = 0.5
"""Pairs of a question that are looked up: the rarest half."""
_MOST_COUNTED = 60_000
"""Entries of pairs that are counted for one question, at most; rarer pairs come first."""
_DEAD = 0.25
"""Share of texts taken out from which an index is made anew."""


@attrs.frozen
class Found:
    """A text of an index that is near to the one asked for."""

    key: Any
    """As it was put in."""
    score: float
    same: bool
    """Equal as it is written, and not only when folded."""


def context_of(before: str, after: str) -> str:
    """Give what stands for the neighbours of a text; empty where it has none."""
    if not before and not after:
        return ""
    whole = f"{fold(before.strip())}\x1f{fold(after.strip())}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _grams(folded: str) -> set[str]:
    """Give what a text is looked up by: pairs of characters, syllables or words."""
    cut = units(folded)
    if len(cut) < 2:  # noqa: PLR2004 - no pair
        return set(cut) or {folded}
    return set(map("{}\x1f{}".format, cut, cut[1:]))


class MemoryIndex:
    """Texts of one language. Not for threads to share without a lock."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._texts: list[str] = []
        self._lengths = array("I")
        self._written: list[str] = []
        self._keys: list[Any] = []
        self._at: dict[Any, int] = {}
        self._same: dict[str, list[int]] = {}
        self._postings: dict[str, array[int]] = {}
        self._dead: set[int] = set()

    def __len__(self) -> int:
        return len(self._at)

    def put(self, key: Any, text: str) -> None:
        """Put a text in; one with this key is replaced."""
        self.remove(key)
        number = len(self._texts)
        folded = fold(text)
        self._texts.append(folded)
        # Beside the texts, which lie all over the memory and are slow to ask.
        self._lengths.append(len(folded))
        self._written.append(text)
        self._keys.append(key)
        self._at[key] = number
        self._same.setdefault(folded, []).append(number)
        for gram in _grams(folded):
            posting = self._postings.get(gram)
            if posting is None:
                posting = self._postings[gram] = array("I")
            posting.append(number)

    def remove(self, key: Any) -> None:
        """Take a text out, if it is there."""
        number = self._at.pop(key, None)
        if number is None:
            return
        self._dead.add(number)
        same = self._same[self._texts[number]]
        same.remove(number)
        if not same:
            del self._same[self._texts[number]]
        if len(self._dead) > max(1000, _DEAD * len(self._texts)):
            self._renew()

    def _renew(self) -> None:
        kept = [(key, self._written[number]) for key, number in self._at.items()]
        self._clear()
        for key, text in kept:
            self.put(key, text)

    def exact(self, text: str, allowed: Callable[[Any], bool]) -> list[Found]:
        """Give the texts that are the same when folded, equal ones first.

        Args:
            text: What is asked.
            allowed: Tells of a key whether it may be given.
        """
        text = normalize(text)
        found = [
            Found(self._keys[number], 1.0, self._written[number] == text)
            for number in self._same.get(fold(text), ())
            if allowed(self._keys[number])
        ]
        return sorted(found, key=lambda one: not one.same)

    def near(
        self, text: str, allowed: Callable[[Any], bool], *, least: float, limit: int
    ) -> list[Found]:
        """Give the texts that are near, but not the same, the nearest first.

        Args:
            text: What is asked.
            allowed: Tells of a key whether it may be given.
            least: Score at the least, above 0.
            limit: Texts at most.
        """
        folded = fold(text)
        shortest, longest = math.ceil(len(folded) * least), int(len(folded) / least)
        lengths, dead, keys = self._lengths, self._dead, self._keys
        fitting = (
            number
            for number in self._candidates(folded)
            if shortest <= lengths[number] <= longest
            and number not in dead
            and allowed(keys[number])
        )
        same = set(self._same.get(folded, ()))
        candidates = [one for one in islice(fitting, _CANDIDATES) if one not in same]
        scored = _scores(folded, [self._texts[number] for number in candidates], least)
        best = sorted(((score, -place) for place, score in scored), reverse=True)[:limit]
        return [Found(self._keys[candidates[-place]], score, same=False) for score, place in best]

    def _candidates(self, folded: str) -> Iterator[int]:
        """Give numbers of texts by how many of the rarest pairs they share, most first."""
        grams = _grams(folded)
        known = sorted(
            (posting for gram in grams if (posting := self._postings.get(gram)) is not None),
            key=len,
        )
        # Pairs that no text has are rarest of all, and name none.
        wanted = max(1, math.ceil(_SHARE * len(grams)) - (len(grams) - len(known)), 4)
        taken: list[array[int]] = []
        room = _MOST_COUNTED
        for posting in known[: max(wanted, len(known) // 2)]:
            if taken and len(posting) > room:
                break
            taken.append(posting)
            room -= len(posting)
        counts = Counter(chain.from_iterable(taken))
        return (number for number, _ in counts.most_common(4 * _CANDIDATES))


def _scores(text: str, others: Sequence[str], least: float) -> Iterator[tuple[int, float]]:
    """Give place and score of those that are near enough; the extra `fast` does it in C."""
    try:
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import extract_iter
    except ImportError:
        yield from _own_scores(text, others, least)
        return
    scorer = Levenshtein.normalized_similarity
    for _, score, place in extract_iter(text, others, scorer=scorer, score_cutoff=least):
        yield place, float(score)


def _own_scores(text: str, others: Sequence[str], least: float) -> Iterator[tuple[int, float]]:
    where: dict[str, int] = {}
    for place, character in enumerate(text):
        where[character] = where.get(character, 0) | 1 << place
    for place, other in enumerate(others):
        longest = max(len(text), len(other))
        score = 1 - _distance(where, len(text), other) / longest if longest else 1.0
        if score >= least:
            yield place, score


def _distance(where: dict[str, int], length: int, other: str) -> int:
    """Count the edits between a text and another, a column of the table an integer.

    Source: G. Myers, A fast bit-vector algorithm for approximate string matching, 1999, in
        the form of H. Hyyrö, 2003.
    """
    if not length:
        return len(other)
    full = (1 << length) - 1
    last = 1 << (length - 1)
    up, down, score = full, 0, length
    for character in other:
        equal = where.get(character, 0)
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        more = down | (full & ~(horizontal | up))
        less = up & horizontal
        if more & last:
            score += 1
        elif less & last:
            score -= 1
        more = (more << 1) | 1
        up = full & ((less << 1) | (full & ~(vertical | more)))
        down = full & more & vertical
    return score
