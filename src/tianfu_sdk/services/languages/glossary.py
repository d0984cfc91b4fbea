"""The desk of the glossary (术语库)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import CONCEPT, TRANSLATION
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable, demand_type
from tianfu_sdk.model.glossary import (
    Concept,
    GlossaryReport,
    GlossaryTerm,
    TermHit,
    TermProblem,
)
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.narrowing import narrowed
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.stamps import raise_stamp
from tianfu_sdk.services.desk.terms import STAMP, glossary_of, term_problems
from tianfu_sdk.services.desk.work import Desk, Work, demand_somebody, read_place, write_cursor
from tianfu_sdk.services.languages.glossary_files import (
    Given,
    GlossaryFormat,
    read_concepts,
    write_concepts,
)
from tianfu_sdk.services.languages.memory_files import FileSource, opened_source
from tianfu_sdk.services.languages.translated import source_of
from tianfu_sdk.text import canonical_language, normalize

__all__ = ["GlossaryDesk"]

_CHANGEABLE = frozenset(
    {"terms", "subject", "definition", "note", "required", "active", "external_id"}
)
_BATCH = 500
_LARGEST = 64 << 20

GivenTerm = GlossaryTerm | Mapping[str, Any]


class GlossaryDesk(Desk):
    """Keep what concepts are called, and hold texts against it.

    A concept holds for its organization and those below it. To change it is a grant to
    `manage` kind `concept`; any account may read. Safe to share between threads.
    """

    def add(
        self,
        *,
        organization: str,
        terms: Iterable[GivenTerm],
        subject: str = "",
        definition: str = "",
        note: str = "",
        required: bool = False,
        region: str | None = None,
    ) -> Concept:
        """Add a concept.

        Args:
            organization: Id of the organization that keeps it.
            terms: Each with `language`, `text` and `status` (`preferred`, `admitted`,
                `variant`, `forbidden`; preferred if left out), such as
                `{"language": "bo", "text": "…"}`.
            subject: Field that it belongs to.
            definition: What it is.
            note: For who keeps it.
            required: A translation that has none of its terms is not approved; else that is
                a warning. A forbidden term is refused in any case.
            region: Whose keepers may change it, GB/T 2260; None: the organization's.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to `manage` there;
                `grant.name`.
            Invalid: `glossary.no_term`, `glossary.same_term`, `text.bad_language`, or with the
                path of the field.
            NotFound: `organization.unknown`, `region.unknown`.
        """
        fields = {
            "terms": _terms(terms),
            "subject": subject,
            "definition": definition,
            "note": note,
            "required": required,
        }

        def write(work: Work) -> Concept:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.MANAGE, CONCEPT.name, organization, placed)
            made = codec.structure(
                Concept,
                fields
                | {
                    "id": work.new_id(CONCEPT),
                    "organization": organization,
                    "region": region or owner.region,
                },
            )
            return _stored(work, made, placed, "added")

        return self._write(write)

    def get(self, id: str) -> Concept:  # noqa: A002 - the field's name
        """Give a concept; raises `NotFound` (`noun.unknown`), `Denied` (`account.required`)."""

        def read(work: Work) -> Concept:
            demand_somebody(work)
            return work.get(CONCEPT, id)

        return self._read(read)

    def find(
        self,
        *,
        organization: str | None = None,
        language: str | None = None,
        active: bool | None = True,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Concept]:
        """Find concepts, the last changed first; `scan` finds them by a term.

        Args:
            organization: Only those of this organization or one below it.
            language: Only those with a term in this language, BCP 47.
            active: Only those that hold (False: only those that do not); None: all.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `organization.unknown`.
            Denied: `account.required`.
            Invalid: `text.bad_language`, `page.bad_cursor`, `storage.limit`.
        """

        def read(work: Work) -> Page[Concept]:
            demand_somebody(work)
            where = narrowed(work, organization=organization)
            if language is not None:
                where.append(Where("language", "has", canonical_language(language)))
            if active is not None:
                where.append(Where("active", "=", int(active)))
            query = Query(
                where=tuple(where),
                order="updated",
                desc=True,
                after=read_place(after, CONCEPT.kind, "updated"),
                limit=limit,
            )
            rows = work.tx.find(CONCEPT.name, query)
            cursor = None
            if len(rows) == limit:
                cursor = write_cursor(rows[-1].keys["updated"], rows[-1].id)
            return Page(
                [work.noun(CONCEPT, row) for row in rows],
                cursor,
                lambda cursor: self.find(
                    organization=organization,
                    language=language,
                    active=active,
                    after=cursor,
                    limit=limit,
                ),
            )

        return self._read(read)

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> Concept:  # noqa: A002
        """Change a concept; what is approved already is not looked at again.

        Args:
            id: Of the concept.
            version: The version that the change is based on; None: whatever there is.
            **changes: `terms` (all of them anew), `subject`, `definition`, `note`, `required`,
                `external_id`; `active=False`: it holds for nothing any more.

        Raises:
            Denied: `grant.missing`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, `field.unknown`; as `add`.
            NotFound: `noun.unknown`.
        """
        demand_changeable(changes, Concept, _CHANGEABLE)
        if "terms" in changes:
            changes["terms"] = _terms(changes["terms"])

        def write(work: Work) -> Concept:
            known = work.noun(CONCEPT, work.visible(CONCEPT, id, Action.MANAGE))
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=CONCEPT.name)
            return _changed(work, known, changes)

        return self._write(write)

    def scan(self, text: str, language: str, *, organization: str | None = None) -> list[TermHit]:
        """Find the terms of the glossary in a text.

        Args:
            text: Any text.
            language: Of it, BCP 47.
            organization: As if it were a text of this one; None: the account's own.

        Returns:
            In the order of the text; Tibetan at the edges of syllables, with particles that
            are written onto a word, of Chinese the longest.

        Raises:
            Denied: `account.required`.
            NotFound: `organization.unknown`.
            Invalid: `text.bad_language`, `field.type`.
        """
        demand_type(text, str, "text")
        tag = canonical_language(language)

        def read(work: Work) -> list[TermHit]:
            return glossary_of(work, organization or work.account.organization).find(text, tag)

        return self._read(read)

    def check(
        self,
        source_text: str,
        target_text: str,
        *,
        source: str,
        target: str,
        organization: str | None = None,
    ) -> list[TermProblem]:
        """Hold a text and its translation against the glossary.

        Args:
            source_text: What was translated.
            target_text: Its translation.
            source: Language, BCP 47.
            target: Language, BCP 47.
            organization: As if it were a text of this one; None: the account's own.

        Returns:
            Errors (`glossary.forbidden`; `glossary.missing` where the concept is required) and
            warnings, each with its place.

        Raises:
            As `scan`.
        """
        demand_type(source_text, str, "source_text")
        demand_type(target_text, str, "target_text")
        tags = {
            "source_language": canonical_language(source),
            "target_language": canonical_language(target),
        }

        def read(work: Work) -> list[TermProblem]:
            glossary = glossary_of(work, organization or work.account.organization)
            return glossary.check(source_text, target_text, **tags)

        return self._read(read)

    def problems(self, translation_id: str) -> list[TermProblem]:
        """Hold a translation, field by field, against the glossary of its organization.

        With an error it is not approved. Of a task see `translations.problems`.

        Args:
            translation_id: Of a translation that this account may read.

        Raises:
            NotFound: `noun.unknown`.
        """

        def read(work: Work) -> list[TermProblem]:
            row = work.visible(TRANSLATION, translation_id)
            translation = work.noun(TRANSLATION, row)
            return term_problems(work, translation, source_of(work, translation))

        return self._read(read)

    def load(
        self,
        source: FileSource,
        *,
        organization: str,
        region: str | None = None,
        format: GlossaryFormat | str | None = None,  # noqa: A002 - the word for it
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> GlossaryReport:
        """Take in a glossary of another tool: all of a file, or nothing.

        A concept is known again by its id in the file, and one without an id by all that it
        says; one that is there with other terms is changed.

        Args:
            source: Path, bytes, or a binary stream that can seek; 64 MiB at most. TBX-Basic
                (2008, or 2019 in either style); or CSV with `id`, `subject`, `definition`,
                `note`, `required`, and a column a language and status, such as `bo` and
                `bo:forbidden`, several terms of a cell parted by `|`.
            organization: Id of whose glossary it becomes.
            region: Where it belongs, GB/T 2260; None: the organization's.
            format: `tbx` or `csv`; None: by the name of the file, or what it looks like.
            dry_run: Check only.
            progress: Is told how many concepts were taken in.

        Raises:
            Invalid: `glossary.bad_file`, with the first error, its line and rule; all of them
                are its `problems`. `glossary.format`, `markup.too_large`.
            Denied: As `add`.
            NotFound: `organization.unknown`, `region.unknown`.
        """
        with opened_source(source) as (stream, name):
            stream.seek(0)
            data = stream.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise Invalid("markup.too_large", path="source", most=_LARGEST >> 20)
        given, problems = read_concepts(data, name, format)
        errors = tuple(one for one in problems if one.severity.value == "error")
        if errors:
            raise Invalid(
                "glossary.bad_file",
                path="source",
                line=errors[0].line,
                rule=errors[0].rule,
                why=errors[0].message,
                problems=errors,
            )

        def write(work: Work) -> GlossaryReport:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.MANAGE, CONCEPT.name, organization, placed)
            where = region or owner.region
            counts = _taken_in(work, given, organization, where, placed, progress, dry_run=dry_run)
            return GlossaryReport(concepts=len(given), problems=tuple(problems), **counts)

        return self._read(write) if dry_run else self._write(write)

    def export(
        self,
        format: GlossaryFormat | str = "tbx",  # noqa: A002
        *,
        organization: str | None = None,
    ) -> bytes:
        """Give the concepts that hold, as a file for other tools.

        Args:
            format: `tbx` (TBX-Basic of 2019, style DCA) or `csv` (UTF-8 with a mark).
            organization: Only those of this organization or one below it.

        Raises:
            Invalid: `field.choice`.
            Denied: `account.required`.
            NotFound: `organization.unknown`.
        """
        chosen = GlossaryFormat.of(format, "format")
        concepts = list(self.find(organization=organization, limit=_BATCH))
        return write_concepts(sorted(concepts, key=lambda one: one.id), chosen)


def _terms(given: Iterable[GivenTerm]) -> list[dict[str, Any]]:
    made = []
    for place, one in enumerate(given):
        plain = codec.to_plain(one) if isinstance(one, GlossaryTerm) else dict(one)
        for name in ("language", "text"):
            demand_type(plain.get(name), str, f"terms[{place}].{name}")
        plain["language"] = canonical_language(plain["language"])
        plain["text"] = normalize(plain["text"])
        made.append(plain)
    return made


def _stored(work: Work, concept: Concept, placed: Placed, verb: str, fields: str = "") -> Concept:
    raise_stamp(work, STAMP)
    stored = work.put(CONCEPT, concept, placed)
    work.note(stored, verb, terms=len(stored.terms), fields=fields)
    return stored


def _changed(work: Work, known: Concept, changes: Mapping[str, Any]) -> Concept:
    plain = {field.name: getattr(known, field.name) for field in attrs.fields(Concept)}
    changed = codec.structure(Concept, plain | dict(changes))
    _, placed = work.placed(changed.organization, changed.region)
    return _stored(work, changed, placed, "edited", fields=",".join(sorted(changes)))


def _concept_id(organization: str, fields: Mapping[str, Any]) -> str:
    said = fields["external_id"] or "\x1f".join(
        sorted(one["language"] + "\x1e" + one["text"] for one in fields["terms"])
    )
    whole = f"{organization}\x1d{said}"
    return f"cpt_{hashlib.sha256(whole.encode()).hexdigest()[:26]}"


def _taken_in(  # noqa: PLR0917 - a file, and where it goes
    work: Work,
    given: Iterable[Given],
    organization: str,
    region: str,
    placed: Placed,
    progress: Callable[[int], None] | None,
    *,
    dry_run: bool,
) -> dict[str, int]:
    """Store what is new or other; counted by what became of it."""
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    wanted = {
        (id_ := _concept_id(organization, one.fields)): codec.structure(
            Concept, one.fields | {"id": id_, "organization": organization, "region": region}
        )
        for one in given
    }
    ids = list(wanted)
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        held = {row.id: work.noun(CONCEPT, row) for row in work.tx.get(CONCEPT.name, some)}
        fresh = []
        for id_ in some:
            before = held.get(id_)
            after = wanted[id_]
            if before is not None:
                kept = ("version", "created_at", "updated_at")
                after = attrs.evolve(after, **{name: getattr(before, name) for name in kept})
            fate = "added" if before is None else "unchanged" if after == before else "changed"
            counts[fate] += 1
            if fate != "unchanged":
                fresh.append((after, placed))
        if fresh and not dry_run:
            raise_stamp(work, STAMP)
            work.put_all(CONCEPT, fresh)
        if progress is not None:
            progress(min(start + _BATCH, len(ids)))
    if not dry_run and counts["added"] + counts["changed"]:
        place = {"organization": organization, "region": region}
        work.record("concept.loaded", kind=CONCEPT.name, subject=organization, data=counts, **place)
        work.tell("concept.loaded", kind=CONCEPT.name, subject=organization, data=counts, **place)
    return counts
