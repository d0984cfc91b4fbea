"""What a desk does within one transaction, and the tools that it does it with.

`Desk.write` and `Desk.read` open a `Work`: nouns in and out of the store, rights, and at
the end the events and audit lines of the change, in the same transaction. What was told
is passed on only once it is committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import audit, policy
from tianfu_sdk.core.filters import matches, sort_key
from tianfu_sdk.core.kinds import (
    ACCOUNT,
    AUDIT,
    GRANT,
    ORGANIZATION,
    SEAL,
    NounKind,
    Placed,
    kind_of,
    moment_key,
    place_keys,
    unique_id,
)
from tianfu_sdk.core.regions import RegionTree
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.account import Account, Action, Explanation, Grant
from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.event import AuditLine, Event, Seal, Value
from tianfu_sdk.model.organization import Organization
from tianfu_sdk.model.storage import AND_GROUPS, Cursor, Group, Query, Row, Where
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.http import Transport
from tianfu_sdk.ports.keys import Cipher, Keys
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.ports.translation import Translator
from tianfu_sdk.services.page import Page
from tianfu_sdk.settings import Settings

__all__ = [
    "AUDIT_STREAM",
    "EVENTS",
    "Actor",
    "Desk",
    "Tools",
    "Work",
    "demand_somebody",
    "read_cursor",
    "write_cursor",
]

T = TypeVar("T")
N = TypeVar("N", bound=Noun)

EVENTS = "events"
AUDIT_STREAM = "audit"


@attrs.frozen(kw_only=True)
class Actor:
    """Who acts: nobody, an account, or the system."""

    account: str | None = None
    system: str = ""
    """Why the system acts; empty: it is not the system."""

    @property
    def name(self) -> str:
        """Id of the account, `system`, or empty."""
        return self.account or ("system" if self.system else "")


@attrs.frozen(kw_only=True)
class Tools:
    """What desks are given when the hub opens."""

    store: Store
    clock: Clock
    ids: Ids
    settings: Settings
    regions: Callable[[], RegionTree]
    keys: Keys
    cipher: Cipher
    blobs: Blobs
    transport: Transport
    gateway: Callable[[str], SmsGateway]
    """Gives the SMS gateway of a name; raises `PluginError`."""
    translator: Callable[[str], Translator]
    """Gives the translation engine of a name; raises `PluginError`."""
    offered: Callable[[str], Sequence[str]]
    """Names that plugins and built-in backends offer at a port."""
    tell: Callable[[Sequence[Event]], None]
    """Passes committed events on."""


@attrs.frozen
class Desk:
    """What all desks share: tools, and who acts."""

    _tools: Tools
    _actor: Actor

    def _write(self, fn: Callable[[Work], T]) -> T:
        told: list[Event] = []

        def body(tx: Tx) -> T:
            work = Work(self._tools, self._actor, tx)
            result = fn(work)
            work.finish()
            told[:] = work.events
            return result

        result = self._tools.store.run(body, write=True)
        if told:
            self._tools.tell(told)
        return result

    def _read(self, fn: Callable[[Work], T]) -> T:
        return self._tools.store.run(lambda tx: fn(Work(self._tools, self._actor, tx)), write=False)


class Work:
    """One transaction of one desk, on behalf of one actor.

    Args:
        tools: Of the hub.
        actor: Who acts.
        tx: The open transaction.
    """

    def __init__(self, tools: Tools, actor: Actor, tx: Tx) -> None:
        self.tools = tools
        self.actor = actor
        self.tx = tx
        self.now = tools.clock.now()
        self.events: list[Event] = []
        self._lines: list[AuditLine] = []
        self._chains: list[list[Grant]] | None = None
        self._account: Account | None = None
        self._owners: dict[str, Organization] = {}
        self._scopes: dict[tuple[Action, str], tuple[Group, ...]] = {}

    # Nouns in and out.

    def get(self, shelf: NounKind[N], id_: str) -> N:
        """Give a noun.

        Raises:
            NotFound: `noun.unknown`.
        """
        rows = self.tx.get(shelf.name, [id_])
        if not rows:
            raise NotFound("noun.unknown", path="id", kind=shelf.name, id=id_[:64])
        return self.noun(shelf, rows[0])

    def get_row(self, shelf: NounKind[Any], id_: str) -> Row:
        """Give the row of a noun; raises `NotFound` (`noun.unknown`)."""
        rows = self.tx.get(shelf.name, [id_])
        if not rows:
            raise NotFound("noun.unknown", path="id", kind=shelf.name, id=id_[:64])
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
        levels = self.tools.regions().levels(region or owner.region)
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

    # Rights.

    @property
    def account(self) -> Account:
        """The account that acts.

        Raises:
            Denied: `account.required`, nobody acts; `account.inactive`.
        """
        if self._account is None:
            if self.actor.account is None:
                raise Denied("account.required")
            try:
                account = self.get(ACCOUNT, self.actor.account)
            except NotFound:
                raise Denied("account.unknown") from None
            if not account.active:
                raise Denied("account.inactive")
            self._account = account
        return self._account

    @property
    def person(self) -> str:
        """The person who acts; empty for the system."""
        return "" if self.actor.system else self.account.person

    def chains(self, account: str | None = None) -> list[list[Grant]]:
        """Give the grants of an account, each with those that it hangs on."""
        if account is None and self._chains is not None:
            return self._chains
        wanted = account or self.account.id
        own: list[Grant] = []
        after = None
        while True:
            query = Query(where=(Where("account", "=", wanted),), after=after, limit=500)
            rows = self.tx.find("grant", query)
            own += [self.noun(GRANT, row) for row in rows]
            if len(rows) < 500:  # noqa: PLR2004 - the page asked for
                break
            after = (rows[-1].id, rows[-1].id)
        known = {grant.id: grant for grant in own}
        missing = {g.parent for g in own if g.parent} - known.keys()
        while missing:
            found = [self.noun(GRANT, row) for row in self.tx.get("grant", sorted(missing))]
            known |= {grant.id: grant for grant in found}
            missing = {g.parent for g in found if g.parent} - known.keys()
        chains = [policy.chain_of(grant, known) for grant in own]
        if account is None:
            self._chains = chains
        return chains

    def scope(self, action: Action, kind: str) -> tuple[Group, ...] | None:
        """Give what the actor may act on; None: everything."""
        if self.actor.system:
            return None
        if self.actor.account is None:
            everybodys = policy.public(kind, self.now)
            if action is Action.READ and everybodys is not None:
                return (everybodys,)
            raise Denied("account.required")
        _ = self.account
        groups = self._scopes.get((action, kind))
        if groups is None:
            # Grants stand as they were read first, for as long as this transaction lasts.
            groups = self._scopes[action, kind] = policy.scope(
                self.chains(), action, kind, now=self.now, regions=self.tools.regions()
            )
        return groups

    def allow(self, action: Action, kind: str, keys: Mapping[str, Any], id_: str = "") -> None:
        """Demand that the actor may do this to a thing with these keys.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        groups = self.scope(action, kind)
        if groups is not None and not any(matches(id_, keys, group) for group in groups):
            raise Denied("grant.missing", path=id_ or None, action=action.value, kind=kind)

    def allow_at(self, action: Action, kind: str, organization: str, placed: Placed) -> None:
        """Demand that the actor may do this at a place, such as creating there."""
        keys = place_keys(organization, placed) | {"state": ""}
        self.allow(action, kind, keys)

    def visible(self, shelf: NounKind[N], id_: str, action: Action = Action.READ) -> Row:
        """Give the row of a thing that the actor may act on.

        What the actor may not even read is answered as if it were not there.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, it may be read but not acted on; `account.required`.
        """
        nobody = self.actor.account is None and not self.actor.system
        public = policy.public(shelf.name, self.now)
        if nobody and (action is not Action.READ or public is None):
            # Before the look-up: who is nobody learns nothing of what there is.
            raise Denied("account.required")
        row = self.get_row(shelf, id_)
        try:
            self.allow(action, shelf.name, row.keys, id_)
        except Denied:
            if action is Action.READ:
                raise NotFound("noun.unknown", path="id", kind=shelf.name, id=id_[:64]) from None
            try:
                self.allow(Action.READ, shelf.name, row.keys, id_)
            except Denied:
                raise NotFound("noun.unknown", path="id", kind=shelf.name, id=id_[:64]) from None
            raise
        return row

    def explain(self, account: str, action: Action, kind: str, row: Row) -> Explanation:
        """Say why an account may act on a thing, or why not."""
        holder = self.get(ACCOUNT, account)
        explanation = policy.explain(
            self.chains(account),
            action,
            kind,
            row.keys,
            now=self.now,
            regions=self.tools.regions(),
        )
        if not holder.active:
            return Explanation(False, "inactive", explanation.steps)
        return explanation

    def page(
        self,
        shelf: NounKind[N],
        *,
        where: Group = (),
        any_of: tuple[Group, ...] | None = None,
        action: Action = Action.READ,
        order: str = "id",
        desc: bool = False,
        after: str | None = None,
        limit: int = 50,
        again: Callable[[str], Page[N]],
    ) -> Page[N]:
        """Find what the actor may see, filtered by rights before paging."""
        rows = self.rows(
            shelf.name,
            Query(
                where=where,
                any_of=any_of,
                order=order,
                desc=desc,
                after=read_cursor(after),
                limit=limit,
            ),
            self.scope(action, shelf.name),
        )
        cursor = None
        if len(rows) == limit:
            last = rows[-1]
            cursor = write_cursor(last.id if order == "id" else last.keys[order], last.id)
        return Page([self.noun(shelf, row) for row in rows], cursor, again)

    def rows(self, kind: str, query: Query, scope: tuple[Group, ...] | None) -> list[Row]:
        """Find rows within a scope of any number of groups."""
        if scope is None or len(scope) <= AND_GROUPS:
            return self.tx.find(kind, attrs.evolve(query, scope=scope))
        found: dict[str, Row] = {}
        for start in range(0, len(scope), AND_GROUPS):
            part = attrs.evolve(query, scope=scope[start : start + AND_GROUPS])
            found |= {row.id: row for row in self.tx.find(kind, part)}
        ordered = sorted(
            found.values(),
            key=lambda row: sort_key(row.id, row.keys, query.order),
            reverse=query.desc,
        )
        return ordered[: query.limit]

    def in_order(self, kind: str, query: Query, scope: tuple[Group, ...] | None) -> Iterator[Row]:
        """Give all rows of a query in its order, read `query.limit` at a time as needed."""
        while True:
            rows = self.rows(kind, query, scope)
            yield from rows
            if len(rows) < query.limit:
                return
            last = rows[-1]
            place = last.id if query.order == "id" else last.keys[query.order]
            query = attrs.evolve(query, after=(place, last.id))

    def each(self, kind: str, query: Query) -> Iterator[Row]:
        """Give all rows of a query by id, page by page, whatever the actor may see."""
        query = attrs.evolve(query, order="id", desc=False, limit=500)
        while True:
            rows = self.tx.find(kind, query)
            yield from rows
            if len(rows) < query.limit:
                return
            query = attrs.evolve(query, after=(rows[-1].id, rows[-1].id))

    # What is told and recorded.

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
        elif line.region and self.tools.regions().knows(line.region):
            placed = Placed(self.tools.regions().levels(line.region))
        return place_keys(line.organization, placed) | {
            "at": moment_key(line.at),
            "actor": line.actor,
            "action": line.action,
            "subject": line.subject,
        }


def demand_somebody(work: Work) -> None:
    """Demand that an account in service, or the system, acts; raises `Denied`."""
    if not work.actor.system:
        _ = work.account


def write_cursor(value: Any, id_: str) -> str:
    """Write the place after a row as a caller's cursor."""
    return json.dumps([value, id_], ensure_ascii=False, separators=(",", ":"))


def read_cursor(cursor: str | None) -> tuple[Any, str] | None:
    """Read what `write_cursor` wrote; raises `Invalid` (`page.bad_cursor`)."""
    if cursor is None:
        return None
    try:
        value, id_ = json.loads(cursor)
    except (ValueError, TypeError):
        raise Invalid("page.bad_cursor", path="after") from None
    return value, str(id_)
