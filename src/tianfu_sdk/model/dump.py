"""What a dump holds, item by item; and what became of one."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.model.keeping import MediaCopy
from tianfu_sdk.model.storage import JobInfo, Kind, Row

__all__ = [
    "DumpEvent",
    "DumpHeader",
    "DumpHold",
    "DumpItem",
    "DumpJob",
    "DumpRow",
    "DumpTrailer",
    "Dumped",
    "Loaded",
]


@attrs.frozen(kw_only=True)
class DumpHeader:
    """The first line."""

    id: str
    """Random; two dumps are never taken for one another."""
    made_at: str
    """ISO 8601, UTC."""
    program: str
    """Version of the program that wrote it."""
    store: str
    """Name of the store that it is of, such as `sqlite`."""
    kinds: tuple[Kind, ...]
    documents: Mapping[str, int]
    """Schema number of documents by noun."""
    regions: str
    """Digest of the table of regions by which rows were placed."""
    rows: Mapping[str, int]
    """Rows by kind."""


@attrs.frozen
class DumpRow:
    """A row as it stands."""

    kind: str
    row: Row
    places: Mapping[str, int] = attrs.field(factory=dict)
    """For cursors in it, by name: how many events of the stream lie up to there; -1: none."""


@attrs.frozen
class DumpEvent:
    """An event; those of a stream follow one another in their order."""

    stream: str
    body: bytes


@attrs.frozen
class DumpHold:
    """A held group of jobs."""

    queue: str
    group: str


@attrs.frozen
class DumpJob:
    """A job as it stands, leased ones as queued."""

    job: JobInfo


DumpItem = DumpRow | DumpEvent | DumpHold | DumpJob


@attrs.frozen(kw_only=True)
class DumpTrailer:
    """The last line: without it the dump was cut off."""

    lines: int
    """Lines before this one, the first included."""
    sha256: str
    """Of all bytes before this line, hex."""
    content: Mapping[str, str]
    """Content hash by part; see `hub.keeping.content_hash`."""


@attrs.frozen(kw_only=True)
class Dumped:
    """A dump that was made."""

    file: str
    lines: int
    size: int
    """Bytes."""
    content: Mapping[str, str]
    """Content hash by part."""
    media: MediaCopy
    folder: str = ""
    """Where the media are; empty where none were copied."""
    erasures: str = ""
    """Where the erasure log is, which is not in it; empty where there is none."""


@attrs.frozen(kw_only=True)
class Loaded:
    """A dump that was loaded."""

    file: str
    lines: int
    content: Mapping[str, str]
    """Content hash by part, of what stands in the new store."""
    rekeyed: tuple[str, ...]
    """Kinds whose rows got other keys, because an older program wrote the dump."""
    indexed: int | None
    """Documents in the search index; None where the store has no engine."""
    erased: int
    """Subjects that the dump still had and that were erased again."""
    erasures: str
    """Where the erasure log was read; empty where there is none."""
    media: MediaCopy
    other_regions: bool
    """The dump was placed by another table of regions than this program has."""
