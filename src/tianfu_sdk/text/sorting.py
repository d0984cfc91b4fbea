"""The order of dictionaries: Tibetan by its root letters, Yi by its syllabary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import attrs

from tianfu_sdk.text import tables

__all__ = ["sort_key"]

_CHAIN = re.compile(r"&(?P<before>\[before 1\])?(?P<reset>[^<=]+)(?P<rest>.*)")
_STEP = re.compile("(<{1,3}|=)([^<=]+)")
_CONSONANTS = range(0x0F40, 0x0F6D)
_TSA_PHRU = "\u0f39"
# What the rules leave as Unicode's default order has it. It takes the vocalic r and l of
# Sanskrit for letters after all others, and to find them looks at r and l with a long a.
_AFTER = {
    "\u0f62": ("r",),
    "\u0f63": ("l",),
    "\u0f68": (
        "a",
        "i",
        "u",
        "\u0fb2\u0f80",
        "\u0fb2\u0f71\u0f80",
        "\u0fb3\u0f80",
        "\u0fb3\u0f71\u0f80",
    ),
}
_LONG = {"\u0f71": "a", "\u0f71\u0f72": "i", "\u0f71\u0f74": "u"}
_HALF_DIGITS = range(0x0F2A, 0x0F34)

# The first byte of a character's weight, by what it is; a letter of another script the last.
_OTHER, _DIGIT, _TIBETAN, _LETTER = 1, 2, 3, 4


@attrs.define(eq=False)
class _Node:
    """A place in the order; `strength` says how it differs from the place before it.

    Attributes:
        strength: 1 another letter, 2 another mark, 3 another form.
        weight: Once all are placed: the three numbers.
    """

    strength: int
    weight: tuple[int, int, int] = (0, 0, 0)


_Elements = tuple[_Node, ...]


class _Order:
    """Compile the rules as the Unicode Collation Algorithm reads them.

    A string that the rules place is found as a whole wherever it stands; `&ཀར<ཀརྐ` places
    one after a sequence, so it keeps the elements of all but the last.
    """

    def __init__(self, chains: list[str]) -> None:
        # What is only a mark weighs nothing by itself; all letters come after.
        self._nodes: list[_Node] = [_Node(1), _Node(2), _Node(1)]
        self.elements: dict[str, _Elements] = {_TSA_PHRU: (self._nodes[1],)}
        self._before_all = self._nodes[2]
        placed = {name for chain in chains for _, name in _STEP.findall(chain)}
        for letter in map(chr, _CONSONANTS):
            if letter not in placed and unicodedata.is_normalized("NFD", letter):
                self._add(letter)
                for name in _AFTER.get(letter, ()):
                    self._add(name)
        for subjoined, name in (("\u0fb2", "r"), ("\u0fb3", "l")):
            for vowel, after in _LONG.items():
                self.elements[subjoined + vowel] = self.elements[name] + self.elements[after]
        for name in ("r", "l", "a", "i", "u"):
            del self.elements[name]
        for chain in chains:
            self._take(chain)
        self._weigh()

    def split(self, text: str, known: re.Pattern[str] | None = None) -> Iterator[_Elements]:
        """Give the elements of a text of known strings, the longest first."""
        pattern = known or re.compile(_alternatives(self.elements))
        for match in pattern.finditer(text):
            yield self.elements[match[0]]

    def _add(self, name: str) -> None:
        self._nodes.append(_Node(1))
        self.elements[name] = (self._nodes[-1],)

    def _take(self, chain: str) -> None:
        match = _CHAIN.fullmatch(chain)
        assert match is not None  # noqa: S101 - a table of the package
        reset = unicodedata.normalize("NFD", match["reset"])
        at: _Elements = (
            (self._before_all,)
            if match["before"]
            else tuple(node for found in self.split(reset) for node in found)
        )
        for relation, name in _STEP.findall(match["rest"]):
            if relation != "=":
                at = (*at[:-1], self._insert(at[-1], len(relation)))
            self.elements[unicodedata.normalize("NFD", name)] = at

    def _insert(self, after: _Node, strength: int) -> _Node:
        place = self._nodes.index(after) + 1
        while place < len(self._nodes) and self._nodes[place].strength > strength:
            place += 1
        made = _Node(strength)
        self._nodes.insert(place, made)
        return made

    def _weigh(self) -> None:
        # The first node has weight 0: what comes before the first letter is ignored first.
        first = second = third = 0
        for node in self._nodes[1:]:
            if node.strength == 1:
                first, second, third = first + 1, 0, 0
            elif node.strength == 2:  # noqa: PLR2004 - as `_Node.strength`
                second, third = second + 1, 0
            else:
                third += 1
            node.weight = (first, second, third)


def _alternatives(names: dict[str, _Elements]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


@cache
def _order() -> tuple[_Order, re.Pattern[str]]:
    made = _Order(tables.lines("bo_order"))
    return made, re.compile(f"({_alternatives(made.elements)})|.", re.DOTALL)


@lru_cache(4096)
def _plain(character: str) -> tuple[bytes, int]:
    """Give the first and the third weight of a character that the rules do not place."""
    category = unicodedata.category(character)
    code = ord(character)
    if category == "Nd":
        return bytes((_DIGIT, 1 + unicodedata.decimal(character))), 1
    if code in _HALF_DIGITS:
        # ༪ stands for half less than one, and so follows it; the last is that of zero.
        return bytes((_DIGIT, 1 + (code - 0x0F29) % 10)), 2
    if category[0] in "LN":
        lower = unicodedata.normalize("NFKC", character).lower()
        weight = b"".join(bytes((_LETTER,)) + ord(one).to_bytes(3, "big") for one in lower)
        return weight, 1 if lower == character else 2
    if category[0] == "M":
        return b"", 1
    return bytes((_OTHER,)) + code.to_bytes(3, "big"), 1


def sort_key(text: str) -> bytes:
    """Give what to sort texts by, so that they stand as in a dictionary.

    Tibetan goes syllable by syllable and by its root letter: དཀར stands under ཀ and མཁན under
    ཁ; then by prefix and superscript, then by what follows: suffix, vowel, subscript, and so
    on to the next syllable. Yi goes by its syllabary, which is the order of its code points.
    Signs come before digits, digits before Tibetan, Tibetan before other scripts; digits
    count by their value in any script, and case and width only where nothing else differs.
    Chinese goes by code point, not by pronunciation or strokes.

    Args:
        text: Any text.

    Returns:
        Bytes to compare; the same for texts that are only typed otherwise.

    Source: Unicode CLDR's collation `bo`, whose order ICU gives for the same words; that the
        order of Yi code points is that of the standard's syllabary is unverified.
    """
    order, pattern = _order()
    first: list[bytes] = []
    marks = bytearray()
    forms = bytearray()
    for match in pattern.finditer(unicodedata.normalize("NFD", text)):
        known = match[1]
        if known is None:
            weight, form = _plain(match[0])
            if weight:
                first.append(weight)
                marks.append(1)
                forms.append(form)
            continue
        for node in order.elements[known]:
            one, two, three = node.weight
            if one:
                first.append(bytes((_TIBETAN,)) + one.to_bytes(2, "big"))
            marks.append(1 + two)
            forms.append(1 + three)
    return b"\0".join((b"".join(first), bytes(marks), bytes(forms)))
