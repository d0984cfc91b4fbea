"""Run the benchmarks and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

_ALL = ("imports", "nouns", "importing", "asking", "sealing", "outbox", "events", "sms_text")
_BY_HAND = "<!-- What follows was measured by hand and is kept. -->\n"
_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="*", default=_ALL)
    parser.add_argument("--small", action="store_true", help="see that they work; writes nothing")
    options = parser.parse_args()
    parts = []
    for name in options.which:
        # Each in a process of its own: what one has loaded is not the next one's memory.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            part = alone.submit(_part, name, small=options.small).result()
        print(part, flush=True)
        parts.append(part)
    if not options.small and set(options.which) == set(_ALL):
        _, mark, by_hand = _PAGE.read_text("utf-8").partition(_BY_HAND)
        _PAGE.write_text(_head() + "\n".join(parts) + "\n" + mark + by_hand, "utf-8")


def _part(name: str, *, small: bool) -> str:
    return importlib.import_module(name).run(small=small)


def _head() -> str:
    day = datetime.now(UTC).date().isoformat()
    return (
        "# Benchmarks\n\n"
        f"`python bench/run.py`, {day}: Python {platform.python_version()}, SQLite"
        f" {sqlite3.sqlite_version}, {os.cpu_count()} cores, {platform.system()}. Trust the"
        " ratios inside one table, not the absolute times; single runs swing up to 2x.\n\n"
    )


if __name__ == "__main__":
    main()
