"""Queries as SQL text, one text a shape, so that SQLite's statement cache holds them."""

from __future__ import annotations

from typing import Any

from tianfu_sdk.model.storage import Group, Query, Where

__all__ = ["select", "successor"]

_RANGES = frozenset({"!=", "<", "<=", ">", ">="})
_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def successor(prefix: str) -> str | None:
    """Give the least string above all that begin so; None where there is none.

    The last code point is raised by one; U+10FFFF cannot be and is dropped, and the
    surrogates, which UTF-8 has no bytes for, are leapt over.
    """
    while prefix:
        point = ord(prefix[-1]) + 1
        if point == 0xD800:  # noqa: PLR2004 - first surrogate
            point = 0xE000
        if point <= 0x10FFFF:  # noqa: PLR2004 - last code point
            return prefix[:-1] + chr(point)
        prefix = prefix[:-1]
    return None


def select(
    rows: str, sets: str, query: Query, columns: str, *, paged: bool = True
) -> tuple[str, list[Any]]:
    """Build the statement of a query.

    Args:
        rows: Name of the table of rows.
        sets: What the names of the tables of multi-valued keys begin with.
        query: What to find, checked against its kind already.
        columns: What to select.
        paged: Whether order, `after` and `limit` count.

    Returns:
        SQL and its parameters.
    """
    values: list[Any] = []
    order = query.order if paged else None
    parts = [_condition(sets, where, order, values) for where in query.where]
    parts += [_groups(sets, g, order, values) for g in (query.any_of, query.scope) if g is not None]
    tail = ""
    if paged:
        column = _column(query.order)
        sign, way = ("<", " DESC") if query.desc else (">", "")
        if query.after is not None:
            value, last = query.after
            if query.order == "id":
                parts.append(f"id {sign} ?")
                values.append(last)
            else:
                parts.append(f"{column} {sign}= ? AND ({column} {sign} ? OR id {sign} ?)")
                values += [value, value, last]
        order = f"id{way}" if query.order == "id" else f"{column}{way}, id{way}"
        tail = f" ORDER BY {order} LIMIT ?"
        values.append(query.limit)
    where_ = f" WHERE {' AND '.join(parts)}" if parts else ""
    # Names come from checked kinds, values are parameters.
    return f"SELECT {columns} FROM {rows} AS d{where_}{tail}", values


def _column(name: str) -> str:
    return "id" if name == "id" else f"k_{name}"


def _groups(sets: str, groups: tuple[Group, ...], order: str | None, values: list[Any]) -> str:
    if not groups:
        return "0"
    alternatives = [
        " AND ".join(_condition(sets, where, order, values) for where in group) or "1"
        for group in groups
    ]
    return alternatives[0] if len(alternatives) == 1 else f"(({') OR ('.join(alternatives)}))"


def _condition(sets: str, where: Where, order: str | None, values: list[Any]) -> str:
    column = _column(where.key)
    if order not in (None, where.key) and where.op in _RANGES:
        # An index that serves a range cannot serve the order: a page would be sorted out of
        # all that lies in the range. The plus keeps SQLite from using one for this term.
        column = f"+{column}"
    if where.op == "has":
        values.append(where.value)
        return f"EXISTS (SELECT 1 FROM {sets}{where.key} AS m WHERE m.value = ? AND m.id = d.id)"
    if where.op == "in":
        return _among(column, where.value, values)
    if where.op == "prefix":
        return _beginning(column, str(where.value), values)
    values.append(where.value)
    return f"{column} {_SIGNS[where.op]} ?"


def _among(column: str, members: Any, values: list[Any]) -> str:
    if not members:
        return "0"
    # Widths are rounded up to powers of two, so that few texts serve all.
    width = 1 << (len(members) - 1).bit_length()
    values += [*members, *[members[-1]] * (width - len(members))]
    return f"{column} IN ({', '.join('?' * width)})"


def _beginning(column: str, prefix: str, values: list[Any]) -> str:
    if not prefix:
        return "1"
    values.append(prefix)
    end = successor(prefix)
    if end is None:
        return f"{column} >= ?"
    values.append(end)
    return f"{column} >= ? AND {column} < ?"
