"""Events are stored with what they tell of, and handed out at least once."""

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.services.log import events
from tianfu_sdk.testing import CountingIds, FrozenClock


def test_only_the_system_and_who_may_read_events_reads_them(world):
    for hub, code in (
        (world.nobody, "account.required"),
        (world.as_(world.person(["create"])), "grant.missing"),
    ):
        with pytest.raises(Denied) as caught:
            hub.events.read()
        assert caught.value.code == code
    assert world.me.events.read()
    reader = world.person([])
    world.me.accounts.grant(reader, ["read"], kinds=["event"], region="510000")
    assert world.as_(reader).events.read()


def test_events_are_read_in_order_and_from_where_one_left_off(world):
    system = world.hub.as_system(reason="look")
    every = system.events.read(limit=1000)
    assert [e.type for _, e in every][:2] == ["organization.created", "account.created"]
    cursor = every[2][0]
    assert system.events.read(cursor, 2) == every[3:5]
    assert system.events.read(every[-1][0]) == []
    for wrong in ("x", "-1", "1.5"):
        with pytest.raises(Invalid) as caught:
            system.events.read(wrong)
        assert caught.value.code == "storage.cursor"
    with pytest.raises(Invalid):
        system.events.read(limit=0)


def test_a_consumer_goes_on_where_it_was(world):
    system = world.hub.as_system(reason="consume")
    seen = []
    first = system.events.consume("one", seen.append, limit=3, batch=2)
    assert (first, len(seen)) == (3, 3)
    rest = system.events.consume("one", seen.append)
    assert len(seen) == 3 + rest == len(list(system.events))
    assert len({e.id for e in seen}) == len(seen)
    assert system.events.consume("one", seen.append) == 0
    other = []
    system.events.consume("two", other.append)
    assert other == seen


def test_what_a_consumer_failed_on_is_handed_out_again(world):
    system = world.hub.as_system(reason="consume")
    seen = []

    def handle(event):
        seen.append(event.id)
        if len(seen) == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        system.events.consume("one", handle, batch=2)
    again = []
    system.events.consume("one", lambda event: again.append(event.id))
    assert again[0] == seen[2]


def readers(world, count=2):
    found = []
    for _ in range(count):
        person = world.person([])
        world.me.accounts.grant(person, ["read"], kinds=["event"], region="510000")
        found.append(person)
    return found


def test_nobody_moves_the_mark_of_another(world):
    one, other = readers(world)
    system = world.hub.as_system(reason="consume")
    seen = {}
    for name, hub in (("one", world.as_(one)), ("other", world.as_(other)), ("system", system)):
        seen[name] = []
        hub.events.consume("same", seen[name].append, limit=10_000)
    assert seen["one"] == seen["other"] == list(world.as_(one).events)
    assert seen["system"] == list(system.events)
    owners = [(c.owner, c.name, c.handled) for c in system.events.consumers()]
    assert owners == sorted(
        [
            (one, "same", len(seen["one"])),
            (other, "same", len(seen["other"])),
            ("system", "same", len(seen["system"])),
        ]
    )
    assert [c.owner for c in world.as_(one).events.consumers()] == [one]


def test_a_consumer_is_forgotten_by_its_owner_or_the_system_alone(world):
    one, other = readers(world)
    system = world.hub.as_system(reason="consume")
    mine, others = world.as_(one).events, world.as_(other).events
    mine.consume("a", lambda _: None)
    with pytest.raises(NotFound) as caught:
        others.forget("a")
    assert caught.value.code == "events.no_consumer"
    with pytest.raises(Denied) as caught:
        others.forget("a", owner=one)
    assert caught.value.code == "events.not_yours"
    assert mine.consume("a", lambda _: None) == 0
    mine.forget("a", owner=one)
    assert mine.consume("a", lambda _: None) > 0
    system.events.forget("a", owner=one)
    assert system.events.consumers() == []
    assert "consumer.forgotten" in [line.action for line in system.audit.find()]


def test_the_consumers_of_the_worker_are_nobody_elses(world):
    system = world.hub.as_system(reason="consume").events
    for call in (
        lambda: system.consume("tianfu:alerts", lambda _: None),
        lambda: world.me.events.consume("tianfu:mine", lambda _: None),
        lambda: system.forget("tianfu:alerts"),
        lambda: system.hand_over("tianfu:alerts", owner="system", to=world.org),
    ):
        with pytest.raises(Invalid) as caught:
            call()
        assert (caught.value.code, caught.value.path) == ("events.reserved", "name")


