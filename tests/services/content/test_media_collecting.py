"""Bytes that nothing uses are cleared away, and never those that something does."""

import contextlib
import io
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tianfu_sdk.core.content import media as rules
from tianfu_sdk.core.rows.kinds import MARK, MEDIA_USE
from tianfu_sdk.errors import Denied, Invalid, NotFound, StorageBusy, StorageError
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.media import Collected
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.services.content import collecting
from tianfu_sdk.services.content.collecting import Collecting

DAY = timedelta(days=1)


def picture(number=1):
    return b"\x89PNG\r\n\x1a\n" + number.to_bytes(4)


def added(hub, number=1):
    return hub.media.use(hub.media.add(picture(number)), alt="躲避示意图")


def read(hub, digest):
    with hub.media.open(digest) as stream:
        return stream.read()


def collect(world, after=timedelta(0), **options):
    world.clock.tick(after)
    return world.hub.as_system(reason="test").media.collect(**options)


def blobs(world):
    return world.hub._tools.blobs


def kinds(world):
    run = world.hub._tools.store.run
    rows = run(lambda tx: tx.find(MEDIA_USE.name, Query(limit=1000)), write=False)
    return sorted(row.keys["kind"] for row in rows)


@pytest.fixture
def place(anywhere):
    return anywhere


def doom(world, number=1):
    """Add bytes that nothing uses and let two rounds pass: they are marked, and ripe."""
    digest = world.me.media.add(picture(number)).sha256
    assert collect(world, 2 * DAY).waiting == 1
    world.clock.tick(2 * DAY)
    return digest


def test_what_nothing_uses_is_marked_and_deleted_after_the_grace(place):
    digest = place.me.media.add(picture()).sha256
    assert collect(place) == Collected(kept=1)
    assert collect(place, DAY / 2) == Collected(kept=1)
    # The upload no longer counts; its bytes are marked, and stay for one grace more.
    assert collect(place, DAY) == Collected(lapsed=1, waiting=1)
    with pytest.raises(NotFound):
        place.me.media.open(digest)
    assert collect(place, DAY / 2) == Collected(waiting=1)
    assert blobs(place).has(digest)
    assert collect(place, DAY) == Collected(deleted=1)
    assert not blobs(place).has(digest)
    assert kinds(place) == []
    assert collect(place, DAY) == Collected()


def test_what_a_content_uses_stays_whatever_becomes_of_it(place):
    media = [added(place.me, number) for number in range(5)]
    place.me.resources.create(title="草稿", organization=place.org, media=[media[0]])
    shown = place.published(media=[media[1]])
    place.me.resources.edit(shown.id, media=[media[2]])
    for number, verb in ((3, "withdraw"), (4, "retract")):
        made = place.published(media=[media[number]])
        getattr(place.me.resources, verb)(made.id, "有误")
    for _ in range(4):
        done = collect(place, 2 * DAY)
        assert (done.kept, done.waiting, done.deleted) == (5, 0, 0)
    reader = place.as_(place.person(["read"]))
    for number, medium in enumerate(media):
        assert read(reader, medium.sha256) == picture(number)


def test_a_medium_of_a_superseded_revision_stays(place):
    old = added(place.me, 1)
    made = place.published(media=[old])
    place.me.resources.edit(made.id, media=[])
    place.me.resources.submit(made.id)
    place.as_(place.reviewer).resources.approve(made.id)
    place.me.resources.publish(made.id)
    for _ in range(3):
        assert collect(place, 2 * DAY).kept == 1
    assert blobs(place).has(old.sha256)


def test_a_medium_that_a_draft_lets_go_of_is_cleared_away(place):
    medium = added(place.me)
    made = place.me.resources.create(title="x", organization=place.org, media=[medium])
    collect(place, 2 * DAY)
    place.me.resources.edit(made.id, media=[])
    assert [collect(place, 2 * DAY).deleted for _ in range(2)] == [0, 1]
    assert not blobs(place).has(medium.sha256)


