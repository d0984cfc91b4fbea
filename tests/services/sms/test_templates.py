"""The desks of templates and of word lists, and campaigns that are held against both."""

import logging
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from tianfu_sdk.backends.outbox_memory import MemoryGateway
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound, Unsupported
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.model.sms import SmsCapabilities, TextRules
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)  # 12:00 in China
NEEDS = SmsCapabilities(
    name="needs",
    shape="session",
    phones_per_call=10,
    real=False,
    templates="required",
    rules=TextRules(longest_value=6, links_in_values=False),
)
LOOSE = attrs.evolve(NEEDS, rules=TextRules())
WRITTEN = "${city}明天${weather}，请减少外出。拒收请回复R"
TEXT = "成都明天有大雨，请减少外出。"


class Offer:
    tianfu_api = 1

    def __init__(self, **gateways):
        self.gateways = gateways

    @hookimpl
    def tianfu_register_sms(self, register):
        for name, gateway in self.gateways.items():
            register(name, lambda _, made=gateway: made)


class Place:
    """A province, a county below it, an author and an approver in each."""

    def __init__(self, way, *, needs=NEEDS, **settings):
        self.clock = FrozenClock(NOON)
        self.needs = MemoryGateway(needs)
        self.takes = MemoryGateway(attrs.evolve(NEEDS, name="takes", templates="optional"))
        self.hub = way.open(
            settings=settings,
            clock=self.clock,
            ids=CountingIds(),
            plugins=[Offer(needs=self.needs, takes=self.takes)],
        )
        account = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.org = account.organization
        self.me = self.hub.as_(account.id)
        self.you = self.account("*")
        self.system = self.hub.as_system(reason="worker")
        self.county = self.me.organizations.create(
            name="金堂县科协", region="510121", parent=self.org
        ).id

    def account(self, *actions, organization=None, **place):
        made = self.me.accounts.create(organization=organization or self.org)
        if actions:
            self.me.accounts.grant(made.id, actions, **(place or {"region": "510000"}))
        return self.hub.as_(made.id)

    def template(self, text=WRITTEN, **more):
        fields = {"name": "天气", "organization": self.org, "gateway": "needs", "code": "SMS_1"}
        return self.me.templates.add(**fields | {"text": text} | more)

    def compose(self, text=TEXT, **more):
        fields = {
            "title": "天气",
            "organization": self.org,
            "texts": {"zh-Hans": text},
            "signature": "四川科普",
            "gateway": "needs",
        }
        return self.me.sms.compose(**fields | more)

    def people(self, count):
        self.me.subscribers.add_many(
            [
                {"phone": f"1380000{n:04d}", "organization": self.org, "consents": [Consent()]}
                for n in range(count)
            ]
        )

    def problems(self, campaign):
        return [one.code for one in self.me.sms.plan(campaign.id).problems]


@pytest.fixture
def place(way):
    return Place(way)


@pytest.fixture
def quick(quickly):
    return Place(quickly)


# The desk of templates.


def test_a_template_is_added_found_changed_and_withdrawn(place):
    made = place.template(
        "尊敬的{2}：{1}停水",
        variables=[{"name": "1", "longest": 4}],
        signatures=["四川科普"],
        language="zh-CN",
    )
    assert (made.text, made.language, made.state) == ("尊敬的${2}：${1}停水", "zh-Hans", "approved")
    assert [(v.name, v.longest) for v in made.variables] == [("1", 4), ("2", 0)]
    other = place.template(code="SMS_2", gateway="takes")
    assert place.me.templates.get(made.id) == made
    assert [t.id for t in place.me.templates.find()] == [made.id, other.id]
    assert [t.id for t in place.me.templates.find(gateway="takes")] == [other.id]
    changed = place.me.templates.edit(
        made.id,
        version=made.version,
        name="停水",
        variables=[{"name": "1"}, {"name": "2", "form": "digits"}],
        valid_until=NOON + timedelta(days=1),
    )
    assert (changed.name, changed.variables[1].form, changed.version) == ("停水", "digits", 2)
    gone = place.me.templates.withdraw(made.id, reason="重新报备")
    assert place.me.templates.withdraw(made.id) == gone
    assert [t.id for t in place.me.templates.find(state="withdrawn")] == [made.id]
    again = place.template("停水", code="SMS_1")
    assert [t.id for t in place.me.templates.find(state="approved")] == [other.id, again.id]
    told = [(e.type, dict(e.data)) for e in place.system.events if e.subject == made.id]
    assert [type_ for type_, _ in told] == [
        "sms_template.added",
        "sms_template.edited",
        "sms_template.withdrawn",
    ]
    assert told[0][1] == {"gateway": "needs", "code": "SMS_1"}
    lines = list(place.me.audit.find(subject=made.id))
    assert {line.action for line in lines} == {type_ for type_, _ in told}
    assert "重新报备" in {line.reason for line in lines}


