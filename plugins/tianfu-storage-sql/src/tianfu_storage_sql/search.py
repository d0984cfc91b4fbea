"""Full-text search in plain tables, inside the store's transactions.

A posting is a row (token, document, how often, how long the document is). How many documents
have a token is not a counter, which all who publish would queue for: each write appends what
it changed (`tf_frequency`), a question sums that up, and housekeeping folds many rows of a
token into one. The rarest tokens of a question give candidates, ranked by BM25 inside the
server; those are scored again here with all tokens, by the same rule as on every store.

What is sought stands in the same tables under ids and tokens of its own, which begin with a mark
that no token has; each of its words counts once.
"""

from __future__ import annotations

import functools
import hashlib
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.searching.percolation import EXACT, best_words, counted_words, sought_words
from tianfu_sdk.core.searching.ranking import PAGED, bm25, idf, page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread
from tianfu_sdk.text import ANALYZER_VERSION, folded_tokens
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import TOKEN, Tables
from tianfu_storage_sql.session import Driver, RacedError, Session
from tianfu_storage_sql.texts import Text, among, bind, compiled, constant, width

__all__ = ["SOUGHT", "Searching", "SqlSearch", "clipped", "percolated"]

_MOST_HITS = 200
_RAREST = 12
_MOST_TOKENS = 64
_WALKED = 20_000
"""Postings that candidates are looked for in, beyond those of the rarest token."""
_BATCH = 500
_FOLDED = 8
"""Rows of a token from which on they are folded."""
_ALWAYS = 2**62
"""Microseconds since 1970 to a moment after all others."""
_DOCS, _LENGTH = "", " "
"""Stand for the number of documents and of all their tokens; no token is empty or a blank."""
SOUGHT = "?"
"""Begins ids and words of what is sought, and alone stands for its number; no token has it."""


class _Transaction(Protocol):
    def reading(self) -> Session: ...

    def writing(self) -> Session: ...


def clipped(token: str) -> str:
    """Give a token as the index keeps it; of one that is too long the end is a hash."""
    if len(token) <= TOKEN:
        return token
    digest = hashlib.blake2b(token.encode(), digest_size=10).hexdigest()
    return token[: TOKEN - 20] + digest


def percolated(
    text: str,
    limit: int,
    frequencies: Callable[[Sequence[str]], dict[str, int]],
    ranked: Callable[[Sequence[tuple[str, float]]], Iterable[tuple[str, float]]],
) -> list[Hit]:
    """Find what is sought by a document that may answer it.

    Args:
        text: Of the document, folded.
        limit: Hits at most.
        frequencies: Tells in how many texts tokens are.
        ranked: Gives ids and sums by the words to look for, and their weights.
    """
    check_page(limit, most=_MOST_HITS)
    counted = counted_words(text).items()
    counts = {clipped(SOUGHT + word): number for word, number in counted if "\0" not in word}
    found = frequencies([SOUGHT, *counts])
    n = found.pop(SOUGHT, 0)
    best = best_words(counts, n, found)
    rows = ranked(best) if best else ()
    hits = (Hit(id_.removeprefix(SOUGHT), round(score, EXACT)) for id_, score in rows)
    return page(hits, limit, None)


