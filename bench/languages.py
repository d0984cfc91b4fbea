"""Chinese, Tibetan and Yi: text mechanics, conversion, the translation memory, the glossary, TMX."""

from __future__ import annotations

import contextlib
import io
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from corpus import documents
from timing import percentile, rounds, table

from tianfu_sdk.cli.demo.data_files import udhr
from tianfu_sdk.core.languages import memory
from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.memory import MemoryIndex
from tianfu_sdk.formats import tmx
from tianfu_sdk.formats.tmx import TmxHeader, TmxUnit, TmxVariant
from tianfu_sdk.model.glossary import Concept, GlossaryTerm
from tianfu_sdk.text import (
    conversion,
    convert,
    detect,
    fold,
    sentences,
    sort_key,
    syllables,
    tibetan_slips,
)


def run(*, small: bool) -> str:
    """Measure mechanics and conversion, the memory, the glossary, and TMX."""
    parts = (_mechanics, _conversion, _memory, _glossary, _tmx, _loading)
    return "\n".join(part(small=small) for part in parts)


def _corpora(*, small: bool) -> dict[str, str]:
    chinese = "".join(one["body"] for one in documents(200 if small else 3_000))
    declaration = {
        tag: "".join(udhr()["languages"][tag]["body"] for _ in range(3 if small else 150))
        for tag in ("bo", "ii")
    }
    return {
        "simplified Chinese": chinese,
        "traditional Chinese": convert(chinese, "zh-Hant"),
        "Tibetan": declaration["bo"],
        "Yi": declaration["ii"],
    }


def _mechanics(*, small: bool) -> str:
    corpora = _corpora(small=small)
    ways: dict[str, Callable[[str], object]] = {
        "`fold`": fold,
        "`detect`": detect,
        "`sentences`": sentences,
        "`syllables`": syllables,
        "`sort_key` of each syllable": lambda text: [sort_key(one) for one in syllables(text)],
        "`tibetan_slips`": tibetan_slips,
    }
    rows = []
    for name, way in ways.items():
        found = rounds(
            {kind: _over(way, text) for kind, text in corpora.items()}, 2 if small else 7
        )
        cells = [
            f"{1 / seconds / 1e6:.1f}" if _applies(name, kind) else "-"
            for kind, seconds in found.items()
        ]
        rows.append((name, *cells))
    return table(
        "Text of four kinds, million characters/s",
        ("", *corpora),
        rows,
        "One thread, no extra. Tibetan and Yi are articles of the Universal Declaration of Human"
        " Rights, repeated; Chinese is as in the other parts.",
    )


def _applies(name: str, kind: str) -> bool:
    if name == "`tibetan_slips`":
        return kind == "Tibetan"
    return "Chinese" not in kind or name not in ("`syllables`", "`sort_key` of each syllable")


def _over(way: Callable[[str], object], text: str) -> Callable[[], int]:
    def once() -> int:
        way(text)
        return len(text)

    return once


def _pure(target: str) -> Callable[[str], str]:
    name = "st" if target == "zh-Hant" else "ts"
    return lambda text: conversion._apply(conversion._stage(name), text)


def _conversion(*, small: bool) -> str:
    corpora = _corpora(small=small)
    hans, hant = corpora["simplified Chinese"], corpora["traditional Chinese"]
    sent = [piece for piece in re.split("(?<=。)", hans) if piece]
    ways: dict[str, Callable[[], int]] = {
        "to zh-Hant": _over(_pure("zh-Hant"), hans),
        "to zh-Hant, extra `fast`": _over(lambda text: convert(text, "zh-Hant"), hans),
        "to zh-Hant, a sentence at a time": _over(lambda _: [*map(_pure("zh-Hant"), sent)], hans),
        "to zh-Hant, a sentence at a time, extra `fast`": _over(
            lambda _: [convert(one, "zh-Hant") for one in sent], hans
        ),
        "to zh-Hans": _over(_pure("zh-Hans"), hant),
        "to zh-Hans, extra `fast`": _over(lambda text: convert(text, "zh-Hans"), hant),
        "to zh-Hant-TW": _over(lambda text: convert(text, "zh-Hant-TW"), hans),
    }
    found = rounds(ways, 2 if small else 7)
    rows = [(name, f"{1 / seconds / 1e6:.1f}") for name, seconds in found.items()]
    return table(
        "Between the ways of writing Chinese",
        ("", "million characters/s"),
        rows,
        f"{len(hans)} characters; both engines give the same text. The aims were 5 and, with the"
        " extra, 20: into zh-Hant that engine is no faster by tables of its own.",
    )


