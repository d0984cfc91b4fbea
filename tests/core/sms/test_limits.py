"""Rates, breakers and sessions as rules over values."""

from datetime import timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.sms.limits import (
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    TRIPS_AT,
    Lane,
    Load,
    Verdict,
    free_seat,
    heard,
    pace_of,
    spent,
    turn,
    verdict,
)
from tianfu_sdk.model.sms import ErrorClass, Pace, SmsResult

SECOND = 1_000_000
START = 1_767_585_600 * SECOND
LEASE = 120 * SECOND
FAILED, ANSWERED = Verdict("failed"), Verdict("answered")


def taken(lane, pace, now, *, phones=1, most=8, batch=None, parts=1, longest=1):
    """Take what may go now; gives the lane, calls and messages."""
    load = Load(phones, longest)
    found = turn(lane, pace, load=load, now=now, most=most)
    messages = found.calls * (phones if batch is None else batch)
    booked = spent(
        lane,
        pace,
        load=load,
        now=now,
        calls=found.calls,
        messages=messages,
        parts=messages * parts,
        probe_until=now + LEASE,
    )
    return booked, found.calls, messages


paces = st.builds(
    Pace,
    messages=st.one_of(st.just(0.0), st.floats(0.1, 20_000)),
    calls=st.one_of(st.just(0.0), st.floats(0.1, 5_000)),
    parts=st.one_of(st.just(0.0), st.floats(0.1, 20_000)),
    burst=st.floats(0, 5),
)
waits = st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=60)


@given(paces, waits, st.integers(1, 500), st.integers(1, 3))
def test_no_window_of_time_sees_more_than_its_rate_and_one_burst(pace, waits, phones, parts):
    lane, now, went = Lane(), START, []
    for wait in waits:
        now += wait
        lane, calls, messages = taken(lane, pace, now, phones=phones, parts=parts, longest=3)
        went.append((now, calls, messages, messages * parts))
    limits = ((pace.messages, 2, phones), (pace.calls, 1, 1), (pace.parts, 3, phones * 3))
    for rate, kind, least in limits:
        if not rate:
            continue
        burst = max(rate * pace.burst, least)
        for first in range(len(went)):
            total = 0
            for at, *counts in went[first:]:
                total += counts[kind - 1]
                # Moments are whole microseconds.
                seconds = (at - went[first][0] + 3) / SECOND
                assert total <= rate * seconds + burst + 1e-6