@pytest.mark.parametrize(
    ("more", "error", "code", "path"),
    [
        ({"text": "{名}"}, Invalid, "template.braces", "text"),
        ({"text": ""}, Invalid, "field.too_short", "text"),
        ({"text": "{1}{3}"}, Invalid, "template.positions", "text"),
        ({"gateway": "file"}, Unsupported, "sms.no_templates", "gateway"),
        ({"variables": [{"name": "x"}]}, Invalid, "template.variables", "variables"),
        ({"variables": [{"name": "city", "longest": -1}]}, Invalid, "field.too_small", None),
        ({"signatures": ["【川】"]}, Invalid, "template.signature", "signatures[0]"),
        ({"signatures": ["川"]}, Invalid, "field.too_short", "signatures[0]"),
        ({"signatures": "四川科普"}, Invalid, "field.type", "signatures"),
        ({"valid_from": NOON, "valid_until": NOON}, Invalid, "template.validity", "valid_until"),
        ({"organization": "org_x"}, NotFound, "organization.unknown", "organization"),
        ({"language": "!"}, Invalid, "text.bad_language", None),
    ],
)
def test_each_slip_of_a_template_is_told(quick, more, error, code, path):
    with pytest.raises(error) as caught:
        quick.template(**more)
    assert caught.value.code == code
    assert path is None or caught.value.path == path


def test_a_code_of_a_gateway_stands_once(quick):
    first = quick.template()
    with pytest.raises(Conflict) as caught:
        quick.template()
    assert (caught.value.code, caught.value.values["owner"]) == ("unique.taken", first.id)
    quick.template(gateway="takes")


def test_what_was_approved_does_not_change(quick):
    made = quick.template()
    for name in ("text", "code", "gateway", "organization"):
        with pytest.raises(Invalid) as caught:
            quick.me.templates.edit(made.id, **{name: "x"})
        assert (caught.value.code, caught.value.path) == ("content.fixed", name)
    with pytest.raises(Conflict):
        quick.me.templates.edit(made.id, version=7, name="x")
    with pytest.raises(Invalid):
        quick.me.templates.edit(made.id, variables=[{"name": "city"}])
    with pytest.raises(Invalid, match=r"field\.type @ signatures\b"):
        quick.me.templates.edit(made.id, signatures="四川科普")


def test_any_account_reads_templates_and_only_who_may_changes_them(place):
    made = place.template()
    reader = place.account()
    keeper = place.account("manage", organization=place.county, region="510121")
    assert reader.templates.get(made.id) == made
    assert [t.id for t in reader.templates.find()] == [made.id]
    assert reader.templates.compare(made.id, TEXT + "拒收请回复R").matches
    for door in (reader, keeper):
        with pytest.raises(Denied):
            door.templates.withdraw(made.id)
        with pytest.raises(Denied):
            door.templates.add(
                name="x", organization=place.org, gateway="needs", code="SMS_9", text="x"
            )
    own = keeper.templates.add(
        name="x", organization=place.county, gateway="needs", code="SMS_9", text="x"
    )
    assert keeper.templates.edit(own.id, name="y").name == "y"
    assert place.me.templates.withdraw(own.id).state == "withdrawn"
    for call in (place.hub.templates.find, lambda: place.hub.templates.get(made.id)):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "account.required"
    with pytest.raises(NotFound):
        reader.templates.get("tpl_x")


