"""Accounts, delegation and revocation."""

from datetime import datetime, timedelta

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.hub import Hub


def make(me, world, **more):
    return me.accounts.create(organization=world.org, **more)


def test_a_new_account_may_do_nothing(world):
    stranger = world.as_(world.person([]))
    with pytest.raises(Denied) as caught:
        stranger.resources.create(title="x", organization=world.org)
    assert caught.value.code == "grant.missing"
    assert list(stranger.accounts.find()) == []
    assert stranger.accounts.grants() == []


def test_rights_are_handed_down_and_taken_back_with_all_that_hangs_on_them(world):
    one, two = world.person([]), world.person([])
    given = world.me.accounts.grant(one, ["create", "delegate"], region="510000")
    world.as_(one).accounts.grant(two, ["create"], region="510100")
    second = world.as_(two)
    chengdu = world.me.organizations.create(name="成都市科协", region="510100").id
    made = second.resources.create(title="x", organization=chengdu, region="510104")
    assert made.region == "510104"
    world.me.accounts.revoke(given.id, "调岗")
    with pytest.raises(Denied):
        second.resources.create(title="x", organization=chengdu, region="510104")
    why = world.me.accounts.why(two, "create", made.id)
    assert not why.allowed
    assert [step.reason for step in why.steps] == ["chain"]


def test_a_grant_for_a_county_does_not_lend_the_name_of_the_province(world):
    one = world.person(["*"], region="510104")
    for create in (
        lambda: world.as_(one).resources.create(title="x", organization=world.org, region="510104"),
        lambda: world.as_(one).sms.compose(
            title="x",
            organization=world.org,
            region="510104",
            texts={"zh-Hans": "x"},
            signature="省科协",
        ),
        lambda: world.as_(one).channels.create(
            name="x", organization=world.org, region="510104", language="bo"
        ),
    ):
        with pytest.raises(Denied) as caught:
            create()
        assert (caught.value.code, caught.value.path) == ("grant.name", "organization")


def test_nobody_gives_more_than_they_have(world):
    one, two = world.person(["create", "delegate"], region="510100"), world.person([])
    me = world.as_(one)
    for more, path in (
        ({"actions": ["approve"], "region": "510100"}, "actions"),
        ({"actions": ["create"], "region": "510000"}, "region"),
        ({"actions": ["*"], "region": "510100"}, "actions"),
    ):
        with pytest.raises(Denied) as caught:
            me.accounts.grant(two, **more)
        assert (caught.value.code, caught.value.path) == ("grant.exceeds", path)
    with pytest.raises(Denied) as caught:
        world.as_(two).accounts.grant(one, ["create"], region="510100")
    assert caught.value.code == "grant.none"


def test_a_grant_ends_when_it_was_said_to(world):
    until = world.clock.now() + timedelta(days=1)
    one = world.person([])
    world.me.accounts.grant(one, ["create"], region="510000", until=until)
    world.as_(one).resources.create(title="x", organization=world.org)
    world.clock.set(until)
    with pytest.raises(Denied):
        world.as_(one).resources.create(title="x", organization=world.org)


def test_only_who_gave_it_or_stands_above_may_revoke(world):
    one, two = world.person(["create", "delegate"]), world.person([])
    given = world.as_(one).accounts.grant(two, ["create"], region="510000")
    with pytest.raises(Denied) as caught:
        world.as_(two).accounts.revoke(given.id)
    assert caught.value.code == "grant.not_yours"
    assert world.as_(one).accounts.revoke(given.id).revoked_at == world.clock.now()


def test_revoking_twice_leaves_the_first_moment(world):
    one = world.person([])
    given = world.me.accounts.grant(one, ["create"], region="510000")
    first = world.me.accounts.revoke(given.id)
    world.clock.tick(timedelta(days=1))
    assert world.me.accounts.revoke(given.id).revoked_at == first.revoked_at


def test_an_account_out_of_service_does_nothing_any_more(world):
    one = world.person(["*"])
    bound = world.as_(one)
    world.me.accounts.deactivate(one)
    with pytest.raises(Denied) as caught:
        bound.resources.find()
    assert caught.value.code == "account.inactive"
    with pytest.raises(Denied):
        world.hub.as_(one)
    assert world.me.accounts.why(one, "read", one).reason == "inactive"


def test_an_embedders_own_user_finds_their_account(world):
    made = make(world.me, world, external_id="user-17")
    found = world.hub.as_(external_id="user-17")
    assert found.accounts.get(made.id).id == made.id
    with pytest.raises(NotFound) as caught:
        world.hub.as_(external_id="user-18")
    assert (caught.value.code, caught.value.path) == ("account.unknown", "external_id")
    with pytest.raises(Conflict) as caught:
        make(world.me, world, external_id="user-17")
    assert caught.value.code == "unique.taken"
    assert "user-17" not in str(caught.value)


def test_a_person_without_rights_is_told_why(world):
    id_ = world.published().id
    one = world.person(["read"], region="513400")
    why = world.me.accounts.why(one, "withdraw", id_)
    assert (bool(why), why.reason) == (False, "none")
    assert [step.reason for step in why.steps] == ["action"]
    assert world.me.accounts.why(one, "read", id_).reason == "published"
    assert world.me.accounts.why(world.chief, "withdraw", id_).reason == "grant"


