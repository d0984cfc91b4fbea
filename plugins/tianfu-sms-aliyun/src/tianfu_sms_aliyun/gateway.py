"""The gateway: batches out, answers and callbacks in; pure, as the port wants it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, time
from typing import Literal, Self
from urllib.parse import urlsplit

import attrs

from tianfu_sdk import Invalid, Secret, Unsupported
from tianfu_sdk.gateways import (
    Unreadable,
    believed,
    by_status,
    checked_url,
    each,
    filled,
    host_of,
    long_enough,
    refused_for_number,
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
    SmsBatch,
    SmsCapabilities,
    SmsResult,
    TextRules,
    Window,
)
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sms_aliyun import wire
from tianfu_sms_aliyun.codes import CODES, ILLEGAL_NUMBER, wait_for
from tianfu_sms_aliyun.signing import authorization, canonical_query, digest

__all__ = ["AliyunGateway", "AliyunSettings"]

_VERSION = "2017-05-25"
_MOST = {"SendSms": 1000, "SendBatchSms": 100}
_CALLS_A_SECOND = 5000
_NOT_AT_NIGHT = Window(time(8), time(20))
_OK = 200
_LONGEST_SECONDS = 300
_TAKEN = json.dumps({"code": 0, "msg": "成功"}, ensure_ascii=False).encode()


@attrs.frozen(kw_only=True)
class AliyunSettings:
    """The table `[backends.aliyun]`."""

    access_key_id: str
    """AccessKey ID of a RAM user who may only send SMS."""
    access_key_secret: Secret
    """AccessKey secret; signs what goes out."""
    security_token: Secret | None = None
    """Of temporary keys (STS)."""
    sign_name: str = ""
    """Signature (签名) for batches without one, without brackets."""
    template: str = ""
    """Code of the template for batches without one, such as `SMS_123456789`."""
    variable: str = "content"
    """The one variable of that template; it carries the whole text."""
    base_url: str = "https://dysmsapi.aliyuncs.com/"
    """Where calls go."""
    call: Literal["SendSms", "SendBatchSms"] = "SendSms"
    """Up to 1,000 phones in the URL, or up to 100 in the body."""
    phones_per_call: int = 0
    """Recipients of one call; 0: as many as the call takes."""
    callback_token: Secret | None = None
    """Unguessable part of the address for callbacks, 16 bytes or more; None: none are taken."""
    allow_http: bool = False
    """Let phones and texts go over plain http, to other machines too."""
    timeout: float = 30.0
    """Seconds that one call may take."""


class AliyunGateway:
    """Sends through Alibaba Cloud SMS (阿里云短信). Safe to share between threads.

    Args:
        options: The gateway's table of settings.
        clock: Tells the time that is signed.
        ids: Makes the nonces that are signed.

    Raises:
        Invalid: `field.value`, `sms.plain_http` or `sms.short_secret`, with the setting.
    """

    settings = AliyunSettings

    def __init__(self, options: AliyunSettings, clock: Clock, ids: Ids) -> None:
        checked_url(options.base_url, allow_http=options.allow_http)
        long_enough(options.callback_token, "callback_token")
        most = _MOST[options.call]
        if not 0 <= options.phones_per_call <= most:
            raise Invalid("field.value", path="phones_per_call", value=options.phones_per_call)
        self._options = options
        self._clock = clock
        self._ids = ids
        heard = options.callback_token is not None
        self._capabilities = SmsCapabilities(
            name="aliyun",
            shape="http",
            phones_per_call=options.phones_per_call or most,
            receipts=("push",) if heard else (),
            inbound=heard,
            phones_per_query=1,
            longest=500,
            windows=(_NOT_AT_NIGHT,),
            timeout=options.timeout,
            pace=Pace(calls=_CALLS_A_SECOND),
            templates="required",
            signature="apart",
            rules=TextRules(links_in_values=False),
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the gateway of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(AliyunSettings), context.clock, context.ids)

    @property
    def capabilities(self) -> SmsCapabilities:
        """What Alibaba Cloud can say; it sends a repeated call again, so it does not dedupe."""
        return self._capabilities

    def request(self, batch: SmsBatch) -> HttpRequest:
        """Build the call that sends a batch.

        Raises:
            Unsupported: `sms.too_many`; `sms.no_template`.
        """
        most = self._capabilities.phones_per_call
        if len(batch.recipients) > most:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=most)
        own = self._options
        template, parameters = filled(batch, own.template, own.variable, gateway="aliyun")
        sign = batch.signature or own.sign_name
        if own.call == "SendSms":
            query = wire.send_sms(batch, sign=sign, template=template, parameters=parameters)
            return self._signed("SendSms", query)
        query, form = wire.send_batch(batch, sign=sign, template=template, parameters=parameters)
        return self._signed("SendBatchSms", query, form)

    def _signed(self, action: str, query: Mapping[str, str], form: bytes = b"") -> HttpRequest:
        own = self._options
        url = urlsplit(own.base_url)
        headers = {
            "host": host_of(own.base_url),
            "x-acs-action": action,
            "x-acs-version": _VERSION,
            "x-acs-date": self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self._ids.token(),
            "x-acs-content-sha256": digest(form),
        }
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        if own.security_token is not None:
            headers["x-acs-accesskey-id"] = own.access_key_id
            headers["x-acs-security-token"] = own.security_token.reveal()
        path, line = url.path or "/", canonical_query(query)
        headers["authorization"] = authorization(
            method="POST",
            path=path,
            query=line,
            headers=headers,
            access_key_id=own.access_key_id,
            access_key_secret=own.access_key_secret.reveal(),
        )
        return HttpRequest(
            method="POST",
            url=f"{url.scheme}://{url.netloc}{path}?{line}",
            headers=headers | {"accept": "application/json"},
            body=form,
        )

    def result(self, batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult]:
        """Read the answer: one word for the whole call, so every recipient gets the same.

        But where a number is refused, those that no mobile has are blamed alone. After a
        failure of the server (5xx) only "too fast" is believed.
        """
        if said := by_status(batch, response):
            return said
        try:
            answer = wire.read_answer(response.body)
        except Unreadable:
            return each(batch, ErrorClass.AMBIGUOUS)
        error = CODES.of(answer.code)
        wait = None
        if error is ErrorClass.THROTTLED:
            wait = _hint(response)
        elif error is ErrorClass.DEFERRED:
            wait = wait_for(answer.code, answer.message)
        if not believed(error, response.status):
            error = ErrorClass.AMBIGUOUS
        elif answer.code == ILLEGAL_NUMBER:
            return refused_for_number(batch, code=answer.code)
        return each(
            batch,
            error,
            code=answer.code,
            provider_id=answer.biz_id if error is ErrorClass.OK else "",
            wait=None if error is ErrorClass.AMBIGUOUS else wait,
        )

    def query(self, batch: SmsBatch) -> HttpRequest:
        """Build the question what became of a batch of one recipient (QuerySendDetails).

        Raises:
            Unsupported: `sms.too_many`.
        """
        if len(batch.recipients) != 1:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=1)
        return self._signed("QuerySendDetails", wire.question(batch, self._clock.now()))

    def answer(self, batch: SmsBatch, response: HttpResponse) -> QueryAnswer:
        """Read the answer; the batch is known by its reference (OutId)."""
        there, receipt = False, None
        if response.status == _OK:
            with contextlib.suppress(Unreadable):
                there, receipt = wire.read_details(response.body, batch)
        error = ErrorClass.OK if there else ErrorClass.AMBIGUOUS
        return QueryAnswer(
            results=tuple(each(batch, error)), receipts=(receipt,) if receipt else ()
        )

    def callback(self, request: HttpRequest) -> CallbackResult:
        """Read receipts or inbound messages that were pushed; nothing signs them but a token.

        Raises:
            Denied: `sms.callback_forged`; the address does not end with the token.
            Invalid: `sms.callback_malformed`.
        """
        verify_token(request, self._options.callback_token)
        try:
            receipts, inbound = wire.read_callback(request.body)
        except Unreadable:
            raise Invalid("sms.callback_malformed", path="body") from None
        headers = {"content-type": "application/json; charset=utf-8"}
        taken = HttpResponse(status=200, headers=headers, body=_TAKEN)
        return CallbackResult(receipts=receipts, inbound=inbound, response=taken)

    def __repr__(self) -> str:
        return f"<AliyunGateway {urlsplit(self._options.base_url).hostname}>"


def _hint(response: HttpResponse) -> float | None:
    wait = wait_of(response, "x-acs-retry-after")
    # Seconds or milliseconds: no page says which, and nobody asks for an hour this way.
    return wait / 1000 if wait is not None and wait > _LONGEST_SECONDS else wait
