"""Regions as a deployment amends them: rights, versions, what is told, and who sees it when."""

from datetime import date, timedelta

import pytest

from tianfu_sdk import opening
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds

DAY = date(2020, 1, 1)


def events(world, type_):
    return [e for e in world.hub.as_system(reason="x").events if e.type == type_]


def refused(call, kind, code, path=None):
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    assert path is None or caught.value.path == path
    return caught.value


def test_anybody_looks_regions_up(world):
    regions = world.nobody.regions
    assert regions.get("510185").name == "简阳市"
    assert [r.code for r in regions.ancestors("510185")] == ["510100", "510000"]
    assert len(regions.children("510000")) == 21
    assert [r.code for r in regions.resolve("512081")] == ["510185"]
    assert [r.name for r in regions.history("510726")] == ["北川县", "北川羌族自治县"]
    assert list(regions.amendments()) == []
    refused(lambda: regions.get("519999"), NotFound, "region.unknown")
    refused(lambda: regions.history("519999"), NotFound, "region.unknown")
    refused(lambda: regions.children("519999"), NotFound, "region.unknown")
    refused(lambda: regions.get(510185), Invalid, "field.type", "code")
    refused(lambda: regions.get("510185", "today"), Invalid, "field.type", "on")


def test_a_region_is_added_and_used_at_once(world):
    made = world.me.regions.add(
        "510193", name="天府新区", parent="510100", valid_from=DAY, source="国函〔2014〕133号"
    )
    assert (made.version, made.code, made.region.name) == (1, "510193", "天府新区")
    assert world.nobody.regions.get("510193").parent == "510100"
    assert "510193" in [r.code for r in world.nobody.regions.children("510100")]
    org = world.me.organizations.create(name="天府新区科协", region="510193", parent=world.org)
    found = world.me.organizations.find(region="510100")
    assert org.id in [o.id for o in found]
    assert world.nobody.regions.amendment("510193") == made
    assert list(world.nobody.regions.amendments(limit=1)) == [made]


def test_amendments_follow_one_another_by_version(world):
    me = world.me.regions
    assert me.edit("510104", name="甲区", version=0).version == 1
    second = me.renew("510104", date(2024, 1, 1), name="乙区", version=1)
    assert second.version == 2
    assert [(r.name, r.valid_to) for r in second.rows] == [
        ("甲区", date(2024, 1, 1)),
        ("乙区", None),
    ]
    for stale in (0, 1, 3):
        refused(
            lambda v=stale: me.edit("510104", name="丙区", version=v), Conflict, "storage.version"
        )
        refused(lambda v=stale: me.revert("510104", version=v), Conflict, "storage.version")
    assert me.get("510104", date(2023, 1, 1)).name == "甲区"
    assert [r.name for r in me.revert("510104", version=2)] == ["锦江区"]
    assert me.get("510104").name == "锦江区"
    refused(lambda: me.revert("510104"), NotFound, "region.not_amended")
    refused(lambda: me.amendment("510104"), NotFound, "region.not_amended")
    assert me.edit("510104", name="丁区", version=0).version == 1


def test_a_region_ends_and_its_successors_are_named(world):
    me = world.me.regions
    me.add("510193", name="新区", parent="510100", valid_from=DAY)
    me.replace("510104", DAY, ["510193", "510105"], reason="合并")
    assert [r.code for r in me.resolve("510104")] == ["510105", "510193"]
    error = refused(lambda: me.get("510104"), NotFound, "region.not_valid")
    assert "510193" in str(error)
    refused(lambda: me.revert("510193"), Invalid, "region.named", "code")
    me.revert("510104")
    assert me.revert("510193") == []
    refused(lambda: me.get("510193"), NotFound, "region.unknown")


def test_what_is_wrong_is_refused_with_its_path(world):
    me = world.me.regions
    for call, code, path in (
        (lambda: me.add("51010", name="x", parent="510100"), "region.bad_code", "code"),
        (lambda: me.add(510193, name="x", parent="510100"), "field.type", "code"),
        (lambda: me.add("510193", name="", parent="510100"), "field.too_short", "name"),
        (lambda: me.add("510193", name=7, parent="510100"), "field.type", "name"),
        (lambda: me.add("510193", name="x", parent="510104"), "region.bad_parent", "parent"),
        (lambda: me.add("510104", name="x", parent="510100"), "region.overlap", "valid_from"),
        (lambda: me.edit("510104", valid_from="soon"), "field.date", "valid_from"),
        (lambda: me.edit("510104", title="x"), "field.unknown", "title"),
        (lambda: me.renew("510104", "2020-01-01", name="x"), "field.type", "since"),
        (lambda: me.replace("510104", "2020-01-01", []), "field.type", "on"),
        (lambda: me.replace("510104", DAY, "510105"), "field.type", "successors"),
        (lambda: me.revert("x"), "region.bad_code", "code"),
        (lambda: me.replace("510100", DAY, []), "region.has_children", "code"),
    ):
        refused(call, Invalid, code, path)
    refused(lambda: me.add("515001", name="x", parent="515000"), NotFound, "region.unknown")
    assert list(me.amendments()) == []


