"""How fast a gateway may be used, when it is left alone, and who may hold its sessions.

All workers on a store share one `Lane` a gateway and one row a session. The rules here are
pure: a state and a moment go in, a state comes out, and whoever stores it does so in the
transaction that claims or settles the jobs. Moments are microseconds since 1970.

What may pass is counted by a moment as well, the one until which all that passed is paid for
(GCRA, the generic cell rate algorithm of ITU-T I.371): it needs no timer, and clocks that lie
a little apart only slow it down.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import attrs

from tianfu_sdk.model.sms import ErrorClass, Pace, SmsCapabilities, SmsResult

__all__ = [
    "LONGEST_PAUSE",
    "SHORTEST_PAUSE",
    "TRIPS_AT",
    "WIDEST",
    "Lane",
    "Load",
    "Turn",
    "Verdict",
    "free_seat",
    "heard",
    "pace_of",
    "passes",
    "spent",
    "turn",
    "verdict",
]

TRIPS_AT = 5
"""Calls that fail one after the other before a gateway is left alone."""
SHORTEST_PAUSE = timedelta(seconds=30)
"""How long it is left alone first; each failed probe doubles it."""
LONGEST_PAUSE = timedelta(minutes=15)

WIDEST = 8
"""Calls of a claim from which on a window is none."""

_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_SKEW = 60 * _SECOND
"""A stamp that lies further ahead than this was written by a clock that is wrong."""
_DOUBLINGS = 16
_LEAST = 60
"""UTF-16 units of a part of several at least: 67, but for a character that may not be cut."""


@attrs.frozen(kw_only=True)
class Lane:
    """What all workers of a store share about one gateway."""

    messages: int = 0
    """Until when the messages that went are paid for."""
    calls: int = 0
    """Until when the calls that were made are paid for."""
    parts: int = 0
    """Until when the billed parts that went are paid for."""
    failures: int = 0
    """Calls that failed one after the other, while the breaker is closed."""
    trips: int = 0
    """How often the breaker opened since the last success; 0: it is closed."""
    until: int = 0
    """Nothing is sent before; while open, when the next probe may go."""
    window: int = 0
    """Calls that one claim may have; 0: as many as it wants. Halved when the gateway says that
    it is too much, one more with each group that it answers (AIMD, RFC 5681)."""

    @property
    def state(self) -> Literal["closed", "open"]:
        """How the breaker stands; open ones let one probe through when their pause is over."""
        return "open" if self.trips else "closed"


@attrs.frozen
class Turn:
    """What may be sent through a gateway now."""

    calls: int
    """Calls at most; 0: none now."""
    probe: bool = False
    """One call that finds out whether the gateway is back."""
    again: int | None = None
    """When more may be sent, where `calls` is 0."""


@attrs.frozen
class Verdict:
    """What a call says about its gateway, whatever became of its messages."""

    what: Literal["answered", "failed", "stopped", "throttled", "nothing"]
    wait: float | None = None
    """Seconds that the gateway asked for."""


# Rates.


def pace_of(given: Pace, settings: Mapping[str, Any]) -> Pace:
    """Give the pace of a gateway: what the settings say, else what it says of itself.

    Args:
        given: Of its capabilities.
        settings: Fields of `Pace` that the deployment sets.
    """
    return attrs.evolve(given, **settings)


def passes(paid: int, now: int, rate: float, burst: float) -> int:
    """Tell how many may pass now.

    Args:
        paid: Until when what passed is paid for.
        now: This moment.
        rate: A second; more than 0.
        burst: At once at most; at least 1.

    Returns:
        0 or more. Over any t seconds, what passed by this is at most `rate * t + burst`.
    """
    room = now + _cost(burst, rate) - _believed(paid, now, rate, burst)
    # Rounded the other way than `_cost`, so that what fits is never one too many.
    return max(0, math.floor(room * rate / _SECOND + _ROUNDING))


_ROUNDING = 1e-9


def _cost(count: float, rate: float) -> int:
    return math.ceil(count * _SECOND / rate)


def _believed(paid: int, now: int, rate: float, burst: float) -> int:
    full = now + _cost(burst, rate)
    # By a clock that was hours ahead nobody waits hours: as if all had just been used up.
    return full if paid > full + _SKEW else max(paid, now)


@attrs.frozen
class Load:
    """The most that one call to a gateway carries."""

    phones: int
    """Messages."""
    parts: int = 1
    """Billed parts of the longest message that it takes."""

    @classmethod
    def of(cls, capabilities: SmsCapabilities) -> Load:
        """Give what one call to a gateway carries at most."""
        # Before a batch is claimed nobody knows its text; what is booked afterwards is exact.
        return cls(capabilities.phones_per_call, capabilities.longest // _LEAST + 1)


@attrs.frozen
class _Bucket:
    """One thing that is limited: how many a second, at once, and in one call."""

    name: str
    rate: float
    burst: float
    each: int

    def room(self, lane: Lane, now: int) -> int:
        """Tell how many calls may pass now."""
        return passes(getattr(lane, self.name), now, self.rate, self.burst) // self.each

    def opens(self, lane: Lane) -> int:
        """Give the moment from which on one whole call fits."""
        spare = self.burst - self.each
        return int(getattr(lane, self.name)) - math.floor(spare * _SECOND / self.rate)

    def paid(self, lane: Lane, now: int, count: int) -> dict[str, int]:
        """Give the lane's stamp when so many are about to pass."""
        before = _believed(getattr(lane, self.name), now, self.rate, self.burst)
        return {self.name: before + _cost(count, self.rate)}


