"""A file that is brought up, whatever happens on the way."""

import json
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from array import array
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tianfu_sdk.backends.sqlite import SqliteStore, schema, search
from tianfu_sdk.core.rows.shapes import read_shape, write_shape
from tianfu_sdk.errors import SchemaTooNew, SchemaTooOld, StorageError, StorageReadOnly
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.model.storage import (
    Done,
    Key,
    Kind,
    NewJob,
    Parked,
    Query,
    Retry,
    Row,
    SchemaStep,
    Where,
)
from tianfu_sdk.testing import CountingIds, FrozenClock
from tianfu_sdk.text import ANALYZER_VERSION

OLD = Kind("note", (Key("text"), Key("tags", many=True)), (("text",),))
NEW = Kind(
    "note",
    (Key("text"), Key("tags", many=True), Key("size", "int"), Key("years", "int", many=True)),
    (("size", "text"), ("text",)),
    schema=2,
)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
ROWS = [
    Row(f"n{n:04d}", n % 5 + 1, b"x" * (n % 9), {"text": f"t{n}", "tags": frozenset({"a", str(n)})})
    for n in range(620)
]


def rekey(_, row):
    return {**row.keys, "size": len(row.doc), "years": frozenset({2000 + len(row.doc)})}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kepu.db"


def store_at(file, **more):
    return SqliteStore(file, clock=FrozenClock(), ids=CountingIds(), **more)


@pytest.fixture
def store(file):
    store = store_at(file, timeout=0.3)
    store.open([OLD])
    store.run(lambda tx: tx.load("note", ROWS), write=True)
    yield store
    store.close()


def whole(store):
    rows = store.run(lambda tx: tx.find("note", Query(limit=1000)), write=False)
    assert [(r.id, r.version, r.doc, dict(r.keys)) for r in rows] == [
        (r.id, r.version, r.doc, rekey("note", r)) for r in ROWS
    ]
    has = Query(where=(Where("years", "has", 2003),), limit=1000)
    found = store.run(lambda tx: tx.find("note", has), write=False)
    assert [row.id for row in found] == [row.id for row in ROWS if len(row.doc) == 3]
    assert store.check() == []
    names = {
        name
        for (name,) in store._connection().execute(
            "SELECT name FROM sqlite_schema WHERE name LIKE '%note%' AND name NOT LIKE 'sqlite%'"
        )
    }
    assert names == {
        "d1_note", "m1_note_tags", "m1_note_years", "m1_note_tags_id", "m1_note_years_id",
        "i1_note_0", "i1_note_1",
    }  # fmt: skip


