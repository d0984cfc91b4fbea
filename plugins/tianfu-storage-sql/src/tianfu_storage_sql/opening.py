"""Opening: is it ours, is it new, and make what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from tianfu_sdk.core.shapes import compare, demand_same, read_shape, write_shape
from tianfu_sdk.errors import SchemaTooNew, StorageCorrupt, StorageUnavailable
from tianfu_sdk.model.storage import Kind, SchemaChange
from tianfu_storage_sql import horizon
from tianfu_storage_sql.events import Events, NumberedEvents
from tianfu_storage_sql.horizon import HorizonEvents
from tianfu_storage_sql.schema import SCHEMA, Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, bind, compiled

__all__ = ["Opener"]

_MONTHS = 3
"""Months ahead for which tables of events are made."""
_LOCK = 0x7469616E
"""Number of the lock under which tables are made: "tian"."""


class Opener:
    """Makes and checks the tables of one store.

    Args:
        driver: Of the server.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.tables = Tables(driver.dialect, driver.collation)
        self._postgresql = driver.dialect.name == "postgresql"
        self._horizon = HorizonEvents()
        meta, kinds = self.tables.meta, self.tables.kinds

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
        self._known = said(sa.select(kinds.c.name, kinds.c.shape))
        self._learn = said(
            sa.insert(kinds).values(
                name=bind(0, kinds.c.name.type), shape=bind(1, kinds.c.shape.type)
            )
        )
        self._present = Text(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = "
            + ("current_schema()" if self._postgresql else "DATABASE()")
            + " AND table_name IN ('tf_meta', 'tf_kind', 'tf_job', 'tf_commit')",
            (),
        )

    def open(self, session: Session, kinds: Sequence[Kind], timeout: float) -> Events:
        """Create what is missing, check what is there.

        Raises:
            StorageCorrupt: `storage.not_ours`.
            SchemaTooNew: `storage.schema_too_new`.
            SchemaTooOld: `storage.kind_changed`.
            StorageUnavailable: `storage.encoding`.
        """
        known = self._recognise(session)
        if known is None or self._missing(session, kinds):
            self._locked(session, kinds, timeout)
            known = self._recognise(session)
        assert known is not None  # noqa: S101 - just made
        if known["events"] == "numbered":
            return NumberedEvents(self.tables, self._driver)
        self._enter_era(session, known)
        self.upkeep(session)
        return self._horizon

    def upkeep(self, session: Session) -> None:
        """Make the tables of the coming months."""
        if not self._driver.features.horizon:
            return
        ((month,),) = session.rows(horizon.MONTH, ())
        there = {row[0] for row in session.rows(horizon.PARTITIONS, ())}
        for number in range(_MONTHS + 1):
            ahead = horizon.month_after(month, number)
            if there and f"tf_event_{ahead}" not in there:
                session.begin(write=True)
                session.do(f"SELECT pg_advisory_xact_lock({_LOCK})")
                if f"tf_event_{ahead}" not in {
                    row[0] for row in session.rows(horizon.PARTITIONS, ())
                }:
                    for statement in horizon.partition(ahead):
                        session.do(statement)
                session.commit(None)

    def check(self, session: Session) -> list[str]:
        """Look for damage that the server knows of."""
        if self._postgresql:
            broken = session.rows(_INVALID, ())
            return [f"the index {row[0]} is not valid: REINDEX INDEX {row[0]}" for row in broken]
        names = [row[0] for row in session.rows(_OURS, ())]
        said = session.rows(Text(f"CHECK TABLE {', '.join(names)} QUICK", ()), ())
        return [f"{row[0]}: {row[3]}" for row in said if row[2] in {"error", "Error"}]

    # Recognising.

    def _recognise(self, session: Session) -> dict[str, str] | None:
        """Give what `tf_meta` says, or None where nothing of ours is there."""
        present = {row[0] for row in session.rows(self._present, ())}
        place = self._driver.place
        if not present:
            return None
        if "tf_meta" not in present:
            raise StorageCorrupt("storage.not_ours", place=place)
        known = {row[0]: row[1] for row in session.rows(self._meta, ())}
        if not known and not self._postgresql:
            return None  # an opening was interrupted
        if known.get("application") != "tianfu_sdk":
            raise StorageCorrupt("storage.not_ours", place=place)
        version = int(known["schema"])
        if version > SCHEMA:
            raise SchemaTooNew("storage.schema_too_new", place=place, found=version, known=SCHEMA)
        return known

    def _missing(self, session: Session, kinds: Sequence[Kind]) -> bool:
        shapes = {row[0]: row[1] for row in session.rows(self._known, ())}
        for kind in kinds:
            if kind.name in shapes:
                stored = read_shape(kind.name, shapes[kind.name])
                demand_same(stored, kind, begun=None, place=self._driver.place)
        return any(kind.name not in shapes for kind in kinds)

    def changes(self, session: Session, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Say in what the kinds of a store differ from these."""
        if self._recognise(session) is None:
            return []
        shapes = {row[0]: row[1] for row in session.rows(self._known, ())}
        found = [
            compare(read_shape(kind.name, shapes[kind.name]), kind)
            for kind in kinds
            if kind.name in shapes
        ]
        return [change for change in found if change is not None]

    # Creating.

    def _locked(self, session: Session, kinds: Sequence[Kind], timeout: float) -> None:
        if self._postgresql:
            session.begin(write=True)
            session.do(f"SELECT pg_advisory_xact_lock({_LOCK})")
            self._create(session, kinds)
            session.commit(None)
            return
        # DDL commits by itself there: a lock of the session's, and every step may be repeated.
        ((got,),) = session.rows(_GET_LOCK, (max(1, round(timeout)),))
        if got != 1:
            raise StorageUnavailable("storage.opening", place=self._driver.place)
        try:
            self._create(session, kinds)
        finally:
            session.do("DO RELEASE_LOCK(CONCAT('tf_open.', MD5(DATABASE())))")

    def _create(self, session: Session, kinds: Sequence[Kind]) -> None:
        tables = self.tables
        if self._recognise(session) is None:
            self._demand_encoding(session)
            horizon_ = self._driver.features.horizon
            shared = tables.shared if horizon_ else [*tables.shared, *tables.numbered]
            # `tf_meta` first, so that what an interrupted opening left is known as ours; where
            # DDL is not part of a transaction, what stands there already is stepped over.
            statements = [s for table in shared for s in tables.statements(table)]
            for statement in [*statements, *(horizon.STATEMENTS if horizon_ else ())]:
                session.do(self._repeatable(statement))
            facts = {
                "application": "tianfu_sdk",
                "schema": str(SCHEMA),
                "events": "horizon" if horizon_ else "numbered",
                "era": "0",
                "server": self._server(session),
            }
            session.change_many(self._note, list(facts.items()))
        shapes = {row[0] for row in session.rows(self._known, ())}
        for kind in kinds:
            if kind.name not in shapes:
                made = tables.kind(kind)
                for table in (made.main, *made.many.values()):
                    for statement in tables.statements(table):
                        session.do(self._repeatable(statement))
                session.change(self._learn, (kind.name, write_shape(kind)))

    def _repeatable(self, statement: str) -> str:
        if self._postgresql:
            return statement
        return statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)

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

    def _enter_era(self, session: Session, known: dict[str, str]) -> None:
        self._horizon.era = int(known["era"])
        server = self._server(session)
        if server == known["server"] or not server:
            return
        session.begin(write=True)
        session.do(f"SELECT pg_advisory_xact_lock({_LOCK})")
        again = {row[0]: row[1] for row in session.rows(self._meta, ())}
        era = int(again["era"])
        if again["server"] != server:
            era += 1
            session.do(horizon.new_era(era))
            session.change(self._change, ("era", str(era)))
            session.change(self._change, ("server", server))
        session.commit(None)
        self._horizon.era = era


_ENCODING = Text("SHOW server_encoding", ())
_GET_LOCK = Text("SELECT GET_LOCK(CONCAT('tf_open.', MD5(DATABASE())), %s)", (0,))
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
