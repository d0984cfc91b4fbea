"""The primary is killed under load and its standby promoted: nothing acknowledged is lost."""

import contextlib
import logging
import random
import threading
import time

import psycopg
import pytest
from failover_rig.roles import COUNT
from failover_rig.troupe import Troupe, first_after, judged
from tianfu_storage_sql import open_postgresql
from tianfu_storage_sql.testing import NoServer, postgresql, promote, standby

from tianfu_sdk.errors import CommitUnknown, StorageUnavailable
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.storage import Row
from tianfu_sdk.testing import CountingIds, FrozenClock

pytestmark = pytest.mark.server

PATIENCE = 15
_log = logging.getLogger("failover")


@contextlib.contextmanager
def synchronous_pair():
    """A primary that answers a COMMIT when its standby has it, and the standby."""
    try:
        with postgresql() as primary, standby(primary) as second:
            with psycopg.connect(primary.url("postgres"), autocommit=True) as admin:
                admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (s1)'")
                admin.execute("SELECT pg_reload_conf()")
                until = time.monotonic() + PATIENCE
                state = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
                while not admin.execute(state).fetchone():
                    assert time.monotonic() < until, "the standby is not synchronous"
                    time.sleep(0.02)
            yield primary, second
    except NoServer as error:
        pytest.skip(str(error))


def both(primary, second):
    """One URL with both hosts; which of them takes writes is found out."""
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{second.port}"
    return f"postgresql://tianfu@{hosts}/postgres"


def opened(url, **settings):
    store = open_postgresql(
        BackendContext(url=url, settings=settings, clock=FrozenClock(), ids=CountingIds())
    )
    store.open([COUNT])
    return store


def one_round(folder, *, writing, after, without):
    """Run all roles, kill the primary, promote the standby, let them end; give the figures."""
    with synchronous_pair() as (primary, second), Troupe(folder) as troupe:
        url = both(primary, second)
        opened(url).close()
        for name in ("one", "two"):
            troupe.start(name, url, writer=2)
        troupe.start("work", url, worker=2)
        near = {"standby": second.tcp_url("postgres")}
        troupe.start("read", url, settings=near, reader=1, lagging=1)
        troupe.wait_for_writes(writing)
        time.sleep(after)
        primary.kill()
        killed = time.monotonic()
        time.sleep(without)
        promote(second)
        promoted = time.monotonic()
        troupe.wait_for_writes(writing, since=promoted)
        troupe.end("one", "two")
        troupe.end("work")
        troupe.end("read")
        lines = troupe.lines()
        store = opened(url)
        try:
            figures = judged(store, lines)
            assert store.check() == []
        finally:
            store.close()
    back = first_after(lines, promoted)
    _log.info(
        "promoted after %.2f s, writes went on %.2f s later: %s", promoted - killed, back, figures
    )
    return figures, back


@pytest.mark.ci
@pytest.mark.timeout(180)
def test_a_primary_killed_under_load_loses_nothing_that_was_acknowledged(tmp_path):
    figures, back = one_round(tmp_path, writing=40, after=0.3, without=0.3)
    assert (figures.lost, figures.twice) == (0, 0)
    assert figures.acknowledged > 300
    assert figures.failed == 0, "the outage was shorter than the timeout"
    assert back < 5


@pytest.mark.deep
@pytest.mark.timeout(1800)
def test_twenty_primaries_killed_at_random_moments(tmp_path):
    seed = random.randrange(10**6)
    _log.info("seed %s", seed)
    chance = random.Random(seed)
    rounds = []
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        moment = {"after": chance.uniform(0, 1.5), "without": chance.uniform(0, 2)}
        rounds.append(one_round(folder, writing=20, **moment))
    assert sum(figures.lost for figures, _ in rounds) == 0
    assert sum(figures.twice for figures, _ in rounds) == 0
    assert any(figures.looked_up for figures, _ in rounds), "no commit was under way"
    _log.info("acknowledged %d", sum(figures.acknowledged for figures, _ in rounds))
    _log.info("unknown %d", sum(figures.unknown for figures, _ in rounds))
    _log.info("looked up %d", sum(sum(figures.looked_up.values()) for figures, _ in rounds))
    _log.info("longest until writes went on %.2f s", max(back for _, back in rounds))


def put(store, row_id):
    row = Row(row_id, 0, b"{}", {"number": 1})
    store.run(lambda tx: tx.put("count", [row]), write=True)


def ids(store):
    rows = store.run(lambda tx: tx.get("count", ["a", "b", "c"]), write=False)
    return sorted(row.id for row in rows)


@pytest.mark.ci
def test_without_a_primary_the_error_says_so_until_one_is_promoted():
    with synchronous_pair() as (primary, second):
        store = opened(both(primary, second), timeout=1.0)
        put(store, "a")
        primary.kill()
        with pytest.raises(StorageUnavailable) as caught:
            put(store, "b")
        assert caught.value.code == "storage.no_primary"
        assert "promote" in str(caught.value)
        promote(second)
        put(store, "c")
        assert ids(store) == ["a", "c"]
        store.close()


@pytest.mark.ci
def test_a_server_that_came_up_again_alone_confirms_nothing():
    # Its marker is on the primary, which no standby has: to answer "done" would be a promise.
    with synchronous_pair() as (primary, second):
        store = opened(both(primary, second), timeout=1.0)
        put(store, "a")
        with psycopg.connect(primary.url("postgres"), autocommit=True) as admin:
            admin.execute("SET synchronous_commit = local")
            marker = store._parts.markers.new()
            admin.execute("INSERT INTO tf_commit (id, void) VALUES (%s, 0)", [marker])
            second.kill()
            cancel_soon(primary)
            with pytest.raises(CommitUnknown) as caught:
                store._look_up(store._parts.markers, marker, ZeroDivisionError())
        assert caught.value.code == "storage.local_only"
        store.close()


def cancel_soon(primary):
    """End the next wait for a standby, as an administrator would."""

    def cancel():
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        with psycopg.connect(primary.url("postgres"), autocommit=True) as admin:
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                for (pid,) in admin.execute(waiting).fetchall():
                    admin.execute("SELECT pg_cancel_backend(%s)", [pid])
                    return
                time.sleep(0.02)

    threading.Thread(target=cancel, daemon=True).start()
