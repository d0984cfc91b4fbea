"""Durable dispatch to a vendor over HTTP on this machine, and receipts; beside it, other ways.

`python bench/dispatching.py [--people N] [--campaigns N]` prints two tables: numbers a second, and
where the CPU time of a number goes, beside the same done by hand (`bare.py`), which is the floor.
The vendor (`bench/vendor.py`) is a process of its own on the same cores.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from timing import table

HERE = Path(__file__).resolve().parent
PHONES = 200
RECEIPTS = 500


@contextlib.contextmanager
def vendor() -> Iterator[str]:
    """Give the URL of a vendor in its own process."""
    command = [sys.executable, str(HERE / "vendor.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/sms"
        process.communicate()


def _hub(path: str, url: str, phones: int = PHONES):
    import tianfu_sms_webhook

    from tianfu_sdk.hub import Hub

    settings = {
        "sms": {"window_start": "00:00", "window_end": "00:00"},
        "backends": {"webhook": {"url": url, "secret": "0" * 32, "phones_per_call": phones}},
    }
    return Hub.open(
        f"sqlite:///{path}", settings=settings, plugins=[tianfu_sms_webhook], discover=False
    )


def _prepare(path: str, people: int, campaigns: int) -> None:
    from tianfu_sdk.model.subscriber import Consent

    with _hub(path, "http://127.0.0.1:1/") as hub:
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(first.id)
        second = me.accounts.create(organization=first.organization)
        me.accounts.grant(second.id, ["*"], region="510000")
        more = {"organization": first.organization, "consents": [Consent()]}
        for start in range(0, people, 5_000):
            numbers = range(start, min(start + 5_000, people))
            me.subscribers.add_many([{"phone": f"138{n:08d}", **more} for n in numbers])
        for _ in range(campaigns):
            campaign = me.sms.compose(
                title="卒中防治",
                organization=first.organization,
                texts={"zh": "请立即拨打120。"},
                signature="四川科普",
                gateway="webhook",
            )
            hub.as_(second.id).sms.approve(campaign.id)


def _copied(whole: Path, folder: Path) -> str:
    for end in ("", "-wal", "-shm"):
        (folder / f"seed.db{end}").unlink(missing_ok=True)
    shutil.copy(whole, folder / "seed.db")
    shutil.copy(f"{whole}.key", folder / "seed.db.key")
    return str(folder / "seed.db")


class Watch:
    """Seconds of CPU by part, each without those that are called within it."""

    def __init__(self) -> None:
        self.parts: Counter[str] = Counter()
        self._within = threading.local()

    def over(self, owner: Any, name: str, part: str) -> None:
        """Watch over a function where it stands."""
        setattr(owner, name, self._watched(getattr(owner, name), part))

    def _watched(self, fn: Callable[..., Any], part: str) -> Callable[..., Any]:
        within = self._within

        @functools.wraps(fn)
        def watched(*args: Any, **more: Any) -> Any:
            outer, within.inner = getattr(within, "inner", 0.0), 0.0
            begun = time.thread_time()
            try:
                return fn(*args, **more)
            finally:
                took = time.thread_time() - begun
                self.parts[part] += took - within.inner
                within.inner = outer + took

        return watched


def _watch_all(tools: Any) -> Watch:
    from tianfu_sdk.services.sms import claiming, dispatch, settling

    watch = Watch()
    tx = sys.modules["tianfu_sdk.backends.sqlite.transaction"].Tx
    watch.over(dispatch, "claim", "claim")
    watch.over(dispatch, "address", "who may be sent to, opt-outs again")
    watch.over(claiming, "open_bytes", "decrypt")
    watch.over(tx, "columns", "narrow rows, wrapped keys")
    watch.over(dispatch, "send", "JSON out and in")
    watch.over(type(tools.transport), "send", "HTTP client")
    watch.over(dispatch.Settling, "__call__", "what became of each, report, job")
    watch.over(settling, "put_messages", "rows of messages")
    watch.over(type(tools.store), "_transact", "begin and commit")
    return watch


def work(path: str, url: str, phones: int, group: int) -> None:
    """Be a worker: wait for the word, dispatch all, say how many, when, and where CPU went."""
    from tianfu_sdk.model.http import HttpRequest
    from tianfu_sdk.services.sms import dispatch

    dispatch.GROUP = group
    with _hub(path, url, phones) as hub:
        system = hub.as_system(reason="bench")
        system.sms.health()
        # What a process loads once is no number's cost.
        hub._tools.transport.send(HttpRequest(method="POST", url=url, body=b"{}"), timeout=10)
        watch = _watch_all(hub._tools)
        print("ready", flush=True)
        sys.stdin.readline()
        begun, cpu = time.time(), time.process_time()
        report = system.sms.dispatch(10**6)
        said = {
            "begun": begun,
            "ended": time.time(),
            "cpu": time.process_time() - cpu,
            "count": report.accepted,
            "parts": watch.parts,
        }
        print(json.dumps(said), flush=True)


def _race(
    path: str, url: str, workers: int, phones: int, group: int
) -> tuple[int, float, float, Mapping[str, float]]:
    command = [sys.executable, __file__, "--work", path, url, str(phones), str(group)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes) for _ in range(workers)]
    for racer in racers:
        racer.stdout.readline()
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [json.loads(racer.communicate()[0]) for racer in racers]
    took = max(one["ended"] for one in said) - min(one["begun"] for one in said)
    parts = sum((Counter(one["parts"]) for one in said), Counter())
    return sum(one["count"] for one in said), took, sum(one["cpu"] for one in said), parts


def by_hand(path: str, url: str) -> None:
    """Be `bare.py`, alone in a process: send all, say the same as a worker."""
    from bare import Bare

    bare = Bare(path, url)
    begun, cpu = time.time(), time.process_time()
    count = bare.run()
    cpu = time.process_time() - cpu
    said = {"begun": begun, "ended": time.time(), "cpu": cpu, "count": count, "parts": bare.cpu}
    print(json.dumps(said))


def _receipts(path: str, url: str) -> tuple[int, float, float]:
    """Push a receipt for each message through the gateway's callback, in arrays."""
    import tianfu_sms_webhook

    from tianfu_sdk.model.http import HttpRequest

    with _hub(path, url) as hub:
        system = hub.as_system(reason="bench")
        told = [
            {"ref": one.subscriber, "reference": one.batch, "state": "delivered"}
            for campaign in system.sms.find()
            for one in system.sms.messages(campaign.id, limit=1000)
        ]
        calls = []
        for start in range(0, len(told), RECEIPTS):
            some = told[start : start + RECEIPTS]
            body = json.dumps({"version": 1, "type": "sms.callback", "receipts": some}).encode()
            headers = tianfu_sms_webhook.signed_headers(
                body, secret="0" * 32, now=hub._tools.clock.now()
            )
            calls.append(HttpRequest(method="POST", url="/", headers=headers, body=body))
        begun, cpu = time.perf_counter(), time.process_time()
        for call in calls:
            hub.sms.callback("webhook", call)
        return len(told), time.perf_counter() - begun, time.process_time() - cpu


