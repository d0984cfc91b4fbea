"""The whole line of science SMS: compose, plan, approve, send, receipts, report."""

import contextlib
import json
import logging
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import attrs
import pytest

from tianfu_sdk.backends.outbox_memory import MemoryGateway, accept
from tianfu_sdk.errors import (
    Ambiguous,
    Conflict,
    CryptoError,
    Denied,
    Invalid,
    NotFound,
    PluginError,
    RateLimited,
    Unavailable,
    Unsupported,
)
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    CampaignState,
    ErrorClass,
    Inbound,
    QueryAnswer,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
    Window,
)
from tianfu_sdk.model.storage import JobState
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)  # 12:00 in China
TEXT = "突然口角歪斜、手臂无力、言语不清，请立即拨打120。"
SESSION = SmsCapabilities(
    name="test",
    shape="session",
    phones_per_call=3,
    receipts=("pull",),
    inbound=True,
    real=False,
)


class Offer:
    """A plugin that offers gateways that a test holds in its hands."""

    tianfu_api = 1

    def __init__(self, **gateways):
        self.gateways = gateways

    @hookimpl
    def tianfu_register_sms(self, register):
        for name, gateway in self.gateways.items():
            register(name, lambda _, made=gateway: made)


class HttpGateway:
    """A gateway of the HTTP shape, as a vendor's would be."""

    def __init__(self, **more):
        fields = {"name": "http", "shape": "http", "phones_per_call": 3, "real": False}
        self.capabilities = SmsCapabilities(**fields | {"receipts": ("push",)} | more)

    def request(self, batch):
        if "不可发" in batch.text:
            raise Unsupported("text.no_conversion")
        return self._ask("send", batch)

    def query(self, batch):
        return self._ask("query", batch)

    def answer(self, batch, response):
        return QueryAnswer(results=self.result(batch, response))

    def _ask(self, verb, batch):
        to = {r.ref: r.phone for r in batch.recipients}
        body = json.dumps({"to": to, "reference": batch.reference}).encode()
        return HttpRequest(method="POST", url=f"http://gateway.test/{verb}", body=body)

    def result(self, batch, response):
        if response.status != 200:
            return []
        said = json.loads(response.body)
        return [
            SmsResult(ref=r.ref, status=said[r.ref], provider_id=f"p-{r.ref}")
            for r in batch.recipients
        ]

    def callback(self, request):
        if request.headers.get("x-secret") != "right":
            raise Denied("sms.callback_forged")
        said = json.loads(request.body)
        return CallbackResult(
            receipts=tuple(SmsReceipt(**r) for r in said.get("receipts", ())),
            inbound=tuple(Inbound(**i) for i in said.get("inbound", ())),
            response=HttpResponse(status=200, body=b"OK"),
        )


class Wire:
    """A transport that answers as it is told and keeps what was sent."""

    def __init__(self):
        self.requests = []
        self.answers = []

    def send(self, request, *, timeout):
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        if answer is not None:
            return answer
        to = json.loads(request.body)["to"]
        return HttpResponse(status=200, body=json.dumps(dict.fromkeys(to, "accepted")).encode())

    def close(self):
        pass


class Line:
    """A hub with an association, an editor, an approver, and gateways to hand."""

    def __init__(self, way, session=SESSION, *, http=None, **settings):
        self.way = way
        self.url = way.url
        self.clock = FrozenClock(NOON)
        self.ids = CountingIds()
        self.gateway = MemoryGateway(session)
        self.http = HttpGateway(**(http or {}))
        self.wire = Wire()
        self.settings = settings
        self.hub = self.open()
        account = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.org = account.organization
        self.me = self.hub.as_(account.id)
        self.you = self.account("*")
        self.system = self.hub.as_system(reason="worker")
        self.phones = []

    def open(self):
        return self.way.open(
            settings=self.settings,
            clock=self.clock,
            ids=self.ids,
            plugins=[Offer(test=self.gateway, http=self.http)],
            transport=self.wire,
        )

    def account(self, *actions, **place):
        made = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(made.id, actions, **(place or {"region": "510000"}))
        return self.hub.as_(made.id)

    def people(self, count, **more):
        start = len(self.phones)
        fields = {"organization": self.org, "consents": [Consent()]} | more
        rows = [{"phone": f"1380000{start + n:04d}", **fields} for n in range(count)]
        self.phones += [row["phone"] for row in rows]
        return [s.id for s in self.me.subscribers.add_many(rows)]

    def compose(self, **more):
        fields = {
            "title": "卒中防治",
            "organization": self.org,
            "texts": {"zh-Hans": TEXT},
            "signature": "四川科普",
            "gateway": "test",
        }
        return self.me.sms.compose(**fields | more)

    def sent(self, **more):
        """Bring a campaign as far as the outbox."""
        campaign = self.compose(**more)
        self.you.sms.approve(campaign.id)
        return self.you.sms.send(campaign.id)

    def states(self, campaign):
        return dict(self.me.sms.status(campaign.id))

    def told(self, type_):
        return [e for e in self.system.events if e.type == type_]

    def emergency(self, *, drill=False):
        """Put an emergency report into the store, as its desk does."""
        from tianfu_sdk.core.rows.kinds import EMERGENCY
        from tianfu_sdk.model.emergency import EmergencyReport, Level
        from tianfu_sdk.services.desk.work import Work

        def body(tx):
            work = Work(self.me._tools, self.me._actor, tx)
            report = EmergencyReport(
                id=work.new_id(EMERGENCY),
                title="地震",
                event_type="earthquake",
                region="510000",
                organization=self.org,
                level=next(iter(Level)),
                happened_at=NOON,
                drill=drill,
            )
            _, placed = work.placed(self.org, "510000")
            return work.put(EMERGENCY, report, placed).id

        return self.me._tools.store.run(body, write=True)

    def sentence(self):
        """Give how often each phone was submitted to the gateway in the hand."""
        return Counter(r.phone for b in self.gateway.batches for r in b.recipients)


@pytest.fixture
def line(way):
    return Line(way)


@pytest.fixture
def quick(quickly):
    return Line(quickly)


# The whole line.