def test_the_system_hands_a_consumer_over_and_it_goes_on_where_it_stood(world):
    one, other = readers(world)
    system = world.hub.as_system(reason="consume")
    world.as_(one).events.consume("a", lambda _: None, limit=1000)
    for call in (world.as_(one), world.as_(other)):
        with pytest.raises(Denied):
            call.events.hand_over("a", owner=one, to=other)
    with pytest.raises(NotFound) as caught:
        system.events.hand_over("a", owner=one, to="acc_none")
    assert caught.value.code == "account.unknown"
    given = system.events.hand_over("a", owner=one, to=other)
    assert (given.owner, given.name) == (other, "a")
    seen = []
    world.as_(other).events.consume("a", seen.append)
    # Only what was told since: that the accounts were made came before.
    assert seen == []
    assert world.as_(one).events.consume("a", seen.append) > 0
    with pytest.raises(Conflict) as caught:
        system.events.hand_over("a", owner=one, to=other)
    assert caught.value.code == "events.consumer_there"


def test_what_an_account_may_not_see_is_passed_by_once(world, monkeypatch):
    for _ in range(30):
        world.me.resources.create(title="y", organization=world.org, region="510300")
    reader = world.as_(world.person(["read"], organization=world.county, region="510104"))
    seen = []
    assert reader.events.consume("a", seen.append, batch=10) == len(seen)
    looked = []
    read = events._part

    def counted(work, after, limit):
        looked.append(after)
        return read(work, after, limit)

    monkeypatch.setattr(events, "_part", counted)
    reader.events.consume("a", seen.append, batch=10)
    assert len(looked) == 1


def test_two_processes_of_one_consumer_lose_nothing(world):
    """The slower one does not put the mark back, and the faster one's mark stays."""
    system = world.hub.as_system(reason="consume")
    every = len(list(system.events))
    slow, fast = [], []

    def handle(event):
        if not slow:
            slow.append(event)
            system.events.consume("a", fast.append, limit=10_000)
        else:
            slow.append(event)

    system.events.consume("a", handle, limit=2, batch=2)
    assert len(fast) == every
    assert system.events.consume("a", fast.append) == 0


@pytest.mark.parametrize(
    ("limit", "batch", "path"), [(0, 1, "limit"), (5, 0, "batch"), (5, 1001, "batch")]
)
def test_a_consumer_reads_a_sound_number_of_events(world, limit, batch, path):
    with pytest.raises(Invalid) as caught:
        world.hub.as_system(reason="x").events.consume("a", print, limit=limit, batch=batch)
    assert (caught.value.code, caught.value.path) == ("storage.limit", path)


@pytest.mark.parametrize("name", ["", " ", "x" * 41])
def test_a_consumer_needs_a_name(world, name):
    with pytest.raises(Invalid) as caught:
        world.hub.as_system(reason="x").events.consume(name, print)
    assert (caught.value.code, caught.value.path) == ("events.bad_name", "name")


class Listener:
    tianfu_api = 1
    __version__ = "1"

    def __init__(self):
        self.heard = []

    @hookimpl
    def tianfu_event(self, event):
        self.heard.append(event.type)
        raise ValueError("+8613800138000")


def test_a_plugin_hears_of_it_afterwards_and_its_failure_stays_its_own():
    listener = Listener()
    other = Listener()
    with Hub.open(
        "memory:", plugins=[listener, other], clock=FrozenClock(), ids=CountingIds(), discover=False
    ) as hub:
        account = hub.bootstrap(organization="省科协", region="510000")
        me = hub.as_(account.id)
        made = me.resources.create(title="x", organization=account.organization)
        assert listener.heard == other.heard
        assert listener.heard[-1] == "resource.created"
        heard = len(listener.heard)
        with pytest.raises(Invalid):
            me.resources.publish(made.id)
        assert len(listener.heard) == heard
        assert len(hub.plugins.failures) == 2 * heard
        # What a guest raises may hold what nobody should read in a log.
        assert "138" not in str(hub.plugins.failures)


def test_an_account_reads_what_happened_where_its_grant_reaches(world):
    inside = world.me.resources.create(title="x", organization=world.org, region="510104")
    outside = world.me.resources.create(title="y", organization=world.org, region="510300")
    world.nobody.ask("量子纠缠退相干是什么")
    reader = world.person(["read"], region="510104")
    seen = [e.subject for e in world.as_(reader).events]
    assert inside.id in seen
    assert outside.id not in seen
    below = world.person(["read"], organization=world.org)
    world.me.accounts.grant(below, ["read"], kinds=["event"], region="510300")
    assert "question.asked" not in [e.type for e in world.as_(below).events]
    assert "question.asked" in [e.type for e in world.hub.as_system(reason="x").events]


def test_a_page_goes_on_past_what_the_account_may_not_see(world):
    for _ in range(5):
        world.me.resources.create(title="y", organization=world.org, region="510300")
    made = world.me.resources.create(title="x", organization=world.org, region="510104")
    hub = world.as_(world.person(["read"], organization=world.county, region="510104"))
    first = hub.events.read(limit=1)
    assert len(first) == 1
    (cursor, _) = first[0]
    assert made.id in [e.subject for _, e in hub.events.read(cursor, 2)]
