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
left to right. Of all chains of equally many cuts only those are kept that no other beats
both in cost and in place, so the time is linear in the length of the text.
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
_TRIES = 4
"""Each reads the whole text, and one is enough unless characters are torn at a cut."""

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
# Where no such character is, nor a mark: most of what is sent. A test holds it against Unicode.
_STANDING = (
    "\x00-\u02ff\u0f00-\u0f17\u0f1a-\u0f34\u0f40-\u0f6c\u1e00-\u200b\u200e-\u20cf\u2100-\u2bff"
    "\u2e80-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ud7af\uf900-\ufaff\uff00-\uff9d"
    "\U0001f300-\U0001f3fa\U0001f400-\U0001faff\U00020000-\U0003ffff"
)
_FLAGS = "\U0001f1e6-\U0001f1ff"
_SIGNS = "+-¥$"
"""Belong to the number that they stand before."""


@attrs.frozen
class SmsSplit:
    """A text as it goes out and is billed.

    Attributes:
        parts: The text in parts, which joined give the text exactly; the signature is
            not in them. An empty text is one empty part.
        units: UTF-16 units of the text and of the signature with its brackets.
        count: Number of parts, at least 1.
        costly: What would have to go to save one part: characters that count more than a
            reader sees, such as 😀 (2 units) or one that is invisible, where the fewest of
            them are enough; else the end of the text. Empty where there is one part only.
    """

    parts: tuple[str, ...]
    units: int
    count: int
    costly: tuple[str, ...]


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
    # A class of single characters is what `re` looks for fastest, so each pattern begins
    # with one, and blanks are written out instead of `\s`.
    blanks = " \t\n\v\f\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    closing = f"[{blanks}" + r",.;:!?)\]}%，。、；：！？）】》〉」』”’…—～·་-༔༻༽꓾꓿]+"
    opening = r"[(\[{（【《〈「『“‘༺༼]+"
    word = f"[{LATIN}{TIBETAN_SYLLABLE}]{{2,}}"
    whole = r"\d+(?:[.,:/\-~]\d+)*[%‰℃°]?"
    named = r"【[^【】]{0,65}】"
    # A run without spaces is scanned once and then asked whether it holds an address.
    run = r"[!#$%&*+\-./0-9:=?@A-Z\\^_`a-z|~]{4,}"
    address = r"://|[A-Za-z0-9][.@][A-Za-z]"
    return tuple(map(re.compile, (closing, opening, word, whole, named, run, address)))


@cache
def _odd() -> re.Pattern[str]:
    return re.compile(f"[^{_STANDING}]")


@cache
def _hangs(character: str) -> bool:
    return character in _JOINING or unicodedata.category(character)[0] == "M"


def _fill(ranks: bytearray, start: int, end: int, rank: int) -> None:
    ranks[start:end] = bytes([rank]) * (end - start)


def _wish(text: str, ranks: bytearray) -> None:
    """Rank the places by what a reader would like."""
    closing, opening, word, whole, named, run, address = _patterns()
    for match in closing.finditer(text):
        start, end = match.span()
        ranks[start] = _UGLY
        if end - start > 1:
            _fill(ranks, start, end, _UGLY)
        ranks[end] = _NICE
    for match in opening.finditer(text):
        _fill(ranks, match.start() + 1, match.end() + 1, _UGLY)
    for match in word.finditer(text):
        _fill(ranks, match.start() + 1, match.end(), _UGLY)
    for match in whole.finditer(text):
        start, end = match.span()
        signed = start and text[start - 1] in _SIGNS
        _fill(ranks, start + (not signed), end, _TORN)
    for match in named.finditer(text):
        _fill(ranks, match.start() + 1, match.end(), _TORN)
    for match in run.finditer(text):
        found = match[0].rstrip(".:!?")
        if address.search(found):
            _fill(ranks, match.start() + 1, match.start() + len(found), _TORN)


