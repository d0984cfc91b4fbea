"""Sending: who goes first, what is never done twice, and what is told of it."""

import json
import threading
from datetime import timedelta

import attrs
import pytest

from tianfu_sdk.core.rows.kinds import BATCH, MESSAGE, OPT_OUT, RECEIPT
from tianfu_sdk.core.sms.messages import GIVEN_UP, message_id
from tianfu_sdk.errors import Ambiguous, Conflict, RateLimited
from tianfu_sdk.model.sms import ErrorClass, Inbound, SmsReceipt, SmsResult
from tianfu_sdk.model.storage import NewJob, Query, Row
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.sms.dispatch import GROUP
from tianfu_sdk.services.sms.sms import Sms
from tianfu_sdk.testing import FrozenClock

from .test_sms import Line, accept


@pytest.fixture
def line(quickly):
    return Line(quickly)


def rows(line, kind):
    return line.me._tools.store.run(lambda tx: tx.find(kind.name, Query(limit=1000)), write=False)


def rejected(batch, error=ErrorClass.REFUSED_BY_PERSON):
    return [SmsResult(ref=r.ref, status="rejected", error=error) for r in batch.recipients]


def test_an_emergency_overtakes_a_mass_campaign_within_one_group_of_calls(line):
    line.people(GROUP * 3 * 3)
    usual, urgent = line.sent(), []
    real, one = line.gateway.submit, threading.Lock()

    def submit(batch):
        with one:
            if not urgent:
                # While the first group is on its way: it is claimed, all the others are not.
                urgent.append(line.sent(emergency=line.emergency()))
        return real(batch)

    line.gateway.submit = submit
    line.system.sms.dispatch()
    order = [batch.reference for batch in line.gateway.batches]
    first = {row.id for row in rows(line, BATCH) if row.keys["campaign"] == urgent[0].id}
    assert len(order) == GROUP * 6
    assert not set(order[:GROUP]) & first
    assert set(order[GROUP : GROUP * 4]) == first
    assert set(line.sentence().values()) == {2}
    assert line.states(usual) == {"accepted": GROUP * 9}


def test_what_is_not_sent_has_no_row_and_its_job_names_nobody_by_phone(line):
    people = line.people(4)
    line.sent()
    assert rows(line, MESSAGE) == []
    bodies = line.me._tools.store.run(
        lambda tx: [job.body for job in tx.jobs("sms.test", None, None, 10)], write=False
    )
    assert sorted(" ".join(json.loads(body)["to"] for body in bodies).split()) == sorted(people)
    assert not any(phone.encode() in body for phone in line.phones for body in bodies)


def test_a_key_gives_the_first_result_and_refuses_other_content(line):
    line.people(2)
    one, same, other = line.compose(), line.compose(), line.compose(texts={"zh": "别的内容。"})
    for campaign in (one, same, other):
        line.you.sms.approve(campaign.id)
    first = line.you.sms.send(one.id, key="2026-01 卒中")
    assert line.you.sms.send(one.id, key="2026-01 卒中") == first
    assert line.you.sms.send(same.id, key="2026-01 卒中").id == one.id
    with pytest.raises(Conflict) as caught:
        line.you.sms.send(other.id, key="2026-01 卒中")
    assert caught.value.code == "sms.key_taken"
    line.system.sms.dispatch()
    assert set(line.sentence().values()) == {1}
    assert line.states(same) == line.states(other) == {}


def test_an_operators_blacklist_is_a_refusal(line):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers.append(rejected)
    line.system.sms.dispatch()
    report = line.me.sms.report(campaign.id)
    assert report.by_reason == {"refused_by_person": 2}
    assert report.opted_out == 2
    again = line.compose()
    assert [e.reason for e in line.me.sms.plan(again.id).exclusions] == ["opted_out"]


def by_another_clock(line, moment):
    """Give the desk of a worker whose machine's clock is wrong."""
    desk = line.system.sms
    return Sms(attrs.evolve(desk._tools, clock=FrozenClock(moment)), desk._actor)


def test_hours_and_retries_go_by_the_clock_of_the_store(line):
    line.people(1)
    campaign = line.sent()
    noon = line.clock.now()
    late = by_another_clock(line, noon + timedelta(days=1, hours=11))
    line.gateway.answers.append(lambda batch: rejected(batch, ErrorClass.THROTTLED))
    late.dispatch()
    assert line.states(campaign) == {"deferred": 1}
    line.clock.tick(timedelta(minutes=1))
    late.dispatch()
    assert line.states(campaign) == {"accepted": 1}

    line.clock.set(noon.replace(hour=16))
    at_noon = by_another_clock(line, noon)
    waits = line.compose()
    assert at_noon.plan(waits.id).reason == "quiet_hours"
    line.you.sms.approve(waits.id)
    Sms(at_noon._tools, line.you.sms._actor).send(waits.id)
    at_noon.dispatch()
    assert line.states(waits) == {"queued": 1}
    line.clock.tick(timedelta(hours=9))
    at_noon.dispatch()
    assert line.states(waits) == {"accepted": 1}


