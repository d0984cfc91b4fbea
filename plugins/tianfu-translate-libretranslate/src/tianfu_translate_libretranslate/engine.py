"""The engine: `POST /translate` with a list of texts, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from tianfu_sdk import Invalid, Secret
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import (
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.ports.clock import Clock
from tianfu_sdk.translators import (
    Unreadable,
    answered,
    checked_codes,
    checked_pairs,
    checked_url,
    demand_pair,
    failed,
    is_own,
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
_MOST = 1000


@attrs.frozen(kw_only=True)
class LibreTranslateSettings:
    """The table `[backends.libretranslate]`."""

    base_url: str
    """Of the server, such as `http://127.0.0.1:5000`; without `/translate`."""
    api_key: Secret | None = None
    """Where the server wants one."""
    codes: Mapping[str, str] = attrs.field(factory=lambda: {"zh-Hans": "zh", "en": "en"})
    """The server's code by language, BCP 47; what it has stands under `/languages`."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Source and target; none: all pairs of `codes`."""
    texts_per_request: int = 20
    """1 to 1,000, and no more than the server's `--batch-limit`."""
    max_characters: int = 5000
    """Of all texts of a request; no more than the server's `--char-limit`."""
    own: bool | None = None
    """The server is our own; None: it is, if it is this machine or in a private network."""
    allow_http: bool = False
    """Let texts go over plain http, to other machines too."""


class LibreTranslateTranslator:
    """Asks a LibreTranslate server. Safe to share between threads.

    Args:
        options: The engine's table of settings.
        clock: What a date in `Retry-After` is held against.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    settings = LibreTranslateSettings

    def __init__(self, options: LibreTranslateSettings, clock: Clock) -> None:
        self._url = checked_url(options.base_url, allow_http=options.allow_http)
        self._codes = dict(checked_codes(options.codes))
        for name, most in (("texts_per_request", _MOST), ("max_characters", 1_000_000)):
            if not 1 <= getattr(options, name) <= most:
                raise Invalid("field.value", path=name, value=getattr(options, name))
        every = [(one, other) for one in self._codes for other in self._codes if one != other]
        self._key = options.api_key
        self._clock = clock
        self._capabilities = TranslationCapabilities(
            name="libretranslate",
            pairs=checked_pairs(options.pairs or every, self._codes),
            offline=False,
            third_party=not (is_own(self._url) if options.own is None else options.own),
            max_segments=options.texts_per_request,
            max_characters=options.max_characters,
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the engine of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(LibreTranslateSettings), context.clock)

    @property
    def capabilities(self) -> TranslationCapabilities:
        """What the settings say that the server can."""
        return self._capabilities

    def request(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch.

        Raises:
            Unsupported: `translation.unsupported`, `translation.too_many`.
        """
        demand_pair(self._capabilities, batch)
        body: dict[str, Any] = {
            "q": [segment.text for segment in batch.segments],
            "source": self._codes[batch.source],
            "target": self._codes[batch.target],
            "format": "text",
        }
        if self._key is not None:
            body["api_key"] = self._key.reveal()
        return HttpRequest(
            method="POST",
            url=f"{self._url}/translate",
            # Its messages are read, so they have to be in English.
            headers={"content-type": "application/json", "accept-language": "en"},
            body=json.dumps(body, ensure_ascii=False).encode(),
        )

    def result(
        self, batch: TranslationBatch, response: HttpResponse
    ) -> Sequence[TranslationResult]:
        """Read the response: `Ok` or `Failed` a text, same order and length."""
        if kind := _said(response):
            return failed(batch, kind, code=f"http.{response.status}")
        return answered(batch, response, _texts, now=self._clock.now())


def _texts(found: Any) -> Sequence[object]:
    return list_of(found, "translatedText")


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
