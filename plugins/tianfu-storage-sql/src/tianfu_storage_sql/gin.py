"""Full-text search by an index of PostgreSQL's own, inside the store's transactions.

A document is one row: its folded text, and its words as numbers in an array, over which a GIN
index lies; nothing of what somebody asks is ever read as a query.

How many documents have a token stands in `tf_count`, which only housekeeping changes, and in rows
of `tf_change` that each write appends: who publishes queues for nobody.
"""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.text import ANALYZER_VERSION
from tianfu_storage_sql.engine import (
    FIXED,
    SOUGHT,
    Candidate,
    Engine,
    Entry,
    Transaction,
    Weighed,
    raced,
)
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text

__all__ = ["STATEMENTS", "TIMES", "GinSearch", "GinSearching"]

_DUE = 64
"""Writes of this process after which what they appended is folded."""
_HEAVY_WRITE = 3_000
"""Rows that count as a write; of a bulk load that nobody folded, each question sums up millions."""
_ROUND = 50_000
_ROUNDS = 100

# Words that are not in their places yet are read one by one: let these be few.
_INDEX = (
    "CREATE INDEX tf_text_words ON tf_text USING gin (words) WITH (gin_pending_list_limit = 256)"
)
_NO_INDEX = "DROP INDEX tf_text_words"

# Written out rather than said by Core: nothing of it means anything to another dialect.
STATEMENTS = (
    """CREATE TABLE tf_text (
        id varchar(64) COLLATE "C" PRIMARY KEY, kind varchar(64) COLLATE "C" NOT NULL,
        language varchar(64) COLLATE "C" NOT NULL, length integer NOT NULL,
        tags text[] COLLATE "C" NOT NULL, words integer[] NOT NULL,
        body text COLLATE "C" NOT NULL, first bigint, last bigint)""",
    # What the planner could learn of these would cost each ANALYZE more than it gives.
    "ALTER TABLE tf_text ALTER words SET STATISTICS 0, ALTER body SET STATISTICS 0",
    _INDEX,
    'CREATE TABLE tf_count (token text COLLATE "C" PRIMARY KEY, number bigint NOT NULL)',
    """CREATE TABLE tf_change (
        token text COLLATE "C", part bigint, number bigint NOT NULL,
        PRIMARY KEY (token, part) INCLUDE (number))""",
)
"""What makes the tables."""
TIMES = (
    "ALTER TABLE tf_text ADD COLUMN IF NOT EXISTS first bigint,"
    " ADD COLUMN IF NOT EXISTS last bigint"
)
"""What lifts those of the first schema to the second."""


def _text(sql: str, places: Sequence[int] | None = None) -> Text:
    return Text(sql, tuple(range(sql.count("%s")) if places is None else places))


@functools.cache
def _shaped(sql: str, conditions: str) -> Text:
    # One object a shape: connections know by it what they have prepared.
    return _text(sql.replace("{conditions}", conditions))


