"""Fragment identifiers, `#f=f1/u=u1/1`: section 4.8 of XLIFF 2.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from tianfu_sdk.formats.markup import XML, Element
from tianfu_sdk.formats.xliff.names import NMTOKEN, short
from tianfu_sdk.formats.xliff.scopes import scope_of

__all__ = ["Fragment", "Links", "Unreadable", "leading", "read_fragment"]

_PLACES = ("f", "g", "u")
_HOLDERS = frozenset({"xlf:file", "xlf:group", "xlf:unit"})


class Unreadable(ValueError):
    """A text is no fragment identifier; the first argument is the rule that it breaks."""


@attrs.frozen
class Fragment:
    """A fragment identifier that was read."""

    absolute: bool
    places: Mapping[str, str]
    """Ids of file, group and unit, as far as they are written."""
    leaf: tuple[str, str] | None = None
    """Prefix (`n`, `d`, `t`, one of a module, or none) and id of what is inside them."""


def read_fragment(text: str, prefixes: Mapping[str, str | None]) -> Fragment:
    """Read a fragment identifier.

    Args:
        text: What follows `#`.
        prefixes: Those of modules and extensions that are known.

    Raises:
        Unreadable: With the rule: `fragment.syntax`, `fragment.prefix`, `fragment.twice`,
            `fragment.order`, `fragment.leaf`.
    """
    absolute = text.startswith("/")
    places: dict[str, str] = {}
    leaf: tuple[str, str] | None = None
    for part in text.removeprefix("/").split("/"):
        prefix, equals, id_ = part.rpartition("=")
        if not NMTOKEN.fullmatch(id_) or (equals and not NMTOKEN.fullmatch(prefix)):
            raise Unreadable("fragment.syntax")
        if prefix and prefix not in {*_PLACES, "n", "d", "t"} and prefix not in prefixes:
            raise Unreadable("fragment.prefix")
        if leaf is not None:
            raise Unreadable("fragment.leaf")
        if prefix not in _PLACES:
            leaf = prefix, id_
        elif prefix in places:
            raise Unreadable("fragment.twice")
        elif any(_PLACES.index(found) > _PLACES.index(prefix) for found in places):
            raise Unreadable("fragment.order")
        else:
            places[prefix] = id_
    return Fragment(absolute, places, leaf)


@attrs.define(eq=False)
class _File:
    """A file of a document, and what can be pointed to in it."""

    element: Element
    groups: dict[str, Element] = attrs.field(factory=dict)
    units: dict[str, Element] = attrs.field(factory=dict)
    resources: set[str] = attrs.field(factory=set)


class Links:
    """Finds what the references of a document point to."""

    def __init__(self, root: Element, prefixes: Mapping[str, str | None]) -> None:
        self.root = root
        self.prefixes = prefixes
        """Of modules and extensions, each with the namespace of its extension."""
        self._files: dict[int, _File] = {}
        self._by_id: dict[str, _File] = {}
        for element in root.elements():
            if short(element.tag) == "xlf:file":
                self._add(element)

    def _add(self, element: Element) -> None:
        file = self._files[id(element)] = _File(element)
        self._by_id.setdefault(element.attributes.get("id", ""), file)
        waiting = [element]
        while waiting:
            holder = waiting.pop()
            for child in reversed(holder.elements()):
                name = short(child.tag)
                id_ = child.attributes.get("id", "")
                if name == "xlf:unit":
                    file.units.setdefault(id_, child)
                elif name == "xlf:group":
                    file.groups.setdefault(id_, child)
                if name in _HOLDERS or name == "res:resourceData":
                    waiting.append(child)
                elif name == "res:resourceItem":
                    file.resources.add(id_)

    def resources(self, file: Element) -> set[str]:
        """Give the ids of resources in a file."""
        return self._files[id(file)].resources

    def resolve(self, fragment: Fragment, at: Element) -> tuple[Element, Element] | None:
        """Find what a fragment identifier points to in the document.

        Args:
            fragment: What was read.
            at: Where it is written; what it leaves out is taken from there.

        Returns:
            The file, group or unit, and what in it is meant (itself where nothing is); None
            where there is no such thing.
        """
        holder = self._holder(fragment, at)
        if holder is None or fragment.leaf is None:
            return None if holder is None else (holder, holder)
        prefix, id_ = fragment.leaf
        found = next(
            (
                one
                for one in self._candidates(holder, prefix)
                if id_ in {one.attributes.get("id"), one.attributes.get(XML + "id")}
            ),
            None,
        )
        return None if found is None else (holder, found)

    def _holder(self, fragment: Fragment, at: Element) -> Element | None:
        places = fragment.places
        around = [one for one in at.ancestors() if short(one.tag) in _HOLDERS]
        if not places and not fragment.absolute:
            return around[0] if around else None
        if "f" in places:
            file = self._by_id.get(places["f"])
        elif fragment.absolute:
            # Without the file it is clear only where there is one.
            file = next(iter(self._files.values())) if len(self._files) == 1 else None
        else:
            file = self._files[id(around[-1])] if around else None
        if file is None:
            return None
        group = file.groups.get(places["g"]) if "g" in places else file.element
        if "u" not in places or group is None:
            return group
        unit = file.units.get(places["u"])
        return unit if unit is not None and group in unit.ancestors() else None

    def _candidates(self, holder: Element, prefix: str) -> Iterator[Element]:
        unit = short(holder.tag) == "xlf:unit"
        if prefix == "n":
            yield from _below(holder, "xlf:notes")
        elif prefix == "d" and unit:
            yield from _below(holder, "xlf:originalData")
        elif prefix in {"", "t"} and unit:
            scope = scope_of(holder)
            if not prefix:
                yield from (part.element for part in scope.parts)
            yield from scope.inline("target" if prefix else "source")
        elif prefix in self.prefixes:
            space = self.prefixes[prefix]
            for child in leading(holder):
                if child.space == space or short(child.tag).startswith(f"{prefix}:"):
                    yield from child.walk()


def leading(holder: Element) -> Iterator[Element]:
    """Give the children of a file, group or unit that stand before its content."""
    for child in holder.children:
        if isinstance(child, str):
            continue
        if short(child.tag) in {"xlf:unit", "xlf:group", "xlf:segment", "xlf:ignorable"}:
            return
        yield child


def _below(holder: Element, name: str) -> list[Element]:
    return [
        one for child in leading(holder) if short(child.tag) == name for one in child.elements()
    ]
