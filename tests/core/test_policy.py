"""Who may do what: grants, chains, and what lists may show."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.backends.builtin import shipped_regions
from tianfu_sdk.core import policy
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import RESOURCE
from tianfu_sdk.errors import Denied, NotFound, TianfuError
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.account import Action, Grant
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.testing import CountingIds, FrozenClock

TREE = RegionTree(shipped_regions())
NOW = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
REGIONS = ["510000", "510100", "510104", "510300", "513400", "513401"]
ORGS = {"org_1": ("org_1",), "org_2": ("org_1", "org_2"), "org_3": ("org_3",)}
ACTIONS = [Action.ALL, Action.READ, Action.CREATE, Action.EDIT, Action.DELEGATE]

regions = st.sampled_from(REGIONS)
organizations = st.sampled_from(sorted(ORGS))
moments = st.none() | st.integers(-2, 2).map(lambda n: NOW + timedelta(days=n))


@st.composite
def grants(draw, id="grt_1", account="acc_1", **fixed):  # noqa: A002 - the field's name
    by_region = draw(st.booleans())
    given = {
        "actions": tuple(
            draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3, unique=True))
        ),
        "kinds": draw(st.sampled_from([("*",), ("resource",), ("news", "resource"), ("news",)])),
        "region": draw(regions) if by_region else None,
        "organization": None if by_region else draw(organizations),
        "until": draw(moments),
        "revoked_at": draw(moments),
    }
    return Grant(id=id, account=account, **given | fixed)


@st.composite
def things(draw):
    organization = draw(organizations)
    region = draw(regions)
    content = Resource(
        id=draw(st.sampled_from(["res_1", "res_2"])), title="x", organization=organization,
        region=region, state=draw(st.sampled_from(State)),
        expires_on=draw(st.none() | st.integers(-1, 1).map(lambda n: (NOW + timedelta(days=n)).date())),
    )  # fmt: skip
    return RESOURCE.keys(content, Placed(TREE.levels(region), ORGS[organization]))


def allowed(chains, action, keys, kind="resource", now=NOW):
    groups = policy.scope(chains, action, kind, now=now, regions=TREE)
    return any(matches("", keys, group) for group in groups)


def fits(parent, child):
    try:
        policy.demand_no_excess(parent, child, regions=TREE, org_path=lambda id_: ORGS[id_])
    except Denied:
        return False
    return True


@st.composite
def delegations(draw):
    """A grant, and another that is to hang on it: like it, but for some of its fields."""
    parent = draw(grants(revoked_at=None))
    other = draw(grants("grt_2", "acc_2", revoked_at=None))
    taken = draw(st.sets(st.sampled_from(["actions", "kinds", "until", "place"])))
    if "place" in taken:
        taken |= {"region", "organization"}
    like = {n: getattr(other, n) for n in taken - {"place"}}
    ids = {"id": "grt_2", "account": "acc_2", "parent": parent.id, "granted_by": parent.account}
    return parent, attrs.evolve(parent, **ids | like)


@settings(max_examples=300)
@given(delegations(), things(), st.sampled_from(ACTIONS[1:]), st.sampled_from(["resource", "news"]),
       st.sampled_from([-3, 0, 1, 3]))  # fmt: skip
def test_a_delegation_never_exceeds_its_grantor(pair, keys, action, kind, days):
    parent, child = pair
    now = NOW + timedelta(days=days)
    keys |= {"state": "draft"}
    # Of the child alone: as if nothing of its chain were looked at again later.
    alone = attrs.evolve(child, parent=None)
    if allowed([[alone]], action, keys, kind, now) and not allowed(
        [[parent]], action, keys, kind, now
    ):
        assert not fits(parent, child)


@given(grants())
def test_an_exact_copy_of_a_grant_fits_if_it_may_be_delegated(parent):
    may = bool({Action.ALL, Action.DELEGATE} & set(parent.actions))
    assert fits(parent, attrs.evolve(parent, id="grt_2", account="acc_2")) is may


@settings(max_examples=100)
@given(st.lists(grants(), min_size=1, max_size=4), st.integers(0, 3), st.data())
def test_a_revoked_or_expired_link_ends_what_hangs_on_it(links, cut, data):
    chain = []
    for n, link in enumerate(links):
        last = n == len(links) - 1
        chain.append(
            attrs.evolve(
                link, id=f"grt_{n}", account=f"acc_{n}", until=None, revoked_at=None,
                actions=(Action.ALL,), kinds=("*",),
                parent=None if last else f"grt_{n + 1}",
                granted_by=None if last else f"acc_{n + 1}",
            )
        )  # fmt: skip
    assert policy.holds(chain, NOW) == ""
    cut = min(cut, len(chain) - 1)
    ended = {data.draw(st.sampled_from(["until", "revoked_at"])): NOW}
    broken = [attrs.evolve(link, **ended) if n == cut else link for n, link in enumerate(chain)]
    assert policy.holds(broken, NOW) == ("chain" if cut else
        "revoked" if "revoked_at" in ended else "expired")  # fmt: skip
    assert policy.scope([broken], Action.EDIT, "resource", now=NOW, regions=TREE) == ()
    assert policy.holds(broken, NOW - timedelta(seconds=1)) == ""
    torn = chain[:cut] + chain[cut + 1 :]
    if 0 < cut:
        assert policy.holds(torn, NOW) == "chain"


def test_a_chain_that_somebody_else_granted_does_not_hold():
    parent = Grant(id="grt_2", account="acc_2", actions=(Action.ALL,), region="510000")
    child = Grant(
        id="grt_1", account="acc_1", actions=(Action.ALL,), region="510000",
        parent="grt_2", granted_by="acc_3",
    )  # fmt: skip
    assert policy.holds([child, parent], NOW) == "chain"


def test_a_circle_of_grants_is_climbed_once():
    one = Grant(id="a", account="x", actions=(), region="510000", parent="b", granted_by="y")
    two = Grant(id="b", account="y", actions=(), region="510000", parent="a", granted_by="x")
    chain = policy.chain_of(one, {"a": one, "b": two})
    assert [g.id for g in chain] == ["a", "b"]
    assert policy.holds(chain, NOW) == "chain"


@settings(max_examples=100)
@given(st.lists(grants(), max_size=5), things(), st.sampled_from(ACTIONS[1:]))
def test_explaining_agrees_with_allowing(held, keys, action):
    chains = [[grant] for grant in held]
    why = policy.explain(chains, action, "resource", keys, now=NOW, regions=TREE)
    assert bool(why) is allowed(chains, action, keys)
    assert len(why.steps) == len(held)


def test_grants_of_one_shape_merge():
    many = [
        [Grant(id=f"grt_{n}", account="acc_1", actions=(Action.EDIT,), region=code)]
        for n, code in enumerate(r.code for r in TREE.children("510100", NOW.date()))
    ]
    (group,) = policy.scope(many, Action.EDIT, "resource", now=NOW, regions=TREE)
    assert group[0].op == "in"
    assert len(group[0].value) == len(many)


@given(things())
def test_the_public_sees_what_is_published_and_current_and_nothing_else(keys):
    seen = matches("", keys, policy.public("resource", NOW))
    assert seen is (keys["state"] == "published" and keys["expires"] > 20260101)


# On a store: random grants, random contents; lists against `get`.


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.sampled_from(["read", "create", "*"]), st.sampled_from([("*",), ("resource",), ("news",)]),
                       st.sampled_from([*REGIONS, "county", "town", "other"])), max_size=4),
    st.lists(st.tuples(st.sampled_from(["county", "town", "other"]), st.sampled_from(REGIONS), st.integers(0, 2)),
             min_size=1, max_size=5),
    st.booleans(),
)  # fmt: skip
def test_lists_show_nothing_that_get_would_deny_and_leave_nothing_out(given_, contents, revoke):
    hub = Hub.open("memory:", clock=FrozenClock(), ids=CountingIds(), discover=False)
    chief = hub.bootstrap(organization="省科协", region="510000")
    me = hub.as_(chief.id)
    system = hub.as_system(reason="test")
    create = system.organizations.create
    orgs = {"county": create(name="县", region="510104", parent=chief.organization).id}
    orgs["town"] = create(name="镇", region="513401", parent=orgs["county"]).id
    orgs["other"] = create(name="外", region="510300").id
    account = me.accounts.create(organization=chief.organization).id
    made = []
    for action, kinds, place in given_:
        where = {"region": place} if place.isdigit() else {"organization": orgs[place]}
        made.append(system.accounts.grant(account, [action], kinds=kinds, **where).id)
    if revoke and made:
        system.accounts.revoke(made[0])
    reviewer = me.accounts.create(organization=chief.organization).id
    system.accounts.grant(reviewer, ["*"], region="510000")
    ids = []
    for organization, region, steps in contents:
        id_ = system.resources.create(title="x", organization=orgs[organization], region=region).id
        ids.append(id_)
        if steps:
            system.resources.submit(id_)
            hub.as_(reviewer).resources.approve(id_)
        if steps == 2:
            system.resources.publish(id_)

    def seen_one_by_one(hub):
        found = set()
        for id_ in ids:
            try:
                found.add(hub.resources.get(id_).id)
            except NotFound:
                continue
        return found

    for actor in (hub, hub.as_(account), me, system):
        listed = [r.id for r in actor.resources.find(limit=2)]
        assert len(listed) == len(set(listed))
        assert set(listed) == seen_one_by_one(actor)
    for id_ in ids:
        why = hub.as_(account).accounts.why(account, "edit", id_)
        try:
            hub.as_(account).resources.edit(id_, title="y")
        except Denied as error:
            assert not why, error
        except TianfuError as error:
            assert error.code in ("noun.unknown", "lifecycle.illegal")
            assert (error.code == "noun.unknown") is not why.allowed
        else:
            assert why


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"actions": ("publish",)}, "actions"),
        ({"kinds": ("news",)}, "kinds"),
        ({"until": NOW + timedelta(days=2)}, "until"),
        ({"until": None}, "until"),
        ({"region": "510000"}, "region"),
        ({"region": None, "organization": "org_2"}, "region"),
    ],
)
def test_what_is_too_much_is_named(change, path):
    parent = Grant(
        id="grt_1", account="acc_1", actions=(Action.EDIT, Action.DELEGATE), kinds=("resource",),
        region="510100", until=NOW + timedelta(days=1),
    )  # fmt: skip
    child = attrs.evolve(parent, id="grt_2", account="acc_2", actions=(Action.EDIT,))
    policy.demand_no_excess(parent, child, regions=TREE, org_path=ORGS.__getitem__)
    with pytest.raises(Denied) as caught:
        policy.demand_no_excess(
            parent, attrs.evolve(child, **change), regions=TREE, org_path=ORGS.__getitem__
        )
    assert (caught.value.code, caught.value.path) == ("grant.exceeds", path)


def test_without_leave_to_delegate_nothing_is_delegated():
    parent = Grant(id="grt_1", account="acc_1", actions=(Action.EDIT,), region="510100")
    with pytest.raises(Denied) as caught:
        policy.demand_no_excess(
            parent, attrs.evolve(parent, id="grt_2"), regions=TREE, org_path=ORGS.__getitem__
        )
    assert caught.value.path == "parent"
