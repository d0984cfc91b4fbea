"""Narrow rows of subscribers stand beside their documents, whatever happens to those."""

from datetime import date, timedelta

import attrs
import pytest

from tianfu_sdk.core.rows.kinds import MARK, REACH
from tianfu_sdk.core.sms.reach import reach_keys
from tianfu_sdk.errors import Denied, StorageError
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.desk.work import Actor, Desk
from tianfu_sdk.services.sms.reach import Reaching


@pytest.fixture
def people(world):
    me, organization = world.me, world.org
    made = [
        me.subscribers.create(
            phone=f"1380000{n:04}", organization=organization, consents=[Consent()], topics=topics
        )
        for n, topics in enumerate([(), ("healthy_life",), ()])
    ]
    return me, made


def desk(world):
    return Desk(world.hub._tools, Actor(system="test"))


def finding(world):
    system = world.hub.as_system(reason="look")
    return next(found for found in system.doctor() if found.check == "reach")


def row(world, id_):
    return desk(world)._read(lambda work: work.tx.get(REACH.name, [id_]))


def forget_rows(world):
    """Leave the store as an older program would have."""

    def empty(work):
        rows = work.tx.find(REACH.name, Query(limit=1000))
        work.tx.delete(REACH.name, [(one.id, one.version) for one in rows])
        work.tx.delete(MARK.name, [(one.id, one.version) for one in work.tx.get("mark", ["reach"])])

    desk(world)._write(empty)


def test_every_change_of_a_document_is_one_of_the_narrow_row(world, people):
    me, made = people
    assert finding(world).severity == "ok"
    before = row(world, made[0].id)[0]
    me.subscribers.edit(made[0].id, phone="13900000000", language="bo", region="510100")
    after = row(world, made[0].id)[0]
    assert after.keys["phone_ix"] != before.keys["phone_ix"]
    assert after.keys["prefecture"] == "510100"
    assert after.keys["shape"].startswith('["bo"')
    me.subscribers.consent(made[1].id, Consent(granted=False))
    me.subscribers.add_many(
        [{"phone": "13700000000", "organization": world.org, "synthetic": True}]
    )
    assert finding(world).message == "4 subscribers have theirs"
    me.subscribers.erase(made[2].id)
    assert row(world, made[2].id) == []
    assert finding(world).message == "3 subscribers have theirs"


def test_what_differs_is_found_and_mended(world, people):
    _, made = people

    def spoil(work):
        first, second, _ = sorted(work.tx.get(REACH.name, [one.id for one in made]), key=by_id)
        work.tx.put(REACH.name, [attrs.evolve(first, keys={**first.keys, "county": "510104"})])
        work.tx.delete(REACH.name, [(second.id, second.version)])

    by_id = lambda one: one.id  # noqa: E731
    desk(world)._write(spoil)
    assert finding(world).severity == "error"
    assert "2 narrow rows of 3" in finding(world).message
    assert world.hub.as_system(reason="mend").rebuild_reach() == 2
    assert finding(world).severity == "ok"
    extra = reach_keys(made[0], row(world, made[0].id)[0].keys)
    desk(world)._write(lambda work: work.tx.put(REACH.name, [Row("sub_x", 0, None, extra)]))
    assert "1 too many" in finding(world).message
    with pytest.raises(Denied):
        Reaching(world.hub._tools, Actor()).run()


def test_a_store_that_has_none_yet_plans_nothing_and_is_brought_up(world, people):
    me, made = people

    forget_rows(world)
    assert finding(world).message == "not all subscribers have their narrow row yet"
    campaign = me.sms.compose(
        title="防灾", organization=world.org, texts={"zh-Hans": "避险"}, signature="科普"
    )
    with pytest.raises(StorageError) as raised:
        me.sms.plan(campaign.id)
    assert raised.value.code == "reach.not_built"
    # What is edited meanwhile gets its row at once.
    me.subscribers.edit(made[0].id, language="bo")
    looked = []
    system = Reaching(world.hub._tools, Actor(system="migrate"))
    assert system.run(looked.append) == 2
    assert looked == [3]
    assert system.run() == 0
    assert me.sms.plan(campaign.id).recipients == 3


def test_a_dump_of_a_program_that_had_none_gets_them_when_it_is_loaded(stored, tmp_path, clock):
    world = stored
    made = world.me.subscribers.create(
        phone="13800000000", organization=world.org, consents=[Consent()]
    )
    forget_rows(world)
    world.hub.as_system(reason="test").keeping.dump(tmp_path / "dump")
    url = f"sqlite:///{tmp_path / 'b.db'}"
    settings = {"key_file": str(tmp_path / "kepu.db.key")}
    Hub.load(tmp_path / "dump", url, settings=settings, clock=clock, discover=False)
    with Hub.open(url, settings=settings, clock=clock, discover=False) as hub:
        desk = Desk(hub._tools, Actor(system="test"))
        assert desk._read(lambda work: len(work.tx.get(REACH.name, [made.id]))) == 1
        found = {one.check: one for one in hub.as_system(reason="look").doctor()}
        assert found["reach"].message == "1 subscribers have theirs"


def test_narrow_rows_follow_the_table_of_regions(world):
    world.me.subscribers.create(phone="13800000000", organization=world.org, region="510104")
    world.me.regions.renew("510104", date(2020, 1, 1), parent="512000")
    world.hub.as_system(reason="区划调整").regions.rekey()
    (found,) = desk(world)._read(lambda work: work.tx.find(REACH.name, Query()))
    assert (found.keys["prefecture"], found.keys["county"]) == ("512000", "510104")
    assert finding(world).severity == "ok"


def test_a_consent_that_has_ended_counts_no_more(world, people):
    me, made = people
    until = world.hub._tools.clock.now() + timedelta(days=1)
    me.subscribers.consent(made[0].id, Consent(until=until))
    campaign = me.sms.compose(
        title="防灾", organization=world.org, texts={"zh-Hans": "避险"}, signature="科普"
    )
    assert me.sms.plan(campaign.id).recipients == 3
    world.clock.tick(timedelta(days=1))
    assert {e.reason: e.count for e in me.sms.plan(campaign.id).exclusions} == {"no_consent": 1}


def test_what_held_at_any_moment_can_be_told(world, people):
    me, made = people
    begin = world.clock.now()
    world.clock.tick(timedelta(days=1))
    me.subscribers.consent(made[0].id, Consent(granted=False))
    world.clock.tick(timedelta(days=1))
    until = world.clock.now() + timedelta(days=1)
    me.subscribers.consent(made[0].id, Consent(until=until))
    ledger = me.subscribers.consent_at
    assert ledger(made[0].id, at=begin - timedelta(days=1)) is None
    assert ledger(made[0].id, at=begin).granted
    assert not ledger(made[0].id, at=begin + timedelta(days=1)).granted
    assert ledger(made[0].id).until == until
    assert ledger(made[0].id, at=until) is None
    assert ledger(made[0].id, "newsletter") is None


def test_more_than_fits_is_read_in_the_document(world):
    me = world.me
    topics = ["healthy_life", "safety_science"]
    purposes = [f"purpose_{n:02}" for n in range(12)]
    made = me.subscribers.create(
        phone="13800000000",
        organization=world.org,
        consents=[Consent(), *(Consent(purpose=one, topics=tuple(topics)) for one in purposes)],
    )
    assert row(world, made.id)[0].keys["shape"] == ""
    campaign = me.sms.compose(
        title="防灾", organization=world.org, texts={"zh-Hans": "避险"}, signature="科普"
    )
    assert me.sms.plan(campaign.id).recipients == 1
    assert finding(world).severity == "ok"
