"""Tables, said once for all dialects.

All names begin with `tf_`, so that a database may be shared with other programs. A kind is
a table `tf_d_<kind>` with real key columns beside an opaque document; the values of a
multi-valued key stand twice: in the row (column `many`, so that a read is one statement)
and in `tf_m_<kind>_<key>`, which the operator `has` asks. With each migration of its rows a
kind gets tables of the next number, `tf_d1_<kind>` and so on, so that a program that knows the
old shape only finds no table rather than one it would misread.

Nothing here is refused by an engine that spreads rows over machines: no foreign keys, no
unique key beside the primary one, and nothing that a server counts up, except the ids of jobs on
PostgreSQL itself (not with `portable`), where a settlement finds its jobs by them. Tables made
before that count up ids of events and jobs still; they take those that are given as well. Text is
ordered byte by byte, which in UTF-8 is by code point, and blanks at its end count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from tianfu_sdk.model.storage import LONGEST_ID, LONGEST_KEY, Key, Kind
from tianfu_storage_sql.texts import constant

__all__ = ["SCHEMA", "KindTables", "Tables", "commit_name"]

SCHEMA = 3
"""What `tf_meta` says of tables that this program makes."""

_LONGEST_NAME = 60
"""Of a table or index; PostgreSQL cuts at 63 bytes in silence, MySQL refuses at 65."""
_INDEXED = 768
"""Characters of all columns of an index at most: 3,072 bytes in InnoDB."""
TOKEN = 64
"""Characters of a token in the index at most; longer ones are clipped, see `engine`."""

_INNODB: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("row_format", "DYNAMIC"))
}


def named(*parts: str) -> str:
    """Make a name of parts; one that is too long keeps its beginning and ends in a hash."""
    name = "_".join(parts)
    if len(name) <= _LONGEST_NAME:
        return name
    return _ended(name, name)


def _ended(name: str, content: str) -> str:
    digest = hashlib.sha256(content.encode()).hexdigest()[:10]
    return f"{name[: _LONGEST_NAME - 11]}_{digest}"


def commit_name(generation: int) -> str:
    """Give the name of the table of markers."""
    return f"tf_commit{generation or ''}"


@attrs.frozen(eq=False)
class KindTables:
    """The tables of one kind."""

    kind: Kind
    main: sa.Table
    many: dict[str, sa.Table]
    """By key."""

    @property
    def all(self) -> list[sa.Table]:
        """Give them, the rows' own first."""
        return [self.main, *self.many.values()]


