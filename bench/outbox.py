"""The outbox: claim and settle by several workers, other queues, and the whole SMS dispatch.

`python bench/outbox.py URL [--jobs N]` does the first of them against any store, such as one
on PostgreSQL, which the plugin tianfu-storage-sql opens. Rounds of ours and of `raw_queue`, the
bare driver doing the same, take turns, so that a busy machine is one for both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import durable
import raw_queue
from timing import table

QUEUE = "bench"
BATCH = 500
WORKERS = (1, 2, 4)
ROUNDS = 3
COLUMNS = ("queue", "workers", "jobs", "jobs/s", "of raw", "done by each")


def run(*, small: bool) -> str:
    """Make all tables that what is installed here allows."""
    jobs = 5_000 if small else 100_000
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        rows += drained(f"sqlite:///{folder}/a.db", "sqlite:, synchronous=FULL", jobs)
        rows += _celery(Path(folder), 500 if small else 5_000)
    with durable.postgresql() as server:
        if server is not None:
            rows += drained(server.url("postgres"), "postgresql:, synchronous_commit=on", jobs)
            rows += _procrastinate(server.url("postgres"), 300 if small else 3_000)
    queues = table(
        f"Outbox: claim, do nothing, settle (ours {BATCH} at a time)",
        COLUMNS,
        rows,
        "Ours counts from the first claim to the last settling, all of it committed; best of"
        f" {ROUNDS}. Of raw: beside the bare driver with one narrow table, in the same run"
        " (`bench/raw_queue.py`). Server and workers share the cores. celery acknowledges late and keeps no"
        " results; redis appends without fsync each time.",
    )
    return queues + "\n" + _dispatch(2_000 if small else 40_000)


# Ours.


def drained(url: str, name: str, jobs: int) -> list[tuple[object, ...]]:
    """Claim and settle jobs with 1, 2 and 4 processes; the best round of each."""
    rows = []
    for workers in WORKERS:
        best: dict[str, tuple[float, list[int]]] = {}
        for _ in range(ROUNDS):
            for way, fill in _ways(url).items():
                fill(url, jobs)
                best[way] = max(best.get(way, (0.0, [])), _race(url, workers, way))
        for way, (rate, done) in best.items():
            of_raw = f"{rate / best['--raw'][0]:.2f}" if "--raw" in best else ""
            said = f"{name.partition(':')[0]}, bare driver" if way == "--raw" else name
            each = " ".join(f"{n:,}" for n in done)
            rows.append((said, workers, f"{sum(done):,}", f"{rate:,.0f}", of_raw, each))
    return rows


def _ways(url: str) -> dict[str, Callable[[str, int], None]]:
    raw = url.startswith(("sqlite:", "postgresql:"))
    return {"--drain": _fill, **({"--raw": _fill_raw} if raw else {})}


def _opened(url: str):
    from tianfu_sdk.hub import Hub

    plugins = []
    if not url.startswith("sqlite:"):
        plugins.append(importlib.import_module("tianfu_storage_sql"))
    settings = {"timeout": 60.0, "erasures": os.devnull}
    return Hub.open(url, settings=settings, plugins=plugins, discover=False)


def _fill(url: str, jobs: int) -> None:
    from tianfu_sdk.model.storage import NewJob

    with _opened(url) as hub:
        store, begun = hub._tools.store, time.time_ns()
        for start in range(0, jobs, 10_000):
            some = [NewJob(f"{begun}-{n}") for n in range(start, min(start + 10_000, jobs))]
            store.run(lambda tx, some=some: tx.enqueue(QUEUE, some), write=True)


def _fill_raw(url: str, jobs: int) -> None:
    queue = raw_queue.opened(url)
    queue.fill(jobs)
    queue.close()


def _race(url: str, workers: int, way: str) -> tuple[float, list[int]]:
    command = [sys.executable, __file__, url, way]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(workers)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate()[0].split() for racer in racers]
    done = [int(count) for count, _, _ in said]
    busy = [(float(first), float(last)) for count, first, last in said if int(count)]
    took = max(last for _, last in busy) - min(first for first, _ in busy)
    return sum(done) / took, done


def drain(url: str) -> None:
    """Be one of the workers."""
    from tianfu_sdk.model.storage import Done

    lease, done = timedelta(seconds=60), Done()
    with _opened(url) as hub:
        store = hub._tools.store

        def claim() -> list[object]:
            return store.run(lambda tx: tx.claim(QUEUE, BATCH, lease, "bench"), write=True)

        def settle(claimed: list[object]) -> None:
            settled = [(job, done) for job in claimed]
            store.run(lambda tx: tx.settle(settled), write=True)

        store.run(lambda tx: tx.claim("none", 1, lease, "warm"), write=True)
        _told(claim, settle)


def drain_raw(url: str) -> None:
    """Be one of the workers on the bare driver."""
    queue = raw_queue.opened(url)
    token = ""

    def claim() -> list[object]:
        nonlocal token
        token, rows = queue.claim(BATCH)
        return rows

    _told(claim, lambda claimed: queue.settle(token, claimed))
    queue.close()


def _told(claim: Callable[[], list[object]], settle: Callable[[list[object]], None]) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count, first = 0, time.time()
    last = first
    while claimed := claim():
        settle(claimed)
        count += len(claimed)
        last = time.time()
    sys.stdout.write(f"{count} {first} {last}\n")


# Others.

_CELERY = """
import celery
app = celery.Celery("noop", broker="redis+socket://{socket}")
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=50)
@app.task
def noop(n):
    pass
