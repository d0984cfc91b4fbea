"""Events that are numbered after commit: for engines whose snapshots cannot be asked for.

An append stores its events without a number. When the transaction is committed, the same
connection opens a second, small one: it locks the stream's counter, numbers all events that
are committed and have no number yet, and commits. So numbers appear in their own order,
whoever reads sees all that are smaller, and the transactions of callers, however long, never
queue behind one another.

What it costs: a transaction more for each write that appends, two if others append at the
same time, and an update of each event's row. Should the process die between both, its events
wait for the next append or the next read of that stream, which number them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs
import sqlalchemy as sa

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Cursor, StoredEvent
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, bind, compiled, constant

__all__ = ["Events", "NumberedEvents", "Reader"]

_MOST = 500
"""Events that one transaction numbers."""


class Reader(Protocol):
    """What a transaction tells of itself and is told."""

    appended: set[str]
    pending: set[str]


class Events(Protocol):
    """Streams of events, in one of two ways."""

    def append(self, session: Session, stream: str, bodies: Sequence[bytes]) -> None:
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

    def settle(self, session: Session, stream: str) -> bool:
        """Do what is left to do after the commit of an append; True: there is more of it.

        Called outside a transaction.
        """
        ...


@attrs.frozen(eq=False)
class _Texts:
    append: Text
    read: Text
    last: Text
    pending: Text
    waiting: Text
    number: Text
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
                    stream=stream, seq=constant("0"), body=bind(1, e.body.type)
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
                .limit(constant(str(_MOST)))
            ),
            number=said(
                sa.update(tables.event)
                .where(e.id == bind(1, e.id.type))
                .values(seq=bind(0, e.seq.type))
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
        self._driver = driver

    def append(self, session: Session, stream: str, bodies: Sequence[bytes]) -> None:
        """Append events."""
        session.change_many(self._texts.append, [(stream, body) for body in bodies])

    def read(
        self, session: Session, reader: Reader, stream: str, after: Cursor | None, limit: int
    ) -> list[StoredEvent]:
        """Give the events after a cursor."""
        if after is not None and not (after.isascii() and after.isdigit()):
            raise Invalid("storage.cursor", path="after")
        self._own(session, reader, stream)
        rows = session.rows(self._texts.read, (stream, int(after or 0), limit))
        if len(rows) < limit and session.rows(self._texts.pending, (stream,)):
            reader.pending.add(stream)
        return [StoredEvent(Cursor(str(seq)), body) for seq, body in rows]

    def last(self, session: Session, reader: Reader, stream: str) -> Cursor | None:
        """Give the cursor of the newest event."""
        self._own(session, reader, stream)
        ((last,),) = session.rows(self._texts.last, (stream,))
        return Cursor(str(last)) if last else None

    def settle(self, session: Session, stream: str) -> bool:
        """Number what is committed."""
        if not session.rows(self._texts.pending, (stream,)):
            return False
        session.begin(write=True)
        number = self._number(session, stream)
        session.commit(None)
        return number == _MOST

    def _own(self, session: Session, reader: Reader, stream: str) -> None:
        # Who reads what it appended itself holds the counter until it commits: then its
        # cursors are those that stay.
        if stream in reader.appended:
            while self._number(session, stream) == _MOST:
                pass

    def _number(self, session: Session, stream: str) -> int:
        texts = self._texts
        held = session.rows(texts.counter, (stream,))
        if not held:
            self._make(session, stream)
            held = session.rows(texts.counter, (stream,))
        seq = int(held[0][0])
        ids = [row[0] for row in session.rows(texts.waiting, (stream,))]
        if ids:
            session.change_many(texts.number, [(seq + n, id_) for n, id_ in enumerate(ids, 1)])
            session.change(texts.count, (stream, seq + len(ids)))
        return len(ids)

    def _make(self, session: Session, stream: str) -> None:
        session.do("SAVEPOINT tf_stream")
        try:
            session.change(self._texts.make, (stream,))
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.failure = None
            session.do("ROLLBACK TO SAVEPOINT tf_stream")
