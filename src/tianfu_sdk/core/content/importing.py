"""From a row of a user's table to a content: every problem of the row, or its fields.

Pure: the vocabularies, organizations and regions that cells name are handed in as `Known`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import attrs

from tianfu_sdk import catalogue, codec
from tianfu_sdk.core.content import cells
from tianfu_sdk.core.content.columns import Column, Form, column_of, header_key
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid, TianfuError
from tianfu_sdk.formats.tables import LIST_END, TableRow
from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.content import BaseStatus, Content, Role, Verdict
from tianfu_sdk.model.importing import RowProblem
from tianfu_sdk.model.listing import OWN_FIELDS, Cooperation, Delivery, IpStatus, ListingKind
from tianfu_sdk.model.media import MediaForm
from tianfu_sdk.model.vocabulary import Term

__all__ = [
    "Known",
    "Mapped",
    "Plan",
    "bad_header",
    "differs",
    "labels_of",
    "map_row",
    "near_terms",
    "organizations_in",
    "plan_of",
    "problem_of",
    "problem_of_row",
    "region_names",
]

_CHOICES: Mapping[str, type[Labelled]] = {
    "status": BaseStatus,
    "verdict": Verdict,
    "listing.kind": ListingKind,
    "cooperation": Cooperation,
    "delivery": Delivery,
    "ip_status": IpStatus,
    "wanted_media": MediaForm,
}
_VALUES = ("value", "id", "name", "term")
"""Values of errors that may hold what stands in a cell."""
_LISTS = frozenset({Form.WORDS, Form.TERMS, Form.REGIONS, Form.ROLE, Form.MEASURES, Form.CHOICES})
_LONG_NUMBER = re.compile(r"\d{5,}")
_DERIVED = "row:"


@attrs.frozen(kw_only=True)
class Known:
    """What the words in cells stand for, in this store and on this day."""

    terms: Mapping[str, Mapping[str, str]]
    """By vocabulary: code by code and by label, as `labels_of`."""
    organizations: Mapping[str, tuple[str, str] | TianfuError]
    """By id, name or alias: id and home region, or why there is none."""
    regions: RegionTree
    region_names: Mapping[str, tuple[str, ...]]
    """Codes by name, as `region_names`."""


@attrs.frozen
class Plan:
    """What the column names of a table stand for."""

    kind: str
    columns: Mapping[str, Column]
    """By name as the user wrote it; those that are passed over are left out."""
    problems: tuple[Invalid, ...] = ()

    def header_of(self, field: str) -> str:
        """Give the user's name of the column that fills a field, or empty."""
        return next((header for header, c in self.columns.items() if c.field == field), "")


@attrs.frozen
class Mapped:
    """What a row says."""

    number: int
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    """Of the noun; empty where there are problems."""
    given: frozenset[str] = frozenset()
    """Fields that the table has a column for."""
    problems: tuple[RowProblem, ...] = ()
    key: tuple[str, str] | None = None
    """What makes the row the same in another run: its owner and its key; None where one of
    them could not be read."""


def plan_of(kind: str, headers: Iterable[str]) -> Plan:
    """Say what the column names of a table stand for.

    Args:
        kind: Of the content.
        headers: As the user wrote them.

    Returns:
        The plan; its problems are `import.no_column` and `import.same_field`, each with the
        user's column as path.
    """
    columns: dict[str, Column] = {}
    problems = []
    filled: dict[str, str] = {}
    for header in headers:
        try:
            column = column_of(kind, header)
        except Invalid as error:
            problems.append(error)
            continue
        if column is None:
            continue
        # Several roles fill one field, but not one role twice.
        slot = column.name if column.form is Form.ROLE else column.field
        if slot in filled:
            problems.append(Invalid("import.same_field", path=header, other=filled[slot]))
            continue
        filled[slot] = header
        columns[header] = column
    return Plan(kind, columns, tuple(problems))


