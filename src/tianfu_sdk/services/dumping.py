"""Writing a dump: one snapshot of a store as one file, which appears when it is whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import BinaryIO

from tianfu_sdk import codec
from tianfu_sdk.core.contents import ContentHash
from tianfu_sdk.core.kinds import KEPT, SHELVES
from tianfu_sdk.errors import Conflict, StorageError, StorageFull, StorageUnavailable
from tianfu_sdk.formats import dump
from tianfu_sdk.model.dump import DumpHeader, DumpTrailer
from tianfu_sdk.model.event import AuditLine, Event, Seal
from tianfu_sdk.model.storage import Kind, Query
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.everything import everything
from tianfu_sdk.services.tools import Tools

__all__ = ["NOUNS", "new_file", "write_dump"]

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


@contextlib.contextmanager
def new_file(target: Path) -> Iterator[BinaryIO]:
    """Give a file to write, mode 0600, which gets its name once it is whole and synced.

    Raises:
        Conflict: `storage.target_there`; nothing is overwritten.
        StorageFull: No room left; nothing is left behind.
        StorageUnavailable: `storage.cannot_open`, the folder cannot be written.
    """
    if target.exists():
        raise Conflict("storage.target_there", path="target", place=str(target))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    except OSError as error:
        raise StorageUnavailable("storage.cannot_open", place=str(target)) from error
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(name, target)
    except FileExistsError as error:
        raise Conflict("storage.target_there", path="target", place=str(target)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("storage.full", place=str(target)) from error
        raise StorageError("storage.io", place=str(target)) from error
    finally:
        Path(name).unlink(missing_ok=True)
