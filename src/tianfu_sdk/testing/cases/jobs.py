"""Cases of the outbox: `enqueue`, `claim`, `settle` and what people do to jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import (
    Done,
    Job,
    JobInfo,
    JobState,
    NewJob,
    Outcome,
    Parked,
    Retry,
)
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import Passing, StoreCases

__all__ = ["JobCases"]


class JobCases(StoreCases):
    """Each job is done once, in order, and by one owner at a time."""

    def enqueue(self, store: Store, *jobs: NewJob, queue: str = "q") -> int:
        """Enqueue jobs, as every write of the suite."""
        return self.twice(store, lambda tx: tx.enqueue(queue, jobs))

    def claim(
        self, store: Store, passing: Passing, n: int = 10, units: float = 10, queue: str = "q"
    ) -> list[Job]:
        """Claim jobs for some units of time."""
        lease = units * passing.unit
        return self.twice(store, lambda tx: tx.claim(queue, n, lease, "worker"))

    def keys(self, store: Store, passing: Passing, n: int = 10, queue: str = "q") -> list[str]:
        """Claim jobs and tell their keys."""
        return [job.key for job in self.claim(store, passing, n, queue=queue)]

    def settle(self, store: Store, *settled: tuple[Job, Outcome]) -> list[bool]:
        """Settle jobs, as every write of the suite."""
        return self.twice(store, lambda tx: tx.settle(settled))

    def infos(
        self, store: Store, state: JobState | None = None, queue: str = "q"
    ) -> dict[str, JobInfo]:
        """Give all jobs by key."""
        infos = self.ask(store, lambda tx: tx.jobs(queue, state, None, 1000))
        return {info.key: info for info in infos}

    def states(self, store: Store) -> dict[str, str]:
        """Tell how all jobs stand."""
        return {key: info.state.value for key, info in self.infos(store).items()}

    # enqueue

    def test_a_job_goes_its_way(self, db: Store, passing: Passing) -> None:
        body = bytes(range(256)) + "ꆈ😀".encode()
        assert self.enqueue(db, NewJob("k", body, priority=3, group="g")) == 1
        (job,) = self.claim(db, passing)
        assert (job.queue, job.key, job.body, job.attempts) == ("q", "k", body, 1)
        assert (job.group, job.priority) == ("g", 3)
        assert isinstance(job.id, int)
        assert job.token
        assert self.states(db) == {"k": "leased"}
        assert self.settle(db, (job, Done())) == [True]
        assert self.states(db) == {"k": "done"}
        assert self.claim(db, passing) == []

    def test_a_known_key_is_ignored_and_new_ones_are_kept(
        self, db: Store, passing: Passing
    ) -> None:
        assert self.enqueue(db, NewJob("a", b"1"), NewJob("b", b"1")) == 2
        assert self.enqueue(db, NewJob("b", b"2", priority=0), NewJob("c", b"2")) == 1
        assert self.enqueue(db, NewJob("b", b"3")) == 0
        assert [(job.key, job.body) for job in self.claim(db, passing)] == [
            ("a", b"1"),
            ("b", b"1"),
            ("c", b"2"),
        ]

    def test_a_key_given_twice_at_once_is_taken_once(self, db: Store, passing: Passing) -> None:
        assert self.enqueue(db, NewJob("a", b"1"), NewJob("a", b"2"), NewJob("b")) == 2
        assert [(job.key, job.body) for job in self.claim(db, passing)] == [
            ("a", b"1"),
            ("b", b""),
        ]

    def test_nothing_enqueued_is_nothing_new(self, db: Store, passing: Passing) -> None:
        assert self.enqueue(db) == 0
        assert self.settle(db) == []
        assert self.claim(db, passing) == []
        assert self.infos(db) == {}
        assert self.twice(db, lambda tx: tx.release("q", [])) == 0

    def test_a_key_stays_known_after_the_job_is_done(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, *(NewJob(key) for key in ("done", "parked", "dropped", "leased")))
        done, parked, dropped, _ = self.claim(db, passing)
        self.settle(db, (done, Done()), (parked, Parked("?")), (dropped, Parked("?")))
        for key in ("done", "parked", "dropped", "leased"):
            assert self.enqueue(db, NewJob(key)) == 0
        assert self.claim(db, passing) == []

    def test_queues_are_apart(self, db: Store, passing: Passing) -> None:
        for queue in ("q", "Q", "q ", "队列", "x" * 64):
            assert self.enqueue(db, NewJob("same", queue.encode()), queue=queue) == 1
        for queue in ("q", "Q", "q ", "队列", "x" * 64):
            (job,) = self.claim(db, passing, queue=queue)
            assert (job.queue, job.body) == (queue, queue.encode())
            assert self.settle(db, (job, Done())) == [True]

    def test_keys_are_told_apart_exactly(self, db: Store, passing: Passing) -> None:
        keys = ["a", "A", "a ", "\u00e9", "e\u0301", "ꆈ", "\U00020bb7" * 64, "x" * 64]
        assert self.enqueue(db, *(NewJob(key, key.encode()) for key in keys)) == len(keys)
        jobs = self.claim(db, passing)
        assert [(job.key, job.body) for job in jobs] == [(key, key.encode()) for key in keys]

    # claim

    def test_jobs_come_by_priority_then_due_then_id(self, db: Store, passing: Passing) -> None:
        now = passing.now()

        def job(key: str, priority: int, ago: int) -> NewJob:
            return NewJob(key, priority=priority, due=now - ago * passing.unit)

        self.enqueue(
            db,
            job("g", 9, 9),
            job("d", 5, 1),
            job("e", 5, 1),
            job("c", 5, 2),
            job("b", 0, 1),
            job("f", 5, 1),
            job("a", 0, 2),
        )
        self.enqueue(db, NewJob("h", priority=9))
        assert self.keys(db, passing, 2) == ["a", "b"]
        assert self.keys(db, passing, 3) == ["c", "d", "e"]
        assert self.keys(db, passing) == ["f", "g", "h"]

    def test_a_claim_takes_n_at_most(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, *(NewJob(f"k{number:04d}") for number in range(1001)))
        assert len(self.claim(db, passing, 1)) == 1
        jobs = self.claim(db, passing, 1000)
        assert [job.key for job in jobs] == [f"k{number:04d}" for number in range(1, 1001)]
        assert self.claim(db, passing, 1000) == []

    def test_no_job_before_it_is_due(self, db: Store, passing: Passing) -> None:
        due = passing.now() + 4 * passing.unit
        self.enqueue(db, NewJob("later", due=due), NewJob("now"))
        assert self.keys(db, passing) == ["now"]
        passing.go(5)
        assert self.keys(db, passing) == ["later"]

    def test_a_job_is_due_at_its_very_moment(self, db: Store, passing: Passing) -> None:
        if passing.own:
            pytest.skip("capabilities.own_clock is true")
        due = passing.now() + timedelta(microseconds=2)
        self.enqueue(db, NewJob("k", due=due))
        passing.clock.tick(timedelta(microseconds=1))
        assert self.keys(db, passing) == []
        passing.clock.tick(timedelta(microseconds=1))
        assert self.keys(db, passing) == ["k"]

    def test_due_is_a_moment_in_whatever_zone(self, db: Store, passing: Passing) -> None:
        here = passing.now().replace(microsecond=123_457) + 100 * passing.unit
        there = here.astimezone(timezone(timedelta(hours=8)))
        self.enqueue(db, NewJob("here", due=here), NewJob("there", due=there))
        infos = self.infos(db)
        assert infos["here"].due == infos["there"].due == here
        assert infos["there"].due.tzinfo is not None

    def test_a_claim_is_exclusive_until_its_lease_ends(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        (first,) = self.claim(db, passing, units=4)
        assert self.claim(db, passing) == [], "a leased job was given to another"
        if not passing.own:
            passing.go(3.9)
            assert self.claim(db, passing) == [], "a lease ended before its time"
        passing.go(5)
        (second,) = self.claim(db, passing)
        assert (first.id, first.attempts) == (second.id, 1)
        assert second.attempts == 2
        assert second.token != first.token

    def test_a_job_whose_lease_ended_has_its_old_place(self, db: Store, passing: Passing) -> None:
        begun = passing.now()
        self.enqueue(db, NewJob("first", due=begun))
        assert len(self.claim(db, passing, units=2)) == 1
        self.enqueue(db, NewJob("second", due=begun + passing.unit))
        passing.go(3)
        assert [job.key for job in self.claim(db, passing)] == ["first", "second"]

    def test_a_late_settle_is_fenced(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        (first,) = self.claim(db, passing, units=2)
        passing.go(3)
        (second,) = self.claim(db, passing, units=40)
        for outcome in (Done(), Retry(passing.now()), Parked("late")):
            assert self.settle(db, (first, outcome)) == [False]
            assert self.states(db) == {"k": "leased"}
        assert self.claim(db, passing) == []
        assert self.settle(db, (second, Done())) == [True]
        assert self.settle(db, (first, Parked("late"))) == [False]
        assert self.states(db) == {"k": "done"}

    def test_a_lease_that_ended_still_settles_if_nobody_claimed_anew(
        self, db: Store, passing: Passing
    ) -> None:
        self.enqueue(db, NewJob("k"))
        (job,) = self.claim(db, passing, units=1)
        passing.go(3)
        assert self.settle(db, (job, Done())) == [True]
        assert self.claim(db, passing) == []

    def test_a_claim_rolled_back_claims_nothing(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        lost: list[Job] = []

        def body(tx: Tx) -> None:
            lost.extend(tx.claim("q", 1, 10 * passing.unit, "worker"))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            db.run(body, write=True)
        assert self.states(db) == {"k": "queued"}
        (job,) = db.run(lambda tx: tx.claim("q", 1, 10 * passing.unit, "worker"), write=True)
        assert job.attempts == 1
        assert self.settle(db, (lost[0], Done())) == [False], "a token came twice"
        assert self.settle(db, (job, Done())) == [True]

    # settle

    def test_a_job_is_settled_once(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("done"), NewJob("retried"), NewJob("parked"))
        done, retried, parked = self.claim(db, passing)
        later = passing.now() + 100 * passing.unit
        settled: list[tuple[Job, Outcome]] = [
            (done, Done()),
            (retried, Retry(later)),
            (parked, Parked("no answer")),
        ]
        assert self.settle(db, *settled) == [True, True, True]
        assert self.settle(db, *settled) == [False, False, False]
        assert self.states(db) == {"done": "done", "retried": "queued", "parked": "parked"}
        assert self.infos(db)["parked"].reason == "no answer"
        assert self.infos(db)["retried"].due == later

    def test_settle_answers_for_each_in_order(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, *(NewJob(key) for key in "abcd"))
        a, b, c, d = self.claim(db, passing)
        self.settle(db, (b, Done()))
        settled: list[tuple[Job, Outcome]] = [
            (a, Done()),
            (b, Done()),
            (c, Parked("x")),
            (c, Done()),
            (d, Done()),
        ]
        assert self.settle(db, *settled) == [True, False, True, False, True]
        assert self.states(db) == {"a": "done", "b": "done", "c": "parked", "d": "done"}

    def test_settle_takes_jobs_of_several_queues(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        self.enqueue(db, NewJob("k"), queue="r")
        (one,), (other,) = self.claim(db, passing), self.claim(db, passing, queue="r")
        assert self.settle(db, (one, Done()), (other, Parked("x"))) == [True, True]
        assert self.infos(db)["k"].state is JobState.DONE
        assert self.infos(db, queue="r")["k"].state is JobState.PARKED

    def test_retry_is_due_at_its_moment(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        (job,) = self.claim(db, passing)
        self.settle(db, (job, Retry(passing.now() + 4 * passing.unit)))
        assert self.claim(db, passing) == []
        passing.go(5)
        (again,) = self.claim(db, passing)
        assert (again.id, again.attempts) == (job.id, 2)

    def test_parked_jobs_wait_for_a_person(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        (job,) = self.claim(db, passing, units=2)
        self.settle(db, (job, Parked("原因 ꆈ")))
        passing.go(4)
        assert self.claim(db, passing) == []
        assert self.infos(db, JobState.PARKED)["k"].reason == "原因 ꆈ"

    # What people do.

    def test_release(self, db: Store, passing: Passing) -> None:
        later = passing.now() + 100 * passing.unit
        self.enqueue(db, *(NewJob(key) for key in ("p1", "p2", "p3", "d")))
        self.enqueue(db, NewJob("queued", due=later))
        p1, p2, p3, d = self.claim(db, passing, 4)
        self.settle(db, *((job, Parked("x")) for job in (p1, p2, p3)), (d, Done()))
        queued = self.infos(db)["queued"].id
        ids = [p1.id, p2.id, d.id, queued, p3.id + 1000]
        assert self.twice(db, lambda tx: tx.release("other", ids)) == 0
        assert self.twice(db, lambda tx: tx.release("q", ids)) == 2
        assert self.twice(db, lambda tx: tx.release("q", ids)) == 0
        assert self.states(db) == {
            "p1": "queued",
            "p2": "queued",
            "p3": "parked",
            "d": "done",
            "queued": "queued",
        }
        assert self.infos(db)["queued"].due == later
        assert {(j.key, j.attempts) for j in self.claim(db, passing, 4)} == {("p1", 1), ("p2", 1)}

    def test_hold_leaves_jobs_there_and_to_come(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("before", group="g"), NewJob("free"))
        self.twice(db, lambda tx: tx.hold("q", "g"))
        self.twice(db, lambda tx: tx.hold("q", "g"))
        self.enqueue(db, NewJob("after", group="g"), NewJob("other", group="h"))
        assert sorted(self.keys(db, passing)) == ["free", "other"]
        assert self.keys(db, passing) == []
        self.twice(db, lambda tx: tx.unhold("q", "g"))
        assert self.keys(db, passing) == ["before", "after"]

    def test_hold_before_the_group_has_jobs(self, db: Store, passing: Passing) -> None:
        self.twice(db, lambda tx: tx.hold("q", "g"))
        self.enqueue(db, NewJob("k", group="g"))
        assert self.keys(db, passing) == []
        self.twice(db, lambda tx: tx.unhold("q", "g"))
        self.twice(db, lambda tx: tx.unhold("q", "g"))
        assert self.keys(db, passing) == ["k"]

    def test_hold_is_of_one_queue(self, db: Store, passing: Passing) -> None:
        for queue in ("q", "r"):
            self.enqueue(db, NewJob("k", group="g"), queue=queue)
        self.twice(db, lambda tx: tx.hold("q", "g"))
        assert self.keys(db, passing) == []
        assert self.keys(db, passing, queue="r") == ["k"]

    def test_a_held_job_that_is_leased_may_be_settled(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("a", group="g"), NewJob("b", group="g"))
        a, _ = self.claim(db, passing, units=2)
        self.twice(db, lambda tx: tx.hold("q", "g"))
        assert self.settle(db, (a, Done())) == [True]
        passing.go(4)
        assert self.claim(db, passing) == [], "a held job was claimed when its lease had ended"

    def test_drop_cancels_queued_and_parked(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, *(NewJob(key, group="g") for key in ("leased", "done", "parked")))
        leased, done, parked = self.claim(db, passing)
        self.settle(db, (done, Done()), (parked, Parked("x")))
        self.enqueue(db, NewJob("queued", group="g"), NewJob("other", group="h"))
        self.enqueue(db, NewJob("queued", group="g"), queue="r")
        self.twice(db, lambda tx: tx.hold("q", "g"))
        assert self.twice(db, lambda tx: tx.drop("q", "g")) == 2
        assert self.twice(db, lambda tx: tx.drop("q", "g")) == 0
        self.twice(db, lambda tx: tx.unhold("q", "g"))
        assert self.states(db) == {
            "leased": "leased",
            "done": "done",
            "parked": "dropped",
            "queued": "dropped",
            "other": "queued",
        }
        assert self.keys(db, passing) == ["other"]
        assert self.keys(db, passing, queue="r") == ["queued"]
        assert self.enqueue(db, NewJob("queued", group="g")) == 0
        assert self.settle(db, (leased, Done())) == [True]

    def test_purge_forgets_old_done_and_dropped_only(self, db: Store, passing: Passing) -> None:
        def fill(turn: str) -> None:
            self.enqueue(db, *(NewJob(f"{key}{turn}") for key in ("done", "parked", "leased")))
            self.enqueue(db, NewJob(f"dropped{turn}", group="g"))
            done, parked, _ = self.claim(db, passing, 3, units=1000)
            self.settle(db, (done, Done()), (parked, Parked("x")))
            self.twice(db, lambda tx: tx.drop("q", "g"))
            later = passing.now() + 1000 * passing.unit
            self.enqueue(db, NewJob(f"queued{turn}", due=later))

        fill("1")
        passing.go(2)
        between = passing.now()
        passing.go(2)
        fill("2")
        everything = set(self.infos(db))
        assert self.twice(db, lambda tx: tx.purge("other", between, 100)) == 0
        assert self.twice(db, lambda tx: tx.purge("q", between, 100)) == 2
        assert set(self.infos(db)) == everything - {"done1", "dropped1"}
        assert self.enqueue(db, NewJob("done1"), NewJob("done2")) == 1

    def test_purge_goes_by_the_last_change(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, NewJob("k"))
        passing.go(2)
        between = passing.now()
        passing.go(2)
        (job,) = self.claim(db, passing)
        self.settle(db, (job, Done()))
        assert self.twice(db, lambda tx: tx.purge("q", between, 100)) == 0
        passing.go(2)
        assert self.twice(db, lambda tx: tx.purge("q", passing.now(), 100)) == 1

    def test_purge_forgets_as_many_as_it_is_told(self, db: Store, passing: Passing) -> None:
        self.enqueue(db, *(NewJob(f"k{number}") for number in range(7)))
        self.settle(db, *((job, Done()) for job in self.claim(db, passing)))
        passing.go(2)
        now = passing.now()
        numbers = [self.twice(db, lambda tx: tx.purge("q", now, 3)) for _ in range(4)]
        assert numbers == [3, 3, 1, 0]

    # jobs

    def test_jobs_are_listed_by_id_in_pages_and_by_state(self, db: Store, passing: Passing) -> None:
        later = passing.now() + 100 * passing.unit
        self.enqueue(
            db,
            *(NewJob(f"k{n:02d}", b"b%d" % n, priority=9 - n % 3, group=f"g{n}") for n in range(9)),
        )
        self.enqueue(db, NewJob("later", b"x", due=later, priority=0, group="g"))
        self.enqueue(db, NewJob("elsewhere"), queue="r")
        jobs = self.claim(db, passing, 4)
        self.settle(db, (jobs[0], Done()), (jobs[1], Parked("why")))

        def pages(state: JobState | None, size: int) -> Iterator[JobInfo]:
            after = None
            while page := self.ask(db, lambda tx: tx.jobs("q", state, after, size)):
                assert len(page) <= size
                yield from page
                after = page[-1].id

        everything = list(pages(None, 4))
        assert [info.key for info in everything] == [f"k{n:02d}" for n in range(9)] + ["later"]
        assert [info.id for info in everything] == sorted(info.id for info in everything)
        assert everything == list(pages(None, 1000))
        for state in JobState:
            expected = [info for info in everything if info.state is state]
            assert list(pages(state, 2)) == expected
        counts = {s.value: sum(i.state is s for i in everything) for s in JobState}
        assert counts == {"queued": 6, "leased": 2, "done": 1, "parked": 1, "dropped": 0}
        last = everything[-1]
        assert (last.queue, last.key, last.body) == ("q", "later", b"x")
        assert (last.due, last.attempts, last.priority, last.group) == (later, 0, 0, "g")
        parked = next(info for info in everything if info.state is JobState.PARKED)
        assert (parked.id, parked.attempts, parked.reason) == (jobs[1].id, 1, "why")

    def test_a_transaction_sees_its_own_jobs(self, db: Store, passing: Passing) -> None:
        def body(tx: Tx) -> list[str]:
            tx.enqueue("q", [NewJob("a"), NewJob("b")])
            a, b = tx.claim("q", 2, 10 * passing.unit, "worker")
            assert tx.claim("q", 2, 10 * passing.unit, "worker") == []
            assert tx.settle([(a, Done()), (b, Parked("x"))]) == [True, True]
            assert tx.release("q", [b.id]) == 1
            return [info.state.value for info in tx.jobs("q", None, None, 10)]

        assert self.twice(db, body) == ["done", "queued"]

    # The border.

    def test_names_of_64_characters_are_taken(self, db: Store, passing: Passing) -> None:
        longest = "\U00020bb7" * 64
        self.enqueue(db, NewJob(longest, group=longest), queue=longest)
        self.twice(db, lambda tx: tx.hold(longest, longest))
        assert self.keys(db, passing, queue=longest) == []
        self.twice(db, lambda tx: tx.unhold(longest, longest))
        jobs = self.twice(db, lambda tx: tx.claim(longest, 1, passing.unit, longest))
        assert [(job.queue, job.key, job.group) for job in jobs] == [(longest,) * 3]

    @pytest.mark.parametrize("name", ["", "x" * 65, "a\0b"])
    def test_names_beyond_the_border_are_refused(
        self, db: Store, passing: Passing, name: str
    ) -> None:
        for verb in (
            lambda tx: tx.enqueue(name, [NewJob("k")]),
            lambda tx: tx.claim(name, 1, passing.unit, "worker"),
            lambda tx: tx.hold(name, "g"),
            lambda tx: tx.hold("q", name),
            lambda tx: tx.unhold("q", name),
            lambda tx: tx.drop("q", name),
        ):
            with pytest.raises(Invalid):
                db.run(verb, write=True)
        with pytest.raises(Invalid):
            NewJob(name)

    def test_jobs_beyond_the_border_are_refused_and_none_is_stored(self, db: Store) -> None:
        naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what is to be refused
        for job in (
            NewJob("b", group="x" * 65),
            NewJob("b", group="a\0b"),
            NewJob("b", priority=-1),
            NewJob("b", priority=10),
            NewJob("b", due=naive),
        ):

            def body(tx: Tx, job: NewJob = job) -> None:
                with pytest.raises(Invalid):
                    tx.enqueue("q", [NewJob("a"), job])

            self.twice(db, body)
            assert self.infos(db) == {}

    def test_numbers_beyond_the_border_are_refused(self, db: Store, passing: Passing) -> None:
        for n in (0, -1, 1001):
            with pytest.raises(Invalid):
                self.claim(db, passing, n)
            with pytest.raises(Invalid):
                self.ask(db, lambda tx: tx.jobs("q", None, None, n))
        for units in (0, -1):
            with pytest.raises(Invalid):
                self.claim(db, passing, units=units)

    def test_times_without_zone_are_refused(self, db: Store, passing: Passing) -> None:
        naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what is to be refused
        self.enqueue(db, NewJob("k"))
        (job,) = self.claim(db, passing)
        with pytest.raises(Invalid):
            self.settle(db, (job, Retry(naive)))
        with pytest.raises(Invalid):
            self.twice(db, lambda tx: tx.purge("q", naive, 10))
        assert self.states(db) == {"k": "leased"}
