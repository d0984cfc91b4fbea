"""Which of many texts are edited copies of each other, without comparing all with all.

Every text gives a few numbers (`shingles.sketch`). Who shares enough of them is a candidate, and
only candidates are compared word for word. What is kept of a text is those numbers, 8 bytes
each, so a hundred thousand texts take tens of megabytes however long they are.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import groupby

import attrs

from tianfu_sdk.core.languages.shingles import containment, resemblance, sketch
from tianfu_sdk.model.content import Clarification, Content

__all__ = ["LEAST", "LONG", "SHORTEST", "Likeness", "Sketches", "copied_text", "likeness"]

LONG = 6
"""Units of the shingles by which candidates are found: few texts share one by chance."""
SHORTEST = 6
"""Such shingles that a text needs to be looked at: of a few words each is like some other."""
LEAST = 0.5
"""Share of the shingles from which two texts are called copies of each other."""
_WHOLE = 0.8
"""Share of the shorter text from which it counts as copied, though the other says more."""
_TELLING = 12
"""Shingles that a text needs, so that being part of another says something."""
_SHARED = 3
_SHARE = 4
"""One in how many numbers of the shorter sketch two texts share at least, and three: of copies
it is half of them or more, of two texts about one thing seldom one in ten."""
_PARTS = 64
_SHIFT = 26
_BLOCK = 12
_NEIGHBOURS = 24
_LOW = 0xFFFFFFFF


@attrs.frozen
class Likeness:
    """How alike two texts are."""

    share: float
    """Of all their shingles those that both have, 0 to 1."""
    part: float
    """Of the shorter one's shingles those that the longer one has, 0 to 1."""

    def copied(self, least: float = LEAST) -> bool:
        """Tell whether one is an edited copy of the other, or of a part of it.

        Args:
            least: Share from which it is; a part counts from 0.8, or from this where it is
                more.
        """
        return self.share >= least or self.part >= max(_WHOLE, least)


def copied_text(content: Content) -> str:
    """Give the text of a content that a copy of it would have: not the title, if there is more."""
    text = "\n".join(part for part in (content.summary, content.body) if part.strip())
    if isinstance(content, Clarification):
        text = "\n".join((text, *content.wordings))
    return text or content.title


def likeness(one: AbstractSet[int], other: AbstractSet[int]) -> Likeness:
    """Compare two texts by all of their shingles."""
    short, long = sorted((one, other), key=len)
    # A text of few words is part of many others by chance.
    part = containment(short, long) if len(short) >= _TELLING else 0.0
    return Likeness(resemblance(one, other), part)


class Sketches:
    """The sketches of many texts by number, and which of them may be copies.

    Memory: 8 bytes for each number of each sketch, at most 512 a text, and 8 for each number
    that two texts share.
    """

    def __init__(self) -> None:
        self._parts = [array("Q") for _ in range(_PARTS)]
        self._telling = array("H")
        """How many numbers of its sketch a text shares with few others."""

    def __len__(self) -> int:
        return len(self._telling)

    def add(self, shingles: AbstractSet[int]) -> int:
        """Put a text in; gives its number, 0 for the first.

        Args:
            shingles: Of `shingles.shingles`.
        """
        number = len(self._telling)
        chosen = sketch(shingles)
        self._telling.append(len(chosen))
        for value in chosen:
            self._parts[value >> _SHIFT].append(value << 32 | number)
        return number

    def copy(self) -> Sketches:
        """Give another one that holds the same texts."""
        made = Sketches()
        made._parts = [array("Q", part) for part in self._parts]
        made._telling = array("H", self._telling)
        return made

    def pairs(self, below: int | None = None) -> Iterator[tuple[int, int]]:
        """Give the numbers of texts that may be copies of each other, smaller one first.

        Call it once, when all texts are in.

        Args:
            below: Only pairs of which one number is smaller than this; None: all.

        Returns:
            Pairs in ascending order. What stands in very many texts, such as a phrase that
            all of them begin with, makes pairs of neighbours only, not of all with all.
        """
        # By the first text's number, so that only one part is ever counted.
        shared: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        for one, other in self._together(len(self) if below is None else below):
            shared[one >> _BLOCK].append(one << 32 | other)
        for key in sorted(shared):
            counts = Counter(shared.pop(key))
            for pair in sorted(counts):
                one, other = pair >> 32, pair & _LOW
                telling = min(self._telling[one], self._telling[other])
                if counts[pair] >= max(_SHARED, telling // _SHARE):
                    yield one, other

    def _together(self, below: int) -> Iterator[tuple[int, int]]:
        for part in self._parts:
            entries = sorted(part)
            for _, group in groupby(entries, _value):
                numbers = [entry & _LOW for entry in group]
                if len(numbers) > _NEIGHBOURS:
                    for number in numbers:
                        self._telling[number] -= 1
                for place, number in enumerate(numbers):
                    if number >= below:
                        break
                    for other in numbers[place + 1 : place + 1 + _NEIGHBOURS]:
                        yield number, other


def _value(entry: int) -> int:
    return entry >> 32
