"""Records of a CSV file, one after the other, with the row that a spreadsheet shows.

Not the module `csv`: its longest field is a setting of the whole process (131,072
characters, less than a long article), and it does not say in which row a quote was opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from tianfu_sdk.errors import Invalid

__all__ = ["LONGEST_ROW", "records"]

LONGEST_ROW = 4_000_000
"""Characters of one row at most; a body has up to 1,000,000."""
_DELIMITERS = ",\t;"


def records(text: TextIO) -> Iterator[tuple[int, list[str]]]:
    r"""Give the records of a CSV text in constant memory.

    RFC 4180, with `,`, tab or `;` between cells (what stands most often in the first row
    that has any), and any line ends. A quote counts only where a cell begins.

    Args:
        text: Opened with `newline=""`, so that line ends inside quotes are kept.

    Yields:
        Row number from 1, and its cells; an empty line is a row of no cells.

    Raises:
        Invalid: `table.too_long`, a row has more than 4,000,000 characters;
            `table.open_quote`, a quote is never closed; `table.after_quote`, text follows a
            closing quote. All name the row.
    """
    number, delimiter = 0, ""
    while line := _line(text, number + 1):
        number += 1
        if not delimiter:
            delimiter = _sniffed(line)
        if '"' in line:
            yield number, _Record(text, line, delimiter, number).cells()
        else:
            bare = line.rstrip("\r\n")
            yield number, bare.split(delimiter or ",") if bare else []


def _sniffed(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    best = max(_DELIMITERS, key=outside.count)
    if outside.count(best):
        return best
    # A title, or one column only: the rows that follow may tell.
    return ""


def _line(text: TextIO, number: int) -> str:
    line = text.readline(LONGEST_ROW + 1)
    if len(line) > LONGEST_ROW:
        raise Invalid("table.too_long", row=number, longest=LONGEST_ROW)
    return line


class _Record:
    """One record that has quotes; it reads on where a quoted cell spans lines."""

    def __init__(self, text: TextIO, line: str, delimiter: str, number: int) -> None:
        self._text = text
        self._line = line
        self._delimiter = delimiter or ","
        self._number = number
        self._at = 0
        self._size = len(line)

    def cells(self) -> list[str]:
        found = []
        while True:
            quoted = self._line.startswith('"', self._at)
            found.append(self._quoted() if quoted else self._bare())
            rest = self._line[self._at : self._at + 1]
            if rest == self._delimiter:
                self._at += 1
            elif rest in ("", "\r", "\n"):
                return found
            else:
                raise Invalid("table.after_quote", row=self._number)

    def _bare(self) -> str:
        end = self._line.find(self._delimiter, self._at)
        if end < 0:
            end = len(self._line.rstrip("\r\n"))
        cell = self._line[self._at : end]
        self._at = end
        return cell

    def _quoted(self) -> str:
        parts = []
        self._at += 1
        while True:
            end = self._line.find('"', self._at)
            if end < 0:
                parts.append(self._line[self._at :])
                self._read_on()
            elif self._line.startswith('""', end):
                parts.append(self._line[self._at : end + 1])
                self._at = end + 2
            else:
                parts.append(self._line[self._at : end])
                self._at = end + 1
                return "".join(parts)

    def _read_on(self) -> None:
        self._line = _line(self._text, self._number)
        self._at = 0
        self._size += len(self._line)
        if not self._line:
            raise Invalid("table.open_quote", row=self._number)
        if self._size > LONGEST_ROW:
            raise Invalid("table.too_long", row=self._number, longest=LONGEST_ROW)
