"""The engine: one text a request, signed; and what its answers mean."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

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
    read_json,
    text_of,
)
from tianfu_translate_iflytek.signing import authorization, date_of, digest_of

__all__ = ["IflytekSettings", "IflytekTranslator"]

_OK = 200
_URLS = {"new": "https://itrans.xf-yun.com", "general": "https://itrans.xfyun.cn"}
# `general`: 4,096 bytes of base64 are 3,072 of UTF-8, of which a character has four at most.
_LONGEST = {"new": 5000, "general": 768}
# The vendor's table of codes of its web services, as far as it fits a text.
_CODES = {
    **dict.fromkeys((10005, 10015, 10016, 10313, 11200), "auth"),
    **dict.fromkeys((10010, 11201), "quota"),
    **dict.fromkeys((11202, 11203), "rate_limited"),
    **dict.fromkeys((10014, 10019, 10101, 10110, 10114, 10200, 10222, 10223), "transient"),
    **dict.fromkeys((10700, 11502, 11503, *range(100_001, 100_011)), "transient"),
}


@attrs.frozen(kw_only=True)
class IflytekSettings(EngineSettings):
    """The table `[backends.iflytek]`.

    Without `pairs` it has those between Chinese and each other language of `codes`.
    """

    app_id: str
    """The application's APPID."""
    api_key: Secret
    """Its APIKey."""
    api_secret: Secret
    """Its APISecret."""
    service: str = "new"
    """What the application was given: `new` (机器翻译(新), `/v1/its`) or `general` (机器翻译,
    `/v2/its`)."""
    base_url: str = ""
    """Empty: the vendor's for that service."""
    codes: Mapping[str, str] = attrs.field(
        factory=lambda: {"zh-Hans": "cn", "en": "en", "ii": "ii", "bo": "bo"}
    )
    """The vendor's code by language, BCP 47."""
    res_id: str = ""
    """Of a list of terms that is kept at the vendor; for `new`."""
    texts_per_request: int = 1
    """It takes no more."""
    max_characters: int = 0
    """Of a text; 0: as many as the service takes, 5,000 or 768."""


class IflytekTranslator(HttpEngine[IflytekSettings]):
    """Asks iFlytek. Safe to share between threads.

    Args:
        options: The engine's table of settings.
        clock: Whose time requests are signed with; at most five minutes off.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    name = "iflytek"
    settings = IflytekSettings

    def __init__(self, options: IflytekSettings, clock: Clock) -> None:
        if options.service not in _URLS:
            raise Invalid("field.value", path="service", value=options.service)
        if options.res_id and options.service != "new":
            raise Invalid("field.value", path="res_id", value=options.res_id)
        if not options.app_id.strip():
            raise Invalid("field.value", path="app_id", value="-")
        codes = checked_codes(options.codes)
        others = [language for language in codes if language != "zh-Hans"]
        english = {("zh-Hans", "en"), ("en", "zh-Hans")}
        super().__init__(
            attrs.evolve(
                options,
                base_url=options.base_url or _URLS[options.service],
                max_characters=options.max_characters or _LONGEST[options.service],
            ),
            clock,
            known=codes,
            every=[
                pair
                for other in others
                if "zh-Hans" in codes
                for pair in (("zh-Hans", other), (other, "zh-Hans"))
            ],
            verified=english,
            version=f"{options.service} {options.res_id}".strip(),
            limits={"texts_per_request": (1, 1), "max_characters": (1, 5000)},
        )
        self._host = urlsplit(self.url).hostname or ""

    def ask(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch whose pair and size the engine has."""
        text = b64encode("".join(one.text for one in batch.segments).encode()).decode()
        codes = self.options.codes
        pair = {"from": codes[batch.source], "to": codes[batch.target]}
        return self._new(pair, text) if self.options.service == "new" else self._general(pair, text)

    def _new(self, pair: dict[str, str], text: str) -> HttpRequest:
        header: dict[str, Any] = {"app_id": self.options.app_id, "status": 3}
        if self.options.res_id:
            header["res_id"] = self.options.res_id
        body = {
            "header": header,
            "parameter": {"its": {**pair, "result": {}}},
            "payload": {"input_data": {"encoding": "utf8", "status": 3, "text": text}},
        }
        date = date_of(self.clock.now())
        signed = self._signed(date, "/v1/its")
        query = {"authorization": b64encode(signed.encode()).decode()}
        query |= {"host": self._host, "date": date}
        return json_request(f"{self.url}/v1/its?{urlencode(query)}", body)

    def _general(self, pair: dict[str, str], text: str) -> HttpRequest:
        body = {
            "common": {"app_id": self.options.app_id},
            "business": pair,
            "data": {"text": text},
        }
        request = json_request(f"{self.url}/v2/its", body)
        date, digest = date_of(self.clock.now()), digest_of(request.body)
        headers = {
            "accept": "application/json,version=1.0",
            "date": date,
            "digest": digest,
            "authorization": self._signed(date, "/v2/its", digest),
        }
        return attrs.evolve(request, headers={**request.headers, **headers})

    def _signed(self, date: str, path: str, digest: str = "") -> str:
        return authorization(
            self.options.api_key,
            self.options.api_secret,
            host=self._host,
            date=date,
            line=f"POST {path} HTTP/1.1",
            digest=digest,
        )

    def read(self, batch: TranslationBatch, found: Any) -> Sequence[object]:  # noqa: ARG002
        """Give the text of an answer.

        Raises:
            Unreadable: It is none.
        """
        if self.options.service == "new":
            result = _decoded(text_of(_in(found, "payload", "result"), "text"))
        else:
            result = _in(found, "data", "result")
        return [text_of(_in(result, "trans_result"), "dst")]

    def refused(self, response: HttpResponse) -> tuple[str, str]:
        """Give the kind and the code of an error in the body; empty where it has none."""
        try:
            found = read_json(response.body)
            code = (_in(found, "header") if self.options.service == "new" else found).get("code")
        except (Unreadable, AttributeError):
            return "", ""
        if type(code) is not int or code == 0:
            return "", ""
        kind = _CODES.get(code, "")
        if response.status != _OK and kind in {"", "rate_limited"}:
            return "", ""  # The status has the better word, and the time to wait.
        return kind or "rejected", str(code)


def _in(found: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(found, Mapping) or not isinstance(found.get(name), Mapping):
            raise Unreadable
        found = found[name]
    return found


def _decoded(text: str) -> Any:
    try:
        return read_json(b64decode(text, validate=True))
    except ValueError:
        raise Unreadable from None
