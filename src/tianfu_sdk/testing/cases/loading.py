"""Cases of what a store tells of itself, and of what moves it whole: `load`, `load_jobs`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.storage import (
    Done,
    JobInfo,
    JobState,
    NewJob,
    Parked,
    Query,
    Retry,
    Row,
    Where,
)
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import Passing, StoreCases, note

__all__ = ["LoadCases"]

_NAMES = ["S", "Z", "a", "s", "s ", "s%", "s_", "s1", "流", "\uffee", "\U00020bb7"]


class LoadCases(StoreCases):
    """What a store tells of itself, and what it takes in as it stands elsewhere."""

    def load(self, store: Store, *rows: Row, kind: str = "note") -> None:
        """Load rows, as every write of the suite."""
        self.twice(store, lambda tx: tx.load(kind, rows))

    def load_jobs(self, store: Store, *jobs: JobInfo, queue: str = "q") -> None:
        """Load jobs, as every write of the suite."""
        self.twice(store, lambda tx: tx.load_jobs(queue, jobs))

    def all_jobs(self, store: Store, queue: str = "q") -> list[JobInfo]:
        """Give all jobs of a queue by id."""
        return self.ask(store, lambda tx: tx.jobs(queue, None, None, 1000))

    # streams, queues, holds

    def test_an_empty_store_has_no_streams_and_no_queues(self, db: Store) -> None:
        assert self.ask(db, lambda tx: (tx.streams(), tx.queues(), tx.holds("q"))) == ([], [], [])

    def test_streams_are_told_by_code_point(self, db: Store) -> None:
        for name in reversed(_NAMES):
            self.twice(db, lambda tx, n=name: tx.append(n, [b"1", b"2"]))  # type: ignore[misc]
        assert self.ask(db, lambda tx: tx.streams()) == sorted(_NAMES)

    def test_a_stream_without_events_is_none(self, db: Store) -> None:
        def body(tx: Tx) -> list[str]:
            tx.append("empty", [])
            tx.append("mine", [b"x"])
            return tx.streams()

        assert self.twice(db, body) == ["mine"]
        assert self.ask(db, lambda tx: tx.streams()) == ["mine"]

    def test_queues_are_told_by_code_point(self, db: Store) -> None:
        for name in reversed(_NAMES):
            self.twice(db, lambda tx, n=name: tx.enqueue(n, [NewJob("k")]))  # type: ignore[misc]
        assert self.ask(db, lambda tx: tx.queues()) == sorted(_NAMES)

    def test_a_queue_with_held_groups_only_is_told(self, db: Store) -> None:
        self.twice(db, lambda tx: tx.hold("held", "g"))
        assert self.ask(db, lambda tx: tx.queues()) == ["held"]
        self.twice(db, lambda tx: tx.unhold("held", "g"))
        assert self.ask(db, lambda tx: tx.queues()) == []

    def test_a_queue_whose_jobs_are_all_done_is_told(self, db: Store, passing: Passing) -> None:
        self.twice(db, lambda tx: tx.enqueue("q", [NewJob("k")]))
        (job,) = self.twice(db, lambda tx: tx.claim("q", 1, 9 * passing.unit, "worker"))
        self.twice(db, lambda tx: tx.settle([(job, Done())]))
        assert self.ask(db, lambda tx: tx.queues()) == ["q"]

    def test_held_groups_are_told_by_code_point_and_queue(self, db: Store) -> None:
        def body(tx: Tx) -> list[str]:
            for name in reversed(_NAMES):
                tx.hold("q", name)
                tx.hold("q", name)
            tx.hold("other", "g")
            return tx.holds("q")

        assert self.twice(db, body) == sorted(_NAMES)
        assert self.ask(db, lambda tx: tx.holds("q")) == sorted(_NAMES)
        assert self.ask(db, lambda tx: tx.holds("other")) == ["g"]
        assert self.ask(db, lambda tx: tx.holds("none")) == []

    # first_due

    def test_the_first_job_that_is_due_is_told(self, db: Store, passing: Passing) -> None:
        def first(queue: str = "q") -> datetime | None:
            return self.ask(db, lambda tx: tx.first_due(queue))

        assert first() is None
        early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
        jobs = [NewJob("late", due=late, priority=0), NewJob("early", due=early, priority=9)]
        self.twice(db, lambda tx: tx.enqueue("q", [*jobs, NewJob("held", due=early, group="g")]))
        assert first() == early
        (job,) = self.twice(db, lambda tx: tx.claim("q", 1, 9 * passing.unit, "worker"))
        assert job.key == "held"
        assert first() == early
        self.twice(db, lambda tx: tx.claim("q", 1, 9 * passing.unit, "worker"))
        assert first() == late
        again = early + timedelta(days=1)
        self.twice(db, lambda tx: tx.settle([(job, Retry(again))]))
        assert first() == again
        self.twice(db, lambda tx: tx.hold("q", "g"))
        assert first() == late
        self.twice(db, lambda tx: tx.unhold("q", "g"))
        assert first() == again
        (job,) = self.twice(db, lambda tx: tx.claim("q", 1, 9 * passing.unit, "worker"))
        self.twice(db, lambda tx: tx.settle([(job, Parked("?"))]))
        assert first() == late
        assert first("other") is None

    # load

    def test_a_loaded_row_has_the_version_that_it_came_with(self, db: Store) -> None:
        self.load(db, note("a", 7, rank=3, tags=frozenset({"x", "ꆈ"})), note("b", 1))
        assert self.row(db, "a") == note("a", 7, rank=3, tags=frozenset({"x", "ꆈ"}))
        assert self.row(db, "b") == note("b", 1)
        assert self.find(db, where=(Where("tags", "has", "ꆈ"),)) == ["a"]
        assert self.find(db, order="rank") == ["b", "a"]
        self.put(db, note("a", 7, rank=4))
        assert self.row(db, "a") == note("a", 8, rank=4)

    def test_rows_without_a_document_are_loaded_too(self, db: Store) -> None:
        self.load(db, Row("a", 3, None, {"owner": "o", "rank": 2}), kind="mark")
        assert self.row(db, "a", "mark") == Row("a", 3, None, {"owner": "o", "rank": 2})

    def test_nothing_loaded_is_nothing_there(self, db: Store) -> None:
        self.load(db)
        self.load_jobs(db)
        assert self.find(db) == []
        assert self.all_jobs(db) == []

    def test_loading_what_is_there_conflicts_and_loses_everything(self, db: Store) -> None:
        self.put(db, note("b", rank=1))

        def body(tx: Tx) -> None:
            tx.append("s", [b"lost"])
            with pytest.raises(Conflict) as caught:
                tx.load("note", [note("a", 2), note("b", 1), note("c", 2)])
            assert caught.value.code == "storage.version"
            assert set(caught.value.values["ids"]) == {"b"}

        with pytest.raises(Conflict):
            db.run(body, write=True)
        assert self.find(db) == ["b"]
        assert self.row(db, "b") == note("b", 1, rank=1)
        assert self.ask(db, lambda tx: tx.streams()) == []

    def test_an_id_that_is_loaded_twice_at_once_conflicts(self, db: Store) -> None:
        with pytest.raises(Conflict) as caught:
            db.run(lambda tx: tx.load("note", [note("a", 1), note("a", 2)]), write=True)
        assert "a" in caught.value.values["ids"]
        assert self.find(db) == []

    @pytest.mark.parametrize("version", [0, -1, 2**31])
    def test_a_version_that_no_stored_row_has_is_refused(self, db: Store, version: int) -> None:
        with pytest.raises(Invalid) as caught:
            db.run(lambda tx: tx.load("note", [note("a", 1), note("b", version)]), write=True)
        assert caught.value.code == "storage.load_version"
        assert self.find(db) == []

    def test_a_loaded_row_that_does_not_fit_is_refused(self, db: Store) -> None:
        for wrong in (attrs.evolve(note("a", 1), keys={}), attrs.evolve(note("a", 1), doc=None)):
            with pytest.raises(Invalid):
                db.run(lambda tx, row=wrong: tx.load("note", [row]), write=True)  # type: ignore[misc]
        assert self.find(db) == []

    def test_many_rows_are_loaded_at_once(self, db: Store) -> None:
        rows = [note(f"n{number:04d}", number + 1, tags=frozenset("t")) for number in range(1500)]
        self.load(db, *rows)
        assert self.ask(db, lambda tx: tx.count("note", Query())) == 1500
        assert self.row(db, "n1499") == rows[-1]

    # load_jobs

    def test_loaded_jobs_stand_as_they_stood(self, db: Store, passing: Passing) -> None:
        due = passing.now() + 50 * passing.unit
        jobs = [
            JobInfo(70, "old", "d", JobState.DONE, due, 2, 0, "", ""),
            JobInfo(60, "old", "q", JobState.QUEUED, due, 1, 9, "g", "", "\0ꆈ".encode()),
            JobInfo(50, "old", "p", JobState.PARKED, due, 3, 5, "", "人工 \U00020bb7"),
            JobInfo(40, "old", "x", JobState.DROPPED, due, 0, 5, "g", ""),
        ]
        self.load_jobs(db, *jobs)
        found = self.all_jobs(db)
        assert [attrs.evolve(j, id=0, queue="") for j in found] == [
            attrs.evolve(j, id=0, queue="") for j in jobs
        ]
        assert {job.queue for job in found} == {"q"}
        assert self.twice(db, lambda tx: tx.enqueue("q", [NewJob(k) for k in "dqpx"])) == 0
        assert self.twice(db, lambda tx: tx.release("q", [found[2].id])) == 1

    def test_a_leased_job_comes_in_as_queued_and_keeps_its_attempts(
        self, db: Store, passing: Passing
    ) -> None:
        self.load_jobs(
            db,
            JobInfo(1, "q", "now", JobState.LEASED, passing.now(), 1, 5, "", ""),
            JobInfo(
                2, "q", "far", JobState.LEASED, passing.now() + 50 * passing.unit, 4, 5, "", ""
            ),
        )
        assert [job.state for job in self.all_jobs(db)] == [JobState.QUEUED] * 2
        (job,) = self.twice(db, lambda tx: tx.claim("q", 9, 10 * passing.unit, "worker"))
        assert (job.key, job.attempts) == ("now", 2)
        assert self.twice(db, lambda tx: tx.settle([(job, Done())])) == [True]

    def test_loaded_jobs_are_claimed_in_the_order_they_came(
        self, db: Store, passing: Passing
    ) -> None:
        due = passing.now()
        names = ["c", "a", "b"]
        self.load_jobs(db, *(JobInfo(9, "", k, JobState.QUEUED, due, 0, 5, "", "") for k in names))
        self.twice(db, lambda tx: tx.enqueue("q", [NewJob("later", due=due)]))
        claimed = self.twice(db, lambda tx: tx.claim("q", 9, 10 * passing.unit, "worker"))
        assert [job.key for job in claimed] == [*names, "later"]
        assert len({job.id for job in claimed}) == 4

    def test_a_key_that_the_queue_knows_conflicts(self, db: Store, passing: Passing) -> None:
        self.twice(db, lambda tx: tx.enqueue("q", [NewJob("b", b"kept")]))
        jobs = [JobInfo(1, "", k, JobState.QUEUED, passing.now(), 0, 5, "", "") for k in "abc"]

        def body(tx: Tx) -> None:
            with pytest.raises(Conflict) as caught:
                tx.load_jobs("q", jobs)
            assert (caught.value.code, caught.value.values["ids"]) == ("storage.job_known", ("b",))

        with pytest.raises(Conflict):
            db.run(body, write=True)
        with pytest.raises(Conflict):
            db.run(lambda tx: tx.load_jobs("q", [jobs[0], jobs[0]]), write=True)
        assert [(job.key, job.body) for job in self.all_jobs(db)] == [("b", b"kept")]
        self.load_jobs(db, *jobs, queue="other")
        assert len(self.all_jobs(db, "other")) == 3

    def test_a_job_beyond_the_border_is_not_loaded(self, db: Store, passing: Passing) -> None:
        good = JobInfo(1, "", "k", JobState.QUEUED, passing.now(), 0, 5, "", "")
        for wrong in (
            {"priority": 10},
            {"attempts": -1},
            {"key": ""},
            {"group": "x" * 65},
            {"due": passing.now().replace(tzinfo=None)},
        ):
            job = attrs.evolve(good, **wrong)
            with pytest.raises(Invalid):
                db.run(lambda tx, j=job: tx.load_jobs("q", [good, j]), write=True)  # type: ignore[misc]
        assert self.all_jobs(db) == []

    # max_lag

    def test_a_read_may_allow_a_lag_and_a_write_too(self, db: Store) -> None:
        lag = timedelta(hours=1)
        db.run(lambda tx: tx.put("note", [note("a")]), write=True, max_lag=lag)
        assert self.find(db) == ["a"]
        for allowed in (None, timedelta(0)):
            rows = db.run(lambda tx: tx.get("note", ["a"]), write=False, max_lag=allowed)
            assert [row.id for row in rows] == ["a"]
        assert db.run(lambda _: 7, write=False, max_lag=lag) == 7
