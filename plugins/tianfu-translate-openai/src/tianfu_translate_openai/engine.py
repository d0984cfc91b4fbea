"""The engine: `POST {base_url}/chat/completions`, and what its answers mean."""

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
    checked_pairs,
    checked_url,
    demand_pair,
    failed,
    is_own,
    list_of,
    read_json,
    text_of,
)
from tianfu_translate_openai import prompts

__all__ = ["OpenAiSettings", "OpenAiTranslator"]

_OK = 200
_CODES = {
    "insufficient_quota": "quota",
    "context_length_exceeded": "too_long",
    "content_filter": "rejected",
    "content_policy_violation": "rejected",
    "invalid_api_key": "auth",
    "rate_limit_exceeded": "rate_limited",
}
_FINISHED = {"length": "too_long", "content_filter": "rejected"}
_MOST = 50


@attrs.frozen(kw_only=True)
class OpenAiSettings:
    """The table `[backends.openai]`."""

    base_url: str
    """Of the server, such as `http://127.0.0.1:8000/v1`; without `/chat/completions`."""
    model: str
    """Its name there, such as `HY-MT1.5-7B`."""
    form: str = "plain"
    """How the model is asked: `hy-mt`, the published forms of HY-MT; `plain`, any other."""
    api_key: Secret | None = None
    """Where the server wants one."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Source and target, BCP 47; none: what HY-MT's README lists. `plain` needs some."""
    texts_per_request: int = 1
    """1 to 50; more than one, as a numbered JSON object, in the form `plain` only."""
    max_characters: int = 2000
    """Of all texts of a request."""
    max_tokens: int = 0
    """Of an answer; 0: as many as the server gives."""
    formatted: bool = False
    """Form `hy-mt`: texts with placeholders go in its form for formatted text."""
    own: bool | None = None
    """The server is our own; None: it is, if it is this machine or in a private network."""
    allow_http: bool = False
    """Let texts go over plain http, to other machines too."""


class OpenAiTranslator:
    """Asks an OpenAI-compatible server. Safe to share between threads.

    Args:
        options: The engine's table of settings.
        clock: What a date in `Retry-After` is held against.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    settings = OpenAiSettings

    def __init__(self, options: OpenAiSettings, clock: Clock) -> None:
        self._url = checked_url(options.base_url, allow_http=options.allow_http)
        _check(options)
        self._options = options
        self._clock = clock
        hy_mt = options.form == "hy-mt"
        every = prompts.HY_MT_PAIRS if hy_mt else frozenset()
        pairs = checked_pairs(options.pairs or every, prompts.NAMES)
        self._capabilities = TranslationCapabilities(
            name="openai",
            pairs=pairs,
            offline=False,
            third_party=not (is_own(self._url) if options.own is None else options.own),
            max_segments=options.texts_per_request,
            max_characters=options.max_characters,
            version=f"{options.model} {options.form}",
            terms=True,
            unverified=pairs - every,
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the engine of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(OpenAiSettings), context.clock)

    @property
    def capabilities(self) -> TranslationCapabilities:
        """What the settings say that the model can."""
        return self._capabilities

    def request(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch.

        Raises:
            Unsupported: `translation.unsupported`, `translation.too_many`.
        """
        demand_pair(self._capabilities, batch)
        ours = self._options
        if ours.form == "hy-mt":
            sampling: Mapping[str, float] = prompts.SAMPLING
            told = prompts.hy_mt(batch, formatted=ours.formatted)
        else:
            sampling, told = {"temperature": 0}, prompts.plain(batch)
        body: dict[str, Any] = {
            "model": ours.model,
            "messages": [{"role": "user", "content": told}],
            "stream": False,
            **sampling,
        }
        if ours.max_tokens:
            body["max_tokens"] = ours.max_tokens
        headers = {"content-type": "application/json"}
        if ours.api_key is not None:
            headers["authorization"] = f"Bearer {ours.api_key.reveal()}"
        return HttpRequest(
            method="POST",
            url=f"{self._url}/chat/completions",
            headers=headers,
            body=json.dumps(body, ensure_ascii=False).encode(),
        )

    def result(
        self, batch: TranslationBatch, response: HttpResponse
    ) -> Sequence[TranslationResult]:
        """Read the response: `Ok` or `Failed` a text, same order and length."""
        kind, code = _refused(response)
        if kind:
            return failed(batch, kind, code=code)

        def read(found: Any) -> Sequence[object]:
            said = text_of(_choice(found).get("message"), "content")
            if self._options.form == "hy-mt":
                return prompts.hy_mt_texts(batch, said, formatted=self._options.formatted)
            return prompts.plain_texts(batch, said)

        return answered(batch, response, read, now=self._clock.now())


def _check(options: OpenAiSettings) -> None:
    if options.form not in {"hy-mt", "plain"}:
        raise Invalid("field.value", path="form", value=options.form)
    if not options.model.strip():
        raise Invalid("field.value", path="model", value="-")
    most = 1 if options.form == "hy-mt" else _MOST
    limits = {"texts_per_request": (1, most), "max_characters": (1, 1_000_000)}
    limits["max_tokens"] = (0, 1_000_000)
    for name, (low, high) in limits.items():
        if not low <= getattr(options, name) <= high:
            raise Invalid("field.value", path=name, value=getattr(options, name))


def _choice(found: Any) -> Mapping[str, Any]:
    choices = list_of(found, "choices")
    if len(choices) != 1 or not isinstance(choices[0], Mapping):
        raise Unreadable
    return choices[0]


def _refused(response: HttpResponse) -> tuple[str, str]:
    """Give the kind and the code of an error in the body; empty where it has none.

    A server without a word for it lets its status speak; under status 200 an error is one.
    """
    try:
        found = read_json(response.body)
    except Unreadable:
        return "", ""
    error = found.get("error") if isinstance(found, Mapping) else None
    if error:
        code = error.get("code") or error.get("type") if isinstance(error, Mapping) else ""
        said = error.get("message") if isinstance(error, Mapping) else error
        kind = _CODES.get(str(code), "")
        if isinstance(said, str) and "maximum context length" in said:
            kind = "too_long"
        if kind == "rate_limited" and response.status != _OK:
            kind = ""  # The status has the time to wait as well.
        return kind or ("rejected" if response.status == _OK else ""), str(code or "")[:64]
    if response.status != _OK:
        return "", ""
    try:
        choice = _choice(found)
    except Unreadable:
        return "", ""
    message = choice.get("message")
    if isinstance(message, Mapping) and message.get("refusal"):
        return "rejected", "refusal"
    finished = str(choice.get("finish_reason"))
    return _FINISHED.get(finished, ""), finished if finished in _FINISHED else ""
