"""Statements as text: SQLAlchemy Core says each once a shape and dialect.

What runs on the driver's own cursor afterwards is the text and a tuple of values in the
order in which the text asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["Text", "among", "bind", "compiled", "constant", "server_micros", "width"]


class Text:
    """One statement.

    Args:
        sql: The text.
        places: For each value that the text asks for, its place among those that callers give.
        steady: Whether what it gives depends on rows and values alone, and on no clock.
    """

    __slots__ = ("places", "say", "sql", "steady", "straight")

    places: tuple[int, ...]
    sql: str
    say: Callable[[], tuple[str, tuple[int, ...]]]
    steady: bool
    """Whether what it gives depends on rows and values alone, and on no clock."""
    straight: bool
    """Whether the text asks in the order in which callers give."""

    def __init__(self, sql: str, places: tuple[int, ...], *, steady: bool = False) -> None:
        self.places = places
        self.straight = places == tuple(range(len(places)))
        self.sql = sql
        self.steady = steady

    @classmethod
    def when_used(
        cls, say: Callable[[], tuple[str, tuple[int, ...]]], *, steady: bool = False
    ) -> Text:
        """Make one that is said when it is first looked at.

        A store has some sixty texts; most programs use a few, and should not wait for all.
        """
        text = cls.__new__(cls)
        text.say = say
        text.steady = steady
        return text

    def __getattr__(self, name: str) -> Any:
        # Called only while a slot is empty, so it costs a statement that was said nothing.
        if name not in ("places", "sql", "straight"):
            raise AttributeError(name)
        # Two threads may both say it: they say the same.
        sql, places = self.say()
        Text.__init__(self, sql, places, steady=self.steady)
        return getattr(self, name)

    def values(self, given: Sequence[Any]) -> Sequence[Any]:
        """Put values into the text's order."""
        # A condition that never holds swallows the values of its neighbours.
        if self.straight and len(given) == len(self.places):
            return given
        return tuple([given[place] for place in self.places])


def bind(place: int, type_: Any) -> sa.BindParameter[Any]:
    """Ask for the value at a place of what callers give."""
    return sa.bindparam(f"b{place}", type_=type_)


def among(column: sa.ColumnElement[Any], start: int, number: int) -> sa.ColumnElement[bool]:
    """Say that a column has one of so many values, from a place on."""
    return column.in_([bind(start + n, column.type) for n in range(number)])


def constant(text: str) -> sa.ColumnElement[Any]:
    """Say a constant of ours in the text itself."""
    return sa.literal_column(text)


def width(number: int) -> int:
    """Round a number of values up to a power of two, so that few texts serve all."""
    return 1 << (number - 1).bit_length()


def compiled(
    statement: sa.ClauseElement, dialect: Dialect, tail: str = "", *, steady: bool = False
) -> Text:
    """Say a statement in a dialect, once, when it is first used.

    Args:
        statement: All of its parameters are of `bind`.
        dialect: Its parameters are positional.
        tail: What follows the statement and SQLAlchemy has no word for.
        steady: Whether what it gives depends on rows and values alone.
    """

    def say() -> tuple[str, tuple[int, ...]]:
        said = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        places = getattr(said, "positiontup", None) or ()
        sql = str(said).replace("\n", " ").strip()
        return f"{sql}{tail}", tuple(int(name[1:]) for name in places)

    return Text.when_used(say, steady=steady)


class server_micros(FunctionElement[int]):  # noqa: N801 - reads as a function of SQL
    """The server's clock in microseconds since 1970."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(server_micros, "postgresql")
def _(_element: Any, _compiler: Any, **_: Any) -> str:
    # In a query of its own it is reckoned once a statement, not once a row.
    return "(SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint)"


@compiles(server_micros, "mysql", "mariadb")
def _(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"
