"""Cases of a search engine outside the store: marks, lag, others who feed, and the gate."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import attrs
import pytest

from tianfu_sdk.backends.memory import MemoryStore
from tianfu_sdk.errors import StorageBusy
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.model.storage import Cursor
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.testing.cases.ranking import ALL, WORDS, doc
from tianfu_sdk.testing.cases.report import Reported
from tianfu_sdk.testing.cases.windows import WindowCases
from tianfu_sdk.testing.clock import FrozenClock

__all__ = ["FollowerCases", "FollowerEngine"]

T = TypeVar("T")
_HOSTILE = [
    *(
        "\0",
        "\ufeff",
        "\u202e",
        "\u0fff",
        "\uffff",
        "\U0010ffff",
        "'",
        '"',
        "\\",
        "%",
        "*",
        "(",
        ")",
    ),
    *("AND", "OR", "NOT", "NEAR", "kind:", "id:", "/*", "--", ";", "~", "^", "{", "}", "\n", "\t"),
    *("高血压", "脑卒中", "ꆈꌠ", "བོད་སྐད", "covid-19", "C++", "3.14", "é", "ß", "Ⅷ", "㍿", "𠮷"),
]


class FollowerEngine(Reported):
    """Fixtures of the suite of followers. An author overrides `engine`, and `reopen`.

    Attributes:
        patience: Seconds after which something that must not wait has waited too long.
    """

    patience: float = 10.0

    @pytest.fixture
    def engine(self) -> FollowerSearch:
        """Give an engine on an empty place. Override this."""
        raise NotImplementedError("override the fixture `engine`: return MyEngine(tmp_path)")

    @pytest.fixture
    def reopen(self) -> Callable[[], FollowerSearch] | None:
        """Give a maker of further engines on the same place; None: nothing outlives `engine`."""
        return None

    @pytest.fixture
    def other(
        self, db: FollowerSearch, reopen: Callable[[], FollowerSearch] | None
    ) -> Iterator[Callable[[], FollowerSearch]]:
        """Give a maker of further engines, closed afterwards."""
        assert db is not None
        if reopen is None:
            pytest.skip("the fixture reopen gives none")
        made = []

        def make() -> FollowerSearch:
            made.append(reopen())
            return made[-1]

        yield make
        for engine in made:
            getattr(engine, "close", lambda: None)()

    @pytest.fixture
    def db(self, engine: FollowerSearch) -> Iterator[FollowerSearch]:
        """Give the engine; not to be overridden."""
        yield engine
        getattr(engine, "close", lambda: None)()


class FollowerCases(WindowCases, FollowerEngine):
    """What is fed is found after a flush, with the mark it was fed with."""

    def change(self, db: Any, fn: Callable[[Any], T]) -> T:
        """Change the index, twice: what is fed again is the same document again."""
        fn(db)
        result = fn(db)
        db.flush()
        return result

    def look(self, db: Any, fn: Callable[[Any], T]) -> T:
        """Ask the engine."""
        return fn(db)

    def test_what_is_taken_in_is_found_or_counted_as_lag(self, db: FollowerSearch) -> None:
        assert db.lag() == 0
        db.index([doc("a", "apple"), doc("b", "apple")])
        # Its size is what is searchable, no more.
        assert db.size() == len(self.ids(db, "apple")) >= 2 - db.lag()
        db.flush()
        assert db.lag() == 0
        assert self.ids(db, "apple") == ["a", "b"]
        db.remove(["a"])
        db.flush()
        assert db.lag() == 0
        assert self.ids(db, "apple") == ["b"]

    def test_what_is_not_shown_is_not_kept(self, db: FollowerSearch) -> None:
        self.index(db, doc("a", "apple"), doc("b", "apple"))
        hidden = attrs.evolve(doc("a", "apple"), shown=False, sought=True)
        self.index(db, hidden, attrs.evolve(hidden, id="c"))
        assert self.ids(db, "apple") == ["b"]
        assert db.rebuild([hidden, doc("d", "apple")]) == 1
        assert self.ids(db, "apple") == ["d"]

    def test_flushing_nothing_changes_nothing(self, db: FollowerSearch) -> None:
        db.flush()
        self.index(db, doc("a", "apple"))
        db.flush()
        assert self.ids(db, "apple") == ["a"]
        assert db.mark() is None

    def test_a_mark_is_what_it_was_set_to(self, db: FollowerSearch) -> None:
        assert db.mark() is None
        for cursor in ("1", "00000000000000000002:x", "3" * 200):
            assert db.mark(Cursor(cursor)) == cursor
            assert db.mark() == cursor
        db.flush()
        assert db.mark() == "3" * 200
        # Who was overtaken by another worker sets it back.
        db.mark(Cursor("1"))
        db.flush()
        assert db.mark() == "1"
        assert db.size() == 0
        assert db.analyzer_version() is None

    def test_mark_and_documents_outlive_the_engine(
        self, db: FollowerSearch, other: Callable[[], FollowerSearch]
    ) -> None:
        db.index(self.many(20))
        db.mark(Cursor("7"))
        db.flush()
        again = other()
        assert again.mark() == "7"
        assert again.size() == 20
        assert again.lag() == 0
        assert self.hits(again, "apple fig") == self.hits(db, "apple fig")

    def test_nobody_sees_a_mark_without_its_documents(
        self, db: FollowerSearch, other: Callable[[], FollowerSearch]
    ) -> None:
        elsewhere = other()
        for number in range(30):
            db.index([doc(f"d{number:02d}", "apple")])
            db.mark(Cursor(f"{number:02d}"))
            mark = elsewhere.mark()
            if mark is not None:
                assert len(self.ids(elsewhere, "apple")) > int(mark)
            if number % 10 == 9:
                db.flush()
                assert elsewhere.mark() == f"{number:02d}"
                assert elsewhere.size() == number + 1

    def test_what_was_there_answers_while_it_is_rebuilt(self, db: FollowerSearch) -> None:
        self.index(db, doc("old", "apple"))

        def docs() -> Iterator[SearchDoc]:
            yield doc("new", "apple")
            assert self.ids(db, "apple") == ["old"]
            yield doc("newer", "fig")

        assert db.rebuild(docs()) == 2
        assert self.ids(db, "apple fig") == ["new", "newer"]

    def test_a_rebuilding_drops_what_was_taken_in_before(self, db: FollowerSearch) -> None:
        db.index([doc("held", "apple")])
        assert db.rebuild([doc("new", "apple")]) == 1
        db.flush()
        assert self.ids(db, "apple") == ["new"]
        assert (db.size(), db.lag()) == (1, 0)

    def test_a_rebuilding_comes_with_its_mark(self, db: FollowerSearch) -> None:
        self.index(db, doc("old", "apple"))
        db.mark(Cursor("9"))
        db.flush()
        assert db.rebuild([doc("a", "apple")], Cursor("3")) == 1
        assert db.mark() == "3"
        assert db.rebuild([doc("a", "apple")]) == 1
        assert db.mark() is None
        assert db.rebuild([], Cursor("5")) == 0
        assert (db.mark(), db.size()) == ("5", 0)

    def test_a_rebuilding_that_fails_leaves_what_was(self, db: FollowerSearch) -> None:
        self.index(db, doc("old", "apple"))
        db.mark(Cursor("4"))
        db.flush()

        def docs() -> Iterator[SearchDoc]:
            yield doc("new", "apple")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            db.rebuild(docs())
        assert self.ids(db, "apple") == ["old"]
        assert db.mark() == "4"
        self.index(db, doc("next", "apple"))
        assert self.ids(db, "apple") == ["next", "old"]

    @pytest.mark.parametrize("seed", range(3))
    def test_what_was_fed_equals_a_rebuilding(self, db: FollowerSearch, seed: int) -> None:
        chance = random.Random(seed)
        there: dict[str, SearchDoc] = {}
        for _ in range(40):
            texts = (" ".join(chance.choices(WORDS, k=chance.randint(1, 12))) for _ in range(4))
            fed = [
                doc(f"d{chance.randint(0, 30):02d}", text, tags=chance.choice(["odd", "even", ""]))
                for text in texts
            ]
            gone = [f"d{chance.randint(0, 30):02d}" for _ in range(chance.randint(0, 2))]
            db.remove(gone)
            db.index(fed)
            for id_ in gone:
                there.pop(id_, None)
            there.update({one.id: one for one in fed})
            if chance.random() < 0.3:
                db.flush()
        db.flush()
        assert db.size() == len(there)
        asked = ["apple", "fig hazel", " ".join(WORDS)]
        odd = SearchFilter(tags=frozenset(["odd"]))
        fed_found = [self.hits(db, tokens, only) for tokens in asked for only in (ALL, odd)]
        assert db.rebuild(there.values()) == len(there)
        rebuilt = [self.hits(db, tokens, only) for tokens in asked for only in (ALL, odd)]
        assert fed_found == rebuilt

    def test_hostile_texts_are_found_as_the_reference_finds_them(self, db: FollowerSearch) -> None:
        from tianfu_sdk.text import fold, folded_query_tokens

        chance = random.Random(3)

        def text() -> str:
            parts = chance.choices(_HOSTILE, k=chance.randint(0, 8))
            return fold(chance.choice(["", " "]).join(parts))

        docs = [doc(f"h{number:02d}", text()) for number in range(60)]
        docs.append(doc("long", "x" * 70_000 + " apple"))
        self.index(db, *docs)
        reference = _Reference(docs)
        for question in [text() for _ in range(60)] + [*map(fold, _HOSTILE), "x" * 70_000, "apple"]:
            tokens = folded_query_tokens(question)
            found = db.query(tokens, ALL, 200)
            assert [h.id for h in found] == [h.id for h in reference.query(tokens)], question[:40]

    def test_the_best_are_those_of_the_reference(self, db: FollowerSearch) -> None:
        docs = self.many(300)
        self.index(db, *docs)
        reference = _Reference(docs)
        chance = random.Random(9)
        for _ in range(30):
            tokens = chance.sample(WORDS, chance.randint(1, 5))
            found, best = db.query(tokens, ALL, 10), reference.query(tokens)[:10]
            assert [hit.score for hit in found] == pytest.approx([hit.score for hit in best])
            # Who is last ties with whoever is left out.
            certain = [hit.id for hit in best if hit.score > best[-1].score * 1.000001]
            assert certain == [hit.id for hit in found][: len(certain)]

    def test_threads_feed_and_ask_at_once(self, db: FollowerSearch) -> None:
        self.index(db, doc("always", "apple"))
        ended = threading.Event()

        def feed(place: int) -> None:
            for number in range(12):
                db.index([doc(f"t{place}{number:02d}", "fig")])
                # A rest in which another flushes what this one took in.
                ended.wait(0.001)
                # Each in a rhythm of its own: in step they would not meet.
                if number % (place + 1) == 0:
                    db.index([doc(f"gone{place}", "fig")])
                    db.remove([f"gone{place}"])
                if number % 4 == place:
                    db.flush()
            db.flush()

        def ask() -> int:
            asked = 0
            while not ended.is_set():
                assert self.ids(db, "apple") == ["always"]
                self.hits(db, "fig")
                asked += 1
            return asked

        with ThreadPoolExecutor(5) as threads:
            asking = threads.submit(ask)
            try:
                list(threads.map(feed, range(4)))
            finally:
                ended.set()
            assert asking.result(self.patience) > 0
        db.flush()
        expected = sorted(f"t{place}{number:02d}" for place in range(4) for number in range(12))
        assert sorted(self.ids(db, "fig")) == expected

    def test_of_two_who_feed_each_gets_a_turn(
        self, db: FollowerSearch, other: Callable[[], FollowerSearch]
    ) -> None:
        engines = [db, other()]

        def feed(place: int) -> None:
            engine = engines[place]
            for number in range(6):
                self._patiently(engine, [doc(f"p{place}{number}", "apple")])

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(feed, range(2)))
        for engine in engines:
            assert engine.size() == 12
            assert len(self.ids(engine, "apple")) == 12

    def test_who_waits_in_vain_is_told_and_takes_over(
        self, db: FollowerSearch, other: Callable[[], FollowerSearch]
    ) -> None:
        elsewhere = other()
        db.index([doc("a", "apple")])
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(self._patiently, elsewhere, [doc("b", "apple")])
            db.mark(Cursor("1"))
            db.flush()
            waiting.result(self.patience)
        assert self.ids(db, "apple") == ["a", "b"]
        assert elsewhere.mark() == "1"

    def test_who_asks_waits_for_nobody(
        self, db: FollowerSearch, other: Callable[[], FollowerSearch]
    ) -> None:
        self.index(db, doc("a", "apple"))
        elsewhere = other()
        db.index([doc("b", "apple")])
        with ThreadPoolExecutor(1) as threads:
            found = threads.submit(self.ids, elsewhere, "apple").result(self.patience)
        assert "a" in found
        db.flush()
        assert self.ids(elsewhere, "apple") == ["a", "b"]

    def _patiently(self, engine: FollowerSearch, docs: Iterable[SearchDoc]) -> None:
        fed = list(docs)
        for _ in range(200):
            try:
                engine.index(fed)
                engine.flush()
            except StorageBusy:
                threading.Event().wait(0.05)
            else:
                return
        pytest.fail("never got a turn")


class _Reference:
    """The engine in memory."""

    def __init__(self, docs: Iterable[SearchDoc]) -> None:
        self._store = MemoryStore(clock=FrozenClock())
        self._store.open([])
        self._store.run(lambda tx: tx.search.rebuild(docs), write=True)  # type: ignore[union-attr]

    def query(self, tokens: list[str]) -> list[Hit]:
        return self._store.run(
            lambda tx: tx.search.query(tokens, ALL, 200),  # type: ignore[union-attr]
            write=False,
        )
