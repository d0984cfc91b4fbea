"""From an abstention to the answer of the next asker: routed, grouped, drafted, told of."""

from datetime import date, timedelta

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.question import QuestionState, Routing
from tianfu_sdk.services.asking import filing

ASKED = "水稻稻瘟病如何防治"
AGAIN = "请问水稻稻瘟病怎么防治呢"
ANSWER = "水稻稻瘟病防治：选用抗病品种，合理施肥，破口期前后各用药一次。"


@pytest.fixture
def farmed(world):
    """A topic that is named in the question, and an association of the county."""
    world.me.vocabularies.put("topic", "rice", {"zh-Hans": "水稻"})
    made = world.me.organizations.create(
        name="锦江区科协", region="510104", parent=world.org, kind="association"
    )
    world.county = made.id
    return world


@pytest.fixture
def expert(farmed):
    def create(**fields):
        given = {"title": "高级农艺师", "topics": ["rice"], "region": "510104"} | fields
        return farmed.me.experts.create(name="王建国", organization=farmed.county, **given).id

    return create


def ask(world, text=ASKED, region="510104"):
    return world.nobody.ask(text, region=region).question


def test_a_question_goes_to_an_expert_of_its_topic_who_has_room(farmed, expert):
    far, near = expert(region="513400"), expert(capacity=1)
    question = farmed.me.questions.get(ask(farmed))
    assert (question.state, question.routing) == (QuestionState.ROUTED, Routing.EXPERT)
    assert (question.expert, question.organization) == (near, farmed.county)
    assert question.topics == ("rice",)
    assert set(question.why) == {"topic", "region", "language"}
    second = farmed.me.questions.get(ask(farmed, "水稻什么时候插秧最好"))
    assert second.expert == far
    third = farmed.me.questions.get(ask(farmed, "水稻田里长浮萍"))
    assert (third.expert, third.routing) == ("", Routing.ASSOCIATION)
    assert [q.id for q in farmed.me.questions.find(expert=near)] == [question.id]


def test_of_very_many_experts_those_who_are_near_are_looked_at(farmed, expert, monkeypatch):
    monkeypatch.setattr(filing, "_EXPERTS", 2)
    for _ in range(3):
        expert(region="513400")
    near = expert()
    assert farmed.me.questions.get(ask(farmed)).expert == near


def test_who_is_suspended_or_out_of_office_gets_none(farmed, expert):
    gone = expert(appointed_to=date(2025, 12, 31))
    paused, there = expert(), expert()
    farmed.me.experts.suspend(paused, "休假")
    question = farmed.me.questions.get(ask(farmed))
    assert question.expert == there != gone


@pytest.mark.parametrize("gone", ["suspended", "erased"])
def test_who_serves_no_more_leaves_the_questions_to_the_association(farmed, expert, gone):
    me, one = farmed.me, expert(capacity=5)
    waiting, drafted = ask(farmed), ask(farmed, "水稻田里长浮萍")
    draft = me.questions.draft_answer(drafted, title="稻田浮萍", body="排水晒田。")
    if gone == "suspended":
        me.experts.suspend(one, "休假")
    else:
        me.experts.erase(one)
    left = me.questions.get(waiting)
    assert (left.state, left.routing, left.expert) == (
        QuestionState.ROUTED, Routing.ASSOCIATION, "",
    )  # fmt: skip
    assert (left.organization, dict(left.why)) == (farmed.county, {})
    events = farmed.hub.as_system(reason="t").events.read(None, 500)
    routed = [event for _, event in events if event.type == "question.routed"]
    assert [e.data["expert"] for e in routed if e.subject == waiting] == [one, ""]
    assert me.questions.get(drafted).draft == draft.id
    assert me.questions.get(drafted).expert == one
    assert me.questions.get(ask(farmed, AGAIN)).group == waiting


def test_questions_are_found_by_where_and_in_what_language_they_were_asked(farmed):
    find = farmed.me.questions.find
    here, elsewhere = ask(farmed), ask(farmed, "猕猴桃溃疡病怎么治", region="513400")
    bo = ask(farmed, "འབྲས་ཀྱི་ནད་ཇི་ལྟར་འགོག")
    assert [q.id for q in find(region="510100")] == [here, bo]
    assert [q.id for q in find(region="513400")] == [elsewhere]
    assert [q.id for q in find(organization=farmed.county)] == [here, bo]
    assert {q.id for q in find(organization=farmed.org)} == {here, elsewhere, bo}
    assert [q.id for q in find(language="bo")] == [bo]
    assert [q.id for q in find(region="510104", language="bo", limit=1)] == [bo]


