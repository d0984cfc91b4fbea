"""Three nodes of a cluster, written to at once: the contract, certification, a node that dies."""

import contextlib
import itertools
import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import attrs
import pymysql
import pytest
from failover_rig.roles import COUNT
from failover_rig.troupe import Troupe, first_after, judged
from tianfu_storage_sql import open_mysql
from tianfu_storage_sql.testing import NoServer, galera

from tianfu_sdk.errors import Conflict
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.storage import Done, JobState, Key, Kind, NewJob, Query, Row, Where
from tianfu_sdk.testing import CountingIds, FrozenClock, SearchSuite, StorageSuite

pytestmark = [pytest.mark.server, pytest.mark.deep, pytest.mark.timeout(1800)]

LEASE = timedelta(minutes=5)
PATIENCE = 30
_log = logging.getLogger("galera")
_databases = itertools.count(1)


@pytest.fixture(scope="module")
def cluster():
    try:
        with galera() as nodes:
            yield nodes
    except NoServer as error:
        pytest.skip(str(error))


@contextlib.contextmanager
def cursor_of(node):
    connection = pymysql.connect(host="127.0.0.1", port=node.port, user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def database(cluster):
    """The name of a database with nothing in it."""
    name = f"g{next(_databases)}"
    with cursor_of(cluster[0]) as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
    # Who connects to a database does not wait for the cluster, as transactions do.
    for node in cluster:
        until_there(node, name)
    yield name
    with cursor_of(next(n for n in cluster if n.process.poll() is None)) as cursor:
        cursor.execute(f"DROP DATABASE {name}")


def until_there(node, database):
    until = time.monotonic() + PATIENCE
    with cursor_of(node) as cursor:
        while not cursor.execute(f"SHOW DATABASES LIKE '{database}'"):
            assert time.monotonic() < until
            time.sleep(0.05)


def url_of(nodes, database):
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"mariadb://root@{hosts}/{database}"


def made(url, **settings):
    context = BackendContext(url=url, settings=settings, clock=FrozenClock(), ids=CountingIds())
    return open_mysql(context)


def spread(url, **settings):
    """A store each of whose connections goes to the next node."""
    store = made(url, **settings)
    driver = store._driver
    hosts, turns, connect = list(driver._hosts), itertools.count(), driver.connect

    def connect_next():
        first = next(turns) % len(hosts)
        driver._hosts = [*hosts[first:], *hosts[:first]]
        return connect()

    driver.connect = connect_next
    return store


@pytest.fixture
def at(cluster, database):
    """Gives an opened store at the node of a number, by which alone it goes."""
    stores = []

    def open_(number, **settings):
        store = made(url_of([cluster[number]], database), **settings)
        stores.append(store)
        store.open([COUNT])
        return store

    yield open_
    for store in stores:
        store.close()


# The contract.


@pytest.fixture(scope="module")
def shared(cluster):
    """A database whose tables are made once."""
    name = f"s{next(_databases)}"
    with cursor_of(cluster[0]) as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
    return name


class _Cluster:
    step = 0.3
    patience = 30.0

    @pytest.fixture
    def empty_url(self, cluster, shared):
        """Its URL, when it is empty of rows."""
        with cursor_of(cluster[0]) as cursor:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [shared]
            )
            names = {name for (name,) in cursor.fetchall()}
            if names and "tf_commit" not in names:
                # A test migrated it: then its tables are no longer those of its kinds.
                cursor.execute(f"DROP DATABASE {shared}")
                cursor.execute(f"CREATE DATABASE {shared} CHARACTER SET latin1")
                names = set()
            for name in sorted(names - {"tf_meta", "tf_kind"}):
                more = name.endswith("_more") or "_more_" in name
                cursor.execute(f"{'DROP TABLE' if more else 'DELETE FROM'} {shared}.{name}")
            if names:
                cursor.execute(f"DELETE FROM {shared}.tf_kind WHERE name = 'more'")
                cursor.execute(f"DELETE FROM {shared}.tf_meta WHERE name = 'analyzer'")
        return url_of(cluster, shared)

    @pytest.fixture
    def store(self, empty_url):
        return spread(empty_url)

    @pytest.fixture
    def reopen(self, empty_url):
        return lambda: spread(empty_url)


class TestStorage(_Cluster, StorageSuite):
    """The whole suite, each thread on another node."""


class TestSearch(_Cluster, SearchSuite):
    """The search, each thread on another node."""


