"""What `match` and `match_round` give: records with reasons, which are tables as pages are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from tianfu_sdk.model.matching import LeftOut, Match, Pair, Spare
from tianfu_sdk.services.desk.page import Frames

__all__ = ["Matches", "Reasoned", "Round"]


class Reasoned(Frames):
    """A table with a column for each contribution to a score, such as `why_topic`."""

    def _table(self) -> list[dict[str, Any]]:
        rows = super()._table()
        reasons = [item.why for item in self]
        names = dict.fromkeys(name for why in reasons for name in why)
        for row, why in zip(rows, reasons, strict=True):
            del row["why"]
            row |= {f"why_{name}": why.get(name) for name in names}
        return rows


@attrs.frozen(kw_only=True)
class Matches(Reasoned):
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


@attrs.frozen(kw_only=True)
class Round(Reasoned):
    """One round of projects and experts, as a whole the best that there is."""

    pairs: tuple[Pair, ...]
    """By id of the project."""
    spare: tuple[Spare, ...]
    """Projects and experts without anybody, by id."""
    total: float
    """Sum of the scores."""
    solver: str
    """`scipy` or `python`."""

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)
