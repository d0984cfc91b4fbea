"""Dates as CLDR says them, as exact as they were given."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tianfu_sdk.core.dates import Said, format_date, format_number, format_when
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI, When, WhenPrecision

DAY = date(2020, 11, 19)


@pytest.mark.parametrize(
    ("language", "plain", "full"),
    [
        ("bo", "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19", "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19, གཟའ་ཕུར་བུ་"),
        ("ii", "2020 ꊯꊪꆪ 19", "2020 ꊯꊪꆪ 19, ꆏꊂꇖ"),
        ("zh-Hans", "2020年11月19日", "2020年11月19日星期四"),
        ("zh-Hant", "2020年11月19日", "2020年11月19日 星期四"),
        ("en", "November 19, 2020", "Thursday, November 19, 2020"),
    ],
)
def test_a_day_is_said_as_cldr_has_it(language, plain, full):
    assert format_date(DAY, language) == Said(plain, language)
    assert format_date(DAY, language, weekday=True) == Said(full, language)
    assert f"{format_date(DAY, language)}" == plain


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("bo-CN", "bo"),
        ("khg", "bo"),
        ("adx", "bo"),
        ("iii", "ii"),
        ("qxs", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-Hant-MO", "zh-Hant-MO"),
        ("yi", "yi"),
    ],
)
def test_what_cldr_has_not_is_said_in_a_fallback_that_is_named(asked, said):
    assert format_date(DAY, asked).language == said
    assert format_date(DAY, asked).text == format_date(DAY, said).text


def test_yiddish_is_not_yi():
    assert format_date(DAY, "yi").text != format_date(DAY, "ii").text


def test_a_moment_is_a_day_in_china():
    evening = datetime(2020, 11, 18, 20, 0, tzinfo=UTC)
    assert format_date(evening, "zh").text == "2020年11月19日"


@pytest.mark.parametrize(
    ("when", "zh", "bo"),
    [
        (When.day(DAY), "2020年11月19日", "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19"),
        (
            When.day(DAY, date(2020, 11, 21)),
            "2020年11月19日 – 2020年11月21日",
            "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19 – 2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་21",
        ),
        (
            When(datetime(2020, 11, 19, 6, 5, tzinfo=UTC)),
            "2020年11月19日 14:05",
            "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19 14:05",
        ),
        (
            When(datetime(2020, 11, 19, 6, 5, tzinfo=UTC), datetime(2020, 11, 19, 8, tzinfo=UTC)),
            "2020年11月19日 14:05 – 16:00",
            "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19 14:05 – 16:00",
        ),
        (
            When(datetime(2020, 11, 19, 6, 5, tzinfo=UTC), datetime(2020, 11, 20, 1, tzinfo=UTC)),
            "2020年11月19日 14:05 – 2020年11月20日 09:00",
            "2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19 14:05 – 2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་20 09:00",
        ),
        (
            When(
                datetime(2020, 11, 1, tzinfo=SHANGHAI),
                datetime(2020, 12, 1, tzinfo=SHANGHAI),
                WhenPrecision.MONTH,
            ),
            "2020年11月",
            "2020 ཟླ་བ་བཅུ་གཅིག་པ",
        ),
        (
            When(datetime(2020, 1, 1, tzinfo=SHANGHAI), None, WhenPrecision.YEAR),
            "2020年",
            "2020",
        ),
    ],
)
def test_a_time_keeps_its_precision(when, zh, bo):
    assert format_when(when, "zh") == Said(zh, "zh-Hans")
    # CLDR's Tibetan and Yi have thin spaces about the dash.
    assert format_when(when, "bo") == Said(bo.replace(" – ", "\u2009–\u2009"), "bo")


@pytest.mark.parametrize(
    ("language", "bare", "dated"),
    [
        ("zh", Said("近日", "zh-Hans"), Said("近日（2020年11月19日前）", "zh-Hans")),
        ("zh-HK", Said("近日", "zh-Hant"), Said("近日（2020年11月19日前）", "zh-Hant")),
        ("en-GB", Said("recently", "en"), Said("recently, before November 19, 2020", "en")),
        # No word of ours in Tibetan or Yi: the Chinese one, and marked as that.
        ("bo", Said("近日", "zh-Hans"), Said("近日（2020年11月19日前）", "zh-Hans")),
        ("ii", Said("近日", "zh-Hans"), Said("近日（2020年11月19日前）", "zh-Hans")),
    ],
)
def test_recently_stays_recently(language, bare, dated):
    assert format_when(When.recent(), language) == bare
    assert format_when(When.recent(DAY), language) == dated


def test_a_bad_tag_is_refused():
    for call in (lambda: format_date(DAY, "zh_CN"), lambda: format_when(When.recent(), "zh_CN")):
        with pytest.raises(Invalid) as caught:
            call()
        assert caught.value.code == "text.bad_language"


def test_babel_is_loaded_only_when_a_date_is_said():
    code = (
        "import sys, tianfu_sdk as tf; tf.text; tf.display; tf.Hub; tf.display.format_date;"
        "assert 'babel' not in sys.modules; from datetime import date;"
        "tf.display.format_date(date(2020, 1, 1), 'bo'); assert 'babel' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=50, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("value", "language", "own", "said"),
    [
        (1234.5, "bo", False, Said("1,234.5", "bo")),
        (1234.5, "bo", True, Said("༡,༢༣༤.༥", "bo")),
        (-7, "bo-CN", True, Said("-༧", "bo")),
        (2026, "khg", True, Said("༢,༠༢༦", "bo")),
        (1234, "dz", True, Said("༡,༢༣༤", "dz")),
        (1234567, "ii", True, Said("1,234,567", "ii")),
        (1234567, "zh-TW", False, Said("1,234,567", "zh-Hant")),
        (Decimal("0.12345678"), "zh", False, Said("0.12345678", "zh-Hans")),
    ],
)
def test_a_number_is_said_as_cldr_has_it(value, language, own, said):
    assert format_number(value, language, tibetan_digits=own) == said


def test_a_day_in_tibetan_has_digits_of_one_kind():
    """CLDR's medium pattern mixes ༡༡ and 23 in one day; the pattern used here does not."""
    digits = {ord(one) // 0x100 for one in format_date(DAY, "bo").text if one.isdecimal()}
    assert len(digits) == 1
