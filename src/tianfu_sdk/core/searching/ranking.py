"""How well a document answers: BM25, shared by the engines that live in a store."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping

from tianfu_sdk.model.search import Hit

__all__ = ["PAGED", "bm25", "damping", "idf", "page", "shares"]

PAGED = 500
"""Hits that pages reach at least."""

_K1 = 1.2
_B = 0.75


def idf(n: int, df: int) -> float:
    """Weigh a token by its rarity.

    Args:
        n: Documents in the whole index.
        df: Those of them that have the token.

    Returns:
        ln(1 + (n - df + 0.5) / (df + 0.5)); above 0 also where every document has it.
    """
    return math.log1p((n - df + 0.5) / (df + 0.5))


def bm25(tf: int, idf: float, length: int, average: float) -> float:
    """Give the share of one token in the score of one document.

    Args:
        tf: How often the document has the token.
        idf: The token's weight, of `idf`.
        length: Tokens of the document.
        average: Tokens of a document in the whole index on average; above 0.

    Returns:
        Okapi BM25 with k1 = 1.2 and b = 0.75; 0 where the token is absent.
    """
    return idf * tf * (_K1 + 1) / (tf + damping(length, average))


def damping(length: int, average: float) -> float:
    """Give what a document's length adds below the line in BM25, the same for all its tokens.

    Args:
        length: Tokens of the document.
        average: Tokens of a document in the whole index on average; above 0.
    """
    return _K1 * (1 - _B + _B * length / average)


def shares(
    counts: Mapping[str, int], weights: Mapping[str, float], length: int, average: float
) -> dict[str, float]:
    """Give the share of each token in the score of one document; see `bm25`.

    Args:
        counts: How often the document has each token; above 0.
        weights: Of `idf`, by token.
        length: Tokens of the document.
        average: Tokens of a document in the whole index on average; above 0.
    """
    damped = damping(length, average)
    return {
        token: weights[token] * count * (_K1 + 1) / (count + damped)
        for token, count in counts.items()
    }


def page(hits: Iterable[Hit], limit: int, after: Hit | None) -> list[Hit]:
    """Give one page of hits.

    Args:
        hits: In any order.
        limit: How many at most.
        after: The last hit of the page before; None: the first page.

    Returns:
        Those below that place, best first, ties by id.
    """
    if after is not None:
        place = (-after.score, after.id)
        hits = (hit for hit in hits if (-hit.score, hit.id) > place)
    return heapq.nsmallest(limit, hits, key=lambda hit: (-hit.score, hit.id))
