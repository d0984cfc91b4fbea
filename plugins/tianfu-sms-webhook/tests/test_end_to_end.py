"""A campaign goes out through a hub, to a receiver on this machine, and its receipts come back."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import tianfu_sms_webhook
from tianfu_sms_webhook import signed_headers, verify

from tianfu_sdk import Denied, Hub
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock, Loopback
from tianfu_sdk.testing.certificate import self_signed

SECRET = "example-secret-16b"
PHONES = ("+8613900000001", "+8613900000002", "+8613900000003")
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)


@attrs.define
class Town:
    hub: Hub
    chief: Hub
    clock: FrozenClock
    vendor: Loopback
    campaign: str

    def posted(self):
        """Give what the receiver got, each held against its signature."""
        for request in self.vendor.requests:
            verify(request.headers, request.body, secret=SECRET, now=self.clock.now())
        return [json.loads(request.body) for request in self.vendor.requests]

    def call_back(self, **plain):
        body = json.dumps({"version": 1, "type": "sms.callback"} | plain).encode()
        headers = signed_headers(body, secret=SECRET, now=self.clock.now())
        request = HttpRequest(method="POST", url="https://hub.invalid/", headers=headers, body=body)
        return self.hub.sms.callback("webhook", request)

    def states(self):
        return {str(k): n for k, n in self.chief.sms.status(self.campaign).items() if n}


def accept(request):
    entries = [
        {"ref": one["ref"], "status": "accepted", "id": f"msg-{one['phone'][-1]}"}
        for one in json.loads(request.body)["recipients"]
    ]
    return HttpResponse(status=200, body=json.dumps({"results": entries}).encode())


@pytest.fixture
def town():
    clock = FrozenClock(NOON)
    with Loopback() as vendor:
        vendor.script(accept)
        table = {"url": f"{vendor.url}/hook", "secret": SECRET, "phones_per_call": 2}
        with Hub.open(
            "memory:",
            settings={"backends": {"webhook": table}},
            plugins=[tianfu_sms_webhook],
            clock=clock,
            ids=CountingIds(),
            discover=False,
        ) as hub:
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
                gateway="webhook",
            )
            chief.sms.approve(campaign.id)
            chief.sms.send(campaign.id)
            yield Town(hub, chief, clock, vendor, campaign.id)


def test_a_campaign_goes_out_signed_in_batches_of_the_gateways_size(town):
    report = town.chief.sms.dispatch()
    assert (report.claimed, report.accepted) == (2, 3)
    posted = town.posted()
    assert sorted(len(one["recipients"]) for one in posted) == [1, 2]
    assert sorted(p["phone"] for one in posted for p in one["recipients"]) == sorted(PHONES)
    assert {one["signature"] for one in posted} == {"自贡科普"}
    assert all(one["text"].startswith("汛期请远离河道。") for one in posted)
    assert len({one["reference"] for one in posted}) == 2
    assert town.states() == {"accepted": 3}


def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing(town, tmp_path, caplog):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(self_signed(tmp_path))
    gateway = town.hub._tools.gateway("webhook")
    trusted = gateway._options
    with Loopback(tls) as vendor:
        gateway._options = attrs.evolve(trusted, url=vendor.url)
        town.chief.sms.dispatch()
        assert (vendor.requests, town.states()) == ([], {"queued": 3})
    assert "http.untrusted" in caplog.text
    gateway._options = trusted
    town.clock.tick(timedelta(minutes=1))
    town.chief.sms.dispatch()
    assert town.states() == {"accepted": 3}


def test_receipts_and_an_opt_out_come_back(town):
    town.chief.sms.dispatch()
    answer = town.call_back(
        receipts=[
            {"id": "msg-1", "state": "delivered", "at": "2026-01-01T12:00:05+08:00"},
            {"id": "msg-2", "state": "failed", "code": "UNDELIV"},
        ],
        inbound=[{"id": "in-1", "phone": PHONES[2], "text": "ＴＤ"}],
    )
    assert answer.status == 204
    assert town.states() == {"accepted": 1, "delivered": 1, "failed": 1}
    assert town.hub.as_system(reason="test").sms.health().unknown == 0


def test_a_callback_that_is_not_the_receivers_changes_nothing(town):
    town.chief.sms.dispatch()
    forged = HttpRequest(method="POST", url="https://hub.invalid/", body=b"{}")
    with pytest.raises(Denied):
        town.hub.sms.callback("webhook", forged)
    assert town.states() == {"accepted": 3}


def test_what_may_have_gone_out_waits_for_its_receipt(town):
    town.vendor.fault = "cut"
    town.chief.sms.dispatch()
    (first, second) = town.posted()
    assert town.states() == {"unknown": 3}
    town.vendor.fault = ""
    town.clock.tick(timedelta(minutes=10))
    assert town.chief.sms.dispatch().claimed == 0
    town.call_back(
        receipts=[
            {
                "id": f"late-{one['phone'][-1]}",
                "ref": one["ref"],
                "reference": batch["reference"],
                "state": "delivered",
            }
            for batch in (first, second)
            for one in batch["recipients"]
        ]
    )
    assert town.states() == {"delivered": 3}
    assert len(town.vendor.requests) == 2
