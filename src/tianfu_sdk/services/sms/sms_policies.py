"""The desk of the rules that organizations set for their SMS: hours, caps, quotas."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import SMS_POLICY
from tianfu_sdk.core.sms.contacts import caps_of
from tianfu_sdk.core.sms.hours import window
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_list, near_field
from tianfu_sdk.model.sms_policy import QuotaLine, SmsPolicy
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.sms.caps import begin_counting
from tianfu_sdk.services.sms.quotas import lines

__all__ = ["SmsPolicies"]

_FIELDS = frozenset(
    {"window_start", "window_end", "holidays", "cap_day", "cap_month", "cap_topic_day"}
    | {"repeat_days", "repeat_topic_days", "quota_day", "quota_month", "quota_year"}
)


class SmsPolicies(Desk):
    """Set and read the SMS rules of organizations. Safe to share between threads."""

    def set(self, organization: str, *, version: int | None = None, **rules: Any) -> SmsPolicy:
        """Set rules of an organization; those that are not named stay as they are.

        They hold for it and all below it from the next plan, send and claim on. Nobody lifts
        the rules of the own organization: the account must reach the one above it, and for
        one without any above, the home of the store.

        Args:
            organization: Its id.
            version: The version that the change is based on; None: whatever there is.
            **rules: Fields of `SmsPolicy` by name, such as `quota_month=200_000`.

        Raises:
            Invalid: `field.unknown`, `sms.bad_window`, and others with the path of the field.
            Denied: `grant.missing`, no grant to `manage` policies above the organization.
            NotFound: `organization.unknown`.
            Conflict: `storage.version`.
        """
        odd = sorted(rules.keys() - _FIELDS)
        if odd:
            near = near_field(odd[0], sorted(_FIELDS))
            raise Invalid("field.unknown", path=odd[0], near=near)
        if "holidays" in rules:
            rules["holidays"] = demand_list(rules["holidays"], "holidays")

        def write(work: Work) -> SmsPolicy:
            owner, placed = work.placed(organization)
            if owner.parent is None:
                work.allow_everywhere(Action.MANAGE, SMS_POLICY.name)
            else:
                above = work.placed(owner.parent)[1]
                work.allow_at(Action.MANAGE, SMS_POLICY.name, owner.parent, above)
            known = _known(work, organization)
            if version is not None and version != (known.version if known else 0):
                ids = (known.id,) if known else ()
                raise Conflict("storage.version", path="version", ids=ids, kind=SMS_POLICY.name)
            fields: dict[str, Any] = {"id": work.new_id(SMS_POLICY), "organization": organization}
            if known is not None:
                fields = {f.name: getattr(known, f.name) for f in attrs.fields(SmsPolicy)}
            made = codec.structure(SmsPolicy, fields | rules)
            if bool(made.window_start) is not bool(made.window_end):
                raise Invalid("sms.bad_window", path="window_end", value=made.window_end)
            if made.window_start:
                window(made.window_start, made.window_end, "sms_policy")
            if known is None:
                work.claim_unique(SMS_POLICY.name, "organization", organization, made.id)
            stored = work.put(SMS_POLICY, made, placed)
            begin_counting(work, caps_of(work.tools.settings.sms, [stored]))
            said = {name: str(value)[:100] for name, value in sorted(rules.items())}
            work.note(stored, "set", **said)
            return stored

        return self._write(write)

    def get(self, organization: str) -> SmsPolicy | None:
        """Give the rules of an organization; None where it has none of its own.

        Args:
            organization: Its id.

        Raises:
            NotFound: `organization.unknown`, `noun.unknown`.
        """

        def read(work: Work) -> SmsPolicy | None:
            work.placed(organization)
            known = _known(work, organization)
            if known is not None:
                work.visible(SMS_POLICY, known.id)
            return known

        return self._read(read)

    def find(
        self, *, organization: str | None = None, after: str | None = None, limit: int = 50
    ) -> Page[SmsPolicy]:
        """Find policies that this account may read.

        Args:
            organization: Of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        return narrowed_page(
            self._read, SMS_POLICY, self.find, after=after, limit=limit, organization=organization
        )

    def usage(self, organization: str, at: datetime | None = None) -> list[QuotaLine]:
        """Say how much of its quotas an organization and those above it have used.

        Args:
            organization: Its id.
            at: Of the day, month and year of this moment; None: of now.

        Raises:
            NotFound: `organization.unknown`.
            Denied: `grant.missing`, no grant to read policies there.
        """

        def read(work: Work) -> list[QuotaLine]:
            owner, placed = work.placed(organization)
            work.allow_at(Action.READ, SMS_POLICY.name, organization, placed)
            return lines(work, owner.path, at or work.now)

        return self._read(read)


def _known(work: Work, organization: str) -> SmsPolicy | None:
    where = (Where("organization", "=", organization),)
    rows = work.tx.find(SMS_POLICY.name, Query(where=where, limit=1))
    return work.noun(SMS_POLICY, rows[0]) if rows else None
