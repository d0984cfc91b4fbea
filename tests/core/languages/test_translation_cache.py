"""What is kept of engines is found by all that it depends on, and by nothing else."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.languages import translation_cache as cache
from tianfu_sdk.model.storage import Row
from tianfu_sdk.model.translation import Failed, Ok, TranslationCapabilities

CAN = TranslationCapabilities(
    name="vendor",
    pairs=frozenset({("zh-Hans", "bo")}),
    offline=False,
    third_party=True,
    version="1",
    terms=True,
)
WORDS = st.text('ab|\x1f"\\[],{}<> 防洪བོད\ud800', max_size=6)
ASKED = st.fixed_dictionaries(
    {
        "name": WORDS,
        "version": WORDS,
        "text": st.text("a{x}<b>%s 防།", max_size=8),
        "source": WORDS,
        "target": WORDS,
        "terms": st.lists(st.tuples(WORDS, WORDS), max_size=3),
    }
)


def key(asked):
    can = attrs.evolve(CAN, name=asked["name"], version=asked["version"])
    pair = {name: asked[name] for name in ("source", "target", "terms")}
    return cache.key_of(can, asked["text"], **pair)


@given(ASKED, ASKED)
def test_keys_are_one_where_all_that_counts_is_one(one, other):
    same = {**one, "terms": set(one["terms"])} == {**other, "terms": set(other["terms"])}
    assert (key(one) == key(other)) == same
    assert key(one) == key(one | {"terms": one["terms"][::-1] * 2})


@given(ASKED, st.sampled_from(["name", "version", "text", "source", "target"]), st.text("ab1"))
def test_whatever_is_changed_the_key_is_another(asked, name, more):
    assert (key(asked) == key(asked | {name: asked[name] + more})) == (more == "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("请到{place}集合", "请到{name}集合"),
        ("请到<b>集合", "请到<i>集合"),
        ("请到%s集合", "请到{1/}集合"),
        ("请到 https://a.cn 集合", "请到 https://b.cn 集合"),
    ],
)
def test_texts_that_differ_by_their_codes_are_others(one, other):
    asked = {"source": "zh-Hans", "target": "bo"}
    assert cache.key_of(CAN, one, **asked) != cache.key_of(CAN, other, **asked)


@given(ASKED, st.integers(1, 1000))
def test_a_place_is_one_of_so_many(asked, places):
    assert 0 <= int(cache.place_of(key(asked), places)) < places


@pytest.mark.parametrize(
    ("result", "worth"),
    [
        (Ok(id="a", text="བོད", origin="vendor"), True),
        (Ok(id="a", text="བོད", origin="vendor", damaged=True), False),
        (Ok(id="a", text="120", origin="copied"), False),
        (Failed(id="a", kind="transient"), False),
    ],
)
def test_only_whole_translations_are_kept(result, worth):
    assert cache.worth_keeping(result) is worth


def test_a_row_answers_its_own_key_until_it_lapses():
    row = cache.kept("k1", "7", 3, engine="vendor", result=Ok(id="a", text="བོད"), until=10)
    assert (row.id, row.version, row.keys) == ("7", 3, {"engine": "vendor", "until": 10})
    assert cache.read_kept(row, "k1", 9).text == "བོད"
    assert cache.read_kept(row, "k1", 10) is None
    assert cache.read_kept(row, "k2", 9) is None
    assert cache.read_kept(Row("7", keys={"engine": "vendor", "until": 10}), "k1", 9) is None
