"""Whether a text repeats a known rumour, and what that makes of the answers to it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import attrs

from tianfu_sdk.core.shingles import covered, units
from tianfu_sdk.model.content import Clarification
from tianfu_sdk.model.question import Answer
from tianfu_sdk.text import fold

__all__ = ["PART", "lifted", "pieces", "repeats", "wordings_of"]

_LEAST = ((16, 0.5), (6, 0.6), (0, 0.75))
"""Share of a wording's neighbouring pairs that a text must have close together to repeat it, by
how many units the wording has: a few words may meet by chance, and a long message has much about
it that is not the claim."""
PART = "rumour"
"""Name of what an answer's score has from repeating a rumour, in `Answer.why`."""
_PART_OF_WORDING = 0.8
_TELLING = 8
_PIECE = 100
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


def lifted(answers: Sequence[Answer], shares: Mapping[str, float]) -> list[Answer]:
    """Put the clarifications of what a question repeats first, and say so in their `why`.

    Args:
        answers: Best first.
        shares: How much of its rumour is repeated, by id of the clarification.

    Returns:
        Best first; who is lifted has a part `rumour` of its score, above what any other has.
    """
    others = max((one.score for one in answers if one.id not in shares), default=0.0)

    def raised(one: Answer) -> Answer:
        why = {PART: max(others, 0.0) + shares[one.id], **one.why}
        return attrs.evolve(one, why=why, score=math.fsum(why.values()))

    first = [raised(one) for one in answers if one.id in shares]
    first.sort(key=lambda one: (-one.score, one.id))
    return first + [one for one in answers if one.id not in shares]
