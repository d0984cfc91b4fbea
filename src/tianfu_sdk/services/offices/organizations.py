"""The desk of organizations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import ORGANIZATION
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable
from tianfu_sdk.model.organization import Organization, OrganizationKind
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.narrowing import demand_organization, narrowed
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work, demand_somebody

__all__ = ["Organizations", "find_by_name", "names_of", "unique_name"]

_DEEPEST = 12


class Organizations(Desk):
    """Create, find and change organizations. Safe to share between threads."""

    def create(
        self,
        *,
        name: str,
        region: str,
        kind: OrganizationKind | str = OrganizationKind.OTHER,
        parent: str | None = None,
        aliases: Sequence[str] = (),
        note: str = "",
    ) -> Organization:
        """Create an organization.

        Args:
            name: Full name.
            region: Where it is at home, GB/T 2260.
            kind: What it is.
            parent: Id of the organization above; None: it is a root.
            aliases: Short and former names.
            note: Anything else.

        Raises:
            Denied: `grant.missing`, no grant to create organizations there.
            Invalid: With the path of the field; `organization.too_deep`.
            NotFound: `organization.unknown`, `region.unknown`.
            Conflict: `unique.taken`, one of this name and home stands under this parent.
        """

        def write(work: Work) -> Organization:
            id_ = work.new_id(ORGANIZATION)
            made = codec.structure(
                Organization,
                {
                    "id": id_,
                    "name": name,
                    "region": region,
                    "kind": kind,
                    "parent": parent,
                    "aliases": aliases,
                    "note": note,
                },
            )
            path: tuple[str, ...] = ()
            if parent is not None:
                demand_organization(work, parent, "parent")
                above, _ = work.placed(parent)
                path = above.path
            return self._store(work, made, path, "created")

        return self._write(write)

    def get(self, id: str) -> Organization:  # noqa: A002 - the field's name
        """Give an organization; any account may.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> Organization:
            demand_somebody(work)
            return work.get(ORGANIZATION, id)

        return self._read(read)

    def find(
        self,
        *,
        name: str | None = None,
        region: str | None = None,
        parent: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Organization]:
        """Find organizations; any account may.

        Args:
            name: Full name or an alias, whole, such as 自贡市科协.
            region: In this region or one below it.
            parent: Right below this organization.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`.
        """

        def read(work: Work) -> Page[Organization]:
            demand_somebody(work)
            where = narrowed(work, region=region)
            if name is not None:
                where.append(Where("alias", "has", name))
            if parent is not None:
                demand_organization(work, parent, "parent")
                where.append(Where("parent", "=", parent))
            return self._as_everybody(work).page(
                ORGANIZATION,
                where=tuple(where),
                order="name",
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    name=name, region=region, parent=parent, after=cursor, limit=limit
                ),
            )

        return self._read(read)

    def edit(self, id: str, **changes: Any) -> Organization:  # noqa: A002
        """Change name, aliases, kind or note of an organization.

        Raises:
            Denied: `grant.missing`.
            Invalid: `content.fixed`, region and parent do not change; the path names the field.
            Conflict: `unique.taken`, as in `create`.
        """

        def write(work: Work) -> Organization:
            known = work.noun(ORGANIZATION, work.visible(ORGANIZATION, id, Action.EDIT))
            demand_changeable(changes, Organization, ("name", "aliases", "kind", "note"))
            plain = {f.name: getattr(known, f.name) for f in attrs.fields(Organization)}
            changed = codec.structure(Organization, plain | changes)
            if changed.name != known.name:
                work.drop_unique(ORGANIZATION.name, *unique_name(known))
            return self._store(work, changed, known.path[:-1], "edited")

        return self._write(write)

    def _store(
        self, work: Work, made: Organization, above: Sequence[str], verb: str
    ) -> Organization:
        path = (*above, made.id)
        if len(path) > _DEEPEST:
            raise Invalid("organization.too_deep", path="parent", deepest=_DEEPEST)
        placed = Placed(work.regions().levels(made.region), path)
        if verb == "created":
            work.allow_at(Action.CREATE, ORGANIZATION.name, made.id, placed)
        work.claim_unique(ORGANIZATION.name, *unique_name(made), made.id)
        stored = work.put(ORGANIZATION, attrs.evolve(made, path=path), placed)
        work.record(
            f"organization.{verb}",
            kind="organization",
            subject=stored.id,
            organization=stored.id,
            region=stored.region,
        )
        work.tell(
            f"organization.{verb}",
            kind="organization",
            subject=stored.id,
            organization=stored.id,
            region=stored.region,
        )
        return stored

    def _as_everybody(self, work: Work) -> Work:
        # Organizations are public bodies: whoever is somebody sees all of them.
        return Work(work.tools, attrs.evolve(work.actor, system="list", account=None), work.tx)


def unique_name(organization: Organization) -> tuple[str, str]:
    """Give what only one organization has: its name, in its region and under its parent."""
    return f"name.{organization.parent or ''}.{organization.region}", organization.name


def names_of(work: Work, ids: Sequence[str]) -> dict[str, str]:
    """Give the names of organizations by id; what is not there is left out."""
    found = work.tx.get(ORGANIZATION.name, list(dict.fromkeys(ids)))
    return {row.id: str(row.keys["name"]) for row in found}


def find_by_name(work: Work, name: str) -> Organization:
    """Give the one organization of a name or alias.

    Raises:
        NotFound: `organization.unknown`.
        Invalid: `organization.ambiguous`, several have it.
    """
    rows = work.tx.find(ORGANIZATION.name, Query(where=(Where("alias", "has", name),), limit=2))
    if not rows:
        raise NotFound("organization.unknown", path="organization", id=name[:64])
    if len(rows) > 1:
        raise Invalid("organization.ambiguous", path="organization", name=name[:64])
    return work.noun(ORGANIZATION, rows[0])
