"""Listings: fields that belong to a kind, studios, and what a list of them is narrowed by."""

from datetime import date, timedelta

import pytest

from tianfu_sdk.errors import Conflict, Invalid, NotFound
from tianfu_sdk.model.base import Precision, Quantity
from tianfu_sdk.model.listing import OWN_FIELDS, Listing, ListingKind, ListingProgress
from tianfu_sdk.testing import FrozenClock

FITTING = {
    "delivery": "on_site",
    "maturity": 7,
    "ip_status": "granted",
    "ip_numbers": ["ZL202010000000.1"],
    "starts_on": date(2026, 3, 1),
    "ends_on": date(2026, 9, 30),
    "requirements": "防效不低于 80%",
    "wanted_media": ["video"],
}


@pytest.fixture
def hub(wide_way):
    return wide_way.open(clock=FrozenClock())


@pytest.fixture
def me(hub):
    return hub.as_(hub.bootstrap(organization="四川省科学技术协会", region="510000").id)


@pytest.fixture
def org(me):
    return me.organizations.find().items[0].id


@pytest.fixture
def other(me, org):
    return me.organizations.create(name="眉山市农技协", region="511400", parent=org).id


def refused(call, error=Invalid):
    with pytest.raises(error) as caught:
        call()
    return caught.value.path, caught.value.code


def test_a_kind_has_its_own_fields_and_no_others(me, org):
    studio = me.studios.create(title="柑橘科创工作室", organization=org)
    for kind in ListingKind:
        for name, value in {**FITTING, "studio": studio.id}.items():
            fields = {"title": "甲", "kind": kind.value, "organization": org, name: value}
            if kind in OWN_FIELDS[name]:
                assert getattr(me.listings.create(**fields), name)
            else:
                assert refused(lambda f=fields: me.listings.create(**f)) == (
                    name,
                    "listing.unfit_field",
                )


def test_every_field_of_the_table_is_a_field_of_a_listing_and_is_tried_here():
    assert OWN_FIELDS.keys() == FITTING.keys() | {"studio"}
    assert OWN_FIELDS.keys() <= Listing.__annotations__.keys()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kind": "achievement", "maturity": 0}, ("maturity", "field.too_small")),
        ({"kind": "achievement", "maturity": 10}, ("maturity", "field.too_large")),
        ({"kind": "need", "budget_most": 5}, ("budget", "listing.no_budget")),
        (
            {"kind": "need", "budget": Quantity(9), "budget_most": 5},
            ("budget_most", "field.too_small"),
        ),
        ({"kind": "need", "budget": Quantity(-1)}, ("budget", "field.too_small")),
        (
            {"kind": "project", "starts_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)},
            ("ends_on", "when.backwards"),
        ),
        ({"kind": "service", "cooperation": ["barter"]}, ("cooperation[0]", "field.choice")),
        ({"kind": "need", "progress": "agreed"}, ("progress", "content.kept")),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(me, org, fields, told):
    assert refused(lambda: me.listings.add({"title": "甲", "organization": org, **fields})) == told


def test_money_is_as_exact_as_it_is_given(me, org):
    about = Quantity(100_000, Precision.ABOUT)
    made = me.listings.create(
        title="甲", kind="need", organization=org, budget=about, budget_most=200_000
    )
    stored = me.listings.get(made.id)
    assert (stored.budget, stored.budget_most) == (about, 200_000)


def test_an_offer_stands_under_a_studio_of_its_own_organization(me, org, other):
    studio = me.studios.create(title="柑橘科创工作室", organization=other)
    offer = {"title": "甲", "kind": "service", "organization": org}
    assert refused(lambda: me.listings.create(**offer, studio=studio.id)) == (
        "studio",
        "listing.foreign",
    )
    assert refused(lambda: me.listings.create(**offer, studio="std_0"), NotFound) == (
        "studio",
        "noun.unknown",
    )
    made = me.listings.create(**offer | {"organization": other}, studio=studio.id)
    me.listings.create(**offer)
    assert [one.id for one in me.listings.find(studio=studio.id)] == [made.id]


def test_a_studio_names_experts_that_there_are(me, org):
    expert = me.experts.create(name="欧阳演示", organization=org)
    made = me.studios.create(title="甲", organization=org, experts=[expert.id])
    assert made.experts == (expert.id,)
    told = refused(lambda: me.studios.edit(made.id, experts=["exp_0"]), NotFound)
    assert told == ("experts[0]", "noun.unknown")


def test_an_expert_who_was_erased_hinders_no_other_change_of_a_studio(me, org):
    expert = me.experts.create(name="欧阳演示", organization=org)
    studio = me.studios.create(title="果树工作室", organization=org, experts=[expert.id])
    me.experts.erase(expert.id)
    assert me.studios.edit(studio.id, body="溃疡病").body == "溃疡病"
    with pytest.raises(NotFound) as caught:
        me.studios.edit(studio.id, experts=[expert.id, "exp_0"])
    assert caught.value.path == "experts[1]"


def test_what_nobody_took_up_is_closed_after_its_deadline(hub, me, org):
    today = FrozenClock().now().date()
    made = {
        name: me.listings.create(
            title=name, kind="need", organization=org, deadline=today + timedelta(days=days)
        )
        for name, days in (("over", -1), ("last", 0))
    }
    free = me.listings.create(title="甲", kind="service", organization=org)
    assert made["over"].progress_on(today) is ListingProgress.CLOSED
    assert made["last"].progress_on(today) is ListingProgress.OPEN
    found = {p: {one.id for one in me.listings.find(progress=p)} for p in ListingProgress}
    assert found[ListingProgress.OPEN] == {made["last"].id, free.id}
    assert found[ListingProgress.CLOSED] == {made["over"].id}
    assert {one.id for one in me.listings.find(kind="need")} == {m.id for m in made.values()}
    assert refused(lambda: me.listings.find(progress="so so")) == ("progress", "field.choice")


def test_an_owners_key_is_unique(me, org):
    one = {"title": "甲", "organization": org, "external_key": "S-1"}
    me.studios.create(**one)
    with pytest.raises(Conflict):
        me.studios.create(**one)
