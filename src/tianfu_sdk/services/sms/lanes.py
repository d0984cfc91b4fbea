"""Lanes: what all workers share about a gateway, and seats: what only so many may hold.

A lane is read and booked in the transaction that claims its batches. Where several workers
book at once, all but one of them find that the row has changed, and do their transaction
again (`again`): a server's store gives no other sign. All moments in these rows are of the
store's clock, which is one for all workers where it is a server's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import LANE, SEAT
from tianfu_sdk.core.sms.limits import (
    Lane,
    Load,
    Turn,
    Verdict,
    free_seat,
    heard,
    pace_of,
    spent,
    turn,
)
from tianfu_sdk.errors import Conflict, StorageError
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.sms import LaneHealth, Pace, SmsCapabilities
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "Booking",
    "again",
    "book",
    "clock",
    "give_up_seats",
    "health",
    "hear",
    "idle",
    "known_lanes",
    "make_lane",
    "moment_of",
    "pace",
    "queue_of",
    "take_seat",
    "taken_until",
    "try_again",
    "turn_of",
    "working",
]

T = TypeVar("T")

_TIMES = 20
_MANY = 1000


def queue_of(gateway: str) -> str:
    """Name the queue of a gateway: one that is slow or limited stops no other."""
    return f"sms.{gateway}"


def moment_of(micros: int) -> datetime:
    """Give a stored moment."""
    return EPOCH + timedelta(microseconds=micros)


def again(write: Callable[[Callable[[Work], T]], T], fn: Callable[[Work], T]) -> T:
    """Do a change of rows that other workers change too, anew where one was quicker.

    Args:
        write: `Desk._write`.
        fn: Reads all that it changes; may be called several times.
    """
    for _ in range(_TIMES - 1):
        with contextlib.suppress(Conflict):
            return write(fn)
    return write(fn)


def clock(work: Work, later: timedelta = timedelta(0)) -> int:
    """Give this moment, or a later one, by the store's clock: one for all who share a row."""
    return moment_key(work.tx.now() + later)


# Lanes.


def make_lane(work: Work, gateway: str) -> None:
    """Make the lane of a gateway, where there is none yet."""
    if not work.tx.get(LANE.name, [gateway]):
        work.tx.put(LANE.name, [Row(gateway, 0, None, attrs.asdict(Lane()))])


def known_lanes(work: Work) -> list[str]:
    """Name the gateways that something was ever queued for."""
    return [row.id for row in work.tx.find(LANE.name, Query(limit=_MANY, fields="keys"))]


def pace(work: Work, gateway: str, capabilities: SmsCapabilities) -> Pace:
    """Give how fast a gateway may be used, by its own word and the settings."""
    own = work.tools.settings.gateways.get(gateway)
    table = {f.name: getattr(own, f.name, None) for f in attrs.fields(Pace)}
    return pace_of(capabilities.pace, {k: v for k, v in table.items() if v is not None})


@attrs.frozen(kw_only=True)
class Booking:
    """A turn at a gateway, as found when its batches were claimed."""

    row: Row
    pace: Pace
    load: Load
    turn: Turn

    @property
    def opened(self) -> bool:
        """The breaker is open, and no probe is due yet."""
        return bool(self.row.keys["trips"]) and not self.turn.calls


def _lane(row: Row) -> Lane:
    return Lane(**row.keys)


def turn_of(work: Work, gateway: str, capabilities: SmsCapabilities, most: int) -> Booking | None:
    """Tell what may be sent through a gateway now; None where it has no lane."""
    rows = work.tx.get(LANE.name, [gateway])
    if not rows:
        return None
    paced = pace(work, gateway, capabilities)
    load = Load.of(capabilities)
    found = turn(_lane(rows[0]), paced, load=load, now=clock(work), most=most)
    return Booking(row=rows[0], pace=paced, load=load, turn=found)


def book(
    work: Work, booking: Booking, *, calls: int, messages: int, parts: int, lease: timedelta
) -> None:
    """Book the calls of a turn that are about to be made."""
    lane = _lane(booking.row)
    after = spent(
        lane,
        booking.pace,
        load=booking.load,
        now=clock(work),
        calls=calls,
        messages=messages,
        parts=parts,
        probe_until=clock(work, lease),
    )
    if after != lane:
        # A gateway without limits that works is never written to, so nobody waits for its row.
        _put(work, booking.row, after)


