"""Write `tests/house/kinds.json`: the shape of every kind under its schema number.

A kind whose keys or indexes changed needs a higher `schema`, or no store would be migrated.
`python scripts/pin_kinds.py` pins what is new or has a higher number and says what has not;
`--unreleased` pins everything as it is, for shapes that no release ever had.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import attrs

from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.core.rows.shapes import write_shape
from tianfu_sdk.model.storage import Kind

TARGET = Path(__file__).resolve().parent.parent / "tests" / "house" / "kinds.json"


def shape_of(kind: Kind) -> str:
    """Give a digest of the keys and indexes of a kind, whatever their order."""
    ordered = attrs.evolve(
        kind,
        keys=tuple(sorted(kind.keys, key=lambda key: key.name)),
        indexes=tuple(sorted(kind.indexes)),
        schema=0,
    )
    return hashlib.sha256(write_shape(ordered).encode()).hexdigest()[:16]


def changed(pins: dict[str, list[object]], kinds: tuple[Kind, ...] = ALL_KINDS) -> list[str]:
    """Name the kinds that changed under the number that they had."""
    return [
        kind.name
        for kind in kinds
        if pins.get(kind.name, [None])[0] == kind.schema
        and pins[kind.name] != [kind.schema, shape_of(kind)]
    ]


def main() -> int:
    """Pin what may be pinned; 1 where a kind needs a higher number."""
    pins = json.loads(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    odd = [] if "--unreleased" in sys.argv[1:] else changed(pins)
    for name in odd:
        print(f"{name} has another shape: raise its `schema` in tianfu_sdk/core/kinds.py")
    made = {
        kind.name: pins[kind.name] if kind.name in odd else [kind.schema, shape_of(kind)]
        for kind in ALL_KINDS
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(made[name])}" for name in sorted(made)]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
