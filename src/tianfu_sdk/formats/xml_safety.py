"""How XML of strangers is let in: its encoding, and a parser that expands nothing."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from xml.parsers import expat

from tianfu_sdk.errors import Invalid

__all__ = ["XML", "safe_parser", "xml_encoding"]

XML = "http://www.w3.org/XML/1998/namespace "
"""What the name of an attribute begins with that is written `xml:…`."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]{0,40})")
# By the names that Python gives them. What was written as GB2312 or GBK is read as GB18030,
# which has all of both.
_READ_AS = {"gb2312": "gb18030", "gbk": "gb18030"}
_ENCODINGS = frozenset(
    {
        *("utf-8", "ascii", "gb18030", "big5", "big5hkscs", "iso8859-1", "iso8859-15", "cp1252"),
        *("shift_jis", "euc_jp", "euc_kr"),
    }
)


def xml_encoding(head: bytes, path: str) -> tuple[str, bytes]:
    """Tell the encoding of an XML document.

    Args:
        head: Its first 300 bytes, or more.
        path: Of the document, for errors.

    Returns:
        Python's name of the encoding, and the byte order mark, if there is one.

    Raises:
        Invalid: `markup.encoding`, it declares one that is not read.

    Source: W3C, Extensible Markup Language 1.0, appendix F.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, mark
    for begin, name in _BARE:
        if head.startswith(begin):
            return name, b""
    declared = _DECLARED.match(head)
    if declared is None:
        return "utf-8", b""
    name = declared[1].decode()
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    known = _READ_AS.get(known, known)
    if known not in _ENCODINGS:
        raise Invalid("markup.encoding", path=path, encoding=name, line=1)
    return known, b""


def safe_parser(refuse: Callable[..., int]) -> expat.XMLParserType:
    """Make a parser of UTF-8 that knows namespaces.

    Args:
        refuse: Called where an entity is declared, or used that XML does not know; raises.
    """
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    # What a document type gives by default does not stand in the document.
    parser.specified_attributes = True
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.SkippedEntityHandler = refuse
    return parser
