"""Records of the first visible sheet of a workbook (XLSX), by python-calamine.

Calamine holds the whole sheet unpacked while it is read, some 200 bytes a cell of short
text: 100,000 rows of ten columns took 210 MB, where a CSV takes next to nothing. A small
file may unpack to a large one, so a service must bound what it takes from strangers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, BinaryIO

from tianfu_sdk.errors import Invalid, PluginError

__all__ = ["cell_text", "records"]

_EXACT = 2**53


def records(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Give the records of the first visible sheet of a workbook.

    Args:
        stream: Binary and seekable.

    Yields:
        Row number as the sheet shows it, and its cells as text.

    Raises:
        PluginError: `extra.missing`, python-calamine is not installed.
        Invalid: `table.workbook`, it cannot be read; `table.locked`, it has a password;
            `table.empty`, it has no visible sheet.
    """
    calamine = _calamine()
    stream.seek(0)
    try:
        with calamine.CalamineWorkbook.from_filelike(stream) as book:
            visible = (
                info.name
                for info in book.sheets_metadata
                if info.visible is calamine.SheetVisibleEnum.Visible
                and info.typ is calamine.SheetTypeEnum.WorkSheet
            )
            name = next(visible, None)
            if name is None:
                raise Invalid("table.empty")
            sheet = book.get_sheet_by_name(name)
            for number, row in enumerate(sheet.iter_rows(), 1):
                yield number, [cell_text(cell) for cell in row]
    except calamine.PasswordError:
        raise Invalid("table.locked") from None
    except calamine.CalamineError as error:
        raise Invalid("table.workbook", why=type(error).__name__) from None


def _calamine() -> Any:
    try:
        import python_calamine
    except ImportError:
        raise PluginError(
            "extra.missing", path="format", name="python-calamine", package='"tianfu-sdk[xlsx]"'
        ) from None
    return python_calamine


def cell_text(cell: Any) -> str:
    """Give a cell as a person would type it.

    Args:
        cell: Text, number, truth, date or time, as calamine gives it.

    Returns:
        5.0 as `5`, a date as `2020-11-19`, a date with a time as `2020-11-19T09:00`.
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds" if cell.second else "minutes")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
