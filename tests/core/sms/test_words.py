"""Words of lists in texts: what is found, and where exactly."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.sms.words import Words
from tianfu_sdk.model.template import Severity, WordList
from tianfu_sdk.text import fold, fold_with_places
from tianfu_sdk.text.folding import _ONE_TO_ONE


def words(*some, separated=True, severity=Severity.REFUSE, list_id="wdl_1"):
    return WordList(
        id=list_id,
        name="x",
        organization="org_1",
        region="510000",
        severity=severity,
        words=some,
        separated=separated,
    )


def found(text, *lists):
    return [text[hit.start : hit.end] for hit in Words(lists).scan(text)]


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("赌博", "远离赌博。", ["赌博"]),
        ("赌博", "遠離賭博。", ["賭博"]),
        ("賭博", "远离赌博。", ["赌博"]),
        ("VX", "加ｖｘ领奖", ["ｖｘ"]),
        ("vx", "加ＶＸ：123", ["ＶＸ"]),
        (
            "赌博",
            "赌 博、赌*博、赌\u200b博、赌．博、赌·博",
            ["赌 博", "赌*博", "赌\u200b博", "赌．博", "赌·博"],
        ),
        ("赌博", "不许赌，博物馆见", []),
        ("赌博", "…赌…博", ["赌…博"]),
        ("ad", "radio ad", ["ad"]),
        ("ad", "a-d", ["a-d"]),
        ("㎏", "5㎏", ["㎏"]),
        ("kg", "重㎏、5kg", ["㎏", "kg"]),
        ("95", "1950 95a", ["95"]),
        ("é", "caf e\u0301 é", ["e\u0301", "é"]),
        ("བོད་ཡིག", "འདི་བོད་ཡིག་ཡིན།", ["བོད་ཡིག"]),
        ("ꆈꌠ", "ꆈꌠꁱꂷ", ["ꆈꌠ"]),
        ("赌", "赌", ["赌"]),
        ("***", "a***b", ["***"]),
        ("", "任何文字", []),
        (" ", "任何 文字", []),
        ("一二三四", "一二三", []),
        ("一二三", "一一二三", ["一二三"]),
    ],
)
def test_words_are_found_where_they_stand(word, text, expected):
    assert found(text, words(word)) == expected


def test_what_stands_between_is_looked_through_only_where_that_is_wanted():
    assert found("赌 博", words("赌博", separated=False)) == []
    assert found("赌博", words("赌博", separated=False)) == ["赌博"]
    assert found("t.cn 和 tcn", words("t.cn", separated=False)) == ["t.cn"]


def test_of_one_list_the_longest_word_at_a_place_counts_and_all_lists_are_told():
    one = words("六合", "六合彩", "合彩")
    other = words("六合", list_id="wdl_2", severity=Severity.WARN)
    hits = Words([one, other]).scan("买六合彩")
    assert [(hit.list, hit.severity, hit.start, hit.end) for hit in hits] == [
        ("wdl_2", "warn", 1, 3),
        ("wdl_1", "refuse", 1, 4),
        ("wdl_1", "refuse", 2, 4),
    ]


def test_the_end_of_a_text_is_no_longer_word():
    assert found("一二", words("一二", "一二三")) == ["一二"]


def test_a_hit_says_no_word():
    assert "赌博" not in repr(Words([words("赌博")]).scan("赌博"))
    assert "赌博" not in repr(words("赌博"))


def test_each_character_said_to_fold_to_one_does():
    for character in map(chr, range(0x10000)):
        if re.fullmatch(f"[{_ONE_TO_ONE}]", character):
            assert len(fold(character)) == 1, hex(ord(character))


PIECES = [
    "赌",
    "博",
    "賭",
    "彩",
    "Ａ",
    "a",
    "b",
    " ",
    "*",
    "…",
    "㎏",
    "é",
    "e\u0301",
    "བོ",
    "ད",
    "་",
    "😀",
    "\u200b",
    "，",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(TEXTS)
def test_places_lead_back_to_the_text(text):
    folded, starts, ends = fold_with_places(text)
    assert len(folded) == len(starts) == len(ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(starts, ends, strict=True))
    assert list(starts) == sorted(starts)
    for character, start, end in zip(folded, starts, ends, strict=True):
        # Alone a tsheg is one that nothing follows, which `fold` takes away.
        assert character in fold(text[start:end]) + "་"


def goes_on(edge, beside):
    return re.fullmatch("[a-z][A-Za-z]|[0-9][0-9]", edge + beside) is not None


@given(
    TEXTS,
    st.lists(
        st.sampled_from(["赌博", "ab", "彩", "a博", "kg", "བོད", "é彩", "博彩a"]),
        max_size=4,
        unique=True,
    ),
)
def test_the_index_finds_what_looking_everywhere_finds(text, some):
    folded, starts, ends = fold_with_places(text)
    lists = [words(one, separated=False, list_id=f"wdl_{n}") for n, one in enumerate(some)]
    expected = set()
    for one in lists:
        word = fold(one.words[0])
        for at in range(len(folded)):
            if folded.startswith(word, at):
                start, end = starts[at], ends[at + len(word) - 1]
                left, right = text[max(0, start - 1) : start], text[end : end + 1]
                if goes_on(word[0], left) or goes_on(word[-1], right):
                    continue
                expected.add((one.id, start, end))
    assert {(hit.list, hit.start, hit.end) for hit in Words(lists).scan(text)} == expected


def test_a_tibetan_word_of_several_syllables_is_found_as_it_is_written():
    assert found("ང་བོད༌ཡིག་", words("བོད་ཡིག", separated=False))
    assert found("ང་བོད༌ཡིག་", words("བོད་ཡིག"))
