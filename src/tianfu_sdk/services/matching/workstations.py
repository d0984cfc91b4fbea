"""The desk of academician (expert) workstations (院士(专家)工作站)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.matching.evaluating import standings
from tianfu_sdk.core.rows.keying import day_key
from tianfu_sdk.core.rows.kinds import EXPERT, WORKSTATION, WORKSTATION_RESULT
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable
from tianfu_sdk.model.organization import OrganizationKind
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.workstation import (
    Standing,
    Target,
    TeamMember,
    Workstation,
    WorkstationResult,
    WorkstationState,
)
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = ["Workstations", "results_of"]

_CHANGEABLE = frozenset({"team", "targets", "valid_to"})


class Workstations(Desk):
    """Keep workstations: host, team, term, targets, and what was reached.

    What comes of an evaluation (`hub.evaluations`) changes how a workstation stands; nothing else
    does. Safe to share between threads.
    """

    def create(
        self,
        *,
        organization: str,
        host: str,
        valid_from: date,
        valid_to: date,
        region: str | None = None,
        team: Sequence[TeamMember] = (),
        targets: Sequence[Target] = (),
    ) -> Workstation:
        """Keep a workstation that was named.

        Args:
            organization: Id of the organization of kind `workstation` that it is.
            host: Id of the organization where it is (建站单位).
            valid_from: First day of its term.
            valid_to: Last day of its term.
            region: Where it is, GB/T 2260; None: where its organization is at home.
            team: Experts by id, with their role.
            targets: What is to be reached in the term.

        Raises:
            Denied: `grant.missing`, no grant to create workstations there; `account.required`.
            Invalid: With the path of the field; `workstation.not_one`.
            NotFound: `organization.unknown`, `region.unknown`; `noun.unknown`, no such expert.
            Conflict: `unique.taken`, the organization has one.
        """
        fields: dict[str, Any] = {"organization": organization, "host": host, "team": team}
        fields |= {"targets": targets, "valid_from": valid_from, "valid_to": valid_to}

        def write(work: Work) -> Workstation:
            owner, placed = work.placed(organization, region)
            work.allow_at(Action.CREATE, WORKSTATION.name, organization, placed)
            if owner.kind is not OrganizationKind.WORKSTATION:
                raise Invalid("workstation.not_one", path="organization", kind=owner.kind.value)
            own = {"id": work.new_id(WORKSTATION), "region": region or owner.region}
            made = codec.structure(Workstation, fields | own)
            _demand_links(work, made, None)
            work.claim_unique(WORKSTATION.name, "organization", organization, made.id)
            stored = work.put(WORKSTATION, made, placed)
            work.note(stored, "created")
            return stored

        return self._write(write)

    def get(self, id: str) -> Workstation:  # noqa: A002 - the field's name
        """Give a workstation.

        Raises:
            NotFound: `noun.unknown`, or not for this account to see.
            Denied: `account.required`.
        """
        return self._read(lambda work: work.noun(WORKSTATION, work.visible(WORKSTATION, id)))

    def find(
        self,
        *,
        state: WorkstationState | str | None = None,
        region: str | None = None,
        organization: str | None = None,
        expert: str | None = None,
        ends_before: date | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Workstation]:
        """Find workstations, those whose term ends first first.

        Args:
            state: Only those that stand so.
            region: Only those in this region or one below it.
            organization: Only those of this organization or one below it.
            expert: Only those in whose team this expert is.
            ends_before: Only those whose last day is before this one.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`.
            Invalid: `field.choice`, `page.bad_cursor`, `storage.limit`.
            Denied: `account.required`.
        """
        where = []
        if state is not None:
            where.append(Where("state", "=", WorkstationState.of(state, "state").value))
        if expert is not None:
            where.append(Where("expert", "has", expert))
        if ends_before is not None:
            where.append(Where("ends", "<", day_key(ends_before)))
        return narrowed_page(
            self._read,
            WORKSTATION,
            self.find,
            own={"state": state, "expert": expert, "ends_before": ends_before},
            more=lambda _: tuple(where),
            order="ends",
            after=after,
            limit=limit,
            region=region,
            organization=organization,
        )

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> Workstation:  # noqa: A002
        """Change the team, the targets or the end of the term.

        Args:
            id: Of the workstation.
            version: The version that the change is based on; None: whatever there is.
            **changes: `team`, `targets`, `valid_to`.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, `field.unknown`, another field; with the path of the field.
        """

        def write(work: Work) -> Workstation:
            known = work.noun(WORKSTATION, work.visible(WORKSTATION, id, Action.EDIT))
            if version is not None and version != known.version:
                kind = WORKSTATION.name
                raise Conflict("storage.version", path="version", ids=(id,), kind=kind)
            demand_changeable(changes, Workstation, _CHANGEABLE)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Workstation)}
            changed = codec.structure(Workstation, plain | changes)
            _demand_links(work, changed, known)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(WORKSTATION, changed, placed)
            work.note(stored, "edited", fields=",".join(sorted(changes)))
            return stored

        return self._write(write)

    # What was reached.

    def achieve(
        self,
        id: str,  # noqa: A002
        target: str,
        amount: int,
        *,
        on: date,
        evidence: Sequence[str],
        note: str = "",
    ) -> WorkstationResult:
        """Report something that was reached of a target, with what shows it.

        Args:
            id: Of the workstation.
            target: Code of the target.
            amount: In the unit of the target, 1 or more.
            on: The day, within the term and not to come.
            evidence: What shows it, one at least, such as the SHA-256 of a medium; never a name
                or a phone.
            note: What else there is to say.

        Raises:
            Denied: `grant.missing`, no grant to edit the workstation.
            NotFound: `noun.unknown`.
            Invalid: `workstation.no_target`, `workstation.outside_term`,
                `interest.no_evidence`; with the path of the field.
        """
        fields: dict[str, Any] = {"target": target, "amount": amount, "on": on}
        fields |= {"evidence": evidence, "note": note, "workstation": id}

        def write(work: Work) -> WorkstationResult:
            known = work.noun(WORKSTATION, work.visible(WORKSTATION, id, Action.EDIT))
            own = {"id": work.new_id(WORKSTATION_RESULT), "reporter": work.person}
            own |= {"organization": known.organization, "region": known.region}
            made = codec.structure(WorkstationResult, fields | own)
            codes = [one.code for one in known.targets]
            if target not in codes:
                shown = ", ".join(codes) or "-"
                value = target[:40]
                raise Invalid("workstation.no_target", path="target", value=value, targets=shown)
            if not made.evidence:
                raise Invalid("interest.no_evidence", path="evidence")
            today = work.today
            if not known.valid_from <= on <= min(known.valid_to, today):
                raise Invalid("workstation.outside_term", path="on")
            _, placed = work.placed(known.organization, known.region)
            stored = work.put(WORKSTATION_RESULT, made, placed)
            work.note(stored, "created", workstation=id, target=target, count=amount)
            return stored

        return self._write(write)

    def strike(self, result: str, reason: str) -> WorkstationResult:
        """Say that a result does not count, and why; it stays readable.

        Args:
            result: Its id.
            reason: For the record.

        Raises:
            Denied: `grant.missing`, no grant to verify workstation results there;
                `lifecycle.own_work`, who reported it.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.reason`, none given.
            Conflict: `workstation.struck`.
        """
        if not reason.strip():
            raise Invalid("lifecycle.reason", path="reason", verb="strike")

        def write(work: Work) -> WorkstationResult:
            row = work.visible(WORKSTATION_RESULT, result, Action.VERIFY)
            known = work.noun(WORKSTATION_RESULT, row)
            if work.person and work.person == known.reporter:
                raise Denied("lifecycle.own_work", path="reporter")
            if known.struck:
                raise Conflict("workstation.struck", path="struck")
            _, placed = work.placed(known.organization, known.region)
            changed = attrs.evolve(known, struck=reason)
            codec.check(changed)
            stored = work.put(WORKSTATION_RESULT, changed, placed)
            work.note(stored, "struck", reason=reason, workstation=known.workstation)
            return stored

        return self._write(write)

    def results(self, id: str) -> list[WorkstationResult]:  # noqa: A002
        """Give all that was reported of a workstation, by day, what was struck included.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> list[WorkstationResult]:
            work.visible(WORKSTATION, id)
            return sorted(results_of(work, id), key=lambda result: (result.on, result.id))

        return self._read(read)

    def standing(self, id: str, *, until: date | None = None) -> tuple[Standing, ...]:  # noqa: A002
        """Say how much of each target was reached.

        Args:
            id: Of the workstation.
            until: First day that counts no more; None: all count.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> tuple[Standing, ...]:
            known = work.noun(WORKSTATION, work.visible(WORKSTATION, id))
            return standings(known, results_of(work, id), until)

        return self._read(read)


def results_of(work: Work, workstation: str) -> Iterator[WorkstationResult]:
    """Give all results of a workstation."""
    query = Query(where=(Where("workstation", "=", workstation),))
    for row in work.each(WORKSTATION_RESULT.name, query):
        yield work.noun(WORKSTATION_RESULT, row)


def _demand_links(work: Work, workstation: Workstation, before: Workstation | None) -> None:
    # An expert who was erased since stands in the way of no other change.
    named = {member.expert for member in before.team} if before else set()
    try:
        work.placed(workstation.host)
    except NotFound as error:
        error.path = "host"
        raise
    for index, member in enumerate(workstation.team):
        if member.expert not in named:
            work.get_row(EXPERT, member.expert, f"team[{index}].expert")
