"""What all cases share: fixtures, kinds, and the rule that a write body runs twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs
import pytest

from tianfu_sdk.model.storage import Key, Kind, Query, Row
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.report import Reported
from tianfu_sdk.testing.clock import FrozenClock

__all__ = ["BAG", "BARE", "KINDS", "MARK", "NOTE", "Passing", "StoreCases", "note"]

T = TypeVar("T")

NOTE = Kind(
    "note",
    keys=(
        Key("name"),
        Key("city"),
        Key("rank", "int"),
        Key("weight", "float"),
        Key("digest", "bytes"),
        Key("tags", many=True),
    ),
    indexes=(("city", "rank"), ("name",)),
)
"""One key of each type, an index for some orders and none for others."""
BAG = Kind(
    "bag",
    keys=(
        Key("words", many=True),
        Key("years", "int", many=True),
        Key("shares", "float", many=True),
        Key("hashes", "bytes", many=True),
    ),
)
"""Sets of each type."""
MARK = Kind(
    "mark", keys=(Key("owner"), Key("rank", "int")), indexes=(("owner",), ("rank",)), document=False
)
"""Keys and no document."""
BARE = Kind("bare")
"""A document and no keys."""
KINDS = (NOTE, BAG, MARK, BARE)

_NOTE: Mapping[str, Any] = {
    "name": "",
    "city": "510100",
    "rank": 0,
    "weight": 0.5,
    "digest": b"",
    "tags": frozenset(),
}


def note(row_id: str, version: int = 0, doc: bytes = b"{}", **keys: Any) -> Row:
    """Make a row of the kind `note`; keys that are not given have their usual value."""
    return Row(row_id, version, doc, {**_NOTE, **keys})


class _AgainError(Exception):
    """Ends the first of two runs of a write body."""


@attrs.frozen
class Passing:
    """Time as the store sees it: the suite's clock, or the server's own."""

    clock: FrozenClock
    own: bool
    step: float = 0.5

    @property
    def unit(self) -> timedelta:
        """How long cases mean by one step: minutes that cost nothing, or seconds that pass."""
        return timedelta(seconds=self.step) if self.own else timedelta(minutes=1)

    def now(self) -> datetime:
        """Give this moment."""
        return datetime.now(UTC) if self.own else self.clock.now()

    def go(self, units: float) -> None:
        """Let time pass."""
        if self.own:
            time.sleep(units * self.unit.total_seconds())
        else:
            self.clock.tick(units * self.unit)


class StoreCases(Reported):
    """Fixtures of every storage suite. An author overrides `store`.

    Attributes:
        patience: Seconds after which something that must not wait has waited too long.
        step: Seconds that really pass where a case lets time go by and the store goes by a
            clock of its own; four of them must be longer than a claim takes.
    """

    patience: float = 10.0
    step: float = 0.5

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """Give the clock to build the store with."""
        return FrozenClock()

    @pytest.fixture
    def store(self, clock: FrozenClock) -> Store:
        """Give a store on an empty place, not opened yet. Override this."""
        raise NotImplementedError("override the fixture `store`: return MyStore(…, clock=clock)")

    @pytest.fixture
    def reopen(self) -> Callable[[], Store] | None:
        """Give a maker of further stores on the same place, not opened yet.

        Override it for a store whose `capabilities.persistent` is true.
        """
        return None

    @pytest.fixture
    def db(self, store: Store) -> Iterator[Store]:
        """Give the store, opened; not to be overridden."""
        store.open(KINDS)
        yield store
        store.close()

    @pytest.fixture
    def passing(self, db: Store, clock: FrozenClock) -> Passing:
        """Give the time that the store goes by."""
        return Passing(clock, db.capabilities.own_clock, self.step)

    @pytest.fixture
    def other(self, db: Store, reopen: Callable[[], Store] | None) -> Iterator[Callable[[], Store]]:
        """Give a maker of further opened stores on the same place."""
        if not db.capabilities.persistent:
            pytest.skip("capabilities.persistent is false")
        if reopen is None:
            pytest.fail("a persistent store needs the fixture `reopen` as well")
        stores = []

        def make() -> Store:
            stores.append(reopen())
            stores[-1].open(KINDS)
            return stores[-1]

        yield make
        for store in stores:
            store.close()

    def twice(self, store: Store, fn: Callable[[Tx], T]) -> T:
        """Run a write body, throw that away, and run it again.

        A store may call a body again after a failure to serialise; so every write of the
        suite is one that was called again, and what it did first must leave no trace.
        """

        def first(tx: Tx) -> None:
            fn(tx)
            raise _AgainError

        with pytest.raises(_AgainError):
            store.run(first, write=True)
        return store.run(fn, write=True)

    def ask(self, store: Store, fn: Callable[[Tx], T]) -> T:
        """Run a read body."""
        return store.run(fn, write=False)

    def put(self, store: Store, *rows: Row, kind: str = "note") -> None:
        """Put rows, as every write of the suite."""
        self.twice(store, lambda tx: tx.put(kind, rows))

    def row(self, store: Store, row_id: str, kind: str = "note") -> Row | None:
        """Give a row or None."""
        rows = self.ask(store, lambda tx: tx.get(kind, [row_id]))
        assert len(rows) <= 1
        return rows[0] if rows else None

    def find(self, store: Store, kind: str = "note", **query: Any) -> list[str]:
        """Give the ids that a query finds, and hold `count` to the same answer."""
        query.setdefault("limit", 1000)

        def both(tx: Tx) -> tuple[list[Row], int]:
            asked = Query(**query)
            return tx.find(kind, asked), tx.count(kind, asked)

        rows, number = self.ask(store, both)
        if "after" not in query and query["limit"] > number:
            assert len(rows) == number, "find and count disagree"
        return [row.id for row in rows]

    @contextmanager
    def workers(self, number: int) -> Iterator[ThreadPoolExecutor]:
        """Give threads that raise in the test what is raised in them."""
        with ThreadPoolExecutor(number, thread_name_prefix="suite") as executor:
            yield executor
