"""Taking a dump in: checked whole first, then batch by batch, going on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.cursors import cursors_of, with_cursors
from tianfu_sdk.core.rows.kinds import ALL_KINDS, KEPT, MARK
from tianfu_sdk.core.rows.rekeying import rekeyer
from tianfu_sdk.core.rows.shapes import compare
from tianfu_sdk.errors import (
    Conflict,
    Invalid,
    SchemaTooNew,
    StorageCorrupt,
    StorageError,
    StorageUnavailable,
)
from tianfu_sdk.formats import dump
from tianfu_sdk.model.dump import (
    DumpEvent,
    DumpHeader,
    DumpHold,
    DumpItem,
    DumpJob,
    DumpRow,
    DumpTrailer,
)
from tianfu_sdk.model.storage import Cursor, Kind, Query, Row
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.store.dumping import NOUNS
from tianfu_sdk.services.store.everything import content_of
from tianfu_sdk.services.store.unfinished import LOADING

__all__ = ["Checked", "Loading", "check_dump"]

_BATCH = 500
_PAGE = 1000


@attrs.frozen(kw_only=True)
class Checked:
    """A dump that is whole and that this program can read."""

    path: Path
    header: DumpHeader
    trailer: DumpTrailer
    rekeyed: tuple[str, ...]
    """Kinds that have another shape in this program."""


def check_dump(source: str | Path) -> Checked:
    """Read a dump once from end to end, before anything is taken in.

    Raises:
        StorageUnavailable: `storage.cannot_open`.
        Invalid: `dump.not_a_dump`, `dump.unknown_kind`.
        SchemaTooNew: `dump.format_too_new`, `storage.kind_too_new`, `codec.schema_too_new`.
        StorageCorrupt: `dump.truncated`, `dump.damaged`.
    """
    path = Path(source)
    sha, lines, last = hashlib.sha256(), 0, b""
    try:
        with path.open("rb") as file:
            header = dump.read_header(file.readline(_LONGEST_HEADER))
            rekeyed = _demand_known(header)
            file.seek(0)
            for line in file:
                if last:
                    sha.update(last)
                    lines += 1
                last = line
    except OSError as error:
        raise StorageUnavailable("storage.cannot_open", place=str(source)) from error
    trailer = dump.read_trailer(last)
    if trailer is None or not last.endswith(b"\n"):
        raise StorageCorrupt("dump.truncated", path="source")
    if (trailer.lines, trailer.sha256) != (lines, sha.hexdigest()):
        raise StorageCorrupt("dump.damaged", path="source")
    return Checked(path=path, header=header, trailer=trailer, rekeyed=rekeyed)


_LONGEST_HEADER = 16 << 20
_BY_NAME = {kind.name: kind for kind in ALL_KINDS}


def _demand_known(header: DumpHeader) -> tuple[str, ...]:
    rekeyed = []
    for kind in header.kinds:
        if kind.name not in _BY_NAME:
            raise Invalid("dump.unknown_kind", path="source", kind=kind.name)
        change = compare(kind, _BY_NAME[kind.name])
        if change is not None:
            rekeyed.append(kind.name)
    known = {noun.__name__ for noun in NOUNS}
    for noun, found in header.documents.items():
        schema = codec.SCHEMAS.get(noun, 1)
        if noun in known and found > schema:
            raise SchemaTooNew("codec.schema_too_new", path=noun, found=found, known=schema)
    return tuple(rekeyed)


class Loading:
    """The way of one dump into one store.

    Args:
        tools: Of the hub; its store is empty, or has this dump begun.
        checked: What is taken in.
    """

    def __init__(self, tools: Tools, checked: Checked) -> None:
        self._store = tools.store
        self._checked = checked
        self._kinds = {kind.name: kind for kind in checked.header.kinds}
        self._rekey = rekeyer(tools.regions())
        self._walks: dict[str, _Walk] = {}

    def run(self, progress: Callable[[int, int], None] | None = None) -> Mapping[str, str]:
        """Take in what is not there yet, and hold the whole against the dump.

        Args:
            progress: Called with lines done and lines in all.

        Returns:
            Content hash of the store by part.

        Raises:
            Conflict: `dump.not_empty`, `dump.other_begun`.
            StorageCorrupt: `dump.bad_line`.
            StorageError: `dump.content`; `storage.rekey`; as `Store.run`.
        """
        lines = self._checked.trailer.lines
        done, compared = self._store.run(self._begin, write=True)
        while done < lines:
            # The lines that a batch is of are read once, outside the transaction.
            with self._checked.path.open("rb") as file:
                numbered = islice(enumerate(file, 1), done, lines)
                for batch in _batches(numbered, self._kinds):
                    self._store.run(lambda tx, b=batch: self._take(tx, b), write=True)  # type: ignore[misc]
                    done = batch[-1][0]
                    if progress is not None:
                        progress(done, lines)
        if compared:
            return self._checked.trailer.content
        found = self._compared()
        # From here on the store may get lines of its own, so it is not compared again.
        self._store.run(lambda tx: self._note(tx, lines, compared=True), write=True)
        return found

    def end(self) -> None:
        """Forget that this store was being loaded: from here on it is like any other."""
        self._store.run(_end, write=True)

    def _begin(self, tx: Tx) -> tuple[int, bool]:
        found = tx.get(MARK.name, [LOADING])
        if found:
            state = json.loads(found[0].doc or b"{}")
            if state.get("dump") != self._checked.trailer.sha256:
                raise Conflict("dump.other_begun", path="url")
            return int(state["lines"]), bool(state["compared"])
        if (
            tx.streams()
            or tx.queues()
            or any(tx.find(name, Query(limit=1, fields="keys")) for name in _BY_NAME)
        ):
            raise Conflict("dump.not_empty", path="url")
        # The header is a line as well.
        self._note(tx, 1)
        return 1, False

    def _note(self, tx: Tx, lines: int, *, compared: bool = False) -> None:
        found = tx.get(MARK.name, [LOADING])
        state = {"dump": self._checked.trailer.sha256, "lines": lines, "compared": compared}
        version = found[0].version if found else 0
        tx.put(MARK.name, [Row(LOADING, version, json.dumps(state).encode())])

    def _take(self, tx: Tx, batch: Sequence[tuple[int, DumpItem]]) -> None:
        items = [item for _, item in batch]
        first = items[0]
        if isinstance(first, DumpRow):
            rows = [self._row(tx, item) for item in items if isinstance(item, DumpRow)]
            tx.load(first.kind, rows)
        elif isinstance(first, DumpEvent):
            tx.append(first.stream, [item.body for item in items if isinstance(item, DumpEvent)])
        elif isinstance(first, DumpHold):
            for item in items:
                if isinstance(item, DumpHold):
                    tx.hold(item.queue, item.group)
        else:
            tx.load_jobs(first.job.queue, [i.job for i in items if isinstance(i, DumpJob)])
        self._note(tx, batch[-1][0])

    def _row(self, tx: Tx, item: DumpRow) -> Row:
        row = item.row
        if item.kind in self._checked.rekeyed:
            row = attrs.evolve(row, keys=self._rekey(item.kind, row))
        if not item.places:
            return row
        streams = _streams(item)
        cursors = {name: self._cursor(tx, streams[name], n) for name, n in item.places.items()}
        # A consumer whose place was lost begins anew: at least once, never less.
        return with_cursors(row, {name: c or "" for name, c in cursors.items()})

    def _cursor(self, tx: Tx, stream: str, place: int) -> str | None:
        walk = self._walks.setdefault(stream, _Walk())
        found, self._walks[stream] = walk.to(tx, stream, place)
        return found

    def _compared(self) -> Mapping[str, str]:
        found = self._store.run(lambda tx: content_of(tx, KEPT), write=False)
        wanted = self._checked.trailer.content
        # Rows that got other keys are not what they were.
        other = {f"kind:{name}" for name in self._checked.rekeyed}
        odd = [
            name
            for name in sorted({*found, *wanted} - other)
            if found.get(name) != wanted.get(name)
        ]
        if odd:
            raise StorageError("dump.content", path="source", parts=", ".join(odd))
        return found


@attrs.frozen
class _Walk:
    """How far a stream was walked: its events are looked for in their order, once."""

    number: int = 0
    cursor: Cursor | None = None

    def to(self, tx: Tx, stream: str, place: int) -> tuple[str | None, _Walk]:
        """Give the cursor up to which there are so many events, and the walk from there."""
        walk = self if place >= self.number else _Walk()
        number, cursor = walk.number, walk.cursor
        while number < place:
            events = tx.read(stream, cursor, min(_PAGE, place - number))
            if not events:
                return None, walk
            number += len(events)
            cursor = events[-1].cursor
        return (cursor if place > 0 else None), _Walk(number, cursor)


def _streams(item: DumpRow) -> Mapping[str, str]:
    return {name: stream for name, (stream, _) in cursors_of(item.kind, item.row).items()}


def _batches(
    lines: Iterator[tuple[int, bytes]], kinds: Mapping[str, Kind]
) -> Iterator[list[tuple[int, DumpItem]]]:
    """Give lines in batches, each of one kind, stream or queue."""
    items = ((number, dump.read_item(line, number, kinds)) for number, line in lines)
    for _, group in groupby(items, key=lambda numbered: _belongs(numbered[1])):
        while batch := list(islice(group, _BATCH)):
            yield batch


def _belongs(item: DumpItem) -> tuple[Any, ...]:
    match item:
        case DumpRow(kind):
            return ("row", kind)
        case DumpEvent(stream):
            return ("event", stream)
        case DumpHold(queue):
            return ("hold", queue)
        case DumpJob(job):
            return ("job", job.queue)


def _end(tx: Tx) -> None:
    found = tx.get(MARK.name, [LOADING])
    tx.delete(MARK.name, [(row.id, row.version) for row in found])
