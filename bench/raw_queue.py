"""A queue of jobs written by hand on the bare driver: what `bench/outbox.py` is held against.

One narrow table, one statement a claim and one a settlement; a lease, a token and the order
(priority, due, id), but no groups, no queues, no outcomes, no markers.
"""

from __future__ import annotations

import secrets
import sqlite3
import time

LEASE = 60_000_000
_COLUMNS = (
    "job_key TEXT NOT NULL UNIQUE, body {bytes} NOT NULL, state SMALLINT NOT NULL DEFAULT 0,"
    " priority SMALLINT NOT NULL DEFAULT 5, due BIGINT NOT NULL, until BIGINT NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0, token TEXT NOT NULL DEFAULT ''"
)
_INDEX = "CREATE INDEX IF NOT EXISTS raw_due ON raw_job (priority, due, id) WHERE state = 0"
_NOW = "(SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint)"


def opened(url: str) -> Sqlite | Postgresql:
    """Open the queue of a place."""
    return Sqlite(url) if url.startswith("sqlite:") else Postgresql(url)


class Sqlite:
    """On `sqlite3`, with the same pragmas as ours."""

    def __init__(self, url: str) -> None:
        path = url.removeprefix("sqlite:///")
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")

    def fill(self, jobs: int) -> None:
        """Add jobs."""
        do, begun = self._connection.execute, time.time_ns()
        columns = _COLUMNS.format(bytes="BLOB")
        do(f"CREATE TABLE IF NOT EXISTS raw_job (id INTEGER PRIMARY KEY AUTOINCREMENT, {columns})")
        do(_INDEX)
        do("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO raw_job (job_key, body, due) VALUES (?, x'', ?)",
            ((f"{begun}-{n}", begun // 1000) for n in range(jobs)),
        )
        do("COMMIT")

    def claim(self, n: int) -> tuple[str, list[tuple[object, ...]]]:
        """Take jobs; gives their token with them."""
        do, token, now = self._connection.execute, secrets.token_hex(16), time.time_ns() // 1000
        do("BEGIN IMMEDIATE")
        rows = do(
            "UPDATE raw_job SET token = ?, until = ?, attempts = attempts + 1 WHERE id IN"
            " (SELECT id FROM raw_job WHERE state = 0 AND due <= ? AND until <= ?"
            " ORDER BY priority, due, id LIMIT ?) RETURNING id, job_key, body, attempts",
            (token, now + LEASE, now, now, n),
        ).fetchall()
        do("COMMIT")
        return token, rows

    def settle(self, token: str, rows: list[tuple[object, ...]]) -> None:
        """End jobs."""
        marks = ", ".join("?" * len(rows))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(
            f"UPDATE raw_job SET state = 2, token = '' WHERE token = ? AND id IN ({marks})",
            (token, *(row[0] for row in rows)),
        )
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Postgresql:
    """On psycopg, with the same room on a page as ours."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url, prepare_threshold=0)
        self._cursor = self._connection.cursor(binary=True)

    def fill(self, jobs: int) -> None:
        """Add jobs."""
        do, begun = self._cursor.execute, time.time_ns()
        identity = "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        columns = _COLUMNS.format(bytes="BYTEA")
        do(f"CREATE TABLE IF NOT EXISTS raw_job ({identity}, {columns}) WITH (fillfactor = 45)")
        do(_INDEX)
        do(
            "INSERT INTO raw_job (job_key, body, due)"
            f" SELECT '{begun}-' || n, '', {begun // 1000} FROM generate_series(1, {jobs}) n"
        )
        self._connection.commit()

    def claim(self, n: int) -> tuple[str, list[tuple[object, ...]]]:
        """Take jobs; gives their token with them."""
        token = secrets.token_hex(16)
        rows = self._cursor.execute(
            f"WITH taken AS MATERIALIZED (SELECT id FROM raw_job WHERE state = 0 AND due <= {_NOW}"
            f" AND until <= {_NOW} ORDER BY priority, due, id LIMIT %s FOR UPDATE SKIP LOCKED)"
            f" UPDATE raw_job SET token = %s, until = {_NOW} + {LEASE}, attempts = attempts + 1"
            " FROM taken WHERE raw_job.id = taken.id"
            " RETURNING raw_job.id, job_key, body, attempts",
            (n, token),
        ).fetchall()
        self._connection.commit()
        return token, rows

    def settle(self, token: str, rows: list[tuple[object, ...]]) -> None:
        """End jobs."""
        ids = "{" + ",".join([str(row[0]) for row in rows]) + "}"
        self._cursor.execute(
            "UPDATE raw_job SET state = 2, token = '' WHERE token = %s AND id = ANY (%s::bigint[])",
            (token, ids),
        )
        self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
