"""Report, verify, respond, close: four eyes, prepared texts, and drills that stay drills."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import CAMPAIGN, MESSAGE
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound, TianfuError
from tianfu_sdk.model.emergency import Alert, EmergencyState, Level
from tianfu_sdk.model.sms import CampaignState
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.services.desk.work import Actor, Work
from tianfu_sdk.testing import FrozenClock

NOW = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
_BLANK = {"str": "", "int": 0, "float": 0.0, "bytes": b""}
TEXT = "{place}发生{title}，请就近避险，以政府发布为准。"


class Stage:
    def __init__(self, hub):
        self.hub = hub
        self.clock = hub._tools.clock
        account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.admin = hub.as_(account.id)
        self.root = account.organization
        self.city = self.organization("凉山州科学技术协会", "513400", self.root)
        self.county = self.organization("会东县科学技术协会", "513426", self.city)
        self.reporter = self.somebody(self.county, ["report", "read"], region="513426")
        self.verifier = self.somebody(self.city, ["verify", "respond", "read"], region="513400")
        self.second = self.somebody(self.root, ["*"], region="510000", kinds=("*",))

    def organization(self, name, region, parent):
        return self.admin.organizations.create(name=name, region=region, parent=parent).id

    def somebody(self, home, actions, kinds=("emergency",), person=None, **place):
        account = self.admin.accounts.create(organization=home, person=person)
        self.admin.accounts.grant(account.id, actions, kinds=kinds, **place)
        return self.hub.as_(account.id)

    def report(self, desk=None, **more):
        fields = {
            "title": "有感地震",
            "event_type": "earthquake",
            "level": "yellow",
            "organization": self.county,
            "happened_at": NOW - timedelta(minutes=5),
        }
        return (desk or self.reporter).emergencies.report(**fields | more)

    def plan(self, **more):
        fields = {
            "name": "地震科普预案",
            "organization": self.city,
            "event_type": "earthquake",
            "texts": {"zh-Hans": TEXT},
            "signature": "凉山科普",
            "gateway": "aliyun",
        }
        return self.admin.emergencies.create_plan(**fields | more)

    def named(self, chinese, **terms):
        given = [{"language": tag, "text": text} for tag, text in terms.items()]
        zh = {"language": "zh-Hans", "text": chinese}
        self.admin.glossary.add(organization=self.root, terms=[zh, *given])

    def resource(self, *, publish=True, **more):
        made = self.admin.resources.create(title="地震避险", organization=self.city, **more)
        if publish:
            self.admin.resources.submit(made.id)
            self.second.resources.approve(made.id)
            self.admin.resources.publish(made.id)
        return made.id

    def code(self, call, *args, **kwargs):
        with pytest.raises(TianfuError) as caught:
            call(*args, **kwargs)
        return caught.value.code

    def campaign(self, id_):
        def read(tx):
            return Work(self.hub._tools, Actor(system="test"), tx).get(CAMPAIGN, id_)

        return self.hub._tools.store.run(read, write=False)

    def events(self):
        return list(self.hub.as_system(reason="test").events)


@pytest.fixture
def stage(way):
    return Stage(way.open(clock=FrozenClock(NOW)))


def test_a_report_is_verified_by_another_person_answered_and_closed(stage):
    shown = stage.resource()
    plan = stage.plan(
        resources=[shown, stage.resource(publish=False)],
        texts={"zh-CN": TEXT, "bo": "{place}"},
    )
    assert set(plan.texts) == {"zh-Hans", "bo"}
    stage.second.emergencies.approve_texts(plan.id, "bo")
    stage.named("会东县", bo="ཧུའེ་ཏུང་རྫོང་")
    report = stage.report()
    assert (report.state, report.region) == (EmergencyState.REPORTED, "513426")
    stage.clock.tick(timedelta(minutes=4))
    assert stage.verifier.emergencies.verify(report.id).state is EmergencyState.VERIFIED
    stage.clock.tick(timedelta(minutes=2))
    answered = stage.verifier.emergencies.respond(report.id)
    assert answered.state is EmergencyState.RESPONDING
    assert (answered.plan, answered.resources) == (plan.id, (shown,))
    campaign = stage.campaign(answered.campaign)
    assert campaign.state is CampaignState.DRAFT
    assert campaign.texts["zh-Hans"] == "会东县发生有感地震，请就近避险，以政府发布为准。"
    assert (campaign.emergency, campaign.region) == (report.id, "513426")
    assert (campaign.gateway, campaign.signature) == ("aliyun", "凉山科普")
    assert (
        campaign.author
        == stage.hub.as_system(reason="x").accounts.get(stage.verifier._actor.account).person
    )
    stage.clock.tick(timedelta(hours=1))
    closed = stage.verifier.emergencies.close(report.id, "无人员伤亡")
    assert (closed.state, closed.comment) == (EmergencyState.CLOSED, "无人员伤亡")
    after = stage.reporter.emergencies.after_action(report.id)
    assert (after.seconds_to_verify, after.seconds_to_respond) == (240, 360)
    assert after.seconds_to_close == 3960
    assert after.languages == ("bo", "zh-Hans")
    assert after.missing_languages == ("ii",)
    assert after.messages == {}
    types = [e.type for e in stage.events() if e.subject == report.id]
    assert types == [f"emergency.{v}" for v in ("reported", "verified", "responded", "closed")]
    lines = [line.action for line in stage.admin.audit.find(subject=report.id)]
    assert sorted(lines) == sorted(types)


def test_who_reported_it_does_not_verify_it_with_any_account(stage):
    person = stage.hub.as_system(reason="x").accounts.get(stage.reporter._actor.account).person
    twin = stage.somebody(stage.city, ["verify", "respond"], region="513400", person=person)
    report = stage.report()
    for call in (
        lambda: twin.emergencies.verify(report.id),
        lambda: twin.emergencies.reject(report.id, "不实"),
    ):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "emergency.own_report"
    with pytest.raises(Denied) as caught:
        stage.hub.as_system(reason="job").emergencies.verify(report.id)
    assert caught.value.code == "emergency.system"
    assert stage.admin.emergencies.get(report.id).state is EmergencyState.REPORTED
    assert stage.verifier.emergencies.reject(report.id, "不实").comment == "不实"


def test_each_step_needs_its_grant_at_the_place(stage):
    report = stage.report()
    elsewhere = stage.somebody(stage.root, ["*"], region="510700")
    with pytest.raises(Denied) as caught:
        stage.reporter.emergencies.verify(report.id)
    assert caught.value.code == "grant.missing"
    for call in (
        lambda desk: desk.emergencies.verify(report.id),
        lambda desk: desk.emergencies.respond(report.id),
        lambda desk: desk.emergencies.close(report.id),
        lambda desk: desk.emergencies.get(report.id),
        lambda desk: desk.emergencies.after_action(report.id),
    ):
        with pytest.raises(NotFound):
            call(elsewhere)
        with pytest.raises(Denied) as caught:
            call(stage.hub)
        assert caught.value.code == "account.required"
    assert not elsewhere.emergencies.find().items
    with pytest.raises(Denied):
        stage.report(elsewhere)
    with pytest.raises(Denied):
        stage.report(stage.verifier)
    stage.verifier.emergencies.verify(report.id)
    with pytest.raises(Denied):
        stage.reporter.emergencies.respond(report.id)


def test_illegal_steps_change_nothing(stage):
    stage.plan()
    desk = stage.verifier.emergencies
    report = stage.report()
    illegal = [desk.respond, desk.close]
    for call in illegal:
        with pytest.raises(Invalid) as caught:
            call(report.id)
        assert caught.value.code == "emergency.illegal"
    desk.verify(report.id)
    desk.respond(report.id)
    before = len(stage.events())
    for call in (desk.verify, desk.respond, lambda id_: desk.reject(id_, "x")):
        with pytest.raises(Invalid) as caught:
            call(report.id)
        assert caught.value.code == "emergency.illegal"
    desk.close(report.id)
    for call in (desk.verify, desk.respond, desk.close, lambda id_: desk.reject(id_, "x")):
        with pytest.raises(Invalid) as caught:
            call(report.id)
        assert caught.value.code == "emergency.illegal"
    assert len(stage.events()) == before + 1


def test_the_nearest_plan_answers_and_a_named_one_must_fit(stage):
    far = stage.plan(region="510000")
    near = stage.plan(region="513426", levels=["red", "yellow"])
    flood = stage.plan(event_type="flood")
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    with pytest.raises(Invalid) as caught:
        stage.verifier.emergencies.respond(report.id, flood.id)
    assert caught.value.code == "emergency.plan_unfit"
    assert stage.verifier.emergencies.get(report.id).state is EmergencyState.VERIFIED
    assert stage.verifier.emergencies.respond(report.id).plan == near.id
    blue = stage.report(level="blue")
    stage.verifier.emergencies.verify(blue.id)
    assert stage.verifier.emergencies.respond(blue.id).plan == far.id
    named = stage.report()
    stage.verifier.emergencies.verify(named.id)
    assert stage.verifier.emergencies.respond(named.id, far.id).plan == far.id


def test_where_no_plan_answers_nothing_is_sent_and_it_can_be_closed(stage):
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    with pytest.raises(Invalid) as caught:
        stage.verifier.emergencies.respond(report.id)
    assert caught.value.code == "emergency.no_plan"
    assert not [e for e in stage.events() if e.type == "campaign.composed"]
    assert stage.verifier.emergencies.close(report.id).state is EmergencyState.CLOSED
    after = stage.verifier.emergencies.after_action(report.id)
    assert (after.seconds_to_respond, after.languages, after.messages) == (None, (), {})


def test_a_drill_is_marked_and_written_to_a_file(stage):
    stage.plan()
    report = stage.report(drill=True)
    stage.verifier.emergencies.verify(report.id)
    campaign = stage.campaign(stage.verifier.emergencies.respond(report.id).campaign)
    assert campaign.gateway == "file"
    assert campaign.title.startswith("（演练）")
    assert all(text.startswith("（演练）") for text in campaign.texts.values())
    told = [e for e in stage.events() if e.type == "campaign.composed"]
    assert told[0].data["drill"] is True


def test_withdrawn_and_expired_resources_are_not_released(stage):
    shown, gone = stage.resource(), stage.resource()
    stale = stage.resource(expires_on=date(2026, 1, 2))
    stage.plan(resources=[gone, stale, shown])
    stage.admin.resources.withdraw(gone, "x")
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    stage.clock.tick(timedelta(days=1))
    assert stage.verifier.emergencies.respond(report.id).resources == (shown,)


def test_a_campaign_reaches_as_far_as_the_grant_to_respond(stage):
    stage.plan()
    own = stage.somebody(stage.city, ["verify", "respond"], organization=stage.city)
    wide = stage.report()
    narrow = stage.report()
    stage.verifier.emergencies.verify(wide.id)
    own.emergencies.verify(narrow.id)
    one = stage.campaign(stage.verifier.emergencies.respond(wide.id).campaign)
    other = stage.campaign(own.emergencies.respond(narrow.id, override_reason="余震频繁").campaign)
    assert (one.whole_region, other.whole_region) == (True, False)
    assert (one.override_reason, other.override_reason) == ("", "余震频繁")


def test_messages_of_the_campaign_are_counted_by_state(stage):
    stage.plan()
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    campaign = stage.verifier.emergencies.respond(report.id).campaign

    def body(tx):
        for number, state in enumerate(["delivered", "delivered", "unknown", "failed"]):
            keys = {
                "campaign": campaign if state != "failed" else "cmp_other",
                "subscriber": "sub_1",
                "state": state,
                "language": "zh-Hans",
                "batch": "",
                "provider_id": "",
                "parts": 1,
            }
            # Other desks add keys of their own to a message.
            keys = {key.name: keys.get(key.name, _BLANK[key.type]) for key in MESSAGE.keys}
            tx.put("message", [Row(f"msg_{number}", 0, None, keys)])

    stage.hub._tools.store.run(body, write=True)
    after = stage.verifier.emergencies.after_action(report.id)
    assert after.messages == {"delivered": 2, "unknown": 1}


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"event_type": "ufo"}, "term.unknown", "event_type"),
        ({"level": "purple"}, "field.choice", "level"),
        ({"title": ""}, "field.too_short", "title"),
        ({"region": "999999"}, "region.unknown", "region"),
        ({"happened_at": datetime(2026, 1, 1)}, "field.naive_time", "happened_at"),
        (
            {"alert": Alert(issuer="县气象台", level=Level.RED, issued_at=NOW)},
            "emergency.level",
            "level",
        ),
    ],
)
def test_a_report_that_breaks_a_rule_names_the_field(stage, change, code, path):
    with pytest.raises((Invalid, NotFound)) as caught:
        stage.report(**change)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert not stage.admin.emergencies.find().items


def test_a_report_rests_on_the_official_warning_and_keeps_its_level(stage):
    alert = Alert(issuer="凉山州气象台", level=Level.ORANGE, issued_at=NOW)
    report = stage.report(event_type="rainstorm", level="orange", alert=alert)
    assert stage.reporter.emergencies.get(report.id).alert == alert


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"texts": {"zh-Hans": "{name}"}}, "emergency.placeholder"),
        ({"texts": {}}, "emergency.no_text"),
        ({"texts": {"zh_CN": "x"}}, "text.bad_language"),
        ({"texts": {"zh": "x", "zh-CN": "y"}}, "field.twice"),
        ({"event_type": "ufo"}, "term.unknown"),
        ({"topic": "ufo"}, "term.unknown"),
        ({"resources": ["res_none"]}, "noun.unknown"),
        ({"signature": "x"}, "field.too_short"),
    ],
)
def test_a_plan_that_could_not_be_used_is_refused_when_it_is_made(stage, change, code):
    with pytest.raises((Invalid, NotFound)) as caught:
        stage.plan(**change)
    assert caught.value.code == code
    plan = stage.plan()
    with pytest.raises((Invalid, NotFound)) as caught:
        stage.admin.emergencies.edit_plan(plan.id, **change)
    assert caught.value.code == code


def test_plans_are_kept_found_and_changed_by_grants_of_their_own(stage):
    plan = stage.plan()
    stage.plan(event_type="flood")
    keeper = stage.somebody(
        stage.city, ["create", "edit", "read"], kinds=("response_plan",), region="513400"
    )
    assert [p.id for p in keeper.emergencies.find_plans(event_type="earthquake")] == [plan.id]
    assert len(list(keeper.emergencies.find_plans(limit=1))) == 2
    changed = keeper.emergencies.edit_plan(plan.id, texts={"zh-CN": "{title}"}, levels=("red",))
    assert keeper.emergencies.get_plan(plan.id) == changed
    assert (dict(changed.texts), changed.levels) == ({"zh-Hans": "{title}"}, (Level.RED,))
    with pytest.raises(Conflict):
        keeper.emergencies.edit_plan(plan.id, version=plan.version, name="x")
    with pytest.raises(Invalid) as caught:
        keeper.emergencies.edit_plan(plan.id, region="510000")
    assert caught.value.code == "content.fixed"
    for field in ("levels", "resources"):
        with pytest.raises(Invalid) as caught:
            stage.plan(**{field: "red"})
        assert (caught.value.code, caught.value.path) == ("field.type", field)
    with pytest.raises(NotFound):
        stage.reporter.emergencies.get_plan(plan.id)
    with pytest.raises(Denied):
        stage.reporter.emergencies.create_plan(
            name="x",
            organization=stage.county,
            event_type="flood",
            texts={"zh-Hans": "x"},
            signature="科普",
        )


def test_reports_are_found_newest_first_by_state_type_and_region(stage):
    first = stage.report()
    stage.clock.tick(timedelta(minutes=1))
    second = stage.report(event_type="flood")
    stage.verifier.emergencies.verify(first.id)
    find = stage.verifier.emergencies.find
    assert [r.id for r in find(limit=1)] == [second.id, first.id]
    assert [r.id for r in find(state="verified")] == [first.id]
    assert [r.id for r in find(event_type="flood")] == [second.id]
    assert not find(region="513425").items
    assert len(find(region="513400").items) == 2
    with pytest.raises(Invalid):
        find(state="lost")


def test_events_carry_ids_and_facts_and_no_free_text(stage, caplog):
    stage.plan()
    with caplog.at_level(logging.DEBUG):
        report = stage.report(title="张演示家着火", description="报告人张演示")
        stage.verifier.emergencies.verify(report.id)
        stage.verifier.emergencies.respond(report.id)
        stage.verifier.emergencies.close(report.id, "联系张演示")
    told = "".join(codec.dumps(event).decode() for event in stage.events())
    assert "emergency.closed" in told
    assert "张演示" not in told + caplog.text


def test_what_is_written_is_written_whole_or_not_at_all(stage):
    stage.plan(texts={"zh-Hans": "{title}" * 3})
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    with pytest.raises(Invalid) as caught:
        stage.verifier.emergencies.respond(report.id, override_reason="x" * 501)
    assert caught.value.path == "override_reason"
    count = stage.hub._tools.store.run(lambda tx: tx.count(CAMPAIGN.name, Query()), write=False)
    assert count == 0
    assert stage.verifier.emergencies.get(report.id).state is EmergencyState.VERIFIED


def test_what_lies_in_the_future_is_not_reported(stage):
    soon = NOW + timedelta(hours=1)
    with pytest.raises(Invalid) as caught:
        stage.report(happened_at=soon)
    assert (caught.value.code, caught.value.path) == ("emergency.not_yet", "happened_at")
    alert = Alert(issuer="凉山州气象台", level=Level.YELLOW, issued_at=NOW)
    assert stage.report(happened_at=soon, alert=alert).happened_at == soon
    assert stage.report(happened_at=soon, drill=True).drill


def test_texts_in_tibetan_and_yi_are_filled_in_their_language_or_left_out(stage):
    plan = stage.plan(
        texts={
            "zh-Hans": "{time}{place}发生{number}级地震，{level}预警。",
            "bo": "{place}{time}{number}",
            "ii": "{place}{level}",
        }
    )
    assert stage.code(stage.admin.emergencies.approve_texts, plan.id) == "lifecycle.own_work"
    assert stage.code(stage.reporter.emergencies.approve_texts, plan.id) in (
        "noun.unknown",
        "grant.missing",
    )
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    assert stage.code(stage.verifier.emergencies.respond, report.id) == "emergency.slot"
    stage.second.emergencies.approve_texts(plan.id, "bo", "iii")
    stage.named("会东县", bo="ཧུའེ་ཏུང་རྫོང་", ii="ꉼꄏꑤ")
    answered = stage.verifier.emergencies.respond(report.id, number=6.8)
    assert dict(answered.left_out) == {"ii": "level"}, "the glossary has no word for 黄色"
    texts = stage.campaign(answered.campaign).texts
    assert set(texts) == {"zh-Hans", "bo"}
    assert texts["zh-Hans"].endswith("会东县发生6.8级地震，黄色预警。")
    assert texts["bo"].startswith("ཧུའེ་ཏུང་རྫོང་2026 ཟླ་བ་")
    assert "会东县" not in texts["bo"]
    after = stage.verifier.emergencies.after_action(report.id)
    assert after.missing_languages == ("ii",)


def test_a_text_that_nobody_approved_is_not_sent(stage):
    plan = stage.plan(texts={"zh-Hans": TEXT, "ii": "ꆈꌠ"})
    stage.second.emergencies.approve_texts(plan.id)
    stage.admin.emergencies.edit_plan(plan.id, texts={"zh-Hans": TEXT, "ii": "ꆈꌠꉙ"})
    report = stage.report()
    stage.verifier.emergencies.verify(report.id)
    answered = stage.verifier.emergencies.respond(report.id)
    assert dict(answered.left_out) == {"ii": "not_approved"}
    assert set(stage.campaign(answered.campaign).texts) == {"zh-Hans"}
    untranslated = {"zh-Hans": TEXT, "ii": "{title}"}
    assert stage.code(stage.plan, texts=untranslated) == "emergency.free_slot"
