import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.text import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。他说：“走吧！”然后走了？！", ["你好。", "他说：“走吧！”", "然后走了？！"]),
        ("（见图。）再看。", ["（见图。）", "再看。"]),
        ("下雨了! 真的? 真的", ["下雨了! ", "真的? ", "真的"]),
        ("圆周率是3.14，见 Dr. Li", ["圆周率是3.14，见 Dr. Li"]),
        ("It rains. We wait.", ["It rains. ", "We wait."]),
        ("He said “Go.” Then he went.", ["He said “Go.” ", "Then he went."]),
        (
            "Wait... “Now” is late. (It is.) 好。",
            ["Wait... ", "“Now” is late. ", "(It is.) ", "好。"],
        ),
        ("The U.S. Army and J. Li, i.e. We two.", ["The U.S. Army and J. Li, i.e. We two."]),
        ("Oils (e.g. Olive) are good. 中文", ["Oils (e.g. Olive) are good. ", "中文"]),
        ("pH 3.14. Next. and so on.txt Yes", ["pH 3.14. ", "Next. and so on.txt Yes"]),
        ("1. First\n2. Then 3 of 4. End", ["1. First\n", "2. Then 3 of 4. ", "End"]),
        ("It rains.We wait. \n Then", ["It rains.We wait. \n ", "Then"]),
        ("Снег идёт. Мы ждём.", ["Снег идёт. ", "Мы ждём."]),
        ("བོད་ཡིག། ང་ཚོ་ཡོད། ། ལས་ཀ", ["བོད་ཡིག། ", "ང་ཚོ་ཡོད། ། ", "ལས་ཀ"]),
        ("ཡིན༎ ཡོད༔རེད།", ["ཡིན༎ ", "ཡོད༔", "རེད།"]),
        ("༄༅། །བོད་ཡིག་གི་སྐད།།", ["༄༅། །བོད་ཡིག་གི་སྐད།།"]),
        # No shad is written after ga; the space tells.
        ("ང་འགྲོ་འདུག ང་ཚོ་ཡིན།", ["ང་འགྲོ་འདུག ", "ང་ཚོ་ཡིན།"]),
        ("བོད་ 2026 ལོ", ["བོད་ 2026 ལོ"]),
        ("ꆈꌠ。ꁱꂷ！", ["ꆈꌠ。", "ꁱꂷ！"]),
        ("第一行\n\n第二行\r\n", ["第一行\n\n", "第二行\r\n"]),
        ("。。。", ["。。。"]),
        ("好。……", ["好。……"]),
        ("", []),
    ],
)
def test_a_text_is_cut_at_its_ends(text, expected):
    assert sentences(text) == expected


@given(st.text(alphabet="我aA1。！”） \n།༎་ཀགིཡ༄༅ꆈ.?", max_size=40))
def test_joined_they_are_the_text_and_none_says_nothing(text):
    found = sentences(text)
    assert "".join(found) == text
    if len(found) > 1:
        # A vowel sign alone is a syllable that lost its letter.
        assert all(any(c.isalnum() or c == "ི" for c in one) for one in found)


@pytest.mark.parametrize("text", ["中" * 100_000 + " x so. ", "." * 100_000 + "so. "])
def test_a_long_word_or_run_of_stops_takes_no_longer_than_its_length(text):
    # Looked at from each of its characters, it would take minutes.
    assert sentences(text + "B is so.") == [text, "B is so."]
