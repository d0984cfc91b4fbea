"""What all nouns share, and values whose source gives them loosely."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Self

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import aware

__all__ = [
    "EPOCH",
    "SHANGHAI",
    "Labelled",
    "Noun",
    "Precision",
    "Quantity",
    "When",
    "WhenPrecision",
    "total",
]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China Standard Time; no daylight saving since 1991, so a fixed offset is exact."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Labelled(StrEnum):
    """A closed vocabulary: each member has a value, a Chinese and an English label."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str, en: str) -> Self:
        """Make a member from value and labels."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member

    @classmethod
    def of(cls, value: str, path: str) -> Self:
        """Give the member of a value; raises `Invalid` (`field.choice`) with this path."""
        for member in cls:
            if member.value == value:
                return member
        choices = ", ".join(str(member.value) for member in cls)
        raise Invalid("field.choice", path=path, value=str(value)[:40], choices=choices)

    def label(self, language: str = "en") -> str:
        """Give the label in `zh` or `en`."""
        return self.zh if language.startswith("zh") else self.en


# No slots for the nouns with many fields: a frozen class sets each slot by a call.
@attrs.frozen(kw_only=True, slots=False)
class Noun:
    """What every stored noun has."""

    id: str
    """Kind prefix and a time-ordered part, such as `res_01jd…`."""
    version: int = 0
    """Counts the writes; 0 is not stored yet. A write names the version it replaces."""
    created_at: datetime = attrs.field(default=EPOCH, metadata=aware)
    """Aware, UTC."""
    updated_at: datetime = attrs.field(default=EPOCH, metadata=aware)
    """Aware, UTC."""


class Precision(Labelled):
    """How exactly a source gives a number."""

    EXACT = "exact", "准确", "exactly"
    ABOUT = "about", "约", "about"
    AT_LEAST = "at_least", "不少于", "at least"


@attrs.frozen
class Quantity:
    """A number as exact as its source: 170, about 170, at least 140 (140余)."""

    value: int
    precision: Precision = Precision.EXACT

    def __str__(self) -> str:
        mark = {Precision.EXACT: "", Precision.ABOUT: "~", Precision.AT_LEAST: ">="}
        return f"{mark[self.precision]}{self.value}"

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.value + other.value, _weaker(self.precision, other.precision))


def _weaker(one: Precision, other: Precision) -> Precision:
    # About is weakest: 170 or so and 140 or more may be less than 310.
    if Precision.ABOUT in (one, other):
        return Precision.ABOUT
    return Precision.AT_LEAST if Precision.AT_LEAST in (one, other) else Precision.EXACT


def total(quantities: Iterable[Quantity]) -> Quantity:
    """Add numbers of mixed precision; the sum is never more precise than its parts."""
    return sum(quantities, Quantity(0))


class WhenPrecision(Labelled):
    """How exactly a source gives a time."""

    MINUTE = "minute", "到分", "to the minute"
    DAY = "day", "到日", "to the day"
    MONTH = "month", "到月", "to the month"
    YEAR = "year", "到年", "to the year"
    RECENT = "recent", "近日", "recently"


@attrs.frozen
class When:
    """A time as exact as its source; the end must come after the start."""

    start: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment; None where the source does not say (近日)."""
    end: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment after it; for `recent` the day by which it had happened."""
    precision: WhenPrecision = WhenPrecision.MINUTE

    def _check(self) -> None:
        if self.start and self.end and self.end <= self.start:
            raise Invalid("when.backwards", path="end")

    @classmethod
    def day(cls, first: date, last: date | None = None) -> When:
        """Name a day, or days from first to last, both included, in China time."""
        last = last or first
        return cls(_midnight(first), _midnight(last) + timedelta(days=1), WhenPrecision.DAY)

    @classmethod
    def recent(cls, before: date | None = None) -> When:
        """Say 近日: some day not given, before the day of issue if that is known."""
        return cls(None, _midnight(before) if before else None, WhenPrecision.RECENT)

    def __str__(self) -> str:
        if self.precision is WhenPrecision.RECENT or self.start is None:
            return f"recently, before {_day(self.end)}" if self.end else "recently"
        if self.precision is WhenPrecision.MINUTE:
            return self.start.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        last = _day(self.end - timedelta(days=1)) if self.end else _day(self.start)
        first = _day(self.start)
        return first if first == last else f"{first}..{last}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _day(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).date().isoformat()