class Searching:
    """The texts of search, made once a store.

    Args:
        tables: In the driver's dialect.
        driver: Knows what a duplicate is.
    """

    def __init__(self, tables: Tables, driver: Driver) -> None:
        self.driver = driver
        self._tables = tables
        self._texts: dict[Any, Text] = {}
        doc, posting, tag, time_ = tables.doc, tables.posting, tables.tag, tables.time
        frequency, meta = tables.frequency, tables.meta
        self.add_doc = self._insert(doc, "id", "kind", "language", "length")
        self.add_posting = self._insert(posting, "token", "id", "tf", "length")
        self.add_tag = self._insert(tag, "tag", "id")
        self.add_time = self._insert(time_, "id", "first", "last")
        self.add_frequency = self._insert(frequency, "token", "part", "number")
        self.note = self._insert(meta, "name", "value")
        name = bind(0, meta.c.name.type)
        self.noted = self._said(sa.select(meta.c.value).where(meta.c.name == name))
        self.forget = self._said(sa.delete(meta).where(meta.c.name == name))
        self.empty = [self._said(sa.delete(one)) for one in tables.searched]
        f = frequency.c
        self._many = self._said(
            sa.select(f.token)
            .group_by(f.token)
            .having(sa.func.count() > constant(str(_FOLDED)))
            .limit(constant(str(_BATCH)))
        )
        self.drop_frequency = self._said(
            sa.delete(frequency).where(
                f.token == bind(0, f.token.type), f.part == bind(1, f.part.type)
            )
        )

    def within(self, tx: _Transaction) -> SqlSearch:
        """Give the engine inside an open transaction."""
        return SqlSearch(tx, self)

    def due(self) -> bool:
        """Tell whether it is time to fold: never before other housekeeping is."""
        return False

    def _said(self, statement: Any) -> Text:
        return compiled(statement, self.driver.dialect)

    def _insert(self, table: sa.Table, *columns: str) -> Text:
        values = {name: bind(n, table.c[name].type) for n, name in enumerate(columns)}
        return self._said(sa.insert(table).values(**values))

    def text(self, name: str, *shape: Any) -> Text:
        """Give the text of a shape."""
        key = (name, *shape)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._said(getattr(self, f"_say_{name}")(*shape))
        return text

    def _say_known(self, number: int) -> Any:
        doc = self._tables.doc
        return (
            sa.select(doc.c.id, doc.c.length)
            .where(among(doc.c.id, 0, number))
            .order_by(doc.c.id)
            .with_for_update()
        )

    def _say_tokens(self, number: int) -> Any:
        posting = self._tables.posting
        return (
            sa.select(posting.c.token, sa.func.count())
            .where(among(posting.c.id, 0, number))
            .group_by(posting.c.token)
        )

    def _say_remove(self, table: str, number: int) -> Any:
        found: sa.Table = getattr(self._tables, table)
        return sa.delete(found).where(among(found.c.id, 0, number))

    def _say_frequencies(self, number: int) -> Any:
        f = self._tables.frequency.c
        total = sa.func.sum(f.number)
        if self.driver.dialect.name == "postgresql":
            total = sa.cast(total, sa.BigInteger)  # type: ignore[assignment]
        return sa.select(f.token, total).where(among(f.token, 0, number)).group_by(f.token)

    def _say_parts(self, number: int) -> Any:
        f = self._tables.frequency.c
        return (
            sa.select(f.token, f.part, f.number)
            .where(among(f.token, 0, number))
            .order_by(f.token, f.part)
            .with_for_update()
        )

    def _say_candidates(
        self, tokens: int, kinds: int, languages: int, tags: int, bounds: int
    ) -> Any:
        """Say the ranking: pairs of token and weight, then the average, filters, the limit."""
        p, d, t = self._tables.posting.c, self._tables.doc.c, self._tables.tag.c
        real: sa.Double[float] = sa.Double()
        weight = sa.case(
            *[(p.token == bind(2 * n, p.token.type), bind(2 * n + 1, real)) for n in range(tokens)],
            else_=constant("0e0"),
        )
        place = 2 * tokens
        average = bind(place, real)
        # BM25 with k1 = 1.2 and b = 0.75, as in `tianfu_sdk.core.searching.ranking`.
        share = (
            weight
            * p.tf
            * constant("2.2e0")
            / (
                p.tf
                + constant("1.2e0") * (constant("0.25e0") + constant("0.75e0") * p.length / average)
            )
        )
        score = sa.func.sum(share).label("score")
        statement = sa.select(p.id, score).where(
            p.token.in_([bind(2 * n, p.token.type) for n in range(tokens)])
        )
        place += 1
        if kinds or languages:
            statement = statement.join(self._tables.doc, d.id == p.id)
            for column, number in ((d.kind, kinds), (d.language, languages)):
                if number:
                    statement = statement.where(among(column, place, number))
                    place += number
        if tags:
            some = sa.select(constant("1")).select_from(self._tables.tag)
            some = some.where(t.id == p.id, among(t.tag, place, tags))
            statement = statement.where(sa.exists(some))
            place += tags
        if bounds:
            m = self._tables.time.c
            since, until = (bind(place + n, sa.BigInteger()) for n in range(bounds))
            statement = statement.join(self._tables.time, m.id == p.id)
            statement = statement.where(m.last >= since, m.first < until)
            place += bounds
        return (
            statement.group_by(p.id)
            .order_by(score.desc(), p.id)
            .limit(bind(place, sa.BigInteger()))
        )

    def _say_postings(self, ids: int, tokens: int) -> Any:
        p = self._tables.posting.c
        return sa.select(p.id, p.token, p.tf, p.length).where(
            among(p.id, 0, ids), among(p.token, ids, tokens)
        )

    def fold(self, session: Session) -> int:
        """Sum up the rows of tokens that have many; gives how many tokens."""
        tokens = [row[0] for row in session.rows(self._many, ())]
        if not tokens:
            return 0
        session.begin(write=True)
        values, number = padded(tokens)
        sums: Counter[str] = Counter()
        rows = session.rows(self.text("parts", number), values)
        for token, _, change in rows:
            sums[token] += change
        session.change_many(self.drop_frequency, [(token, part) for token, part, _ in rows])
        self.count(session, sums)
        session.commit(None)
        return len(tokens)

    def count(self, session: Session, changes: Counter[str]) -> None:
        """Append what changed of how many documents have tokens."""
        part = f"{int(time.time() * 1000):012x}{secrets.token_hex(10)}"
        many = [(token, part, change) for token, change in sorted(changes.items()) if change]
        session.load("tf_frequency", self.add_frequency, many)


