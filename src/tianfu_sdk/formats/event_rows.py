"""Events as rows of a table: the columns of `tianfu events export`, schema 1.

`docs/reference/events-parquet.md` tells readers what they mean; a change of a column is a
new schema number. No column is called `at`: in DuckDB that is a word of the language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tianfu_sdk.formats.arrow import ColumnType
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.event import Event

__all__ = ["COLUMNS", "SCHEMA", "month_of", "read_line", "row_of", "write_line"]

SCHEMA = 1
COLUMNS: Mapping[str, ColumnType] = {
    "id": "text",
    "type": "text",
    "happened_at": "moment",
    "day": "day",
    "kind": "text",
    "subject": "text",
    "actor": "text",
    "organization": "text",
    "region": "text",
    "data": "text",
}
"""Types of the columns, in their order."""

_STAYS = frozenset({"client"})
"""Facts that do not leave the store: a keyed hash of a reader's device tells it from others."""


def month_of(event: Event) -> str:
    """Give the month in China in which an event happened, such as `2026-01`."""
    return event.at.astimezone(SHANGHAI).strftime("%Y-%m")


def row_of(event: Event) -> dict[str, Any]:
    """Give an event as values by column; empty texts as None."""
    data = {name: value for name, value in event.data.items() if name not in _STAYS}
    return {
        "id": event.id,
        "type": event.type,
        "happened_at": event.at,
        "day": event.at.astimezone(SHANGHAI).date(),
        "kind": event.kind or None,
        "subject": event.subject or None,
        "actor": event.actor or None,
        "organization": event.organization or None,
        "region": event.region or None,
        "data": data,
    }


def write_line(event: Event) -> bytes:
    """Write an event as a line of JSON; `data` is an object in it."""
    row = row_of(event)
    plain = row | {"happened_at": event.at.isoformat(), "day": row["day"].isoformat()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_line(line: bytes) -> dict[str, Any]:
    """Read a line as a row of Parquet, in which `data` is a text."""
    row: dict[str, Any] = json.loads(line)
    return row | {
        "happened_at": datetime.fromisoformat(row["happened_at"]),
        "day": date.fromisoformat(row["day"]),
        "data": json.dumps(row["data"], ensure_ascii=False, separators=(",", ":")),
    }
