"""A campaign through a hub to a vendor on this machine that signs again what it received."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

import attrs
import pytest
import tianfu_sms_aliyun
from tianfu_sms_aliyun import AliyunGateway

from tianfu_sdk import Hub
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock, Loopback

KEY, SECRET, TOKEN = "LTAI-example-id", "secret-never-shown", "callback-token-never-shown"
PHONES = ("+8613900000001", "+8613900000002", "+8613900000003")
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普 四川",
    text="ཆུ་ལོག་སྔོན་འགོག 🌊 ~!*'()+&=/? %41",
    recipients=tuple(Recipient(f"sub_{n}", phone) for n, phone in enumerate(PHONES)),
)


def answered(code="OK", status=200, **more):
    plain = {"Code": code, "Message": code, "RequestId": "F1"} | more
    return HttpResponse(status=status, body=json.dumps(plain, ensure_ascii=False).encode())


class Vendor:
    """Alibaba Cloud's side, apart from the plugin's code: signs again, refuses what differs."""

    def __init__(self, secret=SECRET):
        self.secret = secret
        self.taken = []

    def __call__(self, request):
        if not self.authentic(request):
            return answered("SignatureDoesNotMatch", 400)
        query = dict(parse_qsl(urlsplit(request.url).query))
        form = dict(parse_qsl(request.body.decode()))
        self.taken.append((request.headers["x-acs-action"], query | form))
        return answered(BizId=query["OutId"])

    def authentic(self, request):
        parts = urlsplit(request.url)
        kind, _, rest = request.headers["authorization"].partition(" ")
        said = dict(one.split("=", 1) for one in rest.split(","))
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        line = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in sorted(pairs))
        signed = said["SignedHeaders"].split(";")
        needed = {"host", *(name for name in request.headers if name.startswith("x-acs-"))}
        needed |= {"content-type"} & set(request.headers)
        lines = "".join(f"{name}:{request.headers[name]}\n" for name in signed)
        payload = hashlib.sha256(request.body).hexdigest()
        canonical = (
            f"{request.method}\n{parts.path}\n{line}\n{lines}\n{';'.join(signed)}\n{payload}"
        )
        text = f"{kind}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        wanted = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return (
            kind == "ACS3-HMAC-SHA256"
            and said["Credential"] == KEY
            and needed <= set(signed)
            and request.headers["x-acs-content-sha256"] == payload
            and hmac.compare_digest(wanted, said["Signature"])
        )


@pytest.fixture
def loopback():
    with Loopback() as server:
        yield server


@pytest.fixture
def transport():
    transport = HttpxTransport()
    yield transport
    transport.close()


def made(url, **settings):
    table = {
        "base_url": url,
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "template": "SMS_1",
        "callback_token": TOKEN,
    }
    return AliyunGateway.open(
        BackendContext(settings=table | settings, clock=FrozenClock(NOON), ids=CountingIds())
    )


@pytest.mark.parametrize("call", ["SendSms", "SendBatchSms"])
@pytest.mark.parametrize("sts", [None, "token+/=="])
def test_the_vendor_takes_what_is_signed(loopback, transport, call, sts):
    vendor = Vendor()
    loopback.script(vendor)
    more = {} if sts is None else {"security_token": sts}
    gateway = made(loopback.url, call=call, **more)
    results = gateway.result(BATCH, transport.send(gateway.request(BATCH), timeout=5))
    assert [one.status for one in results] == ["accepted"] * 3
    ((action, fields),) = vendor.taken
    assert action == call
    values = json.loads(fields.get("TemplateParam") or fields["TemplateParamJson"])
    assert (values if call == "SendSms" else values[0]) == {"content": BATCH.text}


@pytest.mark.parametrize("call", ["SendSms", "SendBatchSms"])
def test_the_vendor_refuses_another_secret_body_query_or_header(loopback, transport, call):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url, call=call)
    request = gateway.request(BATCH)
    parts = urlsplit(request.url)
    spoilt = [
        made(loopback.url, call=call, access_key_secret="another-secret").request(BATCH),
        attrs.evolve(request, body=request.body + b"&a=1"),
        attrs.evolve(request, url=request.url + "&a=1"),
        attrs.evolve(request, url=request.url.replace("bat_1", "bat_2")),
        attrs.evolve(request, url=f"{parts.scheme}://{parts.netloc}/x?{parts.query}"),
        *(
            attrs.evolve(request, headers={**request.headers, name: f"{value}0"})
            for name, value in request.headers.items()
            if name.startswith("x-acs-")
        ),
    ]
    for one in spoilt:
        results = gateway.result(BATCH, transport.send(one, timeout=5))
        assert {(r.status, r.error) for r in results} == {("rejected", ErrorClass.STOP_CHANNEL)}
    assert vendor.taken == []


def test_a_campaign_goes_out_and_its_receipts_and_an_opt_out_come_back(loopback):
    vendor = Vendor()
    loopback.script(vendor)
    table = {
        "base_url": loopback.url,
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "template": "SMS_1",
        "callback_token": TOKEN,
    }
    with Hub.open(
        "memory:",
        settings={"backends": {"aliyun": table}},
        plugins=[tianfu_sms_aliyun],
        clock=FrozenClock(NOON),
        ids=CountingIds(),
        discover=False,
    ) as hub:
        chief, campaign = sent(hub)
        assert chief.sms.dispatch().accepted == 3
        ((action, fields),) = vendor.taken
        assert action == "SendSms"
        assert sorted(fields["PhoneNumbers"].split(",")) == [
            phone.removeprefix("+86") for phone in PHONES
        ]
        # One BizId for all three: only the phone tells whose receipt it is.
        receipt = {
            "biz_id": fields["OutId"],
            "out_id": fields["OutId"],
            "phone_number": "13900000002",
            "success": True,
            "err_code": "DELIVERED",
            "sms_size": "1",
            "report_time": "2026-01-01 12:00:05",
        }
        word = {"phone_number": "13900000003", "content": " 退订 ", "sequence_id": 1}
        for entry in (receipt, word):
            answer = hub.sms.callback("aliyun", pushed([entry]))
            assert json.loads(answer.body)["code"] == 0
        states = {str(k): n for k, n in chief.sms.status(campaign.id).items() if n}
        assert states == {"accepted": 2, "delivered": 1}


def pushed(entries):
    return HttpRequest(
        method="POST",
        url=f"https://hub.invalid/sms/aliyun/{TOKEN}",
        body=json.dumps(entries).encode(),
    )


def sent(hub):
    first = hub.bootstrap(organization="自贡市科学技术协会", region="510300")
    chief = hub.as_(first.id)
    editor = chief.accounts.create(organization=first.organization, label="编辑")
    chief.accounts.grant(editor.id, ["*"], organization=first.organization)
    for phone in PHONES:
        chief.subscribers.create(
            phone=phone,
            organization=first.organization,
            consents=[Consent(at=NOON, evidence="表1", notice="同意")],
        )
    campaign = hub.as_(editor.id).sms.compose(
        title="防汛",
        organization=first.organization,
        texts={"zh-Hans": "汛期请远离河道。"},
        signature="自贡科普",
        gateway="aliyun",
    )
    chief.sms.approve(campaign.id)
    chief.sms.send(campaign.id)
    return chief, campaign
