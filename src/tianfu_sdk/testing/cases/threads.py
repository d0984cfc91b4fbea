"""Cases of several threads at once. No sleeps: events say when, timeouts say too long."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.storage import Done, NewJob, Query, Where
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import StoreCases, note

__all__ = ["ThreadCases"]

_LEASE = timedelta(minutes=5)


class ThreadCases(StoreCases):
    """Snapshots, exclusion, and no waiting where none is allowed."""

    def test_a_read_sees_one_snapshot(self, db: Store) -> None:
        def fill(tx: Tx) -> None:
            tx.put("note", [note("a", rank=1, tags=frozenset("x")), note("b", rank=2)])
            tx.append("s", [b"1"])
            tx.enqueue("q", [NewJob("a")])

        self.twice(db, fill)
        looked, written = threading.Event(), threading.Event()

        def look(tx: Tx) -> list[object]:
            return [
                sorted(tx.get("note", ["a", "b", "c"]), key=lambda row: row.id),
                tx.find("note", Query(order="rank")),
                tx.count("note", Query(where=(Where("tags", "has", "x"),))),
                tx.read("s", None, 10),
                tx.last("s"),
                tx.jobs("q", None, None, 10),
            ]

        def reader(tx: Tx) -> tuple[list[object], list[object]]:
            before = look(tx)
            looked.set()
            assert written.wait(self.patience)
            return before, look(tx)

        def change(tx: Tx) -> None:
            tx.put("note", [note("a", 1, rank=9), note("c", tags=frozenset("x"))])
            tx.delete("note", [("b", 1)])
            tx.append("s", [b"2"])
            tx.enqueue("q", [NewJob("b")])
            tx.claim("q", 1, _LEASE, "worker")

        with self.workers(2) as threads:
            try:
                reading = threads.submit(db.run, reader, write=False)
                assert looked.wait(self.patience)
                threads.submit(self.twice, db, change).result(self.patience)
            finally:
                written.set()
            before, after = reading.result(self.patience)
        assert after == before
        assert self.ask(db, look) != before

    def test_a_reader_does_not_wait_for_an_open_writer(self, db: Store) -> None:
        self.put(db, note("a"))
        self.twice(db, lambda tx: tx.append("s", [b"1"]))
        written, go = threading.Event(), threading.Event()

        def writer(tx: Tx) -> None:
            tx.put("note", [note("a", 1, rank=9), note("b")])
            tx.append("s", [b"2"])
            tx.enqueue("q", [NewJob("k")])
            written.set()
            assert go.wait(2 * self.patience)

        def reader(tx: Tx) -> tuple[object, ...]:
            return (
                tx.get("note", ["a", "b"]),
                tx.count("note", Query()),
                [event.body for event in tx.read("s", None, 10)],
                tx.jobs("q", None, None, 10),
            )

        with self.workers(2) as threads:
            try:
                writing = threads.submit(db.run, writer, write=True)
                assert written.wait(self.patience)
                for _ in range(3):
                    seen = threads.submit(db.run, reader, write=False).result(self.patience)
                    assert seen == ([note("a", 1)], 1, [b"1"], [])
            finally:
                go.set()
            writing.result(self.patience)
        assert self.find(db) == ["a", "b"]

    def test_of_five_writers_of_one_version_one_wins(self, db: Store) -> None:
        self.put(db, note("a"))
        start = threading.Barrier(5)
        lost: list[object] = []

        def write(number: int) -> int | None:
            start.wait(self.patience)
            try:
                self.twice(db, lambda tx: tx.put("note", [note("a", 1, rank=number)]))
            except Conflict as error:
                lost.append(error.values["ids"])
                return None
            return number

        with self.workers(5) as threads:
            results = list(threads.map(write, range(5), timeout=self.patience))
        winners = [number for number in results if number is not None]
        assert len(winners) == 1
        assert lost == [("a",)] * 4
        assert self.row(db, "a") == note("a", 2, rank=winners[0])

    def test_of_five_creators_of_one_id_one_wins(self, db: Store) -> None:
        start = threading.Barrier(5)

        def write(number: int) -> bool:
            start.wait(self.patience)
            try:
                self.twice(db, lambda tx: tx.put("note", [note("a", rank=number)]))
            except Conflict:
                return False
            return True

        with self.workers(5) as threads:
            results = list(threads.map(write, range(5), timeout=self.patience))
        assert results.count(True) == 1
        assert self.row(db, "a") == note("a", 1, rank=results.index(True))

    def test_counting_by_eight_threads_adds_up(self, db: Store) -> None:
        self.put(db, note("counter"))
        start = threading.Barrier(8)

        def increment(tx: Tx) -> None:
            (row,) = tx.get("note", ["counter"])
            tx.put("note", [note("counter", row.version, rank=row.keys["rank"] + 1)])

        def count(_: int) -> None:
            start.wait(self.patience)
            for _ in range(25):
                again(lambda: db.run(increment, write=True))

        with self.workers(8) as threads:
            list(threads.map(count, range(8), timeout=3 * self.patience))
        assert self.row(db, "counter") == note("counter", 201, rank=200)

    def test_eight_threads_reading_and_writing(self, db: Store) -> None:
        self.put(db, *(note(f"r{number}", rank=100) for number in range(4)))
        start = threading.Barrier(8)

        def move(tx: Tx, number: int) -> None:
            one, other = f"r{number % 4}", f"r{(number + 1) % 4}"
            rows = {row.id: row for row in tx.get("note", [one, other])}
            tx.put(
                "note",
                [
                    note(row_id, rows[row_id].version, rank=rows[row_id].keys["rank"] + step)
                    for row_id, step in ((one, -1), (other, 1))
                ],
            )
            tx.append("moves", [b"%d" % number])

        def total(tx: Tx) -> tuple[int, int, int]:
            rows = tx.find("note", Query())
            moves = tx.read("moves", None, 1000)
            return (
                sum(row.keys["rank"] for row in rows),
                sum(row.version - 1 for row in rows),
                len(moves),
            )

        def work(worker: int) -> None:
            start.wait(self.patience)
            for turn in range(20):
                if worker % 2:
                    again(lambda: self.twice(db, lambda tx: move(tx, worker + turn)))
                else:
                    ranks, writes, moves = self.ask(db, total)
                    assert ranks == 400, "a reader saw half a transaction"
                    if db.capabilities.single_writer:
                        assert writes == 2 * moves, "rows and events of one commit came apart"
                    # Where writers do not queue, an event waits for older ones still open.
                    assert writes >= 2 * moves, "an event came before its commit"

        with self.workers(8) as threads:
            list(threads.map(work, range(8), timeout=3 * self.patience))
        assert self.ask(db, total) == (400, 160, 80)

    def test_six_workers_do_600_jobs_exactly_once(self, db: Store) -> None:
        keys = [f"k{number:03d}" for number in range(600)]
        self.twice(db, lambda tx: tx.enqueue("q", [NewJob(key) for key in keys]))
        start = threading.Barrier(6)

        def work(worker: int) -> list[str]:
            done: list[str] = []
            start.wait(self.patience)
            while jobs := db.run(
                lambda tx: tx.claim("q", 25, _LEASE, f"worker {worker}"), write=True
            ):
                settled = [(job, Done()) for job in jobs]
                assert all(self.twice(db, lambda tx: tx.settle(settled)))
                done += [job.key for job in jobs]
            return done

        with self.workers(6) as threads:
            done = Counter(
                key
                for keys in threads.map(work, range(6), timeout=3 * self.patience)
                for key in keys
            )
        assert done == Counter(keys)
        left = self.ask(db, lambda tx: tx.jobs("q", None, None, 1000))
        assert {info.state.value for info in left} == {"done"}

    def test_enqueuing_one_key_from_six_threads_gives_one_job(self, db: Store) -> None:
        start = threading.Barrier(6)

        def enqueue(_: int) -> int:
            start.wait(self.patience)
            return self.twice(db, lambda tx: tx.enqueue("q", [NewJob("k")]))

        with self.workers(6) as threads:
            assert sum(threads.map(enqueue, range(6), timeout=self.patience)) == 1
        assert len(self.ask(db, lambda tx: tx.jobs("q", None, None, 10))) == 1

    def test_a_reader_of_events_misses_none_while_six_append(self, db: Store) -> None:
        start = threading.Barrier(7)
        done = threading.Event()

        def append(worker: int) -> None:
            start.wait(self.patience)
            for turn in range(15):
                body = b"%d-%02d" % (worker, turn)
                self.twice(db, lambda tx: tx.append("s", [body]))

        def follow() -> list[bytes]:
            seen: list[bytes] = []
            mark = None
            start.wait(self.patience)
            while True:
                last = done.is_set()
                events = self.ask(db, lambda tx: tx.read("s", mark, 1000))
                seen += [event.body for event in events]
                mark = events[-1].cursor if events else mark
                if last:
                    return seen

        with self.workers(7) as threads:
            following = threads.submit(follow)
            try:
                list(threads.map(append, range(6), timeout=3 * self.patience))
            finally:
                done.set()
            seen = following.result(self.patience)
        assert len(seen) == 90
        assert len(set(seen)) == 90
        for worker in range(6):
            mine = [body for body in seen if body.startswith(b"%d-" % worker)]
            assert mine == sorted(mine)

    def test_two_threads_may_run_at_once_in_their_own_transactions(self, db: Store) -> None:
        inside = threading.Barrier(2)

        def read(_: Tx) -> int:
            return inside.wait(self.patience)

        with self.workers(2) as threads:
            places = threads.map(
                lambda _: db.run(read, write=False), range(2), timeout=self.patience
            )
            assert sorted(places) == [0, 1]

    def test_writers_of_two_stores_exclude_one_another(
        self, db: Store, other: Callable[[], Store]
    ) -> None:
        stores = [db, other()]
        self.put(db, note("counter"))
        keys = [f"k{number:03d}" for number in range(100)]
        self.twice(db, lambda tx: tx.enqueue("q", [NewJob(key) for key in keys]))
        start = threading.Barrier(4)

        def increment(tx: Tx) -> None:
            (row,) = tx.get("note", ["counter"])
            tx.put("note", [note("counter", row.version, rank=row.keys["rank"] + 1)])

        def work(worker: int) -> list[str]:
            store = stores[worker % 2]
            done: list[str] = []
            start.wait(self.patience)
            for _ in range(10):
                again(lambda: store.run(increment, write=True))
                jobs = store.run(lambda tx: tx.claim("q", 5, _LEASE, "worker"), write=True)
                done += [job.key for job in jobs]
            return done

        with self.workers(4) as threads:
            done = [
                k for keys in threads.map(work, range(4), timeout=3 * self.patience) for k in keys
            ]
        assert sorted(done) == keys
        assert self.row(stores[1], "counter") == note("counter", 41, rank=40)


def again(attempt: Callable[[], object]) -> None:
    """Do what a caller does about a version that another writer took: try anew."""
    for _ in range(1000):
        try:
            attempt()
        except Conflict:
            continue
        return
    raise AssertionError("a thousand attempts met a thousand conflicts")
