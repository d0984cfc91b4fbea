"""A campaign through a hub to a vendor on this machine that signs again what it received."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import attrs
import pytest
import tianfu_sms_tencent
from tianfu_sms_tencent import TencentGateway

from tianfu_sdk import Hub
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock, Loopback

KEY, SECRET, TOKEN = "AKID-example", "secret-never-shown", "callback-token-never-shown"
PHONES = ("+8613900000001", "+8613900000002", "+8613900000003")
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普 四川",
    text="ཆུ་ལོག་སྔོན་འགོག 🌊 ~!*'()+&=/? %41",
    recipients=tuple(Recipient(f"sub_{n}", phone) for n, phone in enumerate(PHONES)),
)


def answered(**response):
    plain = {"Response": {"RequestId": "a0aabda6"} | response}
    return HttpResponse(status=200, body=json.dumps(plain).encode())


class Vendor:
    """Tencent Cloud's side, apart from the plugin's code: signs again, refuses what differs."""

    def __init__(self, secret=SECRET):
        self.secret = secret
        self.taken = []
        self.receipts = []

    def __call__(self, request):
        if not self.authentic(request):
            return answered(Error={"Code": "AuthFailure.SignatureFailure", "Message": "x"})
        action, plain = request.headers["x-tc-action"], json.loads(request.body)
        self.taken.append((action, plain))
        if action == "PullSmsSendStatus":
            rows, self.receipts = self.receipts, []
            return answered(PullSmsSendStatusSet=rows)
        if action == "PullSmsReplyStatus":
            return answered(PullSmsReplyStatusSet=[])
        blocked = "FailedOperation.PhoneNumberInBlacklist"
        return answered(
            SendStatusSet=[
                {
                    "PhoneNumber": phone,
                    "SerialNo": f"2640:{phone[-4:]}" if phone != PHONES[2] else "",
                    "Code": "Ok" if phone != PHONES[2] else blocked,
                }
                for phone in plain["PhoneNumberSet"]
            ]
        )

    def authentic(self, request):
        kind, _, rest = request.headers["authorization"].partition(" ")
        said = dict(one.split("=", 1) for one in rest.split(", "))
        key_id, day, service, ending = said["Credential"].split("/")
        signed = said["SignedHeaders"].split(";")
        lines = "".join(f"{name}:{request.headers[name]}\n" for name in signed)
        stamp = request.headers["x-tc-timestamp"]
        payload = hashlib.sha256(request.body).hexdigest()
        path, query = urlsplit(request.url).path, urlsplit(request.url).query
        canonical = f"POST\n{path}\n{query}\n{lines}\n{';'.join(signed)}\n{payload}"
        scope = f"{day}/{service}/{ending}"
        text = f"{kind}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"TC3" + self.secret.encode()
        for part in (day, service, ending):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return (
            (kind, key_id, service) == ("TC3-HMAC-SHA256", KEY, "sms")
            and day == datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
            and {"content-type", "host"} <= set(signed)
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


def table_of(url, **settings):
    return {
        "base_url": url,
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "sdk_app_id": "1400006666",
        "template": "110",
        "callback_token": TOKEN,
    } | settings


def made(url, **settings):
    table = table_of(url, **settings)
    return TencentGateway.open(
        BackendContext(settings=table, clock=FrozenClock(NOON), ids=CountingIds())
    )


@pytest.mark.parametrize("sts", [None, "token+/=="])
def test_the_vendor_takes_what_is_signed(loopback, transport, sts):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url, **({} if sts is None else {"security_token": sts}))
    results = gateway.result(BATCH, transport.send(gateway.request(BATCH), timeout=5))
    assert [one.status for one in results] == ["accepted", "accepted", "rejected"]
    ((action, plain),) = vendor.taken
    assert (action, plain["TemplateParamSet"]) == ("SendSms", [BATCH.text])
    assert loopback.requests[0].headers.get("x-tc-token") == sts


def test_the_vendor_refuses_another_secret_body_query_or_time(loopback, transport):
    vendor = Vendor()
    loopback.script(vendor)
    gateway = made(loopback.url)
    request = gateway.request(BATCH)
    spoilt = [
        made(loopback.url, access_key_secret="another-secret").request(BATCH),
        made(loopback.url, access_key_id="AKID-another").request(BATCH),
        attrs.evolve(request, body=request.body + b" "),
        attrs.evolve(request, body=request.body.replace(b"bat_1", b"bat_2")),
        attrs.evolve(request, url=request.url + "?a=1"),
        attrs.evolve(request, url=request.url + "x"),
        *(
            attrs.evolve(request, headers={**request.headers, name: value})
            for name, value in {"x-tc-timestamp": "1767240001", "content-type": "text/x"}.items()
        ),
    ]
    for one in spoilt:
        results = gateway.result(BATCH, transport.send(one, timeout=5))
        assert {(r.status, r.error) for r in results} == {("rejected", ErrorClass.STOP_CHANNEL)}
    assert vendor.taken == []


def test_a_campaign_goes_out_and_receipts_are_pulled_and_pushed(loopback):
    vendor = Vendor()
    loopback.script(vendor)
    with Hub.open(
        "memory:",
        settings={"backends": {"tencent": table_of(loopback.url, pull=True, longest_value=0)}},
        plugins=[tianfu_sms_tencent],
        clock=FrozenClock(NOON),
        ids=CountingIds(),
        discover=False,
    ) as hub:
        chief, campaign = sent(hub)
        report = chief.sms.dispatch()
        assert (report.accepted, report.rejected) == (2, 1)
        ((_, plain),) = vendor.taken
        assert sorted(plain["PhoneNumberSet"]) == sorted(PHONES)

        def states():
            return {str(k): n for k, n in chief.sms.status(campaign.id).items() if n}

        vendor.receipts = [
            {
                "PhoneNumber": PHONES[0],
                "SerialNo": "2640:0001",
                "ReportStatus": "SUCCESS",
                "UserReceiveTime": 1767240005,
            }
        ]
        assert hub.as_system(reason="test").sms.poll("tencent") == 1
        assert states() == {"accepted": 1, "delivered": 1, "rejected": 1}
        receipt = {
            "nationcode": "86",
            "mobile": "13900000002",
            "report_status": "FAIL",
            "errmsg": "MK:0001",
            "sid": "2640:0002",
        }
        word = {"mobile": "13900000001", "nationcode": "86", "text": " 退订 ", "time": 1767240009}
        for entry in ([receipt], word):
            answer = hub.sms.callback("tencent", pushed(entry))
            assert json.loads(answer.body)["result"] == 0
        assert states() == {"delivered": 1, "failed": 1, "rejected": 1}


def pushed(entries):
    return HttpRequest(
        method="POST",
        url=f"https://hub.invalid/sms/tencent/{TOKEN}",
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
        gateway="tencent",
    )
    chief.sms.approve(campaign.id)
    chief.sms.send(campaign.id)
    return chief, campaign
