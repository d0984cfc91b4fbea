"""XLIFF 2 and 1.2 read into values."""

from __future__ import annotations

from collections.abc import Iterator

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import XML, Element, Markup, building
from tianfu_sdk.formats.xliff.contents import (
    Contents,
    Match,
    Meta,
    Note,
    Place,
    Segment,
    Unit,
)
from tianfu_sdk.formats.xliff.inlines import Inline, read_newer, read_older
from tianfu_sdk.formats.xliff.names import short
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.scopes import Part, parts_of
from tianfu_sdk.formats.xliff.states import from_newer, from_older
from tianfu_sdk.model.translation import CodeKind

__all__ = ["read_contents"]

_Found = tuple[Unit, list[Place]]


def read_contents(markup: Markup, *, older: bool) -> Contents:
    """Read a document.

    Args:
        markup: Its root is an `xliff`.
        older: It is of version 1.2.

    Raises:
        Invalid: `xliff.structure`, a unit or segment lacks what it cannot be read without;
            `xliff.twice`, two segments have one name.
    """
    root = markup.root
    report = Report()
    places: dict[tuple[str, str, str], Place] = {}
    with building():
        found = list(_older(markup, report) if older else _newer(markup, report))
        for unit, parts in found:
            for place in parts:
                key = (unit.file, unit.id, place.segment.id)
                if key in places:
                    path = "/".join(key[1:])
                    raise Invalid("xliff.twice", path=path, line=place.holder.line)
                places[key] = place
    languages = ("source-language", "target-language") if older else ("srcLang", "trgLang")
    named = next(iter(root.elements()), root) if older else root
    return Contents(
        version=root.attributes.get("version", ""),
        source=named.attributes.get(languages[0], ""),
        target=named.attributes.get(languages[1]),
        units=tuple(unit for unit, _ in found),
        warnings=tuple(report.problems),
        markup=markup,
        places=places,
    )


def _needed(element: Element, attribute: str) -> str:
    value = element.attributes.get(attribute)
    if value is None:
        raise Invalid("xliff.structure", path=element.name, line=element.line, wanted=attribute)
    return value


def _file(unit: Element) -> Element:
    for one in unit.ancestors():
        if one.name == "file":
            return one
    raise Invalid("xliff.structure", path=unit.name, line=unit.line, wanted="file")


def _source(holder: Element, source: Element | None) -> Element:
    if source is None:
        raise Invalid("xliff.structure", path=holder.name, line=holder.line, wanted="source")
    return source


def _inherited(element: Element, attribute: str, default: str) -> str:
    return next(
        (one.attributes[attribute] for one in element.ancestors() if attribute in one.attributes),
        default,
    )


