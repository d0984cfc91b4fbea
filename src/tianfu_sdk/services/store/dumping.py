"""Writing a dump: one snapshot of a store as one file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC
from importlib.metadata import PackageNotFoundError, version
from typing import BinaryIO

from tianfu_sdk import codec
from tianfu_sdk.core.rows.contents import ContentHash
from tianfu_sdk.core.rows.kinds import KEPT, SHELVES
from tianfu_sdk.formats import dump
from tianfu_sdk.model.dump import DumpHeader, DumpTrailer
from tianfu_sdk.model.event import AuditLine, Event, Seal
from tianfu_sdk.model.storage import Kind, Query
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.store.everything import everything

__all__ = ["NOUNS", "write_dump"]

NOUNS: tuple[type, ...] = (*(shelf.noun for shelf in SHELVES.values()), AuditLine, Event, Seal)
"""What documents of a dump may be."""
_TOLD = 1000
"""Items between two calls of `progress`."""


def write_dump(
    tools: Tools, file: BinaryIO, progress: Callable[[int, int], None] | None = None
) -> DumpTrailer:
    """Write everything that is committed at this moment.

    Args:
        tools: Of the hub.
        file: Empty, and can be cut off: a store may call for the snapshot again.
        progress: Called with rows written and rows in all.

    Returns:
        The last line.
    """
    id_ = tools.ids.new("dmp")

    def body(tx: Tx) -> DumpTrailer:
        file.seek(0)
        file.truncate()
        return _write_all(tools, tx, file, id_, progress)

    return tools.store.run(body, write=False)


def _write_all(
    tools: Tools,
    tx: Tx,
    file: BinaryIO,
    id_: str,
    progress: Callable[[int, int], None] | None,
) -> DumpTrailer:
    header = _header(tools, tx, id_, KEPT)
    total = sum(header.rows.values())
    sha, content = hashlib.sha256(), ContentHash()
    lines = 1
    line = dump.write(header)
    file.write(line)
    sha.update(line)
    for item in everything(tx, KEPT):
        line = dump.write(item)
        file.write(line)
        sha.update(line)
        content.add(item)
        lines += 1
        if progress is not None and lines % _TOLD == 0:
            progress(lines, max(total, lines))
    trailer = DumpTrailer(lines=lines, sha256=sha.hexdigest(), content=content.parts())
    file.write(dump.write(trailer))
    if progress is not None:
        progress(lines, lines)
    return trailer


def _header(tools: Tools, tx: Tx, id_: str, kinds: Sequence[Kind]) -> DumpHeader:
    return DumpHeader(
        id=id_,
        made_at=tools.clock.now().astimezone(UTC).isoformat(),
        program=_program(),
        store=tools.store.capabilities.name,
        kinds=tuple(kinds),
        documents={noun.__name__: codec.SCHEMAS.get(noun.__name__, 1) for noun in NOUNS},
        regions=tools.regions.table,
        rows={kind.name: tx.count(kind.name, Query()) for kind in kinds},
    )


def _program() -> str:
    try:
        return version("tianfu-sdk")
    except PackageNotFoundError:
        return "unknown"
