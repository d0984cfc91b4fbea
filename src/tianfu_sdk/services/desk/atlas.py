"""The regions of one store: the shipped table under what the deployment amended."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.kinds import MARK, REGION
from tianfu_sdk.model.region import RegionAmendment
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.ports.storage import Tx

__all__ = ["Atlas", "RegionMark", "note_made", "read_mark", "write_mark"]

_ID = "regions"
_PAUSE = timedelta(seconds=2)


@attrs.frozen
class RegionMark:
    """What a store notes of its regions; its version counts the amendments."""

    version: int = 0
    made: str = ""
    """Shipped table that the store was made with, as `Atlas.table`."""
    table: str = ""
    """Shipped table that it was last opened with."""
    keyed: str = ""
    """Fingerprint of the tree that all rows are keyed by; empty: not known."""


def read_mark(tx: Tx) -> RegionMark:
    """Give the mark as a transaction finds it; version 0 where there is none."""
    rows = tx.get(MARK.name, [_ID])
    return RegionMark(rows[0].version, **json.loads(rows[0].doc or b"{}")) if rows else RegionMark()


def write_mark(tx: Tx, mark: RegionMark) -> int:
    """Store a mark in the place of the one of its version; gives the version it has then.

    Raises:
        Conflict: `storage.version`, somebody else was quicker.
    """
    document = attrs.asdict(mark)
    del document["version"]
    tx.put(MARK.name, [Row(_ID, mark.version, json.dumps(document).encode())])
    return mark.version + 1


@attrs.frozen
class _Known:
    version: int
    tree: RegionTree | None
    """None: nothing is amended."""
    looked: datetime | None
    """When the store was last asked whether this is so still."""


class Atlas:
    """Gives the tree of regions, and finds out when another process amended it.

    A writing transaction looks once at the mark that every amendment moves, so what it
    writes is keyed by the newest tree; a reading one looks at most every two seconds. The
    tree is built anew only when the mark has moved. Safe to share between threads.

    Args:
        shipped: Gives the shipped tree, built once a process.
        table: Tells which table that is.
        always: Look in every transaction, as within a unit, which may have amended it.
    """

    def __init__(
        self, shipped: Callable[[], RegionTree], table: Callable[[], str], *, always: bool = False
    ) -> None:
        self._shipped = shipped
        self._table = table
        self._always = always
        self._known = _Known(0, None, None)
        self._guard = threading.Lock()
        self.least = 0
        """Version of the mark that a reader must have seen: this hub amended so far."""

    def __call__(self) -> RegionTree:
        """Give the tree as it was last known, without asking the store."""
        return self._known.tree or self._shipped()

    @property
    def shipped(self) -> RegionTree:
        """The tree without amendments."""
        return self._shipped()

    @property
    def table(self) -> str:
        """Which shipped table this is: the beginning of its SHA-256."""
        return self._table()

    def fresh(self, now: datetime) -> RegionTree | None:
        """Give the tree if the store was asked lately, else None."""
        return None if self._due(now) else self()

    def at(self, tx: Tx, now: datetime, *, exact: bool) -> RegionTree:
        """Give the tree for a transaction.

        Args:
            tx: Which amended nothing itself.
            now: This moment.
            exact: Whether to look at the mark whenever it was last looked at.
        """
        if not exact and not self._due(now):
            return self()
        known, found = self._known, read_mark(tx)
        # An older one is of a snapshot from before the newest amendment, which counts.
        if found.version > known.version:
            known = _Known(found.version, self.read(tx), now)
        self._keep(attrs.evolve(known, looked=now))
        return known.tree or self._shipped()

    def read(self, tx: Tx) -> RegionTree | None:
        """Build the tree from the amendments of a transaction; None: there are none."""
        amendments: list[RegionAmendment] = []
        after = None
        while True:
            rows = tx.find(REGION.name, Query(after=after, limit=1000))
            amendments += [codec.loads(RegionAmendment, row.doc or b"") for row in rows]
            if len(rows) < 1000:  # noqa: PLR2004 - the page asked for
                break
            after = (rows[-1].id, rows[-1].id)
        if not amendments:
            return None
        return self._shipped().amended({made.code: made.rows for made in amendments})

    def expect(self, version: int) -> None:
        """Let readers look until they have seen the mark of this version."""
        with self._guard:
            self.least = max(self.least, version)

    def joined(self) -> Atlas:
        """Give an atlas for a unit; what it learns there goes no further."""
        return Atlas(self._shipped, self._table, always=True)

    def _due(self, now: datetime) -> bool:
        known = self._known
        looked = known.looked
        if self._always or looked is None or known.version < self.least:
            return True
        # A clock that was put back must not make it wait for the moment to come again.
        return not looked <= now < looked + _PAUSE

    def _keep(self, known: _Known) -> None:
        with self._guard:
            if known.version >= self._known.version:
                self._known = known


def note_made(tx: Tx, atlas: Atlas, tree: RegionTree) -> None:
    """Note in a store that is being made which regions it begins with."""
    version = read_mark(tx).version
    write_mark(tx, RegionMark(version, atlas.table, atlas.table, tree.fingerprint()))