"""


def _celery(folder: Path, jobs: int) -> list[tuple[object, ...]]:
    server = shutil.which("redis-server")
    if server is None or importlib.util.find_spec("celery") is None:
        return []
    import redis

    socket = folder / "redis.sock"
    (folder / "noop.py").write_text(_CELERY.format(socket=socket))
    options = ["--port", "0", "--unixsocket", str(socket), "--appendonly", "yes"]
    with subprocess.Popen([server, *options, "--dir", str(folder)], stdout=subprocess.DEVNULL) as p:
        try:
            client = redis.Redis(unix_socket_path=str(socket))
            _until(lambda: socket.exists() and client.ping())
            sys.path.insert(0, str(folder))
            from noop import noop

            return [_celery_round(client, noop, folder, jobs, workers) for workers in (1, 2)]
        finally:
            p.terminate()


def _celery_round(client, noop, folder: Path, jobs: int, workers: int) -> tuple[object, ...]:
    for n in range(jobs):
        noop.delay(n)
    command = [sys.executable, "-m", "celery", "-A", "noop", "worker", "-c", str(workers)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, **quiet) as worker:
        try:
            _until(lambda: client.llen("celery") < jobs)
            first, at = time.time(), client.llen("celery")
            _until(lambda: client.llen("celery") == 0 and client.hlen("unacked") == 0, 0.005)
            rate = at / (time.time() - first)
        finally:
            worker.terminate()
    return ("celery, redis appendonly everysec", workers, f"{jobs:,}", f"{rate:,.0f}", "", "")


def _procrastinate(url: str, jobs: int) -> list[tuple[object, ...]]:
    if importlib.util.find_spec("procrastinate") is None:
        return []
    import procrastinate

    async def play() -> float:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

        @app.task(name="noop")
        async def noop(n: int) -> None:
            pass

        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            await noop.batch_defer_async(*({"n": n} for n in range(jobs)))
            begun = time.time()
            await app.run_worker_async(wait=False, concurrency=50, install_signal_handlers=False)
            return jobs / (time.time() - begun)

    rate = asyncio.run(play())
    return [("procrastinate, concurrency 50", 1, f"{jobs:,}", f"{rate:,.0f}", "", "")]


def _until(done, pause: float = 0.05) -> None:
    for _ in range(int(300 / pause)):
        with contextlib.suppress(OSError, ConnectionError):
            if done():
                return
        time.sleep(pause)
    raise TimeoutError


# The whole way of a message.


def _dispatch(people: int) -> str:
    from tianfu_sdk.hub import Hub
    from tianfu_sdk.model.subscriber import Consent
    from tianfu_sdk.testing import FrozenClock

    noon = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Hub.open(f"sqlite:///{folder}/a.db", clock=FrozenClock(noon), discover=False) as hub,
    ):
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(first.id)
        second = me.accounts.create(organization=first.organization)
        me.accounts.grant(second.id, ["*"], region="510000")
        for start in range(0, people, 5_000):
            me.subscribers.add_many(
                [
                    {
                        "phone": f"138{n:08d}",
                        "organization": first.organization,
                        "consents": [Consent()],
                    }
                    for n in range(start, min(start + 5_000, people))
                ]
            )
        system = hub.as_system(reason="bench")
        best: dict[str, tuple[float, float]] = {}
        for _ in range(ROUNDS):
            campaign = me.sms.compose(
                title="卒中防治",
                organization=first.organization,
                texts={"zh": "请立即拨打120。"},
                signature="四川科普",
            )
            hub.as_(second.id).sms.approve(campaign.id)
            for step, do in (
                ("send: into the outbox", lambda id_=campaign.id: hub.as_(second.id).sms.send(id_)),
                ("dispatch: look again, decrypt, send, settle", lambda: system.sms.dispatch(10**6)),
                ("receipts", system.sms.poll),
            ):
                wall, cpu = time.perf_counter(), time.process_time()
                do()
                took = time.perf_counter() - wall, time.process_time() - cpu
                best[step] = min(best.get(step, took), took)
        rows = [
            (step, f"{people / wall:,.0f}", f"{people / cpu:,.0f}")
            for step, (wall, cpu) in best.items()
        ]
    return table(
        f"Science SMS to {people:,} subscribers through the gateway `file`, on SQLite",
        ("step", "messages/s", "messages a CPU second"),
        rows,
        f"Batches of 500, best of {ROUNDS}; each batch is a file that is fsynced.",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--drain", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--raw", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drain:
        drain(options.url)
    elif options.raw:
        drain_raw(options.url)
    else:
        found = drained(options.url, options.url.partition(":")[0], options.jobs)
        print(table("Claim and settle", COLUMNS, found))
