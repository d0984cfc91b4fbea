"""The gateway against the contract of the SMS port."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import attrs
import pytest
from tianfu_sms_aliyun import AliyunGateway

from tianfu_sdk import Secret
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.testing import SmsGatewaySuite

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
CHINA = timezone(timedelta(hours=8))


def said(code, status=200, **more):
    return HttpResponse(status=status, body=json.dumps({"Code": code, **more}).encode())


def local(moment):
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


class TestSendSms(SmsGatewaySuite):
    volatile = ("x-acs-signature-nonce", "authorization")
    secrets = (SECRET, TOKEN)
    answers_each = False
    call = "SendSms"

    @pytest.fixture
    def gateway(self, context, loopback):
        table = {
            "base_url": loopback.url,
            "access_key_id": "LTAI-example-id",
            "access_key_secret": Secret(SECRET),
            "template": "SMS_100000001",
            "callback_token": TOKEN,
            "call": self.call,
        }
        return AliyunGateway.open(attrs.evolve(context, settings=table))

    def answer(self, batch, outcome):
        if outcome == "rejected":
            return said("isv.MOBILE_NUMBER_ILLEGAL", Message="号码不合法")
        if outcome == "throttled":
            return said("Throttling.User", 400, Message="Request was denied")
        return said("OK", BizId="900619746936498440^0", Message="OK", RequestId="F1")

    def query_answer(self, batch, outcome):
        entries = [
            {
                "PhoneNum": one.phone.removeprefix("+86"),
                "OutId": batch.reference,
                "SendStatus": 3 if outcome == "accepted" else 1,
                "ErrCode": "DELIVERED",
                "ReceiveDate": "2026-01-01 16:30:05",
            }
            for one in batch.recipients
        ]
        details = {"SmsSendDetailDTO": entries}
        return said("OK", TotalCount=str(len(entries)), SmsSendDetailDTOs=details)

    def signed_callback(self, receipts, inbound):
        entries = [
            {
                "phone_number": one.phone.removeprefix("+86"),
                "biz_id": one.provider_id,
                "out_id": one.reference,
                "success": one.state == "delivered",
                "err_code": one.code,
                "err_msg": "用户接收成功",
                "sms_size": "2",
                "send_time": local(one.at),
                "report_time": local(one.at),
            }
            for one in receipts
        ]
        entries += [
            {
                "phone_number": one.phone.removeprefix("+86"),
                "content": one.text,
                "send_time": local(one.at),
                "dest_code": "10690000",
                "sequence_id": one.provider_id,
            }
            for one in inbound
        ]
        url = f"https://hub.invalid/sms/aliyun/{TOKEN}"
        body = json.dumps(entries, ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        return HttpRequest(method="POST", url=url, headers=headers, body=body)

    def forged(self, request):
        tails = ("", "/", "/x", f"/{TOKEN[:-1]}", f"/{TOKEN}x", "?token=", f"?token={TOKEN[1:]}")
        return [attrs.evolve(request, url=f"https://hub.invalid/sms{tail}") for tail in tails]


@pytest.mark.ci
class TestSendBatchSms(TestSendSms):
    call = "SendBatchSms"
