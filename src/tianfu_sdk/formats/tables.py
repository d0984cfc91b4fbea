"""Rows of a user's table (表格): CSV, JSON lines or a workbook, cells as text by column name.

CSV and JSON lines are read in constant memory; of a workbook see `formats.sheets`. What is
wrong with one row stands in that row, so that a reader can list all of them; what is wrong
with the whole file is raised.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import delimited, sheets
from tianfu_sdk.formats.encodings import reading
from tianfu_sdk.model.base import Labelled

__all__ = ["LIST_END", "TableFormat", "TableRow", "guess_format", "rows"]

LIST_END = "\x03"
"""Stands after each member of a list that a JSON line holds; no white space to `strip`."""

_NUMBER = re.compile(r"\d{5,}")
_ZIP = b"PK\x03\x04"
_UNFIT = re.compile("[\0\ud800-\udfff]")


class TableFormat(Labelled):
    """How a table is written."""

    CSV = "csv", "CSV 表格", "comma-separated values"
    JSONL = "jsonl", "JSON 行", "JSON lines"
    XLSX = "xlsx", "Excel 工作簿", "workbook"


@attrs.frozen
class TableRow:
    """One row of a table that has any content."""

    number: int
    """As a spreadsheet shows it: the column names of a CSV stand in row 1."""
    values: Mapping[str, str]
    """Cell by column name; of a JSON line by member name."""
    problems: tuple[Invalid, ...] = ()
    """What is wrong with the row itself; `path` names the column."""
    header: int = 0
    """Number of the row that names the columns; 0: each row names its own."""
    columns: tuple[str, ...] = ()
    """Names of the columns of the table, or of this row where it names its own."""


def guess_format(name: str, head: bytes) -> TableFormat:
    """Tell the format of a table.

    Args:
        name: Of the file; its ending decides unless the bytes say that it is a workbook.
        head: The first bytes, 4 at least where there are so many.

    Raises:
        Invalid: `table.format`, the ending is none of `.csv`, `.tsv`, `.txt`, `.jsonl`,
            `.ndjson`, `.xlsx`.
    """
    ending = name.rpartition(".")[2].lower()
    if head.startswith(_ZIP) or ending == "xlsx":
        return TableFormat.XLSX
    if ending in ("csv", "tsv", "txt"):
        return TableFormat.CSV
    if ending in ("jsonl", "ndjson"):
        return TableFormat.JSONL
    raise Invalid("table.format", path="format")


def rows(source: BinaryIO | bytes, format: TableFormat | str) -> Iterator[TableRow]:  # noqa: A002 - the word for it
    """Give the rows of a table, first to last; rows without any content are passed over.

    Args:
        source: Bytes, or a binary stream that can seek; it is read from its start and stays
            open.
        format: `csv`, `jsonl` or `xlsx`.

    Yields:
        Rows. Column names are stripped; a column without a name must be empty.

    Raises:
        Invalid: `table.empty`, `table.no_rows` (only column names), `table.encoding`,
            `table.column_twice`, `table.too_long`, `table.open_quote`,
            `table.after_quote`, `table.workbook`, `table.locked`; `field.choice`, no such
            format. In the rows: `table.ragged`, `table.no_name`, `table.json`,
            `table.nested`, `table.column_twice`, `field.characters`.
        PluginError: `extra.missing`, a workbook needs python-calamine.
    """
    chosen = TableFormat.of(format, "format")
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    if chosen is TableFormat.XLSX:
        yield from _named(sheets.records(stream))
        return
    with reading(stream) as text:
        read = _lines(text) if chosen is TableFormat.JSONL else _named(delimited.records(text))
        yield from read


# Tables whose first row names the columns.


def _named(records: Iterable[tuple[int, list[str]]]) -> Iterator[TableRow]:
    names: list[str] = []
    columns: tuple[str, ...] = ()
    header = given = 0
    for number, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names, header = _names(cells, number), number
            columns = tuple(filter(None, names))
            continue
        given += 1
        yield _row(number, cells, names, header, columns)
    if not names:
        raise Invalid("table.empty")
    if not given:
        raise Invalid("table.no_rows", row=header)


def _names(cells: list[str], number: int) -> list[str]:
    names = [cell.strip().lstrip("\ufeff") for cell in cells]
    while not names[-1]:
        names.pop()
    if any(_unfit(name) for name in names):
        # Text in UTF-16 without its mark looks like this.
        raise Invalid("table.encoding", line=number)
    twice = sorted(name for name, count in Counter(filter(None, names)).items() if count > 1)
    if twice:
        raise Invalid("table.column_twice", path=_told(twice[0]), row=number)
    return names


def _row(
    number: int, cells: list[str], names: list[str], header: int, columns: tuple[str, ...]
) -> TableRow:
    problems = []
    wanted = len(names)
    beyond = any(cell.strip() for cell in cells[wanted:])
    if len(cells) < wanted or beyond:
        problems.append(Invalid("table.ragged", found=len(cells), wanted=wanted))
    values = {}
    for name, cell in zip(names, cells, strict=False):
        if not name:
            if cell.strip():
                problems.append(Invalid("table.no_name"))
            continue
        if _unfit(cell):
            problems.append(Invalid("field.characters", path=_told(name)))
            continue
        values[name] = cell
    return TableRow(number, values, tuple(problems), header, columns)


def _told(name: str) -> str:
    # A table without column names has a person's row in their place.
    return _NUMBER.sub("…", name)[:40]


def _unfit(cell: str) -> bool:
    return _UNFIT.search(cell) is not None


# JSON lines.


def _lines(text: io.TextIOWrapper) -> Iterator[TableRow]:
    number = 0
    given = False
    while line := text.readline(delimited.LONGEST_ROW + 1):
        number += 1
        if len(line) > delimited.LONGEST_ROW:
            raise Invalid("table.too_long", row=number, longest=delimited.LONGEST_ROW)
        if line.strip():
            given = True
            yield _line(number, line)
    if not given:
        raise Invalid("table.empty")


def _line(number: int, line: str) -> TableRow:
    try:
        found = json.loads(line, object_pairs_hook=_Pairs, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        place = getattr(error, "pos", 0) + 1
        return TableRow(number, {}, (Invalid("table.json", place=place),))
    if not isinstance(found, _Pairs):
        return TableRow(number, {}, (Invalid("table.json", place=1),))
    values: dict[str, str] = {}
    problems = []
    for name, value in found:
        cell = _json_text(value)
        if name in values:
            problems.append(Invalid("table.column_twice", path=_told(name), row=number))
        elif cell is None:
            problems.append(Invalid("table.nested", path=_told(name)))
        elif _unfit(cell) or _unfit(name):
            problems.append(Invalid("field.characters", path=_told(name)))
        else:
            values[name] = cell
    return TableRow(number, values, tuple(problems), 0, tuple(values))


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs, so that a name that stands twice is seen."""


def _refuse(name: str) -> None:
    raise ValueError(name)


def _json_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return sheets.cell_text(value)
    if isinstance(value, list) and not isinstance(value, _Pairs):
        cells = [_json_text(member) for member in value if not isinstance(member, list)]
        if len(cells) == len(value) and all(cell is not None for cell in cells):
            return "".join(f"{cell}{LIST_END}" for cell in cells)
    return None
