"""Documents of one transaction: get, put, delete, find, count."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.backends.sqlite.queries import select
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.storage import Key, Kind, Query, Row

__all__ = ["Table"]

_WIDTH = 100


@attrs.frozen
class Table:
    """The SQL of one kind, built once a store."""

    kind: Kind
    scalars: tuple[Key, ...]
    many: tuple[Key, ...]
    columns: str
    narrow: str
    get_one: str
    get_some: str
    insert: str
    update: str

    @classmethod
    def of(cls, kind: Kind) -> Table:
        """Build the statements of a kind."""
        scalars = tuple(key for key in kind.keys if not key.many)
        many = tuple(key for key in kind.keys if key.many)
        names = [f"k_{key.name}" for key in scalars] + (["many"] if many else [])
        columns = ", ".join(["id", "version", "doc", *names])
        narrow = ", ".join(["id", "version", "NULL", *names])
        sets = ", ".join(f"{name} = ?" for name in ["doc", *names])
        table = f"d_{kind.name}"
        # Names come from checked kinds.
        return cls(
            kind,
            scalars,
            many,
            columns,
            narrow,
            f"SELECT {columns} FROM {table} WHERE id = ?",
            f"SELECT {columns} FROM {table} WHERE id IN ({', '.join('?' * _WIDTH)})",
            f"INSERT INTO {table} ({columns}) VALUES (?, 1, {', '.join('?' * (1 + len(names)))})",
            f"UPDATE {table} SET version = version + 1, {sets} WHERE id = ? AND version = ?",
        )

    def row(self, record: Sequence[Any]) -> Row:
        """Make a row of what SQLite gave."""
        keys = {key.name: value for key, value in zip(self.scalars, record[3:], strict=False)}
        if self.many:
            keys |= _unpack(self.many, record[-1])
        return Row(record[0], record[1], record[2], keys)

    def get(self, connection: sqlite3.Connection, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist."""
        if len(ids) == 1:
            return [self.row(r) for r in connection.execute(self.get_one, (ids[0],))]
        distinct = list(dict.fromkeys(ids))
        rows: list[Row] = []
        for start in range(0, len(distinct), _WIDTH):
            chunk = distinct[start : start + _WIDTH]
            padded = chunk + [chunk[-1]] * (_WIDTH - len(chunk))
            rows += [self.row(r) for r in connection.execute(self.get_some, padded)]
        return rows

    def find(self, connection: sqlite3.Connection, query: Query) -> list[Row]:
        """Give a page of rows."""
        self.kind.check_query(query)
        columns = self.columns if query.fields == "all" else self.narrow
        text, values = select(self.kind, query, columns)
        return [self.row(r) for r in connection.execute(text, values)]

    def count(self, connection: sqlite3.Connection, query: Query) -> int:
        """Count the rows that match."""
        self.kind.check_query(query)
        text, values = select(self.kind, query, "count(*)", paged=False)
        return int(connection.execute(text, values).fetchone()[0])

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Create and replace rows."""
        for row in rows:
            self.kind.check_row(row)
        new = [row for row in rows if row.version == 0]
        old = [row for row in rows if row.version != 0]
        try:
            connection.executemany(self.insert, ((row.id, *self._values(row)) for row in new))
        except sqlite3.IntegrityError:
            raise self._conflict(self._existing(connection, new) or [r.id for r in new]) from None
        self._add_many(connection, new, {})
        if not old:
            return
        before = self._many_of(connection, old)
        updates = ((*self._values(row), row.id, row.version) for row in old)
        if connection.executemany(self.update, updates).rowcount != len(old):
            raise self._conflict(self._stale(connection, old))
        self._add_many(connection, old, before)

    def delete(self, connection: sqlite3.Connection, versions: Sequence[tuple[str, int]]) -> None:
        """Delete rows of these versions."""
        for key in self.many:
            connection.executemany(
                f"DELETE FROM m_{self.kind.name}_{key.name} WHERE id = ?",
                ((id_,) for id_, _ in versions),
            )
        done = connection.executemany(
            f"DELETE FROM d_{self.kind.name} WHERE id = ? AND version = ?",
            versions,
        )
        if versions and done.rowcount != len(versions):
            raise self._conflict([id_ for id_, _ in versions])

    def _values(self, row: Row) -> list[Any]:
        values = [row.doc, *[row.keys[key.name] for key in self.scalars]]
        if self.many:
            values.append(_pack(self.many, row.keys))
        return values

    def _many_of(
        self, connection: sqlite3.Connection, rows: Sequence[Row]
    ) -> dict[str, Mapping[str, frozenset[Any]]]:
        if not self.many:
            return {}
        found = self.get(connection, [row.id for row in rows])
        return {row.id: row.keys for row in found}

    def _add_many(
        self,
        connection: sqlite3.Connection,
        rows: Sequence[Row],
        before: Mapping[str, Mapping[str, frozenset[Any]]],
    ) -> None:
        for key in self.many:
            table = f"m_{self.kind.name}_{key.name}"
            gone: list[tuple[Any, str]] = []
            come: list[tuple[Any, str]] = []
            for row in rows:
                was = before[row.id][key.name] if row.id in before else frozenset()
                now = row.keys[key.name]
                gone += [(value, row.id) for value in was - now]
                come += [(value, row.id) for value in sorted(now - was)]
            connection.executemany(f"DELETE FROM {table} WHERE value = ? AND id = ?", gone)
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", come)

    def _existing(self, connection: sqlite3.Connection, rows: Iterable[Row]) -> list[str]:
        ids = [row.id for row in rows]
        return sorted(row.id for row in self.get(connection, ids))

    def _stale(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> list[str]:
        # The updates that matched raised their rows by one already.
        versions = {row.id: row.version for row in self.get(connection, [r.id for r in rows])}
        return sorted(row.id for row in rows if versions.get(row.id) != row.version + 1)

    def _conflict(self, ids: Sequence[str]) -> Conflict:
        return Conflict("storage.version", ids=tuple(ids), kind=self.kind.name)


def _pack(many: Sequence[Key], keys: Mapping[str, Any]) -> str:
    packed = {}
    for key in many:
        values = sorted(keys[key.name])
        packed[key.name] = [v.hex() for v in values] if key.type == "bytes" else values
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":"))


def _unpack(many: Sequence[Key], text: str) -> dict[str, frozenset[Any]]:
    packed = json.loads(text)
    readers: dict[str, Callable[[Any], Any]] = {"bytes": bytes.fromhex}
    return {
        key.name: frozenset(map(readers[key.type], packed[key.name]))
        if key.type in readers
        else frozenset(packed[key.name])
        for key in many
    }