class SqlSearch:
    """The engine inside one open transaction.

    Args:
        tx: Gives the session while it lives.
        searching: The texts.
    """

    def __init__(self, tx: _Transaction, searching: Searching) -> None:
        self._tx = tx
        self._all = searching

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id."""
        session = self._tx.writing()
        distinct = list({doc.id: doc for doc in docs}.values())
        for start in range(0, len(distinct), _BATCH):
            self._index(session, distinct[start : start + _BATCH])

    def _index(self, session: Session, docs: Sequence[SearchDoc]) -> None:
        changes = self._remove(session, [doc.id for doc in docs])
        tags: list[tuple[str, str]] = []
        times: list[tuple[Any, ...]] = []
        heads: list[tuple[Any, ...]] = []
        postings: list[tuple[Any, ...]] = []
        for doc in sorted(docs, key=lambda doc: doc.id):
            if doc.sought:
                own = SOUGHT + doc.id
                words = sorted({clipped(SOUGHT + word) for word in sought_words(doc.text)})
                heads.append((own, doc.kind, doc.language, 0))
                postings += [(word, own, 1, 1) for word in words]
                tags += [(tag, own) for tag in sorted(doc.tags)]
                times.append((own, doc.first, doc.last))
                changes.update([SOUGHT, *words])
            if not doc.shown:
                continue
            tags += [(tag, doc.id) for tag in sorted(doc.tags)]
            times.append((doc.id, doc.first, doc.last))
            counts = Counter(map(clipped, folded_tokens(doc.text)))
            length = counts.total()
            heads.append((doc.id, doc.kind, doc.language, length))
            postings += [(token, doc.id, tf, length) for token, tf in counts.items()]
            changes.update(counts.keys())
            changes[_LENGTH] += length
            changes[_DOCS] += 1
        try:
            session.change_many(self._all.add_doc, heads)
        except self._all.driver.errors as error:
            if self._all.driver.fault(error) is not Fault.DUPLICATE:
                raise
            raise RacedError from error
        session.load("tf_posting", self._all.add_posting, postings)
        session.change_many(self._all.add_tag, tags)
        session.change_many(self._all.add_time, [one for one in times if one[1] is not None])
        self._all.count(session, changes)
        self._note(session)

    def _note(self, session: Session) -> None:
        if session.rows(self._all.noted, ("analyzer",)):
            return
        session.do("SAVEPOINT tf_note")
        try:
            session.change(self._all.note, ("analyzer", str(ANALYZER_VERSION)))
        except self._all.driver.errors as error:
            if self._all.driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.failure = None
            session.do("ROLLBACK TO SAVEPOINT tf_note")

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        session = self._tx.writing()
        distinct = list(dict.fromkeys(ids))
        for start in range(0, len(distinct), _BATCH):
            changes = self._remove(session, distinct[start : start + _BATCH])
            self._all.count(session, changes)

    def _remove(self, session: Session, ids: Sequence[str]) -> Counter[str]:
        changes: Counter[str] = Counter()
        if not ids:
            return changes
        values, number = padded([*ids, *(SOUGHT + id_ for id_ in ids)])
        # Locked: whoever removes the same document waits, and finds it gone.
        known = session.rows(self._all.text("known", number), values)
        if not known:
            return changes
        changes[SOUGHT] = -sum(id_.startswith(SOUGHT) for id_, _ in known)
        changes[_DOCS] = -len(known) - changes[SOUGHT]
        changes[_LENGTH] = -sum(length for _, length in known)
        values, number = padded([id_ for id_, _ in known])
        for token, count in session.rows(self._all.text("tokens", number), values):
            changes[token] -= count
        for table in ("posting", "tag", "time", "doc"):
            session.change(self._all.text("remove", table, number), values)
        return changes

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        check_page(limit, most=_MOST_HITS)
        session = self._tx.reading()
        asked = {clipped(token): token for token in tokens}
        if not asked:
            return []
        frequencies = self._frequencies(session, [_DOCS, _LENGTH, *asked])
        n = frequencies.pop(_DOCS, 0)
        length = frequencies.pop(_LENGTH, 0)
        found = sorted((df, token) for token, df in frequencies.items() if df > 0)
        if not n or not found:
            return []
        weights = {token: idf(n, df) for df, token in found}
        average = length / n
        ids: list[str] = []
        for some in _candidate_words(found):
            # Where all tokens are ranked by the server, its order is that of the answer.
            most = limit if len(some) == len(found) else _MOST_HITS
            if after is not None:
                most = PAGED
            best = [(token, weights[token]) for token in some]
            ids = [row[0] for row in self._ranked(session, best, average, only, most)]
            if len(ids) >= limit:
                break
        parts: dict[str, dict[str, float]] = {}
        for id_, token, tf, doc_length in self._postings(session, ids, list(weights)):
            share = bm25(tf, weights[token], doc_length, average)
            parts.setdefault(id_, {})[asked[token]] = share
        # Rows come in any order: a sum that depended on it would tear pages apart.
        hits = (Hit(id_, math.fsum(shares.values()), shares) for id_, shares in parts.items())
        return page(hits, limit, after)

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents."""
        asked = {clipped(token): token for token in tokens}
        found = self._frequencies(self._tx.reading(), [_DOCS, _LENGTH, *asked])
        docs, length = found.pop(_DOCS, 0), found.pop(_LENGTH, 0)
        frequencies = {asked[token]: df for token, df in found.items() if df > 0}
        average = length / docs if docs else 0.0
        return Spread(docs=docs, average=average, frequencies=frequencies)

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought by a document that may answer it."""
        session = self._tx.reading()

        def ranked(best: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
            # Where each word stands once in a text of average length, BM25 is the sum of the
            # weights.
            return self._ranked(session, best, 1.0, only, limit)

        return percolated(text, limit, functools.partial(self._frequencies, session), ranked)

    def _frequencies(self, session: Session, tokens: Sequence[str]) -> dict[str, int]:
        values, number = padded(tokens)
        rows = session.rows(self._all.text("frequencies", number), values)
        return {token: int(total) for token, total in rows}

    def _ranked(
        self,
        session: Session,
        weights: Sequence[tuple[str, float]],
        average: float,
        only: SearchFilter,
        most: int,
    ) -> list[tuple[str, float]]:
        filters = [
            padded(sorted(members)) if members else ([], 0)
            for members in (only.kinds, only.languages, only.tags)
        ]
        bounds: list[int] = []
        if only.since is not None or only.until is not None:
            bounds = [
                -_ALWAYS if only.since is None else only.since,
                _ALWAYS if only.until is None else only.until,
            ]
        numbers = [number for _, number in filters]
        text = self._all.text("candidates", len(weights), *numbers, len(bounds))
        values: list[Any] = [value for pair in weights for value in pair]
        values.append(average)
        for members, _ in filters:
            values += members
        values += bounds
        return [(row[0], float(row[1])) for row in session.rows(text, [*values, most])]

    def _postings(self, session: Session, ids: Sequence[str], tokens: Sequence[str]) -> list[Any]:
        if not ids:
            return []
        some, number = padded(ids)
        every, tokens_number = padded(tokens)
        return session.rows(self._all.text("postings", number, tokens_number), [*some, *every])

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents."""
        session = self._tx.writing()
        for text in self._all.empty:
            session.change(text, ())
        session.change(self._all.forget, ("analyzer",))
        batch: list[SearchDoc] = []
        for doc in docs:
            batch.append(doc)
            if len(batch) == _BATCH:
                self.index(batch)
                batch.clear()
        self.index(batch)
        return self.size()

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        session = self._tx.reading()
        noted = session.rows(self._all.noted, ("analyzer",)) if self.size() else []
        return int(noted[0][0]) if noted else None

    def size(self) -> int:
        """Count the documents that are shown."""
        return self._frequencies(self._tx.reading(), [_DOCS]).get(_DOCS, 0)

    def sought(self) -> int:
        """Count what is sought."""
        return self._frequencies(self._tx.reading(), [SOUGHT]).get(SOUGHT, 0)


def padded(values: Sequence[str]) -> tuple[list[str], int]:
    """Repeat the last value until the number of values is a power of two."""
    number = width(len(values))
    return [*values, *[values[-1]] * (number - len(values))], number


def _candidate_words(found: Sequence[tuple[int, str]]) -> Iterator[list[str]]:
    """Give the words by which candidates are looked for, and more where they are too few."""
    chosen = _rarest(found)
    yield chosen
    if len(chosen) < len(found):
        yield [token for _, token in found[:_MOST_TOKENS]]


def _rarest(found: Sequence[tuple[int, str]]) -> list[str]:
    chosen: list[str] = []
    walked = 0
    for df, token in found[:_RAREST]:
        walked += df
        if chosen and walked > _WALKED:
            break
        chosen.append(token)
    return chosen
