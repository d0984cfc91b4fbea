"""What the store asks of a driver: sessions on its own cursor, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

import attrs
from sqlalchemy.engine import Dialect

from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.texts import Text

__all__ = [
    "Driver",
    "Features",
    "InDoubtError",
    "Owned",
    "RacedError",
    "Session",
    "UnnumberedError",
]


class InDoubtError(Exception):
    """A commit was said to be done, but not all that it promises: it stands here only."""


class RacedError(Exception):
    """Another transaction was quicker: the body is to be called again."""


class UnnumberedError(RacedError):
    """A reader came to committed events without a number: they get one, and it begins again.

    Args:
        stream: Name of the stream.
        wanted: How many of them the reader needs at most; None: all.
    """

    def __init__(self, stream: str, wanted: int | None) -> None:
        super().__init__(stream, wanted)
        self.stream = stream
        self.wanted = wanted


@attrs.frozen(kw_only=True)
class Features:
    """What a dialect has beyond plain SQL; each has a way round, and the suite runs both."""

    returning: bool = False
    """UPDATE … RETURNING: a claim and a settlement are one statement each."""
    ignoring: str = ""
    """How an INSERT leaves out what is there: `conflict`, `duplicate`, or empty."""
    skip_locked: bool = False
    horizon: bool = False
    """Ids of transactions and snapshots of them, by which events are ordered."""
    gin: bool = False
    """Arrays and an index of their members, by which texts are searched."""


class Session(Protocol):
    """One connection, used by one thread; errors of the driver come through as they are."""

    failure: BaseException | None
    """The first error of this transaction, which is lost with it, caught or not."""

    @property
    def alive(self) -> bool:
        """Whether it may be used again."""
        ...

    @property
    def own(self) -> bool:
        """Whether this process made it."""
        ...

    def rows(self, text: Text, values: Sequence[Any]) -> list[Any]:
        """Ask for rows."""
        ...

    def change(self, text: Text, values: Sequence[Any]) -> int:
        """Change rows; gives how many."""
        ...

    def change_many(self, text: Text, many: Sequence[Sequence[Any]]) -> int:
        """Run a statement for many values; gives how many rows changed in all."""
        ...

    def load(self, table: str, text: Text, many: Sequence[Sequence[Any]]) -> int:
        """Insert many rows; gives how many were inserted.

        Args:
            table: Name of the table.
            text: An INSERT.
            many: Values.
        """
        ...

    def do(self, sql: str) -> None:
        """Run something without values."""
        ...

    def begin(self, *, write: bool) -> None:
        """Begin a transaction."""
        ...

    def commit(self, last: str | None) -> None:
        """Commit.

        Args:
            last: A statement that is run before, if possible in one go.

        Raises:
            InDoubtError: It is committed on this server, and that may be all.
        """
        ...

    def end(self) -> None:
        """End a transaction that only read."""
        ...

    def rollback(self) -> None:
        """Roll back; never raises, but the session may be dead then."""
        ...

    def close(self) -> None:
        """Close the connection; never raises."""
        ...


class Driver(Protocol):
    """Makes sessions of one server."""

    name: str
    dialect: Dialect
    features: Features
    collation: str
    errors: tuple[type[BaseException], ...]
    place: str

    @property
    def runs(self) -> int:
        """How often a body is called at most, where others keep being quicker."""
        ...

    def connect(self) -> Session:
        """Connect; errors of the driver come through."""
        ...

    def fault(self, error: BaseException) -> Fault:
        """Tell what an error means, by its code."""
        ...

    def refused(self, error: BaseException) -> Fault:
        """Tell why `connect` failed."""
        ...


class Owned:
    """Knows the process that made it: a forked child must leave its parent's sockets alone."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self.failure: BaseException | None = None

    @property
    def own(self) -> bool:
        """Whether this process made it."""
        return self._pid == os.getpid()
