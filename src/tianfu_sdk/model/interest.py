"""Interests (意向): two sides that look at one listing, what they agree on, what came of it."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from tianfu_sdk.model.base import Labelled, Noun, Quantity
from tianfu_sdk.model.checks import aware, each, region_code, text
from tianfu_sdk.model.listing import Cooperation
from tianfu_sdk.model.subscriber import Sealed

__all__ = [
    "ContactDetails",
    "ContactPerson",
    "Interest",
    "InterestState",
    "Outcome",
    "Side",
]


class InterestState(Labelled):
    """How far two sides are with one another."""

    PROPOSED = "proposed", "待回应", "proposed"
    NEGOTIATING = "negotiating", "洽谈中", "negotiating"
    AGREED = "agreed", "已达成意向", "agreed"
    CONCLUDED = "concluded", "已成交", "concluded"
    DECLINED = "declined", "已婉拒", "declined"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    FAILED = "failed", "未成", "failed"


class Side(Labelled):
    """One of the two."""

    OWNER = "owner", "条目方", "owner of the listing"
    PARTNER = "partner", "意向方", "who is interested"

    @property
    def other(self) -> Side:
        """The side across the table."""
        return Side.PARTNER if self is Side.OWNER else Side.OWNER


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of it, as one side reported and the other confirmed."""

    kind: Cooperation
    signed_on: date
    """Day on which the two signed, or began."""
    amount: Quantity | None = None
    """Yuan; None: not reported, which is not 0."""
    evidence: tuple[str, ...] = attrs.field(default=(), metadata=each(text(200, shortest=1)))
    """By what it can be checked, such as the number under which the contract is registered
    (技术合同登记编号) or the SHA-256 of a medium; at least one."""
    note: str = attrs.field(default="", metadata=text(1000))
    reported_by: Side = Side.OWNER
    reporter: str = ""
    """Person who reported it, by random id."""
    reported_at: datetime | None = attrs.field(default=None, metadata=aware)
    confirmer: str = ""
    """Person of the other side who confirmed it; empty: nobody yet."""
    confirmed_at: datetime | None = attrs.field(default=None, metadata=aware)


@attrs.frozen(kw_only=True)
class Interest(Noun):
    """That an organization is interested in another's listing, and how far the two are."""

    listing: str
    """Id of the listing."""
    organization: str
    """Owner of the listing."""
    region: str = attrs.field(metadata=region_code)
    """As of the listing, GB/T 2260."""
    partner: str
    """Organization that is interested."""
    partner_region: str = attrs.field(metadata=region_code)
    offer: str = ""
    """Id of the partner's own listing that it came with; empty: none."""
    state: InterestState = InterestState.PROPOSED
    contact: str = ""
    """Id of the owner's contact person, once it accepted."""
    partner_contact: str = ""
    """Id of the partner's contact person."""
    owners: tuple[str, ...] = ()
    """Persons who have acted for the owner, by random id; none of them acts for the partner."""
    partners: tuple[str, ...] = ()
    """The same of the partner."""
    agreed_by: tuple[Side, ...] = ()
    """Sides that have said that they agree."""
    accepted_at: datetime | None = attrs.field(default=None, metadata=aware)
    concluded_at: datetime | None = attrs.field(default=None, metadata=aware)
    outcome: Outcome | None = None
    comment: str = attrs.field(default="", metadata=text(1000))
    """Why it was declined, withdrawn or failed."""

    @property
    def mutual(self) -> bool:
        """Whether both sides agreed at some time, whatever came of it."""
        return len(self.agreed_by) == len(Side)


@attrs.frozen(kw_only=True)
class ContactPerson(Noun):
    """Whom to speak to (联系人) about a listing; all that is personal is sealed."""

    organization: str
    region: str = attrs.field(metadata=region_code)
    """Where the organization is at home, GB/T 2260: rights are checked by it."""
    name: Sealed
    phone: Sealed | None = None
    email: Sealed | None = None
    note: Sealed | None = None


@attrs.frozen(kw_only=True)
class ContactDetails:
    """A contact person in plain, for who may see it; its repr shows nothing of it."""

    id: str
    organization: str
    name: str = attrs.field(repr=False, metadata=text(100, shortest=1))
    phone: str = attrs.field(default="", repr=False, metadata=text(50))
    """As it was given: a landline with an extension is one too."""
    email: str = attrs.field(default="", repr=False, metadata=text(200))
    note: str = attrs.field(default="", repr=False, metadata=text(500))
    """Such as when to call."""
