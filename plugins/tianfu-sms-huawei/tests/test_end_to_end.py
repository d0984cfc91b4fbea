"""A campaign through a hub to a vendor on this machine that signs again what it received."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import pytest
import tianfu_sms_huawei
from tianfu_sms_huawei import HuaweiGateway

from tianfu_sdk import Hub
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock, Loopback

KEY, SECRET, TOKEN = "app-key-example", "secret-never-shown", "callback-token-never-shown"
PHONES = ("+8613900000001", "+8613900000002", "+8613900000003")
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普 四川",
    text="ཆུ་ལོག་སྔོན་འགོག 🌊 ~!*'()+&=/? %41",
    recipients=tuple(Recipient(f"sub_{n}", phone) for n, phone in enumerate(PHONES)),
)


class Vendor:
    """Huawei Cloud's side, apart from the plugin's code: signs again, refuses what differs."""

    def __init__(self, secret=SECRET):
        self.secret = secret
        self.taken = []

    def __call__(self, request):
        wsse = request.headers["authorization"].startswith("WSSE ")
        if not (self.knows(request) if wsse else self.signed(request)):
            return HttpResponse(status=401, body=b'{"code": "E000101", "description": "x"}')
        call = urlsplit(request.url).path
        if "json" in request.headers["content-type"]:
            plain = json.loads(request.body)
            (content,) = plain["smsContent"]
            phones, values = content["to"], content["templateParas"]
        else:
            plain = dict(parse_qsl(request.body.decode(), strict_parsing=True))
            phones, values = plain["to"].split(","), json.loads(plain["templateParas"])
        self.taken.append((call, phones, values, plain))
        result = [
            {"originTo": phone, "smsMsgId": f"m-{phone[-4:]}", "status": "000000", "total": 1}
            for phone in phones
        ]
        return HttpResponse(
            status=200, body=json.dumps({"code": "000000", "result": result}).encode()
        )

    def knows(self, request):
        given = dict(re.findall(r'(\w+)="([^"]*)"', request.headers["x-wsse"]))
        text = f"{given['Nonce']}{given['Created']}{self.secret}"
        digest = hashlib.sha256(text.encode()).hexdigest().encode()
        return given["PasswordDigest"] == base64.b64encode(digest).decode()

    def signed(self, request):
        kind, _, rest = request.headers["authorization"].partition(" ")
        said = dict(one.split("=", 1) for one in rest.split(", "))
        names = said["SignedHeaders"].split(";")
        parts = urlsplit(request.url)
        lines = "".join(f"{name}:{request.headers[name]}\n" for name in names)
        payload = request.headers.get("x-sdk-content-sha256")
        payload = payload or hashlib.sha256(request.body).hexdigest()
        canonical = f"POST\n{parts.path}/\n{parts.query}\n{lines}\n{';'.join(names)}\n{payload}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{kind}\n{request.headers['x-sdk-date']}\n{digest}"
        wanted = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return said["Access"] == KEY and hmac.compare_digest(wanted, said["Signature"])


@pytest.fixture
def loopback():
    with Loopback() as server:
        yield server


@pytest.fixture
def transport():
    transport = HttpxTransport()
    yield transport
    transport.close()


def table_of(url, **settings):
    return {
        "base_url": url,
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "channel": "8824110605",
        "template": "8ff55eac",
        "callback_token": TOKEN,
    } | settings


def made(url, **settings):
    table = table_of(url, **settings)
    return HuaweiGateway.open(
        BackendContext(settings=table, clock=FrozenClock(NOON), ids=CountingIds())
    )


@pytest.mark.parametrize("call", ["batchSendSms", "batchSendDiffSms"])
@pytest.mark.parametrize("wsse", [False, True])
def test_the_vendor_takes_what_is_signed(loopback, transport, call, wsse):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url, call=call, wsse=wsse)
    results = gateway.result(BATCH, transport.send(gateway.request(BATCH), timeout=5))
    assert [one.status for one in results] == ["accepted"] * 3
    ((path, phones, values, plain),) = vendor.taken
    # Compared decoded, too: of a form the signature says nothing.
    assert (path, phones, values) == (f"/sms/{call}/v1", list(PHONES), [BATCH.text])
    assert plain["extend"] == "bat_1"


@pytest.mark.parametrize("call", ["batchSendSms", "batchSendDiffSms"])
def test_the_vendor_refuses_another_secret_body_query_or_header(loopback, transport, call):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url, call=call)
    request = gateway.request(BATCH)
    spoilt = [
        made(loopback.url, call=call, access_key_secret="another-secret").request(BATCH),
        made(loopback.url, call=call, access_key_id="another").request(BATCH),
        attrs.evolve(request, url=request.url + "?a=1"),
        attrs.evolve(request, url=request.url + "x"),
        *(
            attrs.evolve(request, headers={**request.headers, name: f"{value}0"})
            for name, value in request.headers.items()
            if name.startswith("x-sdk-") or name == "content-type"
        ),
    ]
    if call == "batchSendDiffSms":
        spoilt.append(attrs.evolve(request, body=request.body.replace(b"bat_1", b"bat_2")))
    for one in spoilt:
        results = gateway.result(BATCH, transport.send(one, timeout=5))
        assert {(r.status, r.error) for r in results} == {("rejected", ErrorClass.STOP_CHANNEL)}
    assert vendor.taken == []


def test_the_body_of_a_form_is_not_covered(loopback, transport):
    # So it is with the vendor's own SDK: what guards it is TLS alone.
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url)
    request = gateway.request(BATCH)
    other = attrs.evolve(request, body=request.body.replace(b"bat_1", b"bat_2"))
    assert gateway.result(BATCH, transport.send(other, timeout=5))[0].status == "accepted"
    assert vendor.taken[0][3]["extend"] == "bat_2"


def test_a_campaign_goes_out_and_its_receipts_and_an_opt_out_come_back(loopback):
    vendor = Vendor()
    loopback.script(vendor)
    with Hub.open(
        "memory:",
        settings={"backends": {"huawei": table_of(loopback.url)}},
        plugins=[tianfu_sms_huawei],
        clock=FrozenClock(NOON),
        ids=CountingIds(),
        discover=False,
    ) as hub:
        chief, campaign = sent(hub)
        assert chief.sms.dispatch().accepted == 3
        ((_, phones, _, plain),) = vendor.taken
        assert sorted(phones) == sorted(PHONES)
        by_id = {"smsMsgId": "m-0001", "status": "DELIVRD"}
        # One that came before its answer would be known by batch and phone.
        by_batch = {
            "smsMsgId": "m-unknown",
            "status": "UNDELIV",
            "extend": plain["extend"],
            "to": "+8613900000002",
        }
        word = {"smsMsgId": "in-1", "from": "+8613900000003", "to": "1069", "body": "ＴＤ"}
        for fields in (by_id, by_batch, word):
            assert hub.sms.callback("huawei", pushed(fields)).status == 200
        states = {str(k): n for k, n in chief.sms.status(campaign.id).items() if n}
        assert states == {"accepted": 1, "delivered": 1, "failed": 1}


def pushed(fields):
    return HttpRequest(
        method="POST",
        url=f"https://hub.invalid/sms/huawei/{TOKEN}",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(fields).encode(),
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
        gateway="huawei",
    )
    chief.sms.approve(campaign.id)
    chief.sms.send(campaign.id)
    return chief, campaign