def test_from_composing_to_the_report(line):
    line.people(5)
    line.people(2, language="bo")
    line.people(1, consents=[])
    campaign = line.compose(texts={"zh-CN": TEXT, "bo": "གློག་རྒྱུག་པ་"})
    plan = line.me.sms.plan(campaign.id)
    assert (plan.recipients, plan.batches, plan.parts) == (7, 3, 7)
    assert plan.by_language == {"zh-Hans": 5, "bo": 2}
    assert [(e.reason, e.count) for e in plan.exclusions] == [("no_consent", 1)]
    assert (plan.not_before, plan.reason, plan.cost) == (NOON, "", 7 * 45)
    approved = line.you.sms.approve(campaign.id)
    assert (approved.planned, approved.cost) == (7, 7 * 45)
    sending = line.you.sms.send(campaign.id)
    assert (sending.state, sending.queued) == (CampaignState.SENDING, 7)
    assert line.states(campaign) == {"queued": 7}
    assert line.hub.sms.health().queued == 3
    report = line.system.sms.dispatch()
    assert (report.claimed, report.accepted) == (3, 7)
    assert line.me.sms.get(campaign.id).state is CampaignState.SENT
    batch = line.gateway.batches[0]
    line.gateway.receipts = [
        SmsReceipt(reference=batch.reference, ref=r.ref, state="delivered")
        for r in batch.recipients
    ]
    assert line.system.sms.poll("test") == len(batch.recipients)
    final = line.me.sms.report(campaign.id)
    delivered = len(batch.recipients)
    assert final.by_state == {"accepted": 7 - delivered, "delivered": delivered}
    assert (final.by_language, final.parts, final.cost) == (plan.by_language, 7, 315)
    assert {b.text[-6:] for b in line.gateway.batches} == {"拒收请回复R"}
    assert sorted(line.sentence()) == [f"+86{phone}" for phone in line.phones[:7]]


class Undone(Exception):
    """What a store throws away before it calls again."""


@pytest.fixture
def twice(quickly, monkeypatch):
    """A store that calls everything twice, as one that failed to serialise does."""
    from tianfu_sdk.backends.memory import MemoryStore

    real = MemoryStore.run

    def run(self, fn, *, write):
        def undone(tx):
            fn(tx)
            raise Undone

        with contextlib.suppress(Undone):
            real(self, undone, write=write)
        return real(self, fn, write=write)

    made = Line(quickly)
    monkeypatch.setattr(MemoryStore, "run", run)
    yield made
    monkeypatch.undo()
    made.hub.close()


def test_the_line_is_the_same_when_transactions_are_called_twice(twice, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 4)
    monkeypatch.setattr("tianfu_sdk.services.sms.filling.CHUNK", 3)
    people = twice.people(11)
    campaign = twice.sent()
    assert campaign.queued == 11
    twice.gateway.inbound = [Inbound(phone=twice.phones[0], text="R")]
    twice.system.sms.poll("test")
    twice.gateway.answers.append(
        lambda batch: [SmsResult(ref=r.ref, status="deferred") for r in batch.recipients]
    )
    report = twice.system.sms.dispatch()
    # Whatever is not full goes with each part that is put in.
    assert report.claimed == 5
    twice.clock.tick(timedelta(minutes=1))
    twice.system.sms.dispatch()
    assert twice.states(campaign) == {"accepted": 10, "dropped": 1}
    twice.gateway.receipts = [
        SmsReceipt(provider_id=f"{b.reference}:{r.ref}", state="delivered")
        for b in twice.gateway.batches[1:]
        for r in b.recipients
    ]
    twice.system.sms.poll("test")
    assert twice.states(campaign) == {"delivered": 10, "dropped": 1}
    assert sum(e.data["count"] for e in twice.told("sms.delivered")) == 10
    assert len(list(twice.me.sms.exclusions(campaign.id, "opted_out"))) == 1
    assert len(people) == 11


def test_events_and_audit_follow_the_line_with_counts_only(quick):
    quick.people(4)
    campaign = quick.sent()
    quick.system.sms.dispatch()
    types = [e.type for e in quick.system.events if e.subject == campaign.id]
    assert types == [
        "campaign.composed",
        "campaign.approved",
        "campaign.queued",
        "sms.queued",
        "sms.accepted",
        "campaign.sent",
    ]
    told = quick.told("sms.accepted")[0]
    assert (told.organization, told.region, dict(told.data)) == (
        quick.org,
        "510000",
        {"count": 4, "parts": 4},
    )
    actions = [a.action for a in quick.me.audit.find(subject=campaign.id, limit=100)]
    assert {"campaign.composed", "campaign.approved", "campaign.queued"} <= set(actions)


def test_nothing_in_the_folder_logs_events_or_errors_has_a_phone(filed, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    line = Line(filed)
    line.people(4)
    campaign = line.sent(gateway="file")
    other = line.sent()
    line.gateway.answers.append(Ambiguous("http.no_answer", why="x"))
    line.gateway.answers.append(ValueError(f"bad phone {line.phones[0]}"))
    line.gateway.inbound = [Inbound(phone=line.phones[0], text="TD 我是张三")]
    line.system.sms.dispatch()
    line.system.sms.poll()
    said = [repr(b) for b in line.gateway.batches] + [caplog.text]
    said += [repr(e) for e in line.system.events]
    said += [repr(a) for a in line.me.audit.find(limit=500)]
    said += [repr(line.me.sms.get(c.id)) for c in (campaign, other)]
    with pytest.raises(Conflict) as caught:
        line.me.subscribers.create(phone=line.phones[0], organization=line.org)
    said += [json.dumps([str(caught.value), repr(caught.value), caught.value.values])]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"kepu.db", "kepu.db-wal"} <= {path.name for path in files}
    assert any(path.suffix == ".jsonl" for path in files)
    assert line.states(campaign) == {"delivered": 4}
    for needle in [*line.phones, "张三"]:
        for path in files:
            assert needle.encode() not in path.read_bytes(), path.name
        assert not any(needle in text for text in said)
    line.hub.close()
    for needle in line.phones:
        assert needle.encode() not in (tmp_path / "kepu.db").read_bytes()


# Composing and rights.


def test_a_draft_is_checked_when_it_is_composed(quick):
    for more, code in [
        ({"texts": {}}, "sms.no_text"),
        ({"texts": {"zh-Hans": " "}}, "sms.no_text"),
        ({"texts": {"zh": "a", "zh-CN": "b"}}, "sms.no_text"),
        ({"texts": {"zh_CN": "a"}}, "text.bad_language"),
        ({"signature": "四川【科普】"}, "sms.bad_signature"),
        ({"topic": "nonsense"}, "term.unknown"),
        ({"override_reason": "快"}, "sms.override"),
        ({"emergency": "emg_none"}, "noun.unknown"),
        ({"title": ""}, "field.too_short"),
        ({"gateway": "nobody"}, "plugin.unknown"),
    ]:
        with pytest.raises((Invalid, NotFound, PluginError)) as caught:
            quick.compose(**more)
        assert caught.value.code == code
    assert list(quick.me.sms.find()) == []


