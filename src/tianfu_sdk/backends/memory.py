"""The store in memory: for tests, notebooks and small data.

What is committed is one immutable root. A read transaction keeps the root it began with
and so waits for nobody; a write transaction copies a table when it first writes to it and
swaps the root at commit. Finding is a walk over the table: fine for some ten thousand rows.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, TypeVar

import attrs

from tianfu_sdk.backends.memory_jobs import Queue
from tianfu_sdk.backends.memory_search import Index as _Index
from tianfu_sdk.backends.memory_search import Search as _Search
from tianfu_sdk.backends.turns import Turns
from tianfu_sdk.core.rows.border import (
    check_lease,
    check_loaded,
    check_loaded_job,
    check_moment,
    check_name,
    check_new_job,
    check_outcome,
    check_page,
    check_rows,
)
from tianfu_sdk.core.rows.filters import allowed, beyond, sort_key
from tianfu_sdk.core.rows.shapes import compare, demand_same
from tianfu_sdk.errors import Conflict, Invalid, StorageError, StorageUnavailable
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
    SchemaStep,
    StorageCapabilities,
    StoredEvent,
)
from tianfu_sdk.ports.clock import Clock
from tianfu_sdk.ports.search import TransactionalSearch
from tianfu_sdk.ports.storage import Rekey, Tx

__all__ = ["MemoryStore"]

T = TypeVar("T")

_STORES: weakref.WeakSet[MemoryStore] = weakref.WeakSet()


@attrs.frozen
class _Stream:
    """Events of a stream: the first `length` of a list that roots share.

    A commit writes behind the length that older roots know, so nothing is copied.
    """

    bodies: list[bytes] = attrs.field(factory=list)
    length: int = 0


@attrs.frozen
class _Root:
    """All that is committed; nothing in it is changed once it is reachable."""

    kinds: Mapping[str, Kind] = attrs.field(factory=dict)
    tables: Mapping[str, dict[str, Row]] = attrs.field(factory=dict)
    streams: Mapping[str, _Stream] = attrs.field(factory=dict)
    queues: Mapping[str, Queue] = attrs.field(factory=dict)
    last_job: int = 0
    index: _Index = attrs.field(factory=_Index)


class _Tx:
    """One transaction over a root."""

    def __init__(self, root: _Root, clock: Clock, tokens: Iterator[int], *, write: bool) -> None:
        self._root = root
        self._clock = clock
        self._tokens = tokens
        self._write = write
        self._over = False
        self._lost: Conflict | None = None
        self._tables = dict(root.tables)
        self._queues = dict(root.queues)
        self._own_tables: set[str] = set()
        self._own_queues: set[str] = set()
        self._appended: dict[str, list[bytes]] = {}
        self._last_job = root.last_job
        self._index: _Index | None = None
        self._now: datetime | None = None

    def now(self) -> datetime:
        self.reading()
        if self._now is None:
            self._now = self._clock.now()
        return self._now

    # The end of it.

    def close(self) -> None:
        self._over = True

    def committed(self) -> _Root:
        """Give the root that follows; raises the conflict that lost the transaction."""
        if self._lost is not None:
            raise self._lost
        streams = dict(self._root.streams)
        for name, bodies in self._appended.items():
            stream = streams.get(name) or _Stream()
            # A slice, not `extend`: it also cuts off what a fork caught half way left behind.
            stream.bodies[stream.length :] = bodies
            streams[name] = _Stream(stream.bodies, stream.length + len(bodies))
        return _Root(
            self._root.kinds,
            self._tables,
            streams,
            self._queues,
            self._last_job,
            self._root.index if self._index is None else self._index,
        )

    # Guards.

    def reading(self) -> None:
        if self._over:
            raise StorageError("storage.tx_over")
        if self._lost is not None:
            # As on servers: after a conflict nothing that this transaction says counts.
            raise self._lost

    def writing(self) -> None:
        self.reading()
        if not self._write:
            raise StorageError("storage.read_only_tx")

    def _lose(self, kind: str, ids: list[str]) -> NoReturn:
        self._lost = Conflict("storage.version", path=kind, kind=kind, ids=tuple(ids))
        raise self._lost

    def _kind(self, name: str) -> Kind:
        try:
            return self._root.kinds[name]
        except KeyError:
            raise StorageError("storage.no_kind", path=name, kind=name) from None

    # Documents.

    def get(self, kind: str, ids: Sequence[str]) -> list[Row]:
        self.reading()
        self._kind(kind)
        table = self._tables[kind]
        return [table[row_id] for row_id in dict.fromkeys(ids) if row_id in table]

    def columns(self, kind: str, ids: Sequence[str], names: Sequence[str]) -> list[tuple[Any, ...]]:
        self._kind(kind).check_columns(names)
        return [
            (row.id, *(row.doc if name == "doc" else row.keys[name] for name in names))
            for row in self.get(kind, ids)
        ]

    def put(self, kind: str, rows: Sequence[Row]) -> None:
        self.writing()
        shape = self._kind(kind)
        check_rows(shape, rows)
        table = self._own_table(kind)
        odd = []
        for row in rows:
            stored = table.get(row.id)
            if row.version != (stored.version if stored else 0):
                odd.append(row.id)
                continue
            table[row.id] = _sealed(row, row.version + 1)
        if odd:
            self._lose(kind, odd)

    def delete(self, kind: str, versions: Sequence[tuple[str, int]]) -> None:
        self.writing()
        self._kind(kind)
        table = self._own_table(kind)
        odd = []
        for row_id, version in versions:
            stored = table.get(row_id)
            if stored is None or stored.version != version:
                odd.append(row_id)
            else:
                del table[row_id]
        if odd:
            self._lose(kind, odd)

    def find(self, kind: str, query: Query) -> list[Row]:
        self.reading()
        self._kind(kind).check_query(query)
        found = (
            (place, row)
            for row in self._tables[kind].values()
            if allowed(row.id, row.keys, query)
            and beyond(place := sort_key(row.id, row.keys, query.order), query)
        )
        first = heapq.nlargest if query.desc else heapq.nsmallest
        rows = [row for _, row in first(query.limit, found, key=lambda pair: pair[0])]
        if query.fields == "keys":
            return [attrs.evolve(row, doc=None) for row in rows]
        return rows

    def count(self, kind: str, query: Query) -> int:
        self.reading()
        self._kind(kind).check_query(query)
        return sum(allowed(row.id, row.keys, query) for row in self._tables[kind].values())

    def load(self, kind: str, rows: Sequence[Row]) -> None:
        self.writing()
        shape = self._kind(kind)
        check_rows(shape, rows)
        for row in rows:
            check_loaded(row)
        table = self._own_table(kind)
        odd = []
        for row in rows:
            if row.id in table:
                odd.append(row.id)
            else:
                table[row.id] = _sealed(row, row.version)
        if odd:
            self._lose(kind, odd)

    def _own_table(self, kind: str) -> dict[str, Row]:
        if kind not in self._own_tables:
            self._own_tables.add(kind)
            self._tables[kind] = dict(self._tables[kind])
        return self._tables[kind]

    # Events.

    def append(self, stream: str, bodies: Sequence[bytes]) -> None:
        self.writing()
        check_name(stream, "stream")
        if bodies:
            self._appended.setdefault(stream, []).extend(map(bytes, bodies))

    def read(self, stream: str, after: Cursor | None, limit: int) -> list[StoredEvent]:
        self.reading()
        check_name(stream, "stream")
        check_page(limit)
        start = 0 if after is None else _place(after)
        stored = self._root.streams.get(stream) or _Stream()
        bodies = stored.bodies[start : min(stored.length, start + limit)]
        later = self._appended.get(stream)
        if later and len(bodies) < limit:
            bodies += later[max(0, start - stored.length) :][: limit - len(bodies)]
        return [StoredEvent(Cursor(str(n)), body) for n, body in enumerate(bodies, start + 1)]

    def last(self, stream: str) -> Cursor | None:
        self.reading()
        check_name(stream, "stream")
        stored = self._root.streams.get(stream) or _Stream()
        length = stored.length + len(self._appended.get(stream, ()))
        return Cursor(str(length)) if length else None

    def streams(self) -> list[str]:
        self.reading()
        return sorted({*self._root.streams, *self._appended})

    # Jobs.

    def enqueue(self, queue: str, jobs: Sequence[NewJob]) -> int:
        self.writing()
        check_name(queue, "queue")
        for job in jobs:
            check_new_job(job)
        return self._own_queue(queue).add(jobs, self._clock.now(), self._next_job)

    def claim(self, queue: str, n: int, lease: timedelta, owner: str) -> list[Job]:
        self.writing()
        check_name(queue, "queue")
        check_page(n, "n")
        check_lease(lease)
        check_name(owner, "owner")
        # Tokens are counted through the store's whole life, so that the one of a claim that
        # was rolled back never comes again.
        return self._own_queue(queue).claim(n, lease, self._clock.now(), self._tokens)

    def settle(self, settled: Sequence[tuple[Job, Outcome]]) -> list[bool]:
        self.writing()
        for _, outcome in settled:
            check_outcome(outcome)
        now = self._clock.now()
        return [self._settle(job, outcome, now) for job, outcome in settled]

    def _settle(self, job: Job, outcome: Outcome, now: datetime) -> bool:
        stored = self._queue(job.queue).leased(job)
        if stored is None:
            return False
        self._own_queue(job.queue).settle(stored, outcome, now)
        return True

    def jobs(
        self, queue: str, state: JobState | None, after: int | None, limit: int
    ) -> list[JobInfo]:
        self.reading()
        check_name(queue, "queue")
        check_page(limit)
        return self._queue(queue).page(state, after, limit)

    def release(self, queue: str, ids: Sequence[int]) -> int:
        self.writing()
        check_name(queue, "queue")
        mine, now = self._own_queue(queue), self._clock.now()
        parked = mine.parked(ids)
        mine.change(parked, now, state=JobState.QUEUED, due=now, reason="", attempts=0)
        return len(parked)

    def hold(self, queue: str, group: str) -> None:
        self.writing()
        check_name(queue, "queue")
        check_name(group, "group")
        self._own_queue(queue).held.add(group)

    def unhold(self, queue: str, group: str) -> None:
        self.writing()
        check_name(queue, "queue")
        check_name(group, "group")
        self._own_queue(queue).held.discard(group)

    def drop(self, queue: str, group: str) -> int:
        self.writing()
        check_name(queue, "queue")
        check_name(group, "group")
        mine = self._own_queue(queue)
        open_ = mine.open(group)
        mine.change(open_, self._clock.now(), state=JobState.DROPPED)
        return len(open_)

    def purge(self, queue: str, before: datetime, limit: int) -> int:
        self.writing()
        check_name(queue, "queue")
        check_moment(before, "before")
        check_page(limit)
        return self._own_queue(queue).purge(before, limit)

    def queues(self) -> list[str]:
        self.reading()
        return sorted(name for name, queue in self._queues.items() if queue.jobs or queue.held)

    def holds(self, queue: str) -> list[str]:
        self.reading()
        check_name(queue, "queue")
        return sorted(self._queue(queue).held)

    def first_due(self, queue: str) -> datetime | None:
        self.reading()
        check_name(queue, "queue")
        return self._queue(queue).first_due()

    def load_jobs(self, queue: str, jobs: Sequence[JobInfo]) -> None:
        self.writing()
        check_name(queue, "queue")
        for job in jobs:
            check_loaded_job(job)
        known = self._own_queue(queue).load(jobs, self._clock.now(), self._next_job)
        if known:
            self._lost = Conflict("storage.job_known", path=queue, ids=known)
            raise self._lost

    def _next_job(self) -> int:
        self._last_job += 1
        return self._last_job

    def _queue(self, name: str) -> Queue:
        return self._queues.get(name) or Queue(name)

    def _own_queue(self, name: str) -> Queue:
        if name not in self._own_queues:
            self._own_queues.add(name)
            self._queues[name] = self._queue(name).copy()
        return self._queues[name]

    # Search.

    @property
    def search(self) -> TransactionalSearch:
        return _Search(self)

    def index(self) -> _Index:
        """Give the index as this transaction sees it."""
        return self._root.index if self._index is None else self._index

    def own_index(self, *, empty: bool = False) -> _Index:
        """Give the index to be changed."""
        if empty:
            self._index = _Index()
        elif self._index is None:
            self._index = self._root.index.copy()
        return self.index()


class MemoryStore:
    """A store in memory, gone with the process.

    Safe to share between threads. After a fork the child has a copy of its own as it was
    committed at that moment.

    Args:
        clock: Decides what is due.
        timeout: Seconds that a writer waits for its turn before `StorageBusy`.
    """

    _transaction: ClassVar[type[_Tx]] = _Tx

    def __init__(self, *, clock: Clock, timeout: float = 30.0) -> None:
        self._clock = clock
        self._timeout = timeout
        self._root: _Root | None = None
        self._tokens = itertools.count(1)
        self._here = threading.local()
        self.renew_locks()
        _STORES.add(self)

    def renew_locks(self) -> None:
        """Forget who holds a lock: a forked child has none of the threads that did."""
        self._turns = Turns()
        self._swap = threading.Lock()

    @property
    def capabilities(self) -> StorageCapabilities:
        """What this store can do."""
        return StorageCapabilities(
            name="memory", persistent=False, processes=False, single_writer=True, search=True
        )

    def open(self, kinds: Sequence[Kind]) -> None:
        """Make room for kinds; those of earlier calls stay.

        Args:
            kinds: Any that are not there yet, or are there with the same keys.

        Raises:
            SchemaTooOld: `storage.kind_changed`, a kind has rows and another shape than this.
            SchemaTooNew: `storage.kind_too_new`.
            StorageError: `storage.nested`.
            StorageBusy: A writer held the lock for too long.
        """
        with self._alone(), self._turns.turn(self._timeout):
            root = self._root or _Root()
            for kind in kinds:
                if root.tables.get(kind.name):
                    demand_same(root.kinds[kind.name], kind, begun=None, place="memory:")
            self._root = attrs.evolve(
                root,
                kinds={**root.kinds, **{kind.name: kind for kind in kinds}},
                tables={**{kind.name: {} for kind in kinds}, **root.tables},
            )

    def run(
        self,
        fn: Callable[[Tx], T],
        *,
        write: bool,
        max_lag: timedelta | None = None,  # noqa: ARG002 - there is no standby
    ) -> T:
        """Call `fn` in one transaction and commit what it did; nothing makes it run twice.

        Args:
            fn: Gets the transaction; what it returns is returned.
            write: Whether it may write.
            max_lag: Ignored: there is no standby.

        Returns:
            What `fn` returned.

        Raises:
            StorageBusy: `storage.busy`, another writer held the lock for too long.
            StorageUnavailable: `storage.closed`, not open, or closed while this ran.
            StorageError: `storage.nested`: `run` was called inside `fn`.
        """
        with self._alone():
            if not write:
                return self._attempt(fn, write=False)
            with self._turns.turn(self._timeout):
                return self._attempt(fn, write=True)

    def changes(self, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Say what `migrate` would do; see `tianfu_sdk.ports.storage.Store.changes`."""
        root = self._root or _Root()
        there = ((kind, root.tables.get(kind.name)) for kind in kinds)
        found = (
            compare(root.kinds[kind.name], kind, rows=len(rows)) for kind, rows in there if rows
        )
        return [change for change in found if change is not None]

    def migrate(
        self,
        kinds: Sequence[Kind],
        rekey: Rekey,
        progress: Callable[[SchemaChange], None] | None = None,
    ) -> None:
        """Give the rows of kinds that changed new keys, a kind at a time."""
        for change in self.changes(kinds):
            (kind,) = (kind for kind in kinds if kind.name == change.kind)
            with self._alone(), self._turns.turn(self._timeout):
                root = self._root or _Root()
                table = {}
                for id_, row in sorted(root.tables[kind.name].items()):
                    if change.step is SchemaStep.INDEXES:
                        table[id_] = row
                        continue
                    new = attrs.evolve(row, keys=rekey(kind.name, row))
                    kind.check_row(new)
                    table[id_] = _sealed(new, row.version)
                self._root = attrs.evolve(
                    root,
                    kinds={**root.kinds, kind.name: kind},
                    tables={**root.tables, kind.name: table},
                )
            if progress is not None:
                progress(attrs.evolve(change, done=change.rows))
        self.open(kinds)

    def check(self) -> list[str]:
        """Look for damage; there is no place for any."""
        return []

    def close(self) -> None:
        """Forget everything; may be called again."""
        with self._swap:
            self._root = None

    def _attempt(self, fn: Callable[[Tx], T], *, write: bool) -> T:
        root = self._root
        if root is None:
            raise StorageUnavailable("storage.closed", place="memory:")
        tx = self._transaction(root, self._clock, self._tokens, write=write)
        try:
            result = fn(tx)
            if write:
                following = tx.committed()
                with self._swap:
                    if self._root is not root:
                        raise StorageUnavailable("storage.closed", place="memory:")
                    self._root = following
            return result
        finally:
            tx.close()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if getattr(self._here, "inside", False):
            raise StorageError("storage.nested")
        self._here.inside = True
        try:
            yield
        finally:
            self._here.inside = False


def _sealed(row: Row, version: int) -> Row:
    """Copy a row: neither its giver nor a reader can change what is stored."""
    doc = None if row.doc is None else bytes(row.doc)
    return Row(row.id, version, doc, MappingProxyType(dict(row.keys)))


def _place(cursor: Cursor) -> int:
    if not (cursor.isascii() and cursor.isdecimal()):
        raise Invalid("storage.cursor", path="after")
    return int(cursor)


def _after_fork() -> None:
    for store in list(_STORES):
        store.renew_locks()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
