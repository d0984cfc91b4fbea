"""The desk of subscribers (受众) and their consents (同意)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import SUBSCRIBER
from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Conflict, Denied, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.checks import demand_changeable, demand_type, near_field, problems
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.model.subscriber import PROFILING, Consent, Sealed, Subscriber
from tianfu_sdk.services.desk.arguments import numbered
from tianfu_sdk.services.desk.indexing import live_indexes, moving, settled
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.people import PHONE, new_subjects, open_sealed, seal, with_proofs
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.personal import PersonDesk
from tianfu_sdk.services.people.phone_claims import claim_phones, rephone
from tianfu_sdk.services.sms.optouts import carry_over, refuse, refuse_at
from tianfu_sdk.services.sms.reach import add_reach, put_reach
from tianfu_sdk.text import canonical_language

__all__ = ["Subscribers"]

_GIVEN = frozenset(
    {"phone", "organization", "region", "language", "topics", "settings", "consents", "synthetic"}
)
_EDITABLE = frozenset({"phone", "region", "language", "topics", "settings"})
_SEVERAL = ("topics", "settings", "consents")


@attrs.frozen
class _New:
    """A subscriber about to be stored."""

    subscriber: Subscriber
    phone: str = attrs.field(repr=False)
    placed: Placed


class Subscribers(PersonDesk):
    """Keep who gets science messages, what they agreed to, and what they refused.

    Phones are sealed under a key of each person and found by a keyed index; no list, event,
    audit line or error has one. Safe to share between threads.
    """

    _about = SUBSCRIBER.name

    def create(
        self,
        *,
        phone: str,
        organization: str,
        region: str | None = None,
        language: str = "zh-Hans",
        topics: Sequence[str] = (),
        settings: Sequence[str] = (),
        consents: Sequence[Consent] = (),
        synthetic: bool = False,
    ) -> Subscriber:
        """Take in a subscriber.

        Args:
            phone: In any usual spelling, such as `138 0000 0000` or `+86…`.
            organization: Id of the organization that looks after this subscriber.
            region: GB/T 2260; None: where the organization is at home.
            language: BCP 47, such as `zh-Hans`, `bo`, `ii`.
            topics: What the person wants to hear of; empty: anything.
            settings: Codes of the vocabulary `setting` (科普六进 …).
            consents: What the person agreed to; without one nothing is sent.
            synthetic: Made for a demo or a drill; never sent to through a real gateway.

        Raises:
            Invalid: `phone.bad`, and others with the path of the field.
            Denied: `grant.missing`.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
            Conflict: `unique.taken`, the organization has a subscriber of this phone.
        """
        row = {
            "phone": phone,
            "organization": organization,
            "region": region,
            "language": language,
            "topics": topics,
            "settings": settings,
            "consents": consents,
            "synthetic": synthetic,
        }

        def write(work: Work) -> Subscriber:
            stored = self._add(work, [row], bulk=False)[0]
            work.note(stored, "created")
            return stored

        return self._write(write)

    def add_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Subscriber]:
        """Take in subscribers in one transaction, with one audit line and event; all or none.

        Args:
            rows: Each with the arguments of `create` by name.

        Raises:
            Invalid: As `create`; the path begins with the row, such as `rows[3].phone`.
            NotFound: Likewise.
        """

        def write(work: Work) -> list[Subscriber]:
            stored = self._add(work, rows, bulk=True)
            if stored:
                work.note(stored[0], "created", count=len(stored), last=stored[-1].id)
            return stored

        return self._write(write)

    def get(self, id: str) -> Subscriber:  # noqa: A002 - the field's name
        """Give a subscriber; the phone stays sealed."""
        return self._read(lambda work: work.noun(SUBSCRIBER, work.visible(SUBSCRIBER, id)))

    def find(
        self,
        *,
        region: str | None = None,
        organization: str | None = None,
        language: str | None = None,
        topic: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Subscriber]:
        """Find subscribers that this account may read.

        Args:
            region: In this region or one below it.
            organization: Of this organization or one below it.
            language: BCP 47.
            topic: Only those who asked for this topic.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        return narrowed_page(
            self._read,
            SUBSCRIBER,
            self.find,
            after=after,
            limit=limit,
            region=region,
            organization=organization,
            language=language,
            topic=topic,
        )

    def by_phone(self, phone: str) -> list[Subscriber]:
        """Give the subscribers of a phone that this account may read; one an organization.

        Raises:
            Invalid: `phone.bad`.
        """
        plain = normalised(phone)

        def read(work: Work) -> list[Subscriber]:
            where = (Where("phone_ix", "in", live_indexes(work, plain)),)
            query = Query(where=where, limit=1000)
            rows = work.rows(SUBSCRIBER.name, query, work.scope(Action.READ, SUBSCRIBER.name))
            return [work.noun(SUBSCRIBER, row) for row in rows]

        return self._read(read)

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> Subscriber:  # noqa: A002
        """Change phone, region, language, topics or settings of a subscriber.

        Args:
            id: Of the subscriber.
            version: The version that the change is based on; None: whatever there is.
            **changes: Fields by name; consents have a verb of their own.

        Raises:
            Invalid: `content.fixed`, `field.unknown`, and others with the path of the field.
            Conflict: `storage.version`; `unique.taken`, another has this phone.
        """
        demand_changeable(changes, Subscriber, _EDITABLE)
        phone = normalised(changes["phone"]) if "phone" in changes else None

        def write(work: Work) -> Subscriber:
            row = work.visible(SUBSCRIBER, id, Action.EDIT)
            known = work.noun(SUBSCRIBER, row)
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=SUBSCRIBER.name)
            wanted = {name: value for name, value in changes.items() if name != "phone"}
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Subscriber)}
            changed = _structured(plain | wanted)
            _demand_terms(work, changed, set())
            _, placed = work.placed(changed.organization, changed.region)
            work.allow_at(Action.EDIT, SUBSCRIBER.name, changed.organization, placed)
            index = row.keys["phone_ix"]
            if phone is not None:
                index = rephone(work, known, index, phone)
                changed = attrs.evolve(changed, phone=seal(work, id, PHONE, phone))
            stored = _put(work, changed, placed, index)
            work.note(stored, "edited", fields=",".join(sorted(changes)))
            return stored

        return self._write(write)

    def consent(self, id: str, consent: Consent) -> Subscriber:  # noqa: A002
        """Add a consent or a withdrawal to a subscriber's ledger; nothing in it is changed.

        A new consent does not lift an opt-out that the person sent.

        Args:
            id: Of the subscriber.
            consent: What was agreed to or withdrawn; without a time: now.

        Raises:
            Invalid: `consent.backdated`, before the last entry of its purpose;
                `consent.future`, `consent.over` (it ends before it begins), and others with
                the path of the field.
        """
        try:
            given = codec.structure(Consent, consent)
        except Invalid as error:
            error.path = f"consent.{error.path}" if error.path else "consent"
            raise

        def write(work: Work) -> Subscriber:
            row = work.visible(SUBSCRIBER, id, Action.EDIT)
            known = work.noun(SUBSCRIBER, row)
            added = _dated(given, work)
            earlier = [c for c in known.consents if c.purpose == added.purpose]
            if earlier and added.at < earlier[-1].at:
                raise Invalid("consent.backdated", path="consent.at")
            changed = attrs.evolve(known, consents=(*known.consents, added))
            for problem in problems(changed):
                raise problem
            changed = attrs.evolve(changed, consents=with_proofs(work, id, changed.consents))
            _, placed = work.placed(known.organization, known.region)
            stored = _put(work, changed, placed, row.keys["phone_ix"])
            verb = "consented" if added.granted else "withdrew"
            work.note(stored, verb, purpose=added.purpose)
            return stored

        return self._write(write)

    def profiling(self, id: str, *, on: bool, evidence: str = "") -> Subscriber:  # noqa: A002
        """Note whether a person may be chosen by what is known of them (个人信息保护法 Art. 24).

        Who switches it off is still served: with what goes to everybody of a region, and with
        the topics that they asked for. Campaigns choose them by no setting (`profiling` in
        `Plan.exclusions`), and `match` counts them in no audience that only comes near what
        they asked for. It is an entry of the ledger of consents, of the purpose `profiling`: with
        sealed evidence, in the audit and in what `export` gives.

        Args:
            id: Of the subscriber.
            on: False: they refuse; True: they allow it again. Without an entry it is allowed.
            evidence: How it was said, such as a form's number; it is sealed.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
        """
        demand_type(on, bool, "on")
        return self.consent(id, Consent(purpose=PROFILING, granted=on, evidence=evidence))

    def consent_at(
        self,
        id: str,  # noqa: A002
        purpose: str = "science_sms",
        at: datetime | None = None,
    ) -> Consent | None:
        """Give what a person had last said to a purpose at a moment: a consent or a withdrawal.

        The ledger is only added to, so what held at any moment can be told later. Refusals by
        message stand beside it (`export` lists them): a consent does not lift them.

        Args:
            id: Of the subscriber.
            purpose: Of the consent.
            at: The moment; None: now.

        Returns:
            The entry, with its time, its sealed evidence and the notice; None where nothing had
            been said by then, or what was said had ended.
        """

        def read(work: Work) -> Consent | None:
            known = work.noun(SUBSCRIBER, work.visible(SUBSCRIBER, id))
            return known.consent(purpose, at or work.now)

        return self._read(read)

    def opt_out(self, subscriber: str, topic: str = "") -> bool:
        """Note that a person wants no more messages; effective before the next batch leaves.

        It holds for the phone, whoever looks after it, and outlives the subscriber.

        Args:
            subscriber: Id of a subscriber, or a phone, whether it is known or not.
            topic: Only messages of this topic; empty: all.

        Returns:
            Whether it is new.

        Raises:
            Invalid: `phone.bad`, neither an id nor a phone.
            Denied: `grant.missing`, no grant to edit subscribers.
        """
        demand_type(subscriber, str, "subscriber")
        known = subscriber.startswith(f"{SUBSCRIBER.prefix}_")
        phone = "" if known else normalised(subscriber, "subscriber")

        def write(work: Work) -> bool:
            organization = region = ""
            if topic:
                demand_term(work, "topic", topic, "topic")
            if known:
                row = work.visible(SUBSCRIBER, subscriber, Action.EDIT)
                noun = work.noun(SUBSCRIBER, row)
                organization, region = noun.organization, noun.region
                if moving(work):
                    # Its index may be of either key.
                    new = refuse(work, open_sealed(work, subscriber, PHONE, noun.phone), topic)
                else:
                    new = refuse_at(work, row.keys["phone_ix"], topic)
            else:
                _demand_some_grant(work)
                new = refuse(work, phone, topic)
            if new:
                told = {"subject": subscriber if known else "", "kind": SUBSCRIBER.name}
                place = {"organization": organization, "region": region}
                work.record("subscriber.opted_out", **told, **place, data={"topic": topic})
                work.tell("subscriber.opted_out", **told, **place, data={"topic": topic})
            return new

        return self._write(write)

    def reveal(self, id: str, *, reason: str = "") -> str:  # noqa: A002
        """Give the phone of a subscriber in plain; audited.

        Args:
            id: Of the subscriber.
            reason: Why, for the audit.

        Raises:
            Denied: `grant.missing`, no grant to reveal.
            NotFound: `noun.unknown`, `subject.erased`.
        """

        def write(work: Work) -> str:
            row = work.visible(SUBSCRIBER, id, Action.REVEAL)
            known = work.noun(SUBSCRIBER, row)
            work.record(
                "subscriber.revealed",
                kind=SUBSCRIBER.name,
                subject=id,
                organization=known.organization,
                region=known.region,
                reason=reason,
            )
            return open_sealed(work, id, PHONE, known.phone)

        return self._write(write)

    # Within a transaction.

    def _add(
        self, work: Work, rows: Sequence[Mapping[str, Any]], *, bulk: bool
    ) -> list[Subscriber]:
        terms: set[tuple[str, str]] = set()
        places: dict[tuple[str, str | None], tuple[str, Placed]] = {}
        made: list[_New] = []
        for number, row in enumerate(rows):
            with numbered("rows" if bulk else "", number):
                made.append(_new(work, row, terms, places))
        settled(work)
        keys = new_subjects(work, [new.subscriber.id for new in made])
        live = [live_indexes(work, new.phone) for new in made]
        indexes = [found[0] for found in live]
        claim_phones(work, [new.subscriber for new in made], live, bulk=bulk)
        carry_over(work, {new.phone: index for new, index in zip(made, indexes, strict=True)})
        stored = []
        docs = []
        for new, index in zip(made, indexes, strict=True):
            id_ = new.subscriber.id
            noun = attrs.evolve(
                new.subscriber,
                phone=seal(work, id_, PHONE, new.phone, keys[id_]),
                consents=with_proofs(work, id_, new.subscriber.consents, keys[id_]),
                version=1,
                created_at=work.now,
                updated_at=work.now,
            )
            found = dict(SUBSCRIBER.keys(noun, new.placed)) | {"phone_ix": index}
            docs.append(Row(id_, 0, codec.dumps(noun), found))
            stored.append(noun)
        work.tx.put(SUBSCRIBER.name, docs)
        add_reach(work, [(noun, row.keys) for noun, row in zip(stored, docs, strict=True)])
        return stored


