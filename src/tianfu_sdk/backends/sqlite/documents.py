"""Documents of one transaction: get, put, delete, find, count."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.backends.sqlite.queries import select
from tianfu_sdk.backends.sqlite.schema import table_names
from tianfu_sdk.core.rows.border import check_loaded, check_rows
from tianfu_sdk.core.rows.records import (
    KeyColumns,
    RecordKeys,
    moved_members,
    picker,
    version_conflict,
)
from tianfu_sdk.model.storage import Kind, Query, Row

__all__ = ["Table", "as_bytes"]

_WIDTH = 100
_MARKS = ", ".join("?" * _WIDTH)


@attrs.frozen
class Table:
    """The SQL of one kind, built once a store."""

    kind: Kind
    keys: KeyColumns
    columns: str
    narrow: str
    get_one: str
    get_some: str
    insert: str
    load_: str
    update: str
    rows: str
    """Name of the table of rows."""
    sets: str
    """What the names of the tables of multi-valued keys begin with."""

    @classmethod
    def of(cls, kind: Kind, number: int = 0) -> Table:
        """Build the statements of a kind.

        Args:
            kind: Whose rows they are.
            number: Of its tables; see `tianfu_sdk.backends.sqlite.schema`.
        """
        keys = KeyColumns.of(kind)
        names = keys.names
        columns = ", ".join(["id", "version", "doc", *names])
        narrow = ", ".join(["id", "version", "NULL", *names])
        given = ", ".join(f"{name} = ?" for name in ["doc", *names])
        table, sets = table_names(kind.name, number)
        # Names come from checked kinds.
        return cls(
            kind,
            keys,
            columns,
            narrow,
            f"SELECT {columns} FROM {table} WHERE id = ?",
            f"SELECT {columns} FROM {table} WHERE id IN ({_MARKS})",
            f"INSERT INTO {table} ({columns}) VALUES (?, 1, {', '.join('?' * (1 + len(names)))})",
            f"INSERT INTO {table} ({columns}) VALUES (?, ?, {', '.join('?' * (1 + len(names)))})",
            f"UPDATE {table} SET version = version + 1, {given} WHERE id = ? AND version = ?",
            table,
            sets,
        )

    def row(self, record: Sequence[Any]) -> Row:
        """Make a row of what SQLite gave."""
        if not self.kind.document and not self.keys.many:
            # Whoever reads a narrow row reads its keys: there is nothing else in it.
            keys = dict(zip(self.keys.places, record[3:], strict=True))
            return Row(record[0], record[1], None, keys, ())
        return Row(record[0], record[1], as_bytes(record[2]), RecordKeys(self.keys, record))

    def get(self, connection: sqlite3.Connection, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist."""
        if len(ids) == 1:
            # fetchone, because iterating would step once more to see that there is no other.
            record = connection.execute(self.get_one, (ids[0],)).fetchone()
            return [] if record is None else [self.row(record)]
        rows: list[Row] = []
        for chunk in _chunks(ids):
            rows += self._made(connection.execute(self.get_some, chunk))
        return rows

    def some(
        self, connection: sqlite3.Connection, ids: Sequence[str], names: tuple[str, ...]
    ) -> list[tuple[Any, ...]]:
        """Give some fields of the rows that exist."""
        self.kind.check_columns(names)
        # A text that a hand wrote there is bytes to us, as in `as_bytes`.
        fields = ["CAST(doc AS BLOB)" if name == "doc" else f"k_{name}" for name in names]
        text = f"SELECT {', '.join(['id', *fields])} FROM {self.rows} WHERE id IN ({_MARKS})"
        found: list[tuple[Any, ...]] = []
        for chunk in _chunks(ids):
            found += connection.execute(text, chunk).fetchall()
        return found

    def find(self, connection: sqlite3.Connection, query: Query) -> list[Row]:
        """Give a page of rows."""
        self.kind.check_query(query)
        columns = self.columns if query.fields == "all" else self.narrow
        text, values = select(self.rows, self.sets, query, columns)
        return self._made(connection.execute(text, values))

    def _made(self, records: Iterable[Sequence[Any]]) -> list[Row]:
        if not self.kind.document and not self.keys.many:
            # As in `row`; a call each is a fifth of reading a long list of narrow rows.
            names = tuple(self.keys.places)
            return [
                Row(r[0], r[1], None, dict(zip(names, r[3:], strict=True)), ()) for r in records
            ]
        return [self.row(r) for r in records]

    def count(self, connection: sqlite3.Connection, query: Query) -> int:
        """Count the rows that match."""
        self.kind.check_query(query)
        text, values = select(self.rows, self.sets, query, "count(*)", paged=False)
        return int(connection.execute(text, values).fetchone()[0])

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Create and replace rows."""
        check_rows(self.kind, rows)
        if rows:
            versions = [(row.id, row.version) for row in rows]
            write = functools.partial(self._put, connection, rows)
            self._all_or_none(connection, versions, write)

    def delete(self, connection: sqlite3.Connection, versions: Sequence[tuple[str, int]]) -> None:
        """Delete rows of these versions."""
        if versions:
            write = functools.partial(self._delete, connection, versions)
            self._all_or_none(connection, versions, write)

    def load(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Store rows with the versions they have."""
        check_rows(self.kind, rows)
        for row in rows:
            check_loaded(row)
        if rows:
            versions = [(row.id, 0) for row in rows]
            write = functools.partial(self._load, connection, rows)
            self._all_or_none(connection, versions, write)

    def _load(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> bool:
        records = ((row.id, row.version, row.doc, *self.keys.values(row.keys)) for row in rows)
        try:
            connection.executemany(self.load_, records)
        except sqlite3.IntegrityError:
            return False
        self._add_many(connection, rows, {})
        return True

    def _put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> bool:
        new = [row for row in rows if row.version == 0]
        old = [row for row in rows if row.version != 0]
        try:
            connection.executemany(
                self.insert, ((row.id, row.doc, *self.keys.values(row.keys)) for row in new)
            )
        except sqlite3.IntegrityError:
            return False
        self._add_many(connection, new, {})
        if not old:
            return True
        if not self.kind.document and not self.keys.many:
            return self._change(connection, old)
        before = self._many_of(connection, old)
        updates = ((row.doc, *self.keys.values(row.keys), row.id, row.version) for row in old)
        if connection.executemany(self.update, updates).rowcount != len(old):
            return False
        self._add_many(connection, old, before)
        return True

    def _change(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> bool:
        """Replace narrow rows: a column that is not named keeps its indexes untouched."""
        every = tuple(self.keys.places)
        grouped: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            names = every if row.changed is None else row.changed
            grouped.setdefault(names, []).append(row)
        for names, some in grouped.items():
            pick = picker(names)
            records = ((*pick(row.keys), row.id, row.version) for row in some)
            if connection.executemany(_update(self.rows, names), records).rowcount != len(some):
                return False
        return True

    def _delete(self, connection: sqlite3.Connection, versions: Sequence[tuple[str, int]]) -> bool:
        for key in self.keys.many:
            connection.executemany(
                f"DELETE FROM {self.sets}{key.name} WHERE id = ?",
                ((id_,) for id_, _ in versions),
            )
        done = connection.executemany(
            f"DELETE FROM {self.rows} WHERE id = ? AND version = ?", versions
        )
        return done.rowcount == len(versions)

    def _all_or_none(
        self,
        connection: sqlite3.Connection,
        versions: Sequence[tuple[str, int]],
        write: Callable[[], bool],
    ) -> None:
        # One row is all or none by itself; of several, those that were written already
        # would pass for the ones that clash.
        several = len(versions) > 1
        if several:
            connection.execute("SAVEPOINT tf_some")
        done = write()
        if several:
            connection.execute("RELEASE tf_some" if done else "ROLLBACK TO tf_some")
        if not done:
            stored = {row.id: row.version for row in self.get(connection, [i for i, _ in versions])}
            raise version_conflict(self.kind.name, versions, stored)

    def _many_of(
        self, connection: sqlite3.Connection, rows: Sequence[Row]
    ) -> dict[str, Mapping[str, frozenset[Any]]]:
        if not self.keys.many:
            return {}
        found = self.get(connection, [row.id for row in rows])
        return {row.id: row.keys for row in found}

    def _add_many(
        self,
        connection: sqlite3.Connection,
        rows: Sequence[Row],
        before: Mapping[str, Mapping[str, frozenset[Any]]],
    ) -> None:
        for key in self.keys.many:
            table = f"{self.sets}{key.name}"
            gone, come = moved_members(key.name, rows, before)
            connection.executemany(f"DELETE FROM {table} WHERE value = ? AND id = ?", gone)
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", come)


@functools.cache
def _update(table: str, names: tuple[str, ...]) -> str:
    given = "".join(f", k_{name} = ?" for name in names)
    return f"UPDATE {table} SET version = version + 1{given} WHERE id = ? AND version = ?"


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    """Give distinct ids in lists of one width, so that one statement serves all."""
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), _WIDTH):
        chunk = distinct[start : start + _WIDTH]
        yield chunk + [chunk[-1]] * (_WIDTH - len(chunk))


def as_bytes(value: Any) -> Any:
    """Give what a column of bytes holds as bytes.

    SQLite keeps a text there where a hand wrote one, as `replace()` in an UPDATE does.
    """
    return value.encode() if isinstance(value, str) else value
