"""The book of one change: what it tells, and who did it, sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows import audit
from tianfu_sdk.core.rows.keying import NounKind, Placed, moment_key, place_keys, unique_id
from tianfu_sdk.core.rows.kinds import AUDIT, ORGANIZATION, SEAL, kind_of
from tianfu_sdk.errors import Conflict, NotFound
from tianfu_sdk.model.base import SHANGHAI, Noun
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.event import AuditLine, Event, Seal, Value
from tianfu_sdk.model.organization import Organization
from tianfu_sdk.model.storage import Cursor, Query, Row
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.tools import Actor, Tools

__all__ = ["AUDIT_STREAM", "EVENTS", "Book"]

N = TypeVar("N", bound=Noun)

EVENTS = "events"
AUDIT_STREAM = "audit"


class Book:
    """The nouns, events and audit lines of one open transaction.

    Args:
        tools: Of the hub.
        actor: Who acts.
        tx: The open transaction.
        exact: Whether regions must be those of this very moment, as for what writes.
    """

    def __init__(self, tools: Tools, actor: Actor, tx: Tx, *, exact: bool = True) -> None:
        self.tools = tools
        self.actor = actor
        self.tx = tx
        self.now = tools.clock.now()
        self.events: list[Event] = []
        self.kept: dict[str, Any] = {}
        """What rooms read once and keep for as long as the transaction lasts."""
        self._lines: list[AuditLine] = []
        self._owners: dict[str, Organization] = {}
        self._exact = exact
        self._regions: RegionTree | None = None

    @property
    def today(self) -> date:
        """The day in China on which the transaction began."""
        return self.now.astimezone(SHANGHAI).date()

    def regions(self) -> RegionTree:
        """Give the regions, as the deployment amended them by now."""
        if self._regions is None:
            self._regions = self.tools.regions.at(self.tx, self.now, exact=self._exact)
        return self._regions

    def amend_regions(self, tree: RegionTree) -> None:
        """Go on in this transaction with regions that it amended."""
        self._regions = tree

    def get(self, shelf: NounKind[N], id_: str, path: str = "id") -> N:
        """Give a noun.

        Args:
            shelf: Its kind.
            id_: Its id.
            path: Where the caller named it, for the error.

        Raises:
            NotFound: `noun.unknown`.
        """
        return self.noun(shelf, self.get_row(shelf, id_, path))

    def get_row(self, shelf: NounKind[Any], id_: str, path: str = "id") -> Row:
        """Give the row of a noun; raises `NotFound` (`noun.unknown`)."""
        demand_type(id_, str, path)
        rows = self.tx.get(shelf.name, [id_])
        if not rows:
            raise NotFound("noun.unknown", path=path, kind=shelf.name, id=id_[:64])
        return rows[0]

    def noun(self, shelf: NounKind[N], row: Row) -> N:
        """Read a noun out of its row."""
        return codec.loads(shelf.noun, row.doc or b"")

    def put(self, shelf: NounKind[N], noun: N, placed: Placed, **more: Any) -> N:
        """Store a noun, new (version 0) or as read, and give it as stored."""
        return self.put_all(shelf, [(noun, placed)], **more)[0]

    def put_all(
        self, shelf: NounKind[N], nouns: Iterable[tuple[N, Placed]], **more: Any
    ) -> list[N]:
        """Store nouns in one call.

        Args:
            shelf: Their kind.
            nouns: Each with its place.
            **more: Keys that the noun does not hold itself.

        Returns:
            As stored: version, `created_at` and `updated_at` set.

        Raises:
            Conflict: `storage.version`, somebody else was quicker.
        """
        stored: list[N] = []
        rows = []
        for noun, placed in nouns:
            created = self.now if noun.version == 0 else noun.created_at
            noun_ = attrs.evolve(
                noun, version=noun.version + 1, created_at=created, updated_at=self.now
            )
            keys = dict(shelf.keys(noun_, placed)) | more
            rows.append(Row(noun_.id, noun.version, codec.dumps(noun_), keys))
            stored.append(noun_)
        self.tx.put(shelf.name, rows)
        if shelf.name == ORGANIZATION.name:
            self._owners.clear()
        return stored

    def new_id(self, shelf: NounKind[Any]) -> str:
        """Make an id of a kind."""
        return self.tools.ids.new(shelf.prefix)

    def placed(self, organization: str, region: str | None = None) -> tuple[Organization, Placed]:
        """Give an organization and the place of a thing that it owns.

        Args:
            organization: Its id.
            region: Of the thing; None: the organization's own.

        Raises:
            NotFound: `organization.unknown`, `region.unknown`.
        """
        owner = self._owners.get(organization)
        if owner is None:
            rows = self.tx.get("organization", [organization])
            if not rows:
                raise NotFound("organization.unknown", path="organization", id=organization[:64])
            owner = self._owners[organization] = self.noun(ORGANIZATION, rows[0])
        levels = self.regions().levels(region or owner.region)
        return owner, Placed(levels, owner.path)

    def claim_unique(self, kind: str, name: str, value: str, owner: str) -> None:
        """Take a unique value for an owner.

        Raises:
            Conflict: `unique.taken`, with the id of who has it.
        """
        self.claim_all_unique(kind, [(name, value, owner)])

    def claim_all_unique(self, kind: str, claims: Sequence[tuple[str, str, str]]) -> None:
        """Take unique values for owners: names, values and owners.

        Raises:
            Conflict: `unique.taken`, with the id of who has it.
        """
        wanted: dict[str, str] = {}
        for name, value, owner in claims:
            if wanted.setdefault(unique_id(kind, name, value), owner) != owner:
                raise Conflict("unique.taken", path=name, owner=owner)
        taken = {
            row.id: str(row.keys["owner"]) for row in self.tx.get("unique_value", list(wanted))
        }
        for name, value, owner in claims:
            has = taken.get(unique_id(kind, name, value), owner)
            if has != owner:
                raise Conflict("unique.taken", path=name, owner=has)
        new = [Row(id_, 0, None, {"owner": o}) for id_, o in wanted.items() if id_ not in taken]
        self.tx.put("unique_value", new)

    def owner_of(self, kind: str, name: str, value: str) -> str | None:
        """Give the id of who has a unique value, or None."""
        found = self.tx.get("unique_value", [unique_id(kind, name, value)])
        return str(found[0].keys["owner"]) if found else None

    def drop_unique(self, kind: str, name: str, value: str) -> None:
        """Give a unique value free."""
        id_ = unique_id(kind, name, value)
        found = self.tx.get("unique_value", [id_])
        if found:
            self.tx.delete("unique_value", [(id_, found[0].version)])

    # Told and recorded.

    def tell(
        self,
        type_: str,
        *,
        kind: str = "",
        subject: str = "",
        organization: str = "",
        region: str = "",
        data: Mapping[str, Value] | None = None,
    ) -> None:
        """Add an event to this change."""
        self.events.append(
            Event(
                id=self.tools.ids.new("evt"),
                type=type_,
                at=self.now,
                actor=self.actor.name,
                kind=kind,
                subject=subject,
                organization=organization,
                region=region,
                data=dict(data or {}),
            )
        )

    def record(
        self,
        action: str,
        *,
        kind: str,
        subject: str,
        organization: str = "",
        region: str = "",
        reason: str = "",
        data: Mapping[str, Value] | None = None,
    ) -> None:
        """Add an audit line to this change."""
        self._lines.append(
            AuditLine(
                id=self.tools.ids.new("aud"),
                at=self.now,
                actor=self.actor.name,
                action=action,
                kind=kind,
                subject=subject,
                organization=organization,
                region=region,
                reason=reason or self.actor.system,
                data=dict(data or {}),
            )
        )

    def note(self, noun: Any, verb: str, *, reason: str = "", **data: Value) -> None:
        """Record and tell one step of a noun that has organization and region."""
        shelf = kind_of(noun.id)
        kind = shelf.name if shelf else ""
        organization = str(getattr(noun, "organization", "") or "")
        region = str(getattr(noun, "region", "") or "")
        self.record(
            f"{kind}.{verb}",
            kind=kind,
            subject=noun.id,
            organization=organization,
            region=region,
            reason=reason,
            data=data,
        )
        self.tell(
            f"{kind}.{verb}",
            kind=kind,
            subject=noun.id,
            organization=organization,
            region=region,
            data=data,
        )

    def finish(self) -> None:
        """Write the events and audit lines of this change, and seal where writers queue."""
        if self.events:
            self.tx.append(EVENTS, [codec.dumps(event) for event in self.events])
        if not self._lines:
            return
        before = self.tx.last(AUDIT_STREAM)
        rows, entries, digests = [], [], []
        for line in self._lines:
            document = codec.dumps(line)
            digest = audit.line_digest(document)
            rows.append(Row(line.id, 0, document, self._audit_keys(line)))
            entries.append(audit.entry(line.id, digest))
            digests.append(digest)
        self.tx.put(AUDIT.name, rows)
        self.tx.append(AUDIT_STREAM, entries)
        if self.tools.store.capabilities.single_writer:
            self.seal(before, digests)

    def seal(
        self, after: Cursor | None, digests: Sequence[str], last: Cursor | None = None
    ) -> None:
        """Chain a batch of audit lines that follow a cursor.

        Args:
            after: Cursor before the first.
            digests: Of the lines.
            last: Cursor of the last; None: the newest of the stream.
        """
        newest = self.tx.find(SEAL.name, Query(order="number", desc=True, limit=1))
        previous = codec.loads(Seal, newest[0].doc or b"") if newest else None
        number = previous.number + 1 if previous else 1
        seal = Seal(
            number=number,
            after=after,
            last=last or self.tx.last(AUDIT_STREAM) or "",
            lines=len(digests),
            digest=audit.chain(previous.digest if previous else audit.GENESIS, digests),
            at=self.now,
        )
        self.tx.put(
            SEAL.name, [Row(f"seal_{number:012d}", 0, codec.dumps(seal), {"number": number})]
        )

    def _audit_keys(self, line: AuditLine) -> dict[str, Any]:
        placed = Placed()
        if line.organization and self.tx.get("organization", [line.organization]):
            _, placed = self.placed(line.organization, line.region or None)
        elif line.region and self.regions().knows(line.region):
            placed = Placed(self.regions().levels(line.region))
        return place_keys(line.organization, placed) | {
            "at": moment_key(line.at),
            "actor": line.actor,
            "action": line.action,
            "subject": line.subject,
        }
