"""Cases of several processes on one place, and of a process that was forked."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.storage import Done, NewJob
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import KINDS, StoreCases, note

__all__ = ["ProcessCases"]

_EACH = 25
_MINUTE = timedelta(minutes=1)


class ProcessCases(StoreCases):
    """Several processes: for stores whose `capabilities.processes` is true."""

    @pytest.fixture
    def child(self, db: Store) -> Callable[[Callable[[], None]], Callable[[], int]]:
        """Give what runs a body in a forked process, and then waits for its exit code."""
        if not db.capabilities.processes:
            pytest.skip("capabilities.processes is false")
        if not hasattr(os, "fork"):
            pytest.skip("this system cannot fork")
        return _fork

    def test_two_processes_on_one_place(
        self,
        db: Store,
        reopen: Callable[[], Store] | None,
        child: Callable[[Callable[[], None]], Callable[[], int]],
    ) -> None:
        if reopen is None:
            pytest.fail("a persistent store needs the fixture `reopen` as well")
        self.put(db, note("a"))

        def body() -> None:
            own = reopen()
            own.open(KINDS)
            _count(own)

        ends = [child(body), child(body)]
        assert [end() for end in ends] == [0, 0]
        _check(self, db, 2)

    def test_a_forked_process_opens_connections_of_its_own(
        self, db: Store, child: Callable[[Callable[[], None]], Callable[[], int]]
    ) -> None:
        self.put(db, note("a"))
        end = child(lambda: _count(db))
        _count(db)
        assert end() == 0
        # The child's end must not have closed what is the parent's.
        _check(self, db, 2)


def _fork(body: Callable[[], None]) -> Callable[[], int]:
    with warnings.catch_warnings():
        # Of threads that hold locks; none is at work here.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        return lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        body()
        code = 0
    except BaseException:  # noqa: BLE001 - the parent sees the code, a reader the trace
        traceback.print_exc()
    finally:
        # Without the parent's finalizers, which would end what is the parent's.
        os._exit(code)


def _count(store: Store) -> None:
    """Count one row up, each time with an event and a job; then do jobs."""

    def step(tx: Tx) -> None:
        row = tx.get("note", ["a"])[0]
        rank = row.keys["rank"] + 1
        tx.put("note", [attrs.evolve(row, keys={**row.keys, "rank": rank})])
        tx.append("s", [str(rank).encode()])
        tx.enqueue("q", [NewJob(f"job-{rank}")])

    def work(tx: Tx) -> None:
        jobs = tx.claim("q", 5, _MINUTE, f"process-{os.getpid()}")
        tx.append("done", [job.key.encode() for job in jobs])
        assert all(tx.settle([(job, Done()) for job in jobs]))

    for _ in range(_EACH):
        while True:
            try:
                store.run(step, write=True)
            except Conflict:
                continue
            break
        store.run(work, write=True)


def _check(cases: ProcessCases, db: Store, processes: int) -> None:
    total = processes * _EACH
    row = cases.row(db, "a")
    assert row is not None
    assert row.keys["rank"] == total
    bodies = [e.body for e in cases.ask(db, lambda tx: tx.read("s", None, 1000))]
    assert bodies == [str(rank).encode() for rank in range(1, total + 1)]
    while cases.twice(db, _rest):
        pass
    done = [e.body for e in cases.ask(db, lambda tx: tx.read("done", None, 1000))]
    assert sorted(done) == sorted(f"job-{rank}".encode() for rank in range(1, total + 1))


def _rest(tx: Tx) -> int:
    jobs = tx.claim("q", 1000, _MINUTE, "parent")
    tx.append("done", [job.key.encode() for job in jobs])
    tx.settle([(job, Done()) for job in jobs])
    return len(jobs)
