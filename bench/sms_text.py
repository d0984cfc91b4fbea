"""Texts of science SMS: how fast they are split into parts, and words of lists found in them."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

from corpus import documents
from timing import rounds, table

from tianfu_sdk.core.sms.words import Words
from tianfu_sdk.model.template import WordList
from tianfu_sdk.text import fold, sms_parts, sms_split

_TIBETAN = "བོད་ཡིག་གི་སྐད་ཆ་འདི་ནི་རྒྱལ་ཁབ་ཀྱི་ཚན་རིག་ཁྱབ་གདལ་གྱི་ལས་ཀ་ཡིན།"


def run(*, small: bool) -> str:
    """Split messages, and look for words in them."""
    return f"{_parts(small=small)}\n{_words(small=small)}"


def _parts(*, small: bool) -> str:
    """Split Chinese messages of one to eight parts, and others that cost more thought."""
    n, times = (300, 2) if small else (3_000, 7)
    bodies = [one["body"] for one in documents(n)]
    texts = {
        "Chinese, 20 to 500 characters": [body[:500] for body in bodies],
        "Chinese, two parts": [(body * 4)[:130] for body in bodies],
        "Chinese with an emoji": [f"{body[:90]}😀{body[90:400]}" for body in bodies],
        "Chinese with a link and a number": [
            f"{body[:80]}https://kepu.example.cn/a?id=1{body[80:300]}028-86633333"
            for body in bodies
        ],
        "Tibetan, 4 to 5 parts": [_TIBETAN * 4] * (n // 3),
        "one text of all": ["".join(bodies)],
    }
    ways = {name: _split(some) for name, some in texts.items()}
    found = rounds(ways, times)
    rows = [(name, len(texts[name]), f"{1 / seconds / 1e6:.1f}") for name, seconds in found.items()]
    parts = sum(len(sms_parts(body)) for body in texts["Chinese, 20 to 500 characters"])
    return table(
        "Parts of an SMS",
        ("texts", "number", "million characters/s"),
        rows,
        f"`tf.text.sms_split`, one thread; the first row is {parts} parts. The aim was 1 million"
        " Chinese characters a second.",
    )


def _split(texts: list[str]) -> Callable[[], int]:
    def way() -> int:
        return sum(len(text) for text in texts if sms_split(text))

    return way


def _words(*, small: bool) -> str:
    """Look for 10,000 words that hardly any text has, as lists of words are."""
    n, times, number = (200, 1, 1_000) if small else (2_000, 5, 10_000)
    bodies = [one["body"] for one in documents(n)]
    few = bodies[: n // 20]
    some = _list(number, "".join(bodies))
    rows = []
    for name, separated in (("words", False), ("words, looked through blanks and dots", True)):
        start = time.perf_counter()
        made = Words([_word_list(some, separated=separated)])
        built = time.perf_counter() - start
        (seconds,) = rounds({name: _scan(made.scan, bodies)}, times).values()
        hits = sum(len(made.scan(body)) for body in bodies)
        rows.append((name, f"{built * 1000:.0f}", f"{1 / seconds / 1e6:.2f}", hits))
    folded = [fold(word) for word in some]
    start = time.perf_counter()
    pattern = re.compile("|".join(map(re.escape, sorted(folded, key=len, reverse=True))))
    built = time.perf_counter() - start
    for name, way in (
        ("one pattern of `re`", lambda text: pattern.findall(fold(text))),
        ("`word in text`, one by one", lambda text: _each(folded, fold(text))),
    ):
        (seconds,) = rounds({name: _scan(way, few)}, 1).values()
        hits = sum(len(way(body)) for body in few)
        rows.append((name, f"{built * 1000:.0f}", f"{1 / seconds / 1e6:.2f}", hits))
        built = 0.0
    return table(
        f"{number} words of a list in SMS texts",
        ("way", "build, ms", "million characters/s", "found"),
        rows,
        f"{n} texts, the last two ways {len(few)} of them; folded: width, case, traditional and"
        " simplified.",
    )


def _word_list(some: list[str], *, separated: bool) -> WordList:
    return WordList(
        id="wdl_1",
        name="x",
        organization="org_1",
        region="510000",
        words=tuple(some),
        separated=separated,
    )


def _list(number: int, text: str) -> list[str]:
    """Make words of the characters of a text, of which one in a thousand stands in it."""
    dice = random.Random(3)
    characters = [one for one in text if "\u4e00" <= one <= "\u9fff"]
    there = {text[at : at + n] for n in (2, 3, 4, 5, 6) for at in range(len(text) - n)}
    found = {text[at : at + 4] for at in dice.sample(range(len(text) - 4), number // 1000)}
    while len(found) < number:
        word = "".join(dice.choices(characters, k=dice.choice([2, 2, 3, 3, 4, 4, 5, 6])))
        if word not in there:
            found.add(word)
    return sorted(found)


def _each(words: list[str], text: str) -> list[str]:
    return [word for word in words if word in text]


def _scan(way: Callable[[str], object], texts: list[str]) -> Callable[[], int]:
    def run() -> int:
        for text in texts:
            way(text)
        return sum(map(len, texts))

    return run