def test_a_draft_is_compared_and_a_text_is_filled(place):
    made = place.template()
    values = {"city": "成都", "weather": "有大雨"}
    assert place.me.templates.fill(made.id, values) == TEXT + "拒收请回复R"
    found = place.me.templates.compare(made.id, "成都后天有大雨，请减少外出。拒收请回复R")
    assert str(found) == "${city=成都后}[-明-]天${weather=有大雨}，请减少外出。拒收请回复R"
    long = place.me.templates.compare(made.id, "成都明天有一场特大暴雨，请减少外出。拒收请回复R")
    assert [one.code for one in long.problems] == ["sms.value_too_long"]


# Campaigns of templates.


def test_a_campaign_goes_out_with_code_and_values_of_its_template(place):
    made = place.template()
    place.people(3)
    campaign = place.compose(template=made.id)
    assert campaign.templates == {"zh-Hans": made.id}
    assert place.me.sms.plan(campaign.id).problems == ()
    place.you.sms.approve(campaign.id)
    place.you.sms.send(campaign.id)
    assert place.system.sms.dispatch().accepted == 3
    (batch,) = place.needs.batches
    assert (batch.template, batch.parameters) == (
        "SMS_1",
        (("city", "成都"), ("weather", "有大雨")),
    )
    assert batch.text == TEXT + "拒收请回复R"


def test_a_template_that_fits_is_found_and_stays_the_campaigns(place):
    made = place.template()
    place.people(1)
    campaign = place.compose()
    assert campaign.templates == {}
    assert place.problems(campaign) == []
    assert place.you.sms.approve(campaign.id).templates == {"zh-Hans": made.id}
    place.you.sms.send(campaign.id)
    # One that would fit even better is not what was approved.
    place.template("成都明天${weather}，请减少外出。拒收请回复R", code="SMS_2")
    place.system.sms.dispatch()
    assert place.needs.batches[0].template == "SMS_1"


def test_what_does_not_match_is_a_problem_of_the_plan_and_is_not_approved(place):
    made = place.template()
    campaign = place.compose("成都后天有大雨，请减少外出。", template=made.id)
    (problem,) = place.me.sms.plan(campaign.id).problems
    assert (problem.code, problem.path) == ("sms.template_mismatch", "texts.zh-Hans")
    assert "[-明-]天" in str(problem.comparison)
    with pytest.raises(Invalid) as caught:
        place.you.sms.approve(campaign.id)
    assert (caught.value.code, caught.value.path) == ("sms.template_mismatch", "texts.zh-Hans")
    assert "后天" not in str(caught.value) + repr(caught.value)
    place.me.sms.edit(campaign.id, texts={"zh-Hans": TEXT})
    assert place.you.sms.approve(campaign.id).state == "approved"


def test_without_a_template_that_fits_the_nearest_one_is_shown(quick):
    made = quick.template()
    quick.template("停水通知${a}", code="SMS_2")
    campaign = quick.compose("成都后天有大雨，请减少外出。")
    (problem,) = quick.me.sms.plan(campaign.id).problems
    assert (problem.code, problem.path) == ("sms.no_template", "templates.zh-Hans")
    assert problem.comparison.template == made.id
    with pytest.raises(Invalid) as caught:
        quick.you.sms.approve(campaign.id)
    assert caught.value.code == "sms.no_template"
    assert "templates.compare" in caught.value.hint


def test_a_default_template_of_the_settings_is_enough(quickly):
    place = Place(quickly, needs=LOOSE, backends={"needs": {"template": "SMS_0"}})
    place.people(1)
    campaign = place.compose("任何文字")
    assert place.problems(campaign) == []
    place.you.sms.approve(campaign.id)
    place.you.sms.send(campaign.id)
    place.system.sms.dispatch()
    assert (place.needs.batches[0].template, place.needs.batches[0].parameters) == ("", ())


def test_free_text_goes_where_templates_are_a_choice(quick):
    made = quick.template(gateway="takes")
    quick.people(1)
    for fields in ({}, {"template": made.id}):
        campaign = quick.compose(gateway="takes", **fields)
        quick.you.sms.approve(campaign.id)
        quick.you.sms.send(campaign.id)
    quick.system.sms.dispatch()
    assert sorted(batch.template for batch in quick.takes.batches) == ["", "SMS_1"]


