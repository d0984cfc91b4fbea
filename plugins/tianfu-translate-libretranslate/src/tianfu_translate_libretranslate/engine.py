"""The engine: `POST /translate` with a list of texts, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk import Secret
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import TranslationBatch
from tianfu_sdk.ports.clock import Clock
from tianfu_sdk.translators import (
    EngineSettings,
    HttpEngine,
    Unreadable,
    checked_codes,
    json_request,
    list_of,
    read_json,
    text_of,
)

__all__ = ["LibreTranslateSettings", "LibreTranslateTranslator"]

_OK = 200
# Words of its messages in English; it says no codes.
_SAYS = {
    "text limit": "too_long",
    "is not supported": "unsupported",
    "is not available as a target language": "unsupported",
    "API key": "auth",
    "Slowdown": "rate_limited",
}


@attrs.frozen(kw_only=True)
class LibreTranslateSettings(EngineSettings):
    """The table `[backends.libretranslate]`; `base_url` is without `/translate`.

    `texts_per_request` is no more than the server's `--batch-limit`, `max_characters` no more
    than its `--char-limit`. Without `pairs` it has all pairs of `codes`.
    """

    api_key: Secret | None = None
    """Where the server wants one."""
    codes: Mapping[str, str] = attrs.field(factory=lambda: {"zh-Hans": "zh", "en": "en"})
    """The server's code by language, BCP 47; what it has stands under `/languages`."""


class LibreTranslateTranslator(HttpEngine[LibreTranslateSettings]):
    """Asks a LibreTranslate server. Safe to share between threads.

    Args:
        options: The engine's table of settings.
        clock: What a date in `Retry-After` is held against.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    name = "libretranslate"
    settings = LibreTranslateSettings

    def __init__(self, options: LibreTranslateSettings, clock: Clock) -> None:
        super().__init__(options, clock, known=checked_codes(options.codes))

    def ask(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch whose pair and size the engine has."""
        codes, key = self.options.codes, self.options.api_key
        body: dict[str, Any] = {
            "q": [segment.text for segment in batch.segments],
            "source": codes[batch.source],
            "target": codes[batch.target],
            "format": "text",
        }
        if key is not None:
            body["api_key"] = key.reveal()
        # Its messages are read, so they have to be in English.
        return json_request(f"{self.url}/translate", body, {"accept-language": "en"})

    def read(self, batch: TranslationBatch, found: Any) -> Sequence[object]:  # noqa: ARG002
        """Give the texts of an answer, in the order of the batch.

        Raises:
            Unreadable: It is none.
        """
        return list_of(found, "translatedText")

    def refused(self, response: HttpResponse) -> tuple[str, str]:
        """Give the kind of an error that the body tells in words; empty where it tells none."""
        kind = _said(response)
        return kind, f"http.{response.status}" if kind else ""


def _said(response: HttpResponse) -> str:
    """Give what the message of an error means; empty where its status has the word."""
    if "retry-after" in response.headers:
        return ""
    try:
        message = text_of(read_json(response.body), "error")
    except Unreadable:
        return ""
    # The message of a 500 may repeat the text that was sent; its own words come first or last.
    kinds = [kind for words, kind in _SAYS.items() if words in message]
    return kinds[0] if kinds else "rejected" if response.status == _OK else ""
