"""How the bytes of a text file are told apart: a mark, else strict UTF-8, else GB18030."""

from __future__ import annotations

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import attrs

from tianfu_sdk.errors import Invalid

__all__ = ["detect_encoding", "reading"]

_CHUNK = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = re.compile("[\u0800-\U0010ffff]")
_SURE = 8
"""Three-byte characters that make a file UTF-8: text in GB18030 never has so many by chance."""


def detect_encoding(stream: BinaryIO) -> str:
    """Tell the encoding of a text by reading all of it, in constant memory.

    A byte order mark decides. Without one it is UTF-8 where all bytes are, else GB18030
    where all bytes are; but a file that begins with Chinese in UTF-8 and is damaged later
    is refused, because as GB18030 it would be read as other Chinese.

    Args:
        stream: Binary and seekable; it is read from the start and left there.

    Returns:
        `utf-8`, `utf-8-sig`, `utf-16` or `gb18030`, names of Python's codecs.

    Raises:
        Invalid: `table.encoding`, none of these; `line` says where it breaks.
    """
    stream.seek(0)
    head = stream.read(4)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    tried = [_try(stream, name) for name in ((marked,) if marked else ("utf-8", "gb18030"))]
    stream.seek(0)
    for attempt in tried:
        if attempt.line == 0:
            return attempt.encoding
        if attempt.wide >= _SURE and attempt.encoding == "utf-8":
            raise Invalid("table.encoding", line=attempt.line)
    raise Invalid("table.encoding", line=max(attempt.line for attempt in tried))


@attrs.frozen
class _Attempt:
    encoding: str
    line: int
    """Line of the first byte that does not fit; 0: all fit."""
    wide: int
    """Characters before it that take three bytes in UTF-8."""


def _try(stream: BinaryIO, encoding: str) -> _Attempt:
    stream.seek(0)
    line, wide = 1, 0
    decoder = codecs.getincrementaldecoder(encoding)()
    while True:
        chunk = stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            fine = bytes(error.object[: error.start]).decode(error.encoding, "replace")
            return _Attempt(encoding, line + fine.count("\n"), wide + _wide(fine))
        if not chunk:
            return _Attempt(encoding, 0, wide)
        line += text.count("\n")
        if wide < _SURE:
            wide += _wide(text)


def _wide(text: str) -> int:
    return sum(1 for _ in itertools.islice(_WIDE.finditer(text), _SURE))


@contextmanager
def reading(stream: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """Read a stream as text for a block, line ends as they are; it stays open after it.

    Raises:
        Invalid: As `detect_encoding`.
    """
    encoding = detect_encoding(stream)
    text = io.TextIOWrapper(stream, encoding, errors="strict", newline="")
    try:
        yield text
    finally:
        # A wrapper that is collected would close what it was lent.
        text.detach()
