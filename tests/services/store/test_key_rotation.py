"""Rotation of keys: resumable at any point, while others read, write and send."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import attrs
import pytest

from tianfu_sdk.backends.keyring import LocalKeys, new_master_key, retired
from tianfu_sdk.core.rows.kinds import (
    BATCH,
    MARK,
    OPT_OUT,
    REGISTRATION,
    SUBJECT_KEY,
    SUBSCRIBER,
    UNIQUE,
)
from tianfu_sdk.errors import Conflict, CryptoError, Denied, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.keys import Suite
from tianfu_sdk.model.storage import Query
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.desk.indexing import phone_index
from tianfu_sdk.services.desk.people import PHONE, open_all
from tianfu_sdk.services.desk.work import Actor, Work
from tianfu_sdk.services.sms.audience import Audience
from tianfu_sdk.services.sms.texts import composed
from tianfu_sdk.services.store import reindexing
from tianfu_sdk.services.store.keys import KeyDesk
from tianfu_sdk.testing import CountingIds, FrozenClock

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
ONE, TWO, THREE = new_master_key(), new_master_key(Suite.SM4), new_master_key()


def number(n):
    return f"138{n:08d}"


def holder(*texts):
    return LocalKeys(lambda: "\n".join(texts))


class Place:
    """A store with subscribers, and hubs that hold other keys to it."""

    def __init__(self, url="memory:", *texts):
        self.url, self.clock, self.ids = url, FrozenClock(NOON), CountingIds()
        self.hub = Hub.open(
            url, clock=self.clock, ids=self.ids, discover=False, keys=holder(*(texts or (ONE,)))
        )
        account = self.hub.bootstrap(
            organization="四川省科学技术协会", region="510000", external_id="u-1"
        )
        self.account, self.org = account.id, account.organization
        self.below = self.me.organizations.create(
            name="绵阳市科学技术协会", region="510700", parent=self.org
        ).id
        self.made = self.take(range(30))
        self.expert = self.me.experts.create(name="卓玛", organization=self.org)
        self.question = self.hub.ask("水稻稻瘟病如何防治", region="510700").question

    def take(self, numbers, organization=None):
        row = {"organization": organization or self.org, "consents": [Consent(evidence="表")]}
        return self.me.subscribers.add_many([row | {"phone": number(n)} for n in numbers])

    def use(self, *texts, store=None):
        tools = attrs.evolve(self.hub._tools, keys=holder(*texts))
        if store is not None:
            tools = attrs.evolve(tools, store=store)
        self.hub = Hub(tools, Actor(), self.hub._plugins)
        return self

    @property
    def me(self):
        return self.hub.as_(self.account)

    @property
    def system(self):
        return self.hub.as_system(reason="test")

    def rows(self, kind):
        query = Query(limit=1000)
        return self.hub._tools.store.run(lambda tx: tx.find(kind.name, query), write=False)

    def indexed(self, tx):
        """Give the index that every subscriber is to stand under."""
        work = Work(self.hub._tools, Actor(system="test"), tx)
        sealed = {
            row.id: work.noun(SUBSCRIBER, row).phone
            for row in tx.find(SUBSCRIBER.name, Query(limit=1000))
        }
        return {id_: phone_index(work, p) for id_, p in open_all(work, PHONE, sealed).items()}

    def sound(self, count):
        """Hold every subscriber against the current key."""
        keys = self.hub._tools.keys
        rows = self.rows(SUBSCRIBER)
        assert len(rows) == count
        claims = {row.id: row.keys["owner"] for row in self.rows(UNIQUE)}
        assert sorted(c for c in claims.values() if c.startswith("sub_")) == [r.id for r in rows]
        phones = self.hub._tools.store.run(self.indexed, write=False)
        assert phones == {row.id: row.keys["phone_ix"] for row in rows}
        for row in rows[:: max(1, len(rows) // 30)]:
            phone = self.me.subscribers.reveal(row.id)
            assert row.keys["phone_ix"] == keys.index(f"phone:{phone}".encode())
            assert row.id in [s.id for s in self.me.subscribers.by_phone(phone)]
            with pytest.raises(Conflict) as caught:
                self.me.subscribers.create(phone=phone, organization=row.keys["organization"])
            assert caught.value.values["owner"] == row.id
        masters = {row.keys["master"] for row in self.rows(SUBJECT_KEY)}
        assert masters == {keys.current()}
        report = self.system.keys.report()
        assert (report.behind, report.missing, report.reindexing) == (0, (), False)

    def refusing(self):
        """Count whom a campaign leaves out because they refused."""
        left_out = self.me.sms.plan(self.campaign("draft")).exclusions
        return sum(found.count for found in left_out if found.reason == "opted_out")

    def campaign(self, state="approved", topic=""):
        made = self.me.sms.compose(
            title="防震", organization=self.org, texts={"zh-Hans": "先躲到桌下。"},
            signature="省科协", topic=topic,
        )  # fmt: skip
        if state == "approved":
            other = self.me.accounts.create(organization=self.org)
            self.me.accounts.grant(other.id, ["*"], region="510000")
            self.hub.as_(other.id).sms.approve(made.id)
        return made.id


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr("tianfu_sdk.backends.outbox_file._PHONES", 5)


@pytest.fixture
def place():
    made = Place()
    yield made
    made.hub.close()


def test_everything_goes_over_to_the_new_key(place):
    contact = place.me.contacts.create(organization=place.org, name="卓玛", phone="1")
    place.use(ONE, TWO)
    done = place.system.keys.rotate(batch=7)
    assert (done.rewrapped, done.reindexed) == (33, 30)
    place.sound(30)
    assert place.me.experts.reveal(place.expert.id) == "卓玛"
    assert place.me.contacts.reveal(contact.id).name == "卓玛"
    assert place.me.questions.text(place.question) == "水稻稻瘟病如何防治"
    assert place.hub.as_(external_id="u-1")._actor.account == place.account
    assert place.system.keys.rotate().rewrapped == 0
    # The old master key may go; what finds by it may not.
    place.use(retired(ONE), TWO)
    place.sound(30)
    assert place.hub.as_(external_id="u-1")._actor.account == place.account
    assert {f.severity for f in place.system.doctor()} == {"ok"}


def test_it_goes_over_twice(place):
    place.use(ONE, TWO).system.keys.rotate()
    place.use(ONE, TWO, THREE).system.keys.rotate()
    place.sound(30)
    assert place.hub.as_(external_id="u-1")._actor.account == place.account


def test_only_the_system_may(place):
    for hub in (place.hub, place.me):
        for call in (hub.keys.report, hub.keys.rotate, hub.keys.rewrap, hub.keys.reindex):
            with pytest.raises(Denied):
                call()


def test_what_the_audit_says_of_it_holds_key_ids_and_counts_only(place):
    place.use(ONE, TWO).system.keys.rotate(batch=20)
    lines = [a for a in place.system.audit.find(limit=500) if a.action.startswith("keys.")]
    counts = {}
    for line in lines:
        assert set(line.data) <= {"count", "key", "before", "over"}
        counts[line.action] = counts.get(line.action, 0) + line.data.get("count", 0)
    assert counts == {"keys.rewrapped": 32, "keys.reindexing": 0, "keys.reindexed": 30}


# Killed.


class Dying:
    """A store that dies at its nth write, before or after it is committed."""

    def __init__(self, store, at, *, committed):
        self.store, self.left, self.committed = store, at, committed
        self.capabilities = store.capabilities

    def run(self, fn, *, write, max_lag=None):
        if write:
            self.left -= 1
            if self.left == 0 and self.committed:
                self.store.run(fn, write=True)
            if self.left <= 0:
                raise KeyboardInterrupt
        return self.store.run(fn, write=write, max_lag=max_lag)


@pytest.mark.parametrize("committed", [False, True])
def test_killed_at_any_write_it_goes_on(committed):
    at, dead = 1, True
    while dead:
        place = Place()
        store = place.hub._tools.store
        place.use(ONE, TWO, store=Dying(store, at, committed=committed))
        try:
            place.system.keys.rotate(batch=11)
            dead = False
        except KeyboardInterrupt:
            pass
        place.use(ONE, TWO, store=store)
        place.take([1000 + at])
        place.system.keys.rotate(batch=11)
        place.sound(31)
        place.hub.close()
        at += 1
    assert at > 6


ROTATE = """
import sys, time
from tianfu_sdk.hub import Hub
def tell(_):
    print(".", flush=True)
    time.sleep(0.01)  # so that whoever kills is quicker than whoever works
