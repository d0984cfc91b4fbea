"""Who a campaign is for, who may do its next step, and what overrides what."""

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.subscriber import Consent

from .test_sms import Line


@pytest.fixture
def line(way):
    return Line(way)


@pytest.fixture
def quick(quickly):
    return Line(quickly)


def reached(line, campaign):
    plan = line.me.sms.plan(campaign.id)
    return plan.recipients, {one.reason: one.count for one in plan.exclusions}


# Audience.


def test_an_audience_is_of_languages_interests_settings_and_lists(line):
    line.people(1, language="bo", topics=["healthy_life"])
    line.people(1, topics=["safety_science"], settings=["school"])
    ids = line.people(2)
    texts = {"zh-Hans": "避险", "bo": "ས་ཡོམ།"}
    assert reached(line, line.compose(texts=texts)) == (4, {})
    assert reached(line, line.compose(texts=texts, languages=["bo"])) == (1, {"language": 3})
    chosen = line.compose(interests=["safety_science", "healthy_life"])
    assert reached(line, chosen) == (2, {"topic": 2})
    assert reached(line, line.compose(settings=["school"])) == (1, {"setting": 3})
    few = line.compose(members=[ids[0], "sub_x"])
    assert reached(line, few) == (1, {})
    line.you.sms.approve(few.id)
    assert line.you.sms.send(few.id).queued == 1
    assert line.me.sms.edit(chosen.id, members=ids).members == tuple(ids)
    for wrong, code in (
        ({"interests": ["x"]}, "term.unknown"),
        ({"languages": ["!"]}, "text.bad_language"),
    ):
        with pytest.raises((Invalid, NotFound), match=code.replace(".", r"\.")):
            line.compose(**wrong)


def test_a_list_reaches_no_further_than_its_campaign(line):
    inside = line.people(1, region="510104")
    outside = line.people(1, region="510300")
    campaign = line.compose(region="510100", members=inside + outside)
    assert reached(line, campaign) == (1, {})
    same = line.me.organizations.create(name="自贡市科协", region="510300", parent=line.org)
    twice = line.me.subscribers.create(
        phone=line.phones[0], organization=same.id, region="510104", consents=[Consent()]
    )
    both = line.compose(members=[*inside, twice.id])
    assert reached(line, both) == (1, {"duplicate": 1})


def test_a_list_has_an_end(quick, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.segments.LONGEST_LIST", 2)
    with pytest.raises(Invalid, match=r"sms\.too_many_members"):
        quick.compose(members=["sub_1", "sub_2", "sub_3"])


def test_the_language_that_stands_in_is_said(quick):
    quick.people(1, language="ii")
    texts = {"zh-Hans": "避险", "bo": "ས་ཡོམ།"}
    assert quick.me.sms.plan(quick.compose(texts=texts).id).by_language == {"zh-Hans": 1}
    other = quick.compose(texts=texts, fallback_order=["ii-Latn", "bo", "zh-Hans"])
    assert quick.me.sms.plan(other.id).by_language == {"bo": 1}
    none = quick.compose(texts={"bo": "ས་ཡོམ།"}, fallback_order=["zh-Hans"])
    assert reached(quick, none) == (0, {"no_text": 1})


# Segments.


def test_a_campaign_keeps_the_segment_as_it_was(line):
    line.people(2, language="bo")
    line.people(1)
    segment = line.me.segments.create(name="藏语受众", organization=line.org, languages=["bo"])
    campaign = line.compose(segment=segment.id)
    assert (campaign.segment, campaign.segment_version) == (segment.id, 1)
    assert campaign.languages == ("bo",)
    assert reached(line, campaign) == (2, {"language": 1})
    changed = line.me.segments.edit(segment.id, languages=["ii"], name="彝语受众")
    assert changed.version == 2
    assert line.me.segments.get(segment.id) == changed
    assert [one.id for one in line.me.segments.find(organization=line.org)] == [segment.id]
    assert reached(line, campaign) == (2, {"language": 1})
    # Who belongs to it is asked anew.
    line.people(1, language="bo")
    assert reached(line, campaign)[0] == 3
    # What is given wins.
    assert line.compose(segment=segment.id, languages=["bo"]).languages == ("bo",)


@pytest.mark.parametrize("field", ["languages", "interests", "settings", "members"])
@pytest.mark.parametrize("wrong", ["sub_01", 5, {"bo": 1}])
def test_a_text_is_no_list_of_its_letters(quick, field, wrong):
    segments, sms = quick.me.segments, quick.me.sms
    segment = segments.create(name="学校", organization=quick.org)
    texts = {"texts": {"zh-Hans": "请注意"}, "signature": "省科协"}
    campaign = sms.compose(title="x", organization=quick.org, **texts)
    for call in (
        lambda more: segments.create(name="x", organization=quick.org, **more),
        lambda more: segments.edit(segment.id, **more),
        lambda more: sms.compose(title="x", organization=quick.org, **texts, **more),
        lambda more: sms.edit(campaign.id, **more),
    ):
        with pytest.raises(Invalid) as caught:
            call({field: wrong})
        assert (caught.value.code, caught.value.path) == ("field.type", field)
    assert segments.create(
        name="名单", organization=quick.org, members=(one for one in ("sub_1", "sub_2"))
    ).members == ("sub_1", "sub_2")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"template": 5}, "template"),
        ({"template": [5]}, "template[0]"),
        ({"template": {5: "tpl_1"}}, "template.5"),
        ({"gateway": 5}, "gateway"),
        ({"gateway": b"one"}, "gateway"),
        ({"gateway": ["memory", 5]}, "gateway[1]"),
        ({"gateway": {5: 1}}, "gateway.5"),
        ({"texts": ["避险"]}, "texts"),
    ],
)
def test_what_is_of_a_wrong_type_is_named_by_edit_as_by_compose(quick, given, path):
    campaign = quick.compose()
    for call in (lambda: quick.me.sms.edit(campaign.id, **given), lambda: quick.compose(**given)):
        with pytest.raises(Invalid) as caught:
            call()
        assert (caught.value.code, caught.value.path) == ("field.type", path)


