"""What is sought, in the store's own file and transaction: a document finds the needs it answers.

Words have numbers and counts of their own, so that a document's best words are chosen by one
look-up each, and their rows are short.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from tianfu_sdk.core.percolation import EXACT, best_words, counted_words, sought_words
from tianfu_sdk.core.ranking import page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter

__all__ = ["add", "count", "empty", "find", "remove"]

_FREQUENCIES = (
    "SELECT w.word, w.number, w.df FROM json_each(?) AS j CROSS JOIN tf_sought_word AS w"
    " ON w.word = j.value"
)
_NUMBER = "(SELECT coalesce(max(number), 0) + 1 FROM tf_sought_word)"


def add(connection: sqlite3.Connection, docs: Sequence[SearchDoc]) -> None:
    """Add what is sought; nothing of these ids is there."""
    _change(connection, len(docs))
    for doc in docs:
        words = sorted(sought_words(doc.text))
        connection.executemany(
            f"INSERT INTO tf_sought_word VALUES (?, {_NUMBER}, 1)"
            " ON CONFLICT (word) DO UPDATE SET df = df + 1",
            ((word,) for word in words),
        )
        given = _array(words)
        tags = "".join(f" {tag}" for tag in sorted(doc.tags)) + " "
        seq = connection.execute(
            "INSERT INTO tf_sought (id, kind, language, tags, words) VALUES (?, ?, ?, ?, ?)",
            (doc.id, doc.kind, doc.language, tags, given),
        ).lastrowid
        connection.execute(
            "INSERT INTO tf_sought_in SELECT w.number, ? FROM json_each(?) AS j"
            " JOIN tf_sought_word AS w ON w.word = j.value",
            (seq, given),
        )


def remove(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Remove what is sought; ids that are not there are skipped."""
    gone: Counter[str] = Counter()
    for id_ in ids:
        row = connection.execute("SELECT seq, words FROM tf_sought WHERE id = ?", (id_,)).fetchone()
        if row is None:
            continue
        connection.execute(
            "DELETE FROM tf_sought_in WHERE doc = ? AND word IN (SELECT w.number"
            " FROM json_each(?) AS j JOIN tf_sought_word AS w ON w.word = j.value)",
            row,
        )
        connection.execute("DELETE FROM tf_sought WHERE seq = ?", row[:1])
        gone.update(json.loads(row[1]))
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
    rows = connection.execute(_FREQUENCIES, (_array(list(counts)),)).fetchall()
    if not rows:
        return []
    numbers = {word: number for word, number, _ in rows}
    frequencies = {word: df for word, _, df in rows}
    best = best_words(counts, count(connection), frequencies)
    weights = {numbers[word]: weight for word, weight in best}
    most = limit + 1
    while True:
        found = _ranked(connection, weights, only, most)
        # The store ranks equals in an order of its own: all of the last ones are to be there.
        if len(found) < most or found[limit - 1][1] > found[-1][1]:
            break
        most *= 4
    # Sums of the same weights are equal, in whatever order they were added up.
    return page((Hit(id_, round(score, EXACT)) for id_, score in found), limit, None)


def _change(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(
        "INSERT INTO tf_number VALUES ('sought', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (number,),
    )


def _ranked(
    connection: sqlite3.Connection, weights: Mapping[int, float], only: SearchFilter, most: int
) -> list[tuple[str, float]]:
    conditions, values = "", []
    for column, members in (("kind", only.kinds), ("language", only.languages)):
        if members:
            conditions += f" AND d.{column} IN ({', '.join('?' * len(members))})"
            values += sorted(members)
    if only.tags:
        conditions += f" AND ({' OR '.join(['instr(d.tags, ?)'] * len(only.tags))})"
        values += [f" {tag} " for tag in sorted(only.tags)]
    pairs = ", ".join(["(?, ?)"] * len(weights))
    joined = " JOIN tf_sought AS d ON d.seq = i.doc" if conditions else ""
    text = (
        f"WITH best (word, weight) AS (VALUES {pairs})"
        " SELECT named.id, ranked.score FROM ("
        " SELECT i.doc, sum(best.weight) AS score"
        f" FROM best CROSS JOIN tf_sought_in AS i ON i.word = best.word{joined} WHERE 1{conditions}"
        " GROUP BY i.doc ORDER BY score DESC LIMIT ?"
        ") AS ranked JOIN tf_sought AS named ON named.seq = ranked.doc ORDER BY ranked.score DESC"
    )
    given = [value for pair in weights.items() for value in pair]
    return connection.execute(text, (*given, *values, most)).fetchall()


def _array(words: Sequence[str]) -> str:
    return json.dumps(words, ensure_ascii=False)
