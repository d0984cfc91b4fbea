"""The gateway of the HTTP shape that speaks with the provider in the test process."""

import json
import random

from tianfu_sdk import Secret
from tianfu_sdk.backends.clock import SystemClock
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.model.sms import ErrorClass, QueryAnswer, SmsCapabilities, SmsResult

NAME = "stand-in"
OTHER = "stand-by"
"""Takes over in the mode `failover`."""
NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: what is sent there certainly did not leave."""


STATUS = {"stopped": "rejected"}
ERRORS = {
    "accepted": ErrorClass.OK,
    "deferred": ErrorClass.RETRY_SAFE,
    "stopped": ErrorClass.STOP_CHANNEL,
}


class Gateway:
    """Speaks with the provider.

    Args:
        url: Of the provider.
        phones: That one call takes.
        dedupes: As `SmsCapabilities` has it.
        can_query: It can be asked.
        webhook: Through the installed gateway.
        name: Of this gateway.
        fails: Of 100 calls, how many find nobody.
        stops: The provider may say that this account is stopped.
        seed: From which it follows which calls those are.
    """

    def __init__(
        self,
        url,
        *,
        phones,
        dedupes=False,
        can_query=False,
        webhook=False,
        name=NAME,
        fails=0,
        stops=False,
        seed=0,
    ):
        self._url = url
        self._fails, self._stops, self._seed = fails, stops, seed
        self._inner = _webhook(url, phones) if webhook else None
        self.capabilities = SmsCapabilities(
            name=name,
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
        body = {"reference": batch.reference, "to": to, "stops": self._stops}
        chance = random.Random(f"{self._seed}{batch.reference}{batch.attempt}").randrange(100)
        away = verb == "send" and chance < self._fails
        url = NOBODY if away else self._url
        return HttpRequest(method="POST", url=f"{url}/{verb}", body=json.dumps(body).encode())

    def result(self, batch, response):
        if self._inner:
            return self._inner.result(batch, response)
        if response.status != 200:
            return []
        said = json.loads(response.body)
        return [
            SmsResult(
                ref=one.ref,
                status=STATUS.get(said[one.ref], said[one.ref]),
                provider_id=f"{batch.reference}:{one.ref}" if said[one.ref] == "accepted" else "",
                error=ERRORS[said[one.ref]],
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

    def __init__(self, *gateways):
        self._gateways = gateways

    @hookimpl
    def tianfu_register_sms(self, register):
        for one in self._gateways:
            register(_name(one), lambda _, one=one: one)


def _name(gateway):
    # One that is made for the warm-up has another name of its own.
    return OTHER if gateway.capabilities.name == OTHER else NAME
