"""What is sought, in the store's own file and transaction: a document finds the needs it answers.

Words stand as numbers: a document has hundreds, and each is looked up. Two letters, which most
words of Chinese are here, are their own number; of others it is a digest of 60 bits.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tianfu_sdk.core.searching.percolation import EXACT, best_words, counted_words, sought_words
from tianfu_sdk.core.searching.ranking import page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter

__all__ = ["add", "count", "empty", "find", "remove", "times_within"]

_PAIR = 2
_SHIFT = 21
"""Bits of a letter."""
_DIGESTED = 1 << 60
_SLACK = 1e-9
_BATCH = 512
"""Values in one statement at most."""


def add(connection: sqlite3.Connection, docs: Sequence[SearchDoc]) -> None:
    """Add what is sought; nothing of these ids is there."""
    _change(connection, len(docs))
    for doc in docs:
        words = sorted(map(_number, sought_words(doc.text)))
        connection.executemany(
            "INSERT INTO tf_sought_word VALUES (?, 1) ON CONFLICT (word) DO UPDATE SET df = df + 1",
            ((word,) for word in words),
        )
        tags = "".join(f" {tag}" for tag in sorted(doc.tags)) + " "
        seq = connection.execute(
            "INSERT INTO tf_sought (id, kind, language, tags, words, first, last)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (doc.id, doc.kind, doc.language, tags, json.dumps(words), doc.first, doc.last),
        ).lastrowid
        connection.executemany(
            "INSERT INTO tf_sought_in VALUES (?, ?)", ((word, seq) for word in words)
        )


def remove(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Remove what is sought; ids that are not there are skipped."""
    gone: Counter[int] = Counter()
    for id_ in ids:
        row = connection.execute("SELECT seq, words FROM tf_sought WHERE id = ?", (id_,)).fetchone()
        if row is None:
            continue
        seq, words = row[0], json.loads(row[1])
        connection.executemany(
            "DELETE FROM tf_sought_in WHERE word = ? AND doc = ?", ((word, seq) for word in words)
        )
        connection.execute("DELETE FROM tf_sought WHERE seq = ?", (seq,))
        gone.update(words)
        _change(connection, -1)
    connection.executemany(
        "UPDATE tf_sought_word SET df = df - ? WHERE word = ?",
        ((number, word) for word, number in gone.items()),
    )
    connection.executemany(
        "DELETE FROM tf_sought_word WHERE word = ? AND df = 0", ((word,) for word in gone)
    )


def empty(connection: sqlite3.Connection) -> None:
    """Throw everything away that is sought."""
    _change(connection, -count(connection))
    for table in ("tf_sought", "tf_sought_word", "tf_sought_in"):
        connection.execute(f"DELETE FROM {table}")


def count(connection: sqlite3.Connection) -> int:
    """Count what is sought."""
    row = connection.execute("SELECT value FROM tf_number WHERE name = 'sought'").fetchone()
    return int(row[0]) if row else 0


def find(connection: sqlite3.Connection, text: str, only: SearchFilter, limit: int) -> list[Hit]:
    """Find what is sought by a document; as `TransactionalSearch.percolate`."""
    counts = counted_words(text)
    numbers = {_number(word): word for word in counts}
    frequencies = {
        numbers[number]: df
        for number, df in _among(
            connection, "SELECT word, df FROM tf_sought_word WHERE word", list(numbers)
        )
    }
    if not frequencies:
        return []
    best = best_words(counts, count(connection), frequencies)
    weights = {_number(word): weight for word, weight in best}
    scores = _scores(connection, weights)
    if not scores:
        return []
    ordered = sorted(scores.values(), reverse=True)
    most = limit
    while True:
        # All that equal the last one are looked at: which of them are first is told by their ids.
        least = ordered[min(most, len(ordered)) - 1] - _SLACK
        seqs = [seq for seq, score in scores.items() if score >= least]
        found = list(_allowed(connection, seqs, only))
        if len(found) >= limit or len(seqs) == len(scores):
            break
        most *= 4
    # Sums of the same weights are equal, in whatever order they were added up.
    return page((Hit(id_, round(scores[str(seq)], EXACT)) for seq, id_ in found), limit, None)


def times_within(only: SearchFilter) -> tuple[str, list[int]]:
    """Say of which time a document must be: conditions on `first` and `last`, their values."""
    asked = [(" AND last >= ?", only.since), (" AND first < ?", only.until)]
    given = [(text, moment) for text, moment in asked if moment is not None]
    return "".join(text for text, _ in given), [moment for _, moment in given]


def _number(word: str) -> int:
    if len(word) == _PAIR:
        return ord(word[0]) << _SHIFT | ord(word[1])
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 4 | _DIGESTED


def _among(
    connection: sqlite3.Connection, sql: str, values: Sequence[int]
) -> Iterator[tuple[int, int]]:
    for start in range(0, len(values), _BATCH):
        some = values[start : start + _BATCH]
        # Padded, so that few statements are prepared.
        width = 1 << (len(some) - 1).bit_length()
        some = [*some, *[some[-1]] * (width - len(some))]
        yield from connection.execute(f"{sql} IN ({', '.join('?' * width)})", some)


def _change(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(
        "INSERT INTO tf_number VALUES ('sought', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (number,),
    )


def _scores(connection: sqlite3.Connection, weights: Mapping[int, float]) -> dict[str, float]:
    """Add up what the words of each need weigh, by its number as a text."""
    # Thousands of rows as one text a word: to group them in SQL, or to fetch each, takes twice
    # as long.
    sql = (
        "SELECT word, group_concat(doc) FROM tf_sought_in"
        f" WHERE word IN ({', '.join('?' * len(weights))}) GROUP BY word"
    )
    scores: dict[str, float] = {}
    known = scores.get
    for word, seqs in connection.execute(sql, tuple(weights)):
        weight = weights[word]
        for seq in seqs.split(","):
            scores[seq] = known(seq, 0.0) + weight
    return scores


def _allowed(
    connection: sqlite3.Connection, seqs: Sequence[str], only: SearchFilter
) -> Iterator[tuple[int, str]]:
    """Give number and id of those that a filter lets through."""
    conditions, values = "", []
    for column, members in (("kind", only.kinds), ("language", only.languages)):
        if members:
            conditions += f" AND {column} IN ({', '.join('?' * len(members))})"
            values += sorted(members)
    if only.tags:
        conditions += f" AND ({' OR '.join(['instr(tags, ?)'] * len(only.tags))})"
        values += [f" {tag} " for tag in sorted(only.tags)]
    times, bounds = times_within(only)
    conditions += times
    for start in range(0, len(seqs), _BATCH):
        some = seqs[start : start + _BATCH]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT seq, id FROM tf_sought WHERE seq IN ({marks}){conditions}"
        yield from connection.execute(sql, (*map(int, some), *values, *bounds))
