"""Words and codes written as inline content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import Element, Markup, escape
from tianfu_sdk.formats.xliff.inlines import raw
from tianfu_sdk.model.translation import Code, CodeKind, Runs

__all__ = ["Codes", "demand_writable", "write_content"]

OPEN, CLOSE = CodeKind.OPEN, CodeKind.CLOSE
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPANNING = frozenset({"pc", "mrk", "g"})
_DATA = ("dataRef", "dataRefStart", "dataRefEnd")
_ID = re.compile(r"(\s(?:id|startRef)\s*=\s*)(?:\"[^\"]*\"|'[^']*')")
_Key = tuple[str, CodeKind]


@attrs.define(slots=False)
class Codes:
    """How the codes of a segment are written."""

    markup: Markup
    unit: Element
    elements: Mapping[_Key, Element]
    """What each code was read from."""

    def raw(self, code: Code) -> str:
        """Give the bytes that a code came from."""
        return raw(self.markup, self.elements[code.id, code.kind], code.kind)

    @cached_property
    def ids(self) -> set[str]:
        """That are taken in the unit."""
        return {
            one.attributes[key]
            for one in self.unit.walk()
            for key in ("id", "startRef")
            if key in one.attributes
        }


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
    if not codes.elements and len(text) == 1 and isinstance(text[0], str):
        demand_writable(text[0], path)
        return escape(text[0])
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
        if key not in codes.elements:
            raise Invalid("xliff.unknown_code", path=path, id=part.id)
        written = codes.raw(part)
        if place in split:
            written = _half(written, part)
        counts[key] += 1
        if counts[key] > 1 and not older:
            written = _copied(written, part, codes, ids, counts[key])
        made.append(written)
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


def _half(written: str, code: Code) -> str:
    """Write half of a `mrk` as `sm` or `em`."""
    name = written.lstrip("</").split()[0].rstrip(">")
    prefix = name.removesuffix("mrk")
    if code.kind is OPEN:
        return f"<{prefix}sm{written[1 + len(name) : -1].rstrip()}/>"
    return f'<{prefix}em startRef="{code.id}"/>'


def _copied(
    written: str, code: Code, codes: Codes, ids: dict[tuple[str, int], str], number: int
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
    if written.startswith("</"):
        return written
    copied = _ID.sub(lambda found: f'{found[1]}"{ids[known]}"', written, count=1)
    given: Mapping[str, str] = codes.elements[code.id, code.kind].attributes
    base = not code.annotation and code.kind is not CLOSE and not any(one in given for one in _DATA)
    if not base or "copyOf" in given:
        return copied
    end = -2 if copied.endswith("/>") else -1
    return f'{copied[:end].rstrip()} copyOf="{code.id}"{copied[end:]}'