def _apprise(url: str, numbers: int) -> tuple[int, float]:
    import apprise

    logging = __import__("logging")
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    address = url.replace("http://", "json://")
    begun = time.perf_counter()
    for n in range(numbers):
        sender = apprise.Apprise()
        sender.add(f"{address}?+to=138{n:08d}")
        assert sender.notify(body="请立即拨打120。", title="四川科普")
    return numbers, time.perf_counter() - begun


_WAYS = (
    ("dispatch, 200 numbers a call, 8 calls a commit, 1 process", "whole", 1, PHONES, 8),
    ("dispatch, 200 numbers a call, 8 calls a commit, 2 processes", "whole", 2, PHONES, 8),
    ("dispatch, 200 numbers a call, one commit a call", "whole", 1, PHONES, 1),
    ("dispatch, one number a call, 8 a commit", "few", 1, 1, 8),
)


def run(*, small: bool) -> str:
    """Measure all ways."""
    return measured(800, 1) if small else measured(40_000, 3)


def measured(people: int, campaigns: int) -> str:
    """Make the tables."""
    rows: list[tuple[object, ...]] = []

    def row(name: str, count: int, took: float, cpu: float | None = None) -> None:
        each = "" if cpu is None else f"{cpu / count * 1e6:,.1f}"
        rows.append((name, f"{count:,}", f"{count / took:,.0f}", each))

    with tempfile.TemporaryDirectory() as name, vendor() as url:
        folder = Path(name)
        sources = {"whole": folder / "whole.db", "few": folder / "few.db"}
        _prepare(str(sources["whole"]), people, campaigns)
        _prepare(str(sources["few"]), 400, 1)
        ours: tuple[int, float, Mapping[str, float]] | None = None
        for title, source, workers, phones, group in _WAYS:
            path = _copied(sources[source], folder)
            queued, took = _queued(path, url, phones)
            if not rows:
                row("send: into the outbox", queued, took)
            count, took, cpu, parts = _race(path, url, workers, phones, group)
            if count != queued:
                raise SystemExit(f"{queued} were queued, {count} sent")
            row(title, count, took, cpu)
            if ours is None:
                ours = count, cpu, parts
                row(f"receipts over HTTP, {RECEIPTS} an array", *_receipts(path, url))
        path = _copied(sources["whole"], folder)
        _queued(path, url, PHONES)
        command = [sys.executable, __file__, "--by-hand", path, url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        hand = json.loads(done.stdout)
        row(
            "the same by hand (`bare.py`), 8 calls a commit, 1 process",
            hand["count"],
            hand["ended"] - hand["begun"],
            hand["cpu"],
        )
        if importlib.util.find_spec("apprise") is not None:
            row("apprise (`json://`), one number a call, nothing stored", *_apprise(url, 400))
    speeds = table(
        f"Durable dispatch over HTTP to a vendor on this machine, {people:,} subscribers",
        ("what", "numbers", "numbers/s", "CPU µs a number"),
        rows,
        "SQLite, synchronous=FULL, the gateway `webhook`; workers and vendor share the cores.",
    )
    return f"{speeds}\n{_where(ours, hand)}"


def _queued(path: str, url: str, phones: int) -> tuple[int, float]:
    with _hub(path, url, phones) as hub:
        system = hub.as_system(reason="bench")
        begun = time.perf_counter()
        queued = sum(system.sms.send(one.id).queued for one in system.sms.find())
        return queued, time.perf_counter() - begun


def _where(ours: tuple[int, float, Mapping[str, float]], hand: Mapping[str, Any]) -> str:
    """Say where a number's CPU time goes, in one process and by hand."""
    count, cpu, parts = ours
    columns = [
        {**parts, "threads, and what is not named": cpu - sum(parts.values())},
        {**hand["parts"], "not named": hand["cpu"] - sum(hand["parts"].values())},
    ]
    lines = []
    for which, total, each in zip(
        ("dispatch", "by hand"), (count, hand["count"]), columns, strict=True
    ):
        lines += [(which, part, f"{took / total * 1e6:.1f}") for part, took in each.items()]
        lines.append((which, "**all**", f"{sum(each.values()) / total * 1e6:.1f}"))
    return table(
        "Where the CPU time of a number goes",
        ("way", "part", "µs"),
        lines,
        "One process, 200 numbers a call, 8 calls a commit; each part without those within it.",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--campaigns", type=int, default=3)
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--by-hand", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        path, url, phones, group = options.work
        work(path, url, int(phones), int(group))
    elif options.by_hand:
        by_hand(*options.by_hand)
    else:
        print(measured(options.people, options.campaigns))
