"""PostgreSQL through psycopg 3, on the driver's own cursor and libpq's own commands."""

from __future__ import annotations

import contextlib
import select
import selectors
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect

from tianfu_sdk.errors import Invalid
from tianfu_storage_sql.address import Address, SqlSettings
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.pipeline import READ, Pipeline
from tianfu_storage_sql.session import Features, InDoubtError, Owned, RacedError
from tianfu_storage_sql.texts import Text

__all__ = ["Postgresql", "PostgresqlSession"]

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_FAULTS = {
    "23505": Fault.DUPLICATE,
    "25006": Fault.READ_ONLY,
    "40001": Fault.AGAIN,
    "40P01": Fault.AGAIN,
    "53100": Fault.FULL,
    "53300": Fault.CROWDED,
    "53400": Fault.CROWDED,
    "55P03": Fault.BUSY,
    "57014": Fault.BUSY,
    "57P01": Fault.LOST,
    "57P02": Fault.LOST,
    "57P03": Fault.LOST,
    "57P05": Fault.LOST,
    "25P03": Fault.LOST,
    "42501": Fault.DENIED,
    "42P01": Fault.MISSING,
    "54000": Fault.TOO_LARGE,
    "XX001": Fault.CORRUPT,
    "XX002": Fault.CORRUPT,
}
_ATTRS = "target_session_attrs"
_LOCAL_ONLY = frozenset({"01000", "57P01"})
"""Codes of the warning that a commit stopped waiting for its standby."""
_COPIED = 50
_OK = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY})