def _buckets(pace: Pace, load: Load) -> list[_Bucket]:
    # A batch leaves whole, so at least one must fit.
    limits = (
        ("messages", pace.messages, load.phones),
        ("calls", pace.calls, 1),
        ("parts", pace.parts, load.phones * load.parts),
    )
    return [
        _Bucket(name, rate, max(rate * pace.burst, each), each)
        for name, rate, each in limits
        if rate
    ]


def turn(lane: Lane, pace: Pace, *, load: Load, now: int, most: int) -> Turn:
    """Tell what may be sent through a gateway now.

    Args:
        lane: As stored.
        pace: Of the gateway.
        load: The most that one call carries.
        now: This moment.
        most: Calls that the asker could make.
    """
    if now < lane.until <= now + _longest_wait():
        return Turn(0, again=lane.until)
    calls = 1 if lane.trips else min(most, lane.window or most)
    buckets = _buckets(pace, load)
    calls = min((calls, *(bucket.room(lane, now) for bucket in buckets)))
    if calls:
        return Turn(calls, probe=bool(lane.trips))
    # Until the next whole batch fits.
    return Turn(0, again=max((now, *(bucket.opens(lane) for bucket in buckets))) + 1)


def _longest_wait() -> int:
    return LONGEST_PAUSE // _MICROSECOND + _SKEW


def spent(
    lane: Lane,
    pace: Pace,
    *,
    load: Load,
    now: int,
    calls: int,
    messages: int,
    parts: int,
    probe_until: int,
) -> Lane:
    """Book what is about to be sent.

    Args:
        lane: As stored.
        pace: Of the gateway.
        load: The most that one call carries.
        now: This moment.
        calls: That will be made.
        messages: In them.
        parts: Billed parts of those.
        probe_until: When a probe must have been answered, or another may go.

    Returns:
        The lane to store; the same object where nothing is counted.
    """
    if not calls:
        return lane
    counts = {"messages": messages, "calls": calls, "parts": parts}
    changed = lane
    for bucket in _buckets(pace, load):
        changed = attrs.evolve(changed, **bucket.paid(lane, now, counts[bucket.name]))
    return attrs.evolve(changed, until=probe_until) if lane.trips else changed


# The breaker.


def verdict(
    results: Sequence[SmsResult], *, left: bool, wait: float | None, refused: bool
) -> Verdict:
    """Tell what a call says about its gateway.

    Args:
        results: One a recipient; none: it did not answer.
        left: Whether anything may have left.
        wait: Seconds that it asked for, where nothing left.
        refused: The batch was never put to it.
    """
    if refused:
        return Verdict("nothing")
    if not left:
        return Verdict("failed" if wait is None else "throttled", wait)
    if any(result.error is ErrorClass.STOP_CHANNEL for result in results):
        return Verdict("stopped")
    if not results or all(result.status == "unknown" for result in results):
        return Verdict("failed")
    if all(result.error is ErrorClass.THROTTLED for result in results):
        return Verdict("throttled", max((r.retry_after or 0.0 for r in results), default=0.0))
    return Verdict("answered")


def heard(lane: Lane, verdicts: Sequence[Verdict], *, now: int, probe: bool) -> Lane:
    """Move a lane on by what its calls say, in the order in which they were made.

    Args:
        lane: As stored.
        verdicts: Of the calls of one group.
        now: This moment.
        probe: Whether they were let through to find out whether the gateway is back.

    Returns:
        The lane to store; the same object where nothing changed.
    """
    for said in verdicts:
        if lane.trips and not probe:
            # A late answer to what was sent before it opened: the probe decides.
            continue
        lane = _step(lane, said, now)
    return _narrowed(lane, {said.what for said in verdicts})


def _narrowed(lane: Lane, said: Collection[str]) -> Lane:
    if "throttled" in said:
        return attrs.evolve(lane, window=max(1, (lane.window or WIDEST) // 2))
    if "answered" in said and lane.window:
        wider = lane.window + 1
        return attrs.evolve(lane, window=0 if wider >= WIDEST else wider)
    return lane


def _step(lane: Lane, said: Verdict, now: int) -> Lane:
    match said.what:
        case "stopped":
            return _opened(lane, now, LONGEST_PAUSE)
        case "failed":
            failures = lane.failures + 1
            if lane.trips or failures >= TRIPS_AT:
                return _opened(lane, now, _pause(lane.trips))
            return attrs.evolve(lane, failures=failures)
        case "throttled":
            pause = min(timedelta(seconds=max(said.wait or 0.0, 1.0)), LONGEST_PAUSE)
            until = max(lane.until, now + pause // _MICROSECOND)
            return attrs.evolve(lane, failures=0, trips=0, until=until)
        case "answered" if lane.failures or lane.trips:
            return attrs.evolve(lane, failures=0, trips=0, until=0)
    return lane


def _opened(lane: Lane, now: int, pause: timedelta) -> Lane:
    return attrs.evolve(lane, failures=0, trips=lane.trips + 1, until=now + pause // _MICROSECOND)


def _pause(trips: int) -> timedelta:
    return min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0 ** min(trips, _DOUBLINGS))


# Sessions.


def free_seat(
    seats: Mapping[int, tuple[str, int]], sessions: int, holder: str, now: int
) -> int | None:
    """Choose the seat of a session for a holder.

    Args:
        seats: By number, who has it and until when.
        sessions: How many there may be.
        holder: Who asks; keeps the seat that is its own.
        now: This moment.

    Returns:
        The number of a seat, or None where others have all of them.
    """
    own = [n for n, (who, _) in seats.items() if who == holder and n < sessions]
    if own:
        return min(own)
    return next((n for n in range(sessions) if n not in seats or seats[n][1] <= now), None)
