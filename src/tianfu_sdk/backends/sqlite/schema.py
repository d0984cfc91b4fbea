"""Tables of the embedded store.

A kind is a table `d_<kind>` with real key columns beside an opaque document. The values
of a multi-valued key stand twice: in the row (column `many`, so that a read is one
statement) and in `m_<kind>_<key>`, which the operator `has` asks. With each migration of its
rows a kind gets tables of the next number, `d1_<kind>` and so on, so that a program that
knows the old shape only finds no table rather than one it would misread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import attrs

from tianfu_sdk.core.rows.shapes import demand_same, read_shape, write_shape
from tianfu_sdk.errors import (
    SchemaTooNew,
    SchemaTooOld,
    StorageCorrupt,
    StorageUnavailable,
)
from tianfu_sdk.model.storage import Kind

__all__ = [
    "APPLICATION",
    "SCHEMA",
    "SOUGHT",
    "TIMES",
    "WORDS",
    "Stored",
    "create",
    "demand_current",
    "generation",
    "indexes",
    "recognise",
    "set_indexes",
    "stored_kinds",
    "table_names",
    "tables",
]

APPLICATION = 0x7469616E
"""`PRAGMA application_id` of our files: "tian"."""
SCHEMA = 7
"""`PRAGMA user_version` of our files."""

_COLUMNS = {"str": "TEXT", "int": "INTEGER", "float": "REAL", "bytes": "BLOB"}

SOUGHT = (
    """CREATE TABLE tf_sought (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL)""",
    # Apart, so that the rows which are read of each candidate lie close together.
    """CREATE TABLE tf_sought_more (
        seq INTEGER PRIMARY KEY, language TEXT NOT NULL, tags TEXT NOT NULL, first INTEGER,
        last INTEGER, words BLOB NOT NULL)""",
    """CREATE TABLE tf_sought_word (
        word INTEGER PRIMARY KEY, older INTEGER NOT NULL, docs BLOB NOT NULL)""",
    """CREATE TABLE tf_sought_part (
        word INTEGER NOT NULL, first INTEGER NOT NULL, docs BLOB NOT NULL,
        PRIMARY KEY (word, first))""",
)
"""What makes the tables of what is sought; a word stands there as a number: `seeking`."""

# Apart from the texts: each candidate is looked up here, where hundreds stand on a page.
TIMES = """CREATE TABLE tf_time (
        doc INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL)"""
"""What makes room for the time that a document is of."""

WORDS = (
    # unicode61 alone splits at Tibetan vowel signs; Co carries our stand-ins for . _ + -
    """CREATE VIRTUAL TABLE tf_fts USING fts5(
        words, content='', detail=none,
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
    "CREATE VIRTUAL TABLE tf_word USING fts5vocab(tf_fts, 'row')",
)
"""What makes the index of words: which documents have a word, and neither where nor how often."""

