"""The hours of a campaign: of the settings, of its organization and those above, of its gateway."""

from __future__ import annotations

from tianfu_sdk.core.sms.hours import Hours, window
from tianfu_sdk.model.sms import SmsCapabilities
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.quotas import policies_of
from tianfu_sdk.settings import days

__all__ = ["hours_of"]


def hours_of(work: Work, organization: str, capabilities: SmsCapabilities) -> Hours:
    """Give the hours in which an organization's messages may go out through a gateway.

    Args:
        work: The open transaction.
        organization: Its id.
        capabilities: Of the gateway.

    Raises:
        Invalid: `sms.bad_window`, of the settings.
    """
    kept = f"hours~{organization}~{capabilities.windows}"
    found: Hours | None = work.kept.get(kept)
    if found is None:
        owner, _ = work.placed(organization)
        policies = policies_of(work, owner.path).values()
        sms = work.tools.settings.sms
        start, _, end = sms.holiday_window.partition("-")
        found = work.kept[kept] = Hours(
            windows=(
                window(sms.window_start, sms.window_end),
                *(window(p.window_start, p.window_end) for p in policies if p.window_start),
            ),
            gateway=capabilities.windows,
            holidays=days(sms.holidays, "sms.holidays").union(*(p.holidays for p in policies)),
            holiday=window(start, end, path="sms.holiday") if sms.holiday_window else None,
        )
    return found
