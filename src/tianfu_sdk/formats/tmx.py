"""TMX 1.4b, level 2: translation memories in any number of languages, with inline codes.

Everything of a unit is kept: its attributes, properties and notes, and the codes in its texts.
Comments and the layout between elements are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import tmx_rules
from tianfu_sdk.formats.tmx_rules import Report
from tianfu_sdk.formats.xml_stream import XML, Node, markup, pieces
from tianfu_sdk.model.problem import Problem

__all__ = [
    "Content",
    "Inline",
    "TmxDocument",
    "TmxHeader",
    "TmxUnit",
    "TmxVariant",
    "check",
    "content_of",
    "dump",
    "parse",
    "stream",
    "words",
    "write",
    "written",
]

_LANG = f"{XML}lang"
_SHOWN = 200
"""Problems that are listed, at most."""


@attrs.frozen
class Inline:
    """An element in a text: `bpt`, `ept`, `it`, `ph`, `hi` or `sub`."""

    tag: str
    attributes: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    content: Content = ()


Content = tuple["str | Inline", ...]
"""What stands in a `seg`: words and elements."""


@attrs.frozen(kw_only=True)
class TmxVariant:
    """A text in one language (`tuv`)."""

    language: str
    """As it is written, BCP 47."""
    content: Content = attrs.field(repr=False)
    attributes: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """All others, such as `creationdate`."""
    props: tuple[tuple[str, str], ...] = ()
    """Types and values."""
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words alone, as `words` gives them."""
        return words(self.content)


@attrs.frozen(kw_only=True)
class TmxUnit:
    """A unit (`tu`): one text in several languages."""

    variants: tuple[TmxVariant, ...]
    attributes: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    props: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    line: int = attrs.field(default=0, eq=False)
    """Where it begins in the file that it was read from."""


@attrs.frozen(kw_only=True)
class TmxHeader:
    """What a file says of itself."""

    source_language: str = "*all*"
    attributes: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """All others; what TMX demands and is not given is filled in when it is written."""
    props: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    more: tuple[Inline, ...] = ()
    """Definitions of characters of one's own (`ude`)."""


@attrs.frozen(kw_only=True)
class TmxDocument:
    """A whole file."""

    header: TmxHeader = TmxHeader()
    units: tuple[TmxUnit, ...] = ()


def words(content: Content) -> str:
    """Give the words of a text: what stands in a code is none, what `hi` holds is."""
    return "".join(
        part if isinstance(part, str) else words(part.content) if part.tag == "hi" else ""
        for part in content
    )


def parse(data: bytes) -> TmxDocument:
    """Read a file whole.

    Args:
        data: In UTF-8, UTF-16, or an encoding that it declares.

    Returns:
        Header and units.

    Raises:
        Invalid: `tmx.invalid` with the line and the first rule that it breaks (`check` lists
            all); `markup.broken`, `markup.encoding`, `markup.entities` and others where it is
            no XML that can be read.
    """
    header, units = stream(data)
    return TmxDocument(header=header, units=tuple(units))


def stream(source: BinaryIO | bytes) -> tuple[TmxHeader, Iterator[TmxUnit]]:
    """Read a file unit by unit, in memory that does not grow with it.

    Args:
        source: Bytes, or a binary stream, read from where it stands.

    Returns:
        The header, and the units as they are read on.

    Raises:
        Invalid: As `parse`; what is wrong with a unit when it is reached.
    """
    found = _read(source, _Strict())
    header = next(found)
    assert isinstance(header, TmxHeader)  # noqa: S101 - the first is the header
    return header, (one for one in found if isinstance(one, TmxUnit))


def check(
    source: BinaryIO | bytes,
    *,
    progress: Callable[[int], None] | None = None,
    also: Callable[[TmxUnit], Iterable[Problem]] | None = None,
) -> list[Problem]:
    """Hold a file against TMX 1.4b.

    Args:
        source: Bytes, or a binary stream, read from where it stands.
        progress: Is told how many units were read, every thousand.
        also: Says what else is wrong with a unit.

    Returns:
        Errors and warnings with their lines, 200 at most. XML that cannot be read is one
        error, the last.

    Source: LISA OSCAR, TMX 1.4b Specification, 26 April 2005; RFC 5646 for languages.
    """
    report = Report(_SHOWN)
    try:
        for number, one in enumerate(_read(source, report)):
            if also is not None and isinstance(one, TmxUnit):
                for problem in also(one):
                    report.note(problem)
            if progress is not None and number and number % 1000 == 0:
                progress(number)
    except Invalid as error:
        report.broken(error)
    return report.problems


class _Strict(Report):
    """Raises the first error instead of noting it."""

    def __init__(self) -> None:
        super().__init__(_SHOWN)

    def note(self, problem: Problem) -> None:
        """Raise an error, and pass over a warning."""
        if problem.severity.value == "error":
            raise Invalid(
                "tmx.invalid",
                path=problem.path,
                line=problem.line,
                rule=problem.rule,
                why=problem.message,
            )


