"""A seeded Chinese corpus with a natural distribution of characters, for speed only.

Documents are chains of characters learnt from the sample texts (each character follows the
pair before it as it does there), with lengths spread as those of short articles. They read
like nothing, but their tokens are distributed as those of prose.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator

from tianfu_sdk.cli.demo.data_files import texts

_START = "。\n"


@functools.cache
def _chain() -> dict[str, list[str]]:
    follow: dict[str, list[str]] = defaultdict(list)
    for record in texts():
        text = _START + record["body"].replace("\n\n", "。\n") + "。"
        for place in range(len(text) - 2):
            follow[text[place : place + 2]].append(text[place + 2])
    return follow


def documents(n: int, seed: int = 7, mean: int = 128) -> Iterator[dict[str, str]]:
    """Give n documents with title and body; the same for a seed."""
    dice = random.Random(seed)
    follow = _chain()
    starts = list(follow)
    for number in range(n):
        length = max(20, int(dice.lognormvariate(0, 0.5) * mean))
        pair = dice.choice(starts)
        out = [pair]
        # One in ten steps leaps, so that 100,000 documents do not share all their pairs.
        while len(out) < length:
            nexts = follow.get(pair)
            if not nexts or dice.random() < 0.1:
                pair = dice.choice(starts)
                out.append(pair[0])
                continue
            letter = dice.choice(nexts)
            out.append(letter)
            pair = pair[1] + letter
        body = "".join(out).replace("\n", "")
        yield {"title": body[:16], "body": body, "key": f"doc-{number}"}


def questions(n: int, seed: int = 11) -> list[str]:
    """Give n questions: pieces of the sample texts' titles and bodies."""
    dice = random.Random(seed)
    found = []
    for _ in range(n):
        record = dice.choice(texts())
        sentences = [s for s in record["body"].replace("\n", "。").split("。") if len(s) > 8]
        sentence = dice.choice(sentences)
        start = dice.randrange(0, max(1, len(sentence) - 12))
        found.append(
            dice.choice(["", "怎么"]) + sentence[start : start + dice.randint(6, 14)] + "？"
        )
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for document in documents(options.n, options.seed):
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
