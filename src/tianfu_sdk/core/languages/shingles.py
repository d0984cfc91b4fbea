"""How much of a text stands in another one, told by short runs of neighbouring words.

A shingle is a few neighbouring units (characters of Han and Yi, syllables of Tibetan, words of
other scripts) of the folded text, as a number. Two texts are as alike as their sets of
shingles are, whatever was swapped, cut, put in or converted to the other script.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from zlib import crc32

from tianfu_sdk.text import HAN, TIBETAN_SYLLABLE, YI, fold

__all__ = ["SIZE", "containment", "covered", "resemblance", "shingles", "sketch", "units"]

SIZE = 3
"""Units of a shingle: of two, too many stand in any text; of more, one changed costs more."""
_MULTIPLIER = 0x9E3779B1
_WORD = 0xFFFFFFFF
_LEAST_KEPT = 16
_MOST_KEPT = 64
_ONE_IN = 8


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(f"[{HAN}{YI}]|[{TIBETAN_SYLLABLE}]+|[^\\W{HAN}{YI}{TIBETAN_SYLLABLE}]+")


def units(folded: str) -> list[str]:
    """Cut a folded text into what shingles are made of; what is between is left out."""
    return _pattern().findall(folded)


def shingles(text: str, size: int = SIZE) -> frozenset[int]:
    """Give the shingles of a text as numbers of 32 bits, equal on every machine.

    Args:
        text: Any text; it is folded first.
        size: Units of a shingle; a text with fewer is one shingle.

    Returns:
        Empty where the text has no unit.
    """
    cut = units(fold(text))
    runs = set(map("".join, zip(*(cut[n:] for n in range(size)), strict=False)))
    if not runs and cut:
        runs = {"".join(cut)}
    return frozenset(map(crc32, map(_encode, runs)))


def _encode(run: str) -> bytes:
    return run.encode("utf-8", "surrogatepass")


def sketch(of: AbstractSet[int]) -> list[int]:
    """Choose the few shingles by which texts that are alike are found: those that come first.

    "First" is the same order for every text, so that two texts choose the same ones as often
    as they are alike.

    Args:
        of: Shingles of a text.

    Returns:
        One in eight of them, but 16 to 64, as other numbers than the shingles themselves.

    Source: Broder, On the resemblance and containment of documents, 1997 (bottom-k sketches).
    """
    # A checksum is linear: without this, neighbouring ones would be chosen together.
    mixed = sorted([shingle * _MULTIPLIER & _WORD for shingle in of])
    return mixed[: min(_MOST_KEPT, max(_LEAST_KEPT, len(mixed) // _ONE_IN))]


def resemblance(one: AbstractSet[int], other: AbstractSet[int]) -> float:
    """Give the share of all shingles of two texts that both have (Jaccard), 0 to 1."""
    if not one or not other:
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def containment(part: AbstractSet[int], whole: AbstractSet[int]) -> float:
    """Give the share of a text's shingles that stand in another text, 0 to 1."""
    return len(part & whole) / len(part) if part else 0.0


def covered(part: Sequence[str], whole: Sequence[str], size: int = 2) -> float:
    """Give how much of a short text stands close together somewhere in a long one.

    Args:
        part: Units of the short text.
        whole: Units of the long one.
        size: Units of a shingle.

    Returns:
        The share of the short text's shingles, 0 to 1, within the best stretch of the long
        one that is half as long again.
    """
    wanted = _runs(part, size)
    found = [run if run in wanted else None for run in _list_of_runs(whole, size)]
    if not wanted:
        return 0.0
    width = max(len(wanted) * 3 // 2, len(wanted) + size)
    step = max(1, width // 4)
    best = 0
    for start in range(0, max(1, len(found) - width + step), step):
        best = max(best, len({run for run in found[start : start + width] if run is not None}))
    return best / len(wanted)


def _list_of_runs(cut: Sequence[str], size: int) -> list[tuple[str, ...]]:
    if len(cut) < size:
        return [tuple(cut)] if cut else []
    return list(zip(*(cut[n:] for n in range(size)), strict=False))


def _runs(cut: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return set(_list_of_runs(cut, size))
