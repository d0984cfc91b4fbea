"""Recall, MRR, nDCG, their intervals, and differences."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.asking.judging import (
    differences,
    figures,
    judged,
    ndcg,
    recall,
    reciprocal_rank,
)
from tianfu_sdk.errors import Invalid

IDS = st.sampled_from([f"d{number:02d}" for number in range(30)])
FOUND = st.lists(IDS, unique=True, max_size=25)
GRADES = st.dictionaries(IDS, st.integers(0, 4), max_size=20)


def test_a_worked_example():
    grades = {"a": 3, "b": 1, "c": 0, "d": 2}
    found = ["c", "d", "x", "a"]
    assert recall(found, grades) == pytest.approx(2 / 3)
    assert reciprocal_rank(found, grades) == 0.5
    gained = 3 / math.log2(3) + 7 / math.log2(5)
    best = 7 / math.log2(2) + 3 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(found, grades) == pytest.approx(gained / best)


def test_only_the_first_ten_count_and_more_than_ten_answers_can_all_be_found():
    grades = {f"d{number:02d}": 1 for number in range(15)}
    found = [*grades][:10]
    assert recall(found, grades) == ndcg(found, grades) == 1
    last = [*(f"x{n}" for n in range(10)), "d00"]
    assert recall(last, grades) == reciprocal_rank(last, grades) == ndcg(last, grades) == 0


def test_what_is_found_twice_counts_once():
    one = judged(["a", "a", "b"], {"a": 1, "b": 1}, question="q", set_name="s")
    assert one.found == ("a", "b")
    assert (one.set, one.question, one.recall, one.ndcg) == ("s", "q", 1, 1)


@given(FOUND, GRADES)
def test_figures_lie_between_nothing_and_the_best_order(found, grades):
    best = sorted(grades, key=lambda id_: -grades[id_])
    for measure in (recall, reciprocal_rank, ndcg):
        value = measure(found, grades)
        assert 0 <= value <= 1 + 1e-12
        top = measure(best, grades)
        assert top == pytest.approx(1 if any(grades.values()) else 0)
        assert value <= top + 1e-12


@given(FOUND, GRADES, st.data())
def test_who_puts_a_better_document_first_is_never_worse(found, grades, data):
    if len(found) < 2:
        return
    place = data.draw(st.integers(0, len(found) - 2))
    one, two = found[place : place + 2]
    if grades.get(one, 0) >= grades.get(two, 0):
        return
    better = [*found[:place], two, one, *found[place + 2 :]]
    for measure in (recall, reciprocal_rank, ndcg):
        assert measure(better, grades) >= measure(found, grades) - 1e-12


@given(FOUND, GRADES)
def test_they_agree_with_trec_eval(found, grades):
    pytrec_eval = pytest.importorskip("pytrec_eval")
    # Its gain is the grade itself, and its recall knows no ten.
    gains = {id_: 2**grade - 1 for id_, grade in grades.items()}
    if not found or not any(gains.values()):
        return
    evaluator = pytrec_eval.RelevanceEvaluator(
        {"q": gains}, {"recall.10", "recip_rank", "ndcg_cut.10"}
    )
    run = {"q": {id_: float(len(found) - place) for place, id_ in enumerate(found[:10])}}
    theirs = evaluator.evaluate(run)["q"]
    answers = sum(gain > 0 for gain in gains.values())
    assert ndcg(found, grades) == pytest.approx(theirs["ndcg_cut_10"])
    assert recall(found, grades) * min(answers, 10) == pytest.approx(theirs["recall_10"] * answers)
    assert reciprocal_rank(found, grades) == pytest.approx(theirs["recip_rank"])


def some(ranks, set_name="s"):
    """Give questions whose one answer stands at each rank; 0: nowhere."""
    return [
        judged(
            [*(f"x{n}" for n in range(rank - 1)), "d"] if rank else [],
            {"d": 1},
            question=f"q{number}",
            set_name=set_name,
        )
        for number, rank in enumerate(ranks)
    ]


def test_means_of_sets_and_over_sets_weigh_each_set_alike():
    found = figures([*some([1, 1, 0, 0]), *some([1], "t")])
    assert [(one.set, one.questions) for one in found] == [("s", 4), ("t", 1), ("macro", 5)]
    assert [one.recall.value for one in found] == [0.5, 1, 0.75]


def test_one_set_has_no_mean_over_sets():
    assert [one.set for one in figures(some([1, 2]))] == ["s"]


@given(st.lists(st.integers(0, 10), min_size=1, max_size=40))
def test_a_mean_lies_in_its_interval_and_the_same_seed_gives_the_same(ranks):
    (found,) = figures(some(ranks), draws=200)
    assert found == figures(some(ranks), draws=200)[0]
    for interval in (found.recall, found.mrr, found.ndcg):
        assert interval.low <= interval.high
        assert -1e-9 <= interval.low <= interval.value + 0.2
    if len(set(ranks)) == 1:
        assert found.mrr.low == pytest.approx(found.mrr.high)


def test_intervals_narrow_with_the_questions():
    few, many = figures(some([0, 1] * 10))[0], figures(some([0, 1] * 500))[0]
    assert many.recall.high - many.recall.low < (few.recall.high - few.recall.low) / 3


def test_a_difference_counts_wins_and_losses_and_says_how_sure_it_is():
    ours, theirs = some([1] * 30 + [3] * 2), some([2] * 30 + [1] * 2)
    (found,) = differences(ours, theirs)
    assert (found.wins, found.losses, found.ties) == (30, 2, 0)
    assert found.ndcg.low > 0
    assert found.p < 0.01
    (back,) = differences(theirs, ours)
    assert (back.wins, back.losses) == (2, 30)
    assert back.ndcg.value == pytest.approx(-found.ndcg.value)


def test_no_difference_is_no_difference():
    (found,) = differences(some([1, 2, 0]), some([1, 2, 0]))
    assert (found.ndcg.value, found.ties, found.p) == (0, 3, 1)


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    # 2 / 2^n of all ways to turn the signs are as far from nothing; with one loss, 2 (n + 1) / 2^n.
    [(1, 0, 1), (3, 0, 1 / 4), (9, 0, 1 / 256), (7, 1, 18 / 256)],
)
def test_how_likely_a_difference_is_by_chance(wins, losses, p):
    ours, theirs = some([1] * wins + [0] * losses + [2]), some([0] * wins + [1] * losses + [2])
    (found,), (back,) = differences(ours, theirs), differences(theirs, ours)
    assert found.p == back.p == pytest.approx(p)


def test_where_not_all_ways_are_looked_at_those_that_are_drawn_say_about_the_same():
    ours, theirs = some([1] * 20 + [0] * 8), some([0] * 20 + [1] * 8)
    # Of 2^28 ways, those with 20 or more of one sign.
    assert differences(ours, theirs, draws=20_000)[0].p == pytest.approx(0.0357, abs=0.005)


def test_a_difference_over_sets_counts_all_their_questions():
    ours = [*some([1, 1]), *some([1], "t")]
    theirs = [*some([2, 1]), *some([0], "t")]
    found = differences(ours, theirs)
    assert [(one.set, one.wins, one.ties) for one in found] == [
        ("s", 1, 1),
        ("t", 1, 0),
        ("macro", 2, 1),
    ]


@pytest.mark.parametrize("other", [some([1]), some([1, 1], "t")])
def test_only_the_same_questions_are_compared(other):
    with pytest.raises(Invalid) as caught:
        differences(some([1, 1]), other)
    assert caught.value.code == "evaluate.other_questions"
