"""How two sides of a listing come together: steps, who takes them, and what a listing says of it.

Four rules keep an outcome worth counting: the two sides are two organizations; who has acted for
one side never acts for the other; a contract is reported with what it can be checked by; and it
counts once the other side confirmed the very same words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType

import attrs

from tianfu_sdk.errors import Conflict, Denied, Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import State
from tianfu_sdk.model.interest import Interest, InterestState, Outcome, Side
from tianfu_sdk.model.listing import Listing, ListingKind, ListingProgress

__all__ = [
    "DONE",
    "LIVE",
    "MUTUAL",
    "SIDES",
    "Talk",
    "demand_open",
    "demand_outcome",
    "demand_room",
    "demand_two_kinds",
    "joined",
    "move",
    "progress_of",
    "settled",
]

_MOVES: Mapping[str, Mapping[InterestState, InterestState]] = {
    "accept": {InterestState.PROPOSED: InterestState.NEGOTIATING},
    "decline": {InterestState.PROPOSED: InterestState.DECLINED},
    "withdraw": {InterestState.PROPOSED: InterestState.WITHDRAWN},
    "agree": {InterestState.NEGOTIATING: InterestState.AGREED},
    "fail": {
        InterestState.NEGOTIATING: InterestState.FAILED,
        InterestState.AGREED: InterestState.FAILED,
    },
    "report": {InterestState.AGREED: InterestState.AGREED},
    "confirm": {InterestState.AGREED: InterestState.CONCLUDED},
}
SIDES: Mapping[str, frozenset[Side]] = MappingProxyType(
    {verb: frozenset(Side) for verb in _MOVES}
    | {
        "accept": frozenset({Side.OWNER}),
        "decline": frozenset({Side.OWNER}),
        "withdraw": frozenset({Side.PARTNER}),
    }
)
"""By verb: which side says it."""
DONE: Mapping[str, str] = MappingProxyType(
    {
        "accept": "accepted",
        "decline": "declined",
        "withdraw": "withdrawn",
        "agree": "agreed",
        "fail": "failed",
        "report": "outcome_reported",
        "confirm": "concluded",
    }
)
"""By verb: what its event and audit line say happened, such as `interest.accepted`."""
_NEEDS_REASON = frozenset({"decline", "withdraw", "fail"})

MUTUAL = frozenset({InterestState.NEGOTIATING, InterestState.AGREED, InterestState.CONCLUDED})
"""States in which both sides want to speak with one another."""
LIVE = MUTUAL | {InterestState.PROPOSED}
"""States in which there is something to wait for."""
_TAKEN = frozenset({InterestState.AGREED, InterestState.CONCLUDED})


@attrs.frozen
class Talk:
    """What a listing counts of an interest, whichever side it is on."""

    state: InterestState
    agreed: bool
    """Whether both agreed at some time."""


def move(interest: Interest, verb: str, side: Side, *, person: str, reason: str = "") -> Interest:
    """Decide one step of an interest.

    Args:
        interest: As it stands.
        verb: `accept`, `decline`, `withdraw`, `agree`, `fail`, `report` or `confirm`.
        side: Who says it.
        person: Who acts; empty for the system.
        reason: Why; needed by `decline`, `withdraw` and `fail`.

    Returns:
        The interest after it; `agree` of one side alone leaves the state as it is.

    Raises:
        Invalid: `interest.state`, not from where it stands; `lifecycle.reason`, none given.
        Denied: `interest.system`, the system speaks for no side; `interest.own_word`, the person
            has acted for the other side.
        Conflict: `interest.said`, this side has agreed, or reported what it is to confirm.
    """
    target = _MOVES[verb].get(interest.state)
    if target is None:
        possible = ", ".join(v for v, moves in _MOVES.items() if interest.state in moves) or "—"
        raise Invalid(
            "interest.state", path="state", state=interest.state.value, verb=verb, possible=possible
        )
    if verb in _NEEDS_REASON and not reason.strip():
        raise Invalid("lifecycle.reason", path="reason", verb=verb)
    after = joined(interest, side, person)
    if verb == "agree":
        if side in interest.agreed_by:
            raise Conflict("interest.said", path="side", side=side.value)
        agreed = (*interest.agreed_by, side)
        state = target if len(agreed) == len(Side) else interest.state
        return attrs.evolve(after, state=state, agreed_by=agreed)
    if verb == "confirm":
        if interest.outcome is None:
            raise Invalid("interest.no_outcome", path="outcome")
        if side is interest.outcome.reported_by:
            raise Conflict("interest.said", path="side", side=side.value)
    return attrs.evolve(after, state=target, comment=reason or interest.comment)


def joined(interest: Interest, side: Side, person: str) -> Interest:
    """Note that a person acts for a side.

    Raises:
        Denied: `interest.system`, `interest.own_word`.
    """
    if not person:
        raise Denied("interest.system")
    ours, theirs = interest.owners, interest.partners
    if side is Side.PARTNER:
        ours, theirs = theirs, ours
    if person in theirs:
        raise Denied("interest.own_word", side=side.other.value)
    ours = tuple(dict.fromkeys((*ours, person)))
    if side is Side.PARTNER:
        return attrs.evolve(interest, partners=ours)
    return attrs.evolve(interest, owners=ours)


def demand_open(listing: Listing, now: datetime, path: str = "listing") -> None:
    """Demand that one may be interested in a listing, or come with it.

    Args:
        listing: The listing.
        now: This moment.
        path: Of the error.

    Raises:
        Invalid: `interest.closed`: it is not published, is over, was closed or is full.
    """
    today = now.astimezone(SHANGHAI).date()
    over = listing.expires_on is not None and listing.expires_on <= today
    shut = over or listing.left == 0 or not listing.open_on(today)
    if listing.state is not State.PUBLISHED or shut:
        raise Invalid("interest.closed", path=path, id=listing.id)


def demand_two_kinds(one: Listing, other: Listing) -> None:
    """Demand that one of two listings is a need and the other an offer (`interest.one_kind`)."""
    if (one.kind is ListingKind.NEED) is (other.kind is ListingKind.NEED):
        raise Invalid("interest.one_kind", path="from_", kind=other.kind.value)


def demand_room(listing: Listing, others: Iterable[Talk], path: str = "listing") -> None:
    """Demand that a listing can be concluded once more.

    Args:
        listing: The listing.
        others: All its other interests.
        path: Of the error.

    Raises:
        Conflict: `interest.full`.
    """
    taken = sum(talk.state in _TAKEN for talk in others)
    if listing.room is not None and taken >= listing.room:
        raise Conflict("interest.full", path=path, id=listing.id, capacity=listing.room)


def demand_outcome(outcome: Outcome, interest: Interest, today: date) -> None:
    """Demand that a report can be checked.

    Raises:
        Invalid: `interest.no_evidence`; `interest.bad_day`, signed before the two met, or in
            days to come; `field.too_small`, money below 0.
    """
    if not outcome.evidence:
        raise Invalid("interest.no_evidence", path="evidence")
    met = (interest.accepted_at or interest.created_at).astimezone(SHANGHAI).date()
    if not met <= outcome.signed_on <= today:
        raise Invalid(
            "interest.bad_day", path="signed_on", first=met.isoformat(), last=today.isoformat()
        )
    if outcome.amount is not None and outcome.amount.value < 0:
        raise Invalid("field.too_small", path="amount", value=outcome.amount.value, least=0)


def progress_of(states: Collection[InterestState], *, closed: bool) -> ListingProgress:
    """Say how far a listing is: as far as the furthest of its interests.

    Args:
        states: Of all its interests.
        closed: Whether its owner closed it: then it is open to nobody else.

    Returns:
        `failed` where all that was begun came to nothing.
    """
    if InterestState.CONCLUDED in states:
        return ListingProgress.CONCLUDED
    if InterestState.AGREED in states:
        return ListingProgress.AGREED
    if closed:
        return ListingProgress.CLOSED
    if InterestState.NEGOTIATING in states:
        return ListingProgress.NEGOTIATING
    return ListingProgress.FAILED if InterestState.FAILED in states else ListingProgress.OPEN


def settled(listing: Listing, talks: Collection[Talk], *, closed: bool) -> Listing:
    """Give a listing as its interests leave it: how far it is, and what counts for it.

    Args:
        listing: As it stands.
        talks: All its interests, those too that it came with.
        closed: Whether its owner closed it.
    """
    states = [talk.state for talk in talks]
    return attrs.evolve(
        listing,
        progress=progress_of(states, closed=closed),
        closed=closed,
        taken=sum(state in _TAKEN for state in states),
        agreed=sum(talk.agreed for talk in talks),
        concluded=states.count(InterestState.CONCLUDED),
    )
