"""Cases of `get`, `put` and `delete`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tianfu_sdk.errors import Conflict, Invalid, StorageError
from tianfu_sdk.model.storage import NewJob, Query, Row, Where
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import StoreCases, note

__all__ = ["DocumentCases"]

_TEXTS = [
    "",
    " ",
    "a",
    "A",
    "a ",
    " a",
    "a\n",
    "O'Neill",
    '"quoted"',
    "back\\slash",
    "100%",
    "a_b",
    "null",
    "None",
    "0",
    "\u00e9",
    "e\u0301",
    "脑卒中怎么预防",
    "བོད་སྐད",
    # Two vowel signs in either order: who normalises text makes one of both.
    "\u0f40\u0f74\u0f71",
    "\u0f40\u0f71\u0f74",
    "ꆈꌠꉙ",
    "\U00020bb7野家",
    "😀",
    "\u200b",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\U0010ffff",
    "x" * 200,
    "\U00020bb7" * 200,
]
_BYTES = [b"", b"\0", b"\0\0", b"0", bytes(range(200)), b"\xff" * 200, "藏".encode()]
_INTS = [0, 1, -1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63)]
_FLOATS = [0.0, 0.1, -0.1, 1 / 3, 1e308, -1e308, 5e-324, 2.0, 1e18, float(2**53)]
_DOCS = [
    b"",
    b"\0",
    b"a\0b\0",
    bytes(range(256)),
    b"\xff\xfe\xc3\x28",
    "脑卒中".encode(),
    "བོད་སྐད་ཡིག".encode(),
    "\u0f40\u0f74\u0f71".encode(),
    "ꆈꌠꉙ".encode(),
    "😀\U00020bb7".encode(),
    b"\r\n ",
    b"x" * 300_000,
]
_UNFIT: list[tuple[str, dict[str, Any]]] = [
    ("None for text", {"name": None}),
    ("int for text", {"name": 1}),
    ("bytes for text", {"name": b"a"}),
    ("text too long", {"name": "x" * 201}),
    ("text with NUL", {"name": "a\0b"}),
    ("text with half a surrogate pair", {"name": "\ud83d"}),
    ("None for int", {"rank": None}),
    ("bool for int", {"rank": True}),
    ("text for int", {"rank": "1"}),
    ("float for int", {"rank": 1.0}),
    ("int too large", {"rank": 2**63}),
    ("int too small", {"rank": -(2**63) - 1}),
    ("None for float", {"weight": None}),
    ("int for float", {"weight": 1}),
    ("NaN", {"weight": math.nan}),
    ("infinite", {"weight": math.inf}),
    ("None for bytes", {"digest": None}),
    ("text for bytes", {"digest": "a"}),
    ("bytes too long", {"digest": b"x" * 201}),
    ("None for a set", {"tags": None}),
    ("list for a set", {"tags": ["a"]}),
    ("text for a set", {"tags": "a"}),
    ("None in a set", {"tags": frozenset([None])}),
    ("int in a set of text", {"tags": frozenset([1])}),
    ("text too long in a set", {"tags": frozenset(["x" * 201])}),
    ("a key that the kind has not", {"colour": "red"}),
]


class DocumentCases(StoreCases):
    """Documents go in and come out unchanged; versions guard them."""

    # What goes in comes out.

    @pytest.mark.parametrize("doc", _DOCS, ids=lambda doc: ascii(doc)[:20])
    def test_document_bytes_come_back_unchanged(self, db: Store, doc: bytes) -> None:
        self.put(db, note("a", doc=doc))
        row = self.row(db, "a")
        assert row is not None
        assert row.doc == doc
        assert type(row.doc) is bytes

    def test_version_is_1_after_creation_and_keys_come_back(self, db: Store) -> None:
        keys = {
            "name": "脑卒中",
            "city": "513200",
            "rank": -7,
            "weight": 2.0,
            "digest": b"\0\xff",
            "tags": frozenset(["a", "བོད", ""]),
        }
        self.put(db, Row("a", 0, b"{}", keys))
        row = self.row(db, "a")
        assert row == Row("a", 1, b"{}", keys)
        assert {name: type(value) for name, value in row.keys.items()} == {
            name: type(value) for name, value in keys.items()
        }

    @pytest.mark.parametrize(
        ("key", "values"),
        [("name", _TEXTS), ("digest", _BYTES), ("rank", _INTS), ("weight", _FLOATS)],
    )
    def test_key_values_are_exact_and_distinct(
        self, db: Store, key: str, values: list[Any]
    ) -> None:
        rows = {f"r{number:03d}": value for number, value in enumerate(values)}
        self.put(db, *(note(row_id, **{key: value}) for row_id, value in rows.items()))
        found = self.ask(db, lambda tx: tx.get("note", list(rows)))
        assert {row.id: row.keys[key] for row in found} == rows
        assert {type(row.keys[key]) for row in found} == {type(values[0])}
        for row_id, value in rows.items():
            assert self.find(db, where=(Where(key, "=", value),)) == [row_id]

    @pytest.mark.parametrize(
        ("key", "values"),
        [("words", _TEXTS), ("hashes", _BYTES), ("years", _INTS), ("shares", _FLOATS)],
    )
    def test_values_of_sets_are_exact_and_distinct(
        self, db: Store, key: str, values: list[Any]
    ) -> None:
        empty: dict[str, frozenset[Any]] = {
            name: frozenset() for name in ("words", "years", "shares", "hashes")
        }
        rows = [Row("all", 0, b"", {**empty, key: frozenset(values)})]
        rows += [
            Row(f"r{number:03d}", 0, b"", {**empty, key: frozenset([value])})
            for number, value in enumerate(values)
        ]
        self.put(db, *rows, kind="bag")
        found = self.ask(db, lambda tx: tx.get("bag", [row.id for row in rows]))
        assert {row.id: row.keys for row in found} == {row.id: row.keys for row in rows}
        for row in rows[1:]:
            (value,) = row.keys[key]
            assert self.find(db, "bag", where=(Where(key, "has", value),)) == ["all", row.id]

    def test_ids_are_any_64_characters_told_apart_exactly(self, db: Store) -> None:
        ids = [
            "a",
            "A",
            "a ",
            "\u00e9",
            "e\u0301",
            "res_01",
            "ꆈ",
            "%",
            "\U00020bb7" * 64,
            "x" * 64,
        ]
        self.put(db, *(note(row_id, name=row_id) for row_id in ids))
        for row_id in ids:
            row = self.row(db, row_id)
            assert row is not None
            assert (row.id, row.keys["name"]) == (row_id, row_id)

    def test_a_kind_may_have_no_document(self, db: Store) -> None:
        self.put(db, Row("a", 0, None, {"owner": "acc_1", "rank": 1}), kind="mark")
        assert self.row(db, "a", "mark") == Row("a", 1, None, {"owner": "acc_1", "rank": 1})

    def test_what_a_narrow_row_says_of_itself_is_stored_and_found(self, db: Store) -> None:
        def change(tx: Tx) -> None:
            a, b, c = tx.get("mark", ["a", "b", "c"])
            whole = Row("c", c.version, None, {"owner": "acc_2", "rank": 7})
            # Twice before it is stored: the first change is not forgotten.
            tx.put("mark", [a.but(rank=9), b.but(owner="acc_3").but(rank=8), whole.but(rank=6)])

        self.put(db, *(Row(x, 0, None, {"owner": "acc_1", "rank": 1}) for x in "abc"), kind="mark")
        self.twice(db, change)
        stored = {row.id: dict(row.keys) for row in self.ask(db, lambda tx: tx.get("mark", "abc"))}
        assert stored == {
            "a": {"owner": "acc_1", "rank": 9},
            "b": {"owner": "acc_3", "rank": 8},
            "c": {"owner": "acc_2", "rank": 6},
        }
        for key, value, ids in (("rank", 1, ""), ("rank", 9, "a"), ("owner", "acc_1", "a")):
            assert "".join(self.find(db, "mark", where=(Where(key, "=", value),))) == ids
        stale = Row("a", 1, None, {"owner": "acc_9", "rank": 1}, ())
        with pytest.raises(Conflict):
            self.put(db, stale.but(rank=2), kind="mark")
        assert self.find(db, "mark", where=(Where("rank", "=", 9),)) == ["a"]

    def test_a_kind_may_have_no_keys(self, db: Store) -> None:
        self.put(db, Row("a", 0, b"x"), kind="bare")
        assert self.row(db, "a", "bare") == Row("a", 1, b"x", {})

    def test_kinds_are_apart(self, db: Store) -> None:
        self.put(db, note("a"))
        self.put(db, Row("a", 0, b"x"), kind="bare")
        self.twice(db, lambda tx: tx.delete("note", [("a", 1)]))
        assert self.row(db, "a") is None
        assert self.row(db, "a", "bare") == Row("a", 1, b"x", {})

    def test_what_the_giver_changes_later_is_not_stored(self, db: Store) -> None:
        keys = dict(note("a").keys)

        def body(tx: Tx) -> None:
            keys["name"] = "as put"
            tx.put("note", [Row("a", 0, b"{}", keys)])
            keys["name"] = "changed"

        self.twice(db, body)
        row = self.row(db, "a")
        assert row is not None
        assert row.keys["name"] == "as put"

    # get

    def test_get_many(self, db: Store) -> None:
        self.put(db, *(note(f"n{number:04d}") for number in range(1250)))
        ids = [f"n{number:04d}" for number in range(0, 2500, 2)]
        found = self.ask(db, lambda tx: tx.get("note", ids))
        assert sorted(row.id for row in found) == ids[:625]

    def test_get_skips_what_is_missing(self, db: Store) -> None:
        self.put(db, note("a"))
        found = self.ask(db, lambda tx: tx.get("note", ["b", "a", "", "x" * 70]))
        assert [row.id for row in found] == ["a"]
        assert self.ask(db, lambda tx: tx.get("note", ["b"])) == []

    def test_get_answers_an_id_that_stands_twice_once(self, db: Store) -> None:
        self.put(db, note("a"), note("b"))
        found = self.ask(db, lambda tx: tx.get("note", ["a", "b", "a", "a"]))
        assert sorted(row.id for row in found) == ["a", "b"]

    @pytest.mark.parametrize(
        "names", [(), ("name",), ("rank", "doc", "name"), ("digest", "weight")], ids="-".join
    )
    def test_columns_say_what_get_says(self, db: Store, names: tuple[str, ...]) -> None:
        rows = [
            note(f"n{n:03d}", doc=b"%d" % n, name=f"藏{n}", rank=-n, digest=bytes([n, 0]))
            for n in range(250)
        ]
        self.put(db, *rows)
        ids = [row.id for row in rows[1:]] + ["n001", "absent", "x" * 70]
        found = self.ask(db, lambda tx: tx.columns("note", ids, names))
        wanted = [(r.id, *(r.doc if n == "doc" else r.keys[n] for n in names)) for r in rows[1:]]
        assert sorted(found) == wanted
        assert {type(one) for one in found} == {tuple}
        assert {type(part) for one in found for part in one} <= {str, int, float, bytes}
        assert self.ask(db, lambda tx: tx.columns("note", [], names)) == []

    @pytest.mark.parametrize("name", ["tags", "absent", "id", "version"])
    def test_columns_that_a_kind_has_not_are_refused(self, db: Store, name: str) -> None:
        with pytest.raises(Invalid) as caught:
            self.ask(db, lambda tx: tx.columns("note", ["a"], ("name", name)))
        assert caught.value.code == "storage.no_key"

    def test_nothing_in_nothing_out(self, db: Store) -> None:
        def body(tx: Tx) -> list[Row]:
            tx.put("note", [])
            tx.delete("note", [])
            return tx.get("note", [])

        assert self.twice(db, body) == []
        assert self.find(db) == []

    # put

    def test_a_write_counts_the_version_and_replaces_all(self, db: Store) -> None:
        self.put(db, note("a", doc=b"1", name="x", tags=frozenset(["t"])))
        self.put(db, note("a", 1, doc=b"2", rank=5))
        assert self.row(db, "a") == note("a", 2, doc=b"2", rank=5)
        self.put(db, note("a", 2, doc=b"3"))
        assert self.row(db, "a") == note("a", 3, doc=b"3")

    def test_several_writes_of_one_row_in_one_transaction(self, db: Store) -> None:
        def body(tx: Tx) -> None:
            tx.put("note", [note("a", doc=b"1")])
            tx.put("note", [note("a", 1, doc=b"2")])
            tx.delete("note", [("a", 2)])
            tx.put("note", [note("a", doc=b"3")])

        self.twice(db, body)
        assert self.row(db, "a") == note("a", 1, doc=b"3")

    def test_creating_what_is_there_conflicts(self, db: Store) -> None:
        self.put(db, note("b", doc=b"old"))

        def body(tx: Tx) -> None:
            tx.put("note", [note("before")])
            tx.put("note", [note("a"), note("b"), note("c")])

        with pytest.raises(Conflict) as caught:
            self.twice(db, body)
        assert caught.value.code == "storage.version"
        assert caught.value.values["ids"] == ("b",)
        assert self.find(db) == ["b"], "an earlier put of the transaction was kept"
        assert self.row(db, "b") == note("b", 1, doc=b"old")

    def test_creating_one_id_twice_at_once_conflicts(self, db: Store) -> None:
        with pytest.raises(Conflict) as caught:
            self.put(db, note("a", doc=b"1"), note("a", doc=b"2"))
        assert caught.value.values["ids"] == ("a",)
        assert self.find(db) == []

    @pytest.mark.parametrize("version", [1, 3, 99])
    def test_replacing_another_version_conflicts(self, db: Store, version: int) -> None:
        self.put(db, note("a"), note("b"), note("c"))
        self.put(db, note("b", 1, doc=b"second"))
        with pytest.raises(Conflict) as caught:
            self.put(db, note("a", 1), note("b", version), note("c", 1))
        assert caught.value.code == "storage.version"
        assert caught.value.values["ids"] == ("b",)
        assert self.row(db, "a") == note("a", 1)
        assert self.row(db, "b") == note("b", 2, doc=b"second")

    def test_replacing_what_is_missing_conflicts(self, db: Store) -> None:
        with pytest.raises(Conflict) as caught:
            self.put(db, note("a"), note("b", 1))
        assert caught.value.values["ids"] == ("b",)
        assert self.find(db) == []

    def test_a_conflict_names_rows_that_conflict_and_no_others(self, db: Store) -> None:
        self.put(db, *(note(row_id) for row_id in "abcd"))
        with pytest.raises(Conflict) as caught:
            self.put(db, note("a", 1), note("b"), note("c", 7), note("d", 1), note("e"))
        ids = caught.value.values["ids"]
        assert isinstance(ids, tuple)
        assert ids
        assert set(ids) <= {"b", "c"}

    def test_a_conflict_that_is_caught_loses_the_transaction_all_the_same(self, db: Store) -> None:
        self.put(db, note("a"))

        def body(tx: Tx) -> None:
            tx.append("s", [b"event"])
            tx.enqueue("q", [NewJob("job")])
            tx.put("note", [note("b")])
            with pytest.raises(Conflict):
                tx.put("note", [note("a")])

        with pytest.raises(Conflict) as caught:
            db.run(body, write=True)
        assert caught.value.values["ids"] == ("a",)
        assert self.find(db) == ["a"]
        assert self.ask(db, lambda tx: tx.read("s", None, 10)) == []
        assert self.ask(db, lambda tx: tx.jobs("q", None, None, 10)) == []

    def test_a_caught_conflict_of_delete_loses_the_transaction_too(self, db: Store) -> None:
        def body(tx: Tx) -> None:
            tx.put("note", [note("b")])
            with pytest.raises(Conflict):
                tx.delete("note", [("a", 1)])

        with pytest.raises(Conflict):
            db.run(body, write=True)
        assert self.find(db) == []

    # delete

    def test_delete_checks_the_version(self, db: Store) -> None:
        self.put(db, note("a"), note("b"))
        self.put(db, note("a", 1))
        for version in (0, 1, 3):
            with pytest.raises(Conflict) as caught:
                self.twice(db, lambda tx: tx.delete("note", [("b", 1), ("a", version)]))
            assert caught.value.code == "storage.version"
            assert caught.value.values["ids"] == ("a",)
            assert self.find(db) == ["a", "b"]
        self.twice(db, lambda tx: tx.delete("note", [("b", 1), ("a", 2)]))
        assert self.find(db) == []

    @pytest.mark.parametrize("version", [0, 1])
    def test_deleting_what_is_missing_conflicts(self, db: Store, version: int) -> None:
        with pytest.raises(Conflict) as caught:
            self.twice(db, lambda tx: tx.delete("note", [("a", version)]))
        assert caught.value.values["ids"] == ("a",)

    def test_deleting_one_row_twice_conflicts(self, db: Store) -> None:
        self.put(db, note("a"))
        with pytest.raises(Conflict):
            self.twice(db, lambda tx: tx.delete("note", [("a", 1), ("a", 1)]))
        assert self.find(db) == ["a"]

    def test_what_was_deleted_may_be_made_anew(self, db: Store) -> None:
        self.put(db, note("a", tags=frozenset(["old"])))
        self.put(db, note("a", 1, tags=frozenset(["old"])))
        self.twice(db, lambda tx: tx.delete("note", [("a", 2)]))
        assert self.row(db, "a") is None
        self.put(db, note("a"))
        assert self.row(db, "a") == note("a", 1)
        assert self.find(db, where=(Where("tags", "has", "old"),)) == []

    # The border.

    @pytest.mark.parametrize("keys", [k for _, k in _UNFIT], ids=[name for name, _ in _UNFIT])
    def test_what_a_kind_cannot_hold_is_refused(self, db: Store, keys: dict[str, Any]) -> None:
        def body(tx: Tx) -> None:
            with pytest.raises(Invalid):
                tx.put("note", [note("a"), note("b", **keys), note("c")])
            tx.put("note", [note("d")])

        self.twice(db, body)
        assert self.find(db) == ["d"]

    @pytest.mark.parametrize("key", ["name", "city", "rank", "weight", "digest", "tags"])
    def test_no_key_may_be_missing(self, db: Store, key: str) -> None:
        keys = dict(note("a").keys)
        del keys[key]
        with pytest.raises(Invalid) as caught:
            self.put(db, Row("a", 0, b"{}", keys))
        assert caught.value.path == f"note.{key}"
        assert self.find(db) == []

    def test_a_document_stands_where_the_kind_has_one_and_nowhere_else(self, db: Store) -> None:
        with pytest.raises(Invalid):
            self.put(db, Row("a", 0, None, note("a").keys))
        with pytest.raises(Invalid):
            self.put(db, Row("a", 0, b"", {"owner": "x", "rank": 1}), kind="mark")
        assert self.find(db) == []
        assert self.find(db, "mark") == []

    def test_an_unknown_kind_is_refused_by_every_verb(self, db: Store) -> None:
        verbs: list[Callable[[Tx], object]] = [
            lambda tx: tx.get("nothing", ["a"]),
            lambda tx: tx.columns("nothing", ["a"], ()),
            lambda tx: tx.put("nothing", [note("a")]),
            lambda tx: tx.delete("nothing", [("a", 1)]),
            lambda tx: tx.find("nothing", Query()),
            lambda tx: tx.count("nothing", Query()),
        ]
        for verb in verbs:
            with pytest.raises(StorageError) as caught:
                db.run(verb, write=True)
            assert (caught.value.code, caught.value.path) == ("storage.no_kind", "nothing")
