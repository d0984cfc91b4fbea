"""Clarifications: a content of its own kind, found first by who repeats its rumour."""

from datetime import date

import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.content import Verdict

RUMOUR = "每天吃三瓣大蒜就能杀死新型冠状病毒，赶快转发给家人"
FACT = "大蒜里的大蒜素在体内达不到杀死病毒的浓度，多吃会刺激胃。预防靠接种疫苗和戴口罩。"


@pytest.fixture
def known(world):
    def publish(**fields):
        given = {"title": "吃大蒜不能治新冠", "rumour": RUMOUR, "verdict": "false", "body": FACT}
        given["organization"] = world.org
        made = world.me.clarifications.create(**(given | fields))
        world.me.clarifications.submit(made.id)
        approver = world.as_(world.person())
        approver.clarifications.approve(made.id)
        return world.me.clarifications.publish(made.id)

    return publish


def test_who_repeats_a_rumour_gets_its_clarification_first(world, known):
    world.published(title="大蒜的种植", body="大蒜喜冷凉。每天吃三瓣大蒜，大蒜，大蒜。" * 3)
    id_ = known(evidence=("世界卫生组织问答",), variants=("生大蒜泡水能治新冠",)).id
    first = next(iter(world.nobody.ask("听说每天吃三瓣大蒜就能杀死新型冠状病毒，是真的吗？")))
    assert (first.kind, first.id, first.verdict) == ("clarification", id_, Verdict.FALSE)
    assert next(iter(first.why)) == "@rumour"
    assert sum(first.why.values()) == pytest.approx(first.score)
    assert first.passage.startswith("大蒜里的大蒜素")
    by_variant = next(iter(world.nobody.ask("隔壁说生大蒜泡水能治新冠")))
    assert (by_variant.id, "@rumour" in by_variant.why) == (id_, True)
    answers = list(world.nobody.ask("大蒜怎么种植"))
    assert all("@rumour" not in one.why for one in answers)
    assert answers[0].verdict is None


def test_a_long_message_is_checked_and_nothing_of_it_is_kept(world, known):
    id_ = known(variants=("生大蒜泡水能治新冠",)).id
    message = "各位早上好。菜价又涨了。" * 40 + RUMOUR + "。明天下午有讲座。" * 40
    (found,) = world.nobody.clarifications.check(message)
    assert (found.id, found.title) == (id_, "吃大蒜不能治新冠")
    assert (found.verdict, found.wording) == (Verdict.FALSE, RUMOUR)
    assert found.share > 0.9
    assert found.verdict.label("zh") == "不实"
    assert world.nobody.clarifications.check("明天有科普讲座吗") == []
    assert world.me.questions.find().items == ()


def test_what_is_withdrawn_or_expired_is_no_clarification_any_more(world, known):
    id_ = known(expires_on=date(2027, 1, 1)).id
    assert world.nobody.clarifications.check(RUMOUR)
    world.me.clarifications.withdraw(id_, "更正中")
    assert world.nobody.clarifications.check(RUMOUR) == []
    assert world.nobody.ask(RUMOUR).abstained


def test_filters_of_a_question_hold_for_rumours_too(world, known):
    known(organization=world.county, title="锦江辟谣")
    ask = world.nobody.ask
    assert not ask(RUMOUR, region="510104").abstained
    assert ask(RUMOUR, region="513400").abstained
    assert ask(RUMOUR, kinds=["resource"]).abstained
    assert not ask(RUMOUR, kinds=["clarification"]).abstained


def test_mistakes_are_named(world):
    create = world.me.clarifications.create
    with pytest.raises(Invalid) as caught:
        create(title="某事", organization=world.org, rumour="某事", verdict="wrong")
    assert (caught.value.code, caught.value.path) == ("field.choice", "verdict")
    with pytest.raises(Invalid) as caught:
        create(title="某事", organization=world.org, rumour="", verdict="false")
    assert (caught.value.code, caught.value.path) == ("field.too_short", "rumour")
    check = world.nobody.clarifications.check
    for text, code in (("  ", "ask.empty"), ("长" * 20_001, "field.too_long")):
        with pytest.raises(Invalid) as caught:
            check(text)
        assert (caught.value.code, caught.value.path) == (code, "text")
    with pytest.raises(Invalid) as caught:
        check("某事", limit=0)
    assert caught.value.code == "storage.limit"


def test_a_table_of_clarifications_is_taken_in(world):
    table = "标题,谣言,结论,正文,依据\n大蒜,吃大蒜治新冠,不实,不能,世卫组织；疾控中心\n".encode()
    report = world.me.imports.load(table, kind="clarification", format="csv")
    assert (report.created, report.bad) == (1, 0)
    (made,) = world.me.clarifications.find()
    assert (made.verdict, made.rumour) == (Verdict.FALSE, "吃大蒜治新冠")
    assert made.evidence == ("世卫组织", "疾控中心")