# Mistakes.


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"actions": ["pubish"], "region": "510000"}, "field.choice", "actions[0]"),
        ({"actions": "create", "region": "510000"}, "field.type", "actions"),
        ({"actions": ["create"]}, "grant.place", "region"),
        (
            {"actions": ["create"], "region": "510000", "organization": "org_x"},
            "grant.place",
            "region",
        ),
        ({"actions": ["create"], "region": "51"}, "region.bad_code", "region"),
        (
            {"actions": ["create"], "region": "510000", "kinds": ["Resource"]},
            "grant.bad_kind",
            "kinds[0]",
        ),
        (
            {"actions": ["read"], "region": "510000", "kinds": ["event", "resources"]},
            "grant.bad_kind",
            "kinds[1]",
        ),
        (
            {"actions": ["create"], "region": "510000", "until": datetime(2027, 1, 1)},
            "field.naive_time",
            "until",
        ),
    ],
)
def test_a_mistaken_grant_says_what_is_wrong(world, given, code, path):
    one = world.person([])
    with pytest.raises(Invalid) as caught:
        world.me.accounts.grant(one, **given)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda me: me.accounts.grant("acc_none", ["create"], region="510000"), "noun.unknown"),
        (lambda me: me.accounts.get("acc_none"), "noun.unknown"),
        (lambda me: me.accounts.revoke("grt_none"), "noun.unknown"),
        (lambda me: me.accounts.create(organization="org_none"), "organization.unknown"),
        (lambda me: me.accounts.why("acc_none", "read", "res_none"), "noun.unknown"),
        (lambda me: me.accounts.why(me.accounts.find().items[0].id, "read", "x"), "noun.unknown"),
    ],
)
def test_what_is_not_there_is_named(world, call, code):
    with pytest.raises(NotFound) as caught:
        call(world.me)
    assert caught.value.code == code


def test_an_unknown_action_is_told(world):
    with pytest.raises(Invalid) as caught:
        world.me.accounts.why(world.chief, "pubish", world.chief)
    assert caught.value.code == "grant.bad_action"


@pytest.mark.parametrize(
    "call",
    [
        lambda hub, w: hub.accounts.create(organization=w.org),
        lambda hub, w: hub.accounts.get(w.chief),
        lambda hub, w: hub.accounts.get("acc_none"),
        lambda hub, w: hub.accounts.find(),
        lambda hub, w: hub.accounts.grants(),
        lambda hub, w: hub.accounts.grants(w.chief),
        lambda hub, w: hub.accounts.grant(w.chief, ["create"], region="510000"),
        lambda hub, w: hub.accounts.grant("acc_none", ["create"], region="510000"),
        lambda hub, w: hub.accounts.revoke("grt_none"),
        lambda hub, w: hub.accounts.deactivate(w.chief),
        lambda hub, w: hub.accounts.why(w.chief, "read", w.chief),
    ],
)
def test_who_is_nobody_is_told_that_an_account_is_needed(world, call):
    with pytest.raises(Denied) as caught:
        call(world.nobody, world)
    assert caught.value.code == "account.required"
    assert "TIANFU_ACCOUNT" in caught.value.hint


def test_a_store_is_bootstrapped_once(hub):
    with pytest.raises(NotFound):
        hub.bootstrap(organization="x", region="519999")
    with pytest.raises(Invalid) as caught:
        hub.bootstrap(organization="", region="510000")
    assert caught.value.path == "organization"
    with pytest.raises(Invalid) as caught:
        hub.bootstrap(organization="x", region="510000", kind="guild")
    assert caught.value.path == "kind"
    hub.bootstrap(organization="四川省科学技术协会", region="510000", aliases=["省科协"])
    with pytest.raises(Conflict) as caught:
        hub.bootstrap(organization="x", region="510000")
    assert caught.value.code == "hub.not_empty"


def test_the_system_acts_for_a_reason_only(hub):
    with pytest.raises(Invalid) as caught:
        hub.as_system(reason=" ")
    assert caught.value.code == "hub.no_reason"


def test_an_account_that_the_settings_name_is_taken_where_none_is_given(world):
    settings = {"account": world.chief}
    with Hub.open("memory:", settings=settings, discover=False) as other:
        with pytest.raises(NotFound) as caught:
            other.as_()
        assert caught.value.code == "account.unknown"
    with pytest.raises(Denied):
        world.hub.as_()


def test_nobody_and_who_is_out_of_service_ask_no_why(world):
    left = world.person()
    gone = world.as_(left)
    world.me.accounts.deactivate(left)
    for hub, account, code in (
        (world.nobody, None, "account.required"),
        (gone, left, "account.inactive"),
    ):
        with pytest.raises(Denied) as caught:
            hub.accounts.why(account, "read", world.org)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("given", "path"), [({"account": 5}, "account"), ({"external_id": 5}, "external_id")]
)
def test_whom_a_hub_acts_for_is_named_by_text(world, given, path):
    with pytest.raises(Invalid) as caught:
        world.hub.as_(**given)
    assert (caught.value.code, caught.value.path) == ("field.type", path)
