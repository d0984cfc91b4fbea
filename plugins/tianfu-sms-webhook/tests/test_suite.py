"""The gateway against the contract of the SMS port."""

from __future__ import annotations

import json

import attrs
import pytest
from tianfu_sms_webhook import WebhookGateway, signed_headers

from tianfu_sdk import Secret
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.testing import SmsGatewaySuite

SECRET = "outgoing-never-shown"
CALLBACK_SECRET = "incoming-never-shown"


class TestWebhook(SmsGatewaySuite):
    @pytest.fixture
    def gateway(self, context, loopback):
        table = {
            "url": f"{loopback.url}/hook",
            "secret": Secret(SECRET),
            "callback_secret": Secret(CALLBACK_SECRET),
        }
        return WebhookGateway.open(attrs.evolve(context, settings=table))

    @pytest.fixture(autouse=True)
    def _now(self, clock):
        self.now = clock.now()

    def answer(self, batch, outcome):
        said = {
            "accepted": {"status": "accepted", "id": "msg-1"},
            "rejected": {"status": "rejected", "error": "bad_recipient", "code": "E42"},
            "throttled": {"status": "deferred", "error": "throttled", "retry_after": 30},
        }
        last = "rejected" if outcome == "mixed" else outcome
        first = "accepted" if outcome == "mixed" else outcome
        entries = [said[first] | {"ref": one.ref} for one in batch.recipients[:-1]]
        entries.append(said[last] | {"ref": batch.recipients[-1].ref})
        entries.reverse()
        return HttpResponse(status=200, body=json.dumps({"results": entries}).encode())

    def signed_callback(self, receipts, inbound):
        plain = {
            "version": 1,
            "type": "sms.callback",
            "receipts": [
                {
                    "id": one.provider_id,
                    "ref": one.ref,
                    "reference": one.reference,
                    "state": one.state,
                    "at": one.at.isoformat(),
                    "code": one.code,
                }
                for one in receipts
            ],
            "inbound": [
                {
                    "id": one.provider_id,
                    "phone": one.phone,
                    "text": one.text,
                    "at": one.at.isoformat(),
                }
                for one in inbound
            ],
        }
        body = json.dumps(plain, ensure_ascii=False).encode()
        return self.resigned(HttpRequest(method="POST", url="https://hub.invalid/", body=body))

    def resigned(self, request):
        headers = signed_headers(request.body, secret=CALLBACK_SECRET, now=self.now)
        return attrs.evolve(request, headers=dict(request.headers) | headers)
