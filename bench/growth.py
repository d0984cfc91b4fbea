"""How get, a page, ask and claim grow with the store: 10^4, 10^5 and 10^6 records.

`python bench/growth.py [--store sqlite|postgresql] [--most 1000000] [--asked 1000000]
[--keep DIR [--fill]] [--found growth.jsonl] [--plot docs/growth.svg]`, by hand: to fill the largest
size takes half an hour a store. With `--keep` the stores stay in that folder, and what is filled is
not filled again; `--fill` only fills, so that a busy machine can do that and a quiet one measure.
Lines are added to the file of `--found`, and table and plot are of all that stands there, so that
stores can be measured one by one; with `--store none` nothing is measured any more. PostgreSQL
needs `tianfu-storage-sql[tests]`, the plot matplotlib.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import grown
from corpus import questions
from timing import percentile, table

from tianfu_sdk import codec
from tianfu_sdk.model.content import Resource
from tianfu_sdk.model.storage import Done, Query, Where

SIZES = (10_000, 100_000, 1_000_000)
_LEASE = timedelta(minutes=5)
_ROUNDS = 5
_CLAIMS = 4
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
    root: Path, sizes: tuple[int, ...], asked: int, stores: tuple[str, ...]
) -> Iterator[dict[str, object]]:
    """Measure every store, and fill what is not there.

    Args:
        root: Folder of the stores.
        sizes: Records, rising.
        asked: Records up to which contents are indexed for `ask`.
        stores: Which ones.
    """
    for name in stores:
        grown.fill(root, name, sizes, asked)
        for size in sizes:
            with grown.opened(root, name, size) as (hub, indexed):
                yield _row(hub, name, size, asks=indexed and size <= asked)


def _row(hub, name: str, size: int, *, asks: bool) -> dict[str, object]:
    row: dict[str, object] = {"store": f"{name}:", "records": size}
    row["get"] = _get(hub, size)
    for page in (1, 5, 5_000):
        row[f"page {page:,}"] = _page(hub, size, page) if 20 * page <= size // 3 else None
    row["ask p50"], row["ask p99"] = _ask(hub) if asks else (None, None)
    row["claim + settle"] = _claim(hub, size)
    return row


def _least(call) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        units = call()
        best = min(best, (time.perf_counter() - start) / units)
    return best * 1e6


def _get(hub, size: int) -> float:
    dice = random.Random(size)
    ids = [grown.id_of(dice.randrange(size)) for _ in range(500)]

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
        lambda tx: tx.get("resource", [grown.id_of(min(number, last))])[0], write=False
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
    # Statements are prepared before anything is measured.
    for question in questions(20, seed=5):
        hub.ask(question)
    for question in questions(200):
        start = time.perf_counter()
        hub.ask(question)
        taken.append((time.perf_counter() - start) * 1e6)
    return percentile(taken, 0.5), percentile(taken, 0.99)


def _claim(hub, size: int) -> float:
    store, queue = hub._tools.store, grown.queue_of(size)
    # As many as are taken now, so that a store that is measured again has no fewer.
    grown.enqueue(hub, size, f"m{time.time_ns()}-", _ROUNDS * _CLAIMS * 500)
    grown.tidy(hub)

    def call() -> int:
        done = 0
        for _ in range(_CLAIMS):
            claimed = store.run(lambda tx: tx.claim(queue, 500, _LEASE, "w"), write=True)
            settled = [(job, Done()) for job in claimed]
            store.run(lambda tx, settled=settled: tx.settle(settled), write=True)
            done += len(claimed)
        return done

    return _least(call)


def written(found: list[dict[str, object]]) -> str:
    """Write the table."""
    rows = []
    for row in found:
        cells: list[object] = [row["store"], f"{row['records']:,}"]
        cells += ["" if row[name] is None else f"{row[name]:,.0f}" for name in _HEAD[2:-1]]
        rows.append((*cells, f"{1e6 / row['claim + settle']:,.0f}/s"))
    note = (
        "µs; the last column in jobs a second, 500 a batch, at least that many jobs waiting. `get` is"
        " `hub.resources.get`, a page is 20 typed resources of one prefecture, newest first, by"
        " keyset. Each ask commits one event."
    )
    return table("Growth", _HEAD, rows, note)


def plot(found: list[dict[str, object]], path: str) -> None:
    """Draw times against sizes, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    # The same picture of the same figures, byte by byte.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth"})
    from matplotlib import pyplot as plt

    stores = list(dict.fromkeys(row["store"] for row in found))
    figure, panels = plt.subplots(
        1, len(stores), figsize=(1.5 + 4.5 * len(stores), 5), sharey=True, squeeze=False
    )
    lines = {}
    for panel, name in zip(panels[0], stores, strict=True):
        own = sorted((row for row in found if row["store"] == name), key=lambda r: r["records"])
        for place, (column, marker) in enumerate(zip(_HEAD[2:], "osD*^vP", strict=True)):
            points = [(row["records"], row[column]) for row in own if row[column] is not None]
            if points:
                # Hollow, so that what lies below is seen.
                style = {"marker": marker, "markersize": 8, "fillstyle": "none"}
                (line,) = panel.plot(*zip(*points, strict=True), color=f"C{place}", **style)
                lines[column] = line
        sizes = sorted({row["records"] for row in own})
        panel.set(xscale="log", yscale="log", title=name.rstrip(":"), xlabel="records")
        # Room at both ends, also where there is one size.
        panel.set_xlim(sizes[0] / 2, sizes[-1] * 2)
        panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
        panel.set_xticks([], minor=True)
        panel.yaxis.set_major_formatter(lambda value, _: _said(value))
        panel.grid(visible=True, alpha=0.3)
    panels[0][0].set_ylabel("time (claim + settle: a job)")
    # Below the panels, where it hides no line.
    named = [column for column in _HEAD[2:] if column in lines]
    figure.legend(
        [lines[column] for column in named], named, loc="lower center", ncols=4, fontsize=9
    )
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.endswith(".svg") else None)


def _said(value: float) -> str:
    for unit in ("µs", "ms"):
        if value < 1000:
            return f"{value:g} {unit}"
        value /= 1000
    return f"{value:g} s"


def main() -> None:
    """Fill, measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("--asked", type=int, default=SIZES[-1])
    parser.add_argument("--plot", default="")
    parser.add_argument("--found", default="")
    parser.add_argument("--store", choices=[*grown.STORES, "none"])
    parser.add_argument("--keep", default="", metavar="DIR")
    parser.add_argument("--fill", action="store_true")
    options = parser.parse_args()
    if options.fill and not options.keep:
        parser.error("--fill needs --keep DIR: what is filled goes there")
    stores = tuple(name for name in grown.STORES if options.store in {None, name})
    sizes = tuple(size for size in SIZES if size <= options.most)
    found = []
    with _root(options.keep) as root:
        if options.fill:
            for name in stores:
                grown.fill(root, name, sizes, options.asked)
            return
        for row in measure(root, sizes, options.asked, stores):
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


@contextlib.contextmanager
def _root(keep: str) -> Iterator[Path]:
    if keep:
        yield Path(keep)
        return
    with tempfile.TemporaryDirectory() as folder:
        # A server that root starts is run by another user, who must get through.
        Path(folder).chmod(0o711)
        yield Path(folder)


if __name__ == "__main__":
    main()
