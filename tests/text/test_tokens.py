import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.text import (
    ANALYZER_VERSION,
    HAN,
    YI,
    fold,
    folded_length,
    folded_query_tokens,
    folded_tokens,
    folded_words,
    query_tokens,
    tokens,
)


def test_the_version_grows_with_the_tokens():
    # Change the number together with what this text gives, and never one alone.
    text = "Covid-19疫\u200b苗，２０２６年 བོད་ཡིག ꆈꌠꁱ β波"
    assert ANALYZER_VERSION == 2
    assert tokens(text) == [
        *("covid-19", "疫", "苗", "疫苗", "2026", "年", "བོད", "ཡིག"),
        *("ꆈ", "ꌠ", "ꁱ", "ꆈꌠ", "ꌠꁱ", "β", "波"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("covid-19", ["covid-19"]),
        ("vitamin: d", ["vitamin", "d"]),
        ("vitamin-d", ["vitamin-d"]),
        ("C++", ["c"]),
        ("3.14 5G", ["3.14", "5g"]),
        ("a_b+c", ["a_b+c"]),
        ("-x-", ["x"]),
        ('say "hi" OR NEAR(1)', ["say", "hi", "or", "near", "1"]),
        ("高血压?", ["高", "血", "压", "高血", "血压"]),
        ("癌", ["癌"]),
        ("二〇二六", ["二", "〇", "二", "六", "二〇", "〇二", "二六"]),
        ("མཐུ མཐོ", ["མཐུ", "མཐོ"]),
        ("ཀ༌ཁ་ག།", ["ཀ", "ཁ", "ག"]),
        ("༢༠༢༦ལོ", ["༢༠༢༦", "ལོ"]),
        ("ꆈꌠꁱ", ["ꆈ", "ꌠ", "ꁱ", "ꆈꌠ", "ꌠꁱ"]),
        ("科ꆈ", ["科", "ꆈ"]),
        ("café naïve", ["café", "naïve"]),
        ("", []),
        ("😀 ，。", []),
    ],
)
def test_each_script_is_cut_its_own_way(text, expected):
    assert tokens(text) == expected


def test_both_ways_of_writing_chinese_give_the_same_tokens():
    assert tokens("腦中風怎麼預防") == tokens("脑中风怎么预防")


def test_a_question_drops_empty_words_but_not_their_pairs():
    assert query_tokens("肺的病和肺的药") == [
        "肺",
        "病",
        "药",
        "肺的",
        "的病",
        "病和",
        "和肺",
        "的药",
    ]


@pytest.mark.parametrize("text", ["的", "是 的", "和"])
def test_a_question_of_empty_words_only_keeps_them(text):
    assert query_tokens(text) == tokens(text)


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from('科普的ཀོ་ꆈꌠa1-._+ "é'), st.characters()), max_size=40
    )
)
def test_tokens_hold_nothing_that_an_engine_reads_as_syntax(text):
    found = tokens(text)
    assert found == folded_tokens(fold(text)) == tokens(text)
    assert all(token and not any(c.isspace() or c in "\"'*():^" for c in token) for token in found)
    assert folded_length(fold(text)) == len(found)
    single = re.compile(f"[{HAN}{YI}]")
    assert folded_words(fold(text)) == [one for one in found if not single.fullmatch(one)]
    asked = query_tokens(text)
    assert asked == folded_query_tokens(fold(text))
    assert len(asked) == len(set(asked))
    assert set(asked) <= set(found)
    assert bool(asked) == bool(found)