def test_what_comes_in_again_while_it_waits_is_spared(place):
    digest = doom(place)
    assert place.me.media.add(picture()).sha256 == digest
    assert collect(place) == Collected(kept=1)
    assert read(place.me, digest) == picture()


def test_what_is_doomed_cannot_be_used_without_being_brought_again(place):
    medium = added(place.me)
    collect(place, 2 * DAY)
    with pytest.raises(NotFound) as caught:
        place.me.resources.create(title="x", organization=place.org, media=[medium])
    assert caught.value.code == "blob.unknown"
    added(place.me)
    place.me.resources.create(title="x", organization=place.org, media=[medium])
    for _ in range(3):
        assert collect(place, 2 * DAY).kept == 1


# At the same time.


def tampered(world, monkeypatch, call, before=None, after=None):
    """Do something right before or after a call of the place for media, once."""
    real, once = getattr(blobs(world), call), []

    def changed(*args):
        first = not once
        once.append(1)
        if first and before:
            before()
        result = real(*args)
        if first and after:
            after()
        return result

    monkeypatch.setattr(blobs(world), call, changed)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_same_bytes_coming_in_while_they_are_deleted_are_refused_and_may_be_sent_again(
    place, monkeypatch, when
):
    digest = doom(place)
    refused = []

    def bring():
        with pytest.raises(StorageBusy) as caught:
            place.me.media.add(picture())
        refused.append(caught.value)

    tampered(place, monkeypatch, "delete", **{when: bring})
    # Had the upload been kept, its bytes would be gone by now.
    collect(place)
    assert [(error.code, error.retryable) for error in refused] == [("media.clearing", True)]
    assert "upload" not in kinds(place)
    assert place.me.media.add(picture()).sha256 == digest
    assert read(place.me, digest) == picture()


def test_an_upload_whose_bytes_are_deleted_before_its_row_is_written_is_made_again(
    place, monkeypatch
):
    digest = doom(place)
    tampered(place, monkeypatch, "put", after=lambda: collect(place))
    assert place.me.media.add(picture()).sha256 == digest
    assert read(place.me, digest) == picture()
    assert kinds(place) == ["upload"]


def test_a_stream_that_cannot_be_read_again_is_refused_then(place, monkeypatch):
    class Once(io.BytesIO):
        def seekable(self):
            return False

    doom(place)
    tampered(place, monkeypatch, "put", after=lambda: collect(place))
    with pytest.raises(StorageBusy) as caught:
        place.me.media.add(Once(picture()))
    assert caught.value.code == "media.clearing"
    assert kinds(place) == []
    assert place.me.media.add(Once(picture()))


def test_an_upload_between_the_two_looks_spares_its_bytes(place, monkeypatch):
    digest = doom(place)
    real = collecting.firmly

    def late(write, fn):
        # As another process would, right before the second look begins.
        if fn.func is collecting._sentence:
            place.me.media.add(picture())
        return real(write, fn)

    monkeypatch.setattr(collecting, "firmly", late)
    assert collect(place).deleted == 0
    assert kinds(place) == ["upload"]
    assert read(place.me, digest) == picture()


def test_an_upload_right_before_its_bytes_are_marked_is_not_marked(place, monkeypatch):
    digest = place.me.media.add(picture()).sha256
    place.clock.tick(2 * DAY)
    real = collecting.firmly

    def late(write, fn):
        if fn.func is collecting._doom:
            place.me.media.add(picture())
        return real(write, fn)

    monkeypatch.setattr(collecting, "firmly", late)
    collect(place)
    assert kinds(place) == ["upload"]
    assert read(place.me, digest) == picture()


def test_what_is_marked_and_used_all_the_same_is_spared(place):
    # A store with snapshots may let a draft and the mark pass each other.
    medium = added(place.me)
    place.me.resources.create(title="x", organization=place.org, media=[medium])
    keys = rules.doom_keys(medium.sha256, "", now=place.clock.now())
    doom = Row(rules.doom_id(medium.sha256), 0, None, keys)
    place.hub._tools.store.run(lambda tx: tx.put(MEDIA_USE.name, [doom]), write=True)
    done = collect(place, 2 * DAY)
    assert (done.kept, done.deleted) == (1, 0)
    assert kinds(place) == ["resource"]
    assert read(place.me, medium.sha256) == picture()


