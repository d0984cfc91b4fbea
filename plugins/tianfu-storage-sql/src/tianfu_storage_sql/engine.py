"""What both search engines do alike: a document is its text, and the numbers of its words.

The rarest words of a question find candidates, ranked in the server by the weights of these
words and the length; the best of them are ranked here by BM25 over all tokens, as on SQLite. A
number is a checksum of a word: two words of one number only make a candidate that the ranking
then leaves out.

What is sought stands in the same tables under ids and words of its own, which begin with a mark
that no token has.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol, TypeVar

import attrs

from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.searching.candidates import MOST_HITS, best, enough, is_word, rarest
from tianfu_sdk.core.searching.percolation import EXACT, best_words, counted_words, sought_words
from tianfu_sdk.core.searching.ranking import PAGED, idf, page
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread
from tianfu_sdk.text import folded_tokens
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import TOKEN
from tianfu_storage_sql.session import Driver, RacedError, Session

__all__ = [
    "FIXED",
    "SOUGHT",
    "Candidate",
    "Engine",
    "Entry",
    "Transaction",
    "Weighed",
    "clipped",
    "raced",
]

T = TypeVar("T")
SOUGHT = "?"
"""Begins ids and words of what is sought, and alone stands for its number; no token has it."""
_DOCS, _LENGTH = "", " "
"""Stand for the number of documents and of all their tokens; no token is empty or a blank."""
_BATCH = 1_000
_HELD = 200_000
"""Counts that a rebuilding keeps before it writes them down."""
# BM25 as if a document had each word once, as most have: weight · 2.2 / (1 + 1.2 · (0.25 +
# 0.75 · length / average)).
FIXED, _LONG, _HEAVY = 1.3, 0.9, 2.2

Candidate = tuple[str, str, int]
"""Id, folded text and number of tokens."""


class Transaction(Protocol):
    """Gives the session while it lives."""

    def reading(self) -> Session:
        """Give it, to ask."""
        ...

    def writing(self) -> Session:
        """Give it, to change."""
        ...


@attrs.frozen
class Entry:
    """A document as a row of the index, or what is sought."""

    id: str
    doc: SearchDoc
    length: int
    """Tokens; 0 of what is sought."""
    words: Collection[int]
    """Their numbers, each once."""

    @property
    def sought(self) -> bool:
        """Whether it is found by answers, not by questions."""
        return self.id.startswith(SOUGHT)

    @property
    def body(self) -> str:
        """The text as servers take it."""
        return self.doc.text.replace("\0", " ")


@attrs.frozen
class Weighed:
    """Words by which candidates are looked for."""

    words: Sequence[tuple[int, float]]
    """Their numbers and weights."""
    long: float
    """What each token of a document adds to that by which the sum of its weights is divided."""
    most: int
    """Candidates at most."""


class Engine(ABC):
    """An engine inside one open transaction.

    Args:
        tx: Gives the session while it lives.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    # What a dialect says in its own way.

    @abstractmethod
    def _add(self, session: Session, entries: Sequence[Entry]) -> None:
        """Insert entries, and note the analyzer where none is noted.

        Raises:
            RacedError: Somebody else did.
        """

    @abstractmethod
    def _take(self, session: Session, ids: Sequence[str]) -> Iterable[tuple[str, str, int, int]]:
        """Lock what is there of these ids, so that whoever comes second finds it gone.

        Returns:
            Ids, texts, numbers of tokens, and the places by which `_drop` is told of them.
        """

    @abstractmethod
    def _drop(self, session: Session, words: Mapping[int, Collection[int]]) -> None:
        """Delete what `_take` gave: by place, the numbers of its words."""

    @abstractmethod
    def _count(self, session: Session, changes: Mapping[str, int]) -> None:
        """Append what changed of how many documents have tokens."""

    @abstractmethod
    def _frequencies(self, session: Session, tokens: Sequence[str]) -> dict[str, int]:
        """Tell in how many documents tokens are."""

    @abstractmethod
    def _by_words(
        self, session: Session, weighed: Weighed, only: SearchFilter
    ) -> Sequence[Candidate]:
        """Give the documents that are heaviest by their words for their length."""

    @abstractmethod
    def _by_letters(
        self, session: Session, letters: Sequence[str], only: SearchFilter, most: int
    ) -> Sequence[Candidate]:
        """Give the shortest documents that have one of these in their texts."""

    @abstractmethod
    def _sought(
        self,
        session: Session,
        words: Sequence[tuple[int, float]],
        only: SearchFilter,
        limit: int,
    ) -> Iterable[tuple[str, float]]:
        """Give the ids of what is sought and the sums of the weights of its words."""

    @abstractmethod
    def _noted(self, session: Session) -> Sequence[tuple[str]]:
        """Give the analyzer that was noted."""

    # Changing.

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id."""
        session = self._tx.writing()
        changes: Counter[str] = Counter()
        for batch in _batches({doc.id: doc for doc in docs}.values()):
            self._index(session, batch, changes)
        self._count(session, changes)

    def _index(self, session: Session, docs: Sequence[SearchDoc], changes: Counter[str]) -> None:
        self._remove(session, [doc.id for doc in docs], changes)
        entries = []
        for doc in sorted(docs, key=lambda doc: doc.id):
            if doc.sought:
                words = _sought_words(doc.text)
                entries.append(Entry(SOUGHT + doc.id, doc, 0, set(map(_number, words))))
                changes.update([SOUGHT, *words])
            if doc.shown:
                tokens = folded_tokens(doc.text)
                distinct = set(tokens)
                entries.append(Entry(doc.id, doc, len(tokens), _numbered(distinct)))
                changes.update([_DOCS, *_kept(distinct)])
                changes[_LENGTH] += len(tokens)
        self._add(session, entries)

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents."""
        session = self._tx.writing()
        changes: Counter[str] = Counter()
        for batch in _batches(dict.fromkeys(ids)):
            self._remove(session, batch, changes)
        self._count(session, changes)

    def _remove(self, session: Session, ids: Sequence[str], changes: Counter[str]) -> None:
        if not ids:
            return
        gone: dict[int, set[int]] = {}
        every = [*ids, *(SOUGHT + id_ for id_ in ids)]
        for id_, body, length, place in self._take(session, every):
            if id_.startswith(SOUGHT):
                words = _sought_words(body)
                gone[place] = set(map(_number, words))
                changes.subtract([SOUGHT, *words])
                continue
            distinct = set(folded_tokens(body))
            gone[place] = _numbered(distinct)
            changes.subtract([_DOCS, *_kept(distinct)])
            changes[_LENGTH] -= length
        if gone:
            self._drop(session, gone)

    def _refill(
        self,
        session: Session,
        docs: Iterable[SearchDoc],
        count: Callable[[Mapping[str, int]], None] | None = None,
    ) -> None:
        """Index documents, and count them a few times only, by another way if one is given."""
        count = count or functools.partial(self._count, session)
        changes: Counter[str] = Counter()
        for batch in _batches(docs):
            self._index(session, list({doc.id: doc for doc in batch}.values()), changes)
            if len(changes) > _HELD:
                count(changes)
                changes.clear()
        count(changes)

    # Asking.

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens."""
        check_page(limit, most=MOST_HITS)
        session = self._tx.reading()
        if not _asked(tokens):
            return []
        spread = self._spread(session, tokens)
        found = spread.frequencies
        if not spread.docs or not found:
            return []
        weights = {token: idf(spread.docs, df) for token, df in found.items()}
        wanted = limit if after is None else PAGED
        rows: Sequence[Candidate] = []
        for candidates in self._candidates(session, spread, weights, only, enough(wanted)):
            rows = candidates
            if len(rows) >= wanted:
                break
        return page(best(rows, weights, spread.average), limit, after)

    def _candidates(
        self,
        session: Session,
        spread: Spread,
        weights: Mapping[str, float],
        only: SearchFilter,
        most: int,
    ) -> Iterator[Sequence[Candidate]]:
        words = {token: df for token, df in spread.frequencies.items() if is_word(token)}
        if not words:
            yield self._by_letters(session, [*spread.frequencies], only, most)
            return
        for some in rarest(words):
            heavy = [(_number(word), _HEAVY * weights[word]) for word in some]
            yield self._by_words(session, Weighed(heavy, _LONG / spread.average, most), only)

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents."""
        return self._spread(self._tx.reading(), tokens)

    def _spread(self, session: Session, tokens: Sequence[str]) -> Spread:
        asked = _asked(tokens)
        found = self._frequencies(session, [_DOCS, _LENGTH, *asked])
        docs, length = found.pop(_DOCS, 0), found.pop(_LENGTH, 0)
        # In the order of the question, by which all that is summed up is summed.
        frequencies = {token: found[key] for key, token in asked.items() if found.get(key, 0) > 0}
        average = length / docs if docs else 0.0
        return Spread(docs=docs, average=average, frequencies=frequencies)

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought by a document that may answer it."""
        session = self._tx.reading()
        check_page(limit, most=MOST_HITS)
        counted = counted_words(text).items()
        counts = {clipped(SOUGHT + word): n for word, n in counted if "\0" not in word}
        found = self._frequencies(session, [SOUGHT, *counts])
        n = found.pop(SOUGHT, 0)
        words = [(_number(word), weight) for word, weight in best_words(counts, n, found)]
        rows = self._sought(session, words, only, limit) if words else ()
        hits = (Hit(id_.removeprefix(SOUGHT), round(score, EXACT)) for id_, score in rows)
        return page(hits, limit, None)

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index."""
        noted = self._noted(self._tx.reading())
        version = int(noted[0][0]) if noted else None
        # 0 where a migration emptied it.
        return version if version == 0 or self.size() else None

    def size(self) -> int:
        """Count the documents that are shown."""
        return self._frequencies(self._tx.reading(), [_DOCS]).get(_DOCS, 0)

    def sought(self) -> int:
        """Count what is sought."""
        return self._frequencies(self._tx.reading(), [SOUGHT]).get(SOUGHT, 0)


