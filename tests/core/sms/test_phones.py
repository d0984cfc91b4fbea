"""Phones have one spelling inside, and errors about them never hold the number."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.sms.phones import masked, normalised
from tianfu_sdk.errors import Invalid

HOME = "+8613812345678"


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "8613812345678",
        "+8613812345678",
        "008613812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "(+86)138.1234.5678",
        "１３８１２３４５６７８",
        "＋８６　１３８－１２３４－５６７８",
        "138–1234—5678",
        "\u202a+86 138 1234 5678\u202c",
        "  13812345678\n",
    ],
)
def test_every_usual_spelling_is_one_number(text):
    assert normalised(text) == HOME


@pytest.mark.parametrize("text", ["10000000000", "19900000000", "12345678901", "+8610000000000"])
def test_numbers_that_are_clearly_nobodys_pass(text):
    assert normalised(text).removeprefix("+86") == text.removeprefix("+86")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("+852 5123 4567", "+85251234567"), ("001 212 555 0100", "+12125550100")],
)
def test_numbers_from_abroad_need_their_country(text, wanted):
    assert normalised(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1381234567",
        "138123456789",
        "02812345678",
        "23812345678",
        "+86138123456",
        "+8602812345678",
        "+0123456789",
        "+1234567890123456",
        "1381234567a",
        "138123٤5678",
        "13812345678,13912345678",
        "1" * 100,
    ],
)
def test_what_is_no_phone_is_refused_without_repeating_it(text):
    with pytest.raises(Invalid) as caught:
        normalised(text, "rows[3].phone")
    error = caught.value
    assert (error.code, error.path) == ("phone.bad", "rows[3].phone")
    said = json.dumps([str(error), repr(error), error.text("zh"), error.values, error.args])
    assert not text or text not in said


@pytest.mark.parametrize("value", [None, 13812345678, b"13812345678", ["13812345678"]])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(Invalid, match=r"phone\.bad"):
        normalised(value)


def test_a_mask_hides_the_middle():
    assert masked(HOME) == "+86138****5678"
    assert masked("+85251234567") == "+85****67"


@settings(max_examples=60)
@given(
    digits=st.from_regex(r"1[0-9]{10}", fullmatch=True),
    lead=st.sampled_from(["", "+86", "86", "0086", "＋８６"]),
    gaps=st.lists(st.sampled_from(["", " ", "-", "\u3000", "–"]), min_size=11, max_size=11),
)
def test_spelling_never_makes_another_number(digits, lead, gaps):
    written = lead + "".join(gap + digit for gap, digit in zip(gaps, digits, strict=True))
    assert normalised(written) == f"+86{digits}"
    assert normalised(normalised(written)) == normalised(written)


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_any_text_is_a_phone_or_refused(text):
    try:
        found = normalised(text)
    except Invalid:
        return
    assert found.startswith("+")
    assert found[1:].isascii()
    assert 7 <= len(found[1:]) <= 15
    assert found not in masked(found)
