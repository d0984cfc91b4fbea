"""Everything that a store holds, item by item, in the order in which another can take it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tianfu_sdk.core.rows.contents import ContentHash
from tianfu_sdk.core.rows.cursors import LATE, cursors_of
from tianfu_sdk.model.dump import DumpEvent, DumpHold, DumpItem, DumpJob, DumpRow
from tianfu_sdk.model.storage import Cursor, Kind, Query, Row
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.store.unfinished import LOADING

__all__ = ["content_of", "everything"]

_OWN = (LOADING, "rollup")
"""Marks that are not moved: how far a load is, and the roll-up, which is made of the events."""
_PAGE = 500


def everything(tx: Tx, kinds: Sequence[Kind]) -> Iterator[DumpItem]:
    """Give rows, then events, then rows that hold cursors, then holds and jobs.

    Args:
        tx: One snapshot; it must stay open while this is read.
        kinds: Of the store.
    """
    late = {kind.name for kind, _ in LATE}
    for kind in kinds:
        if kind.name not in late:
            yield from (DumpRow(kind.name, row) for row in _rows(tx, kind))
    for stream in tx.streams():
        yield from (DumpEvent(stream, body) for _, body in _events(tx, stream))
    for kind, order in LATE:
        yield from _placed(tx, kind, order)
    for queue in tx.queues():
        yield from (DumpHold(queue, group) for group in tx.holds(queue))
        yield from _jobs(tx, queue)


def content_of(tx: Tx, kinds: Sequence[Kind]) -> Mapping[str, str]:
    """Give the content hash of a store by part; see `Keeping.content_hash`."""
    content = ContentHash()
    for item in everything(tx, kinds):
        content.add(item)
    return content.parts()


def _rows(tx: Tx, kind: Kind, order: str = "id") -> Iterator[Row]:
    after = None
    while True:
        rows = tx.find(kind.name, Query(order=order, after=after, limit=_PAGE))
        yield from rows
        if len(rows) < _PAGE:
            return
        last = rows[-1]
        after = (last.id if order == "id" else last.keys[order], last.id)


def _events(tx: Tx, stream: str) -> Iterator[tuple[str, bytes]]:
    after: Cursor | None = None
    while True:
        events = tx.read(stream, after, _PAGE)
        yield from ((event.cursor, event.body) for event in events)
        if len(events) < _PAGE:
            return
        after = events[-1].cursor


def _placed(tx: Tx, kind: Kind, order: str) -> Iterator[DumpItem]:
    """Give rows with the places of their cursors: where these go up, one walk serves all."""
    walks: dict[str, _Walk] = {}
    for row in _rows(tx, kind, order):
        if row.id in _OWN:
            continue
        places = {}
        for name, (stream, cursor) in cursors_of(kind.name, row).items():
            walk = walks.setdefault(stream, _Walk(tx, stream))
            places[name] = walk.place(cursor)
        yield DumpRow(kind.name, row, places)


class _Walk:
    """Finds the places of cursors that are asked for in their order."""

    def __init__(self, tx: Tx, stream: str) -> None:
        self._tx = tx
        self._stream = stream
        self._begin()

    def _begin(self) -> None:
        self._events = _events(self._tx, self._stream)
        self._number = 0
        self._cursor: str | None = None

    def place(self, cursor: str) -> int:
        """Give how many events lie up to a cursor, or -1 where it is none of the stream's."""
        if cursor == self._cursor:
            return self._number
        # Marks stand in any order, and a seal that was tampered with may point backwards:
        # look from the beginning, once.
        for _ in range(2):
            for found, _ in self._events:
                self._number += 1
                self._cursor = found
                if found == cursor:
                    return self._number
            self._begin()
        return -1


def _jobs(tx: Tx, queue: str) -> Iterator[DumpItem]:
    after = None
    while True:
        jobs = tx.jobs(queue, None, after, _PAGE)
        yield from (DumpJob(job) for job in jobs)
        if len(jobs) < _PAGE:
            return
        after = jobs[-1].id
