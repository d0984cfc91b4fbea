"""A primary and its standby: reads within a lag, and commits that nobody else confirmed."""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from tianfu_storage_sql import migration
from tianfu_storage_sql.testing import NoServer, postgresql, standby
from tianfu_storage_sql.texts import Text

from tianfu_sdk.errors import CommitUnknown, SchemaTooNew
from tianfu_sdk.model.storage import Key, Kind, Query, Row

pytestmark = pytest.mark.server

THING = Kind("thing")
PATIENCE = 15
_RECOVERING = Text("SELECT pg_is_in_recovery()", ())


@pytest.fixture(scope="module")
def pair():
    try:
        with postgresql() as primary, standby(primary) as second:
            yield primary, second
    except NoServer as error:
        pytest.skip(str(error))


@pytest.fixture
def admin(pair):
    with psycopg.connect(pair[0].url("postgres"), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = local")
        yield connection


@pytest.fixture
def store(pair, opened):
    primary, second = pair
    store = opened(primary.url("postgres"), standby=second.url("postgres"))
    store.open([THING])
    yield store
    store.close()


def put(store, row_id):
    store.run(lambda tx: tx.put("thing", [Row(row_id, 0, b"")]), write=True)


def until(fn):
    end = time.monotonic() + PATIENCE
    while not fn():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_read_within_its_lag_is_answered_by_the_standby(pair, store):
    put(store, "a")

    def where(tx):
        rows = tx.get("thing", ["a"])
        ((recovering,),) = tx._session.rows(_RECOVERING, ())
        return recovering, [row.id for row in rows]

    lag = timedelta(seconds=60)
    until(lambda: store.run(where, write=False, max_lag=lag) == (True, ["a"]))
    assert store.run(where, write=False) == (False, ["a"])
    assert store.run(where, write=True, max_lag=lag) == (False, ["a"])


def test_a_standby_that_stands_still_is_too_far_behind(pair, store):
    put(store, "before")
    with psycopg.connect(pair[1].url("postgres"), autocommit=True) as second:
        second.execute("SELECT pg_wal_replay_pause()")
        try:
            time.sleep(0.6)
            put(store, "after")
            found = store.run(
                lambda tx: tx.get("thing", ["after"]),
                write=False,
                max_lag=timedelta(seconds=0.5),
            )
        finally:
            second.execute("SELECT pg_wal_replay_resume()")
    assert [row.id for row in found] == ["after"]


def test_a_standby_that_has_a_part_of_a_migration_is_not_asked(pair, store, opened, monkeypatch):
    monkeypatch.setattr(migration, "_BATCH", 2)
    old = Kind("item", (Key("text"),))
    new = Kind("item", (Key("text"), Key("size", "int")), schema=2)
    rows = [Row(f"i{n}", 1, b"", {"text": "t"}) for n in range(6)]
    older = opened(pair[0].url("postgres"), standby=pair[1].url("postgres"))
    older.open([old])
    older.run(lambda tx: tx.load("item", rows), write=True)
    lag = timedelta(seconds=60)
    until(lambda: older.run(lambda tx: tx.count("item", Query()), write=False, max_lag=lag) == 6)
    newer = opened(pair[0].url("postgres"), standby=pair[1].url("postgres"))
    with psycopg.connect(pair[1].url("postgres"), autocommit=True) as second:

        def has(number):
            # The table itself has to come first.
            there = second.execute("SELECT to_regclass('tf_d1_item') IS NOT NULL").fetchone()[0]
            said = "SELECT count(*) FROM tf_d1_item"
            return there and second.execute(said).fetchone() == (number,)

        def stop_at_a_part(change):
            if change.done == 4:
                until(lambda: has(4))
                second.execute("SELECT pg_wal_replay_pause()")

        try:
            newer.migrate([new], lambda _, row: {**row.keys, "size": 1}, stop_at_a_part)
            assert has(4)
            found = newer.run(lambda tx: tx.count("item", Query()), write=False, max_lag=lag)
        finally:
            second.execute("SELECT pg_wal_replay_resume()")

    def where(tx):
        return tx._session.rows(_RECOVERING, ()), tx.count("item", Query())

    assert found == 6
    until(lambda: newer.run(where, write=False, max_lag=lag) == ([(True,)], 6))
    # Who knows the old shape only is told by the primary.
    with pytest.raises(SchemaTooNew):
        older.run(lambda tx: tx.count("item", Query()), write=False, max_lag=lag)
    older.close()
    newer.close()


def test_a_commit_whose_wait_for_the_standby_was_cancelled_is_unknown(pair, store, admin):
    put(store, "first")
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (nobody)'")
    admin.execute("SELECT pg_reload_conf()")
    caught = []

    def write():
        try:
            put(store, "doubtful")
        except Exception as error:  # noqa: BLE001 - looked at below
            caught.append(error)

    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type ="
        " 'client backend'"
    )
    try:
        until(lambda: admin.execute("SHOW synchronous_standby_names").fetchone()[0])
        writing = threading.Thread(target=write)
        writing.start()
        until(lambda: admin.execute(waiting).fetchone())
        assert caught == []
        (pid,) = admin.execute(waiting).fetchone()
        admin.execute("SELECT pg_cancel_backend(%s)", [pid])
        writing.join(PATIENCE)
    finally:
        admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        admin.execute("SELECT pg_reload_conf()")
    (error,) = caught
    assert isinstance(error, CommitUnknown)
    assert error.code == "storage.local_only"
    assert admin.execute("SELECT count(*) FROM tf_d_thing WHERE id = 'doubtful'").fetchone() == (1,)
