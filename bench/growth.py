"""How get, a page, ask and claim grow with the store: 10^4, 10^5 and 10^6 records.

`python bench/growth.py [--store sqlite|postgresql] [--most 1000000] [--asked 1000000]
[--found growth.jsonl] [--plot docs/growth.png]`, by hand: the largest size takes half an hour a
store. One store a kind is filled on from size to size. Lines are added to the file of `--found`,
and table and plot are of all that stands there, so that stores can be measured one by one; with
`--store none` nothing is measured any more. PostgreSQL runs if `tianfu-storage-sql[tests]` is
installed, the plot needs matplotlib.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import durable
from corpus import documents, questions
from timing import percentile, table

from tianfu_sdk import codec
from tianfu_sdk.core.kinds import RESOURCE, Placed
from tianfu_sdk.core.publishing import search_doc
from tianfu_sdk.core.regions import Levels
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.storage import Done, NewJob, Query, Row, Where

SIZES = (10_000, 100_000, 1_000_000)
_BATCH = 1000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LEASE = timedelta(minutes=5)
_HEAD = (
    "store",
    "records",
    "get",
    "page 1",
    "page 5",
    "page 5,000",
    "ask p50",
    "ask p99",
    "claim + settle",
)


def measure(
    sizes: tuple[int, ...], asked: int, stores: tuple[str, ...]
) -> Iterator[dict[str, object]]:
    """Fill and measure every store.

    Args:
        sizes: Records, rising.
        asked: Records up to which contents are indexed for `ask`.
        stores: Which ones.
    """
    for name, place in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        if name in stores:
            with place() as hub:
                if hub is not None:
                    yield from _grown(hub, f"{name}:", sizes, asked)


def _grown(hub, name, sizes, asked) -> Iterator[dict[str, object]]:
    admin = hub.bootstrap(organization="四川省科协", region="510000")
    stream = documents(max(sizes))
    filled = 0
    for size in sizes:
        _fill(hub, stream, filled, size, admin.organization, indexed=size <= asked)
        filled = size
        _tidy(hub)
        row: dict[str, object] = {"store": name, "records": size}
        row["get"] = _get(hub, size)
        for page in (1, 5, 5_000):
            row[f"page {page:,}"] = _page(hub, size, page) if 20 * page <= size // 3 else None
        row["ask p50"], row["ask p99"] = _ask(hub) if size <= asked else (None, None)
        row["claim + settle"] = _claim(hub, size)
        yield row


def _fill(hub, stream, start: int, end: int, organization: str, *, indexed: bool) -> None:
    store, regions = hub._tools.store, hub._tools.regions()
    placed = {
        region: Placed(Levels("510000", region, ""), (organization,))
        for region in ("510100", "510300")
    }
    for first in range(start, end, _BATCH):
        some = [
            _resource(number, next(stream), organization) for number in range(first, first + _BATCH)
        ]

        def body(tx, some=some) -> None:
            rows = [
                Row(r.id, 0, codec.dumps(r), dict(RESOURCE.keys(r, placed[r.region]))) for r in some
            ]
            tx.put("resource", rows)
            if indexed:
                tx.search.index([search_doc("resource", r, regions) for r in some])

        store.run(body, write=True)


def _resource(number: int, doc: dict[str, str], organization: str) -> Resource:
    return Resource(
        id=_id(number),
        version=1,
        created_at=_NOW,
        updated_at=_NOW + timedelta(seconds=number),
        title=doc["title"],
        body=doc["body"],
        organization=organization,
        region="510100" if number % 3 == 0 else "510300",
        state=State.PUBLISHED,
        published_at=_NOW + timedelta(seconds=number),
    )


def _id(number: int) -> str:
    return f"res_{number:026d}"


def _tidy(hub) -> None:
    """Give a server the statistics that it gathers by itself after a while."""
    store = hub._tools.store
    if not type(store).__module__.startswith("tianfu_sdk"):
        store._connections.take().do("ANALYZE")


def _least(call, times: int = 5) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        units = call()
        best = min(best, (time.perf_counter() - start) / units)
    return best * 1e6


def _get(hub, size: int) -> float:
    dice = random.Random(size)
    ids = [_id(dice.randrange(size)) for _ in range(500)]

    def call() -> int:
        for id_ in ids:
            hub.resources.get(id_)
        return len(ids)

    return _least(call)


def _page(hub, size: int, page: int) -> float:
    # Every third record is of this region; the newest stands first.
    last = (size - 1) // 3 * 3
    number = last - 3 * (20 * (page - 1) - 1)
    row = hub._tools.store.run(
        lambda tx: tx.get("resource", [_id(min(number, last))])[0], write=False
    )
    after = (row.keys["published"], row.id) if page > 1 else None
    query = Query(
        where=(Where("prefecture", "=", "510100"), Where("state", "=", "published")),
        order="published",
        desc=True,
        after=after,
        limit=20,
    )

    def call() -> int:
        for _ in range(50):
            rows = hub._tools.store.run(lambda tx: tx.find("resource", query), write=False)
            assert len([codec.loads(Resource, row.doc) for row in rows]) == 20
        return 50

    return _least(call)


def _ask(hub) -> tuple[float, float]:
    taken = []
    for question in questions(200):
        start = time.perf_counter()
        hub.ask(question)
        taken.append((time.perf_counter() - start) * 1e6)
    return percentile(taken, 0.5), percentile(taken, 0.99)


def _claim(hub, size: int) -> float:
    store, queue = hub._tools.store, f"grown{size}"
    for first in range(0, size, 10_000):
        jobs = [NewJob(f"k{n}") for n in range(first, first + 10_000)]
        store.run(lambda tx, jobs=jobs: tx.enqueue(queue, jobs), write=True)
    _tidy(hub)

    def call() -> int:
        done = 0
        for _ in range(4):
            claimed = store.run(lambda tx: tx.claim(queue, 500, _LEASE, "w"), write=True)
            settled = [(job, Done()) for job in claimed]
            store.run(lambda tx, settled=settled: tx.settle(settled), write=True)
            done += len(claimed)
        return done

    return _least(call)


@contextlib.contextmanager
def _sqlite() -> Iterator[object]:
    import tianfu_sdk as tf

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "grown.db").lstrip("/")
        with tf.Hub.open(f"sqlite:////{path}", discover=False) as hub:
            yield hub


@contextlib.contextmanager
def _postgresql() -> Iterator[object | None]:
    import tianfu_sdk as tf

    with durable.postgresql() as server:
        if server is None:
            yield None
            return
        plugins = [importlib.import_module("tianfu_storage_sql")]
        settings = {"erasures": os.devnull}
        with tf.Hub.open(
            server.url("postgres"), settings=settings, plugins=plugins, discover=False
        ) as hub:
            yield hub


def written(found: list[dict[str, object]]) -> str:
    """Write the table."""
    rows = []
    for row in found:
        cells: list[object] = [row["store"], f"{row['records']:,}"]
        cells += ["" if row[name] is None else f"{row[name]:,.0f}" for name in _HEAD[2:-1]]
        rows.append((*cells, f"{1e6 / row['claim + settle']:,.0f}/s"))
    note = (
        "µs; the last column in jobs a second, 500 a batch, that many jobs waiting. `get` is"
        " `hub.resources.get`, a page is 20 typed resources of one prefecture, newest first, by"
        " keyset. Each ask commits one event."
    )
    return table("Growth", _HEAD, rows, note)


def plot(found: list[dict[str, object]], path: str) -> None:
    """Draw times against sizes, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    stores = list(dict.fromkeys(row["store"] for row in found))
    figure, panels = plt.subplots(
        1, len(stores), figsize=(1 + 4.5 * len(stores), 5), sharey=True, squeeze=False
    )
    for panel, name in zip(panels[0], stores, strict=True):
        own = sorted((row for row in found if row["store"] == name), key=lambda r: r["records"])
        for column in _HEAD[2:]:
            points = [(row["records"], row[column]) for row in own if row[column] is not None]
            if points:
                panel.plot(*zip(*points, strict=True), marker="o", label=column)
        panel.set(xscale="log", yscale="log", title=name.rstrip(":"), xlabel="records")
        panel.grid(visible=True, alpha=0.3)
    panels[0][0].set_ylabel("µs (claim + settle: a job)")
    # Below the panels, where it hides no line.
    figure.legend(
        *panels[0][0].get_legend_handles_labels(), loc="lower center", ncols=4, fontsize=8
    )
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("--asked", type=int, default=SIZES[-1])
    parser.add_argument("--plot", default="")
    parser.add_argument("--found", default="")
    stores = ("sqlite", "postgresql")
    parser.add_argument("--store", choices=[*stores, "none"])
    options = parser.parse_args()
    chosen = (options.store,) if options.store else stores
    sizes = tuple(size for size in SIZES if size <= options.most)
    found = []
    for row in measure(sizes, options.asked, chosen):
        print(row, flush=True)
        found.append(row)
        if options.found:
            with Path(options.found).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    if options.found:
        lines = Path(options.found).read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines]
    print(written(found))
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
