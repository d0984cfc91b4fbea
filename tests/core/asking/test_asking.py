"""How a question is weighed, and how an answer explains itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.asking.asking import (
    FEATURES,
    Measures,
    asks_something,
    coverage,
    explained,
    lead,
    measures,
    passage,
    question_tokens,
    rarity,
    spans,
    sureness,
)

NUMBERS = st.floats(0, 1)
PARTS = st.dictionaries(st.text("脑卒中预防", min_size=1, max_size=2), st.floats(0, 50))


@given(PARTS, st.dictionaries(st.sampled_from(FEATURES), NUMBERS), NUMBERS)
def test_contributions_sum_to_the_score_exactly_in_any_order(parts, features, weight):
    score, why = explained(parts, features, dict.fromkeys(FEATURES, weight))
    assert sum(why.values()) == score == sum(reversed(why.values()))
    assert score == pytest.approx(
        math.fsum(parts.values()) * (1 + weight * math.fsum(features.values())), abs=1e-6
    )
    assert list(why.values()) == sorted(why.values(), reverse=True)


@given(PARTS, st.sampled_from(FEATURES), NUMBERS, NUMBERS)
def test_a_score_grows_with_every_feature_and_a_weight_caps_it(parts, name, less, more):
    less, more = sorted((less, more))
    low, _ = explained(parts, {name: less}, {name: 0.05})
    high, _ = explained(parts, {name: more}, {name: 0.05})
    assert low <= high <= explained(parts, {}, {})[0] * 1.05 + 1e-6


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(("covered", "ahead", "named")))
def test_sureness_grows_with_every_measure(covered, ahead, named, name):
    low = {"covered": covered, "ahead": ahead, "named": named} | {name: 0.0}
    assert 0 < sureness(Measures(**low)) <= sureness(Measures(**low | {name: 1.0})) < 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("的", 0),
        ("怎么办？", 0),
        ("请问是什么呢", 0),
        ("怎麼辦", 0),
        ("水", 1),
        ("中风怎么办", 1),
        ("the", 1),
    ],
)
def test_a_question_says_what_it_is_about_or_only_that_it_asks(text, says):
    assert asks_something(text) is bool(says)


def test_what_nothing_has_weighs_as_much_as_the_rarest_that_something_has():
    found = [{"脑卒": 6.0, "预防": 2.0}, {"预防": 4.0}]
    assert rarity(["脑卒", "预防", "怪病"], found) == {"脑卒": 0.375, "预防": 0.25, "怪病": 0.375}
    assert rarity(["怪病"], found) == {"怪病": 1.0}
    assert rarity(["怪病"], []) == {}


def test_a_document_is_measured_by_what_it_covers_and_how_far_the_best_is_ahead():
    weights = {"脑卒": 0.75, "预防": 0.25}
    assert coverage(weights, {"脑卒": 1.0, "预防": 0.5, "别的": 1.0}) == 0.875
    assert (lead([8.0, 8.0]), lead([8.0, 8.0, 6.0])) == (1.0, 0.25)
    assert measures(0.5, 0.75, 0.25) == Measures(covered=0.5, ahead=0.0625, named=0.5)


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("腦卒中要緊的是預防。", "脑卒中怎么预防", ["腦卒中", "預防"]),
        ("中药里的中", "中", ["中", "中"]),
        ("Take vitamin-D, not vitamins.", "vitamin-d", ["vitamin-D"]),
        ("５Ｇ基站和5g", "5G", ["５Ｇ", "5g"]),
        ("ས་ཡོམ་རྒྱག་སྐབས།", "ས་ཡོམ", ["ས་ཡོམ"]),
        ("མཐུ་མཐོ", "མཐོ", ["མཐོ"]),
        ("ꀀꀁꀂꀃ", "ꀁꀂ", ["ꀁꀂ"]),
        ("腦\u200b卒\ufeff中\u200b", "脑卒中", ["腦\u200b卒\ufeff中"]),
        ("doctor ct", "ct", ["ct"]),
        ("", "脑卒中", []),
    ],
)
def test_what_was_looked_for_is_marked_as_it_is_shown(text, question, marked):
    found = spans(text, question_tokens(question))
    assert [text[start:end] for start, end in found] == marked


@given(
    st.text("脑卒中預防 covid-19་ས་ཡོམ།ﬁ①", max_size=60), st.text("脑卒中预防ས་covid", max_size=9)
)
def test_spans_lie_in_the_text_in_order(text, question):
    found = spans(text, question_tokens(question))
    flat = [place for span in found for place in span]
    assert flat == sorted(flat)
    assert all(0 <= start < end <= len(text) for start, end in found)


def test_a_passage_is_the_sentence_that_holds_most_with_those_after_it():
    text = "先说别的。脑卒中要预防。少盐。" + "长" * 140 + "。"
    assert passage(text, {"预防": 2.0, "别的": 1.0}) == "脑卒中要预防。少盐。"
    assert passage(" \n", {"预防": 1.0}) == ""
    assert passage("雨停了。 走吧。\n好", {"雨停": 1.0}) == "雨停了。走吧。好"


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_passage_of_latin_script_keeps_the_blanks_between_its_sentences(blank):
    rain = blank.join(("We eat.", "It rains.", "We wait.", "Then we go."))
    assert passage(rain, {"rains": 1.0}) == "It rains. We wait. Then we go."


def test_of_a_sentence_without_end_the_part_about_the_first_word_is_shown():
    text = "长" * 1000 + "脑卒中" + "短" * 1000
    shown = passage(text, {"脑卒": 1.0, "卒中": 1.0})
    assert len(shown) == 280
    assert shown.index("脑卒中") == 60
    assert len(passage("长" * 1000, {"脑卒": 1.0})) == 280
