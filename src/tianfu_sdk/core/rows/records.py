"""Keys as columns of a record: for stores that keep id, version and document before them.

A scalar key is a column of its own; all multi-valued ones share a last column of JSON, so
that a row is read by one statement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import attrs

from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.storage import Key, Kind, Row

__all__ = ["KeyColumns", "RecordKeys", "moved_members", "picker", "version_conflict"]

_FIRST = 3
"""Columns before those of keys: id, version, document."""


@attrs.frozen
class KeyColumns:
    """The columns of a kind's keys."""

    scalars: tuple[Key, ...]
    many: tuple[Key, ...]
    places: Mapping[str, int]
    """Where each scalar key stands in a record."""
    _pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] = attrs.field(repr=False, eq=False)

    @classmethod
    def of(cls, kind: Kind) -> KeyColumns:
        """Give the columns of a kind."""
        scalars = tuple(key for key in kind.keys if not key.many)
        many = tuple(key for key in kind.keys if key.many)
        places = {key.name: n for n, key in enumerate(scalars, _FIRST)}
        return cls(scalars, many, places, picker(tuple(places)))

    @property
    def names(self) -> list[str]:
        """Names of the columns: `k_` and the key, and `many` where there are sets."""
        return [f"k_{key.name}" for key in self.scalars] + (["many"] if self.many else [])

    def values(self, keys: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give what the columns hold of a row's keys, in the order of `names`."""
        values = self._pick(keys)
        if not self.many:
            return values
        packed = {}
        for key in self.many:
            members = sorted(keys[key.name])
            packed[key.name] = [m.hex() for m in members] if key.type == "bytes" else members
        return (*values, json.dumps(packed, ensure_ascii=False, separators=(",", ":")))


def picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Give what picks the values of some keys, in their order."""
    # In one call of C; of one name, or of none, it would give no tuple.
    return itemgetter(*names) if len(names) > 1 else lambda keys: tuple(keys[n] for n in names)


def moved_members(
    key: str, rows: Sequence[Row], before: Mapping[str, Mapping[str, Any]]
) -> tuple[list[tuple[Any, str]], list[tuple[Any, str]]]:
    """Give the members that rows lost and got, for the tables that the operator `has` asks.

    Args:
        key: Name of a multi-valued key.
        rows: As they are to be stored.
        before: Keys by id of those that were there.

    Returns:
        Pairs of member and id: those that are gone, and those that came, sorted a row.
    """
    gone: list[tuple[Any, str]] = []
    come: list[tuple[Any, str]] = []
    for row in rows:
        was = before[row.id][key] if row.id in before else frozenset()
        now = row.keys[key]
        gone += [(member, row.id) for member in was - now]
        come += [(member, row.id) for member in sorted(now - was)]
    return gone, come


def version_conflict(
    kind: str, versions: Sequence[tuple[str, int]], stored: Mapping[str, int]
) -> Conflict:
    """Say which of some rows are not as whoever writes them took them to be.

    Args:
        kind: Name of the kind.
        versions: Id and version that the writer named, 0 for none.
        stored: Version by id of those that are there.
    """
    odd = [id_ for id_, version in versions if stored.get(id_, 0) != version]
    # Where none is odd, one id stands twice in the call.
    ids = tuple(dict.fromkeys(odd or [id_ for id_, _ in versions]))
    return Conflict("storage.version", path=kind, ids=ids, kind=kind)


class RecordKeys(Mapping[str, Any]):
    """The keys of a record, unpacked when they are first looked at: most readers never do."""

    __slots__ = ("_columns", "_record", "_unpacked")

    def __init__(self, columns: KeyColumns, record: Sequence[Any]) -> None:
        self._columns = columns
        self._record = record
        self._unpacked: dict[str, Any] | None = None

    def _all(self) -> dict[str, Any]:
        if self._unpacked is None:
            columns = self._columns
            self._unpacked = {name: self._record[n] for name, n in columns.places.items()}
            if columns.many:
                packed = json.loads(self._record[-1])
                for key in columns.many:
                    members = packed[key.name]
                    self._unpacked[key.name] = frozenset(
                        map(bytes.fromhex, members) if key.type == "bytes" else members
                    )
        return self._unpacked

    def __getitem__(self, name: str) -> Any:
        place = self._columns.places.get(name)
        return self._all()[name] if place is None else self._record[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())
