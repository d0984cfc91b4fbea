"""Cases of a transactional search engine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import pytest

from tianfu_sdk.errors import StorageBusy, StorageError
from tianfu_sdk.model.search import SearchDoc
from tianfu_sdk.ports.search import TransactionalSearch
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import StoreCases, note
from tianfu_sdk.testing.cases.ranking import ALL, WORDS, doc
from tianfu_sdk.testing.cases.windows import WindowCases

__all__ = ["SearchCases", "patiently"]

T = TypeVar("T")
_PATIENCE = 20


class SearchCases(WindowCases, StoreCases):
    """What is indexed is found inside the transaction."""

    @pytest.fixture(autouse=True)
    def _searches(self, db: Store) -> None:
        if not db.capabilities.search:
            pytest.skip("capabilities.search is false")

    def within(self, tx: Tx) -> TransactionalSearch:
        """Give the engine of a transaction."""
        assert tx.search is not None
        return tx.search

    def change(self, db: Any, fn: Callable[[Any], T]) -> T:
        """Change the index, as every write of the suite."""
        return self.twice(db, lambda tx: fn(self.within(tx)))

    def look(self, db: Any, fn: Callable[[Any], T]) -> T:
        """Ask the engine in a read."""
        return self.ask(db, lambda tx: fn(self.within(tx)))

    def test_the_spread_is_what_scores_are_made_of(self, db: Store) -> None:
        nothing = self.look(db, lambda search: search.spread(["apple"]))
        assert (nothing.docs, nothing.average) == (0, 0)
        docs = self.many(30)
        self.index(db, *docs)
        found = self.look(db, lambda search: search.spread([*WORDS, "none"]))
        texts = [one.text.split() for one in docs]
        assert found.docs == 30
        assert found.average == pytest.approx(sum(map(len, texts)) / 30)
        expected = {word: sum(word in text for text in texts) for word in WORDS}
        held = {word: number for word, number in found.frequencies.items() if number}
        assert held == {word: number for word, number in expected.items() if number}

    def test_the_index_is_part_of_the_transaction(self, db: Store) -> None:
        self.index(db, doc("a", "apple"))

        def body(tx: Tx) -> None:
            search = self.within(tx)
            search.index([doc("b", "apple"), doc("a", "banana")])
            tx.put("note", [note("b")])
            assert [hit.id for hit in search.query(["apple"], ALL, 10)] == ["b"]
            search.remove(["b"])
            assert search.query(["apple"], ALL, 10) == []
            search.rebuild([doc("c", "cherry")])
            assert search.size() == 1
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            db.run(body, write=True)
        assert self.ids(db, "apple") == ["a"]
        assert self.ids(db, "banana cherry") == []
        assert self.look(db, lambda search: search.size()) == 1
        assert self.find(db) == []

    def test_a_read_refuses_to_write(self, db: Store) -> None:
        verbs: list[Callable[[TransactionalSearch], object]] = [
            lambda search: search.index([doc("a", "apple")]),
            lambda search: search.remove(["a"]),
            lambda search: search.rebuild([doc("a", "apple")]),
        ]
        for verb in verbs:
            with pytest.raises(StorageError) as caught:
                self.look(db, verb)
            assert caught.value.code == "storage.read_only_tx"

    def test_an_engine_is_dead_when_run_is_over(self, db: Store) -> None:
        kept = db.run(self.within, write=True)
        verbs: list[Callable[[], object]] = [
            lambda: kept.index([doc("a", "apple")]),
            lambda: kept.remove(["a"]),
            lambda: kept.rebuild([doc("a", "apple")]),
            lambda: kept.query(["apple"], ALL, 10),
            kept.size,
            kept.analyzer_version,
        ]
        for verb in verbs:
            with pytest.raises(StorageError) as caught:
                verb()
            assert caught.value.code == "storage.tx_over"

    def test_a_read_sees_one_snapshot_of_the_index(self, db: Store) -> None:
        self.index(db, doc("a", "apple"), doc("b", "apple fig"))
        looked, written = threading.Event(), threading.Event()

        def look(tx: Tx) -> tuple[object, ...]:
            search = self.within(tx)
            return search.size(), search.query(["apple", "fig"], ALL, 10)

        def reader(tx: Tx) -> tuple[object, object]:
            before = look(tx)
            looked.set()
            assert written.wait(self.patience)
            return before, look(tx)

        def change(tx: Tx) -> None:
            self.within(tx).index([doc("a", "fig"), doc("c", "apple")])
            self.within(tx).remove(["b"])

        with self.workers(2) as threads:
            try:
                reading = threads.submit(db.run, reader, write=False)
                assert looked.wait(self.patience)
                threads.submit(self.twice, db, change).result(self.patience)
            finally:
                written.set()
            before, after = reading.result(self.patience)
        assert after == before
        assert self.ids(db, "apple") == ["c"]

    def test_writers_side_by_side(self, db: Store) -> None:
        docs = self.many(24)
        first = docs[0]

        def write(place: int) -> None:
            gone = doc(f"gone{place}", "apple hazel")
            for one in docs[1 + place :: 4]:
                patiently(db, partial(self._index, docs=[one, first]))
                patiently(db, partial(self._index, docs=[gone]))
                patiently(db, partial(self._remove, ids=[gone.id]))

        with self.workers(4) as threads:
            list(threads.map(write, range(4)))
        assert self.look(db, lambda search: search.size()) == len(docs)
        for tokens in (["apple", "hazel"], WORDS):
            expected = self.expected(docs, tokens)
            hits = self.hits(db, " ".join(tokens))
            assert {hit.id: hit.score for hit in hits} == pytest.approx(
                {doc_id: sum(parts.values()) for doc_id, parts in expected.items()}, rel=1e-6
            )

    def _index(self, tx: Tx, docs: Sequence[SearchDoc]) -> None:
        self.within(tx).index(docs)

    def _remove(self, tx: Tx, ids: Sequence[str]) -> None:
        self.within(tx).remove(ids)


def patiently(store: Store, body: Callable[[Tx], None]) -> None:
    """Write as whoever is told that others were quicker, and tries again."""
    for _ in range(_PATIENCE):
        with contextlib.suppress(StorageBusy):
            return store.run(body, write=True)
    return store.run(body, write=True)
