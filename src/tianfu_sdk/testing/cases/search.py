"""Cases of a transactional search engine."""

from __future__ import annotations

import math
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import pytest

from tianfu_sdk.core.ranking import bm25, idf
from tianfu_sdk.errors import Invalid, StorageError
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.ports.search import TransactionalSearch
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import StoreCases, note

__all__ = ["SearchCases"]

T = TypeVar("T")
_ALL = SearchFilter()
_WORDS = ["apple", "banana", "cherry", "damson", "elder", "fig", "grape", "hazel"]


def doc(
    doc_id: str, text: str, kind: str = "res", language: str = "zh", tags: str = ""
) -> SearchDoc:
    """Make a document; its tags are given with blanks between them."""
    return SearchDoc(
        id=doc_id, kind=kind, language=language, text=text, tags=frozenset(tags.split())
    )


class SearchCases(StoreCases):
    """What is indexed is found, ranked by BM25, inside the transaction."""

    @pytest.fixture(autouse=True)
    def _searches(self, db: Store) -> None:
        if not db.capabilities.search:
            pytest.skip("capabilities.search is false")

    def within(self, tx: Tx) -> TransactionalSearch:
        """Give the engine of a transaction."""
        assert tx.search is not None
        return tx.search

    def index(self, store: Store, *docs: SearchDoc) -> None:
        """Index documents, as every write of the suite."""
        self.twice(store, lambda tx: self.within(tx).index(docs))

    def look(self, store: Store, fn: Callable[[TransactionalSearch], T]) -> T:
        """Ask the engine in a read."""
        return self.ask(store, lambda tx: fn(self.within(tx)))

    def hits(
        self, store: Store, tokens: str, only: SearchFilter = _ALL, limit: int = 200
    ) -> list[Hit]:
        """Query tokens, given with blanks between them."""
        return self.look(store, lambda search: search.query(tokens.split(), only, limit))

    def ids(
        self, store: Store, tokens: str, only: SearchFilter = _ALL, limit: int = 200
    ) -> list[str]:
        """Query and give the ids."""
        return [hit.id for hit in self.hits(store, tokens, only, limit)]

    def test_an_empty_index_finds_nothing(self, db: Store) -> None:
        assert self.hits(db, "apple") == []
        assert self.look(db, lambda search: search.size()) == 0
        assert self.look(db, lambda search: search.analyzer_version()) is None

    def test_nothing_in_nothing_out(self, db: Store) -> None:
        self.index(db)
        self.twice(db, lambda tx: self.within(tx).remove([]))
        assert self.look(db, lambda search: search.size()) == 0
        self.index(db, doc("a", "apple"))
        assert self.hits(db, "") == []

    def test_what_is_indexed_is_found(self, db: Store) -> None:
        self.index(db, doc("a", "apple banana"), doc("b", "banana cherry"), doc("c", "damson"))
        assert self.ids(db, "apple") == ["a"]
        assert sorted(self.ids(db, "banana")) == ["a", "b"]
        assert sorted(self.ids(db, "apple damson")) == ["a", "c"]
        assert self.ids(db, "grape") == []
        assert self.look(db, lambda search: search.size()) == 3

    def test_scripts_of_the_region_are_found(self, db: Store) -> None:
        from tianfu_sdk.text import folded_tokens

        texts = {
            "han": "脑卒中怎么预防",
            "bo": "བོད་སྐད་ཡིག",
            "ii": "ꆈꌠꉙ",
            "mixed": "高血压 apple 2026",
        }
        self.index(db, *(doc(doc_id, text) for doc_id, text in texts.items()))
        for doc_id, text in texts.items():
            tokens = list(dict.fromkeys(folded_tokens(text)))
            assert tokens
            for token in tokens:
                found = self.look(db, lambda search: search.query([token], _ALL, 10))
                assert doc_id in [hit.id for hit in found], token

    def test_a_document_without_tokens_counts_but_is_never_found(self, db: Store) -> None:
        self.index(db, doc("a", "apple"), doc("b", ""))
        assert self.look(db, lambda search: search.size()) == 2
        assert self.ids(db, "apple") == ["a"]

    def test_scores_are_those_of_bm25(self, db: Store) -> None:
        docs = self.many(60)
        self.index(db, *docs)
        for tokens in (["apple"], ["hazel"], ["apple", "fig"], [*_WORDS, "none"]):
            hits = self.look(db, lambda search: search.query(tokens, _ALL, 200))
            expected = self.expected(docs, tokens)
            assert {hit.id for hit in hits} == expected.keys()
            for hit in hits:
                assert hit.contributions == pytest.approx(expected[hit.id], rel=1e-6)
                assert hit.score == pytest.approx(sum(expected[hit.id].values()), rel=1e-6)
                assert hit.score == pytest.approx(math.fsum(hit.contributions.values()), rel=1e-9)
                assert hit.score > 0
            assert [hit.score for hit in hits] == sorted((h.score for h in hits), reverse=True)

    def test_the_spread_is_what_scores_are_made_of(self, db: Store) -> None:
        nothing = self.look(db, lambda search: search.spread(["apple"]))
        assert (nothing.docs, nothing.average) == (0, 0)
        docs = self.many(30)
        self.index(db, *docs)
        found = self.look(db, lambda search: search.spread([*_WORDS, "none"]))
        texts = [one.text.split() for one in docs]
        assert found.docs == 30
        assert found.average == pytest.approx(sum(map(len, texts)) / 30)
        expected = {word: sum(word in text for text in texts) for word in _WORDS}
        held = {word: number for word, number in found.frequencies.items() if number}
        assert held == {word: number for word, number in expected.items() if number}

    def test_rarer_shorter_and_oftener_count_more(self, db: Store) -> None:
        self.index(
            db,
            *(doc(f"f{number}", "apple filler") for number in range(8)),
            doc("rare", "banana filler"),
        )
        assert self.ids(db, "apple banana")[0] == "rare"
        self.index(db, doc("short", "cherry"), doc("long", "cherry fig fig fig fig fig"))
        assert self.ids(db, "cherry") == ["short", "long"]
        self.index(db, doc("often", "grape grape hazel"), doc("once", "grape elder hazel"))
        assert self.ids(db, "grape") == ["often", "once"]

    def test_a_token_that_all_have_still_counts(self, db: Store) -> None:
        self.index(db, doc("a", "apple"), doc("b", "apple apple"))
        assert {hit.id: hit.score > 0 for hit in self.hits(db, "apple")} == {"a": True, "b": True}

    def test_ties_go_by_id(self, db: Store) -> None:
        ids = ["r05", "r01", "R09", "r04", "r02", "r03", "ꆈ", "\uffff", "\U00010000"]
        for doc_id in ids:
            self.index(db, doc(doc_id, "apple banana"))
        self.index(db, doc("r05", "apple banana"))
        assert self.ids(db, "banana apple") == sorted(ids)
        assert self.ids(db, "apple", limit=4) == sorted(ids)[:4]

    def test_limit(self, db: Store) -> None:
        self.index(db, *(doc(f"r{number:03d}", "apple") for number in range(201)))
        assert self.ids(db, "apple", limit=1) == ["r000"]
        assert len(self.ids(db, "apple", limit=200)) == 200
        for limit in (0, -1, 201):
            with pytest.raises(Invalid):
                self.ids(db, "apple", limit=limit)

    @pytest.mark.parametrize("size", [1, 7, 50])
    def test_pages_together_are_the_whole(self, db: Store, size: int) -> None:
        # Many documents of each text: most places are ties.
        self.index(db, *(doc(f"t{number:02d}", "apple fig") for number in range(30, 0, -1)))
        self.index(db, *self.many(40))
        for only in (_ALL, SearchFilter(kinds=frozenset(["res"]))):
            whole = self.hits(db, "apple fig hazel", only)
            assert len(whole) > 40
            got, after = list[Hit](), None
            while page := self.look(
                db,
                lambda search, o=only, a=after: search.query(  # type: ignore[misc]
                    ["apple", "fig", "hazel"], o, size, a
                ),
            ):
                assert len(page) <= size
                got += page
                after = Hit(page[-1].id, page[-1].score)
            assert got == whole

    def test_pages_reach_five_hundred(self, db: Store) -> None:
        self.index(db, *(doc(f"r{number:03d}", "apple") for number in range(520)))
        first = self.hits(db, "apple")
        second = self.look(db, lambda search: search.query(["apple"], _ALL, 200, first[-1]))
        third = self.look(db, lambda search: search.query(["apple"], _ALL, 100, second[-1]))
        ids = [hit.id for hit in (*first, *second, *third)]
        assert ids == [f"r{number:03d}" for number in range(500)]

    def test_a_place_need_not_be_a_document(self, db: Store) -> None:
        self.index(db, doc("a", "apple"), doc("c", "apple"))
        a, c = self.hits(db, "apple")
        look = partial(self.look, db)
        assert look(lambda search: search.query(["apple"], _ALL, 9, Hit("b", a.score))) == [c]
        assert look(lambda search: search.query(["apple"], _ALL, 9, Hit("d", a.score))) == []
        assert look(lambda search: search.query(["apple"], _ALL, 9, Hit("", a.score * 2))) == [a, c]
        assert look(lambda search: search.query(["apple"], _ALL, 9, Hit("", 0.0))) == []

    @pytest.mark.parametrize(
        ("kinds", "languages", "tags", "expected"),
        [
            ("", "", "", "abcdef"),
            ("res", "", "", "abcd"),
            ("res act", "", "", "abcdef"),
            ("none", "", "", ""),
            ("", "bo", "", "cf"),
            ("", "", "in:510000", "ae"),
            ("", "", "in:510000 topic:x", "abe"),
            ("", "", "in:51000", ""),
            ("res", "zh", "topic:x topic:y", "b"),
        ],
    )
    def test_filters(self, db: Store, kinds: str, languages: str, tags: str, expected: str) -> None:
        self.index(
            db,
            doc("a", "apple", tags="in:510000 in:510100"),
            doc("b", "apple", tags="topic:x topic:y"),
            doc("c", "apple", language="bo", tags="topic:y"),
            doc("d", "apple"),
            doc("e", "apple", kind="act", tags="in:510000"),
            doc("f", "apple", kind="act", language="bo"),
            doc("g", "banana", tags="in:510000 topic:x"),
        )
        only = SearchFilter(
            kinds=frozenset(kinds.split()),
            languages=frozenset(languages.split()),
            tags=frozenset(tags.split()),
        )
        assert "".join(self.ids(db, "apple", only)) == expected

    def test_filters_leave_scores_as_they_are(self, db: Store) -> None:
        self.index(db, *self.many(40))
        everything = {hit.id: hit.score for hit in self.hits(db, "apple fig hazel")}
        only = SearchFilter(kinds=frozenset(["act"]), tags=frozenset(["even"]))
        some = {hit.id: hit.score for hit in self.hits(db, "apple fig hazel", only)}
        assert 0 < len(some) < len(everything)
        assert some == pytest.approx({doc_id: everything[doc_id] for doc_id in some})

    def test_a_limit_counts_what_the_filter_lets_through(self, db: Store) -> None:
        self.index(db, *(doc(f"a{number}", "apple apple") for number in range(20)))
        self.index(db, doc("z", "apple", language="bo"))
        assert self.ids(db, "apple", SearchFilter(languages=frozenset(["bo"])), limit=1) == ["z"]

    def test_replacing_takes_the_old_document_away(self, db: Store) -> None:
        docs = self.many(20)
        self.index(db, *docs, doc("a", "apple apple fig fig fig", tags="old"))
        self.index(db, doc("a", "banana", kind="act", language="bo", tags="new"))
        assert self.look(db, lambda search: search.size()) == 21
        assert "a" not in self.ids(db, "fig")
        assert "a" in self.ids(db, "banana", SearchFilter(tags=frozenset(["new"])))
        assert self.ids(db, "banana", SearchFilter(tags=frozenset(["old"]))) == []
        now = [*docs, doc("a", "banana")]
        assert {h.id: h.score for h in self.hits(db, "apple banana fig")} == pytest.approx(
            {k: sum(v.values()) for k, v in self.expected(now, ["apple", "banana", "fig"]).items()},
            rel=1e-6,
        )

    def test_a_document_given_twice_at_once_is_there_once(self, db: Store) -> None:
        self.index(db, doc("a", "apple"), doc("a", "banana"))
        assert self.look(db, lambda search: search.size()) == 1
        assert self.ids(db, "apple banana") == ["a"]
        assert self.ids(db, "apple") == []

    def test_removing(self, db: Store) -> None:
        docs = self.many(20)
        self.index(db, *docs, doc("a", "apple fig"), doc("b", "fig"))
        self.twice(db, lambda tx: self.within(tx).remove(["a", "none", "b", "b"]))
        assert self.look(db, lambda search: search.size()) == 20
        assert not {"a", "b"} & set(self.ids(db, "apple fig"))
        assert {h.id: h.score for h in self.hits(db, "apple fig")} == pytest.approx(
            {k: sum(v.values()) for k, v in self.expected(docs, ["apple", "fig"]).items()},
            rel=1e-6,
        )
        self.twice(db, lambda tx: self.within(tx).remove([d.id for d in docs]))
        assert self.look(db, lambda search: search.size()) == 0
        assert self.look(db, lambda search: search.analyzer_version()) is None
        assert self.hits(db, "apple") == []

    def test_rebuilding(self, db: Store) -> None:
        docs = self.many(30)
        self.index(db, *docs)
        before = self.hits(db, "apple fig hazel")
        self.index(db, doc("old", "apple"))
        number = self.twice(db, lambda tx: self.within(tx).rebuild(iter(docs)))
        assert number == 30
        assert [h.id for h in self.hits(db, "apple fig hazel")] == [h.id for h in before]
        assert {h.id: h.score for h in self.hits(db, "apple fig hazel")} == pytest.approx(
            {h.id: h.score for h in before}
        )
        assert self.twice(db, lambda tx: self.within(tx).rebuild([])) == 0
        assert self.look(db, lambda search: search.size()) == 0
        assert self.hits(db, "apple") == []

    def test_analyzer_version(self, db: Store) -> None:
        from tianfu_sdk.text import ANALYZER_VERSION

        self.index(db, doc("a", "apple"))
        assert self.look(db, lambda search: search.analyzer_version()) == ANALYZER_VERSION
        self.twice(db, lambda tx: self.within(tx).rebuild([doc("b", "fig")]))
        assert self.look(db, lambda search: search.analyzer_version()) == ANALYZER_VERSION

    # Inside the transaction.

    def test_the_index_is_part_of_the_transaction(self, db: Store) -> None:
        self.index(db, doc("a", "apple"))

        def body(tx: Tx) -> None:
            search = self.within(tx)
            search.index([doc("b", "apple"), doc("a", "banana")])
            tx.put("note", [note("b")])
            assert [hit.id for hit in search.query(["apple"], _ALL, 10)] == ["b"]
            search.remove(["b"])
            assert search.query(["apple"], _ALL, 10) == []
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
            lambda: kept.query(["apple"], _ALL, 10),
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
            return search.size(), search.query(["apple", "fig"], _ALL, 10)

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
                db.run(partial(self._index, docs=[one, first]), write=True)
                db.run(partial(self._index, docs=[gone]), write=True)
                db.run(partial(self._remove, ids=[gone.id]), write=True)

        with self.workers(4) as threads:
            list(threads.map(write, range(4)))
        assert self.look(db, lambda search: search.size()) == len(docs)
        for tokens in (["apple", "hazel"], _WORDS):
            expected = self.expected(docs, tokens)
            hits = self.hits(db, " ".join(tokens))
            assert {hit.id: hit.score for hit in hits} == pytest.approx(
                {doc_id: sum(parts.values()) for doc_id, parts in expected.items()}, rel=1e-6
            )

    def _index(self, tx: Tx, docs: Sequence[SearchDoc]) -> None:
        self.within(tx).index(docs)

    def _remove(self, tx: Tx, ids: Sequence[str]) -> None:
        self.within(tx).remove(ids)

    def test_what_looks_like_a_query_is_a_token(self, db: Store) -> None:
        self.index(db, doc("a", "apple"), doc("b", "banana"))
        for token in ('"', "'", "\\", "{apple}", "apple,banana", "%", "NULL", "apple*", "NOT b"):
            assert self.found(db, [token], _ALL) == [], token
            assert self.found(db, [token, "apple"], _ALL) == ["a"], token
            only = SearchFilter(kinds=frozenset([token]), tags=frozenset([token, "x"]))
            assert self.found(db, ["apple"], only) == []

    def found(self, store: Store, tokens: Sequence[str], only: SearchFilter) -> list[str]:
        """Query tokens as they stand, and give the ids."""
        hits = self.look(store, lambda search: search.query(tokens, only, 200))
        return [hit.id for hit in hits]

    def many(self, number: int) -> list[SearchDoc]:
        """Make documents of mixed words and lengths, the same each time."""
        chance = random.Random(5)
        return [
            doc(
                f"m{place:03d}",
                " ".join(chance.choices(_WORDS, [8, 7, 6, 5, 4, 3, 2, 1], k=chance.randint(1, 30))),
                kind="act" if place % 3 else "res",
                tags="odd" if place % 2 else "even",
            )
            for place in range(number)
        ]

    def expected(
        self, docs: Sequence[SearchDoc], tokens: Sequence[str]
    ) -> dict[str, dict[str, float]]:
        """Give the contributions by id, worked out the long way."""
        from tianfu_sdk.text import folded_tokens

        counts = {d.id: Counter(folded_tokens(d.text)) for d in docs}
        average = sum(c.total() for c in counts.values()) / len(counts)
        weights = {t: idf(len(counts), sum(t in c for c in counts.values())) for t in tokens}
        shares = {
            doc_id: {t: bm25(c[t], weights[t], c.total(), average) for t in tokens if t in c}
            for doc_id, c in counts.items()
        }
        return {doc_id: by_token for doc_id, by_token in shares.items() if by_token}
