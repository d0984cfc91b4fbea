"""The engine: what the port asks, over one folder that threads and processes share."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import attrs
from tantivy import DocAddress, Query, Searcher

from tianfu_sdk import Invalid, StorageError
from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.searching.candidates import MOST_HITS, best
from tianfu_sdk.core.searching.ranking import PAGED, idf, page
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.model.storage import Cursor
from tianfu_search_tantivy.faults import typed
from tianfu_search_tantivy.feeding import Feeding, Limits, leaked
from tianfu_search_tantivy.places import Place, Stamp
from tianfu_search_tantivy.shape import MARKED, clipped, question, schema, term

__all__ = ["TantivySearch", "TantivySettings"]

T = TypeVar("T")

_FIELDS = schema()
_COUNTED = 2_000
"""Documents up to which a token is counted one by one where some of them may be gone."""
_KEPT = 20_000
"""Counts that a view keeps at most."""
_MOST = 2 * PAGED
_HIGHER = 1.15
"""How much tantivy may overrate where all else is equal: it rounds lengths down by a ninth."""
_OTHER = 1.03
"""How much may lie in its average, which has documents that are gone."""
_ROUNDED = 1.000_01
"""It reckons with 32 bits."""
_TRIES = 3
_LIGHT = 20_000
"""Documents, counted once a token, up to which a question is asked whole."""
_COMMON = 0.04
"""Share of the weight of a question by whose commonest tokens no document is looked for, though
all rank: they stand in half of the documents that would be looked at, and over the own
paragraphs of each of three public sets nDCG is the same to four digits without them."""


@attrs.frozen(kw_only=True)
class TantivySettings:
    """The table `[backends.tantivy]`."""

    path: str
    """Folder of the index, on a local disk; made when it is first fed."""
    heap: int = 128
    """MiB that the writer gathers before it makes a segment, 15 to 4,096; only who feeds has
    a writer."""
    batch: int = 20_000
    """Documents after which what was taken in is committed."""
    seconds: float = 5.0
    """The same, seconds."""
    wait: float = 10.0
    """Seconds that who feeds waits for another who does."""


@attrs.frozen(eq=False)
class _View:
    """The index as it was committed."""

    stamp: Stamp
    generation: str
    searcher: Searcher
    analyzer: int
    mark: Cursor | None
    number: int
    """Documents to be found."""
    average: float
    """Tokens of one."""
    files: int
    """Documents in the files, those that are gone among them."""
    share: float
    """Of these, those that are not gone."""
    counts: dict[str, int] = attrs.field(factory=dict)
    """How many documents have a token."""

    def frequency(self, token: str) -> int:
        """Count the documents that have a token."""
        found = self.counts.get(token)
        if found is None:
            found = self._count(token)
            if len(self.counts) < _KEPT:
                self.counts[token] = found
        return found

    def ratios(self, weights: Mapping[str, float]) -> tuple[float, float]:
        """Give how much lower and how much higher tantivy may weigh tokens than we do."""
        off = [1.0]
        if self.share < 1:
            for token, weight in weights.items():
                counted = self.searcher.doc_freq("tokens", clipped(token))
                off.append(weight / idf(self.files, counted))
        average = min(_OTHER, self.files / self.number)
        return max(off) * average, _HIGHER * average / min(off)

    def _count(self, token: str) -> int:
        found = self.searcher.doc_freq("tokens", clipped(token))
        # What was removed stays in the files until a merge: few are counted, many estimated.
        if self.share == 1 or not found:
            return found
        if found <= _COUNTED:
            asked = self.searcher.search(term(_FIELDS, token), 1, count=True)
            return int(asked.count or 0)  # type: ignore[attr-defined]
        return max(1, round(found * self.share))


class TantivySearch:
    """Search in a folder, fed after the fact.

    Safe to share between threads; several processes may open one folder. Whoever feeds takes
    the one writer and gives it back at `flush`; who asks waits for nobody.

    Args:
        path: Folder of the index.
        limits: What a writer may do.
    """

    settings = TantivySettings

    def __init__(self, path: str | Path, limits: Limits) -> None:
        self._place = Place(Path(path))
        self._feeding = Feeding(self._place, limits)
        self._view: _View | None = None
        self._guard = threading.RLock()
        self._reading = threading.Lock()
        self._process = os.getpid()

    @classmethod
    def open(cls, context: BackendContext) -> TantivySearch:
        """Make it of its settings.

        Raises:
            Invalid: `field.missing` and others of the table; `tantivy.setting`, out of range.
        """
        own = context.read(TantivySettings)
        for name, low, high in (
            ("heap", 15, 4096),
            ("batch", 1, 1_000_000),
            ("seconds", 0, 3600),
            ("wait", 0, 3600),
        ):
            if not low <= getattr(own, name) <= high:
                raise Invalid(
                    "tantivy.setting",
                    f"{name} is {low} to {high}（{name} 应在 {low} 到 {high} 之间）",
                    path=name,
                    hint=f"change {name} in [backends.tantivy]",
                )
        if not own.path.strip():
            raise Invalid(
                "tantivy.setting",
                "path is empty（path 为空）",
                path="path",
                hint="name a folder on a local disk",
            )
        limits = Limits(heap=own.heap, batch=own.batch, seconds=own.seconds, wait=own.wait)
        return cls(own.path, limits)

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id."""
        self._feed(lambda feeding: feeding.index(docs))

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        self._feed(lambda feeding: feeding.remove(list(ids)))

    def rebuild(self, docs: Iterable[SearchDoc], mark: Cursor | None = None) -> int:
        """Build anew, beside what is asked until then."""
        return self._feed(lambda feeding: feeding.rebuild(docs, mark))

    def mark(self, cursor: Cursor | None = None) -> Cursor | None:
        """Give, or first set, the place in the event stream that the index has reached."""
        if cursor is not None:
            self._feed(lambda feeding: feeding.set_mark(cursor))
            return cursor
        self._mine()
        # Not under the lock of who feeds: a rebuilding may take long.
        held = self._feeding.mark
        if held is not None:
            return held
        view = self._seen()
        self._feeding.expected = view.generation if view else ""
        return view.mark if view else None

    def flush(self) -> None:
        """Make durable and searchable what was taken in, and let others feed."""
        self._feed(lambda feeding: feeding.flush())

    def close(self) -> None:
        """Flush."""
        self.flush()

    def lag(self) -> int:
        """Count the documents that this process has taken in and not committed."""
        self._mine()
        return self._feeding.documents

    def size(self) -> int:
        """Count the documents that are searchable."""
        view = self._seen()
        return view.number if view else 0

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        view = self._seen()
        return view.analyzer if view and view.number else None

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        check_page(limit, most=MOST_HITS)
        view = self._seen()
        if view is None or not view.number:
            return []
        with typed(str(self._place.path), reading=True):
            counts = {token: view.frequency(token) for token in tokens}
            found = {token: count for token, count in counts.items() if count}
            if not found:
                return []
            weights = {token: idf(view.number, count) for token, count in found.items()}
            telling = _telling(found, weights)
            if after is None and len(telling) < len(found):
                hits = _chosen(view, question(_FIELDS, telling, only), weights, limit)
                if hits:
                    return hits
            return _ranked(view, question(_FIELDS, found, only), weights, limit, after)

    def _feed(self, fn: Callable[[Feeding], T]) -> T:
        with self._mine():
            return fn(self._feeding)

    def _seen(self) -> _View | None:
        """Give the index as it is committed now."""
        self._mine()
        for left in range(_TRIES, 0, -1):
            stamp = self._place.stamp()
            view = self._view
            if stamp is None or (view is not None and view.stamp == stamp):
                return view if stamp else None
            try:
                with self._reading:
                    if self._view is None or self._view.stamp != stamp:
                        self._view = self._looked(stamp)
            except StorageError:
                # A rebuilding may have taken away what was current a moment ago.
                if left == 1 or self._place.stamp() == stamp:
                    raise
        return self._view

    def _looked(self, stamp: Stamp) -> _View:
        name = self._place.current()
        index, analyzer = self._place.open(name)
        with typed(str(self._place.path), reading=True):
            index.reload()
            searcher = index.searcher()
            marks = searcher.search(Query.term_query(_FIELDS, "about", MARKED), 1, count=False).hits
            mark = _body(searcher, marks[0][1]).decode() if marks else None
            number = searcher.num_docs - len(marks)
            summed = {"sum": {"sum": {"field": "length"}}}
            length = searcher.aggregate(Query.all_query(), summed)["sum"]["value"] or 0.0
            there = _files(self._place.path / name)
            return _View(
                stamp=stamp,
                generation=name,
                searcher=searcher,
                analyzer=analyzer,
                mark=None if mark is None else Cursor(mark),
                number=number,
                average=max(length, 1) / max(number, 1),
                files=max(there, searcher.num_docs),
                share=searcher.num_docs / max(there, searcher.num_docs, 1),
            )

    def _mine(self) -> threading.RLock:
        """Leave behind what belongs to a parent process; gives the lock of who feeds."""
        if self._process != os.getpid():
            # Locks and writers of threads that a fork did not copy are never given back.
            self._feeding.leave()
            if self._view is not None:
                leaked(self._view.searcher)
            self._view = None
            self._guard, self._reading = threading.RLock(), threading.Lock()
            self._process = os.getpid()
        return self._guard


