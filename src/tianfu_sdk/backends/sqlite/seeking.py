"""What is sought, in the store's own file and transaction: a document finds the needs it answers.

Words stand as numbers: a document has hundreds, and each is looked up. Two letters, which most
words of Chinese are here, are their own number; of others it is a digest of 60 bits. What has a
word stands in the word's own row, as packed numbers in ascending order: one look-up tells how
many have it, and which. Of words that very many have, the newest stand there, older ones in parts
beside it, so that no write is large.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tianfu_sdk.backends.sqlite.schema import SOUGHT
from tianfu_sdk.core.searching.percolation import EXACT, best_words, counted_words, sought_words
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter

__all__ = ["add", "count", "empty", "find", "remove", "take_over", "times_within"]

_PAIR = 2
_SHIFT = 21
"""Bits of a letter."""
_DIGESTED = 1 << 60
_SLACK = 1e-9
_BATCH = 512
"""Values in one statement at most."""
_PART = 960
"""Numbers in one row at most: with them it fills a page, and does not run over it."""
_BYTES = 4
"""Of a number of what is sought; words have twice as many."""
_WORDS = "SELECT word, older, docs FROM tf_sought_word WHERE word"


def add(connection: sqlite3.Connection, docs: Sequence[SearchDoc]) -> None:
    """Add what is sought; nothing of these ids is there."""
    _change(connection, len(docs))
    _insert(
        connection,
        (
            (
                doc.id,
                doc.kind,
                doc.language,
                "".join(f" {tag}" for tag in sorted(doc.tags)) + " ",
                doc.first,
                doc.last,
                sorted(map(_number, sought_words(doc.text))),
            )
            for doc in docs
        ),
    )


def _insert(
    connection: sqlite3.Connection,
    many: Iterable[tuple[str, str, str, str, int | None, int | None, Sequence[int]]],
) -> None:
    """Insert what is sought: id, kind, language, tags, first, last, the numbers of its words."""
    having: dict[int, list[int]] = {}
    for id_, kind, *more, words in many:
        seq = connection.execute(
            "INSERT INTO tf_sought (id, kind) VALUES (?, ?)", (id_, kind)
        ).lastrowid
        connection.execute(
            "INSERT INTO tf_sought_more VALUES (?, ?, ?, ?, ?, ?)",
            (seq, *more, _packed("q", words)),
        )
        for word in words:
            having.setdefault(word, []).append(seq or 0)
    known = _known(connection, having)
    rows, parts = [], []
    for word, seqs in having.items():
        older, newest = known.get(word, (0, b""))
        newest += _packed("I", seqs)
        while len(newest) > _PART * _BYTES:
            part, newest = newest[: _PART * _BYTES], newest[_PART * _BYTES :]
            parts.append((word, _unpacked("I", part)[0], part))
            older += _PART
        rows.append((word, older, newest))
    connection.executemany("INSERT INTO tf_sought_part VALUES (?, ?, ?)", parts)
    _write(connection, rows)


def remove(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Remove what is sought; ids that are not there are skipped."""
    losing: dict[int, list[int]] = {}
    for id_ in dict.fromkeys(ids):
        row = connection.execute(
            "SELECT seq, words FROM tf_sought JOIN tf_sought_more USING (seq) WHERE id = ?", (id_,)
        ).fetchone()
        if row is None:
            continue
        for table in ("tf_sought", "tf_sought_more"):
            connection.execute(f"DELETE FROM {table} WHERE seq = ?", row[:1])
        for word in _unpacked("q", row[1]):
            losing.setdefault(word, []).append(row[0])
        _change(connection, -1)
    known = _known(connection, losing)
    rows = []
    for word, seqs in losing.items():
        older, packed = known[word]
        newest = _unpacked("I", packed)
        for seq in seqs:
            if seq in newest:
                newest.remove(seq)
            else:
                _remove_older(connection, word, seq)
                older -= 1
        rows.append((word, older, _packed("I", newest)))
    _write(connection, rows)


def _remove_older(connection: sqlite3.Connection, word: int, seq: int) -> None:
    first, packed = connection.execute(
        "SELECT first, docs FROM tf_sought_part WHERE word = ? AND first <= ?"
        " ORDER BY first DESC LIMIT 1",
        (word, seq),
    ).fetchone()
    left = _unpacked("I", packed)
    left.remove(seq)
    if left:
        connection.execute(
            "UPDATE tf_sought_part SET docs = ? WHERE word = ? AND first = ?",
            (_packed("I", left), word, first),
        )
    else:
        connection.execute("DELETE FROM tf_sought_part WHERE word = ? AND first = ?", (word, first))


def _known(connection: sqlite3.Connection, words: Iterable[int]) -> dict[int, tuple[int, bytes]]:
    """Give the rows of words that there are."""
    return {word: (older, newest) for word, older, newest in _among(connection, _WORDS, words)}


def _write(connection: sqlite3.Connection, rows: Sequence[tuple[int, int, bytes]]) -> None:
    connection.executemany(
        "INSERT INTO tf_sought_word VALUES (?, ?, ?) ON CONFLICT (word)"
        " DO UPDATE SET older = excluded.older, docs = excluded.docs",
        rows,
    )
    connection.executemany(
        "DELETE FROM tf_sought_word WHERE word = ?",
        [(word,) for word, older, newest in rows if not older and not newest],
    )


