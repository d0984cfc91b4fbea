"""A campaign through a hub to a vendor on this machine that signs again what it received."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import attrs
import pytest
import tianfu_sms_mas
from tianfu_sms_mas import MasGateway

from tianfu_sdk import Hub
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock, Loopback

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
PHONES = ("+8613900000001", "+8613900000002", "+8613900000003")
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普 四川",
    text="ཆུ་ལོག་སྔོན་འགོག 🌊 ~!*'()+&=/? %41",
    recipients=tuple(Recipient(f"sub_{n}", phone) for n, phone in enumerate(PHONES)),
)


class Vendor:
    """The operator's side as peers describe it: makes `mac` again, refuses what differs."""

    def __init__(self, secret=SECRET):
        self.secret = secret
        self.taken = []

    def __call__(self, request):
        try:
            plain = json.loads(base64.b64decode(request.body, validate=True))
        except ValueError:
            return answered("InvalidMessage")
        names = ["mobiles", "content"]
        if urlsplit(request.url).path == "/sms/tmpsubmit":
            names = ["templateId", "mobiles", "params"]
        if not set(names) <= set(plain):
            return answered("InvalidMessage")
        text = plain["ecName"] + plain["apId"] + self.secret
        text += "".join(plain[name] for name in names) + plain["sign"] + plain["addSerial"]
        if plain["mac"] != hashlib.md5(text.encode(), usedforsecurity=False).hexdigest():
            return answered("IllegalMac")
        self.taken.append(plain)
        return answered("success", group=f"0927{len(self.taken)}")


def answered(code, group=""):
    plain = {"msgGroup": group, "rspcod": code, "success": "true" if group else False}
    return HttpResponse(status=200, body=json.dumps(plain).encode())


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
        "ec_name": "自贡市科学技术协会",
        "access_key_id": "kepu",
        "access_key_secret": SECRET,
        "signs": {"自贡科普": "DWItALe3A", "科普 四川": "pKoSOqmiS"},
        "callback_token": TOKEN,
    } | settings


def made(url, **settings):
    table = table_of(url, **settings)
    return MasGateway.open(
        BackendContext(settings=table, clock=FrozenClock(NOON), ids=CountingIds())
    )


OWN = attrs.evolve(BATCH, template="9ec4", parameters=(("1", BATCH.text), ("2", "二")))


@pytest.mark.parametrize("batch", [BATCH, OWN], ids=["text", "template"])
def test_the_vendor_takes_what_is_signed(loopback, transport, batch):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url)
    results = gateway.result(batch, transport.send(gateway.request(batch), timeout=5))
    assert [one.status for one in results] == ["accepted"] * 3
    (plain,) = vendor.taken
    assert plain["mobiles"] == ",".join(phone.removeprefix("+86") for phone in PHONES)
    values = json.loads(plain["params"]) if batch.template else [plain["content"], "二"]
    assert (values, plain["sign"]) == ([BATCH.text, "二"], "pKoSOqmiS")


@pytest.mark.parametrize("batch", [BATCH, OWN], ids=["text", "template"])
def test_the_vendor_refuses_another_secret_or_body(loopback, transport, batch):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url)
    request = gateway.request(batch)
    plain = json.loads(base64.b64decode(request.body))
    spoilt = [made(loopback.url, access_key_secret="another").request(batch)]
    for name in plain:
        other = plain | {name: plain[name] + "0"}
        body = base64.b64encode(json.dumps(other, ensure_ascii=False).encode())
        spoilt.append(attrs.evolve(request, body=body))
    for one in spoilt:
        results = gateway.result(batch, transport.send(one, timeout=5))
        assert {(r.status, r.code) for r in results} == {("rejected", "IllegalMac")}
        assert {r.error for r in results} == {ErrorClass.STOP_CHANNEL}
    cut = attrs.evolve(request, body=request.body[1:])
    assert gateway.result(batch, transport.send(cut, timeout=5))[0].code == "InvalidMessage"
    assert vendor.taken == []


def test_a_campaign_goes_out_and_its_receipts_and_an_opt_out_come_back(loopback):
    vendor = Vendor()
    loopback.script(vendor)
    with Hub.open(
        "memory:",
        settings={"backends": {"mas": table_of(loopback.url)}},
        plugins=[tianfu_sms_mas],
        clock=FrozenClock(NOON),
        ids=CountingIds(),
        discover=False,
    ) as hub:
        chief, campaign = sent(hub)
        assert chief.sms.dispatch().accepted == 3
        (plain,) = vendor.taken
        assert plain["content"].startswith("汛期请远离河道。")
        # One msgGroup for all three: only the phone tells whose receipt it is.
        receipt = {
            "msgGroup": "09271",
            "mobile": "13900000002",
            "reportStatus": "CM:0000",
            "errorCode": "DELIVRD",
        }
        word = {"mobile": "13900000003", "smsContent": " 退订 ", "sendTime": "20260101120009"}
        for entry in (receipt, word):
            assert hub.sms.callback("mas", pushed(entry)).status == 200
        states = {str(k): n for k, n in chief.sms.status(campaign.id).items() if n}
        assert states == {"accepted": 2, "delivered": 1}


def pushed(entry):
    return HttpRequest(
        method="POST",
        url=f"https://hub.invalid/sms/mas/{TOKEN}",
        headers={"content-type": "application/json"},
        body=json.dumps(entry).encode(),
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
        gateway="mas",
    )
    chief.sms.approve(campaign.id)
    chief.sms.send(campaign.id)
    return chief, campaign
