"""When messages may go out: the intersection of all allowed windows, China time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.sms import Window

__all__ = ["allowed", "narrowed", "next_open", "window"]

_DAYS = 2
_MIDNIGHT = time()


def window(start: str, end: str, path: str = "sms") -> Window:
    """Read the window of the settings.

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


def allowed(moment: datetime, policy: Window, gateway: Sequence[Window]) -> bool:
    """Tell whether non-urgent messages may go out at a moment.

    Args:
        moment: Aware.
        policy: Ours.
        gateway: The operator's, of which one must hold; none: any hour.
    """
    clock = moment.astimezone(SHANGHAI).time()
    return policy.holds(clock) and (not gateway or any(own.holds(clock) for own in gateway))


def next_open(now: datetime, policy: Window, gateway: Sequence[Window]) -> datetime:
    """Give the first moment from now on at which non-urgent messages may go out.

    Args:
        now: Aware.
        policy: Ours.
        gateway: The operator's.

    Returns:
        `now` itself where it is allowed; UTC.

    Raises:
        Invalid: `sms.no_window`, the windows have no moment in common.

    Source: message rules of Aliyun (promotional SMS not 20:00-8:00), Tencent and Huawei (only
        8:00-22:00).
    """
    if allowed(now, policy, gateway):
        return now.astimezone(UTC)
    today = now.astimezone(SHANGHAI).date()
    # What is allowed can only begin where some window does.
    begins = sorted(
        datetime.combine(today + timedelta(days=day), one.start, SHANGHAI)
        for day in range(_DAYS)
        for one in (policy, *gateway)
    )
    for moment in begins:
        if moment > now and allowed(moment, policy, gateway):
            return moment.astimezone(UTC)
    raise Invalid("sms.no_window", path="sms.window_start")
