"""The desk of regions: anybody may read; who has a grant for a province amends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import attrs

from tianfu_sdk.core.places import amending
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.keying import Placed, place_keys
from tianfu_sdk.core.rows.kinds import AUDIT, CONTENT, PLACED, REGION, TRANSLATION
from tianfu_sdk.errors import Conflict, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.checks import demand_type, region_code
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.region import Region, RegionAmendment, RegionLevel, RekeyStep
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.desk.atlas import read_mark, write_mark
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.offices.rekeying import Rekeying

__all__ = ["Regions"]

Rows = tuple[Region, ...]


class Regions(Desk):
    """Look regions up by GB/T 2260 code, on any day, and amend the table that ships.

    Outside Sichuan the shipped table has today's codes without their history; for Sichuan
    it has validity and successors since the end of 2000. A deployment amends it code by
    code: what it says of a code stands instead of what the table says. A grant to manage
    `region` for the whole province is needed; provinces themselves are for the system.

    What is created after an amendment is found under the regions that lie above it then.
    What stood here before keeps its own until `rekey`. Safe to share between threads.
    """

    # Reading.

    def get(self, code: str, on: date | None = None) -> Region:
        """Give a region as it was on a day.

        Args:
            code: Six digits, such as 510185.
            on: The day in China; None: today.

        Raises:
            NotFound: `region.unknown`, no such code; `region.not_valid`, not on that day,
                with its successors in the text.
            Invalid: `field.type`, a number for a code, or a text for a day.
        """
        return self._tree().get(code, self._day(code, on))

    def children(self, code: str | None = None, on: date | None = None) -> list[Region]:
        """Give the regions right below one, by code; of None the provinces.

        Raises:
            NotFound: `region.unknown`.
        """
        if code is not None:
            self.history(code)
        return self._tree().children(code, self._day(code, on))

    def ancestors(self, code: str, on: date | None = None) -> list[Region]:
        """Give the regions above one, nearest first."""
        return self._tree().ancestors(code, self._day(code, on))

    def resolve(self, code: str, on: date | None = None) -> list[Region]:
        """Follow an old code to the regions that stand for it on a day.

        Args:
            code: Such as 512081 (简阳 until 2015).
            on: The day; None: today.

        Returns:
            Usually one; several where it was divided.
        """
        return self._tree().resolve(code, self._day(code, on))

    def history(self, code: str) -> list[Region]:
        """Give all rows of a code, oldest first; raises `NotFound` (`region.unknown`)."""
        demand_type(code, str, "code")
        rows = self._tree().rows(code)
        if not rows:
            raise NotFound("region.unknown", path="code", value=code[:20])
        return list(rows)

    def amendment(self, code: str) -> RegionAmendment:
        """Give what the deployment says of a code.

        Raises:
            NotFound: `region.not_amended`, the shipped table counts.
        """
        _demand_code(code)

        def read(work: Work) -> RegionAmendment:
            known = _amendment(work, code)
            if known is None:
                raise NotFound("region.not_amended", path="code", value=code)
            return known

        return self._read(read)

    def amendments(self, *, after: str | None = None, limit: int = 50) -> Page[RegionAmendment]:
        """Find what the deployment says instead of the shipped table, by code.

        Args:
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        return self._read(
            lambda work: work.page(
                REGION,
                order="code",
                after=after,
                limit=limit,
                again=lambda cursor: self.amendments(after=cursor, limit=limit),
            )
        )

    # Amending.

    def add(
        self,
        code: str,
        *,
        name: str,
        parent: str | None = None,
        valid_from: date | None = None,
        valid_to: date | None = None,
        successors: Sequence[str] = (),
        approximate: bool = False,
        source: str = "",
        version: int | None = None,
        reason: str = "",
    ) -> RegionAmendment:
        """Add a region that the table does not have, or days on which a code held again.

        Args:
            code: Six digits; they say the level.
            name: Full name.
            parent: Code of the region above; None: it is a province.
            valid_from: First day; None: as far back as the table goes.
            valid_to: First day on which it holds no more; None: it goes on.
            successors: Codes that replaced it, where it ended.
            approximate: Only the year is known.
            source: The notice that made the change.
            version: Of the amendment that this is based on, 0 for the shipped table; None:
                whatever there is.
            reason: For the audit.

        Returns:
            What the deployment says of the code now.

        Raises:
            Denied: `account.required`, `grant.missing`.
            Invalid: With the path of the field; `region.bad_parent`,
                `region.parent_not_valid`, `region.overlap`, `region.not_ended`,
                `region.successor_not_valid`, `region.successor_circle`.
            NotFound: `region.unknown`, the parent or a successor.
            Conflict: `storage.version`.
        """
        fields = {
            "name": name,
            "parent": parent,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "successors": successors,
            "approximate": approximate,
            "source": source,
        }
        return self._amend(
            code, "added", lambda tree: amending.added(tree, code, fields), version, reason
        )

    def edit(
        self,
        code: str,
        *,
        on: date | None = None,
        version: int | None = None,
        reason: str = "",
        **changes: Any,
    ) -> RegionAmendment:
        """Correct what the table says of a region; for what changed since, see `renew`.

        Args:
            code: Six digits.
            on: A day on which the row holds that is wrong; None: the latest.
            version: As in `add`.
            reason: For the audit.
            **changes: `name`, `parent`, `valid_from`, `valid_to`, `successors`,
                `approximate`, `source`.

        Raises:
            Denied: As `add`.
            Invalid: As `add`; `content.fixed`; `region.has_children`, one below would lose
                its parent; `region.named`, it would not hold when another ends.
            NotFound: `region.unknown`, `region.not_valid`.
            Conflict: `storage.version`.
        """
        return self._amend(
            code,
            "edited",
            lambda tree: amending.rewritten(tree, code, on, changes),
            version,
            reason,
        )

    def renew(
        self,
        code: str,
        since: date,
        *,
        version: int | None = None,
        reason: str = "",
        **changes: Any,
    ) -> RegionAmendment:
        """Say that a region has another name, or lies elsewhere, from a day on.

        Args:
            code: Six digits, which stay the same; where they change too, `add` the new
                region and `replace` the old one.
            since: First day on which it is so.
            version: As in `add`.
            reason: For the audit.
            **changes: As in `edit`.

        Raises:
            Denied: As `add`.
            Invalid: As `edit`; `region.begins_then`.
            NotFound: `region.unknown`, `region.not_valid`.
            Conflict: `storage.version`.
        """
        demand_type(since, date, "since")
        return self._amend(
            code,
            "renewed",
            lambda tree: amending.renewed(tree, code, since, changes),
            version,
            reason,
        )

    def replace(
        self,
        code: str,
        on: date,
        by: Sequence[str],
        *,
        version: int | None = None,
        reason: str = "",
    ) -> RegionAmendment:
        """Say that a region ended, and name its successors.

        Args:
            code: Six digits.
            on: First day on which it holds no more.
            by: Codes that replace it and hold on that day; none: it was dissolved.
            version: As in `add`.
            reason: For the audit.

        Raises:
            Denied: As `add`.
            Invalid: As `edit`; `when.backwards`, it began later.
            NotFound: `region.unknown`, the region or a successor.
            Conflict: `storage.version`.
        """
        demand_type(on, date, "on")
        return self._amend(
            code, "replaced", lambda tree: amending.ended(tree, code, on, by), version, reason
        )

    def revert(self, code: str, *, version: int | None = None, reason: str = "") -> list[Region]:
        """Take back all that was amended about a code: the shipped table counts again.

        Args:
            code: Six digits.
            version: As in `add`.
            reason: For the audit.

        Returns:
            The rows of the shipped table; none where the code was added here.

        Raises:
            Denied: As `add`.
            NotFound: `region.not_amended`.
            Invalid: As `edit`; `region.in_use`, something belongs to a region that would
                not be there any more.
            Conflict: `storage.version`.
        """
        shipped = self._tools.regions.shipped.rows(code)

        def write(work: Work) -> int:
            _allow(work, code)
            known = _amendment(work, code)
            if known is None:
                raise NotFound("region.not_amended", path="code", value=code)
            _demand_version(known, code, version)
            before = work.regions()
            after = amending.amended(before, code, shipped)
            if not shipped:
                _demand_unused(work, code)
            work.tx.delete(REGION.name, [(known.id, known.version)])
            seen = _settle(work, before, after)
            above = known.region.parent or ""
            _note(work, code, "reverted", reason, code if shipped else above)
            return seen

        _demand_code(code)
        self._tools.regions.expect(self._write(write))
        return list(shipped)

    def rekey(self, progress: Callable[[RekeyStep], None] | None = None) -> RekeyStep:
        """Find everything under the regions that lie above it today; for the system.

        What was created keeps the regions that lay above it then. This writes them anew by
        the present table, batch by batch: nothing else of a row changes, neither version nor
        time. Published content is indexed anew for `ask`. It may be stopped, and goes on
        where it was; where the table changed meanwhile it starts over. Not for `hub.unit`.

        Args:
            progress: Called after each batch.

        Returns:
            What was looked at and changed, an interrupted run included.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Conflict: `region.rekeying`, another process does so already.
        """
        return Rekeying(self._tools, self._actor).run(progress)

    # Within a transaction.

    def _amend(
        self,
        code: str,
        verb: str,
        change: Callable[[RegionTree], Rows],
        version: int | None,
        reason: str,
    ) -> RegionAmendment:
        def write(work: Work) -> tuple[RegionAmendment, int]:
            _allow(work, code)
            known = _amendment(work, code)
            _demand_version(known, code, version)
            before = work.regions()
            after = amending.amended(before, code, change(before))
            made = RegionAmendment(
                id=_id(code),
                code=code,
                rows=after.rows(code),
                version=known.version if known else 0,
                **({"created_at": known.created_at} if known else {}),
            )
            stored = work.put(REGION, made, _placed(code))
            seen = _settle(work, before, after)
            _note(work, code, verb, reason, code)
            return stored, seen

        _demand_code(code)
        stored, seen = self._write(write)
        self._tools.regions.expect(seen)
        return stored

    def _tree(self) -> RegionTree:
        tree = self._tools.regions.fresh(self._tools.clock.now())
        return tree or self._read(lambda work: work.regions())

    def _day(self, code: str | None, on: date | None) -> date:
        if code is not None:
            demand_type(code, str, "code")
        if on is not None:
            demand_type(on, date, "on")
            return on
        return self._tools.clock.now().astimezone(SHANGHAI).date()


