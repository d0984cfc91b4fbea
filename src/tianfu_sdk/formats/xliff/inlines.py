"""Inline content of both versions as words and codes, and the bytes that each code came from."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.formats.markup import Element, Markup
from tianfu_sdk.formats.xliff.names import short
from tianfu_sdk.model.translation import Code, CodeKind, Runs
from tianfu_sdk.text.masks import runs

__all__ = ["Inline", "raw", "read_newer", "read_older"]

OPEN, CLOSE, ALONE = CodeKind.OPEN, CodeKind.CLOSE, CodeKind.STANDALONE


@attrs.define
class Inline:
    """A source or target that was read."""

    parts: list[str | Code] = attrs.field(factory=list)
    elements: dict[tuple[str, CodeKind], Element] = attrs.field(factory=dict)
    """What each code is written as, by its id and kind."""

    @property
    def runs(self) -> Runs:
        """Words and codes."""
        return runs(self.parts)

    def add(self, code: Code, element: Element) -> None:
        """Add a code with the element that it was read from."""
        self.parts.append(code)
        self.elements.setdefault((code.id, code.kind), element)


def raw(markup: Markup, element: Element, kind: CodeKind) -> str:
    """Give how a code is written: a tag, an element, or one end of it."""
    spanning = element.name in {"pc", "mrk", "g"}
    inner = markup.inner(element)
    if not spanning:
        return markup.data[element.start : markup.end(element)].decode()
    if inner is None:
        # An empty pair is written as one tag: it is taken apart.
        tag = markup.start_tag(element)
        name = tag[1:].split("/")[0].split()[0]
        return tag[:-2].rstrip() + ">" if kind is OPEN else f"</{name}>"
    begin, after = (element.start, inner[0]) if kind is OPEN else (inner[1], markup.end(element))
    return markup.data[begin:after].decode()


def read_newer(content: Element, data: Mapping[str, str]) -> Inline:
    """Read a source or target of XLIFF 2.

    Args:
        content: The element.
        data: Original data by id.
    """
    made = Inline()
    _newer(content, made, data)
    return made


def _newer(content: Element, made: Inline, data: Mapping[str, str]) -> None:
    for child in content.children:
        if isinstance(child, str):
            made.parts.append(child)
            continue
        given = child.attributes
        id_ = given.get("id", "")
        match short(child.tag):
            case "xlf:pc":
                made.add(_code(id_, OPEN, given, data, "Start"), child)
                _newer(child, made, data)
                made.add(_code(id_, CLOSE, given, data, "End"), child)
            case "xlf:mrk":
                made.add(_marker(id_, OPEN, given), child)
                _newer(child, made, data)
                made.add(_marker(id_, CLOSE, given), child)
            case "xlf:sm":
                made.add(_marker(id_, OPEN, given), child)
            case "xlf:em":
                made.add(_marker(given.get("startRef", ""), CLOSE, given), child)
            case "xlf:sc":
                made.add(_code(id_, OPEN, given, data), child)
            case "xlf:ec":
                made.add(_code(given.get("startRef", id_), CLOSE, given, data), child)
            case "xlf:cp":
                number = sum(1 for part in made.parts if isinstance(part, Code))
                made.add(Code(f"cp{number}", data=given.get("hex", "")), child)
            case _:
                made.add(_code(id_, ALONE, given, data), child)


def _code(
    id_: str, kind: CodeKind, given: Mapping[str, str], data: Mapping[str, str], end: str = ""
) -> Code:
    return Code(
        id_,
        kind,
        data=data.get(given.get(f"dataRef{end}", ""), ""),
        shown=given.get(f"disp{end}", given.get(f"equiv{end}", "")),
        type=given.get("type", ""),
        can_copy=given.get("canCopy", "yes") == "yes",
        can_delete=given.get("canDelete", "yes") == "yes",
        can_reorder=given.get("canReorder", "yes") == "yes",
    )


def _marker(id_: str, kind: CodeKind, given: Mapping[str, str]) -> Code:
    return Code(
        id_, kind, shown=given.get("value", ""), type=given.get("type", "generic"), annotation=True
    )


_PAIRED = {"bx": OPEN, "ex": CLOSE, "bpt": OPEN, "ept": CLOSE}


def read_older(content: Element) -> Inline:
    """Read a source or target of XLIFF 1.2.

    Args:
        content: The element.
    """
    made = Inline()
    _older(content, made, set())
    return made


def _older(content: Element, made: Inline, used: set[str]) -> None:
    for child in content.children:
        if isinstance(child, str):
            made.parts.append(child)
            continue
        given = child.attributes
        code = Code(
            given.get("id", ""),
            _PAIRED.get(child.name, ALONE),
            data=child.text if child.name not in {"g", "mrk"} else "",
            shown=given.get("equiv-text", ""),
            type=given.get("mtype", given.get("ctype", "")),
            annotation=child.name == "mrk",
            can_copy=given.get("clone", "yes") == "yes",
        )
        if child.name in {"g", "mrk"}:
            id_ = _free(given.get("mid", "mrk") if code.annotation else code.id, used)
            made.add(attrs.evolve(code, id=id_, kind=OPEN), child)
            _older(child, made, used)
            made.add(attrs.evolve(code, id=id_, kind=CLOSE), child)
        elif code.kind is ALONE:
            made.add(attrs.evolve(code, id=_free(code.id, used)), child)
        else:
            # The two halves of a pair find one another by rid, or else by id.
            made.add(attrs.evolve(code, id=given.get("rid", code.id)), child)


def _free(id_: str, used: set[str]) -> str:
    """Give an id that no other code of the text has."""
    made = id_
    while made in used:
        made += "'"
    used.add(made)
    return made