def test_three_nodes_open_a_new_store_at_once(at):
    start = threading.Barrier(3)

    def open_(number):
        start.wait(PATIENCE)
        store = at(number)
        row = Row(f"r{number}", 0, b"{}", {"number": number})
        store.run(lambda tx: tx.put("count", [row]), write=True)
        return store

    with ThreadPoolExecutor(3) as threads:
        stores = list(threads.map(open_, range(3)))
    for store in stores:
        assert store.run(lambda tx: tx.count("count", Query()), write=False) == 3
        assert store.check() == []


# What one node must see of another.


def test_a_node_sees_what_another_one_acknowledged(at):
    stores = [at(number) for number in range(3)]
    for turn in range(300):
        writer, reader = stores[turn % 3], stores[(turn + 1) % 3]
        row = Row(f"r{turn}", 0, b"{}", {"number": turn})
        writer.run(lambda tx, row=row: tx.put("count", [row]), write=True)
        found = reader.run(lambda tx, row=row: tx.get("count", [row.id]), write=False)
        assert [row.id for row in found] == [f"r{turn}"], f"stale at {turn}"


def test_events_and_jobs_keep_the_order_in_which_they_were_acknowledged(at):
    # Nobody reads meanwhile, so that it is their ids that tell it: the clocks of the nodes.
    stores = [at(number) for number in range(3)]
    for turn in range(90):
        key = f"{turn:03d}"

        def write(tx, key=key):
            tx.append("s", [key.encode()])
            tx.enqueue("q", [NewJob(key)])

        stores[turn * turn % 3].run(write, write=True)
    wanted = [f"{turn:03d}" for turn in range(90)]
    for store in stores:
        events = store.run(lambda tx: tx.read("s", None, 1000), write=False)
        assert [event.body.decode() for event in events] == wanted
        jobs = store.run(lambda tx: tx.jobs("q", None, None, 1000), write=False)
        assert [job.key for job in jobs] == wanted


def test_writers_of_one_stream_never_meet_and_readers_at_other_nodes_see_one_order(at):
    stores = [at(number) for number in range(3)]
    faults = [Faults(store) for store in stores]
    readers = [at(number) for number in range(2)]
    done = threading.Event()

    def write(number):
        for turn in range(60):
            body = b"%d %d" % (number, turn)
            stores[number % 3].run(lambda tx, b=body: tx.append("s", [b]), write=True)

    def read(store):
        found, after = [], None
        while True:
            last = done.is_set()
            events = store.run(lambda tx, a=after: tx.read("s", a, 50), write=False)
            found += [event.body for event in events]
            after = events[-1].cursor if events else after
            if last and not events:
                return found

    with ThreadPoolExecutor(8) as threads:
        reading = [threads.submit(read, store) for store in readers]
        for writing in [threads.submit(write, number) for number in range(6)]:
            writing.result()
        done.set()
        first, second = (one.result() for one in reading)
    assert first == second
    assert len(first) == len(set(first)) == 360
    for number in range(6):
        mine = [int(body.split()[1]) for body in first if body.startswith(b"%d " % number)]
        assert mine == list(range(60))
    assert sum((one.found for one in faults), Counter()) == Counter()


# Certification.


class Faults:
    """Counts where the server ended a transaction: by verb of the statement."""

    def __init__(self, store):
        self.found = Counter()
        driver, connect = store._driver, store._driver.connect

        def watched():
            session = connect()
            query = session._connection.query

            def ask(sql, *more):
                try:
                    return query(sql, *more)
                except pymysql.MySQLError as error:
                    text = sql.decode("utf-8", "replace") if isinstance(sql, bytes) else sql
                    verb = text.split(None, 1)[0].upper()
                    self.found[verb, error.args[0]] += 1
                    raise

            session._connection.query = ask
            return session

        driver.connect = watched


