"""The gateway of the HTTP shape that speaks with the provider in the test process."""

import json

from tianfu_sdk import Secret
from tianfu_sdk.backends.clock import SystemClock
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.model.sms import ErrorClass, QueryAnswer, SmsCapabilities, SmsResult

NAME = "stand-in"


class Gateway:
    def __init__(self, url, *, phones, dedupes=False, can_query=False, webhook=False):
        self._url = url
        self._inner = _webhook(url, phones) if webhook else None
        self.capabilities = SmsCapabilities(
            name=NAME,
            shape="http",
            phones_per_call=phones,
            dedupes=dedupes,
            phones_per_query=phones if can_query else 0,
            real=False,
            timeout=20.0,
        )

    def request(self, batch):
        return self._inner.request(batch) if self._inner else self._ask("send", batch)

    def query(self, batch):
        return self._ask("query", batch)

    def answer(self, batch, response):
        return QueryAnswer(results=tuple(self.result(batch, response)))

    def _ask(self, verb, batch):
        to = {one.ref: one.phone for one in batch.recipients}
        body = json.dumps({"reference": batch.reference, "to": to}).encode()
        return HttpRequest(method="POST", url=f"{self._url}/{verb}", body=body)

    def result(self, batch, response):
        if self._inner:
            return self._inner.result(batch, response)
        if response.status != 200:
            return []
        said = json.loads(response.body)
        return [
            SmsResult(
                ref=one.ref,
                status=said[one.ref],
                provider_id=f"{batch.reference}:{one.ref}" if said[one.ref] == "accepted" else "",
                error=ErrorClass.OK if said[one.ref] == "accepted" else ErrorClass.RETRY_SAFE,
            )
            for one in batch.recipients
        ]

    def callback(self, request):
        raise AssertionError


def _webhook(url, phones):
    """Give a gateway as it is installed: what it sends and reads goes through its own code."""
    from tianfu_sms_webhook import WebhookGateway, WebhookSettings

    options = WebhookSettings(url=f"{url}/send", secret=Secret("0" * 32), phones_per_call=phones)
    return WebhookGateway(options, SystemClock())


class Offer:
    tianfu_api = 1

    def __init__(self, gateway):
        self._gateway = gateway

    @hookimpl
    def tianfu_register_sms(self, register):
        register(NAME, lambda _: self._gateway)
