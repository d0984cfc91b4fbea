"""No text in Tibetan or Yi goes out by SMS that nobody approved who may approve translations."""

import json
from datetime import UTC, datetime

import attrs
import pytest

from tianfu_sdk import testing
from tianfu_sdk.backends.outbox_memory import MemoryGateway
from tianfu_sdk.core.rows.kinds import RESOURCE
from tianfu_sdk.display import channel_html
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.model.sms import CampaignState, SmsCapabilities

CAN = SmsCapabilities(name="takes", shape="session", phones_per_call=10, real=False)
HANS = "明天有大雨，请减少外出。"
BO = "སང་ཉིན་ཆར་པ་ཆེན་པོ་འབབ།"


class Offer:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_sms(self, register):
        gateway = MemoryGateway(attrs.evolve(CAN, templates="optional"))
        register("takes", lambda _: gateway)


class Place:
    def __init__(self):
        self.hub = testing.hub(plugins=[Offer()])
        chief = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.me, self.org = self.hub.as_(chief.id), chief.organization
        self.boss = self.person("approve", "send", "read", kinds=["campaign", "subscriber"])
        self.reader = self.person("approve", "read", kinds=["translation", "campaign"])

    def person(self, *actions, kinds):
        made = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(made.id, actions, kinds=kinds, region="510000")
        return self.hub.as_(made.id)

    def compose(self, bo=BO, **more):
        return self.me.sms.compose(
            title="大雨",
            organization=self.org,
            texts={"zh-Hans": HANS, "bo": bo},
            signature="四川科普",
            **({"gateway": "takes"} | more),
        )

    def published(self, body=HANS):
        made = self.me.resources.create(title="大雨", body=body, organization=self.org)
        self.me.resources.submit(made.id)
        both = self.person("approve", "publish", "read", kinds=["resource"])
        both.resources.approve(made.id)
        return both.resources.publish(made.id)

    def translated(self, source, **texts):
        """Translate a source by a task; texts by segment."""
        translator = self.person("translate", "read", kinds=["translation"])
        task = translator.translations.begin(source, "bo")
        translator.translations.enter(task.id, texts)
        return self.reader.translations.approve_task(task.id)

    def template(self, text="明天${weather}，电话${phone}。"):
        return self.me.templates.add(
            name="天气", organization=self.org, gateway="takes", code="SMS_1", text=text
        )


@pytest.fixture
def place():
    return Place()


def refused(step):
    with pytest.raises(Invalid) as caught:
        step()
    return caught.value.code, caught.value.path


def test_who_may_not_approve_translations_approves_no_campaign_with_a_tibetan_text(place):
    made = place.compose()
    code = ("sms.unapproved_text", "texts.bo")
    assert refused(lambda: place.boss.sms.approve(made.id)) == code
    assert [one.code for one in place.boss.sms.explain(made.id).blockers] == [code[0]]
    read = place.reader.sms.approve_texts(made.id)
    assert set(read.text_approvers) == {"bo"}
    assert place.boss.sms.explain(made.id).blockers == ()
    assert place.boss.sms.approve(made.id).state is CampaignState.APPROVED


def test_who_may_approve_translations_approves_both_in_one_step(place):
    both = place.person("approve", "read", kinds=["translation", "campaign"])
    approved = both.sms.approve(place.compose().id)
    assert approved.text_approvers == {"bo": approved.approver}


def test_chinese_in_any_way_of_writing_needs_no_other_approval(place):
    made = place.me.sms.compose(
        title="大雨",
        organization=place.org,
        texts={"zh-Hans": HANS, "zh-Hant": "明天有大雨。"},
        signature="四川科普",
    )
    assert place.boss.sms.approve(made.id).text_approvers == {}


def test_a_text_that_is_changed_is_approved_no_more(place):
    made = place.compose()
    place.reader.sms.approve_texts(made.id, "bo")
    place.me.sms.edit(made.id, texts={"zh-Hans": "明天有暴雨。", "bo": BO})
    assert set(place.me.sms.get(made.id).text_approvers) == {"bo"}
    place.me.sms.edit(made.id, texts={"zh-Hans": HANS, "bo": BO + " ཡང་།"})
    assert refused(lambda: place.boss.sms.approve(made.id))[0] == "sms.unapproved_text"


