"""Codes of a memory are changed for those of the text at hand, and none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.languages.memory_codes import bare, fitted, native
from tianfu_sdk.formats.tmx import content_of, words
from tianfu_sdk.model.memory import MemoryText


def text(written, language="zh-Hans"):
    """Make a text of a unit of how it stands in a `seg`."""
    content = content_of(written)
    marked = any(not isinstance(part, str) for part in content)
    return MemoryText(
        language=language, text=words(content) or " ", markup=written if marked else ""
    )


PAIR = '<bpt i="1" x="7">&lt;b&gt;</bpt>按<ept i="1">&lt;/b&gt;</ept><ph x="2">{n}</ph>'


@pytest.mark.parametrize(
    ("asked", "source", "target", "wanted"),
    [
        ("按键", "按键", "མནོན", "མནོན"),
        ("按{n}", '按<ph x="1">{n}</ph>', '<ph x="1">{n}</ph>མནོན', "{n}མནོན"),
        # Another file's codes: by their order.
        ("按{key}", '按<ph x="1">\\1</ph>', '<ph x="1">\\1</ph>མནོན', "{key}མནོན"),
        # Their order differs in the translation: what says which is which is heeded.
        (
            "{a}到{b}",
            '<ph x="1">%1</ph>到<ph x="2">%2</ph>',
            '<ph x="2">%2</ph>ལ<ph x="1">%1</ph>',
            "{b}ལ{a}",
        ),
        ("{a}到{b}", "<ph>%1</ph>到<ph>%2</ph>", "<ph>%2</ph>ལ<ph>%1</ph>", "{b}ལ{a}"),
        # The same ones, in another order than in the memory.
        ("{b}到{a}", "{a}到{b}", "{b}ལ{a}", "{b}ལ{a}"),
        (
            "<i>按</i>${x}",
            PAIR,
            '<ph x="2">{n}</ph><bpt i="4" x="7"/>མནོན<ept i="4"/>',
            "${x}<i>མནོན</i>",
        ),
        # Plain units, learnt from what was approved here.
        ("请到{where}集合", "请到{place}集合", "{place}འདུ", "{where}འདུ"),
        ("见https://b.cn", "见https://a.cn", "https://a.cn ལྟོས", "https://b.cn ལྟོས"),
        # What would be lost, or be one too many, is not guessed.
        ("按{n}", "按键", "མནོན", ""),
        ("按键", '按<ph x="1">{n}</ph>', 'མནོན<ph x="1">{n}</ph>', ""),
        ("按{n}", '按<ph x="1">{n}</ph>', "མནོན", ""),
        ("{a}{b}", "{a}{b}", "{a}{a}", ""),
    ],
)
def test_a_suggestion_has_the_codes_of_the_text_at_hand(asked, source, target, wanted):
    assert fitted(asked, text(source), text(target, "bo")) == wanted


def test_a_text_as_it_was_in_its_file_is_known_by_its_codes_too():
    assert native(text(PAIR)) == "<b>按</b>{n}"
    assert bare("<b>按</b>{n}键 https://a.cn") == "按键 "


@given(
    st.lists(st.sampled_from(["{a}", "{b}", "<i>", "%s", "https://a.cn "]), max_size=5),
    st.permutations(range(5)),
    st.lists(st.text("字ཀꆈ", max_size=3), min_size=6, max_size=6),
)
def test_no_code_is_lost_or_made_up(codes, order, between):
    names = [f'<ph x="{place}">\\{place}</ph>' for place in range(len(codes))]
    asked = "".join(a + b for a, b in zip(between, [*codes, ""], strict=False))
    source = "".join(a + b for a, b in zip(between, [*names, ""], strict=False))
    target = "ཀ".join(names[place] for place in order if place < len(names))
    found = fitted(asked, text(source or " "), text(target or "ཀ", "bo"))
    if codes:
        assert sorted(found.split("ཀ")) == sorted(one.strip() for one in codes)
