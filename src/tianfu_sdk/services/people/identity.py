"""Who acts: the account behind a hub, and the first one of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import ACCOUNT, GRANT, ORGANIZATION
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.account import Account, Action, Grant
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.organization import Organization, OrganizationKind
from tianfu_sdk.model.storage import Query
from tianfu_sdk.services.desk.atlas import note_made
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.offices.organizations import unique_name
from tianfu_sdk.services.people.accounts import external_owner, make_account
from tianfu_sdk.services.sms.reach import note_built

__all__ = ["Identity"]


class Identity(Desk):
    """Sign in, and begin a store. Safe to share between threads."""

    def sign_in(self, account: str, external_id: str | None) -> str:
        """Give the id of an active account; see `Hub.as_`.

        Raises:
            NotFound: `account.unknown`.
            Denied: `account.inactive`, `account.required`.
            Invalid: `field.type`.
        """

        def read(work: Work) -> str:
            id_: str | None = account or work.tools.settings.account
            if external_id is not None:
                demand_type(external_id, str, "external_id")
                id_ = external_owner(work, external_id)
                if id_ is None:
                    raise NotFound("account.unknown", path="external_id")
            if not id_:
                raise Denied("account.required")
            try:
                known = work.get(ACCOUNT, id_, "account")
            except NotFound:
                raise NotFound("account.unknown", path="account") from None
            if not known.active:
                raise Denied("account.inactive")
            return known.id

        return self._read(read)

    def begin(
        self,
        *,
        organization: str,
        region: str,
        label: str,
        kind: OrganizationKind | str,
        aliases: Sequence[str],
        external_id: str | None,
    ) -> Account:
        """Make the first organization and its account; see `Hub.bootstrap`.

        Raises:
            Conflict: `hub.not_empty`.
            NotFound: `region.unknown`.
        """

        def write(work: Work) -> Account:
            if work.tx.find(ACCOUNT.name, Query(limit=1)):
                raise Conflict("hub.not_empty")
            placed = Placed(work.regions().levels(region), (work.new_id(ORGANIZATION),))
            (id_,) = placed.org_path
            first = _named(
                {
                    "id": id_,
                    "name": organization,
                    "region": region,
                    "kind": kind,
                    "aliases": aliases,
                    "path": placed.org_path,
                }
            )
            work.claim_unique(ORGANIZATION.name, *unique_name(first), id_)
            work.put(ORGANIZATION, first, placed)
            work.note(first, "created")
            account = make_account(
                work, organization=id_, placed=placed, label=label, external_id=external_id
            )
            _grant_all(work, account, region, placed)
            note_built(work)
            note_made(work.tx, work.tools.regions, work.regions())
            return account

        return self._write(write)


def _named(fields: Mapping[str, Any]) -> Organization:
    try:
        return codec.structure(Organization, fields)
    except Invalid as error:
        # The caller gave it by another name.
        error.path = "organization" if error.path == "name" else error.path
        raise


def _grant_all(work: Work, account: Account, region: str, placed: Placed) -> None:
    whole = Grant(id="", account=account.id, actions=(Action.ALL,))
    for grant in (
        attrs.evolve(whole, id=work.new_id(GRANT), region=region),
        attrs.evolve(whole, id=work.new_id(GRANT), organization=account.organization),
    ):
        work.put(GRANT, grant, placed)
        work.note(grant, "given", account=account.id)
