"""The engine: `POST {base_url}/chat/completions`, and what its answers mean."""

from __future__ import annotations

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
    json_request,
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


@attrs.frozen(kw_only=True)
class OpenAiSettings(EngineSettings):
    """The table `[backends.openai]`; `base_url` is without `/chat/completions`.

    Without `pairs` it has what HY-MT's README lists; the form `plain` needs some.
    """

    model: str
    """Its name there, such as `HY-MT1.5-7B`."""
    form: str = "plain"
    """How the model is asked: `hy-mt`, the published forms of HY-MT; `plain`, any other."""
    api_key: Secret | None = None
    """Where the server wants one."""
    texts_per_request: int = 1
    """1 to 50; more than one, as a numbered JSON object, in the form `plain` only."""
    max_characters: int = 2000
    """Of all texts of a request."""
    max_tokens: int = 0
    """Of an answer; 0: as many as the server gives."""
    formatted: bool = False
    """Form `hy-mt`: texts with placeholders go in its form for formatted text."""


class OpenAiTranslator(HttpEngine[OpenAiSettings]):
    """Asks an OpenAI-compatible server. Safe to share between threads.

    Args:
        options: The engine's table of settings.
        clock: What a date in `Retry-After` is held against.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    name = "openai"
    settings = OpenAiSettings

    def __init__(self, options: OpenAiSettings, clock: Clock) -> None:
        if options.form not in {"hy-mt", "plain"}:
            raise Invalid("field.value", path="form", value=options.form)
        if not options.model.strip():
            raise Invalid("field.value", path="model", value="-")
        hy_mt = options.form == "hy-mt"
        if hy_mt and options.texts_per_request > 1:
            raise Invalid("field.value", path="texts_per_request", value=options.texts_per_request)
        published = prompts.HY_MT_PAIRS if hy_mt else frozenset()
        super().__init__(
            options,
            clock,
            known=prompts.NAMES,
            every=published,
            verified=published,
            terms=True,
            version=f"{options.model} {options.form}",
            limits={"texts_per_request": (1, 50), "max_tokens": (0, 1_000_000)},
        )

    def ask(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch whose pair and size the engine has."""
        ours = self.options
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
        key = ours.api_key
        headers = {"authorization": f"Bearer {key.reveal()}"} if key is not None else {}
        return json_request(f"{self.url}/chat/completions", body, headers)

    def read(self, batch: TranslationBatch, found: Any) -> Sequence[object]:
        """Give the texts of an answer, in the order of the batch.

        Raises:
            Unreadable: It is none.
        """
        said = text_of(_choice(found).get("message"), "content")
        if self.options.form == "hy-mt":
            return prompts.hy_mt_texts(batch, said, formatted=self.options.formatted)
        return prompts.plain_texts(batch, said)

    def refused(self, response: HttpResponse) -> tuple[str, str]:
        """Give the kind and the code of an error in the body; empty where it has none."""
        return _refused(response)


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
