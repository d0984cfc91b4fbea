"""How well a ranking answers: recall, MRR and nDCG at ten, their means, and differences.

Intervals are a bootstrap: questions are drawn again and again within each set, so that `macro`,
the mean of the sets' means, weighs small and large sets alike. Where two ways are compared, both
are drawn together, question by question, and a permutation test says how likely their difference is
by chance. The same seed gives the same figures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from operator import mul

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.judging import (
    HIGHEST_GRADE,
    Difference,
    Figures,
    Interval,
    Judged,
    QuestionSet,
)

__all__ = [
    "DEPTH",
    "MACRO",
    "demand_set",
    "differences",
    "figures",
    "judged",
    "ndcg",
    "recall",
    "reciprocal_rank",
]

DEPTH = 10
"""How many of the first documents are looked at."""
MACRO = "macro"
_DRAWS = 1000
_SEED = 7
_CONFIDENCE = 0.95
_SAME = 1e-9
_Row = tuple[float, float, float]


def recall(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Give the share of the documents that answer which stand among the first ten.

    Args:
        found: Ids, best first, each once.
        grades: By id; what is above 0 answers.

    Returns:
        Those among the first ten / min(all of them, 10); 0 where nothing answers.
    """
    wanted = {id_ for id_, grade in grades.items() if grade > 0}
    return len(wanted.intersection(found[:DEPTH])) / min(len(wanted), DEPTH) if wanted else 0.0