def test_who_wrote_it_may_not_approve_it_from_another_account_either(line):
    line.people(1)
    campaign = line.compose()
    person = line.me.accounts.get(line.me._actor.account).person
    second = line.me.accounts.create(organization=line.org, person=person)
    line.me.accounts.grant(second.id, ["*"], region="510000")
    for who in (line.me, line.hub.as_(second.id)):
        with pytest.raises(Denied, match=r"lifecycle\.own_work"):
            who.sms.approve(campaign.id)
    with pytest.raises(Denied, match=r"lifecycle\.system"):
        line.system.sms.approve(campaign.id)
    with pytest.raises(Invalid, match=r"lifecycle\.illegal"):
        line.you.sms.send(campaign.id)
    line.you.sms.edit(campaign.id, title="别的")
    with pytest.raises(Denied, match=r"lifecycle\.own_work"):
        line.you.sms.approve(campaign.id)
    # Whoever wrote at it before is no second person either.
    with pytest.raises(Denied, match=r"lifecycle\.own_work"):
        line.me.sms.approve(campaign.id)
    assert line.account("*").sms.approve(campaign.id).title == "别的"
    with pytest.raises(Invalid, match=r"lifecycle\.illegal"):
        line.me.sms.edit(campaign.id, title="改")


def test_each_step_needs_its_own_grant(quick):
    quick.people(1)
    campaign = quick.compose()
    reader = quick.account("read")
    assert reader.sms.get(campaign.id) == campaign
    assert reader.sms.plan(campaign.id).recipients == 1
    for call in (
        lambda: reader.sms.approve(campaign.id),
        lambda: reader.sms.send(campaign.id),
        lambda: reader.sms.cancel(campaign.id),
        lambda: reader.sms.pause(campaign.id),
        lambda: reader.sms.edit(campaign.id, title="x"),
        reader.sms.dispatch,
        lambda: reader.sms.poll("test"),
        lambda: reader.sms.compose(
            title="x", organization=quick.org, texts={"zh": "x"}, signature="科普"
        ),
    ):
        with pytest.raises(Denied, match=r"grant\.missing"):
            call()
    with pytest.raises(Denied, match=r"account\.required"):
        quick.hub.sms.dispatch()
    with pytest.raises(Denied, match=r"account\.required"):
        quick.hub.sms.get(campaign.id)
    assert quick.hub.sms.health().gateways == ("file", "http", "memory", "test")


def test_a_grant_for_an_organization_reaches_its_own_subscribers_only(quick):
    below = quick.me.organizations.create(name="绵阳市科协", region="510700", parent=quick.org)
    quick.people(2)
    quick.people(3, organization=below.id)
    made = quick.me.accounts.create(organization=below.id)
    quick.me.accounts.grant(made.id, ["*"], organization=below.id)
    local = quick.hub.as_(made.id)
    campaign = local.sms.compose(
        title="本市",
        organization=below.id,
        region="510000",
        texts={"zh": "x"},
        signature="绵阳科普",
        gateway="test",
    )
    assert not campaign.whole_region
    assert local.sms.plan(campaign.id).recipients == 3
    whole = quick.compose()
    assert whole.whole_region
    assert quick.me.sms.plan(whole.id).recipients == 5


def test_who_approves_and_who_sends_must_reach_as_far_as_the_campaign(quick):
    quick.people(1)
    campaign = quick.compose()
    own = quick.account("*", organization=quick.org)
    with pytest.raises(Denied, match=r"grant\.missing"):
        own.sms.approve(campaign.id)
    quick.you.sms.approve(campaign.id)
    with pytest.raises(Denied, match=r"grant\.missing"):
        own.sms.send(campaign.id)
    assert quick.you.sms.send(campaign.id).queued == 1


def test_what_was_changed_while_it_was_planned_is_not_approved(quick, monkeypatch):
    from tianfu_sdk.services.sms.sms import Sms

    campaign = quick.compose()
    real = Sms._plan

    def slow(self, id_, action):
        found = real(self, id_, action)
        quick.me.sms.edit(id_, texts={"zh": "另一条"})
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Sms, "_plan", slow)
        with pytest.raises(Conflict, match=r"storage\.version"):
            quick.you.sms.approve(campaign.id)
    assert quick.me.sms.get(campaign.id).state is CampaignState.DRAFT


def test_planning_changes_nothing_and_opens_no_phone(quick, monkeypatch):
    quick.people(3)
    campaign = quick.compose()
    before = len(list(quick.system.events))

    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr(type(quick.me._tools.cipher), "open", refuse)
    monkeypatch.setattr(type(quick.me._tools.keys), "unwrap", refuse)
    assert quick.me.sms.plan(campaign.id) == quick.me.sms.plan(campaign.id)
    assert len(list(quick.system.events)) == before
    assert quick.me.sms.get(campaign.id) == campaign


def test_exclusions_name_the_people(quick):
    quick.people(2)
    silent = quick.people(3, consents=[])
    campaign = quick.compose()
    assert sorted(quick.me.sms.exclusions(campaign.id, "no_consent")) == sorted(silent)
    assert list(quick.me.sms.exclusions(campaign.id, "topic")) == []


def test_one_phone_of_two_organizations_gets_one_message(line):
    below = line.me.organizations.create(name="绵阳市科协", region="510700", parent=line.org)
    line.people(2)
    for phone in line.phones:
        line.me.subscribers.create(
            phone=f"+86 {phone}", organization=below.id, consents=[Consent()]
        )
    campaign = line.sent()
    plan = line.me.sms.plan(campaign.id)
    assert (plan.recipients, {e.reason: e.count for e in plan.exclusions}) == (2, {"duplicate": 2})
    line.system.sms.dispatch()
    assert line.sentence() == {f"+86{phone}": 1 for phone in line.phones}


def test_equal_phones_on_both_sides_of_a_page_are_one(quick, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 3)
    below = quick.me.organizations.create(name="绵阳市科协", region="510700", parent=quick.org)
    quick.people(7)
    for phone in quick.phones:
        quick.me.subscribers.create(phone=phone, organization=below.id, consents=[Consent()])
    campaign = quick.sent()
    assert campaign.queued == 7
    quick.system.sms.dispatch()
    assert set(quick.sentence().values()) == {1}
    assert len(quick.sentence()) == 7


# Hours.