_ADD = _text(
    "INSERT INTO tf_text (id, kind, language, length, tags, words, body, first, last)"
    " VALUES (%s, %s, %s, %s::integer, %s::text[], %s::integer[], %s, %s::bigint, %s::bigint)"
)
_CHANGE = _text("INSERT INTO tf_change (token, part, number) VALUES (%s, %s::bigint, %s::bigint)")
# Locked in one order: whoever removes the same documents waits, and finds them gone.
_REMOVE = _text(
    "DELETE FROM tf_text WHERE id IN (SELECT id FROM tf_text WHERE id = ANY (%s::text[])"
    " ORDER BY id FOR UPDATE) RETURNING id, body, length, 0"
)
# Who publishes waits for a rebuilding, who asks does not; who folds gives way.
_REBUILD = "LOCK TABLE tf_text, tf_change IN SHARE ROW EXCLUSIVE MODE"
_GIVE_WAY = "LOCK TABLE tf_change IN ROW EXCLUSIVE MODE NOWAIT"
# Whether the index has nothing and is one's own, and whether one may have tables for oneself.
_MAY = _text(
    "SELECT NOT EXISTS (SELECT FROM tf_text) AND pg_has_role(relowner, 'USAGE'),"
    " has_database_privilege(current_database(), 'TEMP')"
    " FROM pg_class WHERE oid = 'tf_text'::regclass"
)
# What is counted while an index is made goes to a heap that nobody else sees, and is summed up
# once: to fold it afterwards, row by row, costs more.
_PILE = 'CREATE TEMPORARY TABLE tf_pile (token text COLLATE "C", number bigint) ON COMMIT DROP'
_HEAP = _text("INSERT INTO tf_pile (token, number) VALUES (%s, %s::bigint)")
_SUM = _text(
    "INSERT INTO tf_count (token, number) SELECT token, sum(number)::bigint FROM tf_pile"
    " GROUP BY token HAVING sum(number) <> 0"
)
_NO_PILE = "DROP TABLE pg_temp.tf_pile"
_EMPTY = tuple(_text(f"DELETE FROM {name}") for name in ("tf_text", "tf_count", "tf_change"))
_NOTE = _text("INSERT INTO tf_meta (name, value) VALUES ('analyzer', %s) ON CONFLICT DO NOTHING")
_NOTED = _text("SELECT value FROM tf_meta WHERE name = 'analyzer'")
_FORGET = _text("DELETE FROM tf_meta WHERE name = 'analyzer'")
# On the way, JIT is turned off for what comes next in the transaction: it would cost more than
# the statement that it is for, and to say so by itself costs a round trip.
_FREQUENCIES = _text(
    "SELECT token, sum(number)::bigint FROM ("
    "SELECT token, number FROM tf_count WHERE token = ANY (%s::text[]) UNION ALL"
    " SELECT token, number FROM tf_change WHERE token = ANY (%s::text[]) UNION ALL"
    " SELECT set_config('jit', 'off', true), 0) AS f GROUP BY token HAVING sum(number) <> 0",
    (0, 0),
)
# Its constants are parameters, since 0.9 would be exact, and slow.
_SCORE = "sum(q.weight) / (%s::float8 + %s::float8 * d.length)"
_SHOWN = f"left(d.id, 1) <> '{SOUGHT}'"
_BY_WORDS = (
    "SELECT t.id, t.body, t.length FROM ("
    # By place: to hash and compare ids costs a quarter of the whole.
    f"SELECT d.ctid AS place, {_SCORE} AS score"
    " FROM unnest(%s::integer[], %s::float8[]) AS q (word, weight)"
    f" JOIN tf_text AS d ON d.words @> ARRAY[q.word] AND {_SHOWN}{{conditions}}"
    # All that equal the last one: which of them are first is told by their ids, not by where
    # they happen to lie.
    " GROUP BY d.ctid, d.length ORDER BY score DESC FETCH FIRST (%s::bigint) ROWS WITH TIES"
    # Within one statement a row lies where it lay.
    ") AS best JOIN tf_text AS t ON t.ctid = best.place"
    " ORDER BY best.score DESC, t.id LIMIT %s::bigint"
)
_BY_LETTERS = (
    "SELECT d.id, d.body, d.length FROM tf_text AS d WHERE EXISTS ("
    "SELECT FROM unnest(%s::text[]) AS q (letter) WHERE strpos(d.body, q.letter) > 0)"
    f" AND {_SHOWN}{{conditions}} ORDER BY d.length, d.id LIMIT %s::bigint"
)
_BY_INDEX, _ANYHOW = (f"SET LOCAL enable_seqscan = {way}" for way in ("off", "on"))
"""Where few rows are expected, every row would be held against each word."""
_PERCOLATE = (
    "SELECT t.id, best.score FROM ("
    "SELECT d.ctid AS place, sum(q.weight) AS score"
    " FROM unnest(%s::integer[], %s::float8[]) AS q (word, weight)"
    " JOIN tf_text AS d ON d.words @> ARRAY[q.word]{conditions}"
    # A plain condition is taken for one that few rows meet, and the index is left for a scan.
    f" GROUP BY d.ctid HAVING min(left(d.id, 1)) = '{SOUGHT}'"
    # All that equal the last one: which of them are first is told by their ids.
    " ORDER BY score DESC FETCH FIRST (%s::bigint) ROWS WITH TIES"
    ") AS best JOIN tf_text AS t ON t.ctid = best.place"
)
_CONDITIONS = (
    " AND d.kind = ANY (%s::text[])",
    " AND d.language = ANY (%s::text[])",
    " AND d.tags && %s::text[]",
    " AND d.last >= %s::bigint",
    " AND d.first < %s::bigint",
)
_ALONE = _text("SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.tf_change'))")
_FOLD = _text(
    "WITH gone AS (DELETE FROM tf_change WHERE ctid = ANY (ARRAY("
    f"SELECT ctid FROM tf_change ORDER BY token LIMIT {_ROUND}))"
    " RETURNING token, number), summed AS ("
    "SELECT token, sum(number)::bigint AS number FROM gone GROUP BY token), added AS ("
    "INSERT INTO tf_count AS c SELECT token, number FROM summed ON CONFLICT (token)"
    " DO UPDATE SET number = c.number + excluded.number)"
    " SELECT count(*) FROM gone"
)


