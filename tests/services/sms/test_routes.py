"""Campaigns that go through several gateways: their shares, and what goes on to another."""

from collections import Counter
from datetime import timedelta

import attrs
import pytest

from tianfu_sdk.core.sms.limits import SHORTEST_PAUSE, TRIPS_AT
from tianfu_sdk.core.sms.routes import PATIENCE
from tianfu_sdk.errors import Ambiguous, Invalid, PluginError, RateLimited, Unavailable, Unsupported
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.sms import ErrorClass, Pace, SmsResult

from .test_lanes import AWAY, Fleet, gateway

WEIGHTED = {"sms": {"routes": {"main": {"gateways": ["one", "two", "three"], "weights": [3, 1]}}}}


@pytest.fixture
def fleet(tmp_path):
    made = []

    def fleet(**more):
        made.append(Fleet(tmp_path, **more))
        return made[-1]

    yield fleet
    for one in made:
        one.close()


def got(*gateways):
    return Counter(r.phone for one in gateways for batch in one.batches for r in batch.recipients)


def stopped(batch):
    return [
        SmsResult(ref=r.ref, status="rejected", error=ErrorClass.STOP_CHANNEL, code="ARREARS")
        for r in batch.recipients
    ]


def finish(town, minutes=40):
    worker = town.worker()
    for _ in range(minutes):
        worker.sms.dispatch()
        town.clock.tick(timedelta(minutes=1))


# Shares.


def test_a_route_of_the_settings_divides_a_campaign_by_weight_as_its_plan_says(fleet):
    made = {name: gateway(phones_per_call=7) for name in ("one", "two", "three")}
    town = fleet(settings=WEIGHTED, **made)
    town.people(200)
    id_ = town.sent("main")
    plan = town.me.sms.plan(id_)
    shares = {one.gateway: one.recipients for one in plan.gateways}
    assert shares["three"] == 0
    assert sum(shares.values()) == 200
    assert 100 < shares["one"] < 190
    assert town.me.sms.plan(id_).gateways == plan.gateways
    town.worker().sms.dispatch()
    sent = {name: sum(len(b.recipients) for b in one.batches) for name, one in made.items()}
    assert sent == shares
    assert set(got(*made.values()).values()) == {1}
    assert town.me.sms.progress(id_).by_gateway == {
        "one": {"accepted": shares["one"]},
        "two": {"accepted": shares["two"]},
    }


def test_names_in_order_of_preference_need_no_settings(fleet):
    made = {name: gateway() for name in ("one", "two")}
    town = fleet(**made)
    town.people(5)
    id_ = town.sent(["one", "two"])
    campaign = town.me.sms.get(id_)
    assert [(leg.gateway, leg.weight) for leg in campaign.route] == [("one", 1), ("two", 0)]
    town.worker().sms.dispatch()
    assert (len(made["one"].batches), len(made["two"].batches)) == (5, 0)
    assert town.sent({"two": 1, "one": 0}) != id_
    town.worker().sms.dispatch()
    assert len(made["two"].batches) == 5


def test_what_names_no_gateway_takes_that_of_the_settings(fleet):
    settings = {"sms": {**WEIGHTED["sms"], "gateway": "main"}}
    town = fleet(settings=settings, one=gateway(), two=gateway(), three=gateway())
    id_ = town.approved(None)
    assert [leg.gateway for leg in town.me.sms.get(id_).route] == ["one", "two", "three"]
    # What a second person approved does not change with the settings.
    assert town.me.sms.explain(id_).gateways[0].weight == 3


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ([], "sms.route_empty"),
        (["one", "one"], "sms.route_twice"),
        ({"one": -1}, "sms.route_weights"),
        ({"one": 0, "two": 0}, "sms.route_weights"),
        ("one", "sms.route_name"),
    ],
)
def test_a_route_that_is_none_is_refused(fleet, asked, code):
    routes = {"one": {"gateways": ["one", "two"]}}
    town = fleet(settings={"sms": {"routes": routes}}, one=gateway(), two=gateway())
    with pytest.raises(Invalid) as caught:
        town.approved(asked)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_gateway_of_a_route_that_nobody_offers_is_told_when_it_is_composed(fleet):
    town = fleet(one=gateway())
    with pytest.raises(PluginError, match=r"plugin\.unknown"):
        town.approved(["one", "gone"])


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ({"weights": [1]}, "sms.routes.main.gateways"),
        ({"gateways": "one"}, "sms.routes.main.gateways"),
        ({"gateways": ["one"], "weights": ["1"]}, "sms.routes.main.weights"),
        ({"gateways": ["one"], "order": 1}, "sms.routes.main.order"),
    ],
)
def test_a_table_that_is_no_route_is_refused(table, path):
    with pytest.raises(Invalid) as caught:
        Hub.open("memory:", settings={"sms": {"routes": {"main": table}}}, discover=False)
    assert caught.value.path == path


