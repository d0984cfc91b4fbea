"""Cases of every search engine: what is found, in which order, and with which scores."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import pytest

from tianfu_sdk.core.searching.ranking import bm25, idf
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.ports.search import FollowerSearch, TransactionalSearch

__all__ = ["ALL", "WORDS", "RankingCases", "doc"]

T = TypeVar("T")
Engine = TransactionalSearch | FollowerSearch
ALL = SearchFilter()
WORDS = ["apple", "banana", "cherry", "damson", "elder", "fig", "grape", "hazel"]


def doc(
    doc_id: str, text: str, kind: str = "res", language: str = "zh", tags: str = ""
) -> SearchDoc:
    """Make a document; its tags are given with blanks between them."""
    return SearchDoc(
        id=doc_id, kind=kind, language=language, text=text, tags=frozenset(tags.split())
    )


class RankingCases:
    """What is indexed is found, ranked by BM25, exactly as every other engine does.

    `db` is what an engine is had of: a store, or the engine itself.
    """

    def change(self, db: Any, fn: Callable[[Engine], T]) -> T:
        """Change the index."""
        raise NotImplementedError

    def look(self, db: Any, fn: Callable[[Engine], T]) -> T:
        """Ask the engine."""
        raise NotImplementedError

    def index(self, db: Any, *docs: SearchDoc) -> None:
        """Index documents."""
        self.change(db, lambda search: search.index(docs))

    def remove(self, db: Any, ids: Sequence[str]) -> None:
        """Remove documents."""
        self.change(db, lambda search: search.remove(ids))

    def hits(self, db: Any, tokens: str, only: SearchFilter = ALL, limit: int = 200) -> list[Hit]:
        """Query tokens, given with blanks between them."""
        return self.look(db, lambda search: search.query(tokens.split(), only, limit))

    def ids(self, db: Any, tokens: str, only: SearchFilter = ALL, limit: int = 200) -> list[str]:
        """Query and give the ids."""
        return [hit.id for hit in self.hits(db, tokens, only, limit)]

    def test_an_empty_index_finds_nothing(self, db: Any) -> None:
        assert self.hits(db, "apple") == []
        assert self.look(db, lambda search: search.size()) == 0
        assert self.look(db, lambda search: search.analyzer_version()) is None

    def test_nothing_in_nothing_out(self, db: Any) -> None:
        self.index(db)
        self.change(db, lambda search: search.remove([]))
        assert self.look(db, lambda search: search.size()) == 0
        self.index(db, doc("a", "apple"))
        assert self.hits(db, "") == []

    def test_what_is_indexed_is_found(self, db: Any) -> None:
        self.index(db, doc("a", "apple banana"), doc("b", "banana cherry"), doc("c", "damson"))
        assert self.ids(db, "apple") == ["a"]
        assert sorted(self.ids(db, "banana")) == ["a", "b"]
        assert sorted(self.ids(db, "apple damson")) == ["a", "c"]
        assert self.ids(db, "grape") == []
        assert self.look(db, lambda search: search.size()) == 3

    def test_scripts_of_the_region_are_found(self, db: Any) -> None:
        from tianfu_sdk.text import folded_tokens

        texts = {
            "han": "脑卒中怎么预防",
            "bo": "བོད་སྐད་ཡིག",
            "ii": "ꆈꌠꉙ",
            "mixed": "高血压 apple 2026",
            # Letters that others fold once more: a final sigma, an iota written below.
            "el": "λόγος ᾳ",
        }
        self.index(db, *(doc(doc_id, text) for doc_id, text in texts.items()))
        for doc_id, text in texts.items():
            tokens = list(dict.fromkeys(folded_tokens(text)))
            assert tokens
            for token in tokens:
                found = self.look(db, lambda search: search.query([token], ALL, 10))
                assert doc_id in [hit.id for hit in found], token

    def test_a_document_without_tokens_counts_but_is_never_found(self, db: Any) -> None:
        self.index(db, doc("a", "apple"), doc("b", ""))
        assert self.look(db, lambda search: search.size()) == 2
        assert self.ids(db, "apple") == ["a"]

    def test_scores_are_those_of_bm25(self, db: Any) -> None:
        docs = self.many(60)
        self.index(db, *docs)
        for tokens in (["apple"], ["hazel"], ["apple", "fig"], [*WORDS, "none"]):
            hits = self.look(db, lambda search: search.query(tokens, ALL, 200))
            expected = self.expected(docs, tokens)
            assert {hit.id for hit in hits} == expected.keys()
            for hit in hits:
                assert hit.contributions == pytest.approx(expected[hit.id], rel=1e-6)
                assert hit.score == pytest.approx(sum(expected[hit.id].values()), rel=1e-6)
                assert hit.score == pytest.approx(math.fsum(hit.contributions.values()), rel=1e-9)
                assert hit.score > 0
            assert [hit.score for hit in hits] == sorted((h.score for h in hits), reverse=True)

    def test_a_pair_of_equal_characters_counts_as_often_as_it_stands_there(self, db: Any) -> None:
        self.index(db, doc("a", "天天天天天气"), doc("b", "天天看天气象"))
        scores = {hit.id: hit.score for hit in self.hits(db, "天天")}
        rarity = idf(2, 2)
        # Characters and pairs: eleven each.
        assert scores == pytest.approx(
            {"a": bm25(4, rarity, 11, 11), "b": bm25(1, rarity, 11, 11)}, rel=1e-6
        )

    def test_a_long_question_reaches_what_only_its_other_words_find(self, db: Any) -> None:
        words = [f"w{place:02d}" for place in range(40)]
        self.index(db, *(doc(word, f"{word} filler") for word in words))
        assert self.ids(db, " ".join(words), limit=100) == words

    def test_rarer_shorter_and_oftener_count_more(self, db: Any) -> None:
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

    def test_a_token_that_all_have_still_counts(self, db: Any) -> None:
        self.index(db, doc("a", "apple"), doc("b", "apple apple"))
        assert {hit.id: hit.score > 0 for hit in self.hits(db, "apple")} == {"a": True, "b": True}

    def test_ties_go_by_id(self, db: Any) -> None:
        ids = ["r05", "r01", "R09", "r04", "r02", "r03", "ꆈ", "\uffff", "\U00010000"]
        for doc_id in ids:
            self.index(db, doc(doc_id, "apple banana"))
        self.index(db, doc("r05", "apple banana"))
        assert self.ids(db, "banana apple") == sorted(ids)
        assert self.ids(db, "apple", limit=4) == sorted(ids)[:4]

    def test_limit(self, db: Any) -> None:
        self.index(db, *(doc(f"r{number:03d}", "apple") for number in range(201)))
        assert self.ids(db, "apple", limit=1) == ["r000"]
        assert len(self.ids(db, "apple", limit=200)) == 200
        for limit in (0, -1, 201):
            with pytest.raises(Invalid):
                self.ids(db, "apple", limit=limit)

    @pytest.mark.parametrize("size", [1, 7, 50])
    def test_pages_together_are_the_whole(self, db: Any, size: int) -> None:
        # Many documents of each text: most places are ties.
        self.index(db, *(doc(f"t{number:02d}", "apple fig") for number in range(30, 0, -1)))
        self.index(db, *self.many(40))
        for only in (ALL, SearchFilter(kinds=frozenset(["res"]))):
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
                assert len(got) <= len(whole), "the pages never end"
            assert got == whole

    def test_pages_reach_five_hundred(self, db: Any) -> None:
        self.index(db, *(doc(f"r{number:03d}", "apple") for number in range(520)))
        first = self.hits(db, "apple")
        second = self.look(db, lambda search: search.query(["apple"], ALL, 200, first[-1]))
        third = self.look(db, lambda search: search.query(["apple"], ALL, 100, second[-1]))
        ids = [hit.id for hit in (*first, *second, *third)]
        assert ids == [f"r{number:03d}" for number in range(500)]

    def test_a_place_need_not_be_a_document(self, db: Any) -> None:
        self.index(db, doc("a", "apple"), doc("c", "apple"))
        a, c = self.hits(db, "apple")
        look = partial(self.look, db)
        assert look(lambda search: search.query(["apple"], ALL, 9, Hit("b", a.score))) == [c]
        assert look(lambda search: search.query(["apple"], ALL, 9, Hit("d", a.score))) == []
        assert look(lambda search: search.query(["apple"], ALL, 9, Hit("", a.score * 2))) == [a, c]
        assert look(lambda search: search.query(["apple"], ALL, 9, Hit("", 0.0))) == []

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
    def test_filters(self, db: Any, kinds: str, languages: str, tags: str, expected: str) -> None:
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

    def test_filters_leave_scores_as_they_are(self, db: Any) -> None:
        self.index(db, *self.many(40))
        everything = {hit.id: hit.score for hit in self.hits(db, "apple fig hazel")}
        only = SearchFilter(kinds=frozenset(["act"]), tags=frozenset(["even"]))
        some = {hit.id: hit.score for hit in self.hits(db, "apple fig hazel", only)}
        assert 0 < len(some) < len(everything)
        assert some == pytest.approx({doc_id: everything[doc_id] for doc_id in some})

    def test_a_limit_counts_what_the_filter_lets_through(self, db: Any) -> None:
        self.index(db, *(doc(f"a{number}", "apple apple") for number in range(20)))
        self.index(db, doc("z", "apple", language="bo"))
        assert self.ids(db, "apple", SearchFilter(languages=frozenset(["bo"])), limit=1) == ["z"]

    def test_replacing_takes_the_old_document_away(self, db: Any) -> None:
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

    def test_a_document_given_twice_at_once_is_there_once(self, db: Any) -> None:
        self.index(db, doc("a", "apple"), doc("a", "banana"))
        assert self.look(db, lambda search: search.size()) == 1
        assert self.ids(db, "apple banana") == ["a"]
        assert self.ids(db, "apple") == []

    def test_removing(self, db: Any) -> None:
        docs = self.many(20)
        self.index(db, *docs, doc("a", "apple fig"), doc("b", "fig"))
        self.change(db, lambda search: search.remove(["a", "none", "b", "b"]))
        assert self.look(db, lambda search: search.size()) == 20
        assert not {"a", "b"} & set(self.ids(db, "apple fig"))
        assert {h.id: h.score for h in self.hits(db, "apple fig")} == pytest.approx(
            {k: sum(v.values()) for k, v in self.expected(docs, ["apple", "fig"]).items()},
            rel=1e-6,
        )
        self.change(db, lambda search: search.remove([d.id for d in docs]))
        assert self.look(db, lambda search: search.size()) == 0
        assert self.look(db, lambda search: search.analyzer_version()) is None
        assert self.hits(db, "apple") == []

    def test_rebuilding(self, db: Any) -> None:
        docs = self.many(30)
        self.index(db, *docs)
        before = self.hits(db, "apple fig hazel")
        self.index(db, doc("old", "apple"))
        number = self.change(db, lambda search: search.rebuild(iter(docs)))
        assert number == 30
        assert [h.id for h in self.hits(db, "apple fig hazel")] == [h.id for h in before]
        assert {h.id: h.score for h in self.hits(db, "apple fig hazel")} == pytest.approx(
            {h.id: h.score for h in before}
        )
        assert self.change(db, lambda search: search.rebuild([])) == 0
        assert self.look(db, lambda search: search.size()) == 0
        assert self.hits(db, "apple") == []

    def test_analyzer_version(self, db: Any) -> None:
        from tianfu_sdk.text import ANALYZER_VERSION

        self.index(db, doc("a", "apple"))
        assert self.look(db, lambda search: search.analyzer_version()) == ANALYZER_VERSION
        self.change(db, lambda search: search.rebuild([doc("b", "fig")]))
        assert self.look(db, lambda search: search.analyzer_version()) == ANALYZER_VERSION

    def test_what_looks_like_a_query_is_a_token(self, db: Any) -> None:
        self.index(db, doc("a", "apple"), doc("b", "banana"))
        for token in ('"', "'", "\\", "{apple}", "apple,banana", "%", "NULL", "apple*", "NOT b"):
            assert self.found(db, [token], ALL) == [], token
            assert self.found(db, [token, "apple"], ALL) == ["a"], token
            only = SearchFilter(kinds=frozenset([token]), tags=frozenset([token, "x"]))
            assert self.found(db, ["apple"], only) == []

    def test_an_index_changed_bit_by_bit_is_one_that_was_built_at_once(self, db: Any) -> None:
        from tianfu_sdk.text import fold, folded_tokens

        chance = random.Random(11)
        pieces = [
            "高血压",
            "少吃盐",
            "covid-19",
            "ཁྲག་ཤེད",
            "ꆈꌠꉙ",
            "盐",
            "2026",
            "地震，避险",
            "β",
            "é",
        ]
        kept: dict[str, SearchDoc] = {}
        for _ in range(25):
            text = fold(" ".join(chance.choices(pieces, k=chance.randint(0, 6))))
            some = [doc(f"r{chance.randrange(12):02d}", text, tags=chance.choice("xy"))]
            gone = [f"r{chance.randrange(12):02d}"]
            self.index(db, *some)
            self.remove(db, gone)
            kept |= {one.id: one for one in some}
            kept.pop(gone[0], None)
        asked = list(dict.fromkeys(folded_tokens(fold(" ".join(pieces)))))

        def answers() -> list[tuple[str, float]]:
            hits = self.look(db, lambda search: search.query(asked, ALL, 200))
            return [(hit.id, round(hit.score, 6)) for hit in hits]

        bit_by_bit = answers()
        assert self.look(db, lambda search: search.size()) == len(kept)
        assert bit_by_bit
        self.change(db, lambda search: search.rebuild(kept.values()))
        assert answers() == bit_by_bit

    def test_any_text_is_a_question_and_a_document(self, db: Any) -> None:
        from tianfu_sdk.text import fold, query_tokens

        chance = random.Random(13)
        marks = "\"'`*()[]{}:;^~-+_.,/\\|&!?%$#@<>= \n\t\u200b\u0f0b\u3000"
        alphabet = f"{marks}ab19NORTAND高血压盐\U00020000\U00030000ཁྲགꆈꌠéβ😀\u0301"
        texts = ["".join(chance.choices(alphabet, k=chance.randint(1, 24))) for _ in range(60)] + [
            'a" OR "b',
            "NEAR(a b)",
            "a AND NOT b",
            "words:a",
            "';DROP TABLE tf_doc;--",
            "{a} -b",
        ]
        self.index(db, *(doc(f"t{n:02d}", fold(text)) for n, text in enumerate(texts)))
        for place, text in enumerate(texts):
            tokens = query_tokens(text)
            found = self.found(db, tokens, ALL)
            if tokens:
                assert f"t{place:02d}" in found, text

    def found(self, db: Any, tokens: Sequence[str], only: SearchFilter) -> list[str]:
        """Query tokens as they stand, and give the ids."""
        hits = self.look(db, lambda search: search.query(tokens, only, 200))
        return [hit.id for hit in hits]

    def many(self, number: int) -> list[SearchDoc]:
        """Make documents of mixed words and lengths, the same each time."""
        chance = random.Random(5)
        return [
            doc(
                f"m{place:03d}",
                " ".join(chance.choices(WORDS, [8, 7, 6, 5, 4, 3, 2, 1], k=chance.randint(1, 30))),
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
