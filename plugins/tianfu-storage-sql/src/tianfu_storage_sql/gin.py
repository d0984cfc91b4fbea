"""Full-text search by an index of PostgreSQL's own, inside the store's transactions.

A document is one row: its folded text, and its words as numbers in an array, over which a GIN
index lies. The rarest words of a question find candidates, ranked in the server by the weights of
these words and the length; the best of them are ranked here by BM25 over all tokens, as on
SQLite. A number is a checksum of a word: two words of one number only make a candidate that the
ranking then leaves out, and nothing of what somebody asks is ever read as a query.

How many documents have a token stands in `tf_count`, which only housekeeping changes, and in rows
of `tf_change` that each write appends: who publishes queues for nobody.

What is sought stands in the same tables under ids and words of its own, which begin with a mark
that no token has.
"""

from __future__ import annotations

import functools
import secrets
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import attrs

from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.searching.candidates import MOST_HITS, best, enough, is_word, rarest
from tianfu_sdk.core.searching.percolation import sought_words
from tianfu_sdk.core.searching.ranking import PAGED, idf, page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread
from tianfu_sdk.text import ANALYZER_VERSION, folded_tokens
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import TOKEN
from tianfu_storage_sql.search import SOUGHT, clipped, percolated
from tianfu_storage_sql.session import Driver, RacedError, Session
from tianfu_storage_sql.texts import Text

__all__ = ["STATEMENTS", "TIMES", "GinSearch", "GinSearching"]

