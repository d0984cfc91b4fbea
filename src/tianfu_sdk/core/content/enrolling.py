"""Who may register for an activity, when, and who gets a place: rules over one tally."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import attrs

from tianfu_sdk.core.content.lifecycle import stale
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import Activity, State
from tianfu_sdk.model.registration import Registration, RegistrationState

__all__ = [
    "MOVES",
    "Tally",
    "closes_at",
    "demand_begun",
    "demand_move",
    "demand_open",
    "demand_party",
    "demand_seats",
    "is_over",
    "masked_name",
    "seat",
    "weight",
]

_HOLD = (RegistrationState.REGISTERED, RegistrationState.ATTENDED)
"""States in which a registration takes places."""
_WAITS = frozenset({RegistrationState.REGISTERED, RegistrationState.WAITLISTED})

MOVES: Mapping[str, Mapping[RegistrationState, RegistrationState]] = {
    "cancel": dict.fromkeys(_WAITS, RegistrationState.CANCELLED),
    "check_in": {RegistrationState.REGISTERED: RegistrationState.ATTENDED},
    "absent": {RegistrationState.REGISTERED: RegistrationState.ABSENT},
    "reopen": {
        RegistrationState.ATTENDED: RegistrationState.REGISTERED,
        RegistrationState.ABSENT: RegistrationState.REGISTERED,
    },
    "edit": {state: state for state in _WAITS},
}
"""By verb: from which state to which."""


@attrs.frozen
class Tally:
    """How many registrations and persons of an activity stand in each state.

    It is one row, read and replaced by whoever registers, moves or erases: so no place is ever
    given twice, and the figures stay when the persons are erased.
    """

    numbers: int = 0
    """The highest number that was given."""
    stopped: int = 0
    """1: the organiser takes nobody any more, whatever the time."""
    held: int = 0
    """Registrations whose personal data is kept."""
    registrations: Mapping[RegistrationState, int] = attrs.field(factory=dict)
    persons: Mapping[RegistrationState, int] = attrs.field(factory=dict)

    @classmethod
    def of(cls, keys: Mapping[str, Any]) -> Tally:
        """Read the keys of the row."""
        return cls(
            keys["numbers"],
            keys["stopped"],
            keys["held"],
            {state: keys[state.value] for state in RegistrationState},
            {state: keys[f"{state.value}_persons"] for state in RegistrationState},
        )

    def keys(self) -> dict[str, int]:
        """Give the keys of the row."""
        found = {"numbers": self.numbers, "stopped": self.stopped, "held": self.held}
        for state in RegistrationState:
            found[state.value] = self.registrations.get(state, 0)
            found[f"{state.value}_persons"] = self.persons.get(state, 0)
        return found

    @property
    def taken(self) -> int:
        """Places that are not free."""
        return sum(self.persons.get(state, 0) for state in _HOLD)

    def free(self, capacity: int | None) -> int | None:
        """Give the places left; None: as many as come."""
        return None if capacity is None else max(0, capacity - self.taken)

    def moved(self, before: Registration | None, after: Registration | None) -> Tally:
        """Give the tally once a registration stands otherwise.

        Args:
            before: As it stood; None: it is new.
            after: As it stands then; None: the row is gone, which changes no figure.
        """
        registrations, persons = dict(self.registrations), dict(self.persons)
        for one, sign in ((before, -1), (after, 1)):
            if one is not None and after is not None:
                registrations[one.state] = registrations.get(one.state, 0) + sign
                persons[one.state] = persons.get(one.state, 0) + sign * weight(one)
        held = self.held + (after is not None) - (before is not None)
        return attrs.evolve(self, held=held, registrations=registrations, persons=persons)


def weight(one: Registration) -> int:
    """Give the persons that a registration counts for: once checked in, those who came."""
    return one.arrived if one.state is RegistrationState.ATTENDED else one.party


def closes_at(activity: Activity) -> datetime | None:
    """Give the first moment at which nobody may register any more; None: not known."""
    return activity.registration_closes or activity.when.end or activity.when.start


def is_over(activity: Activity, now: datetime) -> bool:
    """Tell whether an activity is over; one whose time nobody gave never is."""
    end = activity.when.end or activity.when.start
    return end is not None and end <= now


def demand_open(activity: Activity, tally: Tally, now: datetime) -> None:
    """Demand that an activity takes registrations now.

    Raises:
        Invalid: `registration.not_published`, `registration.not_taken`,
            `registration.too_soon`, `registration.closed`.
    """
    if activity.state is not State.PUBLISHED or stale(activity, now.astimezone(SHANGHAI).date()):
        raise Invalid("registration.not_published", path="activity")
    if not activity.registration:
        raise Invalid("registration.not_taken", path="activity")
    opens, closes = activity.registration_opens, closes_at(activity)
    if opens is not None and now < opens:
        raise Invalid("registration.too_soon", path="activity", opens=_shown(opens))
    if tally.stopped or (closes is not None and now >= closes):
        raise Invalid("registration.closed", path="activity")


def _shown(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def seat(activity: Activity, tally: Tally, party: int) -> RegistrationState:
    """Decide whether a party gets places or waits.

    Raises:
        Invalid: `registration.party_too_large`.
        Conflict: `registration.full`, and nobody waits for this activity.
    """
    demand_party(activity, party)
    free = tally.free(activity.capacity)
    if free is None or party <= free:
        return RegistrationState.REGISTERED
    if not activity.waitlist:
        raise Conflict("registration.full", path="party", free=free)
    return RegistrationState.WAITLISTED


def demand_seats(
    activity: Activity, tally: Tally, before: Registration, after: Registration
) -> None:
    """Demand that there is room for what a change takes more; raises `Conflict`.

    Args:
        activity: As it stands.
        tally: Before the change.
        before: The registration as it stands.
        after: As it is to stand.

    Raises:
        Conflict: `registration.full`.
    """
    more = _held(after) - _held(before)
    free = tally.free(activity.capacity)
    if free is not None and more > free:
        raise Conflict("registration.full", path="party", free=free)


def _held(one: Registration) -> int:
    return weight(one) if one.state in _HOLD else 0


def demand_party(activity: Activity, party: int) -> None:
    """Demand that a party is not larger than is taken, or than there are places at all.

    Raises:
        Invalid: `registration.party_too_large`.
    """
    most = activity.largest_party
    if activity.capacity:
        most = min(most, activity.capacity)
    if party > most:
        raise Invalid("registration.party_too_large", path="party", party=party, most=most)


def demand_move(known: Registration, verb: str) -> RegistrationState:
    """Give the state to which a verb leads; raises `Invalid` (`registration.state`)."""
    target = MOVES[verb].get(known.state)
    if target is None:
        state = known.state.value
        raise Invalid("registration.state", path="state", state=state, verb=verb)
    return target


def demand_begun(activity: Activity, now: datetime) -> None:
    """Demand that the day of an activity has come; raises `Invalid` (`registration.too_early`)."""
    start = activity.when.start
    if start is None:
        return
    midnight = datetime.combine(start.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    if now < midnight:
        raise Invalid("registration.too_early", path="id", begins=_shown(midnight)[:10])


def masked_name(name: str) -> str:
    """Give a name as it may be shown: its first letter, and two stars whatever its length."""
    end = 1
    while end < len(name) and unicodedata.category(name[end]).startswith("M"):
        end += 1
    return f"{name[:end]}**"
