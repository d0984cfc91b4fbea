"""Convert between simplified and traditional Chinese by OpenCC's phrases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from itertools import compress, count
from operator import add
from typing import Any

import attrs

from tianfu_sdk.errors import Unsupported
from tianfu_sdk.text import tables
from tianfu_sdk.text.scripts import canonical_language

__all__ = ["convert"]

_NATIVE = {"st": "s2t", "ts": "t2s"}
_SURROGATES = re.compile("[\ud800-\udfff]")
_COMPATIBILITY = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")


@attrs.frozen
class _Stage:
    """One pass: phrases by the longest key at a place, characters for the rest.

    Attributes:
        characters: The table for what no phrase holds.
        phrases: Values by phrase, None where the characters give it.
        heads: Lengths of the phrases by their first two characters, the longest first.
        turns: Finds characters such that each phrase with a value has one of them.
        inner: Pairs of neighbours inside phrases: no phrase lies across any other pair.
    """

    characters: Mapping[int, int]
    phrases: Mapping[str, str | None]
    heads: Mapping[str, tuple[int, ...]]
    turns: re.Pattern[str]
    inner: frozenset[str]


# Source and target, each a chain of tables as in OpenCC's configurations s2t, s2twp,
# s2hkp, t2s, tw2sp and hk2sp. `cut:` only finds where the phrases of a table lie, and the
# later tables then have no phrase across their edges.
_CHAINS = {
    ("zh-Hans", "zh-Hant"): ("st",),
    ("zh-Hans", "zh-Hant-TW"): ("st", "tw"),
    ("zh-Hans", "zh-Hant-HK"): ("st", "hk"),
    ("zh-Hant", "zh-Hans"): ("ts",),
    ("zh-Hant-TW", "zh-Hans"): ("cut:ts", "tw_rev", "ts"),
    ("zh-Hant-HK", "zh-Hans"): ("cut:ts", "hk_rev", "ts"),
}


def _turning(key: str, value: str, characters: Mapping[int, int]) -> str:
    """List the characters of a phrase that the table would change otherwise."""
    plain = key.translate(characters)
    if len(plain) != len(value):
        return key
    return "".join(one for one, old, new in zip(key, plain, value, strict=True) if old != new)


@cache
def _stage(name: str) -> _Stage:
    phrases = tables.phrases(name)
    characters = tables.one_to_one(name)
    lengths: dict[str, set[int]] = {}
    turning: set[str] = set()
    for key, value in phrases.items():
        lengths.setdefault(key[:2], set()).add(len(key))
        # One character of each phrase is enough to find it, and the fewer the faster.
        if value is not None and turning.isdisjoint(found := _turning(key, value, characters)):
            turning.add(found[0])
    return _Stage(
        characters=characters,
        phrases=phrases,
        heads={head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()},
        turns=re.compile(f"[{re.escape(''.join(sorted(turning)))}]"),
        inner=frozenset(pair for key in phrases for pair in map(add, key, key[1:])),
    )


def _match(stage: _Stage, text: str, place: int) -> str | None:
    """Find the longest phrase that begins at a place."""
    for length in stage.heads.get(text[place : place + 2], ()):
        key = text[place : place + length]
        if key in stage.phrases:
            return key
    return None


def _apply(stage: _Stage, text: str) -> str:
    """Run one stage where phrases matter: around the characters that only they decide."""
    plain = text.translate(stage.characters)
    pieces: list[str] = []
    inner = stage.inner
    done = written = 0
    for turn in stage.turns.finditer(text):
        at = place = turn.start()
        # Phrases are taken from left to right, so begin where surely none is under way.
        while place > done and text[place - 1 : place + 1] in inner:
            place -= 1
        if place == at and text[at : at + 2] not in inner:
            # No phrase has it; or it ends one that was taken already.
            done = max(done, at)
            continue
        place = max(place, done)
        while place <= at:
            key = _match(stage, text, place)
            if key is None:
                place += 1
                continue
            value = stage.phrases[key]
            if value is not None:
                pieces += plain[written:place], value
                written = place + len(key)
            place += len(key)
        done = place
    return "".join([*pieces, plain[written:]])


def _apply_apart(stage: _Stage, text: str, joint: str, *, change: bool) -> str:
    """Run one stage and put a joint between phrases and what lies between them.

    Args:
        stage: The phrases, and what they become.
        text: What to convert.
        joint: A character that occurs nowhere else.
        change: False to find the phrases only.

    Returns:
        The pieces with joints between them.
    """
    plain = text.translate(stage.characters) if change else text
    pieces: list[str] = []
    done = 0
    pairs = map(add, text, text[1:])
    # Only places whose two characters begin some phrase are looked at in Python.
    for place in compress(count(), map(stage.heads.__contains__, pairs)):
        key = None if place < done else _match(stage, text, place)
        if key is None:
            continue
        if done < place:
            pieces.append(plain[done:place])
        done = place + len(key)
        value = stage.phrases[key] if change else None
        pieces.append(plain[place:done] if value is None else value)
    return joint.join([*pieces, plain[done:]])


@cache
def _native(name: str) -> Callable[[str], str] | None:
    """Give the engine of the extra `fast` on our own tables; None: it is not installed."""
    try:
        from opencc_pyo3 import OpenCC
    except ImportError:
        return None
    characters = tables.one_to_one(name)
    phrases = tables.phrases(name).items()
    # Its own dictionaries are of another version and give other characters (裡 for 裏).
    slots: dict[str, list[tuple[str, str]]] = {
        "Characters": [(chr(key), chr(value)) for key, value in characters.items()],
        "Phrases": [
            (key, key.translate(characters) if value is None else value) for key, value in phrases
        ],
    }
    given: Any = [
        {"slot": f"{name.upper()}{slot}", "pairs": pairs, "mode": "override"}
        for slot, pairs in slots.items()
    ]
    convert_all: Callable[[str], str] = OpenCC.from_dicts(_NATIVE[name], given).convert
    return convert_all


def _convert_at_once(name: str, text: str) -> str:
    native = _native(name)
    if native is None or _SURROGATES.search(text):
        return _apply(_stage(name), text)
    return native(text)


def _absent(text: str) -> str:
    """Find a character that neither the text nor any table has."""
    return next(chr(code) for code in range(0xFDD0, 0x110000) if chr(code) not in text)


@lru_cache(maxsize=64)
def _chain(target: str, source: str | None) -> tuple[str, ...]:
    target = canonical_language(target)
    if source is None:
        source = "zh-Hant" if target == "zh-Hans" else "zh-Hans"
    source = canonical_language(source)
    chain = _CHAINS.get((source, target))
    if chain is None:
        raise Unsupported("text.no_conversion", path="target", source=source, target=target)
    return chain


def convert(text: str, target: str, *, source: str | None = None) -> str:
    """Convert Chinese to the other way of writing it.

    Characters, and phrases where characters alone would err (头发 and 发展). For Taiwan
    and Hong Kong regional forms and words too (软件, 軟體). There and back does not always
    give the text again. What is not Chinese, or already as wanted, mostly stays; a text
    that is partly traditional is not told apart from a simplified one.

    Between `zh-Hans` and `zh-Hant` the extra `fast` converts more than twice as fast, by the
    same tables and to the same text.

    Args:
        text: Simplified for a `zh-Hant` target, traditional for `zh-Hans`.
        target: `zh-Hans`, `zh-Hant`, `zh-Hant-TW` or `zh-Hant-HK`, or an alias such as
            `zh-TW`, which is `zh-Hant`: name the region by `zh-Hant-TW` to get its words.
        source: `zh-Hant-TW` or `zh-Hant-HK` to bring regional words back as well; by
            default the other side of the target.

    Returns:
        The converted text.

    Raises:
        Invalid: `text.bad_language` where a tag is malformed.
        Unsupported: `text.no_conversion` where there is no such pair.

    Source: OpenCC's dictionaries and configurations s2t, s2twp, s2hkp, t2s, tw2sp, hk2sp.
    """
    chain = _chain(target, source)
    if text.isascii():
        return text
    if _COMPATIBILITY.search(text):
        text = _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    first, *later = chain
    if not later:
        return _convert_at_once(first, text)
    # A later stage sees the first one's pieces apart, so that no phrase of its own lies
    # across two of them.
    joint = _absent(text)
    change = not first.startswith("cut:")
    text = _apply_apart(_stage(first.removeprefix("cut:")), text, joint, change=change)
    for name in later:
        text = _apply(_stage(name), text)
    return text.replace(joint, "")
