"""The gateway: batches out, answers, pulls and callbacks in; pure, as the port wants it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import attrs

from tianfu_sdk import Invalid, RateLimited, Secret, Unavailable, Unsupported
from tianfu_sdk.gateways import (
    Unreadable,
    believed,
    by_status,
    checked_url,
    each,
    filled,
    host_of,
    long_enough,
    outcome,
    verify_token,
    wait_of,
)
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    ErrorClass,
    Pace,
    QueryAnswer,
    Recipient,
    SmsBatch,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
    TextRules,
    Window,
)
from tianfu_sdk.ports.clock import Clock
from tianfu_sms_tencent import wire
from tianfu_sms_tencent.codes import CODES, wait_for
from tianfu_sms_tencent.signing import CONTENT_TYPE, authorization

__all__ = ["TencentGateway", "TencentSettings"]

_VERSION = "2021-01-11"
_MOST = 200
_CALLS_A_SECOND = 3000
_NOT_AT_NIGHT = Window(time(8), time(22))
_OK, _TOO_FAST = 200, 429
_STATUSES, _REPLIES = "PullSmsSendStatus", "PullSmsReplyStatus"
_TAKEN = json.dumps({"result": 0, "errmsg": "OK"}).encode()


@attrs.frozen(kw_only=True)
class TencentSettings:
    """The table `[backends.tencent]`."""

    access_key_id: str
    """SecretId of a sub-account that may only send SMS."""
    access_key_secret: Secret
    """SecretKey; signs what goes out."""
    security_token: Secret | None = None
    """Of temporary keys."""
    sdk_app_id: str
    """SmsSdkAppId, such as `1400006666`."""
    region: str = "ap-guangzhou"
    """Where the API stands: `ap-beijing`, `ap-guangzhou`, `ap-nanjing`."""
    sign_name: str = ""
    """Signature (签名) for batches without one, without brackets."""
    template: str = ""
    """Id of the template for batches without one; its only variable carries the whole text."""
    longest_value: int = 6
    """Characters of a variable's value, as the console shows it; 0: any number."""
    base_url: str = "https://sms.tencentcloudapi.com/"
    """Where calls go."""
    phones_per_call: int = 200
    """Recipients of one call."""
    callback_token: Secret | None = None
    """Unguessable part of the address for callbacks, 16 bytes or more; None: none are taken."""
    pull: bool = False
    """Fetch receipts and inbound messages; Tencent Cloud opens this on request."""
    query: bool = False
    """Ask what became of a batch; Tencent Cloud must give SessionContext back for it."""
    allow_http: bool = False
    """Let phones and texts go over plain http, to other machines too."""
    timeout: float = 30.0
    """Seconds that one call may take."""