def test_at_night_a_campaign_waits_until_eight(quick):
    quick.people(1)
    quick.clock.set(datetime(2026, 1, 5, 15, 0, tzinfo=UTC))  # 23:00
    campaign = quick.compose()
    plan = quick.me.sms.plan(campaign.id)
    assert plan.reason == "quiet_hours"
    assert plan.not_before == datetime(2026, 1, 6, 0, 0, tzinfo=UTC)
    quick.you.sms.approve(campaign.id)
    quick.you.sms.send(campaign.id)
    assert quick.system.sms.dispatch().claimed == 0
    quick.clock.set(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    assert quick.system.sms.dispatch().accepted == 1


def test_what_is_still_queued_in_the_evening_waits_for_the_morning(quick):
    quick.people(1)
    campaign = quick.sent()
    quick.clock.set(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))  # 20:00, the worker was away
    assert quick.system.sms.dispatch().accepted == 0
    assert quick.states(campaign) == {"queued": 1}
    quick.clock.set(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    assert quick.system.sms.dispatch().accepted == 1


def test_the_gateways_hours_cut_ours(quickly):
    late = attrs.evolve(SESSION, windows=(Window(time(9), time(22)),))
    line = Line(quickly, late, sms={"window_start": "22:00", "window_end": "10:00"})
    line.people(1)
    campaign = line.compose()
    assert line.me.sms.plan(campaign.id).not_before == datetime(2026, 1, 6, 1, 0, tzinfo=UTC)


def test_an_emergency_approved_by_a_second_person_leaves_at_night_and_first(quick):
    people = quick.people(2)
    quick.clock.set(datetime(2026, 1, 5, 15, 0, tzinfo=UTC))
    quick.me.subscribers.opt_out(people[0])
    usual = quick.sent()
    urgent = quick.compose(emergency=quick.emergency(), override_reason="强余震", title="避险")
    assert quick.me.sms.plan(urgent.id).reason == ""
    quick.you.sms.approve(urgent.id)
    quick.you.sms.send(urgent.id)
    assert quick.system.sms.dispatch().accepted == 1
    assert quick.states(urgent) == {"accepted": 1}
    assert quick.states(usual) == {"queued": 1}
    job = next(
        iter(quick.me._tools.store.run(lambda tx: tx.jobs("sms.test", None, None, 9), write=False))
    )
    assert job.priority == 5
    line = next(
        a for a in quick.me.audit.find(subject=urgent.id) if a.action == "campaign.approved"
    )
    assert (line.reason, line.data["at_night"]) == ("强余震", True)


def test_an_emergency_goes_before_what_was_queued_earlier(quick):
    quick.people(2)
    usual = quick.sent()
    urgent = quick.sent(emergency=quick.emergency())
    quick.system.sms.dispatch(limit=1)
    assert quick.states(urgent) == {"accepted": 2}
    assert quick.states(usual) == {"queued": 2}


def test_an_emergency_without_a_reason_waits_like_all_others(quick):
    quick.people(1)
    quick.clock.set(datetime(2026, 1, 5, 15, 0, tzinfo=UTC))
    campaign = quick.sent(emergency=quick.emergency())
    assert quick.me.sms.plan(campaign.id).reason == "quiet_hours"
    assert quick.system.sms.dispatch().claimed == 0


# Refusals.


def test_a_refusal_after_planning_is_honoured_before_the_batch_leaves(line):
    people = line.people(4)
    campaign = line.sent()
    line.me.subscribers.opt_out(people[1])
    line.me.subscribers.consent(people[2], Consent(granted=False))
    report = line.system.sms.dispatch()
    assert (report.accepted, report.dropped) == (2, 2)
    refs = {r.ref for b in line.gateway.batches for r in b.recipients}
    assert refs == {people[0], people[3]}
    assert line.states(campaign) == {"accepted": 2, "dropped": 2}


@pytest.mark.parametrize("word", ["R", "ｔｄ", " 退订 "])
def test_a_word_of_refusal_stops_the_next_batch(line, word):
    line.people(2)
    first = line.sent()
    line.gateway.inbound = [
        Inbound(phone=line.phones[0], text=word),
        Inbound(phone=line.phones[0], text=word),
        Inbound(phone=line.phones[1], text="谢谢，不要退订"),
        Inbound(phone="10690000", text="R"),
    ]
    assert line.system.sms.poll("test") == 4
    assert [dict(e.data) for e in line.told("sms.inbound")] == [
        {"gateway": "test", "count": 4, "opted_out": 1}
    ]
    report = line.system.sms.dispatch()
    assert (report.accepted, report.dropped) == (1, 1)
    assert list(line.sentence()) == [f"+86{line.phones[1]}"]
    assert line.states(first) == {"accepted": 1, "dropped": 1}
    again = line.compose()
    assert {e.reason: e.count for e in line.me.sms.plan(again.id).exclusions} == {"opted_out": 1}


def test_a_refusal_of_a_topic_stops_that_topic_only(quick):
    people = quick.people(1)
    quick.me.subscribers.opt_out(people[0], topic="healthy_life")
    refused = quick.compose(topic="healthy_life")
    assert quick.me.sms.plan(refused.id).recipients == 0
    assert quick.me.sms.plan(quick.compose(topic="safety_science").id).recipients == 1


def test_people_made_for_a_drill_never_reach_a_real_gateway(quickly):
    line = Line(quickly, attrs.evolve(SESSION, real=True))
    line.people(1)
    line.people(2, synthetic=True)
    campaign = line.sent()
    assert campaign.queued == 1
    line.system.sms.dispatch()
    assert list(line.sentence()) == [f"+86{line.phones[0]}"]
    drill = line.compose(gateway="file")
    assert line.me.sms.plan(drill.id).recipients == 3


def test_a_drill_never_goes_through_a_real_gateway(quickly):
    line = Line(quickly, attrs.evolve(SESSION, real=True))
    drill = line.emergency(drill=True)
    with pytest.raises(Invalid) as caught:
        line.compose(emergency=drill)
    assert (caught.value.code, caught.value.path) == ("sms.drill", "gateway")
    campaign = line.compose(emergency=drill, gateway="file")
    with pytest.raises(Invalid, match=r"sms\.drill"):
        line.me.sms.edit(campaign.id, gateway="test")
    line.you.sms.approve(campaign.id)
    assert line.you.sms.send(campaign.id).gateway == "file"
    assert line.compose(emergency=line.emergency()).gateway == "test"


# Once and only once.


class Death(BaseException):
    """The process dies."""


@pytest.mark.usefixtures("turnable")
def test_a_crash_between_commit_and_call_sends_nothing_twice(line):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers.append(Death())
    with pytest.raises(Death):
        line.system.sms.dispatch()
    assert line.states(campaign) == {"sending": 2}
    assert line.system.sms.dispatch().claimed == 0
    line.clock.tick(timedelta(seconds=121))
    report = line.system.sms.dispatch()
    assert (report.unknown, report.parked, report.accepted) == (2, 1, 0)
    assert line.states(campaign) == {"unknown": 2}
    assert line.hub.sms.health().unknown == 2
    assert set(line.sentence().values()) == {1}
    line.you.sms.resume(campaign.id)
    line.clock.tick(timedelta(days=1))
    line.system.sms.dispatch()
    assert line.states(campaign) == {"unknown": 2}
    assert set(line.sentence().values()) == {1}


@pytest.mark.usefixtures("turnable")
def test_a_claim_that_was_abandoned_before_the_call_is_not_sent_either(line):
    line.people(2)
    campaign = line.sent()
    from tianfu_sdk.services.sms.claiming import claim
    from tianfu_sdk.services.sms.dispatch import Dispatcher

    abandoned = Dispatcher(line.system._tools, line.system._actor)
    abandoned._write(lambda work: claim(work, name="test", gateway=line.gateway, most=8))
    line.clock.tick(timedelta(seconds=121))
    assert line.system.sms.dispatch().unknown == 2
    assert line.gateway.batches == []
    assert line.states(campaign) == {"unknown": 2}


@pytest.mark.usefixtures("turnable")
def test_an_answer_that_comes_after_its_lease_is_evidence_but_settles_no_job(line):
    people = line.people(2)
    campaign = line.sent()

    def slow(batch):
        line.clock.tick(timedelta(seconds=121))
        assert line.system.sms.dispatch().unknown == 2
        accepted, _ = accept(batch)
        return [accepted, SmsResult(ref=batch.recipients[1].ref, status="deferred")]

    line.gateway.answers.append(slow)
    report = line.system.sms.dispatch()
    assert (report.accepted, report.deferred) == (1, 0)
    assert line.states(campaign) == {"accepted": 1, "unknown": 1}
    assert (line.hub.sms.health().parked, line.hub.sms.health().queued) == (1, 0)
    assert len(people) == len(line.sentence())
    assert set(line.sentence().values()) == {1}


def test_a_gateway_that_drops_doubles_gets_the_same_batch_again(quickly):
    line = Line(quickly, attrs.evolve(SESSION, dedupes=True))
    people = line.people(3)
    campaign = line.sent()
    line.gateway.answers.append(Death())
    with pytest.raises(Death):
        line.system.sms.dispatch()
    line.me.subscribers.opt_out(people[0])
    line.clock.tick(timedelta(seconds=121))
    line.gateway.answers.append(Unavailable("http.not_sent", why="x"))
    line.system.sms.dispatch()
    line.clock.tick(timedelta(minutes=1))
    report = line.system.sms.dispatch()
    assert (report.accepted, report.unknown) == (2, 1)
    first, *others = line.gateway.batches
    assert {b.reference for b in others} == {first.reference}
    assert people[0] in {r.ref for r in first.recipients}
    assert all(people[0] not in {r.ref for r in b.recipients} for b in others)
    # Of who refused in between nobody knows whether the first attempt reached them.
    assert line.states(campaign) == {"accepted": 2, "unknown": 1}


def test_a_batch_is_not_sent_again_at_night_either(quickly):
    line = Line(quickly, attrs.evolve(SESSION, dedupes=True))
    line.people(1)
    campaign = line.sent()
    line.gateway.answers.append(Death())
    with pytest.raises(Death):
        line.system.sms.dispatch()
    line.clock.set(datetime(2026, 1, 5, 15, 0, tzinfo=UTC))
    line.system.sms.dispatch()
    assert len(line.gateway.batches) == 1
    assert line.states(campaign) == {"sending": 1}
    line.clock.set(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    assert line.system.sms.dispatch().accepted == 1


def test_a_gateway_that_can_be_asked_is_asked_before_anything_is_sent(quickly):
    line = Line(quickly, http={"phones_per_query": 9})
    line.people(3)
    campaign = line.sent(gateway="http")
    line.wire.answers.append(Death())
    with pytest.raises(Death):
        line.system.sms.dispatch()
    line.clock.tick(timedelta(seconds=121))
    refs = sorted(json.loads(line.wire.requests[0].body)["to"])
    body = dict(zip(refs, ["accepted", "deferred", "unknown"], strict=True))
    line.wire.answers.append(HttpResponse(status=200, body=json.dumps(body).encode()))
    report = line.system.sms.dispatch()
    assert [r.url.rpartition("/")[2] for r in line.wire.requests] == ["send", "query"]
    assert (report.accepted, report.deferred, report.unknown) == (1, 1, 1)
    line.clock.tick(timedelta(minutes=1))
    line.system.sms.dispatch()
    third = json.loads(line.wire.requests[2].body)
    assert list(third["to"]) == [refs[1]]
    assert third["reference"] != json.loads(line.wire.requests[0].body)["reference"]
    assert line.states(campaign) == {"accepted": 2, "unknown": 1}


def test_a_gateway_that_can_be_asked_is_asked_soon_after_its_answer_was_lost(quickly):
    line = Line(quickly, http={"phones_per_query": 9})
    line.people(2)
    campaign = line.sent(gateway="http")
    line.wire.answers.append(Ambiguous("http.no_answer", why="x"))
    report = line.system.sms.dispatch()
    assert (report.unknown, report.parked) == (0, 0)
    assert line.states(campaign) == {"sending": 2}
    line.clock.tick(timedelta(seconds=9))
    assert line.system.sms.dispatch().claimed == 0
    line.clock.tick(timedelta(seconds=6))
    line.system.sms.dispatch()
    assert [r.url.rpartition("/")[2] for r in line.wire.requests] == ["send", "query"]
    assert line.states(campaign) == {"accepted": 2}


@pytest.mark.parametrize(
    "error",
    [Ambiguous("http.no_answer", why="x"), ValueError("odd"), TimeoutError(), KeyError("a")],
)
def test_what_may_have_left_is_unknown_and_never_sent_again(line, error):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers.append(error)
    report = line.system.sms.dispatch()
    assert (report.unknown, report.parked) == (2, 1)
    for _ in range(3):
        line.clock.tick(timedelta(hours=1))
        line.you.sms.resume(campaign.id)
        line.system.sms.dispatch()
    assert line.states(campaign) == {"unknown": 2}
    assert len(line.gateway.batches) == 1
    assert line.me.sms.get(campaign.id).state is CampaignState.SENT


@pytest.mark.usefixtures("turnable")
def test_what_did_not_leave_is_sent_again_later_under_its_reference(line):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers += [
        Unavailable("http.not_sent", why="x"),
        RateLimited("http.not_sent", retry_after=60, why="x"),
    ]
    assert line.system.sms.dispatch().returned == 2
    assert line.states(campaign) == {"queued": 2}
    line.clock.tick(timedelta(seconds=3))
    assert line.system.sms.dispatch().returned == 2
    line.clock.tick(timedelta(seconds=59))
    assert line.system.sms.dispatch().claimed == 0
    line.clock.tick(timedelta(seconds=6))
    assert line.system.sms.dispatch().accepted == 2
    assert len({b.reference for b in line.gateway.batches}) == 1
    assert [b.attempt for b in line.gateway.batches] == [1, 2, 3]


def test_a_gateway_that_stays_away_leaves_the_batch_to_a_person(quick):
    quick.people(1)
    campaign = quick.sent()
    quick.gateway.answers += [Unavailable("http.not_sent", why="x")] * 10
    for _ in range(10):
        quick.clock.tick(timedelta(minutes=20))
        quick.system.sms.dispatch()
    health = quick.hub.sms.health()
    assert (health.queued, health.parked) == (0, 1)
    assert quick.states(campaign) == {"queued": 1}
    quick.you.sms.resume(campaign.id)
    assert quick.system.sms.dispatch().accepted == 1


def test_answers_are_read_person_by_person(line):
    people = line.people(3)
    campaign = line.sent()

    def mixed(batch):
        kinds = {
            people[0]: SmsResult(ref=people[0], status="accepted", provider_id="1"),
            people[1]: SmsResult(
                ref=people[1], status="rejected", error=ErrorClass.BAD_RECIPIENT, code="X"
            ),
        }
        stranger = SmsResult(ref="sub_stranger", status="accepted")
        return [stranger, *(kinds[r.ref] for r in batch.recipients if r.ref in kinds)]

    line.gateway.answers.append(mixed)
    report = line.system.sms.dispatch()
    assert (report.accepted, report.rejected, report.unknown) == (1, 1, 1)
    assert line.states(campaign) == {"accepted": 1, "rejected": 1, "unknown": 1}
    assert line.me.sms.report(campaign.id).parts == 2


@pytest.mark.usefixtures("turnable")
def test_deferred_people_are_tried_again_in_a_batch_of_their_own(line):
    people = line.people(3)
    campaign = line.sent()

    def later(batch):
        return [
            SmsResult(ref=r.ref, status="deferred", error=ErrorClass.THROTTLED, retry_after=30)
            if r.ref == people[0]
            else SmsResult(ref=r.ref, status="accepted", provider_id=r.ref)
            for r in batch.recipients
        ]

    line.gateway.answers.append(later)
    line.system.sms.dispatch()
    assert line.states(campaign) == {"accepted": 2, "deferred": 1}
    assert line.me.sms.get(campaign.id).state is CampaignState.SENDING
    line.clock.tick(timedelta(seconds=29))
    assert line.system.sms.dispatch().claimed == 0
    line.clock.tick(timedelta(seconds=4))
    line.system.sms.dispatch()
    assert [r.ref for r in line.gateway.batches[1].recipients] == [people[0]]
    assert line.gateway.batches[1].reference != line.gateway.batches[0].reference
    assert line.states(campaign) == {"accepted": 3}


def test_deferring_comes_to_an_end(quick):
    quick.people(1)
    campaign = quick.sent()
    quick.gateway.answers += [
        lambda batch: [SmsResult(ref=r.ref, status="deferred") for r in batch.recipients]
    ] * 20
    for _ in range(20):
        quick.clock.tick(timedelta(minutes=16))
        quick.clock.set(quick.clock.now().replace(hour=4))
        quick.clock.tick(timedelta(days=1))
        quick.system.sms.dispatch()
    assert quick.states(campaign) == {"rejected": 1}
    assert len(quick.gateway.batches) == 10


def test_a_channel_that_stops_holds_the_campaign_until_a_person_resumes(line):
    line.people(5)
    campaign = line.sent()
    line.gateway.answers.append(
        lambda batch: [
            SmsResult(ref=r.ref, status="rejected", error=ErrorClass.STOP_CHANNEL, code="ARREARS")
            for r in batch.recipients
        ]
    )
    line.system.sms.dispatch(limit=1)
    line.clock.tick(timedelta(hours=1))
    assert line.system.sms.dispatch().claimed == 0
    assert line.told("campaign.paused")[0].data["code"] == "ARREARS"
    line.you.sms.resume(campaign.id)
    line.system.sms.dispatch()
    assert line.states(campaign) == {"accepted": 5}


def test_a_missing_master_key_makes_nothing_unknown(quick, monkeypatch):
    quick.people(2)
    campaign = quick.sent()

    def locked(*_):
        raise CryptoError("keys.wrong")

    with monkeypatch.context() as patch:
        patch.setattr(type(quick.me._tools.keys), "unwrap", locked)
        with pytest.raises(CryptoError):
            quick.system.sms.dispatch()
    assert quick.states(campaign) == {"queued": 2}
    quick.clock.tick(timedelta(seconds=3))
    assert quick.system.sms.dispatch().accepted == 2


def test_messages_are_on_disk_as_sending_before_they_are_on_the_air(line):
    line.people(2)
    campaign = line.sent()
    seen = []

    def look(batch):
        seen.append(line.states(campaign))
        return accept(batch)

    line.gateway.answers.append(look)
    line.system.sms.dispatch()
    assert seen == [{"sending": 2}]


def test_sending_again_after_a_crash_goes_on_where_it_stopped(line, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.filling.CHUNK", 3)
    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 4)
    line.people(10)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    from tianfu_sdk.services.sms import outbox

    real, calls = outbox.enqueue, []

    def dies(*args):
        calls.append(args)
        if len(calls) == 3:
            raise Death
        return real(*args)

    monkeypatch.setattr(outbox, "enqueue", dies)
    with pytest.raises(Death):
        line.you.sms.send(campaign.id)
    assert line.me.sms.get(campaign.id).queued is None
    line.system.sms.dispatch()
    assert line.me.sms.get(campaign.id).state is CampaignState.SENDING
    assert line.you.sms.send(campaign.id).queued == 10
    line.system.sms.dispatch()
    assert line.sentence() == {f"+86{phone}": 1 for phone in line.phones}
    assert line.me.sms.get(campaign.id).state is CampaignState.SENT


def test_sending_twice_sends_once(line):
    line.people(4)
    campaign = line.sent()
    assert line.you.sms.send(campaign.id).queued == 4
    line.system.sms.dispatch()
    with pytest.raises(Invalid, match=r"lifecycle\.illegal"):
        line.you.sms.send(campaign.id)
    assert set(line.sentence().values()) == {1}


def test_a_campaign_for_nobody_is_sent_at_once(quick):
    campaign = quick.sent()
    assert (campaign.state, campaign.queued) == (CampaignState.SENT, 0)


# Stopping.


def test_a_cancelled_campaign_sends_nothing_more(line):
    line.people(7)
    campaign = line.sent()
    line.system.sms.dispatch(limit=1)
    cancelled = line.you.sms.cancel(campaign.id, "内容有误")
    assert cancelled.state is CampaignState.CANCELLED
    assert line.hub.sms.health().queued == 0
    line.clock.tick(timedelta(hours=1))
    line.system.sms.dispatch()
    counts = line.states(campaign)
    assert counts["dropped"] == 7 - counts["accepted"]
    assert len(line.gateway.batches) == 1


def test_a_campaign_cancelled_while_it_is_queued_takes_no_more(line, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.filling.CHUNK", 3)
    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 4)
    line.people(10)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    from tianfu_sdk.services.sms import audience

    real, pages = audience.candidates, []

    def cancels(work, rows, *more):
        pages.append(len(rows))
        return real(work, rows, *more)

    def take(self, page, real=audience.Audience.take):
        if len(pages) == 2:
            line.you.sms.cancel(campaign.id)
        return real(self, page)

    monkeypatch.setattr(audience, "candidates", cancels)
    monkeypatch.setattr(audience.Audience, "take", take)
    assert line.you.sms.send(campaign.id).state is CampaignState.CANCELLED
    assert line.states(campaign) == {"dropped": 4}
    assert line.hub.sms.health().queued == 0
    line.system.sms.dispatch()
    assert line.gateway.batches == []


def test_what_is_on_its_way_when_it_is_cancelled_is_settled_and_not_repeated(line):
    line.people(2)
    campaign = line.sent()

    def cancels(_):
        line.you.sms.cancel(campaign.id)
        raise Unavailable("http.not_sent", why="x")

    line.gateway.answers.append(cancels)
    line.system.sms.dispatch()
    line.clock.tick(timedelta(hours=1))
    line.system.sms.dispatch()
    assert line.states(campaign) == {"dropped": 2}
    assert len(line.gateway.batches) == 1


def test_what_a_gateway_puts_off_after_the_campaign_is_cancelled_is_dropped(line):
    line.people(2)
    campaign = line.sent()

    def cancels(batch):
        line.you.sms.cancel(campaign.id)
        return [SmsResult(ref=r.ref, status="deferred") for r in batch.recipients]

    line.gateway.answers.append(cancels)
    line.system.sms.dispatch()
    assert line.states(campaign) == {"dropped": 2}
    assert line.hub.sms.health().queued == 0


def test_a_paused_campaign_waits(line):
    line.people(2)
    campaign = line.sent()
    line.you.sms.pause(campaign.id)
    assert line.system.sms.dispatch().claimed == 0
    line.you.sms.resume(campaign.id)
    assert line.system.sms.dispatch().accepted == 2


# Receipts.


def receipts_of(line, state="delivered", **more):
    batch = line.gateway.batches[0]
    return [
        SmsReceipt(provider_id=f"{batch.reference}:{r.ref}", state=state, **more)
        for r in batch.recipients
    ]


def test_receipts_come_twice_late_and_against_each_other(line):
    line.people(2)
    campaign = line.sent()
    line.system.sms.dispatch()
    for state in ("delivered", "delivered", "failed", "expired"):
        line.gateway.receipts = receipts_of(line, state)
        line.system.sms.poll("test")
        assert line.states(campaign) == {"delivered": 2}
    assert [e.data["count"] for e in line.told("sms.delivered")] == [2]
    assert line.told("sms.failed") == []


def test_a_receipt_before_the_answer_is_kept_until_its_message_is_known(line):
    people = line.people(2)
    campaign = line.sent()

    def early(batch):
        results = accept(batch)
        line.gateway.receipts = [
            SmsReceipt(provider_id=result.provider_id, state="failed")
            for result in results
            if result.ref == people[0]
        ] * 2
        line.system.sms.poll("test")
        return results

    line.gateway.answers.append(early)
    line.system.sms.dispatch()
    assert line.states(campaign) == {"failed": 1, "accepted": 1}
    assert [e.data["count"] for e in line.told("sms.accepted")] == [2]
    assert [e.data["count"] for e in line.told("sms.failed")] == [1]
    kept = line.me._tools.store.run(lambda tx: tx.count("receipt", _everything()), write=False)
    assert kept == 0


def test_a_receipt_by_reference_before_the_answer_moves_it_at_once(line):
    line.people(2)
    campaign = line.sent()

    def early(batch):
        line.gateway.receipts = [
            SmsReceipt(reference=batch.reference, ref=r.ref, state="delivered")
            for r in batch.recipients
        ]
        line.system.sms.poll("test")
        raise Ambiguous("http.no_answer", why="x")

    line.gateway.answers.append(early)
    assert line.system.sms.dispatch().parked == 0
    assert line.states(campaign) == {"delivered": 2}
    assert line.told("sms.unknown") == []
    assert line.me.sms.get(campaign.id).state is CampaignState.SENT


def test_a_receipt_makes_the_unknown_known(line):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers.append(Ambiguous("http.no_answer", why="x"))
    line.system.sms.dispatch()
    batch = line.gateway.batches[0]
    line.gateway.receipts = [
        SmsReceipt(reference=batch.reference, ref=batch.recipients[0].ref, state="delivered")
    ]
    line.system.sms.poll("test")
    assert line.states(campaign) == {"delivered": 1, "unknown": 1}


def test_a_receipt_that_fits_several_messages_moves_none(line):
    line.people(2)
    campaign = line.sent()
    line.gateway.answers.append(
        lambda batch: [
            SmsResult(ref=r.ref, status="accepted", provider_id="one") for r in batch.recipients
        ]
    )
    line.system.sms.dispatch()
    line.gateway.receipts = [
        SmsReceipt(provider_id="one", state="delivered"),
        SmsReceipt(provider_id="nobody's", state="delivered"),
        SmsReceipt(state="delivered"),
    ]
    assert line.system.sms.poll("test") == 3
    assert line.states(campaign) == {"accepted": 2}
    ref = line.gateway.batches[0].recipients[0].ref
    line.gateway.receipts = [SmsReceipt(provider_id="one", ref=ref, state="delivered")]
    line.system.sms.poll("test")
    assert line.states(campaign) == {"accepted": 1, "delivered": 1}


def test_a_receipt_of_nobodys_message_may_come_again_and_is_kept_once(line):
    for _ in range(2):
        line.gateway.receipts = [SmsReceipt(provider_id="nobody's", state="delivered")] * 2
        assert line.system.sms.poll("test") == 2
    store = line.me._tools.store
    assert store.run(lambda tx: tx.count("receipt", _everything()), write=False) == 1


def test_gateways_do_not_mix_up_each_others_ids(quick):
    quick.people(1)
    one = quick.sent()
    other = quick.sent(gateway="http")
    quick.gateway.answers.append(
        lambda batch: [
            SmsResult(ref=r.ref, status="accepted", provider_id=f"p-{r.ref}")
            for r in batch.recipients
        ]
    )
    quick.system.sms.dispatch()
    ref = quick.gateway.batches[0].recipients[0].ref
    quick.gateway.receipts = [SmsReceipt(provider_id=f"p-{ref}", state="delivered")]
    quick.system.sms.poll("test")
    assert quick.states(one) == {"delivered": 1}
    assert quick.states(other) == {"accepted": 1}


def _everything():
    from tianfu_sdk.model.storage import Query

    return Query()


def test_one_gateway_that_is_away_keeps_no_other_from_being_polled(quick, monkeypatch):
    quick.people(2)
    quick.sent()
    campaign = quick.sent(gateway="file")
    quick.system.sms.dispatch()

    def away():
        raise Unavailable("http.not_sent", why="x")

    def odd():
        raise ValueError(quick.phones[0])

    for broken, kind in ((away, Unavailable), (odd, ValueError)):
        monkeypatch.setattr(quick.gateway, "poll", broken)
        with pytest.raises(kind):
            quick.system.sms.poll()
    assert quick.states(campaign) == {"delivered": 2}


def test_who_may_send_but_not_read_can_send(quick):
    quick.people(1)
    campaign = quick.compose()
    quick.account("approve").sms.approve(campaign.id)
    sender = quick.account("send")
    assert sender.sms.send(campaign.id).queued == 1
    assert sender.sms.dispatch().accepted == 1
    with pytest.raises(NotFound):
        sender.sms.get(campaign.id)


# The HTTP shape.


def pushed(word="right", **body):
    return HttpRequest(
        method="POST",
        url="https://us.test/callback",
        headers={"X-Secret": word},
        body=json.dumps(body).encode(),
    )


def test_the_http_shape_goes_through_the_hubs_transport_and_calls_back(line):
    people = line.people(2)
    campaign = line.sent(gateway="http")
    assert line.system.sms.dispatch().accepted == 2
    receipts = [{"provider_id": f"p-{ref}", "state": "delivered"} for ref in people]
    inbound = [{"phone": line.phones[0], "text": "退订"}]
    answer = line.hub.sms.callback("http", pushed(receipts=receipts, inbound=inbound))
    assert (answer.status, answer.body) == (200, b"OK")
    line.hub.sms.callback("http", pushed(receipts=receipts[::-1], inbound=inbound))
    assert line.states(campaign) == {"delivered": 2}
    assert [e.actor for e in line.told("sms.delivered")] == ["system"]
    assert line.me.sms.plan(line.compose().id).recipients == 1


def test_a_forged_callback_changes_nothing(quick):
    people = quick.people(1)
    campaign = quick.sent(gateway="http")
    quick.system.sms.dispatch()
    receipts = [{"provider_id": f"p-{people[0]}", "state": "delivered"}]
    with pytest.raises(Denied, match=r"sms\.callback_forged"):
        quick.hub.sms.callback("http", pushed("wrong", receipts=receipts))
    assert quick.states(campaign) == {"accepted": 1}
    with pytest.raises(Unsupported, match=r"sms\.no_callback"):
        quick.hub.sms.callback("test", pushed())
    with pytest.raises(Unsupported, match=r"sms\.no_poll"):
        quick.system.sms.poll("http")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Unavailable("http.not_sent", why="x"), "queued"),
        (Ambiguous("http.no_answer", why="x"), "unknown"),
        (HttpResponse(status=500), "unknown"),
        (HttpResponse(status=200, body=b"<html>"), "unknown"),
    ],
)
def test_what_a_failure_on_the_wire_means(quick, answer, state):
    quick.people(1)
    campaign = quick.sent(gateway="http")
    quick.wire.answers.append(answer)
    quick.system.sms.dispatch()
    assert quick.states(campaign) == {state: 1}


