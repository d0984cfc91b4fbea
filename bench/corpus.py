"""A seeded Chinese corpus with a natural distribution of tokens, for speed only.

`python bench/corpus.py --n 120000 > corpus.jsonl`; `--figures` prints, instead of documents, how
near their tokens come to those of prose.

A document is a row of words. The commonest words are the pairs of characters of the sample texts,
by how often they stand there; the others are made of characters drawn by their rank, those of
the sample texts first, then what GB 2312 and GBK have. Words are drawn by the law of Zipf and
Mandelbrot, and a document says again what it has said, as texts do. It reads like nothing.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator

from tianfu_sdk.cli.demo.data_files import texts
from tianfu_sdk.text import fold, folded_tokens

# Set so that tokens, their ranks and their repeats come near those of encyclopedia articles.
_WORDS, _WORD_RANK, _WORD_POWER = 36_000, 130, -1.07
_LETTERS, _LETTER_RANK, _LETTER_POWER = 7_500, 700, -2.8
_THREE = 0.15
_LETTER_EVERY = 16
_AGAIN, _RARE, _LATIN, _NUMBER = 0.18, 0.0012, 0.015, 0.005
_RUN = 6.8
"""Characters from mark to mark, or word of other letters."""
_MARKS = "，，，。。、；"
_ASKING = ("", "", "怎么办", "怎么", "为什么", "是什么", "如何", "有哪些", "什么时候", "多少")


@functools.cache
def _letters() -> tuple[list[str], list[float]]:
    """Give characters, commonest first, and the weights of their ranks, added up."""
    seen = Counter(letter for record in texts() for letter in record["body"] if _is_han(letter))
    ranked = dict.fromkeys(letter for letter, _ in seen.most_common())
    # GB 2312 lists common characters before rare ones; GBK adds the rarest, in rows before it.
    for high, low in itertools.product((*range(0xB0, 0xF8), *range(0x81, 0xA1)), range(0x40, 0xFF)):
        letter = bytes((high, low)).decode("gbk", "ignore")
        if len(letter) == 1 and _is_han(letter):
            ranked.setdefault(letter)
    letters = list(ranked)[:_LETTERS]
    return letters, _heavy(len(letters), _LETTER_RANK, _LETTER_POWER)


@functools.cache
def _words() -> tuple[list[str], list[float]]:
    """Give words, commonest first, and the weights of their ranks, added up."""
    letters, heavy = _letters()
    bodies = [record["body"] for record in texts()]
    pairs = Counter(a + b for body in bodies for a, b in itertools.pairwise(body))
    common = [pair for pair, _ in pairs.most_common() if all(map(_is_han, pair))]
    words: dict[str, None] = {}
    for place, pair in enumerate(common):
        if place % _LETTER_EVERY == 0:
            words[letters[place // _LETTER_EVERY]] = None
        words[pair] = None
    dice = random.Random(3)
    while len(words) < _WORDS:
        size = 3 if dice.random() < _THREE else 2
        words["".join(dice.choices(letters, cum_weights=heavy, k=size))] = None
    return list(words), _heavy(len(words), _WORD_RANK, _WORD_POWER)


def _heavy(n: int, rank: int, power: float) -> list[float]:
    return list(itertools.accumulate((place + rank) ** power for place in range(n)))


def _is_han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff"


def documents(n: int, seed: int = 7, mean: int = 128) -> Iterator[dict[str, str]]:
    """Give n documents with title and body; the same for a seed."""
    dice = random.Random(seed)
    for number in range(n):
        body = _body(dice, max(20, int(dice.lognormvariate(-0.125, 0.5) * mean)))
        yield {"title": body[:16], "body": body, "key": f"doc-{number}"}


def _body(dice: random.Random, length: int) -> str:
    words, heavy = _words()
    out: list[str] = []
    said: list[str] = []
    size = 0
    while size < length:
        for drawn in dice.choices(words, cum_weights=heavy, k=16):
            word = drawn
            lot = dice.random()
            if said and lot < _AGAIN:
                word = said[int(dice.random() * len(said))]
            elif lot > 1 - _LATIN:
                word = _other(dice, number=lot > 1 - _NUMBER)
            elif lot > 1 - _LATIN - _RARE:
                word = _letters()[0][int(dice.random() * _LETTERS)]
            said.append(word)
            out.append(word)
            size += len(word)
            if dice.random() < len(word) / _RUN:
                out.append(_MARKS[int(dice.random() * len(_MARKS))])
                size += 1
            if size >= length:
                break
    return "".join(out)


def _other(dice: random.Random, *, number: bool) -> str:
    if number:
        return str(int(dice.random() * 2030) + 1)
    return f"{dice.choice('ABCDEHKMNPST')}{dice.choice('abeinorst')}{int(dice.random() * 9)}"


def questions(n: int, seed: int = 11, corpus: int = 7, among: int = 2_000) -> list[str]:
    """Give n questions: what one of the first documents says, in part, asked.

    Args:
        n: How many.
        seed: Of the questions.
        corpus: Seed of the documents.
        among: How many documents they are asked of.
    """
    dice = random.Random(seed)
    bodies = [document["body"] for document in documents(among, corpus)]
    found = []
    for _ in range(n):
        body = dice.choice(bodies)
        length = dice.randint(7, 16)
        start = dice.randrange(max(1, len(body) - length))
        piece = body[start : start + length].strip(_MARKS)
        found.append(f"{piece}{dice.choice(_ASKING)}？")
    return found


def figures(found: Iterator[dict[str, str]]) -> str:
    """Say how the tokens of documents are distributed."""
    counts: Counter[str] = Counter()
    in_documents: Counter[str] = Counter()
    n = characters = 0
    for n, document in enumerate(found, 1):  # noqa: B007 - counted for afterwards
        tokens = folded_tokens(fold(document["body"]))
        counts.update(tokens)
        in_documents.update(set(tokens))
        characters += len(document["body"])
    letters = {token: count for token, count in counts.items() if len(token) == 1}
    pairs = sorted(
        (c for token, c in counts.items() if len(token) == 2 and _is_han(token[0])), reverse=True
    )
    share = {rank: sum(pairs[:rank]) / sum(pairs) for rank in (100, 1_000, 10_000)}
    lines = [
        f"documents {n:,}, characters a document {characters / n:.1f}",
        f"tokens a document {counts.total() / n:.1f}",
        f"without single characters {(counts.total() - sum(letters.values())) / n:.1f}",
        f"different tokens {len(counts):,}, single characters {len(letters):,}",
        f"a token in a document that has it: {counts.total() / in_documents.total():.2f} times",
        *(f"the commonest {rank:,} pairs: {part:.1%} of all pairs" for rank, part in share.items()),
        f"pairs that stand once: {pairs.count(1) / len(pairs):.1%} of different pairs",
    ]
    return "\n".join(lines)


def main() -> None:
    """Print documents, or figures of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mean", type=int, default=128, help="characters a document")
    parser.add_argument("--figures", action="store_true")
    options = parser.parse_args()
    found = documents(options.n, options.seed, options.mean)
    if options.figures:
        print(figures(found))
        return
    for document in found:
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
