"""The desk that takes in a user's own table: check all of it first, then write in batches."""

from __future__ import annotations

import hashlib
import io
import itertools
from array import array
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs

from tianfu_sdk.core.content import importing, revisions
from tianfu_sdk.core.content.copies import copied_text
from tianfu_sdk.core.content.importing import Known, Mapped, Plan
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.tables import TableFormat, TableRow, guess_format, rows
from tianfu_sdk.model.importing import ImportPhase, ImportReport, ImportStep, RowProblem
from tianfu_sdk.ports.first_seen import FirstSeen
from tianfu_sdk.services.content.copies import CopyOf
from tianfu_sdk.services.content.intake import Batch, Intake, Weighed, mark_id
from tianfu_sdk.services.desk.vocabularies import Vocabularies
from tianfu_sdk.services.desk.work import Desk

__all__ = ["Importer"]

_SHOWN = 1000
"""Problems that a report holds."""
_BATCH = 500
_NAMES_KEPT = 10_000
_PLANS_KEPT = 1000
_VOCABULARIES = ("topic", "audience", "setting", "role", "base_kind")

Source = bytes | str | Path | BinaryIO
Progress = Callable[[ImportStep], None]


class Importer(Desk):
    """Take in a user's CSV, workbook or JSON lines as drafts. Safe to share between threads.

    The columns are listed in `docs/how-to/import.md`. A row is known again by its own key
    (`external_key`, 编号) and its organization; one without gets a key of its content, so
    that the same row is never taken in twice, but a changed one is a new content.
    """

    def check(
        self,
        source: Source,
        *,
        kind: str,
        format: TableFormat | str | None = None,  # noqa: A002 - the word for it
        organization: str | None = None,
        overwrite: bool = False,
        copies: bool = True,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Check every row of a table against the rules, the store and the account's grants.

        Writes nothing.

        Args:
            source: Path, bytes, or a binary stream that can seek.
            kind: `resource`, `activity`, `notice`, `news`, `base`, `clarification`, `studio`
                or `listing`.
            format: `csv`, `jsonl` or `xlsx`; None: by the ending of the path.
            organization: Whose content it is where a row does not say: id, name or alias;
                None: the organization of the account.
            overwrite: Whether a row may take the place of what another person has written
                at a draft since; else it is bad, `import.edited`.
            copies: Whether to look for new rows that seem to be edited copies of a content that
                is here, or of an earlier row: `report.warnings`. That reads all contents of the
                kind once, some 20 s for 100,000.
            progress: Called after each batch of rows.

        Returns:
            What was found; `created`, `updated` and `unchanged` say what `load` would do.

        Raises:
            Invalid: `import.bad_kind`; of the file as a whole `import.no_file`,
                `import.no_seek`, `import.no_column`, `import.same_field`, `table.…`.
            NotFound: `organization.unknown`.
            Denied: `account.required`.
            PluginError: `extra.missing`, a workbook needs python-calamine.
        """
        with (
            _opened(source, format) as table,
            self._run(table, kind, organization, progress, overwrite=overwrite) as run,
        ):
            return run.check(_BATCH, copies=copies)

    def load(
        self,
        source: Source,
        *,
        kind: str,
        format: TableFormat | str | None = None,  # noqa: A002
        organization: str | None = None,
        skip_bad: bool = False,
        skip_copies: bool = False,
        overwrite: bool = False,
        batch: int = _BATCH,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Check a table, then write its rows as drafts, in batches of one transaction each.

        An import that was cut off goes on after its last batch when the same file is loaded
        again. A row that stands here word for word is left alone; one whose key stands here
        with other content is edited, so that what is published stays until the new revision
        is approved. A draft that another person has edited since is left alone unless
        `overwrite` says that the file wins; over one's own edits it always does. Not for
        `hub.unit`: it reads a file, and makes transactions of its own.

        Args:
            source: As in `check`.
            kind: As in `check`.
            format: As in `check`.
            organization: As in `check`.
            skip_bad: Leave bad rows out instead of writing nothing.
            skip_copies: Look for edited copies as `check` does, and leave them out.
            overwrite: As in `check`.
            batch: Rows of one transaction, 1 to 1,000.
            progress: As in `check`.

        Returns:
            What was found and done, the batches before a cut-off included.

        Raises:
            Invalid: As in `check`; `import.bad_rows`, with the report as
                `error.values["report"]`, nothing was written; `storage.limit`.
            NotFound: As in `check`.
            Denied: As in `check`.
            Conflict: `import.overtaken`, another process loads the same file.
            PluginError: As in `check`.
        """
        if not 1 <= batch <= 1000:  # noqa: PLR2004 - what one look-up takes
            raise Invalid("storage.limit", path="batch", most=1000)
        with (
            _opened(source, format) as table,
            self._run(table, kind, organization, progress, overwrite=overwrite) as run,
        ):
            report = run.check(batch, copies=skip_copies)
            if report.bad and not skip_bad:
                raise Invalid("import.bad_rows", path="source", bad=report.bad, report=report)
            return run.load(report, batch, skip_bad=skip_bad)

    @contextmanager
    def _run(
        self,
        table: _Table,
        kind: str,
        organization: str | None,
        progress: Progress | None,
        *,
        overwrite: bool,
    ) -> Iterator[_Run]:
        if kind not in CONTENT:
            raise Invalid("import.bad_kind", path="kind", value=kind[:40])
        vocabularies = Vocabularies(self._tools, self._actor)
        terms = {name: importing.labels_of(vocabularies.terms(name)) for name in _VOCABULARIES}
        intake = Intake(self._tools, self._actor, CONTENT[kind], overwrite)
        owner, known = intake.beginning(organization, terms)
        with closing(self._tools.first_seen()) as seen:
            keys = _Keys(seen, self._tools.ids.token())
            yield _Run(table, intake, known, owner, progress=progress, keys=keys)


@attrs.frozen
class _Table:
    """An opened table."""

    stream: BinaryIO
    format: TableFormat
    size: int

    def rows(self) -> Iterator[TableRow]:
        return rows(self.stream, self.format)

    def share(self) -> float | None:
        if self.format is TableFormat.XLSX or not self.size:
            return None
        return min(self.stream.tell() / self.size, 1.0)

    def digest(self) -> str:
        self.stream.seek(0)
        digest = hashlib.sha256()
        while chunk := self.stream.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()


@contextmanager
def _opened(source: Source, format_: TableFormat | str | None) -> Iterator[_Table]:
    if isinstance(source, (str, Path)):
        with _file(Path(source)) as stream:
            yield _table(stream, Path(source).name, format_)
    elif isinstance(source, bytes):
        yield _table(io.BytesIO(source), "", format_)
    else:
        yield _table(source, str(getattr(source, "name", "")), format_)


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise Invalid("import.no_file", path="source", why=type(error).__name__) from None


def _table(stream: BinaryIO, name: str, format_: TableFormat | str | None) -> _Table:
    if not stream.seekable():
        raise Invalid("import.no_seek", path="source")
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if format_ is None:
        format_ = guess_format(name, stream.read(4))
    return _Table(stream, TableFormat.of(format_, "format"), size)


class _Run:
    """One call of the importer: what it learnt, and its passes over the table."""

    def __init__(
        self,
        table: _Table,
        intake: Intake,
        known: Known,
        organization: str,
        *,
        progress: Progress | None,
        keys: _Keys,
    ) -> None:
        self._table = table
        self._intake = intake
        self._kind = intake.kind
        self._organization = organization
        self._known = known
        self._progress = progress
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._keys = keys
        self._new = array("Q")
        self._copies: Mapping[int, CopyOf] = {}

    # The two passes.

    def check(self, batch: int, *, copies: bool) -> ImportReport:
        counts = dict.fromkeys(("created", "updated", "unchanged"), 0)
        total = bad = more = 0
        problems: list[RowProblem] = []
        for chunk in _batches(self._table.rows(), batch):
            mapped = self._mapped(chunk)
            weighed = self._intake.weigh([row for row in mapped if not row.problems])
            refused = {one.row.number: one for one in weighed if one.problem}
            for row, read in zip(chunk, mapped, strict=True):
                found = read.problems
                if row.number in refused:
                    found = (self._refusal(row, refused[row.number]),)
                room = _SHOWN - len(problems)
                problems += found[:room]
                more += len(found[room:])
                bad += bool(found)
            for one in weighed:
                if not one.problem:
                    counts[one.verdict] += 1
                    if one.verdict == "created":
                        self._new.append(one.row.number)
            total += len(chunk)
            self._tell(ImportPhase.CHECK, total, self._table.share())
        self._copies = self._find_copies(batch) if copies else {}
        return ImportReport(
            kind=self._kind,
            rows=total,
            bad=bad,
            problems=tuple(problems),
            more=more,
            copies=len(self._copies),
            warnings=tuple(itertools.islice(self._warnings(), _SHOWN)),
            **counts,
        )

    def _find_copies(self, batch: int) -> Mapping[int, CopyOf]:
        shelf = CONTENT[self._kind]

        def texts(wanted: Container[int]) -> Iterator[tuple[int, str]]:
            for chunk in _batches(self._table.rows(), batch):
                asked = [row for row in chunk if row.number in wanted]
                for row in self._mapped(asked) if asked else ():
                    if row.fields:
                        made = revisions.made(shelf.noun, row.fields, id_="", person="", region="")
                        yield row.number, copied_text(made)

        return self._intake.copies(texts(frozenset(self._new)), texts)

    def _warnings(self) -> Iterator[RowProblem]:
        for number, one in sorted(self._copies.items()):
            share = f"{one.share:.0%}"
            error = (
                Invalid("import.copy", id=one.id, share=share)
                if one.id
                else Invalid("import.copy_of_row", row=one.row, share=share)
            )
            yield importing.problem_of_row(error, number)

    def load(self, report: ImportReport, batch: int, *, skip_bad: bool) -> ImportReport:
        file = self._table.digest()
        mark = mark_id(file, self._kind, self._organization)
        done = self._intake.done(mark)
        resumed_after = done.row
        passed = 0
        for chunk in _batches(self._table.rows(), batch):
            passed += len(chunk)
            left = [row for row in chunk if row.number > done.row]
            if left:
                # What the transaction needs of the file is read before it begins.
                mapped = self._mapped(left)
                done = self._intake.take_in(
                    Batch(
                        rows=tuple(
                            row
                            for row in mapped
                            if not row.problems and row.number not in self._copies
                        ),
                        first=left[0].number,
                        last=left[-1].number,
                        bad=sum(1 for row in mapped if row.problems),
                        copies=sum(1 for row in mapped if row.number in self._copies),
                        final=passed == report.rows,
                        file=file,
                    ),
                    mark,
                    done,
                    skip_bad=skip_bad,
                )
            self._tell(ImportPhase.LOAD, passed, min(passed / report.rows, 1.0))
        return attrs.evolve(
            report,
            created=done.created,
            updated=done.updated,
            unchanged=done.unchanged,
            skipped=done.skipped,
            resumed_after=resumed_after,
        )

    # Within a pass.

    def _mapped(self, chunk: Sequence[TableRow]) -> list[Mapped]:
        plans = [self._plan(row) for row in chunk]
        names: set[str] = set()
        for plan, row in zip(plans, chunk, strict=True):
            names |= importing.organizations_in(plan, row)
        self._learn(names)
        mapped = [
            importing.map_row(plan, row, self._known, self._organization)
            for plan, row in zip(plans, chunk, strict=True)
        ]
        firsts = self._keys.firsts(mapped)
        return [
            self._once(row, plan, read, firsts.get(row.number, row.number))
            for plan, row, read in zip(plans, chunk, mapped, strict=True)
        ]

    def _plan(self, row: TableRow) -> Plan:
        headers = row.columns
        if headers not in self._plans:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            plan = importing.plan_of(self._kind, headers)
            if row.header and plan.problems:
                # Every row would say the same, and none is read as it was meant.
                raise importing.bad_header(plan, row)
            self._plans[headers] = plan
        return self._plans[headers]

    def _learn(self, names: set[str]) -> None:
        known = dict(self._known.organizations)
        if len(known) > _NAMES_KEPT:
            known = {name: known[name] for name in {self._organization} & known.keys()}
        missing = names - known.keys()
        if missing:
            known |= self._intake.organizations(missing)
            self._known = attrs.evolve(self._known, organizations=known)

    def _once(self, row: TableRow, plan: Plan, mapped: Mapped, first: int) -> Mapped:
        """Refuse a row whose key an earlier row of the file has."""
        if first == row.number:
            return mapped
        error = Invalid("import.key_twice", first=first)
        problem = importing.problem_of(error, row, plan.header_of("external_key"))
        return attrs.evolve(mapped, problems=(*mapped.problems, problem))

    def _refusal(self, row: TableRow, weighed: Weighed) -> RowProblem:
        error = weighed.problem or Invalid("field.value", value="?")
        column = self._plan(row).header_of(error.path or "")
        return importing.problem_of(error, row, column)

    def _tell(self, phase: ImportPhase, done: int, share: float | None) -> None:
        if self._progress is not None:
            self._progress(ImportStep(phase=phase, rows=done, share=share))


class _Keys:
    """The keys of a file: the row in which each stood first.

    Args:
        seen: Where they are kept.
        secret: Of this run, so that what is kept tells nothing of the keys.
    """

    def __init__(self, seen: FirstSeen, secret: str) -> None:
        self._seen = seen
        self._secret = secret.encode()

    def firsts(self, rows: Sequence[Mapped]) -> dict[int, int]:
        """Give by row number in which row its key stood first; rows without one are left out."""
        pairs = [(self._hashed(*row.key), row.number) for row in rows if row.key is not None]
        found = self._seen.firsts(pairs)
        return {number: first for (_, number), first in zip(pairs, found, strict=True)}

    def _hashed(self, owner: str, key: str) -> bytes:
        text = f"{owner}\x1f{key}".encode()
        return hashlib.blake2b(text, digest_size=16, key=self._secret).digest()


def _batches(read: Iterator[TableRow], size: int) -> Iterator[list[TableRow]]:
    while chunk := list(itertools.islice(read, size)):
        yield chunk
