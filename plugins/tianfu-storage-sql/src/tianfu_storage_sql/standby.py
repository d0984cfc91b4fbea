"""Reads from a standby that is near enough to the primary."""

from __future__ import annotations

from datetime import timedelta

from tianfu_sdk.errors import StorageError
from tianfu_storage_sql.connections import Connections
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text

__all__ = ["Standby"]

# How old what it shows is at most, in microseconds; NULL where that cannot be told. Where
# nothing is written, the last transaction is old though nothing is missing: then it counts
# when the primary was last heard of, which only some users may see.
_AGE = Text(
    "SELECT CASE WHEN to_regclass(%s) IS NULL THEN NULL WHEN NOT pg_is_in_recovery() THEN 0 ELSE"
    " (extract(epoch FROM least(clock_timestamp() - pg_last_xact_replay_timestamp(),"
    " (SELECT clock_timestamp() - max(last_msg_receipt_time) FROM pg_stat_wal_receiver"
    " WHERE pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()))) * 1000000)::bigint END",
    (0,),
)


class Standby:
    """A PostgreSQL server that only reads.

    Args:
        driver: Of its URL.
        timeout: Seconds to wait for a connection.
    """

    def __init__(self, driver: Driver, timeout: float) -> None:
        self._driver = driver
        self._connections = Connections(driver, timeout)

    def open(self) -> None:
        """Let connections be made."""
        self._connections.open()

    def begin(self, most: timedelta, markers: str) -> Session | None:
        """Begin a read there.

        Args:
            most: How far behind it may be.
            markers: Name of the table of markers. Where it is not there yet, the tables of a
                migration may be there with a part of their rows.

        Returns:
            The session, or None where the primary is to be asked.
        """
        try:
            session = self._connections.take(patient=False)
        except StorageError:
            return None
        try:
            session.begin(write=False)
            ((age,),) = session.rows(_AGE, (markers,))
            if age is not None and timedelta(microseconds=age) <= most:
                return session
            session.end()
        except self._driver.errors:
            session.close()
        return None

    def close(self) -> None:
        """Close its connections."""
        self._connections.close()
