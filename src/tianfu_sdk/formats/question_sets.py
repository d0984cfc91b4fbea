"""Question sets as others write them: BEIR's JSON lines, tables of tabs, and qrels of TREC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.judging import HIGHEST_GRADE

__all__ = ["read_corpus", "read_grades", "read_questions"]

_HEADS = frozenset({"query-id", "query_id", "qid", "topic", "_id", "id"})
_TREC, _BEIR = 4, 3


def read_questions(lines: Iterable[str], *, path: str = "queries") -> dict[str, str]:
    """Read questions: `{"_id": …, "text": …}` a line, or id and text with a tab between.

    Args:
        lines: Of the file; empty ones are passed over.
        path: For errors.

    Returns:
        Text by id.

    Raises:
        Invalid: `evaluate.bad_line`, `evaluate.twice`.
    """
    found: dict[str, str] = {}
    for number, line in _numbered(lines):
        if line.startswith("{"):
            entry = _entry(line, number, path)
            id_, text = _of(entry, "_id", "id", "qid"), _of(entry, "text", "query", "question")
        else:
            # As cells of judgements are read, so that the ids are the same.
            id_, _, text = (part.strip() for part in line.partition("\t"))
            if number == 1 and id_.lower() in _HEADS:
                continue
        _put(found, id_, text, number, path)
    return found


def read_corpus(lines: Iterable[str], *, path: str = "corpus") -> Iterator[tuple[str, str]]:
    """Read documents: `{"_id": …, "title": …, "text": …}` a line.

    Args:
        lines: Of the file.
        path: For errors.

    Yields:
        Id, and title and text together.

    Raises:
        Invalid: `evaluate.bad_line`, `evaluate.twice`.
    """
    seen: set[str] = set()
    for number, line in _numbered(lines):
        entry = _entry(line, number, path)
        id_ = _of(entry, "_id", "id", "docid")
        parts = [_of(entry, "title"), _of(entry, "text", "body", "contents")]
        text = "\n".join(part for part in parts if part)
        if not id_ or not text:
            raise Invalid("evaluate.bad_line", path=path, line=number)
        if id_ in seen:
            raise Invalid("evaluate.twice", path=path, line=number)
        seen.add(id_)
        yield id_, text


def read_grades(lines: Iterable[str], *, path: str = "qrels") -> dict[str, dict[str, int]]:
    """Read judgements: `qid 0 docid grade` (TREC), or qid, docid and grade with tabs (BEIR).

    Args:
        lines: Of the file; a line of headings is passed over.
        path: For errors.

    Returns:
        Grade by document by question.

    Raises:
        Invalid: `evaluate.bad_line`; `evaluate.twice`, a document is judged again, otherwise.
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in _numbered(lines):
        # An id may have blanks where tabs divide.
        cells = line.split("\t") if line.count("\t") >= _BEIR - 1 else line.split()
        if number == 1 and cells[0].strip().lower() in _HEADS:
            continue
        if len(cells) == _TREC:
            del cells[1]
        try:
            question, document, said = (cell.strip() for cell in cells)
            grade = int(said)
        except ValueError:
            raise Invalid("evaluate.bad_line", path=path, line=number) from None
        if not question or not document or grade > HIGHEST_GRADE:
            raise Invalid("evaluate.bad_line", path=path, line=number)
        if found.setdefault(question, {}).setdefault(document, grade) != grade:
            raise Invalid("evaluate.twice", path=path, line=number)
    return found


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        stripped = line.removeprefix("\ufeff").strip("\r\n ")
        if stripped:
            yield number, stripped


def _entry(line: str, number: int, path: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        raise Invalid("evaluate.bad_line", path=path, line=number)
    return entry


def _of(entry: dict[str, object], *names: str) -> str:
    value = next((entry[name] for name in names if name in entry), "")
    return str(value) if isinstance(value, (str, int)) else ""


def _put(found: dict[str, str], id_: str, text: str, number: int, path: str) -> None:
    if not id_.strip() or not text.strip():
        raise Invalid("evaluate.bad_line", path=path, line=number)
    if id_ in found:
        raise Invalid("evaluate.twice", path=path, line=number)
    found[id_] = text.strip()