# Rounds that fail, die or wait.


def test_bytes_that_cannot_be_deleted_are_free_again_and_go_next_time(place, monkeypatch):
    digest = doom(place)

    def fail():
        raise StorageError("storage.io", place="media")

    tampered(place, monkeypatch, "delete", before=fail)
    with pytest.raises(StorageError):
        collect(place)
    assert place.me.media.add(picture()).sha256 == digest
    assert [collect(place, 2 * DAY).deleted for _ in range(2)] == [0, 1]


def test_what_a_round_that_died_had_begun_is_finished_by_a_later_one(place, monkeypatch):
    digest = doom(place)
    with monkeypatch.context() as patch:
        patch.setattr(Collecting, "_delete", lambda *_: 0)  # as if it were killed here
        collect(place)
    with pytest.raises(StorageBusy):
        place.me.media.add(picture())
    assert collect(place, timedelta(minutes=1)).deleted == 0
    assert blobs(place).has(digest)
    assert collect(place, rules.LEASE).deleted == 1
    assert not blobs(place).has(digest)
    assert kinds(place) == []
    assert place.me.media.add(picture()).sha256 == digest


def test_a_round_that_was_suspended_deletes_nothing_that_another_took_over(place, monkeypatch):
    digest = doom(place)
    real, first = Collecting._delete, []

    def suspended(self, digests, token):
        if not first:
            first.append(1)
            assert collect(place, rules.LEASE).deleted == 1
            assert place.me.media.add(picture()).sha256 == digest
        return real(self, digests, token)

    monkeypatch.setattr(Collecting, "_delete", suspended)
    assert collect(place).deleted == 0
    assert read(place.me, digest) == picture()


def test_a_store_from_before_there_were_such_rows_loses_nothing(place):
    media = [added(place.me, number) for number in range(3)]
    made = place.published(media=[media[0]])
    place.me.resources.edit(made.id, media=[media[1]])
    place.me.notices.create(title="x", organization=place.org, media=[media[2]])

    def forget(tx):
        for kind in (MEDIA_USE, MARK):
            rows = tx.find(kind.name, Query(limit=1000))
            tx.delete(kind.name, [(row.id, row.version) for row in rows])

    place.hub._tools.store.run(forget, write=True)
    with pytest.raises(NotFound):
        place.nobody.media.open(media[0].sha256)
    for _ in range(3):
        assert collect(place, 2 * DAY) == Collected(kept=3)
    assert read(place.nobody, media[0].sha256) == picture(0)
    with pytest.raises(NotFound):
        place.nobody.media.open(media[1].sha256)
    reader = place.as_(place.person(["read"]))
    assert [read(reader, medium.sha256) for medium in media] == [
        picture(number) for number in range(3)
    ]


# Doors.


def test_a_round_is_done_as_often_as_is_asked(place):
    assert collect(place, every=DAY).due
    assert not collect(place, DAY / 2, every=DAY).due
    assert collect(place).due
    assert not collect(place, DAY / 2, every=DAY).due
    assert collect(place, DAY, every=DAY).due


def test_what_was_deleted_is_on_the_record(place):
    doom(place)
    collect(place)
    system = place.hub.as_system(reason="look")
    lines = [line for line in system.audit.find() if line.action == "media.deleted"]
    assert [(line.data["count"], line.reason) for line in lines] == [(1, "test")]


def test_torn_uploads_are_tidied_away(stored, file):
    folder = file.with_name("kepu.db.media")
    stored.me.media.add(picture())
    (folder / ".new-torn").write_bytes(b"half of")
    assert collect(stored).torn == 0
    os.utime(folder / ".new-torn", (0, 0))
    assert collect(stored).torn == 1