def test_a_grant_for_the_whole_province_is_needed(world):
    def amend(account):
        return world.as_(account).regions.edit("510104", name="甲区")

    for place in ({"region": "510104"}, {"region": "510100"}, {"organization": world.org}):
        account = world.person([])
        world.me.accounts.grant(account, ["*"], **place)
        refused(lambda a=account: amend(a), Denied, "grant.missing")
    refused(lambda: amend(world.person(["edit", "create"])), Denied, "grant.missing")
    refused(lambda: world.nobody.regions.edit("510104", name="x"), Denied, "account.required")
    refused(lambda: world.nobody.regions.revert("510104"), Denied, "account.required")
    keeper = world.person(["manage"])
    assert amend(keeper).version == 1
    assert world.me.accounts.why(keeper, "manage", "reg_510104")
    assert not world.me.accounts.why(
        world.person(["manage"], region="510100"), "manage", "reg_510104"
    )
    refused(lambda: world.as_(keeper).regions.edit("110101", name="x"), Denied, "grant.missing")


def test_what_a_province_is_only_the_system_says(world):
    refused(lambda: world.me.regions.edit("510000", name="x"), Denied, "grant.missing")
    system = world.hub.as_system(reason="table")
    assert system.regions.edit("510000", name="蜀").version == 1
    assert world.nobody.regions.get("510000").name == "蜀"


def test_every_amendment_is_audited_and_told(world):
    me = world.me
    me.regions.add("510193", name="新区", parent="510100", reason="国函")
    me.regions.edit("510193", name="天府新区")
    me.regions.revert("510193", reason="错录")
    lines = list(me.audit.find(subject="reg_510193"))
    assert [(line.action, line.region, line.reason, line.data.get("name")) for line in lines] == [
        ("region.reverted", "510100", "错录", None),
        ("region.edited", "510193", "", "天府新区"),
        ("region.added", "510193", "国函", "新区"),
    ]
    told = [e for e in world.hub.as_system(reason="x").events if e.kind == "region"]
    assert [(e.type, e.actor) for e in told] == [
        (f"region.{verb}", world.chief) for verb in ("added", "edited", "reverted")
    ]
    assert {f.severity for f in world.hub.as_system(reason="x").audit.verify()} == {"ok"}


def test_a_region_that_something_belongs_to_stays(world):
    me = world.me
    me.regions.add("510193", name="新区", parent="510100")
    made = me.resources.create(title="x", organization=world.org, regions=["510193"])
    error = refused(lambda: me.regions.revert("510193"), Invalid, "region.in_use", "code")
    assert error.values["kind"] == "resource"
    me.resources.edit(made.id, regions=[])
    me.organizations.create(name="新区科协", region="510193", parent=world.org)
    error = refused(lambda: me.regions.revert("510193"), Invalid, "region.in_use", "code")
    assert error.values["kind"] == "organization"


def test_a_unit_uses_the_region_it_added_and_leaves_nothing_if_it_fails(world):
    def fn(u):
        u.regions.add("510193", name="新区", parent="510100")
        assert u.regions.get("510193").name == "新区"
        return u.organizations.create(name="新区科协", region="510193")

    def failing(u):
        u.regions.add("510194", name="另区", parent="510100")
        raise LookupError

    made = world.me.unit(fn)
    assert world.hub.regions.get("510193").name == "新区"
    assert [o.id for o in world.me.organizations.find(region="510193")] == [made.id]
    with pytest.raises(LookupError):
        world.me.unit(failing)
    refused(lambda: world.hub.regions.get("510194"), NotFound, "region.unknown")
    # The mark that the failed unit would have moved moves now, with another amendment.
    world.me.regions.add("510195", name="又区", parent="510100")
    refused(lambda: world.hub.regions.get("510194"), NotFound, "region.unknown")
    assert world.hub.regions.get("510195").name == "又区"


# Who sees it when.


@pytest.fixture
def other(stored, file, clock):
    """Another hub on the same file, as another process has."""
    ids = CountingIds()
    for _ in range(10_000):
        ids.new("x")
    with Hub.open(f"sqlite:///{file}", clock=clock, ids=ids, discover=False) as hub:
        hub.regions.get("510104")
        yield hub


def test_what_another_process_writes_is_keyed_by_the_newest_regions(stored, other):
    stored.me.regions.add("510193", name="新区", parent="510100")
    made = other.as_(stored.chief).organizations.create(name="新区科协", region="510193")
    assert made.region == "510193"


