"""Counting what a plan chose, and gathering it into batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import attrs

from tianfu_sdk.core.campaign import Choice
from tianfu_sdk.model.sms import Exclusion
from tianfu_sdk.model.storage import LONGEST_PAGE

__all__ = ["Batcher", "Tally"]


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


@attrs.define
class Tally:
    """Figures of a plan while it is made."""

    recipients: int = 0
    parts: int = 0
    batches: int = 0
    by_language: Counter[str] = attrs.field(factory=Counter)
    reasons: Counter[str] = attrs.field(factory=Counter)

    @classmethod
    def of(cls, choices: Iterable[Choice], phones_per_call: int) -> Tally:
        """Count choices."""
        parts = 0
        by_language: dict[str, int] = {}
        reasons: dict[str, int] = {}
        for choice in choices:
            if choice.reason:
                reasons[choice.reason] = reasons.get(choice.reason, 0) + 1
            else:
                parts += choice.parts
                language = choice.language
                by_language[language] = by_language.get(language, 0) + 1
        most = Batcher(phones_per_call).most
        return cls(
            recipients=sum(by_language.values()),
            parts=parts,
            batches=sum(-(-count // most) for count in by_language.values()),
            by_language=Counter(by_language),
            reasons=Counter(reasons),
        )

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Why subscribers are left out, most frequent first."""
        return tuple(Exclusion(reason, count) for reason, count in self.reasons.most_common())