def bad_header(plan: Plan, row: TableRow) -> Invalid:
    """Make one error of what is wrong with the column names of a table.

    Args:
        plan: With problems.
        row: The first; it tells where the names stand.

    Returns:
        The first problem; `problems` in its values has them all.
    """
    found = [_told(error, row.header) for error in plan.problems]
    first = plan.problems[0]
    error = Invalid(first.code, path=found[0].path, **first.values)
    error.values["problems"] = found
    return error


def _told(error: Invalid, row: int) -> codec.Problem:
    return codec.Problem(
        f"row {row}, {_LONG_NUMBER.sub('…', error.path or '')}",
        error.code,
        error.message,
        catalogue.render(error.code, "zh", error.values),
        error.values,
    )


def organizations_in(plan: Plan, row: TableRow) -> set[str]:
    """Give all that a row names as organizations: ids, names and aliases."""
    found: set[str] = set()
    for header, column in plan.columns.items():
        cell = row.values.get(header, "")
        if column.form is Form.ORGANIZATION:
            found.add(cell.strip())
        elif column.form is Form.ROLE:
            found.update(cells.split_list(cell))
    return found - {""}


def map_row(plan: Plan, row: TableRow, known: Known, organization: str = "") -> Mapped:
    """Read a row as a content.

    Args:
        plan: For the columns of this row.
        row: Cells as text.
        known: Must know every name in `organizations_in(plan, row)`, and `organization`.
        organization: Whose content it is where the row does not say; an id.

    Returns:
        All problems of the row, or its fields: those of every column of the table (an empty
        cell is the field's default), organization, region and `external_key`. A row
        without a key of its own gets one of its content, so that the same row is the same
        content in every run.
    """
    reader = _Reader(plan, row, known)
    reader.read(organization)
    given = frozenset(column.field for column in plan.columns.values())
    owner, key = (reader.fields.get(name, "") for name in ("organization", "external_key"))
    return Mapped(
        row.number,
        {} if reader.problems else reader.fields,
        given,
        tuple(reader.problems),
        (owner, key) if owner and key else None,
    )


