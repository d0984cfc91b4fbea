"""Columns as Arrow data and Parquet, by arro3: 12 MB of wheels where pyarrow has 55.

Any library that takes Arrow by the PyCapsule interface reads what is made here: polars,
duckdb, pandas, pyarrow. Texts, numbers, truth values, days and moments; all else as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO, Literal

from tianfu_sdk.errors import PluginError
from tianfu_sdk.model.base import EPOCH

__all__ = ["ColumnType", "column_types", "demand", "table", "write_parquet"]

ColumnType = Literal["text", "int", "float", "bool", "day", "moment"]
"""`day` is `date32`, `moment` is `timestamp` in microseconds and UTC, `text` is UTF-8."""

_FIRST_DAY = date(1970, 1, 1)
_MICRO = timedelta(microseconds=1)
_GROUP = 100_000
"""Rows of a row group; readers skip those whose days do not fit."""


def demand() -> None:
    """Demand that all is installed that this module needs; raises `PluginError`."""
    _core()
    _io()


def column_types(rows: Sequence[Mapping[str, Any]]) -> dict[str, ColumnType]:
    """Tell which type holds each column of rows.

    Args:
        rows: Values by column name; every row has every column.

    Returns:
        By name; a column of nothing is one of texts.
    """
    found: dict[str, ColumnType] = {}
    for name in rows[0] if rows else ():
        kinds = {type(row[name]) for row in rows} - {type(None)}
        found[name] = _type_of(kinds)
    return found


def _type_of(kinds: set[type]) -> ColumnType:
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int"
    if kinds and kinds <= {int, float}:
        return "float"
    if kinds == {datetime}:
        return "moment"
    return "day" if kinds == {date} else "text"


def table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, ColumnType]) -> Any:
    """Make an Arrow table, which has `__arrow_c_stream__`.

    Args:
        rows: Values by column name, None where there is none.
        types: Of the columns, in their order.

    Raises:
        PluginError: `extra.missing`, arro3 is not installed.
    """
    core = _core()
    schema = _schema(core, types, {})
    batches = [_batch(core, schema, types, rows)] if rows else []
    return core.Table.from_batches(batches, schema=schema)


def write_parquet(
    file: BinaryIO,
    parts: Iterable[Sequence[Mapping[str, Any]]],
    types: Mapping[str, ColumnType],
    metadata: Mapping[str, str],
) -> None:
    """Write rows as Parquet, compressed by zstd; in constant memory.

    Args:
        file: Open for writing.
        parts: Rows, some at a time.
        types: Of the columns, in their order.
        metadata: Key-value metadata of the file.

    Raises:
        PluginError: `extra.missing`, arro3 is not installed.
    """
    core = _core()
    schema = _schema(core, types, metadata)

    def batches() -> Iterator[Any]:
        for rows in parts:
            yield _batch(core, schema, types, rows)

    _io().write_parquet(
        core.RecordBatchReader.from_batches(schema, batches()),
        file,
        compression="zstd(3)",
        max_row_group_size=_GROUP,
        key_value_metadata=dict(metadata),
    )


def _schema(core: Any, types: Mapping[str, ColumnType], metadata: Mapping[str, str]) -> Any:
    fields = [core.Field(name, _arrow(core, type_)) for name, type_ in types.items()]
    return core.Schema(fields, metadata=dict(metadata))


def _batch(
    core: Any, schema: Any, types: Mapping[str, ColumnType], rows: Sequence[Mapping[str, Any]]
) -> Any:
    arrays = [_array(core, type_, [row[name] for row in rows]) for name, type_ in types.items()]
    return core.RecordBatch.from_arrays(arrays, schema=schema)


def _array(core: Any, type_: ColumnType, values: list[Any]) -> Any:
    # arro3 takes no days and moments yet, but numbers that it then reads as such.
    if type_ == "moment":
        plain = [None if v is None else (v - EPOCH) // _MICRO for v in values]
        return core.Array(plain, type=core.DataType.int64()).cast(_arrow(core, type_))
    if type_ == "day":
        plain = [None if v is None else (v - _FIRST_DAY).days for v in values]
        return core.Array(plain, type=core.DataType.int32()).cast(_arrow(core, type_))
    if type_ == "float":
        values = [None if v is None else float(v) for v in values]
    elif type_ == "text":
        values = [None if v is None else str(v) for v in values]
    return core.Array(values, type=_arrow(core, type_))


def _arrow(core: Any, type_: ColumnType) -> Any:
    types = core.DataType
    if type_ == "moment":
        return types.timestamp("us", tz="UTC")
    return {
        "text": types.utf8,
        "int": types.int64,
        "float": types.float64,
        "bool": types.bool,
        "day": types.date32,
    }[type_]()


def _core() -> Any:
    try:
        import arro3.core
    except ImportError:
        raise _missing() from None
    return arro3.core


def _io() -> Any:
    try:
        import arro3.io
    except ImportError:
        raise _missing() from None
    return arro3.io


def _missing() -> PluginError:
    return PluginError(
        "extra.missing", path="format", name="arro3", package='"tianfu-sdk[parquet]"'
    )
