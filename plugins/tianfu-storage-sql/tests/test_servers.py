"""What servers refuse, and what a store does beside the contract."""

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pymysql
import pytest
from tianfu_storage_sql.faults import Fault, told
from tianfu_storage_sql.texts import Text

from tianfu_sdk.errors import (
    Conflict,
    Invalid,
    SchemaTooNew,
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)
from tianfu_sdk.model.storage import (
    Done,
    JobInfo,
    JobState,
    Key,
    Kind,
    NewJob,
    Query,
    Retry,
    Row,
    Where,
)

pytestmark = [pytest.mark.server, pytest.mark.ci]

THING = Kind("thing", (Key("number", "int"), Key("tags", many=True)), (("number",),))
LEASE = timedelta(minutes=5)
PATIENCE = 10


def thing(row_id, version=0, number=0, tags=()):
    return Row(row_id, version, b"{}", {"number": number, "tags": frozenset(tags)})


@pytest.fixture(params=["postgresql", "mariadb"])
def kind_of_server(request):
    return request.param


@pytest.fixture
def fresh_url(request, kind_of_server):
    return request.getfixturevalue(f"fresh_{kind_of_server}_url")


@pytest.fixture
def server(request, kind_of_server):
    return request.getfixturevalue(f"{kind_of_server}_server")


@pytest.fixture
def make(opened):
    made = []

    def make(url, *kinds, **settings):
        store = opened(url, **settings)
        made.append(store)
        store.open(kinds or [THING])
        return store

    yield make
    for store in made:
        store.close()


