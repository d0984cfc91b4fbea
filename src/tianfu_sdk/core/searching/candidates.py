"""From a question's tokens to few documents, and from these to the best.

These are the two halves of the engines that keep the texts beside an index of words.

A word is a token but for the single characters of scripts without blanks, which stand in too
many documents to find any by: they count in the ranking only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tianfu_sdk.core.searching.ranking import shares
from tianfu_sdk.model.search import Hit
from tianfu_sdk.text import folded_tokens, script_of

__all__ = ["MOST_HITS", "Counting", "best", "enough", "is_word", "rarest"]

MOST_HITS = 200
"""That an engine is asked for at once."""
_CANDIDATES = 100
_WALKED = 2_000
_MOST_WALKED = 20_000
_TOGETHER = 3
_FIRST_TOKENS = 16
_MOST_TOKENS = 64
_LETTERED = frozenset({"Hani", "Yiii"})
"""Scripts written without blanks, whose single characters are tokens beside the pairs."""


def _is_lettered(token: str) -> bool:
    return script_of(token[0]) in _LETTERED


def _is_doubled(token: str) -> bool:
    return len(token) > 1 and token[0] == token[1]


def is_word(token: str) -> bool:
    """Tell whether documents are looked for by a token, which is not empty."""
    return len(token) > 1 or not _is_lettered(token)


def enough(limit: int) -> int:
    """Give how many candidates are ranked for so many hits."""
    return max(_CANDIDATES, 2 * limit)


def rarest(frequencies: Mapping[str, int]) -> Iterator[list[str]]:
    """Choose the tokens by which candidates are looked for, and more where they are too few.

    Args:
        frequencies: How many documents have each token; above 0.

    Yields:
        The rarest tokens, rarest first, that are in 2,000 documents together, but at least
        three where these are in no more than 20,000; then twice as many, up to 64.

    Source: our measurements: a sum of the weights of so few tokens finds what a full ranking
        puts first, at a quarter of the cost.
    """
    ordered = sorted(frequencies, key=lambda token: (frequencies[token], token))[:_MOST_TOKENS]
    number = walked = 0
    for token in ordered[:_FIRST_TOKENS]:
        walked += frequencies[token]
        many = walked > (_MOST_WALKED if number < _TOGETHER else _WALKED)
        if number and many:
            break
        number += 1
    while 0 < number < len(ordered):
        yield ordered[:number]
        number *= 2
    if ordered:
        yield ordered


class Counting:
    """Counts some tokens in folded texts, as the analyzer sees them.

    Args:
        tokens: That are counted.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        # Counting in the text is quick and right for Han, but for 天天, which 天天天 has twice;
        # "ct" would be found inside "doctor". All these are counted among the tokens.
        self._lettered: list[str] = []
        self._others: list[str] = []
        for token in tokens:
            quick = _is_lettered(token) and not _is_doubled(token)
            (self._lettered if quick else self._others).append(token)

    def __call__(self, text: str) -> dict[str, int]:
        """Give how often a text has each of those that it has."""
        # Most of them stand in few texts.
        counts = {token: text.count(token) for token in self._lettered if token in text}
        here = [token for token in self._others if token in text]
        if here:
            seen = Counter(folded_tokens(text))
            counts.update({token: seen[token] for token in here if token in seen})
        return counts


def best(
    candidates: Iterable[tuple[str, str, int]], weights: Mapping[str, float], average: float
) -> list[Hit]:
    """Rank candidates by BM25 over all tokens of a question.

    Args:
        candidates: Id, folded text and number of tokens of each.
        weights: Of `ranking.idf`, by token.
        average: Tokens of a document in the whole index on average; above 0.

    Returns:
        Those that have any of the tokens, best first, ties by id.
    """
    count = Counting(weights)
    hits = []
    for id_, text, length in candidates:
        counts = count(text)
        parts = shares(counts, weights, length, average)
        if parts:
            hits.append(Hit(id_, sum(parts.values()), parts))
    hits.sort(key=lambda hit: (-hit.score, hit.id))
    return hits
