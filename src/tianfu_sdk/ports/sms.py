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
    SmsBatch,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
)

__all__ = ["HttpSmsGateway", "SessionSmsGateway", "SmsGateway"]


@runtime_checkable
class HttpSmsGateway(Protocol):
    """A gateway spoken to over HTTP; all four verbs are pure and safe in any thread."""

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

    def query(self, batch: SmsBatch) -> HttpRequest | None:
        """Build the request that asks what became of a batch; None where it cannot be asked.

        The answer is read by `result`.
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


SmsGateway = HttpSmsGateway | SessionSmsGateway
