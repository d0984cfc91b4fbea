"""Matching: documents against 40,000 stored needs, a need against offers, rounds of assignment."""

from __future__ import annotations

import importlib.util
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asking
import durable
from corpus import documents
from timing import percentile, table

from tianfu_sdk import codec
from tianfu_sdk.core.content.publishing import search_doc
from tianfu_sdk.core.matching.assignment import assign
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import EXPERT, LISTING
from tianfu_sdk.model.content import State
from tianfu_sdk.model.listing import Expert, Listing, ListingKind
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.model.storage import Row
from tianfu_sdk.model.subscriber import Sealed
from tianfu_sdk.text import fold

_ALL = SearchFilter()
_TOPICS = ("practical_technology", "healthy_life", "safety_science", "frontier_technology")


def run(*, small: bool) -> str:
    """Measure all three; on SQLite, and PostgreSQL if it is installed."""
    needs, offers, experts, asked = (2_000, 600, 50, 40) if small else (40_000, 10_000, 500, 500)
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:////{str(Path(folder) / 'match.db').lstrip('/')}"
        rows, note, recalls = _percolation("SQLite", url, (needs, offers, experts), asked)
        with durable.postgresql() as server:
            if server is not None:
                more, _, _ = _percolation(
                    "PostgreSQL", server.url("postgres"), (needs, offers, experts), asked
                )
                rows += more
    head = ("store, what", "p50", "p90", "p99")
    parts.append(table("matching", head, rows, note))
    parts.append(
        table("words that a document asks by", ("words", "found in 10", "found first"), recalls)
    )
    parts.append(_rounds(small=small))
    return "\n".join(parts)


def _percolation(name: str, url: str, sizes: tuple[int, int, int], asked: int) -> tuple:
    hub = asking.open_hub(url)
    admin = hub.bootstrap(organization="四川省科协", region="510000")
    build = _fill(hub, sizes, admin.organization)
    texts = [f"{d['title']}\n{d['body']}" for d in documents(asked, seed=23, mean=400)]
    _seek(hub, texts)
    folded = list(map(fold, texts))

    def percolate(text: str) -> list:
        return hub._tools.store.run(lambda tx: tx.search.percolate(text, _ALL, 50), write=False)

    def inside(tx) -> list[float]:
        for text in folded[:20]:
            tx.search.percolate(text, _ALL, 50)
        return [_timed(tx.search.percolate, text, _ALL, 50) for text in folded]

    rows = [_row(f"{name}, a document finds needs", hub._tools.store.run(inside, write=False))]
    listing = hub.listings.get(_id(ListingKind.SERVICE, 0))
    loose = [_loose(listing, ListingKind.SERVICE, text) for text in texts[:100]]
    rows.append(_row(f"{name}, `match` an offer with needs", _times(hub.match, loose)))
    wanted = [_loose(listing, ListingKind.NEED, text[:60]) for text in texts[:50]]
    taken = [_timed(hub.match, need, to="service") for need in [*wanted[:5], *wanted]][5:]
    rows.append(_row(f"{name}, `match` a need with {sizes[1]:,} offers", taken))
    taken = [_timed(hub.match, need, to="expert") for need in [*wanted[:5], *wanted]][5:]
    rows.append(_row(f"{name}, `match` a need with {sizes[2]:,} experts", taken))
    recalls = _recall(percolate, folded) if name == "SQLite" else []
    size = sum(map(len, texts)) / len(texts)
    note = (
        f"{sizes[0]:,} stored needs, {sizes[1]:,} other listings, documents of {size:.0f} characters"
        f" on average; ms, {asked} documents. Filled in {build:.0f} s. The first line is the engine"
        " alone, tokens included; the others read, gate and score what it finds."
    )
    hub.close()
    return rows, note, recalls


def _seek(hub, texts: list[str]) -> None:
    """Store a need for each document, made of pieces of it and of others."""
    dice = random.Random(9)
    others = [d["body"] for d in documents(len(texts), seed=61, mean=40)]
    docs = [
        SearchDoc(
            id=_own(number),
            kind=LISTING.name,
            language="zh-Hans",
            text=fold(f"{_made_of(text, dice)}，{other}"),
            shown=False,
            sought=True,
        )
        for number, (text, other) in enumerate(zip(texts, others, strict=True))
    ]
    hub._tools.store.run(lambda tx: tx.search.index(docs), write=True)


