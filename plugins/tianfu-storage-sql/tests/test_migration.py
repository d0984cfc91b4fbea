"""Servers that are brought up, whatever happens on the way."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psycopg
import pymysql
import pytest
from tianfu_storage_sql import migration
from tianfu_storage_sql.store import _AgainError

from tianfu_sdk.errors import SchemaTooNew, StorageBusy, StorageFull
from tianfu_sdk.model.storage import Key, Kind, Query, Row, SchemaStep, Where

pytestmark = [pytest.mark.server, pytest.mark.ci]

PATIENCE = 20
KEYS = (Key("text"), Key("tags", many=True))
ROWS = [
    Row(f"n{n:04d}", n % 5 + 1, b"x" * (n % 9), {"text": f"t{n}", "tags": frozenset({"a", str(n)})})
    for n in range(23)
]


def shape(number):
    """The kind as its program of that schema number needs it; odd ones and even ones differ."""
    if number % 2:
        return Kind("note", KEYS, (("text",),), schema=number)
    more = (Key("size", "int"), Key("years", "int", many=True))
    return Kind("note", KEYS + more, (("size", "text"), ("text",)), schema=number)


def rekey_to(number):
    def rekey(_, row):
        keys = {"text": row.keys["text"], "tags": row.keys["tags"]}
        if number % 2:
            return keys
        return keys | {"size": len(row.doc), "years": frozenset({2000 + len(row.doc)})}

    return rekey


OLD, NEW = shape(1), shape(2)
rekey = rekey_to(2)


@pytest.fixture(
    params=[
        "postgresql",
        "postgresql portable",
        "mariadb",
        "mariadb portable",
    ]
)
def place(request):
    """The URL of a database with nothing in it."""
    server, _, portable = request.param.partition(" ")
    url = request.getfixturevalue(f"fresh_{server}_url")
    return f"{url}&portable=true" if portable else url


@pytest.fixture
def make(place, opened):
    """Makes stores on the place; they are not opened yet."""
    made = []

    def make(**settings):
        made.append(opened(place, **settings))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make):
    store = make()
    store.open([OLD])
    store.run(lambda tx: tx.load("note", ROWS), write=True)
    return store


@pytest.fixture
def _small(monkeypatch):
    monkeypatch.setattr(migration, "_BATCH", 12)


@pytest.fixture
def ask(place):
    """Runs SQL on the place."""

    def ask(sql):
        if place.startswith("postgresql"):
            url = place.replace("&portable=true", "")
            with psycopg.connect(url, autocommit=True) as connection:
                return connection.execute(sql).fetchall()
        name = place.partition("@localhost/")[2].partition("?")[0]
        socket = place.partition("unix_socket=")[2].partition("&")[0].replace("%2F", "/")
        connection = pymysql.connect(unix_socket=socket, user="root", database=name)
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return ask


def names(ask, place):
    here = "current_schema()" if place.startswith("postgresql") else "DATABASE()"
    tables = "SELECT table_name FROM information_schema.tables"
    return {row[0] for row in ask(f"{tables} WHERE table_schema = {here}")}


def indexes(ask, place, table):
    """Columns of the indexes that a kind asked for."""
    if place.startswith("postgresql"):
        rows = ask(f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}'")
        return {
            text.partition(" USING btree ")[2].replace('"', "")
            for name, text in rows
            if name.startswith("tf_i")
        }
    rows = ask(
        "SELECT index_name, group_concat(column_name ORDER BY seq_in_index SEPARATOR ', ')"
        " FROM information_schema.statistics WHERE table_schema = DATABASE()"
        f" AND table_name = '{table}' AND index_name LIKE 'tf\\_i%' GROUP BY index_name"
    )
    return {f"({columns})" for _, columns in rows}


def whole(store, number=2):
    """Demand that all rows stand in the shape of a schema number."""
    rows = store.run(lambda tx: tx.find("note", Query(limit=1000)), write=False)
    new = rekey_to(number)
    assert [(r.id, r.version, r.doc, dict(r.keys)) for r in rows] == [
        (r.id, r.version, r.doc, new("note", r)) for r in ROWS
    ]
    key, value = ("tags", "7") if number % 2 else ("years", 2003)
    has = Query(where=(Where(key, "has", value),), limit=1000)
    found = store.run(lambda tx: tx.find("note", has), write=False)
    wanted = [row.id for row in ROWS if value in new("note", row)[key]]
    assert [row.id for row in found] == wanted
    assert wanted
    assert store.check() == []


def tidy(ask, place, number, migrated):
    """Demand that nothing is left over of what came before."""
    kind = shape(number)
    of_note = {name for name in names(ask, place) if "note" in name}
    many = {f"tf_m{migrated}_note_{key.name}" for key in kind.keys if key.many}
    assert of_note == {f"tf_d{migrated}_note", *many}
    wanted = {f"({', '.join(f'k_{name}' for name in index)}, id)" for index in kind.indexes}
    assert indexes(ask, place, f"tf_d{migrated}_note") == wanted
    assert ask("SELECT begun, dropping, number FROM tf_kind") in (
        [("", "", migrated)],
        (("", "", migrated),),
    )


class Failing:
    """A session whose nth statement fails: before it is done, or after."""

    def __init__(self, session, at, *, done, error):
        self._session, self._at, self._done, self._error = session, at, done, error
        self.count = 0

    def __getattr__(self, name):
        return getattr(self._session, name)

    @property
    def failure(self):
        return self._session.failure

    @failure.setter
    def failure(self, value):
        self._session.failure = value

    def _go(self, name, *values):
        if "RELEASE_LOCK" in str(values[:1]):
            return getattr(self._session, name)(*values)
        self.count += 1
        fails = self.count == self._at
        if fails and not self._done:
            raise self._error
        given = getattr(self._session, name)(*values)
        if fails:
            raise self._error
        return given

    def rows(self, *values):
        return self._go("rows", *values)

    def change(self, *values):
        return self._go("change", *values)

    def change_many(self, *values):
        return self._go("change_many", *values)

    def do(self, *values):
        return self._go("do", *values)

    def commit(self, *values):
        return self._go("commit", *values)


@pytest.mark.usefixtures("_small")
@pytest.mark.timeout(200)
@pytest.mark.parametrize(("every", "done"), [(7, None), (1, False), (1, True)])
def test_it_goes_on_after_a_failure_of_any_statement(store, place, ask, every, done):
    error = (
        psycopg.errors.DiskFull()
        if place.startswith("postgresql")
        else pymysql.err.OperationalError(1021, "")
    )
    at = 1
    for number in itertools.count(2):
        real = store._connections.take
        after = number // 2 % 2 == 0 if done is None else done
        # Each in one of two directions, there and back.
        failing = Failing(real(), at, done=after, error=error)
        store._connections.take = lambda f=failing, **_: f
        try:
            store.migrate([shape(number)], rekey_to(number))
            ended = failing.count < at
        except StorageFull:
            ended = False
        finally:
            store._connections.take = real
        store.migrate([shape(number)], rekey_to(number))
        assert store.run(lambda tx: tx.count("note", Query()), write=False) == len(ROWS)
        if ended or number % 5 == 0:
            whole(store, number)
            tidy(ask, place, number, number - 1)
        if ended:
            break
        at += every
    # Statements of a migration with two batches: if fewer, this looked at nothing.
    assert at > 40


def test_two_that_migrate_at_once_do_it_once(store, make, ask, place, monkeypatch):
    monkeypatch.setattr(migration, "_BATCH", 3)
    seen, failed = [], []
    start = threading.Barrier(3)

    def one():
        start.wait(PATIENCE)
        try:
            make(timeout=20).migrate([NEW], lambda k, row: (seen.append(row.id), rekey(k, row))[1])
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert failed == []
    assert sorted(seen) == [row.id for row in ROWS]
    store.open([NEW])
    whole(store)
    tidy(ask, place, 2, 1)


def test_what_is_acknowledged_while_it_begins_is_there_afterwards(store, make):
    # Three programs of the old shape write as fast as they can when the migration begins.
    acknowledged, refused, go = [], [], threading.Event()

    def write(name):
        mine = make()
        mine.open([OLD])
        for n in range(100_000):
            row = Row(f"w{name}{n:06d}", 0, b"w", {"text": "w", "tags": frozenset({"w"})})
            try:
                mine.run(lambda tx, row=row: tx.put("note", [row]), write=True)
            except SchemaTooNew as error:
                refused.append(error.code)
                return
            acknowledged.append(row.id)
            if len(acknowledged) > 60:
                go.set()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    assert go.wait(PATIENCE)
    newer = make()
    newer.migrate([NEW], rekey)
    for thread in threads:
        thread.join(PATIENCE)
    assert refused == ["storage.schema_changed"] * 3
    has = Query(where=(Where("tags", "has", "w"),), limit=1)
    assert newer.run(lambda tx: tx.count("note", has), write=False) == len(acknowledged)
    there = set()
    for start in range(0, len(acknowledged), 100):
        part = acknowledged[start : start + 100]
        rows = newer.run(lambda tx, part=part: tx.get("note", part), write=False)
        there |= {row.id for row in rows}
    assert there == set(acknowledged)


def test_a_write_that_was_open_when_it_began_is_refused_at_its_end(store, make):
    inside, go, caught = threading.Event(), threading.Event(), []

    def body(tx):
        tx.put("note", [Row("lost", 0, b"", {"text": "", "tags": frozenset()})])
        inside.set()
        assert go.wait(PATIENCE)

    def write():
        try:
            store.run(body, write=True)
        except Exception as error:  # noqa: BLE001 - looked at below
            caught.append(error)

    def at_first(_):
        # It ends after the migration began, before the old tables go.
        go.set()
        writing.join(PATIENCE)

    writing = threading.Thread(target=write)
    writing.start()
    assert inside.wait(PATIENCE)
    newer = make()
    newer.migrate([NEW], rekey, at_first)
    assert [error.code for error in caught] == ["storage.schema_changed"]
    whole(newer)


def test_an_open_reader_goes_on_reading_what_it_began_with(store, make):
    inside, go, found = threading.Event(), threading.Event(), []

    def read(tx):
        first = tx.count("note", Query())
        inside.set()
        assert go.wait(PATIENCE)
        return first, tx.count("note", Query()), tx.get("note", ["n0007"])[0].doc

    reading = threading.Thread(target=lambda: found.append(store.run(read, write=False)))
    reading.start()
    assert inside.wait(PATIENCE)
    newer = make(timeout=20)
    migrating = threading.Thread(target=lambda: newer.migrate([NEW], rekey))
    migrating.start()
    # It copies, and waits with the old tables until nobody reads them.
    migrating.join(0.7)
    assert migrating.is_alive()
    go.set()
    reading.join(PATIENCE)
    migrating.join(PATIENCE)
    assert found == [(len(ROWS), len(ROWS), b"x" * 7)]
    with pytest.raises(SchemaTooNew):
        store.run(lambda tx: tx.count("note", Query()), write=False)
    whole(newer)


def test_a_reader_that_does_not_end_is_in_its_way_and_loses_nothing(store, make, place):
    if not place.startswith("postgresql"):
        pytest.skip("capabilities: the server waits ten seconds at least")
    newer = make(timeout=1)

    def read(tx):
        tx.count("note", Query())
        with pytest.raises(StorageBusy) as caught:
            newer.migrate([NEW], rekey)
        assert caught.value.code == "storage.busy"
        (change,) = newer.changes([NEW])
        assert (change.done, change.rows) == (len(ROWS), len(ROWS))
        return tx.count("note", Query())

    assert store.run(read, write=False) == len(ROWS)
    newer.migrate([NEW], lambda *_: pytest.fail("all rows were copied already"))
    whole(newer)


def test_other_indexes_are_made_and_the_old_ones_go(store, ask, place):
    other = Kind("note", KEYS, (("text",), ("text", "text")), schema=2)
    (change,) = store.changes([other])
    assert change.step is SchemaStep.INDEXES
    other = Kind("note", (*KEYS,), (), schema=2)
    store.migrate([other], lambda *_: pytest.fail("no row is touched"))
    assert indexes(ask, place, "tf_d_note") == set()
    again = Kind("note", KEYS, (("text",),), schema=3)
    store.migrate([again], lambda *_: pytest.fail("no row is touched"))
    assert indexes(ask, place, "tf_d_note") == {"(k_text, id)"}
    whole(store, 1)


def test_a_commit_whose_answer_was_lost_is_looked_up_after_a_migration(store, make):
    # Its marker went along with the table; where there is none it can not come any more.
    old = store._parts.markers
    marker = old.new()
    session = store._connections.take()
    session.begin(write=True)
    session.commit(old.insert(marker))
    make().migrate([NEW], rekey)
    lost = ConnectionError("lost")
    assert store._look_up(old, marker, lost) is None
    with pytest.raises(_AgainError):
        store._look_up(old, old.new(), lost)
    session = store._connections.take()
    session.begin(write=True)
    with pytest.raises(store._driver.errors):
        session.commit(old.insert(marker))
    session.rollback()


def test_a_table_that_is_not_there_for_another_reason_is_no_migration(store, ask, place):
    from tianfu_sdk.errors import StorageError

    drop = "DROP TABLE tf_d_note"
    with contextlib.suppress(psycopg.ProgrammingError):  # there are no rows to fetch
        ask(drop)
    with pytest.raises(StorageError) as caught:
        store.run(lambda tx: tx.get("note", ["a"]), write=False)
    assert caught.value.code == "storage.failed"
    assert "tf_d_note" not in names(ask, place)


def test_the_tables_of_another_store_on_the_search_path_are_not_taken_for_ours(
    fresh_postgresql_url, opened
):
    both = f"{fresh_postgresql_url}&options=-c%20search_path%3Dmine%2Cpublic"
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA mine")
    theirs, mine, newer = opened(fresh_postgresql_url), opened(both), opened(both)
    for store in (theirs, mine):
        store.open([OLD])
    theirs.run(lambda tx: tx.load("note", ROWS), write=True)
    newer.migrate([NEW], rekey)
    row = Row("lost", 0, b"", {"text": "", "tags": frozenset()})
    for body, write in (
        (lambda tx: tx.get("note", ["n0001"]), False),
        (lambda tx: tx.put("note", [row]), True),
        (lambda tx: tx.append("s", [b"lost"]), True),
    ):
        with pytest.raises(SchemaTooNew):
            mine.run(body, write=write)
    assert theirs.run(lambda tx: tx.count("note", Query()), write=False) == len(ROWS)
    for store in (theirs, mine, newer):
        store.close()


MIGRATE = textwrap.dedent("""
    import sys
    sys.path.insert(0, sys.argv[2])
    from test_migration import NEW, rekey
    from tianfu_storage_sql import open_mysql, open_postgresql
    from tianfu_sdk.hookspecs import BackendContext
    from tianfu_sdk.testing import CountingIds, FrozenClock

    url = sys.argv[1]
    make = open_postgresql if url.startswith("postgresql") else open_mysql
    context = BackendContext(url=url, settings={}, clock=FrozenClock(), ids=CountingIds())
    store = make(context)
    print("on", flush=True)
    store.migrate([NEW], rekey)
