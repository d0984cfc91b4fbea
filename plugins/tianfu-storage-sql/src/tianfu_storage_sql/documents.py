"""Documents of one transaction: get, put, delete, find, count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from tianfu_sdk.core.rows.border import check_loaded, check_rows
from tianfu_sdk.core.rows.records import KeyColumns, RecordKeys, moved_members, version_conflict
from tianfu_sdk.model.storage import Kind, Query, Row
from tianfu_storage_sql.conditions import Shape, select, shape_of
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import KindTables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, among, bind, compiled, constant

__all__ = ["KindTable"]

_WIDTH = 100
_WIDTHS = (8, 32, _WIDTH)
"""Up to 50 values psycopg remembers how a text is taken apart."""


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    """Give distinct ids in lists of few widths, so that few texts serve all."""
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), _WIDTH):
        chunk = distinct[start : start + _WIDTH]
        wide = next(number for number in _WIDTHS if number >= len(chunk))
        yield chunk + [chunk[-1]] * (wide - len(chunk))


class KindTable:
    """What is done to one kind; its texts are made once a store.

    Args:
        tables: Of the kind.
        driver: Whose dialect they are said in.
    """

    def __init__(self, tables: KindTables, driver: Driver) -> None:
        self.kind: Kind = tables.kind
        self.tables = tables
        self._driver = driver
        self._dialect: Dialect = driver.dialect
        self._keys = KeyColumns.of(self.kind)
        main = tables.main
        names = self._keys.names
        keys = [main.c[name] for name in names]
        self._wide: list[sa.ColumnElement[Any]] = [main.c.id, main.c.version, main.c.doc, *keys]
        self._narrow: list[sa.ColumnElement[Any]] = [main.c.id, main.c.version, sa.null(), *keys]
        self._selects: dict[Shape, Text] = {}
        self._counts: dict[Shape, Text] = {}
        self._somes: dict[tuple[int, tuple[str, ...]], Text] = {}
        one = sa.select(*self._wide).where(main.c.id == bind(0, main.c.id.type))
        self._get_one = self._asked(one)
        self._get_some = {
            number: self._asked(sa.select(*self._wide).where(among(main.c.id, 0, number)))
            for number in _WIDTHS
        }
        self._insert = self._said_insert(names, constant("1"))
        version = bind(len(names) + 2, main.c.version.type)
        self._load_text = self._said_insert(names, version)
        self._update = self._said_update(names)
        self._delete = self._said_delete()
        self._adds = {name: self._said_add(table) for name, table in tables.many.items()}

    # Texts.

    def _said(self, statement: sa.ClauseElement) -> Text:
        return compiled(statement, self._dialect)

    def _asked(self, statement: sa.ClauseElement) -> Text:
        return compiled(statement, self._dialect, steady=True)

    def _said_insert(self, names: Sequence[str], version: Any) -> Text:
        main = self.tables.main
        columns = ["doc", *names, "id"]
        values = {name: bind(n, main.c[name].type) for n, name in enumerate(columns)}
        return self._said(self._ignoring(sa.insert(main).values(version=version, **values)))

    def _name(self, table: sa.Table) -> str:
        return str(self._dialect.identifier_preparer.format_table(table))

    def _ignoring(self, insert: sa.Insert) -> sa.Insert:
        if self._driver.features.ignoring != "conflict":
            return insert
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        made = postgresql_insert(insert.table).values(insert._values)  # type: ignore[arg-type]  # noqa: SLF001
        return made.on_conflict_do_nothing()

    def _said_update(self, names: Sequence[str]) -> Text:
        main = self.tables.main
        columns = ["doc", *names]
        values = {name: bind(n, main.c[name].type) for n, name in enumerate(columns)}
        place = len(columns)
        return self._said(
            sa.update(main)
            .where(
                main.c.id == bind(place, main.c.id.type),
                main.c.version == bind(place + 1, main.c.version.type),
            )
            .values(version=main.c.version + constant("1"), **values)
        )

    def _said_delete(self) -> Text:
        main = self.tables.main
        return self._said(
            sa.delete(main).where(
                main.c.id == bind(0, main.c.id.type),
                main.c.version == bind(1, main.c.version.type),
            )
        )

    def _said_add(self, table: sa.Table) -> tuple[Text, Text, Text]:
        value, id_ = bind(0, table.c.value.type), bind(1, table.c.id.type)
        return (
            self._said(sa.insert(table).values(value=value, id=id_)),
            self._said(sa.delete(table).where(table.c.value == value, table.c.id == id_)),
            self._said(sa.delete(table).where(table.c.id == bind(0, table.c.id.type))),
        )

    # Reads.

    def get(self, session: Session, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist."""
        if len(ids) == 1:
            return [self.row(r) for r in session.rows(self._get_one, (ids[0],))]
        rows: list[Row] = []
        for chunk in _chunks(ids):
            rows += [self.row(r) for r in session.rows(self._get_some[len(chunk)], chunk)]
        return rows

    def some(
        self, session: Session, ids: Sequence[str], names: tuple[str, ...]
    ) -> list[tuple[Any, ...]]:
        """Give some fields of the rows that exist."""
        self.kind.check_columns(names)
        main = self.tables.main
        columns = [main.c[name if name == "doc" else f"k_{name}"] for name in names]
        found: list[tuple[Any, ...]] = []
        for chunk in _chunks(ids):
            text = self._somes.get((len(chunk), names))
            if text is None:
                wanted = sa.select(main.c.id, *columns).where(among(main.c.id, 0, len(chunk)))
                text = self._somes[len(chunk), names] = self._asked(wanted)
            found += map(tuple, session.rows(text, chunk))
        return found

    def find(self, session: Session, query: Query) -> list[Row]:
        """Give a page of rows."""
        self.kind.check_query(query)
        shape, values = shape_of(query, paged=True)
        text = self._selects.get(shape)
        if text is None:
            columns = self._wide if query.fields == "all" else self._narrow
            text = self._asked(select(self.tables, shape, columns, paged=True))
            self._selects[shape] = text
        return [self.row(r) for r in session.rows(text, values)]

    def count(self, session: Session, query: Query) -> int:
        """Count the rows that match."""
        self.kind.check_query(query)
        shape, values = shape_of(query, paged=False)
        text = self._counts.get(shape)
        if text is None:
            text = self._asked(select(self.tables, shape, [sa.func.count()], paged=False))
            self._counts[shape] = text
        return int(session.rows(text, values)[0][0])

    def row(self, record: Sequence[Any]) -> Row:
        """Make a row of what the driver gave."""
        return Row(record[0], record[1], record[2], RecordKeys(self._keys, record))

    # Writes.

    def put(self, session: Session, rows: Sequence[Row]) -> None:
        """Create and replace rows."""
        check_rows(self.kind, rows)
        if rows:
            versions = [(row.id, row.version) for row in rows]
            self._all_or_none(session, versions, lambda: self._put(session, rows))

    def load(self, session: Session, rows: Sequence[Row]) -> None:
        """Create rows with the versions that they have."""
        check_rows(self.kind, rows)
        for row in rows:
            check_loaded(row)
        if rows:
            absent = [(row.id, 0) for row in rows]
            self._all_or_none(session, absent, lambda: self._load(session, rows))

    def _load(self, session: Session, rows: Sequence[Row]) -> bool:
        text = self._load_text
        values = [(*self._values(row), row.id, row.version) for row in rows]
        main = self._name(self.tables.main)
        if not self._inserted(session, lambda: session.load(main, text, values), rows):
            return False
        for key in self._keys.many:
            _, come = moved_members(key.name, rows, {})
            session.load(self._name(self.tables.many[key.name]), self._adds[key.name][0], come)
        return True

    def delete(self, session: Session, versions: Sequence[tuple[str, int]]) -> None:
        """Delete rows of these versions."""
        if versions:
            self._all_or_none(session, versions, lambda: self._gone(session, versions))

    def _put(self, session: Session, rows: Sequence[Row]) -> bool:
        new = [row for row in rows if row.version == 0]
        old = [row for row in rows if row.version != 0]
        if new and not self._create(session, new):
            return False
        self._add_many(session, new, {})
        if not old:
            return True
        before = self._many_of(session, old)
        updates = [(*self._values(row), row.id, row.version) for row in old]
        if session.change_many(self._update, updates) != len(old):
            return False
        self._add_many(session, old, before)
        return True

    def _create(self, session: Session, rows: Sequence[Row]) -> bool:
        values = [(*self._values(row), row.id) for row in rows]
        return self._inserted(session, lambda: session.change_many(self._insert, values), rows)

    def _inserted(self, session: Session, insert: Callable[[], int], rows: Sequence[Row]) -> bool:
        try:
            return insert() == len(rows)
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.failure = None
            return False

    def _gone(self, session: Session, versions: Sequence[tuple[str, int]]) -> bool:
        if session.change_many(self._delete, versions) != len(versions):
            return False
        for key in self._keys.many:
            session.change_many(self._adds[key.name][2], [(id_,) for id_, _ in versions])
        return True

    def _all_or_none(
        self, session: Session, versions: Sequence[tuple[str, int]], write: Callable[[], bool]
    ) -> None:
        # One row is all or none by itself; of several, those that were written already would
        # pass for the ones that clash. Where a duplicate ends the statement with an error,
        # PostgreSQL wants to be taken back before it in any case.
        guarded = len(versions) > 1 or not self._driver.features.ignoring
        if guarded:
            session.do("SAVEPOINT tf_some")
        done = write()
        if guarded:
            session.do("RELEASE SAVEPOINT tf_some" if done else "ROLLBACK TO SAVEPOINT tf_some")
        if not done:
            stored = {row.id: row.version for row in self.get(session, [i for i, _ in versions])}
            raise version_conflict(self.kind.name, versions, stored)

    def _values(self, row: Row) -> list[Any]:
        return [row.doc, *self._keys.values(row.keys)]

    def _many_of(
        self, session: Session, rows: Sequence[Row]
    ) -> dict[str, Mapping[str, frozenset[Any]]]:
        if not self._keys.many:
            return {}
        return {row.id: row.keys for row in self.get(session, [row.id for row in rows])}

    def _add_many(
        self,
        session: Session,
        rows: Sequence[Row],
        before: Mapping[str, Mapping[str, frozenset[Any]]],
    ) -> None:
        for key in self._keys.many:
            gone, come = moved_members(key.name, rows, before)
            insert, delete, _ = self._adds[key.name]
            session.change_many(delete, gone)
            session.change_many(insert, come)
