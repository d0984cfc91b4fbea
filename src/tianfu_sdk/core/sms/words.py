"""Finding the words of lists (敏感词) in texts.

Texts and words are folded (`tf.text.fold`: width, case, traditional and simplified). Where a
list says so, what writers put between the characters of a word to hide it is looked through.
All words are one automaton, so that a text is read once however many there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tianfu_sdk.core.languages.automaton import Automaton
from tianfu_sdk.model.template import WordHit, WordList
from tianfu_sdk.text import fold, fold_with_places

__all__ = ["Words"]

# Folded: blanks, marks that nobody sees, the tsheg, and what stands in for a dot. Commas and
# the ends of sentences are none of them: what stands on both sides belongs to two thoughts.
_BETWEEN = (
    r"\s\xad\u00b7\u034f\u0f0b\u180b-\u180e\u200b-\u200f\u2010-\u2015\u2022\u2027\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\u30fb\ufe00-\ufe0f\ufeff"
    r"\-*_.|/\\~^+=#'\"`@$%&<>\u4e28\u2605\u2606\u25cf\u25cb\u25a0\u25a1"
)
_STANDS_BETWEEN = re.compile(f"[{_BETWEEN}]+")
_STANDS = re.compile(f"[^{_BETWEEN}]+")


class Words:
    """Several lists at once; made once, then safe to share between threads.

    Args:
        lists: Those that count.
    """

    def __init__(self, lists: Iterable[WordList]) -> None:
        self._lists = tuple(lists)
        self._plain, self._separated = Automaton(), Automaton()
        for place, one in enumerate(self._lists):
            for word in one.words:
                self._add(word, place, separated=one.separated)
        self._plain.close()
        self._separated.close()

    def _add(self, word: str, place: int, *, separated: bool) -> None:
        folded = fold(word).strip()
        bare = _STANDS_BETWEEN.sub("", folded) if separated else ""
        # A word of nothing but such marks is looked for as it is.
        if bare:
            self._separated.add(bare, place)
        elif folded:
            self._plain.add(folded, place)

    def scan(self, text: str) -> list[WordHit]:
        """Find the words of all lists in a text.

        A word that begins or ends with an ASCII letter counts only where none stands beside
        that, and so for digits: `ad` is not in `radio`, `kg` is in `5kg`.

        Args:
            text: As it was written.

        Returns:
            Where they stand, in the order of the text; the longest of a list at each place.
        """
        folded, starts, ends = fold_with_places(text)
        found: list[WordHit] = []
        if not self._plain.empty:
            found += self._hits(text, self._plain, folded, starts, ends)
        if not self._separated.empty:
            if _STANDS_BETWEEN.search(folded):
                spans = [match.span() for match in _STANDS.finditer(folded)]
                starts = [at for a, b in spans for at in starts[a:b]]
                ends = [at for a, b in spans for at in ends[a:b]]
                folded = "".join(folded[a:b] for a, b in spans)
            found += self._hits(text, self._separated, folded, starts, ends)
        longest: dict[tuple[str, int], WordHit] = {}
        for hit in found:
            if longest.setdefault((hit.list, hit.start), hit).end < hit.end:
                longest[hit.list, hit.start] = hit
        return sorted(longest.values(), key=lambda hit: (hit.start, hit.end, hit.list))

    def _hits(
        self, text: str, index: Automaton, folded: str, starts: Sequence[int], ends: Sequence[int]
    ) -> Iterator[WordHit]:
        for begin, stop, place in index.find(folded):
            start, end = starts[begin], ends[stop - 1]
            if _within(text[max(0, start - 1) : start], folded[begin]):
                continue
            if _within(text[end : end + 1], folded[stop - 1]):
                continue
            one = self._lists[place]
            yield WordHit(list=one.id, severity=one.severity, start=start, end=end)


def _within(beside: str, edge: str) -> bool:
    """Tell whether a word goes on in the character beside its edge: letters, or digits."""
    if not edge.isascii() or not beside.isascii():
        return False
    return (edge.isalpha() and beside.isalpha()) or (edge.isdigit() and beside.isdigit())
