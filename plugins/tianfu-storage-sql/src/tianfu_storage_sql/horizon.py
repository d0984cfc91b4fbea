"""Events in the order of transaction ids, read below the oldest one that is still open.

PostgreSQL gives every writing transaction an id, and every snapshot knows the oldest id that
was open when it was taken. Events are ordered by (id, number), numbers being counted within each
transaction; a reader sees those below that horizon. Whatever commits later has an id at or above
it, so nothing is ever passed by, and writers never wait for one another.

What it costs: an event is seen when all writing transactions of the whole server that began to
write before it are over, those of other databases included. A transaction that is left open
delays readers; it loses nothing.

Ids are the server's own. When a dump is restored into another one they begin anew, so `open`
compares the server's identifier and begins a new era; what stands in older eras is all below
the horizon. A table a month, made ahead, so that old months can be detached; where none was
made in time, events go to the default partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Cursor, StoredEvent
from tianfu_storage_sql.events import Reader
from tianfu_storage_sql.session import Session
from tianfu_storage_sql.texts import Text

__all__ = [
    "MONTH",
    "PARTITIONS",
    "SERVER",
    "STATEMENTS",
    "HorizonEvents",
    "month_after",
    "new_era",
    "partition",
]

# Written out rather than said by Core: nothing of it means anything to another dialect.
_MINE = "pg_current_xact_id_if_assigned()::text::bigint"
_OPEN = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_BELOW = f"(era < %s::integer OR xid < (SELECT {_OPEN}) OR xid = (SELECT {_MINE}))"
_READ = (
    "SELECT xid, seq, month, body FROM tf_event WHERE stream = %s AND era = %s::integer"
    " AND month >= %s::integer AND xid >= %s::bigint AND (xid > %s::bigint OR seq > %s::bigint)"
    f" AND {_BELOW} ORDER BY xid, seq LIMIT %s::bigint"
)
_LAST = (
    "SELECT xid, seq, month FROM tf_event WHERE stream = %s AND era = %s::integer"
    f" AND {_BELOW} ORDER BY xid DESC, seq DESC LIMIT 1"
)
_PARTS = (4, 5)
_DECEMBER, _CENTURY = 12, 100


def _text(sql: str) -> Text:
    return Text(sql, tuple(range(sql.count("%s"))))


@attrs.frozen
class _Place:
    """A cursor: where an event stands, and what was open when a transaction read its own."""

    era: int = 0
    xid: int = 0
    seq: int = -1
    month: int = 0
    horizon: int | None = None

    @classmethod
    def read(cls, cursor: Cursor) -> _Place:
        numbers = cursor.split(".")
        if len(numbers) not in _PARTS or not all(n.isascii() and n.isdigit() for n in numbers):
            raise Invalid("storage.cursor", path="after")
        return cls(*map(int, numbers))

    def cursor(self) -> Cursor:
        more = "" if self.horizon is None else f".{self.horizon}"
        return Cursor(f"{self.era}.{self.xid}.{self.seq}.{self.month}{more}")


class HorizonEvents:
    """See the module; `era` is set by `open`."""

    def __init__(self) -> None:
        self.era = 0
        self._append = _text("INSERT INTO tf_event (stream, seq, body) VALUES (%s, %s, %s)")
        self._read = _text(_READ)
        self._last = _text(_LAST)
        self._now = _text(f"SELECT {_OPEN}, {_MINE}")

    def append(
        self, session: Session, reader: Reader, stream: str, bodies: Sequence[bytes]
    ) -> None:
        """Append events."""
        numbered = zip(reader.counted(len(bodies)), bodies, strict=True)
        session.load("tf_event", self._append, [(stream, *event) for event in numbered])

    def read(
        self, session: Session, reader: Reader, stream: str, after: Cursor | None, limit: int
    ) -> list[StoredEvent]:
        """Give the events after a cursor."""
        place = _Place() if after is None else _Place.read(after)
        horizon, mine = self._mine(session, reader, stream)
        if place.horizon is not None and place.xid != mine:
            # The reader was the writer then, and saw its own event before older ones.
            place = _Place(place.era, place.horizon, -1, place.month)
        found: list[StoredEvent] = []
        for era in range(place.era, self.era + 1):
            start = place if era == place.era else _Place(era)
            xid, least = start.xid, month_after(start.month, -1)
            rows = session.rows(
                self._read,
                (stream, era, least, xid, xid, start.seq, self.era, limit - len(found)),
            )
            found += [
                StoredEvent(self._cursor((xid, seq, month), era, horizon, mine), body)
                for xid, seq, month, body in rows
            ]
            if len(found) == limit:
                break
        return found

    def last(self, session: Session, reader: Reader, stream: str) -> Cursor | None:
        """Give the cursor of the newest event."""
        horizon, mine = self._mine(session, reader, stream)
        for era in range(self.era, -1, -1):
            for row in session.rows(self._last, (stream, era, self.era)):
                return self._cursor(row, era, horizon, mine)
        return None

    def due(self, appended: Mapping[str, int]) -> list[str]:
        """Do nothing: the server has numbered them."""
        del appended
        return []

    def settle(self, session: Session, stream: str) -> bool:
        """Do nothing: the server has numbered them."""
        del session, stream
        return False

    def _mine(self, session: Session, reader: Reader, stream: str) -> tuple[int, int | None]:
        if stream not in reader.appended:
            return 0, None
        ((horizon, mine),) = session.rows(self._now, ())
        return horizon, mine

    @staticmethod
    def _cursor(row: tuple[int, int, int], era: int, horizon: int, mine: int | None) -> Cursor:
        xid, seq, month = row
        early = xid == mine and horizon < xid
        return _Place(era, xid, seq, month, horizon if early else None).cursor()


# Tables.


def month_after(month: int, number: int = 1) -> int:
    """Give the month so many later, as a number such as 202611; 0 stays 0."""
    if not month:
        return 0
    year, rest = divmod(month // _CENTURY * _DECEMBER + month % _CENTURY - 1 + number, _DECEMBER)
    return year * _CENTURY + rest + 1


STATEMENTS = (
    """CREATE TABLE tf_event (
    month integer NOT NULL DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')::integer,
    stream varchar(64) COLLATE "C" NOT NULL,
    era integer NOT NULL DEFAULT 0,
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    seq bigint NOT NULL,
    body bytea NOT NULL
) PARTITION BY LIST (month)""",
    "CREATE INDEX tf_event_read ON tf_event (stream, era, xid, seq)",
    "CREATE TABLE tf_event_rest PARTITION OF tf_event DEFAULT",
)
"""What makes the tables of events."""

MONTH = _text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')::integer")
SERVER = _text(
    "SELECT CASE WHEN has_function_privilege('pg_control_system()', 'execute')"
    " THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END"
)
PARTITIONS = _text(
    "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'tf_event'::regclass"
)


def new_era(era: int) -> str:
    """Give the statement after which events belong to an era."""
    return f"ALTER TABLE tf_event ALTER era SET DEFAULT {era}"


def partition(month: int) -> tuple[str, str]:
    """Give the statements that make the table of a month; attaching waits for no writer."""
    name = f"tf_event_{month}"
    return (
        f"CREATE TABLE {name} (LIKE tf_event INCLUDING DEFAULTS INCLUDING INDEXES)",
        f"ALTER TABLE tf_event ATTACH PARTITION {name} FOR VALUES IN ({month})",
    )
