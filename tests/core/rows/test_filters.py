"""Conditions decided in Python, against an evaluator that is slow and plain."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.rows.filters import allowed, any_matches, beyond, matches, sort_key
from tianfu_sdk.core.searching.ranking import bm25, idf
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Key, Kind, Query, Row, Where

KIND = Kind(
    "thing",
    keys=(
        Key("word"),
        Key("number", "int"),
        Key("share", "float"),
        Key("hash", "bytes"),
        Key("tags", many=True),
        Key("years", "int", many=True),
    ),
)
WORDS = st.sampled_from(["", "a", "ab", "abc", "b", "A", "\uffff", "\U00010000", "\U0010ffff", "%"])
NUMBERS = st.integers(-2, 2) | st.sampled_from([2**63 - 1, -(2**63)])
VALUES = {
    "id": WORDS.filter(bool),
    "word": WORDS,
    "number": NUMBERS,
    "share": st.sampled_from([0.0, 0.1, 0.30000000000000004, 0.3, -1.0]),
    "hash": st.binary(max_size=2),
    "tags": WORDS,
    "years": NUMBERS,
}
MANY = {"tags", "years"}
rows = st.builds(
    Row,
    VALUES["id"],
    st.just(1),
    st.just(b""),
    st.fixed_dictionaries(
        {
            name: st.frozensets(values, max_size=3) if name in MANY else values
            for name, values in VALUES.items()
            if name != "id"
        }
    ),
)


@st.composite
def conditions(draw):
    key = draw(st.sampled_from(sorted(VALUES)))
    if key in MANY:
        return Where(key, "has", draw(VALUES[key]))
    ops = ["=", "!=", "<", "<=", ">", ">=", "in"] + (["prefix"] if key in {"id", "word"} else [])
    op = draw(st.sampled_from(ops))
    if op == "in":
        return Where(key, op, tuple(draw(st.lists(VALUES[key], max_size=3))))
    return Where(key, op, draw(VALUES[key]))


groups = st.lists(conditions(), max_size=3).map(tuple)
several = st.none() | st.lists(groups, max_size=3).map(tuple)


def plain(row, where):
    value = row.id if where.key == "id" else row.keys[where.key]
    if where.op == "has":
        return any(member == where.value for member in value)
    if where.op == "in":
        return any(value == member for member in where.value)
    if where.op == "prefix":
        return value[: len(where.value)] == where.value
    order = (value > where.value) - (value < where.value)
    return (
        order
        in {"=": {0}, "!=": {-1, 1}, "<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}}[where.op]
    )


def plain_group(row, group):
    return [plain(row, where) for where in group].count(False) == 0


def plain_groups(row, several):
    return several is None or [plain_group(row, group) for group in several].count(True) > 0


@settings(deadline=None)
@given(rows, groups)
def test_matches_agrees_with_a_plain_evaluator(row, group):
    KIND.check_query(Query(where=group))
    assert matches(row.id, row.keys, group) is plain_group(row, group)


@settings(deadline=None)
@given(rows, groups, several, several)
def test_allowed_joins_where_any_of_and_scope(row, where, any_of, scope):
    query = Query(where=where, any_of=any_of, scope=scope)
    expected = plain_group(row, where) and plain_groups(row, any_of) and plain_groups(row, scope)
    assert allowed(row.id, row.keys, query) is expected


@settings(deadline=None)
@given(st.lists(rows, unique_by=lambda row: row.id, max_size=8), st.booleans(), st.integers(1, 4))
def test_pages_by_sort_key_and_beyond_cover_exactly_once(many, desc, size):
    for order in ("id", "word", "number", "share", "hash"):
        places = sorted((sort_key(row.id, row.keys, order) for row in many), reverse=desc)
        seen, after = [], None
        while page := [
            place for place in places if beyond(place, Query(order=order, desc=desc, after=after))
        ][:size]:
            seen += page
            after = page[-1]
        assert seen == places


def test_text_is_ordered_by_code_point():
    first, second = ({"word": char} for char in "\uffff\U00010000")
    assert sort_key("a", first, "word") < sort_key("a", second, "word")
    assert matches("a", first, (Where("word", "<", "\U00010000"),))


def test_none_asks_nothing_and_an_empty_tuple_finds_nothing():
    assert any_matches("a", {}, None)
    assert not any_matches("a", {}, ())
    assert any_matches("a", {}, ((),))


def test_a_condition_on_a_key_that_is_not_there_is_refused():
    with pytest.raises(Invalid) as caught:
        matches("a", {}, (Where("word", "=", "x"),))
    assert (caught.value.code, caught.value.path) == ("storage.no_key", "word")


@settings(deadline=None)
@given(st.integers(1, 1000), st.data())
def test_idf_is_above_zero_and_falls_with_frequency(n, data):
    df = data.draw(st.integers(0, n - 1))
    assert idf(n, df) > idf(n, df + 1) > 0


def test_bm25_by_hand():
    # One of one document, of average length: ln(4/3) * 2.2 / 2.2.
    assert idf(1, 1) == pytest.approx(0.28768207245178085)
    assert bm25(1, idf(1, 1), 7, 7.0) == pytest.approx(0.28768207245178085)
    # Twice as long as the average: 2.2 / (1 + 1.2 * 1.75).
    assert bm25(1, 1.0, 20, 10.0) == pytest.approx(2.2 / 3.1)
    assert bm25(0, 1.0, 20, 10.0) == 0