def test_each_language_has_a_template_of_its_own(quick):
    one = quick.template()
    two = quick.template("${a}ཆར་པ། 拒收请回复R", code="SMS_2", language="bo")
    texts = {"zh-CN": TEXT, "bo": "སང་ཉིན་ཆར་པ། 拒收请回复R"}
    named = {"zh-CN": one.id, "bo": two.id}
    campaign = quick.compose(texts=texts, template=named)
    assert campaign.templates == {"zh-Hans": one.id, "bo": two.id}
    assert quick.problems(campaign) == ["sms.value_too_long"]
    fixed = quick.me.sms.edit(campaign.id, texts=texts | {"bo": "ཆར་ཆར་པ། 拒收请回复R"})
    assert quick.problems(fixed) == []
    alone = quick.me.sms.edit(campaign.id, template=two.id)
    assert alone.templates == {"zh-Hans": two.id, "bo": two.id}
    assert quick.problems(alone) == ["sms.template_mismatch"]
    assert quick.me.sms.edit(campaign.id, template="").templates == {}


@pytest.mark.parametrize(
    ("gateway", "template", "error", "code"),
    [
        ("file", "own", Unsupported, "sms.no_templates"),
        ("takes", "own", Invalid, "sms.template_gateway"),
        ("needs", "tpl_x", NotFound, "noun.unknown"),
        ("needs", {"ii": "own"}, NotFound, "sms.template_language"),
    ],
)
def test_a_draft_names_templates_that_are_there(quick, gateway, template, error, code):
    made = quick.template()
    if isinstance(template, dict):
        template = dict.fromkeys(template, made.id)
    named = made.id if template == "own" else template
    with pytest.raises(error) as caught:
        quick.compose(gateway=gateway, template=named)
    assert caught.value.code == code


def test_a_template_that_is_withdrawn_stops_what_has_not_left(place):
    made = place.template()
    place.people(2)
    waits, goes = place.compose(template=made.id), place.compose(template=made.id, title="二")
    for campaign in (waits, goes):
        place.you.sms.approve(campaign.id)
    place.you.sms.send(goes.id)
    place.me.templates.withdraw(made.id)
    with pytest.raises(Invalid) as caught:
        place.you.sms.send(waits.id)
    assert caught.value.code == "sms.template_unusable"
    report = place.system.sms.dispatch()
    assert (report.accepted, place.needs.batches) == (0, [])
    (parked,) = place.system.jobs.list("sms.needs", state="parked")
    assert parked.reason == "sms.template_gone"
    assert place.me.sms.status(goes.id) == {"queued": 2}


