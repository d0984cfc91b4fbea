"""What a unit of a memory says, with the codes of the text that is to be translated.

A memory keeps the codes of the file that it came from; a translator needs those of the sentence
at hand. They are told apart by what stands for them, else by their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from tianfu_sdk.core.languages.engine_runs import protected
from tianfu_sdk.formats.tmx import Content, Inline, content_of
from tianfu_sdk.model.memory import MemoryText
from tianfu_sdk.model.translation import Code
from tianfu_sdk.text import normalize, plain

__all__ = ["bare", "fitted", "native"]


@attrs.frozen
class _Spot:
    """A code of a unit."""

    name: str
    """By which the texts of a unit say that it is the same code; empty: they do not."""
    data: str
    """What stands for it in the format that it came from; may be unknown."""


_Parts = list["str | _Spot"]


def bare(text: str) -> str:
    """Give the words of a text that is to be translated, without what is carried over as it is."""
    return plain(protected(text))


def native(text: MemoryText) -> str:
    """Give a text of a unit with what its codes stand for."""
    return normalize("".join(one if isinstance(one, str) else one.data for one in _parts(text)))


def fitted(text: str, source: MemoryText, target: MemoryText) -> str:
    """Give the translation that a unit has, with the codes of the text at hand.

    Args:
        text: That is to be translated, with its placeholders, tags and addresses.
        source: Of the unit.
        target: Of the unit.

    Returns:
        Empty where it cannot be told which code goes where, or one would be lost.
    """
    wanted = [part.data for part in protected(text) if isinstance(part, Code)]
    said = _parts(target)
    spots = [part for part in said if isinstance(part, _Spot)]
    if not wanted and not spots:
        return target.text
    known = [part for part in _parts(source) if isinstance(part, _Spot)]
    ours = _paired([one.data for one in known], wanted)
    theirs = _matched(spots, known)
    if ours is None or theirs is None or sorted(theirs) != list(range(len(known))):
        return ""
    placed = iter(theirs)
    return "".join(part if isinstance(part, str) else wanted[ours[next(placed)]] for part in said)


def _parts(text: MemoryText) -> _Parts:
    if text.markup:
        return list(_flat(content_of(text.markup), {}))
    return [_Spot("", one.data) if isinstance(one, Code) else one for one in protected(text.text)]


def _flat(content: Content, opened: dict[str, str]) -> Iterator[str | _Spot]:
    for one in content:
        if isinstance(one, str):
            yield one
        elif one.tag == "hi":
            yield from _flat(one.content, opened)
        else:
            yield _Spot(_name(one.tag, one.attributes, opened), _data(one))


def _name(tag: str, given: Mapping[str, str], opened: dict[str, str]) -> str:
    number = given.get("x", "")
    if tag == "bpt":
        opened[given.get("i", "")] = number
    elif tag == "ept":
        # Only the beginning of a pair says which one it is of the other text.
        number = opened.get(given.get("i", ""), "")
    return f"{tag}.{number}" if number else ""


def _data(code: Inline) -> str:
    return "".join(one if isinstance(one, str) else _data(one) for one in code.content)


def _paired(known: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Say which code of the text stands for each of the unit's: the same one, else in order."""
    if len(known) != len(wanted):
        return None
    left = list(range(len(wanted)))
    found: list[int | None] = []
    for data in known:
        same = next((place for place in left if data and wanted[place] == data), None)
        if same is not None:
            left.remove(same)
        found.append(same)
    rest = iter(left)
    return [next(rest) if place is None else place for place in found]


def _matched(spots: Sequence[_Spot], known: Sequence[_Spot]) -> list[int] | None:
    """Say which code of the unit's source each of its target is."""
    if len(spots) != len(known):
        return None
    left = list(range(len(known)))
    found: list[int | None] = []
    for spot in spots:
        same = next((place for place in left if _same(spot, known[place])), None)
        if same is not None:
            left.remove(same)
        elif spot.data and any(spot.data == one.data for one in known):
            # It stands there once more than in the source.
            return None
        found.append(same)
    # One by one in their order only where nothing says otherwise.
    rest = iter(left)
    return [next(rest) if place is None else place for place in found]


def _same(one: _Spot, other: _Spot) -> bool:
    if one.name and other.name:
        return one.name == other.name
    return bool(one.data) and one.data == other.data
