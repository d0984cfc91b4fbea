"""Rows that hold cursors of event streams, which are others in every store."""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs

from tianfu_sdk.core.kinds import MARK, SEAL
from tianfu_sdk.model.storage import Row

__all__ = ["CONSUMING", "cursors_of", "with_cursors", "without_cursors"]

CONSUMING: dict[str, str] = {"consumer:": "events"}
"""Marks that hold a cursor as `cursor` in their document: by what their ids begin with, the
stream. Whoever keeps a cursor in another mark names it here, or it is lost when the store moves."""
_SEALED = "audit"


def cursors_of(kind: str, row: Row) -> Mapping[str, tuple[str, str]]:
    """Give the cursors that a row holds: stream and cursor, by name.

    Args:
        kind: Of the row.
        row: As it stands; of a document that cannot be read there are none.
    """
    if kind == MARK.name:
        for begins, stream in CONSUMING.items():
            cursor = _plain(row).get("cursor") if row.id.startswith(begins) else None
            if isinstance(cursor, str) and cursor:
                return {"cursor": (stream, cursor)}
    elif kind == SEAL.name:
        plain = _plain(row)
        names = [name for name in ("after", "last") if isinstance(plain.get(name), str)]
        return {name: (_SEALED, str(plain[name])) for name in names}
    return {}


def with_cursors(row: Row, cursors: Mapping[str, str]) -> Row:
    """Give the row with other cursors.

    Args:
        row: As it stood in the other store.
        cursors: By the names that `cursors_of` gave.
    """
    if not cursors:
        return row
    # As the codec writes it; no digest is over these bytes.
    plain = {**_plain(row), **cursors}
    return attrs.evolve(
        row, doc=json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    )


def without_cursors(kind: str, row: Row) -> Row:
    """Give the row with its cursors taken out, to compare what is the same in every store."""
    names = cursors_of(kind, row)
    if not names:
        return row
    return with_cursors(row, dict.fromkeys(names, ""))


def _plain(row: Row) -> dict[str, object]:
    try:
        plain = json.loads(row.doc or b"")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
