"""Import of resources: rate, memory, and what indexing adds when they are published."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpus import documents
from timing import table


def run(*, small: bool) -> str:
    """Import a CSV in a process of its own and watch its peak memory."""
    sizes = (1_000, 2_000) if small else (10_000, 100_000)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            path = Path(folder) / f"rows-{n}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                out = csv.writer(file)
                out.writerow(["external_key", "title", "body", "topics"])
                for doc in documents(n):
                    out.writerow([doc["key"], doc["title"], doc["body"], "healthy_life"])
            command = [sys.executable, __file__, str(path), str(Path(folder) / f"{n}.db")]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds, peak, base = map(float, out.split())
            rows.append(
                (f"{n:,}", f"{seconds:.1f}", f"{n / seconds:,.0f}", f"{peak:.0f}", f"{base:.0f}")
            )
        share = _indexing(2_000 if small else 20_000)
    note = (
        "Both passes (validate all, then write in batches); drafts are not indexed. Peak memory"
        " of the process beside that after opening the hub. Indexing, when contents are"
        f" published in bulk, took {share:.0%} of the time of storing and indexing together."
    )
    return table(
        "Import of resources from CSV",
        ("rows", "s", "rows/s", "peak MB", "MB at start"),
        rows,
        note,
    )


def _indexing(n: int) -> float:
    import tianfu_sdk as tf
    from tianfu_sdk import codec
    from tianfu_sdk.core.content.publishing import search_doc
    from tianfu_sdk.core.rows.keying import Placed
    from tianfu_sdk.core.rows.kinds import RESOURCE
    from tianfu_sdk.model.content import Resource, State
    from tianfu_sdk.model.storage import Row

    with tempfile.TemporaryDirectory() as folder:
        hub = tf.Hub.open(f"sqlite:////{folder.lstrip('/')}/i.db", discover=False)
        store, regions = hub._tools.store, hub._tools.regions()
        put = index = 0.0
        found = [
            Resource(
                id=f"res_{k:026d}",
                title=d["title"],
                body=d["body"],
                organization="o",
                region="510300",
                state=State.PUBLISHED,
            )
            for k, d in enumerate(documents(n))
        ]
        for first in range(0, n, 500):
            some = found[first : first + 500]

            def body(tx, some=some):
                nonlocal put, index
                start = time.perf_counter()
                tx.put(
                    "resource",
                    [Row(r.id, 0, codec.dumps(r), dict(RESOURCE.keys(r, Placed()))) for r in some],
                )
                middle = time.perf_counter()
                tx.search.index([search_doc("resource", r, regions) for r in some])
                put += middle - start
                index += time.perf_counter() - middle

            store.run(body, write=True)
        hub.close()
    return index / (put + index)


def _import(path: str, db: str) -> None:
    import tianfu_sdk as tf

    hub = tf.Hub.open(f"sqlite:////{db.lstrip('/')}", discover=False)
    admin = hub.bootstrap(organization="四川省科协", region="510000")
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    hub.as_(admin.id).imports.load(Path(path), kind="resource", organization=admin.organization)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, peak, base)


if __name__ == "__main__":
    _import(sys.argv[1], sys.argv[2])