def _telling(counts: Mapping[str, int], weights: Mapping[str, float]) -> list[str]:
    """Give the tokens by which documents are looked for; all of a question that is light."""
    if sum(counts.values()) <= _LIGHT:
        return list(counts)
    left = _COMMON * sum(weights.values())
    passed = set()
    for token in sorted(counts, key=lambda token: (-counts[token], token)):
        left -= weights[token]
        if left < 0:
            break
        passed.add(token)
    return [token for token in counts if token not in passed]


def _chosen(view: _View, asked: Query, weights: Mapping[str, float], limit: int) -> list[Hit]:
    """Rank candidates by all tokens; none where they may not hold the best."""
    number = limit + limit // 2 + 10
    found = view.searcher.search(asked, number, count=False).hits
    # Of too few others may have what is common alone; of equal ones not all were seen.
    if len(found) < number or found[-1][0] == found[limit - 1][0]:
        return []
    rows = _documents(view.searcher, [address for _, address in found])
    return best(rows, weights, view.average)[:limit]


def _ranked(
    view: _View, asked: Query, weights: Mapping[str, float], limit: int, after: Hit | None
) -> list[Hit]:
    """Rank what tantivy puts first by the score that every engine gives.

    What is sure of its ratings decides where to stop: who comes after the last one that was
    looked at does not belong before a hit that scores more than that one could.
    """
    lower, higher = view.ratios(weights)
    rows: list[tuple[str, str, int]] = []
    number = limit + limit // 6 + 5 if after is None else _MOST
    looked = 0
    while True:
        found = view.searcher.search(asked, number, count=False).hits
        new = found[looked:]
        if after is not None:
            new = [(rating, address) for rating, address in new if rating <= after.score * higher]
        rows += _documents(view.searcher, [address for _, address in new])
        looked = len(found)
        hits = page(best(rows, weights, view.average), limit, after)
        if looked < number or number >= _MOST:
            return hits
        if len(hits) == limit and found[-1][0] * lower * _ROUNDED < hits[-1].score:
            return hits
        number = min(_MOST, 2 * number)


def _documents(searcher: Searcher, addresses: list[DocAddress]) -> list[tuple[str, str, int]]:
    lengths = searcher.fast_field_values("length", addresses)
    rows = []
    for address, length in zip(addresses, lengths, strict=True):
        doc = searcher.doc(address)
        body = bytes(doc.get_first("body") or b"").decode()
        rows.append((str(doc.get_first("id")), body, int(length or 0)))
    return rows


def _body(searcher: Searcher, address: DocAddress) -> bytes:
    return bytes(searcher.doc(address).get_first("body") or b"")


def _files(folder: Path) -> int:
    """Count the documents in the files of an index, those that are gone among them."""
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    return sum(int(segment["max_doc"]) for segment in meta["segments"])
