"""Sources in sentences, translations beside them, and what a new revision changes."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.languages import aligning
from tianfu_sdk.model.translation import SegmentState

TEXTS = st.text("地震时请躲避。！？“”’」\n\r \tA1་།༎བོ", max_size=60)


def states(segments):
    return [(one.source, one.state.value) for one in segments]


def translated(texts, **said):
    """Segments of a source, each with a translation of its own, approved."""
    segments = aligning.begun(texts)
    return tuple(
        attrs.evolve(one, target=said.get(one.id, f"T{one.id}"), state=SegmentState.APPROVED)
        for one in segments
    )


@given(TEXTS)
def test_sentences_and_what_is_between_them_are_the_text(text):
    pieces = aligning.cut("body", text)
    assert all(piece.text.strip() == piece.text != "" for piece in pieces)
    again = "".join(piece.before + piece.text + piece.after for piece in pieces)
    assert again == text or not text.strip()


@pytest.mark.parametrize(
    "code",
    [
        "https://www.scst.cn/a?b=1",
        '<a href="https://www.scst.cn/a?b=1">',
        '<i title="Hi! There">',
        "https://www.scst.cn/!?x",
    ],
)
def test_no_sentence_ends_amid_an_address_or_a_tag(code):
    pieces = aligning.cut("body", f"请看{code}吗？好。")
    assert [piece.text for piece in pieces] == [f"请看{code}吗？", "好。"]


def test_a_closing_quote_stays_with_its_sentence():
    pieces = aligning.cut("body", "他说：“快跑！”大家跑了。")
    assert [piece.text for piece in pieces] == ["他说：“快跑！”", "大家跑了。"]
    assert [p.text for p in aligning.cut("body", "快跑！！大家跑了。")] == [
        "快跑！！",
        "大家跑了。",
    ]


def test_what_has_no_letters_needs_no_translation():
    segments = aligning.begun({"title": "地震", "body": "电话：\n12345-678\n"})
    assert [(s.id, s.state.value, s.target) for s in segments] == [
        ("s1", "empty", ""),
        ("s2", "empty", ""),
        ("s3", "translated", "12345-678"),
    ]


def test_a_translation_is_put_together_with_the_paragraphs_of_its_source():
    segments = translated(
        {"title": "地震", "body": "先躲。后跑。\n\n　再集合。\n"}, s2="དང་པོ།", s3="རྗེས་སུ།", s4="མཐར།"
    )
    assert aligning.joined(segments, "bo") == {
        "title": "Ts1",
        "body": "དང་པོ། རྗེས་སུ།\n\n　མཐར།\n",
    }
    assert aligning.joined(segments, "zh-Hant")["body"] == "དང་པོ།རྗེས་སུ།\n\n　མཐར།\n"


@pytest.mark.parametrize(
    ("target", "pairs"),
    [
        ("一。二。\n三。", [("先躲。", "一。"), ("后跑。", "二。"), ("再集合。", "三。")]),
        ("一和二。\n三。", [("先躲。后跑。", "一和二。"), ("再集合。", "三。")]),
        ("一。\n二。\n三。", [("先躲。后跑。\n再集合。", "一。\n二。\n三。")]),
        (
            "Hide. Run.\nThen meet.",
            [("先躲。", "Hide."), ("后跑。", "Run."), ("再集合。", "Then meet.")],
        ),
        ("See Dr. Li.\nMeet.", [("先躲。后跑。", "See Dr. Li."), ("再集合。", "Meet.")]),
        ("", [("先躲。", ""), ("后跑。", ""), ("再集合。", "")]),
    ],
)
def test_what_was_entered_as_a_whole_is_laid_beside_its_source(target, pairs):
    segments = aligning.aligned(
        {"body": "先躲。后跑。\n再集合。"},
        {"body": target},
        state=SegmentState.TRANSLATED,
        person="p",
    )
    assert [(s.source, s.target) for s in segments] == pairs
    assert aligning.joined(segments, "zh-Hant")["body"].strip() == target
    assert {s.translator for s in segments} == ({"p"} if target else {""})


def test_sentences_of_latin_script_are_put_together_with_a_blank():
    segments = translated(
        {"title": "地震", "body": "先躲。后跑。再集合。"}, s2="Hide.", s3="“Run!”", s4="3 meet."
    )
    assert aligning.joined(segments, "en")["body"] == "Hide. “Run!” 3 meet."


# A new revision.


def test_what_was_one_segment_stays_one_while_it_says_the_same():
    whole = aligning.aligned(
        {"body": "It rains. We wait.\nWe go. We eat."},
        {"body": "下雨，要等。\n走了。吃。"},
        state=SegmentState.APPROVED,
        person="p",
    )
    assert [one.source for one in whole] == ["It rains. We wait.", "We go.", "We eat."]
    # As it was when no sentence ended at a full stop.
    (first, *_) = whole
    old = (first, attrs.evolve(first, id="s2", source="We go. We eat.", target="走，吃。"))
    new, _ = aligning.renewed(old, {"body": "We sleep.\nIt rains. We wait.\nWe go. We drink."}, 2)
    assert [(one.source, one.target, one.state.value) for one in new] == [
        ("We sleep.", "", "empty"),
        ("It rains. We wait.", "下雨，要等。", "approved"),
        ("We go.", "走，吃。", "needs_work"),
        ("We drink.", "", "empty"),
    ]


def test_exactly_what_was_changed_is_marked():
    old = translated({"title": "地震", "body": "先躲在桌子下面。然后跑出去。\n最后集合。"})
    new, numbered = aligning.renewed(
        old, {"title": "地震", "body": "先躲在桌子下面。震后跑出去。\n最后集合。请勿坐电梯。"}, 4
    )
    assert [(s.id, s.state.value, s.target, s.previous_source) for s in new] == [
        ("s1", "approved", "Ts1", ""),
        ("s2", "approved", "Ts2", ""),
        ("s3", "needs_work", "Ts3", "然后跑出去。"),
        ("s4", "approved", "Ts4", ""),
        ("s5", "empty", "", ""),
    ]
    assert numbered == 5
    assert [s.version for s in new] == [1, 1, 2, 1, 1]


def test_what_was_moved_is_not_changed_and_what_is_gone_is_gone():
    old = translated({"body": "甲段的话。\n乙段的话。\n丙段的话。"})
    new, numbered = aligning.renewed(old, {"body": "丙段的话。\n甲段的话。"}, 3)
    assert [(s.id, s.state.value, s.after) for s in new] == [
        ("s3", "approved", "\n"),
        ("s1", "approved", ""),
    ]
    assert numbered == 3


def test_a_sentence_that_was_changed_twice_says_what_was_translated():
    old = translated({"body": "震后请立刻跑出楼房。"})
    once, _ = aligning.renewed(old, {"body": "震后请尽快跑出楼房。"}, 1)
    twice, _ = aligning.renewed(once, {"body": "震后请尽快离开楼房。"}, 1)
    assert (twice[0].previous_source, twice[0].state.value) == (
        "震后请立刻跑出楼房。",
        "needs_work",
    )
    back, _ = aligning.renewed(twice, {"body": "震后请尽快离开楼房。"}, 1)
    assert back == twice


def test_another_sentence_is_no_changed_one():
    old = translated({"body": "震后请立刻跑出楼房。"})
    new, numbered = aligning.renewed(old, {"body": "食盐不能防辐射！"}, 1)
    assert [(s.id, s.state.value) for s in new] == [("s2", "empty")]
    assert numbered == 2


@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
def test_a_new_revision_has_its_own_sentences_and_each_old_one_once(before, after):
    old = translated({"body": "\n".join(before)})
    texts = {"body": "\n".join(after)}
    new, numbered = aligning.renewed(old, texts, len(old))
    assert [s.source for s in new] == [p.text for p in aligning.cut("body", texts["body"])]
    ids = [s.id for s in new]
    assert len(set(ids)) == len(ids)
    assert numbered >= len(old)
    known = {s.id: s for s in old}
    for segment in new:
        if segment.id in known and segment.source == known[segment.id].source:
            assert segment.state == known[segment.id].state
        elif segment.id in known:
            assert segment.state is SegmentState.NEEDS_WORK
    same, _ = aligning.renewed(new, texts, numbered)
    assert same == new


def test_a_long_text_whose_every_line_changed_is_compared_in_a_moment():
    old = translated({"body": "\n".join(f"第{n}句旧话要改。" for n in range(400))})
    new, _ = aligning.renewed(
        old, {"body": "\n".join(f"第{n}句新话要改。" for n in range(400))}, 400
    )
    assert {s.state for s in new} == {SegmentState.NEEDS_WORK}
    assert [s.id for s in new] == [s.id for s in old]
