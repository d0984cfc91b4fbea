"""When messages may go out: the intersection of all allowed windows, China time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.schedule import DayOfSending, Schedule
from tianfu_sdk.model.sms import Window

__all__ = [
    "ALWAYS",
    "Hours",
    "allowed",
    "narrowed",
    "next_open",
    "openings",
    "schedule",
    "window",
]

_DAYS = 400
"""Days that are looked ahead: every day of a year may be a holiday."""
_MIDNIGHT = time()


@attrs.frozen(kw_only=True)
class Hours:
    """All that says when non-urgent messages may go out."""

    windows: tuple[Window, ...] = ()
    """Of the settings and of organizations; all of them must be open."""
    gateway: tuple[Window, ...] = ()
    """The operator's, of which one must be open; none: any hour."""
    holidays: frozenset[date] = frozenset()
    holiday: Window | None = None
    """The one that must be open as well on holidays; None: those days are closed."""


ALWAYS = Hours()
"""Nothing is ever closed: of an emergency that may go out at night."""


def window(start: str, end: str, path: str = "sms") -> Window:
    """Read a window of the settings or of a policy.

    Args:
        start: China time such as `08:00`.
        end: First moment outside; before `start` it is on the next day, equal to it means
            the whole day.
        path: Of the table in the settings.

    Raises:
        Invalid: `sms.bad_window`, with the path of the setting.
    """
    return Window(_time(start, f"{path}.window_start"), _time(end, f"{path}.window_end"))


def narrowed(windows: Sequence[Window], own: Window) -> tuple[Window, ...]:
    """Give the parts of windows that lie within another one.

    Args:
        windows: Of which one must hold; none: any hour.
        own: What is allowed at most.

    Raises:
        Invalid: `sms.no_window`, nothing is left.
    """
    found: list[Window] = []
    for one in windows or (Window(_MIDNIGHT, _MIDNIGHT),):
        # Both are cut at midnight, so that what begins before and ends after is two.
        for start, end in _within_a_day(one):
            for first, last in _within_a_day(own):
                low, high = max(start, first), min(end, last, key=_ending)
                if low < high or high == _MIDNIGHT:
                    found.append(Window(low, high))
    if not found:
        raise Invalid("sms.no_window", path="windows")
    return tuple(found)


def _within_a_day(one: Window) -> tuple[tuple[time, time], ...]:
    if one.start == one.end:
        return ((_MIDNIGHT, _MIDNIGHT),)
    if one.start < one.end or one.end == _MIDNIGHT:
        return ((one.start, one.end),)
    return (one.start, _MIDNIGHT), (_MIDNIGHT, one.end)


def _ending(moment: time) -> tuple[bool, time]:
    # Midnight as an end is the end of the day.
    return moment == _MIDNIGHT, moment


def _time(text: str, path: str) -> time:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        raise Invalid("sms.bad_window", path=path, value=text[:20]) from None
    if found.tzinfo is not None:
        raise Invalid("sms.bad_window", path=path, value=text[:20])
    return found


def allowed(moment: datetime, hours: Hours) -> bool:
    """Tell whether non-urgent messages may go out at a moment, which is aware."""
    local = moment.astimezone(SHANGHAI)
    clock = local.time()
    if local.date() in hours.holidays and not (hours.holiday and hours.holiday.holds(clock)):
        return False
    return all(one.holds(clock) for one in hours.windows) and (
        not hours.gateway or any(own.holds(clock) for own in hours.gateway)
    )


def next_open(now: datetime, hours: Hours) -> datetime:
    """Give the first moment from now on at which non-urgent messages may go out.

    Args:
        now: Aware.
        hours: All windows.

    Returns:
        `now` itself where it is allowed; UTC.

    Raises:
        Invalid: `sms.no_window`, the windows have no moment in common.

    Source: message rules of Aliyun (promotional SMS not 20:00-8:00), Tencent and Huawei (only
        8:00-22:00).
    """
    if allowed(now, hours):
        return now.astimezone(UTC)
    # What is allowed can only begin where some window or day does.
    ahead = _DAYS if hours.holidays else 2
    for moment in _bounds(now, hours, ahead):
        if allowed(moment, hours):
            return moment.astimezone(UTC)
    raise Invalid("sms.no_window", path="sms.window_start")


def _bounds(now: datetime, hours: Hours, ahead: int = _DAYS) -> Iterator[datetime]:
    """Give the moments after now at which it may change whether it is allowed."""
    every = (*hours.windows, *hours.gateway, *((hours.holiday,) if hours.holiday else ()))
    clocks = sorted({_MIDNIGHT, *(one.start for one in every), *(one.end for one in every)})
    today = now.astimezone(SHANGHAI).date()
    for day in range(ahead):
        for clock in clocks:
            moment = datetime.combine(today + timedelta(days=day), clock, SHANGHAI)
            if moment > now:
                yield moment


def openings(now: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """Give the times from now on in which messages may go out, each of one day in China.

    Returns:
        Pairs of begin and end, UTC, for more than a year.
    """
    begin = now if allowed(now, hours) else None
    for moment in _bounds(now, hours):
        opens = allowed(moment, hours)
        midnight = moment.astimezone(SHANGHAI).time() == _MIDNIGHT
        if begin is not None and (midnight or not opens):
            yield begin.astimezone(UTC), moment.astimezone(UTC)
            begin = None
        if opens and begin is None:
            begin = moment


def schedule(count: int, rate: float, now: datetime, hours: Hours) -> Schedule:
    """Say how long some messages take at a channel's rate, within the hours.

    Args:
        count: Messages.
        rate: Messages a second; 0: nobody says how many, so they are all counted on the first
            day, and no end is given.
        now: From when on.
        hours: All windows; `ALWAYS` where nothing has to be waited for.

    Returns:
        The schedule; without an end also where a year is not enough.

    Raises:
        Invalid: `sms.no_window`.
    """
    starts = next_open(now, hours)
    if not rate or not count:
        day = starts.astimezone(SHANGHAI).date()
        ends = None if count else starts
        return Schedule(starts, ends, rate, (DayOfSending(day, count),) if count else ())
    left, made = count, []
    counts: dict[date, int] = {}
    for begin, end in openings(starts, hours):
        took = min(left, math.floor((end - begin).total_seconds() * rate))
        day = begin.astimezone(SHANGHAI).date()
        counts[day] = counts.get(day, 0) + took
        left -= took
        if not left:
            made = [DayOfSending(day, messages) for day, messages in counts.items() if messages]
            ends = begin + timedelta(seconds=took / rate)
            return Schedule(starts, ends, rate, tuple(made))
    made = [DayOfSending(day, messages) for day, messages in counts.items() if messages]
    return Schedule(starts, None, rate, tuple(made))