@pytest.fixture
def ask(fresh_url, server):
    """Runs SQL on the fresh database, as its administrator."""

    def ask(*statements):
        if fresh_url.startswith("postgresql"):
            with psycopg.connect(fresh_url, autocommit=True) as connection:
                for statement in statements:
                    rows = connection.execute(statement)
                return rows.fetchall() if rows.description else None
        name = fresh_url.partition("@localhost/")[2].partition("?")[0]
        connection = pymysql.connect(
            unix_socket=str(server.folder / "s"), user="root", database=name, autocommit=True
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    return ask


# Opening.


def test_a_database_shared_with_another_program_is_fine(make, ask, fresh_url):
    ask("CREATE TABLE theirs (id INTEGER)")
    store = make(fresh_url)
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    assert store.check() == []


@pytest.mark.parametrize("theirs", ["tf_job", "tf_meta"])
def test_tables_of_our_name_that_are_not_ours_are_left_alone(make, ask, fresh_url, theirs):
    ask(f"CREATE TABLE {theirs} (id INTEGER)")
    with pytest.raises(StorageCorrupt) as caught:
        make(fresh_url)
    assert caught.value.code == "storage.not_ours"
    assert ask(f"SELECT count(*) FROM {theirs}")[0][0] == 0


def test_a_newer_schema_is_refused(make, ask, fresh_url):
    make(fresh_url)
    ask("UPDATE tf_meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(SchemaTooNew):
        make(fresh_url)


def test_a_kind_with_other_keys_is_refused(make, fresh_url):
    make(fresh_url)
    with pytest.raises(StorageError) as caught:
        make(fresh_url, Kind("thing", (Key("number"),)))
    assert (caught.value.code, caught.value.path) == ("storage.kind_changed", "thing")


def test_four_that_open_at_once_make_the_tables_once(make, fresh_url):
    start = threading.Barrier(4)
    failed = []

    def open_():
        start.wait(PATIENCE)
        try:
            make(fresh_url).run(lambda tx: tx.count("thing", Query()), write=False)
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=open_) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []


def test_an_opening_that_was_cut_off_is_gone_on_with(make, ask, fresh_url):
    if fresh_url.startswith("postgresql"):
        pytest.skip("capabilities: tables are made in one transaction")
    make(fresh_url)
    ask("DELETE FROM tf_meta", "DELETE FROM tf_kind", "DROP TABLE tf_hold")
    store = make(fresh_url)
    store.run(lambda tx: tx.hold("q", "g"), write=True)
    assert store.run(lambda tx: tx.holds("q"), write=False) == ["g"]


# Refusals.


def test_nobody_answers(opened, kind_of_server):
    scheme = "postgresql" if kind_of_server == "postgresql" else "mysql"
    with pytest.raises(StorageUnavailable) as caught:
        opened(f"{scheme}://me:geheim@127.0.0.1:9/kepu").open([THING])
    assert caught.value.code == "storage.refused"
    assert "127.0.0.1:9" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_database_that_is_not_there(opened, server):
    with pytest.raises(StorageUnavailable) as caught:
        opened(server.url("none")).open([THING])
    assert caught.value.code == "storage.no_database"


def test_a_wrong_password(opened, server, ask, kind_of_server):
    if kind_of_server == "postgresql":
        hba = server.folder / "d" / "pg_hba.conf"
        before = hba.read_text()
        hba.write_text("host all careful all scram-sha-256\n" + before)
        ask("CREATE ROLE careful LOGIN PASSWORD 'right'", "SELECT pg_reload_conf()")
        url = server.tcp_url("postgres").replace("tianfu@", "careful:wrong@")
    else:
        ask("CREATE USER careful IDENTIFIED BY 'right'")
        url = server.tcp_url("mysql").replace("root@", "careful:wrong@")
    with pytest.raises(StorageUnavailable) as caught:
        opened(url).open([THING])
    ask("DROP ROLE careful" if kind_of_server == "postgresql" else "DROP USER careful")
    if kind_of_server == "postgresql":
        hba.write_text(before)
    assert caught.value.code == "storage.denied"
    for text in (str(caught.value), repr(caught.value), caught.value.text("zh")):
        assert "wrong" not in text


def test_a_server_that_only_reads(make, ask, fresh_url, kind_of_server, server):
    store = make(fresh_url)
    name = fresh_url.rpartition("/")[2].partition("?")[0].partition("&")[0]
    if kind_of_server == "postgresql":
        database = ask("SELECT current_database()")[0][0]
        with pytest.raises(StorageReadOnly) as caught:
            store.run(
                lambda tx: (
                    tx._session.do("SET TRANSACTION READ ONLY"),
                    tx.put("thing", [thing("a")]),
                ),
                write=True,
            )
        assert database
    else:
        assert name is not None
        ask("CREATE USER reader", "GRANT ALL ON *.* TO reader", "SET GLOBAL read_only = 1")
        ask("REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM reader")
        try:
            reader = make(fresh_url.replace("root@", "reader@"))
            with pytest.raises(StorageReadOnly) as caught:
                reader.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
        finally:
            ask("SET GLOBAL read_only = 0", "DROP USER reader")
    assert caught.value.code == "storage.read_only"
    assert "primary" in str(caught.value)


def test_a_lock_that_is_not_had_in_time(make, fresh_url):
    store, other = make(fresh_url), make(fresh_url, timeout=1.0)
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    held, go = threading.Event(), threading.Event()

    def hold(tx):
        tx.put("thing", [thing("a", 1)])
        held.set()
        assert go.wait(PATIENCE)

    holding = threading.Thread(target=store.run, args=(hold,), kwargs={"write": True})
    holding.start()
    assert held.wait(PATIENCE)
    try:
        with pytest.raises(StorageBusy) as caught:
            other.run(lambda tx: tx.put("thing", [thing("a", 1)]), write=True)
    finally:
        go.set()
        holding.join(PATIENCE)
    assert caught.value.code == "storage.busy"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault.FULL, StorageFull), (Fault.READ_ONLY, StorageReadOnly), (Fault.AGAIN, StorageBusy)],
)
def test_codes_become_our_errors_and_say_nothing_of_the_data(fault, kind, opened):
    class Error(Exception):
        sqlstate = "53100"

    said = told(fault, "x://h/d", Error("row with 13900000001"), seconds=1, times=5)
    assert isinstance(said, kind)
    assert "139" not in str(said)
    postgresql = opened("postgresql://h/d")._driver
    mysql = opened("mysql://h/d")._driver
    assert postgresql.fault(psycopg.errors.lookup("53100")()) is Fault.FULL
    for number in (1021, 1114):
        assert mysql.fault(pymysql.err.OperationalError(number, "")) is Fault.FULL


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="not by this system's names")
def test_a_machine_that_is_gone_without_a_word_is_looked_for(opened, server, kind_of_server):
    postgresql = kind_of_server == "postgresql"
    session = opened(server.tcp_url("postgres" if postgresql else "mysql"))._driver.connect()
    wire = session._pgconn.socket if postgresql else session._connection._sock.fileno()
    with socket.socket(fileno=os.dup(wire)) as same:
        assert same.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert same.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        assert same.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
    session.close()


