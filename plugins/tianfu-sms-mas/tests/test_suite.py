"""The gateway against the contract of the SMS port."""

from __future__ import annotations

import base64
import json
from datetime import timedelta, timezone

import attrs
import pytest
from tianfu_sms_mas import MasGateway

from tianfu_sdk import Secret
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.testing import SmsGatewaySuite

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
CHINA = timezone(timedelta(hours=8))


class TestMas(SmsGatewaySuite):
    secrets = (SECRET, TOKEN)
    answers_each = False

    @pytest.fixture
    def gateway(self, context, loopback):
        table = {
            "base_url": loopback.url,
            "ec_name": "四川省科学技术协会",
            "access_key_id": "kepu",
            "access_key_secret": Secret(SECRET),
            # The code says which signature it is, so that the suite finds it.
            "signs": {"科普四川": "DWItALe3A:科普四川"},
            "callback_token": TOKEN,
        }
        return MasGateway.open(attrs.evolve(context, settings=table))

    def carried(self, request):
        plain = attrs.evolve(request, body=base64.b64decode(request.body, validate=True))
        return super().carried(plain)

    def answer(self, batch, outcome):
        if outcome == "throttled":
            return HttpResponse(status=429, headers={"Retry-After": "30"})
        said = {"msgGroup": "0927152506001000833076", "rspcod": "success", "success": True}
        if outcome == "rejected":
            said = {"msgGroup": "", "rspcod": "InvalidMobile", "success": False}
        return HttpResponse(status=200, body=json.dumps(said).encode())

    def signed_callback(self, receipts, inbound):
        entries = [
            {
                "msgGroup": one.provider_id,
                "mobile": one.phone.removeprefix("+86"),
                "reportStatus": "CM:0000" if one.state == "delivered" else "CM:1001",
                "errorCode": "DELIVRD" if one.state == "delivered" else "MK:0001",
                "submitDate": f"{one.at.astimezone(CHINA):%Y%m%d%H%M%S}",
                "receiveDate": f"{one.at.astimezone(CHINA):%Y%m%d%H%M%S}",
            }
            for one in receipts
        ]
        entries += [
            {
                "mobile": one.phone.removeprefix("+86"),
                "smsContent": one.text,
                "sendTime": f"{one.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
                "addSerial": "",
            }
            for one in inbound
        ]
        return HttpRequest(
            method="POST",
            url=f"https://hub.invalid/sms/mas/{TOKEN}",
            headers={"content-type": "application/json"},
            body=json.dumps(entries, ensure_ascii=False).encode(),
        )

    def forged(self, request):
        tails = ("", "/", "/x", f"/{TOKEN[:-1]}", f"/{TOKEN}x", "?token=", f"?token={TOKEN[1:]}")
        return [attrs.evolve(request, url=f"https://hub.invalid/sms{tail}") for tail in tails]
