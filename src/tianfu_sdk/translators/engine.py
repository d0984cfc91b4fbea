"""An engine over HTTP but for the vendor's words."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Self, TypeVar

import attrs

from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import (
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.ports.clock import Clock
from tianfu_sdk.translators.answers import answered, failed
from tianfu_sdk.translators.checking import checked_pairs, checked_url, is_own

__all__ = ["EngineSettings", "HttpEngine", "demand_pair", "json_request"]


@attrs.frozen(kw_only=True)
class EngineSettings:
    """What the table of settings of every engine over HTTP has; a plugin's own adds to it."""

    base_url: str
    """Of the server, without the path of a call."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Source and target, BCP 47; none: those that the engine has by itself."""
    texts_per_request: int = 20
    """Texts of a request at most."""
    max_characters: int = 5000
    """Code points of all texts of a request at most."""
    own: bool | None = None
    """The server is our own; None: it is, if it is this machine or in a private network."""
    allow_http: bool = False
    """Let texts go over plain http, to other machines too."""


S = TypeVar("S", bound=EngineSettings)
_LIMITS = {"texts_per_request": (1, 1000), "max_characters": (1, 1_000_000)}


class HttpEngine(ABC, Generic[S]):
    """An engine over HTTP, but for the vendor's words: subclass it, and write those.

    A subclass names itself and its settings, and has `ask` and `read`; `refused` where errors
    are told in the body. It is safe to share between threads as long as it keeps nothing.

    ```python
    class MineTranslator(HttpEngine[MineSettings]):
        name = "mine"
        settings = MineSettings

        def __init__(self, options, clock):
            super().__init__(options, clock, known={"zh-Hans", "bo"})

        def ask(self, batch):
            texts = [segment.text for segment in batch.segments]
            return json_request(f"{self.url}/translate", {"to": batch.target, "texts": texts})

        def read(self, batch, found):
            return list_of(found, "translations")
    ```

    Args:
        options: The engine's table of settings.
        clock: The hub's; what a date in `Retry-After` is held against, and a signature's time.
        known: Languages that the engine has a code or a name for.
        every: Its pairs where the settings name none; None: all pairs of `known`.
        verified: Pairs that the vendor itself says that it has; None: all of them.
        terms: It holds to the terms of a batch.
        version: Of the engine and its model.
        max_segment: Code points of one text; 0: `max_characters`.
        limits: Least and greatest value of settings that are numbers, by their names;
            `texts_per_request` up to 1,000 and `max_characters` up to a million by themselves.

    Raises:
        Invalid: A setting is wrong; the path names it.
    """

    name: ClassVar[str]
    """By which it is offered."""
    settings: ClassVar[type[EngineSettings]]
    """Class of its table of settings."""

    def __init__(
        self,
        options: S,
        clock: Clock,
        *,
        known: Collection[str],
        every: Collection[tuple[str, str]] | None = None,
        verified: Collection[tuple[str, str]] | None = None,
        terms: bool = False,
        version: str = "1",
        max_segment: int = 0,
        limits: Mapping[str, tuple[int, int]] = MappingProxyType({}),
    ) -> None:
        self.url = checked_url(options.base_url, allow_http=options.allow_http)
        self.options = options
        self.clock = clock
        for setting, (least, most) in {**_LIMITS, **limits}.items():
            if not least <= getattr(options, setting) <= most:
                raise Invalid("field.value", path=setting, value=getattr(options, setting))
        if every is None:
            every = [(one, other) for one in known for other in known if one != other]
        pairs = checked_pairs(options.pairs or every, known)
        self._capabilities = TranslationCapabilities(
            name=self.name,
            pairs=pairs,
            offline=False,
            third_party=not (is_own(self.url) if options.own is None else options.own),
            max_segments=options.texts_per_request,
            max_characters=options.max_characters,
            max_segment=max_segment,
            # What another server says under the same name is asked for anew.
            version=f"{version} {self.url}",
            terms=terms,
            unverified=frozenset() if verified is None else pairs - frozenset(verified),
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the engine of its settings; the factory that a plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(cls.settings), context.clock)  # type: ignore[call-arg, arg-type]

    @property
    def capabilities(self) -> TranslationCapabilities:
        """What the settings say that the engine can."""
        return self._capabilities

    def request(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch.

        Raises:
            Unsupported: `translation.unsupported`, `translation.too_many`.
        """
        demand_pair(self._capabilities, batch)
        return self.ask(batch)

    def result(
        self, batch: TranslationBatch, response: HttpResponse
    ) -> Sequence[TranslationResult]:
        """Read the response: `Ok` or `Failed` a text, same order and length."""
        kind, code = self.refused(response)
        if kind:
            return failed(batch, kind, code=code)
        now = self.clock.now()
        return answered(batch, response, lambda found: self.read(batch, found), now=now)

    @abstractmethod
    def ask(self, batch: TranslationBatch) -> HttpRequest:
        """Build the request of a batch whose pair and size the engine has."""

    @abstractmethod
    def read(self, batch: TranslationBatch, found: Any) -> Sequence[object]:
        """Give the texts of an answer under status 200, in the order of the batch.

        Raises:
            Unreadable: It is none.
        """

    def refused(self, response: HttpResponse) -> tuple[str, str]:  # noqa: ARG002
        """Give the kind of `Failed` and the code of an error that the body tells.

        Args:
            response: What came; a body of any kind.

        Returns:
            Empty where it tells none, or where its status has the better word.
        """
        return "", ""


def json_request(url: str, body: Any, headers: Mapping[str, str] | None = None) -> HttpRequest:
    """Build a request that posts JSON, in UTF-8 as it stands.

    Args:
        url: Of the call.
        body: What JSON can say.
        headers: Further ones, named in lower case.
    """
    return HttpRequest(
        method="POST",
        url=url,
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps(body, ensure_ascii=False).encode(),
    )


def demand_pair(can: TranslationCapabilities, batch: TranslationBatch) -> None:
    """Demand that an engine has the pair of a batch, and takes as many texts at a time.

    Raises:
        Unsupported: `translation.unsupported`; `translation.too_many`.
    """
    if (batch.source, batch.target) not in can.pairs:
        raise Unsupported(
            "translation.unsupported", path=can.name, source=batch.source, target=batch.target
        )
    if len(batch.segments) > can.max_segments:
        count = len(batch.segments)
        raise Unsupported("translation.too_many", count=count, most=can.max_segments)