def test_without_an_expert_it_goes_to_the_association_of_the_region_or_above(farmed):
    me = farmed.me
    assert me.questions.get(ask(farmed)).organization == farmed.county
    elsewhere = me.questions.get(ask(farmed, "猕猴桃溃疡病怎么治", region="513400"))
    assert (elsewhere.organization, elsewhere.routing) == (farmed.org, Routing.ASSOCIATION)


@pytest.mark.parametrize("region", [None, "110000"])
def test_who_does_not_say_where_asks_the_association_above_all_others(farmed, region):
    id_ = ask(farmed, "荔枝保鲜", region=region)
    question = farmed.me.questions.get(id_)
    assert (question.organization, question.routing) == (farmed.org, Routing.ASSOCIATION)


def test_where_no_association_is_above_all_others_it_stays_open(farmed):
    farmed.me.organizations.create(name="凉山州科协", region="513400", kind="association")
    id_ = ask(farmed, "荔枝保鲜", region=None)
    system = farmed.hub.as_system(reason="t")
    assert system.questions.get(id_).state is QuestionState.OPEN


def test_what_was_asked_nowhere_or_in_another_province_keeps_nobody_waiting(farmed):
    # Two have none above them, so that nobody is asked by who does not say where.
    farmed.me.organizations.create(name="凉山州科协", region="513400", kind="association")
    system = farmed.hub.as_system(reason="t")
    nowhere, beijing = ask(farmed, region=None), ask(farmed, region="110000")
    assert system.questions.get(nowhere).state is QuestionState.OPEN
    assert system.questions.get(beijing).state is QuestionState.OPEN
    here = system.questions.get(ask(farmed, AGAIN, region="510000"))
    assert (here.state, here.organization) == (QuestionState.ROUTED, farmed.org)


@pytest.mark.parametrize("asked", ["512081", "510185"])
def test_a_region_that_has_another_code_now_keeps_its_association_and_experts(farmed, asked):
    me = farmed.me
    home = me.organizations.create(
        name="简阳市科协", region="512081", parent=farmed.org, kind="association"
    )
    me.organizations.create(
        name="成都市科协", region="510100", parent=farmed.org, kind="association"
    )
    far, near = (
        me.experts.create(name="王建国", organization=home.id, region=region, topics=["rice"]).id
        for region in ("510104", "512081")
    )
    question = me.questions.get(ask(farmed, region=asked))
    assert (question.organization, question.expert) == (home.id, near)
    assert question.expert != far


def test_who_declines_passes_it_on_and_does_not_get_it_again(farmed, expert):
    first, second = expert(), expert()
    id_ = ask(farmed)
    questions = farmed.me.questions
    assert questions.get(id_).expert == first
    declined = questions.decline(id_, "不是我的专业")
    assert (declined.expert, declined.refusals[0].expert) == (second, first)
    assert declined.refusals[0].reason == "不是我的专业"
    last = questions.decline(id_, "出差")
    assert (last.expert, last.routing) == ("", Routing.ASSOCIATION)
    with pytest.raises(Invalid) as caught:
        questions.decline(id_, "又")
    assert caught.value.code == "question.no_expert"
    assert questions.route(id_).expert == ""
    by_hand = questions.route(id_, farmed.county, expert=first)
    assert (by_hand.expert, by_hand.routing) == (first, Routing.HAND)


def test_an_answer_is_reviewed_published_and_found_by_the_next_asker(farmed, expert):
    expert()
    id_ = ask(farmed)
    me = farmed.me
    draft = me.questions.draft_answer(id_, title="水稻稻瘟病的防治", body=ANSWER)
    assert draft.source == "专家解答：锦江区科协，高级农艺师"
    assert (draft.topics, draft.region, draft.state.value) == (("rice",), "510104", "draft")
    assert "王建国" not in repr(draft)
    me.resources.submit(draft.id)
    with pytest.raises(Denied):
        me.resources.approve(draft.id)
    farmed.as_(farmed.reviewer).resources.approve(draft.id)
    assert farmed.nobody.questions.status(id_).answer == ""
    me.resources.publish(draft.id)
    question = me.questions.get(id_)
    assert (question.state, question.answer) == (QuestionState.ANSWERED, draft.id)
    status = farmed.nobody.questions.status(id_)
    assert (status.answer, status.kind, status.title) == (draft.id, "resource", "水稻稻瘟病的防治")
    answers = farmed.nobody.ask(AGAIN, region="510104")
    assert [one.id for one in answers] == [draft.id]
    me.resources.retract(draft.id, "有误")
    assert farmed.nobody.questions.status(id_).answer == ""


