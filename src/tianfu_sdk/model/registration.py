"""Registrations (报名) of people for activities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import at_least, aware, language_tag, region_code, text
from tianfu_sdk.model.subscriber import Consent, Sealed

__all__ = [
    "PURPOSE",
    "Places",
    "Registrant",
    "Registration",
    "RegistrationDetails",
    "RegistrationState",
    "Turnout",
]

PURPOSE = "activity_registration"
"""What the consent of a registration is for; it is none to be sent anything else."""


class RegistrationState(Labelled):
    """Where a registration stands."""

    REGISTERED = "registered", "已报名", "registered"
    WAITLISTED = "waitlisted", "候补", "waitlisted"
    CANCELLED = "cancelled", "已取消", "cancelled"
    ATTENDED = "attended", "已签到", "attended"
    ABSENT = "absent", "未到场", "absent"


@attrs.frozen(kw_only=True)
class Registration(Noun):
    """A person who signs up for an activity, alone or with others; what is personal is sealed.

    Source:
        个人信息保护法 Art. 6 (no more than is needed), 13-17, 28 and 31.
    """

    activity: str
    """Id of the activity."""
    organization: str
    """As of the activity: rights are checked by it."""
    region: str = attrs.field(metadata=region_code)
    """As of the activity, GB/T 2260: rights are checked by it."""
    state: RegistrationState = RegistrationState.REGISTERED
    number: int = 0
    """Its place in the order of registrations of the activity; who waits moves up by it."""
    party: int = attrs.field(default=1, metadata=at_least(1))
    """Persons, the one who registers included."""
    arrived: int = attrs.field(default=0, metadata=at_least(0))
    """Persons who came, once checked in."""
    attended_at: datetime | None = attrs.field(default=None, metadata=aware)
    name: Sealed
    phone: Sealed
    note: Sealed | None = None
    answers: Sealed | None = None
    """What the organiser asked, and the answers: a JSON object."""
    guardian: Sealed | None = None
    """What proves that a guardian agreed, where somebody of the party is under 14."""
    consent: Consent
    """To the use of the data for this activity; its evidence is sealed."""
    home: str | None = attrs.field(default=None, metadata=region_code)
    """Where the person is from, GB/T 2260; None: not asked."""
    language: str = attrs.field(default="zh-Hans", metadata=language_tag)
    """In which the person is to be spoken to, BCP 47."""
    channel: str = attrs.field(default="", metadata=text(64))
    """Through which app or place it came, such as `mini_program` or `phone`."""


@attrs.frozen(kw_only=True)
class Registrant:
    """A line of the organiser's list: name and phone masked."""

    id: str
    number: int
    state: RegistrationState
    name: str
    """Such as 张**."""
    phone: str
    """Such as +86138****0000."""
    party: int
    arrived: int
    home: str | None
    language: str
    channel: str
    registered_at: datetime


@attrs.frozen(kw_only=True)
class RegistrationDetails:
    """What a registration holds in plain, for who may see it; its repr shows nothing of it."""

    id: str
    name: str = attrs.field(repr=False)
    phone: str = attrs.field(repr=False)
    """E.164."""
    note: str = attrs.field(default="", repr=False)
    answers: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)


@attrs.frozen(kw_only=True)
class Places:
    """Whether an activity takes registrations now, and how many places it has left."""

    activity: str
    open: bool
    reason: str = ""
    """Why not: the code of the error that `register` would raise; empty: it does."""
    capacity: int | None
    """None: as many as come."""
    free: int | None
    """Places left; None: as many as come."""
    waiting: int
    """Persons who wait for a place."""
    opens: datetime | None
    closes: datetime | None
    """First moment at which nobody is taken any more; None: not known."""


@attrs.frozen(kw_only=True)
class Turnout:
    """How many registered for an activity and came; it stays when persons are erased."""

    activity: str
    registrations: Mapping[RegistrationState, int]
    """Registrations by state."""
    persons: Mapping[RegistrationState, int]
    """Persons by state: of those who were checked in the ones who came."""
    held: int
    """Registrations whose personal data is still kept."""
