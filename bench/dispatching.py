"""Durable dispatch to a vendor over HTTP on this machine, and receipts; beside it, other ways.

`python bench/dispatching.py [--people N] [--campaigns N]` prints the table. The vendor
(`bench/vendor.py`) is a process of its own on the same cores.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

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


def work(path: str, url: str, phones: int, group: int) -> None:
    """Be a worker: wait for the word, dispatch all, say how many and when."""
    from tianfu_sdk.services import dispatch

    dispatch.GROUP = group
    with _hub(path, url, phones) as hub:
        system = hub.as_system(reason="bench")
        system.sms.health()
        print("ready", flush=True)
        sys.stdin.readline()
        begun, cpu = time.time(), time.process_time()
        report = system.sms.dispatch(10**6)
        print(begun, time.time(), time.process_time() - cpu, report.accepted, flush=True)


def _race(path: str, url: str, workers: int, phones: int, group: int) -> tuple[int, float, float]:
    command = [sys.executable, __file__, "--work", path, url, str(phones), str(group)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes) for _ in range(workers)]
    for racer in racers:
        racer.stdout.readline()
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [[float(n) for n in racer.communicate()[0].split()] for racer in racers]
    took = max(one[1] for one in said) - min(one[0] for one in said)
    return int(sum(one[3] for one in said)), took, sum(one[2] for one in said)


def _receipts(path: str, url: str) -> tuple[int, float]:
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
        begun = time.perf_counter()
        for call in calls:
            hub.sms.callback("webhook", call)
        return len(told), time.perf_counter() - begun


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


def run(people: int, campaigns: int) -> str:
    """Make the table."""
    rows: list[tuple[object, ...]] = []

    def row(name: str, count: int, took: float, cpu: float | None = None) -> None:
        each = "" if cpu is None else f"{cpu / count * 1e6:,.1f}"
        rows.append((name, f"{count:,}", f"{count / took:,.0f}", each))

    with tempfile.TemporaryDirectory() as name, vendor() as url:
        folder = Path(name)
        whole = folder / "whole.db"
        _prepare(str(whole), people, campaigns)
        few = folder / "few.db"
        _prepare(str(few), 400, 1)
        for title, source, workers, phones, group in (
            ("8 calls a commit, 1 process", whole, 1, PHONES, 8),
            ("8 calls a commit, 2 processes", whole, 2, PHONES, 8),
            ("one commit a call", whole, 1, PHONES, 1),
            ("one number a call, 8 a commit", few, 1, 1, 8),
        ):
            path = _copied(source, folder)
            with _hub(path, url, phones) as hub:
                system = hub.as_system(reason="bench")
                begun = time.perf_counter()
                queued = sum(system.sms.send(c.id).queued for c in system.sms.find())
                if not rows:
                    row("send: into the outbox", queued, time.perf_counter() - begun)
            count, took, cpu = _race(path, url, workers, phones, group)
            assert count == queued
            row(
                f"dispatch, {PHONES if phones > 1 else 1} numbers a call, {title}"
                if phones > 1
                else f"dispatch, {title}",
                count,
                took,
                cpu,
            )
            if workers == 1 and group > 1 and phones > 1:
                row(f"receipts, {RECEIPTS} an array", *_receipts(path, url))
        if importlib.util.find_spec("apprise") is not None:
            row("apprise (json://), one number a call, nothing stored", *_apprise(url, 400))
    return table(
        f"Durable dispatch over HTTP to a vendor on this machine, {people:,} subscribers",
        ("what", "numbers", "numbers/s", "CPU µs a number"),
        rows,
        "SQLite, synchronous=FULL, the gateway `webhook`; workers and vendor share the cores.",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--campaigns", type=int, default=3)
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        path, url, phones, group = options.work
        work(path, url, int(phones), int(group))
    else:
        print(run(options.people, options.campaigns))
