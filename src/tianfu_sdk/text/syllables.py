"""Cut Tibetan and Yi into syllables."""

from __future__ import annotations

import re
from functools import cache

from tianfu_sdk.text.scripts import TIBETAN_SYLLABLE, YI

__all__ = ["syllables"]


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(f"[{TIBETAN_SYLLABLE}]+|[{YI}]")


def syllables(text: str) -> list[str]:
    """List the Tibetan and Yi syllables of a text.

    Args:
        text: Any text; it is not folded.

    Returns:
        Syllables in the order of the text, as written and without tsheg or shad: a
        Tibetan one is a run of letters, subjoined letters, vowels and signs, a Yi one is
        a character. Other scripts, digits and Yi radicals give none.

    Source: Unicode 15, chapters 13.4 (Tibetan) and 18.7 (Yi).
    """
    return _pattern().findall(text)
