"""The desk of open vocabularies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.vocabularies import SHIPPED
from tianfu_sdk.core.languages.synonyms import SYNONYM
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import TERM
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Activity, Base, Content
from tianfu_sdk.model.storage import LONGEST_ID, Query, Row, Where
from tianfu_sdk.model.vocabulary import Term
from tianfu_sdk.services.desk.stamps import raise_stamp
from tianfu_sdk.services.desk.terms import STAMP
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = ["Vocabularies", "demand_term", "demand_terms", "terms_of"]

_SHIPPED = {(term.vocabulary, term.code): term for term in SHIPPED}


class Vocabularies(Desk):
    """Read vocabularies (anybody), and change them (who may manage `term` for all)."""

    def terms(self, vocabulary: str) -> list[Term]:
        """Give the terms of a vocabulary, those that are not offered any more included.

        Args:
            vocabulary: Such as `topic`, `setting`, `role`.

        Raises:
            NotFound: `vocabulary.unknown`.
        """

        def read(work: Work) -> list[Term]:
            found = terms_of(work, vocabulary)
            if not found:
                raise NotFound("vocabulary.unknown", path="vocabulary", name=vocabulary[:40])
            return found

        return self._read(read)

    def get(self, vocabulary: str, code: str) -> Term:
        """Give one term; raises `NotFound` (`term.unknown`)."""
        return self._read(lambda work: demand_term(work, vocabulary, code, "code"))

    def put(
        self,
        vocabulary: str,
        code: str,
        labels: Mapping[str, str],
        *,
        parent: str | None = None,
        active: bool = True,
    ) -> Term:
        """Add a term, or change one.

        Args:
            vocabulary: Any name; a new one makes a new vocabulary.
            code: Letters, digits, `_`, `.`, `-`.
            labels: By language, `zh-Hans` at least.
            parent: Code of the wider term, one that is there.
            active: False: not offered any more.

        Raises:
            Denied: `grant.missing`.
            Invalid: `term.no_chinese`, `term.bad_code`; `term.cycle`, the parent is the term
                itself, or stands below it.
            NotFound: `term.unknown`, the parent.
        """

        def write(work: Work) -> Term:
            work.allow_everywhere(Action.MANAGE, TERM.name)
            demand_type(labels, Mapping, "labels")
            said: Any = labels.get("zh-Hans")
            if said is None or (isinstance(said, str) and not said.strip()):
                raise Invalid("term.no_chinese", path="labels")
            id_ = f"trm_{vocabulary}.{code}"
            rows = work.tx.get(TERM.name, [id_[:64]])
            known = work.noun(TERM, rows[0]) if rows else None
            term = codec.structure(
                Term,
                {
                    "id": id_,
                    "vocabulary": vocabulary,
                    "code": code,
                    "labels": dict(labels),
                    "parent": parent,
                    "active": active,
                    "version": known.version if known else 0,
                },
            )
            if known:
                term = attrs.evolve(term, created_at=known.created_at)
            _demand_parent(work, term)
            stored = work.put(TERM, term, Placed())
            if vocabulary == SYNONYM:
                raise_stamp(work, STAMP)
            work.note(stored, "put")
            return stored

        return self._write(write)


def _demand_parent(work: Work, term: Term) -> None:
    """Demand that what is above a term is there, and is not the term again."""
    if term.parent is None:
        return
    above: str | None = term.parent
    if above != term.code:
        demand_term(work, term.vocabulary, term.parent, "parent")
    tree = {one.code: one.parent for one in terms_of(work, term.vocabulary)}
    seen: set[str] = set()
    # What was loaded may be a circle of its own.
    while above is not None and above not in seen:
        if above == term.code:
            value = term.code
            raise Invalid("term.cycle", path="parent", parent=term.parent, value=value)
        seen.add(above)
        above = tree.get(above)


def demand_term(work: Work, vocabulary: str, code: str, path: str) -> Term:
    """Give a term; raises `NotFound` (`term.unknown`) with the path of the field."""
    demand_type(code, str, path)
    rows = _kept(work, [(vocabulary, code)])
    if rows:
        return work.noun(TERM, rows[0])
    shipped = _SHIPPED.get((vocabulary, code))
    if shipped is None:
        raise _unknown(work, vocabulary, code, path)
    return shipped


def demand_terms(work: Work, *contents: Content, of: str = "") -> None:
    """Demand that all codes of contents are terms of their vocabularies, or regions.

    Args:
        work: The open change.
        contents: One or many.
        of: Name of the argument that has many, for the error.

    Raises:
        NotFound: `term.unknown`, `region.unknown`, with the path of the field.
    """
    tree = work.regions()
    wanted: dict[tuple[str, str], str] = {}
    for number, content in enumerate(contents):
        place = f"{of}[{number}]." if of else ""
        for index, code in enumerate(content.regions):
            if not tree.knows(code):
                raise NotFound("region.unknown", path=f"{place}regions[{index}]", value=code[:20])
        for vocabulary, code, path in _codes(content):
            wanted.setdefault((vocabulary, code), f"{place}{path}")
    missing = {pair: path for pair, path in wanted.items() if pair not in _SHIPPED}
    known = {row.id for row in _kept(work, missing)}
    for (vocabulary, code), path in missing.items():
        if f"trm_{vocabulary}.{code}" not in known:
            raise _unknown(work, vocabulary, code, path)


def _unknown(work: Work, vocabulary: str, code: str, path: str) -> NotFound:
    # Loaded for who wrote an unknown term only: tables and their cells come with it.
    from tianfu_sdk.core.content.importing import labels_of, near_terms

    near = near_terms(code, labels_of(terms_of(work, vocabulary))) or "-"
    return NotFound("term.unknown", path=path, vocabulary=vocabulary, term=code[:64], near=near)


def terms_of(work: Work, vocabulary: str) -> list[Term]:
    """Give the terms of a vocabulary, shipped ones as the store changed them; empty: unknown."""
    found = {t.code: t for (name, _), t in _SHIPPED.items() if name == vocabulary}
    where = (Where("vocabulary", "=", vocabulary),)
    for row in work.each(TERM.name, Query(where=where)):
        term = work.noun(TERM, row)
        found[term.code] = term
    return list(found.values())


def _codes(content: Content) -> Iterator[tuple[str, str, str]]:
    for field, vocabulary in (("topics", "topic"), ("settings", "setting"), ("audience",) * 2):
        for index, code in enumerate(getattr(content, field)):
            yield vocabulary, code, f"{field}[{index}]"
    if isinstance(content, Activity):
        for index, role in enumerate(content.roles):
            yield "role", role.role, f"roles[{index}].role"
    if isinstance(content, Base):
        yield "base_kind", content.kind, "kind"


def _kept(work: Work, pairs: Iterable[tuple[str, str]]) -> list[Row]:
    ids = [f"trm_{vocabulary}.{code}" for vocabulary, code in pairs]
    return work.tx.get(TERM.name, [id_ for id_ in ids if len(id_) <= LONGEST_ID])