def _recall(percolate, texts: list[str]) -> list[tuple[str, str, str]]:
    """See how often a document finds the need that was made of it, by ever more of its words."""
    from tianfu_sdk.core.searching import percolation

    kept = percolation.BEST_WORDS, percolation._SURE
    rows = []
    for most in (16, 32, 64, 128, 0):
        percolation.BEST_WORDS, percolation._SURE = (most, kept[1]) if most else (10**6, 10**6)
        found = [[hit.id for hit in percolate(text)[:10]] for text in texts]
        own = [_own(number) for number in range(len(texts))]
        ten = sum(id_ in ids for id_, ids in zip(own, found, strict=True)) / len(texts)
        first = sum(ids[:1] == [id_] for id_, ids in zip(own, found, strict=True)) / len(texts)
        rows.append((str(most or "all"), f"{ten:.3f}", f"{first:.3f}"))
    percolation.BEST_WORDS, percolation._SURE = kept
    return rows


def _own(number: int) -> str:
    return f"lst_own{number:020d}"


def _made_of(text: str, dice: random.Random) -> str:
    """Make a need of a document: three pieces of it among words of others."""
    places = [dice.randrange(max(1, len(text) - 6)) for _ in range(3)]
    return "，".join(text[place : place + 6] for place in places)


def _rounds(*, small: bool) -> str:
    dice = random.Random(3)
    rows = []
    scipy = importlib.util.find_spec("scipy") is not None
    for size, solvers in ((100, "sp"), (400, "sp"), (2_000, "s" if small else "sp")):
        if small and size > 100:
            continue
        scores = [[dice.random() for _ in range(size)] for _ in range(size)]
        cells = []
        for letter, solver in (("s", "scipy"), ("p", "python")):
            if letter not in solvers or (solver == "scipy" and not scipy):
                cells.append("")
                continue
            cells.append(f"{_timed(assign, scores, solver=solver) / 1000:.2f}")
        rows.append((f"{size:,} x {size:,}", *cells))
    note = "Seconds, one run, from lists of lists of random scores; each score is looked at."
    return table("assignment", ("projects x experts", "SciPy", "Python"), rows, note)


def _timed(call, *given, **named) -> float:
    start = time.perf_counter()
    call(*given, **named)
    return (time.perf_counter() - start) * 1000


def _times(call, many: list) -> list[float]:
    for one in many[:10]:
        call(one)
    return [_timed(call, one) for one in many]


def _row(name: str, taken: list[float]) -> tuple[str, ...]:
    return (name, *(f"{percentile(taken, share):.2f}" for share in (0.5, 0.9, 0.99)))


def _id(kind: ListingKind, number: int) -> str:
    return f"lst_{kind.value[:4]}{number:020d}"


def _loose(listing: Listing, kind: ListingKind, text: str) -> Listing:
    import attrs

    return attrs.evolve(listing, id="", kind=kind, title=text[:16], body=text)


def _fill(hub, sizes: tuple[int, int, int], organization: str) -> float:
    needs, offers, experts = sizes
    placed = Placed(Levels("510000", "510300", ""), (organization,))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    regions, dice = hub._tools.regions(), random.Random(5)
    start = time.perf_counter()

    def listings(kind: ListingKind, many: int, seed: int, mean: int):
        for number, doc in enumerate(documents(many, seed=seed, mean=mean)):
            yield Listing(
                id=_id(kind, number),
                version=1,
                created_at=now,
                updated_at=now,
                kind=kind,
                title=doc["title"],
                body=doc["body"],
                organization=organization,
                region="510300",
                topics=(dice.choice(_TOPICS),),
                state=State.PUBLISHED,
                published_at=now + timedelta(seconds=number),
            )

    def store(batch: list[Listing]) -> None:
        def body(tx) -> None:
            rows = [Row(n.id, 0, codec.dumps(n), dict(LISTING.keys(n, placed))) for n in batch]
            tx.put(LISTING.name, rows)
            tx.search.index([search_doc(LISTING.name, n, regions) for n in batch])

        hub._tools.store.run(body, write=True)

    for kind, many, seed, mean in (
        (ListingKind.NEED, needs, 31, 40),
        (ListingKind.SERVICE, offers, 37, 128),
    ):
        batch: list[Listing] = []
        for listing in listings(kind, many, seed, mean):
            batch.append(listing)
            if len(batch) == 1000:
                store(batch)
                batch = []
        if batch:
            store(batch)

    def people(tx) -> None:
        made = [
            Expert(
                id=f"exp_{number:026d}",
                version=1,
                created_at=now,
                updated_at=now,
                name=Sealed("x"),
                title="研究员",
                profile=doc["body"],
                organization=organization,
                region="510300",
                topics=(dice.choice(_TOPICS),),
            )
            for number, doc in enumerate(documents(experts, seed=41, mean=128))
        ]
        rows = [Row(n.id, 0, codec.dumps(n), dict(EXPERT.keys(n, placed))) for n in made]
        tx.put(EXPERT.name, rows)

    hub._tools.store.run(people, write=True)
    return time.perf_counter() - start
