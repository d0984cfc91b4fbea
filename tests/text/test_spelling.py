import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.cli.demo.data_files import udhr
from tianfu_sdk.text import fold, tibetan_slips


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ("བོད་ཡིག ི", [("orphan_mark", 8, 9)]),
        ("\u0f90ོད", [("orphan_mark", 0, 2)]),
        ("ꆈི", [("orphan_mark", 1, 2)]),
        ("\u0f40\u0f72\u0fb2", [("order", 1, 3)]),
        ("\u0f40\u0f7e\u0f72", [("order", 1, 3)]),
        ("བོད་་ཡིག་གི", [("double_tsheg", 3, 5)]),
        ("བོད་ཡིག༌གི་", [("mixed_tsheg", 7, 8)]),
        ("བོད༌ཡིག་གི༌", [("mixed_tsheg", 7, 8)]),
        # The tsheg that does not break is usual between nga and a shad.
        ("ང༌། བོད་", []),
        ("ཀྲི་ཀྵ་ཧཱུྃ།", []),
        ("༡༧༽", []),
        ("科普", []),
    ],
)
def test_slips_are_told_with_their_place(text, slips):
    found = [
        (slip.code.removeprefix("tibetan."), slip.start, slip.end) for slip in tibetan_slips(text)
    ]
    assert found == slips
    assert all(slip.text("zh") != slip.text("en") for slip in tibetan_slips(text))


def test_printed_text_has_none():
    assert tibetan_slips(udhr()["languages"]["bo"]["body"]) == []


def test_what_is_told_is_what_no_fold_finds():
    """NFC and the fold leave these apart from what they look like."""
    typed, meant = "\u0f40\u0f72\u0fb2", "\u0f40\u0fb2\u0f72"
    assert unicodedata.normalize("NFC", typed) != unicodedata.normalize("NFC", meant)
    assert fold(typed) != fold(meant)
    assert tibetan_slips(typed)
    assert not tibetan_slips(meant)


@given(st.text(alphabet="ཀགི\u0fb2\u0f7e\u0f71་༌། a", max_size=20))
def test_places_lie_in_the_text(text):
    for slip in tibetan_slips(text):
        assert 0 <= slip.start < slip.end <= len(text)
