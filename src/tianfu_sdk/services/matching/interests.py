"""The desk of interests (意向): two sides of a listing, who they are, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.matching import dealing
from tianfu_sdk.core.rows.kinds import CONTACT_PERSON, INTEREST, LISTING
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import Quantity
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.interest import ContactDetails, Interest, InterestState, Outcome, Side
from tianfu_sdk.model.listing import Cooperation, Listing
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.matching.contacts import details
from tianfu_sdk.services.matching.speaking import demand_side, organization_of, place_of, sides_of

__all__ = ["Interests", "awaited", "settle_listing"]

_PAIR = "from_"


class Interests(Desk):
    """Say that one is interested in a listing, agree, and say what came of it.

    Both sides read it; who may not speak for one of them does not. Rights are those on kind
    `interest` where the organization of a side is. Safe to share between threads.
    """

    def express(self, listing: str, *, from_: str, contact: str = "") -> Interest:
        """Say that an organization is interested in a listing of another.

        Where the other side has said the same of the listing that this comes from, its interest
        is accepted instead: both have said it.

        Args:
            listing: Id of a published listing.
            from_: Id of an own published listing, a need for an offer or an offer for a need; or
                id of the own organization.
            contact: Id of a contact person of the own organization; empty: that of the own
                listing. The other side learns who it is once it accepts.

        Returns:
            The interest, `proposed`; or `negotiating`, where it is mutual.

        Raises:
            NotFound: `noun.unknown`, `organization.unknown`.
            Denied: `grant.missing`, no grant to create interests there; `account.required`.
            Invalid: `interest.closed`, `interest.one_kind`, `interest.same_side`,
                `interest.no_contact`; `listing.foreign`, the contact person is another's.
            Conflict: `unique.taken`, the organization is interested already.
        """
        demand_type(from_, str, "from_")

        def write(work: Work) -> Interest:
            wanted = work.noun(LISTING, work.visible(LISTING, listing, path="listing"))
            offer: Listing | None = None
            if from_.startswith(f"{LISTING.prefix}_"):
                offer = work.noun(LISTING, work.visible(LISTING, from_, path="from_"))
                dealing.demand_two_kinds(wanted, offer)
            partner = offer.organization if offer else from_
            try:
                owner, placed = work.placed(partner, offer.region if offer else None)
            except NotFound as error:
                error.path = "from_"
                raise
            work.allow_at(Action.CREATE, INTEREST.name, partner, placed)
            dealing.demand_open(wanted, work.now)
            if offer is not None:
                dealing.demand_open(offer, work.now, "from_")
            if partner == wanted.organization:
                raise Invalid("interest.same_side", path="from_")
            theirs = offer and _theirs(work, wanted, offer)
            if theirs:
                # It may have come without a listing; now it has one, which counts it too.
                both = attrs.evolve(theirs, offer=wanted.id)
                _claim(work, both)
                return _accepted(work, both, contact)
            made = Interest(
                id=work.new_id(INTEREST),
                listing=wanted.id,
                organization=wanted.organization,
                region=wanted.region,
                partner=partner,
                partner_region=offer.region if offer else owner.region,
                offer=offer.id if offer else "",
                partner_contact=_contact(
                    work, contact or (offer.contact if offer else ""), partner
                ),
            )
            made = dealing.joined(made, Side.PARTNER, work.person)
            _claim(work, made)
            stored = _put(work, made)
            work.note(stored, "created", listing=wanted.id, partner=partner)
            return stored

        return until_done(lambda: self._write(write))

    # Reading.

    def get(self, id: str) -> Interest:  # noqa: A002 - the field's name
        """Give an interest, to who may read interests of one of the two sides.

        Raises:
            NotFound: `noun.unknown`, or not for this account to see.
            Denied: `account.required`.
        """

        def read(work: Work) -> Interest:
            known = work.get(INTEREST, id)
            sides_of(work, known, Action.READ)
            return known

        return self._read(read)

    def find(
        self,
        *,
        listing: str | None = None,
        organization: str | None = None,
        state: InterestState | str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Interest]:
        """Find interests, those that changed last first.

        Args:
            listing: Only in this listing.
            organization: Those in which this organization is one of the two sides; None: those in
                listings whose interests this account may read.
            state: Only those that stand so.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `organization.unknown`.
            Denied: `grant.missing`, no grant to read the organization's interests;
                `account.required`.
            Invalid: `page.bad_cursor`, `storage.limit`, `field.choice`.
        """

        def read(work: Work) -> Page[Interest]:
            where, any_of, desk = [], None, work
            if listing is not None:
                where.append(Where("listing", "=", listing))
            if state is not None:
                where.append(Where("state", "=", InterestState.of(state, "state").value))
            if organization is not None:
                _, placed = work.placed(organization)
                work.allow_at(Action.READ, INTEREST.name, organization, placed)
                any_of = tuple(
                    (Where(key, "=", organization),) for key in ("organization", "partner")
                )
                # Whoever reads one side's interests reads them whole: the other side is in them.
                desk = Work(
                    work.tools, attrs.evolve(work.actor, system="list", account=None), work.tx
                )
            return desk.page(
                INTEREST,
                where=tuple(where),
                any_of=any_of,
                order="updated",
                desc=True,
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    listing=listing,
                    organization=organization,
                    state=state,
                    after=cursor,
                    limit=limit,
                ),
            )

        return self._read(read)

    def contact(
        self,
        id: str,  # noqa: A002
        *,
        side: Side | str | None = None,
        reason: str = "",
    ) -> ContactDetails:
        """Give the other side's contact person in plain, once both want to talk; audited.

        Args:
            id: Of the interest.
            side: The own one; None: the one that this account may speak for.
            reason: Why, for the audit.

        Raises:
            Denied: `interest.not_mutual`; `interest.not_yours`, `grant.missing`, no grant
                `reveal` on kind `interest` on one of the sides.
            NotFound: `noun.unknown`; `subject.erased`, the person was erased.
        """

        def write(work: Work) -> ContactDetails:
            known = work.get(INTEREST, id)
            ours = demand_side(work, known, Action.REVEAL, frozenset(Side), side)
            if known.state not in dealing.MUTUAL:
                raise Denied("interest.not_mutual", path="state")
            theirs = known.contact if ours is Side.PARTNER else known.partner_contact
            if not work.tx.get(CONTACT_PERSON.name, [theirs]):
                raise NotFound("subject.erased", path="id", id=theirs)
            person = work.get(CONTACT_PERSON, theirs)
            work.record(
                "contact_person.revealed",
                kind=CONTACT_PERSON.name,
                subject=theirs,
                organization=person.organization,
                region=person.region,
                reason=reason,
                data={"interest": id, "to": organization_of(known, ours)},
            )
            return details(work, person)

        return self._write(write)

    # What becomes of it.

    def accept(self, id: str, *, contact: str = "") -> Interest:  # noqa: A002
        """Say that the owner of the listing wants to talk too; both see the other's contact.

        Args:
            id: Of the interest.
            contact: Id of a contact person of the own organization; empty: the listing's.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `interest.not_yours`, no grant to edit interests on the owner's side;
                `interest.own_word`, who proposed it does not accept it; `interest.system`.
            Invalid: `interest.state`; `interest.no_contact`, `listing.foreign`.
        """
        return self._again(lambda work: _accepted(work, work.get(INTEREST, id), contact))

    def decline(self, id: str, reason: str) -> Interest:  # noqa: A002
        """Say that the owner of the listing does not want to; errors as `accept`."""
        return self._moved(id, "decline", reason=reason)

    def withdraw(self, id: str, reason: str) -> Interest:  # noqa: A002
        """Take back an interest that nobody answered yet.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `interest.not_yours`, no grant to edit interests on the partner's side.
            Invalid: `interest.state`, `lifecycle.reason`.
        """
        return self._moved(id, "withdraw", reason=reason)

    def agree(self, id: str, *, side: Side | str | None = None) -> Interest:  # noqa: A002
        """Say for one side that the two agree; agreed once both have said so.

        Args:
            id: Of the interest.
            side: `owner` or `partner`; None: the one that this account may speak for.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `interest.not_yours`, `interest.own_word`, `interest.system`.
            Invalid: `interest.state`.
            Conflict: `interest.said`; `interest.full`, the listing has no room left.
        """
        return self._moved(id, "agree", side=side)

    def fail(self, id: str, reason: str, *, side: Side | str | None = None) -> Interest:  # noqa: A002
        """Say that nothing comes of it; contact data is hidden again. Errors as `agree`."""
        return self._moved(id, "fail", side=side, reason=reason)

    def report(
        self,
        id: str,  # noqa: A002
        *,
        kind: Cooperation | str,
        signed_on: date,
        evidence: Sequence[str],
        amount: Quantity | int | None = None,
        note: str = "",
        side: Side | str | None = None,
    ) -> Interest:
        """Say for one side what came of it; it stands once the other confirms.

        Whoever reports again replaces what was reported before.

        Args:
            id: Of an interest that is `agreed`.
            kind: Such as `service` or `licence`.
            signed_on: Day on which the two signed, or began.
            evidence: By what it can be checked, one at least; never a name or a phone.
            amount: Yuan, as exact as it is known, a whole number exactly; None: not reported.
            note: What else there is to say.
            side: `owner` or `partner`; None: the one that this account may speak for.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `interest.not_yours`, `interest.own_word`, `interest.system`.
            Invalid: With the path of the field; `interest.state`, `interest.no_evidence`,
                `interest.bad_day`.
        """
        money = Quantity(amount) if type(amount) is int else amount
        fields = {"kind": kind, "signed_on": signed_on, "evidence": evidence, "note": note}
        plain = codec.structure(Outcome, fields | ({} if amount is None else {"amount": money}))

        def reported(work: Work, known: Interest, ours: Side) -> Interest:
            today = work.today
            dealing.demand_outcome(plain, known, today)
            outcome = attrs.evolve(
                plain, reported_by=ours, reporter=work.person, reported_at=work.now
            )
            return attrs.evolve(known, outcome=outcome)

        return self._moved(id, "report", side=side, then=reported)

    def confirm(self, id: str, *, side: Side | str | None = None) -> Interest:  # noqa: A002
        """Say for the other side that what was reported is so; the deal is concluded and counts.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `interest.not_yours`, `interest.own_word`, `interest.system`.
            Invalid: `interest.state`; `interest.no_outcome`.
            Conflict: `interest.said`, this side reported it.
        """

        def confirmed(work: Work, known: Interest, _: Side) -> Interest:
            outcome = known.outcome and attrs.evolve(
                known.outcome, confirmer=work.person, confirmed_at=work.now
            )
            return attrs.evolve(known, outcome=outcome, concluded_at=work.now)

        return self._moved(id, "confirm", side=side, then=confirmed)

    # Within a transaction.

    def _again(self, fn: Callable[[Work], Interest]) -> Interest:
        return until_done(lambda: self._write(fn))

    def _moved(
        self,
        id_: str,
        verb: str,
        *,
        side: Side | str | None = None,
        reason: str = "",
        then: Callable[[Work, Interest, Side], Interest] | None = None,
    ) -> Interest:
        return self._again(
            lambda work: _move(
                work, work.get(INTEREST, id_), verb, side=side, reason=reason, then=then
            )
        )


def _accepted(work: Work, known: Interest, contact: str) -> Interest:
    def accepted(work: Work, after: Interest, _: Side) -> Interest:
        listed = contact or work.get(LISTING, known.listing).contact
        ours = _contact(work, listed, known.organization)
        return attrs.evolve(after, contact=ours, accepted_at=work.now)

    return _move(work, known, "accept", then=accepted)


def _move(
    work: Work,
    known: Interest,
    verb: str,
    *,
    side: Side | str | None = None,
    reason: str = "",
    then: Callable[[Work, Interest, Side], Interest] | None = None,
) -> Interest:
    ours = demand_side(work, known, Action.EDIT, dealing.SIDES[verb], side)
    after = dealing.move(known, verb, ours, person=work.person, reason=reason)
    try:
        codec.check(after)
    except Invalid as error:
        if error.path == "comment":
            error.path = "reason"
        raise
    if then is not None:
        after = then(work, after, ours)
    # Read first and written last, so that who changes one of them meanwhile is found out.
    both = sorted(filter(None, (known.listing, known.offer)))
    listings = [work.get(LISTING, id_) for id_ in both]
    if verb == "agree":
        for listing in listings:
            path = "listing" if listing.id == known.listing else "offer"
            dealing.demand_room(listing, _talks(work, listing.id, known.id), path)
    if after.state not in dealing.LIVE:
        for name, value in _pairs(known):
            work.drop_unique(INTEREST.name, name, value)
    stored = _put(work, after)
    data = {"listing": known.listing, "partner": known.partner, "side": ours.value}
    told = dealing.DONE[verb]
    if verb == "agree" and after.state is known.state:
        told = "agreed_by_one"
    work.note(stored, told, reason=reason, **data)
    for listing in listings:
        settle_listing(work, listing)
    return stored


def settle_listing(work: Work, listing: Listing, *, closed: bool | None = None) -> Listing:
    """Write how far a listing is and what counts for it, as its interests now stand.

    It is written whatever comes of it, so that who agrees at the same time does it again.
    """
    shut = listing.closed if closed is None else closed
    after = dealing.settled(listing, _talks(work, listing.id), closed=shut)
    _, placed = work.placed(listing.organization, listing.region)
    return work.put(LISTING, after, placed)


def awaited(work: Work, listing: str) -> bool:
    """Tell whether there is an interest in a listing, or one that it came with, that is live."""
    return any(talk.state in dealing.LIVE for talk in _talks(work, listing))


def _talks(work: Work, listing: str, but: str = "") -> list[dealing.Talk]:
    found = []
    for key in ("listing", "offer"):
        query = Query(where=(Where(key, "=", listing),), fields="keys")
        found += [
            dealing.Talk(
                InterestState.of(str(row.keys["state"]), "state"), bool(row.keys["agreed"])
            )
            for row in work.each(INTEREST.name, query)
            if row.id != but
        ]
    return found


def _theirs(work: Work, wanted: Listing, offer: Listing) -> Interest | None:
    """Find what the owner of a listing said of the one that somebody comes with."""
    where = (
        Where("listing", "=", offer.id),
        Where("partner", "=", wanted.organization),
        Where("state", "=", InterestState.PROPOSED.value),
    )
    found = (work.noun(INTEREST, row) for row in work.each(INTEREST.name, Query(where=where)))
    return next((one for one in found if one.offer in ("", wanted.id)), None)


def _put(work: Work, interest: Interest) -> Interest:
    return work.put(INTEREST, interest, place_of(work, interest, Side.OWNER))


def _claim(work: Work, interest: Interest) -> None:
    claims = [(name, value, interest.id) for name, value in _pairs(interest)]
    work.claim_all_unique(INTEREST.name, claims)


def _pairs(interest: Interest) -> list[tuple[str, str]]:
    """Give what is only once: an organization in a listing, and two listings, whoever came."""
    found = [(_PAIR, f"{interest.listing}|{interest.partner}")]
    if interest.offer:
        found.append((_PAIR, "|".join(sorted((interest.listing, interest.offer)))))
    return found


def _contact(work: Work, id_: str, organization: str) -> str:
    if not id_:
        raise Invalid("interest.no_contact", path="contact")
    row = work.get_row(CONTACT_PERSON, id_, "contact")
    if row.keys["organization"] != organization:
        raise Invalid("listing.foreign", path="contact")
    return id_