@contextlib.contextmanager
def raced(driver: Driver) -> Iterator[None]:
    """Insert what somebody else may have inserted meanwhile.

    Raises:
        RacedError: Somebody did.
    """
    try:
        yield
    except driver.errors as error:
        if driver.fault(error) is not Fault.DUPLICATE:
            raise
        raise RacedError from error


def _asked(tokens: Sequence[str]) -> dict[str, str]:
    """Give tokens by what they are counted as."""
    return {clipped(token): token for token in tokens if token and "\0" not in token}


def _number(word: str) -> int:
    """Give the checksum of a word."""
    return zlib.crc32(word.encode()) - 2**31


def _numbered(tokens: set[str]) -> set[int]:
    return {_number(token) for token in tokens if len(token) > 1 or is_word(token)}


def clipped(token: str) -> str:
    """Give a token as it is counted; of one that is too long the end is a hash."""
    if len(token) <= TOKEN:
        return token
    digest = hashlib.blake2b(token.encode(), digest_size=10).hexdigest()
    return token[: TOKEN - 20] + digest


def _kept(tokens: set[str]) -> set[str]:
    """Give distinct tokens as they are counted; hardly a document has one to clip."""
    return tokens if max(map(len, tokens), default=0) <= TOKEN else set(map(clipped, tokens))


def _sought_words(text: str) -> list[str]:
    return sorted({clipped(SOUGHT + word) for word in sought_words(text)})


def _batches(many: Iterable[T]) -> Iterator[list[T]]:
    left = iter(many)
    while batch := list(islice(left, _BATCH)):
        yield batch
