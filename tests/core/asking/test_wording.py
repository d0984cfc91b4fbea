"""Other words for what is asked: synonyms, terms in another language, one letter mistyped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.asking.asking import question_tokens
from tianfu_sdk.core.asking.wording import (
    Wording,
    also_held,
    may_be_mistyped,
    reworded,
    variants,
    wordings,
)
from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.synonyms import GROUPS, concepts, terms
from tianfu_sdk.model.glossary import Concept, GlossaryTerm, TermStatus
from tianfu_sdk.model.vocabulary import Term
from tianfu_sdk.text import fold

SHIPPED = Glossary(concepts(terms()))
STROKE = Wording("中风", "脑卒中", frozenset({"中", "风", "中风"}), ("脑卒", "卒中"))


def found(text, glossary=SHIPPED, languages=("zh-Hans",), wanted=()):
    return wordings(text, question_tokens(text), glossary, languages, wanted)


def test_a_synonym_is_found_both_ways_and_in_traditional_characters():
    assert STROKE in found("中风怎么预防")
    assert {w.said for w in found("腦卒中怎麼預防")} == {"中风", "卒中", "脑中风"} - {"卒中"}
    assert found("怎样种葡萄") == ()


def test_shipped_groups_are_distinct_words_that_are_found():
    words = [fold(word) for group in GROUPS.values() for word in group.split()]
    assert len(set(words)) == len(words)
    for group in GROUPS.values():
        first, *others = group.split()
        language = "en" if first.isascii() else "zh-Hans"
        assert found(first, languages=("zh-Hans", language)), group
        assert others


def test_groups_follow_the_widest_term_and_leave_out_what_is_not_active():
    def term(code, word, **more):
        return Term(id=code, vocabulary="synonym", code=code, labels={"zh-Hans": word}, **more)

    given = [
        term("a", "甲"),
        term("b", "乙", parent="a"),
        term("c", "丙", parent="b"),
        term("d", "丁", parent="a", active=False),
        term("e", "戊"),
        term("f", "己", parent="g"),
        term("g", "庚", parent="f"),
        term("h", "辛", parent="nowhere"),
    ]
    made = {c.id: {t.text for t in c.terms} for c in concepts(given)}
    assert made.pop("synonym.a") == {"甲", "乙", "丙"}
    # A circle is one group, whichever of its words it is called by.
    assert {frozenset(words) for words in made.values()} <= {frozenset({"己", "庚"})}


def test_a_forbidden_term_is_read_and_not_looked_for():
    glossary = Glossary(
        [
            Concept(
                id="con_1",
                organization="",
                region="",
                terms=(
                    GlossaryTerm(language="zh-Hans", text="地震"),
                    GlossaryTerm(language="zh-Hans", text="地动", status=TermStatus.FORBIDDEN),
                    GlossaryTerm(language="bo", text="ས་ཡོམ"),
                ),
            )
        ]
    )
    assert {w.said for w in found("地动", glossary)} == {"地震", "ས་ཡོམ"}
    assert {w.said for w in found("地震", glossary)} == {"ས་ཡོམ"}
    assert {w.said for w in found("地动", glossary, wanted=("bo",))} == {"ས་ཡོམ"}
    (tibetan,) = found("ས་ཡོམ་རྒྱག", glossary, ("bo",))
    assert (tibetan.said, tibetan.replaces) == ("地震", {"ས", "ཡོམ"})


def test_other_words_add_what_they_are_worth_more_and_only_whole():
    tokens = question_tokens("中风预防")
    both = {"预防": 2.0, "脑卒": 5.0, "卒中": 5.0}
    assert reworded(both, tokens, [STROKE], 0.8) == {"预防": 2.0, "脑卒中←中风": 8.0}
    assert reworded(both | {"中风": 6.0}, tokens, [STROKE], 0.8) == {
        "中风": 6.0,
        "预防": 2.0,
        "脑卒中←中风": 2.0,
    }
    assert reworded({"脑卒": 5.0}, tokens, [STROKE], 0.8) == {}
    assert reworded(both | {"中风": 9.0}, tokens, [STROKE], 0.8).keys() == {"中风", "预防"}
    assert also_held(both, tokens, [STROKE], 0.8) == {
        "预防": 1.0,
        "中": 0.8,
        "风": 0.8,
        "中风": 0.8,
    }


@given(st.dictionaries(st.sampled_from(["预防", "脑卒", "卒中", "中风", "中"]), st.floats(0, 9)))
def test_other_words_never_lower_a_score(parts):
    tokens = question_tokens("中风预防")
    plain = sum(part for token, part in parts.items() if token in tokens)
    assert sum(reworded(parts, tokens, [STROKE], 0.8).values()) >= plain - 1e-9


@pytest.mark.parametrize(
    "typed", ["vitamn", "vitammin", "vitanin", "vitmain", "itamin", "vitaminn"]
)
def test_one_slip_is_undone(typed):
    assert "vitamin" in set(variants(typed))
    assert typed not in set(variants(typed))


@pytest.mark.parametrize(
    ("word", "may"), [("vitamn", True), ("dose", False), ("covid-19", False), ("维生素", False)]
)
def test_only_longer_latin_words_may_be_slips(word, may):
    assert may_be_mistyped(word) is may