with Hub.open(sys.argv[1], discover=False) as hub:
    hub.as_system(reason="rotate").keys.rotate(batch=8, progress=tell)
"""


@pytest.mark.ci
def test_killed_with_9_again_and_again_it_ends_all_the_same(tmp_path):
    url, key = f"sqlite:///{tmp_path}/kepu.db", tmp_path / "k"
    place = Place(url)
    place.take(range(100, 300))
    key.write_text(f"{ONE}\n{TWO}\n")
    environment = os.environ | {"TIANFU_KEY_FILE": str(key)}
    kills, chance = 0, random.Random(7)
    while True:
        child = subprocess.Popen(
            [sys.executable, "-c", ROTATE, url], env=environment, stdout=subprocess.PIPE
        )
        for _ in range(chance.randint(3, 12)):
            child.stdout.readline()
        time.sleep(chance.random() / 50)
        child.send_signal(signal.SIGKILL)
        kills += child.wait() == -signal.SIGKILL
        child.stdout.close()
        report = place.use(ONE, TWO).system.keys.report()
        # A kill between the two halves leaves nothing behind and the index not begun.
        over = all(use.indexes == use.current for use in report.keys)
        if report.behind == 0 and not report.reindexing and over:
            break
    assert kills >= 3
    place.sound(230)
    place.hub.close()


# While others work.


def test_others_read_and_write_meanwhile(place):
    other = place.take([3], place.below)[0]
    place.me.subscribers.opt_out(number(28))
    place.use(ONE, TWO)
    seen = []

    def meanwhile(done):
        seen.append(done)
        me, n = place.me, len(seen)
        if n == 3:
            assert place.system.keys.report().reindexing
            for phone in (number(1), number(29)):
                (found,) = me.subscribers.by_phone(phone)
                with pytest.raises(Conflict):
                    me.subscribers.create(phone=phone, organization=place.org)
                with pytest.raises(Conflict) as caught:
                    me.subscribers.edit(place.made[15].id, phone=phone)
                assert caught.value.values["owner"] == found.id
            assert len(me.subscribers.by_phone(number(3))) == 2
            place.take([500])
            # One that was moved, one that was not, by id and by phone; and an unknown one.
            for n in (0, 27):
                me.subscribers.opt_out(place.made[n].id)
            for phone in (number(2), number(26), number(600)):
                assert me.subscribers.opt_out(phone)
                assert not me.subscribers.opt_out(phone)
            me.subscribers.edit(place.made[25].id, phone=number(700))
            me.subscribers.edit(place.made[24].id, phone=number(24))
            me.subscribers.edit(place.made[23].id, language="bo")
            me.subscribers.consent(place.made[22].id, Consent(evidence="表 2"))
            place.hub.people.__class__(place.hub._tools, me._actor).erase(place.made[21].id)

    place.system.keys.reindex(batch=10, progress=meanwhile)
    place.system.keys.rewrap()
    assert len(seen) == 4
    place.take([600])
    place.sound(32)
    assert place.me.subscribers.get(other.id).organization == place.below
    assert place.refusing() == 6  # 0, 2, 26, 27, 28, 600
    keys = place.hub._tools.keys
    for row in place.rows(OPT_OUT):
        phones = (f"phone:+86{number(n)}".encode() for n in (0, 2, 26, 27, 28, 600))
        named = row.keys["index_key"]
        assert row.keys["phone_ix"] in {keys.index(phone, named) for phone in phones}


@pytest.mark.parametrize("moment", ["before", "while", "after"])
def test_a_refusal_outlives_erasure_and_rotation(place, moment):
    def refuse_and_erase():
        (found,) = place.me.subscribers.by_phone(number(5))
        place.me.subscribers.opt_out(found.id)
        place.me.subscribers.erase(found.id)

    if moment == "before":
        refuse_and_erase()
    place.use(ONE, TWO)
    done = []

    def meanwhile(_):
        done.append(1)
        if moment == "while" and len(done) == 2:
            refuse_and_erase()

    place.system.keys.reindex(batch=10, progress=meanwhile)
    if moment == "after":
        refuse_and_erase()
    place.use(ONE, TWO, THREE).system.keys.rotate()
    place.take([5])
    assert place.refusing() == 1
    named = {row.keys["index_key"] for row in place.rows(OPT_OUT)}
    assert place.hub._tools.keys.current() in named
    assert len(named) >= 2


def test_without_an_older_key_nobody_is_taken_in_rather_than_a_refusal_missed(place):
    place.me.subscribers.opt_out(number(900))
    place.use(ONE, TWO).system.keys.rotate()
    place.use(TWO)
    with pytest.raises(CryptoError) as caught:
        place.take([900])
    assert caught.value.code == "keys.unknown"
    (finding,) = [f for f in place.system.doctor() if f.check == "keys"]
    assert (finding.severity, "is not here" in finding.message) == ("error", True)
    place.use(retired(ONE), TWO)
    place.take([900])
    assert place.refusing() == 1


def test_a_process_that_has_not_got_the_new_key_is_told_and_writes_nothing(place):
    place.use(ONE, TWO).system.keys.rotate()
    place.use(ONE)
    for call in (
        lambda: place.take([40]),
        lambda: place.me.subscribers.by_phone(number(1)),
        lambda: place.me.subscribers.opt_out(number(1)),
        lambda: place.me.subscribers.reveal(place.made[0].id),
    ):
        with pytest.raises(CryptoError) as caught:
            call()
        assert caught.value.code == "keys.unknown"
    place.use(ONE, TWO).sound(30)


def test_a_store_of_the_first_release_tells_its_index_key_by_its_rows(place):
    """There was no mark, and the index key was the master key's."""

    def unmark(tx):
        (row,) = tx.get(MARK.name, ["keys:index"])
        tx.delete(MARK.name, [(row.id, row.version)])

    place.hub._tools.store.run(unmark, write=True)
    place.use(ONE, TWO)
    assert place.me.subscribers.by_phone(number(1)) == [place.made[1]]
    with pytest.raises(Conflict):
        place.take([1])
    place.system.keys.rewrap()
    assert place.me.subscribers.by_phone(number(1)) == [place.made[1]]
    place.system.keys.rotate()
    place.sound(30)


