"""The storage port: documents, events and jobs inside retryable transactions.

A store carries plain values only: ids, versions, opaque document bytes, search keys.
What they mean belongs to the services. `tianfu_sdk.testing.StorageSuite` holds a store
to every sentence on this page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, runtime_checkable

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
    SchemaChange,
    StorageCapabilities,
    StoredEvent,
)
from tianfu_sdk.ports.search import TransactionalSearch

__all__ = ["BackupStore", "Rekey", "Scrubbing", "Store", "Tx"]

T = TypeVar("T")

Rekey = Callable[[str, Row], Mapping[str, Any]]
"""Gives the keys of a row in the new shape of its kind, out of the row in the old one."""


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

    def now(self) -> datetime:
        """Give this moment by the clock that says when jobs are due, in UTC.

        The server's, where the store goes by one (`capabilities.own_clock`), else the injected
        one. The same until the transaction ends, however often it is asked: what all who share
        a store reckon with is to be reckoned with this.
        """
        ...

    # Documents.

    def get(self, kind: str, ids: Sequence[str]) -> list[Row]:
        """Give the rows that exist; missing ids are skipped; the order is free.

        Args:
            kind: Name of a kind that `open` was given.
            ids: Any number; one that stands twice is answered once.
        """
        ...

    def columns(self, kind: str, ids: Sequence[str], names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Give some fields of the rows that exist: for what reads very many at a time.

        Args:
            kind: Name of a kind that `open` was given.
            ids: As in `get`.
            names: Scalar keys of the kind, or `doc`.

        Returns:
            A tuple a row, its order free: the id, then the fields as they are named.

        Raises:
            Invalid: `storage.no_key`, the kind has no such scalar key.
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

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        """Store rows as they stand in another store, with the version they have there.

        For moving a whole store: nothing else may give a row a version.

        Args:
            kind: Name of a kind.
            rows: Any number, none included; `row.version` is 1 or more.

        Raises:
            Conflict: `storage.version`, with `ids`: an id is there already, or stands twice.
                The transaction is lost as a whole.
            Invalid: `storage.load_version`; a row does not fit its kind.
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

    def streams(self) -> list[str]:
        """Give the names of the streams that have events, by code point.

        Events have no way in but `append`: who moves a store appends them in the order in
        which `read` gives them. They get new cursors, so whatever keeps one (a consumer's
        mark, a seal of the audit) is to be rewritten by who moves.
        """
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
        jobs of held groups are left. A lease changes nothing about when a job was due, and so
        about its place. The store's own clock decides.

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
        """Queue parked jobs again, due at once, as if never tried; gives how many were parked."""
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

    def queues(self) -> list[str]:
        """Give the names of the queues that have jobs or held groups, by code point."""
        ...

    def holds(self, queue: str) -> list[str]:
        """Give the groups of a queue that are held, by code point."""
        ...

    def first_due(self, queue: str) -> datetime | None:
        """Give the earliest moment for which a queued job is due; None: none is queued.

        It may lie ahead; what lies behind is how long the queue has waited. Leased jobs and
        those of held groups do not count.

        For authors of a store: `health` asks this often, so an index is to answer it.
        """
        ...

    def load_jobs(self, queue: str, jobs: Sequence[JobInfo]) -> None:
        """Store jobs as they stand in another store, in this order, under new ids.

        State, due, attempts, priority, group, reason and body stay. A leased one comes in as
        queued: it is due when its lease would have ended, and keeps its attempts, so that
        whoever claims it knows that it may have been done already. What is done or dropped
        counts as changed now, for `purge`.

        Args:
            queue: Where to; that of the jobs themselves is not looked at.
            jobs: Any number; their `id` is not looked at.

        Raises:
            Conflict: `storage.job_known`, with `ids`, the keys that the queue knows already
                or that stand twice. The transaction is lost as a whole.
            Invalid: As `enqueue`; `storage.attempts`.
        """
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
            SchemaTooNew: `storage.schema_too_new`, `storage.kind_too_new`: a newer program
                made it, or (`storage.migrating`) is about to.
            SchemaTooOld: `storage.schema_too_old`, `storage.kind_changed`: an older program
                made it; `storage.migrating`: its migration is not finished. Nothing is
                changed; `migrate` does that.
        """
        ...

    def changes(self, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Say what `migrate` would do; the store needs not be open, nothing is changed.

        Args:
            kinds: As `open` is to get them.

        Returns:
            In the order in which it would be done; empty where `open` has nothing against
            these kinds. Kinds that the store has not are not a change: `open` makes them.

        Raises:
            SchemaTooNew: `storage.schema_too_new`, `storage.kind_too_new`.
            StorageError: As `open`; `storage.document_changed`: a kind cannot gain or lose
                its document.
        """
        ...

    def migrate(
        self,
        kinds: Sequence[Kind],
        rekey: Rekey,
        progress: Callable[[SchemaChange], None] | None = None,
    ) -> None:
        """Bring the store into the shape of these kinds, and open it.

        Rows keep id, version and document byte for byte; their keys are those that `rekey`
        gives. Everything is done in small committed steps, so that no lock is held for long,
        and each step can be found half done: a migration that was interrupted anywhere goes on
        when it is called again, by this process or another. A kind whose indexes alone changed
        keeps its rows where they are.

        For authors of a store: keep with each kind its shape and schema number, with the store
        a generation number that every step raises first. A migration of rows is then: (1)
        write the wanted shape beside the old one and raise the generation, in a transaction
        that waits for writers of the old generation to end; (2) copy the rows by id into a
        second table, some hundreds a transaction, beginning after the largest id that is there;
        (3) drop the old table, rename the second, build the indexes, write the new shape as the
        kind's own and raise the generation, in one transaction or so that each part can be told
        to be done. A transaction that writes compares the generation with the one that `open`
        saw, before its first write and under a lock that (1) waits for (on PostgreSQL and
        MariaDB a shared lock on that row), or as the last thing before its commit, and fails with
        `SchemaTooNew` (`storage.schema_changed`) where it is another; one that reads may do so
        only when a statement fails. A shape that was begun towards other kinds than these is
        dropped first.

        Args:
            kinds: As `open` is to get them.
            rekey: Called once a row, in order of id, and perhaps again for rows of a step that
                was interrupted. It gets the row with its old keys, and must not use the store.
            progress: Called after each step that was committed.

        Raises:
            SchemaTooNew: `storage.schema_too_new`, `storage.kind_too_new`.
            Invalid: `rekey` gave keys that the kind cannot hold; what was done so far stays.
            StorageError: As `run` and `changes`.
        """
        ...

    def run(self, fn: Callable[[Tx], T], *, write: bool, max_lag: timedelta | None = None) -> T:
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
            max_lag: A read may be answered by a standby that is at most so far behind; None:
                only by what has every commit. A store without a standby, and a write, ignore
                it.

        Raises:
            StorageBusy: Another writer held the lock for too long.
            StorageFull: No room left; nothing was stored.
            StorageReadOnly: The store cannot be written.
            SchemaTooNew: `storage.schema_changed`, the store was migrated since it was opened.
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


