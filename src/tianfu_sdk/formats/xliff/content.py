"""Words and codes written as inline content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import Element, escape
from tianfu_sdk.model.translation import Code, CodeKind, Runs

__all__ = ["Codes", "demand_writable", "write_content"]

OPEN, CLOSE = CodeKind.OPEN, CodeKind.CLOSE
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPANNING = frozenset({"pc", "mrk", "g"})
_DATA = ("dataRef", "dataRefStart", "dataRefEnd")
_ID = re.compile(r"(\s(?:id|startRef)\s*=\s*)(?:\"[^\"]*\"|'[^']*')")
_Key = tuple[str, CodeKind]


@attrs.define
class Codes:
    """How the codes of a segment are written."""

    raw: dict[_Key, str] = attrs.field(factory=dict)
    elements: dict[_Key, Element] = attrs.field(factory=dict)
    ids: set[str] = attrs.field(factory=set)
    """That are taken in the unit."""


def demand_writable(text: str, path: str) -> None:
    """Demand that XML can hold a text; raises `Invalid` (`xliff.characters`)."""
    found = _UNWRITABLE.search(text)
    if found is not None:
        raise Invalid("xliff.characters", path=path, offset=found.start())


def write_content(text: Runs, codes: Codes, path: str, *, older: bool) -> str:
    """Write what stands inside a source or target.

    Args:
        text: Words and codes.
        codes: How the codes are written.
        path: Of the segment, for errors.
        older: XLIFF 1.2, which has no copies and no annotations in two halves.

    Raises:
        Invalid: `xliff.characters`; `xliff.unknown_code`; `xliff.codes`, two pairs cross.
    """
    split = _split(text, codes, path, older=older)
    made: list[str] = []
    counts: Counter[_Key] = Counter()
    ids: dict[tuple[str, int], str] = {}
    for place, part in enumerate(text):
        if isinstance(part, str):
            demand_writable(part, path)
            made.append(escape(part))
            continue
        key = (part.id, part.kind)
        if key not in codes.raw:
            raise Invalid("xliff.unknown_code", path=path, id=part.id)
        raw = codes.raw[key]
        if place in split:
            raw = _half(raw, part)
        counts[key] += 1
        if counts[key] > 1 and not older:
            raw = _copied(raw, part, codes, ids, counts[key])
        made.append(raw)
    return "".join(made)


def _split(text: Runs, codes: Codes, path: str, *, older: bool) -> set[int]:
    """Find annotations that cross other pairs and so have to be written in two halves."""
    spans = _spans(text, codes, path)
    split: set[int] = set()
    whole: list[tuple[int, int]] = []
    # Codes of the format come first: they keep their form, and annotations give way.
    for begin, end, marker in sorted(spans, key=lambda span: span[2]):
        crosses = any(
            begin < other < end < last or other < begin < last < end for other, last in whole
        )
        if not crosses:
            whole.append((begin, end))
        elif marker and not older:
            split |= {begin, end}
        else:
            code = text[begin]
            id_ = code.id if isinstance(code, Code) else ""
            raise Invalid("xliff.codes", path=path, why="crossed", id=id_)
    return split


def _spans(text: Runs, codes: Codes, path: str) -> list[tuple[int, int, bool]]:
    """Give begin and end of each pair that is written as one element."""
    begun: dict[str, list[int]] = {}
    made = []
    for place, part in enumerate(text):
        if not isinstance(part, Code):
            continue
        element = codes.elements.get((part.id, part.kind))
        if element is None or element.name not in _SPANNING:
            continue
        if part.kind is OPEN:
            begun.setdefault(part.id, []).append(place)
        elif begun.get(part.id):
            made.append((begun[part.id].pop(), place, part.annotation))
        else:
            raise Invalid("xliff.codes", path=path, why="crossed", id=part.id)
    for id_, left in begun.items():
        if left:
            raise Invalid("xliff.codes", path=path, why="crossed", id=id_)
    return made


def _half(raw: str, code: Code) -> str:
    """Write half of a `mrk` as `sm` or `em`."""
    name = raw.lstrip("</").split()[0].rstrip(">")
    prefix = name.removesuffix("mrk")
    if code.kind is OPEN:
        return f"<{prefix}sm{raw[1 + len(name) : -1].rstrip()}/>"
    return f'<{prefix}em startRef="{code.id}"/>'


def _copied(
    raw: str, code: Code, codes: Codes, ids: dict[tuple[str, int], str], number: int
) -> str:
    """Write a further copy of a code under an id of its own."""
    known = (code.id, number)
    if known not in ids:
        id_ = next(
            made
            for count in range(number, 1_000_000)
            if (made := f"{code.id}-{count}") not in codes.ids
        )
        codes.ids.add(id_)
        ids[known] = id_
    if raw.startswith("</"):
        return raw
    copied = _ID.sub(lambda found: f'{found[1]}"{ids[known]}"', raw, count=1)
    given: Mapping[str, str] = codes.elements[code.id, code.kind].attributes
    base = not code.annotation and code.kind is not CLOSE and not any(one in given for one in _DATA)
    if not base or "copyOf" in given:
        return copied
    end = -2 if copied.endswith("/>") else -1
    return f'{copied[:end].rstrip()} copyOf="{code.id}"{copied[end:]}'
