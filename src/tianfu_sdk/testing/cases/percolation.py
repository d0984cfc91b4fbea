"""Cases of what is sought, found by documents that answer it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import attrs
import pytest

from tianfu_sdk.core.searching.percolation import (
    BEST_WORDS,
    best_words,
    counted_words,
    sought_words,
)
from tianfu_sdk.errors import Invalid, StorageError
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.search import SearchCases, patiently

__all__ = ["PercolationCases"]

_ALL = SearchFilter()
_WORDS = [f"word{number}" for number in range(90)]


def need(
    doc_id: str, text: str, kind: str = "need", language: str = "zh", tags: str = ""
) -> SearchDoc:
    """Make something sought; its tags are given with blanks between them."""
    return SearchDoc(
        id=doc_id,
        kind=kind,
        language=language,
        text=text,
        tags=frozenset(tags.split()),
        shown=False,
        sought=True,
    )


class PercolationCases(SearchCases):
    """What is sought is found by its answers, and by nothing else, inside the transaction."""

    def matched(
        self, store: Store, text: str, only: SearchFilter = _ALL, limit: int = 200
    ) -> list[Hit]:
        """Let a text ask."""
        return self.look(store, lambda search: search.percolate(text, only, limit))

    def sought_ids(
        self, store: Store, text: str, only: SearchFilter = _ALL, limit: int = 200
    ) -> list[str]:
        """Let a text ask, and give the ids."""
        return [hit.id for hit in self.matched(store, text, only, limit)]

    def needs(self, number: int) -> list[SearchDoc]:
        """Make needs of mixed words, the same each time."""
        chance = random.Random(7)
        return [
            need(f"n{place:03d}", " ".join(chance.sample(_WORDS, chance.randint(1, 6))))
            for place in range(number)
        ]

    def reckoned(self, needs: Sequence[SearchDoc], text: str) -> list[tuple[str, float]]:
        """Work out the answer the long way."""
        words = {one.id: sought_words(one.text) for one in needs}
        counts = counted_words(text)
        frequencies = {word: sum(word in has for has in words.values()) for word in counts}
        weights = dict(best_words(counts, len(words), frequencies))
        scores = {
            doc_id: round(sum(weights[word] for word in has & weights.keys()), 9)
            for doc_id, has in words.items()
            if has & weights.keys()
        }
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))

    def test_nothing_is_sought_in_the_beginning(self, db: Store) -> None:
        assert self.matched(db, "apple") == []
        assert self.look(db, lambda search: search.sought()) == 0

    def test_needs_are_for_documents_and_documents_for_questions(self, db: Store) -> None:
        both = SearchDoc(id="c", kind="need", language="zh", text="apple", sought=True)
        self.index(db, need("a", "apple"), both)
        self.index(db, SearchDoc(id="b", kind="res", language="zh", text="apple"))
        assert self.ids(db, "apple") == ["b", "c"]
        assert self.sought_ids(db, "apple") == ["a", "c"]
        assert self.look(db, lambda search: search.size()) == 2
        assert self.look(db, lambda search: search.sought()) == 2

    def test_needs_leave_the_scores_of_questions_as_they_are(self, db: Store) -> None:
        self.index(db, *self.many(20))
        before = self.hits(db, "apple fig")
        self.index(db, *(need(f"n{number}", "apple fig fig") for number in range(9)))
        assert self.hits(db, "apple fig") == before

    def test_scores_are_sums_of_the_best_words(self, db: Store) -> None:
        needs = self.needs(80)
        self.index(db, *needs)
        chance = random.Random(3)
        for number in (1, 5, len(_WORDS)):
            text = " ".join(chance.sample(_WORDS, number) * 2 + _WORDS[:3])
            assert number < len(_WORDS) or len(counted_words(text)) > BEST_WORDS
            hits = self.matched(db, text)
            expected = self.reckoned(needs, text)
            assert [hit.id for hit in hits] == [doc_id for doc_id, _ in expected]
            assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected])
            assert self.sought_ids(db, text, limit=3) == [doc_id for doc_id, _ in expected[:3]]

    def test_scripts_of_the_region_are_matched_by_words(self, db: Store) -> None:
        texts = {"han": "柑橘木虱", "bo": "བོད་སྐད་ཡིག", "ii": "ꆈꌠꉙ", "mixed": "高血压 apple 2026"}
        self.index(db, *(need(doc_id, text) for doc_id, text in texts.items()))
        for doc_id, text in texts.items():
            assert self.sought_ids(db, f"{text} {text}") == [doc_id]
        # A single character of such a script says too little.
        assert self.sought_ids(db, "木") == []

    def test_needs_of_one_score_go_by_id(self, db: Store) -> None:
        ids = ["r05", "r01", "R09", "r04", "r02", "r03", "ꆈ", "\uffff"]
        for doc_id in ids:
            self.index(db, need(doc_id, "apple banana"))
        assert self.sought_ids(db, "banana apple") == sorted(ids)
        assert self.sought_ids(db, "apple", limit=4) == sorted(ids)[:4]
        for limit in (0, -1, 201):
            with pytest.raises(Invalid):
                self.matched(db, "apple", limit=limit)

    def test_needs_are_filtered(self, db: Store) -> None:
        self.index(
            db,
            need("a", "apple", tags="in:510000 in:510100"),
            need("b", "apple", kind="sub", tags="topic:x"),
            need("c", "apple", kind="sub", language="bo"),
        )
        for fields, expected in (
            ({"kinds": {"sub"}}, ["b", "c"]),
            ({"languages": {"bo"}}, ["c"]),
            ({"tags": {"in:510000", "topic:x"}}, ["a", "b"]),
            ({"tags": {"in:51000"}}, []),
            ({"kinds": {"sub"}, "languages": {"zh"}, "tags": {"topic:x"}}, ["b"]),
        ):
            members = {name: frozenset(of) for name, of in fields.items()}
            only = SearchFilter(**members)  # type: ignore[arg-type]
            assert self.sought_ids(db, "apple", only) == expected

    def test_needs_are_of_a_time(self, db: Store) -> None:
        self.index(
            db,
            attrs.evolve(need("a", "apple"), first=10, last=10),
            attrs.evolve(need("b", "apple"), first=5, last=20),
            attrs.evolve(need("c", "apple"), first=20, last=20),
            need("d", "apple"),
        )
        for since, until, expected in (
            (10, 20, ["a", "b"]),
            (11, None, ["b", "c"]),
            (None, 10, ["b"]),
            (None, None, ["a", "b", "c", "d"]),
        ):
            only = SearchFilter(since=since, until=until)
            assert self.sought_ids(db, "apple", only) == expected

    def test_a_need_is_replaced_and_removed(self, db: Store) -> None:
        needs = self.needs(30)
        self.index(db, *needs, need("x", "fig"), need("x", "apple word1"))
        self.index(db, need("x", "word1 word2", language="bo", tags="new"))
        now = [*needs, need("x", "word1 word2")]
        text = "apple word1 word2"
        assert [(h.id, h.score) for h in self.matched(db, text)] == self.approximately(now, text)
        assert self.sought_ids(db, "apple fig") == []
        self.twice(db, lambda tx: self.within(tx).remove(["x", "none", "x"]))
        assert [(h.id, h.score) for h in self.matched(db, text)] == self.approximately(needs, text)
        # What is not sought any more is forgotten, and what is sought still is not shown.
        self.index(db, SearchDoc(id="n000", kind="need", language="zh", text=needs[0].text))
        assert self.look(db, lambda search: (search.size(), search.sought())) == (1, 29)

    def approximately(self, needs: Sequence[SearchDoc], text: str) -> list[tuple[str, object]]:
        """Give what is reckoned, to be compared."""
        return [(doc_id, pytest.approx(score)) for doc_id, score in self.reckoned(needs, text)]

    def test_rebuilding_takes_needs_in(self, db: Store) -> None:
        needs = self.needs(20)
        self.index(db, *needs, need("old", "word1"))
        docs = [*needs, *self.many(3)]
        assert self.twice(db, lambda tx: self.within(tx).rebuild(iter(docs))) == 3
        assert self.look(db, lambda search: search.sought()) == 20
        found = [(h.id, h.score) for h in self.matched(db, "word1 word2 word3")]
        assert found == self.approximately(needs, "word1 word2 word3")
        self.twice(db, lambda tx: self.within(tx).rebuild([]))
        assert self.look(db, lambda search: search.sought()) == 0
        assert self.matched(db, "word1") == []

    def test_needs_are_part_of_the_transaction(self, db: Store) -> None:
        self.index(db, need("a", "apple"))

        def body(tx: Tx) -> None:
            search = self.within(tx)
            search.index([need("b", "apple"), need("a", "fig")])
            assert [hit.id for hit in search.percolate("apple", _ALL, 10)] == ["b"]
            search.remove(["b"])
            assert search.percolate("apple", _ALL, 10) == []
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            db.run(body, write=True)
        assert self.sought_ids(db, "apple") == ["a"]
        kept = db.run(self.within, write=True)
        for verb in (lambda: kept.percolate("apple", _ALL, 1), kept.sought):
            with pytest.raises(StorageError):
                verb()

    def test_needs_of_writers_side_by_side(self, db: Store) -> None:
        needs = self.needs(24)

        def write(place: int) -> None:
            for one in needs[place::4]:
                patiently(db, lambda tx, d=one: self.within(tx).index([d, needs[0]]))  # type: ignore[misc]
                gone = need(f"gone{place}", "word1 word2")
                patiently(db, lambda tx, d=gone: self.within(tx).index([d]))  # type: ignore[misc]
                patiently(db, lambda tx, d=gone: self.within(tx).remove([d.id]))  # type: ignore[misc]

        with self.workers(4) as threads:
            list(threads.map(write, range(4)))
        assert self.look(db, lambda search: search.sought()) == 24
        text = " ".join(_WORDS[:30])
        assert [(h.id, h.score) for h in self.matched(db, text)] == self.approximately(needs, text)

    def test_a_text_is_never_read_as_a_query(self, db: Store) -> None:
        self.index(db, need("a", "apple"))
        for text in ('" OR "', "'; --", "\\ {apple} %", "NULL * (", "? ?", "a\0b apple"):
            assert set(self.sought_ids(db, text)) <= {"a"}, text
        only = SearchFilter(kinds=frozenset(['"']), tags=frozenset(["' x"]))
        assert self.sought_ids(db, "apple", only) == []