@runtime_checkable
class Scrubbing(Protocol):
    """What a store has in addition that can leave nothing of deleted rows in its files."""

    def scrub(self) -> bool:
        """Take what was deleted or replaced out of the files of this store.

        Called outside of transactions after somebody was erased; waits for readers and
        writers no longer than a writer waits for its turn.

        Returns:
            Whether it was done; False where a reader or writer was in its way.
        """
        ...


class BackupStore(Store, Protocol):
    """A store with `capabilities.backup`: it copies itself while others write."""

    def backup(
        self,
        target: str | os.PathLike[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Copy everything that is committed, as of one moment, into a new file.

        Writers go on meanwhile. The file appears under its name only when it is whole, with
        mode 0600.

        Args:
            target: A file that is not there yet.
            progress: Called with what is copied and how much it is, in pages.

        Raises:
            Conflict: `storage.target_there`.
            StorageFull: No room left; nothing is left behind.
            StorageUnavailable: The folder cannot be written.
        """
        ...

    def restore(
        self,
        source: str | os.PathLike[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Fill this place, which is not open yet, with a backup.

        The backup is checked whole, and the place is filled at once or not at all.

        Args:
            source: What `backup` wrote.
            progress: As in `backup`.

        Raises:
            Conflict: `storage.target_there`, the place is not empty.
            StorageCorrupt: The backup is damaged, or it is something else.
            SchemaTooNew: A newer program made it.
            StorageFull: No room left; nothing is left behind.
            StorageUnavailable: One of both cannot be reached.
        """
        ...