# Campaigns.


def queued(place):
    """Count the messages that are in the outbox."""
    return sum(row.keys["count"] for row in place.rows(BATCH))


def stop_in_the_middle(place, id_):
    """Put a first part of a campaign in the outbox, and die."""
    from tianfu_sdk.services.sms import audience, filling

    chunk, page = filling.CHUNK, audience.PAGE
    filling.CHUNK, audience.PAGE = 10, 10
    store = place.hub._tools.store
    try:
        # The first write begins, the second puts a part.
        place.use(ONE, TWO, store=Dying(store, 3, committed=False))
        with pytest.raises(KeyboardInterrupt):
            place.me.sms.send(id_)
    finally:
        filling.CHUNK, audience.PAGE = chunk, page
        place.use(ONE, TWO, store=store)
    assert 0 < queued(place) < 30


def test_an_index_does_not_change_while_a_campaign_is_being_put_in_the_outbox(place):
    place.use(ONE, TWO)
    id_ = place.campaign()
    stop_in_the_middle(place, id_)
    with pytest.raises(Conflict) as caught:
        place.system.keys.rotate()
    assert (caught.value.code, caught.value.path) == ("keys.campaign_open", id_)
    assert "tianfu sms send" in caught.value.hint
    assert not place.system.keys.report().reindexing
    place.me.sms.send(id_)
    assert queued(place) == 30
    place.system.keys.rotate()
    place.sound(30)


