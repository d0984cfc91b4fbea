"""The gateway against the contract of the SMS port."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import attrs
import pytest
from tianfu_sms_huawei import HuaweiGateway
from tianfu_sms_huawei.signing import authorization, stamp

from tianfu_sdk import Secret
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.testing import SmsGatewaySuite

SECRET, PUSH, TOKEN = "secret-never-shown", "push-never-shown", "callback-token-never-shown"


def utc(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class HuaweiSuite(SmsGatewaySuite):
    secrets = (SECRET, PUSH, TOKEN)
    callback_size = 50
    more = {}

    @pytest.fixture
    def gateway(self, context, loopback):
        table = {
            "base_url": loopback.url,
            "access_key_id": "app-key-example",
            "access_key_secret": Secret(SECRET),
            "channel": "8824110605",
            "template": "8ff55eac",
        }
        return HuaweiGateway.open(attrs.evolve(context, settings=table | self.more))

    @pytest.fixture(autouse=True)
    def _now(self, clock):
        self.now = clock.now()

    def answer(self, batch, outcome):
        if outcome == "throttled":
            return HttpResponse(status=429, headers={"Retry-After": "30"})
        statuses = ["000000" if outcome in {"accepted", "mixed"} else "E200022"]
        statuses *= len(batch.recipients)
        if outcome == "mixed":
            statuses[-1] = "E200022"
        result = [
            {
                "total": 1,
                "originTo": one.phone,
                "createTime": "2026-01-01T08:30:00Z",
                "from": "8824110605",
                "smsMsgId": f"d6e3cdd0_{one.ref}",
                "countryId": "CN",
                "status": status,
            }
            for one, status in zip(batch.recipients, statuses, strict=True)
        ]
        code = "000000" if outcome == "accepted" else "E000510"
        plain = {"code": code, "description": "", "result": result[::-1]}
        return HttpResponse(status=200, body=json.dumps(plain).encode())

    def signed_callback(self, receipts, inbound):
        reports = [
            {
                "smsMsgId": one.provider_id,
                "total": "1",
                "sequence": "1",
                "status": "DELIVRD" if one.state == "delivered" else "UNDELIV",
                "source": "2",
                "updateTime": utc(one.at),
                "extend": one.reference,
                "to": one.phone,
            }
            for one in receipts
        ]
        kind = "application/x-www-form-urlencoded"
        if len(reports) > 1:
            kind, body = "application/json", json.dumps({"statusReportList": reports})
        elif reports:
            body = urlencode(reports[0])
        else:
            (one,) = inbound
            body = urlencode(
                {
                    "smsMsgId": one.provider_id,
                    "from": one.phone,
                    "to": "8824110605",
                    "body": one.text,
                    "createTime": utc(one.at),
                }
            )
        headers = {"content-type": kind, "host": "hub.invalid", "x-sdk-date": stamp(self.now)}
        url = f"https://hub.invalid/sms/huawei/{TOKEN}"
        request = HttpRequest(method="POST", url=url, headers=headers, body=body.encode())
        return self.resigned(request)


class TestSignedPushes(HuaweiSuite):
    more = {"push_key_id": "push-key-example", "push_key_secret": PUSH}

    def resigned(self, request):
        bare = {name: v for name, v in request.headers.items() if name != "authorization"}
        request = attrs.evolve(request, headers=bare)
        signed = authorization(request, key="push-key-example", secret=PUSH)
        return attrs.evolve(request, headers=bare | {"authorization": signed})


@pytest.mark.ci
class TestTokenAndJson(HuaweiSuite):
    more = {"callback_token": TOKEN, "call": "batchSendDiffSms"}

    def forged(self, request):
        tails = ("", "/", "/x", f"/{TOKEN[:-1]}", f"/{TOKEN}x", "?token=", f"?token={TOKEN[1:]}")
        return [attrs.evolve(request, url=f"https://hub.invalid/sms{tail}") for tail in tails]


@pytest.mark.ci
class TestWsse(TestTokenAndJson):
    volatile = ("x-wsse",)
    more = {"callback_token": TOKEN, "wsse": True}
