"""The gateway: batches out, answers and callbacks in; pure, as the port wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Literal, Self
from urllib.parse import quote, urlsplit

import attrs

from tianfu_sdk import Denied, Invalid, Secret, Unsupported
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
)
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    ErrorClass,
    Pace,
    Recipient,
    SmsBatch,
    SmsCapabilities,
    SmsResult,
    TextRules,
    Window,
)
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sms_huawei import wire
from tianfu_sms_huawei.codes import CODES, READ_EACH
from tianfu_sms_huawei.signing import CONTENT, DATE, UNSIGNED, authorization, stamp, verify, wsse

__all__ = ["HuaweiGateway", "HuaweiSettings"]

_MOST = 500
_NUMBERS_A_SECOND = 500
_NOT_AT_NIGHT = Window(time(8), time(22))
_FORM = "application/x-www-form-urlencoded"


@attrs.frozen(kw_only=True)
class HuaweiSettings:
    """The table `[backends.huawei]`."""

    access_key_id: str
    """APP_Key of the SMS application."""
    access_key_secret: Secret
    """APP_Secret; signs what goes out."""
    channel: str
    """Channel number (通道号) of the signature: the field `from`."""
    sign_name: str = ""
    """Signature (签名) for batches without one, without brackets; Huawei reads it where the
    template is a universal one (通用模板)."""
    template: str = ""
    """Id of the template for batches without one; its only variable carries the whole text."""
    longest_value: int = 20
    """Characters of a variable's value; 0: any number."""
    base_url: str = "https://smsapi.cn-north-4.myhuaweicloud.com:443"
    """Address of the application (APP接入地址), of the console."""
    call: Literal["batchSendSms", "batchSendDiffSms"] = "batchSendSms"
    """A form, or JSON, which the signature covers."""
    wsse: bool = False
    """Say who calls by WSSE in place of a signature."""
    phones_per_call: int = 500
    """Recipients of one call."""
    status_callback: str = ""
    """Address for receipts, sent with every call; the token is added. Empty: the one of the
    console."""
    callback_token: Secret | None = None
    """Unguessable part of the address for callbacks, 16 bytes or more."""
    push_key_id: str = ""
    """Key id for pushes (推送AK), of the console."""
    push_key_secret: Secret | None = None
    """Its secret: callbacks must be signed with it."""
    allow_http: bool = False
    """Let phones and texts go over plain http, to other machines too."""
    timeout: float = 30.0
    """Seconds that one call may take."""