class Tables:
    """All tables, in the types and collation of one dialect.

    Args:
        dialect: Of SQLAlchemy.
        collation: Of text, byte by byte.
        counted: Whether the server counts up the ids of jobs, in tables that are made.
    """

    def __init__(self, dialect: Dialect, collation: str, *, counted: bool = False) -> None:
        self.dialect = dialect
        self._counted = counted
        self._collation = collation
        self._mysql = dialect.name in {"mysql", "mariadb"}
        self.metadata = sa.MetaData()

    # Types.

    def text(self, longest: int) -> sa.types.TypeEngine[str]:
        """Give the type of short text."""
        if self._mysql:
            return mysql.VARCHAR(longest, charset="utf8mb4", collation=self._collation)
        return sa.String(longest, collation=self._collation)

    @property
    def long_text(self) -> sa.types.TypeEngine[str]:
        """Give the type of text of any length."""
        if self._mysql:
            return mysql.LONGTEXT(charset="utf8mb4", collation=self._collation)
        return sa.Text(collation=self._collation)

    @property
    def blob(self) -> sa.types.TypeEngine[bytes]:
        """Give the type of bytes of any length."""
        return mysql.LONGBLOB() if self._mysql else sa.LargeBinary()

    def bytes_(self, longest: int) -> sa.types.TypeEngine[bytes]:
        """Give the type of short bytes."""
        return mysql.VARBINARY(longest) if self._mysql else sa.LargeBinary()

    def _type(self, key: Key) -> sa.types.TypeEngine[Any]:
        if key.type == "str":
            return self.text(LONGEST_KEY)
        if key.type == "bytes":
            return self.bytes_(LONGEST_KEY)
        return sa.BigInteger() if key.type == "int" else sa.Double()

    # Tables.

    def _table(self, name: str, *columns: Any, **more: Any) -> sa.Table:
        return sa.Table(
            name,
            self.metadata,
            *columns,
            **_INNODB,
            **more,
        )

    def kind(self, kind: Kind, number: int = 0, schema: str | None = None) -> KindTables:
        """Give the tables of a kind.

        Args:
            kind: Its shape.
            number: How often its rows were migrated.
            schema: Where they are, to be said with their names.
        """
        metadata, self.metadata = self.metadata, sa.MetaData(schema=schema)
        try:
            return self._kind(kind, str(number or ""))
        finally:
            self.metadata = metadata

    def _kind(self, kind: Kind, infix: str) -> KindTables:
        many = [key for key in kind.keys if key.many]
        columns = [
            sa.Column("id", self.text(LONGEST_ID), primary_key=True),
            sa.Column("version", sa.BigInteger, nullable=False),
            sa.Column("doc", self.blob),
            *(
                sa.Column(f"k_{key.name}", self._type(key), nullable=False)
                for key in kind.keys
                if not key.many
            ),
        ]
        if many:
            columns.append(sa.Column("many", self.long_text, nullable=False))
        main = self._table(f"tf_d{infix}_{kind.name}", *columns)
        for index in dict.fromkeys(kind.indexes):
            self._index(main, kind, infix, index)
        tables = {}
        for key in many:
            name = named(f"tf_m{infix}", kind.name, key.name)
            tables[key.name] = self._table(
                name,
                sa.Column("value", self._type(key), primary_key=True),
                sa.Column("id", self.text(LONGEST_ID), primary_key=True),
            )
            sa.Index(named(name, "id"), tables[key.name].c.id)
        return KindTables(kind, main, tables)

    def _index(self, main: sa.Table, kind: Kind, infix: str, index: Sequence[str]) -> None:
        columns = [main.c[f"k_{name}"] for name in index]
        names = [column.name for column in columns]
        lengths = {
            f"k_{name}": LONGEST_KEY
            for name in index
            if kind.by_name[name].type in {"str", "bytes"}
        }
        more: dict[str, Any] = {}
        # Where InnoDB would refuse the index, columns are indexed by their beginnings, the
        # first ones first: they are compared, the last ones give the order.
        for name in names:
            if sum(lengths.values()) + LONGEST_ID <= _INDEXED:
                break
            if name in lengths:
                lengths[name] = 40
                more = {"mysql_length": {**more.get("mysql_length", {}), name: 40}}
        if more:
            more["mariadb_length"] = more["mysql_length"]
        # Named by what it is of, so that it can be told whether it is there.
        name = "_".join((f"tf_i{infix}", kind.name, *index))
        sa.Index(_ended(name, f"{kind.name} {' '.join(index)}"), *columns, main.c.id, **more)

    @cached_property
    def meta(self) -> sa.Table:
        """Facts about this store, by name."""
        return self._table(
            "tf_meta",
            sa.Column("name", self.text(LONGEST_ID), primary_key=True),
            sa.Column("value", self.text(LONGEST_KEY), nullable=False),
        )

    @cached_property
    def kinds(self) -> sa.Table:
        """Kinds and their shapes."""
        return self._table(
            "tf_kind",
            sa.Column("name", self.text(LONGEST_ID), primary_key=True),
            sa.Column("shape", self.long_text, nullable=False),
            sa.Column("number", sa.Integer, nullable=False),
            sa.Column("begun", self.long_text, nullable=False),
            sa.Column("dropping", self.long_text, nullable=False),
        )

    def commit(self, generation: int = 0, schema: str | None = None) -> sa.Table:
        """Give the table of markers, a row a write; see `markers`.

        Args:
            generation: Which is a part of its name.
            schema: Where it is, to be said with it.
        """
        return sa.Table(
            commit_name(generation),
            sa.MetaData(),
            sa.Column("id", self.text(32), primary_key=True),
            sa.Column("void", sa.SmallInteger, nullable=False),
            schema=schema,
            **_INNODB,
        )

    @cached_property
    def event(self) -> sa.Table:
        """Events that get their number after commit; see `events`."""
        table = self._table(
            "tf_event",
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("stream", self.text(LONGEST_ID), nullable=False),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.Column("body", self.blob, nullable=False),
        )
        sa.Index("tf_event_stream", table.c.stream, table.c.seq, table.c.id)
        return table

    @cached_property
    def stream(self) -> sa.Table:
        """The last number of each stream; see `events`."""
        return self._table(
            "tf_stream",
            sa.Column("name", self.text(LONGEST_ID), primary_key=True),
            sa.Column("seq", sa.BigInteger, nullable=False),
        )

    @cached_property
    def job(self) -> sa.Table:
        """Jobs; the primary key is a hash of queue and key."""
        counted = [sa.Identity()] if self._counted else []
        table = self._table(
            "tf_job",
            sa.Column("uid", self.bytes_(16), primary_key=True),
            # Lists jobs in the order of their coming; not unique by any key, so that shards
            # need not ask one another.
            sa.Column("id", sa.BigInteger, *counted, nullable=False),
            sa.Column("queue", self.text(LONGEST_ID), nullable=False),
            sa.Column("job_key", self.text(LONGEST_ID), nullable=False),
            sa.Column("body", self.blob, nullable=False),
            sa.Column("state", sa.SmallInteger, nullable=False),
            sa.Column("due", sa.BigInteger, nullable=False),
            sa.Column("priority", sa.SmallInteger, nullable=False),
            sa.Column("grp", self.text(LONGEST_ID), nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("token", self.text(LONGEST_ID), nullable=False),
            sa.Column("owner", self.text(LONGEST_ID), nullable=False),
            sa.Column("reason", self.long_text, nullable=False),
            sa.Column("changed", sa.BigInteger, nullable=False),
            sa.Column("until", sa.BigInteger, nullable=False),
            sa.Column("shard", sa.SmallInteger, nullable=False),
        )
        c = table.c
        partial = not self._mysql
        open_: dict[str, Any] = {"postgresql_where": c.state == constant("0")} if partial else {}
        state = () if partial else (c.state,)
        # The order of a claim; `shard` last, so that a share of it is read off the index.
        sa.Index("tf_job_due", c.queue, *state, c.priority, c.due, c.id, c.shard, **open_)
        sa.Index("tf_job_queue", c.queue, c.id)
        if partial:
            parked = c.state == constant("3")
            sa.Index("tf_job_parked", c.queue, c.id, postgresql_where=parked)
            waiting = sa.and_(c.grp != constant("''"), c.state.in_([constant("0"), constant("3")]))
            sa.Index("tf_job_group", c.queue, c.grp, postgresql_where=waiting)
        else:
            sa.Index("tf_job_state", c.queue, c.state, c.id)
            sa.Index("tf_job_group", c.queue, c.grp)
        return table

    @cached_property
    def hold(self) -> sa.Table:
        """Groups on hold."""
        return self._table(
            "tf_hold",
            sa.Column("queue", self.text(LONGEST_ID), primary_key=True),
            sa.Column("grp", self.text(LONGEST_ID), primary_key=True),
        )

    @cached_property
    def doc(self) -> sa.Table:
        """Documents of the search index; all else refers to them by their places."""
        table = self._table(
            "tf_doc",
            sa.Column("id", self.text(LONGEST_ID), primary_key=True),
            sa.Column("place", sa.BigInteger, nullable=False),
            sa.Column("kind", self.text(LONGEST_ID), nullable=False),
            sa.Column("language", self.text(LONGEST_ID), nullable=False),
            sa.Column("length", sa.Integer, nullable=False),
            sa.Column("first", sa.BigInteger),
            sa.Column("last", sa.BigInteger),
            sa.Column("body", self.long_text, nullable=False),
        )
        # With the length, so that candidates are ranked without a look at the rows.
        sa.Index("tf_doc_place", table.c.place, table.c.length)
        return table

    @cached_property
    def word(self) -> sa.Table:
        """Which documents have a word, by its number."""
        return self._table(
            "tf_word",
            sa.Column("word", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        )

    @cached_property
    def tag(self) -> sa.Table:
        """Tags of the search index."""
        table = self._table(
            "tf_tag",
            sa.Column("tag", self.text(LONGEST_KEY), primary_key=True),
            sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        )
        sa.Index("tf_tag_place", table.c.place)
        return table

    @cached_property
    def frequency(self) -> sa.Table:
        """Changes of how many documents have a token, to be summed; see `search`."""
        return self._table(
            "tf_frequency",
            sa.Column("token", self.text(TOKEN), primary_key=True),
            sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("number", sa.BigInteger, nullable=False),
        )

    # What creates them.

    def bare(self, table: sa.Table) -> str:
        """Give the statement that makes a table without its indexes."""
        made = str(CreateTable(table).compile(dialect=self.dialect)).strip()
        if table.name == "tf_job" and not self._mysql:
            # A claim changes no indexed column: with room on its page for each job once more it
            # writes no index.
            return f"{made} WITH (fillfactor = 45)"
        return made

    def indexes(self, table: sa.Table) -> dict[str, str]:
        """Give the statements that make the indexes of a table, by their names."""
        return {
            str(index.name): str(CreateIndex(index).compile(dialect=self.dialect)).strip()
            for index in sorted_indexes(table)
        }

    def statements(self, table: sa.Table) -> list[str]:
        """Give the statements that make a table and its indexes."""
        made = self.bare(table)
        indexes = list(self.indexes(table).values())
        if not self._mysql:
            return [made, *indexes]
        # In one statement, since there a table and its indexes cannot be one transaction.
        keys = [
            index.replace(f" ON {table.name}", "").replace("CREATE INDEX", "KEY", 1)
            for index in indexes
        ]
        primary = made.rindex("PRIMARY KEY")
        return [made[:primary] + "".join(f"{key},\n\t" for key in keys) + made[primary:]]

    @property
    def shared(self) -> list[sa.Table]:
        """Give the tables that do not depend on kinds."""
        return [
            self.meta,
            self.kinds,
            self.commit(),
            self.job,
            self.hold,
        ]

    @property
    def searched(self) -> list[sa.Table]:
        """Give the tables of the portable search index."""
        return [self.doc, self.word, self.tag, self.frequency]

    @property
    def numbered(self) -> list[sa.Table]:
        """Give the tables of events that are numbered after commit."""
        return [self.event, self.stream]


def sorted_indexes(table: sa.Table) -> list[sa.Index]:
    """Give a table's indexes, the same order each time."""
    return sorted(table.indexes, key=lambda index: str(index.name))
