"""Translation memories in files: TMX and CSV."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import tables, tmx
from tianfu_sdk.formats.csv_text import csv_text
from tianfu_sdk.formats.tmx import TmxHeader, TmxUnit, TmxVariant
from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.memory import MemoryText, MemoryUnit
from tianfu_sdk.model.problem import Problem, Severity
from tianfu_sdk.services.languages.remembering import unit_id
from tianfu_sdk.text import canonical_language, normalize

__all__ = ["FileSource", "MemoryFile", "MemoryFormat", "opened_source", "read_units", "write_units"]

FileSource = bytes | str | Path | BinaryIO
_CHUNK = 1 << 20
_SHOWN = 200
_LONGEST = 20_000


class MemoryFormat(Labelled):
    """How a memory is written in a file."""

    TMX = "tmx", "TMX 翻译记忆", "TMX"
    CSV = "csv", "CSV 表格", "comma-separated values"

    @classmethod
    def named(cls, given: MemoryFormat | str | None, name: str, head: bytes = b"") -> MemoryFormat:
        """Tell the format: as given, by the ending of a name, or by the first bytes.

        Raises:
            Invalid: `field.choice`; `memory.format`, the ending is of another format.
        """
        if given is not None:
            return cls.of(given, "format")
        ending = Path(name).suffix.lower()
        if ending in (".csv", ".tsv"):
            return cls.CSV
        if ending in ("", ".tmx", ".xml"):
            return cls.TMX if b"<" in head or not head or ending else cls.CSV
        raise Invalid("memory.format", path="format", ending=ending[:20])


@contextmanager
def opened_source(source: FileSource) -> Iterator[tuple[BinaryIO, str]]:
    """Give a stream of what a caller named, and its name."""
    if isinstance(source, (str, Path)):
        try:
            stream = Path(source).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise Invalid("import.no_file", path="source", why=type(error).__name__) from error
        with stream:
            yield stream, str(source)
    elif isinstance(source, bytes):
        yield io.BytesIO(source), ""
    else:
        yield source, str(getattr(source, "name", ""))


@attrs.frozen
class MemoryFile:
    """A file of a memory, read as often as needed and never whole."""

    _stream: BinaryIO
    _format: MemoryFormat
    digest: str
    """SHA-256 of its bytes."""

    def check(self, progress: Callable[[int], None] | None = None) -> list[Problem]:
        """List what is wrong with it."""
        self._stream.seek(0)
        if self._format is MemoryFormat.TMX:
            return tmx.check(self._stream, progress=progress, also=_too_long)
        return list(islice(_csv_problems(self._stream), _SHOWN))

    def batches(self, size: int, organization: str, region: str) -> Iterator[dict[str, MemoryUnit]]:
        """Give its units by id, so many at a time; what stands twice in a batch is one."""
        units = self._units(organization, region)
        while some := list(islice(units, size)):
            yield {unit.id: unit for unit in some}

    def _units(self, organization: str, region: str) -> Iterator[MemoryUnit]:
        # Told apart by what they say and by who has them, not by the file they come in.
        origin = f"file:{organization}"
        for source_language, texts, note in self._texts():
            if len({one.language for one in texts}) > 1:
                yield MemoryUnit(
                    id=unit_id(origin, texts),
                    organization=organization,
                    region=region,
                    texts=texts,
                    source_language=source_language,
                    origin=self.digest,
                    note=note[:500],
                )

    def _texts(self) -> Iterator[tuple[str, tuple[MemoryText, ...], str]]:
        self._stream.seek(0)
        if self._format is MemoryFormat.CSV:
            yield from _csv_texts(self._stream)
            return
        header, units = tmx.stream(self._stream)
        for unit in units:
            texts = tuple(one for one in map(_text, unit.variants) if one.text.strip())
            if texts:
                yield _source(unit, header, texts), texts, "\n".join(unit.notes)


def _too_long(unit: TmxUnit) -> Iterator[Problem]:
    if any(len(one.text) > _LONGEST for one in unit.variants):
        yield _problem(unit.line, "memory.long", ("text is too long", "文本过长"))


def _text(variant: TmxVariant) -> MemoryText:
    marked = any(not isinstance(part, str) for part in variant.content)
    return MemoryText(
        language=canonical_language(variant.language),
        text=normalize(variant.text),
        markup=tmx.written(variant.content) if marked else "",
    )


def _source(unit: TmxUnit, header: TmxHeader, texts: Sequence[MemoryText]) -> str:
    said = unit.attributes.get("srclang", header.source_language)
    if said != "*all*":
        wanted = canonical_language(said)
        if any(one.language == wanted for one in texts):
            return wanted
    return texts[0].language


@contextmanager
def read_units(source: FileSource, given: MemoryFormat | str | None) -> Iterator[MemoryFile]:
    """Open a file of a memory.

    Raises:
        Invalid: `memory.format`, `field.choice`; `import.no_file`.
    """
    with opened_source(source) as (stream, name):
        head = stream.read(_CHUNK)
        digest = hashlib.sha256(head)
        chosen = MemoryFormat.named(given, name, head)
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
        yield MemoryFile(stream, chosen, digest.hexdigest())


# CSV: a language tag over each column.


def _columns(names: Iterable[str]) -> tuple[dict[str, str], list[Problem]]:
    tags: dict[str, str] = {}
    problems = []
    for name in names:
        if name.lower() == "note":
            continue
        try:
            tags[name] = canonical_language(name)
        except Invalid as error:
            problems.append(_problem(1, "memory.column", (error.message, error.text("zh")), name))
    if len(set(tags.values())) < 2:  # noqa: PLR2004 - a source and a target
        said = ("two columns with language tags are needed", "至少需要两个以语言标签命名的列")
        problems.append(_problem(1, "memory.columns", said))
    return tags, problems


def _csv_problems(stream: BinaryIO) -> Iterator[Problem]:
    tags: dict[str, str] | None = None
    try:
        for row in tables.rows(stream, "csv"):
            if tags is None:
                tags, problems = _columns(row.columns)
                yield from problems
                if problems:
                    return
            for error in row.problems:
                said = (error.message, error.text("zh"))
                yield _problem(row.number, error.code, said, error.path or "")
            said_in = [tags[name] for name, cell in row.values.items() if name in tags and cell]
            if len(set(said_in)) < 2:  # noqa: PLR2004 - as above
                said = ("a row needs two texts", "每行至少两个文本")
                yield _problem(row.number, "memory.row", said)
            if any(len(cell) > _LONGEST for cell in row.values.values()):
                yield _problem(row.number, "memory.long", ("text is too long", "文本过长"))
    except Invalid as error:
        line = int(error.values.get("line", error.values.get("row", 1)) or 1)
        yield _problem(line, error.code, (error.message, error.text("zh")))


def _csv_texts(stream: BinaryIO) -> Iterator[tuple[str, tuple[MemoryText, ...], str]]:
    for row in tables.rows(stream, "csv"):
        tags, _ = _columns(row.columns)
        texts = tuple(
            MemoryText(language=tags[name], text=normalize(_bare(cell)))
            for name, cell in row.values.items()
            if name in tags and cell.strip()
        )
        note = next((cell for name, cell in row.values.items() if name.lower() == "note"), "")
        yield texts[0].language, texts, note


def _bare(cell: str) -> str:
    """Take away the apostrophe that keeps a spreadsheet from reading a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in set("=+-@") else cell


