"""Translation engines that need no network and send no text anywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.text import convert

__all__ = ["OpenccTranslator", "PseudoTranslator"]

_REGIONAL = ("zh-Hant", "zh-Hant-TW", "zh-Hant-HK")
_OPENCC = TranslationCapabilities(
    name="opencc",
    pairs=frozenset(pair for hant in _REGIONAL for pair in (("zh-Hans", hant), (hant, "zh-Hans"))),
    offline=True,
    third_party=False,
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
    return [
        Ok(id=segment.id, text=change(segment.text), origin=origin) for segment in batch.segments
    ]