class GinSearching:
    """The engine of one open store.

    Args:
        driver: Knows what a duplicate is.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._guard = threading.Lock()
        self._writes = 0

    def within(self, tx: Transaction) -> GinSearch:
        """Give the engine inside an open transaction."""
        return GinSearch(tx, self)

    def due(self) -> bool:
        """Tell, once, that so much was appended that it is time to fold."""
        if self._writes < _DUE:
            return False
        with self._guard:
            due, self._writes = self._writes >= _DUE, 0
        return due

    def fold(self, session: Session) -> int:
        """Sum up what was appended; gives how many rows."""
        folded = 0
        for _ in range(_ROUNDS):
            session.begin(write=True)
            session.do(_GIVE_WAY)
            ((alone,),) = session.rows(_ALONE, ())
            ((number,),) = session.rows(_FOLD, ()) if alone else ((0,),)
            session.commit(None)
            folded += number
            if number < _ROUND:
                break
        return folded

    def add(self, session: Session, entries: Sequence[Entry]) -> None:
        """Insert documents."""
        rows = [
            (
                entry.id,
                entry.doc.kind,
                entry.doc.language,
                entry.length,
                _array(sorted(entry.doc.tags)),
                _numbers(entry.words),
                entry.body,
                entry.doc.first,
                entry.doc.last,
            )
            for entry in entries
        ]
        with raced(self._driver):
            session.load("tf_text", _ADD, rows)

    def count(self, session: Session, changes: Mapping[str, int]) -> None:
        """Append what changed of how many documents have tokens."""
        part = secrets.randbits(63)
        many = [(token, part, change) for token, change in changes.items() if change]
        session.load("tf_change", _CHANGE, many)
        with self._guard:
            self._writes += -(-len(many) // _HEAVY_WRITE)


class GinSearch(Engine):
    """The engine inside one open transaction.

    Args:
        tx: Gives the session while it lives.
        searching: Of the store.
    """

    def __init__(self, tx: Transaction, searching: GinSearching) -> None:
        super().__init__(tx)
        self._all = searching

    def _add(self, session: Session, entries: Sequence[Entry]) -> None:
        self._all.add(session, entries)
        session.change(_NOTE, (str(ANALYZER_VERSION),))

    def _take(self, session: Session, ids: Sequence[str]) -> Iterable[tuple[str, str, int, int]]:
        return session.rows(_REMOVE, (_array(ids),))

    def _drop(self, session: Session, words: Mapping[int, Collection[int]]) -> None:
        """All of it stood in the rows that are deleted already."""

    def _count(self, session: Session, changes: Mapping[str, int]) -> None:
        self._all.count(session, changes)

    def _frequencies(self, session: Session, tokens: Sequence[str]) -> dict[str, int]:
        return dict(session.rows(_FREQUENCIES, (_array(tokens),)))

    def _by_words(
        self, session: Session, weighed: Weighed, only: SearchFilter
    ) -> Sequence[Candidate]:
        conditions, filters = _filtered(only)
        text = _shaped(_BY_WORDS, conditions)
        most = weighed.most
        given = (FIXED, weighed.long, *_arrays(weighed.words), *filters, most, most)
        return _by_index(session, text, given) if filters else session.rows(text, given)

    def _by_letters(
        self, session: Session, letters: Sequence[str], only: SearchFilter, most: int
    ) -> Sequence[Candidate]:
        conditions, filters = _filtered(only)
        text = _shaped(_BY_LETTERS, conditions)
        return session.rows(text, (_array(letters), *filters, most))

    def _sought(
        self,
        session: Session,
        words: Sequence[tuple[int, float]],
        only: SearchFilter,
        limit: int,
    ) -> Iterable[tuple[str, float]]:
        conditions, filters = _filtered(only)
        text = _shaped(_PERCOLATE, conditions)
        return _by_index(session, text, (*_arrays(words), *filters, limit))

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents."""
        session = self._tx.writing()
        session.do(_REBUILD)
        ((fresh, piled),) = session.rows(_MAY, ())
        for text in (*_EMPTY, _FORGET):
            session.change(text, ())
        if fresh:
            # To make an index of what is there costs a fifth of letting it grow. Who asks meanwhile
            # waits instead of being told that there is nothing.
            session.do(_NO_INDEX)
        if piled:
            session.do(_PILE)
        count = functools.partial(_heap, session) if piled else None
        self._refill(session, docs, count)
        if piled:
            session.change(_SUM, ())
            session.do(_NO_PILE)
        if fresh:
            session.do(_INDEX)
        return self.size()

    def _noted(self, session: Session) -> Sequence[tuple[str]]:
        return session.rows(_NOTED, ())


def _heap(session: Session, changes: Mapping[str, int]) -> None:
    session.load("tf_pile", _HEAP, [(token, n) for token, n in changes.items() if n])


def _by_index(session: Session, text: Text, values: Sequence[Any]) -> list[Any]:
    session.do(_BY_INDEX)
    rows = session.rows(text, values)
    session.do(_ANYHOW)
    return rows


def _filtered(only: SearchFilter) -> tuple[str, list[str | int]]:
    members = (only.kinds, only.languages, only.tags)
    arrays = [_array(sorted(some)) if some else None for some in members]
    values = (*arrays, only.since, only.until)
    asked = [
        (said, value) for said, value in zip(_CONDITIONS, values, strict=True) if value is not None
    ]
    return "".join(said for said, _ in asked), [value for _, value in asked]


def _arrays(words: Sequence[tuple[int, float]]) -> tuple[str, str]:
    return _numbers(word for word, _ in words), _numbers(weight for _, weight in words)


def _numbers(numbers: Iterable[float]) -> str:
    return f"{{{','.join(map(repr, numbers))}}}"


def _array(texts: Sequence[str]) -> str:
    """Say an array of texts: a value, which the server reads, never a part of a statement."""
    said = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return f"{{{','.join(said)}}}"