_BATCH = 1_000
_DUE = 64
"""Writes of this process after which what they appended is folded."""
_HEAVY_WRITE = 3_000
"""Rows that count as a write; of a bulk load that nobody folded, each question sums up millions."""
_ROUND = 50_000
_ROUNDS = 100
_HELD = 200_000
"""Counts that a rebuilding keeps before it writes them down."""
_DOCS, _LENGTH = "", " "
"""Stand for the number of documents and of all their tokens; no token is empty or a blank."""

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
    " ORDER BY id FOR UPDATE) RETURNING id, body, length"
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
# BM25 as if a document had each word once, as most have: weight · 2.2 / (1 + 1.2 · (0.25 +
# 0.75 · length / average)). Its constants are parameters, since 0.9 would be exact, and slow.
_SCORE = "sum(q.weight) / (%s::float8 + %s::float8 * d.length)"
_FIXED, _LONG, _HEAVY = 1.3, 0.9, 2.2
_SHOWN = f"left(d.id, 1) <> '{SOUGHT}'"
_BY_WORDS = (
    "SELECT t.id, t.body, t.length FROM ("
    # By place: to hash and compare ids costs a quarter of the whole.
    f"SELECT d.ctid AS place, {_SCORE} AS score"
    " FROM unnest(%s::integer[], %s::float8[]) AS q (word, weight)"
    f" JOIN tf_text AS d ON d.words @> ARRAY[q.word] AND {_SHOWN}{{conditions}}"
    " GROUP BY d.ctid, d.length ORDER BY score DESC, d.ctid LIMIT %s::bigint"
    # Within one statement a row lies where it lay.
    ") AS best JOIN tf_text AS t ON t.ctid = best.place"
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


class _Transaction(Protocol):
    def reading(self) -> Session: ...

    def writing(self) -> Session: ...


@attrs.frozen
class _Asked:
    frequencies: Mapping[str, int]
    """How many documents have each token of a question."""
    weights: Mapping[str, float]
    average: float
    """Tokens of a document."""


class GinSearching:
    """The engine of one open store.

    Args:
        driver: Knows what a duplicate is.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._guard = threading.Lock()
        self._writes = 0

    def within(self, tx: _Transaction) -> GinSearch:
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

    def add(
        self, session: Session, docs: Sequence[tuple[str, SearchDoc, int, Iterable[str]]]
    ) -> None:
        """Insert documents, given with the id, the number of tokens and the words of their row."""
        rows = [
            (
                id_,
                doc.kind,
                doc.language,
                length,
                _array(sorted(doc.tags)),
                _numbers(set(map(_number, words))),
                doc.text.replace("\0", " "),
                doc.first,
                doc.last,
            )
            for id_, doc, length, words in docs
        ]
        try:
            session.load("tf_text", _ADD, rows)
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            raise RacedError from error

    def count(self, session: Session, changes: Mapping[str, int]) -> None:
        """Append what changed of how many documents have tokens."""
        part = secrets.randbits(63)
        many = [(token, part, change) for token, change in changes.items() if change]
        session.load("tf_change", _CHANGE, many)
        with self._guard:
            self._writes += -(-len(many) // _HEAVY_WRITE)


class GinSearch:
    """The engine inside one open transaction.

    Args:
        tx: Gives the session while it lives.
        searching: Of the store.
    """

    def __init__(self, tx: _Transaction, searching: GinSearching) -> None:
        self._tx = tx
        self._all = searching

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id."""
        session = self._tx.writing()
        changes: Counter[str] = Counter()
        for batch in _batches({doc.id: doc for doc in docs}.values()):
            self._index(session, batch, changes)
        self._all.count(session, changes)

    def _index(self, session: Session, docs: Sequence[SearchDoc], changes: Counter[str]) -> None:
        self._remove(session, [doc.id for doc in docs], changes)
        rows: list[tuple[str, SearchDoc, int, Iterable[str]]] = []
        for doc in sorted(docs, key=lambda doc: doc.id):
            if doc.sought:
                words = _sought(doc.text)
                rows.append((SOUGHT + doc.id, doc, 0, words))
                changes.update([SOUGHT, *words])
            if doc.shown:
                tokens = folded_tokens(doc.text)
                distinct = set(tokens)
                words = [one for one in distinct if len(one) > 1 or is_word(one)]
                rows.append((doc.id, doc, len(tokens), words))
                changes.update([_DOCS, *_kept(distinct)])
                changes[_LENGTH] += len(tokens)
        self._all.add(session, rows)
        session.change(_NOTE, (str(ANALYZER_VERSION),))

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        session = self._tx.writing()
        changes: Counter[str] = Counter()
        self._remove(session, ids, changes)
        self._all.count(session, changes)

    def _remove(self, session: Session, ids: Sequence[str], changes: Counter[str]) -> None:
        if not ids:
            return
        every = [*ids, *(SOUGHT + id_ for id_ in ids)]
        for id_, body, length in session.rows(_REMOVE, (_array(every),)):
            if id_.startswith(SOUGHT):
                changes.subtract([SOUGHT, *_sought(body)])
                continue
            changes.subtract([_DOCS, *_kept(set(folded_tokens(body)))])
            changes[_LENGTH] -= length

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        check_page(limit, most=MOST_HITS)
        session = self._tx.reading()
        asked = {clipped(token): token for token in tokens if token and "\0" not in token}
        if not asked:
            return []
        frequencies = self._frequencies(session, [_DOCS, _LENGTH, *asked])
        n = frequencies.pop(_DOCS, 0)
        length = frequencies.pop(_LENGTH, 0)
        found = {asked[token]: df for token, df in frequencies.items() if df > 0}
        if not n or not found:
            return []
        weights = {token: idf(n, df) for token, df in found.items()}
        question = _Asked(found, weights, length / n)
        wanted = limit if after is None else PAGED
        rows: list[tuple[str, str, int]] = []
        for candidates in self._candidates(session, question, only, wanted):
            rows = candidates
            if len(rows) >= wanted:
                break
        return page(best(rows, weights, question.average), limit, after)

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents."""
        asked = {clipped(token): token for token in tokens if token and "\0" not in token}
        found = self._frequencies(self._tx.reading(), [_DOCS, _LENGTH, *asked])
        docs, length = found.pop(_DOCS, 0), found.pop(_LENGTH, 0)
        frequencies = {asked[token]: df for token, df in found.items() if df > 0}
        average = length / docs if docs else 0.0
        return Spread(docs=docs, average=average, frequencies=frequencies)

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought by a document that may answer it."""
        session = self._tx.reading()
        conditions, filters = _filtered(only)
        shaped = _shaped(_PERCOLATE, conditions)

        def ranked(best: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
            numbers = _numbers([_number(word) for word, _ in best])
            weights = _numbers([weight for _, weight in best])
            return _by_index(session, shaped, (numbers, weights, *filters, limit))

        return percolated(text, limit, functools.partial(self._frequencies, session), ranked)

    def _frequencies(self, session: Session, tokens: Sequence[str]) -> dict[str, int]:
        return dict(session.rows(_FREQUENCIES, (_array(tokens),)))

    def _candidates(
        self,
        session: Session,
        asked: _Asked,
        only: SearchFilter,
        limit: int,
    ) -> Iterator[list[tuple[str, str, int]]]:
        conditions, filters = _filtered(only)
        words = {token: df for token, df in asked.frequencies.items() if is_word(token)}
        if not words:
            text = _shaped(_BY_LETTERS, conditions)
            yield session.rows(text, (_array([*asked.frequencies]), *filters, enough(limit)))
            return
        text = _shaped(_BY_WORDS, conditions)
        for some in rarest(words):
            numbers = _numbers([_number(word) for word in some])
            heavy = _numbers([_HEAVY * asked.weights[word] for word in some])
            long = _LONG / asked.average
            given = (_FIXED, long, numbers, heavy, *filters, enough(limit))
            yield _by_index(session, text, given) if filters else session.rows(text, given)

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
        count = functools.partial(_heap if piled else self._all.count, session)
        changes: Counter[str] = Counter()
        for batch in _batches(docs):
            self._index(session, list({doc.id: doc for doc in batch}.values()), changes)
            if len(changes) > _HELD:
                count(changes)
                changes.clear()
        count(changes)
        if piled:
            session.change(_SUM, ())
            session.do(_NO_PILE)
        if fresh:
            session.do(_INDEX)
        return self.size()

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        session = self._tx.reading()
        noted = session.rows(_NOTED, ()) if self.size() else []
        return int(noted[0][0]) if noted else None

    def size(self) -> int:
        """Count the documents that are shown."""
        return self._frequencies(self._tx.reading(), [_DOCS]).get(_DOCS, 0)

    def sought(self) -> int:
        """Count what is sought."""
        return self._frequencies(self._tx.reading(), [SOUGHT]).get(SOUGHT, 0)


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


def _kept(tokens: set[str]) -> set[str]:
    """Give distinct tokens as they are counted; hardly a document has one to clip."""
    return tokens if max(map(len, tokens), default=0) <= TOKEN else set(map(clipped, tokens))


def _sought(text: str) -> list[str]:
    return sorted({clipped(SOUGHT + word) for word in sought_words(text)})


def _batches(docs: Iterable[SearchDoc]) -> Iterator[list[SearchDoc]]:
    left = iter(docs)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _number(word: str) -> int:
    return zlib.crc32(word.encode()) - 2**31


def _numbers(numbers: Iterable[float]) -> str:
    return f"{{{','.join(map(repr, numbers))}}}"


def _array(texts: Sequence[str]) -> str:
    """Say an array of texts: a value, which the server reads, never a part of a statement."""
    said = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return f"{{{','.join(said)}}}"
