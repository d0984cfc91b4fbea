"""Many words looked for at once: a text is read once, however many there are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

__all__ = ["Automaton"]


class Automaton:
    """All words as one automaton (Aho and Corasick, 1975): a text is read once."""

    def __init__(self) -> None:
        self._steps: list[dict[str, int]] = [{}]
        self._fail: list[int] = [0]
        self._told: list[tuple[tuple[int, int], ...]] = [()]

    @property
    def empty(self) -> bool:
        """Whether there is no word."""
        return not self._steps[0]

    def add(self, word: str, place: int) -> None:
        """Add a word, such as the one that stands at a place of a list; all before `close`."""
        at = 0
        for character in word:
            following = self._steps[at].get(character)
            if following is None:
                following = self._steps[at][character] = len(self._steps)
                self._steps.append({})
                self._fail.append(0)
                self._told.append(())
            at = following
        self._told[at] = tuple({*self._told[at], (len(word), place)})

    def close(self) -> None:
        """Say for each beginning of a word which other one goes on where it breaks off."""
        steps, fail, told = self._steps, self._fail, self._told
        waiting = deque(steps[0].values())
        while waiting:
            at = waiting.popleft()
            told[at] += told[fail[at]]
            for character, following in steps[at].items():
                waiting.append(following)
                back = fail[at]
                while back and character not in steps[back]:
                    back = fail[back]
                fail[following] = steps[back].get(character, 0)

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Give start, end and place of each word in a text, in the order of their ends."""
        steps, fail, told = self._steps, self._fail, self._told
        at = 0
        for place, character in enumerate(text, 1):
            following = steps[at].get(character)
            while following is None and at:
                at = fail[at]
                following = steps[at].get(character)
            at = following or 0
            # Asked first, because hardly any place tells of a word.
            if told[at]:
                for length, number in told[at]:
                    yield place - length, place, number
