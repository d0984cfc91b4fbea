"""Slips of typing in Tibetan: told, never mended, because only a reader knows what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import attrs

from tianfu_sdk import catalogue
from tianfu_sdk.text.scripts import TIBETAN_SYLLABLE

__all__ = ["TibetanSlip", "tibetan_slips"]

_VOWELS = "\u0f71-\u0f7d\u0f80\u0f81"
_SIGNS = "\u0f7e\u0f7f\u0f82\u0f83"
_SUBJOINED = "\u0f8d-\u0f97\u0f99-\u0fbc"
_HANGING = f"\u0f35\u0f37\u0f39{_VOWELS}{_SIGNS}\u0f84\u0f86\u0f87{_SUBJOINED}"
_BARE = re.compile("\u0f0b")
_KEEPING = re.compile("\u0f0c(?![\u0f0d-\u0f11\u0f14])")


@attrs.frozen
class TibetanSlip:
    """Something in a Tibetan text that looks like a slip of typing.

    Attributes:
        code: `tibetan.orphan_mark`, `tibetan.order`, `tibetan.double_tsheg`, or
            `tibetan.mixed_tsheg`.
        start: Where it begins, in characters.
        end: Where it ends.
    """

    code: str
    start: int
    end: int

    def text(self, language: str = "en") -> str:
        """Say it in `en` or `zh`."""
        return catalogue.render(self.code, "zh" if language.startswith("zh") else "en", {})


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {
        # A vowel or a subjoined letter on nothing, as after a blank. Digits carry some.
        "tibetan.orphan_mark": re.compile(
            f"(?<![{TIBETAN_SYLLABLE}\u0f20-\u0f33\u0f86\u0f87])[{_HANGING}]+"
        ),
        # No normalization makes these what they look like.
        "tibetan.order": re.compile(f"[{_VOWELS}{_SIGNS}]+[{_SUBJOINED}]+|\u0f7e[{_VOWELS}]+"),
        "tibetan.double_tsheg": re.compile("[\u0f0b\u0f0c]{2,}"),
    }


def tibetan_slips(text: str) -> list[TibetanSlip]:
    """List what looks like slips of typing in a Tibetan text.

    A vowel or subjoined letter without a letter to hang on; a vowel typed before the
    subjoined letter, or U+0F7E before the vowel, which looks right and is found by nobody;
    two tshegs in a row; both kinds of tsheg in one text, where the rarer is told, once.
    U+0F0C before a shad is usual beside U+0F0B and is not told.

    Args:
        text: Any text.

    Returns:
        Slips in the order of the text.

    Source: Unicode 15, chapter 13.4: a stack is typed from top to bottom, then its vowels.
    """
    if not re.search("[\u0f00-\u0fff]", text):
        return []
    found = [
        TibetanSlip(code, *match.span())
        for code, pattern in _patterns().items()
        for match in pattern.finditer(text)
    ]
    bare, keeping = list(_BARE.finditer(text)), list(_KEEPING.finditer(text))
    if bare and keeping:
        rarer = min((keeping, bare), key=len)
        found.append(TibetanSlip("tibetan.mixed_tsheg", *rarer[0].span()))
    return sorted(found, key=lambda slip: (slip.start, slip.end, slip.code))
