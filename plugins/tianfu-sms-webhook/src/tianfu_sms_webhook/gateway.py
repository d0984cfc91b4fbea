"""The gateway: batches out, answers and callbacks in; pure, as the port wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self
from urllib.parse import quote, urlsplit

import attrs

from tianfu_sdk import Invalid, Secret, Unsupported
from tianfu_sdk.gateways import checked_url, long_enough
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    ErrorClass,
    SmsBatch,
    SmsCapabilities,
    SmsResult,
)
from tianfu_sdk.ports.clock import Clock
from tianfu_sms_webhook import wire
from tianfu_sms_webhook.signing import signed_headers, verify

__all__ = ["WebhookGateway", "WebhookSettings"]

_OK = range(200, 300)
_REFUSED = range(400, 500)
_TOO_FAST = 429


@attrs.frozen(kw_only=True)
class WebhookSettings:
    """The table `[backends.webhook]`."""

    url: str
    """Where batches go, such as `https://sms.example.cn/tianfu`."""
    secret: Secret
    """Signs what goes out: `{env = "NAME"}` or `{file = "path"}`."""
    callback_secret: Secret | None = None
    """Signs what comes in; None: `secret` does."""
    phones_per_call: int = 500
    """Recipients of one call, 1 to 10,000."""
    allow_http: bool = False
    """Let phones and texts go over plain http, to other machines too."""
    timeout: float = 30.0
    """Seconds that one call may take."""


class WebhookGateway:
    """Hands batches to a URL as signed JSON. Safe to share between threads.

    Args:
        options: The gateway's table of settings.
        clock: Tells the time that is signed, and that callbacks are held against.

    Raises:
        Invalid: `sms.plain_http`, plain http to another machine; `sms.short_secret`, fewer
            than 16 bytes; `field.value`, the URL is none.
    """

    settings = WebhookSettings

    def __init__(self, options: WebhookSettings, clock: Clock) -> None:
        _check(options)
        self._options = options
        self._clock = clock
        self._capabilities = SmsCapabilities(
            name="webhook",
            shape="http",
            phones_per_call=options.phones_per_call,
            receipts=("push",),
            inbound=True,
            dedupes=True,
            timeout=options.timeout,
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the gateway of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(WebhookSettings), context.clock)

    @property
    def capabilities(self) -> SmsCapabilities:
        """What the receiver can say; that it dedupes by reference is its duty."""
        return self._capabilities

    def request(self, batch: SmsBatch) -> HttpRequest:
        """Build the request that sends a batch.

        Raises:
            Unsupported: `sms.too_many`.
        """
        most = self._options.phones_per_call
        if len(batch.recipients) > most:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=most)
        body = wire.batch_body(batch)
        secret = self._options.secret.reveal()
        return HttpRequest(
            method="POST",
            url=self._options.url,
            headers={
                "content-type": "application/json; charset=utf-8",
                # Quoted: a header carries no other letters, and no line break.
                "idempotency-key": quote(batch.reference, safe=""),
                "x-tianfu-attempt": str(batch.attempt),
                **signed_headers(body, secret=secret, now=self._clock.now()),
            },
            body=body,
        )

    def result(self, batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult]:
        """Read the answer; one result a recipient, in the batch's order.

        Only what this version of the wire format says exactly is believed. Anything else,
        such as the page of a proxy between, leaves a recipient `unknown`.
        """
        refs = [one.ref for one in batch.recipients]
        try:
            if response.status in _OK:
                said = wire.read_results(response.body)
                return [said.get(ref) or _unknown(ref) for ref in refs]
            if response.status == _TOO_FAST:
                wait = wire.read_wait(response.headers)
                return [_deferred(ref, wait) for ref in refs]
            if response.status in _REFUSED:
                error, code = wire.read_refusal(response.body)
                return [SmsResult(ref=r, status="rejected", error=error, code=code) for r in refs]
        except wire.Unreadable:
            pass
        return [_unknown(ref) for ref in refs]

    def callback(self, request: HttpRequest) -> CallbackResult:
        """Read a call of the receiver: receipts and inbound messages.

        Raises:
            Denied: `sms.callback_forged`; not signed with the secret, or not within 5 minutes.
            Invalid: `sms.callback_malformed`.
        """
        secret = (self._options.callback_secret or self._options.secret).reveal()
        verify(request.headers, request.body, secret=secret, now=self._clock.now())
        try:
            receipts, inbound = wire.read_callback(request.body)
        except wire.Unreadable:
            raise Invalid("sms.callback_malformed", path="body") from None
        return CallbackResult(receipts=receipts, inbound=inbound, response=HttpResponse(status=204))

    def __repr__(self) -> str:
        # The path of a hook often is a secret of its own.
        return f"<WebhookGateway {urlsplit(self._options.url).hostname}>"


def _check(options: WebhookSettings) -> None:
    checked_url(options.url, allow_http=options.allow_http, path="url")
    if not 1 <= options.phones_per_call <= 10_000:  # noqa: PLR2004 - said in the settings
        raise Invalid("field.value", path="phones_per_call", value=options.phones_per_call)
    long_enough(options.secret, "secret")
    long_enough(options.callback_secret, "callback_secret")


def _unknown(ref: str) -> SmsResult:
    return SmsResult(ref=ref, status="unknown", error=ErrorClass.AMBIGUOUS)


def _deferred(ref: str, wait: float | None) -> SmsResult:
    return SmsResult(ref=ref, status="deferred", error=ErrorClass.THROTTLED, retry_after=wait)
