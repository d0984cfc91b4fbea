"""Several workers at once on real servers: what they do together is done once and whole."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import tianfu_storage_sql

from tianfu_sdk import codec, hookimpl
from tianfu_sdk.backends.keyring import LocalKeys, new_master_key
from tianfu_sdk.backends.outbox_memory import MemoryGateway
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import LANE, SUBSCRIBER
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.sms import Pace, SmsCapabilities
from tianfu_sdk.model.storage import Query
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.desk.work import EVENTS

pytestmark = [pytest.mark.server, pytest.mark.ci, pytest.mark.timeout(300)]

WORKERS = 4
ONE, TWO = new_master_key(), new_master_key()
WHOLE_DAY = {"sms": {"window_start": "00:00", "window_end": "00:00"}}


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request):
    return request.getfixturevalue(f"fresh_{request.param}_url")


class Ahead:
    """A machine's clock that is wrong."""

    def __init__(self, seconds):
        self.wrong = timedelta(seconds=seconds)

    def now(self):
        return datetime.now(UTC) + self.wrong


class Offer:
    """A plugin of one gateway."""

    tianfu_api = 1

    def __init__(self, gateway):
        self.gateway = gateway

    @hookimpl
    def tianfu_register_sms(self, register):
        register("test", lambda _: self.gateway)


class Town:
    """A store, and hubs that open it as workers on several machines would."""

    def __init__(self, url, stack, *plugins):
        self.url, self.stack, self.plugins = url, stack, plugins
        self.hub = self.open(ONE)
        first = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.org = first.organization
        self.me = self.hub.as_(first.id)

    def open(self, *keys, ahead=0):
        made = Hub.open(
            self.url,
            settings=WHOLE_DAY,
            keys=LocalKeys(lambda: "\n".join(keys)),
            clock=Ahead(ahead),
            plugins=[tianfu_storage_sql, *self.plugins],
            discover=False,
        )
        return self.stack.enter_context(made)

    def people(self, numbers):
        row = {"organization": self.org, "consents": [Consent()]}
        return self.me.subscribers.add_many([row | {"phone": f"138{n:08d}"} for n in numbers])


@pytest.fixture
def town(url):
    with ExitStack() as stack:
        yield lambda *plugins: Town(url, stack, *plugins)


def together(*bodies):
    """Run bodies at once, each in a thread of its own; what one raises is raised."""
    start = threading.Barrier(len(bodies))

    def run(body):
        start.wait(60)
        body()

    with ThreadPoolExecutor(len(bodies)) as pool:
        for done in [pool.submit(run, body) for body in bodies]:
            done.result()


def test_keys_rotated_by_several_while_others_write_are_rotated_once_and_whole(town):
    place = town()
    before = place.people(range(40))
    hubs = [place.open(ONE, TWO) for _ in range(WORKERS - 1)]
    rotating = [hub.as_system(reason="rotate") for hub in hubs]
    writing = place.open(ONE, TWO).as_(place.me._actor.account)
    row = {"organization": place.org, "consents": [Consent()]}
    added = []

    def write():
        for n in range(40, 60):
            added.extend(writing.subscribers.add_many([row | {"phone": f"138{n:08d}"}]))

    together(write, *(lambda one=one: one.keys.rotate(batch=5) for one in rotating))
    # Who was added under the old key just before it went out of use may be left over.
    rotating[0].keys.rotate()
    report = rotating[0].keys.report()
    assert (report.behind, report.missing, report.reindexing) == (0, (), False)
    assert len(before) == 40
    assert len(added) == 20
    system = hubs[0].as_(place.me._actor.account)
    everybody = [one.id for one in system.subscribers.find(limit=100)]
    assert len(everybody) == len(set(everybody)) == 60
    phones = {id_: system.subscribers.reveal(id_) for id_ in everybody}
    assert sorted(phones.values()) == [f"+86138{n:08d}" for n in range(60)]
    for id_, phone in phones.items():
        assert [one.id for one in system.subscribers.by_phone(phone)] == [id_]
    rows = hubs[0]._tools.store.run(
        lambda tx: tx.find(SUBSCRIBER.name, Query(limit=100, fields="keys")), write=False
    )
    keys = hubs[0]._tools.keys
    assert {row.keys["phone_ix"] for row in rows} == {
        keys.index(f"phone:{phone}".encode()) for phone in phones.values()
    }
    # Nobody needs the old key any more.
    with_new = place.open(TWO).as_(place.me._actor.account)
    assert {with_new.subscribers.reveal(id_) for id_ in everybody} == set(phones.values())


def test_of_several_workers_one_tells_an_alert(town):
    place = town()
    me, system = place.me, place.hub.as_system(reason="worker")
    second = me.accounts.create(organization=place.org)
    me.accounts.grant(second.id, ["*"], region="510000")
    county = me.organizations.create(name="锦江区科协", region="510104", parent=place.org).id
    wanted = [me.subscriptions.create(name="柑橘", organization=county, text="柑橘木虱").id]
    wanted += [me.subscriptions.create(name="木虱", organization=county, text="木虱防治").id]
    assert system.subscriptions.alert() == 0
    published = []
    for number in range(3):
        made = me.resources.create(title=f"柑橘木虱防治 {number}", organization=place.org)
        me.resources.submit(made.id)
        place.hub.as_(second.id).resources.approve(made.id)
        published.append(me.resources.publish(made.id).id)
    hubs = [place.open(ONE).as_system(reason="worker") for _ in range(WORKERS)]
    together(*(one.subscriptions.alert for one in hubs))
    told = [e for _, e in system.events.read(limit=1000) if e.type == "subscription.matched"]
    assert Counter((e.subject, e.data["content"]) for e in told) == Counter(
        (id_, content) for id_ in wanted for content in published
    )


