"""Cases of `find` and `count`."""

from __future__ import annotations

import itertools
import operator
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Group, KeyValue, Query, Row, Where
from tianfu_sdk.ports.storage import Store
from tianfu_sdk.testing.cases.base import StoreCases, note

__all__ = ["FindCases"]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _parted(texts: str) -> list[str]:
    return sorted(texts.split("|"))


_VALUES: Mapping[str, list[Any]] = {
    # Order by code point: U+FFFF before U+10000, though UTF-16 has it the other way.
    "name": _parted(
        "| |!|A|B|Z|a|a |aa|b|z|~|\u00e9|e\u0301|བོད|ꆈ|中|\ud7ff|\ue000|\uffff|\U00010000"
        "|\U0010ffff|A\U0010ffff"
    ),
    "rank": [-(2**63), -(2**53) - 1, -1, 0, 1, 9, 10, 2**53, 2**53 + 1, 2**63 - 1],
    "weight": [-1e308, -1.0, -5e-324, 0.0, 5e-324, 0.1, 0.2, 0.1 + 0.2, 1.0, 9.0, 10.0, 1e308],
    "digest": [
        b"",
        b"\0",
        b"\0\0",
        b"\0a",
        b"A",
        b"a",
        b"a\0",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xff\xff",
    ],
}
# What a pattern language, a range of code points or UTF-16 would get wrong.
_BEGINNINGS = _parted(
    "|%|_|a%|a_|A|a|\\|[a]|*|a?|\ud7ff|\uffff|zz|\U0010ffff|\U0010ffff\U0010ffff|a\U0010ffff|བོད་"
)
_PREFIXED = _parted(
    "|%|%%|%a|_|_a|A|Ab|a|a%|a%b|a_|a_b|aXb|ab|a*|a?|a?c|a\U0010ffff|a\U0010ffffb|b|\\|\\%|[a]|*|?"
    "|\ud7ff|\ud7ffx|\ue000|\uffff|\U00010000|\U0010ffff|\U0010ffffa|\U0010ffff\U0010ffff"
    "|བོད་|བོད་སྐད"
)
_REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("unknown key", {"where": (Where("colour", "=", "red"),)}),
    ("= on a set", {"where": (Where("tags", "=", "a"),)}),
    ("in on a set", {"where": (Where("tags", "in", ("a",)),)}),
    ("has on text", {"where": (Where("name", "has", "a"),)}),
    ("prefix on int", {"where": (Where("rank", "prefix", 1),)}),
    ("text for int", {"where": (Where("rank", "=", "1"),)}),
    ("float for int", {"where": (Where("rank", "<", 1.5),)}),
    ("bool for int", {"where": (Where("rank", "=", True),)}),
    ("int for float", {"where": (Where("weight", "=", 1),)}),
    ("text for bytes", {"where": (Where("digest", "=", "a"),)}),
    ("int for id", {"where": (Where("id", "=", 1),)}),
    ("in of a list", {"where": (Where("name", "in", ["a"]),)}),  # type: ignore[arg-type]
    ("in of a wrong type", {"where": (Where("rank", "in", (1, "2")),)}),
    ("in of too many", {"where": (Where("rank", "in", tuple(range(501))),)}),
    ("too long", {"where": (Where("name", "=", "x" * 201),)}),
    ("unknown key in any_of", {"any_of": ((Where("colour", "=", "red"),),)}),
    ("unknown key in scope", {"scope": ((), (Where("colour", "=", "red"),))}),
    ("unknown order", {"order": "colour"}),
    ("order by a set", {"order": "tags"}),
    ("after of a wrong type", {"order": "rank", "after": ("1", "a")}),
]


