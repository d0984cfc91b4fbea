"""Cases of `changes` and `migrate`: a store of an older program is brought up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from tianfu_sdk.errors import (
    Invalid,
    SchemaTooNew,
    SchemaTooOld,
    StorageError,
)
from tianfu_sdk.model.storage import Key, Kind, NewJob, Query, Row, SchemaChange, SchemaStep, Where
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import BAG, BARE, KINDS, MARK, NOTE, StoreCases, note

__all__ = ["MigrateCases"]

NEWER = Kind(
    "note",
    keys=(
        Key("name"),
        Key("rank"),
        Key("weight", "float"),
        Key("tags", "int", many=True),
        Key("words", many=True),
        Key("size", "int"),
    ),
    indexes=(("size", "rank"), ("name", "size")),
    schema=2,
)
"""`NOTE` with a key gone, one come, sets come, two retyped, and other indexes."""
INDEXED = attrs.evolve(NOTE, indexes=(("city", "name"), ("rank",)), schema=2)
"""`NOTE` with other indexes only."""
NUMBER = 1203


class _TornError(Exception):
    """Ends a migration half-way."""


def _doc(number: int) -> bytes:
    return f"བོད{number}\0".encode()


def _rekeyed(row: Row) -> dict[str, Any]:
    return {
        "name": row.keys["name"],
        "rank": f"r{row.keys['rank']:05d}",
        "weight": row.keys["weight"],
        "tags": frozenset(len(tag) for tag in row.keys["tags"]),
        "words": frozenset({row.keys["city"], "ꆈ"}),
        "size": len(row.doc or b""),
    }


class MigrateCases(StoreCases):
    """Rows keep what they are and get new keys, however often the way there is interrupted."""

    @pytest.fixture
    def migrates(self, store: Store) -> None:
        """Skip what a store cannot do."""
        if not store.capabilities.migrates:
            pytest.skip("capabilities.migrates is false")

    def fill_older(self, store: Store) -> list[Row]:
        """Write rows, events and jobs of the older program; gives the rows."""
        rows = [
            note(
                f"n{number:05d}",
                number % 3 + 1,
                _doc(number),
                name=f"a{number % 7}",
                rank=number,
                tags=frozenset("x" * (number % 4)),
            )
            for number in range(NUMBER)
        ]

        def body(tx: Tx) -> None:
            tx.load("note", rows)
            tx.put("mark", [Row("m", 0, None, {"owner": "o", "rank": 1})])
            tx.append("s", [b"event"])
            tx.enqueue("q", [NewJob("k")])

        self.twice(store, body)
        return rows

    def rekey(self, kind: str, row: Row) -> Mapping[str, Any]:
        """Give the keys of the newer program."""
        assert kind == "note"
        return _rekeyed(row)

    def never(self, kind: str, row: Row) -> Mapping[str, Any]:
        """Stand where nothing is to be rekeyed."""
        raise AssertionError((kind, row))

    def whole(self, store: Store, rows: list[Row]) -> None:
        """Demand that the store is what the newer program expects."""
        expected = [attrs.evolve(row, keys=_rekeyed(row)) for row in rows]
        found: list[Row] = []
        while True:
            after = (found[-1].id, found[-1].id) if found else None
            part = self.ask(store, lambda tx, a=after: tx.find("note", Query(after=a, limit=1000)))  # type: ignore[misc]
            found += part
            if len(part) < 1000:
                break
        assert found == expected
        has = [row.id for row in expected if 3 in row.keys["tags"]]
        assert self.find(store, where=(Where("tags", "has", 3),)) == has
        assert len(self.find(store, where=(Where("words", "has", "ꆈ"),), limit=1000)) == 1000
        assert self.find(store, order="rank", desc=True, limit=3) == [
            row.id for row in reversed(rows[-3:])
        ]
        assert self.row(store, "m", "mark") == Row("m", 1, None, {"owner": "o", "rank": 1})
        assert [e.body for e in self.ask(store, lambda tx: tx.read("s", None, 9))] == [b"event"]
        assert len(self.ask(store, lambda tx: tx.jobs("q", None, None, 9))) == 1
        last = expected[-1]
        self.put(store, last)
        assert self.row(store, last.id) == attrs.evolve(last, version=last.version + 1)
        assert store.check() == []

    # What is to be done.

    @pytest.mark.usefixtures("migrates")
    def test_nothing_is_to_be_done_to_what_is_as_it_should_be(self, db: Store) -> None:
        self.fill_older(db)
        assert db.changes(KINDS) == []
        db.migrate(KINDS, self.never)
        assert self.ask(db, lambda tx: tx.count("note", Query())) == NUMBER

    @pytest.mark.usefixtures("migrates")
    def test_a_kind_that_is_not_there_yet_is_no_change(self, db: Store) -> None:
        more = Kind("more", (Key("name"),))
        assert db.changes([*KINDS, more]) == []
        db.migrate([*KINDS, more], self.never)
        self.put(db, Row("x", 0, b"", {"name": "n"}), kind="more")

    @pytest.mark.usefixtures("migrates")
    def test_the_order_of_keys_and_indexes_is_no_change(self, db: Store) -> None:
        self.fill_older(db)
        turned = attrs.evolve(NOTE, keys=NOTE.keys[::-1], indexes=NOTE.indexes[::-1])
        assert db.changes([turned]) == []
        db.open([turned, MARK])
        assert self.find(db, where=(Where("rank", "=", 5),)) == ["n00005"]

    @pytest.mark.usefixtures("migrates")
    def test_a_change_says_what_it_is(self, db: Store) -> None:
        self.fill_older(db)
        (change,) = db.changes([NEWER, BAG, MARK, BARE])
        assert (change.step, change.kind) == (SchemaStep.ROWS, "note")
        assert (change.found, change.wanted) == (1, 2)
        assert set(change.added) == {"words", "size"}
        assert set(change.removed) == {"city", "digest"}
        assert set(change.retyped) == {"rank", "tags"}
        assert (change.rows, change.done) == (NUMBER, 0)
        assert self.find(db, where=(Where("city", "=", "510100"),), limit=1) == ["n00000"]

    @pytest.mark.usefixtures("migrates")
    def test_a_store_of_an_older_program_is_not_opened(self, db: Store) -> None:
        self.fill_older(db)
        with pytest.raises(SchemaTooOld) as caught:
            db.open([NEWER])
        assert (caught.value.code, caught.value.path) == ("storage.kind_changed", "note")
        assert "tianfu migrate" in (caught.value.hint or "")
        db.open(KINDS)
        assert self.ask(db, lambda tx: tx.count("note", Query())) == NUMBER

    @pytest.mark.usefixtures("migrates")
    def test_a_store_of_a_newer_program_is_refused(self, db: Store) -> None:
        rows = self.fill_older(db)
        db.migrate([NEWER, MARK], self.rekey)
        for refused in (db.open, db.changes, lambda kinds: db.migrate(kinds, self.never)):
            with pytest.raises(SchemaTooNew) as caught:
                refused([NOTE])
            assert (caught.value.code, caught.value.path) == ("storage.kind_too_new", "note")
        db.open([NEWER, MARK])
        self.whole(db, rows)

    @pytest.mark.usefixtures("migrates")
    def test_a_kind_cannot_lose_its_document(self, db: Store) -> None:
        self.fill_older(db)
        with pytest.raises(StorageError) as caught:
            db.changes([attrs.evolve(NOTE, document=False, schema=2)])
        assert caught.value.code == "storage.document_changed"

    # Doing it.

    @pytest.mark.usefixtures("migrates")
    def test_rows_keep_what_they_are_and_get_new_keys(self, db: Store) -> None:
        rows = self.fill_older(db)
        seen: list[SchemaChange] = []
        db.migrate([NEWER, MARK], self.rekey, seen.append)
        self.whole(db, rows)
        assert seen
        assert {change.kind for change in seen} == {"note"}
        assert [change.done for change in seen] == sorted(change.done for change in seen)
        assert seen[-1].done == seen[-1].rows == NUMBER
        assert db.changes([NEWER, MARK]) == []

    @pytest.mark.usefixtures("migrates")
    def test_a_raised_number_alone_gives_new_keys(self, db: Store) -> None:
        self.fill_older(db)
        again = attrs.evolve(NOTE, schema=3)
        (change,) = db.changes([again])
        assert (change.step, change.added, change.removed) == (SchemaStep.ROWS, (), ())
        db.migrate([again], lambda _, row: {**row.keys, "name": f"new {row.keys['name']}"})
        assert self.find(db, where=(Where("name", "=", "new a6"),), limit=1) == ["n00006"]

    @pytest.mark.usefixtures("migrates")
    def test_other_indexes_leave_the_rows_where_they_are(self, db: Store) -> None:
        rows = self.fill_older(db)
        (change,) = db.changes([INDEXED, MARK])
        assert (change.step, change.rows) == (SchemaStep.INDEXES, NUMBER)
        db.migrate([INDEXED, MARK], self.never)
        assert db.changes([INDEXED, MARK]) == []
        assert self.row(db, "n01000") == rows[1000]
        assert self.find(db, order="name", limit=2) == ["n00000", "n00007"]

    @pytest.mark.usefixtures("migrates")
    def test_a_kind_without_rows_is_changed_too(self, db: Store) -> None:
        db.migrate([NEWER], self.never)
        db.open([NEWER])
        self.put(db, Row("a", 0, b"", _rekeyed(note("a", rank=4))))
        assert self.find(db, where=(Where("rank", "=", "r00004"),)) == ["a"]

    @pytest.mark.usefixtures("migrates")
    def test_migrating_again_changes_nothing(self, db: Store) -> None:
        rows = self.fill_older(db)
        db.migrate([NEWER, MARK], self.rekey)
        db.migrate([NEWER, MARK], self.never)
        self.whole(db, rows)

    # Interrupted.

    @pytest.mark.parametrize("place", [0, 1, 499, 500, 501, 1100, NUMBER - 1])
    @pytest.mark.usefixtures("migrates")
    def test_one_that_fails_at_a_row_goes_on(self, db: Store, place: int) -> None:
        rows = self.fill_older(db)

        def torn(kind: str, row: Row) -> Mapping[str, Any]:
            if row.id == rows[place].id:
                raise _TornError
            return self.rekey(kind, row)

        for _ in range(2):
            with pytest.raises(_TornError):
                db.migrate([NEWER, MARK], torn)
        self.half_done(db)
        db.migrate([NEWER, MARK], self.rekey)
        self.whole(db, rows)

    @pytest.mark.usefixtures("migrates")
    def test_one_that_is_ended_after_any_step_goes_on(self, db: Store) -> None:
        rows = self.fill_older(db)

        def end(_: object) -> None:
            raise _TornError

        ended = 0
        while db.changes([NEWER, MARK]):
            with pytest.raises(_TornError):
                db.migrate([NEWER, MARK], self.rekey, end)
            ended += 1
            assert ended < 100, "it begins anew each time"
            if db.changes([NEWER, MARK]):
                self.half_done(db)
        db.migrate([NEWER, MARK], self.never)
        self.whole(db, rows)

    def half_done(self, store: Store) -> None:
        """Demand that nobody takes a half-done store for a whole one."""
        with pytest.raises(SchemaTooOld):
            store.open([NEWER, MARK])
        code = ""
        try:
            store.open(KINDS)
        except SchemaTooNew as error:
            code = error.code
        assert code in {"", "storage.migrating"}
        if not code:
            # Nothing was begun, or it was all taken back.
            assert self.ask(store, lambda tx: tx.count("note", Query())) == NUMBER

    @pytest.mark.usefixtures("migrates")
    def test_keys_that_the_kind_cannot_hold_are_refused(self, db: Store) -> None:
        rows = self.fill_older(db)

        def wrong(_: str, row: Row) -> Mapping[str, Any]:
            return {**_rekeyed(row), "size": "x"} if row.id == "n00700" else _rekeyed(row)

        with pytest.raises(Invalid) as caught:
            db.migrate([NEWER, MARK], wrong)
        assert caught.value.code == "storage.key_type"
        db.migrate([NEWER, MARK], self.rekey)
        self.whole(db, rows)

    @pytest.mark.usefixtures("migrates")
    def test_the_older_program_may_give_it_up(self, db: Store) -> None:
        rows = self.fill_older(db)

        def torn(kind: str, row: Row) -> Mapping[str, Any]:
            if row.id == rows[-1].id:
                raise _TornError
            return self.rekey(kind, row)

        with pytest.raises(_TornError):
            db.migrate([NEWER, MARK], torn)
        assert {change.step for change in db.changes(KINDS)} <= {SchemaStep.ABANDON}
        db.migrate(KINDS, self.never)
        assert self.row(db, "n00700") == rows[700]
        self.put(db, note("new"))
        db.migrate([NEWER, MARK], self.rekey)
        assert self.ask(db, lambda tx: tx.count("note", Query())) == NUMBER + 1

    @pytest.mark.usefixtures("migrates")
    def test_a_still_newer_program_begins_anew(self, db: Store) -> None:
        rows = self.fill_older(db)

        def torn(_: str, row: Row) -> Mapping[str, Any]:
            if row.id == rows[-1].id:
                raise _TornError
            return {**row.keys, "extra": 1}

        between = attrs.evolve(NOTE, keys=(*NOTE.keys, Key("extra", "int")), schema=2)
        with pytest.raises(_TornError):
            db.migrate([between, MARK], torn)
        newest = attrs.evolve(NEWER, schema=3)
        assert [change.done for change in db.changes([newest, MARK])] == [0]
        db.migrate([newest, MARK], self.rekey)
        db.open([newest, MARK])
        self.whole(db, rows)

    # Others who have the store open.

    @pytest.mark.usefixtures("migrates")
    def test_who_has_the_old_shape_open_writes_nothing_more(
        self, db: Store, other: Callable[[], Store]
    ) -> None:
        rows = self.fill_older(db)
        second = other()
        assert self.row(second, "n00001") == rows[1]
        db.migrate([NEWER, MARK], self.rekey)
        for write in (
            lambda tx: tx.put("note", [note("lost")]),
            lambda tx: tx.put("mark", [Row("lost", 0, None, {"owner": "o", "rank": 1})]),
            lambda tx: tx.append("s", [b"lost"]),
        ):
            with pytest.raises(SchemaTooNew) as caught:
                second.run(write, write=True)
            assert caught.value.code == "storage.schema_changed"
        for read in (lambda tx: tx.get("note", ["n00001"]), lambda tx: tx.find("note", Query())):
            with pytest.raises(SchemaTooNew) as caught:
                second.run(read, write=False)
            assert caught.value.code == "storage.schema_changed"
        self.whole(db, rows)
        second.open([NEWER, MARK])
        assert second.run(lambda tx: tx.count("note", Query()), write=False) == NUMBER

    @pytest.mark.usefixtures("migrates")
    def test_who_has_it_open_writes_nothing_once_it_began(
        self, db: Store, other: Callable[[], Store]
    ) -> None:
        rows = self.fill_older(db)
        second = other()
        refused = []

        def between(_: object) -> None:
            with pytest.raises(SchemaTooNew) as caught:
                second.run(lambda tx: tx.put("note", [note("lost")]), write=True)
            refused.append(caught.value.code)

        db.migrate([NEWER, MARK], self.rekey, between)
        assert refused
        assert set(refused) == {"storage.schema_changed"}
        self.whole(db, rows)

    @pytest.mark.usefixtures("migrates")
    def test_another_process_goes_on_where_one_ended(
        self, db: Store, reopen: Callable[[], Store] | None
    ) -> None:
        if not db.capabilities.persistent or reopen is None:
            pytest.skip("capabilities.persistent is false")
        rows = self.fill_older(db)

        def torn(kind: str, row: Row) -> Mapping[str, Any]:
            if row.id == rows[1000].id:
                raise _TornError
            return self.rekey(kind, row)

        with pytest.raises(_TornError):
            db.migrate([NEWER, MARK], torn)
        db.close()
        second = reopen()
        (change,) = second.changes([NEWER, MARK])
        assert 0 < change.done < NUMBER
        seen: list[str] = []

        def rest(kind: str, row: Row) -> Mapping[str, Any]:
            seen.append(row.id)
            return self.rekey(kind, row)

        second.migrate([NEWER, MARK], rest)
        assert len(seen) == NUMBER - change.done
        self.whole(second, rows)
        second.close()
