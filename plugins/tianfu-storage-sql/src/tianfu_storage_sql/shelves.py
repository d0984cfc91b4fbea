"""The kinds as the server has them: the rows of `tf_kind`, and the tables that these name.

Where DDL is not part of a transaction, a row says what is to be done before it is done, so
that whoever comes after an interruption knows which tables are there for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from tianfu_sdk.core.rows.shapes import demand_same, read_shape, write_shape
from tianfu_sdk.model.storage import Kind
from tianfu_storage_sql.schema import KindTables, Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, bind, compiled

__all__ = ["Shelves", "Stored", "repeatable"]


@attrs.frozen
class Stored:
    """A kind as the server has it."""

    kind: Kind
    number: int = 0
    """Of its tables."""
    begun: Kind | None = None
    """Towards which shape a migration was begun and not finished, in tables of the next number."""
    dropping: Kind | None = None
    """Of which shape tables of the number before are to be dropped. Until they are, nobody
    opens the store: those who read them would not see what is written."""


def repeatable(statement: str) -> str:
    """Let a statement step over the table that it would make."""
    return statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)


class Shelves:
    """Reads and writes what a store says of its kinds.

    Args:
        driver: Of the server.
        tables: In its dialect.
    """

    def __init__(self, driver: Driver, tables: Tables) -> None:
        self._tables = tables
        self._place = driver.place
        self._postgresql = driver.dialect.name == "postgresql"
        c = tables.kinds.c
        columns = (c.shape, c.number, c.begun, c.dropping, c.name)
        given = {column.name: bind(place, column.type) for place, column in enumerate(columns)}
        name = given.pop("name")

        def said(statement: Any) -> Text:
            return compiled(statement, driver.dialect)

        self._all = said(sa.select(c.name, c.shape, c.number, c.begun, c.dropping))
        self._learn = said(sa.insert(tables.kinds).values(name=name, **given))
        self._note = said(sa.update(tables.kinds).where(c.name == name).values(**given))
        here = "current_schema()" if self._postgresql else "DATABASE()"
        self._tables_there = Text(
            "SELECT 1 FROM information_schema.tables"
            f" WHERE table_schema = {here} AND table_name = %s",
            (0,),
        )
        self._indexes = Text(
            "SELECT indexname::text FROM pg_indexes"
            " WHERE schemaname = current_schema() AND tablename = %s"
            if self._postgresql
            else "SELECT DISTINCT index_name FROM information_schema.statistics"
            " WHERE table_schema = DATABASE() AND table_name = %s",
            (0,),
        )

    def all(self, session: Session) -> dict[str, Stored]:
        """Give the kinds by name."""
        return {
            name: Stored(
                read_shape(name, shape),
                number,
                read_shape(name, begun) if begun else None,
                read_shape(name, dropping) if dropping else None,
            )
            for name, shape, number, begun, dropping in session.rows(self._all, ())
        }

    def demand(self, known: dict[str, Stored], kinds: Sequence[Kind]) -> None:
        """Refuse to open kinds that are to be migrated first, or are being migrated.

        Raises:
            SchemaTooOld: `storage.kind_changed`, `storage.migrating`.
            SchemaTooNew: `storage.kind_too_new`, `storage.migrating`.
        """
        for kind in kinds:
            stored = known.get(kind.name)
            if stored is not None:
                demand_same(stored.kind, kind, begun=stored.begun, place=self._place)

    def there(self, session: Session, table: sa.Table) -> bool:
        """Tell whether a table is there."""
        return bool(session.rows(self._tables_there, (table.name,)))

    # Each inside `Making.held`.

    def learn(self, session: Session, kind: Kind) -> None:
        """Make the tables of a new kind."""
        for table in self._tables.kind(kind).all:
            for place, statement in enumerate(self._tables.statements(table)):
                again = not self._postgresql and not place
                session.do(repeatable(statement) if again else statement)
        session.change(self._learn, self._values(Stored(kind)))

    def note(self, session: Session, stored: Stored) -> None:
        """Write down what a kind is from here on."""
        session.change(self._note, self._values(stored))

    def make_bare(self, session: Session, tables: KindTables) -> None:
        """Make tables without their indexes, where they are not there yet."""
        for table in tables.all:
            session.do(repeatable(self._tables.bare(table)))

    def missing_indexes(self, session: Session, tables: KindTables) -> list[str]:
        """Give the statements that make the indexes that are not there yet."""
        return [
            statement
            for table in tables.all
            for name, statement in self._without(session, table).items()
        ]

    def weigh(self, session: Session, tables: KindTables) -> None:
        """Tell the server's planner of new tables, where it would otherwise learn it later."""
        for table in tables.all if self._postgresql else ():
            session.do(f"ANALYZE {table.name}")

    def drop_indexes(self, session: Session, tables: KindTables) -> None:
        """Drop the indexes of rows that their kind does not ask for."""
        main = tables.main
        wanted = self._tables.indexes(main)
        for name in self._indexes_there(session, main):
            if name.startswith("tf_i") and name not in wanted:
                of = "" if self._postgresql else f" ON {main.name}"
                session.do(f"DROP INDEX {name}{of}")

    def drop(self, session: Session, kind: Kind, number: int) -> None:
        """Drop the tables of a kind, as far as they are there."""
        for table in self._tables.kind(kind, number).all:
            session.do(f"DROP TABLE IF EXISTS {table.name}")

    def sweep(self, session: Session, stored: Stored) -> None:
        """Drop the tables that a kind had before its rows were copied."""
        if stored.dropping is not None:
            self.drop(session, stored.dropping, stored.number - 1)
            self.note(session, attrs.evolve(stored, dropping=None))

    def _indexes_there(self, session: Session, table: sa.Table) -> list[str]:
        return [row[0] for row in session.rows(self._indexes, (table.name,))]

    def _without(self, session: Session, table: sa.Table) -> dict[str, str]:
        there = set(self._indexes_there(session, table))
        wanted = self._tables.indexes(table)
        return {name: statement for name, statement in wanted.items() if name not in there}

    @staticmethod
    def _values(stored: Stored) -> tuple[str | int, ...]:
        begun, dropping = (
            write_shape(kind) if kind else "" for kind in (stored.begun, stored.dropping)
        )
        return write_shape(stored.kind), stored.number, begun, dropping, stored.kind.name
