"""Shingles: how much of a text stands in another one."""

from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.languages.shingles import containment, resemblance, shingles, sketch
from tianfu_sdk.text import convert

TEXT = "脑卒中要紧的是预防：控制血压、少盐、戒烟。发现嘴歪手麻要马上就医。"
SETS = st.frozensets(st.integers(0, 2**32 - 1), max_size=80)


def test_script_marks_and_width_make_no_difference():
    assert shingles(TEXT) == shingles(convert(TEXT, "zh-Hant")) == shingles(f"  {TEXT}\n！")
    assert shingles("ＡＢＣ is Here now") == shingles("abc IS here, now")
    assert shingles("") == shingles("……") == frozenset()
    assert len(shingles("一")) == len(shingles("一二三")) == 1
    assert len(shingles("一二三四", 2)) == 3


def test_every_machine_has_the_same_numbers():
    assert sorted(shingles("科普一下")) == [819478840, 2409195445]


@given(SETS, SETS)
def test_shares_are_shares_and_resemblance_has_no_sides(one, other):
    assert resemblance(one, other) == resemblance(other, one)
    assert 0 <= resemblance(one, other) <= min(containment(one, other), 1)
    assert resemblance(one, one) == (1.0 if one else 0.0)
    assert containment(one & other, one) == (1.0 if one & other else 0.0)


@given(st.frozensets(st.integers(0, 2**32 - 1), max_size=900))
def test_a_sketch_is_a_few_of_them_and_the_same_ones(some):
    chosen = sketch(some)
    assert chosen == sorted(set(chosen)) == sketch(frozenset(some))
    assert len(chosen) == min(len(some), 64, max(16, len(some) // 8))


@given(SETS, st.integers(0, 2**32 - 1))
def test_what_is_added_changes_at_most_one_of_a_sketch(some, more):
    before, after = sketch(some), sketch(some | {more})
    assert len(set(after) - set(before)) <= 1
