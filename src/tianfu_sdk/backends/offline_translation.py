"""Translation engines that need no network and send no text anywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    Segment,
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.text import convert, from_wylie, to_wylie

__all__ = ["OpenccTranslator", "PseudoTranslator", "WylieTranslator"]

_REGIONAL = ("zh-Hant", "zh-Hant-TW", "zh-Hant-HK")
_OPENCC = TranslationCapabilities(
    name="opencc",
    pairs=frozenset(pair for hant in _REGIONAL for pair in (("zh-Hans", hant), (hant, "zh-Hans"))),
    offline=True,
    third_party=False,
)
_WYLIE = TranslationCapabilities(
    name="wylie",
    pairs=frozenset({("bo", "bo-Latn"), ("bo-Latn", "bo")}),
    offline=True,
    third_party=False,
    max_characters=10_000,
)
_PSEUDO = TranslationCapabilities(
    name="pseudo",
    pairs=frozenset((tag, f"{tag}-x-pseudo") for tag in ("zh-Hans", "zh-Hant", "en")),
    offline=True,
    third_party=False,
)


class OpenccTranslator:
    """Between the ways of writing Chinese, by OpenCC's tables; not a translation.

    Tibetan and Yi are `Failed` (`unsupported`), as is every other pair. Safe to share
    between threads.
    """

    @property
    def capabilities(self) -> TranslationCapabilities:
        """Simplified to traditional, Taiwan's and Hong Kong's words included, and back."""
        return _OPENCC

    def translate(self, batch: TranslationBatch) -> Sequence[TranslationResult]:
        """Convert: `Ok` a segment, or `Failed` all, same order and length."""
        return _each(
            _OPENCC,
            batch,
            lambda text: convert(text, batch.target, source=batch.source),
            origin="script",
        )


class WylieTranslator:
    """Tibetan in Latin letters (`bo-Latn`) and back, by EWTS; not a translation.

    What is no EWTS is `Failed` (`rejected`). Tokens of masks stay as they are. Safe to share
    between threads.

    Raises:
        PluginError: `extra.missing`, the extra `bo` is not installed.
    """

    def __init__(self) -> None:
        to_wylie("")

    @property
    def capabilities(self) -> TranslationCapabilities:
        """Tibetan from and to its transliteration."""
        return _WYLIE

    def translate(self, batch: TranslationBatch) -> Sequence[TranslationResult]:
        """Transliterate: `Ok` a segment, or `Failed`, same order and length."""
        change = from_wylie if batch.target == "bo" else to_wylie
        return _each(_WYLIE, batch, lambda text: _around_tokens(text, change), origin="script")


_TOKEN = re.compile(r"(\{+/?\d+/?\})")


def _around_tokens(text: str, change: Callable[[str], str]) -> str:
    parts = _TOKEN.split(text)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))


class PseudoTranslator:
    """Pseudo-localisation: text that is marked and 1.4 times as long, to test layouts.

    `⟦…⟧` marks it, and the padding is Tibetan and Yi, so that a missing font shows. Its
    languages are private use (`zh-Hans-x-pseudo`), so it never passes for a real one.
    """

    @property
    def capabilities(self) -> TranslationCapabilities:
        """From a language to its own private use."""
        return _PSEUDO

    def translate(self, batch: TranslationBatch) -> Sequence[TranslationResult]:
        """Mark and pad: `Ok` a segment, or `Failed` all, same order and length."""
        return _each(_PSEUDO, batch, _padded, origin="pseudo")


_WORDS = re.compile(r"\w")


def _padded(text: str) -> str:
    if not _WORDS.search(text):
        return text
    padding = math.ceil(0.4 * len(text))
    return f"⟦{text}{('བོད་ꆈꌠ' * (padding // 6 + 1))[:padding]}⟧"


def _each(
    can: TranslationCapabilities,
    batch: TranslationBatch,
    change: Callable[[str], str],
    *,
    origin: str,
) -> list[TranslationResult]:
    if (batch.source, batch.target) not in can.pairs:
        return [Failed(id=segment.id, kind="unsupported") for segment in batch.segments]
    characters = sum(len(segment.text) for segment in batch.segments)
    if len(batch.segments) > can.max_segments or characters > can.max_characters:
        return [Failed(id=segment.id, kind="too_long") for segment in batch.segments]
    return [_one(segment, change, origin) for segment in batch.segments]


def _one(segment: Segment, change: Callable[[str], str], origin: str) -> TranslationResult:
    try:
        return Ok(id=segment.id, text=change(segment.text), origin=origin)
    except Invalid as error:
        return Failed(id=segment.id, kind="rejected", code=error.code)