def test_what_cannot_be_said_to_a_gateway_is_rejected(quick):
    quick.people(1)
    campaign = quick.sent(gateway="http", texts={"zh": "不可发"})
    quick.system.sms.dispatch()
    assert quick.states(campaign) == {"rejected": 1}
    assert quick.wire.requests == []


def test_a_gateway_that_is_gone_parks_its_batches(filed):
    line = Line(filed)
    line.people(1)
    campaign = line.sent()
    with Hub.open(line.url, clock=line.clock, ids=line.ids, discover=False) as without:
        without.as_system(reason="worker").sms.dispatch()
        store = without._tools.store
        jobs = store.run(lambda tx: tx.jobs("sms.test", JobState.PARKED, None, 9), write=False)
    assert [job.reason for job in jobs] == ["plugin.unknown"]
    line.you.sms.resume(campaign.id)
    assert line.system.sms.dispatch().accepted == 1
    line.hub.close()


def test_two_dispatchers_share_the_work_and_send_each_message_once(filed):
    from concurrent.futures import ThreadPoolExecutor

    line = Line(filed)
    line.people(60)
    campaign = line.sent()
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: line.system.sms.dispatch(), range(3)))
    assert sum(report.accepted for report in reports) == 60
    assert set(line.sentence().values()) == {1}
    assert len(line.sentence()) == 60
    assert line.me.sms.get(campaign.id).state is CampaignState.SENT
    line.hub.close()


