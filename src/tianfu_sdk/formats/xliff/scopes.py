"""What the rules about inline content share: units and matches, and their codes in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.names import short

__all__ = ["CODES", "MARKERS", "Event", "Part", "Scope", "events", "flag", "parts_of", "scope_of"]

CODES = frozenset({"ph", "pc", "sc", "ec"})
MARKERS = frozenset({"mrk", "sm"})


@attrs.frozen(eq=False)
class Part:
    """A segment, an ignorable, or a match: what holds a source and perhaps a target."""

    element: Element
    source: Element | None
    target: Element | None
    inlines: Mapping[str, Sequence[Element]] = attrs.field(factory=dict)
    """Inline elements of source and target, in order."""


@attrs.frozen(eq=False)
class Scope:
    """What ids of inline content are unique in: a unit, or a match."""

    element: Element
    parts: tuple[Part, ...]
    data: frozenset[str]
    """Ids of its original data."""

    def side(self, name: str) -> list[tuple[Part, Element]]:
        """List the sources or the targets, with what holds them, in the order of the file."""
        found = [(part, getattr(part, name)) for part in self.parts]
        return [(part, content) for part, content in found if content is not None]

    def inline(self, name: str) -> list[Element]:
        """List the inline elements of the sources or the targets, in the order of the file."""
        return [one for part in self.parts for one in part.inlines[name]]

    @property
    def plain(self) -> bool:
        """There are words only."""
        return not any(part.inlines["source"] or part.inlines["target"] for part in self.parts)


@attrs.frozen(eq=False)
class Event:
    """A point of inline content where a code or a marker begins or ends."""

    element: Element
    closing: bool = False
    """The end of a `pc` or `mrk`."""


def scope_of(element: Element) -> Scope:
    """Give the scope of a `unit` or a `match`."""
    data = [
        child.attributes.get("id", "")
        for found in element.elements()
        if short(found.tag) == "xlf:originalData"
        for child in found.elements()
    ]
    parts = [
        attrs.evolve(part, inlines={"source": _inline(part.source), "target": _inline(part.target)})
        for part in parts_of(element)
    ]
    return Scope(element, tuple(parts), frozenset(data))


def parts_of(element: Element) -> list[Part]:
    """List the parts of a `unit` or a `match`, without looking into them."""
    space = element.space if element.name == "unit" else ""
    holders = [
        child
        for child in element.elements()
        if child.space == space and child.name in {"segment", "ignorable"}
    ]
    if element.name == "match":
        holders = [element]
    return list(map(_part, holders))


def _part(holder: Element) -> Part:
    found = {short(child.tag): child for child in reversed(holder.elements())}
    return Part(holder, found.get("xlf:source"), found.get("xlf:target"))


def _inline(content: Element | None) -> Sequence[Element]:
    if content is None or not content.elements():
        return ()
    return [one for one in content.walk() if one is not content and short(one.tag)[:4] == "xlf:"]


def events(content: Element) -> Iterator[Event]:
    """Give what begins and ends in a source or target, in order."""
    waiting: list[Event] = [Event(child) for child in reversed(content.elements())]
    while waiting:
        event = waiting.pop()
        yield event
        if not event.closing and event.element.name in {"pc", "mrk"}:
            waiting.append(Event(event.element, closing=True))
            waiting += [Event(child) for child in reversed(event.element.elements())]


def flag(element: Element, attribute: str, default: str) -> str:
    """Give an attribute or its default."""
    return element.attributes.get(attribute, default)
