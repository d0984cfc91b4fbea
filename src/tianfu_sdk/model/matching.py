"""What a match is: who fits what, how well, and why; and who was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

__all__ = ["LeftOut", "Match", "Matches"]


@attrs.frozen(kw_only=True)
class Match:
    """One candidate, its score in [0, 1] and why; the contributions sum to the score."""

    kind: str
    id: str
    title: str
    score: float
    why: Mapping[str, float]
    count: int | None = None
    """Of an audience: subscribers in it; None: it is none."""


@attrs.frozen(kw_only=True)
class LeftOut:
    """One candidate that a hard gate left out, whatever its score would be."""

    kind: str
    id: str
    title: str
    reason: str
    """`expired`, `deadline`, `closed`, `capacity`, `language` or `age`."""


@attrs.frozen(kw_only=True)
class Matches:
    """Candidates, best first, and those that a hard gate left out."""

    to: str
    """What it was narrowed to, such as `expert`; empty: everything."""
    found: tuple[Match, ...]
    gated: Mapping[str, int]
    """How many were left out, by reason."""
    left_out: tuple[LeftOut, ...] = ()
    """Those of them that were looked at first, 100 at most, by id."""

    def __iter__(self) -> Iterator[Match]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)
