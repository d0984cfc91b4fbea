"""Cases of moving a whole store from one kind of store to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from tianfu_sdk.backends.erasures import FileErasures
from tianfu_sdk.backends.keyring import new_master_key
from tianfu_sdk.errors import Conflict, StorageError
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.storage import JobInfo, JobState, NewJob, Parked
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.testing.clock import CountingIds, FrozenClock

__all__ = ["MovingCases", "fill"]

_OWN = {"kind:audit", "kind:seal", "stream:audit"}
"""Parts that moving itself writes to: it is audited."""
_PHONES = ("13800138000", "13900139000")


class _TornError(Exception):
    """Ends a load half-way."""


def fill(hub: Hub) -> str:
    """Write some of everything into an empty store: content, people, jobs, marks, media.

    Two consumers have read events: `half` some of them, `whole` all.

    Returns:
        Id of the first account.
    """
    chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me = hub.as_(chief.id)
    reviewer = me.accounts.create(organization=chief.organization, label="审核")
    me.accounts.grant(reviewer.id, ["*"], region="510000")
    for number in range(12):
        made = me.resources.create(
            title=f"防震避险 བོད {number}",
            organization=chief.organization,
            body="地震时先躲到桌下。ꆈ\U00020bb7",
        )
        if number % 2:
            me.resources.submit(made.id)
            hub.as_(reviewer.id).resources.approve(made.id)
            hub.as_(reviewer.id).resources.publish(made.id)
    for phone in _PHONES:
        me.subscribers.create(phone=phone, organization=chief.organization, region="510300")
    activity = me.activities.create(
        title="科技馆夜场", organization=chief.organization, registration=True, capacity=1
    )
    me.activities.submit(activity.id)
    hub.as_(reviewer.id).activities.approve(activity.id)
    hub.as_(reviewer.id).activities.publish(activity.id)
    for phone in _PHONES:
        me.registrations.register(activity.id, name="卓玛", phone=phone, consent="报名表 7")
    me.media.add(b"\x89PNG\r\n\x1a\n" + bytes(100))
    system = hub.as_system(reason="test")
    seen: list[Event] = []
    system.events.consume("half", seen.append, limit=7, batch=3)
    system.events.consume("whole", seen.append)
    system.events.roll_up()
    system.marks.set("note", "kept")
    hub._tools.store.run(_jobs, write=True)  # noqa: SLF001 - jobs have no desk that makes any
    return chief.id


def _jobs(tx: Tx) -> None:
    jobs = [NewJob(f"k{n}", bytes([n, 255]), priority=n % 3, group=f"g{n % 2}") for n in range(9)]
    tx.enqueue("sms", jobs)
    tx.hold("sms", "g1")
    tx.hold("empty", "g")
    # One is parked, the others stay leased.
    _, parked, _ = tx.claim("sms", 3, timedelta(minutes=5), "worker")
    tx.settle([(parked, Parked("人工"))])


class MovingCases:
    """What stands in a store stands in the next one, and in the one after that."""

    @pytest.fixture
    def urls(self) -> Sequence[str]:
        """Give addresses of empty places, at least two: from the first over all to the last."""
        raise NotImplementedError("override the fixture `urls`: return [first, second, …]")

    @pytest.fixture
    def plugins(self) -> Sequence[Any]:
        """Give plugin objects that offer these addresses; installed ones come in as well."""
        return ()

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Mapping[str, Any]:
        """Give what all the stores share: the key, the media, the erasure log."""
        return {
            "key": new_master_key(),
            "erasures": str(tmp_path / "erased"),
            "media": str(tmp_path / "media"),
        }

    @pytest.fixture
    def more(self, settings: Mapping[str, Any], plugins: Sequence[Any]) -> dict[str, Any]:
        """Give how hubs are opened."""
        return {
            "settings": settings,
            "plugins": plugins,
            "clock": FrozenClock(),
            "ids": CountingIds(),
        }

    @pytest.fixture
    def opened(self, more: dict[str, Any]) -> Iterator[Callable[[str], Hub]]:
        """Open hubs, and close them at the end."""
        hubs: list[Hub] = []

        def open_(url: str) -> Hub:
            hubs.append(Hub.open(url, **more))
            return hubs[-1]

        yield open_
        for hub in hubs:
            hub.close()

    def move(
        self, hub: Hub, to: str, file: Path, opened: Callable[[str], Hub], more: dict[str, Any]
    ) -> Hub:
        """Dump a hub, load it elsewhere and give it, opened."""
        made = hub.as_system(reason="test").keeping.dump(file)
        if to == "memory:":
            # It is gone with the hub that loads it.
            there = opened(to)
            loaded = there.as_system(reason="load").keeping.load(file)
        else:
            loaded = Hub.load(file, to, **more)
            there = opened(to)
        assert loaded.content == made.content
        assert (loaded.rekeyed, loaded.other_regions) == ((), False)
        return there

    def test_a_store_goes_its_way_and_is_the_same(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        hub = opened(urls[0])
        chief = fill(hub)
        before = _content(hub)
        assert {"kind:subject_key", "stream:events", "queue:sms", "queue:empty"} <= before.keys()
        for number, to in enumerate(urls[1:]):
            hub = self.move(hub, to, tmp_path / f"dump{number}", opened, more)
            after = _content(hub)
            assert {part for part in {*before, *after} if before.get(part) != after.get(part)} <= (
                _OWN
            )
            wrong = [f for f in hub.as_system(reason="test").doctor() if f.severity == "error"]
            assert wrong == []
        found = [answer.title for answer in hub.ask("地震时怎么躲")]
        assert any("防震避险" in title for title in found)
        subscribers = hub.as_(chief).subscribers
        for phone in _PHONES:
            (one,) = subscribers.by_phone(phone)
            assert phone in subscribers.reveal(one.id)
        registrations = hub.as_(chief).registrations
        standing = [registrations.by_phone(phone)[0] for phone in _PHONES]
        assert [one.state.value for one in standing] == ["registered", "waitlisted"]
        assert registrations.reveal(standing[0].id).name == "卓玛"
        registrations.cancel(standing[0].id)
        assert registrations.get(standing[1].id).state.value == "registered"
        done = {line.action for line in hub.as_system(reason="t").audit.find(subject="store")}
        assert done == {"store.dumped", "store.loaded"}

    def test_the_audit_still_verifies_and_a_tampered_line_is_still_found(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        hub = opened(urls[0])
        fill(hub)
        hub.as_system(reason="seal").audit.seal_open()
        run = hub._tools.store.run  # noqa: SLF001 - no desk can do this
        (line,) = hub.as_system(reason="t").audit.find(limit=1).items
        run(lambda tx: _tamper(tx, line.id), write=True)
        there = self.move(hub, urls[1], tmp_path / "dump", opened, more)
        wrong = [f for f in there.as_system(reason="t").audit.verify() if f.severity == "error"]
        assert [finding.subject for finding in wrong] == [line.id]

    def test_consumers_go_on_where_they_were(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        hub = opened(urls[0])
        fill(hub)
        there = self.move(hub, urls[1], tmp_path / "dump", opened, more)
        assert _rest(there, "half") == _rest(hub, "half") != []
        assert _rest(there, "whole") == []
        assert there.as_system(reason="t").marks.get("note") == "kept"

    def test_the_roll_up_is_made_anew_of_the_events(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        hub = opened(urls[0])
        fill(hub)
        rolled = hub.as_system(reason="t").events.rollups().rolled
        assert rolled > 0
        there = self.move(hub, urls[1], tmp_path / "dump", opened, more)
        system = there.as_system(reason="t")
        assert system.events.rollups().rolled == 0
        assert system.events.roll_up() >= rolled
        assert [f for f in system.doctor() if f.severity == "error"] == []

    def test_jobs_stand_as_they_stood_and_leased_ones_are_queued(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        hub = opened(urls[0])
        fill(hub)
        there = self.move(hub, urls[1], tmp_path / "dump", opened, more)
        found = [attrs.evolve(job, id=0) for job in _all_jobs(there)]
        assert found == [_queued(job) for job in _all_jobs(hub)]
        assert {job.state for job in found} == {JobState.QUEUED, JobState.PARKED}
        run = there._tools.store.run  # noqa: SLF001 - holds have no desk
        assert run(lambda tx: (tx.holds("sms"), tx.holds("empty")), write=False) == (["g1"], ["g"])

    def test_an_interrupted_load_goes_on_and_nobody_uses_it_meanwhile(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        if urls[1] == "memory:":
            pytest.skip("memory does not outlive an interruption")
        hub = opened(urls[0])
        fill(hub)
        made = hub.as_system(reason="test").keeping.dump(tmp_path / "dump")

        def tear(_: int, __: int) -> None:
            raise _TornError

        for _ in range(6):
            with pytest.raises(_TornError):
                Hub.load(tmp_path / "dump", urls[1], progress=tear, **more)
            with pytest.raises(StorageError) as caught:
                opened(urls[1])
            assert caught.value.code == "dump.unfinished"
        loaded = Hub.load(tmp_path / "dump", urls[1], **more)
        assert loaded.content == made.content
        assert [
            f for f in opened(urls[1]).as_system(reason="t").doctor() if f.severity == "error"
        ] == []
        with pytest.raises(Conflict) as again:
            Hub.load(tmp_path / "dump", urls[1], **more)
        assert again.value.code == "dump.not_empty"

    def test_who_was_erased_since_stays_erased(
        self,
        urls: Sequence[str],
        opened: Callable[[str], Hub],
        more: dict[str, Any],
        settings: Mapping[str, Any],
        tmp_path: Path,
    ) -> None:
        hub = opened(urls[0])
        chief = fill(hub)
        first, second = (s.id for s in hub.as_(chief).subscribers.find())
        hub.as_system(reason="test").keeping.dump(tmp_path / "dump")
        FileErasures(settings["erasures"]).append([first], more["clock"].now())
        there = opened(urls[1])
        loaded = there.as_system(reason="load").keeping.load(tmp_path / "dump")
        assert (loaded.erased, loaded.erasures) == (1, settings["erasures"])
        run = there._tools.store.run  # noqa: SLF001 - keys have no desk
        keys = run(lambda tx: tx.get("subject_key", [first, second]), write=False)
        assert [row.id for row in keys] == [second]


def _content(hub: Hub) -> Mapping[str, str]:
    return hub.as_system(reason="test").keeping.content_hash()


def _rest(hub: Hub, name: str) -> list[str]:
    rest: list[str] = []
    hub.as_system(reason="t").events.consume(name, lambda event: rest.append(event.id))
    # What was written after the dump was made is not in the copy.
    return rest


def _all_jobs(hub: Hub) -> list[JobInfo]:
    return hub.as_system(reason="t").jobs.list("sms")


def _queued(job: JobInfo) -> JobInfo:
    state = JobState.QUEUED if job.state is JobState.LEASED else job.state
    return attrs.evolve(job, id=0, state=state)


def _tamper(tx: Tx, line: str) -> None:
    (row,) = tx.get("audit", [line])
    tx.put("audit", [attrs.evolve(row, doc=(row.doc or b"").replace(b"acc_", b"acd_"))])