def test_settings_of_a_deployment_tighten_limits(quickly):
    place = Place(
        quickly, gateways={"takes": {"longest": 20, "links": False, "window_end": "11:00"}}
    )
    campaign = place.compose("见 https://a.cn，" + TEXT, gateway="takes")
    plan = place.me.sms.plan(campaign.id)
    assert [one.code for one in plan.problems] == ["sms.link", "sms.too_long"]
    # 11:00 has passed; the policy's hours begin at 8:00 in China.
    assert plan.not_before == datetime(2026, 1, 6, 0, 0, tzinfo=UTC)
    place.people(1)
    short = place.compose("有雨", gateway="takes")
    place.you.sms.approve(short.id)
    place.you.sms.send(short.id)
    assert place.system.sms.dispatch().accepted == 0
    place.clock.set(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    assert place.system.sms.dispatch().accepted == 1


def test_what_was_approved_without_a_template_gets_none_later(quickly):
    place = Place(quickly, needs=LOOSE, backends={"needs": {"template": "SMS_0"}})
    place.people(1)
    campaign = place.compose()
    place.you.sms.approve(campaign.id)
    place.template()
    place.you.sms.send(campaign.id)
    place.system.sms.dispatch()
    assert place.needs.batches[0].template == ""


# Lists of words.


def test_a_list_holds_for_its_organization_and_those_below(place):
    made = place.me.word_lists.add(
        name="禁用词", organization=place.org, words=["中奖", " 中奖 ", "", "贷款"]
    )
    assert made.words == ("中奖", "贷款")
    local = place.me.word_lists.add(
        name="慎用词", organization=place.county, words=["免费"], severity="warn"
    )
    assert [one.id for one in place.me.word_lists.find()] == [made.id, local.id]
    text = "免费领，中 獎"
    above = place.me.word_lists.scan(text)
    assert [(hit.list, hit.start, hit.end) for hit in above] == [(made.id, 4, 7)]
    below = place.me.word_lists.scan(text, organization=place.county)
    assert [(hit.list, hit.severity) for hit in below] == [(local.id, "warn"), (made.id, "refuse")]
    # A change is seen at once, and what is not active holds for nothing.
    place.me.word_lists.edit(made.id, words=["领"], separated=False)
    assert [(hit.start, hit.end) for hit in place.me.word_lists.scan(text)] == [(2, 3)]
    gone = place.me.word_lists.edit(made.id, active=False, version=2)
    assert (gone.version, place.me.word_lists.scan(text)) == (3, [])
    told = [e for e in place.system.events if e.subject == made.id]
    assert [e.type for e in told] == ["word_list.added", "word_list.edited", "word_list.edited"]
    assert all("中奖" not in str(dict(e.data)) for e in told)


def test_a_list_of_a_unit_that_is_undone_holds_for_nothing(quickly):
    place = Place(quickly)
    made = place.me.word_lists.add(name="x", organization=place.org, words=["中奖"])

    def undone(unit):
        unit.word_lists.edit(made.id, words=["贷款"])
        assert len(unit.word_lists.scan("贷款")) == 1
        raise Conflict("storage.version", path="x", ids=(), kind="x")

    with pytest.raises(Conflict):
        place.me.unit(undone)
    place.me.word_lists.edit(made.id, words=["彩票"])
    assert [len(place.me.word_lists.scan(one)) for one in ("贷款", "彩票")] == [0, 1]


def test_lists_are_read_and_changed_by_who_may(place):
    made = place.me.word_lists.add(name="x", organization=place.org, words=["中奖"])
    reader = place.account("read", organization=place.county, region="510121")
    with pytest.raises(NotFound):
        reader.word_lists.get(made.id)
    assert list(reader.word_lists.find()) == []
    # To scan tells where, and no words.
    assert [hit.list for hit in reader.word_lists.scan("中奖")] == [made.id]
    with pytest.raises(NotFound):
        reader.word_lists.edit(made.id, active=False)
    with pytest.raises(Denied):
        reader.word_lists.add(name="x", organization=place.county, words=["x"])
    assert place.you.word_lists.get(made.id).words == ("中奖",)


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"words": ["字" * 65]}, "field.too_long", "words[0]"),
        ({"words": ["好", 3]}, "field.type", "words[1]"),
        ({"words": [str(n) for n in range(20_001)]}, "words.too_many", "words"),
        ({"severity": "ban"}, "field.choice", "severity"),
        ({"name": ""}, "field.too_short", "name"),
    ],
)
def test_each_slip_of_a_list_is_told(quick, more, code, path):
    fields = {"name": "x", "organization": quick.org, "words": ["好"]}
    with pytest.raises(Invalid) as caught:
        quick.me.word_lists.add(**fields | more)
    assert (caught.value.code, caught.value.path) == (code, path)
    made = quick.me.word_lists.add(**fields)
    with pytest.raises(Invalid) as caught:
        quick.me.word_lists.edit(made.id, organization="x")
    assert caught.value.code == "content.fixed"


def test_words_stop_an_approval_and_warnings_do_not(place, caplog):
    caplog.set_level(logging.DEBUG)
    place.me.word_lists.add(
        name="x", organization=place.org, words=["暴雨"], severity="warn", separated=True
    )
    refused = place.me.word_lists.add(name="y", organization=place.org, words=["外出"])
    campaign = place.compose("成都有暴雨，请减少外出。", gateway="takes")
    plan = place.me.sms.plan(campaign.id)
    assert [(p.code, p.severity, p.spans) for p in plan.problems] == [
        ("sms.words", "refuse", ((9, 11),)),
        ("sms.words", "warn", ((3, 5),)),
    ]
    with pytest.raises(Invalid) as caught:
        place.you.sms.approve(campaign.id)
    error = caught.value
    assert (error.code, error.path) == ("sms.words", "texts.zh-Hans")
    assert error.values == {"list": refused.id, "spans": "9-11"}
    assert "外出" not in str(error) + repr(error) + repr(plan) + caplog.text
    place.me.word_lists.edit(refused.id, active=False)
    assert place.you.sms.approve(campaign.id).state == "approved"
