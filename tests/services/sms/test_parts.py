"""Messages of several parts: receipts of each part, in any order, before and after the answer."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from tianfu_sdk.core.rows.kinds import PART, PARTIAL, RECEIPT
from tianfu_sdk.model.sms import SmsReceipt, SmsResult
from tianfu_sdk.model.storage import Query

from .test_sms import Line


@pytest.fixture
def line(way):
    return Line(way)


@pytest.fixture
def quick(quickly):
    return Line(quickly)


def count(line, kind):
    return line.me._tools.store.run(lambda tx: tx.count(kind.name, Query()), write=False)


def in_three(batch):
    """Take a batch as CMPP does: an id a part, which all phones share."""
    ids = tuple(f"{batch.reference}:{number}" for number in range(3))
    return [
        SmsResult(ref=one.ref, status="accepted", provider_id=ids[0], part_ids=ids)
        for one in batch.recipients
    ]


def heard(line, batch, number, person=0, state="delivered"):
    phone = batch.recipients[person].phone
    line.gateway.receipts.append(
        SmsReceipt(provider_id=f"{batch.reference}:{number}", phone=phone, state=state, code="X")
    )
    line.system.sms.poll("test")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_it_is_delivered_when_all_its_parts_are_in_any_order(quick, order):
    quick.people(2)
    campaign = quick.sent()
    quick.gateway.answers.append(in_three)
    quick.system.sms.dispatch()
    (batch,) = quick.gateway.batches
    for number in order:
        assert quick.states(campaign) == {"accepted": 2}
        heard(quick, batch, number)
        heard(quick, batch, number)
    assert quick.states(campaign) == {"delivered": 1, "accepted": 1}
    assert [event.data["count"] for event in quick.told("sms.delivered")] == [1]


def test_the_first_part_that_fails_decides(line):
    line.people(1)
    campaign = line.sent()
    line.gateway.answers.append(in_three)
    line.system.sms.dispatch()
    (batch,) = line.gateway.batches
    heard(line, batch, 0)
    heard(line, batch, 2, state="failed")
    assert line.states(campaign) == {"failed": 1}
    assert line.me.sms.report(campaign.id).by_reason == {"X": 1}
    heard(line, batch, 1)
    heard(line, batch, 2)
    assert line.states(campaign) == {"failed": 1}


@pytest.mark.parametrize("early", [(0,), (1,), (2, 0), (0, 1, 2), (2, 1, 0)])
def test_receipts_before_the_answer_are_joined_as_well(quick, early):
    quick.people(2)
    campaign = quick.sent()

    def answer(batch):
        for number in early:
            heard(quick, batch, number)
        return in_three(batch)

    quick.gateway.answers.append(answer)
    quick.system.sms.dispatch()
    (batch,) = quick.gateway.batches
    for number in {0, 1, 2} - set(early):
        assert quick.states(campaign) == {"accepted": 2}
        heard(quick, batch, number)
    assert quick.states(campaign) == {"delivered": 1, "accepted": 1}
    assert count(quick, RECEIPT) == 0


def test_a_part_that_failed_before_the_answer_decides(quick):
    quick.people(1)
    campaign = quick.sent()

    def answer(batch):
        heard(quick, batch, 1, state="expired")
        return in_three(batch)

    quick.gateway.answers.append(answer)
    quick.system.sms.dispatch()
    assert quick.states(campaign) == {"expired": 1}


def test_what_is_kept_of_parts_is_forgotten(line):
    people = line.people(2)
    line.sent()
    line.gateway.answers.append(in_three)
    line.system.sms.dispatch()
    (batch,) = line.gateway.batches
    heard(line, batch, 0, person=0)
    heard(line, batch, 0, person=1)
    assert (count(line, PART), count(line, PARTIAL)) == (3, 2)
    line.me.subscribers.erase(people[0], reason="本人要求")
    assert count(line, PARTIAL) == 1
    line.clock.tick(timedelta(days=31))
    line.system.sms.purge()
    assert (count(line, PART), count(line, PARTIAL)) == (0, 0)