def test_segments_are_checked_and_retired(quick):
    segment = quick.me.segments.create(name="学校", organization=quick.org, settings=["school"])
    with pytest.raises(Conflict, match=r"storage\.version"):
        quick.me.segments.edit(segment.id, version=7, name="x")
    with pytest.raises(Invalid, match=r"content\.fixed"):
        quick.me.segments.edit(segment.id, region="510100")
    with pytest.raises(NotFound, match=r"term\.unknown"):
        quick.me.segments.edit(segment.id, interests=["x"])
    quick.me.segments.edit(segment.id, retired=True)
    with pytest.raises(Invalid, match=r"sms\.segment_retired"):
        quick.compose(segment=segment.id)
    stranger = quick.account("read", region="510300")
    with pytest.raises(NotFound):
        stranger.segments.get(segment.id)
    with pytest.raises(Denied):
        stranger.segments.create(name="x", organization=quick.org)


# Content.


def test_only_approved_and_current_translations_are_spoken(anywhere):
    world = anywhere
    me, second = world.me, world.as_(world.reviewer)
    source = world.published()

    def compose(**texts):
        return me.sms.compose(
            title="防震",
            organization=world.org,
            texts={"zh-Hans": "避险", **texts},
            signature="科普",
            content=source.id,
        )

    assert compose().content == source.id
    with pytest.raises(Invalid) as raised:
        compose(bo="ས་ཡོམ།")
    assert (raised.value.code, raised.value.path) == ("sms.unapproved_translation", "texts.bo")
    draft = me.translations.create(source.id, language="bo", title="ས་ཡོམ།", body="ས་ཡོམ།")
    with pytest.raises(Invalid, match=r"sms\.unapproved_translation"):
        compose(bo="ས་ཡོམ།")
    second.translations.approve(draft.id)
    campaign = compose(bo="ས་ཡོམ།")
    # A newer revision makes the translation outdated, and the approval is refused.
    me.resources.edit(source.id, title="防震避险新编")
    me.resources.submit(source.id)
    second.resources.approve(source.id)
    me.resources.publish(source.id)
    with pytest.raises(Invalid, match=r"sms\.unapproved_translation"):
        second.sms.approve(campaign.id)
    unpublished = me.resources.create(title="草稿", organization=world.org, body="x")
    for content, error in ((unpublished.id, Invalid), ("res_x", NotFound), ("sub_x", NotFound)):
        with pytest.raises(error):
            me.sms.compose(
                title="x",
                organization=world.org,
                texts={"zh-Hans": "x"},
                signature="科普",
                content=content,
            )


# Who may do what.


