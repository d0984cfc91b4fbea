"""The desk of contact persons (联系人)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import CONTACT_PERSON
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.interest import ContactDetails, ContactPerson
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.people import CONTACT_FIELDS, new_subject, open_sealed, seal
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.personal import PersonDesk

__all__ = ["Contacts", "details"]


class Contacts(PersonDesk):
    """Keep whom to speak to about listings: name, phone and address are sealed.

    A listing or an interest names a contact person by id; the other side sees who it is once both
    want to talk (`hub.interests.contact`). Safe to share between threads.
    """

    _about = CONTACT_PERSON.name

    def create(
        self,
        *,
        organization: str,
        name: str,
        phone: str = "",
        email: str = "",
        note: str = "",
    ) -> ContactPerson:
        """Keep a contact person.

        Args:
            organization: Id of the organization that the person speaks for.
            name: 1 to 100 characters; sealed.
            phone: As one dials it, up to 50 characters; sealed.
            email: Sealed.
            note: Such as when to call; sealed.

        Returns:
            The contact person; its repr shows nothing of it.

        Raises:
            Denied: `grant.missing`, no grant to create contact persons there;
                `account.required`.
            Invalid: With the path of the field; `contact.no_way`, neither phone nor email.
            NotFound: `organization.unknown`.
        """
        plain = {"name": name, "phone": phone, "email": email, "note": note}

        def write(work: Work) -> ContactPerson:
            owner, placed = work.placed(organization)
            work.allow_at(Action.CREATE, CONTACT_PERSON.name, organization, placed)
            id_ = work.new_id(CONTACT_PERSON)
            given = _checked(id_, organization, plain)
            key = new_subject(work, id_)
            sealed: dict[str, Any] = {
                field: seal(work, id_, CONTACT_FIELDS[field], value, key)
                for field, value in given.items()
                if value
            }
            own = {"id": id_, "organization": organization, "region": owner.region}
            made = codec.structure(ContactPerson, own | sealed)
            stored = work.put(CONTACT_PERSON, made, placed)
            work.note(stored, "created")
            return stored

        return self._write(write)

    def get(self, id: str) -> ContactPerson:  # noqa: A002 - the field's name
        """Give a contact person; all that is personal stays sealed.

        Raises:
            NotFound: `noun.unknown`, or not for this account to see.
            Denied: `account.required`.
        """
        return self._read(lambda work: work.noun(CONTACT_PERSON, work.visible(CONTACT_PERSON, id)))

    def find(
        self,
        *,
        region: str | None = None,
        organization: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ContactPerson]:
        """Find contact persons that this account may read, sealed.

        Args:
            region: Only those in this region or one below it.
            organization: Only those of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`.
            Denied: `account.required`.
        """
        return narrowed_page(
            self._read,
            CONTACT_PERSON,
            self.find,
            after=after,
            limit=limit,
            region=region,
            organization=organization,
        )

    def edit(
        self,
        id: str,  # noqa: A002
        *,
        version: int | None = None,
        name: str | None = None,
        phone: str | None = None,
        email: str | None = None,
        note: str | None = None,
    ) -> ContactPerson:
        """Change what is kept of a contact person; what is None stays, empty is taken out.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`; `subject.erased`.
            Conflict: `storage.version`, it was changed since.
            Invalid: With the path of the field; `contact.no_way`.
        """
        wanted = {"name": name, "phone": phone, "email": email, "note": note}

        def write(work: Work) -> ContactPerson:
            known = work.noun(CONTACT_PERSON, work.visible(CONTACT_PERSON, id, Action.EDIT))
            if version is not None and version != known.version:
                kind = CONTACT_PERSON.name
                raise Conflict("storage.version", path="version", ids=(id,), kind=kind)
            before = {field: getattr(details(work, known), field) for field in CONTACT_FIELDS}
            given = {field: value for field, value in wanted.items() if value is not None}
            after = _checked(id, known.organization, before | given)
            sealed: dict[str, Any] = {
                field: seal(work, id, CONTACT_FIELDS[field], after[field]) if after[field] else None
                for field in given
            }
            _, placed = work.placed(known.organization, known.region)
            plain = {
                field.name: getattr(known, field.name) for field in attrs.fields(ContactPerson)
            }
            changed = codec.structure(ContactPerson, plain | sealed)
            stored = work.put(CONTACT_PERSON, changed, placed)
            work.note(stored, "edited", fields=",".join(sorted(given)))
            return stored

        return self._write(write)

    def reveal(self, id: str, *, reason: str = "") -> ContactDetails:  # noqa: A002
        """Give a contact person in plain; the look is written to the audit.

        Args:
            id: Of the contact person.
            reason: Why, for the audit.

        Raises:
            Denied: `grant.missing`, no grant `reveal` on kind `contact_person` there.
            NotFound: `noun.unknown`; `subject.erased`.
        """

        def write(work: Work) -> ContactDetails:
            known = work.noun(CONTACT_PERSON, work.visible(CONTACT_PERSON, id, Action.REVEAL))
            work.record(
                "contact_person.revealed",
                kind=CONTACT_PERSON.name,
                subject=id,
                organization=known.organization,
                region=known.region,
                reason=reason,
            )
            return details(work, known)

        return self._write(write)


def details(work: Work, known: ContactPerson) -> ContactDetails:
    """Open what is kept of a contact person."""
    opened = {
        field: open_sealed(work, known.id, name, value)
        for field, name in CONTACT_FIELDS.items()
        if (value := getattr(known, field)) is not None
    }
    return ContactDetails(id=known.id, organization=known.organization, **opened)


def _checked(id_: str, organization: str, plain: Mapping[str, str]) -> dict[str, str]:
    given = codec.structure(ContactDetails, {"id": id_, "organization": organization, **plain})
    found = {field: getattr(given, field).strip() for field in CONTACT_FIELDS}
    if not (found["phone"] or found["email"]):
        raise Invalid("contact.no_way", path="phone")
    return found
