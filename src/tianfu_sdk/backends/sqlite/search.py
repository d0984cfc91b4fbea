"""Full-text search in the store's own file and transaction.

Bigrams and words go into a contentless FTS5 table. The documents of a question's rarest tokens
are ranked by the sum of these tokens' weights, the best of them by a BM25 over uni- and
bigrams. The folded text is kept beside the index, because a contentless table forgets a
document only when it is given exactly the tokens it was given before.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from tianfu_sdk.backends.sqlite import seeking
from tianfu_sdk.core.border import check_page
from tianfu_sdk.core.candidates import MOST_HITS, best, enough, is_word, rarest
from tianfu_sdk.core.ranking import PAGED, idf, page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread
from tianfu_sdk.text import ANALYZER_VERSION, folded_tokens

__all__ = ["SqliteSearch"]

_FEW = 2
"""Words whose sum of weights would leave too much undecided."""
# unicode61 splits at these; private-use letters stand for them inside the index.
_SAFE = str.maketrans({".": "\ue000", "_": "\ue001", "+": "\ue002", "-": "\ue003"})


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
        self.remove([doc.id for doc in docs])
        letters: Counter[str] = Counter()
        length = 0
        every = {doc.id: doc for doc in docs}
        seeking.add(self._connection, [doc for doc in every.values() if doc.sought])
        distinct = {doc.id: doc for doc in every.values() if doc.shown}
        for doc in distinct.values():
            tokens = folded_tokens(doc.text)
            length += len(tokens)
            letters.update({token for token in tokens if len(token) == 1})
            seq = self._connection.execute(
                "INSERT INTO tf_doc (id, kind, language, body, length) VALUES (?, ?, ?, ?, ?)",
                (doc.id, doc.kind, doc.language, doc.text, len(tokens)),
            ).lastrowid
            self._connection.execute(
                "INSERT INTO tf_fts (rowid, words) VALUES (?, ?)", (seq, _words(tokens))
            )
            self._connection.executemany(
                "INSERT INTO tf_tag VALUES (?, ?)", ((tag, seq) for tag in sorted(doc.tags))
            )
        self._count_letters(letters, 1)
        self._add("length", length)
        self._add("docs", len(distinct))
        self._connection.execute(
            "INSERT INTO tf_number VALUES ('analyzer', ?) ON CONFLICT DO NOTHING",
            (ANALYZER_VERSION,),
        )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        self._writing()
        seeking.remove(self._connection, ids)
        letters: Counter[str] = Counter()
        length = gone = 0
        for id_ in ids:
            found = self._connection.execute(
                "SELECT seq, body, length FROM tf_doc WHERE id = ?", (id_,)
            ).fetchone()
            if found is None:
                continue
            tokens = folded_tokens(found[1])
            self._connection.execute(
                "INSERT INTO tf_fts (tf_fts, rowid, words) VALUES ('delete', ?, ?)",
                (found[0], _words(tokens)),
            )
            letters.update({token for token in tokens if len(token) == 1})
            length += found[2]
            gone += 1
            self._connection.execute("DELETE FROM tf_tag WHERE doc = ?", (found[0],))
            self._connection.execute("DELETE FROM tf_doc WHERE seq = ?", (found[0],))
        self._count_letters(letters, -1)
        self._add("length", -length)
        self._add("docs", -gone)

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        check_page(limit, most=MOST_HITS)
        # Counting the rows would cost more than all the rest of a query.
        n = self._number("docs")
        if not tokens or not n:
            return []
        average = self._number("length") / n
        frequencies = {token: df for token, df in self._frequencies(tokens).items() if df}
        weights = {token: idf(n, df) for token, df in frequencies.items()}
        wanted = limit if after is None else PAGED
        found = best(self._candidates(frequencies, n, only, wanted), weights, average)
        return page(found, limit, after)

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents."""
        docs = self._number("docs")
        average = self._number("length") / docs if docs else 0.0
        return Spread(docs=docs, average=average, frequencies=self._frequencies(tokens))

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought by a document that may answer it."""
        check_page(limit, most=MOST_HITS)
        return seeking.find(self._connection, text, only, limit)

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents."""
        self._writing()
        seeking.empty(self._connection)
        self._connection.execute("INSERT INTO tf_fts (tf_fts) VALUES ('delete-all')")
        for table in ("tf_doc", "tf_tag", "tf_letter", "tf_number"):
            self._connection.execute(f"DELETE FROM {table}")
        batch: list[SearchDoc] = []
        for doc in docs:
            batch.append(doc)
            if len(batch) == 500:  # noqa: PLR2004 - bounds the memory
                self.index(batch)
                batch.clear()
        self.index(batch)
        return self.size()

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        return (self._number("analyzer") or None) if self.size() else None

    def size(self) -> int:
        """Count the documents that are shown."""
        return int(self._connection.execute("SELECT count(*) FROM tf_doc").fetchone()[0])

    def sought(self) -> int:
        """Count what is sought."""
        return seeking.count(self._connection)

    def _candidates(
        self, frequencies: Mapping[str, int], n: int, only: SearchFilter, limit: int
    ) -> list[tuple[str, str, int]]:
        words = {token: df for token, df in frequencies.items() if is_word(token)}
        most = enough(limit)
        if not words:
            return self._containing(list(frequencies), only, most)
        if len(words) <= _FEW:
            return self._by_rank(list(words), only, most)
        found: list[tuple[str, str, int]] = []
        for tokens in rarest(words):
            found = self._by_weight({t: idf(n, words[t]) for t in tokens}, only, most)
            if len(found) >= limit:
                break
        return found

    def _by_rank(
        self, words: Sequence[str], only: SearchFilter, most: int
    ) -> list[tuple[str, str, int]]:
        # Bodies are fetched of the best only: a sort would carry all of them along.
        joined, conditions, values = _filtered(only, "tf_fts.rowid")
        text = (
            "SELECT d.id, d.body, d.length FROM"
            f" (SELECT tf_fts.rowid AS seq FROM tf_fts{joined} WHERE tf_fts MATCH ?{conditions}"
            f" ORDER BY rank, tf_fts.rowid LIMIT {most}) AS best JOIN tf_doc AS d USING (seq)"
        )
        match = " OR ".join(map(_quoted, words))
        return self._connection.execute(text, (match, *values)).fetchall()

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
        found = {}
        for token in tokens:
            if is_word(token):
                text, value = "SELECT doc FROM tf_word WHERE term = ?", token.translate(_SAFE)
            else:
                text, value = "SELECT df FROM tf_letter WHERE letter = ?", token
            row = self._connection.execute(text, (value,)).fetchone()
            found[token] = int(row[0]) if row else 0
        return found

    def _count_letters(self, letters: Counter[str], sign: int) -> None:
        self._connection.executemany(
            "INSERT INTO tf_letter VALUES (?, ?)"
            " ON CONFLICT (letter) DO UPDATE SET df = df + excluded.df",
            ((letter, sign * count) for letter, count in letters.items()),
        )

    def _add(self, name: str, value: int) -> None:
        self._connection.execute(
            "INSERT INTO tf_number VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, value),
        )

    def _number(self, name: str) -> int:
        row = self._connection.execute(
            "SELECT value FROM tf_number WHERE name = ?", (name,)
        ).fetchone()
        return int(row[0]) if row else 0


def _words(tokens: Sequence[str]) -> str:
    return " ".join(token for token in tokens if is_word(token)).translate(_SAFE)


def _quoted(word: str) -> str:
    return f'"{word.translate(_SAFE)}"'


def _filtered(only: SearchFilter, seq: str) -> tuple[str, str, list[str]]:
    """Say what a document must be: what to join by its number, conditions, their values."""
    joined, text, values = "", "", []
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
    return joined, text, values
