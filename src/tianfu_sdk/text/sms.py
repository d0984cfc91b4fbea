"""Split a text into the parts of an SMS, as operators in China count and bill them.

A part holds 70 UTF-16 units when it is alone and 67 when there are several; letters of
ASCII count as much as Chinese characters. How the cuts are chosen:

1. The parts are as few as whole characters allow. A position is a possible cut unless it
   would tear a surrogate pair, a letter from its marks (a Tibetan stack is one), an emoji
   sequence, or a line end in two.
2. Of all ways to cut into that number of parts, one is taken that cuts least often inside
   a URL, a number or 【】; then least often inside a word or beside a bracket or mark that
   belongs to the other part; then least often elsewhere than after tsheg, shad,
   punctuation or a space; then as late as possible.

For the second step every position has a rank, and the best chain of cuts is found from
left to right. A later cut of the same rank is never worse, so of each rank only the last
position within reach matters, and the time is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, chain
from typing import Any

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.text.scripts import LATIN, TIBETAN_SYLLABLE

__all__ = ["SmsSplit", "sms_parts", "sms_split"]

_ALONE = 70
_JOINED = 67

# Ranks of a cut before a character, from wished for to refused; the fifth is for the
# places that only a character longer than a part makes necessary.
_NICE, _PLAIN, _UGLY, _TORN, _FORCED, _NEVER = range(6)
# One cut of a rank outweighs any number of the rank before it.
_COSTS = (0, 1, 1 << 32, 1 << 64, 1 << 96)

# Not of category M, yet nothing cuts before them: joiners, halves of jamo syllables, half
# width voiced marks, skin tones and tags (Unicode Standard Annex 29, Extend, V and T).
_JOINER = "\u200d"
_JOINING = frozenset("\u200c\u200d\uff9e\uff9f").union(
    map(chr, chain(range(0x1160, 0x1200), range(0xD7B0, 0xD7FC))),
    map(chr, chain(range(0x1F3FB, 0x1F400), range(0xE0020, 0xE0080))),
)
_FLAGS = "\U0001f1e6-\U0001f1ff"


@attrs.frozen
class SmsSplit:
    """A text as it goes out and is billed.

    Attributes:
        parts: The text in parts, which joined give the text exactly; the signature is
            not in them. An empty text is one empty part.
        units: UTF-16 units of the text and of the signature with its brackets.
        count: Number of parts, at least 1.
        costly: The end of the text that would have to go to save one part; empty where
            there is one part only.
    """

    parts: tuple[str, ...]
    units: int
    count: int
    costly: str


@attrs.frozen
class _Ruler:
    """Where UTF-16 units lie in a text.

    Attributes:
        units: Units before each character, and all of them.
        places: The character that each unit belongs to, and the end.
    """

    units: Sequence[int]
    places: Sequence[int]


def _measure(text: str, units: int) -> _Ruler:
    if units == len(text):
        return _Ruler(range(units + 1), range(units + 1))
    widths = [2 if character > "\uffff" else 1 for character in text]
    places = chain.from_iterable((at,) * width for at, width in enumerate(widths))
    return _Ruler(list(accumulate(widths, initial=0)), [*places, len(text)])


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    closing = r"[\s,.;:!?)\]}%，。、；：！？）】》〉」』”’…—～·་-༔༻༽꓾꓿]+"
    opening = r"[(\[{（【《〈「『“‘༺༼]+"
    word = f"[{LATIN}]{{2,}}|[{TIBETAN_SYLLABLE}]{{2,}}"
    whole = r"[+\-¥$]?\d+(?:[.,:/\-~]\d+)*[%‰℃°]?|【[^【】]{0,65}】"
    # A run without spaces is scanned once and then asked whether it holds an address.
    run = r"[!#$%&*+\-./0-9:=?@A-Z\\^_`a-z|~]{4,}"
    address = r"://|[A-Za-z0-9][.@][A-Za-z]"
    return tuple(map(re.compile, (closing, opening, word, whole, run, address)))


def _fill(ranks: bytearray, start: int, end: int, rank: int) -> None:
    ranks[start:end] = bytes([rank]) * (end - start)


def _wish(text: str, ranks: bytearray) -> None:
    """Rank the places by what a reader would like."""
    closing, opening, word, whole, run, address = _patterns()
    for match in closing.finditer(text):
        start, end = match.span()
        _fill(ranks, start, end, _UGLY)
        ranks[end] = _NICE
    for match in opening.finditer(text):
        _fill(ranks, match.start() + 1, match.end() + 1, _UGLY)
    for match in word.finditer(text):
        _fill(ranks, match.start() + 1, match.end(), _UGLY)
    for match in whole.finditer(text):
        _fill(ranks, match.start() + 1, match.end(), _TORN)
    for match in run.finditer(text):
        found = match[0].rstrip(".:!?")
        if address.search(found):
            _fill(ranks, match.start() + 1, match.start() + len(found), _TORN)


def _hold(text: str, ranks: bytearray, ruler: _Ruler) -> None:
    """Refuse the places inside what a reader sees as one character."""
    characters = set(text)
    hanging = {c for c in characters if c in _JOINING or unicodedata.category(c)[0] == "M"}
    if hanging:
        for place, character in enumerate(text):
            if character in hanging:
                ranks[place] = _NEVER
    if _JOINER in hanging:
        for match in re.finditer(f"{_JOINER}(?=(.))", text):
            if unicodedata.category(match[1]) in {"So", "Sm"}:
                ranks[match.end()] = _NEVER
    if max(characters) >= _FLAGS[0]:
        for match in re.finditer(f"[{_FLAGS}]{{2}}", text):
            ranks[match.start() + 1] = _NEVER
    for match in re.finditer("\r\n", text):
        ranks[match.start() + 1] = _NEVER
    # The first part may stay empty when a signature leaves too little room for a
    # character; the end is always a cut.
    ranks[0], ranks[-1] = _FORCED, _NICE
    for held in re.finditer(bytes([_NEVER]) + b"{33,}", ranks):
        if ruler.units[held.end()] - ruler.units[held.start() - 1] > _JOINED:
            _fill(ranks, held.start(), held.end(), _FORCED)


def _last(ranks: bytearray, place: int) -> int:
    while ranks[place] == _NEVER:
        place -= 1
    return place


def _latest(ranks: bytearray, ruler: _Ruler, room: int) -> list[int]:
    """Cut as late as possible each time, which gives the fewest parts."""
    units, places = ruler.units, ruler.places
    cuts = [0]
    limit = room
    while limit < units[-1]:
        cuts.append(_last(ranks, places[limit]))
        limit = units[cuts[-1]] + _JOINED
    return cuts


def _earliest(ranks: bytearray, ruler: _Ruler, count: int) -> list[int]:
    """Cut as early as possible from the end, which bounds every cut from below."""
    units, places = ruler.units, ruler.places
    cuts = [len(ranks) - 1]
    for _ in range(count - 1):
        limit = max(units[cuts[-1]] - _JOINED, 0)
        place = places[limit]
        if units[place] < limit:
            place += 1
        while ranks[place] == _NEVER:
            place += 1
        cuts.append(place)
    return cuts[::-1]


# Cost of the cuts so far, the last of them, and the chain before it. A tuple, because
# a long text makes very many.
_Chain = tuple[int, int, Any]


def _extend(chains: list[_Chain], ranks: bytearray, first: int, reach: list[int]) -> list[_Chain]:
    """Add one cut to each chain and keep those that no other beats in place and cost."""
    cheapest: dict[int, _Chain] = {}
    for before, furthest in zip(chains, reach, strict=True):
        sofar, last, _ = before
        # Only the first part may be empty.
        start = max(first, last + 1) if last else first
        best = -1
        for rank, cost in enumerate(_COSTS):
            place = ranks.rfind(rank, start, furthest + 1)
            if place > best:
                best = place
                if place not in cheapest or sofar + cost < cheapest[place][0]:
                    cheapest[place] = (sofar + cost, place, before)
                if place == furthest:
                    break
    kept: list[_Chain] = []
    for place in sorted(cheapest, reverse=True):
        if not kept or cheapest[place][0] < kept[-1][0]:
            kept.append(cheapest[place])
    return kept


def _choose(ranks: bytearray, ruler: _Ruler, room: int, earliest: list[int]) -> list[int]:
    """Find the best chain of cuts between the earliest and the latest ones."""
    units, places = ruler.units, ruler.places
    chains: list[_Chain] = [(0, 0, None)]
    for first in earliest[:-1]:
        reach = [places[units[place] + room] for _, place, _ in chains]
        chains = _extend(chains, ranks, first, reach)
        room = _JOINED
    cuts: list[int] = []
    best: _Chain | None = chains[-1]
    while best is not None:
        cuts.append(best[1])
        best = best[2]
    return cuts[::-1]


def _count(text: str, path: str) -> int:
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError as error:
        raise Invalid("text.lone_surrogate", path=path, position=error.start) from None


def _reserve(signature: str | None) -> int:
    if signature is None:
        return 0
    units = _count(signature, "signature") + len("【】")
    if not signature or "【" in signature or "】" in signature or units > _JOINED:
        raise Invalid("sms.bad_signature", path="signature", units=units, most=_JOINED)
    return units


def sms_split(text: str, signature: str | None = None) -> SmsSplit:
    """Split a text into as few SMS parts as operators in China would bill.

    A text that fits is one part; there is no ceiling. No part begins with a combining mark
    unless the text does, and no surrogate pair, Tibetan stack, emoji sequence or flag is
    cut, unless it alone is longer than a part: then it is cut between code points. Where
    it costs no part, cuts fall after tsheg, shad, punctuation or a space, and not inside a
    URL, a number or 【】.

    Args:
        text: What is sent, with the opt-out words and without the signature.
        signature: The sender's name without 【】, for which room is kept once, in the
            first part.

    Returns:
        Parts, units, count, and the end of the text that costs the last part.

    Raises:
        Invalid: `text.lone_surrogate` where text or signature is not valid Unicode;
            `sms.bad_signature` where the signature is empty, has 【 or 】 in it, or is
            longer than a part with its brackets.

    Source: billing rules of Aliyun and Huawei: 70 characters, else 67 a part, signature
        and ASCII counted; Unicode Standard Annex 29 for what is one character.
    """
    reserved = _reserve(signature)
    units = _count(text, "text")
    if units + reserved <= _ALONE:
        return SmsSplit((text,), units + reserved, 1, "")
    ruler = _measure(text, units)
    ranks = bytearray([_PLAIN]) * (len(text) + 1)
    _wish(text, ranks)
    _hold(text, ranks, ruler)
    room = _JOINED - reserved
    latest = _latest(ranks, ruler, room)
    count = len(latest)
    cuts = _choose(ranks, ruler, room, _earliest(ranks, ruler, count))
    parts = tuple(text[start:end] for start, end in zip(cuts, [*cuts[1:], None], strict=True))
    saved = latest[-1] if count > 2 else _last(ranks, ruler.places[_ALONE - reserved])  # noqa: PLR2004
    return SmsSplit(parts, units + reserved, count, text[saved:])


def sms_parts(text: str, signature: str | None = None) -> list[str]:
    """Split a text into as few SMS parts as operators in China would bill.

    Args:
        text: As in `sms_split`.
        signature: As in `sms_split`.

    Returns:
        The parts, which joined give the text exactly; an empty text is one empty part.

    Raises:
        Invalid: As `sms_split`.
    """
    return list(sms_split(text, signature).parts)
