"""Search in the store in memory: an inverted index that roots share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.searching import ranking
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread

__all__ = ["Index", "Search"]

_MOST_HITS = 200


@attrs.frozen
class _Entry:
    """What the index keeps of a document beside its postings."""

    kind: str
    language: str
    tags: frozenset[str]
    first: int | None
    last: int | None
    counts: Mapping[str, int]
    length: int

    def fits(self, only: SearchFilter) -> bool:
        """Tell whether the filter lets it through."""
        return (
            (not only.kinds or self.kind in only.kinds)
            and (not only.languages or self.language in only.languages)
            and (not only.tags or not only.tags.isdisjoint(self.tags))
            and only.takes_in(self.first, self.last)
        )


@attrs.define
class Index:
    """An inverted index that shares with its forerunner what it did not change."""

    entries: dict[str, _Entry] = attrs.field(factory=dict)
    postings: dict[str, dict[str, int]] = attrs.field(factory=dict)
    """Count by document id, by token."""
    length: int = 0
    """Tokens of all documents."""
    analyzer: int | None = None
    own: set[str] = attrs.field(factory=set)
    """Tokens whose postings are not shared any more."""
    sought: Index | None = None
    """What is sought, by its words."""
    shared: bool = False
    """Whether a forerunner has the same `sought`."""

    def copy(self) -> Index:
        """Give one that can be changed."""
        return Index(
            dict(self.entries),
            dict(self.postings),
            self.length,
            self.analyzer,
            sought=self.sought,
            shared=True,
        )

    def add(self, doc: SearchDoc, tokens: Sequence[str], analyzer: int) -> None:
        """Add or replace a document."""
        self.remove(doc.id)
        counts = Counter(tokens)
        self.entries[doc.id] = _Entry(
            doc.kind, doc.language, doc.tags, doc.first, doc.last, counts, len(tokens)
        )
        self.length += len(tokens)
        self.analyzer = analyzer
        for token, count in counts.items():
            self._owned(token)[doc.id] = count

    def remove(self, doc_id: str) -> None:
        """Remove a document if it is there."""
        entry = self.entries.pop(doc_id, None)
        if entry is None:
            return
        self.length -= entry.length
        for token in entry.counts:
            posting = self._owned(token)
            del posting[doc_id]
            if not posting:
                del self.postings[token]

    def own_sought(self) -> Index:
        """Give what is sought, to be changed."""
        if self.sought is None:
            self.sought = Index()
        elif self.shared:
            self.sought = self.sought.copy()
        self.shared = False
        return self.sought

    def _owned(self, token: str) -> dict[str, int]:
        if token not in self.own:
            self.own.add(token)
            self.postings[token] = dict(self.postings.get(token, ()))
        return self.postings.setdefault(token, {})


class _Tx(Protocol):
    """What the engine asks of its transaction."""

    def reading(self) -> None:
        """Refuse when it is over."""

    def writing(self) -> None:
        """Refuse when it may only read."""

    def index(self) -> Index:
        """Give the index as this transaction sees it."""
        ...

    def own_index(self, *, empty: bool = False) -> Index:
        """Give the index to be changed."""
        ...


@attrs.frozen
class Search:
    """The engine inside a transaction."""

    _tx: _Tx

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add or replace documents."""
        self._tx.writing()
        _fill(self._tx.own_index(), docs)

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        self._tx.writing()
        index = self._tx.own_index()
        for doc_id in ids:
            _remove(index, doc_id)

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        self._tx.reading()
        check_page(limit, most=_MOST_HITS)
        index = self._tx.index()
        total = len(index.entries)
        shares: dict[str, dict[str, float]] = {}
        for token in dict.fromkeys(tokens):
            posting = index.postings.get(token, {})
            weight = ranking.idf(total, len(posting))
            for doc_id, count in posting.items():
                entry = index.entries[doc_id]
                if entry.fits(only):
                    share = ranking.bm25(count, weight, entry.length, index.length / total)
                    shares.setdefault(doc_id, {})[token] = share
        hits = (Hit(doc_id, math.fsum(s.values()), s) for doc_id, s in shares.items())
        return ranking.page(hits, limit, after)

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents."""
        self._tx.reading()
        index = self._tx.index()
        docs = len(index.entries)
        frequencies = {t: len(index.postings[t]) for t in tokens if t in index.postings}
        average = index.length / docs if docs else 0.0
        return Spread(docs=docs, average=average, frequencies=frequencies)

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought by a document that may answer it."""
        self._tx.reading()
        check_page(limit, most=_MOST_HITS)
        from tianfu_sdk.core.searching import percolation

        index = self._tx.index().sought
        counts = percolation.counted_words(text)
        if index is None or not index.entries:
            return []
        frequencies = {t: len(index.postings[t]) for t in counts if t in index.postings}
        scores: dict[str, float] = {}
        for word, weight in percolation.best_words(counts, len(index.entries), frequencies):
            for doc_id in index.postings[word]:
                if index.entries[doc_id].fits(only):
                    scores[doc_id] = scores.get(doc_id, 0.0) + weight
        hits = (Hit(doc_id, round(s, percolation.EXACT)) for doc_id, s in scores.items())
        return ranking.page(hits, limit, None)

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents."""
        self._tx.writing()
        index = self._tx.own_index(empty=True)
        _fill(index, docs)
        return len(index.entries)

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        self._tx.reading()
        index = self._tx.index()
        return index.analyzer if index.entries else None

    def size(self) -> int:
        """Count the documents that are shown."""
        self._tx.reading()
        return len(self._tx.index().entries)

    def sought(self) -> int:
        """Count what is sought."""
        self._tx.reading()
        index = self._tx.index().sought
        return 0 if index is None else len(index.entries)


def _fill(index: Index, docs: Iterable[SearchDoc]) -> None:
    # Here, so that a program that never searches does not load the text room.
    from tianfu_sdk.core.searching.percolation import sought_words
    from tianfu_sdk.text import ANALYZER_VERSION, folded_tokens

    for doc in docs:
        _remove(index, doc.id)
        if doc.shown:
            index.add(doc, folded_tokens(doc.text), ANALYZER_VERSION)
        if doc.sought:
            index.own_sought().add(doc, sorted(sought_words(doc.text)), ANALYZER_VERSION)


def _remove(index: Index, doc_id: str) -> None:
    index.remove(doc_id)
    if index.sought is not None and doc_id in index.sought.entries:
        index.own_sought().remove(doc_id)
