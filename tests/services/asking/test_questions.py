"""Questions that nothing published answers: routed, answered, closed."""

from datetime import UTC, date, datetime

import pytest

from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.question import QuestionState


@pytest.fixture
def filed(world):
    return world.nobody.ask("水稻稻瘟病如何防治", region="510104").question


def test_a_question_is_routed_and_answered_with_what_is_published(world, filed):
    routed = world.me.questions.route(filed, world.county)
    assert (routed.state, routed.organization) == (QuestionState.ROUTED, world.county)
    answerer = world.as_(_answerer(world))
    assert answerer.questions.text(filed) == "水稻稻瘟病如何防治"
    draft = world.me.resources.create(title="稻瘟病", organization=world.org)
    with pytest.raises(Invalid) as caught:
        answerer.questions.answer(filed, draft.id)
    assert (caught.value.code, caught.value.path) == ("question.not_published", "content")
    for wrong in ("nothing", world.org):
        with pytest.raises(Invalid):
            answerer.questions.answer(filed, wrong)
    id_ = world.published(title="稻瘟病").id
    done = answerer.questions.answer(filed, id_)
    assert (done.state, done.answer) == (QuestionState.ANSWERED, id_)
    with pytest.raises(Invalid) as caught:
        answerer.questions.close(filed, "重复")
    assert caught.value.code == "question.closed"


def _answerer(world):
    made = world.me.accounts.create(organization=world.county).id
    world.me.accounts.grant(made, ["answer", "read"], organization=world.org)
    return made


def test_a_question_is_read_by_those_who_may_and_opened_by_those_who_answer(world, filed):
    reader = world.as_(world.person(["read"], region="510104"))
    assert reader.questions.get(filed).id == filed
    with pytest.raises(Denied):
        reader.questions.text(filed)
    elsewhere = world.as_(world.person(["read", "answer"], region="513400"))
    with pytest.raises(NotFound):
        elsewhere.questions.get(filed)
    assert list(elsewhere.questions.find()) == []
    with pytest.raises(Denied) as caught:
        world.nobody.questions.get(filed)
    assert caught.value.code == "account.required"


def test_questions_are_listed_oldest_first_and_by_state(world, filed):
    world.clock.tick()
    second = world.nobody.ask("猕猴桃溃疡病怎么治", region="510104").question
    assert [q.id for q in world.me.questions.find(limit=1)] == [filed, second]
    world.me.questions.close(filed, "重复")
    assert [q.id for q in world.me.questions.find(state="routed")] == [second]
    with pytest.raises(Invalid) as caught:
        world.me.questions.find(state="done")
    assert caught.value.path == "state"


def test_a_question_without_a_region_is_for_the_system(world):
    filed = world.nobody.ask("水稻稻瘟病如何防治").question
    system = world.hub.as_system(reason="route")
    assert system.questions.route(filed, world.org).organization == world.org
    assert world.as_(_answerer(world)).questions.get(filed).id == filed


def test_what_is_not_there_is_named(world, filed):
    with pytest.raises(NotFound) as caught:
        world.me.questions.route(filed, "org_none")
    assert caught.value.code == "organization.unknown"
    with pytest.raises(NotFound):
        world.me.questions.route(filed, world.org, expert="exp_none")
    with pytest.raises(NotFound):
        world.me.questions.get("qst_none")


def test_a_reason_is_held_to_its_length(world, filed):
    with pytest.raises(Invalid) as caught:
        world.me.questions.close(filed, "长" * 2001)
    assert (caught.value.code, caught.value.path) == ("field.too_long", "comment")


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_question_is_closed_for_a_reason(world, filed, reason):
    with pytest.raises(Invalid) as caught:
        world.me.questions.close(filed, reason)
    assert (caught.value.code, caught.value.path) == ("lifecycle.reason", "reason")
    assert world.me.questions.get(filed).state is not QuestionState.CLOSED


def test_what_has_expired_answers_no_question(world):
    id_ = world.published(expires_on=date(2026, 1, 5)).id
    question = world.nobody.ask("量子纠缠退相干是什么").question
    world.clock.set(datetime(2026, 1, 5, 12, tzinfo=UTC))
    with pytest.raises(Invalid) as caught:
        world.hub.as_system(reason="answer").questions.answer(question, id_)
    assert caught.value.code == "question.not_published"


def test_what_is_wrong_of_an_answer_or_a_follower_is_named(world, filed):
    for call, path in (
        (lambda: world.me.questions.answer(filed, "res_none"), "content"),
        (lambda: world.me.questions.follow(filed, subscriber="sub_none"), "subscriber"),
    ):
        with pytest.raises(NotFound) as caught:
            call()
        assert (caught.value.code, caught.value.path) == ("noun.unknown", path)


def test_a_reason_to_decline_is_named_as_it_was_given(world):
    rice = {"topics": ["practical_technology"], "organization": world.org}
    world.me.experts.create(name="王建国", title="农艺师", **rice)
    filed = world.nobody.ask("实用技术有哪些可以学", region="510104").question
    assert world.me.questions.get(filed).expert
    for reason in (" ", "x" * 501):
        with pytest.raises(Invalid) as caught:
            world.me.questions.decline(filed, reason)
        assert caught.value.path == "reason"


def test_a_question_that_leaves_its_group_has_topics_of_its_own(world):
    rice = {"topics": ["practical_technology"], "organization": world.org}
    expert = world.me.experts.create(name="王建国", title="农艺师", capacity=2, **rice)
    ask = world.nobody.ask
    first = ask("实用技术培训班如何报名参加", region="510104").question
    second = ask("请问实用技术培训班怎么报名参加", region="510104").question
    assert world.me.questions.get(second).group == first
    alone = world.me.questions.separate(second)
    assert (alone.topics, alone.expert) == (("practical_technology",), expert.id)
    assert alone.topics == world.me.questions.get(first).topics


def test_a_question_that_ended_with_its_group_stays_in_it(world, filed):
    other = world.nobody.ask("请问水稻稻瘟病怎么防治呢", region="510104").question
    assert world.me.questions.get(other).group == filed
    world.me.questions.close(filed, "重复")
    for id_, code in ((other, "question.closed"), (filed, "question.not_grouped")):
        with pytest.raises(Invalid) as caught:
            world.me.questions.separate(id_)
        assert caught.value.code == code
