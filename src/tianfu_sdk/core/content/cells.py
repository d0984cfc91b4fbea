"""What the cells of a user's table say: dates, times, quantities, yes and no.

Full-width digits and signs count as their plain forms. No error holds what stands in the
cell: it may be a phone that slipped into a wrong column.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.tables import LIST_END
from tianfu_sdk.model.base import SHANGHAI, Labelled, Precision, Quantity, When, WhenPrecision
from tianfu_sdk.model.content import Measure

__all__ = [
    "nearest",
    "read_area",
    "read_begin",
    "read_choice",
    "read_count",
    "read_date",
    "read_end",
    "read_flag",
    "read_language",
    "read_measures",
    "read_quantity",
    "read_when",
    "shape",
    "split_list",
]

_SHAPE_LENGTH = 24
_SEPARATORS = re.compile("[;；、|]")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(?:T| ?)(\d{1,2}):(\d{2})(?::(\d{2}))?")
_MONTH = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})月?")
_YEAR = re.compile(r"(\d{4})年?")
_TO = re.compile(r"\s*(?:\.\.|至|到|~|—+|–|--|\s-\s)\s*")
_END_OF = re.compile(r"(?:(\d{1,2})(?:月|/|-))?(\d{1,2})日?")
_RECENT = ("近日", "日前", "recent")
_NUMBER = re.compile(
    r"(?P<about>约|大约|~|近|将近)?(?P<least>不少于|不低于|至少|超过|超|>=|≥|≧)?"
    r"(?P<value>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?P<myriad>万|亿)?(?P<few>余|多|\+)?"
    r"(?P<unit>[^\d\s+]{0,6}?)(?P<after>以上|左右|上下)?"
)
_LARGEST = 10**10
"""Below any phone: a phone in the wrong column is no quantity."""
_TRUE = frozenset({"是", "有", "true", "yes", "y", "1", "√", "✓"})
_FALSE = frozenset({"否", "无", "false", "no", "n", "0", "×", "x"})
_LANGUAGES = {
    "中文": "zh-Hans",
    "汉语": "zh-Hans",
    "汉文": "zh-Hans",
    "普通话": "zh-Hans",
    "简体中文": "zh-Hans",
    "繁体中文": "zh-Hant",
    "藏语": "bo",
    "藏文": "bo",
    "彝语": "ii",
    "彝文": "ii",
    "英语": "en",
    "英文": "en",
}


def shape(cell: str) -> str:
    """Tell what a cell looks like without what it says.

    Args:
        cell: Anything.

    Returns:
        `9` for a digit, `字` for a Chinese character, `a` for any other letter, the rest as
        it is; 24 characters at most. A phone is `99999999999`.
    """
    plain = unicodedata.normalize("NFKC", cell[: _SHAPE_LENGTH + 1])
    made = "".join(_shape_of(character) for character in plain)
    return made if len(made) <= _SHAPE_LENGTH else made[: _SHAPE_LENGTH - 1] + "…"


def _shape_of(character: str) -> str:
    if character.isdigit() or character.isnumeric():
        return "字" if character.isalpha() else "9"
    if character.isalpha():
        return "字" if character >= "\u3400" else "a"
    return character if character.isprintable() else " "


def split_list(cell: str) -> list[str]:
    """Give the members of a list, between `;`, `；`, `、` or `|`, each once.

    Args:
        cell: As typed, or the members of a JSON list, each with `LIST_END` after it.
    """
    parts = cell.split(LIST_END) if LIST_END in cell else _SEPARATORS.split(cell)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def read_date(cell: str) -> date:
    """Read a day: `2020-11-19`, `2020/11/19`, `2020.11.19`, `2020年11月19日`, `20201119`.

    Midnight after it is passed over, as some programs write it.

    Raises:
        Invalid: `field.date`; a number of five digits is a day that lost its format.
    """
    moment, exact = _moment(_plain(cell))
    if moment is None or (exact and moment.time() != time()):
        raise Invalid("field.date", value=shape(cell))
    return moment.date()


def read_when(cell: str) -> When:
    """Read a time as exact as it is given.

    Args:
        cell: A day in any form of `read_date`, with or without `09:00`; days from first to
            last (`2020-11-19..2020-11-20`, `2020年11月19日至20日`); a month (`2020年11月`); a
            year (`2020年`); or 近日. In China time.

    Raises:
        Invalid: `import.when`, none of these; `when.backwards`.
    """
    plain = _plain(cell)
    if plain in _RECENT:
        return When.recent()
    parts = _TO.split(plain)
    if len(parts) == 2:  # noqa: PLR2004 - first and last
        return _span(parts[0], parts[1], cell)
    moment, exact = _moment(plain)
    if moment is not None:
        return When(moment, None, WhenPrecision.MINUTE) if exact else When.day(moment.date())
    whole = _whole(plain)
    if whole is None:
        raise Invalid("import.when", value=shape(cell))
    return whole


def read_begin(cell: str) -> datetime:
    """Read a moment as `read_when` reads times; of a day its first.

    Raises:
        Invalid: `import.when`.
    """
    start = read_when(cell).start
    if start is None:
        raise Invalid("import.when", value=shape(cell))
    return start


def read_end(cell: str) -> datetime:
    """Read the first moment after a time; that of a day is the midnight which ends it.

    Raises:
        Invalid: `import.when`.
    """
    when = read_when(cell)
    if when.start is None:
        raise Invalid("import.when", value=shape(cell))
    return when.end or when.start


def _span(first: str, last: str, cell: str) -> When:
    start, exact = _moment(first)
    if start is None:
        raise Invalid("import.when", value=shape(cell))
    end, end_exact = _moment(last)
    if end is None and (short := _END_OF.fullmatch(last)):
        month, day = int(short[1] or start.month), int(short[2])
        end = _valid(start.year, month, day)
    if end is None and exact and (clock := _CLOCK.fullmatch(last)):
        end, end_exact = _at(start, clock), True
    if end is None or exact != end_exact:
        raise Invalid("import.when", value=shape(cell))
    if end < start or (exact and end == start):
        raise Invalid("when.backwards")
    if exact:
        return When(start, end, WhenPrecision.MINUTE)
    return When.day(start.date(), end.date())


def _whole(plain: str) -> When | None:
    if month := _MONTH.fullmatch(plain):
        start = _valid(int(month[1]), int(month[2]), 1)
        if start is not None:
            after = (start + timedelta(days=31)).replace(day=1)
            return When(start, after, WhenPrecision.MONTH)
    if year := _YEAR.fullmatch(plain):
        start, after_year = _valid(int(year[1]), 1, 1), _valid(int(year[1]) + 1, 1, 1)
        if start is not None and after_year is not None:
            return When(start, after_year, WhenPrecision.YEAR)
    return None


def _moment(plain: str) -> tuple[datetime | None, bool]:
    """Give midnight of a day, or a moment and that it is one."""
    found = _DATE.match(plain)
    if found:
        month = next(group for group in found.groups()[1:5] if group)
        day = _valid(int(found[1]), int(month), int(found[6]))
    elif found := _COMPACT.match(plain):
        day = _valid(int(found[1]), int(found[2]), int(found[3]))
    else:
        return None, False
    rest = plain[found.end() :]
    if day is None or not rest:
        return day, False
    clock = _CLOCK.fullmatch(rest)
    moment = _at(day, clock) if clock else None
    # Programs write midnight where they mean the day.
    return moment, moment is not None and moment.time() != time()


def _valid(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=SHANGHAI)
    except ValueError:
        return None


def _at(day: datetime, clock: re.Match[str]) -> datetime | None:
    try:
        return day.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0))
    except ValueError:
        return None


def read_quantity(cell: str) -> Quantity:
    """Read a number as exact as it is given.

    Args:
        cell: `170`, `约170`, `170左右`, `140余`, `不少于140`, `140以上`, `>=140`, `1,200人`;
            with 万 or 亿 it is rounded, so about.

    Raises:
        Invalid: `import.quantity`; also from ten thousand million on.
    """
    return _quantity(_plain(cell), cell)[0]


def _quantity(plain: str, cell: str) -> tuple[Quantity, str]:
    found = _NUMBER.fullmatch(plain.replace(" ", ""))
    if found is None or (found["about"] and found["least"]):
        raise Invalid("import.quantity", value=shape(cell))
    scale = {"万": 10**4, "亿": 10**8}.get(found["myriad"] or "", 1)
    whole, _, part = found["value"].replace(",", "").partition(".")
    # Text, not float: 1.1 times ten thousand is 11,000 and nothing else.
    value, rest = divmod(int(whole + part) * scale, 10 ** len(part))
    if rest or value >= _LARGEST:
        raise Invalid("import.quantity", value=shape(cell))
    precision = Precision.EXACT if scale == 1 else Precision.ABOUT
    if found["least"] or found["few"] or found["after"] == "以上":
        precision = Precision.AT_LEAST
    if found["about"] or found["after"] in ("左右", "上下"):
        precision = Precision.ABOUT
    return Quantity(value, precision), found["unit"]


def read_count(cell: str) -> int:
    """Read a whole number, `1,200` too; raises `Invalid` (`import.number`)."""
    plain = _plain(cell).replace(",", "")
    if not plain.isdecimal() or not plain.isascii() or int(plain) >= _LARGEST:
        raise Invalid("import.number", value=shape(cell))
    return int(plain)


def read_area(cell: str) -> float:
    """Read square metres, `1200.5`, `1,200㎡` or `1200平方米`; raises `Invalid`."""
    plain = re.sub(r"(m2|平方米|平米)$", "", _plain(cell).replace(",", ""))
    if not re.fullmatch(r"\d{1,10}(\.\d+)?", plain):
        raise Invalid("import.number", value=shape(cell))
    return float(plain)


def read_flag(cell: str) -> bool:
    """Read yes or no: 是, 否, 有, 无, `true`, `false`, `1`, `0`; raises `Invalid`."""
    plain = _plain(cell).casefold()
    if plain not in _TRUE | _FALSE:
        raise Invalid("import.flag", value=shape(cell))
    return plain in _TRUE


def read_language(cell: str) -> str:
    """Give the tag of a language: 中文, 藏文, 彝文, 英文 by name, others by their tag."""
    return _LANGUAGES.get(cell, cell)


def read_choice(cell: str, choices: type[Labelled]) -> Labelled:
    """Give a member by value or by label in either language.

    Raises:
        Invalid: `field.choice`.
    """
    plain = _plain(cell)
    for member in choices:
        if plain.casefold() in (member.value, _plain(member.zh), member.en.casefold()):
            return member
    known = ", ".join(f"{member.value} {member.zh}" for member in choices)
    raise Invalid("field.choice", value=shape(cell), choices=known)


def read_measures(cell: str) -> tuple[Measure, ...]:
    """Read counted things: `发放资料：500余份；展板：20块`.

    Raises:
        Invalid: `import.measures`.
    """
    found = []
    for part in split_list(cell):
        what, sign, number = _plain(part).partition(":")
        if not sign or not what.strip():
            raise Invalid("import.measures", value=shape(part))
        quantity, unit = _quantity(number, part)
        found.append(Measure(what=what.strip(), quantity=quantity, unit=unit))
    return tuple(found)


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip()


def nearest(word: str, known: Sequence[str]) -> list[str]:
    """Give up to three known names that are near to a word, the nearest first."""
    return difflib.get_close_matches(word, known, 3, 0.4)