def _put(work: Work, changed: Subscriber, placed: Placed, phone_ix: bytes) -> Subscriber:
    """Store a changed subscriber, document and narrow row."""
    stored = work.put(SUBSCRIBER, changed, placed, phone_ix=phone_ix)
    put_reach(work, [(stored, {**SUBSCRIBER.keys(stored, placed), "phone_ix": phone_ix})])
    return stored


def _new(
    work: Work,
    row: Mapping[str, Any],
    terms: set[tuple[str, str]],
    places: dict[tuple[str, str | None], tuple[str, Placed]],
) -> _New:
    unknown = sorted(row.keys() - _GIVEN)
    if unknown:
        near = near_field(unknown[0], sorted(_GIVEN))
        raise Invalid("field.unknown", path=unknown[0], near=near)
    missing = [name for name in ("phone", "organization") if not row.get(name)]
    if missing:
        raise Invalid("field.missing", path=missing[0])
    phone = normalised(row["phone"])
    asked = (str(row["organization"]), row.get("region") or None)
    if asked not in places:
        owner, placed = work.placed(*asked)
        work.allow_at(Action.CREATE, SUBSCRIBER.name, asked[0], placed)
        places[asked] = (asked[1] or owner.region, placed)
    region, placed = places[asked]
    given = {k: v for k, v in row.items() if k != "phone" and v is not None}
    for name in _SEVERAL:
        if name in given:
            given[name] = tuple(given[name])
    given |= {"id": work.new_id(SUBSCRIBER), "region": region, "phone": Sealed("")}
    made = _structured(given)
    _demand_terms(work, made, terms)
    dated = sorted((_dated(c, work) for c in made.consents), key=lambda consent: consent.at)
    if tuple(dated) != made.consents:
        made = attrs.evolve(made, consents=tuple(dated))
    return _New(made, phone, placed)