# Runs.


def test_a_body_whose_own_reading_was_overtaken_is_run_again(make, fresh_url):
    store, other = make(fresh_url), make(fresh_url)
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    runs = []

    def body(tx):
        (row,) = tx.get("thing", ["a"])
        runs.append(row.version)
        if len(runs) == 1:
            thread = threading.Thread(
                target=lambda: other.run(
                    lambda tx: tx.put("thing", [thing("a", 1, number=7)]), write=True
                )
            )
            thread.start()
            thread.join(PATIENCE)
        tx.put("thing", [thing("a", row.version, row.keys["number"] + 1)])

    store.run(body, write=True)
    assert runs == [1, 2]
    (row,) = store.run(lambda tx: tx.get("thing", ["a"]), write=False)
    assert (row.version, row.keys["number"]) == (3, 8)


def test_two_that_lock_crosswise_both_get_through(make, fresh_url):
    store, other = make(fresh_url), make(fresh_url)
    store.run(lambda tx: tx.put("thing", [thing("a"), thing("b")]), write=True)
    meet = threading.Barrier(2)
    runs = []

    def cross(first, second):
        def body(tx):
            runs.append(first)
            rows = {row.id: row for row in tx.get("thing", [first, second])}
            for number, id_ in enumerate((first, second)):
                row = rows[id_]
                tx.put("thing", [thing(id_, row.version, row.keys["number"] + 1)])
                if number == 0 and len(runs) <= 2:
                    meet.wait(PATIENCE)

        return body

    one = threading.Thread(target=store.run, args=(cross("a", "b"),), kwargs={"write": True})
    one.start()
    other.run(cross("b", "a"), write=True)
    one.join(PATIENCE)
    rows = store.run(lambda tx: tx.find("thing", Query()), write=False)
    assert [row.keys["number"] for row in rows] == [2, 2]
    assert len(runs) > 2


def test_an_error_that_the_body_caught_loses_the_transaction(make, fresh_url):
    store = make(fresh_url)

    def body(tx):
        tx.put("thing", [thing("a")])
        with pytest.raises(store._driver.errors):
            tx._session.do("SELECT nothing FROM nowhere")

    with pytest.raises(StorageError) as caught:
        store.run(body, write=True)
    assert caught.value.code == "storage.failed"
    assert store.run(lambda tx: tx.count("thing", Query()), write=False) == 0


@pytest.mark.parametrize("number", [1047, 1180])
def test_a_node_that_is_not_of_its_cluster_any_more_is_left(
    make, fresh_url, kind_of_server, number
):
    if kind_of_server == "postgresql":
        pytest.skip("capabilities: it has no nodes")
    store = make(fresh_url)
    sessions = []

    def body(tx):
        sessions.append(tx._session)
        tx.put("thing", [thing("a")])
        if len(sessions) == 1:
            # What a node says that has left.
            tx._session.do(f"SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = {number}")

    store.run(body, write=True)
    assert len(sessions) == 2
    assert not sessions[0].alive
    assert store.run(lambda tx: tx.count("thing", Query()), write=False) == 1


# Moving.


