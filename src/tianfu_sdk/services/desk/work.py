"""What a desk does within one transaction, and what the actor may do there.

`Desk._write` and `Desk._read` open a `Work`: nouns in and out of the store, rights, and at
the end the events and audit lines of the change, in the same transaction. What was told
is passed on only once it is committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import attrs

from tianfu_sdk.core import policy
from tianfu_sdk.core.rows.filters import any_matches, matches, sort_key
from tianfu_sdk.core.rows.keying import NounKind, Placed, place_keys
from tianfu_sdk.core.rows.kinds import ACCOUNT, GRANT, ORGANIZATION
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.account import Account, Action, Explanation, Grant
from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.organization import Organization
from tianfu_sdk.model.storage import AND_GROUPS, Group, Kind, Query, Row, Where
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.arguments import Typed
from tianfu_sdk.services.desk.book import AUDIT_STREAM, EVENTS, Book
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.tools import Actor, Tools

__all__ = [
    "AUDIT_STREAM",
    "EVENTS",
    "Actor",
    "Desk",
    "Tools",
    "Work",
    "demand_somebody",
    "read_cursor",
    "read_place",
    "write_cursor",
]

T = TypeVar("T")
N = TypeVar("N", bound=Noun)


@attrs.frozen
class Desk(Typed):
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
        return self._tools.store.run(
            lambda tx: fn(Work(self._tools, self._actor, tx, exact=False)), write=False
        )


class Work(Book):
    """One transaction of one desk, on behalf of one actor: the book, and rights.

    Args:
        tools: Of the hub.
        actor: Who acts.
        tx: The open transaction.
        exact: As in `Book`.
    """

    def __init__(self, tools: Tools, actor: Actor, tx: Tx, *, exact: bool = True) -> None:
        super().__init__(tools, actor, tx, exact=exact)
        self._chains: list[list[Grant]] | None = None
        self._account: Account | None = None
        self._scopes: dict[tuple[Action, str], tuple[Group, ...]] = {}

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

    def placed(self, organization: str, region: str | None = None) -> tuple[Organization, Placed]:
        """Give an organization and the place of a thing that it owns; as `Book.placed`.

        Raises:
            NotFound: `organization.unknown`, `region.unknown`.
            Denied: `account.required`, nobody acts, in a change that names a wrong one.
        """
        try:
            return super().placed(organization, region)
        except NotFound:
            if self._exact:
                # Without an account nothing is changed, whatever it names.
                _ = self.person
            raise

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
        groups = self._scopes.get((action, kind))
        if groups is not None:
            return groups
        if self.actor.account is None:
            everybodys = policy.public(kind, self.now)
            if action is not Action.READ or everybodys is None:
                raise Denied("account.required")
            groups = self._scopes[action, kind] = (everybodys,)
        else:
            _ = self.account
            # Grants stand as they were read first, for as long as this transaction lasts.
            groups = self._scopes[action, kind] = policy.scope(
                self.chains(), action, kind, now=self.now, regions=self.regions()
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

    def allow_for(self, action: Action, kind: str, organization: str, placed: Placed) -> None:
        """Demand that the actor may do this at a place, and in an organization's name.

        A grant for a county reaches what lies in it, but not the name of the province: what
        readers take for the word of an organization is made by who reaches its home.

        Raises:
            Denied: `grant.missing`, not at the place; `grant.name`, not in this name.
        """
        self.allow_at(action, kind, organization, placed)
        _, home = self.placed(organization)
        try:
            self.allow_at(action, kind, organization, home)
        except Denied:
            raise Denied("grant.name", path="organization", id=organization) from None

    def allow_everywhere(self, action: Action, kind: str) -> None:
        """Demand that the actor may do this to what all organizations share.

        A grant for one county is none for everybody's: it must cover the home of the
        organization that the store began with.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        if self.actor.system:
            return
        _ = self.account
        first = self.tx.find(ORGANIZATION.name, Query(limit=1, fields="keys"))
        if first:
            self.allow_at(action, kind, first[0].id, self.placed(first[0].id)[1])

    def readable(self, kind: str, rows: Iterable[Row]) -> list[Row]:
        """Give those of some rows that the actor may read: what is public, and what it keeps."""
        scope = self.scope(Action.READ, kind)
        return [row for row in rows if any_matches(row.id, row.keys, scope)]

    def visible(
        self,
        shelf: NounKind[N],
        id_: str,
        action: Action = Action.READ,
        *,
        path: str = "id",
    ) -> Row:
        """Give the row of a thing that the actor may act on.

        What the actor may not even read is answered as if it were not there, at `path`.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, it may be read but not acted on; `account.required`.
        """
        if self.actor.account is None:
            # Before the look-up: who is nobody learns nothing of what there is.
            self.scope(action, shelf.name)
        row = self.get_row(shelf, id_, path)
        try:
            self.allow(action, shelf.name, row.keys, id_)
        except Denied:
            if action is Action.READ:
                raise NotFound("noun.unknown", path=path, kind=shelf.name, id=id_[:64]) from None
            try:
                self.allow(Action.READ, shelf.name, row.keys, id_)
            except Denied:
                raise NotFound("noun.unknown", path=path, kind=shelf.name, id=id_[:64]) from None
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
            regions=self.regions(),
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
        also: tuple[Group, ...] = (),
        action: Action = Action.READ,
        order: str = "id",
        desc: bool = False,
        after: str | None = None,
        limit: int = 50,
        again: Callable[[str], Page[N]],
    ) -> Page[N]:
        """Find what the actor may see, and `also` that; filtered by rights before paging."""
        scope = self.scope(action, shelf.name)
        rows = self.rows(
            shelf.name,
            Query(
                where=where,
                any_of=any_of,
                order=order,
                desc=desc,
                after=read_place(after, shelf.kind, order),
                limit=limit,
            ),
            None if scope is None else (*also, *scope),
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
    except (ValueError, TypeError, RecursionError):
        raise Invalid("page.bad_cursor", path="after") from None
    return value, str(id_)


def read_place(cursor: str | None, kind: Kind, order: str = "id") -> tuple[Any, str] | None:
    """Read a cursor of a list in that order; raises `Invalid` (`page.bad_cursor`)."""
    place = read_cursor(cursor)
    try:
        kind.check_query(Query(order=order, after=place))
    except Invalid:
        # Of another list, or made up: its place is none among these keys.
        raise Invalid("page.bad_cursor", path="after") from None
    return place
