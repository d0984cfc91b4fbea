"""The desk of registrations (报名): who signs up for an activity, gets a place, and comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

import attrs

from tianfu_sdk.core.content import enrolling
from tianfu_sdk.core.rows.kinds import ACTIVITY, REGISTRATION
from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Activity
from tianfu_sdk.model.registration import (
    Places,
    Registrant,
    Registration,
    RegistrationDetails,
    RegistrationState,
    Turnout,
)
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.content.enrolment import (
    move_up,
    put_registration,
    read_tally,
    tell_of,
    write_tally,
)
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.indexing import live_indexes
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.personal import PersonDesk
from tianfu_sdk.services.people.registering import Given, details_of, edited, registered
from tianfu_sdk.services.people.retention import erase_past
from tianfu_sdk.services.people.rosters import listed, places_of, turnout_of

__all__ = ["Registrations"]

T = TypeVar("T")
_SOME = 500
_MOST_DAYS = 36_500
"""A century: nothing of what is kept is older."""


class Registrations(PersonDesk):
    """Take registrations for activities, exact to the last place, and keep who waits in order.

    Whoever registers acts through an account that may `create` kind `registration` where the
    activity belongs, such as that of a mini program's back end. Names, phones, notes and answers
    are sealed under a key of each registration; no list, event, audit line or error has one.
    Safe to share between threads.
    """

    _about = REGISTRATION.name

    def register(
        self,
        activity: str,
        *,
        name: str,
        phone: str,
        consent: str,
        party: int = 1,
        note: str = "",
        answers: Mapping[str, str] | None = None,
        notice: str = "",
        consented_at: datetime | None = None,
        under_14: bool = False,
        guardian: str = "",
        home: str | None = None,
        language: str = "zh-Hans",
        channel: str = "",
    ) -> Registration:
        """Register a person for an activity that is published and takes registrations now.

        Who cancelled before and registers again keeps the id, and gets a number at the end.

        Args:
            activity: Id of the activity.
            name: Of the person who registers, 1 to 100 characters; sealed.
            phone: In any usual spelling; sealed. Have it confirmed first: the answer tells
                whether this phone is registered already.
            consent: What proves that the person agreed to the use of the data for this activity,
                such as the number of a form; sealed. It is no consent to be sent anything.
            party: Persons, this one included.
            note: What the organiser should know, up to 500 characters; sealed.
            answers: To what the organiser asks, by question; sealed.
            notice: The notice that the person was shown.
            consented_at: When the person agreed; None: now.
            under_14: Whether somebody of the party is under 14: then a guardian must agree. No
                age or birthday is kept.
            guardian: What proves that a guardian agreed; sealed.
            home: Where the person is from, GB/T 2260; None: not asked.
            language: In which the person is to be spoken to, BCP 47.
            channel: Through which app or place it came.

        Returns:
            The registration: `registered`, or `waitlisted` where no place is free.

        Raises:
            Denied: `grant.missing`, no grant to create registrations there; `account.required`.
            NotFound: `noun.unknown`; `region.unknown`, of `home`.
            Invalid: `registration.not_published`, `registration.not_taken`,
                `registration.too_soon`, `registration.closed`; `registration.party_too_large`;
                `registration.no_consent`; `registration.no_guardian`; `phone.bad`,
                `consent.future`, and others with the path of the field.
            Conflict: `registration.twice`, the phone is registered; its values have the id as
                `owner`; `registration.full`, and nobody waits for this activity.

        Source: 个人信息保护法 Art. 13, 14, 16, 17, 28, 31.
        """
        given = Given(
            name=name,
            phone=normalised(phone),
            consent=consent,
            party=party,
            note=note,
            answers=dict(answers or {}),
            notice=notice,
            consented_at=consented_at,
            under_14=under_14,
            guardian=guardian,
            home=home,
            language=language,
            channel=channel,
        )
        return self._again(lambda work: registered(work, activity, given))

    # Reading.

    def get(self, id: str) -> Registration:  # noqa: A002 - the field's name
        """Give a registration; what is personal stays sealed.

        Raises:
            NotFound: `noun.unknown`, or not for this account to see.
            Denied: `account.required`.
        """
        return self._read(lambda work: work.noun(REGISTRATION, work.visible(REGISTRATION, id)))

    def places(self, activity: str) -> Places:
        """Say whether an activity takes registrations now, and how many places are left.

        Anybody may who may see the activity: it is what its public page shows.

        Raises:
            NotFound: `noun.unknown`.
        """
        return self._read(lambda work: places_of(work, activity))

    def turnout(self, activity: str) -> Turnout:
        """Say how many registered and came; who was erased since still counts.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, no grant to read registrations there; `account.required`.
        """

        def read(work: Work) -> Turnout:
            self._activity(work, activity, Action.READ)
            return turnout_of(work, activity)

        return self._read(read)

    def roster(
        self,
        activity: str,
        *,
        state: RegistrationState | str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Registrant]:
        """List who registered for an activity, by number; names and phones masked.

        Args:
            activity: Its id.
            state: Only those that stand so.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, no grant to read registrations there; `account.required`.
            Invalid: `field.choice`, `page.bad_cursor`, `storage.limit`.
            CryptoError: `keys.unknown`, `keys.wrong`.
        """
        wanted = None if state is None else RegistrationState.of(state, "state")

        def read(work: Work) -> Page[Registrant]:
            self._activity(work, activity, Action.READ)
            found, cursor = listed(work, activity, wanted, after, limit)
            return Page(
                found,
                cursor,
                lambda cursor: self.roster(activity, state=wanted, after=cursor, limit=limit),
            )

        return self._read(read)

    def by_phone(self, phone: str, *, activity: str | None = None) -> list[Registration]:
        """Give the registrations of a phone that this account may read; one an activity.

        Args:
            phone: In any usual spelling.
            activity: Only for this one, such as at its door.

        Raises:
            Invalid: `phone.bad`.
            Denied: `account.required`.
        """
        plain = normalised(phone)

        def read(work: Work) -> list[Registration]:
            where = [Where("phone_ix", "in", live_indexes(work, plain))]
            if activity is not None:
                where.append(Where("activity", "=", activity))
            query = Query(where=tuple(where), limit=_SOME)
            scope = work.scope(Action.READ, REGISTRATION.name)
            rows = work.in_order(REGISTRATION.name, query, scope)
            return [work.noun(REGISTRATION, row) for row in rows]

        return self._read(read)

    def reveal(self, id: str, *, reason: str = "") -> RegistrationDetails:  # noqa: A002
        """Give name, phone, note and answers of a registration in plain; audited.

        Args:
            id: Of the registration.
            reason: Why, for the audit.

        Raises:
            Denied: `grant.missing`, no grant to reveal.
            NotFound: `noun.unknown`; `subject.erased`.
        """

        def write(work: Work) -> RegistrationDetails:
            known = work.noun(REGISTRATION, work.visible(REGISTRATION, id, Action.REVEAL))
            work.record(
                "registration.revealed",
                kind=REGISTRATION.name,
                subject=id,
                organization=known.organization,
                region=known.region,
                reason=reason,
            )
            return details_of(work, known)

        return self._write(write)

    # What becomes of it.

    def edit(
        self,
        id: str,  # noqa: A002
        *,
        version: int | None = None,
        name: str | None = None,
        party: int | None = None,
        note: str | None = None,
    ) -> Registration:
        """Change name, party or note of a registration that stands or waits.

        A phone does not change: cancel, and register with the other one.

        Args:
            id: Of the registration.
            version: The version that the change is based on; None: whatever there is.
            name: Another name; None: it stays.
            party: Other persons in all; None: it stays. Places that become free go on.
            note: Another note, empty: none; None: it stays.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Invalid: `registration.state`, `registration.party_too_large`, and others with the
                path of the field.
            Conflict: `storage.version`; `registration.full`, not so many more places.
        """

        def write(work: Work) -> Registration:
            row, known = self._known(work, id)
            if version is not None and version != known.version:
                ids = (id,)
                raise Conflict("storage.version", path="version", ids=ids, kind=REGISTRATION.name)
            return edited(work, row, known, name=name, party=party, note=note)

        return self._again(write) if version is None else self._write(write)

    def cancel(self, id: str, *, reason: str = "") -> Registration:  # noqa: A002
        """Cancel a registration; the place goes to who waits.

        Args:
            id: Of the registration.
            reason: For the audit, where it stays for good; never a name or a phone.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Invalid: `registration.state`, it is cancelled, or was checked in.
        """
        return self._moved(id, "cancel", "cancelled", reason=reason)

    def check_in(self, id: str, *, arrived: int | None = None) -> Registration:  # noqa: A002
        """Note that a person came (签到), from the day of the activity on.

        Args:
            id: Of the registration.
            arrived: Persons of the party who came; None: all.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Invalid: `registration.state`, it waits, is cancelled or checked in;
                `registration.too_early`; `registration.party_too_large`, more than registered;
                `field.too_small`, `field.type`.
        """
        return self._moved(id, "check_in", "attended", arrived=arrived)

    def absent(self, id: str) -> Registration:  # noqa: A002
        """Note that a person did not come; the place goes to who waits. Errors as `check_in`."""
        return self._moved(id, "absent", "absent")

    def reopen(self, id: str, reason: str) -> Registration:  # noqa: A002
        """Take a check-in or an absence back that was a mistake; figures follow.

        Args:
            id: Of the registration.
            reason: For the audit, where it stays for good; never a name or a phone.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Invalid: `registration.state`; `lifecycle.reason`, none given.
            Conflict: `registration.full`, the place was given to somebody else.
        """
        if not reason.strip():
            raise Invalid("lifecycle.reason", path="reason", verb="reopen")
        return self._moved(id, "reopen", "reopened", reason=reason)

    def finish(self, activity: str) -> int:
        """Note that all who were not checked in did not come, once an activity is over.

        Args:
            activity: Its id.

        Returns:
            How many registrations became `absent`.

        Raises:
            Denied: `grant.missing`, no grant to edit registrations there; `account.required`.
            NotFound: `noun.unknown`.
            Invalid: `registration.not_over`.
        """
        done = 0
        while some := self._again(lambda work: self._finish_some(work, activity)):
            done += some
        return done

    def stop(self, activity: str, reason: str = "") -> Places:
        """Take no more registrations for an activity, whatever its times say.

        Args:
            activity: Its id.
            reason: For the audit.

        Raises:
            Denied: `grant.missing`, no grant to edit registrations there; `account.required`.
            NotFound: `noun.unknown`.
        """
        return self._stopped(activity, "stopped", reason)

    def resume(self, activity: str) -> Places:
        """Take registrations again that were stopped; errors as `stop`."""
        return self._stopped(activity, "resumed", "")

    def erase_past(self, *, days: int, reason: str = "retention") -> int:
        """Erase for good all registrations of activities that were over so many days ago.

        Figures stay: `turnout`, events and indicators. The erasure log is written first.

        Args:
            days: Since the end of the activity, 0 to 36,500. Activities without a time are
                passed over.
            reason: For the audit.

        Returns:
            How many registrations this account may erase, and now are.

        Raises:
            Denied: `grant.missing`, no grant to erase registrations; `account.required`.
            Invalid: `field.type`, `field.too_small`, `field.too_large`; `hub.unit_erases`, within
                a unit.
            StorageUnavailable: `erasures.nowhere`, no place for the erasure log is set.

        Source: 个人信息保护法 Art. 19 (no longer than is needed), 47.
        """
        demand_type(days, int, "days")
        if days < 0:
            raise Invalid("field.too_small", path="days", value=days, least=0)
        if days > _MOST_DAYS:
            raise Invalid("field.too_large", path="days", value=days, most=_MOST_DAYS)
        return erase_past(self._tools, self._read, self._again, days, reason)

    # Within a transaction.

    def _again(self, fn: Callable[[Work], T]) -> T:
        # Many write the tally of an activity at once: who was slower decides by what stands now.
        return until_done(lambda: self._write(fn))

    def _activity(self, work: Work, id_: str, action: Action) -> Activity:
        known = work.noun(ACTIVITY, work.visible(ACTIVITY, id_))
        _, placed = work.placed(known.organization, known.region)
        work.allow_at(action, REGISTRATION.name, known.organization, placed)
        return known

    def _known(self, work: Work, id_: str) -> tuple[Row, Registration]:
        row = work.visible(REGISTRATION, id_, Action.EDIT)
        return row, work.noun(REGISTRATION, row)

    def _moved(
        self,
        id_: str,
        verb: str,
        done: str,
        *,
        reason: str = "",
        arrived: int | None = None,
    ) -> Registration:
        def write(work: Work) -> Registration:
            row, known = self._known(work, id_)
            state = enrolling.demand_move(known, verb)
            activity = work.get(ACTIVITY, known.activity)
            if verb in ("check_in", "absent"):
                enrolling.demand_begun(activity, work.now)
            after = _after(known, state, work.now, arrived)
            enrolling.demand_seats(activity, read_tally(work, activity.id), known, after)
            stored = put_registration(work, known, after, row.keys["phone_ix"])
            count = enrolling.weight(known if verb == "reopen" else stored)
            told = done
            if known.state is RegistrationState.ATTENDED:
                # Taken off the figure that the check-in was added to.
                told, count = "unattended", -count
            work.note(stored, told, reason=reason, activity=activity.id, count=count)
            move_up(work, activity)
            return stored

        return self._again(write)

    def _finish_some(self, work: Work, activity: str) -> int:
        known = self._activity(work, activity, Action.EDIT)
        if not enrolling.is_over(known, work.now):
            raise Invalid("registration.not_over", path="activity")
        where = (
            Where("activity", "=", activity),
            Where("state", "=", RegistrationState.REGISTERED.value),
        )
        rows = work.tx.find(REGISTRATION.name, Query(where=where, order="number", limit=_SOME))
        for row in rows:
            before = work.noun(REGISTRATION, row)
            after = attrs.evolve(before, state=RegistrationState.ABSENT)
            stored = put_registration(work, before, after, row.keys["phone_ix"])
            tell_of(work, stored, "absent", activity=activity, count=stored.party)
        if rows:
            work.note(known, "registrations_finished", count=len(rows))
        return len(rows)

    def _stopped(self, activity: str, verb: str, reason: str) -> Places:
        def write(work: Work) -> None:
            known = self._activity(work, activity, Action.EDIT)
            tally = read_tally(work, activity)
            wanted = attrs.evolve(tally, stopped=int(verb == "stopped"))
            if wanted == tally:
                return
            write_tally(work, activity, wanted)
            work.note(known, f"registrations_{verb}", reason=reason)

        self._again(write)
        return self.places(activity)


def _after(
    known: Registration, state: RegistrationState, now: datetime, arrived: int | None
) -> Registration:
    if state is not RegistrationState.ATTENDED:
        return attrs.evolve(known, state=state, arrived=0, attended_at=None)
    came = known.party if arrived is None else arrived
    demand_type(came, int, "arrived")
    if came < 1:
        raise Invalid("field.too_small", path="arrived", value=came, least=1)
    if came > known.party:
        most = known.party
        raise Invalid("registration.party_too_large", path="arrived", party=came, most=most)
    return attrs.evolve(known, state=state, arrived=came, attended_at=now)
