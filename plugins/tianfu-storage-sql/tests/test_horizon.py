"""Events on PostgreSQL: the horizon, the months, the eras; and reads from a standby."""

import threading
from datetime import timedelta

import psycopg
import pytest
from tianfu_storage_sql.horizon import month_after

pytestmark = pytest.mark.server

PATIENCE = 10


@pytest.fixture
def store(opened, fresh_postgresql_url):
    store = opened(fresh_postgresql_url)
    store.open([])
    yield store
    store.close()


def bodies(store, after=None):
    return [event.body for event in store.run(lambda tx: tx.read("s", after, 100), write=False)]


def append(store, *texts):
    store.run(lambda tx: tx.append("s", texts), write=True)


def test_a_cursor_of_ones_own_event_does_not_pass_an_older_open_writer(store):
    append(store, b"0")
    wrote, go = threading.Event(), threading.Event()

    def slow(tx):
        tx.append("s", [b"slow"])
        wrote.set()
        assert go.wait(PATIENCE)

    writing = threading.Thread(target=store.run, args=(slow,), kwargs={"write": True})
    writing.start()
    assert wrote.wait(PATIENCE)

    def own(tx):
        tx.append("s", [b"own1", b"own2"])
        events = tx.read("s", None, 10)
        assert [event.body for event in events] == [b"0", b"own1", b"own2"]
        assert tx.last("s") == events[-1].cursor
        assert [e.body for e in tx.read("s", events[1].cursor, 10)] == [b"own2"]
        return events[-1].cursor

    mark = store.run(own, write=True)
    assert bodies(store) == [b"0"], "an event was shown before an older one was decided"
    go.set()
    writing.join(PATIENCE)
    assert bodies(store, mark) == [b"slow", b"own1", b"own2"]


def test_months_are_made_ahead_and_events_lie_in_theirs(store, fresh_postgresql_url):
    append(store, b"1")
    with psycopg.connect(fresh_postgresql_url) as connection:
        rows = connection.execute("SELECT tableoid::regclass::text, month FROM tf_event").fetchall()
        ((table, month),) = rows
        assert table == f"tf_event_{month}"
        parts = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'tf_event'::regclass ORDER BY 1"
        ).fetchall()
    ahead = [f"tf_event_{month_after(month, number)}" for number in range(4)]
    assert [name for (name,) in parts] == [*ahead, "tf_event_rest"]


def test_a_month_that_is_taken_away_takes_its_events_along(store, fresh_postgresql_url):
    append(store, b"new")
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:
        (month,) = connection.execute("SELECT month FROM tf_event").fetchone()
        old = month_after(month, -3)
        connection.execute(
            f"CREATE TABLE tf_event_{old} PARTITION OF tf_event FOR VALUES IN ({old})"
        )
        connection.execute(
            "INSERT INTO tf_event (month, stream, xid, seq, body) VALUES (%s, 's', 3, 0, 'old')",
            [old],
        )
        events = store.run(lambda tx: tx.read("s", None, 10), write=False)
        assert [event.body for event in events] == [b"old", b"new"]
        connection.execute(f"ALTER TABLE tf_event DETACH PARTITION tf_event_{old}")
    assert bodies(store) == [b"new"]
    assert bodies(store, events[0].cursor) == [b"new"]


def test_events_of_a_restored_dump_are_seen_and_come_before_new_ones(
    store, opened, fresh_postgresql_url
):
    append(store, b"1", b"2")
    mark = store.run(lambda tx: tx.read("s", None, 1), write=False)[-1].cursor
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:
        # As after a dump of another server, whose ids of transactions were far ahead.
        connection.execute("UPDATE tf_event SET xid = xid + 1000000000")
        connection.execute("UPDATE tf_meta SET value = 'another' WHERE name = 'server'")
        moved = mark.split(".")
        moved[1] = str(int(moved[1]) + 1_000_000_000)
    assert bodies(store) == [], "else this test shows nothing"
    again = opened(fresh_postgresql_url)
    again.open([])
    append(again, b"3")
    assert bodies(again) == [b"1", b"2", b"3"]
    assert bodies(again, ".".join(moved)) == [b"2", b"3"]
    again.close()


def test_a_read_within_the_lag_goes_to_the_standby_and_any_other_to_the_primary(
    opened, fresh_postgresql_url
):
    # A server that is no standby is never behind: here the standby is the primary itself.
    store = opened(fresh_postgresql_url, standby=fresh_postgresql_url)
    store.open([])
    append(store, b"1")
    used = []
    begin = store._standby.begin
    store._standby.begin = lambda *how: used.append(begin(*how)) or used[-1]
    for lag in (None, timedelta(seconds=5)):
        assert len(store.run(lambda tx: tx.read("s", None, 9), write=False, max_lag=lag)) == 1
    assert len(used) == 1
    assert used[0] is not None
    gone = opened(fresh_postgresql_url, standby="postgresql://127.0.0.1:9/none")
    gone.open([])
    seen = gone.run(lambda tx: tx.read("s", None, 9), write=False, max_lag=timedelta(seconds=5))
    assert len(seen) == 1
    store.close()
    gone.close()
