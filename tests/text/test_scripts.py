import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid
from tianfu_sdk.text import (
    canonical_language,
    fallbacks,
    language_order,
    script_of,
    starts_inside_stack,
)


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("科", "Hani"),
        ("々", "Hani"),
        ("〇", "Hani"),
        ("𠮷", "Hani"),
        ("ཀ", "Tibt"),
        ("ི", "Tibt"),
        ("ꀀ", "Yiii"),
        ("ꀕ", "Yiii"),
        ("꒐", "Yiii"),
        ("a", "Latn"),
        ("é", "Latn"),
        ("Ａ", "Latn"),
        ("1", "Zyyy"),
        ("，", "Zyyy"),
        ("😀", "Zyyy"),
        ("×", "Zyyy"),
        ("テ", "Zzzz"),
        ("я", "Zzzz"),
    ],
)
def test_each_character_has_the_script_of_unicode(character, script):
    assert script_of(character) == script


def test_what_hangs_on_a_tibetan_letter_is_what_unicode_calls_a_mark():
    block = [chr(code) for code in range(0x0F00, 0x1000)]
    marks = {character for character in block if unicodedata.category(character) in {"Mn", "Mc"}}
    assert {character for character in block if starts_inside_stack(character)} == marks


@pytest.mark.parametrize(
    ("given_tag", "tag"),
    [
        ("bo-CN", "bo"),
        ("bod", "bo"),
        ("tib", "bo"),
        ("BO-tibt-cn", "bo"),
        ("bo-IN", "bo-IN"),
        ("iii", "ii"),
        ("ii-CN", "ii"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zho", "zh-Hans"),
        ("zh-cmn-Hans-CN", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("ZH-HANT-HK", "zh-Hant-HK"),
        ("zh-yue", "yue"),
        ("adx", "adx"),
        ("khg", "khg"),
        ("EN-gb", "en-GB"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("de-ch-1901", "de-CH-1901"),
        ("en-A-BB-X-CC", "en-a-bb-x-cc"),
        ("x-Demo", "x-demo"),
        ("i-klingon", "i-klingon"),
    ],
)
def test_a_language_has_one_spelling(given_tag, tag):
    assert canonical_language(given_tag) == tag
    assert canonical_language(tag) == tag


def test_codes_that_lie_elsewhere_keep_their_meaning():
    assert canonical_language("yi") == "yi"
    assert canonical_language("ti") == "ti"
    assert canonical_language("dz") == "dz"


@pytest.mark.parametrize(
    "tag",
    ["", "a", "zh_CN", "zh-", "-zh", "zh--CN", "a-b", "toolonglanguage", "藏文", "zh-CN ", "en-a"],
)
def test_a_malformed_tag_is_refused(tag):
    with pytest.raises(Invalid) as caught:
        canonical_language(tag)
    assert (caught.value.code, caught.value.path) == ("text.bad_language", "language")


@given(st.text(alphabet="abzh-HNx019", max_size=12))
def test_a_canonical_tag_is_its_own(tag):
    try:
        found = canonical_language(tag)
    except Invalid:
        return
    assert canonical_language(found) == found
    assert found not in fallbacks(found)
    assert found == "zh-Hans" or fallbacks(found)[-1] == "zh-Hans"


@pytest.mark.parametrize(
    ("tag", "order"),
    [
        ("adx", ("bo", "zh-Hans")),
        ("khg", ("bo", "zh-Hans")),
        ("bo-CN", ("zh-Hans",)),
        ("bo-IN", ("bo", "zh-Hans")),
        ("ii", ("zh-Hans",)),
        ("qxs", ("zh-Hans",)),
        ("zh-TW", ("zh-Hans",)),
        ("zh-Hant-HK", ("zh-Hant", "zh-Hans")),
        ("zh-Hant-MO", ("zh-Hant-HK", "zh-Hant", "zh-Hans")),
        ("zh", ()),
        ("en-GB", ("en", "zh-Hans")),
    ],
)
def test_missing_texts_fall_back_in_a_written_order(tag, order):
    assert fallbacks(tag) == order


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ("bo", ("bo", "zh-Hans")),
        (("ii", "adx"), ("ii", "adx", "bo", "zh-Hans")),
        (("zh-HK", "bo"), ("zh-Hant", "zh-Hans", "bo")),
        (("bo", "zh", "ii"), ("bo", "zh-Hans", "ii")),
        (("bo-CN", "bod", "en-US"), ("bo", "en-US", "en", "zh-Hans")),
        ((), ("zh-Hans",)),
    ],
)
def test_what_a_reader_likes_best_is_tried_first_and_chinese_last(wanted, order):
    assert language_order(wanted) == order
