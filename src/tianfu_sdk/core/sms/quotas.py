"""Quotas of billed parts: in which periods a moment lies, and what moves between them.

A campaign's parts are reserved when its sending begins, used when a gateway took them, and
given back where they certainly were not; neither figure is ever negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from tianfu_sdk.errors import QuotaExceeded
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.sms_policy import QuotaLine, SmsPolicy

__all__ = ["PERIODS", "Reservation", "demand_room", "limits", "names", "quota_id"]

PERIODS = ("day", "month", "year")


@attrs.frozen(kw_only=True)
class Reservation:
    """What one campaign holds of the quotas that it is under."""

    path: tuple[str, ...]
    """Organizations whose quotas count, the root first."""
    at: int
    """Moment key of the periods that count: when its first message may go out."""
    reserved: int = 0
    used: int = 0
    queued: int = 0
    """Parts that were put in the outbox."""

    def holding(self, parts: int) -> Reservation:
        """Give it with so many parts reserved."""
        return attrs.evolve(self, reserved=parts)

    def queueing(self, parts: int) -> Reservation:
        """Give it with some more parts queued, for which more is reserved where need be."""
        queued = self.queued + parts
        return attrs.evolve(self, queued=queued, reserved=max(self.reserved, queued))

    def settled(self, billed: int) -> Reservation:
        """Give it with what was billed used, and nothing reserved any more."""
        return attrs.evolve(self, reserved=0, used=billed)


def names(moment: datetime) -> dict[str, str]:
    """Give the names of the day, month and year of a moment in China, by period."""
    day = moment.astimezone(SHANGHAI)
    return {"day": f"{day:%Y%m%d}", "month": f"{day:%Y%m}", "year": f"{day:%Y}"}


def quota_id(organization: str, period: str, name: str) -> str:
    """Give the id of the row that counts an organization's parts of a period."""
    return f"{organization}~{period}~{name}"


def limits(policy: SmsPolicy | None) -> Mapping[str, int | None]:
    """Give the limits of an organization by period."""
    if policy is None:
        return dict.fromkeys(PERIODS)
    return {
        "day": policy.quota_day,
        "month": policy.quota_month,
        "year": policy.quota_year,
    }


def demand_room(lines: Sequence[QuotaLine], parts: int) -> None:
    """Demand that quotas have room for some more parts.

    Raises:
        QuotaExceeded: `quota.exceeded`, with the organization as its path.
    """
    for line in lines:
        if line.left is not None and parts > line.left:
            raise QuotaExceeded(
                "quota.exceeded",
                path=line.organization,
                period=line.period,
                name=line.name,
                wanted=parts,
                left=line.left,
            )