def test_a_campaign_half_sent_goes_on_under_the_new_index(place):
    place.use(ONE, TWO)
    id_ = place.campaign()
    place.me.sms.send(id_)
    place.me.sms.dispatch(1)
    place.system.keys.rotate()
    while place.me.sms.dispatch().claimed:
        pass
    assert place.me.sms.poll("file") == 30
    report = place.me.sms.report(id_)
    assert dict(report.by_state) == {"delivered": 30}


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_campaign_that_begins_meanwhile_reaches_every_phone_once(place, interrupted):
    # Two organizations look after one phone: one row is moved already, the other is not.
    place.take([2, 3, 28], place.below)
    place.use(ONE, TWO)
    id_, done = place.campaign(), []

    def meanwhile(_):
        done.append(1)
        if len(done) == 2:
            if interrupted:
                stop_in_the_middle(place, id_)
            else:
                place.me.sms.send(id_)

    place.system.keys.reindex(batch=10, progress=meanwhile)
    place.system.keys.rewrap()
    place.me.sms.send(id_)
    assert queued(place) == 30
    while place.me.sms.dispatch().claimed:
        pass
    assert dict(place.me.sms.report(id_).by_state) == {"accepted": 30}
    place.sound(33)


def test_who_refuses_while_an_index_changes_gets_nothing_that_is_queued_already(place):
    place.use(ONE, TWO)
    id_, done = place.campaign(), []
    place.me.sms.send(id_)

    def meanwhile(_):
        done.append(1)
        if len(done) == 2:
            for n in (1, 28):
                place.me.subscribers.opt_out(number(n))
            place.me.sms.dispatch()

    place.system.keys.reindex(batch=10, progress=meanwhile)
    assert dict(place.me.sms.status(id_)) == {"accepted": 28, "dropped": 2}


