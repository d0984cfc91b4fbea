"""MariaDB and MySQL through PyMySQL, on the driver's own cursor."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Any

import pymysql
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.engine import Dialect

from tianfu_sdk.errors import Invalid
from tianfu_storage_sql.address import Address, SqlSettings
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.session import Features, Owned
from tianfu_storage_sql.texts import Text

__all__ = ["Mysql", "MysqlSession"]

# https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference and
# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
_FAULTS = {
    1020: Fault.AGAIN,
    1213: Fault.AGAIN,
    1412: Fault.AGAIN,  # the table was made or changed since the snapshot
    1205: Fault.BUSY,
    1021: Fault.FULL,
    1114: Fault.FULL,
    1041: Fault.CROWDED,
    1040: Fault.CROWDED,
    1203: Fault.CROWDED,
    1044: Fault.DENIED,
    1045: Fault.DENIED,
    1142: Fault.DENIED,
    1698: Fault.DENIED,
    1049: Fault.NO_DATABASE,
    1062: Fault.DUPLICATE,
    1146: Fault.MISSING,
    1290: Fault.READ_ONLY,
    1792: Fault.READ_ONLY,
    1836: Fault.READ_ONLY,
    1153: Fault.TOO_LARGE,
    1034: Fault.CORRUPT,
    1712: Fault.CORRUPT,
    1047: Fault.LOST,  # a node that left its cluster
    1053: Fault.LOST,
    1180: Fault.LOST,  # during COMMIT: whether it is done is looked up
    1927: Fault.LOST,
    2006: Fault.LOST,
    2013: Fault.LOST,
    2014: Fault.LOST,
    2055: Fault.LOST,
    2002: Fault.REFUSED,
    2003: Fault.REFUSED,
    2005: Fault.REFUSED,
    0: Fault.LOST,
}
_OPTIONS = {"unix_socket": str, "ssl_ca": str, "ssl_cert": str, "ssl_key": str}
_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


_LOADED = 20_000
"""Rows of two numbers a statement: below a megabyte, which every server takes."""
_NOT_READY = 1047
_GONE = frozenset({_NOT_READY, 1053, 1180, 1927})
"""After these a connection is of no use, though it is still open."""
_NOT_IN_TIME = 1205


def _number(error: BaseException) -> int | None:
    first = next(iter(error.args), None)
    return first if isinstance(first, int) else None


class Mysql:
    """One server, or the first that answers of those that the URL names.

    Of a Galera cluster it is the first node that takes part in it; and a transaction begins
    when its node has seen all that was acknowledged before, by whichever node.

    Raises:
        Invalid: `storage.bad_address`, an option that is not known.
    """

    errors: tuple[type[BaseException], ...] = (pymysql.MySQLError,)
    name = "mysql"

    def __init__(self, address: Address, settings: SqlSettings) -> None:
        self.place = address.place
        self.collation = settings.collation or "utf8mb4_nopad_bin"
        self.dialect: Dialect = MySQLDialect_pymysql(paramstyle="format")
        self.features = (
            Features() if settings.portable else Features(ignoring="duplicate", skip_locked=True)
        )
        self._timeout = settings.timeout
        self._cluster: bool | None = None
        for name in address.options:
            if name not in _OPTIONS:
                raise Invalid("storage.bad_address", path=f"url.{name}")
        self._hosts = [(name, port or 3306) for name, port in address.hosts] or [
            ("127.0.0.1", 3306)
        ]
        self._common: dict[str, Any] = {
            "user": address.user or None,
            "password": address.password,
            "database": address.database,
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": max(2, round(settings.timeout)),
            "client_flag": 0,
            # Nobody listens at a socket of this machine, and making ready for TLS takes
            # 40 ms a connection.
            "ssl_disabled": "unix_socket" in address.options,
            **address.options,
        }

    @property
    def runs(self) -> int:
        """How often a body is called at most.

        A lock is had in turn; in a cluster the first to commit wins, so others try oftener.
        """
        return 20 if self._cluster else 5

    def connect(self) -> MysqlSession:
        """Connect to the first server that answers, beginning with the one that did before."""
        refused: BaseException | None = None
        for place, (host, port) in enumerate(list(self._hosts)):
            try:
                session = self._session(host, port)
            except pymysql.MySQLError as error:
                if self.refused(error) not in {Fault.REFUSED, Fault.LOST, Fault.CROWDED}:
                    raise
                refused = error
                continue
            if place:
                self._hosts = [*self._hosts[place:], *self._hosts[:place]]
            return session
        assert refused is not None  # noqa: S101 - there is a host at least
        raise refused

    def _session(self, host: str, port: int) -> MysqlSession:
        connection = pymysql.connect(host=host, port=port, **self._common)
        try:
            if self._cluster is None:
                self._cluster = _shown(connection, "VARIABLES LIKE 'wsrep_on'") == "ON"
            if self._cluster:
                _demand_ready(connection)
            return MysqlSession(connection, self._timeout, cluster=self._cluster)
        except BaseException:
            connection.close()
            raise

    def fault(self, error: BaseException) -> Fault:
        """Tell what an error means, by its number."""
        number = _number(error)
        if number is None:
            return Fault.LOST if isinstance(error, pymysql.InterfaceError) else Fault.OTHER
        return _FAULTS.get(number, Fault.OTHER)

    refused = fault
    """Tell why a connection failed; the server's number says it."""


