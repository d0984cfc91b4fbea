"""Glossaries in files: TBX-Basic and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import tables, tbx
from tianfu_sdk.formats.csv_text import csv_text
from tianfu_sdk.formats.tbx import TbxConcept, TbxDocument, TbxTerm
from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.glossary import Concept, GlossaryTerm, TermStatus
from tianfu_sdk.model.problem import Problem, Severity
from tianfu_sdk.text import canonical_language, normalize

__all__ = ["Given", "GlossaryFormat", "read_concepts", "write_concepts"]

_FIELDS = ("id", "subject", "definition", "note", "required")
_YES = frozenset({"1", "yes", "true", "是"})
_BETWEEN = "|"


class GlossaryFormat(Labelled):
    """How a glossary is written in a file."""

    TBX = "tbx", "TBX-Basic 术语库", "TBX-Basic"
    CSV = "csv", "CSV 表格", "comma-separated values"

    @classmethod
    def named(cls, given: GlossaryFormat | str | None, name: str, head: bytes) -> GlossaryFormat:
        """Tell the format: as given, by the ending of a name, or by the first bytes.

        Raises:
            Invalid: `field.choice`; `glossary.format`, the ending is of another format.
        """
        if given is not None:
            return cls.of(given, "format")
        ending = Path(name).suffix.lower()
        if ending in (".csv", ".tsv"):
            return cls.CSV
        if ending in ("", ".tbx", ".xml"):
            return cls.TBX if b"<" in head or ending else cls.CSV
        raise Invalid("glossary.format", path="format", ending=ending[:20])


@attrs.frozen
class Given:
    """A concept of a file."""

    line: int
    fields: dict[str, Any]
    """As `Concept` has them, without where it belongs."""


def read_concepts(
    data: bytes, name: str, given: GlossaryFormat | str | None
) -> tuple[list[Given], list[Problem]]:
    """Read a glossary.

    Args:
        data: The file.
        name: Of it, or empty.
        given: Its format; None: by the name, or what it looks like.

    Returns:
        Its concepts, and what is wrong; of a file with errors there may be none.

    Raises:
        Invalid: `glossary.format`, `field.choice`.
    """
    chosen = GlossaryFormat.named(given, name, data[:1000])
    if chosen is GlossaryFormat.CSV:
        concepts, problems = _of_csv(data)
    else:
        problems = tbx.check(data)
        wrong = any(one.severity is Severity.ERROR for one in problems)
        concepts = [] if wrong else [_of_tbx(one) for one in tbx.parse(data).concepts]
    return concepts, [*problems, *_unfit(concepts)]


def _unfit(concepts: Sequence[Given]) -> Iterator[Problem]:
    """Hold concepts against the rules of the noun."""
    for one in concepts:
        try:
            codec.structure(
                Concept, one.fields | {"id": "cpt_0", "organization": "-", "region": "510000"}
            )
        except Invalid as error:
            yield Problem(
                error.code,
                Severity.ERROR,
                one.line,
                error.path or "",
                error.message,
                error.text("zh"),
            )


def _of_tbx(concept: TbxConcept) -> Given:
    named: set[str] = set()
    terms = []
    for term in concept.terms:
        language = canonical_language(term.language)
        status = term.status
        if status is None:
            # What says nothing is what there is; of several the first is preferred.
            status = TermStatus.ADMITTED if language in named else TermStatus.PREFERRED
        named.add(language)
        terms.append(
            {
                "language": language,
                "text": normalize(term.text),
                "status": status.value,
                "part_of_speech": term.part_of_speech,
                "note": term.note,
            }
        )
    fields = {
        "terms": terms,
        "external_id": concept.id,
        "subject": concept.subject,
        "definition": concept.definition,
        "note": concept.note,
    }
    return Given(concept.line, fields)


def _of_csv(data: bytes) -> tuple[list[Given], list[Problem]]:
    found: list[Given] = []
    problems: list[Problem] = []
    heads: dict[str, tuple[str, str]] | None = None
    try:
        for row in tables.rows(data, "csv"):
            if heads is None:
                heads, problems = _heads(row.columns)
                if problems:
                    return [], problems
            for error in row.problems:
                problems.append(_problem(row.number, error))
            told = {
                name.lower(): cell for name, cell in row.values.items() if name.lower() in _FIELDS
            }
            terms = [
                {"language": heads[name][0], "text": normalize(one), "status": heads[name][1]}
                for name, cell in row.values.items()
                if name in heads
                for one in map(_bare, cell.split(_BETWEEN))
                if one
            ]
            fields: dict[str, Any] = {
                "terms": terms,
                "external_id": told.pop("id", ""),
                "required": told.pop("required", "").strip().lower() in _YES,
            }
            found.append(Given(row.number, fields | told))
    except Invalid as error:
        line = int(error.values.get("line", error.values.get("row", 1)) or 1)
        problems.append(_problem(line, error))
    return found, problems


def _heads(columns: Sequence[str]) -> tuple[dict[str, tuple[str, str]], list[Problem]]:
    """Read `bo`, `bo:forbidden` and the like over the columns."""
    heads: dict[str, tuple[str, str]] = {}
    problems = []
    for name in columns:
        if name.lower() in _FIELDS:
            continue
        tag, _, status = name.partition(":")
        try:
            language = canonical_language(tag.strip())
            chosen = TermStatus.of(status.strip() or "preferred", name)
            heads[name] = (language, chosen.value)
        except Invalid as error:
            problems.append(_problem(1, error))
    return heads, problems


def _bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in set("=+-@") else cell


def _problem(line: int, error: Invalid) -> Problem:
    return Problem(
        error.code, Severity.ERROR, line, error.path or "", error.message, error.text("zh")
    )


def write_concepts(concepts: Sequence[Concept], chosen: GlossaryFormat) -> bytes:
    """Write a glossary.

    Args:
        concepts: All of it.
        chosen: `csv` in UTF-8 with a mark, as spreadsheets want it; or `tbx`, where `required`
            has no place.
    """
    concepts = _told_apart(concepts)
    if chosen is GlossaryFormat.TBX:
        return tbx.dump(TbxDocument(concepts=tuple(map(_tbx, concepts))))
    heads = dict.fromkeys(_head(term) for concept in concepts for term in concept.terms)
    rows = []
    for concept in concepts:
        row = {
            "id": concept.external_id,
            "subject": concept.subject,
            "definition": concept.definition,
            "note": concept.note,
            "required": "1" if concept.required else "",
        }
        for head in heads:
            said = [term.text for term in concept.terms if _head(term) == head]
            row[head] = _BETWEEN.join(said)
        rows.append(row)
    return b"\xef\xbb\xbf" + csv_text(rows).encode()


def _told_apart(concepts: Sequence[Concept]) -> list[Concept]:
    """Give each concept an id of its own: that of the file it came from, where it is alone."""
    taken: set[str] = set()
    made = []
    for concept in concepts:
        id_ = concept.external_id
        if not id_ or id_ in taken:
            id_ = concept.id
        taken.add(id_)
        made.append(attrs.evolve(concept, external_id=id_))
    return made


def _head(term: GlossaryTerm) -> str:
    plain = term.status is TermStatus.PREFERRED
    return term.language if plain else f"{term.language}:{term.status.value}"


def _tbx(concept: Concept) -> TbxConcept:
    return TbxConcept(
        id=concept.external_id,
        subject=concept.subject,
        definition=concept.definition,
        note=concept.note,
        terms=tuple(
            TbxTerm(
                language=term.language,
                text=term.text,
                status=term.status,
                part_of_speech=term.part_of_speech,
                note=term.note,
            )
            for term in concept.terms
        ),
    )