_SHARED = (
    """CREATE TABLE IF NOT EXISTS tf_kind (
        name TEXT PRIMARY KEY, shape TEXT NOT NULL, number INTEGER NOT NULL DEFAULT 0,
        begun TEXT NOT NULL DEFAULT '')""",
    "CREATE TABLE IF NOT EXISTS tf_generation (number INTEGER NOT NULL)",
    "INSERT INTO tf_generation SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM tf_generation)",
    """CREATE TABLE IF NOT EXISTS tf_event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, body BLOB NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS tf_event_stream ON tf_event (stream, seq)",
    """CREATE TABLE IF NOT EXISTS tf_job (
        id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, job_key TEXT NOT NULL,
        body BLOB NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL,
        priority INTEGER NOT NULL, grp TEXT NOT NULL, attempts INTEGER NOT NULL,
        token TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
        changed INTEGER NOT NULL, until INTEGER NOT NULL DEFAULT 0,
        UNIQUE (queue, job_key))""",
    """CREATE INDEX IF NOT EXISTS tf_job_due
        ON tf_job (queue, priority, due, id) WHERE state < 2""",
    "CREATE INDEX IF NOT EXISTS tf_job_group ON tf_job (queue, grp)",
    # Of parked and dropped jobs only: an index of all states would be written at each claim
    # and each settling.
    "CREATE INDEX IF NOT EXISTS tf_job_state ON tf_job (queue, state, id) WHERE state > 2",
    """CREATE TABLE IF NOT EXISTS tf_hold (
        queue TEXT NOT NULL, grp TEXT NOT NULL, PRIMARY KEY (queue, grp)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS tf_doc (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
        language TEXT NOT NULL, body TEXT NOT NULL, length INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS tf_tag (
        tag TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (tag, doc)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS tf_tag_doc ON tf_tag (doc)",
    *WORDS,
    """CREATE TABLE IF NOT EXISTS tf_letter (
        letter TEXT PRIMARY KEY, df INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS tf_number (
        name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID""",
    *SOUGHT,
    TIMES,
)


@attrs.frozen
class Stored:
    """A kind as the file has it."""

    kind: Kind
    number: int = 0
    """Of its tables."""
    begun: Kind | None = None
    """Towards which shape a migration was begun and not finished."""


def recognise(connection: sqlite3.Connection, place: str) -> int:
    """Give the schema number of the file, 0 where it is empty.

    Raises:
        StorageCorrupt: `storage.not_ours`, a database of some other program.
        SchemaTooNew: `storage.schema_too_new`, made by a newer version of this one.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application == APPLICATION:
        if version > SCHEMA:
            raise SchemaTooNew("storage.schema_too_new", place=place, found=version, known=SCHEMA)
        return version
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise StorageCorrupt("storage.not_ours", place=place)
    return 0


def demand_current(
    connection: sqlite3.Connection, kinds: Sequence[Kind], place: str
) -> dict[str, Stored]:
    """Refuse a file that is to be migrated first; gives the kinds that it has.

    Raises:
        SchemaTooOld: `storage.schema_too_old`, `storage.kind_changed`, `storage.migrating`.
        SchemaTooNew: `storage.kind_too_new`, `storage.migrating`.
    """
    found = recognise(connection, place)
    if 0 < found < SCHEMA:
        raise SchemaTooOld("storage.schema_too_old", place=place, found=found, known=SCHEMA)
    known = stored_kinds(connection) if found else {}
    for kind in kinds:
        if kind.name in known:
            stored = known[kind.name]
            demand_same(stored.kind, kind, begun=stored.begun, place=place)
    return known


def stored_kinds(connection: sqlite3.Connection) -> dict[str, Stored]:
    """Give the kinds of a file that has the current schema."""
    return {
        name: Stored(read_shape(name, shape), number, read_shape(name, begun) if begun else None)
        for name, shape, number, begun in connection.execute(
            "SELECT name, shape, number, begun FROM tf_kind"
        )
    }


def generation(connection: sqlite3.Connection) -> int:
    """Give the number that every step of a migration raises."""
    return int(connection.execute("SELECT number FROM tf_generation").fetchone()[0])


def create(connection: sqlite3.Connection, kinds: tuple[Kind, ...], place: str) -> None:
    """Create what is missing, inside the caller's transaction.

    Raises:
        StorageUnavailable: `storage.no_fts5`, this SQLite was built without FTS5.
        StorageError: As `demand_current`.
    """
    known = demand_current(connection, kinds, place)
    if not known and not recognise(connection, place):
        try:
            for statement in _SHARED:
                connection.execute(statement)
        except sqlite3.OperationalError as error:
            if "fts5" in str(error):
                raise StorageUnavailable("storage.no_fts5", place=place) from error
            raise
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    for kind in kinds:
        if kind.name not in known:
            for statement in (*tables(kind), *indexes(kind), *set_indexes(kind)):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO tf_kind (name, shape) VALUES (?, ?)", (kind.name, write_shape(kind))
            )


def table_names(kind: str, number: int) -> tuple[str, str]:
    """Give the name of a kind's table, and what those of its multi-valued keys begin with."""
    infix = str(number or "")
    return f"d{infix}_{kind}", f"m{infix}_{kind}_"


def tables(kind: Kind, number: int = 0) -> list[str]:
    """Give the statements that make the tables of a kind."""
    rows, sets = table_names(kind.name, number)
    columns = ["id TEXT PRIMARY KEY NOT NULL", "version INTEGER NOT NULL", "doc BLOB"]
    columns += [f"k_{k.name} {_COLUMNS[k.type]} NOT NULL" for k in kind.keys if not k.many]
    many = [key for key in kind.keys if key.many]
    if many:
        columns.append("many TEXT NOT NULL")
    return [f"CREATE TABLE {rows} ({', '.join(columns)})"] + [
        f"CREATE TABLE {sets}{key.name} (value {_COLUMNS[key.type]} NOT NULL,"
        " id TEXT NOT NULL, PRIMARY KEY (value, id)) WITHOUT ROWID"
        for key in many
    ]


def indexes(kind: Kind, number: int = 0) -> list[str]:
    """Give the statements that make the indexes that a kind asks for."""
    rows, _ = table_names(kind.name, number)
    return [
        f"CREATE INDEX i{rows[1:]}_{place} ON {rows}"
        f" ({', '.join(f'k_{name}' for name in index)}, id)"
        for place, index in enumerate(kind.indexes)
    ]


def set_indexes(kind: Kind, number: int = 0) -> list[str]:
    """Give the statements that make the indexes by which sets are taken away."""
    _, sets = table_names(kind.name, number)
    return [
        f"CREATE INDEX {sets}{key.name}_id ON {sets}{key.name} (id)"
        for key in kind.keys
        if key.many
    ]