def test_the_outbox_stands_beside_the_database(filed, tmp_path):
    line = Line(filed)
    line.people(2)
    line.sent(gateway="file")
    line.system.sms.dispatch()
    files = list((tmp_path / "kepu.db.sms").glob("*.jsonl"))
    assert len(files) == 1
    line.hub.close()
    other = attrs.evolve(filed, url=f"sqlite:///{tmp_path}/two.db")
    named = Line(other, backends={"file": {"folder": str(tmp_path / "x")}})
    named.people(1)
    named.sent(gateway="file")
    named.system.sms.dispatch()
    assert list(Path(tmp_path / "x").glob("*.jsonl"))
    named.hub.close()


@pytest.mark.parametrize("verb", ["plan", "approve", "send", "edit"])
def test_nobody_learns_which_campaigns_there_are(world, verb):
    made = world.me.sms.compose(
        title="t", organization=world.org, texts={"zh-Hans": "x"}, signature="省科协"
    )
    for id_ in (made.id, "cmp_01"):
        with pytest.raises(Denied) as caught:
            getattr(world.nobody.sms, verb)(id_)
        assert caught.value.code == "account.required"


def test_an_edit_by_the_system_does_not_free_the_author_to_approve(world):
    made = world.me.sms.compose(
        title="t", organization=world.org, texts={"zh-Hans": "x"}, signature="省科协"
    )
    world.hub.as_system(reason="tidy").sms.edit(made.id, title="u")
    with pytest.raises(Denied) as caught:
        world.me.sms.approve(made.id)
    assert caught.value.code == "lifecycle.own_work"
