"""When the messages of a campaign go out."""

from __future__ import annotations

from datetime import date, datetime

import attrs

__all__ = ["DayOfSending", "Schedule"]


@attrs.frozen
class DayOfSending:
    """How many messages of a campaign go out on a day in China."""

    day: date
    messages: int


@attrs.frozen
class Schedule:
    """When a campaign's messages go out, at the rate of its channel and within all hours.

    Other campaigns that wait for the same channel are not counted.
    """

    starts: datetime
    """UTC."""
    ends: datetime | None
    """When the last one has left, UTC; None: nobody says how fast the channel is."""
    rate: float
    """Messages a second; 0: unlimited."""
    days: tuple[DayOfSending, ...]
