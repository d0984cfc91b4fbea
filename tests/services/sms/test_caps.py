"""Nobody gets too many messages, however many campaigns are sent at the same time."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.services.conftest import Way, build

from tianfu_sdk.core.rows.kinds import CONTACT
from tianfu_sdk.core.sms.campaign import Choice
from tianfu_sdk.core.sms.contacts import contact_id
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.storage import Query
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.work import Actor, Desk
from tianfu_sdk.services.sms import caps

from .test_sms import Line


@pytest.fixture
def line(way):
    return Line(way, sms={"cap_day": 2})


@pytest.fixture
def quick(quickly):
    return Line(quickly, sms={"cap_day": 2})


def left_out(line, campaign):
    return {one.reason: one.count for one in line.me.sms.plan(campaign.id).exclusions}


def contacts(line):
    desk = Desk(line.me._tools, Actor(system="test"))
    return desk._read(lambda work: work.tx.find(CONTACT.name, Query(limit=1000)))


def test_a_third_message_of_a_day_is_not_sent(line):
    line.people(3)
    for _ in range(2):
        line.sent()
    line.people(1)
    third = line.compose()
    assert left_out(line, third) == {"cap_day": 3}
    assert len(list(line.me.sms.exclusions(third.id, "cap_day"))) == 3
    line.you.sms.approve(third.id)
    assert line.you.sms.send(third.id).queued == 1
    line.clock.tick(timedelta(days=1))
    assert left_out(line, line.compose()) == {}


def test_who_had_enough_since_the_plan_is_left_out_too(line):
    line.people(3)
    drafts = [line.compose() for _ in range(3)]
    for draft in drafts:
        line.you.sms.approve(draft.id)
    assert [line.you.sms.send(draft.id).queued for draft in drafts] == [3, 3, 0]
    line.system.sms.dispatch()
    assert line.states(drafts[2]) == {}
    assert set(line.sentence().values()) == {2}


def test_what_was_cancelled_before_it_left_counts_for_nobody(line):
    line.people(2)
    for _ in range(2):
        line.you.sms.cancel(line.sent().id)
    assert left_out(line, line.compose()) == {}
    # Of one that left in part everything counts.
    line.people(2)
    for _ in range(2):
        campaign = line.sent()
        line.you.sms.dispatch(limit=1)
        line.you.sms.cancel(campaign.id)
    assert left_out(line, line.compose()) == {"cap_day": 4}


def test_messages_of_all_organizations_count_from_the_first_cap_on(quickly):
    line = Line(quickly)
    line.people(1)
    line.sent()
    assert contacts(line) == []
    assert line.me.sms.plan(line.compose().id).caps_since is None
    county = line.me.organizations.create(name="区科协", region="510104", parent=line.org)
    begun = line.clock.now()
    line.me.sms_policies.set(county.id, cap_day=1, repeat_days=60)
    # Its own campaigns are not capped, and count for who is.
    line.sent()
    (row,) = contacts(line)
    line.clock.tick(timedelta(days=40))
    line.sent()
    (row,) = contacts(line)
    assert len(row.doc) == 2 * 24
    assert line.me.sms.plan(line.compose().id).caps_since is None
    line.me.sms_policies.set(line.org, cap_day=1)
    plan = line.me.sms.plan(line.compose().id)
    assert plan.caps_since == begun
    assert {one.reason for one in plan.exclusions} == {"cap_day"}


def test_an_organizations_own_cap_is_the_smaller_one(quick):
    quick.people(1)
    quick.sent()
    assert left_out(quick, quick.compose()) == {}
    quick.me.sms_policies.set(quick.org, cap_day=1, cap_topic_day=1, repeat_days=3)
    assert left_out(quick, quick.compose()) == {"cap_day": 1}


def test_the_same_thing_is_not_said_twice(quick):
    quick.me.sms_policies.set(quick.org, repeat_days=3)
    quick.people(1)
    quick.sent(group="防震周")
    assert left_out(quick, quick.compose(group="防震周")) == {"repeated": 1}
    assert left_out(quick, quick.compose(group="别的")) == {}
    quick.clock.tick(timedelta(days=3))
    assert left_out(quick, quick.compose(group="防震周")) == {}


def test_an_emergency_goes_out_all_the_same_and_counts(quick):
    quick.people(1)
    for _ in range(2):
        quick.sent()
    emergency = quick.emergency()
    urgent = quick.compose(emergency=emergency)
    assert left_out(quick, urgent) == {"cap_day": 1}
    urgent = quick.sent(emergency=emergency, override_reason="余震")
    assert urgent.queued == 1
    assert len(contacts(quick)[0].doc) == 3 * 24


def test_a_send_that_died_half_way_counts_once(filed, monkeypatch):
    line = Line(filed, sms={"cap_day": 2})
    from tianfu_sdk.services.sms import filling

    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 2)
    monkeypatch.setattr(filling, "CHUNK", 2)
    line.people(6)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    real, calls = filling.Filling._queue, []

    def dies(self, *given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *given)

    monkeypatch.setattr(filling.Filling, "_queue", dies)
    with pytest.raises(KeyboardInterrupt):
        line.you.sms.send(campaign.id)
    assert line.you.sms.send(campaign.id).queued == 6
    assert {len(one.doc) for one in contacts(line)} == {24}


def test_a_person_who_is_erased_takes_the_count_along_and_old_ones_go(line):
    ids = line.people(2)
    line.sent()
    assert len(contacts(line)) == 2
    line.me.subscribers.erase(ids[0])
    assert len(contacts(line)) == 1
    line.clock.tick(timedelta(days=31))
    line.system.sms.purge()
    assert contacts(line) == []


def test_nothing_is_counted_where_nothing_is_capped(quickly):
    line = Line(quickly)
    line.people(2)
    line.sent()
    assert contacts(line) == []


def test_a_phone_keeps_its_count_when_index_keys_change(filed, tmp_path):
    from tianfu_sdk.backends.keyring import new_master_key

    one, two = new_master_key(), new_master_key()
    settings = {"sms": {"cap_day": 1}, "key": f"{one}\n{two}"}
    with Hub.open(
        f"sqlite:///{tmp_path / 'b.db'}", settings={**settings, "key": one}, discover=False
    ) as hub:
        chief = hub.bootstrap(organization="四川省科协", region="510000")
        made = hub.as_(chief.id).subscribers.create(
            phone="13800000000", organization=chief.organization, consents=[Consent()]
        )
        desk = Desk(hub._tools, Actor(system="test"))

        def count(work):
            (row,) = work.tx.get("reach", [made.id])
            keys = {"until": 2**60}
            from tianfu_sdk.model.storage import Row

            work.tx.put(CONTACT.name, [Row(contact_id(row.keys["phone_ix"]), 0, b"x" * 24, keys)])

        desk._write(count)
    with Hub.open(f"sqlite:///{tmp_path / 'b.db'}", settings=settings, discover=False) as hub:
        hub.as_system(reason="rotate").keys.rotate()
        desk = Desk(hub._tools, Actor(system="test"))
        (row,) = desk._read(lambda work: work.tx.get("reach", [made.id]))
        (found,) = desk._read(lambda work: work.tx.find(CONTACT.name, Query()))
        assert (found.id, found.doc) == (contact_id(row.keys["phone_ix"]), b"x" * 24)


# At the same time.

CAP = 5
PHONES = [bytes([n]) * 16 for n in range(4)]


def booked(hub, org):
    """Count campaigns for all phones, as putting them in the outbox does; gives how many got one."""
    desk = Desk(hub._tools, Actor(system="test"))

    def one(number):
        campaign = Campaign(
            id=f"cmp_{number}",
            title="避险",
            organization=org,
            region="510000",
            texts={"zh-Hans": "避险"},
            signature="科普",
        )
        batch = [Choice(f"sub_{n}", phone, "zh-Hans") for n, phone in enumerate(PHONES)]
        return until_done(
            lambda: desk._write(
                lambda work: sum(map(len, caps.book(work, campaign, [batch], work.now)))
            )
        )

    return one


SETTINGS = {"sms": {"cap_day": CAP}, "timeout": 120.0, "erasures": "/dev/null"}


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server, pytest.mark.ci])]
)
def shared(request, stack, tmp_path, clock):
    from tianfu_sdk.backends.keyring import new_master_key

    if request.param == "sqlite":
        way = Way(f"sqlite:///{tmp_path / 'kepu.db'}", "sync", stack)
    else:
        plugin, place = request.getfixturevalue("server")
        key = {"key": new_master_key()}
        way = Way(stack.enter_context(place()), "sync", stack, (plugin,), key)
    return way.url, build(way.open(clock=clock, settings=SETTINGS, ids=None), clock)


@pytest.mark.timeout(300)
def test_32_threads_give_no_phone_more_than_the_cap(shared):
    _, world = shared
    with ThreadPoolExecutor(32) as pool:
        booking = pool.map(booked(world.hub, world.org), range(48))
        assert sum(booking) == CAP * len(PHONES)


_PROCESS = """
import json, sys
from datetime import UTC, datetime
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import FrozenClock
sys.path.insert(0, sys.argv[4])
from tests.services.sms.test_caps import SETTINGS, booked
url, org, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
plugins = []
if not url.startswith("sqlite"):
    import tianfu_storage_sql
    plugins = [tianfu_storage_sql]
with Hub.open(
    url, plugins=plugins, settings=SETTINGS, discover=False, clock=FrozenClock()
) as hub:
    print(json.dumps(sum(map(booked(hub, org), range(first, first + 8)))))
"""


@pytest.mark.timeout(300)
def test_several_processes_give_no_phone_more_than_the_cap(shared, request):
    url, world = shared
    command = [sys.executable, "-c", _PROCESS, url, world.org]
    begun = [
        subprocess.Popen(
            [*command, str(8 * n), request.config.rootpath], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    assert sum(json.loads(one.communicate(timeout=300)[0]) for one in begun) == CAP * len(PHONES)
