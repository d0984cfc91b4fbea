"""`ask` over generated documents: p50 and p99 with rows fetched and typed answers built."""

from __future__ import annotations

import base64
import importlib
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import durable
from corpus import documents, questions
from timing import percentile, table

from tianfu_sdk import codec
from tianfu_sdk.core.keying import Placed
from tianfu_sdk.core.kinds import RESOURCE
from tianfu_sdk.core.publishing import search_doc
from tianfu_sdk.core.regions import Levels
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.storage import Row


def run(*, small: bool) -> str:
    """Fill a store with published resources, then ask: on SQLite, and PostgreSQL if installed."""
    n, asked = (3_000, 50) if small else (100_000, 500)
    found = questions(asked)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.db"
        url = f"sqlite:////{str(path).lstrip('/')}"
        rows, build = _measured("SQLite", url, n, found)
        size = path.stat().st_size / 1e6
        read_only = _hub(f"{url}?mode=ro")
        rows.append(_row("SQLite, read-only (not recorded)", read_only, found))
        read_only.close()
    built = f"Built in {build:.0f} s on SQLite; file {size:.0f} MB."
    with durable.postgresql() as server:
        if server is not None:
            more, build = _measured("PostgreSQL", server.url("postgres"), n, found)
            rows += more
            built += f" In {build:.0f} s on PostgreSQL."
    note = (
        f"{n:,} generated documents (average 128 characters), {asked} questions; ms, rows fetched"
        " and typed answers built. Each ask commits one event that waits for the disk, where not"
        f" said otherwise. {built}"
    )
    return table("ask", ("store, filter", "p50", "p90", "p99", "answered"), rows, note)


def _measured(name: str, url: str, n: int, found: list[str]) -> tuple[list, float]:
    hub = _hub(url)
    admin = hub.bootstrap(organization="四川省科协", region="510000")
    build = _fill(hub, n, admin.organization)
    rows = [
        _row(f"{name}, all", hub, found),
        _row(f"{name}, region 510300", hub, found, region="510300"),
    ]
    hub.close()
    return rows, build


def _hub(url: str):
    import tianfu_sdk as tf

    plugins, settings = [], {}
    if not url.startswith("sqlite:"):
        plugins = [importlib.import_module("tianfu_storage_sql")]
        settings = {"erasures": os.devnull}
        # A question that nothing answers is sealed; a server has no file to keep a key beside.
        key = base64.b64encode(os.urandom(32)).decode()
        os.environ.setdefault("TIANFU_KEY", key)
    return tf.Hub.open(url, settings=settings, plugins=plugins, discover=False)


def _row(name: str, hub, found: list[str], **options) -> tuple[str, ...]:
    taken, answered = [], 0
    # Statements are prepared and pages of files read before anything is measured.
    for question in found[:20]:
        hub.ask(question, **options)
    for question in found:
        start = time.perf_counter()
        answered += bool(len(hub.ask(question, **options)))
        taken.append((time.perf_counter() - start) * 1000)
    shares = (f"{percentile(taken, share):.1f}" for share in (0.5, 0.9, 0.99))
    return (name, *shares, f"{answered / len(found):.0%}")


def _fill(hub, n: int, organization: str) -> float:
    store, regions = hub._tools.store, hub._tools.regions()
    placed = Placed(Levels("510000", "510300", ""), (organization,))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    batch: list[Resource] = []
    start = time.perf_counter()

    def flush() -> None:
        some = list(batch)
        batch.clear()

        def body(tx) -> None:
            tx.put(
                "resource",
                [Row(r.id, 0, codec.dumps(r), dict(RESOURCE.keys(r, placed))) for r in some],
            )
            tx.search.index([search_doc("resource", r, regions) for r in some])

        store.run(body, write=True)

    for number, doc in enumerate(documents(n)):
        batch.append(
            Resource(
                id=f"res_{number:026d}",
                version=1,
                created_at=now,
                updated_at=now + timedelta(seconds=number),
                title=doc["title"],
                body=doc["body"],
                organization=organization,
                region="510300" if number % 3 else "510100",
                state=State.PUBLISHED,
                published_at=now,
            )
        )
        if len(batch) == 1000:
            flush()
    flush()
    return time.perf_counter() - start
