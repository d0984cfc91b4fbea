"""Events as files for analysts: monthly, resumable, each event in one file."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from tianfu_sdk.errors import Conflict
from tianfu_sdk.files import make_folder, sync, telling
from tianfu_sdk.formats import arrow
from tianfu_sdk.formats.event_rows import COLUMNS, SCHEMA, month_of, read_line, write_line
from tianfu_sdk.model.event import Event, EventExport, ExportFormat
from tianfu_sdk.ports.event_files import EventPage

__all__ = ["MANIFEST", "FolderEventFiles"]

MANIFEST = "tianfu-events.json"
"""What an export keeps beside its files: how far it is, and which files are its own."""
_PART = 20_000


@attrs.frozen(kw_only=True)
class _Manifest:
    schema: int
    format: str
    reader: str
    store: str
    """Id of the first event that the reader sees: another store begins with another."""
    cursor: str = ""
    runs: int = 0
    files: tuple[str, ...] = ()


class FolderEventFiles:
    """The exports into one folder; a new one is for its owner only.

    Rows are gathered as JSON lines a month in a folder of their own, written as files under
    names that do not match until all are whole, renamed, and at last named in the manifest.
    What a crash leaves before that is written again under the same names by the next run.

    Args:
        folder: Where; made if it is not there.
        format: Of the files.
        reader: Who reads the events; another one sees others.
        store: Id of the first event that the reader sees, or empty.
    """

    def __init__(self, folder: Path, format: ExportFormat, reader: str, store: str) -> None:  # noqa: A002
        self._folder = folder
        self._format = format
        self._wanted = _Manifest(schema=SCHEMA, format=format.value, reader=reader, store=store)

    def run(
        self,
        after: str | None,
        pages: Callable[[str | None], Iterator[EventPage]],
        progress: Callable[[int], None] | None = None,
    ) -> EventExport:
        """Write what is new."""
        if self._format is ExportFormat.PARQUET:
            arrow.demand()
        with telling(self._folder):
            return self._run(after, pages, progress)

    def _run(
        self,
        after: str | None,
        pages: Callable[[str | None], Iterator[EventPage]],
        progress: Callable[[int], None] | None,
    ) -> EventExport:
        make_folder(self._folder)
        before = self._begun(after)
        work = Path(tempfile.mkdtemp(prefix=".export-", dir=self._folder))
        try:
            done, cursor = 0, before.cursor
            for events, passed in pages(before.cursor or None):
                _gather(work, [event for _, event in events])
                done, cursor = done + len(events), passed or cursor
                if progress is not None and events:
                    progress(done)
            names = self._write(work, before.runs + 1)
            self._finish(work, before, names, cursor)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return EventExport(files=tuple(names), events=done, cursor=cursor)

    def _begun(self, after: str | None) -> _Manifest:
        """Give how far the folder's export is."""
        known = self._read()
        if known is None:
            return attrs.evolve(self._wanted, cursor=after or "")
        if known.schema != SCHEMA or known.format != self._format.value or after is not None:
            raise Conflict("export.begun", path="folder", format=known.format)
        mine = known.reader, known.store or self._wanted.store
        if mine != (self._wanted.reader, self._wanted.store):
            raise Conflict("export.not_yours", path="folder")
        return attrs.evolve(known, store=self._wanted.store)

    def _read(self) -> _Manifest | None:
        try:
            plain = json.loads((self._folder / MANIFEST).read_text("utf-8"))
            return _Manifest(**plain | {"files": tuple(plain["files"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            raise Conflict("export.not_yours", path="folder") from None

    def _write(self, work: Path, run: int) -> list[str]:
        """Write a file a month under its name to be, still in the working folder."""
        names = []
        for lines in sorted(work.glob("*.lines")):
            name = f"events-{lines.stem}-{run:04d}.{self._format.value}"
            if self._format is ExportFormat.JSONL:
                lines.replace(work / name)
            else:
                with lines.open("rb") as source, (work / name).open("wb") as target:
                    metadata = {"tianfu_schema": str(SCHEMA), "month": lines.stem}
                    arrow.write_parquet(target, _rows(source), COLUMNS, metadata)
                lines.unlink()
            sync(work / name)
            names.append(name)
        return names

    def _finish(self, work: Path, before: _Manifest, names: list[str], cursor: str) -> None:
        started = before.runs > 0 or bool(before.files)
        known = self._read()
        if (known.runs if known else 0) != (before.runs if started else 0):
            raise Conflict("export.busy", path="folder")
        if not names and known is not None and cursor == known.cursor:
            return
        for name in names:
            (work / name).replace(self._folder / name)
        after = attrs.evolve(
            before,
            cursor=cursor,
            runs=before.runs + 1,
            files=(*before.files, *names),
        )
        text = json.dumps(attrs.asdict(after), ensure_ascii=False, indent=1)
        (work / MANIFEST).write_text(text + "\n", "utf-8")
        sync(work / MANIFEST)
        sync(self._folder)
        (work / MANIFEST).replace(self._folder / MANIFEST)
        sync(self._folder)


def _gather(work: Path, events: list[Event]) -> None:
    months: dict[str, list[bytes]] = {}
    for event in events:
        months.setdefault(month_of(event), []).append(write_line(event))
    for month, lines in months.items():
        with (work / f"{month}.lines").open("ab") as file:
            file.writelines(lines)


def _rows(source: BinaryIO) -> Iterator[list[dict[str, Any]]]:
    while lines := list(islice(source, _PART)):
        yield [read_line(line) for line in lines]
