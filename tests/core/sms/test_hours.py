"""When messages may go out, and how long a campaign takes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.sms.hours import (
    ALWAYS,
    Hours,
    allowed,
    next_open,
    openings,
    schedule,
    window,
)
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.schedule import DayOfSending
from tianfu_sdk.model.sms import Window

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def at(hour, minute=0, day=5):
    return datetime(2026, 1, day, hour, minute, tzinfo=SHANGHAI)


DAY = Hours(windows=(window("08:00", "20:00"),))


def test_hours_are_china_time_and_end_before_the_last():
    assert allowed(at(8), DAY)
    assert allowed(at(19, 59), DAY)
    assert not allowed(at(20), DAY)
    assert not allowed(at(7, 59), DAY)


def test_sending_waits_for_the_next_morning():
    assert next_open(at(21), DAY) == at(8, day=6)
    assert next_open(at(6), DAY) == at(8)
    assert next_open(at(12), DAY) == at(12)
    assert next_open(at(3), ALWAYS) == at(3)


def test_only_the_intersection_of_settings_organizations_and_gateway_counts():
    late = Hours(windows=DAY.windows, gateway=(Window(time(9), time(22)),))
    assert next_open(at(8), late) == at(9)
    assert next_open(at(20, 30), late) == at(9, day=6)
    both = Hours(windows=(*DAY.windows, window("10:00", "12:00")), gateway=late.gateway)
    assert next_open(at(8), both) == at(10)
    assert next_open(at(12), both) == at(10, day=6)
    # Of several windows of an operator one is enough.
    split = Hours(gateway=(Window(time(8), time(9)), Window(time(18), time(19))))
    assert next_open(at(12), split) == at(18)


def test_windows_cross_midnight():
    night = Hours(windows=(window("22:00", "06:00"),))
    assert allowed(at(23), night)
    assert allowed(at(5, 59), night)
    assert not allowed(at(6), night)
    assert next_open(at(6), night) == at(22)
    early = Hours(windows=night.windows, gateway=(Window(time(1), time(3)),))
    assert next_open(at(23), early) == at(1, day=6)


def test_windows_without_a_common_moment_are_refused():
    with pytest.raises(Invalid, match=r"sms\.no_window"):
        next_open(at(12), Hours(windows=DAY.windows, gateway=(Window(time(21), time(23)),)))


@pytest.mark.parametrize("text", ["8 o'clock", "25:00", "", "08:00+08:00"])
def test_a_window_that_is_no_time_is_refused(text):
    with pytest.raises(Invalid, match=r"sms\.bad_window"):
        window(text, "20:00")


def test_holidays_are_closed_or_have_a_window_of_their_own():
    off = frozenset({date(2026, 1, 6), date(2026, 1, 7)})
    assert next_open(at(21), Hours(windows=DAY.windows, holidays=off)) == at(8, day=8)
    short = Hours(windows=DAY.windows, holidays=off, holiday=window("06:00", "09:00"))
    assert next_open(at(21), short) == at(8, day=6)
    assert not allowed(at(9, day=6), short)
    # A window over midnight ends where a closed day begins.
    night = Hours(windows=(window("22:00", "06:00"),), holidays=off)
    assert not allowed(at(1, day=6), night)
    assert next_open(at(0, day=6), night) == at(0, day=8)


def test_where_all_of_a_year_is_off_there_is_no_window():
    off = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(500))
    with pytest.raises(Invalid, match=r"sms\.no_window"):
        next_open(at(12), Hours(holidays=off))


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
made = st.builds(
    Hours,
    windows=st.lists(st.builds(Window, times, times), max_size=2).map(tuple),
    gateway=st.lists(st.builds(Window, times, times), max_size=2).map(tuple),
    holidays=st.frozensets(st.integers(0, 3).map(lambda n: date(2026, 1, 5) + timedelta(n))),
    holiday=st.none() | st.builds(Window, times, times),
)
moments = st.integers(0, 3 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@settings(max_examples=80)
@given(moments, made)
def test_the_next_opening_is_allowed_and_none_is_before_it(now, hours):
    try:
        found = next_open(now, hours)
    except Invalid:
        grid = (now + timedelta(minutes=17 * n) for n in range(85 * 6))
        assert not any(allowed(moment, hours) for moment in grid)
        return
    assert allowed(found, hours)
    step = (found - now) / 50
    assert found == now or not any(allowed(now + step * n, hours) for n in range(50))


@settings(max_examples=60)
@given(moments, made)
def test_openings_are_what_is_allowed(now, hours):
    found = list(islice(openings(now, hours), 6))
    end = found[-1][1] if found else now + timedelta(days=3)
    step = (end - now) / 97
    for n in range(97):
        moment = now + step * n
        assert allowed(moment, hours) is any(a <= moment < b for a, b in found)


# How long it takes.


def test_a_schedule_fills_the_hours_at_the_channels_rate():
    # 12 hours a day, ten messages a second: 432,000 a day.
    found = schedule(500_000, 10, at(14), DAY)
    assert found.starts == at(14)
    assert found.days == (
        DayOfSending(date(2026, 1, 5), 216_000),
        DayOfSending(date(2026, 1, 6), 284_000),
    )
    assert found.ends == at(8, day=6) + timedelta(seconds=28_400)


def test_a_channel_that_nobody_limits_has_no_end():
    found = schedule(7, 0, at(21), DAY)
    assert (found.starts, found.ends) == (at(8, day=6), None)
    assert found.days == (DayOfSending(date(2026, 1, 6), 7),)
    nothing = schedule(0, 0, at(12), DAY)
    assert (nothing.ends, nothing.days) == (at(12), ())


def test_more_than_a_year_has_no_end():
    found = schedule(10**9, 1, at(12), DAY)
    assert found.ends is None
    assert sum(day.messages for day in found.days) < 10**9


@settings(max_examples=60)
@given(st.integers(1, 200_000), st.floats(0.5, 50), moments, made)
def test_every_message_has_its_day(count, rate, now, hours):
    try:
        found = schedule(count, rate, now, hours)
    except Invalid:
        return
    if found.ends is not None:
        assert sum(day.messages for day in found.days) == count
        assert found.starts <= found.ends
