"""XLIFF 1.2, 2.0, 2.1 and 2.2: read, checked against the specification, edited, and made.

A document that was read keeps its bytes: `Document.with_targets` replaces those of the
translations that are new, and of their states, and no other.
"""

from __future__ import annotations

from collections.abc import Mapping

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import Markup, read
from tianfu_sdk.formats.xliff.checking import check_document
from tianfu_sdk.formats.xliff.contents import (
    Contents,
    Key,
    Match,
    Meta,
    Note,
    Segment,
    Target,
    Unit,
)
from tianfu_sdk.formats.xliff.document import Document
from tianfu_sdk.formats.xliff.fragments import Links
from tianfu_sdk.formats.xliff.making import make
from tianfu_sdk.formats.xliff.messages import MESSAGES
from tianfu_sdk.formats.xliff.names import CORE, PREFIXES
from tianfu_sdk.formats.xliff.older import check_older
from tianfu_sdk.formats.xliff.reading import read_contents
from tianfu_sdk.formats.xliff.report import Problem, Report, Severity

__all__ = [
    "MESSAGES",
    "Document",
    "Key",
    "Match",
    "Meta",
    "Note",
    "Problem",
    "Segment",
    "Severity",
    "Target",
    "Unit",
    "check",
    "dump",
    "make",
    "parse",
]

_OLDER = frozenset({"", *(f"urn:oasis:names:tc:xliff:document:1.{n}" for n in (1, 2))})
_OLDER_VERSIONS = frozenset({"1.1", "1.2"})


def parse(data: bytes) -> Document:
    """Read an XLIFF document.

    It need not be valid: what can be read without guessing is read. `check` says whether it is.

    Args:
        data: The document, at most 256 MiB, in UTF-8, UTF-16, GB18030 or what else its
            declaration names.

    Returns:
        Its units, with their segments.

    Raises:
        Invalid: `xliff.not_xliff`; `xliff.version`, one that is not known;
            `xliff.structure`; `xliff.twice`; and as `markup.read`: `markup.broken`,
            `markup.encoding`, `markup.entities`, `markup.too_deep`, `markup.too_large`.
    """
    document = Document(data, _read)
    _ = document.contents
    return document


def check(data: bytes, *, prefixes: Mapping[str, str] | None = None) -> list[Problem]:
    """Hold an XLIFF document against the specification, beyond what its schema can say.

    Args:
        data: As `parse`.
        prefixes: Of fragment identifiers, each with the namespace of its extension, beside
            those that are registered.

    Returns:
        Problems in the order of the document; without an error among them it is valid.

    Raises:
        Invalid: As `parse`, where there is no document to check.
    """
    markup, older = _opened(data)
    report = Report()
    if older:
        check_older(markup.root, report)
    else:
        check_document(Links(markup.root, {**PREFIXES, **(prefixes or {})}), report)
    return sorted(dict.fromkeys(report.problems), key=lambda problem: problem.line)


def dump(document: Document) -> bytes:
    """Write a document; one that was only read gives the very bytes it was read from."""
    return document.data


def _read(data: bytes) -> Contents:
    markup, older = _opened(data)
    return read_contents(markup, older=older)


def _opened(data: bytes) -> tuple[Markup, bool]:
    markup = read(data)
    root = markup.root
    version = root.attributes.get("version", "")
    if root.name != "xliff":
        raise Invalid("xliff.not_xliff", path="data", name=root.name[:40])
    if root.space in CORE:
        return markup, False
    if root.space in _OLDER and version in _OLDER_VERSIONS:
        return markup, True
    raise Invalid("xliff.version", path="data", version=version[:40] or root.space[:80])