def refusing(batch, state="failed"):
    return [
        SmsReceipt(
            provider_id=f"{batch.reference}:{one.ref}",
            state=state,
            code="TDBLACK",
            error=ErrorClass.REFUSED_BY_PERSON,
        )
        for one in batch.recipients
    ]


def opt_outs(line):
    return len(rows(line, OPT_OUT))


def test_a_receipt_that_the_person_refused_is_a_refusal_and_counts_once(line):
    people = line.people(3)
    campaign = line.sent()
    line.system.sms.dispatch()
    line.me.subscribers.erase(people[0], reason="本人要求")
    for _ in range(2):
        line.gateway.receipts = [one for b in line.gateway.batches for one in refusing(b)]
        line.system.sms.poll("test")
    report = line.me.sms.report(campaign.id)
    assert report.by_reason["refused_by_person"] == report.opted_out
    assert opt_outs(line) == 2
    plan = line.me.sms.plan(line.compose().id)
    assert ([e.reason for e in plan.exclusions], plan.recipients) == (["opted_out"], 0)


def test_a_refusal_that_is_told_before_the_answer_counts_as_well(line):
    people = line.people(2)
    campaign = line.sent()

    def early(batch):
        line.gateway.receipts = refusing(batch)[:1]
        line.system.sms.poll("test")
        assert opt_outs(line) == 0
        return accept(batch)

    line.gateway.answers += [early]
    line.system.sms.dispatch()
    assert line.states(campaign) == {"failed": 1, "accepted": len(people) - 1}
    assert opt_outs(line) == 1


def test_who_got_the_message_did_not_refuse_it(line):
    line.people(2)
    line.sent()
    line.system.sms.dispatch()
    line.gateway.receipts = refusing(line.gateway.batches[0], "delivered")
    line.system.sms.poll("test")
    assert opt_outs(line) == 0


def test_the_report_is_broken_down_and_its_numbers_list_their_messages(line):
    here = line.people(3, region="510302")
    there = line.people(2, region="510303")
    campaign = line.sent()
    line.me.subscribers.opt_out(here[0])
    line.me.subscribers.consent(here[1], Consent(granted=False))
    line.gateway.answers.append(lambda batch: rejected(batch, ErrorClass.BAD_RECIPIENT))
    line.system.sms.dispatch()
    report = line.me.sms.report(campaign.id)
    assert report.by_reason.pop("bad_recipient") == report.by_state["rejected"]
    assert report.by_reason == {"opted_out": 1, "no_consent": 1}
    assert {region: sum(counts.values()) for region, counts in report.by_region.items()} == {
        "510302": 3,
        "510303": 2,
    }
    assert report.sent == report.by_state.get("accepted", 0)
    for state, count in report.by_state.items():
        found = list(line.me.sms.messages(campaign.id, state=state, limit=1))
        assert len(found) == count
        assert all("****" in one.phone and one.state.value == state for one in found)
    listed = line.me.sms.messages(campaign.id, limit=2)
    assert {one.subscriber for one in listed} == {*here, *there}
    assert not any(phone[-11:] in str(listed.to_dicts()) for phone in line.phones)
    in_one = line.me.sms.messages(campaign.id, region="510303")
    assert {one.subscriber for one in in_one} == set(there)


def test_progress_tells_rate_and_what_is_left(line):
    line.people(9)
    campaign = line.sent()
    before = line.me.sms.progress(campaign.id)
    assert (before.done, before.total, before.rate) == (0, 9, None)
    seen = []
    line.system.sms.dispatch(1, progress=seen.append)
    assert [report.accepted for report in seen] == [3]
    after = line.me.sms.progress(campaign.id, since=before, seconds=2)
    assert (after.done, after.rate, after.left) == (3, 1.5, 4.0)


