"""Who is killed while it feeds loses nothing that its mark says is there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tantivy_rig.feeder import STEPS, WORDS, feed, final

from tianfu_sdk.model.search import SearchFilter

SEED = int(os.environ.get("TIANFU_SEED") or random.randrange(10**6))


def killed(folder, seed, patience):
    """Feed in a process of its own, and kill it after so many dots; tells whether it had ended."""
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-m", "tantivy_rig.feeder", str(folder), str(seed)],
        stdout=subprocess.PIPE,
        cwd=here,
    )
    try:
        said = process.stdout.read(patience)
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()
    return b"!" in said


def play(folder, make, seed, kills):
    chance = random.Random(seed)
    for _ in range(kills):
        if killed(folder, seed, chance.randint(1, STEPS // 10)):
            break
    engine = make(wait=1)
    mark = engine.mark()
    assert engine.analyzer_version() is not None or mark is None
    feed(engine, seed, 0 if mark is None else int(mark) + 1)
    there = final(seed)
    assert engine.size() == len(there)
    assert engine.mark() == f"{STEPS - 1:06d}"

    def answers():
        return [
            engine.query(tokens, only, 200)
            for tokens in (["apple"], ["脑卒", "卒中"], [*"花椒地震"], WORDS)
            for only in (SearchFilter(), SearchFilter(kinds=frozenset(["notice"])))
        ]

    fed = answers()
    engine.rebuild(there)
    assert answers() == fed


def test_a_killed_feeder_is_caught_up_with(folder, make):
    try:
        play(folder, make, SEED, kills=2)
    except BaseException as error:
        error.add_note(f"again: TIANFU_SEED={SEED}")
        raise


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(20))
def test_many_killed_feeders_are_caught_up_with(folder, make, seed):
    try:
        play(folder, make, SEED + seed, kills=5)
    except BaseException as error:
        error.add_note(f"again: TIANFU_SEED={SEED + seed}")
        raise


def test_who_is_killed_while_rebuilding_leaves_what_was(folder, make):
    engine = make()
    engine.rebuild(final(1))
    engine.mark("000007")
    engine.flush()
    before = engine.query(WORDS, SearchFilter(), 200)
    code = (
        "import sys; from tantivy_rig import opened; from tantivy_rig.feeder import final\n"
        "def docs():\n"
        "    yield from final(2)[:20]\n"
        "    sys.stdout.write('.'); sys.stdout.flush()\n"
        "    sys.stdin.read()\n"
        f"opened({str(folder)!r}).rebuild(docs())\n"
    )
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=here
    )
    try:
        assert process.stdout.read(1) == b"."
        assert engine.query(WORDS, SearchFilter(), 200) == before
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()
        process.stdin.close()
    again = make()
    assert again.query(WORDS, SearchFilter(), 200) == before
    assert again.mark() == "000007"
    assert len(list(folder.glob("g-*"))) == 2
    again.rebuild(final(1))
    assert len(list(folder.glob("g-*"))) == 1