class _Reader:
    """One row being read."""

    def __init__(self, plan: Plan, row: TableRow, known: Known) -> None:
        self._plan = plan
        self._row = row
        self._known = known
        self._noun: type[Content] = CONTENT[plan.kind].noun
        self.fields: dict[str, Any] = {}
        self.problems: list[RowProblem] = []
        self._home = ""

    def read(self, organization: str) -> None:
        failed: set[str] = set()
        for error in self._plan.problems:
            self.problems.append(problem_of(error, self._row, error.path or ""))
        for error in self._row.problems:
            self.problems.append(problem_of(error, self._row, error.path or ""))
            failed.add(error.path or "")
        if "" in failed:
            # The cells may stand under wrong names: what they say there means nothing.
            return
        for header, column in self._plan.columns.items():
            cell = self._row.values.get(header, "").strip()
            try:
                if cell:
                    self._put(column, self._value(column, cell))
            except TianfuError as wrong:
                self.problems.append(problem_of(wrong, self._row, header))
                failed.add(header)
        stopped = {self._plan.columns[name].field for name in failed & self._plan.columns.keys()}
        self._own(organization, stopped)
        self._check(stopped)

    def _put(self, column: Column, value: Any) -> None:
        if column.form is Form.ROLE:
            value = (*self.fields.get("roles", ()), *value)
        self.fields[column.field] = value

    def _own(self, organization: str, stopped: set[str]) -> None:
        if organization and not {"organization"} & (self.fields.keys() | stopped):
            self.fields["organization"], self._home = self._organization(organization)
        if self._home and not {"region"} & (self.fields.keys() | stopped):
            self.fields["region"] = self._home
        needed = [f.name for f in attrs.fields(self._noun) if f.default is attrs.NOTHING]
        for field in needed:
            if field in self.fields or field in stopped or field == "id":
                continue
            if field == "region" and "organization" not in self.fields:
                continue
            stopped.add(field)
            error = Invalid("field.missing", path=field)
            self.problems.append(problem_of(error, self._row, self._plan.header_of(field)))

    def _check(self, stopped: set[str]) -> None:
        shelf = CONTENT[self._plan.kind]
        # What is missing or wrong is told already; stand-ins let the rest be checked.
        stand_ins = {"title": "-", "organization": "-", "region": "510000"}
        if shelf.name == "listing":
            stand_ins["kind"] = _kind_for(self.fields)
        whole = stand_ins | self.fields | {"id": f"{shelf.prefix}_"}
        try:
            noun = codec.structure(self._noun, whole)
        except Invalid as error:
            for problem in error.values.get("problems", ()):
                field = re.split(r"[.\[]", problem.path)[0]
                told = Invalid(problem.code, path=problem.path, **problem.values)
                header = self._plan.header_of(field)
                self.problems.append(problem_of(told, self._row, header))
            return
        if self.problems or stopped:
            return
        for column in self._plan.columns.values():
            self.fields.setdefault(column.field, getattr(noun, column.field))
        if not self.fields.get("external_key"):
            self.fields["external_key"] = _DERIVED + _digest(self._noun, self.fields)

    def _value(self, column: Column, cell: str) -> Any:  # noqa: PLR0911 - a form, a way
        if column.form in _LISTS:
            return tuple(dict.fromkeys(self._members(column, cell)))
        if LIST_END in cell:
            raise Invalid("field.type", wanted="text", found="list")
        match column.form:
            case Form.TERM:
                return self._term(column.vocabulary, cell)
            case Form.ORGANIZATION:
                found, home = self._organization(cell)
                if column.field == "organization":
                    self._home = home
                return found
            case Form.REGION:
                return self._region(cell)
            case Form.LAST_DAY:
                return _day_after(cells.read_date(cell), cell)
            case Form.CHOICE:
                name = column.field if column.field in _CHOICES else f"{self._plan.kind}.kind"
                return cells.read_choice(cell, _CHOICES[name])
            case _:
                return _READERS[column.form](cell)

    def _members(self, column: Column, cell: str) -> Iterable[Any]:
        if column.form is Form.MEASURES:
            return cells.read_measures(cell)
        words = cells.split_list(cell)
        match column.form:
            case Form.TERMS:
                return [self._term(column.vocabulary, word) for word in words]
            case Form.REGIONS:
                return [self._region(word) for word in words]
            case Form.CHOICES:
                return [cells.read_choice(word, _CHOICES[column.field]) for word in words]
            case Form.ROLE:
                ids = [self._organization(word)[0] for word in words]
                return [Role(role=column.vocabulary, organization=id_) for id_ in ids]
            case _:
                return words

    def _term(self, vocabulary: str, word: str) -> str:
        known = self._known.terms[vocabulary]
        code = known.get(word) or known.get(header_key(word))
        if code is None:
            raise Invalid("import.no_term", vocabulary=vocabulary, near=near_terms(word, known))
        return code

    def _organization(self, word: str) -> tuple[str, str]:
        found = self._known.organizations[word]
        if isinstance(found, TianfuError):
            raise found
        return found

    def _region(self, word: str) -> str:
        if self._known.regions.knows(word):
            return word
        codes = self._known.region_names.get(word, ())
        if len(codes) == 1:
            return codes[0]
        if codes:
            raise Invalid("import.many_regions", count=len(codes))
        raise Invalid("import.no_region")


def near_terms(word: str, known: Mapping[str, str]) -> str:
    """List the terms that are near to a word, or the first few, as a person reads them.

    Args:
        word: As somebody wrote it.
        known: Codes by code and label, as `labels_of`.
    """
    first: dict[str, str] = {}
    for name, code in known.items():
        first.setdefault(code, name)
    near = {known[name]: name for name in cells.nearest(word, list(known))} or first
    return ", ".join(f"{first[code]} ({code})" for code in list(near)[:8])


def _text(cell: str) -> str:
    return cell