class TencentGateway:
    """Sends through Tencent Cloud SMS (腾讯云短信). Safe to share between threads.

    Args:
        options: The gateway's table of settings.
        clock: Tells the time that is signed.

    Raises:
        Invalid: `field.value`, `sms.plain_http` or `sms.short_secret`, with the setting.
    """

    settings = TencentSettings

    def __init__(self, options: TencentSettings, clock: Clock) -> None:
        checked_url(options.base_url, allow_http=options.allow_http)
        long_enough(options.callback_token, "callback_token")
        if urlsplit(options.base_url).path not in {"", "/"}:
            raise Invalid("field.value", path="base_url", value="-")
        if not 1 <= options.phones_per_call <= _MOST:
            raise Invalid("field.value", path="phones_per_call", value=options.phones_per_call)
        if options.longest_value < 0:
            raise Invalid("field.value", path="longest_value", value=options.longest_value)
        self._options = options
        self._clock = clock
        pushed = options.callback_token is not None
        ways: list[Literal["push", "pull"]] = ["push"] if pushed else []
        self._capabilities = SmsCapabilities(
            name="tencent",
            shape="http",
            phones_per_call=options.phones_per_call,
            receipts=(*ways, "pull") if options.pull else tuple(ways),
            inbound=pushed or options.pull,
            phones_per_query=1 if options.query else 0,
            longest=500,
            windows=(_NOT_AT_NIGHT,),
            timeout=options.timeout,
            pace=Pace(calls=_CALLS_A_SECOND),
            templates="required",
            signature="apart",
            rules=TextRules(
                longest_value=options.longest_value,
                links_in_values=False,
                shortest_signature=2,
                longest_signature=12,
            ),
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the gateway of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(TencentSettings), context.clock)

    @property
    def capabilities(self) -> SmsCapabilities:
        """What Tencent Cloud can say; it sends a repeated call again, so it does not dedupe."""
        return self._capabilities

    def request(self, batch: SmsBatch) -> HttpRequest:
        """Build the call that sends a batch.

        Raises:
            Unsupported: `sms.too_many`; `sms.no_template`.
        """
        most = self._options.phones_per_call
        if len(batch.recipients) > most:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=most)
        own = self._options
        # Its variables are known by their places: the name is never sent.
        template, parameters = filled(batch, own.template, "1", gateway="tencent")
        plain = wire.send_sms(
            batch,
            app=own.sdk_app_id,
            sign=batch.signature or own.sign_name,
            template=template,
            values=[value for _, value in parameters],
        )
        return self._signed("SendSms", plain)

    def _signed(self, action: str, plain: Mapping[str, Any]) -> HttpRequest:
        own, body = self._options, wire.body_of(plain)
        host, timestamp = host_of(own.base_url), int(self._clock.now().timestamp())
        headers = {
            "content-type": CONTENT_TYPE,
            "host": host,
            "x-tc-action": action,
            "x-tc-version": _VERSION,
            "x-tc-timestamp": str(timestamp),
            "x-tc-region": own.region,
            "x-tc-language": "zh-CN",
            "authorization": authorization(
                host=host,
                service="sms",
                body=body,
                timestamp=timestamp,
                secret_id=own.access_key_id,
                secret_key=own.access_key_secret.reveal(),
            ),
        }
        if own.security_token is not None:
            headers["x-tc-token"] = own.security_token.reveal()
        parts = urlsplit(own.base_url)
        url = f"{parts.scheme}://{parts.netloc}/"
        return HttpRequest(method="POST", url=url, headers=headers, body=body)

    def result(self, batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult]:
        """Read the answer: a word for each phone, or an error for the whole call."""
        if said := by_status(batch, response):
            return said
        try:
            code, answer = wire.read_response(response.body)
            if code:
                error = self._read(code, response.status)
                # An error that calls itself a success is no word to go by.
                error = ErrorClass.AMBIGUOUS if error is ErrorClass.OK else error
                wait = wait_of(response) or wait_for(code, self._clock.now())
                known = error is not ErrorClass.AMBIGUOUS
                return each(batch, error, code=code, wait=wait if known else None)
            sent = wire.read_sent(answer)
        except Unreadable:
            return each(batch, ErrorClass.AMBIGUOUS)
        return [self._result(one, sent.get(one.phone), response.status) for one in batch.recipients]

    def _result(self, recipient: Recipient, sent: wire.Sent | None, status: int) -> SmsResult:
        if sent is None:
            return outcome(recipient.ref, ErrorClass.AMBIGUOUS)
        error = self._read(sent.code, status)
        return outcome(
            recipient.ref,
            error,
            code=sent.code,
            provider_id=sent.serial if error is ErrorClass.OK else "",
            wait=wait_for(sent.code, self._clock.now()) if error is ErrorClass.DEFERRED else None,
        )

    def _read(self, code: str, status: int) -> ErrorClass:
        error = CODES.of(code)
        return error if believed(error, status) else ErrorClass.AMBIGUOUS

    def query(self, batch: SmsBatch) -> HttpRequest:
        """Build the question for receipts of one recipient; one without a receipt stays unknown.

        Raises:
            Unsupported: `sms.too_many`.
        """
        if len(batch.recipients) != 1:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=1)
        plain = wire.question(batch, self._options.sdk_app_id, self._clock.now())
        return self._signed("PullSmsSendStatusByPhoneNumber", plain)

    def answer(self, batch: SmsBatch, response: HttpResponse) -> QueryAnswer:
        """Read the answer; the batch is known by its reference (SessionContext)."""
        (recipient,) = batch.recipients
        receipts: tuple[SmsReceipt, ...] = ()
        try:
            code, answer = wire.read_response(response.body)
            if response.status == _OK and not code:
                _, rows = wire.read_statuses(answer)
                receipts = tuple(
                    attrs.evolve(row, ref=recipient.ref)
                    for row in rows
                    if (row.reference, row.phone) == (batch.reference, recipient.phone)
                )
        except Unreadable:
            pass
        error = ErrorClass.OK if receipts else ErrorClass.AMBIGUOUS
        serial = receipts[0].provider_id if receipts else ""
        return QueryAnswer(
            results=(outcome(recipient.ref, error, provider_id=serial),), receipts=receipts
        )

    def pulls(self) -> Sequence[HttpRequest]:
        """Build the requests for receipts and for inbound messages, 100 of them at a time."""
        plain = wire.pull(self._options.sdk_app_id)
        return [self._signed(action, plain) for action in (_STATUSES, _REPLIES)]

    def pulled(self, request: HttpRequest, response: HttpResponse) -> CallbackResult:
        """Read what was pulled.

        A row that does not fit is left out: it is not given again, and nor are the others.

        Raises:
            Unavailable: `sms.pull_failed`; it cannot be read or says no.
            RateLimited: `sms.pull_failed`; it is asked too often.
        """
        if response.status == _TOO_FAST:
            raise RateLimited("sms.pull_failed", why="429", retry_after=wait_of(response))
        try:
            code, answer = wire.read_response(response.body)
            if code and CODES.of(code) is ErrorClass.THROTTLED:
                raise RateLimited("sms.pull_failed", why=code[:64])
            if code or response.status != _OK:
                raise Unavailable("sms.pull_failed", why=code[:64] or str(response.status))
            if request.headers.get("x-tc-action") == _REPLIES:
                count, inbound = wire.read_replies(answer)
                return CallbackResult(inbound=inbound, more=count >= wire.MOST_ROWS)
            count, receipts = wire.read_statuses(answer)
        except Unreadable:
            raise Unavailable("sms.pull_failed", why="unreadable") from None
        return CallbackResult(receipts=receipts, more=count >= wire.MOST_ROWS)

    def callback(self, request: HttpRequest) -> CallbackResult:
        """Read receipts or an inbound message; nothing signs them but a token.

        Raises:
            Denied: `sms.callback_forged`; the address does not end with the token.
            Invalid: `sms.callback_malformed`.
        """
        verify_token(request, self._options.callback_token)
        try:
            receipts, inbound = wire.read_callback(request.body)
        except Unreadable:
            raise Invalid("sms.callback_malformed", path="body") from None
        taken = HttpResponse(status=200, headers={"content-type": CONTENT_TYPE}, body=_TAKEN)
        return CallbackResult(receipts=receipts, inbound=inbound, response=taken)

    def __repr__(self) -> str:
        return f"<TencentGateway {urlsplit(self._options.base_url).hostname}>"
