"""Events that are numbered after commit: for engines whose snapshots cannot be asked for.

An append stores its events without a number. Whoever reads a stream and comes to such events
first numbers them in a small transaction of its own: it locks the stream's counter, numbers
events that are committed, in the order of their ids, and commits. So numbers appear in their
own order, whoever reads sees all that are smaller, and a cursor never passes an event that is
committed later: that one is numbered later.

Ids are made by the writers (see `SqlTx.stamps`), out of the server's clock, so that what was
committed before another transaction began is numbered before it. Where several nodes have
clocks of their own, that holds as far as the clocks agree, for events that nobody had read yet.

No writer waits for another one: a transaction that appends touches no row of anybody else's.
Lest a stream that nobody reads heaps up a debt for its first reader, each process numbers a
stream whenever it has appended some hundred events to it.

What it costs: an update of each event's row, in batches; a reader who comes to new events runs
twice.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import attrs
import sqlalchemy as sa

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Cursor, StoredEvent
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.session import Driver, RacedError, Session, UnnumberedError
from tianfu_storage_sql.texts import Text, among, bind, compiled, constant, width

__all__ = ["BATCH", "Events", "NumberedEvents", "Reader"]

BATCH = 500
"""Events that one transaction numbers."""
_TOGETHER = 64
"""Events that one statement numbers."""


class Reader(Protocol):
    """What a transaction tells of itself and is told."""

    appended: dict[str, int]
    numbered: Collection[str]
    """Streams whose events were numbered for it: what has no number now came later."""
    unnumbered: UnnumberedError | None

    def counted(self, count: int) -> range:
        """Give the next numbers of this transaction, from 0 on."""
        ...

    def stamps(self, count: int) -> list[int]:
        """Give ids, in the order in which transactions began to take them."""
        ...


class Events(Protocol):
    """Streams of events, in one of two ways."""

    def append(
        self, session: Session, reader: Reader, stream: str, bodies: Sequence[bytes]
    ) -> None:
        """Append events."""
        ...

    def read(
        self, session: Session, reader: Reader, stream: str, after: Cursor | None, limit: int
    ) -> list[StoredEvent]:
        """Give the events after a cursor."""
        ...

    def last(self, session: Session, reader: Reader, stream: str) -> Cursor | None:
        """Give the cursor of the newest event."""
        ...

    def due(self, appended: Mapping[str, int]) -> list[str]:
        """Tell which streams a writer is to `settle` after its commit.

        Args:
            appended: How many events it appended, by stream.
        """
        ...

    def settle(self, session: Session, stream: str) -> bool:
        """Number a batch of committed events, outside a transaction; True: there may be more."""
        ...


@attrs.frozen(eq=False)
class _Texts:
    append: Text
    read: Text
    last: Text
    pending: Text
    waiting: Text
    counter: Text
    count: Text
    make: Text

    @classmethod
    def of(cls, tables: Tables) -> _Texts:
        e, s = tables.event.c, tables.stream.c
        stream = bind(0, e.stream.type)
        none = e.seq == constant("0")

        def said(statement: sa.ClauseElement) -> Text:
            return compiled(statement, tables.dialect)

        return cls(
            append=said(
                sa.insert(tables.event).values(
                    id=bind(2, e.id.type),
                    stream=stream,
                    seq=constant("0"),
                    body=bind(1, e.body.type),
                )
            ),
            read=said(
                sa.select(e.seq, e.body)
                .where(e.stream == stream, e.seq > bind(1, e.seq.type))
                .order_by(e.seq)
                .limit(bind(2, sa.BigInteger()))
            ),
            last=said(sa.select(sa.func.max(e.seq)).where(e.stream == stream)),
            pending=said(sa.select(e.id).where(e.stream == stream, none).limit(constant("1"))),
            waiting=said(
                sa.select(e.id)
                .where(e.stream == stream, none)
                .order_by(e.id)
                .limit(constant(str(BATCH)))
            ),
            counter=said(sa.select(s.seq).where(s.name == stream).with_for_update()),
            count=said(
                sa.update(tables.stream).where(s.name == stream).values(seq=bind(1, s.seq.type))
            ),
            make=said(sa.insert(tables.stream).values(name=stream, seq=constant("0"))),
        )


class NumberedEvents:
    """See the module.

    Args:
        tables: In the driver's dialect.
        driver: Knows what a duplicate is.
    """

    def __init__(self, tables: Tables, driver: Driver) -> None:
        self._texts = _Texts.of(tables)
        self._tables = tables
        self._driver = driver
        self._numbering: dict[int, Text] = {}
        self._guard = threading.Lock()
        self._owed: dict[str, int] = {}

    def append(
        self, session: Session, reader: Reader, stream: str, bodies: Sequence[bytes]
    ) -> None:
        """Append events."""
        stamped = zip(bodies, reader.stamps(len(bodies)), strict=True)
        try:
            session.change_many(self._texts.append, [(stream, *event) for event in stamped])
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            # Another one took the same id in the same microsecond.
            raise RacedError from error

    def read(
        self, session: Session, reader: Reader, stream: str, after: Cursor | None, limit: int
    ) -> list[StoredEvent]:
        """Give the events after a cursor."""
        if after is not None and not (after.isascii() and after.isdigit()):
            raise Invalid("storage.cursor", path="after")
        self._own(session, reader, stream)
        rows = session.rows(self._texts.read, (stream, int(after or 0), limit))
        if len(rows) < limit:
            self._demand(session, reader, stream, limit - len(rows))
        return [StoredEvent(Cursor(str(seq)), body) for seq, body in rows]

    def last(self, session: Session, reader: Reader, stream: str) -> Cursor | None:
        """Give the cursor of the newest event."""
        self._own(session, reader, stream)
        self._demand(session, reader, stream, None)
        ((last,),) = session.rows(self._texts.last, (stream,))
        return Cursor(str(last)) if last else None

    def due(self, appended: Mapping[str, int]) -> list[str]:
        """Tell which streams a writer is to number."""
        found = []
        with self._guard:
            for stream, number in appended.items():
                owed = self._owed.get(stream, 0) + number
                if owed >= BATCH:
                    found.append(stream)
                    owed = 0
                self._owed[stream] = owed
        return found

    def settle(self, session: Session, stream: str) -> bool:
        """Number what is committed."""
        if not session.rows(self._texts.pending, (stream,)):
            return False
        session.begin(write=True)
        number = self._number(session, stream)
        session.commit(None)
        return number == BATCH

    def _demand(self, session: Session, reader: Reader, stream: str, wanted: int | None) -> None:
        if stream in reader.numbered or stream in reader.appended:
            return
        if session.rows(self._texts.pending, (stream,)):
            reader.unnumbered = UnnumberedError(stream, wanted)
            raise reader.unnumbered

    def _own(self, session: Session, reader: Reader, stream: str) -> None:
        # Who reads what it appended itself holds the counter until it commits: then its
        # cursors are those that stay.
        if stream in reader.appended:
            while self._number(session, stream) == BATCH:
                pass

    def _number(self, session: Session, stream: str) -> int:
        texts = self._texts
        held = session.rows(texts.counter, (stream,))
        if not held:
            self._make(session, stream)
            held = session.rows(texts.counter, (stream,))
        seq = int(held[0][0])
        ids = [row[0] for row in session.rows(texts.waiting, (stream,))]
        for start in range(0, len(ids), _TOGETHER):
            some = ids[start : start + _TOGETHER]
            # The last one repeats itself up to a width that was said before.
            places = [min(n, len(some) - 1) for n in range(width(len(some)))]
            first = seq + start + 1
            values = [*(some[n] for n in places), *(first + n for n in places)]
            session.change(self._said(len(places)), values)
        if ids:
            session.change(texts.count, (stream, seq + len(ids)))
        return len(ids)

    def _said(self, number: int) -> Text:
        text = self._numbering.get(number)
        if text is None:
            e = self._tables.event.c
            seqs: Any = {bind(n, e.id.type): bind(number + n, e.seq.type) for n in range(number)}
            update = sa.update(self._tables.event).where(among(e.id, 0, number))
            text = compiled(update.values(seq=sa.case(seqs, value=e.id)), self._tables.dialect)
            self._numbering[number] = text
        return text

    def _make(self, session: Session, stream: str) -> None:
        session.do("SAVEPOINT tf_stream")
        try:
            session.change(self._texts.make, (stream,))
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.failure = None
            session.do("ROLLBACK TO SAVEPOINT tf_stream")