""")


@pytest.mark.timeout(120)
def test_it_goes_on_after_being_killed(store, make, place, ask):
    more = 4000
    for first in range(0, more, 1000):
        rows = [
            Row(f"k{n:05d}", 1, b"", {"text": "t", "tags": frozenset("a")})
            for n in range(first, first + 1000)
        ]
        store.run(lambda tx, rows=rows: tx.load("note", rows), write=True)
    here = str(Path(__file__).parent)
    kills = 0
    for wait in (0.1, 0.4):
        child = subprocess.Popen(
            [sys.executable, "-c", MIGRATE, place, here],
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert child.stdout.readline() == "on\n"
        timer = threading.Timer(wait, child.send_signal, [signal.SIGKILL])
        timer.start()
        kills += child.wait(50) == -signal.SIGKILL
        timer.cancel()
        child.stdout.close()
    assert kills
    store = make()
    store.migrate([NEW], rekey)
    assert store.run(lambda tx: tx.count("note", Query()), write=False) == len(ROWS) + more
    tidy(ask, place, 2, 1)
    gone = [(f"k{n:05d}", 1) for n in range(more)]
    for first in range(0, more, 1000):
        part = gone[first : first + 1000]
        store.run(lambda tx, part=part: tx.delete("note", part), write=True)
    whole(store)
