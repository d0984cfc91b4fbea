"""Rows that hold cursors of event streams, which are others in every store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from tianfu_sdk.core.kinds import EVENT_CHUNK, MARK, SEAL
from tianfu_sdk.model.storage import Kind, Row

__all__ = ["LATE", "MARKS", "cursors_of", "with_cursors", "without_cursors"]

LATE: tuple[tuple[Kind, str], ...] = ((MARK, "id"), (SEAL, "number"), (EVENT_CHUNK, "id"))
"""Kinds whose rows hold cursors, and in which order these go up."""
MARKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "consumer:": ("events", ("cursor",)),
    "rollup": ("events", ("chunk.after", "before", "cursor")),
}
"""By what the id of a mark begins with: the stream, and where in its JSON the cursors stand, the
earliest first.
Whoever keeps a cursor in another mark names it here, or it means nothing once the store moved."""
_AUDIT, _EVENTS = "audit", "events"


def cursors_of(kind: str, row: Row) -> Mapping[str, tuple[str, str]]:
    """Give the cursors that a row holds: stream and cursor, by where they stand.

    Args:
        kind: Of the row.
        row: As it stands; of a document that cannot be read there are none.
    """
    if kind == EVENT_CHUNK.name:
        after = str(row.keys["after"])
        return {"after": (_EVENTS, after)} if after else {}
    stream, paths = _where(kind, row)
    plain = _plain(row)
    found = {path: _get(plain, path) for path in paths}
    return {path: (stream, cursor) for path, cursor in found.items() if cursor}


def with_cursors(kind: str, row: Row, cursors: Mapping[str, str]) -> Row:
    """Give the row with other cursors.

    Args:
        kind: Of the row.
        row: As it stood in the other store.
        cursors: By the names that `cursors_of` gave; an empty one is none.
    """
    if not cursors:
        return row
    if kind == EVENT_CHUNK.name:
        return attrs.evolve(row, keys={**row.keys, **cursors})
    plain = _plain(row)
    for path, cursor in cursors.items():
        inner: dict[str, Any] = plain
        *above, last = path.split(".")
        for name in above:
            inner = inner[name]
        inner[last] = cursor
    # No digest is over these bytes.
    document = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return attrs.evolve(row, doc=document)


def without_cursors(kind: str, row: Row) -> Row:
    """Give the row with its cursors taken out, to compare what is the same in every store."""
    return with_cursors(kind, row, dict.fromkeys(cursors_of(kind, row), ""))


def _where(kind: str, row: Row) -> tuple[str, tuple[str, ...]]:
    if kind == SEAL.name:
        return _AUDIT, ("after", "last")
    if kind == MARK.name:
        for begins, place in MARKS.items():
            if row.id.startswith(begins):
                return place
    return "", ()


def _get(plain: Mapping[str, Any], path: str) -> str:
    value: Any = plain
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _plain(row: Row) -> dict[str, Any]:
    try:
        plain = json.loads(row.doc or b"")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
