"""Full-text search in the store's own file and transaction.

Bigrams and words go into a contentless FTS5 table that keeps no places (`detail=none`): which
documents have a word is all that is asked of it. The documents of a question's rarest tokens
are ranked by the sum of these tokens' weights, the best of them by a BM25 over uni- and
bigrams, counted in their folded texts. These are kept beside the index also because a
contentless table forgets a document only when it is given exactly the tokens it was given before.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import attrs

from tianfu_sdk.backends.sqlite import seeking
from tianfu_sdk.backends.sqlite.seeking import times_within
from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.searching.candidates import MOST_HITS, best, enough, is_word, rarest
from tianfu_sdk.core.searching.ranking import PAGED, damping, idf, page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread
from tianfu_sdk.text import ANALYZER_VERSION, folded_tokens

__all__ = ["SqliteSearch", "index_words"]

T = TypeVar("T")
_BATCH = 500
_FEW = 2
"""Words whose sum of weights would leave too much undecided."""
# unicode61 splits at the first four, for which private-use letters stand inside the index; the
# last two, which lower case keeps, it folds, so that a word with them stands there as here.
_SAFE = str.maketrans(
    {".": "\ue000", "_": "\ue001", "+": "\ue002", "-": "\ue003", "ς": "σ", "\u0345": "ι"}
)


class SqliteSearch:
    """The engine inside one open transaction.

    Args:
        reading: Gives the connection while the transaction lives.
        writing: The same, for a transaction that may write.
    """

    def __init__(
        self,
        reading: Callable[[], sqlite3.Connection],
        writing: Callable[[], sqlite3.Connection],
    ) -> None:
        self._reading = reading
        self._writing = writing

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._reading()

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id."""
        self._writing()
        for batch in _batched({doc.id: doc for doc in docs}.values()):
            ids = [doc.id for doc in batch]
            seeking.remove(self._connection, ids)
            self._remove(ids)
            seeking.add(self._connection, [doc for doc in batch if doc.sought])
            self._insert([doc for doc in batch if doc.shown])

    def _insert(self, docs: Sequence[SearchDoc]) -> None:
        last = self._connection.execute("SELECT max(seq) FROM tf_doc").fetchone()[0] or 0
        counted = _Counted()
        numbered = list(enumerate(docs, last + 1))
        rows, words = [], []
        for seq, doc in numbered:
            length, joined = counted.take(doc.text)
            rows.append((seq, doc.id, doc.kind, doc.language, doc.text, length))
            words.append((seq, joined))
        self._connection.executemany("INSERT INTO tf_doc VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._connection.executemany("INSERT INTO tf_fts (rowid, words) VALUES (?, ?)", words)
        self._connection.executemany(
            "INSERT INTO tf_tag VALUES (?, ?)",
            sorted((tag, seq) for seq, doc in numbered for tag in doc.tags),
        )
        self._connection.executemany(
            "INSERT INTO tf_time VALUES (?, ?, ?)",
            ((seq, doc.first, doc.last) for seq, doc in numbered if doc.first is not None),
        )
        self._count(counted, 1)
        self._connection.execute(
            "INSERT INTO tf_number VALUES ('analyzer', ?) ON CONFLICT DO NOTHING",
            (ANALYZER_VERSION,),
        )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        self._writing()
        for batch in _batched(dict.fromkeys(ids)):
            seeking.remove(self._connection, batch)
            self._remove(batch)

    def _remove(self, ids: Sequence[str]) -> None:
        marks = ", ".join("?" * len(ids))
        found = self._connection.execute(
            f"SELECT seq, body FROM tf_doc WHERE id IN ({marks})", ids
        ).fetchall()
        if not found:
            return
        counted = _Counted()
        words = [(seq, counted.take(body)[1]) for seq, body in found]
        self._connection.executemany(
            "INSERT INTO tf_fts (tf_fts, rowid, words) VALUES ('delete', ?, ?)", words
        )
        for table, column in (("tf_tag", "doc"), ("tf_time", "doc"), ("tf_doc", "seq")):
            self._connection.executemany(
                f"DELETE FROM {table} WHERE {column} = ?", ((seq,) for seq, _ in words)
            )
        self._count(counted, -1)

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        check_page(limit, most=MOST_HITS)
        n, average = self._size_and_average() if tokens else (0, 0.0)
        if not n:
            return []
        frequencies = self._frequencies(tokens)
        weights = {token: idf(n, df) for token, df in frequencies.items()}
        question = _Question(frequencies, weights, average)
        wanted = limit if after is None else PAGED
        found = best(self._candidates(question, only, wanted), weights, average)
        return page(found, limit, after)

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents."""
        docs, average = self._size_and_average()
        return Spread(docs=docs, average=average, frequencies=self._frequencies(tokens))

    def _size_and_average(self) -> tuple[int, float]:
        # Counting the rows would cost more than all the rest of a query.
        numbers = dict(self._connection.execute("SELECT name, value FROM tf_number"))
        docs = int(numbers.get("docs", 0))
        return docs, numbers["length"] / docs if docs else 0.0

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought by a document that may answer it."""
        check_page(limit, most=MOST_HITS)
        return seeking.find(self._connection, text, only, limit)

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents."""
        self._writing()
        seeking.empty(self._connection)
        self._connection.execute("INSERT INTO tf_fts (tf_fts) VALUES ('delete-all')")
        for table in ("tf_doc", "tf_tag", "tf_time", "tf_letter", "tf_number"):
            self._connection.execute(f"DELETE FROM {table}")
        for batch in _batched(docs):
            self.index(batch)
        # Once, since nothing was merged by age: reads then look in one place.
        self._connection.execute("INSERT INTO tf_fts (tf_fts) VALUES ('optimize')")
        return self.size()

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        row = self._connection.execute(
            "SELECT value FROM tf_number WHERE name = 'analyzer'"
        ).fetchone()
        return int(row[0]) if row and self.size() else None

    def size(self) -> int:
        """Count the documents that are shown."""
        return int(self._connection.execute("SELECT count(*) FROM tf_doc").fetchone()[0])

    def sought(self) -> int:
        """Count what is sought."""
        return seeking.count(self._connection)

    def _candidates(
        self, asked: _Question, only: SearchFilter, limit: int
    ) -> list[tuple[str, str, int]]:
        words = {token: df for token, df in asked.frequencies.items() if is_word(token)}
        most = enough(limit)
        if not words:
            return self._containing(list(asked.frequencies), only, most)
        if len(words) <= _FEW:
            return self._by_rank(list(words), asked, only, most)
        found: list[tuple[str, str, int]] = []
        for tokens in rarest(words):
            found = self._by_weight({t: asked.weights[t] for t in tokens}, only, most)
            if len(found) >= limit:
                break
        return found

    def _by_rank(
        self, words: Sequence[str], asked: _Question, only: SearchFilter, most: int
    ) -> list[tuple[str, str, int]]:
        # Too many documents have the same few words: these are counted in the texts at once.
        _, conditions, values = _filtered(only, "d.seq")
        count = "((length(d.body) - length(replace(d.body, ?, ''))) / ?)"
        share = f"? * {count} / ({count} + ? + ? * d.length)"
        fixed, per_token = damping(0, asked.average), damping(1, asked.average)
        given: list[float | str] = []
        for word in words:
            counted = (word, len(word))
            damped = (fixed, per_token - fixed)
            given += (asked.weights[word], *counted, *counted, *damped)
        text = (
            "SELECT d.id, d.body, d.length FROM"
            f" (SELECT d.seq AS seq, {' + '.join([share] * len(words))} AS score"
            " FROM tf_fts JOIN tf_doc AS d ON d.seq = tf_fts.rowid"
            f" WHERE tf_fts MATCH ?{conditions} ORDER BY score DESC, d.id LIMIT {most}) AS best"
            " JOIN tf_doc AS d USING (seq)"
        )
        match = " OR ".join(map(_quoted, words))
        return self._connection.execute(text, (*given, match, *values)).fetchall()

    def _by_weight(
        self, weights: Mapping[str, float], only: SearchFilter, most: int
    ) -> list[tuple[str, str, int]]:
        joined, conditions, values = _filtered(only, "every.seq")
        one = "SELECT rowid AS seq, ? AS weight FROM tf_fts WHERE tf_fts MATCH ?"
        every = " UNION ALL ".join([one] * len(weights))
        grouped = f"SELECT seq, sum(weight) AS score FROM ({every}) GROUP BY seq"
        text = (
            "SELECT d.id, d.body, d.length FROM"
            f" (SELECT every.seq AS seq FROM ({grouped}) AS every{joined} WHERE 1{conditions}"
            f" ORDER BY score DESC, every.seq LIMIT {most}) AS best"
            " JOIN tf_doc AS d USING (seq)"
        )
        given = [value for word, weight in weights.items() for value in (weight, _quoted(word))]
        return self._connection.execute(text, (*given, *values)).fetchall()

    def _containing(
        self, letters: Sequence[str], only: SearchFilter, most: int
    ) -> list[tuple[str, str, int]]:
        # Only single characters were asked for: they are not in the index, so look.
        _, conditions, values = _filtered(only, "d.seq")
        some = " OR ".join("instr(d.body, ?)" for _ in letters)
        text = (
            f"SELECT d.id, d.body, d.length FROM tf_doc AS d WHERE ({some or 0}){conditions}"
            f" ORDER BY d.length LIMIT {most}"
        )
        return self._connection.execute(text, (*letters, *values)).fetchall()

    def _frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """Give the tokens that any document has, and how many have them."""
        found: dict[str, int] = {}
        for batch in _batched(tokens):
            words = {token.translate(_SAFE): token for token in batch if is_word(token)}
            letters = [token for token in batch if not is_word(token)]
            for text, column, asked in (
                ("SELECT term, doc FROM tf_word WHERE term", words, list(words)),
                ("SELECT letter, df FROM tf_letter WHERE letter", {}, letters),
            ):
                marks = ", ".join("?" * len(asked))
                for term, df in self._connection.execute(f"{text} IN ({marks})", asked):
                    found[column.get(term, term)] = df
        # In their own order, by which all that is summed up is summed.
        return {token: found[token] for token in tokens if found.get(token)}

    def _count(self, counted: _Counted, sign: int) -> None:
        self._connection.executemany(
            "INSERT INTO tf_letter VALUES (?, ?)"
            " ON CONFLICT (letter) DO UPDATE SET df = df + excluded.df",
            ((letter, sign * count) for letter, count in counted.letters.items()),
        )
        self._connection.executemany(
            "INSERT INTO tf_number VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (("length", sign * counted.length), ("docs", sign * counted.docs)),
        )


@attrs.frozen
class _Question:
    frequencies: Mapping[str, int]
    """How many documents have each token; above 0."""
    weights: Mapping[str, float]
    average: float
    """Tokens of a document."""


@attrs.define
class _Counted:
    """What some documents add to the figures of the index."""

    letters: Counter[str] = attrs.field(factory=Counter)
    """How many documents have each single character."""
    length: int = 0
    docs: int = 0

    def take(self, text: str) -> tuple[int, str]:
        """Count a folded text; gives its tokens' number, and its words as they are indexed."""
        tokens = folded_tokens(text)
        single = {token for token in tokens if len(token) == 1}
        self.letters.update(single)
        self.length += len(tokens)
        self.docs += 1
        lone = {token for token in single if not is_word(token)}
        return len(tokens), " ".join([t for t in tokens if t not in lone]).translate(_SAFE)


def _batched(many: Iterable[T]) -> Iterator[list[T]]:
    """Give some at a time, which bounds memory and the parameters of a statement."""
    left = iter(many)
    while batch := list(islice(left, _BATCH)):
        yield batch


def index_words(connection: sqlite3.Connection) -> None:
    """Fill the empty index of words from the texts beside it."""
    last = 0
    while rows := connection.execute(
        f"SELECT seq, body FROM tf_doc WHERE seq > ? ORDER BY seq LIMIT {_BATCH}", (last,)
    ).fetchall():
        counted = _Counted()
        words = ((seq, counted.take(body)[1]) for seq, body in rows)
        connection.executemany("INSERT INTO tf_fts (rowid, words) VALUES (?, ?)", words)
        last = rows[-1][0]


def _quoted(word: str) -> str:
    return f'"{word.translate(_SAFE)}"'


def _filtered(only: SearchFilter, seq: str) -> tuple[str, str, list[str | int]]:
    """Say what a document must be: what to join by its number, conditions, their values."""
    joined, text = "", ""
    values: list[str | int] = []
    for column, members in (("d.kind", only.kinds), ("d.language", only.languages)):
        if members:
            joined = f" JOIN tf_doc AS d ON d.seq = {seq}"
            text += f" AND {column} IN ({', '.join('?' * len(members))})"
            values += sorted(members)
    if only.tags:
        marks = ", ".join("?" * len(only.tags))
        text += (
            f" AND EXISTS (SELECT 1 FROM tf_tag AS t WHERE t.doc = {seq} AND t.tag IN ({marks}))"
        )
        values += sorted(only.tags)
    times, bounds = times_within(only)
    if bounds:
        text += f" AND EXISTS (SELECT 1 FROM tf_time WHERE doc = {seq}{times})"
        values += bounds
    return joined, text, values