def _segments(number: int, dice: random.Random) -> list[str]:
    """Cut documents into segments of about 37 characters, all different."""
    made: dict[str, None] = {}
    for one in documents(number):
        at, body = 0, one["body"]
        while at < len(body) - 10 and len(made) < number:
            length = max(8, int(dice.gauss(37, 12)))
            made[body[at : at + length]] = None
            at += length
    return list(made)


def _edited(text: str, dice: random.Random, letters: str) -> str:
    """Change up to a fifth of a text, as translators' sources differ."""
    made = list(text)
    for _ in range(dice.randint(1, max(1, len(text) // 5))):
        at = dice.randrange(len(made))
        made[at : at + 1] = dice.choice(
            ([dice.choice(letters)], [], [made[at], dice.choice(letters)])
        )
        made = made or [letters[0]]
    return "".join(made)


def _memory(*, small: bool) -> str:
    dice = random.Random(3)
    segments = _segments(3_000 if small else 100_000, dice)
    index = MemoryIndex()
    start = time.perf_counter()
    for key, text in enumerate(segments):
        index.put(key, text)
    built = time.perf_counter() - start
    letters = "".join(segments[:500])
    asked = [_edited(one, dice, letters) for one in dice.sample(segments, 100 if small else 1_000)]
    rows = []
    with_extra, own = memory._scores, memory._own_scores
    ways: dict[str, Callable[[str], float]] = {}
    for name, scores in (("index, extra `fast`", with_extra), ("index, pure Python", own)):
        ways[name] = _nearest(index, scores)
    ways["all of them, rapidfuzz"] = lambda text: _best(fold(text), index)
    few = asked[:20] if small else asked[:200]
    best = {text: _best(fold(text), index) for text in few}
    for name, way in ways.items():
        times, found = [], {}
        for text in few if name.startswith("all") else asked:
            start = time.perf_counter()
            found[text] = way(text)
            times.append(time.perf_counter() - start)
        due = [text for text in few if best[text] >= 0.75]
        recall = sum(found[text] >= best[text] - 1e-9 for text in due) / max(1, len(due))
        cells = (f"{percentile(times, share) * 1000:.2f}" for share in (0.5, 0.99))
        rows.append((name, *cells, f"{recall:.3f}"))
    return table(
        f"The nearest of {len(segments)} segments",
        ("way", "p50, ms", "p99, ms", "recall"),
        rows,
        f"Segments of {sum(map(len, segments)) / len(segments):.0f} characters on average, asked for"
        f" with up to a fifth of them changed, least score 0.75; the index was built in {built:.1f} s."
        " Recall is the share of questions whose nearest segment is found. The aim was 0.5 ms, 0.98.",
    )


def _nearest(index: MemoryIndex, scores: Callable[..., object]) -> Callable[[str], float]:
    def way(text: str) -> float:
        memory._scores = scores  # type: ignore[assignment]
        found = index.near(text, lambda _: True, least=0.75, limit=1)
        return found[0].score if found else 0.0

    return way


def _best(folded: str, index: MemoryIndex) -> float:
    """Look at all texts but the same one."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import extract

    scorer = Levenshtein.normalized_similarity
    found = extract(folded, index._texts, scorer=scorer, score_cutoff=0.75, limit=2)
    return next((score for _, score, _ in found if score < 1), 0.0)


def _glossary(*, small: bool) -> str:
    dice = random.Random(5)
    number, terms = (100, 500) if small else (1_000, 5_000)
    sources = _segments(number, dice)
    body = syllables(udhr()["languages"]["bo"]["body"])
    targets = ["་".join(dice.choices(body, k=20)) + "།" for _ in sources]
    text = "".join(sources)
    concepts = []
    for place in range(terms):
        at = dice.randrange(len(text) - 6)
        named = {
            "zh-Hans": text[at : at + dice.randint(2, 5)],
            "bo": "་".join(dice.choices(body, k=dice.randint(1, 3))),
        }
        made = tuple(GlossaryTerm(language=tag, text=one) for tag, one in named.items())
        concepts.append(Concept(id=f"cpt_{place}", organization="o", region="510000", terms=made))
    glossary = Glossary(concepts)
    start = time.perf_counter()
    glossary.check("x", "x", source_language="zh-Hans", target_language="bo")
    built = time.perf_counter() - start

    def once() -> int:
        for one, other in zip(sources, targets, strict=True):
            glossary.check(one, other, source_language="zh-Hans", target_language="bo")
        return 1

    seconds = rounds({"check": once}, 1 if small else 5)["check"]
    found = sum(
        len(glossary.check(one, other, source_language="zh-Hans", target_language="bo"))
        for one, other in zip(sources, targets, strict=True)
    )
    return table(
        f"{number} segments held against {terms} concepts",
        ("make ready, ms", "all segments, ms", "problems"),
        [(f"{built * 1000:.0f}", f"{seconds * 1000:.0f}", found)],
        "Each segment in Chinese and Tibetan, each concept a term in both.",
    )


def _tmx_of(number: int) -> tuple[int, bytes]:
    """Make a file, and say how many units it has."""
    segments = _segments(number, random.Random(7))
    units = (
        TmxUnit(
            variants=(
                TmxVariant(language="zh-Hans", content=(one,)),
                TmxVariant(language="bo", content=("ས་ཡོམ་སྐབས། " * 4,)),
            )
        )
        for one in segments
    )
    return len(segments), b"".join(tmx.write(TmxHeader(source_language="zh-Hans"), units))


def _tmx(*, small: bool) -> str:
    number, data = _tmx_of(2_000 if small else 100_000)
    rows = []
    for name, way in (
        ("check", lambda: tmx.check(io.BytesIO(data))),
        ("read unit by unit", lambda: sum(1 for _ in tmx.stream(io.BytesIO(data))[1])),
    ):
        start = time.process_time()
        way()
        rows.append((name, f"{time.process_time() - start:.1f}"))
    tracemalloc.start()
    tmx.check(io.BytesIO(data[: len(data) // 10]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return table(
        f"A TMX of {number} units, {len(data) / 1e6:.0f} MB",
        ("", "CPU seconds"),
        rows,
        f"At most {peak / 1e6:.1f} MB of Python objects at a time, whatever the size of the file.",
    )


def _loading(*, small: bool) -> str:
    """Take a TMX into a store, in a process of its own, and watch its peak memory."""
    number, data = _tmx_of(2_000 if small else 100_000)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.tmx"
        path.write_bytes(data)
        for name in ("first time", "once more"):
            command = [sys.executable, __file__, str(path), str(Path(folder) / "memory.db")]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds, cpu, peak, base, steps, added = out.split()
            rows.append((name, added, seconds, cpu, peak, base, steps))
    return table(
        f"`hub.memory.load` of the same TMX of {number} units into SQLite",
        ("", "new units", "s", "CPU s", "peak MB", "MB at start", "calls of `progress`"),
        rows,
        "The file is checked whole, and then all of it is written in one transaction. Memory is that"
        " of the process, beside that after opening the hub.",
    )


def _load(path: str, store: str) -> None:
    import tianfu_sdk as tf

    hub = tf.Hub.open(f"sqlite:///{store}", discover=False)
    with contextlib.suppress(tf.Conflict, tf.Denied):
        hub.bootstrap(organization="省科协", region="510000")
    me = hub.as_system(reason="bench")
    organization = next(iter(me.organizations.find())).id
    steps: list[int] = []
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, cpu = time.perf_counter(), time.process_time()
    report = me.memory.load(path, organization=organization, progress=steps.append)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:.1f} {cpu:.1f} {peak:.0f} {base:.0f} {len(steps)} {report.added}")


if __name__ == "__main__":
    _load(*sys.argv[1:])
