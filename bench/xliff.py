"""Files for translators: 10,000 units read, filled and written, beside translate-toolkit."""

from __future__ import annotations

import random
from collections.abc import Callable

from corpus import documents
from timing import rounds, table

from tianfu_sdk.formats.xliff import Segment, Target, Unit, check, dump, make, parse
from tianfu_sdk.model.translation import Code, CodeKind

_BOLD = Code("b", CodeKind.OPEN, data="<b>"), Code("b", CodeKind.CLOSE, data="</b>")
_SLOT = Code("n", data="{n}", can_delete=False)


def run(*, small: bool) -> str:
    """Read, fill, check and write files of 2.1 and 1.2."""
    n, times = (200, 1) if small else (10_000, 5)
    units = _units(n)
    files = {
        version: make(units, source="zh-Hans", target="bo", version=version)
        for version in ("2.1", "1.2")
    }
    ways: dict[str, Callable[[], int]] = {}
    for version, data in files.items():
        ways |= _ours(version, data) | _theirs(version, data)
    ways["make 2.1"] = lambda: len(make(units, source="zh-Hans", target="bo") and units)
    found = rounds(ways, times)
    rows = [(name, f"{seconds * 10_000:.2f}") for name, seconds in found.items()]
    return table(
        "XLIFF",
        ("10,000 units", "s"),
        rows,
        f"Files of {n:,} units, a sentence each, half of them with a pair and a slot. translate-toolkit"
        " reads by lxml, written in C, and gives the text of a unit without its codes; ours gives"
        " words, codes, states and notes, and keeps every byte that is not a translation."
        " `fill` puts a translation and a state into every unit and writes the file; theirs drops"
        " the codes. `check` is the whole specification, which translate-toolkit has not.",
    )


def _units(n: int) -> list[Unit]:
    chance = random.Random(7)
    made = []
    for number, one in enumerate(documents(n)):
        text = one["body"][: chance.randint(15, 60)]
        source = (text, _BOLD[0], text[:4], _BOLD[1], _SLOT) if number % 2 else (text,)
        made.append(Unit(id=f"u{number}", segments=(Segment(id="s", source=source),)))
    return made


def _ours(version: str, data: bytes) -> dict[str, Callable[[], int]]:
    document = parse(data)
    targets = {unit.id: Target(f"བོད་ཡིག {unit.segments[0].masked.text}") for unit in document.units}
    number = len(document.units)

    def one() -> int:
        return number if dump(document.with_targets({"u5": targets["u5"]})) else 0

    return {
        f"ours, read {version}": lambda: len(parse(data).units),
        f"ours, fill {version}": lambda: number if dump(document.with_targets(targets)) else 0,
        f"ours, fill one unit {version}": one,
        f"ours, check {version}": lambda: number if not check(data) else 0,
    }


def _theirs(version: str, data: bytes) -> dict[str, Callable[[], int]]:
    try:
        from translate.storage import xliff, xliff2
    except ImportError:
        return {}
    store = xliff.xlifffile if version == "1.2" else xliff2.Xliff2File

    def read() -> int:
        return len(
            [(unit.getid(), unit.source, unit.target) for unit in store.parsestring(data).units]
        )

    def fill() -> int:
        file = store.parsestring(data)
        for unit in file.units:
            unit.target = f"བོད་ཡིག {unit.source}"
            unit.marktranslated() if version == "1.2" else unit.set_state_n(
                unit.STATE[unit.S_TRANSLATED][0]
            )
        return len(file.units) if bytes(file) else 0

    return {f"translate-toolkit, read {version}": read, f"translate-toolkit, fill {version}": fill}
