"""What an import does within transactions: look up, weigh rows, write a batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from tianfu_sdk.core.content import importing, lifecycle
from tianfu_sdk.core.content.importing import Known, Mapped
from tianfu_sdk.core.rows.keying import unique_id
from tianfu_sdk.core.rows.kinds import MARK, ORGANIZATION
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound, TianfuError
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.storage import LONGEST_ID, Row
from tianfu_sdk.services.content.content import ContentDesk
from tianfu_sdk.services.content.copies import Copies, CopyOf
from tianfu_sdk.services.desk.work import Work, demand_somebody
from tianfu_sdk.services.offices.organizations import find_by_name

__all__ = ["Batch", "Done", "Intake", "Weighed", "mark_id"]


@attrs.frozen
class Done:
    """How far an import has come; stands in the store as its resume mark."""

    row: int = 0
    """Number of the last row that was dealt with."""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0


@attrs.frozen(kw_only=True)
class Batch:
    """Rows of one transaction."""

    rows: tuple[Mapped, ...]
    """Those without problems."""
    first: int
    last: int
    bad: int
    copies: int = 0
    """Rows that are left out because they look like edited copies."""
    final: bool
    """Whether the file ends with it."""
    file: str
    """SHA-256."""


@attrs.frozen
class Weighed:
    """What becomes of a row, or why it is refused."""

    row: Mapped
    verdict: Literal["created", "updated", "unchanged"]
    problem: TianfuError | None = None
    """`path` names the field."""
    head: Any = None
    """The content of the row's key, as its own row holds it."""
    base: Any = None
    """Its revision that is worked on."""
    changes: Mapping[str, Any] = attrs.field(factory=dict)


def mark_id(file: str, kind: str, organization: str) -> str:
    """Give the id of the resume mark of an import.

    Args:
        file: SHA-256 of the file.
        kind: Of the contents.
        organization: Whose they are where a row does not say; may be empty.
    """
    whole = hashlib.sha256(f"{file}\x1f{kind}\x1f{organization}".encode()).hexdigest()
    return f"import:{whole[:48]}"