def reciprocal_rank(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Give 1 / rank of the first document that answers, 0 where none of the first ten does."""
    ranks = (rank for rank, id_ in enumerate(found[:DEPTH], 1) if grades.get(id_, 0) > 0)
    return 1 / next(ranks, math.inf)


def ndcg(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Give the discounted gain of the first ten beside that of the best order.

    Args:
        found: Ids, best first, each once.
        grades: By id; what is above 0 answers.

    Returns:
        0 to 1; gains are 2^grade - 1, discounts log2(rank + 1).

    Source: Burges et al., Learning to rank using gradient descent (ICML 2005).
    """
    ideal = _gain(sorted((grade for grade in grades.values() if grade > 0), reverse=True))
    return _gain([grades.get(id_, 0) for id_ in found]) / ideal if ideal else 0.0


def _gain(grades: Sequence[int]) -> float:
    return math.fsum(
        (2.0**grade - 1) / math.log2(rank + 1)
        for rank, grade in enumerate(grades[:DEPTH], 1)
        if grade > 0
    )


def demand_set(of: QuestionSet) -> None:
    """Demand that a question set holds texts and whole grades.

    Raises:
        Invalid: `field.type`, `field.too_large`, with set, part and id in the path.
    """
    demand_type(of, QuestionSet, "sets")
    for part, texts in (("questions", of.questions), ("corpus", of.corpus)):
        if texts is not None:
            demand_type(texts, Mapping, f"{of.name}.{part}")
            for id_, text in texts.items():
                demand_type(text, str, f"{of.name}.{part}.{id_}")
    demand_type(of.relevant, Mapping, f"{of.name}.relevant")
    for id_, grades in of.relevant.items():
        demand_type(grades, Mapping, f"{of.name}.relevant.{id_}")
        for document, grade in grades.items():
            demand_type(grade, int, f"{of.name}.relevant.{id_}.{document}")
            if grade > HIGHEST_GRADE:
                raise Invalid("field.too_large", path=f"{of.name}.relevant.{id_}.{document}")


def judged(
    found: Iterable[str],
    grades: Mapping[str, int],
    *,
    question: str = "",
    set_name: str = "",
    there: Collection[str] | None = None,
) -> Judged:
    """Judge what was found for one question.

    Args:
        found: Ids, best first; what comes again is passed over.
        grades: By id; what is above 0 answers.
        question: Its id.
        set_name: Of the set that it is of.
        there: Ids of all documents that could be found; None: not known.
    """
    first = list(dict.fromkeys(found))[:DEPTH]
    return Judged(
        set=set_name,
        question=question,
        recall=recall(first, grades),
        mrr=reciprocal_rank(first, grades),
        ndcg=ndcg(first, grades),
        found=tuple(first),
        absent=tuple(
            id_
            for id_, grade in grades.items()
            if grade > 0 and there is not None and id_ not in there
        ),
    )


def figures(found: Iterable[Judged], *, seed: int = _SEED, draws: int = _DRAWS) -> list[Figures]:
    """Give the means of each set, in the order of their names, and over the sets last.

    Args:
        found: Questions of any number of sets.
        seed: Of the bootstrap.
        draws: How often questions are drawn; the intervals settle as it grows.
    """
    sets = _by_set(found)
    rows = {name: [_row(one) for one in some.values()] for name, some in sets.items()}
    return [
        Figures(set=name, questions=number, recall=first, mrr=second, ndcg=third)
        for name, number, (first, second, third) in _means(rows, random.Random(seed), draws)  # noqa: S311 - no secret
    ]


def differences(
    found: Iterable[Judged], other: Iterable[Judged], *, seed: int = _SEED, draws: int = _DRAWS
) -> list[Difference]:
    """Compare two ways of searching, question by question.

    Args:
        found: By the first.
        other: By the second; of the same questions.
        seed: Of the bootstrap and of the permutation test.
        draws: How often questions are drawn.

    Returns:
        Of each set, and over the sets last: the first's means less the second's.

    Raises:
        Invalid: `evaluate.other_questions`.
    """
    ours, theirs = _by_set(found), _by_set(other)
    if {n: s.keys() for n, s in ours.items()} != {n: s.keys() for n, s in theirs.items()}:
        raise Invalid("evaluate.other_questions", path="other")
    rows = {
        name: [_less(_row(one), _row(theirs[name][id_])) for id_, one in some.items()]
        for name, some in ours.items()
    }
    gained = {name: [row[2] for row in some] for name, some in rows.items()}
    compared = []
    tossed = random.Random(seed)  # noqa: S311 - no secret
    for name, _, (first, second, third) in _means(rows, random.Random(seed), draws):  # noqa: S311 - no secret
        parts = list(gained.values()) if name == MACRO else [gained[name]]
        gains = list(chain(*parts))
        wins = sum(gain > _SAME for gain in gains)
        losses = sum(gain < -_SAME for gain in gains)
        compared.append(
            Difference(
                set=name,
                recall=first,
                mrr=second,
                ndcg=third,
                p=_chance(parts, tossed, draws),
                wins=wins,
                losses=losses,
                ties=len(gains) - wins - losses,
            )
        )
    return compared


def _chance(sets: Sequence[Sequence[float]], dice: random.Random, draws: int) -> float:
    """Tell how likely a mean of sets' means at least as far from 0 is where two ways are alike.

    Were they, each gain might as well be a loss. Where there are fewer ways to turn the signs than
    draws, all are looked at.

    Source: Fisher's permutation test of pairs; Smucker et al., A comparison of statistical
    significance tests for information retrieval evaluation (CIKM 2007).
    """
    shares = [gain / len(some) for some in sets for gain in some if abs(gain) > _SAME]
    least = abs(math.fsum(shares)) - _SAME
    every = 2 ** len(shares) <= draws
    signs: Iterable[Sequence[int]] = (
        product((1, -1), repeat=len(shares))
        if every
        else (dice.choices((1, -1), k=len(shares)) for _ in range(draws))
    )
    far: list[bool] = [abs(sum(map(mul, shares, some))) >= least for some in signs]
    # One that was drawn at random is never sure: what was seen is one of the ways, too.
    return sum(far) / len(far) if every else (sum(far) + 1) / (len(far) + 1)


def _by_set(found: Iterable[Judged]) -> dict[str, dict[str, Judged]]:
    sets: dict[str, dict[str, Judged]] = {}
    for one in found:
        sets.setdefault(one.set, {})[one.question] = one
    return dict(sorted(sets.items()))


def _row(one: Judged) -> _Row:
    return one.recall, one.mrr, one.ndcg


def _less(one: _Row, other: _Row) -> _Row:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


def _means(
    rows: Mapping[str, Sequence[_Row]], dice: random.Random, draws: int
) -> Iterator[tuple[str, int, tuple[Interval, Interval, Interval]]]:
    every: list[tuple[_Row, list[_Row]]] = []
    for name, some in rows.items():
        drawn = [_mean(dice.choices(some, k=len(some))) for _ in range(draws)]
        every.append((_mean(some), drawn))
        yield name, len(some), _intervals(*every[-1])
    if len(rows) > 1:
        mean = _mean([one for one, _ in every])
        together = [_mean(one) for one in zip(*(drawn for _, drawn in every), strict=True)]
        number = sum(map(len, rows.values()))
        yield MACRO, number, _intervals(mean, together)


def _mean(rows: Sequence[_Row]) -> _Row:
    first, second, third = (math.fsum(column) / len(rows) for column in zip(*rows, strict=True))
    return first, second, third


def _intervals(mean: _Row, drawn: Sequence[_Row]) -> tuple[Interval, Interval, Interval]:
    first, second, third = map(
        _interval, mean, zip(*drawn, strict=True) if drawn else ((one,) for one in mean)
    )
    return first, second, third


def _interval(mean: float, drawn: Sequence[float]) -> Interval:
    ordered = sorted(drawn)
    tail = int((1 - _CONFIDENCE) / 2 * len(ordered))
    return Interval(mean, ordered[tail], ordered[-1 - tail])