# What each of them takes, and costs.


def test_what_one_gateway_does_not_take_goes_through_the_others(fleet):
    made = {"one": gateway(longest=20), "two": gateway()}
    town = fleet(settings={"gateways": {"two": {"price": 60}}}, **made)
    town.people(4)
    long = town.me.sms.compose(
        title="长短信",
        organization=town.org,
        texts={"zh": "地震时先躲到结实的桌下，" * 12},
        signature="四川科普",
        gateway={"one": 1, "two": 1},
    )
    plan = town.me.sms.plan(long.id)
    (problem,) = plan.problems
    assert (problem.code, problem.severity.value, problem.gateway) == (
        "sms.too_long",
        "warn",
        "one",
    )
    assert plan.recipients == 4
    assert {one.gateway: one.languages for one in plan.gateways} == {"one": (), "two": ("zh-Hans",)}
    assert plan.cost == plan.parts * 60 == plan.most_cost
    town.you.sms.approve(long.id)
    town.you.sms.send(long.id)
    town.worker().sms.dispatch()
    assert len(made["two"].batches) == 4


def test_what_no_gateway_takes_is_refused_as_with_one(fleet):
    town = fleet(one=gateway(), two=gateway())
    town.people(1)
    draft = town.me.sms.compose(
        title="两个签名",
        organization=town.org,
        texts={"zh": "【别人】请立即拨打120。"},
        signature="四川科普",
        gateway=["one", "two"],
    )
    # The same at both is told once.
    (problem,) = town.me.sms.plan(draft.id).problems
    assert (problem.severity.value, problem.gateway) == ("refuse", "")
    with pytest.raises(Invalid, match=r"sms\.second_signature") as caught:
        town.you.sms.approve(draft.id)
    assert caught.value.path == "texts.zh-Hans"


def test_the_most_that_a_campaign_can_cost_is_shown(fleet):
    prices = {"gateways": {"one": {"price": 40}, "two": {"price": 70}}}
    town = fleet(settings=prices, one=gateway(), two=gateway())
    town.people(10)
    id_ = town.approved(["one", "two"])
    plan = town.me.sms.plan(id_)
    assert (plan.cost, plan.most_cost) == (400, 700)
    assert [one.all_cost for one in plan.gateways] == [400, 700]
    assert town.me.sms.get(id_).cost == 400


def test_the_schedule_is_that_of_all_gateways_at_once(fleet):
    one, two = gateway(pace=Pace(messages=30)), gateway(pace=Pace(parts=10))
    town = fleet(one=one, two=two)
    town.people(80)
    plan = town.me.sms.plan(town.approved({"one": 3, "two": 1}))
    assert plan.schedule.rate == 40
    took = (plan.schedule.ends - plan.schedule.starts).total_seconds()
    shares = {leg.gateway: leg.recipients for leg in plan.gateways}
    assert took == pytest.approx(max(shares["one"] / 30, shares["two"] / 10))


# What goes on.


def test_what_certainly_did_not_leave_goes_on_and_its_cost_is_of_who_took_it(fleet):
    one, two = gateway(phones_per_call=6), gateway(phones_per_call=4)
    prices = {"gateways": {"one": {"price": 40}, "two": {"price": 70}}}
    town = fleet(settings=prices, one=one, two=two)
    town.people(6)
    id_ = town.sent(["one", "two"])
    one.answers += [AWAY] * PATIENCE
    finish(town, 5)
    report = town.me.sms.report(id_)
    assert report.by_state == {"accepted": 6}
    assert report.passed_on == {"one": 6}
    assert len(one.batches) == PATIENCE
    # The other takes four a call.
    assert [len(batch.recipients) for batch in two.batches] == [4, 2]
    assert report.cost == 6 * 70 == report.totals_by("gateway")["two"].cost
    assert {m.gateway for m in town.me.sms.messages(id_, gateway="two")} == {"two"}
    assert not list(town.me.sms.messages(id_, gateway="one"))
    references = {batch.reference for batch in (*one.batches, *two.batches)}
    assert len(references) == 3
    (event,) = [e for e in town.hub.as_system(reason="x").events if e.type == "sms.passed_on"]
    assert event.data == {"from": "one", "to": "two", "reason": "sms.unavailable", "count": 6}
    assert town.me.sms.get(id_).state.value == "sent"


