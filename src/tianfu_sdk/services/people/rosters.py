"""What is read of the registrations of an activity: places, turnout, and the masked list."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core.content import enrolling
from tianfu_sdk.core.rows.kinds import ACTIVITY, REGISTRATION
from tianfu_sdk.core.sms.phones import masked
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.registration import Places, Registrant, RegistrationState, Turnout
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.content.enrolment import read_tally
from tianfu_sdk.services.desk.people import REGISTRANT, open_all
from tianfu_sdk.services.desk.work import Work, read_place, write_cursor

__all__ = ["listed", "places_of", "turnout_of"]


def places_of(work: Work, activity: str) -> Places:
    """Say whether an activity that the actor may see takes registrations now."""
    known = work.noun(ACTIVITY, work.visible(ACTIVITY, activity))
    tally = read_tally(work, activity)
    free, reason = tally.free(known.capacity), ""
    try:
        enrolling.demand_open(known, tally, work.now)
    except Invalid as error:
        reason = error.code
    if not reason and free == 0 and not known.waitlist:
        reason = "registration.full"
    return Places(
        activity=activity,
        open=not reason,
        reason=reason,
        capacity=known.capacity,
        free=free,
        waiting=tally.persons.get(RegistrationState.WAITLISTED, 0),
        opens=known.registration_opens,
        closes=enrolling.closes_at(known),
    )


def turnout_of(work: Work, activity: str) -> Turnout:
    """Say how many registered for an activity and came."""
    tally = read_tally(work, activity)
    return Turnout(
        activity=activity,
        registrations={state: tally.registrations.get(state, 0) for state in RegistrationState},
        persons={state: tally.persons.get(state, 0) for state in RegistrationState},
        held=tally.held,
    )


def listed(
    work: Work, activity: str, state: RegistrationState | None, after: str | None, limit: int
) -> tuple[list[Registrant], str | None]:
    """Give a page of the list of an activity, and where the next one begins."""
    where = [Where("activity", "=", activity)]
    if state is not None:
        where.append(Where("state", "=", state.value))
    place = read_place(after, REGISTRATION.kind, "number")
    query = Query(where=tuple(where), order="number", after=place, limit=limit)
    rows = work.tx.find(REGISTRATION.name, query)
    cursor = None
    if len(rows) == limit:
        cursor = write_cursor(rows[-1].keys["number"], rows[-1].id)
    return _shown(work, rows), cursor


def _shown(work: Work, rows: Sequence[Row]) -> list[Registrant]:
    nouns = [work.noun(REGISTRATION, row) for row in rows]
    names = open_all(work, REGISTRANT["name"], {one.id: one.name for one in nouns})
    phones = open_all(work, REGISTRANT["phone"], {one.id: one.phone for one in nouns})
    return [
        Registrant(
            id=one.id,
            number=one.number,
            state=one.state,
            name=enrolling.masked_name(names[one.id]),
            phone=masked(phones[one.id]),
            party=one.party,
            arrived=one.arrived,
            home=one.home,
            language=one.language,
            channel=one.channel,
            registered_at=one.created_at,
        )
        for one in nouns
    ]
