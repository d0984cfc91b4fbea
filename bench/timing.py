"""Minimum times of interleaved rounds, and tables of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence


def rounds(ways: Mapping[str, Callable[[], int]], count: int) -> dict[str, float]:
    """Run every way in turn, round by round.

    Args:
        ways: Each does some work and gives how many units it did.
        count: Rounds.

    Returns:
        Least seconds a unit, by way.
    """
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(count):
        for name, way in ways.items():
            start = time.perf_counter()
            units = way()
            best[name] = min(best[name], (time.perf_counter() - start) / units)
    return best


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], note: str = "") -> str:
    """Write a Markdown table."""
    lines = [f"## {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join([*lines, "", *([note, ""] if note else [])])


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
