"""Reserving, using and giving back the parts of quotas, inside the changes that cause it.

Every organization above a campaign's own counts too, whether it has a limit or not: a limit
that is set in the middle of a month knows what was sent before. All of it are rows that are
read and written in one transaction, so two campaigns never take the same room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import QUOTA, RESERVATION, SMS_POLICY
from tianfu_sdk.core.sms.quotas import (
    PERIODS,
    Reservation,
    demand_room,
    limits,
    names,
    quota_id,
)
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.sms_policy import QuotaLine, SmsPolicy
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.desk.work import Work

__all__ = ["close", "limited", "lines", "policies_of", "queue", "reserve", "settle"]


def policies_of(work: Work, path: Sequence[str]) -> Mapping[str, SmsPolicy]:
    """Give the policies of organizations that have one, read once a transaction."""
    kept = "policies~" + "~".join(path)
    found: Mapping[str, SmsPolicy] | None = work.kept.get(kept)
    if found is None:
        where = (Where("organization", "in", tuple(path)),)
        rows = work.tx.find(SMS_POLICY.name, Query(where=where, limit=1000))
        made = (work.noun(SMS_POLICY, row) for row in rows)
        found = work.kept[kept] = {policy.organization: policy for policy in made}
    return found


def limited(work: Work, path: Sequence[str]) -> bool:
    """Tell whether one of some organizations has a quota."""
    found = policies_of(work, path).values()
    return any(limit is not None for policy in found for limit in limits(policy).values())


def lines(work: Work, path: Sequence[str], at: datetime) -> list[QuotaLine]:
    """Give how the quotas of some organizations stand in the periods of a moment.

    Args:
        work: The open transaction.
        path: Organizations, the root first.
        at: The moment.
    """
    return _lines(work, path, at, _sums(work, path, at))


def _sums(work: Work, path: Sequence[str], at: datetime) -> dict[str, Row]:
    named = names(at)
    ids = [quota_id(one, period, named[period]) for one in path for period in PERIODS]
    return {row.id: row for row in work.tx.get(QUOTA.name, ids)}


_NOTHING: Mapping[str, Any] = {"reserved": 0, "used": 0}


def _lines(
    work: Work, path: Sequence[str], at: datetime, sums: Mapping[str, Row]
) -> list[QuotaLine]:
    policies = policies_of(work, path)
    named = names(at)
    found = []
    for organization in path:
        limit = limits(policies.get(organization))
        for period in PERIODS:
            row = sums.get(quota_id(organization, period, named[period]))
            keys = row.keys if row else _NOTHING
            found.append(
                QuotaLine(
                    organization=organization,
                    period=period,
                    name=named[period],
                    limit=limit[period],
                    reserved=keys["reserved"],
                    used=keys["used"],
                )
            )
    return found


def reserve(work: Work, campaign: str, path: Sequence[str], parts: int, at: datetime) -> None:
    """Reserve parts for a campaign that begins to be sent.

    Args:
        work: The open change.
        campaign: Its id.
        path: Its organization and those above, the root first.
        parts: Billed parts of its plan.
        at: When its first message may go out.

    Raises:
        QuotaExceeded: `quota.exceeded`.
    """
    row = _row(work, campaign)
    before = _reservation(row) if row else Reservation(path=tuple(path), at=moment_key(at))
    _move(work, campaign, row, before, before.holding(parts))


def queue(work: Work, campaign: str, parts: int) -> None:
    """Note that parts of a campaign were put in the outbox, and reserve what it lacks.

    Raises:
        QuotaExceeded: `quota.exceeded`, more are to be sent than were planned, and there is no
            room for them.
    """
    row = _row(work, campaign)
    if row is not None:
        before = _reservation(row)
        _move(work, campaign, row, before, before.queueing(parts))


def close(work: Work, campaign: str) -> None:
    """Give back what was reserved beyond what was put in the outbox."""
    row = _row(work, campaign)
    if row is not None:
        before = _reservation(row)
        _move(work, campaign, row, before, before.holding(before.queued))


def settle(work: Work, campaign: str, billed: int) -> None:
    """Let the parts that a gateway took, or may have, be used, and give back the rest.

    May be called again when more is known.

    Args:
        work: The open change.
        campaign: Its id.
        billed: Parts of its messages that are billed.
    """
    row = _row(work, campaign)
    if row is not None:
        before = _reservation(row)
        _move(work, campaign, row, before, before.settled(billed))


def _row(work: Work, campaign: str) -> Row | None:
    rows = work.tx.get(RESERVATION.name, [campaign])
    return rows[0] if rows else None


def _reservation(row: Row) -> Reservation:
    keys = row.keys
    ordered = [id_ for _, id_ in sorted(one.split("~", 1) for one in keys["path"])]
    return Reservation(
        path=tuple(ordered),
        at=keys["at"],
        reserved=keys["reserved"],
        used=keys["used"],
        queued=keys["queued"],
    )


def _move(
    work: Work, campaign: str, row: Row | None, before: Reservation, after: Reservation
) -> None:
    """Store a reservation, and move the sums of all quotas by what changed."""
    # More may be used than was reserved by nobody: what a gateway took it has taken.
    held, used = after.reserved - before.reserved, after.used - before.used
    if row is not None and after == before:
        return
    if held or used:
        at = EPOCH + timedelta(microseconds=after.at)
        # Read once: a server may give another answer the second time, and it is the version of
        # what was decided by that must be replaced.
        sums = _sums(work, after.path, at)
        lines_ = _lines(work, after.path, at, sums)
        if held > 0:
            demand_room(lines_, held)
        work.tx.put(QUOTA.name, [_moved(line, sums, held, used) for line in lines_])
    keys = {
        "path": frozenset(f"{depth:02}~{one}" for depth, one in enumerate(after.path)),
        "at": after.at,
        "reserved": after.reserved,
        "used": after.used,
        "queued": after.queued,
    }
    work.tx.put(RESERVATION.name, [Row(campaign, row.version if row else 0, None, keys)])


def _moved(line: QuotaLine, sums: Mapping[str, Row], held: int, used: int) -> Row:
    id_ = quota_id(line.organization, line.period, line.name)
    keys = {
        "organization": line.organization,
        "period": line.period,
        "reserved": line.reserved + held,
        "used": line.used + used,
    }
    return Row(id_, sums[id_].version if id_ in sums else 0, None, keys)