def test_nobody_gives_the_approval_to_himself(place):
    made = place.compose()
    with pytest.raises(Denied, match="wrote") as caught:
        place.me.sms.approve_texts(made.id)
    assert caught.value.code == "lifecycle.own_work"
    with pytest.raises(Denied) as caught:
        place.boss.sms.approve_texts(made.id)
    assert caught.value.code == "grant.missing"
    with pytest.raises(TypeError):
        place.compose(text_approvers={"bo": "psn_1"})
    with pytest.raises(Invalid) as fixed:
        place.me.sms.edit(made.id, text_approvers={"bo": "psn_1"})
    assert fixed.value.code == "content.fixed"


def test_that_its_content_was_translated_does_not_vouch_for_other_words(place):
    source = place.published()
    place.translated(source.id, s1="ཆར་པ།", s2=BO)
    other = place.compose("སང་ཉིན་ནང་སྡོད།", content=source.id)
    assert refused(lambda: place.boss.sms.approve(other.id))[0] == "sms.unapproved_text"


def test_sentences_of_the_approved_translation_need_nobody_again(place):
    source = place.published()
    made = place.translated(source.id, s1="ཆར་པ།", s2=BO)
    campaign = place.compose(f"ཆར་པ། {BO}", content=source.id)
    assert campaign.text_approvers == {"bo": made.approver}
    assert place.boss.sms.approve(campaign.id).state is CampaignState.APPROVED


def test_a_template_is_translated_as_a_task_and_its_translation_vouches_for_what_is_filled_in(
    place,
):
    template = place.template()
    assert refused(lambda: place.me.templates.fill(template.id, {}, language="bo")) == (
        "template.no_translation",
        "language",
    )
    body = "སང་ཉིན་${weather}། ཁ་པར་${phone}།"
    made = place.translated(template.id, s1="གནམ་གཤིས།", s2=body)
    assert (made.kind, made.source, made.body) == ("sms_template", template.id, body)
    said = place.me.templates.fill(
        template.id, {"weather": "35℃", "phone": "0816-1234567"}, language="bo"
    )
    assert place.compose(said).text_approvers == {"bo": made.approver}
    # Words in a slot are nobody's approved words.
    said = place.me.templates.fill(template.id, {"weather": BO, "phone": "12320"}, language="bo")
    assert place.compose(said).text_approvers == {}


def test_the_translation_of_a_template_is_never_public(place):
    made = place.translated(place.template().id, s1="གནམ་གཤིས།", s2="${weather} ${phone} ཡིན།")
    assert list(place.hub.translations.find(language="bo")) == []
    assert not list(place.hub.ask("གནམ་གཤིས།", language="bo"))
    assert place.reader.translations.get(made.id).body


def test_a_lost_slot_keeps_the_translation_of_a_template_from_approval(place):
    with pytest.raises(Invalid) as caught:
        place.translated(place.template().id, s1="གནམ་གཤིས།", s2="སང་ཉིན་${weather} ཡིན།")
    assert caught.value.values["name"] == "check.placeholder"


def test_a_chinese_text_is_no_tibetan_one_whoever_approves_it(place):
    made = place.compose(HANS)
    assert refused(lambda: place.reader.sms.approve_texts(made.id)) == (
        "sms.wrong_script",
        "texts.bo",
    )


def test_a_tibetan_text_is_not_passed_off_as_chinese(place):
    fields = {"title": "雨", "organization": place.org, "signature": "四川科普"}
    for tag in ("zh-Hans", "zh-TW"):
        code, path = refused(lambda tag=tag: place.me.sms.compose(texts={tag: BO}, **fields))
        assert (code, path.partition(".")[0]) == ("sms.wrong_script", "texts")
    made = place.compose()
    code = refused(lambda: place.me.sms.edit(made.id, texts={"zh-Hans": BO}))
    assert code == ("sms.wrong_script", "texts.zh-Hans")
    plan = plan_of(place, "ས་ཡོམ།")
    code = refused(lambda: place.me.emergencies.edit_plan(plan.id, texts={"zh-Hans": BO}))
    assert code == ("sms.wrong_script", "texts.zh-Hans")


def test_a_template_that_takes_more_messages_in_translation_says_so_before_approval(place):
    translator = place.person("translate", "read", kinds=["translation"])
    task = translator.translations.begin(place.template().id, "bo")
    body = "སང་ཉིན་${weather}། ཁ་པར་${phone}། " + BO * 4
    translator.translations.enter(task.id, {"s1": "གནམ་གཤིས།", "s2": body})
    (found,) = [
        one for one in place.reader.translations.problems(task.id) if one.code == "check.sms_parts"
    ]
    assert (found.severity, found.segment) == ("warning", "s2")
    assert (found.values["parts"], found.values["source_parts"]) == (2, 1)
    reviewer = place.person("review", "read", kinds=["translation"])
    reviewer.translations.dismiss(task.id, "s2", "check.sms_parts")
    assert place.reader.translations.problems(task.id) == ()