def _read(source: BinaryIO | bytes, report: Report) -> Iterator[TmxHeader | TmxUnit]:
    header: TmxHeader | None = None
    number = 0
    for event, node, depth in pieces(source, ("header", "tu")):
        if event == "open" and depth == 0:
            tmx_rules.check_root(node, report)
        elif event == "open" and node.name != "body":
            report.error("tmx.unknown_element", node, "/tmx", name=node.name)
        elif event == "whole" and node.name == "header":
            tmx_rules.check_header(node, report)
            header = _header(node)
            yield header
        elif event == "whole":
            number += 1
            where = f"/tmx/body/tu[{number}]"
            if header is None:
                report.error("tmx.no_header", node, where)
                header = TmxHeader()
                yield header
            tmx_rules.check_unit(node, where, header.source_language, report)
            yield _unit(node)
        elif event == "close" and depth == 0 and header is None:
            report.error("tmx.no_header", node, "/tmx")
            yield TmxHeader()


def _header(node: Node) -> TmxHeader:
    given = dict(node.attributes)
    return TmxHeader(
        source_language=given.pop("srclang", "*all*"),
        attributes=given,
        props=_props(node),
        notes=_notes(node),
        more=tuple(_inline(one) for one in node.elements() if one.name == "ude"),
    )


def _unit(node: Node) -> TmxUnit:
    return TmxUnit(
        variants=tuple(_variant(one) for one in node.elements() if one.name == "tuv"),
        attributes=_plain(node.attributes),
        props=_props(node),
        notes=_notes(node),
        line=node.line,
    )


def _variant(node: Node) -> TmxVariant:
    given = dict(node.attributes)
    language = given.pop(_LANG, "") or given.pop("lang", "")
    seg = next((one for one in node.elements() if one.name == "seg"), None)
    return TmxVariant(
        language=language,
        content=_content(seg) if seg is not None else (),
        attributes=_plain(given),
        props=_props(node),
        notes=_notes(node),
    )


def _plain(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name.replace(XML, "xml:"): value for name, value in attributes.items()}


def _props(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.attributes.get("type", ""), one.text) for one in node.elements() if one.name == "prop"
    )


def _notes(node: Node) -> tuple[str, ...]:
    return tuple(one.text for one in node.elements() if one.name == "note")


def _content(node: Node) -> Content:
    return tuple(one if isinstance(one, str) else _inline(one) for one in node.children)


def _inline(node: Node) -> Inline:
    return Inline(node.name, _plain(node.attributes), _content(node))


def content_of(seg: str) -> Content:
    """Read what stands in a `seg`, as `written` wrote it.

    Args:
        seg: Such as `Press <ph x="1"/>`.

    Raises:
        Invalid: `markup.broken` and others.
    """
    for event, node, _ in pieces(f"<seg>{seg}</seg>".encode(), ("seg",)):
        if event == "whole":
            return _content(node)
    return ()


# Writing.

_TOOL = {
    "creationtool": "tianfu_sdk",
    "creationtoolversion": "1",
    "segtype": "sentence",
    "o-tmf": "tianfu_sdk",
    "adminlang": "en",
    "datatype": "plaintext",
}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n'


def dump(document: TmxDocument) -> bytes:
    """Write a file; `parse` gives the same document again.

    Args:
        document: Header and units.

    Returns:
        TMX 1.4b in UTF-8.
    """
    return b"".join(write(document.header, document.units))


def write(header: TmxHeader, units: Iterable[TmxUnit]) -> Iterator[bytes]:
    """Write a file piece by piece.

    Args:
        header: Its header.
        units: Any number; they are read on as they are written.

    Yields:
        Pieces of TMX 1.4b in UTF-8.
    """
    given = _TOOL | dict(header.attributes) | {"srclang": header.source_language}
    top = Node("header", given, 0, [*_about(header.props, header.notes), *map(_node, header.more)])
    yield f"{_HEAD}{markup([top])}\n<body>\n".encode()
    for unit in units:
        node = Node("tu", dict(unit.attributes), 0, [*_about(unit.props, unit.notes)])
        node.children += [_tuv(one) for one in unit.variants]
        yield f"{markup([node])}\n".encode()
    yield b"</body>\n</tmx>\n"


def written(content: Content) -> str:
    """Write what stands in a `seg`."""
    return markup(_nodes(content))


def _tuv(variant: TmxVariant) -> Node:
    given = {"xml:lang": variant.language} | dict(variant.attributes)
    seg = Node("seg", {}, 0, _nodes(variant.content))
    return Node("tuv", given, 0, [*_about(variant.props, variant.notes), seg])


def _about(props: Iterable[tuple[str, str]], notes: Iterable[str]) -> list[Node | str]:
    made: list[Node | str] = [Node("note", {}, 0, [text]) for text in notes]
    return [*made, *(Node("prop", {"type": type_}, 0, [text]) for type_, text in props)]


def _nodes(content: Content) -> list[Node | str]:
    return [part if isinstance(part, str) else _node(part) for part in content]


def _node(inline: Inline) -> Node:
    return Node(inline.tag, dict(inline.attributes), 0, _nodes(inline.content))