class FindCases(StoreCases):
    """Conditions, order and pages."""

    def seed(self, store: Store, key: str, values: list[Any]) -> dict[str, Any]:
        """Put a row for each value, in mixed order; gives values by id."""
        rows = {f"r{number:03d}": value for number, value in enumerate(values)}
        mixed = list(rows.items())
        random.Random(1).shuffle(mixed)
        self.put(store, *(note(row_id, **{key: value}) for row_id, value in mixed))
        return rows

    # Conditions.

    def test_an_empty_kind_gives_nothing(self, db: Store) -> None:
        assert self.find(db) == []
        assert self.find(db, order="rank", desc=True) == []

    def test_no_condition_finds_all(self, db: Store) -> None:
        self.put(db, note("b"), note("a"), note("c"))
        assert self.find(db) == ["a", "b", "c"]

    @pytest.mark.parametrize("key", list(_VALUES))
    @pytest.mark.parametrize("op", list(_COMPARE))
    def test_comparisons_agree_with_python(self, db: Store, key: str, op: Any) -> None:
        rows = self.seed(db, key, _VALUES[key])
        for value in _VALUES[key]:
            expected = [row_id for row_id, v in rows.items() if _COMPARE[op](v, value)]
            assert self.find(db, where=(Where(key, op, value),)) == expected, ascii(value)

    @pytest.mark.parametrize("op", list(_COMPARE))
    def test_comparisons_of_the_id(self, db: Store, op: Any) -> None:
        ids = sorted(["a", "A", "b", "ꆈ", "\uffff", "\U00010000", "x" * 64])
        self.put(db, *(note(row_id) for row_id in ids))
        for value in [*ids, "", "m", "x" * 65]:
            expected = [row_id for row_id in ids if _COMPARE[op](row_id, value)]
            assert self.find(db, where=(Where("id", op, value),)) == expected, ascii(value)

    @pytest.mark.parametrize("key", list(_VALUES))
    def test_in_agrees_with_python(self, db: Store, key: str) -> None:
        rows = self.seed(db, key, _VALUES[key])
        for members in itertools.combinations(_VALUES[key][:6], 3):
            expected = [row_id for row_id, value in rows.items() if value in members]
            assert self.find(db, where=(Where(key, "in", members),)) == expected

    def test_in_takes_none_one_or_500_values(self, db: Store) -> None:
        rows = self.seed(db, "rank", list(range(20)))
        ids = list(rows)
        assert self.find(db, where=(Where("rank", "in", ()),)) == []
        assert self.find(db, where=(Where("rank", "in", (7,)),)) == [ids[7]]
        assert self.find(db, where=(Where("rank", "in", (7, 7, 7)),)) == [ids[7]]
        assert self.find(db, where=(Where("rank", "in", tuple(range(5, 505))),)) == ids[5:]
        assert self.find(db, where=(Where("id", "in", ("r003", "none")),)) == ["r003"]
        assert self.find(db, where=(Where("id", "in", ()),)) == []

    @pytest.mark.parametrize("prefix", [*_BEGINNINGS, "x" * 200], ids=ascii)
    def test_prefix_is_literal(self, db: Store, prefix: str) -> None:
        rows = self.seed(db, "name", _PREFIXED)
        expected = [row_id for row_id, value in rows.items() if value.startswith(prefix)]
        assert self.find(db, where=(Where("name", "prefix", prefix),)) == expected

    def test_prefix_of_the_id(self, db: Store) -> None:
        self.put(db, *(note(row_id) for row_id in ("res_1", "res_2", "resx1", "org_1")))
        assert self.find(db, where=(Where("id", "prefix", "res_"),)) == ["res_1", "res_2"]
        assert len(self.find(db, where=(Where("id", "prefix", ""),))) == 4

    def test_conditions_of_where_hold_together(self, db: Store) -> None:
        self.put(
            db,
            *(
                note(f"{city}-{rank}-{name}", city=city, rank=rank, name=name)
                for city in ("510100", "513200")
                for rank in range(4)
                for name in ("x", "xy", "z")
            ),
        )
        where = (
            Where("city", "=", "513200"),
            Where("rank", ">=", 1),
            Where("rank", "<", 3),
            Where("name", "prefix", "x"),
        )
        assert self.find(db, where=where) == [
            "513200-1-x",
            "513200-1-xy",
            "513200-2-x",
            "513200-2-xy",
        ]

    # Several values.

    def test_has(self, db: Store) -> None:
        self.put(
            db,
            note("a", tags=frozenset(["x", "y"])),
            note("b", tags=frozenset(["y", "z"])),
            note("c"),
            note("d", tags=frozenset(["", "X", "x "])),
        )
        for value, expected in [
            ("x", ["a"]),
            ("y", ["a", "b"]),
            ("", ["d"]),
            ("X", ["d"]),
            ("none", []),
        ]:
            assert self.find(db, where=(Where("tags", "has", value),)) == expected
        both = (Where("tags", "has", "x"), Where("tags", "has", "y"))
        assert self.find(db, where=both) == ["a"]

    def test_a_row_that_two_groups_find_comes_once(self, db: Store) -> None:
        self.put(db, note("a", tags=frozenset("xyz")), note("b", tags=frozenset("z")))
        groups = tuple((Where("tags", "has", tag),) for tag in "xyz")
        assert self.find(db, any_of=groups) == ["a", "b"]
        assert self.find(db, any_of=groups, scope=groups, order="rank", limit=2) == ["a", "b"]

    def test_replacing_and_deleting_take_old_values_away(self, db: Store) -> None:
        self.put(db, note("a", tags=frozenset("xy")), note("b", tags=frozenset("xy")))
        self.put(db, note("a", 1, tags=frozenset("yz")))
        self.put(db, note("b", 1))
        found = {tag: self.find(db, where=(Where("tags", "has", tag),)) for tag in "xyz"}
        assert found == {"x": [], "y": ["a"], "z": ["a"]}
        self.twice(db, lambda tx: tx.delete("note", [("a", 2)]))
        assert self.find(db, where=(Where("tags", "has", "z"),)) == []

    # any_of and scope.

    def test_any_of_and_scope_are_joined_by_and(self, db: Store) -> None:
        tags = [frozenset(), frozenset("s"), frozenset("t"), frozenset("st")]
        rows = [
            note(f"{city}-{rank}-{number}", city=city, rank=rank, tags=tagged)
            for city in ("1", "2", "3")
            for rank in range(3)
            for number, tagged in enumerate(tags)
        ]
        self.put(db, *rows)
        where: Group = (Where("rank", "<", 2),)
        any_of: tuple[Group, ...] = (
            (Where("city", "=", "1"), Where("rank", "=", 1)),
            (Where("tags", "has", "s"),),
        )
        scope: tuple[Group, ...] = (
            (Where("city", "in", ("1", "2")), Where("tags", "has", "t")),
            (Where("city", "=", "3"),),
            (Where("id", "=", "1-0-1"),),
        )

        def expected(row: Row) -> bool:
            k = row.keys
            return (
                k["rank"] < 2
                and ((k["city"] == "1" and k["rank"] == 1) or "s" in k["tags"])
                and (
                    (k["city"] in ("1", "2") and "t" in k["tags"])
                    or k["city"] == "3"
                    or row.id == "1-0-1"
                )
            )

        wanted = sorted(row.id for row in rows if expected(row))
        assert self.find(db, where=where, any_of=any_of, scope=scope) == wanted
        pages = self.pages(db, 3, where=where, any_of=any_of, scope=scope, order="city")
        assert sorted(row.id for row in pages) == wanted

    @pytest.mark.parametrize("name", ["any_of", "scope"])
    def test_groups_none_empty_or_of_nothing(self, db: Store, name: str) -> None:
        self.put(db, note("a", rank=1), note("b", rank=2))
        rank_1, rank_7 = (Where("rank", "=", 1),), (Where("rank", "=", 7),)
        assert self.among(db, name, None) == ["a", "b"]
        assert self.among(db, name, ()) == []
        assert self.among(db, name, (), where=rank_1) == []
        assert self.among(db, name, ((),)) == ["a", "b"]
        assert self.among(db, name, (rank_7, ())) == ["a", "b"]
        assert self.among(db, name, (rank_7, rank_1)) == ["a"]
        assert self.among(db, name, ((Where("rank", "in", ()),),)) == []

    def test_an_empty_scope_finds_nothing_whatever_any_of_says(self, db: Store) -> None:
        self.put(db, note("a"))
        assert self.find(db, any_of=((),), scope=()) == []
        assert self.find(db, any_of=(), scope=((),)) == []

    @pytest.mark.parametrize("name", ["any_of", "scope"])
    def test_16_groups_and_not_17(self, db: Store, name: str) -> None:
        rows = self.seed(db, "rank", list(range(20)))
        groups = tuple((Where("rank", "=", n), Where("name", "=", "")) for n in range(17))
        assert self.among(db, name, groups[:16]) == list(rows)[:16]
        with pytest.raises(Invalid):
            self.among(db, name, groups)

    def test_16_groups_of_sets_in_both(self, db: Store) -> None:
        self.put(db, *(note(f"r{n:02d}", tags=frozenset([f"t{n}", "all"])) for n in range(20)))
        groups = tuple(
            (Where("tags", "has", f"t{n}"), Where("tags", "has", "all")) for n in range(16)
        )
        assert len(self.find(db, any_of=groups, scope=groups)) == 16

    # Order and pages.

    @pytest.mark.parametrize("key", list(_VALUES))
    @pytest.mark.parametrize("desc", [False, True])
    def test_order_of_each_type(self, db: Store, key: str, *, desc: bool) -> None:
        rows = self.seed(db, key, _VALUES[key])
        expected = list(rows)[:: -1 if desc else 1]
        assert self.find(db, order=key, desc=desc) == expected
        assert [row.id for row in self.pages(db, 4, order=key, desc=desc)] == expected

    @pytest.mark.parametrize("desc", [False, True])
    def test_order_by_id(self, db: Store, *, desc: bool) -> None:
        ids = sorted(["a", "A", "b", "é", "ꆈ", "\uffff", "\U00010000", "a ", "a!"])
        self.put(db, *(note(row_id) for row_id in reversed(ids[::2] + ids[1::2])))
        expected = ids[:: -1 if desc else 1]
        assert self.find(db, desc=desc) == expected
        assert [row.id for row in self.pages(db, 2, desc=desc)] == expected

    @pytest.mark.parametrize("key", ["weight", "digest", "rank", "name"])
    @pytest.mark.parametrize("desc", [False, True])
    def test_ties_are_broken_by_id_in_the_same_direction(
        self,
        db: Store,
        key: str,
        *,
        desc: bool,
    ) -> None:
        # `weight` and `digest` stand in no index, so no index can lend its order.
        values: dict[str, list[Any]] = {
            "weight": [0.5, 1.5],
            "digest": [b"a", b"b"],
            "rank": [1, 2],
            "name": ["a", "b"],
        }
        rows = [(values[key][number % 2], f"r{number:02d}") for number in range(24)]
        mixed = rows[:]
        random.Random(2).shuffle(mixed)
        self.put(db, *(note(row_id, **{key: value}) for value, row_id in mixed))
        # Written again, last of all, so that the order of writing is another one too.
        self.put(db, note("r04", 1, **{key: values[key][0]}))
        expected = [row_id for _, row_id in sorted(rows, reverse=desc)]
        assert self.find(db, order=key, desc=desc) == expected
        assert [row.id for row in self.pages(db, 5, order=key, desc=desc)] == expected

    @pytest.mark.parametrize("desc", [False, True])
    @pytest.mark.parametrize("order", ["rank", "weight"])
    def test_pages_cover_exactly_once_and_in_order(
        self,
        db: Store,
        order: str,
        *,
        desc: bool,
    ) -> None:
        rows = [
            note(
                f"r{number:03d}",
                name=("keep" if number % 3 else "other") + str(number % 7),
                rank=number % 50,
                weight=float(number % 50),
                city="510100" if number % 2 else "513200",
            )
            for number in range(400)
        ]
        mixed = rows[:]
        random.Random(3).shuffle(mixed)
        self.put(db, *mixed)
        where = (Where("name", "prefix", "keep"), Where("rank", ">=", 5), Where("rank", "<", 45))
        expected = sorted(
            (
                (row.keys[order], row.id)
                for row in rows
                if row.keys["name"].startswith("keep") and 5 <= row.keys["rank"] < 45
            ),
            reverse=desc,
        )
        pages = self.pages(db, 7, where=where, order=order, desc=desc)
        assert [(row.keys[order], row.id) for row in pages] == expected

    @pytest.mark.parametrize("desc", [False, True])
    def test_rows_that_come_between_pages_disturb_no_others(self, db: Store, *, desc: bool) -> None:
        self.put(db, *(note(f"r{number:02d}", rank=number // 3 * 10) for number in range(30)))
        seen: list[str] = []
        after: tuple[KeyValue, str] | None = None
        for number in itertools.count():
            query = Query(order="rank", desc=desc, after=after, limit=4)
            page = self.ask(db, lambda tx: tx.find("note", query))
            if not page:
                break
            seen += [row.id for row in page]
            after = (page[-1].keys["rank"], page[-1].id)
            # Both sides of the place that was reached, and right on its value.
            ranks = (-1, 1000, page[-1].keys["rank"]) if number < 10 else ()
            self.put(db, *(note(f"new{number}.{n}", rank=r) for n, r in enumerate(ranks)))
        old = [row_id for row_id in seen if row_id.startswith("r")]
        expected = sorted((number // 3 * 10, f"r{number:02d}") for number in range(30))
        assert old == [row_id for _, row_id in (reversed(expected) if desc else expected)]
        assert len(seen) == len(set(seen))

    def test_after_needs_no_row_in_that_place(self, db: Store) -> None:
        self.put(db, note("a", rank=1), note("c", rank=2), note("e", rank=2), note("g", rank=3))
        assert self.find(db, order="rank", after=(2, "d")) == ["e", "g"]
        assert self.find(db, order="rank", after=(2, "")) == ["c", "e", "g"]
        assert self.find(db, order="rank", after=(3, "g")) == []
        assert self.find(db, order="rank", after=(9, "")) == []
        assert self.find(db, order="rank", desc=True, after=(2, "d")) == ["c", "a"]
        assert self.find(db, order="rank", desc=True, after=(1, "a")) == []
        assert self.find(db, after=("b", "b")) == ["c", "e", "g"]
        assert self.find(db, desc=True, after=("b", "b")) == ["a"]

    def test_limit(self, db: Store) -> None:
        self.put(db, *(note(f"r{number:04d}") for number in range(1001)))
        assert self.find(db, limit=1) == ["r0000"]
        assert self.find(db, limit=1, desc=True) == ["r1000"]
        assert len(self.find(db, limit=1000)) == 1000
        assert len(self.ask(db, lambda tx: tx.find("note", Query()))) == 50
        assert self.ask(db, lambda tx: tx.count("note", Query(limit=1))) == 1001

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_limit_beyond_the_border_is_refused(self, db: Store, limit: int) -> None:
        with pytest.raises(Invalid):
            self.find(db, limit=limit)

    def test_count_ignores_order_after_and_limit(self, db: Store) -> None:
        self.put(db, *(note(f"r{number}", rank=number) for number in range(9)))
        query = Query(
            where=(Where("rank", ">", 1),), order="rank", desc=True, after=(5, "r5"), limit=1
        )
        assert self.ask(db, lambda tx: tx.count("note", query)) == 7
        assert self.find(db, where=query.where, order="rank", desc=True, after=(5, "r5")) == [
            "r4",
            "r3",
            "r2",
        ]

    # What comes back.

    def test_rows_come_whole(self, db: Store) -> None:
        rows = [note("a", doc=b"\0", tags=frozenset("xy"), rank=3), note("b", name="n")]
        self.put(db, *rows)
        found = self.ask(db, lambda tx: tx.find("note", Query()))
        assert found == [
            note("a", 1, doc=b"\0", tags=frozenset("xy"), rank=3),
            note("b", 1, name="n"),
        ]

    def test_keys_only(self, db: Store) -> None:
        self.put(db, note("a", doc=b"1", tags=frozenset("xy")), note("b"))
        self.put(db, note("b", 1, rank=4))
        found = self.ask(db, lambda tx: tx.find("note", Query(fields="keys")))
        assert [(row.id, row.version, row.doc) for row in found] == [("a", 1, None), ("b", 2, None)]
        assert [row.keys for row in found] == [
            note("a", tags=frozenset("xy")).keys,
            note("b", rank=4).keys,
        ]

    def test_kinds_without_document_or_keys_are_found(self, db: Store) -> None:
        self.put(db, Row("m", 0, None, {"owner": "x", "rank": 2}), kind="mark")
        self.put(db, Row("b", 0, b"doc"), kind="bare")
        found = self.ask(db, lambda tx: tx.find("mark", Query(where=(Where("owner", "=", "x"),))))
        assert found == [Row("m", 1, None, {"owner": "x", "rank": 2})]
        assert self.ask(db, lambda tx: tx.find("bare", Query())) == [Row("b", 1, b"doc", {})]

    @pytest.mark.parametrize("query", [q for _, q in _REFUSED], ids=[name for name, _ in _REFUSED])
    def test_a_query_that_does_not_fit_is_refused(self, db: Store, query: dict[str, Any]) -> None:
        with pytest.raises(Invalid):
            self.ask(db, lambda tx: tx.find("note", Query(**query)))
        with pytest.raises(Invalid):
            self.ask(db, lambda tx: tx.count("note", Query(**query)))

    def among(
        self, store: Store, name: str, groups: tuple[Group, ...] | None, **query: Any
    ) -> list[str]:
        """Find with these groups as `any_of` or as `scope`."""
        return self.find(store, **{**query, name: groups})

    def pages(self, store: Store, size: int, **query: Any) -> list[Row]:
        """Turn all pages of a query."""
        rows: list[Row] = []
        order = query.get("order", "id")
        after: tuple[KeyValue, str] | None = None
        while True:
            asked = Query(**query, after=after, limit=size)
            page = self.ask(store, lambda tx: tx.find("note", asked))
            assert len(page) <= size
            rows += page
            if not page:
                return rows
            last = page[-1]
            after = (last.id if order == "id" else last.keys[order], last.id)
            assert len(rows) <= 10_000, "the pages never end"