def test_what_may_have_gone_out_stays_and_is_never_passed_on(fleet):
    one, two = gateway(phones_per_call=3), gateway()
    town = fleet(one=one, two=two)
    town.people(3)
    id_ = town.sent(["one", "two"])
    one.answers += [Ambiguous("http.no_answer", why="x")]
    finish(town, 5)
    assert town.states(id_) == {"unknown": 3}
    assert two.batches == []
    (batch,) = town.me.sms.unknown(id_)
    assert batch.gateway == "one"
    assert {lane.gateway: lane.unknown for lane in town.hub.sms.health().lanes} == {
        "one": 3,
        "two": 0,
    }
    # Who asked the operator says that it did not go out: it is sent again where it was.
    town.you.sms.resolve(id_, batch.batch, sent=False, reason="asked")
    one.answers += [stopped]
    finish(town, 5)
    assert town.states(id_) == {"accepted": 3}
    assert len(two.batches) == 3


def test_an_account_that_is_stopped_passes_its_messages_on_and_keeps_what_it_took(fleet):
    one, two = gateway(phones_per_call=4), gateway(phones_per_call=4)
    town = fleet(one=one, two=two)
    town.people(4)
    id_ = town.sent(["one", "two"])

    def half(batch):
        taken = [
            SmsResult(ref=r.ref, status="accepted", provider_id=r.ref) for r in batch.recipients[:2]
        ]
        return taken + stopped(attrs.evolve(batch, recipients=batch.recipients[2:]))

    one.answers.append(half)
    finish(town, 3)
    assert town.me.sms.progress(id_).by_gateway == {"one": {"accepted": 2}, "two": {"accepted": 2}}
    assert set(got(two).values()) == {1}
    assert town.me.sms.report(id_).passed_on == {"one": 2}
    assert town.lane("one").breaker == "open"


@pytest.mark.parametrize("error", [ErrorClass.BAD_CONTENT, ErrorClass.BAD_RECIPIENT])
def test_what_an_operator_refuses_for_good_is_carried_to_no_other(fleet, error):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])
    one.answers.append(
        lambda batch: [
            SmsResult(ref=r.ref, status="rejected", error=error) for r in batch.recipients
        ]
    )
    finish(town, 3)
    assert town.states(id_) == {"rejected": 1}
    assert two.batches == []


def test_what_is_put_off_where_it_went_on_to_never_comes_back(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])
    one.answers.append(stopped)
    later = lambda batch: [  # noqa: E731 - one of a few
        SmsResult(ref=r.ref, status="deferred", error=ErrorClass.RETRY_SAFE)
        for r in batch.recipients
    ]
    two.answers += [later] * (PATIENCE + 2)
    finish(town, 60)
    assert town.states(id_) == {"accepted": 1}
    assert (len(one.batches), len(two.batches)) == (1, PATIENCE + 3)


def test_what_cannot_be_said_to_a_gateway_is_said_to_the_next(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])
    one.answers.append(Unsupported("sms.no_sign", name="x"))
    finish(town, 2)
    assert town.states(id_) == {"accepted": 1}
    assert len(two.batches) == 1


def test_a_gateway_that_is_only_slow_keeps_its_batches(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])
    one.answers += [RateLimited("http.busy", retry_after=1)] * (PATIENCE + 2)
    finish(town, 30)
    assert town.states(id_) == {"accepted": 1}
    assert two.batches == []