def test_certification_fails_at_select_update_and_commit_and_is_run_again(at):
    stores = [at(number) for number in range(3)]
    faults = [Faults(store) for store in stores]
    for number in range(4):
        row = Row(f"r{number}", 0, b"{}", {"number": 0})
        stores[0].run(lambda tx, row=row: tx.put("count", [row]), write=True)
    start = threading.Barrier(3)
    runs = Counter()
    failed = []

    def add(tx, node, turn):
        runs[node] += 1
        for number in {turn % 4, (turn + node) % 4}:
            (row,) = tx.get("count", [f"r{number}"])
            changed = {"number": row.keys["number"] + 1}
            tx.put("count", [Row(row.id, row.version, b"{}", changed)])
            # Time in which the other nodes' writes arrive, between reading and writing.
            tx.count("count", Query())

    def work(node):
        start.wait(PATIENCE)
        for turn in range(300):
            while True:
                try:
                    stores[node].run(lambda tx, t=turn: add(tx, node, t), write=True)
                except Conflict:
                    continue
                except Exception as error:
                    failed.append(error)
                    if not getattr(error, "retryable", False):
                        raise
                    continue
                break

    threads = [threading.Thread(target=work, args=(node,)) for node in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sum((fault.found for fault in faults), Counter())
    _log.info(
        "runs %d of 900 writes, faults %s, given up %d", sum(runs.values()), found, len(failed)
    )
    wanted = Counter()
    for node, turn in itertools.product(range(3), range(300)):
        wanted.update({f"r{n}" for n in {turn % 4, (turn + node) % 4}})
    rows = stores[1].run(lambda tx: tx.find("count", Query()), write=False)
    assert {row.id: row.keys["number"] for row in rows} == dict(wanted)
    assert found["COMMIT", 1213] > 0
    assert sum(found.values()) > found["COMMIT", 1213], "it fails before COMMIT as well"


# Claims.


def claimed_by_three(at, jobs, *, settings):
    """Claim and settle from three nodes at once; give what was handed out, sent, and the faults."""
    stores = [at(number, **settings(number)) for number in range(3)]
    faults = [Faults(store) for store in stores]
    for part in range(0, jobs, 500):
        new = [NewJob(f"k{n}") for n in range(part, min(jobs, part + 500))]
        stores[0].run(lambda tx, new=new: tx.enqueue("q", new), write=True)
    start = threading.Barrier(6)
    handed, sent, settled = Counter(), Counter(), Counter()

    def work(number):
        store = stores[number % 3]
        start.wait(PATIENCE)

        def claim(tx):
            found = tx.claim("q", 50, LEASE, f"w{number}")
            handed.update(job.key for job in found)
            return found

        while found := store.run(claim, write=True):
            # Here, and not before, it may be sent.
            sent.update(job.key for job in found)
            done = [(job, Done()) for job in found]
            assert all(store.run(lambda tx, done=done: tx.settle(done), write=True))
            settled.update(job.key for job in found)

    failed = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    if failed:
        raise failed[0]
    found = sum((fault.found for fault in faults), Counter())
    again = sum(handed.values()) - sum(sent.values())
    _log.info(
        "%d jobs in %.1f s, %.0f a second; handed out in vain %d; faults %s",
        jobs, seconds, jobs / seconds, again, dict(found),
    )  # fmt: skip
    return handed, sent, settled, found


def test_claims_by_share_do_not_meet(at):
    def share(number):
        return {"share": f"{number + 1}/3"}

    handed, sent, settled, found = claimed_by_three(at, 6000, settings=share)
    assert sent == settled == handed == Counter({f"k{n}": 1 for n in range(6000)})
    assert found == Counter()


def test_claims_without_shares_meet_and_nothing_is_sent_before_its_claim_is_committed(at):
    handed, sent, settled, _ = claimed_by_three(at, 1500, settings=lambda _: {})
    assert sent == settled == Counter({f"k{n}": 1 for n in range(1500)})
    assert sum(handed.values()) > 1500, "no two nodes handed out one job: nothing was shown"


def test_the_share_of_a_node_that_is_gone_is_done_by_the_others(at):
    one = at(0, share="1/2", share_wait=1.0)
    one.run(lambda tx: tx.enqueue("q", [NewJob(f"k{n}") for n in range(60)]), write=True)

    def claim(tx):
        return tx.claim("q", 100, LEASE, "w")

    own = one.run(claim, write=True)
    assert 0 < len(own) < 60
    assert one.run(claim, write=True) == []
    time.sleep(1.2)
    others = one.run(claim, write=True)
    assert len(own) + len(others) == 60


# A node is cut off, a node dies.


def status_of(node, name):
    with cursor_of(node) as cursor:
        cursor.execute(f"SHOW STATUS LIKE '{name}'")
        return cursor.fetchone()[1]


def until_status(node, name, wanted):
    until = time.monotonic() + 120
    while True:
        with contextlib.suppress(pymysql.MySQLError):
            if status_of(node, name) == wanted:
                return
        assert time.monotonic() < until, node.log()
        time.sleep(0.2)


def test_a_node_that_was_cut_off_is_passed_by(cluster, database):
    _, second, third = cluster
    url = url_of([second, third], database)

    def put(store, row_id):
        row = Row(row_id, 0, b"{}", {"number": 1})
        store.run(lambda tx: tx.put("count", [row]), write=True)
        return store._connections.take()._connection.port

    store, later = made(url), made(url)
    store.open([COUNT])
    assert put(store, "a") == second.port
    with cursor_of(second) as cursor:
        cursor.execute("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
    try:
        until_status(second, "wsrep_ready", "OFF")
        # It still answers, and takes everybody in.
        assert put(store, "b") == third.port
        later.open([COUNT])
        assert put(later, "c") == third.port
    finally:
        with cursor_of(second) as cursor:
            cursor.execute("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
        until_status(second, "wsrep_cluster_size", "3")
        until_status(second, "wsrep_local_state_comment", "Synced")
    there = made(url_of([second], database))
    there.open([COUNT])
    rows = there.run(lambda tx: tx.find("count", Query()), write=False)
    assert [row.id for row in rows] == ["a", "b", "c"]
    for one in (store, later, there):
        one.close()


def test_a_node_killed_under_load_loses_nothing_that_was_acknowledged(cluster, database, tmp_path):
    first, second, third = cluster
    store = made(url_of([second, third], database))
    store.open([COUNT])
    with Troupe(tmp_path) as troupe:
        for number in range(3):
            # Each by another node first; the others are where it goes on.
            url = url_of([*cluster[number:], *cluster[:number]], database)
            share = {"share": f"{number + 1}/3", "share_wait": 3.0}
            troupe.start(f"node{number}", url, writer=2)
            troupe.start(f"work{number}", url, settings=share, worker=1)
        troupe.start("read", url_of(cluster, database), reader=2)
        troupe.wait_for_writes(30)
        time.sleep(1)
        first.kill()
        killed = time.monotonic()
        troupe.wait_for_writes(30, since=killed + 0.5)
        troupe.end(*(f"node{number}" for number in range(3)))
        troupe.end(*(f"work{number}" for number in range(3)))
        troupe.end("read")
        lines = troupe.lines()
        figures = judged(store, lines)
    store.close()
    back = first_after(lines, killed + 0.5)
    _log.info("writes went on by all %.1f s after the kill: %s", back + 0.5, figures)
    assert (figures.lost, figures.twice) == (0, 0)
    assert figures.acknowledged > 300
    # It joins again, and has what was written without it.
    first.start()
    until_status(first, "wsrep_local_state_comment", "Synced")
    again = made(url_of([first], database))
    again.open([COUNT])
    assert judged(again, lines) == figures
    states = (JobState.QUEUED, JobState.LEASED)
    assert not any(again.run(lambda tx, s=s: tx.jobs("q", s, None, 1), write=False) for s in states)
    again.close()


# Migrations.


def test_what_other_nodes_acknowledge_while_a_migration_begins_is_there_afterwards(
    cluster, database
):
    old = Kind("item", (Key("text"), Key("tags", many=True)), (("text",),))
    new = attrs.evolve(old, keys=(*old.keys, Key("size", "int")), schema=2)
    newer = made(url_of([cluster[0]], database))
    newer.open([old])
    acknowledged, ended, go = [], [], threading.Event()

    def write(number):
        mine = made(url_of([cluster[number % 3]], database))
        mine.open([old])
        for n in range(100_000):
            row = Row(f"w{number}{n:06d}", 0, b"w", {"text": "w", "tags": frozenset({"w"})})
            try:
                mine.run(lambda tx, row=row: tx.put("item", [row]), write=True)
            except Exception as error:  # noqa: BLE001 - looked at below
                ended.append(getattr(error, "code", error))
                break
            acknowledged.append(row.id)
            if len(acknowledged) > 300:
                go.set()
        mine.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert go.wait(PATIENCE)
    newer.migrate([new], lambda _, row: {**row.keys, "size": 1})
    for thread in threads:
        thread.join(PATIENCE)
    assert ended == ["storage.schema_changed"] * 4
    has = Query(where=(Where("tags", "has", "w"),), limit=1)
    assert newer.run(lambda tx: tx.count("item", has), write=False) == len(acknowledged)
    for first in range(0, len(acknowledged), 100):
        part = acknowledged[first : first + 100]
        assert len(newer.run(lambda tx, part=part: tx.get("item", part), write=False)) == len(part)
    newer.close()
