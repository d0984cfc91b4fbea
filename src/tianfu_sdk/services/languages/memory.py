"""The desk of the translation memory (翻译记忆)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import attrs

from tianfu_sdk.core.languages.memory import Found, context_of
from tianfu_sdk.core.languages.memory_codes import bare, fitted, native
from tianfu_sdk.core.rows.filters import any_matches
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import MEMORY_UNIT, TRANSLATION
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.files import new_file
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.memory import MatchKind, MemoryHit, MemoryReport, MemoryUnit
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work, read_place, write_cursor
from tianfu_sdk.services.languages.memory_files import (
    FileSource,
    MemoryFormat,
    read_units,
    write_units,
)
from tianfu_sdk.services.languages.prefilling import around, memory_of, memory_scope
from tianfu_sdk.services.languages.remembering import put_units
from tianfu_sdk.services.languages.translation_tasks import visible_task
from tianfu_sdk.text import canonical_language, normalize

__all__ = ["Memory"]

_BATCH = 500
_MOST = 100

UnitProgress = Callable[[int], None]


class Memory(Desk):
    """Find what was translated and approved before, and take memories of other tools in.

    Approved translations teach it by themselves. Who may `translate` (a grant on kind
    `translation`) may look things up, within the place of the grant. Safe to share between
    threads; looked up is in memory, made from the store when it is first needed.
    """

    def lookup(
        self,
        text: str,
        *,
        source: str,
        target: str,
        before: str = "",
        after: str = "",
        least: float = 0.75,
        limit: int = 5,
    ) -> list[MemoryHit]:
        """Find units that help to translate a text.

        Args:
            text: What is to be translated, one sentence as a rule.
            source: Its language, BCP 47.
            target: The language wanted, BCP 47.
            before: The sentence before it; with `after` it tells which unit is of the same
                context.
            after: The sentence after it.
            least: Score at the least, above 0 and up to 1; 1: only what is the same.
            limit: Units at most, 1 to 100.

        Returns:
            Those of the same context first, then the same, then the nearest. None whose
            source was changed, or whose translation is not approved any more.

        Raises:
            Denied: `account.required`; none is found where no grant reaches.
            Invalid: `text.bad_language`, `memory.bad_score`, `storage.limit`, `field.type`.
        """
        demand_type(text, str, "text")
        _demand_bounds(least, limit)
        pair = canonical_language(source), canonical_language(target)
        context = context_of(before, after)
        return self._read(lambda work: self._hits(work, text, pair, context, least, limit))

    def suggestions(
        self,
        task_id: str,
        *,
        least: float = 0.75,
        limit: int = 3,
    ) -> dict[str, list[MemoryHit]]:
        """Look up every segment of a translation task that nobody has translated yet.

        Args:
            task_id: Of the task.
            least: As in `lookup`.
            limit: Units a segment, at most.

        Returns:
            Hits by id of the segment; segments without any are left out.

        Raises:
            NotFound: `noun.unknown`.
            Denied: As `lookup`.
            Invalid: As `lookup`.
        """
        _demand_bounds(least, limit)

        def read(work: Work) -> dict[str, list[MemoryHit]]:
            task = visible_task(work, task_id, Action.TRANSLATE)
            pair = canonical_language(task.source_language), task.language
            found = {}
            for place, one in enumerate(task.segments):
                if one.target:
                    continue
                hits = self._hits(work, one.source, pair, around(task, place), least, limit)
                if hits:
                    found[one.id] = hits
            return found

        return self._read(read)

    def get(self, id: str) -> MemoryUnit:  # noqa: A002 - the field's name
        """Give a unit, suggested any more or not; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: _visible(work, id))

    def find(
        self,
        *,
        language: str | None = None,
        active: bool | None = True,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[MemoryUnit]:
        """Find units that this account may see, by id.

        Args:
            language: Only those with a text in this language, BCP 47.
            active: Only those that are suggested (False: only those that are not); None: all.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            Denied: `account.required`.
            Invalid: `text.bad_language`, `page.bad_cursor`, `storage.limit`.
        """
        where: list[Where] = []
        if language is not None:
            where.append(Where("language", "has", canonical_language(language)))
        if active is not None:
            where.append(Where("active", "=", int(active)))

        def read(work: Work) -> Page[MemoryUnit]:
            place = read_place(after, MEMORY_UNIT.kind)
            query = Query(where=tuple(where), after=place, limit=limit)
            rows = work.rows(MEMORY_UNIT.name, query, memory_scope(work))
            cursor = write_cursor(rows[-1].id, rows[-1].id) if len(rows) == limit else None
            return Page(
                [work.noun(MEMORY_UNIT, row) for row in rows],
                cursor,
                lambda cursor: self.find(
                    language=language, active=active, after=cursor, limit=limit
                ),
            )

        return self._read(read)

    def retire(self, id: str, reason: str = "") -> MemoryUnit:  # noqa: A002
        """Suggest a unit no more; it stays readable.

        Args:
            id: Of the unit.
            reason: For the audit.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, no grant to `approve` translations there.
        """

        def write(work: Work) -> MemoryUnit:
            unit = _visible(work, id)
            _, placed = work.placed(unit.organization, unit.region)
            work.allow_at(Action.APPROVE, TRANSLATION.name, unit.organization, placed)
            gone = attrs.evolve(unit, active=False)
            if unit.active:
                put_units(work, [(gone, placed)])
                work.note(gone, "retired", reason=reason)
            return work.get(MEMORY_UNIT, id)

        return self._write(write)

    def load(
        self,
        source: FileSource,
        *,
        organization: str,
        region: str | None = None,
        format: MemoryFormat | str | None = None,  # noqa: A002 - the word for it
        dry_run: bool = False,
        progress: UnitProgress | None = None,
    ) -> MemoryReport:
        """Take in a memory of another tool: all of a file, or nothing.

        Who loads a file vouches that its translations are approved. The file is checked whole
        before anything is written, and then written in one transaction, during which a
        SQLite store lets no other writer in: take a large one in at night. What is there
        already, word for word, is left alone. Not for `hub.unit`.

        Args:
            source: Path, bytes, or a binary stream that can seek. TMX 1.4b with any number of
                languages; or CSV with a language tag over each column, the source first, and
                `note`.
            organization: Id of whose memory it becomes.
            region: Where it holds, GB/T 2260; None: the organization's.
            format: `tmx` or `csv`; None: by the name of the file, or what it looks like.
            dry_run: Check only.
            progress: Is told how many units were read or written, every thousand.

        Returns:
            How many there are, how many are new; warnings with their lines.

        Raises:
            Invalid: `memory.bad_file`, with the first error, its line and rule; all of them
                are its `problems`. `memory.format`; of CSV `table.…`.
            Denied: `account.required`; `grant.missing`, no grant to `approve` translations
                there; `grant.name`.
            NotFound: `organization.unknown`, `region.unknown`.
        """
        with read_units(source, format) as file:
            problems = file.check(progress)
            errors = [one for one in problems if one.severity.value == "error"]
            if errors:
                raise Invalid(
                    "memory.bad_file",
                    path="source",
                    line=errors[0].line,
                    rule=errors[0].rule,
                    why=errors[0].message,
                    problems=tuple(errors),
                )

            warnings = tuple(one for one in problems if one not in errors)

            def write(work: Work) -> MemoryReport:
                owner, placed = work.placed(organization, region)
                work.allow_for(Action.APPROVE, TRANSLATION.name, organization, placed)
                where = region or owner.region
                batches = file.batches(_BATCH, organization, where)
                units, added = _taken(work, batches, placed, progress, dry_run=dry_run)
                if added and not dry_run:
                    data: dict[str, Value] = {"units": units, "added": added, "origin": file.digest}
                    _noted(work, organization, where, data)
                return MemoryReport(
                    units=units, added=added, unchanged=units - added, problems=warnings
                )

            return self._read(write) if dry_run else self._write(write)

    def export(
        self,
        target: str | Path | BinaryIO,
        *,
        languages: tuple[str, ...] = (),
        format: MemoryFormat | str | None = None,  # noqa: A002
        progress: UnitProgress | None = None,
    ) -> int:
        """Write what this account may see and is suggested, for other tools.

        Args:
            target: Path of a new file, which appears whole; or a binary stream.
            languages: Only units with a text in all of these, and only these texts; for CSV
                two or more, the source first. None given: all.
            format: `tmx` or `csv`; None: by the name of the file, else TMX.
            progress: Is told how many units were written, every thousand.

        Returns:
            How many units were written.

        Raises:
            Invalid: `memory.format`; `memory.languages`, CSV needs to know them.
            Conflict: `storage.target_there`, nothing is overwritten.
            Denied: `account.required`.
        """
        tags = tuple(canonical_language(tag) for tag in languages)
        name = str(target) if isinstance(target, (str, Path)) else ""
        chosen = MemoryFormat.named(format, name)

        def units() -> Iterator[MemoryUnit]:
            # A page a transaction: a large memory is no reason to hold one for long.
            page: Page[MemoryUnit] | None = self.find(limit=_BATCH)
            number = 0
            while page is not None:
                for unit in page.items:
                    if all(unit.said(tag) for tag in tags):
                        number += 1
                        if progress is not None and number % 1000 == 0:
                            progress(number)
                        yield unit
                page = self.find(after=page.cursor, limit=_BATCH) if page.cursor else None

        if not isinstance(target, (str, Path)):
            return write_units(target, units(), tags, chosen)
        with new_file(Path(target)) as draft:
            return write_units(draft.file, units(), tags, chosen)

    def _hits(  # noqa: PLR0917 - a question in all its parts
        self,
        work: Work,
        text: str,
        pair: tuple[str, str],
        context: str,
        least: float,
        limit: int,
    ) -> list[MemoryHit]:
        scope = memory_scope(work)
        held = memory_of(self._tools)
        source, target = pair
        found: dict[str, Found] = {}
        # With its codes, as approved translations have them; and by its words alone, as files do.
        for asked in dict.fromkeys((text, bare(text))):
            some = held.exact(work, asked, source, target, scope)
            if len(some) < limit and least < 1:
                some += held.near(
                    work, asked, source, target, scope, least=least, limit=limit - len(some)
                )
            for one in some:
                if one.key not in found or found[one.key].score < one.score:
                    found[one.key] = one
        rows = {row.id: row for row in work.tx.get(MEMORY_UNIT.name, list(found))}
        hits = []
        for key, one in found.items():
            unit = work.noun(MEMORY_UNIT, rows[key]) if key in rows else None
            # Read again, so that nothing is told that the store has not.
            if unit is not None and unit.active:
                hits.append(_hit(text, one, unit, pair, context))
        return sorted(hits, key=_rank)[:limit]


def _hit(
    text: str, found: Found, unit: MemoryUnit, pair: tuple[str, str], context: str
) -> MemoryHit:
    source, target = (unit.said(language) for language in pair)
    assert source is not None  # noqa: S101 - it was found by it
    assert target is not None  # noqa: S101 - as above
    # The words may be the same, and the codes others.
    exact = found.score == 1 and native(source) == normalize(text)
    kind = MatchKind.EXACT if exact else MatchKind.FUZZY
    if exact and context and unit.context == context:
        kind = MatchKind.CONTEXT
    return MemoryHit(
        unit=unit.id,
        kind=kind,
        # The same but for codes, width, case or the way of writing is nearly the same.
        score=1.0 if exact else min(found.score, 0.99),
        source=source.text,
        target=target.text,
        target_markup=target.markup,
        suggestion=fitted(text, source, target),
        origin=unit.origin,
    )


_ORDER = list(MatchKind)


def _rank(hit: MemoryHit) -> tuple[int, float, str]:
    return _ORDER.index(hit.kind), -hit.score, hit.unit


def _visible(work: Work, id_: str) -> MemoryUnit:
    row = work.get_row(MEMORY_UNIT, id_)
    if not any_matches(id_, row.keys, memory_scope(work)):
        raise NotFound("noun.unknown", path="id", kind=MEMORY_UNIT.name, id=id_[:64])
    return work.noun(MEMORY_UNIT, row)


def _taken(
    work: Work,
    batches: Iterable[Mapping[str, MemoryUnit]],
    placed: Placed,
    progress: UnitProgress | None,
    *,
    dry_run: bool,
) -> tuple[int, int]:
    """Store what is new of a file; how many units it has, and how many were new."""
    units = added = 0
    for batch in batches:
        held = {
            row.id: work.noun(MEMORY_UNIT, row)
            for row in work.tx.get(MEMORY_UNIT.name, list(batch))
        }
        fresh = [unit for id_, unit in batch.items() if id_ not in held]
        fresh += [attrs.evolve(unit, active=True) for unit in held.values() if not unit.active]
        if not dry_run:
            put_units(work, [(unit, placed) for unit in fresh])
        told, units = units // 1000, units + len(batch)
        added += len(fresh)
        if progress is not None and units // 1000 > told:
            progress(units)
    return units, added


def _noted(work: Work, organization: str, region: str, data: Mapping[str, Value]) -> None:
    """Write one line and one event, however many units came in."""
    place = {"organization": organization, "region": region}
    kind = MEMORY_UNIT.name
    work.record(f"{kind}.loaded", kind=kind, subject=organization, data=data, **place)
    work.tell(f"{kind}.loaded", kind=kind, subject=organization, data=data, **place)


def _demand_bounds(least: float, limit: int) -> None:
    if not 0 < least <= 1:
        raise Invalid("memory.bad_score", path="least", found=str(least))
    if not 1 <= limit <= _MOST:
        raise Invalid("storage.limit", path="limit", most=_MOST)
