"""Queries: what they look like (the key of a cache) and what they say (its values).

A call walks a query once, for its shape and its values; only a shape that was never seen
is built with SQLAlchemy Core and said as text.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tianfu_sdk.model.storage import Group, Query, Where
from tianfu_storage_sql.schema import KindTables
from tianfu_storage_sql.texts import among, bind, width

__all__ = ["Shape", "select", "shape_of", "successor"]

Shape = tuple[Any, ...]
"""What tells two texts apart."""

_FIRST_SURROGATE, _AFTER_SURROGATES, _LAST = 0xD800, 0xE000, 0x10FFFF


def successor(prefix: str) -> str | None:
    """Give the least string above all that begin so; None where there is none.

    The last code point is raised by one; U+10FFFF cannot be and is dropped, and the
    surrogates, which UTF-8 has no bytes for, are leapt over.
    """
    while prefix:
        point = ord(prefix[-1]) + 1
        if point == _FIRST_SURROGATE:
            point = _AFTER_SURROGATES
        if point <= _LAST:
            return prefix[:-1] + chr(point)
        prefix = prefix[:-1]
    return None


# The walk.


def shape_of(query: Query, *, paged: bool) -> tuple[Shape, list[Any]]:
    """Tell what a query looks like, and give its values.

    Args:
        query: Checked against its kind already.
        paged: Whether order, `after` and `limit` count.

    Returns:
        The shape, and values in the order in which `select` asks for them.
    """
    values: list[Any] = []
    where = tuple([_term(term, values) for term in query.where])
    any_of = None if query.any_of is None else tuple([_group(g, values) for g in query.any_of])
    scope = None if query.scope is None else tuple([_group(g, values) for g in query.scope])
    if not paged:
        return (where, any_of, scope), values
    if query.after is not None:
        values += query.after
    values.append(query.limit)
    tail = (query.order, query.desc, query.after is not None, query.fields)
    return (where, any_of, scope, *tail), values


def _group(group: Group, values: list[Any]) -> Shape:
    return tuple([_term(term, values) for term in group])


def _term(term: Where, values: list[Any]) -> Shape:
    op, value = term.op, term.value
    if op == "in":
        assert isinstance(value, tuple)  # noqa: S101 - the border has looked
        if not value:
            return ("never",)
        number = width(len(value))
        values += [*value, *[value[-1]] * (number - len(value))]
        return ("in", term.key, number)
    if op == "prefix":
        prefix = str(value)
        if not prefix:
            return ("always",)
        end = successor(prefix)
        values += [prefix] if end is None else [prefix, end]
        return ("from" if end is None else "between", term.key)
    values.append(value)
    return (op, term.key)


# The building.


class _Builder:
    """Builds the conditions of one shape; counts the values as the walk gave them."""

    def __init__(self, tables: KindTables) -> None:
        self._tables = tables
        self._next = 0

    def place(self, number: int = 1) -> int:
        """Take the places of the next values."""
        first = self._next
        self._next += number
        return first

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """Give the column of a key."""
        main = self._tables.main
        return main.c.id if name == "id" else main.c[f"k_{name}"]

    def groups(self, groups: tuple[Shape, ...]) -> sa.ColumnElement[bool]:
        """Say that one group holds."""
        if not groups:
            return sa.false()
        return sa.or_(*[sa.and_(sa.true(), *map(self.term, group)) for group in groups])

    def term(self, term: Shape) -> sa.ColumnElement[bool]:
        """Say one condition."""
        op = term[0]
        if op == "never":
            return sa.false()
        if op == "always":
            return sa.true()
        if op == "has":
            return self._has(term[1])
        column = self.column(term[1])
        if op == "in":
            return among(column, self.place(term[2]), term[2])
        value = bind(self.place(), column.type)
        if op == "between":
            return sa.and_(column >= value, column < bind(self.place(), column.type))
        said: dict[str, sa.ColumnElement[bool]] = {
            "=": column == value,
            "!=": column != value,
            "<": column < value,
            "<=": column <= value,
            ">": column > value,
            ">=": column >= value,
            "from": column >= value,
        }
        return said[op]

    def _has(self, key: str) -> sa.ColumnElement[bool]:
        many = self._tables.many[key].alias()
        same = many.c.value == bind(self.place(), many.c.value.type)
        return sa.exists(
            sa.select(sa.literal_column("1"))
            .select_from(many)
            .where(same, many.c.id == self._tables.main.c.id)
        )


def select(
    tables: KindTables, shape: Shape, columns: list[sa.ColumnElement[Any]], *, paged: bool
) -> sa.Select[Any]:
    """Build the statement of a shape.

    Args:
        tables: Of the kind.
        shape: Of `shape_of`.
        columns: What to select.
        paged: As it was in `shape_of`.
    """
    builder = _Builder(tables)
    where, any_of, scope, *tail = shape
    statement = sa.select(*columns).select_from(tables.main)
    parts = [builder.term(term) for term in where]
    parts += [builder.groups(groups) for groups in (any_of, scope) if groups is not None]
    if not paged:
        return statement.where(*parts)
    order, desc, after, _ = tail
    id_, column = tables.main.c.id, builder.column(order)
    if after:
        first, last = bind(builder.place(), column.type), bind(builder.place(), id_.type)
        if order == "id":
            parts.append(id_ < last if desc else id_ > last)
        elif desc:
            # Spelled out: a row value (`tuple_`) is wrong on one dialect.
            parts += [column <= first, sa.or_(column < first, id_ < last)]
        else:
            parts += [column >= first, sa.or_(column > first, id_ > last)]
    ordered = [id_] if order == "id" else [column, id_]
    return (
        statement.where(*parts)
        .order_by(*[one.desc() if desc else one.asc() for one in ordered])
        .limit(bind(builder.place(), sa.BigInteger()))
    )
