"""Stores of a size each, filled once and kept: what `growth.py` measures.

A store is filled in a copy of the next smaller one; where that was cut off, it goes on. A
PostgreSQL is started from its own data each time.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import durable
from corpus import documents

from tianfu_sdk import codec
from tianfu_sdk.backends.keyfiles import make_key_file
from tianfu_sdk.core.content.publishing import search_doc
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import RESOURCE
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.storage import NewJob, Query, Row

__all__ = ["STORES", "enqueue", "fill", "id_of", "opened", "queue_of", "tidy"]

STORES = ("sqlite", "postgresql")
_BATCH = 1000
_JOBS = 10_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_PIECE = 1 << 24
_QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "gin_pending_list_limit": "64MB",
}
"""Settings of a server while it is filled; what is measured waits for the disk."""


def fill(root: Path, name: str, sizes: tuple[int, ...], asked: int) -> None:
    """Fill the stores of one kind, as far as they are not.

    Args:
        root: Folder that holds them all.
        name: One of `STORES`.
        sizes: Records, rising.
        asked: Records up to which contents are indexed for `ask`.
    """
    before = None
    for size in sizes:
        folder = _folder(root, name, size)
        if not folder.exists():
            _begin(folder, before)
        if (said := _said(folder)).get("records") != size:
            indexed = size <= asked
            with _running(folder, name, filling=True) as hub:
                if "organization" not in said:
                    admin = hub.bootstrap(organization="四川省科协", region="510000")
                    said["organization"] = admin.organization
                    _say(folder, said)
                _records(hub, size, said["organization"], indexed=indexed)
                enqueue(hub, size, "k", size)
                tidy(hub, "VACUUM ANALYZE")
            _say(folder, {**said, "records": size, "indexed": indexed})
        before = folder


def _begin(folder: Path, before: Path | None) -> None:
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    if before is None:
        draft.mkdir(parents=True)
        _say(draft, {})
    else:
        # With its owner, who is not whoever runs this where that is root.
        subprocess.run(["cp", "-a", str(before), str(draft)], check=True)
    draft.rename(folder)


def _said(folder: Path) -> dict[str, object]:
    return json.loads((folder / "filled.json").read_text("utf-8"))


def _say(folder: Path, said: dict[str, object]) -> None:
    (folder / "filled.json").write_text(json.dumps(said), "utf-8")


@contextlib.contextmanager
def opened(root: Path, name: str, size: int) -> Iterator[tuple[object, bool]]:
    """Open a filled store; gives its hub, and whether its contents are indexed for `ask`."""
    folder = _folder(root, name, size)
    _warm(folder)
    with _running(folder, name) as hub:
        yield hub, bool(_said(folder)["indexed"])


def id_of(number: int) -> str:
    """Give the id of a record."""
    return f"res_{number:026d}"


def queue_of(size: int) -> str:
    """Give the queue with at least as many jobs waiting as the store has records."""
    return f"grown{size}"


def enqueue(hub, size: int, prefix: str, number: int) -> None:
    """Add so many jobs to the queue of a size."""
    for first in range(0, number, _JOBS):
        jobs = [NewJob(f"{prefix}{n}") for n in range(first, min(number, first + _JOBS))]
        hub._tools.store.run(lambda tx, jobs=jobs: tx.enqueue(queue_of(size), jobs), write=True)


def tidy(hub, command: str = "ANALYZE") -> None:
    """Give a server the statistics that it gathers by itself after a while."""
    store = hub._tools.store
    if not type(store).__module__.startswith("tianfu_sdk"):
        store._connections.take().do(command)


def _folder(root: Path, name: str, size: int) -> Path:
    return root / f"{name}-{size}"


def _warm(folder: Path) -> None:
    """Read all files once, so that a store that was kept is no colder than one just filled."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(_PIECE):
                    pass


@contextlib.contextmanager
def _running(folder: Path, name: str, *, filling: bool = False) -> Iterator[object]:
    import tianfu_sdk as tf

    # What an older program filled, this one measures.
    door = tf.Hub.migrate if _said(folder) else tf.Hub.open
    if name == "sqlite":
        path = str(folder.resolve() / "grown.db").lstrip("/")
        with door(f"sqlite:////{path}", discover=False) as hub:
            yield hub
        return
    plugins = [importlib.import_module("tianfu_storage_sql")]
    key = folder / "key"
    if not key.exists():
        make_key_file(key)
    with durable.postgresql(folder / "data", **(_QUICK if filling else {})) as server:
        if server is None:
            raise SystemExit("no PostgreSQL: pip install 'tianfu-storage-sql[tests]'")
        url = server.url("postgres")
        settings = {"erasures": os.devnull, "key_file": str(key)}
        with door(url, settings=settings, plugins=plugins, discover=False) as hub:
            yield hub


def _records(hub, end: int, organization: str, *, indexed: bool) -> None:
    store, regions = hub._tools.store, hub._tools.regions()
    start = store.run(lambda tx: tx.count("resource", Query()), write=False)
    placed = {
        region: Placed(Levels("510000", region, ""), (organization,))
        for region in ("510100", "510300")
    }
    for first in range(start, end, _BATCH):
        # The same ones for a place, wherever this begins.
        made = documents(min(end - first, _BATCH), seed=first)
        some = [_resource(number, doc, organization) for number, doc in enumerate(made, first)]

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
        id=id_of(number),
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
