"""What an organization allows itself and those below it: hours, caps and quotas of SMS."""

from __future__ import annotations

from datetime import date

import attrs

from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import at_least, text

__all__ = ["QuotaLine", "SmsPolicy"]


@attrs.frozen(kw_only=True)
class SmsPolicy(Noun):
    """Rules for the SMS of an organization and of all below it, on top of the settings.

    The rules of every organization above hold as well: a message goes out only where all
    windows are open, the smallest cap counts, and each quota has room.
    """

    organization: str
    window_start: str = attrs.field(default="", metadata=text(8))
    """China time such as `09:00`; empty: no window of its own."""
    window_end: str = attrs.field(default="", metadata=text(8))
    """First moment outside; before `window_start` it is on the next day."""
    holidays: tuple[date, ...] = ()
    """Days on which only the window of the setting `sms.holiday_window` is open, or none."""
    cap_day: int | None = attrs.field(default=None, metadata=at_least(0))
    """Messages that one phone gets in any 24 hours; None or 0: no cap of its own."""
    cap_month: int | None = attrs.field(default=None, metadata=at_least(0))
    """The same in any 30 days."""
    cap_topic_day: int | None = attrs.field(default=None, metadata=at_least(0))
    """Messages of one topic that one phone gets in any 24 hours."""
    repeat_days: int | None = attrs.field(default=None, metadata=at_least(0))
    """Days in which one phone gets nothing more of the same content or group."""
    repeat_topic_days: int | None = attrs.field(default=None, metadata=at_least(0))
    """Days in which one phone gets nothing more of the same topic."""
    quota_day: int | None = attrs.field(default=None, metadata=at_least(0))
    """Billed parts a day in China; None: unlimited, 0: none at all."""
    quota_month: int | None = attrs.field(default=None, metadata=at_least(0))
    quota_year: int | None = attrs.field(default=None, metadata=at_least(0))


@attrs.frozen(kw_only=True)
class QuotaLine:
    """How much of a quota is used."""

    organization: str
    """Whose quota it is: that of the campaign, or one above it."""
    period: str
    """`day`, `month` or `year`."""
    name: str
    """Which one, in China: `20261129`, `202611` or `2026`."""
    limit: int | None
    """Billed parts; None: unlimited."""
    reserved: int
    """Parts of campaigns that are being sent."""
    used: int
    """Parts that gateways took, or may have taken."""

    @property
    def left(self) -> int | None:
        """Parts that may still be reserved; None: any number."""
        return None if self.limit is None else max(0, self.limit - self.reserved - self.used)