def test_it_is_said_who_may_do_the_next_step(line):
    line.people(2)
    line.me.sms_policies.set(line.org, quota_day=3)
    approver, sender = line.account("approve", "read"), line.account("send", "read")
    campaign = line.compose()
    mine = line.me.sms.explain(campaign.id)
    assert (mine.step, mine.ready, mine.blockers) == ("approve", True, ())
    assert [one.code for one in mine.yours] == ["lifecycle.own_work"]
    assert mine.yours[0].hint
    assert mine.yours[0].message_zh
    who = {one.account: (one.allowed, one.reason) for one in mine.who}
    assert who[line.me._actor.account] == (False, "lifecycle.own_work")
    assert who[approver._actor.account] == (True, "")
    assert sender._actor.account not in who
    assert all(one.grants for one in mine.who)
    assert approver.sms.explain(campaign.id).yours == ()
    approver.sms.approve(campaign.id)
    found = approver.sms.explain(campaign.id)
    assert (found.step, [one.code for one in found.yours]) == ("send", ["grant.missing"])
    assert found.not_before == line.clock.now()
    line.me.sms_policies.set(line.org, quota_day=1)
    stopped = sender.sms.explain(campaign.id)
    assert (stopped.ready, [one.code for one in stopped.blockers]) == (False, ["quota.exceeded"])
    assert stopped.blockers[0].hint_zh
    assert stopped.yours == ()
    line.me.sms_policies.set(line.org, quota_day=2)
    sender.sms.send(campaign.id)
    assert sender.sms.explain(campaign.id).step == "dispatch"
    line.system.sms.dispatch()
    over = sender.sms.explain(campaign.id)
    assert (over.step, over.ready, over.who, over.yours) == ("", False, (), ())
    draft = line.compose()
    assert [b.code for b in line.system.sms.explain(draft.id).yours] == ["lifecycle.system"]


def test_whoever_reaches_less_than_the_campaign_is_not_named(quick):
    quick.people(1)
    county = quick.account("approve", "read", region="510104")
    wide = quick.compose()
    assert wide.whole_region
    named = {one.account for one in quick.me.sms.explain(wide.id).who}
    assert county._actor.account not in named


def test_what_is_wrong_is_said_with_its_code(quickly):
    line = Line(quickly, sms={"window_start": "22:00", "window_end": "06:00"})
    line.me.sms_policies.set(line.org, window_start="08:00", window_end="20:00")
    campaign = line.compose()
    found = line.me.sms.explain(campaign.id)
    assert [one.code for one in found.blockers] == ["sms.no_window"]
    assert found.not_before is None


# Hours of organizations, holidays.


def test_an_organizations_hours_hold_for_plan_and_dispatch(line):
    line.people(1)
    campaign = line.compose()
    line.me.sms_policies.set(line.org, window_start="14:00", window_end="16:00")
    plan = line.me.sms.plan(campaign.id)
    assert plan.not_before.isoformat() == "2026-01-05T06:00:00+00:00"
    assert plan.schedule.starts == plan.not_before
    line.me.sms_policies.set(line.org, holidays=["2026-01-05", "2026-01-06"])
    assert line.me.sms.plan(campaign.id).not_before.isoformat() == "2026-01-07T06:00:00+00:00"
    line.me.sms_policies.set(line.org, window_start="", window_end="", holidays=[])
    line.you.sms.approve(campaign.id)
    line.you.sms.send(campaign.id)
    line.me.sms_policies.set(line.org, window_start="14:00", window_end="16:00")
    assert line.system.sms.dispatch().accepted == 0


# Overrides.


@pytest.mark.parametrize(("levels", "sent"), [(["red"], 2), (["blue"], 1), ([], 1)])
def test_a_refusal_is_overridden_only_at_levels_that_policy_names(quickly, levels, sent):
    line = Line(quickly, sms={"refusal_levels": levels})
    ids = line.people(2)
    line.me.subscribers.opt_out(ids[0])
    emergency = line.emergency()
    usual = line.compose(emergency=emergency)
    assert line.me.sms.plan(usual.id).recipients == 1
    urgent = line.compose(emergency=emergency, override_reason="特大地震")
    assert line.me.sms.plan(urgent.id).recipients == sent
    line.you.sms.approve(urgent.id)
    line.you.sms.send(urgent.id)
    line.system.sms.dispatch()
    assert line.states(urgent) == {"accepted": sent}
    said = [e.data["refusals"] for e in line.told("campaign.approved")]
    assert said == [sent == 2]
