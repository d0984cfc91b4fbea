"""Shapes of kinds: written, read, and held against one another. For stores and who writes one."""

from __future__ import annotations

import json

from tianfu_sdk.errors import SchemaTooNew, SchemaTooOld, StorageError
from tianfu_sdk.model.storage import Key, Kind, SchemaChange, SchemaStep

__all__ = ["compare", "demand_same", "read_shape", "write_shape"]


def write_shape(kind: Kind) -> str:
    """Write the shape of a kind, as a store keeps it beside the rows.

    Returns:
        JSON; equal for equal kinds.
    """
    return json.dumps(
        {
            "schema": kind.schema,
            "keys": [[key.name, key.type, key.many] for key in kind.keys],
            "indexes": kind.indexes,
            "document": kind.document,
        }
    )


def read_shape(name: str, text: str) -> Kind:
    """Read what `write_shape` wrote, or what stores of schema 1 kept: a list without a number."""
    plain = json.loads(text)
    if isinstance(plain, list):
        plain = {"schema": 1, **dict(zip(("keys", "indexes", "document"), plain, strict=True))}
    return Kind(
        name,
        tuple(Key(key, type_, many) for key, type_, many in plain["keys"]),
        tuple(tuple(index) for index in plain["indexes"]),
        plain["document"],
        plain["schema"],
    )


def compare(
    stored: Kind, wanted: Kind, *, begun: Kind | None = None, rows: int = 0, done: int = 0
) -> SchemaChange | None:
    """Say what is to be done to the rows of a kind.

    The order of keys and of indexes is no difference. A raised schema number alone means
    that keys are derived otherwise, so the rows get new ones.

    Args:
        stored: As the store has it.
        wanted: As this program needs it.
        begun: Towards which shape a migration was begun and not finished, or None.
        rows: How many rows there are.
        done: How many of them stand in the shape that was begun.

    Returns:
        The change, or None where there is nothing to do.

    Raises:
        SchemaTooNew: `storage.kind_too_new`.
        StorageError: `storage.document_changed`.
    """
    newest = max(stored.schema, begun.schema if begun and not _same(stored, wanted) else 0)
    if newest > wanted.schema:
        raise SchemaTooNew(
            "storage.kind_too_new",
            path=wanted.name,
            place="the store",
            found=newest,
            known=wanted.schema,
        )
    if stored.document is not wanted.document:
        raise StorageError("storage.document_changed", path=wanted.name)
    if _same(stored, wanted):
        if begun is None:
            return None
        step = SchemaStep.ABANDON
    elif _keys(stored) == _keys(wanted) and set(stored.indexes) != set(wanted.indexes):
        step = SchemaStep.INDEXES
    else:
        step = SchemaStep.ROWS
    goes_on = step is SchemaStep.ROWS and begun is not None and _same(begun, wanted)
    old, new = _keys(stored), _keys(wanted)
    return SchemaChange(
        step=step,
        kind=wanted.name,
        found=stored.schema,
        wanted=wanted.schema,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        retyped=tuple(name for name in new if name in old and old[name] != new[name]),
        rows=rows,
        done=done if goes_on else 0,
    )


def demand_same(stored: Kind, wanted: Kind, *, begun: Kind | None, place: str) -> None:
    """Refuse to open a kind that is to be migrated first, or that is being migrated.

    Raises:
        SchemaTooOld: `storage.kind_changed`, `storage.migrating`.
        SchemaTooNew: `storage.kind_too_new`; `storage.migrating`, by a newer program.
        StorageError: `storage.document_changed`.
    """
    change = compare(stored, wanted, begun=begun)
    if change is None:
        return
    if change.step is SchemaStep.ABANDON:
        raise SchemaTooNew("storage.migrating", path=wanted.name, place=place)
    code = "storage.kind_changed" if begun is None else "storage.migrating"
    raise SchemaTooOld(code, path=wanted.name, place=place)


def _keys(kind: Kind) -> dict[str, tuple[str, bool]]:
    return {key.name: (key.type, key.many) for key in kind.keys}


def _same(one: Kind, other: Kind) -> bool:
    return (one.schema, _keys(one), set(one.indexes), one.document) == (
        other.schema,
        _keys(other),
        set(other.indexes),
        other.document,
    )
