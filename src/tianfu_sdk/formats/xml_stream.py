"""XML of strangers read piece by piece, so that a large file needs little memory.

A document type may be named, as TMX does, but no entity is declared, fetched or expanded.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Collection, Iterator
from typing import BinaryIO
from xml.parsers import expat

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.xml_safety import XML, safe_parser, xml_encoding

__all__ = ["XML", "Node", "Piece", "markup", "pieces"]

DEEPEST = 100
LONGEST = 4_000_000
"""Characters within one wanted element, at most."""
_CHUNK = 1 << 16


@attrs.define(eq=False)
class Node:
    """An element: whole, or only its start tag."""

    tag: str
    """Namespace, a space, and the local name; the name alone where there is no namespace."""
    attributes: dict[str, str]
    line: int
    """Of its start tag, from 1."""
    children: list[Node | str] = attrs.field(factory=list)

    @property
    def name(self) -> str:
        """The local name."""
        return self.tag.rpartition(" ")[2] if " " in self.tag else self.tag

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(one if isinstance(one, str) else one.text for one in self.children)

    def elements(self) -> list[Node]:
        """List its child elements."""
        return [one for one in self.children if isinstance(one, Node)]


Piece = tuple[str, Node, int]
"""`open` and `close` of an element that holds wanted ones, or `whole`; the element; and how many
elements it stands in."""


def pieces(
    source: BinaryIO | bytes, wanted: Collection[str], path: str = "source"
) -> Iterator[Piece]:
    """Give the elements of a document, those that are wanted whole.

    Encodings are UTF-8, UTF-16, and what the declaration names of GB18030, GBK, GB2312, Big5
    and some that are older.

    Args:
        source: Bytes, or a binary stream, read from where it stands.
        wanted: Local names; what is in them is kept in memory, one at a time.
        path: Of the source, for errors.

    Yields:
        In the order of the document. Text outside wanted elements is left out.

    Raises:
        Invalid: `markup.broken` with the line, `markup.encoding`, `markup.entities`,
            `markup.too_deep`, `markup.too_large`.

    Source: W3C, Extensible Markup Language 1.0; Namespaces in XML 1.0.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    return _Reader(wanted, path).read(stream)


def markup(children: list[Node | str]) -> str:
    """Write elements without namespaces, and text, as XML."""
    made = []
    for one in children:
        if isinstance(one, str):
            made.append(one.translate(_TEXT))
            continue
        given = "".join(
            f' {name.replace(XML, "xml:")}="{value.translate(_VALUE)}"'
            for name, value in one.attributes.items()
        )
        inner = markup(one.children)
        made.append(
            f"<{one.name}{given}>{inner}</{one.name}>" if inner else f"<{one.name}{given}/>"
        )
    return "".join(made)


# What XML 1.0 has no way to write.
_UNFIT: dict[int, str] = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)], "\ufffd"
)
_TEXT = _UNFIT | str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = _TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


class _Reader:
    def __init__(self, wanted: Collection[str], path: str) -> None:
        self._wanted = frozenset(wanted)
        self._path = path
        self._ready: list[Piece] = []
        self._outer: list[Node] = []
        self._inner: list[Node] = []
        self._size = 0
        parser = self._parser = safe_parser(self._refuse)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self, stream: BinaryIO) -> Iterator[Piece]:
        head = stream.read(_CHUNK)
        encoding, mark = xml_encoding(head, self._path)
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        chunk = head[len(mark) :]
        while True:
            last = not chunk
            self._feed(self._decoded(decoder, chunk, encoding, last=last), last=last)
            yield from self._ready
            self._ready.clear()
            if last:
                return
            chunk = stream.read(_CHUNK)

    def _decoded(
        self, decoder: codecs.IncrementalDecoder, chunk: bytes, encoding: str, *, last: bool
    ) -> str:
        try:
            return decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            line = self._parser.CurrentLineNumber + error.object.count(b"\n", 0, error.start)
            raise Invalid(
                "markup.encoding", path=self._path, encoding=encoding, line=line
            ) from None

    def _feed(self, text: str, *, last: bool) -> None:
        try:
            self._parser.Parse(text.encode("utf-8", "surrogatepass"), last)
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code)
            raise Invalid("markup.broken", path=self._path, line=error.lineno, why=why) from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if len(self._outer) + len(self._inner) >= DEEPEST:
            raise Invalid("markup.too_deep", path=self._path, line=line, most=DEEPEST)
        node = Node(tag, attributes, line)
        if self._inner:
            self._inner[-1].children.append(node)
            self._inner.append(node)
        elif node.name in self._wanted:
            self._size = 0
            self._inner.append(node)
        else:
            self._ready.append(("open", node, len(self._outer)))
            self._outer.append(node)

    def _end(self, _: str) -> None:
        if not self._inner:
            node = self._outer.pop()
            self._ready.append(("close", node, len(self._outer)))
            return
        node = self._inner.pop()
        if not self._inner:
            self._ready.append(("whole", node, len(self._outer)))

    def _text(self, text: str) -> None:
        if not self._inner:
            return
        self._size += len(text)
        if self._size > LONGEST:
            raise Invalid("markup.too_large", path=self._path, most=LONGEST >> 20)
        children = self._inner[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += text
        else:
            children.append(text)

    def _refuse(self, *_: object) -> int:
        line = self._parser.CurrentLineNumber
        raise Invalid("markup.entities", path=self._path, line=line)
