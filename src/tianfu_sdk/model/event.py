"""Events (事件): what happened, told after the fact; and audit lines (审计)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.checks import aware, text

__all__ = [
    "AuditLine",
    "Consumer",
    "Event",
    "EventExport",
    "ExportFormat",
    "Finding",
    "RollupState",
    "Seal",
    "Value",
]

Value = str | int | float | bool | None


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened, without personal data.

    Every event is stored with the change that it tells of; `tianfu_event` hears of it
    afterwards, best effort, and `hub.events.consume` at least once.
    """

    id: str
    type: str = attrs.field(metadata=text(64, shortest=1))
    """Such as `resource.published`; an open vocabulary."""
    at: datetime = attrs.field(metadata=aware)
    actor: str = ""
    """Id of the account, `system` or empty."""
    kind: str = ""
    """Kind of the thing concerned."""
    subject: str = ""
    """Id of the thing concerned."""
    organization: str = ""
    region: str = ""
    """GB/T 2260 code as valid at the time."""
    data: Mapping[str, Value] = attrs.field(factory=dict)
    """Small facts, such as counts; never a phone, name or text of a person."""


@attrs.frozen(kw_only=True)
class Consumer:
    """Who reads the log of events on by itself, and how far it is."""

    name: str
    owner: str
    """Id of the account that made it, or `system`; each has names of its own."""
    cursor: str
    """Of the last event that was handled, or passed by because it is not the owner's."""
    handled: int
    """Events handed out so far; one that was handed out again counts again."""
    updated_at: datetime = attrs.field(metadata=aware)


@attrs.frozen(kw_only=True)
class RollupState:
    """How far the daily roll-up is."""

    rolled: int
    """Events that are in it."""
    waiting: int
    """Events that are not yet, counted up to 1,000."""
    more: bool
    """Whether still more wait than were counted."""
    since: datetime | None
    """When the oldest of them happened; None: none waits."""
    lag: timedelta
    """For how long it has waited; 0: none waits."""


class ExportFormat(Labelled):
    """How exported events are written."""

    PARQUET = "parquet", "Parquet 列式文件（zstd）", "Parquet (zstd)"
    JSONL = "jsonl", "JSON 行", "JSON lines"


@attrs.frozen(kw_only=True)
class EventExport:
    """What one export wrote."""

    files: tuple[str, ...]
    """Names of the new files in the folder."""
    events: int
    cursor: str
    """Of the last event; empty: there was none yet."""


@attrs.frozen(kw_only=True)
class AuditLine:
    """Who did what to what, when and why."""

    id: str
    at: datetime = attrs.field(metadata=aware)
    actor: str
    action: str
    """Such as `resource.publish`."""
    kind: str
    subject: str
    organization: str = ""
    region: str = ""
    reason: str = attrs.field(default="", metadata=text(2000))
    data: Mapping[str, Value] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Seal:
    """A link of the audit chain: a batch of lines under one digest."""

    number: int
    after: str | None
    """Cursor before the first line of the batch."""
    last: str
    """Cursor of its last line."""
    lines: int
    digest: str
    """SHA-256 over the digest before and the digests of the lines, hex."""
    at: datetime = attrs.field(metadata=aware)


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that `doctor` found."""

    check: str
    """Such as `audit`, `storage`, `search`, `keys`."""
    severity: str
    """`ok`, `note` or `error`."""
    message: str
    subject: str = ""
    """What it concerns, such as the id of an audit line."""
    hint: str = ""
