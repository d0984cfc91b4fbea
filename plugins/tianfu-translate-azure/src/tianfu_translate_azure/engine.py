"""The engine: `POST /translate` of one version of the interface, and what its answers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk import Invalid, Secret
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

__all__ = ["API_VERSION", "AzureSettings", "AzureTranslator"]

API_VERSION = "2026-06-06"
"""Of the interface; what is sent and read changed with it before."""

_OK = 200
_VERIFIED = ("zh-Hans", "zh-Hant", "en")
# Of version 3.0: languages that it does not have, texts that are too long, no allowance left.
_CODES = {
    "400035": "unsupported",
    "400036": "unsupported",
    "400050": "too_long",
    "400077": "too_long",
    "403001": "quota",
}
_REGION = re.compile(r"[a-z0-9-]*")
_WORD = re.compile(r"[^<>&\"]+")


@attrs.frozen(kw_only=True)
class AzureSettings(EngineSettings):
    """The table `[backends.azure]`.

    Without `pairs` it has all pairs of `codes`.
    """

    api_key: Secret
    """Of the resource."""
    region: str = ""
    """Of the resource, such as `eastasia`; empty for a global one, or one with its own address."""
    base_url: str = "https://api.cognitive.microsofttranslator.com"
    """The global one, the resource's own (`https://NAME.cognitiveservices.azure.com`), another
    cloud's, or a container's."""
    codes: Mapping[str, str] = attrs.field(
        factory=lambda: {"zh-Hans": "zh-Hans", "zh-Hant": "zh-Hant", "en": "en", "bo": "bo"}
    )
    """The service's code by language, BCP 47."""
    texts_per_request: int = 100
    """1 to 1,000."""
    max_characters: int = 10_000
    """Of all texts of a request; 1 to 50,000."""
    dictionary: bool = False
    """Terms go with the texts, in the markup of the dynamic dictionary."""


class AzureTranslator(HttpEngine[AzureSettings]):
    """Asks Azure Translator. Safe to share between threads.

    Args:
        options: The engine's table of settings.
        clock: What a date in `Retry-After` is held against.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    name = "azure"
    settings = AzureSettings

    def __init__(self, options: AzureSettings, clock: Clock) -> None:
        if not _REGION.fullmatch(options.region):
            raise Invalid("field.value", path="region", value=options.region)
        codes = checked_codes(options.codes)
        super().__init__(
            options,
            clock,
            known=codes,
            verified=[(one, other) for one in _VERIFIED for other in _VERIFIED],
            terms=options.dictionary,
            version=API_VERSION,
            limits={"max_characters": (1, 50_000)},
        )
        # As the vendor's SDK does: an address of a resource serves more than this.
        path = f"/translator/text/v{API_VERSION}" if "cognitiveservices" in self.url else ""
        self._call = f"{self.url}{path}/translate?api-version={API_VERSION}"

    def ask(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch whose pair and size the engine has."""
        codes = self.options.codes
        inputs = [
            {
                "text": self._marked(segment.text, batch.terms),
                "language": codes[batch.source],
                "targets": [{"language": codes[batch.target]}],
            }
            for segment in batch.segments
        ]
        headers = {"ocp-apim-subscription-key": self.options.api_key.reveal()}
        if self.options.region:
            headers["ocp-apim-subscription-region"] = self.options.region
        return json_request(self._call, {"inputs": inputs}, headers)

    def _marked(self, text: str, terms: Sequence[tuple[str, str]]) -> str:
        """Mark terms, the longest first; what would break the markup goes without."""
        wanted = {word: to for word, to in terms if _WORD.fullmatch(word) and _WORD.fullmatch(to)}
        if not self.options.dictionary or not wanted:
            return text
        longest = sorted(map(re.escape, wanted), key=len, reverse=True)
        return re.sub(
            "|".join(longest),
            lambda found: (
                f'<mstrans:dictionary translation="{wanted[found[0]]}">'
                f"{found[0]}</mstrans:dictionary>"
            ),
            text,
        )

    def read(self, batch: TranslationBatch, found: Any) -> Sequence[object]:
        """Give the texts of an answer, in the order of the batch.

        Raises:
            Unreadable: It is none, or in another language.
        """
        target = self.options.codes[batch.target]
        return [_one(entry, target) for entry in list_of(found, "value")]

    def refused(self, response: HttpResponse) -> tuple[str, str]:
        """Give the kind and the code of an error in the body; empty where it has none."""
        try:
            found = read_json(response.body)
        except Unreadable:
            return "", ""
        error = found.get("error") if isinstance(found, Mapping) else None
        if not error:
            return "", ""
        code = str(error.get("code", "") if isinstance(error, Mapping) else "")[:64]
        return _CODES.get(code, "rejected" if response.status == _OK else ""), code


def _one(entry: Any, target: str) -> str:
    (said, *more) = list_of(entry, "translations") or [None]
    if more or text_of(said, "language").lower() != target.lower():
        raise Unreadable
    return text_of(said, "text")
