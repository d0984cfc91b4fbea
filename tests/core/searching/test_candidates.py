"""Which tokens candidates are looked for by."""

import pytest

from tianfu_sdk.core.searching.candidates import rarest


def counts(*numbers):
    return {f"t{place:02d}": number for place, number in enumerate(numbers)}


def first(*numbers):
    return next(rarest(counts(*numbers)), None)


def test_no_token_is_no_choice():
    assert first() is None


def test_the_rarest_come_first_and_ties_go_by_token():
    assert next(rarest({"b": 5, "c": 1, "a": 5})) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("numbers", "chosen"),
    [
        ([500] * 9, 4),
        ([501] * 9, 3),
        ([1] * 30, 16),
        ([6_000] * 9, 3),
        ([9_000] * 9, 2),
        ([50_000] * 9, 1),
        ([3, 1_990, 8], 3),
        ([3, 8, 20_000], 2),
    ],
)
def test_so_many_are_taken_first(numbers, chosen):
    assert len(first(*numbers)) == chosen


def test_more_are_taken_each_time_until_all_or_sixty_four():
    assert [len(some) for some in rarest(counts(*[50_000] * 5))] == [1, 2, 4, 5]
    assert [len(some) for some in rarest(counts(*[1] * 99))] == [16, 32, 64]
    assert [len(some) for some in rarest(counts(1, 1))] == [2]
