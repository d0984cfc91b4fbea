"""Counting what a plan chose, and gathering it into batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from tianfu_sdk.core.sms.campaign import Choice
from tianfu_sdk.model.sms import Exclusion
from tianfu_sdk.model.storage import LONGEST_PAGE

__all__ = ["Batcher", "Tally", "batches_of"]


class Batcher:
    """Gather choices into batches: one text, as many phones as one call takes.

    Args:
        phones_per_call: Of the gateway; at most 1,000 are used.
    """

    def __init__(self, phones_per_call: int) -> None:
        self.most = max(1, min(phones_per_call, LONGEST_PAGE))
        """Phones of a full batch."""
        self._open: dict[str, list[Choice]] = {}

    def add(self, choice: Choice) -> list[Choice] | None:
        """Take one; gives a batch when one is full."""
        waiting = self._open.setdefault(choice.language, [])
        waiting.append(choice)
        if len(waiting) < self.most:
            return None
        return self._open.pop(choice.language)

    def rest(self) -> Iterator[list[Choice]]:
        """Give the batches that are not full."""
        open_, self._open = self._open, {}
        yield from open_.values()


@attrs.frozen
class Tally:
    """Figures of a plan."""

    counts: Mapping[tuple[str, str], int]
    """By gateway, or an empty name where there is only one, and language."""
    reasons: Mapping[str, int]

    @classmethod
    def of(cls, choices: Iterable[Choice], way: Callable[[bytes, str], str] | None = None) -> Tally:
        """Count choices.

        Args:
            choices: Of all candidates.
            way: Gives the gateway of a phone's index and a language; None: there is only one.
        """
        only: dict[str, int] = {}
        found: dict[tuple[str, str], int] = {}
        reasons: dict[str, int] = {}
        for choice in choices:
            language = choice.language
            if choice.reason:
                reasons[choice.reason] = reasons.get(choice.reason, 0) + 1
            elif way is None:
                only[language] = only.get(language, 0) + 1
            else:
                key = way(choice.phone_ix, language), language
                found[key] = found.get(key, 0) + 1
        return cls(found or {("", tag): count for tag, count in only.items()}, reasons)

    @property
    def recipients(self) -> int:
        """All who get something."""
        return sum(self.counts.values())

    @property
    def by_language(self) -> Counter[str]:
        """Recipients by language."""
        found: Counter[str] = Counter()
        for (_, language), count in self.counts.items():
            found[language] += count
        return found

    def through(self, gateway: str) -> Counter[str]:
        """Count the recipients of a gateway by language."""
        return Counter(
            {tag: count for (name, tag), count in self.counts.items() if name == gateway}
        )

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Why subscribers are left out, most frequent first."""
        ordered = Counter(self.reasons).most_common()
        return tuple(Exclusion(reason, count) for reason, count in ordered)


def batches_of(by_language: Mapping[str, int], phones_per_call: int) -> int:
    """Count the batches of recipients by language."""
    most = Batcher(phones_per_call).most
    return sum(-(-count // most) for count in by_language.values())
