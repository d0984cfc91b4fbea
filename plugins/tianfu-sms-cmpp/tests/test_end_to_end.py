"""A campaign goes out through a hub over CMPP, and receipts and an opt-out come back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import attrs
import pytest
import tianfu_sms_cmpp

from tianfu_sdk import Hub, StorageUnavailable
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CmppLoopback, CountingIds, FrozenClock

PHONES = tuple(f"+861390000000{n}" for n in range(1, 6))
NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
TEXT = "汛期请远离河道，不要在山洪沟、泥石流沟口停留；雨后莫近陡坡。" * 5


@attrs.define
class Town:
    hub: Hub
    chief: Hub
    operator: CmppLoopback
    campaign: str

    def states(self):
        return {str(k): n for k, n in self.chief.sms.status(self.campaign).items() if n}

    def poll(self):
        return self.hub.as_system(reason="test").sms.poll("cmpp")


def opened(place, operator, timeout=3.0):
    """Open the hub, as each process does that is started."""
    table = {
        "host": "127.0.0.1",
        "port": operator.port,
        "source_addr": "900001",
        "secret": "888888",
        "src_id": "10658000",
        "version": operator.version,
        "phones_per_call": 3,
        "timeout": timeout,
    }
    return Hub.open(
        f"sqlite:///{place / 'town.db'}",
        settings={"backends": {"cmpp": table}},
        plugins=[tianfu_sms_cmpp],
        clock=FrozenClock(NOON),
        ids=CountingIds(),
        discover=False,
    )


@pytest.fixture(params=[("2.0", TEXT, 3.0), ("3.0", TEXT, 3.0)], ids=["2.0", "3.0"])
def town(request, tmp_path):
    version, text, timeout = request.param
    with CmppLoopback(version) as operator, opened(tmp_path, operator, timeout) as hub:
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
            texts={"zh-Hans": text},
            signature="自贡科普",
            gateway="cmpp",
        )
        chief.sms.approve(campaign.id)
        chief.sms.send(campaign.id)
        yield Town(hub, chief, operator, campaign.id)
    assert "tianfu-link" not in {one.name for one in threading.enumerate()}


def test_a_campaign_is_sent_and_each_receipt_finds_its_message(town):
    report = town.chief.sms.dispatch()
    assert (report.claimed, report.accepted) == (2, 5)
    assert town.operator.problems == []
    sent = town.operator.submits
    assert sorted({p for one in sent for p in one.phones}) == [p[3:] for p in PHONES]
    assert {one.total for one in sent} == {3}
    # All phones have one Msg_Id a part; each gets what became of its own message.
    stats = {"1": "DELIVRD", "2": "UNDELIV", "3": "EXPIRED", "4": "MA:0001", "5": "DELIVRD"}
    for one in sent:
        for phone in one.phones:
            town.operator.receipt(one.id, phone, stats[phone[-1]])
    total = sum(len(one.phones) for one in sent)
    polled = lambda: town.poll() >= 0 and len(town.operator.acknowledged) == total  # noqa: E731
    assert town.operator.wait(polled)
    assert town.states() == {"delivered": 2, "failed": 2, "expired": 1}


@pytest.mark.parametrize("dies_after", [0, 1, 2])
def test_parts_are_joined_by_whoever_hears_of_them(town, tmp_path, dies_after):
    """Receipts come to a process that did not send, some of them to one that died since."""
    town.chief.sms.dispatch()
    sent = sorted(town.operator.submits, key=lambda one: -one.number)
    stats = {"1": "DELIVRD", "2": "DELIVRD", "3": "DELIVRD", "4": "DELIVRD", "5": "UNDELIV"}

    def tell(numbers, hub):
        before = len(town.operator.acknowledged)
        told = [(one.id, phone) for one in sent if one.number in numbers for phone in one.phones]
        for id_, phone in told:
            town.operator.receipt(id_, phone, stats[phone[-1]])
        worker = hub.as_system(reason="test")
        polled = lambda: (  # noqa: E731
            worker.sms.poll("cmpp") >= 0 and len(town.operator.acknowledged) == before + len(told)
        )
        assert not told or town.operator.wait(polled)

    later = {3, 2, 1} - set(range(3, 3 - dies_after, -1))
    tell({3, 2, 1} - later, town.hub)
    town.hub.close()
    with opened(tmp_path, town.operator) as again:
        tell(later, again)
        counts = again.as_system(reason="test").sms.status(town.campaign)
        assert dict(counts) == {"delivered": 4, "failed": 1}


def test_a_refusal_holds(town):
    town.operator.inbound("13900000001", ["ＴＤ".encode("utf-16-be")])
    assert town.operator.wait(lambda: town.poll() == 1)
    report = town.chief.sms.dispatch()
    assert (report.accepted, report.dropped) == (4, 1)
    assert PHONES[0][3:] not in {p for one in town.operator.submits for p in one.phones}


def test_what_the_store_did_not_take_is_not_acknowledged(town, monkeypatch):
    town.chief.sms.dispatch()
    # The seat is taken here; only what comes after it fails.
    assert town.poll() == 0
    store = town.hub._tools.store
    whole = type(store).run

    def failing(self, fn, *, write=False, **more):
        if write:
            raise StorageUnavailable("storage.unavailable", why="test")
        return whole(self, fn, write=write, **more)

    def failed():
        try:
            return town.poll() < 0
        except StorageUnavailable:
            return True

    monkeypatch.setattr(type(store), "run", failing)
    one = town.operator.submits[0]
    town.operator.receipt(one.id, one.phones[0], "UNDELIV")
    assert town.operator.wait(failed)
    assert town.operator.acknowledged == []
    monkeypatch.undo()
    assert town.operator.wait(lambda: town.poll() >= 0 and town.operator.acknowledged != [])
    assert town.states() == {"accepted": 4, "failed": 1}


def test_what_was_not_answered_is_unknown_and_not_sent_again(town):
    town.operator.fault = "cut"
    report = town.chief.sms.dispatch()
    assert report.unknown + report.returned == 5
    before = len(town.operator.submits)
    town.operator.fault = ""
    town.chief.sms.dispatch()
    again = town.operator.submits[before:]
    first = {p for one in town.operator.submits[:before] for p in one.phones}
    assert not first & {p for one in again for p in one.phones}


@pytest.mark.parametrize("town", [("3.0", "汛期请远离河道。", 0.3)], indirect=True)
def test_an_answer_that_came_too_late_still_resolves_what_is_unknown(town):
    town.operator._delay = 0.6
    report = town.chief.sms.dispatch()
    assert (report.unknown, report.accepted) == (5, 0)
    assert town.states() == {"unknown": 5}
    gateway = town.hub._tools.gateway("cmpp")
    sent = town.operator.submits
    assert town.operator.wait(lambda: len(gateway._strays._strays) == len(sent) == 2)
    for one in sent:
        for phone in one.phones:
            town.operator.receipt(one.id, phone)
    assert town.operator.wait(lambda: town.poll() >= 0 and town.states() == {"delivered": 5})
    assert town.hub.as_system(reason="test").sms.health().unknown == 0