@pytest.mark.parametrize("who", ["me", "nobody"])
def test_only_the_system_clears_away(world, who):
    with pytest.raises(Denied) as caught:
        getattr(world, who).media.collect()
    assert caught.value.code == "account.required"


def test_a_grace_must_outlast_a_transaction(world):
    with pytest.raises(Invalid) as caught:
        collect(world, grace=timedelta(seconds=59))
    assert (caught.value.code, caught.value.path) == ("field.too_small", "grace")


def test_many_pages_are_cleared_away_as_well(world, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.content.collecting._MANY", 3)
    used = [added(world.me, number) for number in range(8)]
    for medium in used:
        world.me.resources.create(title="x", organization=world.org, media=[medium])
    for number in range(8, 20):
        world.me.media.add(picture(number))
    done = [collect(world, 2 * DAY) for _ in range(2)]
    assert [(d.kept, d.waiting, d.deleted) for d in done] == [(8, 12, 0), (8, 0, 12)]
    assert set(blobs(world).list()) == {medium.sha256 for medium in used}


# Whatever comes at the same time: what is used is there.


def test_nothing_that_is_used_is_ever_deleted(place, monkeypatch, file):
    """Uploads, drafts and rounds in threads, on a clock that runs fast."""
    # A suspended process is played above; here a tick of the clock must not look like one.
    monkeypatch.setattr(rules, "LEASE", timedelta(days=9999))
    hubs = [place.hub]
    if place.hub._tools.store.capabilities.name == "sqlite":
        # Another process's hub, as far as one process can play it.
        other = Hub.open(f"sqlite:///{file}", clock=place.clock, discover=False)
        hubs.append(other)
    me = [hub.as_(place.chief) for hub in hubs]
    system = [hub.as_system(reason="test") for hub in hubs]
    stop = threading.Event()
    counts = {"deleted": 0, "used": 0, "busy": 0}
    guard, ticking = threading.Lock(), threading.Lock()
    calls = [0] * 4
    """By author, calls begun and ended: odd while one is under way."""

    @contextlib.contextmanager
    def call(number):
        calls[number] += 1
        try:
            yield
        finally:
            calls[number] += 1

    def tick():
        # A grace is longer than any transaction: none may see two ticks, however slow it is.
        with ticking:
            before = list(calls)
            while any(was % 2 and was == now for was, now in zip(before, calls, strict=True)):
                time.sleep(0.001)
            place.clock.tick(timedelta(seconds=45))

    def author(number):
        chance = random.Random(number)
        hub = me[number % len(me)]
        for turn in range(300):
            if turn > 20 and counts["deleted"] > 3:
                break
            body = picture(chance.randrange(12))
            try:
                with call(number):
                    medium = hub.media.use(hub.media.add(body), alt="图")
                with call(number):
                    made = hub.resources.create(title="x", organization=place.org, media=[medium])
            except (NotFound, StorageBusy) as error:
                # The round was quicker than the draft: the bytes are to be brought again.
                assert error.code in ("blob.unknown", "media.clearing")
                with guard:
                    counts["busy"] += 1
                continue
            with hub.media.open(medium.sha256) as stream:
                assert stream.read() == body
            with guard:
                counts["used"] += 1
            if chance.random() < 0.95:
                hub.resources.edit(made.id, media=[])

    def collector(number):
        while not stop.is_set():
            done = system[number % len(system)].media.collect(grace=timedelta(minutes=1))
            with guard:
                counts["deleted"] += done.deleted
            tick()

    with ThreadPoolExecutor(6) as executor:
        collectors = [executor.submit(collector, number) for number in range(2)]
        authors = [executor.submit(author, number) for number in range(4)]
        try:
            for one in authors:
                one.result(50)
        finally:
            stop.set()
        for one in collectors:
            one.result(50)
    assert counts["deleted"] > 0
    assert counts["used"] > 0
    for hub in me:
        for content in hub.resources.find(limit=1000):
            for medium in content.media:
                assert read(hub, medium.sha256)
    for hub in hubs[1:]:
        hub.close()