def _demand_ready(connection: Any) -> None:
    # A node that left its cluster still takes everybody in.
    if _shown(connection, "STATUS LIKE 'wsrep_ready'") != "ON":
        raise pymysql.OperationalError(_NOT_READY, "")


def _shown(connection: Any, what: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {what}")
        row = cursor.fetchone()
    return None if row is None else str(row[1])


class MysqlSession(Owned):
    """One connection.

    Args:
        connection: Of PyMySQL.
        timeout: Seconds to wait for a lock.
        cluster: Whether the server is a node of a Galera cluster.
    """

    def __init__(self, connection: Any, timeout: float, *, cluster: bool = False) -> None:
        super().__init__()
        self._connection = connection
        self._cursor = connection.cursor()
        self._isolation = ""
        wait = max(1, round(timeout))
        self.do(
            f"SET SESSION sql_mode = '{_MODE}', time_zone = '+00:00',"
            f" innodb_lock_wait_timeout = {wait}, lock_wait_timeout = {max(wait, 10)}"
            + (", wsrep_sync_wait = 1" if cluster else "")
        )
        _notice_silence(connection)

    @property
    def alive(self) -> bool:
        """Whether it may be used again."""
        return self.own and bool(self._connection.open)

    def rows(self, text: Text, values: Sequence[Any]) -> list[Any]:
        """Ask for rows."""
        try:
            self._cursor.execute(text.sql, tuple(text.values(values)))
        except pymysql.MySQLError as error:
            self._failed(error)
            raise
        return list(self._cursor.fetchall())

    def change(self, text: Text, values: Sequence[Any]) -> int:
        """Change rows."""
        try:
            return int(self._cursor.execute(text.sql, tuple(text.values(values))))
        except pymysql.MySQLError as error:
            self._failed(error)
            raise

    def change_many(self, text: Text, many: Sequence[Sequence[Any]]) -> int:
        """Run a statement for many values."""
        if not many:
            return 0
        given = [tuple(text.values(values)) for values in many]
        try:
            # One INSERT of many rows where it is one; else one by one.
            self._cursor.executemany(text.sql, given)
        except pymysql.MySQLError as error:
            self._failed(error)
            raise
        return int(self._cursor.rowcount)

    def load(self, table: str, text: Text, many: Sequence[Sequence[Any]]) -> int:
        """Insert many rows; those that are numbers alone without a look at each of them."""
        if not many or any(type(value) is not int for value in many[0]):
            return self.change_many(text, many)
        columns = text.sql.partition("(")[2].partition(")")[0]
        for start in range(0, len(many), _LOADED):
            # Refuses whatever is no whole number.
            some = [text.values(values) for values in many[start : start + _LOADED]]
            said = "), (".join([", ".join(map(int.__repr__, values)) for values in some])
            self.do(f"INSERT INTO {table} ({columns}) VALUES ({said})")
        return len(many)

    def do(self, sql: str) -> None:
        """Run something without values."""
        try:
            self._connection.query(sql)
        except pymysql.MySQLError as error:
            self._failed(error)
            raise

    def _failed(self, error: pymysql.MySQLError) -> None:
        self.failure = self.failure or error
        if _number(error) in _GONE:
            self.close()

    def begin(self, *, write: bool) -> None:
        """Begin: reads keep one snapshot and wait for nobody."""
        self.failure = None
        isolation = "READ COMMITTED" if write else "REPEATABLE READ"
        if isolation != self._isolation:
            self.do(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
            self._isolation = isolation
        try:
            self.do("START TRANSACTION READ WRITE" if write else _SNAPSHOT)
        except pymysql.MySQLError as error:
            # Nothing is locked here: it waited for its cluster, and in vain.
            if _number(error) == _NOT_IN_TIME:
                self.close()
            raise

    def commit(self, last: str | None) -> None:
        """Commit."""
        if last:
            self.do(last)
        if self.failure is not None:
            raise self.failure
        self.do("COMMIT")

    def end(self) -> None:
        """End a read."""
        self.do("COMMIT")

    def rollback(self) -> None:
        """Roll back."""
        if not self.alive:
            return
        try:
            self._connection.query("ROLLBACK")
        except pymysql.MySQLError:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self.own:
            with contextlib.suppress(Exception):
                self._connection.close()


def _notice_silence(connection: Any) -> None:
    """Let the system look whether the other machine is still there, as for PostgreSQL."""
    wire = connection._sock  # noqa: SLF001 - PyMySQL switches it on and leaves the times at hours
    with contextlib.suppress(OSError, AttributeError):
        if wire.family != socket.AF_UNIX:
            for option, value in (("KEEPIDLE", 10), ("KEEPINTVL", 5), ("KEEPCNT", 3)):
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_{option}"), value)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)
