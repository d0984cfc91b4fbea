"""Text of Chinese, Tibetan and Yi: how fast it is folded, cut, sorted and converted."""

from __future__ import annotations

import re
from collections.abc import Callable

from corpus import documents
from timing import rounds, table

from tianfu_sdk.cli.demo.data_files import udhr
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
    """Measure each by million characters a second."""
    return f"{_mechanics(small=small)}\n{_conversion(small=small)}"


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
        " extra, 20.",
    )