def test_the_same_question_in_other_words_joins_one_that_waits(farmed):
    me = farmed.me
    first, second = ask(farmed), ask(farmed, AGAIN)
    assert second != first
    joined = me.questions.get(second)
    assert (joined.state, joined.group) == (QuestionState.GROUPED, first)
    assert me.questions.get(first).askers == 2
    assert [q.id for q in me.questions.find(state="routed")] == [first]
    assert [q.id for q in me.questions.find(group=first)] == [second]
    assert farmed.nobody.questions.status(second).askers == 2
    with pytest.raises(Invalid) as caught:
        me.questions.close(second, "重复")
    assert (caught.value.code, caught.value.values["id"]) == ("question.grouped", first)
    assert me.questions.get(ask(farmed, AGAIN, region="513400")).group == ""
    id_ = farmed.published(title="稻瘟病", body="没有关系的正文。").id
    me.questions.answer(first, id_)
    assert me.questions.get(second).answer == id_
    told = [e.subject for e in farmed.hub.as_system(reason="t").events
            if e.type == "question.answered"]  # fmt: skip
    assert told == [first, second]


def test_who_does_not_say_where_joins_who_asked_the_same_of_the_same_association(farmed):
    system = farmed.hub.as_system(reason="t")
    first, second = ask(farmed, region=None), ask(farmed, AGAIN, region=None)
    assert system.questions.get(second).group == first
    assert system.questions.get(ask(farmed, region="510000")).group == first
    assert system.questions.get(ask(farmed, region="510104")).group == ""
    farmed.me.organizations.create(name="凉山州科协", region="513400", kind="association")
    alone = ask(farmed, region=None)
    assert system.questions.get(alone).group == ""
    assert system.questions.get(ask(farmed, AGAIN, region=None)).group == alone


def test_who_routes_to_an_expert_alone_is_not_overheard(farmed, expert):
    id_, named = ask(farmed, "荔枝保鲜"), expert(topics=[])
    routed = farmed.me.questions.route(id_, expert=named)
    assert (routed.organization, routed.expert) == (farmed.county, named)
    assert routed.routing is Routing.HAND
    with pytest.raises(NotFound) as caught:
        farmed.me.questions.route(id_, expert="exp_none")
    assert caught.value.path == "expert"
    farmed.me.organizations.create(name="凉山州科协", region="513400", kind="association")
    open_ = farmed.nobody.ask("荔枝储藏").question
    system = farmed.hub.as_system(reason="t")
    assert system.questions.route(open_, expert=named).organization == farmed.county


def test_traditional_characters_ask_the_same(farmed):
    first = ask(farmed)
    joined = farmed.me.questions.get(ask(farmed, "請問水稻稻瘟病怎麼防治呢"))
    assert (joined.language, joined.group) == ("zh-Hant", first)
    other = farmed.nobody.ask(ASKED, region="510104", language="bo").question
    assert farmed.me.questions.get(other).group == ""


def test_one_that_is_routed_anew_stays_with_the_expert_who_has_room_for_it(farmed, expert):
    best, _ = expert(capacity=1), expert(region="513400")
    id_ = ask(farmed)
    assert farmed.me.questions.route(id_).expert == best


def test_one_that_asks_something_else_is_taken_out_of_its_group(farmed):
    first, second = ask(farmed), ask(farmed, AGAIN)
    alone = farmed.me.questions.separate(second)
    assert (alone.state, alone.group) == (QuestionState.ROUTED, "")
    assert farmed.me.questions.get(first).askers == 1
    with pytest.raises(Invalid) as caught:
        farmed.me.questions.separate(first)
    assert caught.value.code == "question.not_grouped"


def test_a_group_goes_on_when_the_first_of_it_is_erased(farmed):
    me = farmed.me
    first, second, third = ask(farmed), ask(farmed, AGAIN), ask(farmed, AGAIN + "？")
    me.questions.erase(first)
    heir = me.questions.get(second)
    assert (heir.state, heir.askers, heir.organization) == (
        QuestionState.ROUTED, 2, farmed.county,
    )  # fmt: skip
    assert me.questions.get(third).group == second
    assert me.questions.get(ask(farmed)).group == second
    me.questions.erase(third)
    assert me.questions.get(second).askers == 2


def test_what_is_overdue_is_listed_and_told_of_once(farmed):
    id_ = ask(farmed)
    system = farmed.hub.as_system(reason="worker")
    assert list(farmed.me.questions.overdue()) == []
    assert system.questions.remind_due() == 0
    farmed.clock.tick(timedelta(days=12))
    later = ask(farmed, "猕猴桃溃疡病怎么治")
    assert [q.id for q in farmed.me.questions.overdue()] == [id_]
    assert (system.questions.remind_due(), system.questions.remind_due()) == (1, 0)
    told = [e for e in system.events if e.type == "question.overdue"]
    assert [(e.subject, e.data["askers"]) for e in told] == [(id_, 1)]
    farmed.me.questions.close(id_, "重复")
    assert later not in [q.id for q in farmed.me.questions.overdue()]


