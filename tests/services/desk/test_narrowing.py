"""What a list is narrowed by is checked: a slip is told, and not answered by an empty list."""

from functools import partial

import pytest

from tianfu_sdk.errors import Invalid, NotFound

DESKS = ("resources", "activities", "notices", "news", "bases", "listings")


def told(call, kind):
    with pytest.raises(kind) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("desk", [*DESKS, "experts", "subscribers"])
def test_an_unknown_topic_is_told_with_what_is_near(world, desk):
    find = getattr(world.me, desk).find
    error = told(lambda: find(topic="health_life"), NotFound)
    assert (error.code, error.path) == ("term.unknown", "topic")
    assert "健康生活 (healthy_life)" in error.text("en")
    assert "healthy_life" in error.text("zh")
    assert list(find(topic="healthy_life")) == []


def test_a_label_is_near_to_its_code(world):
    error = told(lambda: world.nobody.resources.find(topic="健康生活"), NotFound)
    assert error.values["near"].startswith("健康生活 (healthy_life)")
    error = told(lambda: world.nobody.resources.find(topic="qqqq"), NotFound)
    assert "party_history" in error.values["near"]


def test_a_topic_that_a_deployment_added_is_known(world):
    world.me.vocabularies.put("topic", "bees", {"zh-Hans": "养蜂"}, active=False)
    assert list(world.nobody.resources.find(topic="bees")) == []
    error = told(lambda: world.nobody.resources.find(topic="bee"), NotFound)
    assert "bees" not in error.values["near"]


@pytest.mark.parametrize("tag", ["klingon", "chinese", "Tibetan", "zh_CN", "中文", "", "z"])
def test_what_is_no_language_is_told(world, tag):
    for call in (
        lambda: world.me.resources.find(language=tag),
        lambda: world.me.subscribers.find(language=tag),
        lambda: world.me.translations.find(language=tag),
        lambda: world.me.channels.find(language=tag),
        lambda: world.me.resources.create(title="x", organization=world.org, language=tag),
        *([lambda: world.nobody.ask("地震怎么办", language=tag)] if tag else ()),
    ):
        error = told(call, Invalid)
        assert (error.code, error.path) == ("text.bad_language", "language")
    assert list(world.me.resources.find(language="tlh")) == []


ALL = [*DESKS, "experts", "subscribers", "accounts", "sms", "questions", "channels", "emergencies"]


@pytest.mark.parametrize("desk", ALL)
def test_an_unknown_organization_is_told(world, desk):
    find = getattr(world.me, desk).find
    error = told(lambda: find(organization="org_none"), NotFound)
    assert (error.code, error.path) == ("organization.unknown", "organization")
    assert told(lambda: find(organization=7), Invalid).code == "field.type"
    find(organization=world.county)


def test_so_is_an_unknown_parent_region_or_type_of_event(world):
    me = world.me
    error = told(lambda: me.organizations.find(parent="org_none"), NotFound)
    assert (error.code, error.path) == ("organization.unknown", "parent")
    for desk in (*(one for one in ALL if one != "accounts"), "organizations"):
        error = told(lambda d=desk: getattr(me, d).find(region="519999"), NotFound)
        assert (error.code, error.path) == ("region.unknown", "region")
    for find in (me.emergencies.find, me.emergencies.find_plans):
        error = told(lambda f=find: f(event_type="earthquakes"), NotFound)
        assert (error.code, error.path) == ("term.unknown", "event_type")
        assert "earthquake" in error.values["near"]
    error = told(lambda: world.nobody.ask("地震怎么办", kinds=["resources"]), Invalid)
    assert error.code == "ask.bad_kind"


NUMBERED = ("resources", "questions", "audit", "sms", "glossary")
NAMED = ("accounts", "channels", "organizations", "memory", "subscribers", "experts")


@pytest.mark.parametrize("desk", [*NUMBERED, *NAMED])
def test_a_cursor_of_another_list_is_told(world, desk):
    by_id = world.me.accounts.find(limit=1).cursor
    find = getattr(world.me, desk).find
    for cursor in ('[0.5,"res_1"]', "[true,1]", f'[{2**63},"x"]', f'["x","{"x" * 999}"]'):
        error = told(partial(find, after=cursor), Invalid)
        assert (error.code, error.path) == ("page.bad_cursor", "after")
    if desk in NUMBERED:
        assert told(partial(find, after=by_id), Invalid).code == "page.bad_cursor"


def test_a_place_among_answers_is_a_number(world):
    error = told(lambda: world.nobody.ask("地震怎么办", after='[NaN,"res_1"]'), Invalid)
    assert (error.code, error.path) == ("page.bad_cursor", "after")