_READERS = {
    Form.TEXT: _text,
    Form.LANGUAGE: cells.read_language,
    Form.DATE: cells.read_date,
    Form.WHEN: cells.read_when,
    Form.BEGIN: cells.read_begin,
    Form.END: cells.read_end,
    Form.QUANTITY: cells.read_quantity,
    Form.MONEY: lambda cell: cells.read_quantity(cell).value,
    Form.COUNT: cells.read_count,
    Form.AREA: cells.read_area,
    Form.FLAG: cells.read_flag,
}


def _kind_for(fields: Mapping[str, Any]) -> str:
    """Give a kind of listing that has these fields, so that no other problem comes of it."""
    fit = set(ListingKind)
    for name in fields.keys() & OWN_FIELDS.keys():
        fit &= OWN_FIELDS[name] or fit
    return min(fit or ListingKind)


def _day_after(day: date, cell: str) -> date:
    if day == date.max:
        raise Invalid("field.date", value=cells.shape(cell))
    return day + timedelta(days=1)


def _digest(noun: type[Content], fields: Mapping[str, Any]) -> str:
    # By the noun's values, not the cells: a CSV and a workbook of the same rows agree, and
    # so does one that has a further, empty column.
    defaults = {field.name: field.default for field in attrs.fields(noun)}
    said = {name: value for name, value in fields.items() if value != defaults[name]}
    plain = codec.to_plain(said)
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def differs(known: Content, mapped: Mapped) -> dict[str, Any]:
    """Give the fields of a row that are not as a content has them.

    Args:
        known: The revision that is worked on.
        mapped: A row without problems.

    Returns:
        By name what the row says; empty where all agree. Only columns of the table count.
    """
    return {
        name: mapped.fields[name]
        for name in mapped.given
        if mapped.fields[name] != getattr(known, name)
    }


def problem_of(error: TianfuError, row: TableRow, column: str) -> RowProblem:
    """Tell an error of a cell without what stands in it.

    Args:
        error: Any of ours.
        row: Where it is.
        column: As the user wrote it; empty: the row as a whole.
    """
    form = cells.shape(row.values.get(column, "").strip())
    values = {k: form if k in _VALUES else v for k, v in error.values.items()}
    return RowProblem(
        row=row.number,
        # A table without column names has somebody's row in their place.
        column=_LONG_NUMBER.sub("…", column),
        code=error.code,
        message=catalogue.render(error.code, "en", values),
        message_zh=catalogue.render(error.code, "zh", values),
        shape=form,
    )


def problem_of_row(error: TianfuError, row: int) -> RowProblem:
    """Tell what is to be said of a row as a whole, by its number."""
    return RowProblem(
        row=row,
        column="",
        code=error.code,
        message=catalogue.render(error.code, "en", error.values),
        message_zh=catalogue.render(error.code, "zh", error.values),
    )


def labels_of(terms: Iterable[Term]) -> dict[str, str]:
    """Give the codes of terms by code and by every label; those out of use are left out."""
    found: dict[str, str] = {}
    offered = [term for term in terms if term.active]
    for term in offered:
        for label in term.labels.values():
            found.setdefault(label, term.code)
            found.setdefault(header_key(label), term.code)
    # A code is always itself, even where it is the label of another.
    return found | {term.code: term.code for term in offered}


def region_names(tree: RegionTree, on: date) -> dict[str, tuple[str, ...]]:
    """Give the codes of the regions of a day by name, alone and after the regions above.

    Args:
        tree: All regions.
        on: The day.

    Returns:
        Codes by `富顺县`, `自贡市富顺县` and `四川省自贡市富顺县`.
    """
    found: dict[str, list[str]] = {}

    def walk(parent: str | None, above: tuple[str, ...]) -> None:
        for region in tree.children(parent, on):
            names = (*above, region.name)
            for start in range(len(names)):
                found.setdefault("".join(names[start:]), []).append(region.code)
            walk(region.code, names)

    walk(None, ())
    return {name: tuple(codes) for name, codes in found.items()}