def empty(connection: sqlite3.Connection) -> None:
    """Throw everything away that is sought."""
    _change(connection, -count(connection))
    for table in ("tf_sought", "tf_sought_more", "tf_sought_word", "tf_sought_part"):
        connection.execute(f"DELETE FROM {table}")


def take_over(connection: sqlite3.Connection) -> None:
    """Move what is sought out of the tables that it had before the seventh schema."""
    connection.execute("ALTER TABLE tf_sought RENAME TO tf_sought_old")
    for table in ("tf_sought_word", "tf_sought_in"):
        connection.execute(f"DROP TABLE {table}")
    for statement in SOUGHT:
        connection.execute(statement)
    last = 0
    while rows := connection.execute(
        "SELECT seq, id, kind, language, tags, first, last, words FROM tf_sought_old"
        f" WHERE seq > ? ORDER BY seq LIMIT {_BATCH}",
        (last,),
    ).fetchall():
        _insert(connection, ((*row, json.loads(words)) for _, *row, words in rows))
        last = rows[-1][0]
    connection.execute("DROP TABLE tf_sought_old")


def count(connection: sqlite3.Connection) -> int:
    """Count what is sought."""
    row = connection.execute("SELECT value FROM tf_number WHERE name = 'sought'").fetchone()
    return int(row[0]) if row else 0


def find(connection: sqlite3.Connection, text: str, only: SearchFilter, limit: int) -> list[Hit]:
    """Find what is sought by a document; as `TransactionalSearch.percolate`."""
    counts = counted_words(text)
    words = {_number(word): word for word in counts}
    frequencies, newest = {}, {}
    for number, older, packed in _among(connection, _WORDS, words):
        word = words[number]
        frequencies[word] = older + len(packed) // _BYTES
        newest[word] = packed
    best = best_words(counts, count(connection), frequencies)
    scores = _scores(connection, best, frequencies, newest)
    if not scores:
        return []
    ordered = sorted(scores.values(), reverse=True)
    most = limit
    while True:
        # All that equal the last one are looked at: which of them are first is told by their ids.
        least = ordered[min(most, len(ordered)) - 1] - _SLACK
        seqs = [seq for seq, score in scores.items() if score >= least]
        # Sums of the same weights are equal, in whatever order they were added up.
        found = [(-round(scores[seq], EXACT), id_) for seq, id_ in _allowed(connection, seqs, only)]
        if len(found) >= limit or len(seqs) == len(scores):
            break
        most *= 4
    found.sort()
    return [Hit(id_, -score) for score, id_ in found[:limit]]


def _scores(
    connection: sqlite3.Connection,
    best: Sequence[tuple[str, float]],
    frequencies: Mapping[str, int],
    newest: Mapping[str, bytes],
) -> dict[int, float]:
    """Add up what the words of each need weigh, by its number."""
    scores: dict[int, float] = {}
    older = {}
    for word, weight in best:
        seqs = _unpacked("I", newest[word])
        _add_up(scores, seqs, weight)
        if len(seqs) < frequencies[word]:
            older[_number(word)] = weight
    sql = "SELECT word, docs FROM tf_sought_part WHERE word"
    for number, packed in _among(connection, sql, older):
        _add_up(scores, _unpacked("I", packed), older[number])
    return scores


def _add_up(scores: dict[int, float], seqs: Iterable[int], weight: float) -> None:
    for seq in seqs:
        if seq in scores:
            scores[seq] += weight
        else:
            scores[seq] = weight


def _allowed(
    connection: sqlite3.Connection, seqs: Sequence[int], only: SearchFilter
) -> list[tuple[int, str]]:
    """Give number and id of those that a filter lets through."""
    joined, conditions, values = "", "", []
    for column, members in (("kind", only.kinds), ("language", only.languages)):
        if members:
            conditions += f" AND {column} IN ({', '.join('?' * len(members))})"
            values += sorted(members)
    if only.tags:
        conditions += f" AND ({' OR '.join(['instr(tags, ?)'] * len(only.tags))})"
        values += [f" {tag} " for tag in sorted(only.tags)]
    times, bounds = times_within(only)
    if only.languages or only.tags or times:
        joined = " JOIN tf_sought_more USING (seq)"
    sql = f"SELECT seq, id FROM tf_sought{joined} WHERE true{conditions}{times} AND seq"
    return _among(connection, sql, seqs, [*values, *bounds])


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


def _packed(code: str, numbers: Iterable[int]) -> bytes:
    packed = array(code, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _unpacked(code: str, packed: bytes) -> array[int]:
    numbers = array(code, packed)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _among(
    connection: sqlite3.Connection,
    sql: str,
    numbers: Iterable[int],
    before: Sequence[str | int] = (),
) -> list[Any]:
    """Ask for the rows of some numbers, after whose column the statement ends."""
    rows: list[Any] = []
    # In their order, in which they lie in the file.
    every = sorted(numbers)
    for start in range(0, len(every), _BATCH):
        some = every[start : start + _BATCH]
        # Padded, so that few statements are prepared.
        width = 1 << (len(some) - 1).bit_length()
        some += some[-1:] * (width - len(some))
        values = [*before, *some]
        rows += connection.execute(f"{sql} IN ({', '.join('?' * width)})", values).fetchall()
    return rows


def _change(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(
        "INSERT INTO tf_number VALUES ('sought', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (number,),
    )
