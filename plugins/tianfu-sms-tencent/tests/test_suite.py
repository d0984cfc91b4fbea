"""The gateway against the contract of the SMS port."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import attrs
import pytest
from tianfu_sms_tencent import TencentGateway

from tianfu_sdk import Secret
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.testing import SmsGatewaySuite

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
CHINA = timezone(timedelta(hours=8))


def said(**response):
    return HttpResponse(status=200, body=json.dumps({"Response": response}).encode())


class TestTencent(SmsGatewaySuite):
    secrets = (SECRET, TOKEN)

    @pytest.fixture
    def gateway(self, context, loopback):
        table = {
            "base_url": loopback.url,
            "access_key_id": "AKID-example",
            "access_key_secret": Secret(SECRET),
            "sdk_app_id": "1400006666",
            "template": "110",
            "callback_token": TOKEN,
            "pull": True,
            "query": True,
        }
        return TencentGateway.open(attrs.evolve(context, settings=table))

    def answer(self, batch, outcome):
        if outcome == "throttled":
            return said(Error={"Code": "RequestLimitExceeded", "Message": "too fast"})
        refused = "InvalidParameterValue.IncorrectPhoneNumber"
        codes = ["Ok" if outcome in {"accepted", "mixed"} else refused] * len(batch.recipients)
        if outcome == "mixed":
            codes[-1] = refused
        entries = [
            {
                "SerialNo": f"2640:{one.ref}" if code == "Ok" else "",
                "PhoneNumber": one.phone,
                "Fee": 1,
                "SessionContext": batch.reference,
                "Code": code,
                "Message": "",
                "IsoCode": "CN",
            }
            for one, code in zip(batch.recipients, codes, strict=True)
        ]
        return said(SendStatusSet=entries[::-1], RequestId="a0aabda6")

    def query_answer(self, batch, outcome):
        rows = [
            self.row("2640:1", one.phone, "SUCCESS", "DELIVRD", 1767256200, context=batch.reference)
            for one in batch.recipients
        ]
        return said(PullSmsSendStatusSet=rows if outcome == "accepted" else [])

    def row(self, serial, phone, *said_of, context=""):
        status, code, seconds = said_of
        return {
            "UserReceiveTime": seconds,
            "CountryCode": "86",
            "SubscriberNumber": phone.removeprefix("+86"),
            "PhoneNumber": phone,
            "SerialNo": serial,
            "ReportStatus": status,
            "Description": code,
            "SessionContext": context,
        }

    def pull_answer(self, request, receipts, inbound):
        if request.headers["x-tc-action"] == "PullSmsSendStatus":
            rows = [
                self.row(
                    one.provider_id,
                    one.phone,
                    "SUCCESS" if one.state == "delivered" else "FAIL",
                    one.code,
                    int(one.at.timestamp()),
                )
                for one in receipts
            ]
            return said(PullSmsSendStatusSet=rows)
        rows = [
            {
                "ExtendCode": "",
                "CountryCode": "86",
                "PhoneNumber": one.phone,
                "SignName": "科普四川",
                "ReplyContent": one.text,
                "ReplyTime": int(one.at.timestamp()),
                "SubscriberNumber": one.phone.removeprefix("+86"),
            }
            for one in inbound
        ]
        return said(PullSmsReplyStatusSet=rows)

    def signed_callback(self, receipts, inbound):
        entries = [
            {
                "user_receive_time": f"{one.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
                "nationcode": "86",
                "mobile": one.phone.removeprefix("+86"),
                "report_status": "SUCCESS" if one.state == "delivered" else "FAIL",
                "errmsg": one.code,
                "description": "用户短信送达成功",
                "sid": one.provider_id,
            }
            for one in receipts
        ]
        heard = [
            {
                "extend": "",
                "mobile": one.phone.removeprefix("+86"),
                "nationcode": "86",
                "sign": "科普四川",
                "text": one.text,
                "time": int(one.at.timestamp()),
            }
            for one in inbound
        ]
        # An inbound message comes as an object, by itself.
        plain = heard[0] if heard and not entries else entries
        return HttpRequest(
            method="POST",
            url=f"https://hub.invalid/sms/tencent/{TOKEN}",
            headers={"content-type": "application/json"},
            body=json.dumps(plain, ensure_ascii=False).encode(),
        )

    def forged(self, request):
        tails = ("", "/", "/x", f"/{TOKEN[:-1]}", f"/{TOKEN}x", "?token=", f"?token={TOKEN[1:]}")
        return [attrs.evolve(request, url=f"https://hub.invalid/sms{tail}") for tail in tails]
