"""The search fold: texts that a reader takes for the same become the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain

from tianfu_sdk.text import tables

__all__ = ["fold", "fold_with_places", "normalize"]

_TSHEG = "\u0f0b"
_TSHEGS = (_TSHEG, "\u0f0c")
_SHAD = "\u0f0d"
_TIBETAN = re.compile("[\u0f00-\u0fff]")
_REPEATED = re.compile(f"{_TSHEG}{{2,}}")
# One that nothing follows but a shad, a space or the end says nothing: ང་། is ང།.
_TRAILING = re.compile(f"{_TSHEG}(?=[\\s\u0f0d-\u0f12\u0f14]|\\Z)")


# Blocks of the compatibility forms that Chinese texts are full of: ，（）…①℃㎡Ａ.
_COMPATIBLE = (range(0x2000, 0x3400), range(0xF900, 0xFFF0))
_COMMON = (range(0x20, 0x7F), range(0xF00, 0x1000), range(0x4E00, 0xA4D0))


# What nobody sees: marks that hide where a line may break or how letters join, turn the direction
# of writing or choose a glyph. Copied from web pages they stand in the middle of words.
_UNSEEN = (
    *(0xAD, 0x34F, 0x61C, 0xFEFF),
    *range(0x180B, 0x180F),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)


@cache
def _controls() -> dict[int, int]:
    codes = [*range(0x20), *range(0x7F, 0xA0)]
    return {code: 0x20 for code in codes if chr(code) not in "\t\n\r"}


@cache
def _table() -> dict[int, int | str | None]:
    simplified = tables.one_to_one("fold")
    # A key that stays itself is found, where `str.translate` is slow to miss one.
    table: dict[int, int | str | None] = {code: code for code in chain(*_COMMON)}
    table |= simplified
    for code in chain(*_COMPATIBLE):
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain != chr(code):
            table[code] = plain.translate(simplified)
    return table | _controls() | dict.fromkeys(_UNSEEN)


def normalize(text: str) -> str:
    """Compose a text for keeping and showing; what was typed stays otherwise.

    Args:
        text: Any text.

    Returns:
        Its NFC form. U+0F0C, the tsheg that does not break, stays itself.

    Source: Unicode Standard Annex 15.
    """
    return unicodedata.normalize("NFC", text)


def _fold_tibetan(text: str) -> str:
    # NFKC has taken 0F0C to 0F0B and has split what Unicode never composes.
    text = text.replace("\u0f0e", _SHAD * 2).replace("\u0f6a", "\u0f62")
    text = text.replace("\u0f7a\u0f7a", "\u0f7b").replace("\u0f00", "\u0f68\u0f7c\u0f7e")
    return _TRAILING.sub("", _REPEATED.sub(_TSHEG, text))


def fold(text: str) -> str:
    """Fold a text for search; the same for what is indexed and what is asked.

    1. NFKC, lower case, and NFKC again where lower case undid it.
    2. Traditional to simplified by a one-to-one table; what only phrases decide stays
       (著, 瞭), and so do regional words.
    3. NUL and other control characters but tab and line ends become spaces.
    4. What is not seen goes: zero-width and soft hyphens, joiners, marks of direction and
       variation.
    5. Tibetan: U+0F0E is two shads, U+0F6A is U+0F62, U+0F7A twice is U+0F7B, U+0F00 is
       written out, several tshegs are one, and one before a shad, a space or the end goes.

    Folding what is folded changes nothing.

    Args:
        text: Any text.

    Returns:
        The folded text; its length may differ.

    Source: Unicode Standard Annex 15, and the property Default_Ignorable_Code_Point of the
    Unicode Character Database but for fillers and tags; OpenCC's character table.
    """
    if text.isascii():
        return text.lower().translate(_controls())
    if _TIBETAN.search(text):
        # Its letters are taken apart and put in order by NFKC alone.
        folded = unicodedata.normalize("NFKC", text).translate(_table())
    else:
        # The table does most of NFKC in the same pass: each of its forms alone is what NFKC
        # makes of it, and no ideograph composes with anything. What composes is left over.
        folded = text.translate(_table())
    if not unicodedata.is_normalized("NFKC", folded):
        folded = unicodedata.normalize("NFKC", folded).translate(_table())
    folded = folded.lower()
    if not unicodedata.is_normalized("NFKC", folded):
        folded = unicodedata.normalize("NFKC", folded)
    return _fold_tibetan(folded) if _TIBETAN.search(folded) else folded


# Each of these is folded to one character, and composes with no character before it.
_ONE_TO_ONE = (
    "\t\n\r\x20-\x7e\u2014\u2018-\u201d\u3001\u3002\u3008-\u3011\u3014-\u3017\u3400-\u4dbf"
    "\u4e00-\u9fff\ua000-\ua48c\uff01-\uff5e"
)
_MARKS = (
    "\u0300-\u036f\u0f18\u0f19\u0f35\u0f37\u0f39\u0f3e\u0f3f\u0f71-\u0f84\u0f86\u0f87"
    "\u0f8d-\u0fbc\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a\ufe00-\ufe0f\uff9e\uff9f"
)


@cache
def _pieces() -> tuple[re.Pattern[str], re.Pattern[str]]:
    run = f"(?:[{_ONE_TO_ONE}](?![{_MARKS}]))+"
    return re.compile(f"[{_ONE_TO_ONE}]*"), re.compile(f"({run})|.[{_MARKS}]*", re.DOTALL)


@lru_cache(4096)
def _fold_piece(piece: str) -> str:
    # By itself a tsheg is one that nothing follows.
    return _TSHEG if piece in _TSHEGS else fold(piece)


def fold_with_places(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """Fold a text, and tell where each character of it came from.

    Characters with their marks are folded one by one, so that what `fold` makes of several
    neighbours together stays apart: every tsheg is kept, before a shad, in a row, at the end.

    Args:
        text: Any text.

    Returns:
        The folded text; for each of its characters where the one that it came from begins
        in the text, and where that ends.
    """
    whole, piece = _pieces()
    if whole.fullmatch(text):
        return fold(text), range(len(text)), range(1, len(text) + 1)
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in piece.finditer(text):
        start, end = match.span()
        if match[1]:
            folded.append(fold(match[1]))
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            made = _fold_piece(match[0])
            folded.append(made)
            starts.extend([start] * len(made))
            ends.extend([end] * len(made))
    return "".join(folded), starts, ends
