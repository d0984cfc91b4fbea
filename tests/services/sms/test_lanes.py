"""Many workers on one store: rates, breakers and sessions are theirs together."""

import threading
from collections import Counter
from datetime import timedelta

import pytest

from tianfu_sdk.backends.outbox_memory import MemoryGateway, accept
from tianfu_sdk.core.sms.limits import SHORTEST_PAUSE, TRIPS_AT
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound, PluginError, Unavailable
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.sms import (
    CampaignState,
    ErrorClass,
    Pace,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
)
from tianfu_sdk.model.storage import JobState
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import FrozenClock

WHOLE_DAY = {"window_start": "00:00", "window_end": "00:00"}
AWAY = Unavailable("http.not_sent", why="x")


def gateway(cls=MemoryGateway, **more):
    fields = {"name": "test", "shape": "session", "phones_per_call": 1, "real": False}
    return cls(SmsCapabilities(**fields | more))


class Offer:
    tianfu_api = 1

    def __init__(self, gateways):
        self.gateways = gateways

    @hookimpl
    def tianfu_register_sms(self, register):
        for name, made in self.gateways.items():
            register(name, lambda _, made=made: made)


class Fleet:
    """Several hubs on one SQLite file, as workers on several machines are."""

    def __init__(self, folder, clock=None, settings=None, **gateways):
        self.url = f"sqlite:///{folder}/kepu.db"
        self.clock = clock or FrozenClock()
        self.settings = {"sms": WHOLE_DAY, **(settings or {})}
        self.gateways = gateways
        self.hubs = []
        self.hub = self.open()
        first = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.org = first.organization
        self.me = self.hub.as_(first.id)
        second = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(second.id, ["*"], region="510000")
        self.you = self.hub.as_(second.id)
        self.phones = 0

    def open(self, **gateways):
        hub = Hub.open(
            self.url,
            settings=self.settings,
            clock=self.clock,
            plugins=[Offer(self.gateways | gateways)],
            discover=False,
        )
        self.hubs.append(hub)
        return hub

    def worker(self, **gateways):
        """A hub of its own, with its own session of each gateway."""
        return self.open(**gateways).as_system(reason="worker")

    def people(self, count):
        rows = [
            {
                "phone": f"138{self.phones + n:08d}",
                "organization": self.org,
                "consents": [Consent()],
            }
            for n in range(count)
        ]
        self.phones += count
        self.me.subscribers.add_many(rows)

    def approved(self, name="test", **more):
        campaign = self.me.sms.compose(
            title="卒中防治",
            organization=self.org,
            texts={"zh": "请立即拨打120。"},
            signature="四川科普",
            gateway=name,
            **more,
        )
        self.you.sms.approve(campaign.id)
        return campaign.id

    def sent(self, name="test", **more):
        id_ = self.approved(name, **more)
        self.you.sms.send(id_)
        return id_

    def states(self, id_):
        return dict(self.me.sms.status(id_))

    def lane(self, name="test"):
        return next(one for one in self.hub.sms.health().lanes if one.gateway == name)

    def close(self):
        for hub in self.hubs:
            hub.close()


@pytest.fixture
def fleet(tmp_path):
    made = []

    def fleet(**more):
        made.append(Fleet(tmp_path, **more))
        return made[-1]

    yield fleet
    for one in made:
        one.close()


# Rates.


class Watched(MemoryGateway):
    """Notes when what was submitted, by the clock of the test."""

    clock = FrozenClock()

    def submit(self, batch):
        said = super().submit(batch)
        self.times = [*getattr(self, "times", []), (self.clock.now(), len(batch.recipients))]
        return said


