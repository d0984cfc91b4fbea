"""`ask` over 120,000 generated documents: p50 and p99, what was built, and how large it is."""

from __future__ import annotations

import base64
import contextlib
import importlib
import itertools
import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import durable
from corpus import documents, questions
from timing import percentile, table

from tianfu_sdk import codec
from tianfu_sdk.core.asking.asking import question_tokens
from tianfu_sdk.core.content.publishing import search_doc
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import RESOURCE
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.model.storage import Query, Row

_TITLES = 500


def run(*, small: bool) -> str:
    """Fill a store with published resources, then ask: on SQLite, and PostgreSQL if installed."""
    n, asked = (3_000, 50) if small else (120_000, 500)
    found = questions(asked)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.db"
        url = f"sqlite:////{str(path).lstrip('/')}"
        rows, built = _measured("SQLite", url, n, found)
        sizes = _sizes(path)
        read_only = open_hub(f"{url}?mode=ro")
        rows.append(_row("SQLite, read-only (not recorded)", read_only, found))
        rows.append(_engine("SQLite, the engine alone", read_only, found))
        read_only.close()
    with durable.postgresql() as server:
        if server is not None:
            more, built_there = _measured("PostgreSQL", server.url("postgres"), n, found)
            rows += more
            built += f" PostgreSQL: {built_there}"
    note = (
        f"{n:,} generated documents (average 128 characters), {asked} questions; ms, rows fetched"
        " and typed answers built. Each ask commits one event that waits for the disk, where not"
        " said otherwise. The engine alone gives 30 ids with their scores. PostgreSQL was vacuumed"
        f" after it was filled. SQLite: {built}"
    )
    head = ("store, filter", "p50", "p90", "p99", "answered")
    return "\n".join((table("ask", head, rows, note), sizes))


def _sizes(path: Path) -> str:
    """Say how large the index is beside the text that it is of."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        text = connection.execute("SELECT sum(length(CAST(body AS BLOB))) FROM tf_doc").fetchone()
        found = connection.execute(
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_schema AS m USING (name)"
            " WHERE m.tbl_name GLOB 'tf_fts*' OR m.tbl_name IN ('tf_doc', 'tf_tag', 'tf_time',"
            " 'tf_letter', 'tf_number') GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
    whole = sum(size for _, size in found)
    rows = [(name, f"{size / 1e6:.1f}", f"{size / text[0]:.2f}") for name, size in found]
    rows.append(("all", f"{whole / 1e6:.1f}", f"{whole / text[0]:.2f}"))
    note = (
        f"The folded text, which `tf_doc` keeps, has {text[0] / 1e6:.1f} MB as UTF-8; the whole file,"
        f" with the resources, {path.stat().st_size / 1e6:.0f} MB."
    )
    return table("Size of the index in SQLite", ("table", "MB", "times the text"), rows, note)


def _engine(name: str, hub, found: list[str]) -> tuple[str, ...]:
    store, taken = hub._tools.store, []
    for question in [*found[:20], *found]:
        tokens = question_tokens(question)
        start = time.perf_counter()
        store.run(lambda tx, t=tokens: tx.search.query(t, SearchFilter(), 30), write=False)
        taken.append((time.perf_counter() - start) * 1000)
    return (name, *_shares(taken[20:]), "")


def _shares(taken: list[float]) -> list[str]:
    return [f"{percentile(taken, share):.1f}" for share in (0.5, 0.9, 0.99)]


def _measured(name: str, url: str, n: int, found: list[str]) -> tuple[list, str]:
    hub = open_hub(url)
    admin = hub.bootstrap(organization="四川省科协", region="510000")
    filled = _fill(hub, n, admin.organization)
    built = (
        f"filled in {filled:.0f} s, 1,000 resources a transaction; the index alone, in one"
        f" transaction, is built in {_rebuilt(hub):.0f} s."
    )
    _settle(url)
    rows = [
        _row(f"{name}, all", hub, found),
        _row(f"{name}, region 510300", hub, found, region="510300"),
        _row(f"{name}, one month of sixty", hub, found, since="2023-05-01", until="2023-06-01"),
        *(_suggested(f"{name}, suggest by {size} characters", hub, size, n) for size in (2, 4)),
    ]
    hub.close()
    return rows, built


def _rebuilt(hub) -> float:
    store, regions = hub._tools.store, hub._tools.regions()

    def read(tx) -> list[SearchDoc]:
        found, after = [], None
        while rows := tx.find("resource", Query(after=after, limit=1000)):
            found += [search_doc("resource", codec.loads(Resource, r.doc), regions) for r in rows]
            after = (rows[-1].id, rows[-1].id)
        return found

    docs = store.run(read, write=False)
    start = time.perf_counter()
    store.run(lambda tx: tx.search.rebuild(docs), write=True)
    return time.perf_counter() - start


def _settle(url: str) -> None:
    """Do what autovacuum does within minutes: an index made anew is still full of the old one."""
    if url.startswith("postgresql:"):
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def open_hub(url: str):
    """Open a hub on a store, whatever it needs."""
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
    return (name, *_shares(taken), f"{answered / len(found):.0%}")


def _suggested(name: str, hub, size: int, n: int) -> tuple[str, ...]:
    """Begin to write titles of contents all over the store."""
    every = max(1, n // _TITLES)
    begun = [doc["title"][:size] for doc in itertools.islice(documents(n), 0, None, every)]
    taken, given = [], 0
    for beginning in [*begun[:20], *begun]:
        start = time.perf_counter()
        given += bool(hub.suggest(beginning))
        taken.append((time.perf_counter() - start) * 1000)
    return (name, *_shares(taken[20:]), f"{given / len(taken):.0%}")


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
                # Over five years, in no order of theirs.
                published_at=now - timedelta(days=number * 7_919 % 1_826),
            )
        )
        if len(batch) == 1000:
            flush()
    flush()
    return time.perf_counter() - start