def as_of_schema_six(file):
    """Make the file one where each word of what is sought has a row."""
    with closing(sqlite3.connect(file)) as connection, connection:
        every = connection.execute(
            "SELECT seq, id, kind, language, tags, first, last, words FROM tf_sought"
            " JOIN tf_sought_more USING (seq)"
        ).fetchall()
        for table in ("tf_sought", "tf_sought_more", "tf_sought_word", "tf_sought_part"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute(
            "CREATE TABLE tf_sought (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT"
            " NOT NULL, language TEXT NOT NULL, tags TEXT NOT NULL, words TEXT NOT NULL,"
            " first INTEGER, last INTEGER)"
        )
        connection.execute(
            "CREATE TABLE tf_sought_word (word INTEGER PRIMARY KEY, df INTEGER NOT NULL)"
        )
        connection.execute(
            "CREATE TABLE tf_sought_in (word INTEGER NOT NULL, doc INTEGER NOT NULL,"
            " PRIMARY KEY (word, doc)) WITHOUT ROWID"
        )
        for seq, id_, kind, language, tags, first, last, packed in every:
            words = array("q", packed).tolist()
            line = (seq, id_, kind, language, tags, json.dumps(words), first, last)
            connection.execute("INSERT INTO tf_sought VALUES (?, ?, ?, ?, ?, ?, ?, ?)", line)
            connection.executemany(
                "INSERT INTO tf_sought_word VALUES (?, 1) ON CONFLICT (word) DO UPDATE"
                " SET df = df + 1",
                [(word,) for word in words],
            )
            connection.executemany(
                "INSERT INTO tf_sought_in VALUES (?, ?)", [(word, seq) for word in words]
            )
        connection.execute("PRAGMA user_version = 6")


def as_of_schema_five(file):
    """Make the file one whose index knows no times."""
    as_of_schema_six(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE tf_time")
        for column in ("first", "last"):
            connection.execute(f"ALTER TABLE tf_sought DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 5")


def as_of_schema_four(file):
    """Make the file one whose index of words keeps places."""
    as_of_schema_five(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE tf_word")
        connection.execute("DROP TABLE tf_fts")
        connection.execute(schema.WORDS[0].replace("detail=none", "detail=full"))
        connection.execute(schema.WORDS[1])
        search.index_words(connection)
        connection.execute("PRAGMA user_version = 4")


def as_of_schema_three(file):
    """Make the file one that knows nothing of what is sought."""
    as_of_schema_four(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in ("tf_sought", "tf_sought_word", "tf_sought_in"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version = 3")


def as_of_schema_two(file):
    """Make the file one whose leased jobs have a state of their own, and their due moment."""
    as_of_schema_three(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE tf_job SET state = 1, due = until WHERE token <> ''")
        connection.execute("ALTER TABLE tf_job DROP COLUMN until")
        connection.execute("PRAGMA user_version = 2")


def as_of_step_one(file):
    """Make the file what the first version of this program left behind."""
    as_of_schema_two(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        shapes = connection.execute("SELECT name, shape FROM tf_kind").fetchall()
        connection.execute("DROP TABLE tf_kind")
        connection.execute("DROP TABLE tf_generation")
        connection.execute("CREATE TABLE tf_kind (name TEXT PRIMARY KEY, shape TEXT NOT NULL)")
        for name, shape in shapes:
            kind = read_shape(name, shape)
            keys = [[key.name, key.type, key.many] for key in kind.keys]
            text = json.dumps([keys, kind.indexes, kind.document])
            connection.execute("INSERT INTO tf_kind VALUES (?, ?)", (name, text))
        connection.execute("PRAGMA user_version = 1")


def test_an_index_that_keeps_places_is_made_anew_and_answers_the_same(file):
    docs = [
        SearchDoc(
            id=f"r{n:03d}",
            kind="res",
            language="zh",
            text=f"高血压 covid-19 {'盐' * (n % 7)}少吃{n}",
        )
        for n in range(60)
    ]
    asked = (["高血", "血压"], ["covid-19", "少吃", "7"], ["盐"], ["covid"], ["7"])

    def answers(store):
        def body(tx):
            return [tx.search.query(tokens, SearchFilter(), 20) for tokens in asked]

        return store.run(body, write=False)

    store = store_at(file)
    store.open([OLD])
    store.run(lambda tx: tx.search.index(docs), write=True)
    before = answers(store)
    store.close()
    as_of_schema_four(file)
    store = store_at(file)
    steps = [(c.step, c.found, c.wanted) for c in store.changes([OLD])]
    assert steps == [(SchemaStep.STORE, 4, schema.SCHEMA)]
    store.migrate([OLD], rekey)
    store.open([OLD])
    assert answers(store) == before
    assert [len(hits) for hits in before] == [20, 20, 20, 0, 1]
    store.run(lambda tx: tx.search.remove([doc.id for doc in docs[1:]]), write=True)
    assert [len(hits) for hits in answers(store)] == [1, 1, 0, 0, 0]
    assert store.check() == []
    store.close()


def test_an_index_that_knows_no_times_says_so_until_it_is_made_anew(file):
    docs = [
        SearchDoc(
            id=f"r{n}", kind="res", language="zh", text="少吃盐", first=n, last=n, sought=True
        )
        for n in range(4)
    ]
    november = SearchFilter(since=1, until=3)

    def ask(store, fn):
        return store.run(lambda tx: fn(tx.search), write=False)

    def of_november(store):
        found = ask(store, lambda search: search.query(["少吃"], november, 9))
        sought = ask(store, lambda search: search.percolate("少吃盐", november, 9))
        return [hit.id for hit in found], [hit.id for hit in sought]

    store = store_at(file)
    store.open([OLD])
    store.run(lambda tx: tx.search.index(docs), write=True)
    store.close()
    as_of_schema_five(file)
    store = store_at(file)
    assert [(c.step, c.found) for c in store.changes([OLD])] == [(SchemaStep.STORE, 5)]
    store.migrate([OLD], rekey)
    assert ask(store, lambda search: search.analyzer_version()) == 0
    assert len(ask(store, lambda search: search.query(["少吃"], SearchFilter(), 9))) == 4
    assert of_november(store) == ([], [])
    # What is written meanwhile does not make the rest of it any newer.
    store.run(lambda tx: tx.search.index(docs[:1]), write=True)
    assert ask(store, lambda search: search.analyzer_version()) == 0
    store.run(lambda tx: tx.search.rebuild(docs), write=True)
    assert ask(store, lambda search: search.analyzer_version()) == ANALYZER_VERSION
    assert of_november(store) == (["r1", "r2"], ["r1", "r2"])
    assert store.check() == []
    store.close()


def sought(number):
    return SearchDoc(
        id=f"n{number:04d}",
        kind="need" if number % 3 else "sub",
        language="bo" if number % 5 == 0 else "zh",
        text=f"柑橘木虱 covid-19 {chr(0x4E00 + number)}盐 一\U0002b368 {'少吃' * (number % 2)}",
        tags=frozenset({f"at:{number % 2}"}),
        shown=False,
        sought=True,
    )


@pytest.mark.parametrize("older", [as_of_schema_six, as_of_schema_four])
def test_what_is_sought_is_packed_and_found_the_same(file, older):
    filters = (SearchFilter(), SearchFilter(kinds=frozenset({"sub"})),
               SearchFilter(languages=frozenset({"bo"}), tags=frozenset({"at:1"})))  # fmt: skip
    text = "柑橘 covid-19 一\U0002b368 少吃 丅盐"

    def answers(store):
        def body(tx):
            return [tx.search.percolate(text, only, 200) for only in filters]

        return store.run(body, write=False)

    store = store_at(file)
    store.open([OLD])
    store.run(lambda tx: tx.search.index([sought(n) for n in range(1_100)]), write=True)
    before = answers(store)
    assert [len(hits) for hits in before] == [200, 200, 110]
    store.close()
    older(file)
    store = store_at(file)
    store.migrate([OLD], rekey)
    assert answers(store) == before
    assert store.run(lambda tx: tx.search.sought(), write=False) == 1_100
    store.run(lambda tx: tx.search.remove([f"n{n:04d}" for n in range(1_095)]), write=True)
    assert [[hit.id for hit in hits] for hits in answers(store)] == [
        ["n1095", "n1097", "n1099", "n1096", "n1098"], ["n1095", "n1098"], ["n1095"],
    ]  # fmt: skip
    assert store.check() == []
    store.close()


def test_a_file_of_the_first_schema_is_brought_up_and_its_rows_too(store, file):
    store.close()
    as_of_step_one(file)
    store = store_at(file)
    with pytest.raises(SchemaTooOld) as caught:
        store.open([OLD])
    assert caught.value.code == "storage.schema_too_old"
    assert "tianfu migrate" in caught.value.hint
    assert file.name in str(caught.value)
    steps = [(c.step, c.found, c.wanted) for c in store.changes([NEW])]
    assert steps == [(SchemaStep.STORE, 1, schema.SCHEMA), (SchemaStep.ROWS, 1, 2)]
    store.migrate([NEW], rekey)
    whole(store)
    store.close()


def test_a_file_of_the_first_schema_needs_nothing_else_where_the_kinds_are_the_same(store, file):
    store.close()
    as_of_step_one(file)
    store = store_at(file)
    assert [c.step for c in store.changes([OLD])] == [SchemaStep.STORE]
    store.migrate([OLD], rekey)
    assert store.run(lambda tx: tx.count("note", Query()), write=False) == len(ROWS)
    store.close()


def test_jobs_of_the_second_schema_stay_whose_they_are(store, file):
    lease = timedelta(minutes=5)

    def fill(tx):
        tx.enqueue("q", [NewJob("leased"), NewJob("parked"), NewJob("late")])
        found = {job.key: job for job in tx.claim("q", 3, lease, "w")}
        tx.settle([(found["parked"], Parked("why")), (found["late"], Retry(LATER))])
        return found["leased"]

    leased = store.run(fill, write=True)
    before = store.run(lambda tx: tx.jobs("q", None, None, 9), write=False)
    assert [job.state.value for job in before] == ["leased", "parked", "queued"]
    store.close()
    as_of_schema_two(file)
    store = store_at(file)
    assert [(c.step, c.found) for c in store.changes([OLD])] == [(SchemaStep.STORE, 2)]
    store.migrate([OLD], rekey)
    assert store.run(lambda tx: tx.jobs("q", None, None, 9), write=False) == before
    assert store.run(lambda tx: tx.claim("q", 9, lease, "other"), write=True) == []
    assert store.run(lambda tx: tx.settle([(leased, Done())]), write=True) == [True]
    store.close()


def test_looking_changes_nothing_in_the_file(store, file):
    store.close()
    before = file.read_bytes()
    other = store_at(file)
    assert len(other.changes([NEW])) == 1
    with pytest.raises(SchemaTooOld):
        other.open([NEW])
    other.close()
    assert file.read_bytes() == before


def test_a_reader_of_an_old_file_is_told_as_well_and_migrates_nothing(store, file):
    store.close()
    reader = store_at(file, read_only=True)
    with pytest.raises(SchemaTooOld):
        reader.open([NEW])
    with pytest.raises(StorageReadOnly):
        reader.migrate([NEW], rekey)
    assert len(reader.changes([NEW])) == 1
    reader.close()


class Failing:
    """A connection whose nth statement fails."""

    def __init__(self, connection, at):
        self.connection = connection
        self.at = at
        self.count = 0

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def _go(self):
        self.count += 1
        if self.count == self.at:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

    def execute(self, text, *more):
        if text != "ROLLBACK":
            self._go()
        return self.connection.execute(text, *more)

    def executemany(self, text, *more):
        self._go()
        return self.connection.executemany(text, *more)


@pytest.mark.ci
def test_it_goes_on_after_a_failure_of_any_statement(tmp_path):
    at, ended = 1, False
    while not ended:
        file = tmp_path / f"{at}.db"
        store = store_at(file)
        store.open([OLD])
        store.run(lambda tx: tx.load("note", ROWS), write=True)
        real = store._connection
        failing = Failing(real(), at)
        store._connection = lambda f=failing: f
        try:
            store.migrate([NEW], rekey)
            ended = True
        except StorageError as error:
            assert error.code == "storage.io"
        store._connection = real
        assert not real().in_transaction
        store.migrate([NEW], rekey)
        whole(store)
        store.close()
        at += 1
    # Statements of a migration with two batches, one kind: if fewer, this looked at nothing.
    assert at > 40


MIGRATE = textwrap.dedent("""
    import sys, time
    sys.path.insert(0, sys.argv[2])
    from test_sqlite_migration import NEW, rekey, store_at
    store = store_at(sys.argv[1])
    print("on", flush=True)
    store.migrate([NEW], rekey)
""")


def test_it_goes_on_after_being_killed(store, file, monkeypatch):
    rows = [Row(f"k{n:05d}", 1, b"", {"text": "t", "tags": frozenset("a")}) for n in range(12000)]
    store.run(lambda tx: tx.load("note", rows), write=True)
    store.close()
    here = str(Path(__file__).parent)
    kills = 0
    for wait in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3):
        child = subprocess.Popen(
            [sys.executable, "-c", MIGRATE, str(file), here], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout.readline() == "on\n"
        timer = threading.Timer(wait, child.send_signal, [signal.SIGKILL])
        timer.start()
        kills += child.wait(50) == -signal.SIGKILL
        timer.cancel()
        child.stdout.close()
    assert kills
    store = store_at(file)
    store.migrate([NEW], rekey)
    assert store.run(lambda tx: tx.count("note", Query()), write=False) == len(ROWS) + 12000
    assert store.check() == []
    store.run(lambda tx: tx.delete("note", [(row.id, 1) for row in rows]), write=True)
    whole(store)
    store.close()


def test_two_that_migrate_at_once_do_it_once(store, file):
    store.close()
    seen = []

    def one():
        mine = store_at(file, timeout=20)
        mine.migrate([NEW], lambda kind, row: (seen.append(row.id), rekey(kind, row))[1])
        mine.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert sorted(seen) == [row.id for row in ROWS]
    store = store_at(file)
    store.open([NEW])
    whole(store)
    store.close()


def test_an_open_reader_goes_on_reading_what_it_began_with(store, file):
    other = store_at(file)
    inside, go = threading.Event(), threading.Event()

    def read(tx):
        first = tx.count("note", Query())
        inside.set()
        assert go.wait(20)
        return first, tx.count("note", Query()), tx.get("note", ["n0007"])[0].doc

    found = []
    thread = threading.Thread(target=lambda: found.append(store.run(read, write=False)))
    thread.start()
    assert inside.wait(20)
    other.migrate([NEW], rekey)
    go.set()
    thread.join(20)
    assert found == [(620, 620, b"x" * 7)]
    with pytest.raises(SchemaTooNew):
        store.run(read, write=False)
    other.close()


def test_a_shape_is_read_as_it_was_written():
    for kind in (OLD, NEW, Kind("bare"), Kind("m", (Key("b", "bytes"),), document=False)):
        assert read_shape(kind.name, write_shape(kind)) == kind
