import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.text import fold, normalize, tables
from tianfu_sdk.text.folding import _UNSEEN, _fold_tibetan

# Characters that meet in odd ways: marks, compatibility forms, jamo, long s, sigma.
ODD = "aeIJHſΣ\u0301\u030c\u0307\u0323\u0345 科發國ｅＡ①℃ﬁ豈가각\u0f00\u0f0b\u0f0c\u0f0d\u0f0e\u0f40\u0f71\u0f72\u0f7a\u0f7e\u0f77\x00\x85\n\u200b\u034f\ufe0f"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("臺灣　ＡＢＣ", "台湾 abc"),
        ("後面發展", "后面发展"),
        ("衞生", "卫生"),
        ("℃①", "°c1"),
        ("豈", "岂"),
        ("a\x00b\x85c", "a b c"),
        ("脑\u200b卒\ufeff中", "脑卒中"),
        ("葛\U000e0100根 vita\xadmin\u2060-d", "葛根 vitamin-d"),
        ("e\u200d\u0301", "é"),
        ("བོ\u200bད", "བོད"),
        ("a\tb\r\n", "a\tb\r\n"),
        ("J\u030c", "\u01f0"),
        ("བོད༌ཡིག", "བོད་ཡིག"),
        ("བོད་་ཡིག་", "བོད་ཡིག"),
        ("ང་།", "ང།"),
        ("ངས༎", "ངས།།"),
        ("\u0f6a\u0f90", "\u0f62\u0f90"),
        ("\u0f40\u0f7a\u0f7a", "\u0f40\u0f7b"),
        ("\u0f00", "\u0f68\u0f7c\u0f7e"),
        ("\u0f40\u0f73", "\u0f40\u0f71\u0f72"),
        ("\u0f40\u0f74\u0f71", "\u0f40\u0f71\u0f74"),
        ("\u0f77", "\u0fb2\u0f71\u0f80"),
    ],
)
def test_texts_that_read_the_same_fold_to_one(one, other):
    assert fold(one) == other == fold(other)


@pytest.mark.parametrize("text", ["显著", "瞭望", "资讯", "༡་༢"])
def test_what_only_phrases_or_words_decide_stays(text):
    assert fold(text) == text


def test_different_vowels_stay_different():
    assert fold("གཞི") != fold("གཞུ")


@given(st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters())))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters())))
def test_the_fold_in_one_pass_is_the_fold_by_its_steps(text):
    seen = text.translate(dict.fromkeys(_UNSEEN))
    steps = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).lower())
    steps = steps.translate(tables.one_to_one("fold"))
    spaced = "".join(
        " " if unicodedata.category(c) == "Cc" and c not in "\t\n\r" else c for c in steps
    )
    assert fold(text) == _fold_tibetan(spaced)


def test_no_ideograph_folds_to_one_that_folds_further():
    table = tables.one_to_one("fold")
    assert not table.keys() & set(table.values())
    assert len(table) > 3700


def test_texts_are_kept_composed_and_with_their_own_tsheg():
    assert normalize("e\u0301བོད༌ཡིག") == "éབོད༌ཡིག"
