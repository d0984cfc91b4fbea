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


@given(st.text(alphabet="我a1。！”） \n།༎་ཀགིཡ༄༅ꆈ.?", max_size=40))
def test_joined_they_are_the_text_and_none_says_nothing(text):
    found = sentences(text)
    assert "".join(found) == text
    if len(found) > 1:
        assert all(any(c.isalnum() for c in one) for one in found)