def _demand_code(code: str) -> None:
    demand_type(code, str, "code")
    for check in region_code.values():
        check(code, "code")


def _id(code: str) -> str:
    return f"{REGION.prefix}_{code}"


def _placed(code: str) -> Placed:
    return Placed(amending.jurisdiction(code))


def _allow(work: Work, code: str) -> None:
    work.allow(Action.MANAGE, REGION.name, place_keys("", _placed(code)), _id(code))


def _amendment(work: Work, code: str) -> RegionAmendment | None:
    rows: list[Row] = work.tx.get(REGION.name, [_id(code)])
    return work.noun(REGION, rows[0]) if rows else None


def _demand_version(known: RegionAmendment | None, code: str, version: int | None) -> None:
    if version is not None and version != (known.version if known else 0):
        raise Conflict("storage.version", path="version", ids=(_id(code),), kind=REGION.name)


def _demand_unused(work: Work, code: str) -> None:
    """Demand that nothing belongs to a region that is about to be no region."""
    level = RegionLevel.of_code(code).value
    for kind in PLACED:
        # An audit line says where something happened, and outlives the place.
        wheres = [] if kind in (AUDIT, REGION.kind) else [Where(level, "=", code)]
        if kind.name in CONTENT or kind is TRANSLATION.kind:
            wheres.append(Where("addressed", "has", code))
        for where in wheres:
            if work.tx.find(kind.name, Query(where=(where,), limit=1, fields="keys")):
                raise Invalid("region.in_use", path="code", value=code, kind=kind.name)


def _settle(work: Work, before: RegionTree, after: RegionTree) -> int:
    """Move the mark of this store's regions; gives its version."""
    mark = read_mark(work.tx)
    keyed = mark.keyed
    if keyed == before.fingerprint() and not amending.levels_changed(before, after):
        keyed = after.fingerprint()
    work.amend_regions(after)
    return write_mark(work.tx, attrs.evolve(mark, keyed=keyed))


def _note(work: Work, code: str, verb: str, reason: str, place: str) -> None:
    rows = work.regions().rows(code)
    data: dict[str, Value] = {"code": code, "rows": len(rows)}
    if rows:
        data["name"] = rows[-1].name
    action, subject = f"{REGION.name}.{verb}", _id(code)
    work.record(action, kind=REGION.name, subject=subject, region=place, reason=reason, data=data)
    work.tell(action, kind=REGION.name, subject=subject, region=place, data=data)
