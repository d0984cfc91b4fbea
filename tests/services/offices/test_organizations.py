"""Organizations: a tree beside the regions."""

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound


def test_an_organization_knows_its_path(world):
    county = world.me.organizations.get(world.county)
    assert county.path == (world.org, world.county)
    below = world.me.organizations.create(name="科普部", region="510104", parent=world.county)
    assert below.path == (world.org, world.county, below.id)
    assert [o.id for o in world.me.organizations.find(parent=world.county)] == [below.id]
    assert len(list(world.me.organizations.find(region="510000"))) == 3
    assert len(list(world.me.organizations.find(region="510100", limit=1))) == 2


def test_it_is_found_by_its_whole_name_or_an_alias(world):
    for name in ("四川省科学技术协会", "四川省科协"):
        assert [o.id for o in world.me.organizations.find(name=name)] == [world.org]
    assert list(world.me.organizations.find(name="四川")) == []
    changed = world.me.organizations.edit(world.county, aliases=["锦江科协"])
    assert changed.aliases == ("锦江科协",)
    assert changed.path == (world.org, world.county)
    assert [o.id for o in world.me.organizations.find(name="锦江科协")] == [world.county]


def test_whoever_is_somebody_sees_all_and_nobody_none(world):
    stranger = world.as_(world.person([]))
    assert len(list(stranger.organizations.find())) == 2
    assert stranger.organizations.get(world.county).id == world.county
    for call in (world.nobody.organizations.find, lambda: world.nobody.organizations.get("x")):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "account.required"


def test_a_grant_is_needed_to_create_and_to_edit(world):
    keeper = world.as_(world.person(["create", "edit", "read"], region="510104"))
    with pytest.raises(Denied):
        keeper.organizations.create(name="x", region="510000")
    keeper.organizations.create(name="x", region="510104")
    keeper.organizations.edit(world.county, note="y")
    with pytest.raises(NotFound):
        keeper.organizations.edit(world.org, note="y")


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"name": "", "region": "510000"}, "field.too_short", "name"),
        ({"name": "x", "region": "51"}, "region.bad_code", "region"),
        ({"name": "x", "region": "519999"}, "region.unknown", "region"),
        ({"name": "x", "region": "510000", "kind": "club"}, "field.choice", "kind"),
        (
            {"name": "x", "region": "510000", "parent": "org_none"},
            "organization.unknown",
            "parent",
        ),
        ({"name": "x", "region": "510000", "aliases": "省科协"}, "field.type", "aliases"),
        ({"name": "x", "region": "510000", "aliases": ["a", "a"]}, "field.twice", "aliases"),
    ],
)
def test_mistakes_are_named(world, fields, code, path):
    with pytest.raises((Invalid, NotFound)) as caught:
        world.me.organizations.create(**fields)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_what_rights_hang_on_does_not_change(world):
    for field, value in (("region", "510100"), ("parent", None), ("path", ())):
        with pytest.raises(Invalid) as caught:
            world.me.organizations.edit(world.county, **{field: value})
        assert (caught.value.code, caught.value.path) == ("content.fixed", field)


def test_a_tree_has_an_end(world):
    parent = world.county
    for n in range(10):
        parent = world.me.organizations.create(name=f"{n}", region="510104", parent=parent).id
    with pytest.raises(Invalid) as caught:
        world.me.organizations.create(name="x", region="510104", parent=parent)
    assert (caught.value.code, caught.value.path) == ("organization.too_deep", "parent")


def test_a_name_stands_once_under_a_parent_and_in_a_region(world):
    me = world.me.organizations
    first = me.create(name="农技协", region="510104", parent=world.county)
    again = {"name": "农技协", "region": "510104", "parent": world.county}
    with pytest.raises(Conflict) as caught:
        me.create(**again)
    assert (caught.value.code, caught.value.values["owner"]) == ("unique.taken", first.id)
    with pytest.raises(Conflict):
        me.create(name="四川省科学技术协会", region="510000")
    # Elsewhere, or under another parent, it is another one.
    me.create(**again | {"region": "510105"})
    other = me.create(**again | {"parent": world.org})
    third = me.create(name="茶叶协会", region="510104", parent=world.county)
    with pytest.raises(Conflict):
        me.edit(third.id, name="农技协")
    assert me.edit(first.id, name="果树协会").name == "果树协会"
    assert me.edit(third.id, name="农技协").name == "农技协"
    assert me.edit(other.id, note="x", name="农技协").note == "x"


@pytest.mark.parametrize(("parent", "error"), [("org_none", NotFound), (5, Invalid)])
def test_a_parent_that_is_none_is_named(world, parent, error):
    with pytest.raises(error) as caught:
        world.me.organizations.create(name="科普部", region="510104", parent=parent)
    assert caught.value.path == "parent"
