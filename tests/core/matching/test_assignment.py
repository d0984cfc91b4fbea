"""A round is the best there is, whoever solves it."""

import itertools
import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.matching.assignment import assign
from tianfu_sdk.errors import Invalid

# As those of matches are: whole multiples of 2^-30, so that sums can be compared exactly.
numbers = st.integers(0, 2**30).map(lambda n: n / 2**30)
few = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@st.composite
def tables(draw, most=6, of=few | numbers):
    width = draw(st.integers(1, most))
    row = st.lists(st.none() | of, min_size=width, max_size=width)
    scores = draw(st.lists(row, min_size=1, max_size=most))
    capacity = draw(st.none() | st.lists(st.integers(0, 3), min_size=width, max_size=width))
    return scores, capacity


def worth(scores, taken):
    pairs = [(row, column) for row, column in enumerate(taken) if column is not None]
    return len(pairs), math.fsum(scores[row][column] for row, column in pairs)


def fair(scores, capacity, taken):
    takes = capacity or [1] * len(scores[0])
    assert len(taken) == len(scores)
    for column, most in enumerate(takes):
        assert taken.count(column) <= most
    assert all(c is None or scores[r][c] is not None for r, c in enumerate(taken))


@given(tables(most=4))
def test_no_other_round_is_better(table):
    scores, capacity = table
    takes = capacity or [1] * len(scores[0])
    best = (0, 0.0)
    choices = [[None, *(c for c, s in enumerate(row) if s is not None)] for row in scores]
    for taken in itertools.product(*choices):
        if all(taken.count(column) <= most for column, most in enumerate(takes)):
            best = max(best, worth(scores, taken))
    found, solver = assign(scores, capacity, solver="python")
    fair(scores, capacity, found)
    assert solver == "python"
    assert worth(scores, found) == best


@given(tables(most=9))
def test_both_solvers_find_rounds_that_are_worth_the_same(table):
    pytest.importorskip("scipy")
    scores, capacity = table
    rounds = {name: assign(scores, capacity, solver=name)[0] for name in ("scipy", "python")}
    for taken in rounds.values():
        fair(scores, capacity, taken)
    assert worth(scores, rounds["scipy"]) == worth(scores, rounds["python"])
    if any(capacity or [1]) and scores:
        assert assign(scores, capacity)[1] == "scipy"


@given(tables())
def test_a_round_is_the_same_each_time(table):
    scores, capacity = table
    assert assign(scores, capacity, solver="python") == assign(scores, capacity, solver="python")


def test_more_pairs_win_over_better_ones():
    assert assign([[1.0, 0.0], [1.0, None]], solver="python")[0] == [1, 0]


def test_nobody_there_gets_nobody():
    assert assign([])[0] == []
    assert assign([[], []])[0] == [None, None]
    assert assign([[0.5]], [0])[0] == [None]
    assert assign([[None]], solver="python")[0] == [None]


def test_an_array_is_a_table_too():
    numpy = pytest.importorskip("numpy")
    table = numpy.array([[0.5, float("nan")], [0.25, 0.75]])
    for solver in ("scipy", "python"):
        assert assign(table, solver=solver)[0] == [0, 1]


@pytest.mark.parametrize("solver", ["scipy", "python"])
@pytest.mark.parametrize(
    ("scores", "capacity", "code"),
    [
        ([[0.5], [0.5, 0.5]], None, "assign.shape"),
        ([[0.5, 0.5]], [1], "assign.shape"),
        ([[0.5]], [-1], "assign.shape"),
        ([[1.5]], None, "assign.score"),
        ([[-0.1]], None, "assign.score"),
        ([[math.inf]], None, "assign.score"),
    ],
)
def test_what_is_no_table_is_refused(scores, capacity, code, solver):
    if solver == "scipy":
        pytest.importorskip("scipy")
    with pytest.raises(Invalid) as caught:
        assign(scores, capacity, solver=solver)
    assert caught.value.code == code


def test_without_scipy_it_is_done_here(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    assert assign([[0.5]]) == ([0], "python")
    with pytest.raises(Invalid) as caught:
        assign([[0.5]], solver="scipy")
    assert caught.value.code == "assign.no_scipy"
    with pytest.raises(Invalid):
        assign([[0.5]], solver="greedy")
