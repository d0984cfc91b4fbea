"""What all cases of SMS gateways share: fixtures, batches, and what authors may override."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
import pytest

from tianfu_sdk.errors import TianfuError
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    ErrorClass,
    Inbound,
    Recipient,
    SmsBatch,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
)
from tianfu_sdk.ports.sms import HttpSmsGateway, SessionSmsGateway, SmsGateway
from tianfu_sdk.testing.cases.report import Reported
from tianfu_sdk.testing.clock import CountingIds, FrozenClock
from tianfu_sdk.testing.loopback import Loopback

__all__ = [
    "HOSTILE",
    "SEED",
    "Outcome",
    "SessionFault",
    "SmsCases",
    "batch_of",
    "check_results",
    "national",
    "tried",
]

T = TypeVar("T")

SessionFault = Literal["", "refused", "silent", "cut", "half"]
"""What goes wrong with a session: it is refused; a batch is taken and not answered; the
connection ends instead of an answer, or in the middle of it. Empty: nothing any more."""

Outcome = Literal["accepted", "rejected", "throttled", "mixed"]
"""What the vendor is to say: takes all; refuses every number; is being asked too fast; or
takes the first number, refuses the last."""

SEED = 20260101
"""Of everything that is drawn at random."""

HOSTILE = {
    "tibetan": "བོད་ཡིག་དྲིལ་བསྒྲགས།",
    "yi": "ꆈꌠꁱꂷ ꀋꉬ",
    "emoji": "🌊👩‍🔬🧪 ⚠️",
    "delimiters": "~!*'()+&=/?#%,;:@$[]{}|^`",
    "percent": "100% 涨 %41 %% +1",
    "quotes": "“说” \"say\" 'so' \\n \\u0041 </script> &amp; <b>",
    "lines": "第一行\n第二行",
    "template": "${code} {0} {name} #code# %s",
}
"""Texts that a careless encoder changes on their way."""


def batch_of(
    count: int, *, first: int = 0, text: str = "汛期防范提示", attempt: int = 1
) -> SmsBatch:
    """Make a batch.

    Args:
        count: Recipients.
        first: Number of the first of them; numbers, refs and the reference follow it.
        text: Without the signature.
        attempt: Number of the attempt.
    """
    return SmsBatch(
        reference=f"bat_{first:026d}",
        signature="科普四川",
        text=text,
        recipients=tuple(
            Recipient(f"sub_{number:026d}", f"+86139{87650000 + number:08d}")
            for number in range(first, first + count)
        ),
        attempt=attempt,
    )


def national(phone: str) -> str:
    """Give a Chinese mobile number as vendors may write it, without +86."""
    return phone.removeprefix("+86")


def tried(act: Callable[[], T]) -> T | TianfuError:
    """Give what a call returns, or the typed error that it raises; any other error fails."""
    try:
        return act()
    except TianfuError as error:
        return error


_RIGHT = {
    "accepted": frozenset({ErrorClass.OK}),
    "unknown": frozenset({ErrorClass.AMBIGUOUS}),
    "deferred": frozenset({ErrorClass.DEFERRED, ErrorClass.THROTTLED, ErrorClass.RETRY_SAFE}),
    "rejected": frozenset(ErrorClass) - {ErrorClass.OK, ErrorClass.AMBIGUOUS, ErrorClass.DEFERRED},
}


def check_results(batch: SmsBatch, results: Sequence[SmsResult]) -> None:
    """Hold results to what the port says of any of them."""
    refs = [result.ref for result in results]
    assert refs == [one.ref for one in batch.recipients], "one result a recipient, in order"
    for result in results:
        assert isinstance(result, SmsResult)
        assert result.status in _RIGHT
        assert isinstance(result.error, ErrorClass)
        assert result.error in _RIGHT[result.status], (
            f"`{result.status}` with error class `{result.error}`; the caller acts on the class"
        )
        for value in (result.provider_id, result.code):
            assert isinstance(value, str)
            value.encode("utf-8")  # half a surrogate pair cannot be stored
        wait = result.retry_after
        assert wait is None or (not isinstance(wait, bool) and math.isfinite(wait) and wait >= 0)


class SmsCases(Reported):
    """Fixtures and hooks of the SMS suite. An author overrides the fixture `gateway`.

    Attributes:
        volatile: Lower-case names of headers that differ between two requests of one batch,
            such as a nonce and what signs it. The clock stands still, so a time does not.
        secrets: Keys that the gateway was made with; those it keeps as `Secret` are found
            without being named.
        answers_each: The vendor answers for every recipient; False: once for a whole call.
        callback_size: Receipts that one callback may carry.
        patience: Seconds in which something that arrives must be seen by `poll`.
        faults: What `fail` can let go wrong with a session.
    """

    volatile: ClassVar[Sequence[str]] = ()
    secrets: ClassVar[Sequence[str]] = ()
    answers_each: ClassVar[bool] = True
    callback_size: ClassVar[int] = 100
    patience: ClassVar[float] = 5.0
    faults: ClassVar[Sequence[SessionFault]] = ()

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """Give the clock to build the gateway with; it stands still."""
        return FrozenClock()

    @pytest.fixture
    def ids(self) -> CountingIds:
        """Give the ids to build the gateway with."""
        return CountingIds()

    @pytest.fixture
    def context(self, clock: FrozenClock, ids: CountingIds) -> BackendContext:
        """Give the context for a factory; `attrs.evolve(context, settings={…})` adds settings."""
        return BackendContext(clock=clock, ids=ids)

    @pytest.fixture
    def loopback(self) -> Iterator[Loopback]:
        """Give a vendor on 127.0.0.1, for a gateway that wants a URL."""
        with Loopback() as vendor:
            yield vendor

    @pytest.fixture
    def gateway(self) -> SmsGateway:
        """Give the gateway, a session gateway not yet connected. Override this."""
        raise NotImplementedError("override the fixture `gateway`: return MyGateway(…)")

    @pytest.fixture
    def capabilities(self, gateway: SmsGateway) -> SmsCapabilities:
        """Give what the gateway can say; not to be overridden."""
        return gateway.capabilities

    @pytest.fixture
    def http(self, gateway: SmsGateway) -> HttpSmsGateway:
        """Give the gateway if it is one of HTTP; not to be overridden."""
        if gateway.capabilities.shape != "http":
            pytest.skip("capabilities.shape is session")
        assert isinstance(gateway, HttpSmsGateway)
        return gateway

    @pytest.fixture
    def session(self, gateway: SmsGateway) -> Iterator[SessionSmsGateway]:
        """Give the gateway, connected, if it holds a session; not to be overridden."""
        if gateway.capabilities.shape != "session":
            pytest.skip("capabilities.shape is http")
        assert isinstance(gateway, SessionSmsGateway)
        gateway.connect()
        yield gateway
        gateway.close()

    # What an author overrides beside `gateway`, as far as the capabilities ask for it.

    def answer(self, batch: SmsBatch, outcome: Outcome) -> HttpResponse:  # noqa: ARG002 - a hook
        """Answer a batch as the vendor does. For the HTTP shape.

        Args:
            batch: What it was asked to send.
            outcome: What it says.
        """
        pytest.fail("override `answer(batch, outcome)`: give the vendor's response")

    def query_answer(self, batch: SmsBatch, outcome: Outcome) -> HttpResponse:
        """Answer what became of a batch; override it where that is said in another form."""
        return self.answer(batch, outcome)

    def signed_callback(
        self,
        receipts: Sequence[SmsReceipt],  # noqa: ARG002 - a hook
        inbound: Sequence[Inbound],  # noqa: ARG002 - a hook
    ) -> HttpRequest:
        """Make an authentic callback. For `receipts` with push, and for `inbound`.

        Args:
            receipts: What it says was delivered or not; empty unless receipts are pushed.
            inbound: What it says people answered; empty unless `capabilities.inbound`.
        """
        pytest.fail("override `signed_callback(receipts, inbound)`: give the vendor's request")

    def resigned(self, request: HttpRequest) -> HttpRequest:
        """Sign a callback anew whose body or URL was changed, as the vendor would.

        Override it where the signature covers the body; else it stays as it is.
        """
        return request

    def forged(self, request: HttpRequest) -> list[HttpRequest]:
        """Forge an authentic callback in several ways.

        Override it for a gateway whose callbacks are known by something else than a
        signature over the body, such as a token in the path.
        """
        body, own = request.body, dict(request.headers)
        bare = {name: value for name, value in own.items() if name in _PLAIN_HEADERS}
        changed = [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in (0, len(body) // 2)]
        return [
            attrs.evolve(request, headers=bare),
            *(attrs.evolve(request, body=other) for other in [*changed, body + b" ", b""]),
            *(
                attrs.evolve(request, headers=own | {name: _spoilt(value)})
                for name, value in own.items()
                if name not in _PLAIN_HEADERS
            ),
        ]

    def pull_answer(
        self,
        request: HttpRequest,  # noqa: ARG002 - a hook
        receipts: Sequence[SmsReceipt],  # noqa: ARG002 - a hook
        inbound: Sequence[Inbound],  # noqa: ARG002 - a hook
    ) -> HttpResponse:
        """Answer one of `pulls` as the vendor does. For `receipts` with pull, over HTTP.

        Args:
            request: One of those that `pulls` built; say only what this one is answered with.
            receipts: What was delivered or not.
            inbound: What people answered.
        """
        pytest.fail("override `pull_answer(request, receipts, inbound)`: give its response")

    def arrive(
        self,
        gateway: Any,  # noqa: ARG002 - a hook
        receipts: Sequence[SmsReceipt],  # noqa: ARG002 - a hook
        inbound: Sequence[Inbound],  # noqa: ARG002 - a hook
    ) -> Sequence[SmsReceipt] | None:
        """Let the vendor deliver. For sessions whose capabilities promise receipts or inbound.

        Args:
            gateway: The gateway, connected; one without either is never asked.
            receipts: What it is to say was delivered or not.
            inbound: What it is to say people answered.

        Returns:
            The receipts that will come, where the vendor only makes its own; None: as given.
        """
        pytest.fail("override `arrive(gateway, receipts, inbound)`: let the vendor deliver")

    def fail(self, gateway: Any, fault: SessionFault) -> None:  # noqa: ARG002 - a hook
        """Let something go wrong from now on. For sessions whose author names `faults`.

        Args:
            gateway: The gateway.
            fault: What; empty: all is well again.
        """
        pytest.fail("override `fail(gateway, fault)`: let the vendor fail")

    def carried(self, request: HttpRequest) -> list[str]:
        """Give all texts that a request carries, decoded as the vendor decodes them.

        Understands URLs, forms, JSON (also JSON within JSON) and XML by `content-type`;
        override it for anything else.
        """
        parts = urlsplit(request.url)
        found = [unquote(parts.path), *request.headers.values(), *_form(parts.query)]
        body, kind = (
            request.body.decode("utf-8", "replace"),
            request.headers.get("content-type", ""),
        )
        # Not the body as it stands beside its fields: what was never quoted would be found there.
        if "form-urlencoded" in kind:
            found += _form(body)
        elif "xml" in kind:
            found.append(html.unescape(body))
        elif "json" in kind:
            found += _inside(body)
        else:
            found.append(body)
        for text in list(found):
            found += _inside(text)
        return found


def _form(text: str) -> list[str]:
    return [part for pair in parse_qsl(text, keep_blank_values=True) for part in pair]


_PLAIN_HEADERS = frozenset({"content-type", "content-length", "host", "accept", "user-agent"})


def _spoilt(value: str) -> str:
    if not value:
        return "0"
    return value[:-1] + ("1" if value[-1] == "0" else "0")


def _inside(text: str, depth: int = 3) -> list[str]:
    """Give the strings of a JSON text, and of JSON texts within them."""
    if depth == 0 or not text.lstrip().startswith(("{", "[")):
        return []
    try:
        value = json.loads(text)
    except ValueError:
        return []
    found = []
    for part in _strings(value):
        found += [part, *_inside(part, depth - 1)]
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    else:
        yield value if isinstance(value, str) else str(value)