@given(paces, st.integers(1, 500))
def test_what_is_told_when_to_come_again_gets_something_then_and_not_before(pace, phones):
    lane, now = Lane(), START
    for _ in range(2000):
        lane, calls, _ = taken(lane, pace, now, phones=phones)
        if not calls:
            break
    else:
        return
    at = turn(lane, pace, load=Load(phones), now=now, most=8).again
    assert at > now
    assert turn(lane, pace, load=Load(phones), now=at + 2, most=8).calls >= 1
    early = at - max(3, (at - now) // 10)
    if early > now:
        assert turn(lane, pace, load=Load(phones), now=early, most=8).calls == 0


def test_parts_are_limited_whatever_the_longest_text_would_be():
    pace, lane, total = Pace(parts=100, burst=1), Lane(), 0
    for step in range(0, 60 * SECOND, 10_000):
        lane, _, messages = taken(lane, pace, START + step, phones=50, parts=2, longest=9)
        total += messages * 2
    # Room for the longest is kept free, and costs nothing of the rate.
    assert 100 * 60 <= total <= 100 * 60 + 50 * 9


def test_nothing_is_lost_to_rounding_in_a_long_run():
    pace, lane, total = Pace(messages=333, burst=1), Lane(), 0
    for step in range(0, 60 * SECOND, 10_000):
        lane, _, messages = taken(lane, pace, START + step, phones=1, most=1000)
        total += messages
    assert 333 * 60 <= total <= 333 * 60 + 333


def test_a_gateway_without_limits_is_never_written_to():
    lane = Lane()
    after, calls, _ = taken(lane, Pace(), START)
    assert (calls, after) == (8, lane)
    assert heard(lane, [ANSWERED] * 8, now=START, probe=False) is lane


@given(st.integers(-30, 30), st.floats(1, 1000))
def test_clocks_that_lie_a_little_apart_only_slow_it_down(skew, rate):
    pace = Pace(messages=rate, burst=1)
    lane, went = Lane(), 0
    for step in range(100):
        now = START + step * SECOND // 10 + (skew * SECOND if step % 2 else 0)
        lane, _, messages = taken(lane, pace, now)
        went += messages
    # As by the clock that is ahead.
    assert went <= rate * (10 + abs(skew)) + max(rate, 1) + 1


def test_a_clock_that_was_a_day_ahead_keeps_nobody_waiting_for_a_day():
    pace = Pace(messages=10, burst=1)
    lane, _, _ = taken(Lane(), pace, START + 86_400 * SECOND)
    found = turn(lane, pace, load=Load(1), now=START, most=8)
    assert found.calls == 0
    lane = attrs.evolve(lane, messages=lane.messages)
    assert turn(lane, pace, load=Load(1), now=START, most=8).calls == 0
    stopped = Lane(trips=1, until=START + 86_400 * SECOND)
    assert turn(stopped, Pace(), load=Load(1), now=START, most=8).probe


def test_a_batch_larger_than_the_burst_leaves_whole_when_it_is_paid_for():
    pace = Pace(messages=100, burst=1)
    lane, calls, messages = taken(Lane(), pace, START, phones=500)
    assert (calls, messages) == (1, 500)
    assert turn(lane, pace, load=Load(500), now=START + 4 * SECOND, most=8).calls == 0
    assert turn(lane, pace, load=Load(500), now=START + 5 * SECOND, most=8).calls == 1


def test_settings_win_over_what_a_gateway_says_of_itself():
    own = Pace(messages=500, calls=5)
    assert pace_of(own, {"messages": 50.0, "sessions": 2}) == Pace(messages=50, calls=5, sessions=2)


# The breaker.


def test_it_opens_after_failures_in_a_row_only():
    lane = heard(Lane(), [FAILED] * (TRIPS_AT - 1), now=START, probe=False)
    assert (lane.state, lane.failures) == ("closed", TRIPS_AT - 1)
    assert heard(lane, [ANSWERED], now=START, probe=False) == Lane()
    opened = heard(lane, [FAILED], now=START, probe=False)
    assert opened.state == "open"
    assert turn(opened, Pace(), load=Load(1), now=START, most=8).calls == 0


def test_after_its_pause_one_probe_goes_and_nobody_else_until_it_is_answered():
    lane = heard(Lane(), [FAILED] * TRIPS_AT, now=START, probe=False)
    later = START + SHORTEST_PAUSE // timedelta(microseconds=1)
    found = turn(lane, Pace(), load=Load(1), now=later, most=8)
    assert (found.calls, found.probe) == (1, True)
    lane, _, _ = taken(lane, Pace(), later)
    assert turn(lane, Pace(), load=Load(1), now=later, most=8).calls == 0
    assert heard(lane, [ANSWERED], now=later, probe=True) == Lane()
    again = heard(lane, [FAILED], now=later, probe=True)
    assert again.until - later == 2 * SHORTEST_PAUSE // timedelta(microseconds=1)
    # Whoever had the probe may have died: another goes when its time is over.
    assert turn(lane, Pace(), load=Load(1), now=later + LEASE, most=8).probe


def test_late_answers_to_earlier_calls_neither_open_nor_close_it():
    lane = heard(Lane(), [FAILED] * TRIPS_AT, now=START, probe=False)
    assert heard(lane, [ANSWERED, FAILED], now=START, probe=False) is lane


@given(st.integers(1, 60))
def test_pauses_grow_to_a_quarter_of_an_hour(times):
    lane = heard(Lane(), [FAILED] * TRIPS_AT, now=START, probe=False)
    for _ in range(times):
        lane = heard(lane, [FAILED], now=START, probe=True)
    pause = timedelta(microseconds=lane.until - START)
    assert SHORTEST_PAUSE < pause <= LONGEST_PAUSE


def test_who_is_told_to_wait_waits_but_is_not_taken_for_broken():
    lane = heard(Lane(failures=3), [Verdict("throttled", 20.0)], now=START, probe=False)
    assert (lane.state, lane.failures, lane.until) == ("closed", 0, START + 20 * SECOND)
    assert turn(lane, Pace(), load=Load(1), now=START + 20 * SECOND - 1, most=8).calls == 0
    assert turn(lane, Pace(), load=Load(1), now=START + 20 * SECOND, most=8).calls == 4
    assert heard(lane, [Verdict("throttled", 1e9)], now=START, probe=False).until == (
        START + LONGEST_PAUSE // timedelta(microseconds=1)
    )


def one(status, error=ErrorClass.OK, wait=None):
    return SmsResult(ref="a", status=status, error=error, retry_after=wait)


def test_what_a_call_says_about_its_gateway():
    def said(*results, left=True, wait=None, refused=False):
        return verdict(results, left=left, wait=wait, refused=refused)

    ok = one("accepted")
    throttled = one("deferred", ErrorClass.THROTTLED, 7.0)
    assert said(refused=True).what == "nothing"
    assert said(left=False).what == "failed"
    assert said(left=False, wait=3.0) == Verdict("throttled", 3.0)
    assert said().what == "failed"
    assert said(one("unknown"), one("unknown")).what == "failed"
    assert said(one("unknown"), ok).what == "answered"
    assert said(one("rejected", ErrorClass.BAD_RECIPIENT)).what == "answered"
    assert said(ok, one("rejected", ErrorClass.STOP_CHANNEL)).what == "stopped"
    # One person's frequency cap is not the gateway's.
    assert said(ok, throttled).what == "answered"
    assert said(throttled, throttled) == Verdict("throttled", 7.0)


# Sessions.


def test_seats_are_kept_given_free_and_never_more_than_there_are():
    assert free_seat({}, 2, "a", START) == 0
    seats = {0: ("a", START + 5), 1: ("b", START + 5)}
    assert free_seat(seats, 2, "a", START) == 0
    assert free_seat(seats, 2, "c", START) is None
    assert free_seat(seats, 2, "c", START + 5) == 0
    assert free_seat(seats, 3, "c", START) == 2
    # One that the settings took away is not kept.
    assert free_seat({2: ("c", START + 5), **seats}, 2, "c", START) is None


def test_a_gateway_for_which_it_is_too_much_gets_half_and_then_one_more_each_time():
    lane, widths = Lane(), []
    for said in (Verdict("throttled", 1.0), Verdict("throttled", 1.0), *[ANSWERED] * 7):
        lane = heard(lane, [said], now=START, probe=False)
        widths.append(turn(lane, Pace(), load=Load(1), now=START + 2 * SECOND, most=8).calls)
    assert widths == [4, 2, 3, 4, 5, 6, 7, 8, 8]
    assert lane.window == 0
    for _ in range(9):
        lane = heard(lane, [Verdict("throttled", 1.0)], now=START, probe=False)
    assert lane.window == 1


def test_calls_that_are_too_much_and_others_that_are_not_count_as_too_much():
    lane = heard(Lane(), [ANSWERED, Verdict("throttled", 1.0), ANSWERED], now=START, probe=False)
    assert lane.window == 4
