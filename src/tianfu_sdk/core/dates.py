"""Days, times and numbers said in the languages of Sichuan, as CLDR has them, as exact as given.

Nothing is translated here: where CLDR has no word (近日 in Tibetan or Yi), the word of the
next language is said, and the result names that language. A native reader has not approved
CLDR's Tibetan and Yi patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import attrs

from tianfu_sdk.model.base import SHANGHAI, When, WhenPrecision
from tianfu_sdk.text import canonical_language, fallbacks

__all__ = ["Said", "format_date", "format_number", "format_when"]

_WEEKDAY = re.compile(r"[\s,،，]*EEEE[\s,،，]*")
_MONTH = {WhenPrecision.MONTH: "yMMMM", WhenPrecision.YEAR: "y"}
_TIBETAN_DIGITS = {ord("0") + digit: 0x0F20 + digit for digit in range(10)}
# By language: 近日, and 近日 before a day.
_RECENTLY = {
    "zh-Hans": ("近日", "近日（{day}前）"),
    "zh-Hant": ("近日", "近日（{day}前）"),
    "en": ("recently", "recently, before {day}"),
}


@attrs.frozen
class Said:
    """A day or time in words; `str()` gives the text."""

    text: str
    language: str
    """What it is said in; mark it with this where it is not the one asked for."""

    def __str__(self) -> str:
        return self.text


def format_date(day: date, language: str, *, weekday: bool = False) -> Said:
    """Say a day.

    Args:
        day: The day; of a `datetime` the day in China.
        language: A BCP 47 tag; what CLDR does not know is said in its fallbacks.
        weekday: Add the day of the week.

    Returns:
        Such as 2020年11月19日, or 2020 ཟླ་བ་བཅུ་གཅིག་པའི་ཚེས་19.

    Raises:
        Invalid: `text.bad_language`.

    Source:
        Unicode CLDR through Babel: the full pattern, without the weekday unless wanted.
    """
    tag, locale = _locale(language)
    return Said(_day(_china(day), locale, weekday=weekday), tag)


def format_when(when: When, language: str) -> Said:
    """Say a time as exactly as its source gives it, in China time.

    Args:
        when: To the minute, day, month or year; or 近日, which stays so.
        language: A BCP 47 tag; what CLDR does not know is said in its fallbacks.

    Returns:
        Hours on a clock of 24; spans with both ends; a last day that is included.

    Raises:
        Invalid: `text.bad_language`.

    Source:
        As `format_date`; the words for 近日 are our own, in Chinese and English only.
    """
    if when.precision is WhenPrecision.RECENT or when.start is None:
        return _recently(when, language)
    tag, locale = _locale(language)
    start = when.start.astimezone(SHANGHAI)
    end = when.end.astimezone(SHANGHAI) if when.end else None
    if when.precision is WhenPrecision.MINUTE:
        said = f"{_day(start.date(), locale)} {start:%H:%M}"
        if end is None:
            return Said(said, tag)
        same = end.date() == start.date()
        until = f"{end:%H:%M}" if same else f"{_day(end.date(), locale)} {end:%H:%M}"
        return Said(_span(said, until, locale), tag)
    # The end is the first moment after it.
    last = (end - timedelta(microseconds=1)).date() if end else start.date()
    first = _part(start.date(), when.precision, locale)
    return Said(_span(first, _part(last, when.precision, locale), locale), tag)


def format_number(value: float | Decimal, language: str, *, tibetan_digits: bool = False) -> Said:
    """Say a number.

    Args:
        value: The number; a `Decimal` keeps all its digits, others three after the point.
        language: A BCP 47 tag; what CLDR does not know is said in its fallbacks.
        tibetan_digits: Write ༠ to ༩ where the language is Tibetan or a kind of it. CLDR writes
            Tibetan with Latin digits by default, and one text should have one kind.

    Returns:
        Such as 1,234.5, or ༡,༢༣༤.༥.

    Raises:
        Invalid: `text.bad_language`.

    Source:
        Unicode CLDR through Babel.
    """
    from babel.numbers import format_decimal

    tag, locale = _locale(language)
    text = format_decimal(value, locale=locale, decimal_quantization=not isinstance(value, Decimal))
    if tibetan_digits and str(locale).startswith(("bo", "dz")):
        text = text.translate(_TIBETAN_DIGITS)
    return Said(text, tag)


def _recently(when: When, language: str) -> Said:
    asked = canonical_language(language)
    for tag in (asked, asked.partition("-")[0], *fallbacks(asked)):
        if tag in _RECENTLY:
            bare, dated = _RECENTLY[tag]
            if when.end is None:
                return Said(bare, tag)
            return Said(dated.format(day=format_date(when.end, tag)), tag)
    raise AssertionError(asked)  # every list of fallbacks ends in zh-Hans


def _part(day: date, precision: WhenPrecision, locale: Any) -> str:
    from babel.dates import format_skeleton

    skeleton = _MONTH.get(precision)
    if skeleton is None:
        return _day(day, locale)
    # Babel takes a naive time for UTC and a date not at all.
    return str(format_skeleton(skeleton, datetime(day.year, day.month, day.day), locale=locale))  # noqa: DTZ001


def _day(day: date, locale: Any, *, weekday: bool = False) -> str:
    from babel.dates import format_date as format_cldr

    pattern = locale.date_formats["full"].pattern
    return str(format_cldr(day, pattern if weekday else _WEEKDAY.sub("", pattern), locale=locale))


def _span(first: str, last: str, locale: Any) -> str:
    if first == last:
        return first
    pattern: str = locale.interval_formats[None]
    return pattern.replace("{0}", first).replace("{1}", last)


def _china(day: date) -> date:
    return day.astimezone(SHANGHAI).date() if isinstance(day, datetime) else day


def _tags(language: str) -> Iterator[str]:
    asked = canonical_language(language)
    yield asked
    yield from fallbacks(asked)


@lru_cache(maxsize=64)
def _locale(language: str) -> tuple[str, Any]:
    from babel import Locale, UnknownLocaleError

    for tag in _tags(language):
        # Babel knows no private use and no extensions.
        plain = re.split("-[a-z0-9]-", tag)[0]
        try:
            return tag, Locale.parse(plain, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError(language)  # every list of fallbacks ends in zh-Hans, which Babel has