@pytest.mark.parametrize(("rate", "burst"), [(10, 1.0), (3, 2.0)])
def test_eight_workers_together_send_no_faster_than_one_may(fleet, rate, burst):
    made = gateway(Watched, phones_per_call=2, pace=Pace(messages=rate, burst=burst))
    town = fleet(test=made)
    made.clock = town.clock
    town.people(30)
    id_ = town.sent()
    workers = [town.worker() for _ in range(8)]
    begun = town.clock.now()
    seconds = 0
    while town.states(id_).get("accepted", 0) < 30:
        threads = [threading.Thread(target=worker.sms.dispatch) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        went = sum(len(batch.recipients) for batch in made.batches)
        assert went <= rate * seconds + rate * burst
        town.clock.tick(timedelta(seconds=0.5))
        seconds = (town.clock.now() - begun).total_seconds()
        assert seconds < 60
    assert Counter(r.phone for b in made.batches for r in b.recipients).most_common(1)[0][1] == 1
    # Together they are not slower either.
    assert seconds <= (30 - rate * burst) / rate + 1.5


def test_calls_are_limited_as_messages_are(fleet):
    made = gateway(phones_per_call=5, pace=Pace(calls=2))
    town = fleet(test=made)
    town.people(30)
    town.sent()
    worker = town.worker()
    report = worker.sms.dispatch()
    assert report.claimed == 2
    assert 0 < report.wait <= 0.51
    town.clock.tick(timedelta(seconds=1))
    assert worker.sms.dispatch().claimed == 2


def test_the_settings_of_a_deployment_win(fleet):
    town = fleet(
        test=gateway(pace=Pace(messages=1000)), settings={"gateways": {"test": {"messages": 2}}}
    )
    town.people(9)
    town.sent()
    assert town.worker().sms.dispatch().claimed == 2


@pytest.mark.parametrize("table", [{"messages": -1}, {"sessions": 1.5}, {"speed": 3}])
def test_settings_that_are_none_are_refused(table):
    with pytest.raises(Invalid) as caught:
        Hub.open("memory:", settings={"gateways": {"test": table}}, discover=False)
    assert caught.value.path.startswith("gateways.test.")


def test_a_limited_gateway_keeps_no_other_waiting(fleet):
    town = fleet(slow=gateway(pace=Pace(messages=1)), fast=gateway())
    town.people(20)
    slow, fast = town.sent("slow"), town.sent("fast")
    report = town.worker().sms.dispatch()
    assert report.claimed == 21
    assert town.states(fast) == {"accepted": 20}
    assert town.states(slow) == {"accepted": 1, "queued": 19}
    assert report.wait == pytest.approx(1, abs=0.01)


def test_an_emergency_goes_first_through_a_limited_gateway(fleet, monkeypatch):
    town = fleet(test=gateway(pace=Pace(messages=1)))
    town.people(3)
    usual = town.sent()
    monkeypatch.setattr("tianfu_sdk.services.sms.outbox._USUAL", 0)
    urgent = town.sent()
    town.worker().sms.dispatch()
    assert town.states(urgent) == {"accepted": 1, "queued": 2}
    assert town.states(usual) == {"queued": 3}


class Slow(MemoryGateway):
    """A gateway whose calls last until they are let go."""

    def __init__(self, capabilities):
        super().__init__(capabilities)
        self.called = threading.Event()
        self.go = threading.Event()

    def submit(self, batch):
        self.called.set()
        assert self.go.wait(30)
        return super().submit(batch)


def test_a_call_that_lasts_keeps_no_other_gateway_waiting(fleet):
    slow, fast = gateway(Slow), gateway()
    town = fleet(slow=slow, fast=fast)
    town.people(1)
    town.sent("slow")
    worker = town.worker()
    reports = []
    thread = threading.Thread(target=lambda: reports.append(worker.sms.dispatch()))
    thread.start()
    try:
        assert slow.called.wait(20)
        # Queued while the other is on its way: found within a second or so.
        town.sent("fast")
        for _ in range(200):
            if fast.batches:
                break
            threading.Event().wait(0.05)
        assert len(fast.batches) == 1
        assert slow.batches == []
    finally:
        slow.go.set()
        thread.join()
    assert (reports[0].claimed, reports[0].accepted) == (2, 2)


def test_told_to_stop_it_claims_no_more_and_settles_what_is_on_its_way(fleet):
    slow = gateway(Slow)
    town = fleet(test=slow)
    town.people(20)
    id_ = town.sent()
    worker, stop, reports = town.worker(), threading.Event(), []
    thread = threading.Thread(target=lambda: reports.append(worker.sms.dispatch(stop=stop.is_set)))
    thread.start()
    try:
        assert slow.called.wait(20)
        stop.set()
    finally:
        slow.go.set()
        thread.join()
    assert reports[0].claimed == 8
    assert town.states(id_) == {"accepted": 8, "queued": 12}


def test_a_gateway_that_is_not_here_any_more_leaves_its_batches_to_a_person(fleet):
    town = fleet(test=gateway())
    town.people(2)
    id_ = town.sent()
    town.gateways.clear()
    assert town.worker().sms.dispatch().claimed == 2
    (first, _) = town.me.jobs.list("sms.test", state="parked")
    view = town.me.jobs.get("sms.test", first.id)
    assert (view.reason, view.group, view.held) == ("plugin.unknown", id_, False)
    assert view.hint
    with pytest.raises(PluginError):
        town.worker().sms.poll("test")


# The breaker.


def test_a_gateway_that_fails_is_left_alone_by_all_and_probed_by_one(fleet):
    made = gateway()
    town = fleet(test=made)
    town.people(30)
    id_ = town.sent()
    made.answers += [AWAY] * 16
    one, two = town.worker(), town.worker()
    one.sms.dispatch()
    assert town.lane().breaker == "open"
    calls = len(made.batches)
    assert TRIPS_AT <= calls <= 8
    report = two.sms.dispatch()
    assert (report.claimed, len(made.batches)) == (0, calls)
    assert report.wait == pytest.approx(SHORTEST_PAUSE.total_seconds())
    town.clock.tick(SHORTEST_PAUSE)
    made.answers.clear()
    made.answers.append(AWAY)
    assert one.sms.dispatch().claimed == 1
    assert two.sms.dispatch().claimed == 0
    assert len(made.batches) == calls + 1
    town.clock.tick(2 * SHORTEST_PAUSE)
    for _ in range(9):
        two.sms.dispatch()
        town.clock.tick(timedelta(minutes=1))
    assert town.states(id_) == {"accepted": 30}
    assert (town.lane().breaker, town.lane().until) == ("closed", None)
    breakers = [e for e in one.events if e.type == "sms.breaker"]
    assert [e.data["breaker"] for e in breakers] == ["open", "closed"]


def test_a_failing_gateway_uses_up_no_batchs_tries_while_it_is_left_alone(fleet):
    made = gateway()
    town = fleet(test=made)
    town.people(1)
    town.sent()
    made.answers += [AWAY] * 100
    worker = town.worker()
    for _ in range(60):
        worker.sms.dispatch()
        town.clock.tick(timedelta(seconds=1))
    assert len(made.batches) <= 8
    assert town.me.jobs.list("sms.test", state="parked") == []


def test_who_resumes_a_campaign_has_its_gateway_tried_at_once(fleet):
    made = gateway()
    town = fleet(test=made)
    town.people(2)
    id_ = town.sent()

    def stopped(batch):
        error = ErrorClass.STOP_CHANNEL
        return [SmsResult(ref=r.ref, status="rejected", error=error) for r in batch.recipients]

    made.answers += [stopped, stopped]
    worker = town.worker()
    worker.sms.dispatch()
    assert town.lane().breaker == "open"
    town.clock.tick(timedelta(minutes=1))
    assert worker.sms.dispatch().claimed == 0
    town.you.sms.resume(id_)
    assert worker.sms.dispatch().claimed == 2
    assert town.states(id_) == {"accepted": 2}
    assert town.lane().breaker == "closed"


def test_workers_that_book_at_once_do_it_again_instead_of_failing(fleet, monkeypatch):
    from tianfu_sdk.services.sms import claiming

    town = fleet(test=gateway(pace=Pace(messages=100)))
    town.people(3)
    id_ = town.sent()
    real, tries = claiming.book, []

    def quicker(work, booking, **more):
        tries.append(1)
        if len(tries) < 3:
            raise Conflict("storage.version", path="lane", ids=("test",), kind="lane")
        real(work, booking, **more)

    monkeypatch.setattr(claiming, "book", quicker)
    assert town.worker().sms.dispatch().claimed == 3
    assert town.states(id_) == {"accepted": 3}


def test_a_receipt_that_is_quicker_than_the_answer_is_settled_over(fleet):
    made = gateway(phones_per_call=2)
    town = fleet(test=made)
    town.people(2)
    id_ = town.sent()
    worker = town.worker()

    def quick(batch):
        first = batch.recipients[0].ref
        made.receipts = [SmsReceipt(reference=batch.reference, ref=first, state="delivered")]
        worker.sms.poll("test")
        return accept(batch)

    made.answers.append(quick)
    assert worker.sms.dispatch().claimed == 1
    assert town.states(id_) == {"accepted": 1, "delivered": 1}


# Sessions.


class Session(MemoryGateway):
    """Counts how many sessions there are at once, as an operator does."""

    open_now: set = set()
    most = 0

    def connect(self):
        self.open_now.add(id(self))
        Session.most = max(Session.most, len(self.open_now))

    def close(self):
        self.open_now.discard(id(self))


@pytest.fixture
def sessions():
    Session.open_now, Session.most = set(), 0
    return lambda: gateway(Session, pace=Pace(sessions=2), receipts=("pull",))


def test_workers_hold_no_more_sessions_than_the_operator_allows(fleet, sessions):
    town = fleet(test=sessions())
    town.people(40)
    id_ = town.sent()
    workers = [town.worker(test=sessions()) for _ in range(5)]
    taken = [worker.sms.dispatch(limit=8).claimed for worker in workers]
    assert sorted(taken) == [0, 0, 0, 8, 8]
    assert (town.lane().sessions, Session.most) == (2, 2)
    assert [worker.sms.poll("test") for worker in workers] == [0] * 5
    assert Session.most == 2
    for worker in workers:
        worker.sms.dispatch()
    assert town.states(id_) == {"accepted": 40}
    assert Session.most == 2


def test_a_session_that_is_closed_is_free_at_once(fleet, sessions):
    town = fleet(test=sessions())
    town.people(3)
    town.sent()
    first, second, third = (town.open(test=sessions()) for _ in range(3))
    for hub in (first, second):
        hub.as_system(reason="worker").sms.dispatch(limit=1)
    worker = third.as_system(reason="worker")
    assert worker.sms.dispatch(limit=1).claimed == 0
    first.close()
    assert len(Session.open_now) == 1
    assert worker.sms.dispatch(limit=1).claimed == 1


def test_the_session_of_a_worker_that_died_comes_back_when_its_time_is_over(fleet, sessions):
    town = fleet(test=sessions())
    town.people(20)
    town.sent()
    dead, other, third = (town.worker(test=sessions()) for _ in range(3))
    dead.sms.dispatch(limit=1)
    other.sms.dispatch(limit=1)
    town.clock.tick(timedelta(seconds=119))
    assert other.sms.dispatch(limit=1).claimed == 1  # keeps its own
    assert third.sms.dispatch(limit=1).claimed == 0
    town.clock.tick(timedelta(seconds=2))
    assert third.sms.dispatch(limit=1).claimed == 1
    # Whoever was only asleep ends its session before it goes on.
    before = len(Session.open_now)
    assert dead.sms.dispatch(limit=1).claimed == 0
    assert len(Session.open_now) == before - 1


# A person.


def test_a_person_says_what_became_of_unknown_batches(fleet):
    made = gateway(phones_per_call=2)
    town = fleet(test=made)
    town.people(6)
    id_ = town.sent()
    made.answers += [ValueError()] * 3
    worker = town.worker()
    assert worker.sms.dispatch().unknown == 6
    first, second, third = town.me.sms.unknown(id_)
    assert (len(first.subscribers), first.parts, first.gateway) == (2, 2, "test")
    with pytest.raises(Invalid, match=r"hub\.no_reason"):
        town.me.sms.resolve(id_, first.batch, sent=True, reason=" ")
    town.me.sms.resolve(id_, first.batch, sent=True, reason="运营方确认")
    after = town.me.sms.resolve(id_, second.batch, sent=False, reason="运营方无记录")
    assert after.state is CampaignState.SENDING
    one, other = third.subscribers
    town.me.sms.resolve(id_, third.batch, sent=False, reason="x", only=[one])
    town.clock.tick(timedelta(minutes=5))
    worker.sms.dispatch()
    assert town.states(id_) == {"accepted": 5, "unknown": 1}
    assert [u.subscribers for u in town.me.sms.unknown(id_)] == [(other,)]
    sent = Counter(r.ref for b in made.batches for r in b.recipients)
    assert sorted(sent.values()) == [1, 1, 1, 2, 2, 2]
    assert len({b.reference for b in made.batches}) == 5
    assert town.me.sms.get(id_).state is CampaignState.SENT
    lines = [a for a in town.me.audit.find(subject=id_) if a.action == "campaign.resolved"]
    assert sorted((a.reason, a.data["sent"], a.data["count"]) for a in lines) == [
        ("x", False, 1),
        ("运营方无记录", False, 2),
        ("运营方确认", True, 2),
    ]
    assert len(town.me.jobs.list("sms.test", state="parked")) == 1
    with pytest.raises(NotFound, match=r"sms\.no_unknown"):
        town.me.sms.resolve(id_, first.batch, sent=True, reason="x")


def test_who_may_not_send_may_not_say_what_became_of_it_either(fleet):
    town = fleet(test=gateway())
    town.people(1)
    id_ = town.sent()
    town.gateways["test"].answers.append(ValueError())
    town.worker().sms.dispatch()
    made = town.me.accounts.create(organization=town.org)
    town.me.accounts.grant(made.id, ["read"], region="510000")
    reader = town.hub.as_(made.id)
    (one,) = reader.sms.unknown(id_)
    with pytest.raises(Denied):
        reader.sms.resolve(id_, one.batch, sent=True, reason="x")


def test_an_unknown_batch_that_is_released_waits_again(fleet):
    town = fleet(test=gateway())
    town.people(1)
    id_ = town.sent()
    town.gateways["test"].answers.append(ValueError())
    worker = town.worker()
    worker.sms.dispatch()
    (job,) = town.me.jobs.list("sms.test", state="parked")
    assert town.me.jobs.release("sms.test", [job.id]) == 1
    worker.sms.dispatch()
    (again,) = town.me.jobs.list("sms.test", state="parked")
    assert again.reason == "sms.unknown"
    assert len(town.gateways["test"].batches) == 1
    assert town.states(id_) == {"unknown": 1}


def test_a_late_receipt_ends_the_waiting_of_an_unknown_batch(fleet):
    made = gateway(receipts=("pull",))
    town = fleet(test=made)
    town.people(1)
    id_ = town.sent()
    made.answers.append(ValueError())
    worker = town.worker()
    worker.sms.dispatch()
    (batch,) = made.batches
    made.receipts = [
        SmsReceipt(reference=batch.reference, ref=batch.recipients[0].ref, state="delivered")
    ]
    worker.sms.poll("test")
    worker.sms.dispatch()
    assert town.states(id_) == {"delivered": 1}
    assert town.me.jobs.list("sms.test", state="parked") == []


def test_jobs_of_a_campaign_are_not_dropped_without_their_messages(fleet):
    town = fleet(test=gateway())
    town.people(1)
    id_ = town.sent()
    with pytest.raises(Invalid, match=r"job\.campaign"):
        town.me.jobs.drop("sms.test", id_)
    assert town.me.jobs.queues() == ["sms.test"]
    town.you.sms.pause(id_)
    (job,) = town.me.jobs.list("sms.test")
    view = town.me.jobs.get("sms.test", job.id)
    assert (view.held, view.state, view.reason) == (True, JobState.QUEUED, "")
    with pytest.raises(NotFound):
        town.me.jobs.get("sms.test", job.id + 1)


# What the worker does besides.


class Death(BaseException):
    """The process dies."""


def test_a_send_that_died_half_way_is_taken_up_when_its_time_is_over(fleet, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.filling.CHUNK", 2)
    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 4)
    town = fleet(test=gateway())
    town.people(10)
    id_ = town.approved()
    from tianfu_sdk.services.sms import outbox

    real, calls = outbox.enqueue, []

    def dies(*args):
        calls.append(args)
        if len(calls) == 3:
            raise Death
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "enqueue", dies)
        with pytest.raises(Death):
            town.you.sms.send(id_)
    worker = town.worker()
    assert worker.sms.finish_sends() == 0  # it might be going on
    town.clock.tick(timedelta(seconds=121))
    assert worker.sms.finish_sends() == 1
    assert worker.sms.finish_sends() == 0
    assert town.me.sms.get(id_).queued == 10
    worker.sms.dispatch()
    assert town.states(id_) == {"accepted": 10}
    assert len(town.gateways["test"].batches) == 10


def test_finished_batches_are_forgotten_after_their_days_and_figures_stay(fleet):
    town = fleet(test=gateway(), settings={"sms": WHOLE_DAY | {"done_days": 7}})
    town.people(3)
    id_ = town.sent()
    worker = town.worker()
    worker.sms.dispatch()
    town.clock.tick(timedelta(days=6))
    assert worker.sms.purge() == 0
    town.clock.tick(timedelta(days=2))
    assert worker.sms.purge() == 3
    assert town.me.jobs.list("sms.test") == []
    assert town.states(id_) == {"accepted": 3}
