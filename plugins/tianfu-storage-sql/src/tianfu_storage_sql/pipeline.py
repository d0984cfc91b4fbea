"""One round trip for the first statement of a read.

Most reads are one statement, and one statement alone sees one snapshot: it is sent without a
transaction. Should another one follow after all, a transaction begins with the first one again,
and what it gives must be what it gave; so all that the read sees is of one snapshot. Statements
that are followed as a rule are sent with BEGIN before them, in one go. psycopg would send BEGIN,
wait, and send the statement; its own pipeline mode costs more than it saves for one. So this
speaks to libpq as psycopg gives it. The COMMIT of a read is sent at once, and its answer is
looked at with that of the next read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import psycopg
from psycopg import abc, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from tianfu_storage_sql.session import RacedError
from tianfu_storage_sql.texts import Text

__all__ = ["READ", "Pipeline"]

READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_STALE = frozenset({"0A000", "26000"})
"""A prepared statement is gone, or its table was changed since."""
_TRUSTED = 3
"""Reads in a row that were one statement, after which the next one is taken for one as well."""


@attrs.define(eq=False)
class _Prepared:
    """A statement that the server knows."""

    name: bytes
    transformer: abc.Transformer
    loaded: bool = False
    """Whether the transformer knows the columns."""
    trust: int = 0
    """Reads in a row that were this statement and no other."""


@attrs.frozen(eq=False)
class _Given:
    """Values of a statement, and whether each is bytes."""

    values: list[bytes]
    formats: list[int]


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
        self._connection = connection
        self._pgconn = connection.pgconn
        self._threshold = threshold
        self._wait = wait
        self._flush = flush
        self._uses: dict[Text, int] = {}
        self._known: dict[Text, _Prepared] = {}
        self._only: tuple[_Prepared, _Given, list[Any] | None] | None = None
        """The only statement of this read so far, its values, and its rows if it was sent alone."""
        self.owed = False
        """Whether a COMMIT was sent whose answer was not looked at: the connection is in
        pipeline mode."""

    @property
    def used(self) -> bool:
        """Whether anything is sent this way."""
        return self._threshold is not None

    def ready(self, text: Text) -> bool:
        """Tell whether a statement is prepared by now, after preparing it when it is time."""
        if text in self._known:
            return True
        if self._threshold is None:
            return False
        uses = self._uses[text] = self._uses.get(text, 0) + 1
        if uses <= self._threshold:
            return False
        self.settle()
        name = f"tf{len(self._known)}".encode()
        first, *parts = text.sql.split("%s")
        numbered = first + "".join(f"${number}{part}" for number, part in enumerate(parts, 1))
        result = self._pgconn.prepare(name, numbered.replace("%%", "%").encode())
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result, encoding="utf-8")
        self._known[text] = _Prepared(name, Transformer(self._connection))
        return True

    def first(self, text: Text, values: Sequence[Any]) -> list[Any] | None:
        """Run a prepared statement as the first one of a read.

        Returns:
            Its rows; None: begin and run it the plain way.

        Raises:
            psycopg.Error: Of the server or the connection; no transaction is open then.
        """
        prepared = self._known[text]
        values = text.values(values)
        given = _Given(
            [v if isinstance(v, bytes) else str(v).encode() for v in values],
            [int(isinstance(v, bytes)) for v in values],
        )
        if text.steady and prepared.trust >= _TRUSTED:
            rows = seen = self._alone(prepared, given)
        else:
            rows, seen = self._begun(prepared, given), None
        self._only = None if rows is None else (prepared, given, seen)
        return rows

    def follow(self) -> None:
        """Get ready for a statement after the first one.

        Raises:
            RacedError: What the first one gave was changed since.
            psycopg.Error: Of the server or the connection; no transaction is open then.
        """
        if self._only is not None:
            (prepared, given, seen), self._only = self._only, None
            prepared.trust = 0
            if seen is not None and self._begun(prepared, given) != seen:
                raise RacedError

    def forget(self) -> None:
        """Leave the first statement, if there was one, to itself."""
        self._only = None

    def end(self) -> None:
        """Send COMMIT, if anything was begun, and wait for nothing."""
        if self._only is not None:
            (prepared, _, seen), self._only = self._only, None
            prepared.trust += 1
            if seen is not None:
                return
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

    def _alone(self, prepared: _Prepared, given: _Given) -> list[Any] | None:
        self.settle()
        self._send(prepared, given)
        self._flush()
        results = []
        while (result := self._next()) is not None:
            results.append(result)
        return self._rows(prepared, results)

    def _begun(self, prepared: _Prepared, given: _Given) -> list[Any] | None:
        pgconn = self._pgconn
        owed, self.owed = self.owed, False
        if not owed:
            pgconn.enter_pipeline_mode()
        try:
            pgconn.send_query_params(READ, None)
            self._send(prepared, given)
            pgconn.pipeline_sync()
            self._flush()
            if owed:
                self._answers()
            results = self._answers()
        finally:
            if pgconn.status == pq.ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        return self._rows(prepared, results)

    def _send(self, prepared: _Prepared, given: _Given) -> None:
        self._pgconn.send_query_prepared(
            prepared.name, given.values, param_formats=given.formats, result_format=1
        )

    def _rows(self, prepared: _Prepared, results: list[Any]) -> list[Any] | None:
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                self._failed(result)
                return None
        if not results:
            raise psycopg.OperationalError("the connection was lost")
        last = results[-1]
        transformer = prepared.transformer
        transformer.set_pgresult(last, set_loaders=not prepared.loaded)
        prepared.loaded = True
        return transformer.load_rows(0, last.ntuples, tuple)

    def _next(self) -> Any:
        pgconn = self._pgconn
        while pgconn.is_busy():
            self._wait()
            pgconn.consume_input()
        return pgconn.get_result()

    def _answers(self) -> list[Any]:
        results: list[Any] = []
        between = False
        while True:
            result = self._next()
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
        if self._pgconn.transaction_status != pq.TransactionStatus.IDLE:
            self._pgconn.exec_(b"ROLLBACK")
        if error.sqlstate not in _STALE:
            raise error
        # psycopg prepares what it runs the plain way by itself, and heals itself.
        for prepared in self._known.values():
            self._pgconn.exec_(b"DEALLOCATE " + prepared.name)
        self._known.clear()
        self._uses.clear()