class HuaweiGateway:
    """Sends through Huawei Cloud Message & SMS (华为云消息&短信). Safe to share between threads.

    Args:
        options: The gateway's table of settings.
        clock: Tells the time that is signed, and that callbacks are held against.
        ids: Makes the nonces of WSSE.

    Raises:
        Invalid: `field.value`, `sms.plain_http` or `sms.short_secret`, with the setting.
    """

    settings = HuaweiSettings

    def __init__(self, options: HuaweiSettings, clock: Clock, ids: Ids) -> None:
        _check(options)
        self._options = options
        self._clock = clock
        self._ids = ids
        heard = options.callback_token is not None or options.push_key_secret is not None
        self._capabilities = SmsCapabilities(
            name="huawei",
            shape="http",
            phones_per_call=options.phones_per_call,
            receipts=("push",) if heard else (),
            inbound=heard,
            longest=500,
            windows=(_NOT_AT_NIGHT,),
            timeout=options.timeout,
            pace=Pace(messages=_NUMBERS_A_SECOND),
            templates="required",
            signature="apart",
            rules=TextRules(longest_value=options.longest_value),
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the gateway of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(HuaweiSettings), context.clock, context.ids)

    @property
    def capabilities(self) -> SmsCapabilities:
        """What Huawei Cloud can say; it cannot be asked what became of a batch."""
        return self._capabilities

    def request(self, batch: SmsBatch) -> HttpRequest:
        """Build the call that sends a batch.

        Raises:
            Unsupported: `sms.too_many`; `sms.no_template`.
        """
        own = self._options
        if len(batch.recipients) > own.phones_per_call:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=own.phones_per_call)
        # Its variables are known by their places: the name is never sent.
        template, parameters = filled(batch, own.template, "1", gateway="huawei")
        write = wire.form_body if own.call == "batchSendSms" else wire.diff_body
        body = write(
            batch if batch.signature else attrs.evolve(batch, signature=own.sign_name),
            channel=own.channel,
            callback=self._callback(),
            template=template,
            values=[value for _, value in parameters],
        )
        return self._signed(f"/sms/{own.call}/v1", body)

    def _callback(self) -> str:
        own = self._options
        if not own.status_callback or own.callback_token is None:
            return own.status_callback
        token = quote(own.callback_token.reveal(), safe="")
        return f"{own.status_callback.rstrip('/')}/{token}"

    def _signed(self, path: str, body: bytes) -> HttpRequest:
        own = self._options
        key, secret = own.access_key_id, own.access_key_secret.reveal()
        form = own.call == "batchSendSms"
        headers = {
            "content-type": _FORM if form else "application/json",
            "host": host_of(own.base_url),
        }
        now = self._clock.now()
        if own.wsse:
            headers |= wsse(key=key, secret=secret, nonce=self._ids.token(), now=now)
        else:
            headers[DATE] = stamp(now)
            if form:
                headers[CONTENT] = UNSIGNED
        request = HttpRequest(
            method="POST", url=own.base_url.rstrip("/") + path, headers=headers, body=body
        )
        if own.wsse:
            return request
        signed = authorization(request, key=key, secret=secret)
        return attrs.evolve(request, headers={**request.headers, "authorization": signed})

    def result(self, batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult]:
        """Read the answer: a status for each number, or a code for the whole call."""
        if said := by_status(batch, response):
            return said
        try:
            answer = wire.read_answer(response.body)
        except Unreadable:
            return each(batch, ErrorClass.AMBIGUOUS)
        if answer.code in READ_EACH:
            return [
                self._result(one, answer.sent.get(one.phone), response.status)
                for one in batch.recipients
            ]
        return each(batch, _read(answer.code, response.status), code=answer.code)

    def _result(self, recipient: Recipient, sent: wire.Sent | None, status: int) -> SmsResult:
        if sent is None:
            return outcome(recipient.ref, ErrorClass.AMBIGUOUS)
        error = _read(sent.status, status)
        id_ = sent.id if error is ErrorClass.OK else ""
        return outcome(recipient.ref, error, code=sent.status, provider_id=id_)

    def callback(self, request: HttpRequest) -> CallbackResult:
        """Read receipts or an inbound message: signed with the push key, by token, or both.

        Raises:
            Denied: `sms.callback_forged`.
            Invalid: `sms.callback_malformed`.
        """
        own = self._options
        if own.push_key_secret is None and own.callback_token is None:
            raise Denied("sms.callback_forged", path="token")
        if own.callback_token is not None:
            verify_token(request, own.callback_token)
        if own.push_key_secret is not None:
            verify(
                request,
                key=own.push_key_id,
                secret=own.push_key_secret,
                now=self._clock.now(),
                # Then the token says whose it is.
                unsigned=own.callback_token is not None,
            )
        try:
            kind = request.headers.get("content-type", "")
            receipts, inbound = wire.read_callback(request.body, kind)
        except Unreadable:
            raise Invalid("sms.callback_malformed", path="body") from None
        return CallbackResult(receipts=receipts, inbound=inbound, response=HttpResponse(status=200))

    def __repr__(self) -> str:
        return f"<HuaweiGateway {urlsplit(self._options.base_url).hostname}>"


def _read(code: str, status: int) -> ErrorClass:
    error = CODES.of(code)
    return error if believed(error, status) else ErrorClass.AMBIGUOUS


def _check(options: HuaweiSettings) -> None:
    checked_url(options.base_url, allow_http=options.allow_http)
    if options.status_callback:
        checked_url(options.status_callback, allow_http=options.allow_http, path="status_callback")
    long_enough(options.callback_token, "callback_token")
    long_enough(options.push_key_secret, "push_key_secret")
    if bool(options.push_key_id) != (options.push_key_secret is not None):
        raise Invalid("field.value", path="push_key_id", value="-")
    if options.longest_value < 0:
        raise Invalid("field.value", path="longest_value", value=options.longest_value)
    if not 1 <= options.phones_per_call <= _MOST:
        raise Invalid("field.value", path="phones_per_call", value=options.phones_per_call)
