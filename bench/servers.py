"""The store on servers beside the raw driver: get, put, a page, claim and settle.

Starts its own PostgreSQL and MariaDB; needs the extras `tests` of tianfu-storage-sql. They do
not wait for the disk, so that what is compared is the work of programs.
"""

from __future__ import annotations

import time
from datetime import timedelta

from timing import rounds, table

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.storage import Done, Key, Kind, NewJob, Query, Row, Where
from tianfu_sdk.testing import CountingIds, FrozenClock

THING = Kind("thing", (Key("name"), Key("number", "int")), (("name", "number"),))
DOC = b"x" * 2500
LEASE = timedelta(minutes=5)
_GET = "SELECT id, version, doc, k_name, k_number FROM tf_d_thing WHERE id = %s"
_PAGE = (
    "SELECT id, version, doc, k_name, k_number FROM tf_d_thing WHERE k_name = %s"
    " ORDER BY k_number, id LIMIT 20"
)


def run(*, small: bool) -> str:
    """Measure both servers."""
    from tianfu_storage_sql.testing import mariadb, postgresql

    count = 1_000 if small else 20_000
    parts = []
    for name, server, database in (
        ("PostgreSQL", postgresql, "postgres"),
        ("MariaDB", mariadb, "mysql"),
    ):
        with server() as running:
            parts.append(_measure(name, running.url(database), running, count, small=small))
    return "\n".join(parts)


def _measure(name, url, server, count, *, small):
    from tianfu_storage_sql import open_mysql, open_postgresql

    make = open_postgresql if name == "PostgreSQL" else open_mysql
    context = BackendContext(url=url, settings={}, clock=FrozenClock(), ids=CountingIds())
    store = make(context)
    store.open([THING])
    made = [Row(_id(n), 0, DOC, {"name": "a", "number": n}) for n in range(count)]
    start = time.perf_counter()
    for first in range(0, count, 500):
        part = made[first : first + 500]
        store.run(lambda tx, part=part: tx.put("thing", part), write=True)
    put = count / (time.perf_counter() - start)
    raw = _raw(name, url, server)
    # As a server does by itself after a while; without, it guesses at plans.
    raw(f"ANALYZE {'' if name == 'PostgreSQL' else 'TABLE'} tf_d_thing")
    page = Query(where=(Where("name", "=", "a"),), order="number", limit=20)
    ways = {
        "get, raw driver": lambda: _each(lambda n: raw(_GET, _id(n))),
        "get, store.run": lambda: _each(
            lambda n: store.run(lambda tx: tx.get("thing", [_id(n)]), write=False)
        ),
        "page of 20, raw driver": lambda: _each(lambda _: raw(_PAGE, "a")),
        "page of 20, store.run": lambda: _each(
            lambda _: store.run(lambda tx: tx.find("thing", page), write=False)
        ),
    }
    best = rounds(ways, 5 if small else 100)
    rows = []
    for way, seconds in best.items():
        times = seconds / best[way.partition(", ")[0] + ", raw driver"]
        rows.append((way, f"{seconds * 1e6:.0f}", f"{times:.2f}"))
    claimed = _drain(store, 2_000 if small else 50_000)
    store.close()
    note = (
        f"put in batches of 500: {put:,.0f} rows/s; claim + settle in batches of 500, one worker:"
        f" {claimed:,.0f} jobs/s."
    )
    return table(f"{name}, {count:,} rows of 2.5 KB", ("way", "us", "x"), rows, note)


def _id(number):
    return f"id{number:08d}"


def _each(fn, number=50):
    for n in range(number):
        fn(n)
    return number


def _raw(name, url, server):
    if name == "PostgreSQL":
        import psycopg

        cursor = psycopg.connect(url, autocommit=True).cursor(binary=True)
    else:
        import pymysql

        cursor = pymysql.connect(
            unix_socket=str(server.folder / "s"), user="root", database="mysql", autocommit=True
        ).cursor()

    def ask(sql, *values):
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None

    return ask


def _drain(store, count):
    for first in range(0, count, 1000):
        jobs = [NewJob(f"k{n}", b"b" * 100) for n in range(first, first + 1000)]
        store.run(lambda tx, jobs=jobs: tx.enqueue("q", jobs), write=True)
    done = 0
    start = time.perf_counter()
    while jobs := store.run(lambda tx: tx.claim("q", 500, LEASE, "w"), write=True):
        settled = [(job, Done()) for job in jobs]
        store.run(lambda tx, settled=settled: tx.settle(settled), write=True)
        done += len(jobs)
    return done / (time.perf_counter() - start)
