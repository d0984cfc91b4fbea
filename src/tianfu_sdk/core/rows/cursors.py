"""Rows that hold cursors of event streams, which are others in every store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from tianfu_sdk.core.rows.kinds import MARK, SEAL
from tianfu_sdk.model.storage import Kind, Row

__all__ = ["LATE", "MARKS", "cursors_of", "with_cursors", "without_cursors"]

LATE: tuple[tuple[Kind, str], ...] = ((MARK, "id"), (SEAL, "number"))
"""Kinds whose rows hold cursors, and in which order these go up."""
MARKS: dict[str, tuple[str, tuple[str, ...]]] = {"consumer:": ("events", ("cursor",))}
"""By what the id of a mark begins with: the stream, and the members of its JSON that are cursors.
Whoever keeps a cursor in another mark names it here, or it means nothing once the store moved."""


def cursors_of(kind: str, row: Row) -> Mapping[str, tuple[str, str]]:
    """Give the cursors that a row holds: stream and cursor, by where they stand.

    Args:
        kind: Of the row.
        row: As it stands; of a document that cannot be read there are none.
    """
    stream, names = _where(kind, row)
    plain = _plain(row) if names else {}
    found = {name: plain.get(name) for name in names}
    return {
        n: (stream, cursor) for n, cursor in found.items() if cursor and isinstance(cursor, str)
    }


def with_cursors(row: Row, cursors: Mapping[str, str]) -> Row:
    """Give the row with other cursors.

    Args:
        row: As it stood in the other store.
        cursors: By the names that `cursors_of` gave; an empty one is none.
    """
    if not cursors:
        return row
    plain = {**_plain(row), **cursors}
    # No digest is over these bytes.
    document = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return attrs.evolve(row, doc=document)


def without_cursors(kind: str, row: Row) -> Row:
    """Give the row with its cursors taken out, to compare what is the same in every store."""
    return with_cursors(row, dict.fromkeys(cursors_of(kind, row), ""))


def _where(kind: str, row: Row) -> tuple[str, tuple[str, ...]]:
    if kind == SEAL.name:
        return "audit", ("after", "last")
    if kind == MARK.name:
        for begins, place in MARKS.items():
            if row.id.startswith(begins):
                return place
    return "", ()


def _plain(row: Row) -> dict[str, Any]:
    try:
        plain = json.loads(row.doc or b"")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
