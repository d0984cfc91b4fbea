"""Who gets whom, all at once: the best one-to-one round of projects and experts.

The extra `assign` (SciPy) solves it; without it the same is done here, slower. Both find as
many pairs as there can be and, of all such rounds, one of the greatest sum. Which of several
equally good ones it is depends on the solver and on the order of rows and columns, and on
nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.errors import Invalid

__all__ = ["SOLVERS", "assign"]

SOLVERS = ("scipy", "python")
_GRAIN = 2**30
"""Scores are whole multiples of 2^-30, as those of `core.matching.matching`: sums are exact."""


def assign(
    scores: Sequence[Sequence[float | None]],
    capacity: Sequence[int] | None = None,
    *,
    solver: str | None = None,
) -> tuple[list[int | None], str]:
    """Give each row at most one column, so that most rows get one and the sum is greatest.

    Args:
        scores: A row a project, a column an expert, each number in [0, 1]; None: never these
            two. With NumPy also a float array, where NaN says so.
        capacity: How many rows each column takes; None: one.
        solver: `scipy` or `python`; None: SciPy where it is installed.

    Returns:
        The column of each row, None where it gets none; and which solver it was.

    Raises:
        Invalid: `assign.shape`, rows of different lengths, or another number of capacities;
            `assign.score`, a number that is not in [0, 1]; `assign.no_scipy`, it is named and
            not installed; `field.choice`.

    Source:
        Kuhn 1955; shortest augmenting paths as in Jonker and Volgenant 1987.
    """
    if solver is not None and solver not in SOLVERS:
        raise Invalid(
            "field.choice", path="solver", value=str(solver)[:40], choices=", ".join(SOLVERS)
        )
    if not len(scores):
        return [], solver or "python"
    width = len(scores[0])
    if any(len(row) != width for row in scores):
        raise Invalid("assign.shape", path="scores")
    if capacity is not None and (len(capacity) != width or any(n < 0 for n in capacity)):
        raise Invalid("assign.shape", path="capacity")
    # A column that takes several rows stands there several times.
    takes = [1] * width if capacity is None else [min(n, len(scores)) for n in capacity]
    columns = [place for place, times in enumerate(takes) for _ in range(times)]
    if not columns:
        return [None] * len(scores), solver or "python"
    if solver != "python":
        try:
            return _by_scipy(scores, columns), "scipy"
        except ImportError:
            if solver == "scipy":
                raise Invalid("assign.no_scipy", path="solver") from None
    return _by_hand(scores, columns), "python"


def _by_scipy(scores: Sequence[Sequence[float | None]], columns: Sequence[int]) -> list[int | None]:
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    given = np.array(scores, dtype=float)
    never = np.isnan(given)
    with np.errstate(invalid="ignore"):
        if bool((~never & ~((given >= 0) & (given <= 1))).any()):
            raise Invalid("assign.score", path="scores")
    # One pair more outweighs all that scores can differ by; whole numbers, so sums are exact.
    most = min(len(scores), len(columns)) + 1.0
    worth = np.where(never, 0.0, np.round(given * _GRAIN) + most * _GRAIN)
    if list(columns) != list(range(given.shape[1])):
        worth = worth[:, columns]
    rows, found = linear_sum_assignment(worth, maximize=True)
    taken: list[int | None] = [None] * len(scores)
    for row, place in zip(rows.tolist(), found.tolist(), strict=True):
        column = columns[place]
        if not never[row, column]:
            taken[row] = column
    return taken


def _by_hand(scores: Sequence[Sequence[float | None]], columns: Sequence[int]) -> list[int | None]:
    most = (min(len(scores), len(columns)) + 1) * _GRAIN
    costs = []
    for row in scores:
        line = []
        for score in row:
            # NaN, which NumPy has for None, differs from itself.
            never = score is None or score != score  # noqa: PLR0124
            if not never and not 0 <= score <= 1:  # type: ignore[operator]
                raise Invalid("assign.score", path="scores")
            line.append(0 if never else -(round(score * _GRAIN) + most))  # type: ignore[operator]
        costs.append([line[column] for column in columns])
    if len(scores) <= len(columns):
        places = _cheapest(costs)
    else:
        # Each column gets a row instead; rows that get none are left over.
        places = [-1] * len(scores)
        for place, row_ in enumerate(_cheapest([list(line) for line in zip(*costs, strict=True)])):
            places[row_] = place
    return [
        columns[place] if place >= 0 and costs[row_][place] else None
        for row_, place in enumerate(places)
    ]


def _cheapest(costs: Sequence[Sequence[int]]) -> list[int]:
    """Give each row a column of its own at the least cost in all; no more rows than columns."""
    width = len(costs[0])
    row_price = [0] * len(costs)
    column_price = [0] * width
    row_of = [-1] * width
    for start in range(len(costs)):
        # A shortest path from a row without a column to a column without a row, along prices.
        reached = [0] * width
        before = [-1] * width
        left = list(range(width))
        visited: list[int] = []
        row, last, far = start, -1, 0
        while True:
            line, shift = costs[row], far - row_price[row]
            nearest, at = None, -1
            for place, column in enumerate(left):
                length = line[column] + shift - column_price[column]
                if last < 0 or length < reached[column]:
                    reached[column], before[column] = length, last
                else:
                    length = reached[column]
                if nearest is None or length < nearest:
                    nearest, at = length, place
            assert nearest is not None  # noqa: S101 - there are enough columns
            far, last = nearest, left.pop(at)
            if row_of[last] < 0:
                break
            visited.append(last)
            row = row_of[last]
        row_price[start] += far
        for column in visited:
            row_price[row_of[column]] += far - reached[column]
            column_price[column] -= far - reached[column]
        while last >= 0:
            earlier = before[last]
            row_of[last] = row_of[earlier] if earlier >= 0 else start
            last = earlier
    return [column for _, column in sorted((r, c) for c, r in enumerate(row_of) if r >= 0)]
