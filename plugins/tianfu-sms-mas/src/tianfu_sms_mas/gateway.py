"""The gateway: batches out, answers and callbacks in; pure, as the port wants it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Self
from urllib.parse import urlsplit

import attrs

from tianfu_sdk import Invalid, Secret, Unsupported
from tianfu_sdk.gateways import (
    Unreadable,
    believed,
    by_status,
    checked_url,
    each,
    host_of,
    long_enough,
    refused_for_number,
    verify_token,
)
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import CallbackResult, ErrorClass, SmsBatch, SmsCapabilities, SmsResult
from tianfu_sms_mas import wire
from tianfu_sms_mas.codes import CODES, ILLEGAL_NUMBER

__all__ = ["MasGateway", "MasSettings"]

_MOST = 5000
_log = logging.getLogger("tianfu_sms_mas")


@attrs.frozen(kw_only=True)
class MasSettings:
    """The table `[backends.mas]`."""

    base_url: str
    """Address that the operator gave, such as `https://mas.example.cn:28888`."""
    ec_name: str
    """Name of the organization (集团客户名称), as the operator wrote it down."""
    access_key_id: str
    """User name of the interface account (`apId`)."""
    access_key_secret: Secret
    """Its password (`secretKey`)."""
    signs: Mapping[str, str]
    """Codes of signatures (签名编码) by signature, without brackets."""
    sign_name: str = ""
    """Signature for batches without one; one of `signs`."""
    add_serial: str = ""
    """Extension of the sender's number (扩展码); empty where the operator said so."""
    template: str = ""
    """Id of a template for batches without one, whose only variable carries the whole text;
    empty: they go out as free text."""
    path: str = "/sms/norsubmit"
    """Of free text; with https it may be `/sms/submit`."""
    template_path: str = "/sms/tmpsubmit"
    """Of templates."""
    phones_per_call: int = 500
    """Recipients of one call, 1 to 5,000."""
    callback_token: Secret | None = None
    """Unguessable part of the address for callbacks, 16 bytes or more; None: none are taken."""
    allow_http: bool = False
    """Let phones and texts go over plain http, to other machines too."""
    timeout: float = 30.0
    """Seconds that one call may take."""


class MasGateway:
    """Sends through China Mobile 云MAS; unverified. Safe to share between threads.

    Args:
        options: The gateway's table of settings.

    Raises:
        Invalid: `field.value`, `sms.plain_http` or `sms.short_secret`, with the setting.
    """

    settings = MasSettings

    def __init__(self, options: MasSettings) -> None:
        _check(options)
        self._options = options
        heard = options.callback_token is not None
        self._capabilities = SmsCapabilities(
            name="mas",
            shape="http",
            phones_per_call=options.phones_per_call,
            receipts=("push",) if heard else (),
            inbound=heard,
            timeout=options.timeout,
            templates="optional",
            signature="apart",
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the gateway of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.read(MasSettings))

    @property
    def capabilities(self) -> SmsCapabilities:
        """What 云MAS is believed to be able to say."""
        return self._capabilities

    def request(self, batch: SmsBatch) -> HttpRequest:
        """Build the call that sends a batch.

        Raises:
            Unsupported: `sms.too_many`; `sms.no_sign`, the settings have no code for its
                signature.
        """
        own = self._options
        if len(batch.recipients) > own.phones_per_call:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=own.phones_per_call)
        account = wire.Account(
            ec_name=own.ec_name,
            ap_id=own.access_key_id,
            secret=own.access_key_secret.reveal(),
            sign=self._sign(batch.signature or own.sign_name),
            add_serial=own.add_serial,
        )
        path = own.template_path
        if batch.template:
            values = [value for _, value in batch.parameters]
            body = wire.templated(batch, account, batch.template, values)
        elif own.template:
            body = wire.templated(batch, account, own.template, [batch.text])
        else:
            path, body = own.path, wire.free_text(batch, account)
        return HttpRequest(
            method="POST",
            url=own.base_url.rstrip("/") + path,
            headers={"content-type": "application/json", "host": host_of(own.base_url)},
            body=body,
        )

    def _sign(self, signature: str) -> str:
        code = self._options.signs.get(signature)
        if not code:
            raise Unsupported("sms.no_sign", path="signs", gateway="mas", name=signature)
        return code

    def result(self, batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult]:
        """Read the answer: one word for the whole call, so every recipient gets the same.

        But where a number is refused, those that no mobile has are blamed alone.
        """
        if said := by_status(batch, response):
            return said
        try:
            answer = wire.read_answer(response.body)
        except Unreadable:
            return each(batch, ErrorClass.AMBIGUOUS)
        error = CODES.of(answer.code)
        if not believed(error, response.status):
            error = ErrorClass.AMBIGUOUS
        elif answer.code == ILLEGAL_NUMBER:
            return refused_for_number(batch, code=answer.code)
        group = answer.group if error is ErrorClass.OK else ""
        return each(batch, error, code=answer.code, provider_id=group)

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
        return CallbackResult(receipts=receipts, inbound=inbound, response=HttpResponse(status=200))

    def __repr__(self) -> str:
        return f"<MasGateway {urlsplit(self._options.base_url).hostname}>"


def _check(options: MasSettings) -> None:
    try:
        checked_url(options.base_url)
    except Invalid as error:
        if error.code != "sms.plain_http" or not options.allow_http:
            raise
        host = urlsplit(options.base_url).hostname
        _log.warning("phones and texts go to %s over plain http (allow_http)", host)
    long_enough(options.callback_token, "callback_token")
    for name in ("path", "template_path"):
        path = getattr(options, name)
        if not path.startswith("/") or not path.isascii() or " " in path:
            raise Invalid("field.value", path=name, value="-")
    if options.sign_name and options.sign_name not in options.signs:
        raise Invalid("field.value", path="sign_name", value=options.sign_name)
    if not 1 <= options.phones_per_call <= _MOST:
        raise Invalid("field.value", path="phones_per_call", value=options.phones_per_call)
