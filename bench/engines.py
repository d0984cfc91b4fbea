"""All search engines side by side, and plain ones for speed: one query of the port, its hits scored."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import durable
from corpus import documents, questions
from timing import percentile, table

from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.text import fold, folded_tokens, query_tokens

_LIMIT = 30
"""Hits that `ask` wants for ten answers."""
_IN_MEMORY = 20_000
"""Documents of the engine that keeps all of them in memory."""
_ALL = SearchFilter()
_NARROW = SearchFilter(tags=frozenset(["in:510300"]))
_MONTH = SearchFilter(since=28, until=29)
"""One of sixty, counted instead of microseconds."""

Ask = Callable[[str, SearchFilter], Sequence[Any]]


@attrs.frozen
class Built:
    """An engine that is full."""

    name: str
    seconds: float
    megabytes: float
    ask: Ask
    number: int


def run(*, small: bool) -> str:
    """Build every index of the same documents, then ask every one the same questions."""
    n, asked = (2_000, 50) if small else (120_000, 500)
    n = int(os.environ.get("TIANFU_BENCH_DOCUMENTS") or n)
    wanted = [w for w in os.environ.get("TIANFU_BENCH_ENGINES", "").split(",") if w]
    found = questions(asked)
    best: dict[str, list[str]] = {}
    rows = []
    text = sum(len(doc.text.encode()) for doc in made(n)) / 1e6
    for name, engine in _ENGINES.items():
        if wanted and name not in wanted:
            continue
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            built = engine(stack, folder, n)
            if built is None:
                continue
            rows.append(_row(built, found, best))
            print(rows[-1], flush=True)
    head = (
        "engine",
        "documents",
        "build s",
        "MB",
        "p50",
        "p90",
        "p99",
        "one city, p50",
        "one month, p50",
        "same",
    )
    note = (
        f"{n:,} generated documents, {text:.0f} MB of folded text as UTF-8; {asked} questions,"
        f" {_LIMIT} hits, ms. Build: documents given as they are published, tokens cut in it. Ours"
        " give hits with the contribution of each token, out of a transaction of their own; plain"
        " ones give ids alone and know no filter. MB: all that the engine keeps, with the text where it keeps it."
        " same: of the best ten, those that tantivy has too (ours have the same tokens). The stores"
        " rank candidates only: in made texts, where words meet by chance, others come second; on real"
        " questions all answer equally well (`bench/quality.py`)."
    )
    return table("engines", head, rows, note)


def made(n: int) -> Iterator[SearchDoc]:
    """Give the documents as they are published: two in three in one city."""
    for number, doc in enumerate(documents(n)):
        city = "510300" if number % 3 else "510100"
        yield SearchDoc(
            id=f"res_{number:026d}",
            kind="resource",
            language="zh-Hans",
            text=fold(f"{doc['title']}\n{doc['body']}"),
            tags=frozenset({"in:510000", f"in:{city}", f"at:{city}"}),
            first=number * 7 % 60,
            last=number * 7 % 60,
        )


def _row(built: Built, found: list[str], best: dict[str, list[str]]) -> tuple[str, ...]:
    for question in found[:50]:
        built.ask(question, _ALL)
    taken = [_timed(built.ask, question, _ALL) for question in found]
    few = found[: len(found) // 4]
    narrow = [_timed(built.ask, question, _NARROW) for question in few]
    month = [_timed(built.ask, question, _MONTH) for question in few]
    ids = {q: [h.id for h in built.ask(q, _ALL)[:10] if isinstance(h, Hit)] for q in found}
    if not best:
        best.update(ids)
    hit = sum(len(set(best[q]) & set(ids[q])) for q in found)
    same = f"{hit / max(1, sum(map(len, best.values()))):.1%}" if any(ids.values()) else ""
    if built.number < _IN_MEMORY < len(best):
        same = ""
    shares = [f"{percentile(taken, share):.2f}" for share in (0.5, 0.9, 0.99)]
    return (
        built.name,
        f"{built.number:,}",
        f"{built.seconds:.0f}",
        f"{built.megabytes:.0f}",
        *shares,
        f"{percentile(narrow, 0.5):.2f}",
        f"{percentile(month, 0.5):.2f}",
        same,
    )


def _timed(ask: Ask, question: str, only: SearchFilter) -> float:
    start = time.perf_counter()
    ask(question, only)
    return (time.perf_counter() - start) * 1000


def _weight(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _tantivy(stack: contextlib.ExitStack, folder: Path, n: int) -> Built | None:
    if importlib.util.find_spec("tianfu_search_tantivy") is None:
        return None
    from tianfu_search_tantivy import TantivySearch

    from tianfu_sdk.hookspecs import BackendContext
    from tianfu_sdk.testing import CountingIds, FrozenClock

    context = BackendContext(
        settings={"path": str(folder / "i")}, clock=FrozenClock(), ids=CountingIds()
    )
    engine = TantivySearch.open(context)
    stack.callback(engine.close)
    docs = list(made(n))
    start = time.perf_counter()
    engine.rebuild(docs)
    taken = time.perf_counter() - start
    return Built(
        "tantivy",
        taken,
        _weight(folder),
        lambda question, only: engine.query(query_tokens(question), only, _LIMIT),
        n,
    )


def _store(name: str, store: Any, n: int, weigh: Callable[[], float]) -> Built:
    docs = list(made(n))
    start = time.perf_counter()
    store.run(lambda tx: tx.search.rebuild(docs), write=True)
    taken = time.perf_counter() - start

    def ask(question: str, only: SearchFilter) -> list[Hit]:
        tokens = query_tokens(question)
        return store.run(lambda tx: tx.search.query(tokens, only, _LIMIT), write=False)

    return Built(name, taken, weigh(), ask, n)


def _sqlite(stack: contextlib.ExitStack, folder: Path, n: int) -> Built:
    from tianfu_sdk.backends.sqlite import SqliteStore
    from tianfu_sdk.testing import CountingIds, FrozenClock

    store = SqliteStore(folder / "db", clock=FrozenClock(), ids=CountingIds())
    stack.callback(store.close)
    store.open([])
    return _store("SQLite, in the store", store, n, lambda: _weight(folder))


def _memory(stack: contextlib.ExitStack, _: Path, n: int) -> Built:
    from tianfu_sdk.backends.memory import MemoryStore
    from tianfu_sdk.testing import FrozenClock

    store = MemoryStore(clock=FrozenClock())
    stack.callback(store.close)
    store.open([])
    return _store("memory", store, min(n, _IN_MEMORY), lambda: 0.0)


def _postgresql(name: str, stack: contextlib.ExitStack, n: int, **options: Any) -> Built | None:
    server = stack.enter_context(durable.postgresql())
    if server is None:
        return None
    from tianfu_storage_sql import open_postgresql

    from tianfu_sdk.hookspecs import BackendContext
    from tianfu_sdk.testing import CountingIds, FrozenClock

    url = server.url("postgres")
    context = BackendContext(url=url, settings=options, clock=FrozenClock(), ids=CountingIds())
    store = open_postgresql(context)
    stack.callback(store.close)
    store.open([])
    import psycopg

    def weigh() -> float:
        with psycopg.connect(url, autocommit=True) as connection:
            # As autovacuum would, sooner or later.
            connection.execute("VACUUM ANALYZE")
            tables = "'tf_text','tf_count','tf_change','tf_doc','tf_word','tf_tag','tf_frequency'"
            size = connection.execute(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                f" WHERE relname IN ({tables}) AND relkind = 'r'"
            ).fetchone()
        return float(size[0]) / 1e6

    return _store(name, store, n, weigh)


def _plain(
    name: str, folder: Path, n: int, tokenize: str, cut: Callable[[str], list[str]] | None
) -> Built:
    connection = sqlite3.connect(folder / "f", isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(f'CREATE VIRTUAL TABLE f USING fts5(b, content="", tokenize="{tokenize}")')
    docs = [doc.text for doc in made(n)]
    start = time.perf_counter()
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO f (rowid, b) VALUES (?, ?)",
        enumerate((" ".join(cut(text)) if cut else text for text in docs), 1),
    )
    connection.execute("COMMIT")
    taken = time.perf_counter() - start

    def ask(question: str, _: SearchFilter) -> list[Any]:
        folded = fold(question)
        words = cut(folded) if cut else [folded[i : i + 3] for i in range(len(folded) - 2)]
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words) if '"' not in word)
        if not match:
            return []
        text = f"SELECT rowid FROM f WHERE f MATCH ? ORDER BY rank LIMIT {_LIMIT}"
        return connection.execute(text, (match,)).fetchall()

    return Built(name, taken, (folder / "f").stat().st_size / 1e6, ask, n)


def _trigram(_: contextlib.ExitStack, folder: Path, n: int) -> Built:
    return _plain("plain FTS5, trigrams", folder, n, "trigram", None)


def _pairs(text: str) -> list[str]:
    return [token for token in folded_tokens(text) if len(token) > 1]


def _bigrams(_: contextlib.ExitStack, folder: Path, n: int) -> Built:
    return _plain("plain FTS5, pairs OR-ed", folder, n, "unicode61", _pairs)


def _jieba(_: contextlib.ExitStack, folder: Path, n: int) -> Built | None:
    if importlib.util.find_spec("jieba") is None or importlib.util.find_spec("tantivy") is None:
        return None
    import logging

    import jieba
    import tantivy

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=True, fast=True)
    builder.add_text_field("w", tokenizer_name="whitespace", index_option="freq")
    schema = builder.build()
    (folder / "j").mkdir()
    index = tantivy.Index(schema, str(folder / "j"))
    docs = [doc.text for doc in made(n)]
    start = time.perf_counter()
    writer = index.writer(128_000_000, 1)
    for number, text in enumerate(docs):
        writer.add_document(tantivy.Document(id=number, w=" ".join(jieba.cut(text))))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    taken = time.perf_counter() - start
    searcher = index.searcher()

    def ask(question: str, _: SearchFilter) -> list[Any]:
        words = dict.fromkeys(word for word in jieba.cut(fold(question)) if word.strip())
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "w", w, "freq")) for w in words
        ]
        asked = tantivy.Query.boolean_query(terms)
        return searcher.search(asked, _LIMIT, count=False).hits

    return Built("plain tantivy, jieba's words", taken, _weight(folder), ask, n)


_ENGINES: dict[str, Callable[[contextlib.ExitStack, Path, int], Built | None]] = {
    "tantivy": _tantivy,
    "sqlite": _sqlite,
    "memory": _memory,
    "postgresql": lambda stack, _, n: _postgresql("PostgreSQL", stack, n),
    "postings": lambda stack, _, n: _postgresql("postings on PostgreSQL", stack, n, portable=True),
    "trigram": _trigram,
    "bigrams": _bigrams,
    "jieba": _jieba,
}