def hear(work: Work, gateway: str, verdicts: Sequence[Verdict], *, probe: bool) -> None:
    """Let a lane know how its gateway did."""
    rows = work.tx.get(LANE.name, [gateway])
    if not rows:
        return
    before = _lane(rows[0])
    after = heard(before, verdicts, now=clock(work), probe=probe)
    if after == before:
        return
    _put(work, rows[0], after)
    if bool(after.trips) is not bool(before.trips):
        data = {"gateway": gateway, "breaker": after.state}
        work.tell("sms.breaker", data=data)


def try_again(work: Work, gateway: str) -> None:
    """Let a gateway that is left alone be tried at once, as a person asks."""
    for row in work.tx.get(LANE.name, [gateway]):
        if row.keys["until"] > clock(work):
            _put(work, row, attrs.evolve(_lane(row), until=0))


def _put(work: Work, row: Row, lane: Lane) -> None:
    work.tx.put(LANE.name, [Row(row.id, row.version, None, attrs.asdict(lane))])


def health(work: Work) -> tuple[LaneHealth, ...]:
    """Say how the gateways do."""
    now = clock(work)
    held: dict[str, int] = {}
    for row in work.each(SEAT.name, Query(where=(Where("id", "prefix", "session~"),))):
        gateway = row.id.split("~")[1]
        held[gateway] = held.get(gateway, 0) + (row.keys["until"] > now)
    found = []
    for row in work.tx.find(LANE.name, Query(limit=_MANY, fields="keys")):
        lane = _lane(row)
        until = moment_of(lane.until) if lane.until > now else None
        found.append(
            LaneHealth(
                gateway=row.id,
                breaker=lane.state,
                failures=lane.failures,
                until=until,
                sessions=held.get(row.id, 0),
            )
        )
    return tuple(found)


def working(work: Work, gateways: Collection[str]) -> frozenset[str]:
    """Give those of some gateways that are offered here and are not left alone."""
    offered = set(work.tools.offered("sms"))
    away = {row.id for row in work.tx.get(LANE.name, list(gateways)) if row.keys["trips"]}
    return frozenset(name for name in gateways if name in offered and name not in away)


def idle(work: Work, gateway: str) -> bool:
    """Tell whether nothing that is due waits for a gateway."""
    first = work.tx.first_due(queue_of(gateway))
    return first is None or first > work.tx.now()


# Seats.


def _seat(gateway: str, number: int) -> str:
    return f"session~{gateway}~{number}"


def take_seat(work: Work, gateway: str, sessions: int, lease: timedelta) -> bool:
    """Take or keep a session of a gateway for this process; False: others have all of them.

    Args:
        work: The open change.
        gateway: Its name.
        sessions: How many there may be.
        lease: How long it is kept without being taken again.
    """
    ids = {_seat(gateway, number): number for number in range(sessions)}
    rows = {ids[row.id]: row for row in work.tx.get(SEAT.name, list(ids))}
    holder, now = work.tools.holder.name, clock(work)
    seats = {n: (row.keys["holder"], row.keys["until"]) for n, row in rows.items()}
    number = free_seat(seats, sessions, holder, now)
    if number is None:
        return False
    until = clock(work, lease)
    who, before = seats.get(number, ("", 0))
    # Kept for half its time at least: an idle worker does not write at each of its rounds.
    if who != holder or before - now < (until - now) // 2:
        hold(work, _seat(gateway, number), rows.get(number), until)
    return True


def hold(work: Work, id_: str, row: Row | None, until: int) -> None:
    """Write that this process has a seat until a moment."""
    keys = {"holder": work.tools.holder.name, "until": until}
    work.tx.put(SEAT.name, [Row(id_, row.version if row else 0, None, keys)])


def taken_until(rows: Sequence[Row]) -> Mapping[str, int]:
    """Give until when seats are taken, by id."""
    return {row.id: row.keys["until"] for row in rows}


def give_up_seats(tools: Tools) -> None:
    """Give back the sessions that this process holds, when its hub closes."""
    held = tools.holder.gateways
    if not held:
        return

    def give_up(tx: Tx) -> None:
        for gateway in sorted(held):
            where = (Where("id", "prefix", f"session~{gateway}~"),)
            rows = tx.find(SEAT.name, Query(where=where, limit=_MANY, fields="keys"))
            own = [(r.id, r.version) for r in rows if r.keys["holder"] == tools.holder.name]
            tx.delete(SEAT.name, own)

    # A store that cannot be reached any more gives them free when their time is over.
    with contextlib.suppress(StorageError, Conflict):
        tools.store.run(give_up, write=True)
    held.clear()