@attrs.frozen
class Intake(ContentDesk[Any]):
    """The desk of one kind of content, as an import uses it.

    Args:
        overwrite: Whether a row may take the place of what another person wrote at a draft.
    """

    _overwrite: bool = False

    @property
    def kind(self) -> str:
        """Name of the kind."""
        return self._shelf.name

    # Looking up.

    def beginning(
        self, organization: str | None, terms: Mapping[str, Mapping[str, str]]
    ) -> tuple[str, Known]:
        """Give the id of whose content it is by default, and what is known at first.

        Args:
            organization: Id, name or alias; None: that of the account.
            terms: By vocabulary.

        Returns:
            The id, empty where the system imports and names none.

        Raises:
            Denied: `account.required`.
            NotFound: `organization.unknown`.
            Invalid: `organization.ambiguous`.
        """

        def read(work: Work) -> tuple[str, Known]:
            demand_somebody(work)
            owner = organization
            if not work.actor.system:
                owner = owner or work.account.organization
            found: dict[str, tuple[str, str] | TianfuError] = {}
            if owner:
                known = _organization(work, owner)
                if isinstance(known, TianfuError):
                    raise known
                owner = known[0]
                found[owner] = known
            regions = work.regions()
            today = work.today
            return owner or "", Known(
                terms=terms,
                organizations=found,
                regions=regions,
                region_names=importing.region_names(regions, today),
            )

        return self._read(read)

    def organizations(self, names: Iterable[str]) -> dict[str, tuple[str, str] | TianfuError]:
        """Give id and home region by id, name or alias, or why there is none."""
        return self._read(lambda work: {name: _organization(work, name) for name in sorted(names)})

    def done(self, mark: str) -> Done:
        """Give how far an import has come."""
        return self._read(lambda work: _done(work, mark)[0])

    def copies(
        self,
        rows: Iterator[tuple[int, str]],
        again: Callable[[frozenset[int]], Iterator[tuple[int, str]]],
    ) -> dict[int, CopyOf]:
        """Find the rows that look like edited copies; see `Copies.of_rows`."""
        return Copies(self._tools, self._actor).of_rows(self._shelf, rows, again)

    # Weighing and writing.

    def weigh(self, rows: Sequence[Mapped]) -> list[Weighed]:
        """Say what would become of rows; writes nothing."""
        return self._read(lambda work: self._weigh(work, rows))

    def take_in(self, batch: Batch, mark: str, done: Done, *, skip_bad: bool) -> Done:
        """Write a batch and move the resume mark, in one transaction.

        Args:
            batch: Its rows.
            mark: Id of the mark.
            done: What the mark said last.
            skip_bad: Whether rows may be left out.

        Returns:
            What the mark says now; it is gone once the file is done.

        Raises:
            Conflict: `import.overtaken`, the mark was moved by another process.
            Invalid: `import.bad_rows`, a row is refused that was fine when it was checked.
        """

        def write(work: Work) -> Done:
            stands, version = _done(work, mark)
            if stands != done:
                raise Conflict("import.overtaken", path="source")
            weighed = self._weigh(work, batch.rows)
            fine = [one for one in weighed if one.problem is None]
            bad = batch.bad + len(weighed) - len(fine)
            if bad and not skip_bad:
                raise Invalid("import.bad_rows", path="source", bad=bad)
            new = self._store_new(work, [one.row.fields for one in fine if one.head is None])
            for content in new:
                self._tell_created(work, content)
            edited = [self._take_changes(work, one) for one in fine if one.changes]
            self._record(work, batch, new, edited)
            now = Done(
                row=batch.last,
                created=done.created + len(new),
                updated=done.updated + len(edited),
                unchanged=done.unchanged + len(fine) - len(new) - len(edited),
                skipped=done.skipped + bad + batch.copies,
            )
            if not batch.final:
                document = json.dumps(attrs.asdict(now)).encode()
                work.tx.put(MARK.name, [Row(mark, version, document)])
            elif version:
                work.tx.delete(MARK.name, [(mark, version)])
            return now

        return self._write(write)

    def _take_changes(self, work: Work, one: Weighed) -> Content:
        stored: Content = self._edited(work, one.head, one.base, one.changes)
        work.tell(
            f"{self._shelf.name}.edited",
            kind=self._shelf.name,
            subject=stored.id,
            organization=stored.organization,
            region=stored.region,
            data={"revision": stored.revision},
        )
        return stored

    def _record(
        self, work: Work, batch: Batch, new: Sequence[Content], edited: Sequence[Content]
    ) -> None:
        # One line a batch and organization, because rights to read it go by organization.
        owners = dict.fromkeys(content.organization for content in (*new, *edited))
        for owner in owners:
            created = [content for content in new if content.organization == owner]
            changed = [content for content in edited if content.organization == owner]
            first = (created or changed)[0]
            work.record(
                f"{self._shelf.name}.imported",
                kind=self._shelf.name,
                subject=first.id,
                organization=owner,
                region=first.region,
                data={
                    "file": batch.file,
                    "first_row": batch.first,
                    "last_row": batch.last,
                    "created": len(created),
                    "edited": len(changed),
                },
            )

    def _weigh(self, work: Work, rows: Sequence[Mapped]) -> list[Weighed]:
        keys = [self._key_id(row) for row in rows]
        owners = {row.id: str(row.keys["owner"]) for row in work.tx.get("unique_value", keys)}
        heads = {row.id: row for row in work.tx.get(self._shelf.name, sorted(owners.values()))}
        places: dict[tuple[str, str], TianfuError | None] = {}
        found = []
        for row, key in zip(rows, keys, strict=True):
            if key in owners:
                found.append(self._against(work, row, heads[owners[key]]))
                continue
            place = (row.fields["organization"], row.fields["region"])
            if place not in places:
                places[place] = self._closed(work, *place)
            found.append(Weighed(row, "created", places[place]))
        return found

    def _key_id(self, row: Mapped) -> str:
        owner, key = row.fields["organization"], row.fields["external_key"]
        return unique_id(self._shelf.name, f"external_key.{owner}", key)

    def _closed(self, work: Work, organization: str, region: str) -> TianfuError | None:
        """Say why the actor may not create there."""
        try:
            _, placed = work.placed(organization, region)
            work.allow_for(Action.CREATE, self._shelf.name, organization, placed)
        except (Denied, NotFound) as error:
            error.path = "organization"
            return error
        return None

    def _against(self, work: Work, mapped: Mapped, row: Row) -> Weighed:
        head = work.noun(self._shelf, row)
        try:
            work.allow(Action.EDIT, self._shelf.name, row.keys, row.id)
            base = self._working(work, head)
            changes = importing.differs(base, mapped)
            if changes:
                lifecycle.revise(base, base, person=work.person)
                if base.state is State.DRAFT and base.author != work.person:
                    self._demand_overwrite()
        except (Conflict, Denied, Invalid) as error:
            if isinstance(error, Denied):
                error.path = "organization"
            return Weighed(mapped, "updated", error)
        if "region" in changes:
            return Weighed(mapped, "updated", Invalid("content.fixed", path="region"))
        return Weighed(mapped, "updated" if changes else "unchanged", None, head, base, changes)

    def _demand_overwrite(self) -> None:
        # Of a draft no earlier text is kept: what is written over is gone.
        if not self._overwrite:
            raise Conflict("import.edited", path="external_key")


def _organization(work: Work, name: str) -> tuple[str, str] | TianfuError:
    try:
        rows = work.tx.get(ORGANIZATION.name, [name]) if len(name) <= LONGEST_ID else []
        known = work.noun(ORGANIZATION, rows[0]) if rows else find_by_name(work, name)
    except (NotFound, Invalid) as error:
        return error
    return known.id, known.region


def _done(work: Work, mark: str) -> tuple[Done, int]:
    rows = work.tx.get(MARK.name, [mark])
    return (Done(**json.loads(rows[0].doc or b"{}")), rows[0].version) if rows else (Done(), 0)
