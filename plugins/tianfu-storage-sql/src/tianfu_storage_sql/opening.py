"""Opening: is it ours, is it new, and make what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from tianfu_sdk.errors import SchemaTooNew, SchemaTooOld, StorageCorrupt, StorageUnavailable
from tianfu_sdk.model.storage import Kind
from tianfu_storage_sql import gin, horizon
from tianfu_storage_sql.events import Events, NumberedEvents
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.horizon import HorizonEvents
from tianfu_storage_sql.locking import Making
from tianfu_storage_sql.schema import SCHEMA, Tables, commit_name
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.shelves import Shelves, Stored, repeatable
from tianfu_storage_sql.texts import Text, bind, compiled

__all__ = ["Found", "Opened", "Opener"]

_MONTHS = 3
"""Months ahead for which tables of events are made."""
_TIMED = 2
"""The first schema whose GIN index knows of times."""
_GONE = ("tf_posting", "tf_time")
"""Tables of the index that schemas before had."""


@attrs.frozen
class Found:
    """What a place says of itself."""

    facts: Mapping[str, str]
    generation: int
    """How often a migration began or ended; a part of the name of the table of markers."""
    schema: str | None
    """Where the tables are, on servers that would look further down a search path: said with
    their names, so that those of another store are not taken for tables that were migrated."""

    @property
    def version(self) -> int:
        """Number of the schema of its own tables."""
        return int(self.facts["schema"])


@attrs.frozen(eq=False)
class Opened:
    """What an open store works with."""

    found: Found
    events: Events
    stored: Mapping[str, Stored]
    """By kind."""


class Opener:
    """Makes and checks the tables of one store.

    Args:
        driver: Of the server.
        timeout: Seconds to wait for others who make tables.
    """

    def __init__(self, driver: Driver, timeout: float) -> None:
        self._driver = driver
        counted = driver.features.horizon
        self.tables = Tables(driver.dialect, driver.collation, counted=counted)
        self.shelves = Shelves(driver, self.tables)
        self.making = Making(driver, timeout)
        self._postgresql = driver.dialect.name == "postgresql"
        self._horizon = HorizonEvents()
        meta = self.tables.meta

        def said(statement: Any) -> Text:
            return compiled(statement, driver.dialect)

        self._meta = said(sa.select(meta.c.name, meta.c.value))
        self._note = said(
            sa.insert(meta).values(name=bind(0, meta.c.name.type), value=bind(1, meta.c.value.type))
        )
        self._change = said(
            sa.update(meta)
            .where(meta.c.name == bind(0, meta.c.name.type))
            .values(value=bind(1, meta.c.value.type))
        )
        here = "current_schema()" if self._postgresql else "DATABASE()"
        self._present = Text(
            f"SELECT table_name, table_schema FROM information_schema.tables"
            f" WHERE table_schema = {here} AND (table_name IN ('tf_meta', 'tf_kind', 'tf_job')"
            " OR table_name LIKE 'tf\\_commit%%')",
            (),
        )

    def open(self, session: Session, kinds: Sequence[Kind]) -> Opened:
        """Create what is missing, check what is there.

        Raises:
            StorageCorrupt: `storage.not_ours`.
            SchemaTooNew: `storage.schema_too_new`, `storage.kind_too_new`, `storage.migrating`.
            SchemaTooOld: `storage.schema_too_old`, `storage.kind_changed`, `storage.migrating`.
            StorageUnavailable: `storage.encoding`.
        """
        found, stored = self._look(session, kinds)
        if found is None or any(
            kind.name not in stored or stored[kind.name].dropping for kind in kinds
        ):
            with self.making.held(session):
                self._create(session, kinds)
            found, stored = self._look(session, kinds)
        assert found is not None  # noqa: S101 - just made
        if found.facts["events"] == "numbered":
            return Opened(found, NumberedEvents(self.tables, self._driver), stored)
        self._enter_era(session, found.facts)
        self.upkeep(session)
        return Opened(found, self._horizon, stored)

    def _look(
        self, session: Session, kinds: Sequence[Kind]
    ) -> tuple[Found | None, dict[str, Stored]]:
        # The generation before the kinds: who sees kinds as they were before a migration must
        # not see the generation that came with it.
        found = self.recognise(session)
        while True:
            if found is not None and found.version < SCHEMA:
                raise SchemaTooOld(
                    "storage.schema_too_old",
                    place=self._driver.place,
                    found=found.version,
                    known=SCHEMA,
                )
            stored = self.shelves.all(session) if found else {}
            self.shelves.demand(stored, kinds)
            if found is None or self._postgresql:
                return found, stored
            # Of several nodes, one may hear of a table's new name later than of rows.
            again = self.recognise(session)
            if again is None or again.generation == found.generation:
                return found, stored
            found = again

    def upkeep(self, session: Session) -> None:
        """Make the tables of the coming months."""
        if not self._driver.features.horizon:
            return
        ((month,),) = session.rows(horizon.MONTH, ())
        there = {row[0] for row in session.rows(horizon.PARTITIONS, ())}
        for number in range(_MONTHS + 1):
            ahead = horizon.month_after(month, number)
            if there and f"tf_event_{ahead}" not in there:
                with self.making.held(session):
                    made = {row[0] for row in session.rows(horizon.PARTITIONS, ())}
                    if f"tf_event_{ahead}" not in made:
                        for statement in horizon.partition(ahead):
                            session.do(statement)

    def check(self, session: Session) -> list[str]:
        """Look for damage that the server knows of."""
        if self._postgresql:
            broken = session.rows(_INVALID, ())
            return [f"the index {row[0]} is not valid: REINDEX INDEX {row[0]}" for row in broken]
        names = [row[0] for row in session.rows(_OURS, ())]
        said = session.rows(Text(f"CHECK TABLE {', '.join(names)} QUICK", ()), ())
        return [f"{row[0]}: {row[3]}" for row in said if row[2] in {"error", "Error"}]

    # Recognising.

    def recognise(self, session: Session) -> Found | None:
        """Give what a place says of itself, or None where nothing of ours is there.

        Raises:
            StorageCorrupt: `storage.not_ours`.
            SchemaTooNew: `storage.schema_too_new`.
        """
        rows = session.rows(self._present, ())
        present = {row[0] for row in rows}
        place = self._driver.place
        if not present:
            return None
        if "tf_meta" not in present:
            raise StorageCorrupt("storage.not_ours", place=place)
        try:
            facts = {row[0]: row[1] for row in session.rows(self._meta, ())}
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.OTHER:
                raise
            # A table of this name with other columns.
            raise StorageCorrupt("storage.not_ours", place=place) from error
        if not facts and not self._postgresql:
            return None  # an opening was interrupted
        if facts.get("application") != "tianfu_sdk":
            raise StorageCorrupt("storage.not_ours", place=place)
        generations = [name.removeprefix(commit_name(0)) or "0" for name in present]
        generation = max((int(n) for n in generations if n.isdigit()), default=0)
        found = Found(facts, generation, rows[0][1] if self._postgresql else None)
        if found.version > SCHEMA:
            raise SchemaTooNew(
                "storage.schema_too_new", place=place, found=found.version, known=SCHEMA
            )
        return found

    def lift(self, session: Session, found: Found) -> None:
        """Bring tables of an earlier schema to this one, inside `Making.held`; safe to repeat."""
        outdated = True
        if found.facts.get("search") == "gin":
            outdated = found.version < _TIMED
            session.do(gin.TIMES)
        else:
            # Their rows have no texts, of which new ones could be made.
            searched = self.tables.searched
            for name in (*_GONE, *(table.name for table in searched)):
                session.do(f"DROP TABLE IF EXISTS {name}")
            for statement in (s for table in searched for s in self.tables.statements(table)):
                session.do(statement)
        self.next_generation(session)
        with self.making.rows(session):
            if outdated:
                # Until it is made anew, the index says that it is not what is asked of it now.
                session.change(self._change, ("analyzer", "0"))
            session.change(self._change, ("schema", str(SCHEMA)))

    def next_generation(self, session: Session) -> None:
        """Let nobody who has the store open commit any more, inside `Making.held`.

        It waits for those who are at it: their markers hold the table until they are done.
        """
        found = self.recognise(session)
        assert found is not None  # noqa: S101 - it was when the migration began
        old, new = commit_name(found.generation), commit_name(found.generation + 1)
        session.do(f"ALTER TABLE {old} RENAME TO {new}")

    # Creating.

    def _create(self, session: Session, kinds: Sequence[Kind]) -> None:
        tables = self.tables
        if self.recognise(session) is None:
            self._demand_encoding(session)
            horizon_, gin_ = self._driver.features.horizon, self._driver.features.gin
            shared = tables.shared if horizon_ else [*tables.shared, *tables.numbered]
            shared += [] if gin_ else tables.searched
            # `tf_meta` first, so that what an interrupted opening left is known as ours; where
            # DDL is not part of a transaction, what stands there already is stepped over.
            statements = [s for table in shared for s in tables.statements(table)]
            statements += horizon.STATEMENTS if horizon_ else ()
            statements += gin.STATEMENTS if gin_ else ()
            for statement in statements:
                session.do(statement if self._postgresql else repeatable(statement))
            facts = {
                "application": "tianfu_sdk",
                "schema": str(SCHEMA),
                "events": "horizon" if horizon_ else "numbered",
                "search": "gin" if gin_ else "postings",
                "era": "0",
                "server": self._server(session),
            }
            session.change_many(self._note, list(facts.items()))
        known = self.shelves.all(session)
        self.shelves.demand(known, kinds)
        for kind in kinds:
            if kind.name not in known:
                self.shelves.learn(session, kind)
            else:
                self.shelves.sweep(session, known[kind.name])

    def _demand_encoding(self, session: Session) -> None:
        if self._postgresql:
            ((encoding,),) = session.rows(_ENCODING, ())
            if encoding != "UTF8":
                raise StorageUnavailable(
                    "storage.encoding", place=self._driver.place, found=encoding
                )

    # Eras.

    def _server(self, session: Session) -> str:
        if not self._driver.features.horizon:
            return ""
        return str(session.rows(horizon.SERVER, ())[0][0])

    def _enter_era(self, session: Session, known: Mapping[str, str]) -> None:
        self._horizon.era = int(known["era"])
        server = self._server(session)
        if server == known["server"] or not server:
            return
        with self.making.held(session):
            again = {row[0]: row[1] for row in session.rows(self._meta, ())}
            era = int(again["era"])
            if again["server"] != server:
                era += 1
                session.do(horizon.new_era(era))
                session.change(self._change, ("era", str(era)))
                session.change(self._change, ("server", server))
        self._horizon.era = era


_ENCODING = Text("SHOW server_encoding", ())
_INVALID = Text(
    "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT i.indisvalid AND n.nspname = current_schema() AND c.relname LIKE 'tf\\_%%'",
    (),
)
_OURS = Text(
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name LIKE 'tf\\_%%'",
    (),
)
