"""A campaign goes out through a hub over SMPP, and receipts and an opt-out come back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import tianfu_sms_smpp

from tianfu_sdk import Hub
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock

PHONES = tuple(f"+861390000000{n}" for n in range(1, 6))
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
TEXT = "汛期请远离河道，不要在山洪沟、泥石流沟口停留；雨后莫近陡坡。" * 5


@pytest.fixture
def town(smsc):
    table = {
        "host": "127.0.0.1",
        "port": smsc.port,
        "system_id": "kepu",
        "password": "secret",
        "source_addr": "10658000",
        "tls": False,
        "phones_per_call": 3,
        "timeout": 3.0,
    }
    with Hub.open(
        "memory:",
        settings={"backends": {"smpp": table}},
        plugins=[tianfu_sms_smpp],
        clock=FrozenClock(NOON),
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
            texts={"zh-Hans": TEXT},
            signature="自贡科普",
            gateway="smpp",
        )
        chief.sms.approve(campaign.id)
        chief.sms.send(campaign.id)
        yield hub, chief, campaign
    assert "tianfu-link" not in {one.name for one in threading.enumerate()}


def test_a_campaign_is_sent_and_each_receipt_finds_its_message(town, smsc):
    hub, chief, campaign = town
    report = chief.sms.dispatch()
    assert (report.claimed, report.accepted) == (2, 5)
    assert {m.phone for m in smsc.messages} == {phone[1:] for phone in PHONES}
    stats = {"1": "DELIVRD", "2": "UNDELIV", "3": "EXPIRED", "4": "REJECTD", "5": "DELIVRD"}
    for one in smsc.messages:
        smsc.receipt(one.id, one.phone, stats[one.phone[-1]])
    system = hub.as_system(reason="test")
    total = len(smsc.messages)
    assert smsc.wait(lambda: system.sms.poll("smpp") >= 0 and len(smsc.acks) == total)
    states = {str(k): n for k, n in chief.sms.status(campaign.id).items() if n}
    assert states == {"delivered": 2, "failed": 2, "expired": 1}


def test_a_refusal_holds(town, smsc):
    hub, chief, _ = town
    smsc.deliver("8613900000001", "ＴＤ".encode("utf-16-be"))
    system = hub.as_system(reason="test")
    assert smsc.wait(lambda: system.sms.poll("smpp") == 1)
    report = chief.sms.dispatch()
    assert (report.accepted, report.dropped) == (4, 1)
    assert PHONES[0][1:] not in {m.phone for m in smsc.messages}