def _structured(fields: Mapping[str, Any]) -> Subscriber:
    made = codec.structure(Subscriber, fields)
    language = canonical_language(made.language)
    return made if language == made.language else attrs.evolve(made, language=language)


def _dated(consent: Consent, work: Work) -> Consent:
    # What is sealed comes from the store only.
    consent = consent if consent.proof is None else attrs.evolve(consent, proof=None)
    if consent.at == EPOCH:
        consent = attrs.evolve(consent, at=work.now)
    if consent.at > work.now:
        raise Invalid("consent.future", path="consent.at")
    if consent.until is not None and consent.until <= consent.at:
        raise Invalid("consent.over", path="consent.until")
    return consent


def _demand_terms(work: Work, subscriber: Subscriber, seen: set[tuple[str, str]]) -> None:
    for name, vocabulary in (("topics", "topic"), ("settings", "setting")):
        for place, code in enumerate(getattr(subscriber, name)):
            if (vocabulary, code) not in seen:
                demand_term(work, vocabulary, code, f"{name}[{place}]")
                seen.add((vocabulary, code))


def _demand_some_grant(work: Work) -> None:
    # A refusal is a person's right, whoever hears it: any place will do.
    groups = work.scope(Action.EDIT, SUBSCRIBER.name)
    if groups is not None and not groups:
        raise Denied("grant.missing", action=Action.EDIT.value, kind=SUBSCRIBER.name)
