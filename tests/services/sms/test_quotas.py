"""Quotas of parts: reserved, used, given back; exact whoever sends at the same time."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.services.conftest import build

from tianfu_sdk.core.rows.kinds import QUOTA, RESERVATION
from tianfu_sdk.core.sms.quotas import names, quota_id
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded
from tianfu_sdk.model.sms import CampaignState
from tianfu_sdk.model.storage import Query
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.work import Actor, Desk
from tianfu_sdk.services.sms import quotas
from tianfu_sdk.services.sms.filling import Filling

from .test_sms import NOON, Line

AT = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


@pytest.fixture
def line(way):
    return Line(way)


@pytest.fixture
def quick(quickly):
    return Line(quickly)


def used(line, period="month", organization=None):
    found = line.me.sms_policies.usage(organization or line.org)
    (one,) = [
        one
        for one in found
        if one.period == period and one.organization == (organization or line.org)
    ]
    return one.reserved, one.used, one.left


# What organizations set.


def test_rules_are_set_field_by_field_and_read(quick):
    assert quick.me.sms_policies.get(quick.org) is None
    made = quick.me.sms_policies.set(
        quick.org, quota_month=10, window_start="09:00", window_end="18:00"
    )
    changed = quick.me.sms_policies.set(quick.org, cap_day=2, holidays=["2026-02-17"])
    assert (changed.id, changed.version) == (made.id, 2)
    assert (changed.quota_month, changed.cap_day) == (10, 2)
    assert changed.holidays == (date(2026, 2, 17),)
    assert quick.me.sms_policies.get(quick.org) == changed
    assert [one.id for one in quick.me.sms_policies.find(organization=quick.org)] == [made.id]
    with pytest.raises(Conflict, match=r"storage\.version"):
        quick.me.sms_policies.set(quick.org, version=1, cap_day=3)
    with pytest.raises(Invalid, match=r"field\.unknown"):
        quick.me.sms_policies.set(quick.org, quota_week=3)
    for rules in ({"window_end": ""}, {"window_start": "9 Uhr"}):
        with pytest.raises(Invalid, match=r"sms\.bad_window"):
            quick.me.sms_policies.set(quick.org, **rules)
    with pytest.raises(Invalid):
        quick.me.sms_policies.set(quick.org, quota_day=-1)
    with pytest.raises(NotFound, match=r"organization\.unknown"):
        quick.me.sms_policies.get("org_x")
    assert [e.subject for e in quick.told("sms_policy.set")] == [made.id, made.id]


def test_nobody_lifts_the_rules_of_the_own_organization(world):
    chief = world.person(organization=world.county, region="510104")
    theirs = world.as_(chief).sms_policies
    with pytest.raises(Denied, match=r"grant\.missing"):
        theirs.set(world.county, quota_month=10**6)
    with pytest.raises(Denied, match=r"grant\.missing"):
        theirs.set(world.org, quota_month=10**6)
    made = world.me.sms_policies.set(world.county, quota_month=5)
    assert theirs.get(world.county) == made
    assert [line.left for line in theirs.usage(world.county)] == [None] * 4 + [5, None]


# From the plan to the end of a campaign.


def test_parts_are_reserved_used_and_given_back(line):
    line.people(7)
    line.me.sms_policies.set(line.org, quota_month=10)
    campaign = line.compose()
    plan = line.me.sms.plan(campaign.id)
    assert ([one.left for one in plan.quota], plan.over_quota) == ([10], False)
    line.you.sms.approve(campaign.id)
    assert used(line) == (0, 0, 10)
    line.you.sms.send(campaign.id)
    assert used(line) == (7, 0, 3)
    line.system.sms.dispatch()
    assert used(line) == (0, 7, 3)
    assert used(line, "day") == (0, 7, None)
    # Four more do not fit, and the plan says so; nothing of them leaves.
    more = line.compose()
    assert line.me.sms.plan(more.id).over_quota
    line.you.sms.approve(more.id)
    with pytest.raises(QuotaExceeded) as raised:
        line.you.sms.send(more.id)
    assert (raised.value.code, raised.value.path) == ("quota.exceeded", line.org)
    assert line.me.sms.get(more.id).state is CampaignState.APPROVED
    assert line.states(more) == {}
    line.me.sms_policies.set(line.org, quota_month=14)
    assert line.you.sms.send(more.id).queued == 7
    assert used(line) == (7, 7, 0)


def test_a_cancelled_campaign_gives_back_what_did_not_leave(line):
    line.people(7)
    line.me.sms_policies.set(line.org, quota_year=7)
    campaign = line.sent()
    line.you.sms.dispatch(limit=1)
    assert used(line, "year") == (7, 0, 0)
    line.you.sms.cancel(campaign.id)
    taken = line.states(campaign)["accepted"]
    assert 0 < taken < 7
    assert used(line, "year") == (0, taken, 7 - taken)


def test_what_a_gateway_refused_is_given_back(line):
    from tianfu_sdk.model.sms import SmsResult

    line.people(2)
    line.me.sms_policies.set(line.org, quota_day=2)
    campaign = line.sent()

    def refuses(batch):
        first, *rest = batch.recipients
        return [
            SmsResult(ref=first.ref, status="rejected"),
            *(SmsResult(ref=one.ref, status="accepted") for one in rest),
        ]

    line.gateway.answers.append(refuses)
    line.system.sms.dispatch()
    assert line.states(campaign) == {"rejected": 1, "accepted": 1}
    assert used(line, "day") == (0, 1, 1)


def test_who_came_since_the_plan_must_fit_too(line):
    line.people(2)
    line.me.sms_policies.set(line.org, quota_month=3)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    line.people(2)
    with pytest.raises(QuotaExceeded) as raised:
        line.you.sms.send(campaign.id)
    assert (raised.value.values["wanted"], raised.value.values["left"]) == (4, 3)
    # Nothing is half done: it is as it was before.
    assert line.me.sms.get(campaign.id).state is CampaignState.APPROVED
    assert (line.states(campaign), used(line)) == ({}, (0, 0, 3))
    line.me.sms_policies.set(line.org, quota_month=4)
    assert line.you.sms.send(campaign.id).queued == 4
    assert used(line) == (4, 0, 0)


def test_who_left_since_the_plan_needs_no_room(line):
    ids = line.people(3)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    line.me.subscribers.opt_out(ids[0])
    line.me.sms_policies.set(line.org, quota_month=2)
    assert line.you.sms.send(campaign.id).queued == 2
    assert used(line) == (2, 0, 0)


def test_who_comes_while_it_is_queued_must_fit_and_it_goes_on_when_there_is_room(
    quick, monkeypatch
):
    quick.people(2)
    quick.me.sms_policies.set(quick.org, quota_month=2)
    campaign = quick.compose()
    quick.you.sms.approve(campaign.id)
    real = Filling.run

    def crowded(*args):
        monkeypatch.undo()
        quick.people(1)
        real(*args)

    monkeypatch.setattr(Filling, "run", crowded)
    with pytest.raises(QuotaExceeded):
        quick.you.sms.send(campaign.id)
    assert quick.states(campaign) == {}
    quick.me.sms_policies.set(quick.org, quota_month=3)
    assert quick.you.sms.send(campaign.id).queued == 3
    assert used(quick) == (3, 0, 0)


def test_who_is_gone_since_the_plan_is_given_back(line):
    ids = line.people(3)
    campaign = line.compose()
    line.you.sms.approve(campaign.id)
    line.me.subscribers.opt_out(ids[0])
    line.you.sms.send(campaign.id)
    assert used(line) == (2, 0, None)


def test_it_counts_in_the_period_in_which_it_may_go_out(line):
    line.people(1)
    line.clock.tick(datetime(2026, 1, 31, 15, 0, tzinfo=UTC) - NOON)  # 23:00 in China
    line.sent()
    january, february = (
        line.me.sms_policies.usage(line.org, at=line.clock.now() + timedelta(days=days))
        for days in (0, 1)
    )
    assert [one.reserved for one in january] == [0, 0, 1]
    assert [(one.name, one.reserved) for one in february] == [
        ("20260201", 1),
        ("202602", 1),
        ("2026", 1),
    ]


def test_the_quota_above_counts_as_well(anywhere):
    world = anywhere
    world.me.sms_policies.set(world.org, quota_month=10)
    world.me.sms_policies.set(world.county, quota_month=8)
    path = (world.org, world.county)
    desk = Desk(world.hub._tools, Actor(system="test"))
    desk._write(lambda work: quotas.reserve(work, "cmp_1", path[:1], 6, AT))
    with pytest.raises(QuotaExceeded) as raised:
        desk._write(lambda work: quotas.reserve(work, "cmp_2", path, 5, AT))
    assert raised.value.path == world.org
    desk._write(lambda work: quotas.reserve(work, "cmp_2", path, 4, AT))
    # Again is the same.
    desk._write(lambda work: quotas.reserve(work, "cmp_2", path, 4, AT))
    desk._write(lambda work: quotas.settle(work, "cmp_2", 3))
    desk._write(lambda work: quotas.settle(work, "cmp_2", 2))
    desk._write(lambda work: quotas.settle(work, "cmp_x", 2))
    sums = {
        (one.organization == world.org): (one.reserved, one.used)
        for one in desk._read(lambda work: quotas.lines(work, path, AT))
        if one.period == "month"
    }
    assert sums == {True: (6, 2), False: (0, 2)}


# At the same time.


PARTS = 3
LIMIT = 100


def settled(desk, path):
    """Reserve for a campaign, then use or give back; gives what is used of it."""

    def one(number):
        id_ = f"cmp_{number:026}"
        try:
            until_done(lambda: desk._write(lambda w: quotas.reserve(w, id_, path, PARTS, AT)))
        except QuotaExceeded:
            return 0
        if number % 3 == 0:
            until_done(lambda: desk._write(lambda w: quotas.settle(w, id_, 0)))
            return 0
        return PARTS

    return one


def sums(desk, path):
    row = quota_id(path[0], "month", names(AT)["month"])
    (found,) = desk._read(lambda work: work.tx.get(QUOTA.name, [row]))
    rows = desk._read(lambda work: work.tx.find(RESERVATION.name, Query(limit=1000)))
    assert found.keys["reserved"] == sum(one.keys["reserved"] for one in rows)
    return found.keys["reserved"]


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server, pytest.mark.ci])]
)
def shared(request, stack, tmp_path, clock):
    from tests.services.conftest import Way

    if request.param == "sqlite":
        way = Way(f"sqlite:///{tmp_path / 'kepu.db'}", "sync", stack)
    else:
        plugin, place = request.getfixturevalue("server")
        way = Way(stack.enter_context(place()), "sync", stack, (plugin,), {"erasures": "/dev/null"})
    world = build(way.open(clock=clock, settings={"timeout": 120.0}), clock)
    world.me.sms_policies.set(world.org, quota_month=LIMIT)
    return way.url, world


@pytest.mark.timeout(300)
def test_32_threads_never_take_more_than_there_is(shared):
    _, world = shared
    desk, path = Desk(world.hub._tools, Actor(system="test")), (world.org,)
    one = settled(desk, path)
    over = threading.Event()
    row = quota_id(world.org, "month", names(AT)["month"])

    def watch():
        while not over.is_set():
            for found in desk._read(lambda work: work.tx.get(QUOTA.name, [row])):
                assert 0 <= found.keys["reserved"] <= LIMIT
        return True

    with ThreadPoolExecutor(33) as pool:
        watching = pool.submit(watch)
        held = sum(pool.map(one, range(96)))
        over.set()
        assert watching.result()
    assert held == sums(desk, path)
    # Who gave back after others had found no room left some; now it fills to the last.
    rest = sum(map(one, range(1000, 1200)))
    assert held + rest == sums(desk, path) == LIMIT - LIMIT % PARTS


_PROCESS = """
import json, sys
from tianfu_sdk.hub import Hub
sys.path.insert(0, sys.argv[4])
from tests.services.sms.test_quotas import settled
from tianfu_sdk.services.desk.work import Actor, Desk
url, org, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
plugins = []
if not url.startswith("sqlite"):
    import tianfu_storage_sql
    plugins = [tianfu_storage_sql]
settings = {"timeout": 120.0, "erasures": "/dev/null"}
with Hub.open(url, plugins=plugins, settings=settings, discover=False) as hub:
    one = settled(Desk(hub._tools, Actor(system="test")), (org,))
    print(json.dumps(sum(map(one, range(first, first + 24)))))
"""


@pytest.mark.timeout(300)
def test_several_processes_never_take_more_than_there_is(shared, request):
    url, world = shared
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, url, world.org, str(24 * n), request.config.rootpath],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    held = sum(json.loads(one.communicate(timeout=300)[0]) for one in begun)
    assert all(one.returncode == 0 for one in begun)
    desk = Desk(world.hub._tools, Actor(system="test"))
    assert held == sums(desk, (world.org,)) <= LIMIT
    rest = sum(map(settled(desk, (world.org,)), range(1000, 1200)))
    assert held + rest == sums(desk, (world.org,)) == LIMIT - LIMIT % PARTS
