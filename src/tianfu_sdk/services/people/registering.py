"""Writing a registration: what is given is checked, sealed, and gets its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content import enrolling
from tianfu_sdk.core.rows.kinds import ACTIVITY, REGISTRATION
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import at_least, aware, text
from tianfu_sdk.model.registration import PURPOSE, Registration, RegistrationDetails
from tianfu_sdk.model.storage import Row
from tianfu_sdk.model.subscriber import Consent, Sealed
from tianfu_sdk.services.content.enrolment import (
    claim_phone,
    demand_phone,
    holder_of,
    move_up,
    put_registration,
    read_tally,
)
from tianfu_sdk.services.desk.indexing import live_indexes, settled
from tianfu_sdk.services.desk.people import REGISTRANT, new_subject, open_sealed, seal, with_proofs
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.text import canonical_language

__all__ = ["Given", "details_of", "edited", "registered"]

_LONGEST_ANSWERS = 5000
"""Characters of all questions and answers of one registration."""


@attrs.frozen(kw_only=True)
class Given:
    """What a caller says of who registers, in plain; checked before anything is stored."""

    name: str = attrs.field(repr=False, metadata=text(100, shortest=1))
    phone: str = attrs.field(repr=False)
    consent: str = attrs.field(repr=False, metadata=text(500))
    party: int = attrs.field(default=1, metadata=at_least(1))
    note: str = attrs.field(default="", repr=False, metadata=text(500))
    answers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    notice: str = attrs.field(default="", metadata=text(2000))
    consented_at: datetime | None = attrs.field(default=None, metadata=aware)
    under_14: bool = False
    guardian: str = attrs.field(default="", repr=False, metadata=text(500))
    home: str | None = None
    language: str = "zh-Hans"
    channel: str = ""

    def _check(self) -> None:
        if not self.consent.strip():
            raise Invalid("registration.no_consent", path="consent")
        if self.under_14 and not self.guardian.strip():
            raise Invalid("registration.no_guardian", path="guardian")
        length = sum(len(part) for pair in self.answers.items() for part in pair)
        if length > _LONGEST_ANSWERS:
            longest = _LONGEST_ANSWERS
            raise Invalid("field.too_long", path="answers", length=length, longest=longest)

    def sealed(self, work: Work, id_: str, key: bytes | None) -> dict[str, Sealed | None]:
        """Seal what is personal, field by field; None: it was not given."""
        plain = {
            "name": self.name.strip(),
            "phone": self.phone,
            "note": self.note,
            "answers": json.dumps(dict(self.answers), ensure_ascii=False) if self.answers else "",
            "guardian": self.guardian.strip(),
        }
        return {
            field: seal(work, id_, REGISTRANT[field], value, key) if value else None
            for field, value in plain.items()
        }


def registered(work: Work, activity: str, plain: Given) -> Registration:
    """Register a person, or again one who had cancelled; see `Registrations.register`."""
    given = codec.structure(Given, attrs.asdict(plain))
    known = work.noun(ACTIVITY, work.visible(ACTIVITY, activity))
    _, placed = work.placed(known.organization, known.region)
    work.allow_at(Action.CREATE, REGISTRATION.name, known.organization, placed)
    if given.home and not work.regions().knows(given.home):
        raise NotFound("region.unknown", path="home", value=given.home[:20])
    settled(work)
    indexes = live_indexes(work, given.phone)
    holder = holder_of(work, activity, indexes)
    before = None if holder is None else work.get(REGISTRATION, holder)
    if before is not None:
        # Whoever is registered is told so, also where nobody is taken any more.
        demand_phone(before)
    tally = read_tally(work, activity)
    enrolling.demand_open(known, tally, work.now)
    state = enrolling.seat(known, tally, given.party)
    id_ = work.new_id(REGISTRATION) if before is None else before.id
    key = new_subject(work, id_) if before is None else None
    made = codec.structure(
        Registration,
        {
            "id": id_,
            "activity": activity,
            "organization": known.organization,
            "region": known.region,
            "state": state,
            "number": tally.numbers + 1,
            "party": given.party,
            "consent": _consent(work, id_, given, key),
            "home": given.home,
            "language": canonical_language(given.language),
            "channel": given.channel,
            **given.sealed(work, id_, key),
        },
    )
    if before is None:
        claim_phone(work, activity, indexes[0], id_)
        index = indexes[0]
    else:
        made = attrs.evolve(made, version=before.version, created_at=before.created_at)
        index = work.get_row(REGISTRATION, id_).keys["phone_ix"]
    stored = put_registration(work, before, made, index)
    # Who registers again is the same registration: it is not counted twice.
    verb = "created" if before is None else "renewed"
    work.note(stored, verb, activity=activity, state=state.value, count=stored.party)
    return stored


def _consent(work: Work, id_: str, given: Given, key: bytes | None) -> Consent:
    at = given.consented_at or work.now
    if at > work.now:
        raise Invalid("consent.future", path="consented_at")
    consent = Consent(purpose=PURPOSE, at=at, evidence=given.consent.strip(), notice=given.notice)
    return with_proofs(work, id_, [consent], key)[0]


def edited(
    work: Work,
    row: Row,
    known: Registration,
    *,
    name: str | None,
    party: int | None,
    note: str | None,
) -> Registration:
    """Change what may be changed of a registration; see `Registrations.edit`."""
    enrolling.demand_move(known, "edit")
    wanted = {"name": name, "party": party, "note": note}
    fields = {field: value for field, value in wanted.items() if value is not None}
    # Held against the same rules as when it was made.
    codec.structure(Given, {"name": "-", "phone": "-", "consent": "-", **fields})
    activity = work.get(ACTIVITY, known.activity)
    changed = known
    if party is not None:
        enrolling.demand_party(activity, party)
        changed = attrs.evolve(changed, party=party)
    if name is not None:
        sealed = seal(work, known.id, REGISTRANT["name"], name.strip())
        changed = attrs.evolve(changed, name=sealed)
    if note is not None:
        kept = seal(work, known.id, REGISTRANT["note"], note) if note else None
        changed = attrs.evolve(changed, note=kept)
    enrolling.demand_seats(activity, read_tally(work, activity.id), known, changed)
    stored = put_registration(work, known, changed, row.keys["phone_ix"])
    work.note(stored, "edited", activity=activity.id, fields=",".join(sorted(fields)))
    if changed.party >= known.party:
        return stored
    move_up(work, activity)
    # It may be the one that moved up, now that it is small enough.
    return work.get(REGISTRATION, known.id)


def details_of(work: Work, known: Registration) -> RegistrationDetails:
    """Open what a registration holds."""
    opened = {
        field: open_sealed(work, known.id, REGISTRANT[field], value)
        for field in ("name", "phone", "note", "answers")
        if (value := getattr(known, field)) is not None
    }
    answers = json.loads(opened.pop("answers", "{}"))
    return RegistrationDetails(id=known.id, answers=answers, **opened)