def test_what_nobody_finds_out_is_given_up_and_never_sent_again(line):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers.append(Ambiguous("http.no_answer", why="x"))
    line.system.sms.dispatch()
    line.clock.tick(timedelta(hours=71))
    line.system.sms.purge()
    assert line.hub.sms.health().parked == 1
    line.clock.tick(timedelta(hours=2))
    line.system.sms.purge()
    line.system.sms.dispatch()
    assert line.hub.sms.health().parked == 0
    assert line.me.sms.report(campaign.id).by_reason == {GIVEN_UP: 2}
    assert line.states(campaign) == {"unknown": 2}
    assert len(line.gateway.batches) == 1
    who = rows(line, MESSAGE)[0].keys
    line.gateway.receipts = [
        SmsReceipt(reference=who["batch"], ref=who["subscriber"], state="delivered")
    ]
    line.system.sms.poll("test")
    assert line.states(campaign) == {"unknown": 1, "delivered": 1}


def test_flow_control_halves_what_all_workers_claim(line):
    line.people(GROUP * 3 * 3)
    line.sent()
    line.gateway.answers += [RateLimited("http.not_sent", retry_after=1.0, why="x")] * GROUP
    assert line.system.sms.dispatch(GROUP).claimed == GROUP
    line.clock.tick(timedelta(seconds=2))
    groups = []
    line.system.sms.dispatch(progress=lambda report: groups.append(report.claimed))
    assert groups[:3] == [4, 4 + 5, 4 + 5 + 6]


def same_id(batch):
    return [SmsResult(ref=r.ref, status="accepted", provider_id="biz") for r in batch.recipients]


@pytest.mark.parametrize("early", [False, True])
def test_receipts_are_joined_by_id_and_phone(line, early):
    line.people(3)
    campaign = line.sent()
    told = [
        SmsReceipt(provider_id="biz", phone=f"+86{line.phones[0]}", state="delivered", parts=2),
        SmsReceipt(provider_id="biz", phone=f"+86{line.phones[1]}", state="failed", code="MK:0001"),
        SmsReceipt(provider_id="biz", phone="+8613999999999", state="failed"),
        SmsReceipt(provider_id="biz", phone="95511", state="failed"),
    ]

    def answer(batch):
        if early:
            line.gateway.receipts = list(told)
            line.system.sms.poll("test")
        return same_id(batch)

    line.gateway.answers.append(answer)
    line.system.sms.dispatch()
    if not early:
        line.gateway.receipts = list(told) + told[::-1]
        line.system.sms.poll("test")
    assert line.states(campaign) == {"delivered": 1, "failed": 1, "accepted": 1}
    report = line.me.sms.report(campaign.id)
    assert report.by_reason == {"MK:0001": 1}
    assert sorted(one.parts for one in line.me.sms.messages(campaign.id)) == [1, 1, 2]
    assert len(rows(line, RECEIPT)) == 2
    line.clock.tick(timedelta(days=31))
    line.system.sms.purge()
    assert rows(line, RECEIPT) == []


def test_what_an_older_program_queued_is_sent_once(line):
    people = line.people(3)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    store = line.me._tools.store
    phones = {
        row.id: row.keys["phone_ix"]
        for row in store.run(lambda tx: tx.get("subscriber", people), write=False)
    }

    def as_before(tx):
        made = [
            Row(
                message_id(campaign.id, phones[id_]),
                0,
                None,
                {
                    "campaign": campaign.id,
                    "subscriber": id_,
                    "state": "queued",
                    "language": "zh-Hans",
                    "batch": "bat_old",
                    "provider_id": "",
                    "parts": 1,
                    "region": "",
                    "error": "",
                    "gateway": "",
                },
            )
            for id_ in people[:2]
        ]
        tx.put("message", made)
        body = json.dumps({"campaign": campaign.id, "language": "zh-Hans"}).encode()
        tx.enqueue("sms.test", [NewJob("bat_old", body, group=campaign.id)])

    store.run(as_before, write=True)
    assert line.you.sms.send(campaign.id).queued == 3
    assert line.states(campaign) == {"queued": 3}
    line.system.sms.dispatch()
    assert line.states(campaign) == {"accepted": 3}
    assert set(line.sentence().values()) == {1}
    assert {row.keys["state"] for row in rows(line, BATCH)} == {"done"}


@pytest.mark.parametrize("text", ["ＴＤ", " td ", "退订", "拒收", "Stop", "\u3000Ｒ\u3000", "n"])
def test_a_word_of_refusal_holds_before_the_next_batch(line, text):
    line.people(1)
    campaign = line.sent()
    line.gateway.inbound = [Inbound(phone=line.phones[0], text=text)]
    line.system.sms.poll("test")
    line.system.sms.dispatch()
    assert line.me.sms.report(campaign.id).by_reason == {"opted_out": 1}
    assert line.gateway.batches == []
