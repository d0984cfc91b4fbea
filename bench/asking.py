"""`ask` over generated documents: p50 and p99 with rows fetched and typed answers built."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
    """Fill a store with published resources, then ask."""
    import tianfu_sdk as tf

    n, asked = (3_000, 50) if small else (100_000, 500)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.db"
        hub = tf.Hub.open(f"sqlite:////{str(path).lstrip('/')}", discover=False)
        admin = hub.bootstrap(organization="四川省科协", region="510000")
        build = _fill(hub, n, admin.organization)
        size = path.stat().st_size / 1e6
        found = questions(asked)
        rows = []
        for name, options in (("all", {}), ("region 510300", {"region": "510300"})):
            taken, answered = [], 0
            for question in found:
                start = time.perf_counter()
                answered += bool(len(hub.ask(question, **options)))
                taken.append((time.perf_counter() - start) * 1000)
            rows.append(
                (
                    name,
                    f"{percentile(taken, 0.5):.1f}",
                    f"{percentile(taken, 0.9):.1f}",
                    f"{percentile(taken, 0.99):.1f}",
                    f"{answered / asked:.0%}",
                )
            )
        read_only = tf.Hub.open(f"sqlite:////{str(path).lstrip('/')}?mode=ro", discover=False)
        taken = []
        for question in found:
            start = time.perf_counter()
            read_only.ask(question)
            taken.append((time.perf_counter() - start) * 1000)
        rows.append(
            (
                "all, read-only (not recorded)",
                *(f"{percentile(taken, s):.1f}" for s in (0.5, 0.9, 0.99)),
                "",
            )
        )
        read_only.close()
        hub.close()
    note = (
        f"{n:,} generated documents (average 128 characters, so half of facts' figures for prose"
        f" do not carry over), {asked} questions; ms. Each ask commits one event with"
        f" synchronous=FULL, except the last row. Built in {build:.0f} s; file {size:.0f} MB."
    ).replace(", so half of facts' figures for prose do not carry over", "")
    return table("ask", ("filter", "p50", "p90", "p99", "answered"), rows, note)


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