def test_what_is_loaded_stands_as_it_stood(make, fresh_url):
    store = make(fresh_url)
    due = datetime(2026, 1, 1, tzinfo=UTC)
    parked = JobInfo(7, "q", "p", JobState.PARKED, due, 3, 2, "g", "why", b"body")
    leased = JobInfo(8, "q", "l", JobState.LEASED, due, 1, 5, "", "", b"")

    def load(tx):
        tx.load("thing", [thing("a", 4, 1, "xy"), thing("b", 1)])
        tx.load_jobs("q", [parked, leased])
        tx.append("s", [b"1"])
        tx.hold("r", "g")

    store.run(load, write=True)
    rows = store.run(lambda tx: tx.get("thing", ["a", "b"]), write=False)
    assert sorted((row.id, row.version) for row in rows) == [("a", 4), ("b", 1)]
    where = (Where("tags", "has", "x"),)
    assert store.run(lambda tx: tx.count("thing", Query(where=where)), write=False) == 1
    told_, queued = store.run(lambda tx: tx.jobs("q", None, None, 10), write=False)
    assert (told_.key, told_.state, told_.attempts, told_.reason) == (
        "p",
        JobState.PARKED,
        3,
        "why",
    )
    assert (told_.due, told_.priority, told_.group, told_.body) == (due, 2, "g", b"body")
    assert (queued.key, queued.state) == ("l", JobState.QUEUED)

    def names(tx):
        return tx.streams(), tx.queues(), tx.holds("r"), tx.holds("q")

    assert store.run(names, write=False) == (["s"], ["q", "r"], ["g"], [])
    for again in (
        lambda tx: tx.load("thing", [thing("a", 9)]),
        lambda tx: tx.load_jobs("q", [parked]),
    ):
        with pytest.raises(Conflict):
            store.run(again, write=True)
    with pytest.raises(Invalid):
        store.run(lambda tx: tx.load("thing", [thing("c", 0)]), write=True)


def test_many_rows_are_loaded_in_one_go_or_not_at_all(make, fresh_url):
    odd = "a\tb\nc\\N\\.'\"%s𠀀"
    store = make(fresh_url, Kind("odd", (Key("text"), Key("hash", "bytes"), Key("w", "float"),
                                         Key("tags", many=True))))  # fmt: skip

    def odds(first, count=120):
        keys = {"text": odd, "hash": b"\x00\\\xff\n", "w": -0.1, "tags": frozenset({odd, "x"})}
        return [Row(f"{odd}{n:03d}", n + 1, b"\x00\t\\", keys) for n in range(first, first + count)]

    store.run(lambda tx: tx.load("odd", odds(0)), write=True)
    assert store.run(lambda tx: tx.find("odd", Query(limit=1000)), write=False) == odds(0)
    where = (Where("tags", "has", odd),)
    assert store.run(lambda tx: tx.count("odd", Query(where=where)), write=False) == 120
    with pytest.raises(Conflict) as caught:
        store.run(lambda tx: tx.load("odd", odds(119)), write=True)
    assert caught.value.values["ids"] == (f"{odd}119",)
    assert store.run(lambda tx: tx.find("odd", Query(limit=1000)), write=False) == odds(0)


# Shares.


@pytest.mark.parametrize("portable", [False, True])
def test_a_share_of_the_jobs_is_claimed_and_the_others_once_they_have_waited(
    make, fresh_url, portable
):
    from tianfu_storage_sql.jobs import uid_of

    store = make(fresh_url, portable=portable)
    one, two = (make(fresh_url, portable=portable, share=f"{n}/2") for n in (1, 2))
    at_once = make(fresh_url, portable=portable, share="1/2", share_wait=0)
    never = make(fresh_url, portable=portable, share="1/2", share_wait=1e6)
    store.run(lambda tx: tx.enqueue("q", [NewJob(f"k{n}") for n in range(120)]), write=True)

    def claim(worker, n):
        return worker.run(lambda tx: tx.claim("q", n, LEASE, "w"), write=True)

    def shards(jobs):
        return {uid_of("q", job.key)[0] % 60 % 2 for job in jobs}

    first, second = claim(one, 20), claim(two, 20)
    assert (shards(first), shards(second)) == ({0}, {1})
    # The nearest are taken first, within a share as well.
    assert [job.id for job in first] == sorted(job.id for job in first)
    own = claim(one, 1000)
    assert shards(own) == {0}
    assert claim(one, 10) == []
    # Nobody was there for these, for a minute and more.
    old = datetime.now(UTC) - timedelta(seconds=61)
    waiting = [NewJob(f"w{n}", due=old) for n in range(40)]
    store.run(lambda tx: tx.enqueue("q", waiting), write=True)
    assert shards(claim(never, 5)) == {0}
    waited = claim(one, 1000)
    assert shards(waited) == {0, 1}
    assert {job.key[0] for job in waited} == {"w"}
    assert claim(one, 10) == []
    rest = claim(at_once, 1000)
    keys = {job.key for job in first + second + own + rest}
    assert keys == {f"k{n}" for n in range(120)}