def _holders(root: Element, unit: str, group: str) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Give each unit of a document, with the ids of the groups around it."""
    waiting: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        holder, groups = waiting.pop()
        if holder.name == unit:
            yield holder, groups
            continue
        if holder.name == group:
            groups = (*groups, holder.attributes.get("id", ""))
        waiting += [
            (child, groups)
            for child in reversed(holder.elements())
            if child.space == root.space and child.name in {"file", "body", unit, group}
        ]


def _newer(markup: Markup, report: Report) -> Iterator[_Found]:
    for element, groups in _holders(markup.root, "unit", "group"):
        file = _file(element)
        data = {
            one.attributes.get("id", ""): one.text
            for child in element.elements()
            if short(child.tag) == "xlf:originalData"
            for one in child.elements()
        }
        matches = tuple(_matches(element))
        machine = any(match.type == "mt" for match in matches)
        parts = [
            _segment(element, (place, part), data, report, machine=machine)
            for place, part in enumerate(parts_of(element), 1)
        ]
        yield (
            Unit(
                id=_needed(element, "id"),
                file=_needed(file, "id"),
                segments=tuple(part.segment for part in parts),
                groups=groups,
                name=element.attributes.get("name", ""),
                translate=_inherited(element, "translate", "yes") == "yes",
                preserve=_inherited(element, XML + "space", "default") == "preserve",
                longest=_longest(element),
                notes=tuple(_notes(element)),
                metadata=tuple(_metadata(element)),
                matches=matches,
                line=element.line,
            ),
            parts,
        )


def _segment(
    unit: Element,
    counted: tuple[int, Part],
    data: dict[str, str],
    report: Report,
    *,
    machine: bool,
) -> Place:
    number, part = counted
    holder, target = part.element, part.target
    given = holder.attributes
    written, sub = given.get("state", ""), given.get("subState", "")
    source = _source(holder, part.source)
    said = read_newer(source, data)
    translated = read_newer(target, data) if target is not None else None
    text = said.runs
    # An empty target is no translation, unless there is nothing to translate.
    there = translated is not None and (bool(translated.parts) or not text)
    if not there and written not in {"", "initial"}:
        report.warn("state.no_target", holder, state=written)
    segment = Segment(
        id=given.get("id", f"#{number}"),
        source=text,
        target=None if translated is None else translated.runs,
        state=from_newer(written, sub, target=there, machine=machine),
        native_state=f"{written} {sub}".strip(),
        ignorable=holder.name == "ignorable",
    )
    return Place(unit, holder, source, target, segment, _codes(said, translated))


def _longest(unit: Element) -> int | None:
    for element in unit.ancestors():
        for key, value in element.attributes.items():
            if " " in key and short(key) == "slr:sizeRestriction":
                most = value.rpartition(",")[2].strip()
                return int(most) if most.isascii() and most.isdecimal() else None
    return None


def _notes(unit: Element) -> Iterator[Note]:
    for child in unit.elements():
        if short(child.tag) != "xlf:notes":
            continue
        for note in child.elements():
            given = note.attributes
            yield Note(
                note.text,
                given.get("category", ""),
                given.get("appliesTo", ""),
                _priority(given.get("priority", "1")),
                given.get("id", ""),
            )


def _priority(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 3 else 1  # noqa: PLR2004 - 1 to 10


def _metadata(unit: Element) -> Iterator[Meta]:
    for child in unit.elements():
        if short(child.tag) != "mda:metadata":
            continue
        for meta in child.walk():
            if short(meta.tag) == "mda:meta" and meta.parent is not None:
                category = meta.parent.attributes.get("category", "")
                yield Meta(meta.attributes.get("type", ""), meta.text, category)


def _matches(unit: Element) -> Iterator[Match]:
    for child in unit.elements():
        if short(child.tag) != "mtc:matches":
            continue
        for match in child.elements():
            part = parts_of(match)[0] if short(match.tag) == "mtc:match" else None
            if part is None or part.source is None or part.target is None:
                continue
            given = match.attributes
            yield Match(
                source=read_newer(part.source, {}).runs,
                target=read_newer(part.target, {}).runs,
                similarity=_percent(given.get("similarity", given.get("matchQuality", ""))),
                origin=given.get("origin", ""),
                type=given.get("type", "tm"),
            )


def _percent(value: str) -> float | None:
    try:
        return float(value.removesuffix("%"))
    except ValueError:
        return None


def _older(markup: Markup, report: Report) -> Iterator[_Found]:
    for element, groups in _holders(markup.root, "trans-unit", "group"):
        file = _file(element)
        children = {child.name: child for child in reversed(element.elements())}
        source = _source(element, children.get("source"))
        target = children.get("target")
        given = element.attributes
        about = target.attributes if target is not None else {}
        approved, written = given.get("approved", ""), about.get("state", "")
        qualifier = about.get("state-qualifier", "")
        said = read_older(source)
        translated = read_older(target) if target is not None else None
        text = said.runs
        there = translated is not None and (bool(translated.parts) or not text)
        state, rule = from_older(written, qualifier, approved, target=there)
        if rule:
            report.warn(rule, element, approved=approved, state=written, taken=state.value)
        segment = Segment(
            id="#1",
            source=text,
            target=None if translated is None else translated.runs,
            state=state,
            native_state=f"{written} {qualifier}".strip(),
        )
        unit = Unit(
            id=_needed(element, "id"),
            file=file.attributes.get("original", ""),
            segments=(segment,),
            groups=groups,
            name=given.get("resname", ""),
            translate=_inherited(element, "translate", "yes") == "yes",
            preserve=_inherited(element, XML + "space", "default") == "preserve",
            longest=_width(element),
            notes=tuple(_older_notes(element)),
            metadata=tuple(_contexts(element)),
            matches=tuple(_alternatives(element)),
            line=element.line,
        )
        yield unit, [Place(element, element, source, target, segment, _codes(said, translated))]


def _codes(source: Inline, target: Inline | None) -> dict[tuple[str, CodeKind], Element]:
    return source.elements if target is None else target.elements | source.elements


def _width(element: Element) -> int | None:
    given = element.attributes
    value = given.get("maxwidth", "")
    counted = given.get("size-unit", "pixel") == "char"
    return int(value) if counted and value.isascii() and value.isdecimal() else None


def _older_notes(element: Element) -> Iterator[Note]:
    for note in element.elements():
        if note.name == "note":
            given = note.attributes
            applies = given.get("annotates", "general")
            yield Note(
                note.text,
                given.get("from", ""),
                "" if applies == "general" else applies,
                _priority(given.get("priority", "1")),
            )


def _contexts(element: Element) -> Iterator[Meta]:
    for found in element.elements():
        if found.name == "context-group":
            for context in found.elements():
                kind = context.attributes.get("context-type", "").removeprefix("x-")
                yield Meta(kind, context.text, found.attributes.get("name", ""))


def _alternatives(element: Element) -> Iterator[Match]:
    for found in element.elements():
        if found.name != "alt-trans":
            continue
        children = {child.name: child for child in reversed(found.elements())}
        source, target = children.get("source"), children.get("target")
        if target is not None:
            yield Match(
                source=read_older(source).runs if source is not None else (),
                target=read_older(target).runs,
                similarity=_percent(found.attributes.get("match-quality", "")),
                origin=found.attributes.get("origin", ""),
                type="tm",
            )