_NOTICED = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""By which a machine that is gone without a word is noticed, within half a minute."""


class Postgresql:
    """One server, or one and its standbys under one URL.

    Args:
        address: Of the servers; where it names several, the one that takes writes is meant.
        settings: Of the backend's table and the URL.
        reads: Whether a server that only reads will do.

    Raises:
        Invalid: `storage.bad_address`, an option that libpq does not know.
    """

    errors: tuple[type[BaseException], ...] = (psycopg.Error,)
    name = "postgresql"
    runs = 5

    def __init__(self, address: Address, settings: SqlSettings, *, reads: bool = False) -> None:
        self.place = address.place
        self.collation = settings.collation or "C"
        self.dialect: Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
        self.features = (
            Features()
            if settings.portable
            else Features(
                returning=True, ignoring="conflict", skip_locked=True, horizon=True, gin=True
            )
        )
        self._timeout = settings.timeout
        self._prepare = settings.prepare_threshold or None
        self._url = _checked(address.url("postgresql"))
        self._more: dict[str, Any] = {"password": address.password} if address.password else {}
        if "connect_timeout" not in address.options:
            self._more["connect_timeout"] = max(2, round(settings.timeout))
        self._more.update({k: v for k, v in _NOTICED.items() if k not in address.options})
        if len(address.hosts) > 1 and not reads and _ATTRS not in address.options:
            self._more[_ATTRS] = "read-write"
        wanted = {**address.options, **self._more}.get(_ATTRS, "any")
        self._choosy = wanted not in {"any", "prefer-standby"}

    def connect(self) -> PostgresqlSession:
        """Connect."""
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            prepare_threshold=self._prepare,
            client_encoding="UTF8",
            fallback_application_name="tianfu_sdk",
            **self._more,
        )
        return PostgresqlSession(connection, self._timeout, self._prepare)

    def fault(self, error: BaseException) -> Fault:
        """Tell what an error means, by its SQLSTATE."""
        state = getattr(error, "sqlstate", None)
        if state is None:
            # libpq gives none where the server did not get to answer.
            gone = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
            return Fault.LOST if gone else Fault.OTHER
        return _FAULTS.get(state, Fault.LOST if state.startswith("08") else Fault.OTHER)

    def refused(self, error: BaseException) -> Fault:
        """Tell why a connection failed; libpq gives no code for that, so ask otherwise."""
        state = getattr(error, "sqlstate", None)
        if state == "3D000":
            return Fault.NO_DATABASE
        if state is not None and state.startswith("28"):
            return Fault.DENIED
        if state in _FAULTS:
            return _FAULTS[state]
        return self._silent()

    def _silent(self) -> Fault:
        info = psycopg.conninfo.make_conninfo(self._url, **self._more).encode()
        if pq.PGconn.ping(info) != pq.Ping.OK:
            return Fault.REFUSED
        if self._choosy and self._anyone():
            return Fault.NO_PRIMARY
        # The server is well and refused us: either our account or the database.
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(self._url, **{**self._more, "dbname": "postgres"}).close()
            return Fault.NO_DATABASE
        return Fault.DENIED

    def _anyone(self) -> bool:
        """Tell whether one of the servers takes us in, though it is not the one we want."""
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(self._url, **{**self._more, _ATTRS: "any"}).close()
            return True
        return False


def _checked(url: str) -> str:
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq's words repeat parts of the URL.
        raise Invalid("storage.bad_address", path="url") from None
    return url


def _waiting(socket: int) -> Callable[[], object]:
    """Give what returns when there is something to read."""
    if hasattr(select, "poll"):
        # Half of what a selector costs, which each read pays.
        poll = select.poll()
        poll.register(socket, select.POLLIN)
        return poll.poll
    chosen = selectors.DefaultSelector()
    chosen.register(socket, selectors.EVENT_READ)
    return chosen.select


def _wait_to_send(socket: int) -> None:
    with selectors.DefaultSelector() as waiting:
        waiting.register(socket, selectors.EVENT_WRITE)
        waiting.select()


class _Ear:
    """Hears that a commit was answered with OK though its wait for a standby was cancelled."""

    warned = False

    def hear(self, notice: psycopg.errors.Diagnostic) -> None:
        """Listen to one notice."""
        if notice.severity_nonlocalized == "WARNING" and notice.sqlstate in _LOCAL_ONLY:
            self.warned = True


class PostgresqlSession(Owned):
    """One connection."""

    def __init__(
        self, connection: psycopg.Connection[Any], timeout: float, prepare: int | None
    ) -> None:
        super().__init__()
        self._connection = connection
        self._pgconn = connection.pgconn
        self._cursor = connection.cursor(binary=True)
        wait = max(1, round(timeout * 1000))
        # The limit holds for one transaction, so that it stands behind pgbouncer as well.
        self._write = (
            f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {wait}"
        ).encode()
        # Not a method of ours: the circle would keep the connection open until it is collected.
        self._owed = False
        self._due = False
        self._wait = _waiting(self._pgconn.socket)
        self._pipeline = Pipeline(connection, prepare, self._wait, self._flush)
        self._ear = _Ear()
        connection.add_notice_handler(self._ear.hear)

    @property
    def alive(self) -> bool:
        """Whether it may be used again."""
        return self.own and not self._connection.closed

    def rows(self, text: Text, values: Sequence[Any]) -> list[Any]:
        """Ask for rows."""
        try:
            if self._due:
                self._due = False
                found = self._pipeline.first(text, values) if self._pipeline.ready(text) else None
                if found is not None:
                    return found
                self._settle_up()
                self._command(READ)
            else:
                self._settle_up()
            return self._cursor.execute(text.sql, text.values(values)).fetchall()
        except (psycopg.Error, RacedError) as error:
            self.failure = self.failure or error
            raise

    def change(self, text: Text, values: Sequence[Any]) -> int:
        """Change rows."""
        try:
            return self._cursor.execute(text.sql, text.values(values)).rowcount
        except psycopg.Error as error:
            self.failure = self.failure or error
            raise

    def change_many(self, text: Text, many: Sequence[Sequence[Any]]) -> int:
        """Run a statement for many values."""
        if len(many) == 1:
            return self.change(text, many[0])
        if not many:
            return 0
        given = many if text.straight else [text.values(values) for values in many]
        try:
            self._cursor.executemany(text.sql, given)
        except psycopg.Error as error:
            self.failure = self.failure or error
            raise
        return self._cursor.rowcount

    def load(self, table: str, text: Text, many: Sequence[Sequence[Any]]) -> int:
        """Insert many rows; from some on a COPY is quicker."""
        if len(many) < _COPIED:
            return self.change_many(text, many)
        columns = text.sql.partition("(")[2].partition(")")[0]
        try:
            with self._cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for values in many:
                    copy.write_row(text.values(values))
        except psycopg.Error as error:
            self.failure = self.failure or error
            raise
        return len(many)

    def do(self, sql: str) -> None:
        """Run something without values."""
        self._settle_up()
        if self._due:
            self._due = False
            self._command(READ)
        self._command(sql.encode())

    def end(self) -> None:
        """End a read; nobody waits for the answer, which is looked at before the next use."""
        if self._due:
            self._due = False
            return
        if self._pipeline.used:
            self._pipeline.end()
            return
        self._pgconn.send_query(b"COMMIT")
        self._pgconn.flush()
        self._owed = True

    def _settle_up(self) -> None:
        self._pipeline.follow()
        self._pipeline.settle()
        if self._owed:
            self._owed = False
            self._answers()

    def _flush(self) -> None:
        while self._pgconn.flush():
            _wait_to_send(self._pgconn.socket)

    def _answers(self) -> list[Any]:
        """Wait for all answers, without keeping other threads from running."""
        pgconn = self._pgconn
        results: list[Any] = []
        while True:
            while pgconn.is_busy():
                self._wait()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                return results
            results.append(result)

    def begin(self, *, write: bool) -> None:
        """Begin: reads keep one snapshot and wait for nobody."""
        self.failure = None
        self._pipeline.forget()
        # A read begins with its first statement, in one go.
        self._due = not write
        if write:
            self._settle_up()
            self._command(self._write)

    def commit(self, last: str | None) -> None:
        """Commit; the last statement and COMMIT travel together."""
        if self._due:
            self._due = False
            return
        self._ear.warned = False
        result = self._patient((f"{last};COMMIT" if last else "COMMIT").encode())
        if result.command_status == b"ROLLBACK":
            # The transaction was lost to an error that somebody caught.
            raise self.failure or psycopg.InternalError("the transaction was rolled back")
        if self._ear.warned:
            raise InDoubtError

    def rollback(self) -> None:
        """Roll back."""
        self._due = False
        self._pipeline.forget()
        if not self.alive:
            return
        try:
            self._settle_up()
            if self._pgconn.transaction_status != pq.TransactionStatus.IDLE:
                self._command(b"ROLLBACK")
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self.own:
            with contextlib.suppress(Exception):
                self._connection.close()

    def _command(self, sql: bytes) -> None:
        result = self._pgconn.exec_(sql)
        if result.status not in _OK:
            raise self._failed(result)

    def _patient(self, sql: bytes) -> Any:
        """Run a commit and wait for its answer as long as it takes.

        Neither a timeout nor Ctrl-C may cancel it: whoever gives up closes the connection, and
        the server ends what it has begun.
        """
        pgconn = self._pgconn
        try:
            pgconn.send_query(sql)
            self._flush()
            results = self._answers()
        except psycopg.Error:
            raise
        except BaseException:
            self.close()
            raise
        for result in results:
            if result.status not in _OK:
                raise self._failed(result)
        return results[-1]

    def _failed(self, result: Any) -> psycopg.Error:
        error = error_from_result(result, encoding="utf-8")
        self.failure = self.failure or error
        return error
