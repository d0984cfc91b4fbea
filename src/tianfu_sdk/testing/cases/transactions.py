"""Cases of `open`, `run`, `check` and `close`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
import pytest

from tianfu_sdk.errors import Conflict, StorageError
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.model.storage import (
    Done,
    Key,
    Kind,
    NewJob,
    Query,
    StorageCapabilities,
    Where,
)
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import KINDS, NOTE, Passing, StoreCases, note

__all__ = ["TransactionCases"]

_LEASE = timedelta(minutes=5)
_READS: dict[str, Callable[[Tx], object]] = {
    "get": lambda tx: tx.get("note", ["a"]),
    "columns": lambda tx: tx.columns("note", ["a"], ()),
    "find": lambda tx: tx.find("note", Query()),
    "count": lambda tx: tx.count("note", Query()),
    "read": lambda tx: tx.read("s", None, 10),
    "last": lambda tx: tx.last("s"),
    "now": lambda tx: tx.now(),
    "jobs": lambda tx: tx.jobs("q", None, None, 10),
    "streams": lambda tx: tx.streams(),
    "queues": lambda tx: tx.queues(),
    "holds": lambda tx: tx.holds("q"),
}
_WRITES: dict[str, Callable[[Tx], object]] = {
    "put": lambda tx: tx.put("note", [note("b")]),
    "delete": lambda tx: tx.delete("note", [("a", 1)]),
    "append": lambda tx: tx.append("s", [b"x"]),
    "enqueue": lambda tx: tx.enqueue("q", [NewJob("b")]),
    "claim": lambda tx: tx.claim("q", 1, _LEASE, "worker"),
    "release": lambda tx: tx.release("q", [1]),
    "hold": lambda tx: tx.hold("q", "g"),
    "unhold": lambda tx: tx.unhold("q", "g"),
    "drop": lambda tx: tx.drop("q", "g"),
    "load": lambda tx: tx.load("note", [note("b", 1)]),
    "load_jobs": lambda tx: tx.load_jobs("q", []),
}


class TransactionCases(StoreCases):
    """All or nothing, and what a transaction may not do."""

    def fill(self, store: Store) -> None:
        """Write one of everything."""

        def body(tx: Tx) -> None:
            tx.put("note", [note("a")])
            tx.append("s", [b"event"])
            tx.enqueue("q", [NewJob("a")])

        self.twice(store, body)

    def everything(self, store: Store) -> tuple[object, ...]:
        """Read all that `fill` and the cases touch."""
        # But for the moment, which a server's clock gives and no case can hold still.
        verbs = [verb for name, verb in _READS.items() if name != "now"]
        return self.ask(store, lambda tx: tuple(verb(tx) for verb in verbs))

    # run

    def test_run_gives_what_the_body_gives(self, db: Store) -> None:
        token = object()
        assert db.run(lambda _: token, write=True) is token
        assert db.run(lambda _: token, write=False) is token
        assert db.run(lambda _: None, write=True) is None

    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, StorageError])
    def test_any_exception_rolls_back_everything_and_goes_on(
        self, db: Store, error: type[BaseException]
    ) -> None:
        self.fill(db)
        before = self.everything(db)
        raised = error("storage.test")

        def body(tx: Tx) -> None:
            tx.put("note", [note("a", 1, name="lost", tags=frozenset("x")), note("b")])
            tx.append("s", [b"lost"])
            tx.append("new", [b"lost"])
            assert tx.enqueue("q", [NewJob("b")]) == 1
            (job, _) = tx.claim("q", 2, _LEASE, "worker")
            assert tx.settle([(job, Done())]) == [True]
            tx.hold("q", "g")
            tx.delete("note", [("b", 1)])
            raise raised

        with pytest.raises(error) as caught:
            db.run(body, write=True)
        assert caught.value is raised
        assert self.everything(db) == before
        assert self.find(db, where=(Where("tags", "has", "x"),)) == []
        assert self.ask(db, lambda tx: tx.last("new")) is None
        assert self.twice(db, lambda tx: tx.enqueue("q", [NewJob("b", group="g")])) == 1
        claimed = self.twice(db, lambda tx: tx.claim("q", 9, _LEASE, "worker"))
        assert [(job.key, job.attempts) for job in claimed] == [("a", 1), ("b", 1)]

    def test_the_store_works_on_after_an_exception(self, db: Store) -> None:
        for write in (True, False):
            with pytest.raises(ZeroDivisionError):
                db.run(lambda _: 1 // 0, write=write)
        self.put(db, note("a"))
        assert self.find(db) == ["a"]

    def test_a_body_that_runs_twice_has_one_effect(self, db: Store) -> None:
        runs = []

        def body(tx: Tx) -> int:
            runs.append(tx)
            tx.put("note", [note("a")])
            tx.append("s", [b"x"])
            return tx.enqueue("q", [NewJob("k")])

        assert self.twice(db, body) == 1
        assert len(runs) >= 2
        assert self.row(db, "a") == note("a", 1)
        assert len(self.ask(db, lambda tx: tx.read("s", None, 10))) == 1
        assert len(self.ask(db, lambda tx: tx.jobs("q", None, None, 10))) == 1

    def test_a_transaction_sees_its_own_writes(self, db: Store) -> None:
        self.put(db, note("a", rank=1), note("b", rank=2), note("c", rank=3))

        def body(tx: Tx) -> None:
            tx.put("note", [note("a", 1, rank=9, tags=frozenset("x")), note("d", rank=2)])
            tx.delete("note", [("c", 1)])
            assert {row.id: row.version for row in tx.get("note", list("abcd"))} == {
                "a": 2,
                "b": 1,
                "d": 1,
            }
            assert [row.id for row in tx.find("note", Query(order="rank"))] == ["b", "d", "a"]
            assert tx.count("note", Query(where=(Where("rank", "=", 2),))) == 2
            assert tx.count("note", Query(where=(Where("tags", "has", "x"),))) == 1

        self.twice(db, body)
        assert self.find(db, order="rank") == ["b", "d", "a"]

    @pytest.mark.parametrize("verb", list(_WRITES))
    def test_a_read_refuses_to_write(self, db: Store, verb: str) -> None:
        self.fill(db)
        before = self.everything(db)
        with pytest.raises(StorageError) as caught:
            self.ask(db, _WRITES[verb])
        assert caught.value.code == "storage.read_only_tx"
        assert self.everything(db) == before

    def test_a_read_refuses_to_settle_and_purge(self, db: Store) -> None:
        self.fill(db)
        jobs = self.twice(db, lambda tx: tx.claim("q", 1, _LEASE, "worker"))
        due = self.ask(db, lambda tx: tx.jobs("q", None, None, 1))[0].due
        for verb in (
            lambda tx: tx.settle([(jobs[0], Done())]),
            lambda tx: tx.purge("q", due, 10),
        ):
            with pytest.raises(StorageError) as caught:
                self.ask(db, verb)
            assert caught.value.code == "storage.read_only_tx"

    @pytest.mark.parametrize("verb", [*_READS, *_WRITES])
    @pytest.mark.parametrize("fails", [False, True], ids=["returned", "raised"])
    def test_a_transaction_is_dead_when_run_is_over(
        self,
        db: Store,
        verb: str,
        *,
        fails: bool,
    ) -> None:
        kept: list[Tx] = []

        def body(tx: Tx) -> None:
            kept.append(tx)
            if fails:
                raise ZeroDivisionError

        for write in (True, False):
            if fails:
                with pytest.raises(ZeroDivisionError):
                    db.run(body, write=write)
            else:
                db.run(body, write=write)
        self.fill(db)
        for tx in kept:
            with pytest.raises(StorageError) as caught:
                (_READS | _WRITES)[verb](tx)
            assert caught.value.code == "storage.tx_over"
        assert self.find(db) == ["a"]

    def test_the_moment_of_a_transaction_is_of_the_clock_by_which_jobs_are_due(
        self, db: Store, passing: Passing
    ) -> None:
        def now(tx: Tx) -> tuple[datetime, datetime]:
            first = tx.now()
            time.sleep(0.002)
            return first, tx.now()

        def claimed() -> list[str]:
            lease = 10 * passing.unit
            jobs = self.twice(db, lambda tx: tx.claim("q", 10, lease, "worker"))
            return [job.key for job in jobs]

        first, second = self.ask(db, now)
        assert first == second, "the moment moved inside a transaction"
        assert first.utcoffset() == timedelta(0)
        if not passing.own:
            assert first == passing.clock.now()
        due = first + 4 * passing.unit
        assert self.twice(db, lambda tx: tx.enqueue("q", [NewJob("k", due=due)])) == 1
        assert claimed() == []
        passing.go(5)
        assert self.ask(db, lambda tx: tx.now()) >= due
        assert claimed() == ["k"]

    @pytest.mark.parametrize("outer", [True, False])
    @pytest.mark.parametrize("inner", [True, False])
    def test_run_inside_run_is_refused(
        self,
        db: Store,
        *,
        outer: bool,
        inner: bool,
    ) -> None:
        def body(tx: Tx) -> list[object]:
            with pytest.raises(StorageError) as caught:
                db.run(lambda _: None, write=inner)
            assert caught.value.code == "storage.nested"
            if outer:
                tx.put("note", [note("a")])
            return list(tx.get("note", ["a"]))

        assert len(db.run(body, write=outer)) == int(outer)
        assert self.find(db) == ["a"] * int(outer)
        with pytest.raises(StorageError) as caught:
            db.run(lambda _: db.run(lambda _: None, write=inner), write=outer)
        assert caught.value.code == "storage.nested"
        assert db.run(lambda _: 7, write=inner) == 7

    # open, check, close

    def test_capabilities(self, db: Store) -> None:
        assert isinstance(db.capabilities, StorageCapabilities)
        assert db.capabilities.name
        searches = self.ask(db, lambda tx: tx.search is not None)
        assert searches is db.capabilities.search

    def test_opening_again_changes_nothing(self, db: Store) -> None:
        self.fill(db)
        before = self.everything(db)
        db.open(KINDS)
        assert self.everything(db) == before

    def test_opening_again_adds_kinds(self, db: Store) -> None:
        self.fill(db)
        before = self.everything(db)
        more = Kind("more", keys=(Key("name"), Key("tags", many=True)))
        db.open([*KINDS, more])
        assert self.everything(db) == before
        row = attrs.evolve(note("x"), keys={"name": "n", "tags": frozenset("t")})
        self.put(db, row, kind="more")
        assert self.find(db, "more", where=(Where("tags", "has", "t"),)) == ["x"]

    def test_a_sound_store_has_nothing_wrong(self, db: Store) -> None:
        assert db.check() == []
        self.fill(db)
        assert db.check() == []

    def test_close_may_be_called_again(self, db: Store) -> None:
        self.fill(db)
        db.close()
        db.close()

    def test_a_closed_store_refuses_to_run(self, db: Store) -> None:
        db.close()
        for write in (True, False):
            with pytest.raises(StorageError):
                db.run(lambda _: None, write=write)

    # Several stores on one place.

    def test_what_was_committed_outlives_the_store(
        self, db: Store, other: Callable[[], Store]
    ) -> None:
        self.fill(db)
        self.put(db, note("b", name="བོད", tags=frozenset(["ꆈ"]), digest=b"\0", weight=0.1))
        self.twice(db, lambda tx: tx.hold("q", "g"))
        if db.capabilities.search:
            doc = SearchDoc(id="d", kind="k", language="zh", text="apple")
            self.twice(db, lambda tx: tx.search.index([doc]) if tx.search else None)
        before = self.everything(db)
        mark = self.ask(db, lambda tx: tx.last("s"))
        db.close()
        again = other()
        assert self.everything(again) == before
        assert self.find(again, where=(Where("tags", "has", "ꆈ"),)) == ["b"]
        assert self.twice(again, lambda tx: tx.enqueue("q", [NewJob("a"), NewJob("b")])) == 1
        self.twice(again, lambda tx: tx.append("s", [b"later"]))
        events = self.ask(again, lambda tx: tx.read("s", mark, 10))
        assert [event.body for event in events] == [b"later"]
        self.twice(again, lambda tx: tx.enqueue("q", [NewJob("held", group="g")]))
        claimed = self.twice(again, lambda tx: tx.claim("q", 9, _LEASE, "worker"))
        assert [job.key for job in claimed] == ["a", "b"]
        if again.capabilities.search:
            found = self.ask(
                again, lambda tx: tx.search and tx.search.query(["apple"], SearchFilter(), 9)
            )
            assert [hit.id for hit in found or ()] == ["d"]

    def test_what_was_rolled_back_does_not(self, db: Store, other: Callable[[], Store]) -> None:
        def body(tx: Tx) -> None:
            tx.put("note", [note("a")])
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            db.run(body, write=True)
        db.close()
        assert self.find(other()) == []

    def test_two_stores_see_one_another(self, db: Store, other: Callable[[], Store]) -> None:
        second = other()
        self.put(db, note("a"))
        assert self.find(second) == ["a"]
        self.put(second, note("a", 1, rank=5))
        assert self.row(db, "a") == note("a", 2, rank=5)
        with pytest.raises(Conflict):
            self.put(db, note("a", 1))
        self.twice(second, lambda tx: tx.append("s", [b"x"]))
        assert len(self.ask(db, lambda tx: tx.read("s", None, 10))) == 1

    def test_two_stores_share_claims_and_tokens(
        self, db: Store, other: Callable[[], Store]
    ) -> None:
        second = other()
        self.twice(db, lambda tx: tx.enqueue("q", [NewJob("a"), NewJob("b")]))
        (one,) = self.twice(db, lambda tx: tx.claim("q", 1, _LEASE, "first"))
        (two,) = self.twice(second, lambda tx: tx.claim("q", 9, _LEASE, "second"))
        assert (one.key, two.key) == ("a", "b")
        assert one.token != two.token
        forged = attrs.evolve(one, token=two.token)
        assert self.twice(second, lambda tx: tx.settle([(forged, Done()), (two, Done())])) == [
            False,
            True,
        ]
        assert self.twice(second, lambda tx: tx.settle([(one, Done())])) == [True]

    def test_a_second_store_may_know_more_kinds(
        self, db: Store, other: Callable[[], Store]
    ) -> None:
        self.fill(db)
        second = other()
        second.open([NOTE, Kind("more", keys=(Key("name"),))])
        self.put(second, attrs.evolve(note("x"), keys={"name": "n"}), kind="more")
        assert self.find(second) == ["a"]
        assert self.find(db) == ["a"]
