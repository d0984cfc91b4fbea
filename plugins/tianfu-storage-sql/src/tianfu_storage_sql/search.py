"""Full-text search in plain tables, inside the store's transactions.

A posting is a row (number of a word, place of a document) and nothing else. A place is a number
that the client makes up; all that the index knows of a document but its text, kind, language,
length and time refers to it. What is removed is found by the words of the text that is kept.

How many documents have a token is not a counter, which all who publish would queue for: each
write appends what it changed (`tf_frequency`), a question sums that up, and housekeeping folds
many rows of a token into one.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.text import ANALYZER_VERSION
from tianfu_storage_sql.engine import (
    FIXED,
    Candidate,
    Engine,
    Entry,
    Transaction,
    Weighed,
    raced,
)
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, among, bind, compiled, constant, width

__all__ = ["Searching", "SqlSearch"]

_TOGETHER = 500
_FOLDED = 8
"""Rows of a token from which on they are folded."""
_SINCE = 1_577_836_800_000_000
"""Microseconds from 1970 to 2020, from which places are counted: enough until 2091."""
_CHANCE = 12
"""Bits of a place that are drawn."""
_TAKEN = -(2**31)
"""A word of every document: of two that come to one place, the primary key refuses one."""


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
        frequency, meta = tables.frequency, tables.meta
        self.add_doc = self._insert(tables.doc)
        self.add_word = self._insert(tables.word)
        self.add_tag = self._insert(tables.tag)
        self.add_frequency = self._insert(frequency)
        self.note = self._insert(meta)
        name = bind(0, meta.c.name.type)
        self.noted = self._said(sa.select(meta.c.value).where(meta.c.name == name))
        self.forget = self._said(sa.delete(meta).where(meta.c.name == name))
        # Documents first: whoever changes one locks it before anything else. And once more:
        # what was added meanwhile is not to stay where what was counted of it goes.
        self.empty = [
            self._said(sa.delete(one))
            for one in (tables.doc, tables.word, tables.tag, tables.doc, frequency)
        ]
        # Where a planner would otherwise learn of them later, and ask them all meanwhile.
        self.weigh = [
            f"ANALYZE {one.name}" for one in tables.searched if driver.dialect.name == "postgresql"
        ]
        f = frequency.c
        self._many = self._said(
            sa.select(f.token)
            .group_by(f.token)
            .having(sa.func.count() > constant(str(_FOLDED)))
            .limit(constant(str(_TOGETHER)))
        )
        self.drop_frequency = self._said(
            sa.delete(frequency).where(
                f.token == bind(0, f.token.type), f.part == bind(1, f.part.type)
            )
        )

    def within(self, tx: Transaction) -> SqlSearch:
        """Give the engine inside an open transaction."""
        return SqlSearch(tx, self)

    def due(self) -> bool:
        """Tell whether it is time to fold: never before other housekeeping is."""
        return False

    def _said(self, statement: Any) -> Text:
        return compiled(statement, self.driver.dialect)

    def _insert(self, table: sa.Table) -> Text:
        values = {column.name: bind(n, column.type) for n, column in enumerate(table.c)}
        return self._said(sa.insert(table).values(**values))

    def text(self, name: str, *shape: Any) -> Text:
        """Give the text of a shape."""
        key = (name, *shape)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._said(getattr(self, f"_say_{name}")(*shape))
        return text

    def _say_taken(self, number: int) -> Any:
        d = self._tables.doc.c
        return (
            sa.select(d.id, d.body, d.length, d.place)
            .where(among(d.id, 0, number))
            .order_by(d.id)
            .with_for_update()
        )

    def _say_drop_words(self, number: int) -> Any:
        w = self._tables.word.c
        place = w.place == bind(0, w.place.type)
        return sa.delete(self._tables.word).where(place, among(w.word, 1, number))

    def _say_drop(self, table: str, number: int) -> Any:
        found: sa.Table = getattr(self._tables, table)
        return sa.delete(found).where(among(found.c.place, 0, number))

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

    def _weighed(self, number: int) -> sa.Select[Any]:
        """Sum up weights by place: pairs of word and weight."""
        w = self._tables.word.c
        numbers = [bind(2 * n, w.word.type) for n in range(number)]
        weight = sa.case(
            *[(w.word == one, bind(2 * n + 1, sa.Double())) for n, one in enumerate(numbers)],
            else_=constant("0e0"),
        )
        summed = sa.select(w.place, sa.func.sum(weight).label("weight"))
        return summed.where(w.word.in_(numbers)).group_by(w.place)

    def _filters(self, place: int, shape: Sequence[int]) -> list[sa.ColumnElement[bool]]:
        """Say what a document must be, by values from a place on; see `_filtered`."""
        kinds, languages, tags, since, until = shape
        d, t = self._tables.doc.c, self._tables.tag.c
        said: list[sa.ColumnElement[bool]] = []
        for column, number in ((d.kind, kinds), (d.language, languages)):
            if number:
                said.append(among(column, place, number))
                place += number
        if tags:
            some = sa.select(constant("1")).select_from(self._tables.tag)
            said.append(sa.exists(some.where(t.place == d.place, among(t.tag, place, tags))))
            place += tags
        if since:
            said.append(d.last >= bind(place, d.last.type))
            place += 1
        if until:
            said.append(d.first < bind(place, d.first.type))
        return said

    def _say_by_words(self, number: int, most: int, *shape: int) -> Any:
        """Say the ranking: pairs of word and weight, what is long, the filters."""
        doc, w = self._tables.doc, self._tables.word.c
        every = self._weighed(number).where(w.place > constant("0")).subquery("every")
        # A question of its own, so that documents are looked up whatever a planner expects.
        length = sa.select(doc.c.length).where(doc.c.place == every.c.place)
        length = length.where(*self._filters(2 * number + 1, shape))
        below = constant(f"{FIXED}e0") + bind(2 * number, sa.Double()) * length.scalar_subquery()
        score = sa.func.coalesce(every.c.weight / below, constant("0e0")).label("score")
        id_ = sa.select(doc.c.id).where(doc.c.place == every.c.place).scalar_subquery().label("id")
        best = (
            sa.select(every.c.place, score, id_)
            .order_by(score.desc(), id_)
            .limit(constant(str(most)))
            .subquery("best")
        )
        return (
            sa.select(doc.c.id, doc.c.body, doc.c.length)
            .join_from(best, doc, doc.c.place == best.c.place)
            .where(best.c.score > constant("0"))
        )

    def _say_by_letters(self, number: int, most: int, *shape: int) -> Any:
        d = self._tables.doc.c
        some = [
            sa.func.position(bind(n, sa.String()).op("IN")(d.body)) > constant("0")
            for n in range(number)
        ]
        return (
            sa.select(d.id, d.body, d.length)
            .where(d.place > constant("0"), sa.or_(*some), *self._filters(number, shape))
            .order_by(d.length, d.id)
            .limit(constant(str(most)))
        )

    def _say_sought(self, number: int, *shape: int) -> Any:
        """Say the sums: pairs of word and weight, the filters, the limit."""
        d, w = self._tables.doc.c, self._tables.word.c
        every = self._weighed(number).where(w.place < constant("0")).subquery("every")
        said = self._filters(2 * number + 1, shape)
        return (
            sa.select(d.id, every.c.weight)
            .join_from(every, self._tables.doc, d.place == every.c.place)
            .where(*said)
            .order_by(every.c.weight.desc(), d.id)
            .limit(bind(2 * number, sa.BigInteger()))
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

    def count(self, session: Session, changes: Mapping[str, int]) -> None:
        """Append what changed of how many documents have tokens."""
        part = secrets.randbits(63)
        many = [(token, part, change) for token, change in sorted(changes.items()) if change]
        session.load("tf_frequency", self.add_frequency, many)


class SqlSearch(Engine):
    """The engine inside one open transaction.

    Args:
        tx: Gives the session while it lives.
        searching: The texts.
    """

    def __init__(self, tx: Transaction, searching: Searching) -> None:
        super().__init__(tx)
        self._all = searching

    def _add(self, session: Session, entries: Sequence[Entry]) -> None:
        docs: list[tuple[Any, ...]] = []
        words: list[tuple[int, int]] = []
        tags: list[tuple[str, int]] = []
        for place, entry in zip(_places(), entries, strict=False):
            # Below 0 is what is sought: neither question nor answer comes to the other's.
            own = -place if entry.sought else place
            doc = entry.doc
            head = (entry.id, own, doc.kind, doc.language, entry.length)
            docs.append((*head, doc.first, doc.last, entry.body))
            words += [(word, own) for word in {_TAKEN, *entry.words}]
            tags += [(tag, own) for tag in doc.tags]
        with raced(self._all.driver):
            session.load("tf_doc", self._all.add_doc, docs)
            # In the order in which they are kept.
            session.load("tf_word", self._all.add_word, sorted(words))
            session.load("tf_tag", self._all.add_tag, sorted(tags))
        self._note(session)

    def _note(self, session: Session) -> None:
        if self._noted(session):
            return
        session.do("SAVEPOINT tf_note")
        try:
            session.change(self._all.note, ("analyzer", str(ANALYZER_VERSION)))
        except self._all.driver.errors as error:
            if self._all.driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.failure = None
            session.do("ROLLBACK TO SAVEPOINT tf_note")

    def _take(self, session: Session, ids: Sequence[str]) -> Iterable[tuple[str, str, int, int]]:
        values, number = padded(ids)
        return session.rows(self._all.text("taken", number), values)

    def _drop(self, session: Session, words: Mapping[int, Collection[int]]) -> None:
        # By the whole key: where a document stands in the index is told by its words alone.
        by_width: dict[int, list[list[int]]] = {}
        for place, numbers in words.items():
            every = sorted({_TAKEN, *numbers})
            for start in range(0, len(every), _TOGETHER):
                some, number = padded(every[start : start + _TOGETHER])
                by_width.setdefault(number, []).append([place, *some])
        for number, many in by_width.items():
            session.change_many(self._all.text("drop_words", number), many)
        values, number = padded([*words])
        for table in ("tag", "doc"):
            session.change(self._all.text("drop", table, number), values)

    def _count(self, session: Session, changes: Mapping[str, int]) -> None:
        self._all.count(session, changes)

    def _frequencies(self, session: Session, tokens: Sequence[str]) -> dict[str, int]:
        values, number = padded(tokens)
        rows = session.rows(self._all.text("frequencies", number), values)
        return {token: int(total) for token, total in rows}

    def _by_words(
        self, session: Session, weighed: Weighed, only: SearchFilter
    ) -> Sequence[Candidate]:
        pairs, number = padded(weighed.words)
        shape, values = _filtered(only)
        text = self._all.text("by_words", number, weighed.most, *shape)
        given = [value for pair in pairs for value in pair]
        return session.rows(text, [*given, weighed.long, *values])

    def _by_letters(
        self, session: Session, letters: Sequence[str], only: SearchFilter, most: int
    ) -> Sequence[Candidate]:
        some, number = padded(letters)
        shape, values = _filtered(only)
        text = self._all.text("by_letters", number, most, *shape)
        return session.rows(text, [*some, *values])

    def _sought(
        self,
        session: Session,
        words: Sequence[tuple[int, float]],
        only: SearchFilter,
        limit: int,
    ) -> Iterable[tuple[str, float]]:
        pairs, number = padded(words)
        shape, values = _filtered(only)
        text = self._all.text("sought", number, *shape)
        given = [value for pair in pairs for value in pair]
        return session.rows(text, [*given, limit, *values])

    def _noted(self, session: Session) -> Sequence[tuple[str]]:
        return session.rows(self._all.noted, ("analyzer",))

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents."""
        session = self._tx.writing()
        for text in self._all.empty:
            session.change(text, ())
        session.change(self._all.forget, ("analyzer",))
        self._refill(session, docs)
        for statement in self._all.weigh:
            session.do(statement)
        return self.size()


def _places() -> Iterator[int]:
    """Make places up: ever larger ones, which trees of pages take best, by chance distinct."""
    moment = time.time_ns() // 1000 - _SINCE
    low = secrets.randbits(_CHANCE)
    while True:
        yield moment << _CHANCE | low
        moment += 1


def _filtered(only: SearchFilter) -> tuple[list[int], list[str | int]]:
    """Give how many values are asked of each of what a document must be, and the values."""
    values: list[str | int] = []
    shape = []
    for members in (only.kinds, only.languages, only.tags):
        some, number = padded(sorted(members)) if members else ([], 0)
        values += some
        shape.append(number)
    for bound in (only.since, only.until):
        values += [] if bound is None else [bound]
        shape.append(int(bound is not None))
    return shape, values


def padded(values: Sequence[Any]) -> tuple[list[Any], int]:
    """Repeat the last value until the number of values is a power of two."""
    number = width(len(values))
    return [*values, *[values[-1]] * (number - len(values))], number
