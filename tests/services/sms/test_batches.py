"""What contents that are made together are held to, as each of them would be alone."""

import attrs
import pytest

from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import ORGANIZATION
from tianfu_sdk.errors import Conflict, NotFound
from tianfu_sdk.services.desk.work import Actor, Work
from tianfu_sdk.testing import FrozenClock


@pytest.fixture
def me(quickly):
    hub = quickly.open(clock=FrozenClock())
    return hub.as_(hub.bootstrap(organization="省科协", region="510000").id)


def row(me, **fields):
    return {"title": "x", "organization": me.organizations.find().items[0].id} | fields


def test_a_key_that_stands_already_refuses_all(me):
    me.resources.add(row(me, external_key="A"))
    with pytest.raises(Conflict) as caught:
        me.resources.add_many([row(me, external_key="B"), row(me, external_key="A")])
    assert caught.value.code == "unique.taken"
    assert [r.external_key for r in me.resources.find()] == ["A"]


def test_a_key_may_not_stand_twice_among_them(me):
    with pytest.raises(Conflict) as caught:
        me.resources.add_many([row(me, external_key="A"), row(me, external_key="A")])
    assert caught.value.code == "unique.taken"
    assert me.resources.find().items == ()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"topics": ("healthy_life", "none")}, "topics[1]"),
        ({"settings": ("none",)}, "settings[0]"),
        ({"audience": ("x" * 80,)}, "audience[0]"),
    ],
)
def test_a_term_that_is_none_refuses_all(me, fields, path):
    with pytest.raises(NotFound) as caught:
        me.resources.add_many([row(me), row(me, **fields)])
    assert (caught.value.code, caught.value.path) == ("term.unknown", f"many[1].{path}")
    assert me.resources.find().items == ()


def test_an_organization_that_changes_is_read_again_in_its_transaction(me):
    owner = me.organizations.find().items[0]

    def body(tx):
        work = Work(me._tools, Actor(system="test"), tx)
        before, _ = work.placed(owner.id)
        work.put(ORGANIZATION, attrs.evolve(before, name="改名"), Placed(org_path=before.path))
        return work.placed(owner.id)[0].name

    assert me._tools.store.run(body, write=True) == "改名"
