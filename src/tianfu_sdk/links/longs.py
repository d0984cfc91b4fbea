"""Messages of several parts: one id for the hub, and delivered when all parts are."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import attrs

__all__ = ["Longs", "State", "Strays", "Told"]

State = Literal["delivered", "failed", "expired"]

_KEPT = 72 * 3600.0
"""Seconds; operators send receipts for up to three days."""


@attrs.frozen
class Told:
    """What a receipt of a part says of its message."""

    provider_id: str
    """Of the message."""
    state: State | None
    """None: nothing yet."""


@attrs.define(eq=False)
class _Long:
    ids: tuple[str, ...]
    phones: int
    """How many it went to."""
    open: int
    """Of how many of them nothing is known for good yet."""
    at: float
    seen: dict[str, int] = attrs.field(factory=dict)
    """By phone, which parts are delivered, a bit each; -1: said."""


class Longs:
    """Joins the receipts of the parts of a message. Safe to share between threads.

    Args:
        most: Phones at most that it keeps count of; the oldest messages are forgotten, and
            then count by their first part.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._by_id: dict[str, _Long] = {}
        self._longs: OrderedDict[str, _Long] = OrderedDict()
        self._phones = 0
        self._tickets = itertools.count(1)
        self._open: set[int] = set()
        self._last = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Mark that a message of several parts is on its way, until its ids are known."""
        with self._guard:
            ticket = self._last = next(self._tickets)
            self._open.add(ticket)
        try:
            yield
        finally:
            with self._guard:
                self._open.discard(ticket)

    @property
    def mark(self) -> int:
        """What was on its way by now, for `settled`."""
        return self._last

    def settled(self, mark: int) -> bool:
        """Tell whether all that was on its way at a mark is known by its ids."""
        with self._guard:
            return min(self._open, default=mark + 1) > mark

    def add(self, ids: Sequence[str], phones: int) -> None:
        """Keep the ids of the parts of a message.

        Args:
            ids: In the order of the parts; the first is that of the message.
            phones: How many it went to.
        """
        if len(ids) < 2 or "" in ids:  # noqa: PLR2004 - one part is the message
            # Without a name of every part nobody can tell when it is whole.
            return
        made = _Long(tuple(ids), phones, phones, time.monotonic())
        with self._guard:
            self._forget(ids[0])
            while self._longs and self._full(made):
                self._forget(next(iter(self._longs)))
            self._longs[ids[0]] = made
            self._phones += phones
            for id_ in ids:
                self._by_id[id_] = made

    def tell(self, provider_id: str, phone: str, state: State) -> Told:
        """Say what a receipt means for its message.

        Args:
            provider_id: Of the part.
            phone: To whom it went.
            state: What is said of the part.
        """
        with self._guard:
            found = self._by_id.get(provider_id)
            if found is None:
                return Told(provider_id, state)
            return self._tell(found, provider_id, phone, state)

    def _tell(self, found: _Long, provider_id: str, phone: str, state: State) -> Told:
        first = found.ids[0]
        seen = found.seen.get(phone, 0)
        if seen < 0:
            return Told(first, None)
        if state == "delivered":
            for place, id_ in enumerate(found.ids):
                seen |= (id_ == provider_id) << place
            found.seen[phone] = seen
            if seen != (1 << len(found.ids)) - 1:
                return Told(first, None)
        found.seen[phone] = -1
        found.open -= 1
        if not found.open:
            # Kept for receipts that come twice, but the first to be forgotten.
            self._longs.move_to_end(first, last=False)
        return Told(first, state)

    def _full(self, made: _Long) -> bool:
        oldest = next(iter(self._longs.values()))
        return self._phones + made.phones > self._most or oldest.at < made.at - _KEPT

    def _forget(self, first: str) -> None:
        gone = self._longs.pop(first, None)
        if gone is None:
            return
        self._phones -= gone.phones
        for id_ in gone.ids:
            if self._by_id.get(id_) is gone:
                del self._by_id[id_]


@attrs.frozen
class _Stray:
    reference: str
    refs: Mapping[str, str] = attrs.field(repr=False)
    """Of the recipients, by phone."""


class Strays:
    """Ids of messages that were learnt when nobody waited for them any more.

    Their batch is settled as unknown, so the hub has no id of theirs: receipts find them by the
    batch. Safe to share between threads.

    Args:
        most: Phones at most; the oldest are forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._strays: OrderedDict[str, _Stray] = OrderedDict()
        self._phones = 0

    def add(self, provider_id: str, reference: str, refs: Mapping[str, str]) -> None:
        """Keep an id.

        Args:
            provider_id: The peer's.
            reference: Of the batch.
            refs: Of the recipients, by phone as receipts name it.
        """
        with self._guard:
            self._strays[provider_id] = _Stray(reference, dict(refs))
            self._phones += len(refs)
            while self._phones > self._most and len(self._strays) > 1:
                self._phones -= len(self._strays.popitem(last=False)[1].refs)

    def find(self, provider_id: str, phone: str) -> tuple[str, str] | None:
        """Give the batch and the recipient of a receipt, if its id is such a one."""
        with self._guard:
            found = self._strays.get(provider_id)
        ref = found.refs.get(phone) if found else None
        return (found.reference, ref) if found and ref else None