# Emergencies.


def plan_of(place, bo, **more):
    return place.me.emergencies.create_plan(
        name="地震",
        organization=place.org,
        event_type="earthquake",
        texts={"zh-Hans": "{title}：{place}请避险，电话028-87654321。https://a.cn", "bo": bo},
        signature="四川科普",
        **more,
    )


@pytest.mark.parametrize(
    ("bo", "name"),
    [
        ("{place}ས་ཡོམ། 028-87654321 https://b.cn", "check.url"),
        ("{place}ས་ཡོམ། 028-87654322 https://a.cn", "check.phone"),
        ("{place} 地震请避险 https://a.cn", "check.script"),
        ("{place}ས་ཡོམ།ུ https://a.cn", "check.orphan_mark"),
    ],
)
def test_a_text_of_a_plan_that_lost_something_is_not_approved(place, bo, name):
    other = place.person("*", kinds=["response_plan"])
    plan = plan_of(place, bo)
    with pytest.raises(Invalid) as caught:
        other.emergencies.approve_texts(plan.id, "bo")
    assert (caught.value.code, caught.value.path) == ("emergency.checks_failed", "texts.bo")
    problems = place.me.emergencies.text_problems(plan.id)
    assert name in {one.code for one in problems if one.severity == "error"}
    assert all(one.field == "texts.bo" for one in problems)


def test_what_was_approved_for_a_plan_is_approved_in_its_campaign_until_it_is_changed(place):
    other = place.person("*", kinds=["response_plan", "emergency"])
    plan = plan_of(place, "ས་ཡོམ། 028-87654321 https://a.cn", gateway="takes")
    problems = place.me.emergencies.text_problems(plan.id)
    assert [(one.code, one.severity) for one in problems] == [("check.placeholder", "warning")]
    place.me.emergencies.edit_plan(
        plan.id, texts={"zh-Hans": "有地震，请避险。", "bo": "ས་ཡོམ་རྒྱག་སོང་།"}
    )
    approver = other.emergencies.approve_texts(plan.id, "bo").approvers["bo"]
    now = datetime(2020, 1, 1, tzinfo=UTC)
    report = place.me.emergencies.report(
        title="地震",
        event_type="earthquake",
        level="red",
        organization=place.org,
        happened_at=now,
    )
    other.emergencies.verify(report.id)
    campaign = place.me.emergencies.respond(report.id).campaign
    assert place.me.sms.get(campaign).text_approvers == {"bo": approver}
    place.me.sms.edit(campaign, texts={"zh-Hans": "有地震。", "bo": "ས་ཡོམ་ཆེན་པོ་རྒྱག་སོང་།"})
    assert place.me.sms.get(campaign).text_approvers == {}
    assert refused(lambda: place.boss.sms.approve(campaign))[0] == "sms.unapproved_text"


# Content.


def test_what_is_said_to_be_tibetan_and_is_chinese_is_not_submitted(place):
    made = place.me.resources.create(
        title="ཆར་པ།", body="请减少外出。", language="bo", organization=place.org
    )
    assert refused(lambda: place.me.resources.submit(made.id)) == (
        "content.wrong_script",
        "language",
    )
    place.me.resources.edit(made.id, body=BO)
    assert place.me.resources.submit(made.id).state.value == "submitted"


def test_one_that_was_published_before_is_flagged_in_its_channel(place):
    made = place.me.resources.create(title="雨", body=BO, language="bo", organization=place.org)
    place.me.resources.submit(made.id)
    both = place.person("approve", "publish", "read", kinds=["resource"])
    both.resources.approve(made.id)
    shown = both.resources.publish(made.id)
    channel = place.me.channels.create(name="བོད་ཡིག", organization=place.org, language="bo")
    assert [item.wrong_script for item in place.hub.channels.items(channel.id)] == [False]

    def as_an_older_program_did(tx):
        (row,) = tx.get(RESOURCE.name, [shown.id])
        doc = json.loads(row.doc) | {"body": "请减少外出。"}
        tx.put(RESOURCE.name, [attrs.evolve(row, doc=json.dumps(doc).encode())])

    place.hub._tools.store.run(as_an_older_program_did, write=True)
    items = list(place.hub.channels.items(channel.id))
    assert [item.wrong_script for item in items] == [True]
    assert "所标语言与正文文字不符" in channel_html(items)
