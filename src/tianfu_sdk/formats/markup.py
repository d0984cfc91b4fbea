"""XML of strangers as a light tree that knows where in the bytes each element stands.

Read by expat of the standard library: it gives the byte at which each tag begins, so that an
edit can replace those bytes and leave all others as they are. A document type may be named,
but no entity is declared, fetched or expanded.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.parsers import expat

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.xml_safety import XML, safe_parser, xml_encoding

__all__ = ["XML", "Element", "Markup", "building", "escape", "escape_value", "read"]

LARGEST = 256 * 1024 * 1024
"""Bytes of a document, at most."""
DEEPEST = 200
"""Elements inside one another, at most."""

_TAG = re.compile(rb"<[^\"'>]*(?:(?:\"[^\"]*\"|'[^']*')[^\"'>]*)*>")


@attrs.define(eq=False)
class Element:
    """An element of a document."""

    tag: str
    """Namespace, a space, and the local name; the name alone where there is no namespace."""
    attributes: dict[str, str]
    """By name, written as `tag` is."""
    line: int
    """Of its start tag, from 1."""
    start: int
    """Byte at which its start tag begins, in `Markup.data`."""
    parent: Element | None
    children: list[Element | str]
    """Elements and text in order; comments and instructions are left out."""
    stop: int = 0
    """Byte at which its end tag begins; of `<a/>` the one after it."""

    @property
    def name(self) -> str:
        """The local name."""
        return self.tag.rpartition(" ")[2]

    @property
    def space(self) -> str:
        """The namespace, or an empty string."""
        return self.tag.rpartition(" ")[0]

    def elements(self, tag: str | None = None) -> list[Element]:
        """List the child elements, or those with this tag."""
        return [
            child
            for child in self.children
            if isinstance(child, Element) and (tag is None or child.tag == tag)
        ]

    def first(self, tag: str) -> Element | None:
        """Give the first child element with this tag."""
        return next(iter(self.elements(tag)), None)

    def walk(self) -> Iterator[Element]:
        """Give this element and all below it, in the order of the document."""
        waiting = [self]
        while waiting:
            found = waiting.pop()
            yield found
            waiting.extend(reversed(found.elements()))

    def ancestors(self) -> Iterator[Element]:
        """Give this element and all that hold it, from the inside out."""
        found: Element | None = self
        while found is not None:
            yield found
            found = found.parent

    @property
    def text(self) -> str:
        """All text in it, whatever elements it stands in."""
        made = []
        waiting: list[Element | str] = [self]
        while waiting:
            found = waiting.pop()
            if isinstance(found, str):
                made.append(found)
            else:
                waiting.extend(reversed(found.children))
        return "".join(made)


@attrs.define(eq=False)
class Markup:
    """A document that was read, with what is needed to write it again."""

    root: Element
    data: bytes
    """The document in UTF-8, without a mark; places of elements count in it."""
    original: bytes
    encoding: str
    """Python's name of the encoding that `original` is in."""
    mark: bytes
    """The byte order mark that it begins with, if any."""

    def inner(self, element: Element) -> tuple[int, int] | None:
        """Give where the content of an element begins and ends; None for `<a/>`."""
        begin = self.tag_end(element)
        return None if self.data[begin - 2 : begin] == b"/>" else (begin, element.stop)

    def tag_end(self, element: Element) -> int:
        """Give the byte after the start tag of an element."""
        found = _TAG.match(self.data, element.start)
        assert found is not None  # noqa: S101 - a parser has been here
        return found.end()

    def end(self, element: Element) -> int:
        """Give the byte after an element."""
        inner = self.inner(element)
        return element.stop if inner is None else self.data.index(b">", inner[1]) + 1

    def space_before(self, place: int) -> str:
        """Give the white space that ends at a byte."""
        begin = place
        while begin and self.data[begin - 1] in b" \t\r\n":
            begin -= 1
        return self.data[begin:place].decode()

    def start_tag(self, element: Element) -> str:
        """Give the start tag of an element as it is written."""
        return self.data[element.start : self.tag_end(element)].decode()

    def spliced(self, edits: list[tuple[int, int, str]]) -> bytes:
        """Give the document with some of its bytes replaced, in the encoding it came in.

        Args:
            edits: First byte, byte after the last, and what stands there instead; places
                count in `data`, and no two overlap.

        Raises:
            Invalid: `markup.unwritable`, its encoding has not the characters that are new.
        """
        if not edits:
            return self.original
        made = []
        done = 0
        for begin, after, text in sorted(edits):
            made += [self.data[done:begin], text.encode()]
            done = after
        whole = b"".join([*made, self.data[done:]])
        if self.encoding == "utf-8":
            return self.mark + whole
        try:
            return self.mark + whole.decode().encode(self.encoding)
        except UnicodeEncodeError:
            raise Invalid("markup.unwritable", encoding=self.encoding) from None


@contextmanager
def building() -> Iterator[None]:
    """Keep the collector of garbage from walking again and again what is being built.

    All of it is kept, so there is nothing to find; that was half the cost of reading a file.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def read(data: bytes, path: str = "data") -> Markup:
    """Read an XML document whole.

    Encodings are UTF-8, UTF-16 (with a mark, or `<` as its first character) and what the
    declaration names of GB18030, GBK, GB2312, Big5, and some that are older.

    Args:
        data: The document, at most 256 MiB.
        path: Of the data, for errors.

    Returns:
        The tree.

    Raises:
        Invalid: `markup.broken` with the line; `markup.encoding`; `markup.entities`, it
            declares or uses entities of its own; `markup.too_deep`; `markup.too_large`.

    Source: W3C, Extensible Markup Language 1.0; Namespaces in XML 1.0.
    """
    if len(data) > LARGEST:
        raise Invalid("markup.too_large", path=path, most=LARGEST // 1024 // 1024)
    encoding, mark = xml_encoding(data[:1024], path)
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Invalid("markup.encoding", path=path, encoding=encoding, line=line) from None
    utf8 = body if encoding == "utf-8" else text.encode()
    with building():
        root = _Reader(path).read(utf8)
    return Markup(root, utf8, data, encoding, mark)


class _Reader:
    """Builds the tree from what expat calls."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._root: Element | None = None
        self._open: Element | None = None
        self._depth = 0
        self._parser = safe_parser(self._refuse)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def read(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code)
            raise Invalid("markup.broken", path=self._path, line=error.lineno, why=why) from None
        assert self._root is not None  # noqa: S101 - expat refuses a document without a root
        return self._root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            line = self._parser.CurrentLineNumber
            raise Invalid("markup.too_deep", path=self._path, line=line, most=DEEPEST)
        parser = self._parser
        above = self._open
        made = Element(
            tag, attributes, parser.CurrentLineNumber, parser.CurrentByteIndex, above, []
        )
        if above is None:
            self._root = made
        else:
            above.children.append(made)
        self._open = made

    def _end(self, _: str) -> None:
        done = self._open
        assert done is not None  # noqa: S101 - expat checks that tags match
        done.stop = self._parser.CurrentByteIndex
        self._open = done.parent
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._open is not None:
            self._open.children.append(text)

    def _refuse(self, *_: object) -> int:
        line = self._parser.CurrentLineNumber
        raise Invalid("markup.entities", path=self._path, line=line)


_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = _TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
_SPECIAL = re.compile('[&<>\r"\n\t]')


def escape(text: str) -> str:
    """Write text as content of an element."""
    return text.translate(_TEXT) if _SPECIAL.search(text) else text


def escape_value(text: str) -> str:
    """Write text as a value of an attribute, between double quotes."""
    return text.translate(_VALUE) if _SPECIAL.search(text) else text
