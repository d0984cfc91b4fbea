"""Records as the text of a CSV file, fit for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["csv_text"]

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """Write records as CSV: RFC 4180, the names of the first in the first line.

    Args:
        records: All with the same names; none: an empty text.

    Returns:
        Lines that end in CR LF. A text that a spreadsheet would take for a formula has an
        apostrophe before it.

    Source:
        OWASP, CSV Injection.
    """
    if not records:
        return ""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(records[0])
    writer.writerows([[_safe(value) for value in record.values()] for record in records])
    return out.getvalue()


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
