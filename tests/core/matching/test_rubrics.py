"""Scoring by a rubric: bands, edges, what does not apply, and what is no rubric."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk import codec
from tianfu_sdk.core.matching.rubrics import EXAMPLES, example, score
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.rubric import Rubric

PLAIN = {
    "code": "mine",
    "title": "试用",
    "items": [
        {
            "code": "visitors",
            "title": "年接待人次",
            "points": 10,
            "unit": "人次",
            "bands": [{"at_least": 30000, "points": 10}, {"at_least": 10000, "points": 7}],
        },
        {"code": "display", "title": "展示方式", "points": 10},
    ],
    "grades": [
        {"code": "excellent", "title": "优秀", "at_least": 90},
        {"code": "pass", "title": "合格", "at_least": 60},
        {"code": "fail", "title": "不合格", "at_least": 0},
    ],
}


def rubric(**changes):
    return codec.structure(Rubric, PLAIN | changes)


def refused(call, error=Invalid):
    with pytest.raises(error) as caught:
        call()
    return caught.value.path, caught.value.code


@pytest.mark.parametrize(
    ("visitors", "points"),
    [(30000, 10), (29999, 7), (10000, 7), (9999, 0), (0, 0), (10**9, 10)],
)
def test_an_edge_belongs_to_the_higher_band(visitors, points):
    found = score(rubric(), {"visitors": visitors, "display": 0})
    assert found.points == {"visitors": points, "display": 0}


@pytest.mark.parametrize(
    ("display", "grade"), [(8, "excellent"), (7.9, "pass"), (2, "pass"), (1.9, "fail")]
)
def test_an_edge_belongs_to_the_higher_grade(display, grade):
    found = score(rubric(), {"visitors": 30000, "display": display})
    assert (found.grade, found.full, found.percent) == (grade, 20, (10 + display) * 100 / 20)


@pytest.mark.parametrize(
    ("points", "grade"),
    [(63, "excellent"), (62.9, "good"), (49, "good"), (48.9, "pass"), (42, "pass"), (41.9, "fail")],
)
def test_the_edges_of_the_published_form_hold_where_points_are_no_hundred(points, grade):
    # 63 of 70 points are 90 of a hundred exactly, whatever binary fractions make of it.
    seventy = [{"code": "all", "title": "合计", "points": 70}]
    grades = codec.to_plain(EXAMPLES["science_base"])["grades"]
    assert score(rubric(items=seventy, grades=grades), {"all": points}).grade == grade


def test_what_does_not_apply_leaves_the_full_mark():
    found = score(rubric(), {"visitors": None, "display": 9})
    assert (found.total, found.full, found.percent, found.grade) == (9, 10, 90, "excellent")
    assert "visitors" not in found.points


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"visitors": 1}, ("values.display", "rubric.missing")),
        ({"visitors": 1, "display": 1, "x": 1}, ("values.x", "rubric.no_item")),
        ({"visitors": -1, "display": 1}, ("values.visitors", "field.too_small")),
        ({"visitors": 1, "display": 11}, ("values.display", "field.too_large")),
        ({"visitors": float("nan"), "display": 1}, ("values.visitors", "field.too_large")),
        ({"visitors": None, "display": None}, ("values", "rubric.nothing_applies")),
    ],
)
def test_values_that_cannot_be_scored_are_told_by_item(values, told):
    assert refused(lambda: score(rubric(), values)) == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"items": []}, ("items", "rubric.empty")),
        ({"items": PLAIN["items"] * 2}, ("items", "field.twice")),
        ({"grades": PLAIN["grades"][::-1]}, ("grades", "rubric.order")),
        ({"grades": []}, ("grades", "rubric.order")),
        ({"code": "Mine"}, ("code", "rubric.bad_code")),
        ({"reviewers": 0}, ("reviewers", "field.too_small")),
    ],
)
def test_what_is_no_rubric_is_refused(changes, told):
    assert refused(lambda: rubric(**changes)) == told


def test_bands_go_down_and_hold_no_more_points_than_their_item():
    bands = PLAIN["items"][0]["bands"]
    for wrong, code in (
        (bands[::-1], "rubric.order"),
        ([{"at_least": 1, "points": 11}], "rubric.too_many_points"),
    ):
        items = [PLAIN["items"][0] | {"bands": wrong}]
        assert refused(lambda i=items: rubric(items=i)) == ("items[0].bands", code)


@given(st.floats(0, 10, allow_nan=False), st.floats(0, 10, allow_nan=False))
def test_more_is_never_worse(one, other):
    order = [grade.code for grade in rubric().grades]
    low, high = sorted((one, other))
    worse, better = (score(rubric(), {"visitors": 1, "display": v}) for v in (low, high))
    assert better.percent >= worse.percent
    assert order.index(better.grade) <= order.index(worse.grade)


def test_the_examples_are_rubrics_and_say_that_they_are_examples():
    for code, one in EXAMPLES.items():
        codec.check(one)
        assert one.code == code
        assert "示例" in one.note
        assert codec.structure(Rubric, codec.to_plain(one)) == one
    assert refused(lambda: example("x"), NotFound) == ("rubric", "rubric.unknown")
