"""No place is given twice, however many register, cancel and are erased at the same time."""

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.services.conftest import Way, build

from tianfu_sdk.backends.keyring import new_master_key
from tianfu_sdk.core.rows.kinds import REGISTRATION, UNIQUE
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.base import When
from tianfu_sdk.model.registration import RegistrationState
from tianfu_sdk.model.storage import Query

PLACES = 20
SETTINGS = {"timeout": 120.0}


def phone(number):
    return f"139{number:08}"


def registering(hub, chief, activity):
    """Give what registers one number, and for every third cancels again."""
    registrations = hub.as_(chief).registrations

    def one(number):
        given = {"name": "甲", "phone": phone(number), "consent": "表 1"}
        try:
            made = registrations.register(activity, party=1 + number % 2, **given)
        except Conflict as error:
            return error.code
        if number % 3 == 0:
            registrations.cancel(made.id)
        return "made"

    return one


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server, pytest.mark.ci])]
)
def shared(request, stack, tmp_path, clock):
    if request.param == "sqlite":
        way = Way(f"sqlite:///{tmp_path / 'kepu.db'}", "sync", stack)
    else:
        plugin, place = request.getfixturevalue("server")
        own = {"key": new_master_key(), "erasures": str(tmp_path / "erased")}
        way = Way(stack.enter_context(place()), "sync", stack, (plugin,), own)
    world = build(way.open(clock=clock, settings=SETTINGS, ids=None), clock)
    made = world.me.activities.create(
        title="夜场", organization=world.org, registration=True, capacity=PLACES,
        when=When(clock.now() + timedelta(days=900)),
    )  # fmt: skip
    world.me.activities.submit(made.id)
    world.as_(world.reviewer).activities.approve(made.id)
    world.me.activities.publish(made.id)
    key = way.settings.get("key", "")
    return way.url, world, made.id, key


def held_to(world, activity, *, persons):
    """Hold the tally against the rows, and the rows against the places."""
    store = world.hub._tools.store
    rows = store.run(lambda tx: tx.find(REGISTRATION.name, Query(limit=1000)), write=False)
    assert len({row.keys["number"] for row in rows}) == len(rows)
    found = Counter()
    for row in rows:
        found[RegistrationState(row.keys["state"])] += row.keys["party"]
    turnout = world.me.registrations.turnout(activity)
    assert +Counter(turnout.persons) == found
    assert turnout.held == len(rows)
    registered = found[RegistrationState.REGISTERED]
    # Parties of two leave one place free at most, and only where no single waits.
    assert PLACES - 1 <= registered <= PLACES
    if registered < PLACES:
        waiting = [row for row in rows if row.keys["state"] == "waitlisted"]
        assert all(row.keys["party"] > PLACES - registered for row in waiting)
    assert sum(found.values()) == persons
    claims = store.run(lambda tx: tx.find(UNIQUE.name, Query(limit=1000)), write=False)
    assert Counter(c.keys["owner"] for c in claims if c.keys["owner"].startswith("rgs_")) == {
        row.id: 1 for row in rows
    }


@pytest.mark.timeout(300)
def test_32_threads_never_give_a_place_twice(shared):
    _, world, activity, _ = shared
    one = registering(world.hub, world.chief, activity)
    with ThreadPoolExecutor(32) as pool:
        said = Counter(pool.map(one, range(64)))
        # The same phones again: those that stand are told so, those that cancelled come again.
        again = Counter(pool.map(one, range(64)))
    assert said == {"made": 64}
    assert again == {"registration.twice": 42, "made": 22}
    held_to(world, activity, persons=96)
    with ThreadPoolExecutor(8) as pool:
        same = Counter(pool.map(lambda _: one(1000), range(16)))
    assert same == {"made": 1, "registration.twice": 15}


_PROCESS = """
import json, sys
from collections import Counter
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import FrozenClock
url, chief, activity, first, root, key = sys.argv[1:7]
sys.path.insert(0, root)
from tests.services.people.test_registrations_many import SETTINGS, registering
settings, plugins = dict(SETTINGS), []
if not url.startswith("sqlite"):
    import tianfu_storage_sql
    plugins = [tianfu_storage_sql]
    settings["key"] = key
with Hub.open(
    url, plugins=plugins, settings=settings, discover=False, clock=FrozenClock()
) as hub:
    one = registering(hub, chief, activity)
    print(json.dumps(Counter(map(one, range(int(first), int(first) + 16)))))
"""


@pytest.mark.timeout(300)
def test_two_processes_never_give_a_place_twice(shared, request):
    url, world, activity, key = shared
    begun = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", _PROCESS, url, world.chief, activity),
                # They overlap: eight phones are registered by both, once.
                *(str(8 * n), str(request.config.rootpath), key),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    said = Counter()
    for one in begun:
        said += Counter(json.loads(one.communicate(timeout=300)[0]))
    assert all(one.returncode == 0 for one in begun)
    assert sum(said.values()) == 32
    held_to(world, activity, persons=36)


@pytest.mark.timeout(300)
def test_places_of_the_erased_go_on_while_others_register(shared):
    _, world, activity, _ = shared
    registrations = world.me.registrations
    given = {"name": "甲", "consent": "表 1", "party": 2}
    first = [registrations.register(activity, phone=phone(n), **given).id for n in range(10)]
    one = registering(world.hub, world.chief, activity)
    with ThreadPoolExecutor(12) as pool:
        gone = [pool.submit(registrations.erase, id_) for id_ in first]
        came = [pool.submit(one, 100 + n) for n in range(24)]
        assert [job.result().kind for job in gone] == ["registration"] * 10
        assert Counter(job.result() for job in came) == {"made": 24}
    turnout = registrations.turnout(activity)
    assert sum(turnout.persons.values()) == 20 + 36
    assert turnout.held == 24
    taken = turnout.persons[RegistrationState.REGISTERED]
    assert PLACES - 1 <= taken <= PLACES