@pytest.mark.parametrize("share", ["", "1/1"])
def test_a_claim_locks_what_it_takes_and_leaves_the_rest_to_others(make, fresh_url, share):
    store, other = make(fresh_url, share=share), make(fresh_url, share=share)
    store.run(lambda tx: tx.enqueue("q", [NewJob(f"k{n:02d}") for n in range(50)]), write=True)

    def claim(tx):
        return [job.key for job in tx.claim("q", 20, LEASE, "w")]

    def meanwhile(tx):
        first = claim(tx)
        with ThreadPoolExecutor(1) as thread:
            second, third = (
                thread.submit(other.run, claim, write=True).result(PATIENCE) for _ in range(2)
            )
        return first, second, third

    keys = [f"k{n:02d}" for n in range(50)]
    assert store.run(meanwhile, write=True) == (keys[:20], keys[20:40], keys[40:])


def test_a_job_that_changes_while_a_claim_looks_is_left_for_the_next(make, fresh_postgresql_url):
    store, other = make(fresh_postgresql_url), make(fresh_postgresql_url)
    store.run(lambda tx: tx.enqueue("q", [NewJob("a"), NewJob("b")]), write=True)
    (job, _) = store.run(lambda tx: tx.claim("q", 2, LEASE, "w"), write=True)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    store.run(lambda tx: tx.settle([(job, Retry(past))]), write=True)
    text = store._parts.jobs._text("take", tuple(range(10)), None)
    # The claim looks at what there was, and comes to lock it when that was changed and is free.
    slow = text.sql.replace(
        "tf_job.due <= (SELECT (", "tf_job.due <= (SELECT (0 * length(pg_sleep(1)::text) + "
    )
    assert slow != text.sql
    with ThreadPoolExecutor(1) as pool:

        def claim():
            session = store._connections.take()
            return session.rows(Text(slow, text.places), ("q", 2, "token", "w", 60_000_000))

        claiming = pool.submit(claim)
        with psycopg.connect(fresh_postgresql_url, autocommit=True) as connection:
            sleeping = (
                "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                " AND datname = current_database()"
            )
            while not (claiming.done() or connection.execute(sleeping).fetchall()):
                time.sleep(0.01)
            connection.execute("UPDATE tf_job SET due = due - 1 WHERE job_key = 'a'")
        assert claiming.result(PATIENCE) == []
    (job,) = other.run(lambda tx: tx.claim("q", 2, LEASE, "w"), write=True)
    assert (job.key, job.attempts) == ("a", 2)


def test_a_settlement_looks_at_its_own_jobs_only(make, fresh_postgresql_url):
    store = make(fresh_postgresql_url)
    store.run(lambda tx: tx.enqueue("q", [NewJob(f"k{n}") for n in range(4000)]), write=True)
    jobs = store.run(lambda tx: tx.claim("q", 100, LEASE, "w"), write=True)
    end = store._parts.jobs._text("end")
    ids = "{" + ",".join(str(job.id) for job in jobs) + "}"
    rows = store._connections.take().rows(
        Text(f"EXPLAIN (ANALYZE) {end.sql}", end.places), (2, None, "", "q", ids, jobs[0].token)
    )
    plan = "\n".join(row[0] for row in rows)
    assert "tf_job_queue" in plan, plan
    assert "Removed by Filter" not in plan, plan
    assert store.run(lambda tx: tx.settle([(jobs[0], Done())]), write=True) == [False]


# Housekeeping.


def test_frequencies_are_folded_and_say_the_same(make, fresh_url):
    from tianfu_sdk.model.search import SearchDoc, SearchFilter

    store = make(fresh_url)
    for number in range(12):
        doc = SearchDoc(id=f"d{number}", kind="k", language="zh", text="防震 避险")
        store.run(lambda tx, doc=doc: tx.search.index([doc]), write=True)

    def look(tx):
        return tx.search.size(), tx.search.query(["防震"], SearchFilter(), 20)

    before = store.run(look, write=False)
    session = store._connections.take()
    folded = store._parts.searching.fold(session)
    assert folded >= 4
    assert store._parts.searching.fold(session) == 0
    assert store.run(look, write=False) == before
