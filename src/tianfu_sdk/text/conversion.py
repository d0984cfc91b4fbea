"""Convert between simplified and traditional Chinese by OpenCC's phrases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from itertools import compress, count
from operator import add

import attrs

from tianfu_sdk.errors import Unsupported
from tianfu_sdk.text import tables
from tianfu_sdk.text.scripts import canonical_language

__all__ = ["convert"]

_COMPATIBILITY = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")


@attrs.frozen
class _Stage:
    """One pass: phrases by the longest key at a place, characters for the rest."""

    characters: Mapping[int, int]
    phrases: Mapping[str, str | None]
    heads: Mapping[str, tuple[int, ...]]
    """Lengths of the phrases that begin with these two characters, the longest first."""


# Targets and sources, each a chain of tables as in OpenCC's configurations s2t, s2twp,
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
_SOURCES = {"zh-Hans": "zh-Hant"}


@cache
def _stage(name: str) -> _Stage:
    cut = name.startswith("cut:")
    name = name.removeprefix("cut:")
    phrases = tables.phrases(name)
    lengths: dict[str, set[int]] = {}
    for key in phrases:
        lengths.setdefault(key[:2], set()).add(len(key))
    return _Stage(
        characters={} if cut else tables.one_to_one(name),
        phrases=dict.fromkeys(phrases) if cut else phrases,
        heads={head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()},
    )


def _apply(stage: _Stage, text: str, joint: str) -> str:
    """Run one stage; `joint` goes between phrases and what lies between them."""
    plain = text.translate(stage.characters) if stage.characters else text
    heads, phrases = stage.heads, stage.phrases
    pieces: list[str] = []
    done = written = 0
    pairs = map(add, text, text[1:])
    # Only places whose two characters begin some phrase are looked at in Python.
    for place in compress(count(), map(heads.__contains__, pairs)):
        if place < done:
            continue
        for length in heads[text[place : place + 2]]:
            key = text[place : place + length]
            if key not in phrases:
                continue
            done = place + length
            value = phrases[key]
            if value is not None or joint:
                if written < place:
                    pieces.append(plain[written:place])
                pieces.append(plain[place:done] if value is None else value)
                written = done
            break
    pieces.append(plain[written:])
    return joint.join(pieces)


def _absent(text: str) -> str:
    """Find a character that neither the text nor any table has."""
    return next(chr(code) for code in range(0xFDD0, 0x110000) if chr(code) not in text)


def convert(text: str, target: str, *, source: str | None = None) -> str:
    """Convert Chinese to the other way of writing it.

    Characters, and phrases where characters alone would err (头发 and 发展). For Taiwan
    and Hong Kong regional forms and words too (软件, 軟體). There and back does not always
    give the text again. What is not Chinese, or already as wanted, mostly stays; a text
    that is partly traditional is not told apart from a simplified one.

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
    target = canonical_language(target)
    known = _SOURCES.get(target, "zh-Hans") if source is None else canonical_language(source)
    chain = _CHAINS.get((known, target))
    if chain is None:
        raise Unsupported("text.no_conversion", path="target", source=known, target=target)
    if text.isascii():
        return text
    if _COMPATIBILITY.search(text):
        text = _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    first, *later = map(_stage, chain)
    if not later:
        return _apply(first, text, "")
    # A later stage sees the first one's pieces apart, so that no phrase of its own lies
    # across two of them.
    joint = _absent(text)
    text = _apply(first, text, joint)
    for stage in later:
        text = _apply(stage, text, "")
    return text.replace(joint, "")
