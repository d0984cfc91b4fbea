"""Several calls in one transaction: all of them, or none."""

import pytest

from tianfu_sdk.errors import Conflict, Denied, NotFound, TianfuError
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock


class Stop(Exception):
    pass


@pytest.fixture
def place(anywhere):
    return anywhere


def test_calls_of_a_unit_see_one_another_and_are_kept_together(place):
    def fn(u):
        made = u.resources.create(title="x", organization=place.org)
        u.resources.submit(made.id)
        return u.resources.get(made.id)

    done = place.me.unit(fn)
    assert done.state.value == "submitted"
    assert place.me.resources.get(done.id) == done
    assert [line.action for line in place.me.audit.find(subject=done.id)] != []


def test_what_a_unit_raises_undoes_all_of_it(place):
    events = len(list(place.hub.as_system(reason="x").events))

    def fn(u):
        u.resources.create(title="x", organization=place.org)
        raise Stop

    with pytest.raises(Stop):
        place.me.unit(fn)
    assert list(place.me.resources.find()) == []
    assert len(list(place.hub.as_system(reason="x").events)) == events


def test_a_failed_call_that_is_caught_undoes_the_unit_too(place):
    """Half of what a call wrote must not be kept as if it were whole."""

    def fn(u):
        u.resources.create(title="一", organization=place.org)
        with pytest.raises(TianfuError):
            # The first of the two takes its key before the second is refused.
            u.resources.add_many(
                [
                    {"title": "二", "organization": place.org, "external_key": "A"},
                    {"title": "三", "organization": place.org, "topics": ["none"]},
                ]
            )

    with pytest.raises(NotFound) as caught:
        place.me.unit(fn)
    assert caught.value.code == "term.unknown"
    assert list(place.me.resources.find()) == []
    assert place.me.resources.create(
        title="四", organization=place.org, external_key="A"
    ).external_key


def test_after_a_failed_call_a_unit_does_nothing_more(world):
    def fn(u):
        with pytest.raises(Denied):
            u.resources.create(title="x", organization=world.org)
        with pytest.raises(Denied):
            u.resources.find()

    with pytest.raises(Denied):
        world.as_(world.person([])).unit(fn)


def test_a_failed_look_up_leaves_the_unit_as_it_is(place):
    def fn(u):
        with pytest.raises(NotFound):
            u.resources.get("res_none")
        return u.resources.create(title="x", organization=place.org)

    assert place.me.resources.get(place.me.unit(fn).id)


def test_plugins_hear_of_a_unit_only_once_it_is_kept():
    class Listener:
        tianfu_api = 1

        def __init__(self):
            self.heard = []

        @hookimpl
        def tianfu_event(self, event):
            self.heard.append(event.type)

    listener = Listener()
    with Hub.open(
        "memory:", plugins=[listener], clock=FrozenClock(), ids=CountingIds(), discover=False
    ) as hub:
        account = hub.bootstrap(organization="省科协", region="510000")
        me = hub.as_(account.id)
        before = list(listener.heard)

        def fn(u):
            u.resources.create(title="x", organization=account.organization)
            assert listener.heard == before

        me.unit(fn)
        assert listener.heard == [*before, "resource.created"]


def test_a_conflict_inside_a_unit_is_the_units(world):
    made = world.me.resources.create(title="x", organization=world.org)

    def fn(u):
        u.resources.edit(made.id, title="y")
        u.resources.edit(made.id, version=made.version, title="z")

    with pytest.raises(Conflict):
        world.me.unit(fn)
    assert world.me.resources.get(made.id).title == "x"
