"""For which side of an interest somebody speaks."""

from __future__ import annotations

from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import INTEREST
from tianfu_sdk.errors import Denied, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.interest import Interest, Side
from tianfu_sdk.services.desk.work import Work

__all__ = ["demand_side", "organization_of", "place_of", "sides_of"]


def organization_of(interest: Interest, side: Side) -> str:
    """Give whose a side is."""
    return interest.organization if side is Side.OWNER else interest.partner


def place_of(work: Work, interest: Interest, side: Side) -> Placed:
    """Give where a side is: rights are checked by it."""
    region = interest.region if side is Side.OWNER else interest.partner_region
    return work.placed(organization_of(interest, side), region)[1]


def sides_of(work: Work, interest: Interest, action: Action) -> frozenset[Side]:
    """Give the sides for which the actor may do something.

    Raises:
        NotFound: `noun.unknown`, it may read neither.
        Denied: `account.required`.
    """
    found: dict[Action, set[Side]] = {action: set(), Action.READ: set()}
    for doing, sides in found.items():
        for side in Side:
            organization = organization_of(interest, side)
            try:
                work.allow_at(doing, INTEREST.name, organization, place_of(work, interest, side))
            except Denied as error:
                if error.code != "grant.missing":
                    raise
            else:
                sides.add(side)
    if not any(found.values()):
        raise NotFound("noun.unknown", path="id", kind=INTEREST.name, id=interest.id)
    return frozenset(found[action])


def demand_side(
    work: Work,
    interest: Interest,
    action: Action,
    asked: frozenset[Side],
    given: Side | str | None,
) -> Side:
    """Say for which side the actor speaks: the given one, else the one that is the person's own.

    Args:
        work: The transaction.
        interest: What it speaks about.
        action: What it does.
        asked: Sides that can do it.
        given: The side that the caller named; None: it is found.

    Raises:
        NotFound: `noun.unknown`.
        Denied: `interest.not_yours`; `account.required`.
    """
    may = sides_of(work, interest, action) & asked
    if given is not None:
        may &= {Side.of(given, "side")}
    if not may:
        raise Denied("interest.not_yours", path="id")
    for side, persons in ((Side.OWNER, interest.owners), (Side.PARTNER, interest.partners)):
        if side in may and work.actor.system == "" and work.person in persons:
            return side
    told = interest.outcome.reported_by.other if interest.outcome else None
    return told if told in may else min(may)
