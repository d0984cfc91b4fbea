"""A page of results that goes on by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import attrs

from tianfu_sdk import codec
from tianfu_sdk.errors import PluginError
from tianfu_sdk.formats import arrow
from tianfu_sdk.model.showing import cell, framed, table
from tianfu_sdk.model.subscriber import Sealed
from tianfu_sdk.text import detect, starts_inside_stack

__all__ = ["Frames", "Page"]

T = TypeVar("T")
_SHOWN = 20
_MASKS = {"phone": "****", "name": "**"}
"""What stands in a value that is fit to be shown."""
_HIDDEN = frozenset({"phone", "name", "text"})
_READ = frozenset({"id", "title", "body", "language", "state", "kind", "region"})
_KEPT = frozenset({"version", "created_at", "updated_at"})
_COLUMNS = 6
_LONGEST = 80


class Frames:
    """What iterates over records and gives them as tables."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    def to_dicts(self) -> list[dict[str, Any]]:
        """Give all results, of all pages, as plain dicts."""
        return [codec.to_plain(item) for item in self]

    def to_polars(self) -> Any:
        """Give all results as a polars DataFrame; columns as in `__arrow_c_stream__`.

        Raises:
            PluginError: `extra.missing`, polars is not installed.
        """
        return _extra("polars").DataFrame(self._table(), infer_schema_length=None)

    def to_pandas(self) -> Any:
        """Give all results as a pandas DataFrame; columns as in `__arrow_c_stream__`.

        Raises:
            PluginError: `extra.missing`, pandas is not installed.
        """
        return _extra("pandas").DataFrame(self._table())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Give all results as an Arrow stream: what polars, duckdb, pandas and pyarrow take.

        A column a field: moments in UTC, days, numbers and texts as such, the value of a
        closed vocabulary as text, all else as JSON in a text; sealed values masked.

        Raises:
            PluginError: `extra.missing`, the extra `parquet` is not installed.
        """
        rows = self._table()
        return arrow.table(rows, arrow.column_types(rows)).__arrow_c_stream__(requested_schema)

    def _table(self) -> list[dict[str, Any]]:
        rows = [_fields(item) for item in self]
        names = dict.fromkeys(name for row in rows for name in row)
        return [{name: _cell(row.get(name)) for name in names} for row in rows]


class Page(Frames, Generic[T]):
    """Results of a `find`: iterating reads on, page by page, until there are no more.

    Args:
        items: Of this page.
        cursor: Where the next page begins; None: this is the last.
        more: Reads the page after a cursor.
    """

    def __init__(
        self, items: Sequence[T], cursor: str | None, more: Callable[[str], Page[T]]
    ) -> None:
        self.items = tuple(items)
        self.cursor = cursor
        self._more = more

    def __iter__(self) -> Iterator[T]:
        page: Page[T] | None = self
        while page is not None:
            yield from page.items
            page = page.next()

    def next(self) -> Page[T] | None:
        """Read the next page; None where this is the last."""
        return self._more(self.cursor) if self.cursor is not None else None

    def __repr__(self) -> str:
        more = "" if self.cursor is None else ", and more"
        return f"<Page of {len(self.items)}{more}>"

    def _repr_html_(self) -> str:
        rows = [codec.to_plain(item) for item in self.items[:_SHOWN]]
        names = list(dict.fromkeys(name for row in rows for name in row))
        # What one reads comes first: a document begins with its book-keeping.
        names.sort(key=lambda name: (name not in _READ, name in _KEPT))
        names = names[:_COLUMNS]
        head = [cell(name, name="th") for name in names]
        body = ("".join(_html(name, row.get(name)) for name in names) for row in rows)
        more = ", and more" if self.cursor else ""
        note = f"<p>{len(rows)} of {len(self.items)} on this page{more}</p>"
        return framed(table(head, body) + note)


def _fields(item: Any) -> dict[str, Any]:
    """Give the values of an item by name; those too that a document leaves out as usual."""
    if not attrs.has(type(item)):
        return dict(item) if isinstance(item, Mapping) else {"value": item}
    return {field.name: getattr(item, field.name) for field in attrs.fields(type(item))}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Sealed):
        return "•••"
    if value is None or isinstance(value, (str, int, float, date)):
        return value
    return json.dumps(codec.to_plain(value), ensure_ascii=False)


def _html(name: str, value: Any) -> str:
    text = _shown(name, value)
    # By its script, which says it of any column: a source beside its translation too.
    language = detect(text).language if isinstance(value, str) and not text.isascii() else ""
    return cell(text, "" if language in ("und", "mul") else language)


def _shown(name: str, value: Any) -> str:
    if name in _HIDDEN and not (name in _MASKS and _MASKS[name] in str(value)):
        return "•••"
    text = "" if value is None else str(value)
    if len(text) <= _LONGEST:
        return text
    end = _LONGEST - 1
    while end and starts_inside_stack(text[end]):
        end -= 1
    return f"{text[:end]}…"


def _extra(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise PluginError("extra.missing", path=name, name=name, package=name) from None
