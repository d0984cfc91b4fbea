"""The storage port: documents, events and jobs inside retryable transactions.

A store carries plain values only: ids, versions, opaque document bytes, search keys.
What they mean belongs to the services. `tianfu_sdk.testing.StorageSuite` holds a store
to every sentence on this page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from tianfu_sdk.model.storage import (
    Cursor,
    Job,
    JobInfo,
    JobState,
    Kind,
    NewJob,
    Outcome,
    Query,
    Row,
    StorageCapabilities,
    StoredEvent,
)
from tianfu_sdk.ports.search import TransactionalSearch

__all__ = ["Store", "Tx"]

T = TypeVar("T")


class Tx(Protocol):
    """The verbs of one transaction.

    Reads see what this transaction wrote before. A transaction is used by one thread and
    is dead once `run` returns: any verb then raises `StorageError` (`storage.tx_over`).
    Values are checked at the border: what a kind cannot hold raises `Invalid` and stores
    nothing.
    """

    @property
    def search(self) -> TransactionalSearch | None:
        """The search engine inside this transaction, or None where the store has none."""
        ...

    # Documents.

    def get(self, kind: str, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist; missing ids are skipped; the order is free.

        Args:
            kind: Name of a kind that `open` was given.
            ids: Any number; one that stands twice is answered once.
        """
        ...

    def put(self, kind: str, rows: Sequence[Row]) -> None:
        """Create or replace rows, all or none.

        Args:
            kind: Name of a kind.
            rows: Any number, none included. `row.version` is the version that is replaced;
                0 says that the row must be new. What is stored has that version plus one.

        Raises:
            Conflict: `storage.version`, with `ids`: a row to be created is there already,
                or a row to be replaced is missing or has another version. The transaction
                is lost as a whole, whether the error is caught or not.
            Invalid: A row does not fit its kind.
        """
        ...

    def delete(self, kind: str, versions: Sequence[tuple[str, int]]) -> None:
        """Delete rows where the version matches.

        Args:
            kind: Name of a kind.
            versions: Pairs of id and version.

        Raises:
            Conflict: As in `put`, also for a row that is missing.
        """
        ...

    def find(self, kind: str, query: Query) -> list[Row]:
        """Give at most `query.limit` rows strictly after `query.after`.

        `where`, `any_of` and `scope` are joined by AND. Order is by the order key and then
        by id in the same direction; text is ordered by code point. `prefix` of an empty
        string matches all; `in` of no values matches none.
        """
        ...

    def count(self, kind: str, query: Query) -> int:
        """Count the rows that match; order, `after` and `limit` are ignored."""
        ...

    # Events.

    def append(self, stream: str, bodies: Sequence[bytes]) -> None:
        """Append events to a stream, in this order, at commit."""
        ...

    def read(self, stream: str, after: Cursor | None, limit: int) -> list[StoredEvent]:
        """Give the events after a cursor, oldest first.

        The order is one in which every reader sees them. An event that is not committed yet
        is never passed by: a reader that stores the last cursor misses none. Where writers
        do not queue (`capabilities.single_writer` is false), an event may therefore be seen
        a moment later than the rows of its commit.
        """
        ...

    def last(self, stream: str) -> Cursor | None:
        """Give the cursor of the newest event that `read` would give, or None."""
        ...

    # Jobs.

    def enqueue(self, queue: str, jobs: Sequence[NewJob]) -> int:
        """Add jobs; a key that the queue knows is ignored while its row remains.

        Returns:
            How many were new.
        """
        ...

    def claim(self, queue: str, n: int, lease: timedelta, owner: str) -> list[Job]:
        """Take due jobs for a while, so that nobody else gets them.

        Queued jobs that are due, and leased ones whose lease ended, by (priority, due, id);
        jobs of held groups are left. The store's own clock decides.

        Args:
            queue: Name of the queue.
            n: Jobs at most, 1 to 1,000.
            lease: How long they are this owner's; longer than the work can take.
            owner: Who claims, for people who look.

        Returns:
            The jobs, each with a new token and one attempt more.
        """
        ...

    def settle(self, settled: Sequence[tuple[Job, Outcome]]) -> list[bool]:
        """End claimed jobs, fenced by their tokens.

        Returns:
            For each in order whether it was still this claim's; one that was claimed anew
            since then is left alone.
        """
        ...

    def jobs(
        self, queue: str, state: JobState | None, after: int | None, limit: int
    ) -> list[JobInfo]:
        """List jobs by id.

        Args:
            queue: Name of the queue.
            state: Only those that stand so; None: all.
            after: Id of the last job seen, or None.
            limit: 1 to 1,000.
        """
        ...

    def release(self, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again, due at once; gives how many were parked."""
        ...

    def hold(self, queue: str, group: str) -> None:
        """Leave the jobs of a group unclaimed, those to come included, until `unhold`."""
        ...

    def unhold(self, queue: str, group: str) -> None:
        """Let the jobs of a group be claimed again."""
        ...

    def drop(self, queue: str, group: str) -> int:
        """Cancel the queued and parked jobs of a group; gives how many."""
        ...

    def purge(self, queue: str, before: datetime, limit: int) -> int:
        """Forget done and dropped jobs last changed before a moment; gives how many.

        A key that is forgotten may be enqueued again, so `before` must be older than any
        repeat that can come.
        """
        ...


class Store(Protocol):
    """A place to keep what must not be lost.

    Safe to share between threads; after a fork the child opens connections of its own.
    """

    @property
    def capabilities(self) -> StorageCapabilities:
        """What this store can do."""
        ...

    def open(self, kinds: Sequence[Kind]) -> None:
        """Create what is missing, check what is there; may be called again.

        Raises:
            StorageUnavailable: The place cannot be reached or made.
            StorageCorrupt: The file is damaged or is something else.
            SchemaTooNew: A newer program made it.
        """
        ...

    def run(self, fn: Callable[[Tx], T], *, write: bool) -> T:
        """Call `fn` in one transaction and commit what it did.

        On any exception of `fn` everything is rolled back and the exception goes on. On a
        failure to serialise, a deadlock or a failed certification everything is rolled back
        and `fn` is called again, at most 5 times with a jittered pause: `fn` must do no
        outside I/O and may be called twice.

        A read sees one snapshot and never waits for a writer. A verb that writes raises
        `StorageError` (`storage.read_only_tx`) in it.

        Args:
            fn: Gets the transaction; what it returns is returned.
            write: Whether it may write.

        Raises:
            StorageBusy: Another writer held the lock for too long.
            StorageFull: No room left; nothing was stored.
            StorageReadOnly: The store cannot be written.
            CommitUnknown: The connection died during COMMIT and nothing can be known.
            StorageError: `storage.nested`: `run` was called inside `fn`.
        """
        ...

    def check(self) -> list[str]:
        """Look for damage; gives what is wrong in plain words, nothing if all is well."""
        ...

    def close(self) -> None:
        """Free what this store holds; may be called again."""
        ...
