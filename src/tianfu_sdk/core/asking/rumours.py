"""Whether a text repeats a known rumour, and what that makes of the answers to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tianfu_sdk.core.languages.shingles import covered, units
from tianfu_sdk.model.content import Clarification
from tianfu_sdk.text import fold

__all__ = ["PART", "lifted", "pieces", "repeats", "wordings_of"]

_LEAST = ((16, 0.5), (6, 0.6), (0, 0.75))
"""Share of a wording's neighbouring pairs that a text must have close together to repeat it, by
how many units the wording has: a few words may meet by chance, and a long message has much about
it that is not the claim."""
PART = "@rumour"
"""Name of what an answer's score has from repeating a rumour, in `Answer.why`."""
_PART_OF_WORDING = 0.8
_TELLING = 8
_PIECE = 100
_GRAIN = 2**30
_SENTENCES = re.compile(r"(?<=[。！？；!?;།༎\n])")


def pieces(text: str) -> list[str]:
    """Cut a text into pieces of whole sentences to look rumours up by, about 100 characters.

    A rumour may be one sentence of a long message, whose other words would drown it.
    """
    found: list[str] = []
    for sentence in filter(str.strip, _SENTENCES.split(text)):
        for start in range(0, len(sentence), _PIECE):
            part = sentence[start : start + _PIECE]
            if found and len(found[-1]) + len(part) <= _PIECE:
                found[-1] += part
            else:
                found.append(part)
    return found


def wordings_of(source: Clarification, texts: Mapping[str, str] | None = None) -> list[str]:
    """Give the words in which a rumour is known: of the original, or of a translation.

    Args:
        source: The clarification.
        texts: Of its translation, by field; None: the original.
    """
    if texts is None:
        return list(source.wordings)
    return [text for text in (texts.get("rumour", ""),) if text.strip()]


def repeats(wordings: Iterable[str], text: str) -> tuple[str, float] | None:
    """Tell which wording of a rumour a text repeats best.

    Args:
        wordings: Of one rumour.
        text: Any.

    Returns:
        The wording and how much of it is repeated, 0 to 1; where the text is a part of a
        longer wording, how much of the text stands there. None: it repeats none.
    """
    said = units(fold(text))
    best: tuple[str, float] | None = None
    for wording in wordings:
        known = units(fold(wording))
        share = covered(known, said)
        if share < next(least for length, least in _LEAST if len(known) >= length):
            share = 0.0
            if _TELLING <= len(said) < len(known):
                share = covered(said, known)
                share = share if share >= _PART_OF_WORDING else 0.0
        if share and (best is None or share > best[1]):
            best = wording, share
    return best


def lifted(
    score: float, why: Mapping[str, float], share: float, best: float
) -> tuple[float, dict[str, float]]:
    """Lift the answer that clarifies what a question repeats above all others.

    Args:
        score: Of its words and features.
        why: Contributions to that.
        share: How much of the rumour is repeated, above 0.
        best: Score of the best of the others.

    Returns:
        Score and contributions with a part `@rumour`, the first of them; they still add up
        exactly, because it is a whole multiple of 2^-30 as all parts are.
    """
    part = round((max(best, 0.0) + share) * _GRAIN) / _GRAIN
    return score + part, {PART: part, **why}
