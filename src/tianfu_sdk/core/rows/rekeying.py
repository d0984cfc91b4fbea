"""Keys of a row anew, out of the row alone: for migrations, and for dumps of older programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tianfu_sdk import codec
from tianfu_sdk.core.places.regions import LEVELS, Levels, RegionTree
from tianfu_sdk.core.rows.keying import NounKind, Placed
from tianfu_sdk.core.rows.kinds import ALL_KINDS, LANE, MESSAGE, QUESTION, REACH, RECEIPT, SHELVES
from tianfu_sdk.errors import Invalid, StorageError
from tianfu_sdk.model.storage import Key, Kind, Row

__all__ = ["OWN", "rekeyer"]

OWN: dict[str, Callable[[Row], Mapping[str, Any]]] = {
    # Messages of older programs count for no region, and failed for no reason that is known; they
    # went through the only gateway of their campaign.
    MESSAGE.name: lambda row: {"region": "", "error": "", "gateway": "", **row.keys},
    # Nobody who comes in is grouped with a question of an older program: it needs the text.
    QUESTION.name: lambda row: {"wording": frozenset(), **row.keys},
    LANE.name: lambda row: {"window": 0, "parts": 0, **row.keys},
    REACH.name: lambda row: {"phone": b"", **row.keys},
    RECEIPT.name: lambda row: {"phone_ix": b"", "error": "", "parts": 0, **row.keys},
}
"""By kind: gives the keys that neither its noun nor the old row can give. What depends on
other rows gets a value that a later job mends."""


def rekeyer(
    regions: RegionTree,
    *,
    kinds: Sequence[Kind] = ALL_KINDS,
    shelves: Mapping[str, NounKind[Any]] = SHELVES,
    own: Mapping[str, Callable[[Row], Mapping[str, Any]]] = OWN,
) -> Callable[[str, Row], Mapping[str, Any]]:
    """Make what gives a row the keys of this program.

    A key comes from the noun of the document, which is lifted to this program's schema; else
    from `own`; else it stays as the old row has it.

    Args:
        regions: For nouns whose rows had no levels yet.
        kinds: Of this program.
        shelves: By kind, how nouns give their keys.
        own: By kind, what gives keys that are new and not the noun's.

    Returns:
        A function of kind and old row, which raises `StorageError` (`storage.rekey`) where
        a key can be had from nowhere, and what `codec.loads` raises.
    """
    by_name = {kind.name: kind for kind in kinds}

    def rekey(name: str, row: Row) -> Mapping[str, Any]:
        derived = dict(own[name](row)) if name in own else {}
        shelf = shelves.get(name)
        if shelf is not None:
            noun = codec.loads(shelf.noun, row.doc or b"")
            derived |= shelf.keys(noun, _placed(row, noun, regions))
        keys = {}
        for key in by_name[name].keys:
            if key.name in derived:
                keys[key.name] = derived[key.name]
            elif key.name in row.keys and _fits(key, row.keys[key.name]):
                keys[key.name] = row.keys[key.name]
            else:
                raise StorageError("storage.rekey", path=f"{name}.{key.name}", id=row.id)
        return keys

    return rekey


def _placed(row: Row, noun: Any, regions: RegionTree) -> Placed:
    """Give the place that the old row had: its owner and region as they were then."""
    path = row.keys.get("org_path", frozenset())
    if all(name in row.keys for name in LEVELS):
        levels = Levels(**{name: row.keys[name] for name in LEVELS})
    else:
        region = str(getattr(noun, "region", "") or "")
        levels = regions.levels(region) if regions.knows(region) else Levels()
    return Placed(levels, tuple(sorted(path)))


def _fits(key: Key, value: Any) -> bool:
    members = value if isinstance(value, frozenset) else (value,)
    if isinstance(value, frozenset) is not key.many:
        return False
    try:
        for member in members:
            key.check(member, key.name)
    except Invalid:
        return False
    return True
