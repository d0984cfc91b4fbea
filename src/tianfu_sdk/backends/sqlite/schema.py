"""Tables of the embedded store.

A kind is a table `d_<kind>` with real key columns beside an opaque document. The values
of a multi-valued key stand twice: in the row (column `many`, so that a read is one
statement) and in `m_<kind>_<key>`, which the operator `has` asks.
"""

from __future__ import annotations

import json
import sqlite3

from tianfu_sdk.errors import SchemaTooNew, StorageCorrupt, StorageError, StorageUnavailable
from tianfu_sdk.model.storage import Kind

__all__ = ["APPLICATION", "SCHEMA", "create", "recognise"]

APPLICATION = 0x7469616E
"""`PRAGMA application_id` of our files: "tian"."""
SCHEMA = 1
"""`PRAGMA user_version` of our files."""

_COLUMNS = {"str": "TEXT", "int": "INTEGER", "float": "REAL", "bytes": "BLOB"}

_SHARED = (
    "CREATE TABLE IF NOT EXISTS tf_kind (name TEXT PRIMARY KEY, shape TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS tf_event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, body BLOB NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS tf_event_stream ON tf_event (stream, seq)",
    """CREATE TABLE IF NOT EXISTS tf_job (
        id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, job_key TEXT NOT NULL,
        body BLOB NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL,
        priority INTEGER NOT NULL, grp TEXT NOT NULL, attempts INTEGER NOT NULL,
        token TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
        changed INTEGER NOT NULL, UNIQUE (queue, job_key))""",
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
    # unicode61 alone splits at Tibetan vowel signs; Co carries our stand-ins for . _ + -
    """CREATE VIRTUAL TABLE IF NOT EXISTS tf_fts USING fts5(
        words, content='', detail=full,
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'")""",
    "CREATE VIRTUAL TABLE IF NOT EXISTS tf_word USING fts5vocab(tf_fts, 'row')",
    """CREATE TABLE IF NOT EXISTS tf_letter (
        letter TEXT PRIMARY KEY, df INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS tf_number (
        name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID""",
)


def recognise(connection: sqlite3.Connection, place: str) -> bool:
    """Tell whether the file is ours (True) or empty (False).

    Raises:
        StorageCorrupt: `storage.not_ours`, a database of some other program.
        SchemaTooNew: `storage.schema_too_new`, made by a newer version of this one.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == APPLICATION:
        if version > SCHEMA:
            raise SchemaTooNew("storage.schema_too_new", place=place, found=version, known=SCHEMA)
        return True
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise StorageCorrupt("storage.not_ours", place=place)
    return False


def create(connection: sqlite3.Connection, kinds: tuple[Kind, ...], place: str) -> None:
    """Create what is missing, inside the caller's transaction.

    Raises:
        StorageUnavailable: `storage.no_fts5`, this SQLite was built without FTS5.
        StorageError: `storage.kind_changed`, a kind has other keys than its table.
    """
    known = {}
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'tf_kind'").fetchone():
        known = dict(connection.execute("SELECT name, shape FROM tf_kind"))
    else:
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
        shape = _shape(kind)
        if kind.name not in known:
            for statement in _tables(kind):
                connection.execute(statement)
            connection.execute("INSERT INTO tf_kind VALUES (?, ?)", (kind.name, shape))
        elif known[kind.name] != shape:
            raise StorageError("storage.kind_changed", path=kind.name, place=place)


def _shape(kind: Kind) -> str:
    keys = [[key.name, key.type, key.many] for key in kind.keys]
    return json.dumps([keys, kind.indexes, kind.document])


def _tables(kind: Kind) -> list[str]:
    columns = ["id TEXT PRIMARY KEY NOT NULL", "version INTEGER NOT NULL", "doc BLOB"]
    columns += [f"k_{k.name} {_COLUMNS[k.type]} NOT NULL" for k in kind.keys if not k.many]
    many = [key for key in kind.keys if key.many]
    if many:
        columns.append("many TEXT NOT NULL")
    statements = [f"CREATE TABLE d_{kind.name} ({', '.join(columns)})"]
    for number, index in enumerate(kind.indexes):
        names = ", ".join(f"k_{name}" for name in index)
        statements.append(f"CREATE INDEX i_{kind.name}_{number} ON d_{kind.name} ({names}, id)")
    for key in many:
        table = f"m_{kind.name}_{key.name}"
        statements.append(
            f"CREATE TABLE {table} (value {_COLUMNS[key.type]} NOT NULL, id TEXT NOT NULL,"
            " PRIMARY KEY (value, id)) WITHOUT ROWID"
        )
        statements.append(f"CREATE INDEX {table}_id ON {table} (id)")
    return statements