def test_an_asker_leaves_a_contact_with_a_consent_and_it_is_sealed(farmed):
    page = farmed.as_(farmed.person(["create"], region="510104"))
    id_ = ask(farmed)
    with pytest.raises(Invalid) as caught:
        page.questions.follow(id_, contact="13800000000")
    assert (caught.value.code, caught.value.path) == ("question.no_consent", "consent")
    for nobody in ({}, {"contact": "  ", "consent": "网页勾选 2026-17"}):
        with pytest.raises(Invalid) as caught:
            page.questions.follow(id_, **nobody)
        assert (caught.value.code, caught.value.path) == ("question.nobody", "subscriber")
    kept = page.questions.follow(id_, contact="13800000000", consent="网页勾选 2026-17")
    assert "138" not in repr(kept)
    assert "2026-17" not in repr(kept)
    with pytest.raises((Denied, NotFound)):
        page.questions.contact(id_)
    assert farmed.me.questions.contact(id_) == "13800000000"
    held = farmed.me.questions.export(id_).record
    assert (held["contact"], held["consents"][0]["evidence"]) == ("13800000000", "网页勾选 2026-17")
    with pytest.raises(Denied):
        farmed.nobody.questions.follow(id_, contact="1", consent="x")
    with pytest.raises(NotFound):
        page.questions.follow(id_, subscriber="sub_none")
    farmed.me.questions.close(id_, "重复")
    with pytest.raises(Invalid) as caught:
        page.questions.follow(id_, contact="13900000000", consent="网页勾选 2026-18")
    assert (caught.value.code, caught.value.path) == ("question.closed", "state")


def test_an_account_sees_its_own_questions(farmed):
    reader = farmed.as_(farmed.person([]))
    id_ = reader.ask(ASKED, region="510104").question
    ask(farmed, "猕猴桃溃疡病怎么治")
    assert [q.id for q in reader.questions.mine()] == [id_]
    with pytest.raises(Denied):
        farmed.nobody.questions.mine()


def test_holidays_of_the_settings_put_the_due_time_off(quickly, clock):
    hub = quickly.open(
        clock=clock, settings={"sms": {"holidays": ["2026-01-02"]}, "ask": {"answer_days": 1}}
    )
    hub.bootstrap(organization="四川省科学技术协会", region="510000")
    question = hub.ask(ASKED).question
    due = hub.questions.status(question).due
    assert (due - clock.now()).days == 4  # Thursday, a holiday, the weekend: Monday


def test_a_question_has_one_draft_at_a_time(farmed):
    me, id_ = farmed.me, ask(farmed)
    first = me.questions.draft_answer(id_, title="稻瘟病", body=ANSWER)
    me.resources.submit(first.id)
    with pytest.raises(Conflict) as caught:
        me.questions.draft_answer(id_, title="水稻稻瘟病", body=ANSWER)
    assert (caught.value.code, caught.value.values["id"]) == ("question.drafted", first.id)
    second = me.questions.draft_answer(id_, title="水稻稻瘟病", body=ANSWER, instead=True)
    farmed.as_(farmed.reviewer).resources.approve(first.id)
    me.resources.publish(first.id)
    assert me.questions.get(id_).state is QuestionState.ROUTED
    me.resources.submit(second.id)
    farmed.as_(farmed.reviewer).resources.approve(second.id)
    me.resources.schedule(second.id, farmed.clock.now() + timedelta(days=1))
    me.resources.withdraw(second.id, "重写")
    third = me.questions.draft_answer(id_, title="水稻稻瘟病", body=ANSWER)
    assert me.questions.get(id_).draft == third.id


def test_a_draft_needs_somebody_who_owns_it(farmed):
    farmed.me.organizations.create(name="凉山州科协", region="513400", kind="association")
    id_ = farmed.nobody.ask("荔枝保鲜").question
    system = farmed.hub.as_system(reason="t")
    with pytest.raises(Invalid) as caught:
        system.questions.draft_answer(id_, title="荔枝", body="冷藏。")
    assert (caught.value.code, caught.value.path) == ("question.not_routed", "organization")
    made = system.questions.draft_answer(id_, title="荔枝", body="冷藏。", organization=farmed.org)
    assert (made.region, made.source) == ("510000", "")
