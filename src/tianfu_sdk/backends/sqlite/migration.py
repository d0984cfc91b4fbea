"""Bringing a file of an older program up, in steps that can each be found half done.

The rows of a kind whose keys changed are copied into tables of the next number, which then
count as the kind's own. Towards which shape, stands in `tf_kind.begun`; how far, is the
largest id in the new table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import attrs

from tianfu_sdk.backends.sqlite import schema, seeking
from tianfu_sdk.backends.sqlite.documents import Table
from tianfu_sdk.backends.sqlite.search import index_words
from tianfu_sdk.core.rows.shapes import compare, read_shape, write_shape
from tianfu_sdk.model.storage import Kind, Query, SchemaChange, SchemaStep
from tianfu_sdk.ports.storage import Rekey

__all__ = ["Migration"]

_BATCH = 500


@attrs.frozen
class Migration:
    """The way of one file towards some kinds.

    Args:
        connection: Outside any transaction.
        kinds: Where to.
        place: For errors.
        writing: Opens a transaction that may write, for a block.
    """

    connection: sqlite3.Connection
    kinds: Sequence[Kind]
    place: str
    writing: Callable[[], AbstractContextManager[None]]

    def changes(self) -> list[SchemaChange]:
        """Say what is to be done."""
        found = schema.recognise(self.connection, self.place)
        if not found:
            return []
        if found < schema.SCHEMA:
            step = SchemaChange(step=SchemaStep.STORE, found=found, wanted=schema.SCHEMA)
            known = schema.stored_kinds if found > 1 else _old_kinds
            return [step, *self._kinds(known(self.connection))]
        return self._kinds(schema.stored_kinds(self.connection))

    def run(self, rekey: Rekey) -> Iterator[SchemaChange]:
        """Do it; gives what was done after each step that was committed."""
        while changes := self.changes():
            change = changes[0]
            # Looked at again inside the step: another process may have done it meanwhile.
            match change.step:
                case SchemaStep.STORE:
                    self._store(change)
                    yield change
                case SchemaStep.ABANDON:
                    self._abandon(change.kind)
                    yield change
                case SchemaStep.INDEXES:
                    self._indexes(change.kind)
                    yield change
                case SchemaStep.ROWS:
                    yield from self._rows(change, rekey)

    def _kinds(self, known: dict[str, schema.Stored]) -> list[SchemaChange]:
        found = []
        for kind in self.kinds:
            stored = known.get(kind.name)
            if stored is None or compare(stored.kind, kind, begun=stored.begun) is None:
                continue
            rows = self._count(kind.name, stored.number)
            done = self._count(kind.name, stored.number + 1) if stored.begun else 0
            change = compare(stored.kind, kind, begun=stored.begun, rows=rows, done=done)
            found += [change] if change else []
        return found

    def _count(self, name: str, number: int) -> int:
        table, _ = schema.table_names(name, number)
        return int(self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    # Steps, each one transaction.

    def _store(self, change: SchemaChange) -> None:
        with self.writing():
            if schema.recognise(self.connection, self.place) == change.found:
                for number in range(change.found, change.wanted):
                    for statement in _STEPS[number]:
                        self.connection.execute(statement)
                if change.found < _WORDS_ALONE:
                    index_words(self.connection)
                if change.found < _SOUGHT_PACKED:
                    seeking.take_over(self.connection)
                self.connection.execute(_NEXT)
                self.connection.execute(f"PRAGMA user_version = {change.wanted}")

    def _abandon(self, name: str) -> None:
        with self.writing():
            stored, step = self._now(name)
            if step is SchemaStep.ABANDON:
                self._drop_copy(stored)
                self._set(stored)

    def _indexes(self, name: str) -> None:
        kind = self._wanted(name)
        with self.writing():
            stored, step = self._now(name)
            if step is not SchemaStep.INDEXES:
                return
            self._drop_copy(stored)
            for statement in schema.indexes(stored.kind, stored.number):
                self.connection.execute(f"DROP INDEX {statement.split()[2]}")
            for statement in schema.indexes(kind, stored.number):
                self.connection.execute(statement)
            self._set(attrs.evolve(stored, kind=kind))

    def _rows(self, change: SchemaChange, rekey: Rekey) -> Iterator[SchemaChange]:
        kind = self._wanted(change.kind)
        if self._begin(kind):
            yield change
        done = change.done
        while True:
            copied = self._copy(kind, rekey)
            if copied is None:
                # Finished by somebody else meanwhile.
                return
            done += copied
            if copied:
                yield attrs.evolve(change, done=done)
            if copied < _BATCH:
                break
        self._finish(kind)
        yield attrs.evolve(change, done=change.rows)

    def _begin(self, kind: Kind) -> bool:
        with self.writing():
            stored, step = self._now(kind.name)
            if step is not SchemaStep.ROWS or _goes_on(stored, kind):
                return False
            self._drop_copy(stored)
            for statement in schema.tables(kind, stored.number + 1):
                self.connection.execute(statement)
            self._set(stored, begun=kind)
        return True

    def _copy(self, kind: Kind, rekey: Rekey) -> int | None:
        with self.writing():
            stored = schema.stored_kinds(self.connection)[kind.name]
            if not _goes_on(stored, kind):
                return None
            old = Table.of(stored.kind, stored.number)
            new = Table.of(kind, stored.number + 1)
            last = self.connection.execute(f"SELECT max(id) FROM {new.rows}").fetchone()[0]
            after = None if last is None else (last, last)
            rows = old.find(self.connection, Query(after=after, limit=_BATCH))
            new.load(
                self.connection, [attrs.evolve(row, keys=rekey(kind.name, row)) for row in rows]
            )
            return len(rows)

    def _finish(self, kind: Kind) -> None:
        with self.writing():
            stored = schema.stored_kinds(self.connection)[kind.name]
            if not _goes_on(stored, kind):
                return
            number = stored.number + 1
            # Built once over all rows: quicker than kept up row by row.
            for statement in (*schema.indexes(kind, number), *schema.set_indexes(kind, number)):
                self.connection.execute(statement)
            self._drop(stored.kind, stored.number)
            self._set(schema.Stored(kind, number))

    # What the steps share.

    def _wanted(self, name: str) -> Kind:
        return next(kind for kind in self.kinds if kind.name == name)

    def _now(self, name: str) -> tuple[schema.Stored, SchemaStep | None]:
        stored = schema.stored_kinds(self.connection)[name]
        change = compare(stored.kind, self._wanted(name), begun=stored.begun)
        return stored, change.step if change else None

    def _drop_copy(self, stored: schema.Stored) -> None:
        if stored.begun is not None:
            self._drop(stored.begun, stored.number + 1)

    def _drop(self, kind: Kind, number: int) -> None:
        rows, sets = schema.table_names(kind.name, number)
        for table in (rows, *(f"{sets}{key.name}" for key in kind.keys if key.many)):
            self.connection.execute(f"DROP TABLE {table}")

    def _set(self, stored: schema.Stored, begun: Kind | None = None) -> None:
        # The generation with it: who has the old shape open writes nothing from here on.
        self.connection.execute(_NEXT)
        self.connection.execute(
            "UPDATE tf_kind SET shape = ?, number = ?, begun = ? WHERE name = ?",
            (
                write_shape(stored.kind),
                stored.number,
                write_shape(begun) if begun else "",
                stored.kind.name,
            ),
        )


def _goes_on(stored: schema.Stored, kind: Kind) -> bool:
    return stored.begun is not None and write_shape(stored.begun) == write_shape(kind)


_WORDS_ALONE = 5
"""Schema from which on the index of words keeps no places; an older one is made anew."""
_SOUGHT_PACKED = 7
"""Schema from which on what has a word stands in one row; older ones are packed."""
_NEXT = "UPDATE tf_generation SET number = number + 1"
_STEPS: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE tf_kind ADD COLUMN number INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE tf_kind ADD COLUMN begun TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE tf_generation (number INTEGER NOT NULL)",
        "INSERT INTO tf_generation VALUES (1)",
    ),
    2: (
        "ALTER TABLE tf_job ADD COLUMN until INTEGER NOT NULL DEFAULT 0",
        "UPDATE tf_job SET state = 0, until = due, due = changed WHERE state = 1",
    ),
    3: (
        """CREATE TABLE tf_sought (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            language TEXT NOT NULL, tags TEXT NOT NULL, words TEXT NOT NULL)""",
        "CREATE TABLE tf_sought_word (word INTEGER PRIMARY KEY, df INTEGER NOT NULL)",
        """CREATE TABLE tf_sought_in (
            word INTEGER NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (word, doc)) WITHOUT ROWID""",
    ),
    4: ("DROP TABLE tf_word", "DROP TABLE tf_fts", *schema.WORDS),
    # Nothing here knows what time a document is of: until it is made anew, the index says so.
    5: (
        schema.TIMES,
        "ALTER TABLE tf_sought ADD COLUMN first INTEGER",
        "ALTER TABLE tf_sought ADD COLUMN last INTEGER",
        "UPDATE tf_number SET value = 0 WHERE name = 'analyzer'",
    ),
    6: (),
}
"""By schema number: what lifts the store's own tables to the next one."""


def _old_kinds(connection: sqlite3.Connection) -> dict[str, schema.Stored]:
    rows = connection.execute("SELECT name, shape FROM tf_kind")
    return {name: schema.Stored(read_shape(name, shape)) for name, shape in rows}
