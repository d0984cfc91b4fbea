"""Marks that say whether what a hub has made of many rows still holds."""

from __future__ import annotations

import json
from zlib import crc32

import attrs

from tianfu_sdk.core.rows.kinds import MARK
from tianfu_sdk.model.storage import Row
from tianfu_sdk.services.desk.book import Book

__all__ = ["Stamp", "raise_stamp", "read_stamp", "take_turn"]

_TURNS = 64
"""Rows that turns of one kind are taken by, so that there are never more of them."""
_KEPT = 100
"""Changes that a mark remembers: who knows an older one reads everything anew."""


@attrs.frozen
class Stamp:
    """How often something changed, with a name for each of the last changes.

    A change that is undone leaves its number to another one, but never its name.
    """

    number: int = 0
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the last change; empty before the first."""
        return self.names[-1] if self.names else ""

    def follows(self, other: Stamp) -> bool:
        """Tell whether another one is an earlier state of this, and near enough to be known."""
        back = self.number - other.number
        if other.number == 0:
            return True
        return 0 <= back < len(self.names) and self.names[-1 - back] == other.name


def read_stamp(work: Book, name: str) -> Stamp:
    """Give the mark of a name as it stands in a transaction."""
    rows = work.tx.get(MARK.name, [f"stamp:{name}"])
    if not rows:
        return Stamp()
    number, names = json.loads(rows[0].doc or b"[0, []]")
    return Stamp(number, tuple(names))


def take_turn(work: Book, kind: str, name: bytes) -> None:
    """Let who does the same in this name at the same time do it again (`Conflict`).

    For what is decided by counting or looking, where rows that another one is about to write
    are not seen yet. Taken before that; see `again.until_done`.
    """
    id_ = f"turn:{kind}:{crc32(name) % _TURNS}"
    if id_ in work.kept:
        return
    rows = work.tx.get(MARK.name, [id_])
    work.tx.put(MARK.name, [Row(id_, rows[0].version if rows else 0, b"")])
    work.kept[id_] = True


def raise_stamp(work: Book, name: str) -> int:
    """Say that something changes in this transaction; the number of the change.

    Whoever changes the same thing at the same time waits, or does it again.
    """
    id_ = f"stamp:{name}"
    known = work.kept.get(id_)
    if known is not None:
        number: int = known
        return number
    rows = work.tx.get(MARK.name, [id_])
    before = read_stamp(work, name)
    names = [*before.names, work.tools.ids.token()][-_KEPT:]
    document = json.dumps([before.number + 1, names]).encode()
    work.tx.put(MARK.name, [Row(id_, rows[0].version if rows else 0, document)])
    work.kept[id_] = before.number + 1
    return before.number + 1
