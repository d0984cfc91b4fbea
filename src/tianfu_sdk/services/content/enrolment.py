"""Places of activities: what one transaction does with their tally and those who wait.

The tally of an activity is one row. Whoever registers, cancels, checks in or erases reads and
replaces it in the transaction that does so; who was slower is refused by the store and does
the change again (`services.again`). So a capacity holds on every store, whoever writes.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from tianfu_sdk.core.content.enrolling import Tally, is_over, weight
from tianfu_sdk.core.rows.keying import unique_id
from tianfu_sdk.core.rows.kinds import ACTIVITY, ENROLMENT, REGISTRATION, UNIQUE
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.content import Activity, State
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.registration import Registration, RegistrationState
from tianfu_sdk.model.storage import LONGEST_PAGE, Query, Row, Where
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "claim_phone",
    "demand_phone",
    "forget_registration",
    "holder_of",
    "move_up",
    "put_registration",
    "read_tally",
    "tell_of",
    "write_tally",
]


def read_tally(work: Work, activity: str) -> Tally:
    """Give how the registrations of an activity stand, read once a transaction."""
    tally: Tally = _kept(work, activity)[0]
    return tally


def _kept(work: Work, activity: str) -> tuple[Tally, int]:
    name = f"enrolment~{activity}"
    found: tuple[Tally, int] | None = work.kept.get(name)
    if found is None:
        rows = work.tx.get(ENROLMENT.name, [activity])
        found = (Tally.of(rows[0].keys), rows[0].version) if rows else (Tally(), 0)
        work.kept[name] = found
    return found


def write_tally(work: Work, activity: str, tally: Tally) -> None:
    """Replace the tally that this transaction read; who was quicker makes it conflict."""
    _, version = _kept(work, activity)
    work.tx.put(ENROLMENT.name, [Row(activity, version, None, tally.keys())])
    work.kept[f"enrolment~{activity}"] = (tally, version + 1)


def put_registration(
    work: Work,
    before: Registration | None,
    after: Registration,
    phone_ix: bytes,
) -> Registration:
    """Store a registration, new or changed, and the tally with it."""
    tally = read_tally(work, after.activity)
    then = tally.moved(before, after)
    then = attrs.evolve(then, numbers=max(tally.numbers, after.number))
    if then != tally:
        write_tally(work, after.activity, then)
    _, placed = work.placed(after.organization, after.region)
    return work.put(REGISTRATION, after, placed, phone_ix=phone_ix)


def tell_of(work: Work, registration: Registration, verb: str, **data: Value) -> None:
    """Tell one step of a registration; its audit line is written elsewhere, one for many."""
    work.tell(
        f"registration.{verb}",
        kind=REGISTRATION.name,
        subject=registration.id,
        organization=registration.organization,
        region=registration.region,
        data=data,
    )


# One registration a phone and activity.


def _claim_id(activity: str, index: bytes) -> str:
    return unique_id(REGISTRATION.name, f"phone.{activity}", index.hex())


def holder_of(work: Work, activity: str, indexes: Iterable[bytes]) -> str | None:
    """Give the id of the registration that one of the indexes of a phone has, or None."""
    rows = work.tx.get(UNIQUE.name, [_claim_id(activity, index) for index in indexes])
    return str(rows[0].keys["owner"]) if rows else None


def claim_phone(work: Work, activity: str, index: bytes, owner: str) -> None:
    """Let a registration be the one of its phone; another that did so meanwhile conflicts."""
    work.tx.put(UNIQUE.name, [Row(_claim_id(activity, index), 0, None, {"owner": owner})])


def demand_phone(holder: Registration) -> None:
    """Refuse a phone whose registration stands; raises `Conflict` (`registration.twice`)."""
    if holder.state is not RegistrationState.CANCELLED:
        raise Conflict("registration.twice", path="phone", owner=holder.id)


# Those who wait, and those who are erased.


def move_up(work: Work, activity: Activity) -> list[Registration]:
    """Give places that became free to those who wait, by their numbers.

    A party that is larger than what is free is passed over, and keeps its number.

    Args:
        work: The open change.
        activity: As it stands; nobody moves up once it is over or no longer published.
    """
    moved: list[Registration] = []
    if activity.state is not State.PUBLISHED or is_over(activity, work.now):
        return moved
    while True:
        free = read_tally(work, activity.id).free(activity.capacity)
        waiting = _waiting(work, activity.id, free)
        if not waiting:
            return moved
        for row in waiting:
            known = work.noun(REGISTRATION, row)
            left = read_tally(work, activity.id).free(activity.capacity)
            if left is None or weight(known) <= left:
                after = attrs.evolve(known, state=RegistrationState.REGISTERED)
                stored = put_registration(work, known, after, row.keys["phone_ix"])
                work.note(stored, "moved_up", activity=activity.id, count=stored.party)
                moved.append(stored)


def _waiting(work: Work, activity: str, free: int | None) -> list[Row]:
    if free == 0 or not read_tally(work, activity).registrations.get(RegistrationState.WAITLISTED):
        return []
    where = [
        Where("activity", "=", activity),
        Where("state", "=", RegistrationState.WAITLISTED.value),
    ]
    if free is not None:
        where.append(Where("party", "<=", free))
    limit = LONGEST_PAGE if free is None else min(free, LONGEST_PAGE)
    return work.tx.find(REGISTRATION.name, Query(where=tuple(where), order="number", limit=limit))


def forget_registration(work: Work, id_: str) -> bool:
    """Take a registration away for good; figures stay, and a place that it had goes on.

    Who is erased before the activity is over comes no more: that counts as cancelled.
    """
    rows = work.tx.get(REGISTRATION.name, [id_])
    for row in rows:
        known = work.noun(REGISTRATION, row)
        activity = work.get(ACTIVITY, known.activity)
        tally = read_tally(work, activity.id)
        waits = known.state in (RegistrationState.REGISTERED, RegistrationState.WAITLISTED)
        gone = known
        if waits and not is_over(activity, work.now):
            gone = attrs.evolve(known, state=RegistrationState.CANCELLED)
            tally = tally.moved(known, gone)
            tell_of(work, gone, "cancelled", activity=activity.id, count=known.party)
        write_tally(work, activity.id, tally.moved(gone, None))
        name = f"phone.{activity.id}"
        work.drop_unique(REGISTRATION.name, name, row.keys["phone_ix"].hex())
        work.tx.delete(REGISTRATION.name, [(row.id, row.version)])
        if gone is not known:
            move_up(work, activity)
    return bool(rows)
