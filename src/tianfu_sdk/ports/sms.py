"""The SMS port, in two shapes.

An HTTP gateway is pure: it builds requests and reads responses; the hub owns the I/O,
timeouts and retries. A session gateway (files, CMPP, SMPP) holds a connection of its own.
`tianfu_sdk.testing.SmsGatewaySuite` holds both to this page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    Inbound,
    QueryAnswer,
    SmsBatch,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
)

__all__ = [
    "AcknowledgingSmsGateway",
    "HttpSmsGateway",
    "PullingSmsGateway",
    "QueryingSmsGateway",
    "SessionSmsGateway",
    "SmsGateway",
]


@runtime_checkable
class HttpSmsGateway(Protocol):
    """A gateway spoken to over HTTP; all verbs are pure and safe in any thread."""

    @property
    def capabilities(self) -> SmsCapabilities:
        """What this gateway can say."""
        ...

    def request(self, batch: SmsBatch) -> HttpRequest:
        """Build the request that sends a batch.

        Raises:
            Unsupported: There is no way to say it to this gateway.
        """
        ...

    def result(self, batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult]:
        """Read the response; one result a recipient, in the batch's order.

        A response that cannot be read makes every recipient `unknown`, never an exception.
        """
        ...

    def callback(self, request: HttpRequest) -> CallbackResult:
        """Read a request that the gateway sent us: receipts and inbound messages.

        Raises:
            Denied: `sms.callback_forged`, it is not the gateway's.
            Invalid: `sms.callback_malformed`, it cannot be read.
        """
        ...


@runtime_checkable
class QueryingSmsGateway(HttpSmsGateway, Protocol):
    """A gateway over HTTP that can be asked later what became of a batch."""

    def query(self, batch: SmsBatch) -> HttpRequest:
        """Build the request that asks what became of a batch; it must not send anything.

        Args:
            batch: As it was sent, with `capabilities.phones_per_query` recipients at most.
        """
        ...

    def answer(self, batch: SmsBatch, response: HttpResponse) -> QueryAnswer:
        """Read the answer; one result a recipient, in the batch's order.

        `accepted` went out, `rejected` did not and will not, `deferred` certainly did not and
        may be sent again; all else is `unknown`. Whoever the answer does not name is `unknown`
        too, unless the vendor promises that it knows at once of all that it was sent. An answer
        that cannot be read makes every recipient `unknown`, never an exception.
        """
        ...


@runtime_checkable
class PullingSmsGateway(HttpSmsGateway, Protocol):
    """A gateway over HTTP that is asked for receipts and inbound messages (`receipts`: pull)."""

    def pulls(self) -> Sequence[HttpRequest]:
        """Build the requests that fetch what came since: receipts, inbound messages."""
        ...

    def pulled(self, request: HttpRequest, response: HttpResponse) -> CallbackResult:
        """Read the response to one of them; `more` where the same request has more to give.

        Raises:
            Unavailable: It cannot be read or says no; nothing of it counts as heard.
            RateLimited: It is asked too often.
        """
        ...


@runtime_checkable
class SessionSmsGateway(Protocol):
    """A gateway that holds a session. Safe to share between threads once connected."""

    @property
    def capabilities(self) -> SmsCapabilities:
        """What this gateway can say."""
        ...

    def connect(self) -> None:
        """Open the session; may be called again, and after a loss.

        Raises:
            Unavailable: It does not answer.
        """
        ...

    def submit(self, batch: SmsBatch) -> Sequence[SmsResult]:
        """Send a batch; one result a recipient, in the batch's order.

        Raises:
            Unavailable: Nothing of the batch left.
            Ambiguous: Some of it may have left.
        """
        ...

    def poll(self) -> tuple[Sequence[SmsReceipt], Sequence[Inbound]]:
        """Give the receipts and inbound messages that came since the last poll."""
        ...

    def close(self) -> None:
        """End the session; may be called again."""
        ...


@runtime_checkable
class AcknowledgingSmsGateway(SessionSmsGateway, Protocol):
    """A session whose peer keeps what it delivers until it is told that it is stored.

    `poll` gives again what it gave before, until the thread that polled has acknowledged it.
    """

    def acknowledge(self) -> None:
        """Learn that all that `poll` gave this thread is stored, and tell the peer."""
        ...


SmsGateway = HttpSmsGateway | SessionSmsGateway