# What is said of it.


def test_the_report_and_the_doctor_say_what_is_left(place):
    one = place.hub._tools.keys.current()
    place.me.subscribers.opt_out(number(1))
    place.use(ONE, TWO)
    two = place.hub._tools.keys.current()
    uses = {use.id: use for use in place.system.keys.report().keys}
    assert list(uses) == [one, two]
    assert (uses[one].subjects, uses[one].opt_outs, uses[one].indexes) == (32, 1, True)
    assert (uses[two].subjects, uses[two].current, uses[two].suite) == (0, True, Suite.SM4)
    (finding,) = [f for f in place.system.doctor() if f.check == "keys"]
    assert (finding.severity, finding.hint) == ("note", "tianfu keys rotate")
    assert "32" in finding.message
    place.system.keys.rewrap()
    uses = {use.id: use for use in place.system.keys.report().keys}
    assert (uses[one].subjects, uses[two].subjects) == (0, 32)


def test_a_key_under_a_known_id_that_does_not_open_is_an_error(place):
    def spoil(tx):
        rows = tx.find(SUBJECT_KEY.name, Query(limit=1))
        tx.put(SUBJECT_KEY.name, [attrs.evolve(r, doc=r.doc[:-1] + b"\0") for r in rows])

    place.hub._tools.store.run(spoil, write=True)
    (finding,) = [f for f in place.system.doctor() if f.check == "keys"]
    assert (finding.severity, "does not fit" in finding.message) == ("error", True)
    with pytest.raises(CryptoError) as caught:
        place.use(ONE, TWO).system.keys.rotate()
    assert caught.value.code == "keys.wrong"
    assert caught.value.path in {row.id for row in place.rows(SUBJECT_KEY)}


def test_a_phone_that_does_not_open_is_named_by_its_subject(place):
    def spoil(tx):
        (row,) = tx.get(SUBSCRIBER.name, [place.made[4].id])
        (other,) = tx.get(SUBSCRIBER.name, [place.made[5].id])
        tx.put(SUBSCRIBER.name, [attrs.evolve(row, doc=other.doc)])

    place.hub._tools.store.run(spoil, write=True)
    with pytest.raises(CryptoError) as caught:
        place.use(ONE, TWO).system.keys.rotate()
    assert (caught.value.code, caught.value.path) == ("crypto.wrong", place.made[4].id)
    place.me.subscribers.erase(place.made[4].id)
    place.system.keys.rotate()
    place.sound(29)


def test_an_index_under_a_key_that_the_store_does_not_name_is_an_error(place):
    def spoil(tx):
        rows = tx.find(SUBSCRIBER.name, Query(limit=1))
        keys = [{**row.keys, "phone_ix": b"x" * 16} for row in rows]
        tx.put(SUBSCRIBER.name, [attrs.evolve(r, keys=k) for r, k in zip(rows, keys, strict=True)])

    place.hub._tools.store.run(spoil, write=True)
    (finding,) = [f for f in place.system.doctor() if f.check == "keys"]
    assert (finding.severity, "not found" in finding.message) == ("error", True)


def test_who_is_erased_meanwhile_is_not_brought_back(place):
    place.use(ONE, TWO)

    def meanwhile(_):
        for noun in place.made[15:]:
            if place.me.subscribers.by_phone(number(place.made.index(noun))):
                place.me.subscribers.erase(noun.id)

    place.system.keys.rotate(batch=10, progress=meanwhile)
    place.sound(15)
    with pytest.raises(NotFound):
        place.me.subscribers.get(place.made[20].id)


