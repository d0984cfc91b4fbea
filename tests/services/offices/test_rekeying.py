"""Re-keying: everything is found under the regions of today, and nothing else of it changes."""

from datetime import date

import pytest

from tianfu_sdk.core.places.regions import LEVELS
from tianfu_sdk.core.rows.kinds import AUDIT, MARK, PLACED
from tianfu_sdk.errors import Conflict, Denied
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.offices import rekeying

HOME = "510104"


@pytest.fixture
def place(anywhere):
    """A world with things of many kinds at home in one county."""
    world = anywhere
    me = world.me
    reviewer = world.as_(world.person(["*"]))
    made = me.resources.create(
        title="防震避险", body="地震时先躲到桌下。", organization=world.county
    )
    me.resources.submit(made.id)
    reviewer.resources.approve(made.id)
    me.resources.publish(made.id)
    translated = me.translations.create(made.id, language="bo", title="ས་ཡོམ", body="ས་ཡོམ་གྱི་སྐབས་སུ།")
    reviewer.translations.approve(translated.id)
    me.channels.create(name="频道", region=HOME, language="zh-Hans", organization=world.county)
    me.experts.create(name="甲", organization=world.county, topics=["healthy_life"])
    me.contacts.create(organization=world.county, name="甲", phone="1")
    world.person(["read"], region=HOME)
    world.hub.ask("没有人知道的问题", region=HOME)
    world.resource = made.id
    return world


def rows(hub, kind, **conditions):
    where = tuple(Where(name, "=", value) for name, value in conditions.items())
    return hub._tools.store.run(
        lambda tx: tx.find(kind, Query(where=where, limit=1000)), write=False
    )


def everything(hub):
    return {kind.name: {r.id: r for r in rows(hub, kind.name)} for kind in PLACED}


def levels(row):
    return tuple(row.keys[name] for name in LEVELS)


def move(world):
    world.me.regions.renew(HOME, date(2020, 1, 1), parent="512000")


def rekey(world, **more):
    return world.hub.as_system(reason="区划调整").regions.rekey(**more)


def test_nothing_moves_before_it_is_rekeyed_and_all_of_it_then(place):
    before = everything(place.hub)
    there = {kind: rows(place.hub, kind, county=HOME) for kind in before}
    assert {kind for kind, found in there.items() if found} >= {
        "resource",
        "translation",
        "organization",
        "grant",
        "channel",
        "expert",
        "contact_person",
        "question",
        "audit",
    }
    move(place)
    assert [r.id for r in place.hub.resources.find(region="510100")] == [place.resource]
    done = rekey(place)
    for kind, found in there.items():
        after = {r.id: r for r in rows(place.hub, kind)}
        for row in found:
            assert levels(after[row.id]) == ("510000", "512000", HOME)
    assert done.finished
    assert done.changed == sum(map(len, there.values()))
    assert [r.id for r in place.hub.resources.find(region="512000")] == [place.resource]
    assert list(place.hub.resources.find(region="510100")) == []


def test_of_a_row_only_the_regions_above_it_change(place):
    move(place)
    before = everything(place.hub)
    rekey(place)
    after = everything(place.hub)
    for kind, found in before.items():
        for id_, row in found.items():
            now = after[kind][id_]
            assert (now.version, now.doc) == (row.version, row.doc)
            kept = row.keys.keys() - set(LEVELS)
            assert {n: now.keys[n] for n in kept} == {n: row.keys[n] for n in kept}
    noun = place.me.resources.get(place.resource)
    assert place.me.resources.edit(noun.id, version=noun.version, keywords=["x"]).pending == 0


def test_asking_finds_it_where_it_lies_today(place):
    def found(region):
        return {a.id for a in place.hub.ask("地震时怎么躲", region=region).answers}

    def found_in_tibetan(region):
        return {a.id for a in place.hub.ask("ས་ཡོམ", region=region).answers}

    move(place)
    assert (found("510100"), found("512000")) == ({place.resource}, set())
    done = rekey(place)
    assert done.indexed == 2
    assert (found("510100"), found("512000")) == (set(), {place.resource})
    assert (found_in_tibetan("510100"), found_in_tibetan("512000")) == (set(), {place.resource})


def test_rights_follow_and_the_audit_still_verifies(place):
    there = place.as_(place.person(["*"], region="512000"))
    move(place)
    with pytest.raises(Denied):
        there.resources.edit(place.resource, title="x")
    rekey(place)
    assert there.resources.edit(place.resource, title="x").revision == 2
    assert there.audit.find(subject=place.resource).items
    system = place.hub.as_system(reason="x")
    # On a server the worker does it.
    system.audit.seal_open()
    assert {f.severity for f in system.audit.verify()} == {"ok"}


def test_one_audit_line_and_one_event_a_run(place):
    move(place)
    done = rekey(place)
    (line,) = rows(place.hub, AUDIT.name, action="region.rekeyed")
    assert line.keys["actor"] == "system"
    (event,) = [e for e in place.hub.as_system(reason="x").events if e.type == "region.rekeyed"]
    assert event.data == {
        "seen": done.seen,
        "changed": done.changed,
        "indexed": done.indexed,
    }
    system = place.hub.as_system(reason="x")
    system.audit.seal_open()
    assert [f for f in system.doctor() if f.severity != "ok"] == []


def test_a_second_run_finds_nothing_to_change(place):
    move(place)
    first = rekey(place)
    again = rekey(place)
    assert again.changed == 0
    assert again.seen >= first.seen
    assert not [r for r in rows(place.hub, MARK.name) if r.id == "regions:rekey"]


class Stop(Exception):
    pass


def stop_after(count, seen):
    def progress(step):
        seen.append(step)
        if len(seen) == count:
            raise Stop

    return progress


def test_what_was_cut_off_goes_on_where_it_was(place, monkeypatch):
    monkeypatch.setattr(rekeying, "_BATCH", 2)
    there = sum(len(rows(place.hub, kind.name, county=HOME)) for kind in PLACED)
    move(place)
    total = sum(len(rows(place.hub, kind.name)) for kind in PLACED if kind.name != "region")
    seen, steps = [], []
    with pytest.raises(Stop):
        rekey(place, progress=stop_after(9, seen))
    done = rekey(place, progress=steps.append)
    assert 0 < seen[-1].seen <= steps[0].seen
    assert (done.seen, done.changed) == (total, there)
    assert steps[-1] == done


def test_what_was_amended_meanwhile_is_taken_in(place, monkeypatch):
    monkeypatch.setattr(rekeying, "_BATCH", 2)
    move(place)
    with pytest.raises(Stop):
        rekey(place, progress=stop_after(9, []))
    place.me.regions.revert(HOME)
    rekey(place)
    left = [r for kind in PLACED for r in rows(place.hub, kind.name, county=HOME)]
    assert {levels(r) for r in left} == {("510000", "510100", HOME)}


def test_two_runs_at_once_are_one_too_many(place, monkeypatch):
    monkeypatch.setattr(rekeying, "_BATCH", 5)
    inner = []

    def progress(_):
        if not inner:
            inner.append(1)
            rekey(place)

    with pytest.raises(Conflict) as caught:
        rekey(place, progress=progress)
    assert caught.value.code == "region.rekeying"


def test_only_the_system_rekeys(place):
    for hub in (place.hub, place.me):
        with pytest.raises(Denied) as caught:
            hub.regions.rekey()
        assert caught.value.code == "account.required"
