import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.model.translation import Code, CodeKind, SegmentState
from tianfu_sdk.text import mask, plain, runs, unmask

OPEN, CLOSE, ALONE = CodeKind.OPEN, CodeKind.CLOSE, CodeKind.STANDALONE
BOLD, PLAIN = Code("b", OPEN, data="<b>"), Code("b", CLOSE, data="</b>")
SLOT = Code("s", data="{name}", can_delete=False, can_copy=False)
PRESS = ("Press ", BOLD, "Enter", PLAIN, " or ", SLOT)


def test_a_token_stands_for_each_code():
    masked = mask(PRESS)
    assert masked.text == "Press {1}Enter{/1} or {2/}"
    assert list(masked.codes.values()) == [BOLD, PLAIN, SLOT]
    assert plain(PRESS) == "Press Enter or "


def test_words_that_look_like_tokens_get_tokens_of_more_braces():
    masked = mask(("{1} and {{/1}}", SLOT, "}"))
    assert masked.text == "{1} and {{/1}}{{{1/}}}}"
    assert unmask(masked.text, masked).runs == ("{1} and {{/1}}", SLOT, "}")


def test_a_moved_pair_is_intact():
    back = unmask("{2/} \u0f42\u0f0b {1}\u0f4f{/1}", mask(PRESS))
    assert back.intact
    assert back.runs == (SLOT, " \u0f42\u0f0b ", BOLD, "\u0f4f", PLAIN)


@pytest.mark.parametrize(
    ("text", "kind", "codes"),
    [
        ("Press {1}Enter{/1} or", "lost", (SLOT,)),
        ("Press Enter or {2/}", "left_out", (BOLD, PLAIN)),
        ("{2/} {1}a{/1} {2/}", "doubled", (SLOT,)),
        ("{/1}a{1} {2/}", "crossed", (PLAIN, BOLD)),
        ("{1}a {2/}", "crossed", (BOLD,)),
        ("a{/1} {2/}", "crossed", (PLAIN,)),
        ("【2/】 {1}a{/1}", "lost", (SLOT,)),
    ],
)
def test_what_became_of_codes_is_told(text, kind, codes):
    back = unmask(text, mask(PRESS))
    assert not back.intact
    assert getattr(back, kind) == codes


def test_codes_that_may_not_change_places_are_told():
    one, two = Code("1", can_reorder=False), Code("2", can_reorder=False)
    masked = mask((one, "a", Code("3"), two))
    assert unmask("{2/}{1/}a{3/}", masked).intact
    assert unmask("{3/}{2/}{1/}", masked).crossed == (two, one)


def test_words_that_are_patterns_come_back_as_they_are():
    masked = mask((SLOT, r"\d{4} \1 C:\new $& [X0X]"))
    assert unmask(masked.text, masked).runs == (SLOT, r"\d{4} \1 C:\new $& [X0X]")


def test_two_codes_of_one_id_and_kind_find_their_way_back():
    one, two = Code("x", data="1"), Code("x", data="2")
    masked = mask((one, two))
    assert unmask(masked.text, masked).runs == (one, two)


WORDS = st.text("{}/123 ab\\\u0f42", min_size=1, max_size=8)
KINDS = st.sampled_from(CodeKind)


@given(st.lists(WORDS | KINDS))
def test_every_text_comes_back_as_it_was(parts):
    text = runs(
        part if not isinstance(part, CodeKind) else Code(f"c{n}", part)
        for n, part in enumerate(parts)
    )
    masked = mask(text)
    back = unmask(masked.text, masked)
    assert back.runs == text
    assert back.intact or back.crossed


def test_states_stand_in_order():
    states = [SegmentState.APPROVED, SegmentState.NEEDS_WORK, SegmentState.REVIEWED]
    assert min(states, key=lambda state: state.rank) is SegmentState.NEEDS_WORK
    assert [state.rank for state in SegmentState] == list(range(6))