def test_events_that_several_append_and_several_roll_up_are_counted_once(town):
    place = town()
    day = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    each, size = 30, 20

    def happen(worker):
        store = place.hub._tools.store
        for batch in range(each):
            bodies = [
                codec.dumps(
                    Event(
                        id=f"evt_{worker}_{batch:03d}_{n:03d}",
                        type="resource.viewed",
                        at=day,
                        kind="resource",
                        subject="res_1",
                        region="510100",
                        organization=place.org,
                        data={},
                    )
                )
                for n in range(size)
            ]
            store.run(lambda tx, bodies=bodies: tx.append(EVENTS, bodies), write=True)

    systems = [place.open(ONE).as_system(reason="worker") for _ in range(WORKERS)]
    until = time.monotonic() + 200

    def views():
        days = systems[0].indicators.daily(
            first=day.date(), last=day.date(), types=["resource.viewed"], exact=False
        )
        return sum(row.count for row in days)

    def roll_up(system):
        # Events are seen a moment after their commit, so nothing to do does not mean the end.
        while views() < 2 * each * size:
            system.events.roll_up(100)
            assert time.monotonic() < until, "it does not come to an end"

    together(
        *(lambda n=n: happen(n) for n in range(2)),
        *(lambda one=one: roll_up(one) for one in systems),
    )
    assert views() == 2 * each * size
    assert [one.severity for one in systems[0].events.verify_rollups()] == ["ok"]


class Watched(MemoryGateway):
    """Notes how much went before each call."""

    def submit(self, batch):
        said = super().submit(batch)
        self.times = [*getattr(self, "times", []), (time.monotonic(), len(batch.recipients))]
        return said


def test_workers_whose_clocks_disagree_send_no_faster_than_one_may_and_nothing_twice(town):
    rate, at_once, people = 4, 20, 28
    pace = Pace(messages=rate, burst=at_once / rate)
    made = Watched(
        SmsCapabilities(name="test", shape="session", phones_per_call=2, real=False, pace=pace)
    )
    place = town(Offer(made))
    place.people(range(people))
    campaign = place.me.sms.compose(
        title="卒中防治",
        organization=place.org,
        texts={"zh": "请立即拨打120。"},
        signature="四川科普",
        gateway="test",
    )
    other = place.me.accounts.create(organization=place.org)
    place.me.accounts.grant(other.id, ["*"], region="510000")
    place.hub.as_(other.id).sms.approve(campaign.id)
    place.hub.as_(other.id).sms.send(campaign.id)
    workers = [
        place.open(ONE, ahead=ahead).as_system(reason="worker") for ahead in (0, -40, 25, 90)
    ]
    begun, until = time.monotonic(), time.monotonic() + 120

    def work(worker):
        while sum(len(batch.recipients) for batch in made.batches) < people:
            worker.sms.dispatch()
            time.sleep(0.02)
            assert time.monotonic() < until, "it does not come to an end"

    together(*(lambda one=one: work(one) for one in workers))
    assert dict(place.me.sms.status(campaign.id)) == {"accepted": people}
    went = Counter(one.phone for batch in made.batches for one in batch.recipients)
    assert (len(went), set(went.values())) == (people, {1})
    # Nobody booked by a clock that is ahead: what is paid for reaches no further than a burst.
    lane, now = place.hub._tools.store.run(
        lambda tx: (tx.get(LANE.name, ["test"])[0], tx.now()), write=False
    )
    assert lane.keys["messages"] <= moment_key(now + timedelta(seconds=at_once / rate))
    sent = 0
    for at, count in made.times:
        sent += count
        assert sent <= rate * (at - begun) + at_once, "faster than the gateway may be used"


def test_questions_asked_at_once_are_one_and_no_expert_gets_more_than_fit(town):
    place = town()
    place.me.vocabularies.put("topic", "rice", {"zh-Hans": "水稻"})
    expert = place.me.experts.create(
        name="王建国", organization=place.org, topics=["rice"], capacity=2
    )
    filed = []

    def asking(text):
        return lambda: filed.append(place.hub.ask(text).question)

    diseases = ("稻瘟病", "纹枯病", "稻曲病", "恶苗病", "细条病", "胡麻斑病")
    together(*(asking(f"水稻{disease}如何防治") for disease in diseases))
    questions = place.me.questions
    with_expert = [one for one in filed if questions.get(one).expert]
    assert [one.id for one in questions.find(expert=expert.id)] == sorted(with_expert)
    assert len(with_expert) == 2
    filed.clear()
    together(*[asking("茶树怎么修剪枝条")] * 6)
    assert sorted(questions.get(one).askers for one in filed) == [1] * 5 + [6]
