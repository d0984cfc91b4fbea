"""The search port: ids by tokens.

A transactional engine (`tx.search`) lives in the store and answers in the caller's
transaction. A follower (`tianfu_register_search`) is fed from the event cursor and lags.
Either way every hit is read again and gated in the store before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter, Spread
from tianfu_sdk.model.storage import Cursor

__all__ = ["FollowerSearch", "TransactionalSearch"]


class TransactionalSearch(Protocol):
    """An engine inside a transaction."""

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id."""
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents; ids that are not there are skipped."""
        ...

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents by BM25 over the tokens.

        Args:
            tokens: Of `tianfu_sdk.text.query_tokens`, distinct.
            only: What a document must be.
            limit: 1 to 200.
            after: The last hit of the page before; only its score and id are read. Pages reach
                at least 500 hits; an engine that ranks candidates may end there. What is
                published between two pages changes scores, so a hit may move across the place.

        Returns:
            Best first, ties by id; each score is the sum of its contributions.

        Raises:
            Invalid: `storage.limit`.
        """
        ...

    def spread(self, tokens: Sequence[str]) -> Spread:
        """Tell how tokens are spread over the documents that are shown, as `query` weighs them.

        Args:
            tokens: Of `tianfu_sdk.text.query_tokens`, distinct.
        """
        ...

    def percolate(self, text: str, only: SearchFilter, limit: int) -> list[Hit]:
        """Find what is sought (`SearchDoc.sought`) by a document that may answer it.

        Args:
            text: Of the document, folded by `tianfu_sdk.text.fold`.
            only: What the thing sought must be.
            limit: 1 to 200.

        Returns:
            Best first, ties by id, without contributions; a score is the sum of the weights of
            `tianfu_sdk.core.searching.percolation.best_words` that the thing sought has.
        """
        ...

    def rebuild(self, docs: Iterable[SearchDoc]) -> int:
        """Throw the index away and build it from these documents; gives how many are shown."""
        ...

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index; None where it is empty.

        0 where a migration has left it without what is asked of it now: it is to be rebuilt.
        """
        ...

    def size(self) -> int:
        """Count the documents that are shown."""
        ...

    def sought(self) -> int:
        """Count what is sought."""
        ...


class FollowerSearch(Protocol):
    """An engine outside the store, fed after the fact.

    It may hold what it takes in until `flush`, and then commits all at once: documents and the
    mark, so that a crash takes it back to a mark and the documents of that mark or later ones.
    Feeding is safe to repeat, as each document is whole. Safe to share between threads.
    """

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Add documents, or replace those of the same id; what is not `shown` is not kept.

        Raises:
            StorageBusy: Somebody else feeds it; who is turned away leaves it to them.
            StorageCorrupt: The index is damaged; only `rebuild` mends it.
        """
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents; ids that are not there are skipped. Raises as `index`."""
        ...

    def query(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents as `TransactionalSearch.query` does, without waiting for who feeds."""
        ...

    def rebuild(self, docs: Iterable[SearchDoc], mark: Cursor | None = None) -> int:
        """Build anew from these documents, with this mark; gives their number.

        What was there answers until all is ready, and stays if it fails; what was taken in and
        not flushed is dropped. A damaged index is replaced. Who had read a mark of what was there
        is turned away with its feeding (`StorageBusy`): what it would feed begins at a place that
        the new index may not have reached.
        """
        ...

    def mark(self, cursor: Cursor | None = None) -> Cursor | None:
        """Give, or first set, the place in the event stream that the index has reached.

        Raises:
            StorageCorrupt: The index is damaged.
        """
        ...

    def flush(self) -> None:
        """Make durable and searchable what was taken in, and let others feed."""
        ...

    def lag(self) -> int:
        """Count the documents that are taken in but not searchable yet."""
        ...

    def size(self) -> int:
        """Count the documents that are searchable."""
        ...

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the index; None where it is empty."""
        ...
