"""The desk of what is held about persons: given out whole, or erased for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import (
    ACCOUNT,
    ACTIVITY,
    AUDIT,
    CAMPAIGN,
    CONTACT_PERSON,
    EXPERT,
    QUESTION,
    REGISTRATION,
    SUBSCRIBER,
    kind_of,
)
from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.event import AuditLine, Event
from tianfu_sdk.model.personal import Erased, PersonalData
from tianfu_sdk.model.storage import Cursor, Query, Row, Where
from tianfu_sdk.model.subscriber import Consent, Sealed
from tianfu_sdk.ports.storage import Scrubbing
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.people import (
    CONTACT,
    CONTACT_FIELDS,
    NAME,
    PHONE,
    REGISTRANT,
    TEXT,
    open_proofs,
    open_sealed,
)
from tianfu_sdk.services.desk.work import EVENTS, Desk, Work
from tianfu_sdk.services.people.erasures import forget
from tianfu_sdk.services.people.traces import claims_of, messages_to
from tianfu_sdk.services.sms.optouts import refusals

__all__ = ["People", "PersonDesk"]

_SEALED: Mapping[str, Mapping[str, str]] = {
    SUBSCRIBER.name: {"phone": PHONE},
    QUESTION.name: {"text": TEXT, "contact": CONTACT},
    EXPERT.name: {"name": NAME},
    CONTACT_PERSON.name: CONTACT_FIELDS,
    REGISTRATION.name: REGISTRANT,
    ACCOUNT.name: {},
}
"""Kinds that are about one person, and what their sealed fields are sealed as."""
_PAGE = 1000


_CONCERNED = ("subject", "actor")
"""Keys of an audit line by which it is about a person: done to them, or by them."""


class People(Desk):
    """Give out or erase all that is held about a person. Safe to share between threads.

    A person is a subscriber, the asker of a question, an expert, a contact person, who registered
    for an activity, or an account, by random id; who looks for a phone finds its subscribers by
    `hub.subscribers.by_phone`, one an organization, and its registrations by
    `hub.registrations.by_phone`, one an activity. Both need a grant of their own, `export` and
    `erase`, and are audited.
    """

    def export(self, id: str, *, events: bool = True) -> PersonalData:  # noqa: A002
        """Give all that is held about a person, in plain.

        Args:
            id: Of a subscriber, question, expert, contact person, registration or account.
            events: Whether to look for what was told of it; that reads the whole log of
                events, about 30 s a million.

        Raises:
            Denied: `grant.missing`, no grant to export; `account.required`.
            NotFound: `noun.unknown`, or of no kind that is about a person; `subject.erased`.
            CryptoError: `keys.unknown`, `keys.wrong`, `crypto.wrong`.

        Source: 个人信息保护法 Art. 45.
        """
        shelf = _shelf_of(id)

        def write(work: Work) -> PersonalData:
            row = work.visible(shelf, id, Action.EXPORT)
            found = _gather(work, shelf, row)
            _record(work, shelf, row, "exported")
            return found

        found = self._write(write)
        return attrs.evolve(found, events=self._told(id)) if events else found

    def erase(self, id: str, *, reason: str = "") -> Erased:  # noqa: A002
        """Erase a person: row, key, and what tells of them elsewhere; it cannot be undone.

        What stays: figures and counts, events and audit lines with the random id, and the
        phone's opt-outs by blind index, so that they hold if the phone is taken in again. An
        account stays as an empty shell, because grants and approvals hang on its id. Who had
        registered for an activity to come is cancelled, and the place goes on. The erasure log
        is written first, so a restored backup brings nobody back.

        Args:
            id: Of a subscriber, question, expert, contact person, registration or account.
            reason: For the audit, such as the number of a request; never a name or a phone.

        Raises:
            Denied: `grant.missing`, no grant to erase; `account.required`.
            NotFound: `noun.unknown`, or of no kind that is about a person.
            StorageUnavailable: `erasures.nowhere`, no place for the erasure log is set.
            Invalid: `hub.unit_erases`, within a unit.

        Source: 个人信息保护法 Art. 47.
        """
        shelf = _shelf_of(id)

        def look(work: Work) -> tuple[str, ...]:
            work.visible(shelf, id, Action.ERASE)
            return tuple(claims_of(work, id)) if shelf is ACCOUNT else ()

        claims = self._read(look)
        at = self._tools.clock.now()
        self._tools.erasures.append([id], at)

        def write(work: Work) -> None:
            row = work.visible(shelf, id, Action.ERASE)
            forget(work, id, claims)
            _record(work, shelf, row, "erased", reason)
            place = {"organization": row.keys["organization"], "region": _region(row)}
            work.tell(f"{shelf.name}.erased", kind=shelf.name, subject=id, **place)

        until_done(lambda: self._write(write))
        store = self._tools.store
        scrubbed = isinstance(store, Scrubbing) and store.scrub()
        return Erased(subject=id, kind=shelf.name, at=at, scrubbed=scrubbed)

    def _told(self, id_: str) -> tuple[dict[str, Any], ...]:
        found: list[dict[str, Any]] = []
        after: Cursor | None = None
        read: Callable[[Work], tuple[int, Cursor | None, list[Event]]]
        while True:
            read = lambda work, c=after: _events(work, c, id_)  # type: ignore[misc]  # noqa: E731
            number, after, events = self._read(read)
            found += [codec.to_plain(event) for event in events]
            if number < _PAGE:
                return tuple(found)


def _shelf_of(id_: str) -> NounKind[Any]:
    demand_type(id_, str, "id")
    shelf = kind_of(id_)
    if shelf is None or shelf.name not in _SEALED:
        raise NotFound("noun.unknown", path="id", kind="person", id=id_[:64])
    return shelf


def _region(row: Row) -> str:
    levels = (str(row.keys[name]) for name in ("county", "prefecture", "province"))
    return next(filter(None, levels), "")


def _record(work: Work, shelf: NounKind[Any], row: Row, verb: str, reason: str = "") -> None:
    work.record(
        f"{shelf.name}.{verb}",
        kind=shelf.name,
        subject=row.id,
        organization=row.keys["organization"],
        region=_region(row),
        reason=reason,
    )


def _gather(work: Work, shelf: NounKind[Any], row: Row) -> PersonalData:
    noun = work.noun(shelf, row)
    record = attrs.asdict(noun, value_serializer=_plain)
    for name, field in _SEALED[shelf.name].items():
        sealed: Sealed | None = getattr(noun, name)
        record[name] = open_sealed(work, row.id, field, sealed) if sealed else ""
    consents: tuple[Consent, ...] = ()
    plain: list[dict[str, Any]] = []
    if shelf is SUBSCRIBER or shelf is QUESTION:
        consents, plain = noun.consents, record["consents"]
    elif shelf is REGISTRATION:
        consents, plain = (noun.consent,), [record["consent"]]
        record["activity_title"] = work.get(ACTIVITY, noun.activity).title
    for consent, proof in zip(plain, open_proofs(work, row.id, consents), strict=True):
        consent["evidence"] = proof
        del consent["proof"]
    lines = {
        line.id: line
        for key in _CONCERNED
        for line in work.each(AUDIT.name, Query(where=(Where(key, "=", row.id),)))
    }
    messages = messages_to(work, row.id) if shelf is SUBSCRIBER else []
    return PersonalData(
        subject=row.id,
        kind=shelf.name,
        at=work.now,
        record=record,
        messages=tuple(_message(work, message) for message in messages),
        opt_outs=tuple(refusals(work, row.keys["phone_ix"])) if shelf is SUBSCRIBER else (),
        audit=tuple(
            codec.to_plain(codec.loads(AuditLine, line.doc or b""))
            for line in sorted(lines.values(), key=lambda line: line.id)
        ),
    )


def _plain(_: object, __: object, value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _message(work: Work, row: Row) -> dict[str, Any]:
    campaign = work.get(CAMPAIGN, row.keys["campaign"])
    language = row.keys["language"]
    return {
        "campaign": campaign.id,
        "title": campaign.title,
        "text": campaign.texts.get(language, ""),
        "language": language,
        "state": row.keys["state"],
        "parts": row.keys["parts"],
    }


def _events(work: Work, after: Cursor | None, id_: str) -> tuple[int, Cursor | None, list[Event]]:
    entries = work.tx.read(EVENTS, after, _PAGE)
    events = (codec.loads(Event, entry.body) for entry in entries)
    last = entries[-1].cursor if entries else after
    return len(entries), last, [e for e in events if id_ in (e.subject, e.actor)]


class PersonDesk(Desk):
    """A desk of what is about one person each: given out and erased here too."""

    _about: ClassVar[str]
    """Name of its kind."""

    def export(self, id: str, *, events: bool = True) -> PersonalData:  # noqa: A002
        """Give all that is held about a person of this desk; as `hub.people.export`."""
        return People(self._tools, self._actor).export(self._own(id), events=events)

    def erase(self, id: str, *, reason: str = "") -> Erased:  # noqa: A002
        """Erase a person of this desk for good; as `hub.people.erase`."""
        return People(self._tools, self._actor).erase(self._own(id), reason=reason)

    def _own(self, id_: str) -> str:
        if _shelf_of(id_).name != self._about:
            raise NotFound("noun.unknown", path="id", kind=self._about, id=id_[:64])
        return id_
