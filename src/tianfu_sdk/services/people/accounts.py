"""The desk of accounts and grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import policy
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import ACCOUNT, GRANT, kind_of
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.account import Account, Action, Explanation, Grant
from tianfu_sdk.services.desk.indexing import external_index, external_indexes, settled
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Work, demand_somebody
from tianfu_sdk.services.people.personal import PersonDesk

__all__ = ["Accounts", "external_owner", "make_account"]


class Accounts(PersonDesk):
    """Create accounts, delegate and revoke rights, and explain them.

    Safe to share between threads.
    """

    _about = ACCOUNT.name

    def create(
        self,
        *,
        organization: str,
        label: str = "",
        person: str | None = None,
        external_id: str | None = None,
    ) -> Account:
        """Create an account; it may do nothing until it is granted something.

        Args:
            organization: Id of the organization that it works for.
            label: The post, such as 科普部编辑; not a personal name.
            person: Id of the person, where that person has an account already.
            external_id: The embedder's own user; only a keyed hash of it is kept.

        Raises:
            Denied: `grant.missing`, no grant to manage accounts there.
            Conflict: `unique.taken`, the external id has an account.
        """

        def write(work: Work) -> Account:
            _, placed = work.placed(organization)
            work.allow_at(Action.MANAGE, ACCOUNT.name, organization, placed)
            return make_account(
                work,
                organization=organization,
                placed=placed,
                label=label,
                person=person,
                external_id=external_id,
            )

        return self._write(write)

    def get(self, id: str) -> Account:  # noqa: A002 - the field's name
        """Give an account: one's own, or one that this account may read."""

        def read(work: Work) -> Account:
            if work.actor.account == id:
                return work.account
            return work.noun(ACCOUNT, work.visible(ACCOUNT, id))

        return self._read(read)

    def find(
        self, *, organization: str | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Account]:
        """Find accounts that this account may read.

        Args:
            organization: Of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page.
        """
        return narrowed_page(
            self._read, ACCOUNT, self.find, after=after, limit=limit, organization=organization
        )

    def deactivate(self, id: str) -> Account:  # noqa: A002
        """Take an account out of service; what it granted goes on."""

        def write(work: Work) -> Account:
            known = work.noun(ACCOUNT, work.visible(ACCOUNT, id, Action.MANAGE))
            _, placed = work.placed(known.organization)
            stored = work.put(ACCOUNT, attrs.evolve(known, active=False), placed)
            work.note(stored, "deactivated")
            return stored

        return self._write(write)

    def grant(
        self,
        account: str,
        actions: Sequence[Action | str],
        *,
        kinds: Sequence[str] = ("*",),
        region: str | None = None,
        organization: str | None = None,
        until: datetime | None = None,
        parent: str | None = None,
    ) -> Grant:
        """Give an account leave to act; never more than this account has.

        Args:
            account: Who gets it.
            actions: Such as `create`, `approve`, `send`; `*` for all.
            kinds: Kinds of things, such as `resource`; `*` for all.
            region: In this region and below it; or
            organization: in this organization and below it.
            until: First moment at which it holds no more.
            parent: The own grant that it hangs on; None: the first that covers it.

        Raises:
            Denied: `grant.exceeds`, with the path of what is too much; `grant.none`.
            Invalid: `grant.place`, not exactly one of region and organization;
                `grant.bad_kind`, there is no such kind; `field.choice`, no such action.
            NotFound: `region.unknown`, `organization.unknown`, `noun.unknown`.
        """

        def write(work: Work) -> Grant:
            demand_somebody(work)
            holder = work.get(ACCOUNT, account)
            made = codec.structure(
                Grant,
                {
                    "id": work.new_id(GRANT),
                    "account": holder.id,
                    "actions": actions,
                    "kinds": kinds,
                    "region": region,
                    "organization": organization,
                    "until": until,
                },
            )
            policy.demand_kinds(made.kinds)
            placed = _place_of(work, made)
            if not work.actor.system:
                base = self._covering(work, made, parent)
                made = attrs.evolve(made, parent=base.id, granted_by=work.account.id)
            stored = work.put(GRANT, made, placed)
            work.note(stored, "given", account=holder.id)
            return stored

        return self._write(write)

    def revoke(self, grant: str, reason: str = "") -> Grant:
        """Take a grant back, and with it all that hangs on it.

        Who gave it may, and who holds a grant that it hangs on. What is revoked already
        stays as it is.

        Raises:
            Denied: `grant.not_yours`.
        """

        def write(work: Work) -> Grant:
            demand_somebody(work)
            known = work.get(GRANT, grant)
            if not work.actor.system:
                chain = [known]
                while chain[-1].parent is not None:
                    chain.append(work.get(GRANT, chain[-1].parent))
                if work.account.id not in {link.account for link in chain[1:]}:
                    raise Denied("grant.not_yours", path=grant)
            if known.revoked_at is not None:
                return known
            stored = work.put(
                GRANT, attrs.evolve(known, revoked_at=work.now), _place_of(work, known)
            )
            work.note(stored, "revoked", reason=reason, account=known.account)
            return stored

        return self._write(write)

    def grants(self, account: str | None = None) -> list[Grant]:
        """Give the grants of an account; None: one's own.

        Raises:
            Denied: `grant.missing`, another's account that this one may not read.
        """

        def read(work: Work) -> list[Grant]:
            if account is not None and account != work.actor.account:
                work.visible(ACCOUNT, account)
                return [chain[0] for chain in work.chains(account)]
            return [chain[0] for chain in work.chains()]

        return self._read(read)

    def why(self, account: str, action: Action | str, object: str) -> Explanation:  # noqa: A002
        """Say why an account may do something to a thing, or why not.

        Args:
            account: Who; one's own, or one that this account may read.
            action: Such as `publish`.
            object: Id of the thing.

        Returns:
            Yes or no (it is true or false itself) and every grant that was weighed.

        Raises:
            Denied: `account.required`, `account.inactive`.
            NotFound: `noun.unknown`, no such thing or account, or not for this account to see.
            Invalid: `grant.bad_action`.
        """

        def read(work: Work) -> Explanation:
            demand_somebody(work)
            if not work.actor.system and account != work.actor.account:
                work.visible(ACCOUNT, account)
            shelf = kind_of(object)
            if shelf is None:
                raise NotFound("noun.unknown", path="object", kind="noun", id=object[:64])
            row = work.get_row(shelf, object)
            try:
                wanted = Action(action)
            except ValueError:
                raise Invalid("grant.bad_action", path="action", value=str(action)[:40]) from None
            return work.explain(account, wanted, shelf.name, row)

        return self._read(read)

    def _covering(self, work: Work, made: Grant, parent: str | None) -> Grant:
        first: Denied | None = None
        for chain in work.chains():
            if parent is not None and chain[0].id != parent:
                continue
            if policy.holds(chain, work.now):
                continue
            try:
                policy.demand_no_excess(
                    chain[0],
                    made,
                    regions=work.regions(),
                    org_path=lambda id_: work.placed(id_)[0].path,
                )
            except Denied as error:
                first = first or error
                continue
            return chain[0]
        raise first or Denied("grant.none", path="parent")


def _place_of(work: Work, grant: Grant) -> Placed:
    if grant.organization is not None:
        return work.placed(grant.organization)[1]
    return Placed(work.regions().levels(grant.region or ""))


def make_account(
    work: Work,
    *,
    organization: str,
    placed: Placed,
    label: str = "",
    person: str | None = None,
    external_id: str | None = None,
) -> Account:
    """Create an account within a change."""
    made = codec.structure(
        Account,
        {
            "id": work.new_id(ACCOUNT),
            "organization": organization,
            "label": label,
            "person": person or work.tools.ids.new("per"),
        },
    )
    if external_id is not None:
        settled(work)
        owner = external_owner(work, external_id)
        if owner is not None:
            raise Conflict("unique.taken", path="external_id", owner=owner)
        hashed = external_index(work, external_id)
        work.claim_unique(ACCOUNT.name, "external_id", hashed, made.id)
    stored = work.put(ACCOUNT, made, placed)
    work.note(stored, "created")
    return stored


def external_owner(work: Work, external_id: str) -> str | None:
    """Give the id of the account of an embedder's user, or None."""
    for hashed in external_indexes(work, external_id):
        owner = work.owner_of(ACCOUNT.name, "external_id", hashed)
        if owner is not None:
            return owner
    return None
