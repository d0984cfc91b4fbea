"""Rows that are checked many at a time are refused as one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.rows.border import check_rows
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Key, Kind, Row

KIND = Kind("plain", (Key("text"), Key("size", "int")), document=False)
GOOD = Row("a", 0, None, {"text": "x", "size": 1})

ids = st.sampled_from(["a", "", "x" * 64, "x" * 65, "藏", "\0", "\ud800", "\n"])
values = st.sampled_from(["x", "", "x" * 200, "x" * 201, "\0", "\ud800", "\n", 1, None, b"x"])
numbers = st.sampled_from([0, 2**63 - 1, -(2**63), 2**63, True, 1.0, "1", None])
keys = st.fixed_dictionaries({"text": values, "size": numbers}) | st.just({"text": "x"})
rows = st.builds(Row, ids, st.just(0), st.sampled_from([None, b""]), keys)


def said(check):
    try:
        check()
    except Invalid as error:
        return error.code, error.path
    return None


@given(st.lists(rows | st.just(GOOD), max_size=3))
def test_many_rows_are_refused_as_each_of_them_is(many):
    def one_by_one():
        for row in many:
            KIND.check_row(row)

    assert said(lambda: check_rows(KIND, many)) == said(one_by_one)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_odd_row_among_many_is_found(place):
    many = [GOOD] * 3
    many[place] = Row("b", 0, None, {"text": "x" * 201, "size": 1})
    with pytest.raises(Invalid) as caught:
        check_rows(KIND, many)
    assert (caught.value.code, caught.value.path) == ("storage.key_too_long", "plain.text")