def test_a_walk_that_begins_while_rows_move_misses_nobody(place, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.audience.PAGE", 4)
    place.use(ONE, TWO)
    campaign = place.me.sms.get(place.campaign())
    tools = place.hub._tools
    desk, reached = KeyDesk(tools, Actor(system="test")), []
    capabilities = tools.gateway("file").capabilities
    texts = desk._read(lambda work: composed(work, campaign, capabilities))
    walk = Audience(campaign, capabilities, tools, texts)
    desk._write(reindexing.begin)
    while not walk.over:
        desk._write(lambda work: reindexing.move_some(work, 7))
        reached += [choice.id for choice in walk.take(desk._read(walk.read))]
    assert sorted(reached) == sorted(noun.id for noun in place.made)


class Overtaken:
    """A store in which somebody else is quicker now and then."""

    def __init__(self, store):
        self.store, self.count, self.capabilities = store, 0, store.capabilities

    def run(self, fn, *, write, max_lag=None):
        self.count += write
        if write and self.count % 3:
            raise Conflict("storage.version", ids=("sub_1",), kind="subscriber")
        return self.store.run(fn, write=write, max_lag=max_lag)


def test_where_somebody_was_quicker_it_is_done_again(place):
    store = place.hub._tools.store
    place.use(ONE, TWO, store=Overtaken(store)).system.keys.rotate(batch=10)
    place.system.people.erase(place.made[3].id)
    place.use(ONE, TWO, store=store).sound(29)


def test_where_somebody_is_always_quicker_it_ends(place):
    class Always(Overtaken):
        def run(self, fn, *, write, max_lag=None):
            self.count = 0
            return super().run(fn, write=write, max_lag=max_lag)

    store = place.hub._tools.store
    with pytest.raises(Conflict):
        place.use(ONE, TWO, store=Always(store)).system.keys.rotate()
    place.use(ONE, TWO, store=store)


# Registrations.


def signed_up(place, numbers, activity=""):
    """Register phones for an activity; gives its id."""
    if not activity:
        made = place.me.activities.create(
            title="夜场", organization=place.org, registration=True, capacity=5
        )
        place.me.activities.submit(made.id)
        other = place.me.accounts.create(organization=place.org)
        place.me.accounts.grant(other.id, ["approve", "read"], region="510000")
        place.hub.as_(other.id).activities.approve(made.id)
        activity = place.me.activities.publish(made.id).id
    for n in numbers:
        place.me.registrations.register(activity, name="卓玛", phone=number(n), consent="1")
    return activity


@pytest.mark.parametrize("batch", [4, 15, 30, 500])
def test_registrations_go_over_as_well_and_are_found_at_any_point(place, batch):
    activity = signed_up(place, range(8))
    place.use(ONE, TWO)
    told = []
    seen = iter(range(1000, 2000))

    def between(done):
        if done.reindexed:
            # Wherever the change stands: found once, refused twice, and new ones come in.
            told.append(done.reindexed)
            for n in (0, 7):
                assert len(place.me.registrations.by_phone(number(n))) == 1
                with pytest.raises(Conflict, match=r"registration\.twice"):
                    signed_up(place, [n], activity)
            signed_up(place, [next(seen)], activity)

    place.system.keys.rotate(batch=batch, progress=between)
    assert told[-1] >= 38
    rows = place.rows(REGISTRATION)
    keys = place.hub._tools.keys
    for row in rows:
        phone = place.me.registrations.reveal(row.id).phone
        assert row.keys["phone_ix"] == keys.index(f"phone:{phone}".encode())
    claims = [row.keys["owner"] for row in place.rows(UNIQUE)]
    assert sorted(c for c in claims if c.startswith("rgs_")) == [row.id for row in rows]
    place.use(retired(ONE), TWO)
    assert {f.severity for f in place.system.doctor()} == {"ok"}
    # Who is erased or cancels then is found by the new index alone.
    first, second = (place.me.registrations.by_phone(number(n))[0] for n in (0, 1))
    place.me.registrations.erase(first.id)
    place.me.registrations.cancel(second.id)
    signed_up(place, [0, 1], activity)
    assert place.me.registrations.by_phone(number(1))[0].id == second.id
    assert place.me.registrations.by_phone(number(0))[0].id != first.id
