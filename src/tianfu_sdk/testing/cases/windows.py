"""Cases of every search engine: what is asked of a time is of that time, exactly."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest

from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.testing.cases.ranking import RankingCases, doc

__all__ = ["WindowCases", "dated", "overlaps"]

_DAY = 86_400_000_000


def dated(doc_id: str, text: str, first: int | None, last: int | None = None) -> SearchDoc:
    """Make a document of a time; without `last` of one moment."""
    return attrs.evolve(doc(doc_id, text), first=first, last=first if last is None else last)


def overlaps(one: SearchDoc, only: SearchFilter) -> bool:
    """Tell the long way whether a document is of the time that is asked for."""
    if only.since is None and only.until is None:
        return True
    if one.first is None or one.last is None:
        return False
    since, until = only.since, only.until
    return (since is None or one.last >= since) and (until is None or one.first < until)


class WindowCases(RankingCases):
    """A time is asked for by its first moment and the first one after it."""

    @pytest.mark.parametrize(
        ("since", "until", "expected"),
        [
            (None, None, "abcdefg"),
            (10, None, "bcdef"),
            (None, 20, "abcf"),
            (10, 20, "bcf"),
            (11, 20, "cf"),
            (10, 11, "bf"),
            (19, 20, "cf"),
            (20, 21, "def"),
            (21, 22, "ef"),
            (None, -5, ""),
            (None, -4, "a"),
            (60, None, ""),
        ],
    )
    def test_a_time_is_from_its_first_moment_until_the_first_one_after_it(
        self, db: Any, since: int | None, until: int | None, expected: str
    ) -> None:
        self.index(
            db,
            dated("a", "apple", -5),
            dated("b", "apple", 10),
            dated("c", "apple", 19),
            dated("d", "apple", 20),
            dated("e", "apple", 20, 59),
            dated("f", "apple", 9, 40),
            doc("g", "apple"),
            dated("h", "banana", 10),
        )
        only = SearchFilter(since=since, until=until)
        assert "".join(self.ids(db, "apple", only)) == expected

    def test_times_are_exact_to_the_microsecond_however_far(self, db: Any) -> None:
        # From the year 1 to 9999; floats would not tell neighbours apart.
        for place, moment in enumerate((-62_135_596_800_000_000, 253_402_300_799_999_999)):
            self.index(db, dated(f"t{place}", "apple", moment))
            here = SearchFilter(since=moment, until=moment + 1)
            assert self.ids(db, "apple", here) == [f"t{place}"]
            assert self.ids(db, "apple", SearchFilter(since=moment + 1, until=moment + 2)) == []
            assert self.ids(db, "apple", SearchFilter(since=moment - 1, until=moment)) == []

    def test_a_limit_counts_what_is_of_the_time(self, db: Any) -> None:
        better = [dated(f"a{number:03d}", "apple apple", number) for number in range(300)]
        worse = [dated(f"z{number}", "apple fig", 1_000 + number) for number in range(3)]
        self.index(db, *better, *worse)
        only = SearchFilter(since=1_000, until=1_002)
        assert self.ids(db, "apple fig", only, limit=1) == ["z0"]
        assert self.ids(db, "apple", only) == ["z0", "z1"]

    def test_a_time_leaves_scores_as_they_are(self, db: Any) -> None:
        docs = [
            attrs.evolve(one, first=place, last=place + 3)
            for place, one in enumerate(self.many(40))
        ]
        self.index(db, *docs)
        everything = {hit.id: hit.score for hit in self.hits(db, "apple fig hazel")}
        some = self.hits(db, "apple fig hazel", SearchFilter(since=10, until=20))
        assert 0 < len(some) < len(everything)
        assert {h.id: h.score for h in some} == pytest.approx(
            {h.id: everything[h.id] for h in some}
        )

    def test_a_time_is_asked_beside_all_else(self, db: Any) -> None:
        tagged = doc("b", "apple", kind="act", language="bo", tags="in:510000")
        self.index(
            db,
            attrs.evolve(tagged, id="a", first=5, last=9),
            attrs.evolve(tagged, first=10, last=19),
            attrs.evolve(tagged, id="c", kind="res", first=10, last=19),
            attrs.evolve(tagged, id="d", language="zh", first=10, last=19),
            attrs.evolve(tagged, id="e", tags=frozenset(), first=10, last=19),
        )
        only = SearchFilter(
            kinds=frozenset(["act"]),
            languages=frozenset(["bo"]),
            tags=frozenset(["in:510000"]),
            since=10,
            until=20,
        )
        assert self.ids(db, "apple", only) == ["b"]

    def test_another_time_takes_the_place_of_the_old_one(self, db: Any) -> None:
        self.index(db, dated("a", "apple", 10), dated("b", "apple", 10), dated("c", "apple", 10))
        self.index(db, dated("a", "apple", 30), doc("b", "apple"))
        self.remove(db, ["c"])
        self.index(db, doc("c", "apple"))
        assert self.ids(db, "apple", SearchFilter(since=0, until=20)) == []
        assert self.ids(db, "apple", SearchFilter(since=20)) == ["a"]
        assert self.ids(db, "apple") == ["a", "b", "c"]

    def test_pages_of_a_time_together_are_the_whole(self, db: Any) -> None:
        docs = self.spans(60)
        self.index(db, *docs)
        only = SearchFilter(since=5 * _DAY, until=20 * _DAY)
        whole = self.hits(db, "apple fig hazel", only)
        assert len(whole) > 2 * 7
        assert {hit.id for hit in whole} <= {one.id for one in docs if overlaps(one, only)}
        got, after = list[Hit](), None
        while page := self.look(
            db,
            lambda search, a=after: search.query(["apple", "fig", "hazel"], only, 7, a),  # type: ignore[misc]
        ):
            got += page
            after = Hit(page[-1].id, page[-1].score)
            assert len(got) <= len(whole), "the pages never end"
        assert got == whole

    @pytest.mark.parametrize("seed", range(3))
    def test_a_time_is_asked_bit_by_bit_as_of_an_index_built_at_once(
        self, db: Any, seed: int
    ) -> None:
        chance = random.Random(seed)
        docs = self.many(40)
        kept: dict[str, SearchDoc] = {}
        for _ in range(12):
            some = [
                _moved(attrs.evolve(one, id=f"r{chance.randrange(25):02d}"), chance)
                for one in chance.sample(docs, 3)
            ]
            gone = [f"r{chance.randrange(25):02d}"]
            self.remove(db, gone)
            self.index(db, *some)
            kept = {k: v for k, v in kept.items() if k not in gone} | {one.id: one for one in some}
        asked = [
            SearchFilter(since=since * _DAY, until=(since + days) * _DAY)
            for since, days in ((0, 1), (3, 5), (10, 20), (28, 2))
        ]
        fed = [self.hits(db, "apple fig hazel", only) for only in asked]
        for only, hits in zip(asked, fed, strict=True):
            expected = {
                one.id
                for one in kept.values()
                if overlaps(one, only) and {"apple", "fig", "hazel"} & set(one.text.split())
            }
            assert {hit.id for hit in hits} == expected
        self.change(db, lambda search: search.rebuild(kept.values()))
        assert [self.hits(db, "apple fig hazel", only) for only in asked] == fed

    def spans(self, number: int) -> list[SearchDoc]:
        """Make documents of mixed words, each of a time of some days, the same each time."""
        chance = random.Random(17)
        return [_moved(one, chance) for one in self.many(number)]


def _moved(one: SearchDoc, chance: random.Random) -> SearchDoc:
    """Give a document another time; one in eight has none."""
    if chance.random() < 1 / 8:
        return attrs.evolve(one, first=None, last=None)
    first = chance.randrange(30) * _DAY
    last = first + chance.choice((0, 1, _DAY - 1, 4 * _DAY - 1))
    return attrs.evolve(one, first=first, last=last)
