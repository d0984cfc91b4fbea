"""The translation port, in two shapes: HTTP, pure, and local."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import (
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)

__all__ = ["HttpTranslator", "LocalTranslator", "Translator"]


@runtime_checkable
class HttpTranslator(Protocol):
    """An engine spoken to over HTTP; both verbs are pure and safe in any thread."""

    @property
    def capabilities(self) -> TranslationCapabilities:
        """What this engine can do."""
        ...

    def request(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request; raises `Unsupported` for a pair that it cannot do."""
        ...

    def result(
        self, batch: TranslationBatch, response: HttpResponse
    ) -> Sequence[TranslationResult]:
        """Read the response: `Ok` or `Failed` a segment, same order and length."""
        ...


@runtime_checkable
class LocalTranslator(Protocol):
    """An engine in this process. Safe to share between threads."""

    @property
    def capabilities(self) -> TranslationCapabilities:
        """What this engine can do."""
        ...

    def translate(self, batch: TranslationBatch) -> Sequence[TranslationResult]:
        """Translate: `Ok` or `Failed` a segment, same order and length."""
        ...


Translator = HttpTranslator | LocalTranslator
