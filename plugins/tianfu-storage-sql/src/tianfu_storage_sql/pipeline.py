"""One round trip for the first statement of a read: BEGIN and it travel together.

Most reads are one statement. psycopg would send BEGIN, wait, and send the statement; its own
pipeline mode costs more than it saves for one. So this speaks to libpq as psycopg gives it.
The COMMIT of a read is sent at once, and its answer is looked at with that of the next read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from tianfu_storage_sql.texts import Text

__all__ = ["READ", "Pipeline"]

READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_STALE = frozenset({"0A000", "26000"})
"""A prepared statement is gone, or its table was changed since."""


class Pipeline:
    """First statements of one connection.

    Args:
        connection: Nothing else uses it meanwhile.
        threshold: Uses after which a statement is prepared; None: never, and then nothing is
            sent this way.
        wait: Returns when there is something to read; lets other threads run.
        flush: Returns when all is sent.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        threshold: int | None,
        wait: Callable[[], object],
        flush: Callable[[], object],
    ) -> None:
        self._pgconn = connection.pgconn
        self._transformer = Transformer(connection)
        self._threshold = threshold
        self._wait = wait
        self._flush = flush
        self._uses: dict[Text, int] = {}
        self._names: dict[Text, bytes] = {}
        self.owed = False
        """Whether a COMMIT was sent whose answer was not looked at: the connection is in
        pipeline mode."""

    @property
    def used(self) -> bool:
        """Whether anything is sent this way."""
        return self._threshold is not None

    def ready(self, text: Text) -> bool:
        """Tell whether a statement is prepared by now, after preparing it when it is time."""
        if text in self._names:
            return True
        if self._threshold is None:
            return False
        uses = self._uses[text] = self._uses.get(text, 0) + 1
        if uses <= self._threshold:
            return False
        self.settle()
        name = f"tf{len(self._names)}".encode()
        first, *parts = text.sql.split("%s")
        numbered = first + "".join(f"${number}{part}" for number, part in enumerate(parts, 1))
        result = self._pgconn.prepare(name, numbered.replace("%%", "%").encode())
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result, encoding="utf-8")
        self._names[text] = name
        return True

    def first(self, text: Text, values: Sequence[Any]) -> list[Any] | None:
        """Begin a read and run a prepared statement in it.

        Returns:
            Its rows; None: begin and run it the plain way.

        Raises:
            psycopg.Error: Of the server or the connection; no transaction is open then.
        """
        given = [v if isinstance(v, bytes) else str(v).encode() for v in text.values(values)]
        formats = [int(isinstance(v, bytes)) for v in text.values(values)]
        pgconn = self._pgconn
        owed, self.owed = self.owed, False
        if not owed:
            pgconn.enter_pipeline_mode()
        try:
            pgconn.send_query_params(READ, None)
            pgconn.send_query_prepared(
                self._names[text], given, param_formats=formats, result_format=1
            )
            pgconn.pipeline_sync()
            self._flush()
            if owed:
                self._answers()
            results = self._answers()
        finally:
            if pgconn.status == pq.ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                self._failed(result)
                return None
        last = results[-1]
        self._transformer.set_pgresult(last)
        return self._transformer.load_rows(0, last.ntuples, tuple)

    def end(self) -> None:
        """Send COMMIT and wait for nothing."""
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        pgconn.send_query_params(b"COMMIT", None)
        pgconn.pipeline_sync()
        pgconn.flush()
        self.owed = True

    def settle(self) -> None:
        """Look at the answer to a COMMIT, if one is owed."""
        if self.owed:
            self.owed = False
            self._flush()
            self._answers()
            self._pgconn.exit_pipeline_mode()

    def _answers(self) -> list[Any]:
        pgconn = self._pgconn
        results: list[Any] = []
        between = False
        while True:
            while pgconn.is_busy():
                self._wait()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                if between:
                    # One stands between the answers of two statements; two say that no more
                    # will come.
                    raise psycopg.OperationalError("the connection was lost")
                between = True
                continue
            between = False
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)

    def _failed(self, result: Any) -> None:
        error = error_from_result(result, encoding="utf-8")
        self._pgconn.exec_(b"ROLLBACK")
        if error.sqlstate not in _STALE:
            raise error
        # psycopg prepares what it runs the plain way by itself, and heals itself.
        for name in self._names.values():
            self._pgconn.exec_(b"DEALLOCATE " + name)
        self._names.clear()
        self._uses.clear()