def test_a_gateway_that_is_left_alone_lets_idle_ones_take_its_batches(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(40)
    id_ = town.sent(["one", "two"])
    one.answers += [AWAY] * 100
    worker = town.worker()
    first = worker.sms.dispatch()
    assert town.lane("one").breaker == "open"
    # What was tried is due again in a while; all else went on at once.
    assert (first.returned, first.passed, first.accepted) == (8, 32, 32)
    town.clock.tick(SHORTEST_PAUSE / 2)
    assert worker.sms.dispatch().passed == 8
    assert town.states(id_) == {"accepted": 40}
    assert TRIPS_AT <= len(one.batches) <= 8
    assert town.me.sms.report(id_).passed_on == {"one": 40}


def test_who_has_work_of_its_own_takes_nothing_over_but_an_emergency(fleet, monkeypatch):
    one, two = gateway(), gateway(pace=Pace(messages=1))
    town = fleet(one=one, two=two)
    town.people(20)
    town.sent("two")
    usual = town.sent(["one", "two"])
    one.answers += [AWAY] * 100
    worker = town.worker()
    worker.sms.dispatch()
    assert town.lane("one").breaker == "open"
    town.clock.tick(SHORTEST_PAUSE / 2)
    assert worker.sms.dispatch().passed == 0
    monkeypatch.setattr("tianfu_sdk.services.sms.outbox._USUAL", 0)
    urgent = town.sent(["one", "two"])
    assert worker.sms.dispatch().passed
    monkeypatch.undo()
    assert town.me.sms.report(urgent).passed_on["one"] == 20
    assert town.states(usual) == {"queued": 20}


def test_what_has_one_gateway_keeps_its_place_and_its_tries_beside_what_goes_on(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(10)
    alone, both = town.sent("one"), town.sent(["one", "two"])
    one.answers += [AWAY] * 100
    worker = town.worker()
    for _ in range(3):
        worker.sms.dispatch()
        town.clock.tick(SHORTEST_PAUSE / 3)
    assert town.states(both) == {"accepted": 10}
    assert town.states(alone) == {"queued": 10}
    jobs = town.hub.as_system(reason="look").jobs.list("sms.one", state="queued")
    # One group was tried; nothing else was.
    assert sum(job.attempts for job in jobs) <= 8


def test_a_gateway_that_is_gone_passes_its_batches_on(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(3)
    id_ = town.sent(["one", "two"])
    del town.gateways["one"]
    town.worker().sms.dispatch()
    assert town.states(id_) == {"accepted": 3}
    assert len(two.batches) == 3


def test_what_was_at_all_gateways_waits_for_a_person(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])
    one.answers += [stopped] * 3
    two.answers += [AWAY] * 30
    finish(town, 200)
    (job,) = town.me.jobs.list("sms.two", state="parked")
    view = town.me.jobs.get("sms.two", job.id)
    assert view.reason == "sms.exhausted"
    assert view.hint
    assert len(one.batches) == 1
    two.answers.clear()
    town.you.sms.resume(id_)
    town.worker().sms.dispatch()
    assert town.states(id_) == {"accepted": 1}


def test_a_certificate_that_cannot_be_trusted_is_why_a_batch_waits_and_a_person_starts_it_anew(
    fleet,
):
    one = gateway()
    town = fleet(one=one)
    town.people(1)
    id_ = town.sent("one")
    one.answers += [Unavailable("http.untrusted", why="expired")] * 30
    finish(town, 200)
    (job,) = town.me.jobs.list("sms.one", state="parked")
    view = town.me.jobs.get("sms.one", job.id)
    assert view.reason == "http.untrusted"
    assert "certificate" in view.hint
    # It has all its attempts again, not one more.
    one.answers.clear()
    one.answers += [AWAY] * 2
    town.you.sms.resume(id_)
    finish(town, 40)
    assert town.states(id_) == {"accepted": 1}


def test_each_gateway_of_a_route_sends_by_its_own_template(fleet):
    rules = {"templates": "required", "phones_per_call": 5}
    made = {"one": gateway(**rules), "two": gateway(**rules), "three": gateway(phones_per_call=5)}
    town = fleet(**made)
    town.people(12)
    text = {"text": "请立即拨打${phone}。", "name": "卒中", "organization": town.org}
    ids = [
        town.me.templates.add(gateway=name, code=code, **text).id
        for name, code in (("one", "SMS_1"), ("two", "7"))
    ]
    one, two, three = made.values()
    town.sent({"one": 1, "two": 1, "three": 0}, template=ids)
    one.answers += [stopped] * 9
    finish(town, 10)
    assert {batch.template for batch in one.batches} == {"SMS_1"}
    assert {(batch.template, batch.parameters) for batch in two.batches} == {
        ("7", (("phone", "120"),))
    }
    # What went on to where no template is needed has none.
    assert {batch.template for batch in three.batches} <= {""}
    took = got(two, three)
    assert (sum(took.values()), set(took.values())) == (12, {1})
    # Where one of them has none that fits, all goes through the other.
    town.me.templates.withdraw(ids[0], reason="no longer approved there")
    id_ = town.approved({"one": 1, "two": 1})
    shares = {leg.gateway: leg.recipients for leg in town.me.sms.plan(id_).gateways}
    assert shares == {"one": 0, "two": 12}


def test_an_account_that_is_stopped_at_the_last_keeps_nothing_else_waiting(fleet):
    one, two = gateway(phones_per_call=2), gateway()
    town = fleet(one=one, two=two)
    town.people(4)
    id_ = town.sent({"two": 1, "one": 1})
    shares = {leg.gateway: leg.recipients for leg in town.me.sms.plan(id_).gateways}
    two.answers += [stopped] * 4
    one.answers += [stopped] * 4
    finish(town, 40)
    parked = town.me.jobs.list("sms.one", state="parked") + town.me.jobs.list(
        "sms.two", state="parked"
    )
    assert {job.group for job in parked} == {id_}
    two.answers.clear()
    one.answers.clear()
    town.you.sms.resume(id_)
    finish(town, 3)
    assert town.states(id_) == {"accepted": 4}
    assert set(shares) == {"one", "two"}
    assert set(got(one, two).values()) <= {1, 2, 3}


def test_pause_resume_and_cancel_reach_all_queues(fleet):
    one, two = gateway(), gateway()
    town = fleet(one=one, two=two)
    town.people(30)
    id_ = town.sent({"one": 1, "two": 1})
    town.you.sms.pause(id_)
    worker = town.worker()
    assert worker.sms.dispatch().claimed == 0
    town.you.sms.resume(id_)
    assert worker.sms.dispatch(limit=4).claimed == 4
    town.you.sms.cancel(id_)
    assert worker.sms.dispatch().claimed == 0
    assert town.states(id_) == {"accepted": 4, "dropped": 26}


def test_what_is_passed_on_counts_once_and_takes_more_quota_only_where_there_is_room(fleet):
    one, two = gateway(phones_per_call=2), gateway(phones_per_call=2)
    town = fleet(one=one, two=two)
    town.people(2)
    town.me.sms_policies.set(town.org, quota_day=2)
    id_ = town.sent(["one", "two"])
    one.answers.append(stopped)
    finish(town, 2)
    assert town.states(id_) == {"accepted": 2}
    (line,) = town.me.sms.plan(id_).quota
    assert (line.used, line.reserved) == (2, 0)


def test_a_receipt_finds_its_message_by_the_gateway_that_took_it(fleet):
    from tianfu_sdk.model.sms import SmsReceipt

    one, two = gateway(receipts=("pull",)), gateway(receipts=("pull",))
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])
    one.answers.append(stopped)
    finish(town, 2)
    (batch,) = two.batches
    said = f"{batch.reference}:{batch.recipients[0].ref}"
    one.receipts.append(SmsReceipt(provider_id=said, state="failed"))
    worker = town.worker()
    worker.sms.poll()
    assert town.states(id_) == {"accepted": 1}
    two.receipts.append(SmsReceipt(provider_id=said, state="delivered"))
    worker.sms.poll()
    assert town.states(id_) == {"delivered": 1}


def test_what_is_sent_again_to_a_gateway_that_dedupes_never_goes_elsewhere(fleet):
    # It may have gone out before; that the account is stopped now says nothing of that.
    one, two = gateway(dedupes=True), gateway()
    town = fleet(one=one, two=two)
    town.people(1)
    id_ = town.sent(["one", "two"])

    class Dies(BaseException):
        pass

    one.answers.append(Dies())
    with pytest.raises(BaseException):  # noqa: B017, PT011 - as a killed worker
        town.worker().sms.dispatch()
    town.clock.tick(timedelta(minutes=10))
    one.answers += [stopped] * 2
    finish(town, 60)
    assert two.batches == []
    assert town.states(id_) == {"accepted": 1}
    assert len({batch.reference for batch in one.batches}) == 1
    assert not any(isinstance(answer, Unavailable) for answer in one.answers)
