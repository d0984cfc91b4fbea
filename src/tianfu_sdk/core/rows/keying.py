"""How a row is keyed: by where it belongs, by days and moments, and by what is unique."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

import attrs

from tianfu_sdk.core.places.regions import LEVELS, Levels
from tianfu_sdk.model.base import EPOCH, Noun
from tianfu_sdk.model.storage import Key, Kind
from tianfu_sdk.text import fold

__all__ = [
    "NEVER",
    "NEVER_DUE",
    "PLACE_KEYS",
    "NounKind",
    "Placed",
    "day_key",
    "moment_key",
    "place_keys",
    "title_key",
    "unique_id",
]

T = TypeVar("T", bound=Noun)

PLACE_KEYS = (Key("organization"), Key("org_path", many=True), *(Key(name) for name in LEVELS))
"""What rights are checked by: the owner, its ancestors, and the region by level."""

NEVER = 99991231
"""Key of a day that does not come."""
NEVER_DUE = 2**62
"""Key of a moment that does not come."""
_TITLE = 60


@attrs.frozen
class Placed:
    """Where a thing belongs: its owner's ancestors and its region's levels."""

    levels: Levels = Levels()
    org_path: tuple[str, ...] = ()


@attrs.frozen
class NounKind(Generic[T]):
    """A noun and how it is shelved."""

    noun: type[T]
    kind: Kind
    prefix: str
    keys: Callable[[T, Placed], Mapping[str, Any]]

    @property
    def name(self) -> str:
        """Name of the kind, such as `resource`."""
        return self.kind.name


def moment_key(moment: datetime | None) -> int:
    """Give a moment as microseconds since 1970; 0 for none."""
    return (moment - EPOCH) // timedelta(microseconds=1) if moment else 0


def day_key(day: date | None, missing: int = NEVER) -> int:
    """Give a day as a number such as 20201119."""
    return day.year * 10000 + day.month * 100 + day.day if day else missing


def title_key(title: str) -> str:
    """Give the beginning of a title, folded, as titles are looked up by what was typed of them."""
    return fold(title)[:_TITLE]


def unique_id(kind: str, name: str, *values: str) -> str:
    """Give the id of the row that keeps a value unique."""
    text = "\x1f".join((kind, name, *values))
    return hashlib.sha256(text.encode()).hexdigest()


def place_keys(organization: str, placed: Placed) -> dict[str, Any]:
    """Give the values of `PLACE_KEYS`."""
    return {
        "organization": organization,
        "org_path": frozenset(placed.org_path),
        "province": placed.levels.province,
        "prefecture": placed.levels.prefecture,
        "county": placed.levels.county,
    }
