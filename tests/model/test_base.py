"""Values whose source gives them loosely, and closed vocabularies."""

import importlib
import pkgutil
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tianfu_sdk.model
from tianfu_sdk import codec
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI, Labelled, Precision, Quantity, When, total
from tianfu_sdk.model.content import State

for _info in pkgutil.iter_modules(tianfu_sdk.model.__path__):
    importlib.import_module(f"tianfu_sdk.model.{_info.name}")


def vocabularies():
    return sorted(Labelled.__subclasses__(), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", vocabularies(), ids=lambda c: c.__name__)
def test_every_member_has_a_value_and_both_labels(cls):
    for member in cls:
        assert cls.of(member.value, "x") is member
        assert member.label("zh-Hans") == member.zh
        assert member.label("en") == member.en
        assert any("\u4e00" <= c <= "\u9fff" for c in member.zh)
        assert member.en.isascii()
        assert str(member) == member.value
    assert len({member.zh for member in cls}) == len(cls)


def test_a_value_that_is_none_lists_what_there_is():
    with pytest.raises(Invalid) as caught:
        State.of("publish", "state")
    assert (caught.value.code, caught.value.path) == ("field.choice", "state")
    assert "draft, submitted" in str(caught.value)


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity(170), "170"),
        (Quantity(170, Precision.ABOUT), "~170"),
        (Quantity(140, Precision.AT_LEAST), ">=140"),
    ],
)
def test_a_number_shows_how_exact_it_is(quantity, text):
    assert str(quantity) == text


quantities = st.builds(Quantity, st.integers(0, 10**6), st.sampled_from(Precision))


@given(st.lists(quantities, max_size=5))
def test_a_sum_is_never_more_exact_than_its_parts(parts):
    found = total(parts)
    assert found.value == sum(part.value for part in parts)
    kinds = {part.precision for part in parts}
    if Precision.ABOUT in kinds:
        assert found.precision is Precision.ABOUT
    elif Precision.AT_LEAST in kinds:
        assert found.precision is Precision.AT_LEAST
    else:
        assert found.precision is Precision.EXACT
    assert total(reversed(parts)) == found


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (When.day(date(2020, 11, 19)), "2020-11-19"),
        (When.day(date(2020, 11, 19), date(2020, 11, 21)), "2020-11-19..2020-11-21"),
        (When.recent(), "recently"),
        (When.recent(date(2020, 11, 19)), "recently, before 2020-11-19"),
        (When(datetime(2020, 11, 19, 1, 0, tzinfo=UTC)), "2020-11-19 09:00"),
        (When(), "recently"),
    ],
)
def test_a_time_shows_how_exact_it_is(when, text):
    assert str(when) == text


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
def test_days_hold_both_their_ends_in_china(first, more):
    last = date.fromordinal(first.toordinal() + more)
    when = When.day(first, last)
    assert when.start.astimezone(SHANGHAI).date() == first
    assert (when.end - when.start).days == more + 1
    codec.check(when)


def test_an_end_before_its_start_is_told():
    with pytest.raises(Invalid) as caught:
        codec.check(When.day(date(2020, 1, 2), date(2020, 1, 1)))
    assert (caught.value.code, caught.value.path) == ("when.backwards", "end")
