"""Dumps on the wire: JSON lines, one an item. See `docs/reference/dump-format.md`.

Pure: bytes in, values out. What is not text stands as base64 under a name that ends in `64`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tianfu_sdk.errors import Invalid, SchemaTooNew, StorageCorrupt, TianfuError
from tianfu_sdk.model.dump import (
    DumpEvent,
    DumpHeader,
    DumpHold,
    DumpItem,
    DumpJob,
    DumpRow,
    DumpTrailer,
)
from tianfu_sdk.model.storage import JobInfo, JobState, Key, Kind, Row

__all__ = ["FORMAT", "read_header", "read_item", "read_trailer", "write"]

FORMAT = 1
"""Number of this format; a reader refuses a higher one."""
_WHAT = "tianfu-dump"


def write(item: DumpHeader | DumpItem | DumpTrailer) -> bytes:
    """Write one line: JSON in UTF-8 with the line's end."""
    match item:
        case DumpHeader():
            plain = _header(item)
        case DumpRow():
            plain = _row(item)
        case DumpEvent():
            plain = {"event": item.stream} | _bytes("body", item.body)
        case DumpHold():
            plain = {"hold": item.queue, "group": item.group}
        case DumpJob():
            plain = _job(item.job)
        case DumpTrailer():
            plain = {
                "end": item.lines,
                "sha256": item.sha256,
                "content": dict(item.content),
            }
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.encode() + b"\n"


def read_header(line: bytes) -> DumpHeader:
    """Read the first line.

    Raises:
        Invalid: `dump.not_a_dump`.
        SchemaTooNew: `dump.format_too_new`.
    """
    try:
        plain = json.loads(line)
        number = plain[_WHAT]
    except (ValueError, TypeError, KeyError):
        raise Invalid("dump.not_a_dump", path="source") from None
    if not isinstance(number, int):
        raise Invalid("dump.not_a_dump", path="source")
    if number > FORMAT:
        raise SchemaTooNew("dump.format_too_new", path="source", found=number, known=FORMAT)
    try:
        return DumpHeader(
            id=str(plain["id"]),
            made_at=str(plain["made_at"]),
            program=str(plain["program"]),
            store=str(plain["store"]),
            kinds=tuple(_kind(name, shape) for name, shape in plain["kinds"].items()),
            documents=dict(plain["documents"]),
            regions=str(plain["regions"]),
            rows=dict(plain["rows"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Invalid("dump.not_a_dump", path="source") from None


def read_trailer(line: bytes) -> DumpTrailer | None:
    """Read the last line; None where it is another one, so that the dump was cut off."""
    try:
        plain = json.loads(line)
        return DumpTrailer(
            lines=int(plain["end"]), sha256=str(plain["sha256"]), content=dict(plain["content"])
        )
    except (ValueError, TypeError, KeyError):
        return None


def read_item(line: bytes, number: int, kinds: Mapping[str, Kind]) -> DumpItem:
    """Read a line between the first and the last.

    Args:
        line: With or without its end.
        number: Of the line, for errors.
        kinds: Of the header, by name.

    Raises:
        StorageCorrupt: `dump.bad_line`.
    """
    try:
        plain = json.loads(line)
        if "row" in plain:
            return _read_row(plain, kinds[plain["row"]])
        if "event" in plain:
            return DumpEvent(plain["event"], _read_bytes(plain, "body") or b"")
        if "hold" in plain:
            return DumpHold(plain["hold"], plain["group"])
        return DumpJob(_read_job(plain))
    except (ValueError, TypeError, KeyError, AttributeError, TianfuError):
        raise StorageCorrupt("dump.bad_line", path="source", line=number) from None


def _header(header: DumpHeader) -> dict[str, Any]:
    return {
        _WHAT: FORMAT,
        "id": header.id,
        "made_at": header.made_at,
        "program": header.program,
        "store": header.store,
        "regions": header.regions,
        "documents": dict(header.documents),
        "rows": dict(header.rows),
        "kinds": {
            kind.name: {
                "schema": kind.schema,
                "document": kind.document,
                "keys": [[key.name, key.type, key.many] for key in kind.keys],
                "indexes": [list(index) for index in kind.indexes],
            }
            for kind in header.kinds
        },
    }


def _kind(name: str, shape: Mapping[str, Any]) -> Kind:
    return Kind(
        name,
        tuple(Key(key, type_, many) for key, type_, many in shape["keys"]),
        tuple(tuple(index) for index in shape["indexes"]),
        shape["document"],
        shape["schema"],
    )


def _row(item: DumpRow) -> dict[str, Any]:
    plain: dict[str, Any] = {"row": item.kind, "id": item.row.id, "v": item.row.version}
    plain["keys"] = dict(item.row.keys)
    if item.row.doc is not None:
        plain |= _bytes("doc", item.row.doc)
    if item.places:
        plain["places"] = dict(item.places)
    return plain


def _plain(value: Any) -> Any:
    """Write what JSON has not: sets as sorted lists, bytes as base64."""
    if isinstance(value, frozenset):
        return sorted(value)
    return base64.b64encode(value).decode()


def _read_row(plain: Mapping[str, Any], kind: Kind) -> DumpRow:
    keys = {key.name: _read_key(key, plain["keys"][key.name]) for key in kind.keys}
    row = Row(plain["id"], plain["v"], _read_bytes(plain, "doc"), keys)
    kind.check_row(row)
    return DumpRow(kind.name, row, dict(plain.get("places", {})))


def _read_key(key: Key, value: Any) -> Any:
    if key.many:
        return frozenset(_read_scalar(key, member) for member in value)
    return _read_scalar(key, value)


def _read_scalar(key: Key, value: Any) -> Any:
    if key.type == "bytes":
        return base64.b64decode(value, validate=True)
    # JSON writes 1.0 as 1.0, but another writer may not.
    return float(value) if key.type == "float" and isinstance(value, int) else value


def _bytes(name: str, value: bytes) -> dict[str, str]:
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}64": base64.b64encode(value).decode()}


def _read_bytes(plain: Mapping[str, Any], name: str) -> bytes | None:
    if f"{name}64" in plain:
        try:
            return base64.b64decode(plain[f"{name}64"], validate=True)
        except binascii.Error as error:
            raise ValueError(name) from error
    text = plain.get(name)
    return None if text is None else str(text).encode()


def _job(job: JobInfo) -> dict[str, Any]:
    # Whoever had it leased does not have it in the new store.
    state = JobState.QUEUED if job.state is JobState.LEASED else job.state
    return {
        "job": job.queue,
        "key": job.key,
        "state": state.value,
        "due": job.due.astimezone(UTC).isoformat(),
        "attempts": job.attempts,
        "priority": job.priority,
        "group": job.group,
        "reason": job.reason,
    } | _bytes("body", job.body)


def _read_job(plain: Mapping[str, Any]) -> JobInfo:
    due = datetime.fromisoformat(plain["due"])
    if due.tzinfo is None:
        raise ValueError(plain["due"])
    return JobInfo(
        id=0,
        queue=plain["job"],
        key=plain["key"],
        state=JobState.of(plain["state"], "state"),
        due=due,
        attempts=plain["attempts"],
        priority=plain["priority"],
        group=plain["group"],
        reason=plain["reason"],
        body=_read_bytes(plain, "body") or b"",
    )
