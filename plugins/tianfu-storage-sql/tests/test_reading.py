"""Reads on PostgreSQL: one statement goes alone, and what several see is of one snapshot."""

import contextlib
import time

import psycopg
import pytest

from tianfu_sdk.errors import StorageError
from tianfu_sdk.model.storage import Key, Kind, Query, Row

pytestmark = pytest.mark.server

THING = Kind("thing", (Key("number", "int"),), (("number",),))
LEARNT = 12
"""Reads of one statement, after which a connection takes the next one for the same."""


def thing(row_id, version=0, number=0):
    return Row(row_id, version, b"{}", {"number": number})


@pytest.fixture
def store(opened, fresh_postgresql_url):
    store = opened(fresh_postgresql_url)
    store.open([THING])
    store.run(lambda tx: tx.put("thing", [thing("a"), thing("b")]), write=True)
    for _ in range(LEARNT):
        number(store, "a")
    yield store
    store.close()


@pytest.fixture
def other(opened, fresh_postgresql_url, store):
    """A second store, which writes while a body of the first one reads."""
    other = opened(fresh_postgresql_url)
    # In this thread too: a store keeps its own connections.
    other.open([THING])
    yield other
    other.close()


@pytest.fixture
def state(fresh_postgresql_url):
    """Tells how the connections of stores stand: `idle`, `idle in transaction`."""
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:

        def state():
            rows = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'tianfu_sdk'"
            )
            return {row[0] for row in rows}

        yield state


def number(store, id_):
    return store.run(lambda tx: read(tx, id_), write=False)


def read(tx, id_):
    (found,) = tx.get("thing", [id_])
    return found.keys["number"]


def add(store, *ids):
    def body(tx):
        rows = tx.get("thing", ids)
        tx.put("thing", [thing(r.id, r.version, r.keys["number"] + 1) for r in rows])

    store.run(body, write=True)


def pair(store, between):
    """Read two rows with something between; gives what each run of the body saw."""
    runs = []

    def body(tx):
        seen = [read(tx, "a")]
        runs.append(seen)
        between(len(runs))
        seen.append(read(tx, "b"))

    store.run(body, write=False)
    return runs


def test_one_statement_needs_no_transaction(store, state):
    def body(tx):
        tx.get("thing", ["a"])
        return state()

    assert store.run(body, write=False) == {"idle"}


def test_what_is_followed_as_a_rule_begins_a_transaction_at_once(store, state):
    assert pair(store, lambda _: None) == [[0, 0]]
    states = []
    assert pair(store, lambda _: states.append(state())) == [[0, 0]]
    assert states == [{"idle in transaction"}]
    # The COMMIT of a read is sent, and its answer not waited for.
    until = time.monotonic() + 20
    while state() != {"idle"} and time.monotonic() < until:
        time.sleep(0.01)
    assert state() == {"idle"}


def test_several_statements_see_one_snapshot(store, other):
    def between(run):
        if run == 1:
            add(other, "a", "b")

    # The first row had changed by the second statement, so the body is called again.
    assert pair(store, between) == [[0], [1, 1]]


def test_a_change_of_what_was_not_read_yet_is_seen_and_keeps_nobody(store, other):
    assert pair(store, lambda _: add(other, "b")) == [[0, 1]]


def test_a_row_that_is_gone_by_the_second_statement_is_noticed(store, other):
    seen = []

    def body(tx):
        found = tx.get("thing", ["a"])
        if not seen:
            other.run(lambda tx: tx.delete("thing", [("a", 1)]), write=True)
        seen.append(len(found))
        return tx.count("thing", Query())

    assert store.run(body, write=False) == 1
    assert seen == [1, 0]


def test_a_body_that_swallows_the_error_is_called_again_all_the_same(store, other):
    runs = []

    def body(tx):
        runs.append(read(tx, "a"))
        if len(runs) == 1:
            add(other, "a")
        with contextlib.suppress(Exception):
            read(tx, "b")
        return runs[-1]

    assert store.run(body, write=False) == 1
    assert runs == [0, 1]


def test_a_body_that_fails_after_one_statement_leaves_nothing_behind(store, state):
    def body(tx):
        read(tx, "a")
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            store.run(body, write=False)
    add(store, "a")
    assert number(store, "a") == 1
    assert state() == {"idle"}


def test_reads_in_turns_with_pairs_stay_right(store, other):
    for turn in range(30):
        if turn % 7 == 3:
            add(other, "a", "b")
            a, b = pair(store, lambda _: None)[-1]
            assert a == b
        assert number(store, "a") == number(other, "b")


def test_a_server_that_ended_the_connection_is_asked_again(store, fresh_postgresql_url):
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'tianfu_sdk'"
        )
    assert number(store, "a") == 0


def test_a_statement_that_the_server_forgot_is_prepared_again(store):
    store._connections.take()._connection.execute("DEALLOCATE ALL")
    assert [number(store, "a") for _ in range(LEARNT)] == [0] * LEARNT

    def between(run):
        if run == 1:
            store._connections.take()._connection.execute("DEALLOCATE ALL")

    # The first row cannot be asked for once more, so all is read again.
    assert pair(store, between) == [[0], [0, 0]]


def test_a_table_that_is_gone_is_told_of(store, fresh_postgresql_url):
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:
        connection.execute("DROP TABLE tf_d_thing CASCADE")
    with pytest.raises(StorageError):
        number(store, "a")
