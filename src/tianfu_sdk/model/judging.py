"""Question sets, and how well a search finds what answers their questions."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["HIGHEST_GRADE", "Difference", "Figures", "Interval", "Judged", "QuestionSet"]

HIGHEST_GRADE = 100
"""Of a judgement: a gain is 2^grade - 1, so that what is above says nothing more."""


@attrs.frozen(kw_only=True)
class QuestionSet:
    """Questions, and which documents answer them."""

    name: str
    questions: Mapping[str, str]
    """Text by id."""
    relevant: Mapping[str, Mapping[str, int]]
    """Grade of each document that was judged, above 0 if it answers, 100 at most; by the
    question's id."""
    corpus: Mapping[str, str] | None = None
    """Text by id of the documents to search; None: what a store has published."""


@attrs.frozen(kw_only=True)
class Judged:
    """What became of one question; its figures are 0 to 1."""

    set: str
    question: str
    """Id."""
    recall: float
    """Of the documents that answer, those among the first ten; of more than ten, out of ten."""
    mrr: float
    """1 / rank of the first that answers; 0 where none of the first ten does."""
    ndcg: float
    """Gains 2^grade - 1, discounted by log2(rank + 1), beside the best order there could be."""
    found: tuple[str, ...] = ()
    """Ids of the first ten."""
    absent: tuple[str, ...] = ()
    """Ids of documents that answer it and are not there to be found."""


@attrs.frozen
class Interval:
    """A mean, and where it lies at 95 % confidence."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@attrs.frozen(kw_only=True)
class Figures:
    """Means over the questions of a set, or over the means of all sets (`macro`)."""

    set: str
    questions: int
    recall: Interval
    mrr: Interval
    ndcg: Interval


@attrs.frozen(kw_only=True)
class Difference:
    """One way of searching beside another, question by question."""

    set: str
    recall: Interval
    """What the first has more than the second; likewise below."""
    mrr: Interval
    ndcg: Interval
    p: float
    """How likely a difference in nDCG at least as large is by chance alone, 0 to 1."""
    wins: int
    """Questions whose nDCG is higher by the first."""
    losses: int
    ties: int