def test_another_process_reads_the_old_regions_for_two_seconds_at_most(stored, other, clock):
    stored.me.regions.edit("510104", name="甲区")
    assert stored.hub.regions.get("510104").name == "甲区"
    assert other.regions.get("510104").name == "锦江区"
    clock.tick(timedelta(seconds=2))
    assert other.regions.get("510104").name == "甲区"
    stored.me.regions.revert("510104")
    clock.tick(timedelta(seconds=-60))
    assert other.regions.get("510104").name == "锦江区"


def test_the_tree_is_built_once_an_amendment(stored, other, clock, monkeypatch):
    built = []
    amended = RegionTree.amended
    monkeypatch.setattr(
        RegionTree, "amended", lambda tree, rows: built.append(1) or amended(tree, rows)
    )
    stored.me.regions.edit("510104", name="甲区")
    built.clear()
    me = other.as_(stored.chief)
    for n in range(3):
        clock.tick(timedelta(seconds=3))
        me.resources.create(title=f"第{n}号", organization=stored.org)
        me.resources.find(region="510104")
        other.regions.get("510104")
    assert built == [1]


def test_a_read_asks_for_the_mark_at_most_every_two_seconds(stored, clock, monkeypatch):
    asked = []
    from tianfu_sdk.services.desk import atlas

    read = atlas.read_mark
    monkeypatch.setattr(atlas, "read_mark", lambda tx: asked.append(1) or read(tx))
    me = stored.me
    made = me.resources.create(title="x", organization=stored.org)
    asked.clear()
    for _ in range(5):
        me.resources.get(made.id)
        stored.hub.regions.get("510104")
    assert asked == []
    clock.tick(timedelta(seconds=2))
    for _ in range(5):
        me.resources.get(made.id)
    assert asked == [1]


def test_amendments_stay_when_the_store_is_opened_again(stored, file, clock):
    stored.me.regions.edit("510104", name="甲区")
    with Hub.open(f"sqlite:///{file}?mode=ro", clock=clock, discover=False) as hub:
        assert hub.regions.get("510104").name == "甲区"
        assert hub.regions.amendment("510104").version == 1


# Which table it is.


def finding(hub):
    (found,) = [f for f in hub.as_system(reason="x").doctor() if f.check == "regions"]
    return found


def mark(hub):
    return hub._tools.store.run(opening.read_mark, write=False)


def test_a_store_knows_the_table_it_was_made_with_and_last_opened_with(
    stored, file, clock, monkeypatch
):
    table = stored.hub._tools.regions.table
    assert (mark(stored.hub).made, mark(stored.hub).table) == (table, table)
    assert (finding(stored.hub).severity, table in finding(stored.hub).message) == ("ok", True)
    url = f"sqlite:///{file}"
    opening.regions.cache_clear()
    shipped = opening.shipped_regions()
    monkeypatch.setattr(opening, "shipped_table", lambda: "0123456789abcdef")
    monkeypatch.setattr(
        opening, "shipped_regions", lambda: [r for r in shipped if r.code != "659012"]
    )
    try:
        with Hub.open(f"{url}?mode=ro", clock=clock, discover=False) as hub:
            assert mark(hub).table == table
        with Hub.open(url, clock=clock, ids=CountingIds(), discover=False) as hub:
            assert (mark(hub).made, mark(hub).table) == (table, "0123456789abcdef")
            assert finding(hub).severity == "note"
            assert "rekey" in finding(hub).hint
    finally:
        monkeypatch.undo()
        opening.regions.cache_clear()


def test_a_store_that_holds_nothing_is_left_so():
    with Hub.open("memory:", discover=False) as hub:
        assert mark(hub).version == 0
        assert finding(hub).severity == "ok"


def test_the_doctor_tells_when_rows_lie_behind_the_regions(world):
    world.me.regions.edit("510104", name="甲区")
    world.me.regions.add("510193", name="新区", parent="510100")
    assert finding(world.hub).severity == "ok"
    assert "2 codes amended" in finding(world.hub).message
    world.me.regions.edit("510104", parent="512000")
    assert finding(world.hub).severity == "note"


def test_the_doctor_tells_what_no_longer_fits_the_table(world, monkeypatch):
    world.me.regions.add("510193", name="新区", parent="510100")
    atlas = world.hub._tools.regions
    without = RegionTree(r for r in opening.shipped_regions() if not r.code.startswith("5101"))
    monkeypatch.setattr(atlas, "_shipped", lambda: without)
    monkeypatch.setattr(atlas, "_known", type(atlas._known)(0, None, None))
    found = [f for f in world.hub.as_system(reason="x").doctor() if f.severity == "error"]
    assert [(f.check, f.subject) for f in found] == [("regions", "reg_510193")]
    assert "510193" in found[0].message