def _problem(line: int, rule: str, said: tuple[str, str], path: str = "") -> Problem:
    return Problem(rule, Severity.ERROR, line, path, *said)


# Writing.


def write_units(
    stream: BinaryIO, units: Iterable[MemoryUnit], tags: Sequence[str], chosen: MemoryFormat
) -> int:
    """Write units.

    Args:
        stream: Where to.
        units: Any number; they are read on as they are written.
        tags: Only these languages, the source first; none: all.
        chosen: The format.

    Returns:
        How many.

    Raises:
        Invalid: `memory.languages`.
    """
    counted = _Counted(units)
    if chosen is MemoryFormat.TMX:
        source = tags[0] if tags else "*all*"
        header = TmxHeader(source_language=source, attributes={"creationtool": "tianfu_sdk"})
        stream.writelines(tmx.write(header, (_tmx(unit, tags) for unit in counted)))
        return counted.number
    if len(tags) < 2:  # noqa: PLR2004 - a source and a target
        raise Invalid("memory.languages", path="languages")
    # The mark tells a spreadsheet that this is UTF-8.
    stream.write(b"\xef\xbb\xbf")
    out = io.StringIO(newline="")
    csv.writer(out).writerow([*tags, "note"])
    stream.write(out.getvalue().encode())
    for unit in counted:
        row = {tag: said.text if (said := unit.said(tag)) else "" for tag in tags}
        text = csv_text([row | {"note": unit.note}])
        stream.write(text.partition("\r\n")[2].encode())
    return counted.number


class _Counted:
    def __init__(self, units: Iterable[MemoryUnit]) -> None:
        self._units = units
        self.number = 0

    def __iter__(self) -> Iterator[MemoryUnit]:
        for unit in self._units:
            self.number += 1
            yield unit


def _tmx(unit: MemoryUnit, tags: Sequence[str]) -> TmxUnit:
    texts = [one for one in unit.texts if not tags or one.language in tags]
    return TmxUnit(
        attributes={"tuid": unit.id, "srclang": unit.source_language},
        notes=(unit.note,) if unit.note else (),
        variants=tuple(
            TmxVariant(
                language=one.language,
                content=tmx.content_of(one.markup) if one.markup else (one.text,),
            )
            for one in texts
        ),
    )
