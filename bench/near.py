"""Edited copies among contents: recall on seeded edits, and seconds at 100,000."""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from corpus import documents
from timing import table

from tianfu_sdk.hub import Hub
from tianfu_sdk.text import convert

_BATCH = 1000


def run(*, small: bool) -> str:
    """Put copies that were edited in many ways among documents, and look for them."""
    n, each = (2_000, 40) if small else (100_000, 200)
    dice = random.Random(17)
    found = [document["body"] for document in documents(n)]
    edits = {
        name: [(number, edit(found[number], found, dice)) for number in dice.sample(range(n), each)]
        for name, edit in _EDITS.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub.open(f"sqlite:////{str(Path(folder) / 'near.db').lstrip('/')}", discover=False)
        me = hub.as_(hub.bootstrap(organization="四川省科协", region="510000").id)
        ids = _fill(me, [(f"第 {number} 条", body) for number, body in enumerate(found)])
        titled = [("另起的标题" if name == "another title" else "改过的", body)
                  for name, copies in edits.items() for _, body in copies]  # fmt: skip
        copies = iter(_fill(me, titled))
        wanted = {
            name: {(ids[number], next(copies)) for number, _ in some}
            for name, some in edits.items()
        }
        start, cpu = time.perf_counter(), time.process_time()
        pairs = {(one.of, one.id) for one in me.resources.near_duplicates(limit=100_000)}
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        hub.close()
    rows = [(name, each, f"{len(some & pairs) / len(some):.1%}") for name, some in wanted.items()]
    whole = set().union(*wanted.values())
    rows.append(("all", len(whole), f"{len(whole & pairs) / len(whole):.1%}"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = (
        f"{n:,} generated documents (average 128 characters) and {len(whole):,} edited copies on"
        f" SQLite: {seconds:.1f} s for all, {cpu:.1f} s of one core; {len(pairs - whole):,} other pairs were"
        f" found. The process had {memory:.0f} MB at most, the corpus among it."
    )
    return table("near duplicates", ("edit", "copies", "found"), rows, note)


def _fill(me: Hub, contents: list[tuple[str, str]]) -> list[str]:
    owner = next(iter(me.organizations.find())).id
    ids: list[str] = []
    for start in range(0, len(contents), _BATCH):
        some = [
            {"title": title, "body": body, "organization": owner}
            for title, body in contents[start : start + _BATCH]
        ]
        ids += [one.id for one in me.resources.add_many(some)]
    return ids


def _swapped(text: str, _: list[str], dice: random.Random) -> str:
    letters = list(text)
    for place in dice.sample(range(len(letters) - 1), max(1, len(letters) // 25)):
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def _changed(text: str, found: list[str], dice: random.Random) -> str:
    other = dice.choice(found)
    return "".join(dice.choice(other) if dice.random() < 0.05 else letter for letter in text)


def _put_in(text: str, found: list[str], dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + dice.choice(found)[: max(8, len(text) // 5)] + text[place:]


def _taken_out(text: str, _: list[str], dice: random.Random) -> str:
    length = len(text) // 4
    start = dice.randrange(len(text) - length)
    return text[:start] + text[start + length :]


_EDITS: dict[str, Callable[[str, list[str], random.Random], str]] = {
    "4 % of characters swapped": _swapped,
    "5 % of characters changed": _changed,
    "a fifth put in": _put_in,
    "a quarter taken out": _taken_out,
    "traditional characters": lambda text, _, __: convert(text, "zh-Hant"),
    "another title": lambda text, _, __: text,
}