def _hold(text: str, ranks: bytearray, ruler: _Ruler) -> None:
    """Refuse the places inside what a reader sees as one character."""
    hanging = False
    for match in _odd().finditer(text):
        if _hangs(match[0]):
            hanging = True
            ranks[match.start()] = _NEVER
    if _JOINER in text:
        for match in re.finditer(f"{_JOINER}(?=(.))", text):
            if unicodedata.category(match[1]) in {"So", "Sm"}:
                ranks[match.end()] = _NEVER
    # Flags are beyond the first plane, so that a text of their kind has more units.
    if ruler.units[-1] > len(text):
        for match in re.finditer(f"[{_FLAGS}]{{2}}", text):
            ranks[match.start() + 1] = _NEVER
    if "\r\n" in text:
        for match in re.finditer("\r\n", text):
            ranks[match.start() + 1] = _NEVER
    # The first part may stay empty when a signature leaves too little room for a
    # character; the end is always a cut.
    ranks[0], ranks[-1] = _FORCED, _NICE
    if not hanging:
        return
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
    """Add one cut to each chain and keep those that no other beats in place and cost.

    Args:
        chains: From the last to the first place, and from dear to cheap.
        ranks: Of all places.
        first: No cut may lie before it.
        reach: The last place that each chain's next part can end at.
    """
    kept: list[_Chain] = []
    least = _COSTS[-1] * len(ranks)
    number, place = 0, reach[0]
    # Where several chains reach, the first of them is the cheapest.
    while place > reach[-1]:
        if reach[number + 1] >= place:
            number += 1
            continue
        sofar, last, _ = before = chains[number]
        rank = ranks[place]
        if rank != _NEVER and place >= first and place > last and sofar + _COSTS[rank] < least:
            least = sofar + _COSTS[rank]
            kept.append((least, place, before))
        place -= 1
    sofar, last, _ = before = chains[-1]
    # Only the first part may be empty.
    start = max(first, last + 1) if last else first
    found: list[_Chain] = []
    for rank, cost in enumerate(_COSTS):
        place = ranks.rfind(rank, start, reach[-1] + 1)
        if place >= start:
            start = place + 1
            found.append((sofar + cost, place, before))
    return kept + [one for one in reversed(found) if one[0] < least]


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


@cache
def _unusual() -> tuple[re.Pattern[str], re.Pattern[str]]:
    wide = "\U00010000-\U0010ffff\ufe0e\ufe0f"
    invisible = "\xad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    return re.compile(f"[{wide}]"), re.compile(f"[{wide}{invisible}]")


def _surprises(text: str, ranks: bytearray, ruler: _Ruler) -> list[tuple[int, int]]:
    """Find what counts more than a reader sees: start and end, the widest and last first."""
    wide, either = _unusual()
    found: dict[tuple[int, int], int] = {}
    for match in either.finditer(text):
        start, end = match.start(), match.end()
        while ranks[end] == _NEVER:
            end += 1
        while ranks[start] == _NEVER:
            start -= 1
        # An invisible character goes alone, and not with the letter that it hangs on.
        place = (start, end) if wide.search(text, start, end) else match.span()
        found[place] = ruler.units[place[1]] - ruler.units[place[0]]
    return sorted(found, key=lambda place: (-found[place], -place[0]))


def _parts_without(text: str, gone: Sequence[tuple[int, int]], reserved: int) -> int:
    kept, at = [], 0
    for start, end in sorted(gone):
        kept.append(text[at:start])
        at = end
    rest = "".join((*kept, text[at:]))
    units = _count(rest, "text")
    if units + reserved <= _ALONE:
        return 1
    ranks, ruler = bytearray(len(rest) + 1), _measure(rest, units)
    _hold(rest, ranks, ruler)
    return len(_latest(ranks, ruler, _JOINED - reserved))


def _costly(
    text: str, ranks: bytearray, ruler: _Ruler, latest: Sequence[int], reserved: int
) -> tuple[str, ...]:
    """Name what would have to go to save one part."""
    fewer = len(latest) - 1
    surplus = ruler.units[-1] + reserved - (_ALONE if fewer == 1 else _JOINED * fewer)
    gone: list[tuple[int, int]] = []
    tries = _TRIES
    for start, end in _surprises(text, ranks, ruler):
        gone.append((start, end))
        surplus -= ruler.units[end] - ruler.units[start]
        if surplus <= 0 and tries:
            tries -= 1
            if _parts_without(text, gone, reserved) == fewer:
                return tuple(text[start:end] for start, end in sorted(gone))
    saved = latest[-1] if fewer > 1 else _last(ranks, ruler.places[_ALONE - reserved])
    return (text[saved:],)


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
        Parts, units, count, and what costs the last part.

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
        return SmsSplit((text,), units + reserved, 1, ())
    ruler = _measure(text, units)
    ranks = bytearray([_PLAIN]) * (len(text) + 1)
    _wish(text, ranks)
    _hold(text, ranks, ruler)
    room = _JOINED - reserved
    latest = _latest(ranks, ruler, room)
    count = len(latest)
    cuts = _choose(ranks, ruler, room, _earliest(ranks, ruler, count))
    parts = tuple(text[start:end] for start, end in zip(cuts, [*cuts[1:], None], strict=True))
    costly = _costly(text, ranks, ruler, latest, reserved)
    return SmsSplit(parts, units + reserved, count, costly)


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
