"""TBX-Basic: glossaries as other tools of terminology have them.

Read are TBX of 2019 (ISO 30042:2019) in both styles, DCA and DCT, and the older TBX of 2008
(`martif`). Kept are the categories that a glossary here has; others are told as warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.tmx_rules import Report
from tianfu_sdk.formats.xml_stream import XML, Node, markup, pieces
from tianfu_sdk.model.glossary import TermStatus
from tianfu_sdk.model.problem import Problem
from tianfu_sdk.text import canonical_language

__all__ = ["TbxConcept", "TbxDocument", "TbxTerm", "check", "dump", "parse"]

_SHOWN = 200
_SPACE = "urn:iso:std:iso:30042:ed-2"
_LANG = f"{XML}lang"
_CONCEPTS = ("conceptEntry", "termEntry")
_LANGUAGES = ("langSec", "langSet")
_TERMS = ("termSec", "tig", "ntig")
_STATUSES = {
    "preferredTerm-admn-sts": TermStatus.PREFERRED,
    "admittedTerm-admn-sts": TermStatus.ADMITTED,
    "deprecatedTerm-admn-sts": TermStatus.FORBIDDEN,
    "supersededTerm-admn-sts": TermStatus.VARIANT,
}
_SAID = {status: name for name, status in _STATUSES.items()}
_FIELDS = {"subjectField": "subject", "definition": "definition"}
_HOLDERS = frozenset({"descripGrp", "adminGrp", "termNoteGrp", "termGrp", "transacGrp"})
_VALUES = frozenset({"descrip", "admin", "termNote", "xref", "ref", "date", "transac"})

MESSAGES: Mapping[str, tuple[str, str]] = {
    "tbx.no_language": ("{name} lacks xml:lang", "{name} 缺少 xml:lang"),
    "tbx.bad_language": (
        "{language} is not a well-formed language tag",
        "{language} 不是合式的语言标签",
    ),
    "tbx.no_term": ("{name} has no term", "{name} 没有术语"),
    "tbx.same_id": ("another concept has the id {id}", "概念编号 {id} 重复"),
    "tbx.same_term": (
        "the concept has this term twice in {language}",
        "概念中同一 {language} 术语重复",
    ),
    "tbx.bad_status": ("{status} is no status of TBX-Basic", "{status} 不是 TBX-Basic 的术语状态"),
    "tbx.unknown_element": ("{name} may not stand here", "此处不能有 {name}"),
    "tbx.left_out": ("{name} is not kept here", "不保留 {name}"),
    "tbx.dialect": ("{dialect} is another dialect than TBX-Basic", "{dialect} 不是 TBX-Basic 方言"),
    "tbx.no_concept": ("the file has no concept", "文件没有概念"),
}
"""By rule, in English and Chinese."""


@attrs.frozen(kw_only=True)
class TbxTerm:
    """A term of one language."""

    language: str
    """As it is written, BCP 47."""
    text: str
    status: TermStatus | None = None
    part_of_speech: str = ""
    note: str = ""


@attrs.frozen(kw_only=True)
class TbxConcept:
    """A concept and its terms."""

    id: str = ""
    terms: tuple[TbxTerm, ...]
    subject: str = ""
    definition: str = ""
    note: str = ""
    line: int = attrs.field(default=0, eq=False)


@attrs.frozen(kw_only=True)
class TbxDocument:
    """A whole file."""

    language: str = "zh-Hans"
    """Of what says nothing else."""
    concepts: tuple[TbxConcept, ...] = ()


def parse(data: bytes) -> TbxDocument:
    """Read a file.

    Args:
        data: In UTF-8, UTF-16, or an encoding that it declares.

    Returns:
        Its concepts.

    Raises:
        Invalid: `tbx.invalid` with the line and the first rule that it breaks (`check` lists
            all); `markup.broken`, `markup.encoding`, `markup.entities` and others where it is
            no XML that can be read.
    """
    return _read(data, _Strict(_SHOWN))


def check(data: bytes) -> list[Problem]:
    """Hold a file against TBX-Basic, as far as a glossary here goes.

    Args:
        data: As `parse`.

    Returns:
        Errors and warnings with their lines, 200 at most. XML that cannot be read is one
        error, the last.

    Source: ISO 30042:2019; TBX-Basic of LTAC Global (tbxinfo.net); RFC 5646 for languages.
    """
    report = _Report(_SHOWN)
    try:
        _read(data, report)
    except Invalid as error:
        report.broken(error)
    return report.problems


class _Report(Report):
    def messages(self) -> Mapping[str, tuple[str, str]]:
        return MESSAGES


class _Strict(_Report):
    def note(self, problem: Problem) -> None:
        if problem.severity.value == "error":
            raise Invalid(
                "tbx.invalid",
                path=problem.path,
                line=problem.line,
                rule=problem.rule,
                why=problem.message,
            )


def _read(data: bytes, report: Report) -> TbxDocument:
    language = "zh-Hans"
    concepts: list[TbxConcept] = []
    ids: set[str] = set()
    for event, node, depth in pieces(data, _CONCEPTS, "data"):
        if event == "open" and depth == 0:
            _check_root(node, report)
            language = node.attributes.get(_LANG, language)
        elif event == "whole":
            where = f"/{node.name}[{len(concepts) + 1}]"
            found = _concept(node, where, report)
            if found.id and found.id in ids:
                report.error("tbx.same_id", node, where, id=found.id)
            ids.add(found.id)
            concepts.append(found)
        elif event == "close" and depth == 0 and not concepts:
            report.error("tbx.no_concept", node, "/")
    return TbxDocument(language=language, concepts=tuple(concepts))


def _check_root(node: Node, report: Report) -> None:
    if node.name not in ("tbx", "martif"):
        raise Invalid("tbx.not_tbx", path="data", line=node.line, name=node.name)
    dialect = node.attributes.get("type", "")
    if dialect not in ("TBX-Basic", "TBX-Min", "TBX-Core", "TBX"):
        report.warn("tbx.dialect", node, f"/{node.name}", dialect=dialect or "-")


def _concept(node: Node, where: str, report: Report) -> TbxConcept:
    told: dict[str, Any] = {}
    terms: list[TbxTerm] = []
    for child in _flat(node):
        if child.name in _LANGUAGES:
            terms += _language(child, f"{where}/{child.name}", told, report)
        else:
            _about(child, where, told, report)
    if not terms:
        report.error("tbx.no_term", node, where, name=node.name)
    seen: set[tuple[str, str]] = set()
    for term in terms:
        if (term.language, term.text) in seen:
            report.error("tbx.same_term", node, where, language=term.language)
        seen.add((term.language, term.text))
    return TbxConcept(id=node.attributes.get("id", ""), terms=tuple(terms), line=node.line, **told)


def _flat(node: Node) -> Iterator[Node]:
    """Give the elements of one, those in groups as if they stood alone."""
    for child in node.elements():
        if child.name in _HOLDERS:
            yield from _flat(child)
        else:
            yield child


def _about(node: Node, where: str, told: dict[str, Any], report: Report) -> None:
    """Take subject, definition and notes, in either style."""
    category = _category(node)
    text = node.text.strip()
    field = "note" if node.name == "note" else _FIELDS.get(category)
    if field is not None:
        told[field] = f"{told[field]}\n{text}" if field in told else text
    elif node.name in _VALUES or node.tag.rpartition(" ")[0] not in ("", _SPACE):
        report.warn("tbx.left_out", node, where, name=category)
    else:
        report.error("tbx.unknown_element", node, where, name=node.name)


def _category(node: Node) -> str:
    """Name the data category: an attribute in the one style, the element in the other."""
    return node.attributes.get("type", node.name) if node.name in _VALUES else node.name


def _language(node: Node, where: str, told: dict[str, Any], report: Report) -> Iterator[TbxTerm]:
    language = node.attributes.get(_LANG, "")
    if not language:
        report.error("tbx.no_language", node, where, name=node.name)
    else:
        try:
            canonical_language(language)
        except Invalid:
            report.error("tbx.bad_language", node, where, language=language)
    found = False
    for child in _flat(node):
        if child.name in _TERMS:
            found = True
            yield _term(child, language, f"{where}/{child.name}", report)
        else:
            _about(child, where, told, report)
    if not found:
        report.error("tbx.no_term", node, where, name=node.name)


def _term(node: Node, language: str, where: str, report: Report) -> TbxTerm:
    told: dict[str, Any] = {}
    text = ""
    for child in _flat(node):
        category, said = _category(child), child.text.strip()
        if child.name == "term":
            text = said
        elif category == "administrativeStatus":
            status = _STATUSES.get(said)
            if status is None:
                report.error("tbx.bad_status", child, where, status=said)
            told["status"] = status
        elif category == "termType" and said == "variant":
            told.setdefault("status", TermStatus.VARIANT)
        elif category == "partOfSpeech":
            told["part_of_speech"] = said
        elif child.name == "note":
            told["note"] = f"{told['note']}\n{said}" if "note" in told else said
        else:
            report.warn("tbx.left_out", child, where, name=category)
    if not text:
        report.error("tbx.no_term", node, where, name=node.name)
    return TbxTerm(language=language, text=text, **told)


# Writing.


def dump(document: TbxDocument) -> bytes:
    """Write a file; `parse` gives the same document again.

    Args:
        document: Its concepts.

    Returns:
        TBX-Basic of 2019 in the style DCA, in UTF-8.
    """
    made = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        f'<tbx type="TBX-Basic" style="dca" xmlns="{_SPACE}"',
        markup([Node("x", {"xml:lang": document.language}, 0)])[2:-2],
        ">\n<tbxHeader><fileDesc><sourceDesc><p>tianfu_sdk</p></sourceDesc></fileDesc></tbxHeader>\n",
        "<text><body>\n",
    ]
    made += [f"{markup([_entry(one)])}\n" for one in document.concepts]
    return "".join([*made, "</body></text>\n</tbx>\n"]).encode()


def _entry(concept: TbxConcept) -> Node:
    node = Node("conceptEntry", {"id": concept.id} if concept.id else {}, 0)
    for category, field in _FIELDS.items():
        if said := getattr(concept, field):
            node.children.append(Node("descrip", {"type": category}, 0, [said]))
    if concept.note:
        node.children.append(Node("note", {}, 0, [concept.note]))
    sections: dict[str, Node] = {}
    for term in concept.terms:
        section = sections.get(term.language)
        if section is None:
            section = sections[term.language] = Node("langSec", {"xml:lang": term.language}, 0)
            node.children.append(section)
        section.children.append(_section(term))
    return node


def _section(term: TbxTerm) -> Node:
    node = Node("termSec", {}, 0, [Node("term", {}, 0, [term.text])])
    notes = {
        "partOfSpeech": term.part_of_speech,
        "administrativeStatus": _SAID[term.status] if term.status else "",
    }
    node.children += [
        Node("termNote", {"type": category}, 0, [said]) for category, said in notes.items() if said
    ]
    if term.note:
        node.children.append(Node("note", {}, 0, [term.note]))
    return node
