"""A stream that is fed, the same for a seed; as a program it feeds until it is killed."""

from __future__ import annotations

import random
import sys

from tianfu_sdk.model.search import SearchDoc

WORDS = ["脑卒中", "高血压", "花椒", "柑橘", "地震", "预防", "采收", "时节", "apple", "banana"]
STEPS = 400


def step(seed, number):
    """Give what a place in the stream changes: documents, and ids that go."""
    chance = random.Random(seed * 10_000 + number)
    docs = [
        SearchDoc(
            id=f"d{chance.randint(0, 60):02d}",
            kind=chance.choice(["resource", "notice"]),
            language="zh-Hans",
            text=" ".join(chance.choices(WORDS, k=chance.randint(1, 20))),
        )
        for _ in range(chance.randint(0, 5))
    ]
    return docs, [f"d{chance.randint(0, 60):02d}" for _ in range(chance.randint(0, 2))]


def final(seed):
    """Give the documents that are there in the end."""
    there = {}
    for number in range(STEPS):
        docs, gone = step(seed, number)
        for id_ in gone:
            there.pop(id_, None)
        there.update({doc.id: doc for doc in docs})
    return list(there.values())


def feed(engine, seed, first, flushes=0.1):
    """Feed from a place in the stream to its end."""
    chance = random.Random(seed)
    for number in range(first, STEPS):
        docs, gone = step(seed, number)
        engine.remove(gone)
        engine.index(docs)
        engine.mark(f"{number:06d}")
        if chance.random() < flushes:
            engine.flush()
        if number % 10 == 0:
            sys.stdout.write(".")
            sys.stdout.flush()
    engine.flush()


if __name__ == "__main__":
    from tantivy_rig import opened

    engine = opened(sys.argv[1], batch=20)
    mark = engine.mark()
    feed(engine, int(sys.argv[2]), 0 if mark is None else int(mark) + 1)
    sys.stdout.write("!")
    sys.stdout.flush()
