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

_ALL = (
    "imports",
    "nouns",
    "importing",
    "asking",
    "quality",
    "engines",
    "matching",
    "sealing",
    "outbox",
    "events",
    "sms_text",
    "languages",
    "xliff",
    "near",
)
_BY_HAND = "<!-- What follows was measured by hand and is kept. -->\n"
_MARK = "<!-- part {} -->\n"
_HEAD = (
    "# Benchmarks\n\nTrust the ratios inside one table, not the absolute times; single runs swing"
    " up to 2x. Each part says when it was run.\n\n"
)
_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="*", default=_ALL)
    parser.add_argument("--small", action="store_true", help="see that they work; writes nothing")
    options = parser.parse_args()
    for name in options.which:
        # Each in a process of its own: what one has loaded is not the next one's memory.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            part = alone.submit(_part, name, small=options.small).result()
        print(part, flush=True)
        if not options.small and name in _ALL:
            # At once: what was measured is not lost if a later part fails.
            _PAGE.write_text(_with(_PAGE.read_text("utf-8"), name, part), "utf-8")


def _part(name: str, *, small: bool) -> str:
    return importlib.import_module(name).run(small=small)


def _with(page: str, name: str, part: str) -> str:
    """Give the page with one part in the place of what it was."""
    made, mark, by_hand = page.partition(_BY_HAND)
    parts = {known: _MARK.format(known) + "\n" for known in _ALL}
    for known in made.split("<!-- part ")[1:]:
        found, _, rest = known.partition(" -->\n")
        if found in parts:
            parts[found] = f"{_MARK.format(found)}{rest.rstrip()}\n\n"
    parts[name] = f"{_MARK.format(name)}{_run(name)}{part.rstrip()}\n\n"
    return _HEAD + "".join(parts.values()) + mark + by_hand


def _run(name: str) -> str:
    day = datetime.now(UTC).date().isoformat()
    return (
        f"`python bench/run.py {name}`, {day}: Python {platform.python_version()}, SQLite"
        f" {sqlite3.sqlite_version}, {os.cpu_count()} cores, {platform.system()}.\n\n"
    )


if __name__ == "__main__":
    main()
