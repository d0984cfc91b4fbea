"""The desk of experts (专家)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.lifecycle import stale
from tianfu_sdk.core.matching.offices import in_office
from tianfu_sdk.core.rows.kinds import CONTENT, EXPERT, QUESTION, kind_of
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Conflict, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable
from tianfu_sdk.model.content import State
from tianfu_sdk.model.listing import Expert, ExpertState
from tianfu_sdk.model.question import QuestionState
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.content.question_groups import hand_back
from tianfu_sdk.services.desk.narrowing import narrowed
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.people import NAME, new_subject, open_sealed, seal
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.personal import PersonDesk
from tianfu_sdk.text import fold

__all__ = ["Answered", "Experts", "public_text", "shown_expert"]

_LONGEST_NAME = 100
_TELLING_NAME = 2
_APART = re.compile(r"[\s·・•‧∙]+")
_READ = 100
_CHANGEABLE = frozenset(
    {"title", "profile", "topics", "keywords", "languages", "capacity", "fields", "affiliations"}
    | {"availability", "appointed_from", "appointed_to"}
)


@attrs.frozen
class Answered:
    """A published content by which an expert answered."""

    kind: str
    id: str
    title: str
    at: datetime
    """When it was answered."""


class Experts(PersonDesk):
    """Keep experts (专家): the profile is public, the name is sealed under a key of its own.

    Any account may read profiles that are published, in their term of appointment; who has a grant
    to read experts there sees all. To read a name is a grant of its own, and audited. Safe to
    share between threads.
    """

    _about = EXPERT.name

    def create(
        self,
        *,
        name: str,
        organization: str,
        title: str = "",
        profile: str = "",
        region: str | None = None,
        topics: Sequence[str] = (),
        keywords: Sequence[str] = (),
        languages: Sequence[str] = ("zh-Hans",),
        capacity: int = 1,
        fields: Sequence[str] = (),
        affiliations: Sequence[str] = (),
        availability: str = "",
        appointed_from: date | None = None,
        appointed_to: date | None = None,
        draft: bool = False,
    ) -> Expert:
        """Create an expert.

        Args:
            name: Personal name, 1 to 100 characters; sealed, never shown with the profile.
            organization: Id of the organization that the expert belongs to.
            title: Post or degree, such as 高级农艺师; public.
            profile: What the expert knows, without the name; public.
            region: Where the expert works, GB/T 2260; None: where the organization is.
            topics: Codes of the vocabulary `topic`.
            keywords: Words by which the expert is looked for.
            languages: In which the expert answers, BCP 47.
            capacity: Questions or projects at a time; 0: takes none now.
            fields: Fields of science or practice, in words.
            affiliations: Other bodies and posts; public.
            availability: When and how one can have the expert; public.
            appointed_from: First day of the appointment (聘期).
            appointed_to: Last day of it; None: no end.
            draft: Whether the profile is to be shown only once it is published.

        Returns:
            The expert; its repr shows no name.

        Raises:
            Denied: `grant.missing`, no grant to create experts there; `account.required`.
            Invalid: With the path of the field; `expert.name_public`, the name stands in
                what everybody may read.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
        """

        def write(work: Work) -> Expert:
            owner, placed = work.placed(organization, region)
            work.allow_at(Action.CREATE, EXPERT.name, organization, placed)
            id_ = work.new_id(EXPERT)
            _demand_name(name)
            key = new_subject(work, id_)
            made = codec.structure(
                Expert,
                {
                    "id": id_,
                    "name": seal(work, id_, NAME, name.strip(), key),
                    "title": title,
                    "profile": profile,
                    "organization": organization,
                    "region": region or owner.region,
                    "topics": topics,
                    "keywords": keywords,
                    "languages": languages,
                    "capacity": capacity,
                    "fields": fields,
                    "affiliations": affiliations,
                    "availability": availability,
                    "appointed_from": appointed_from,
                    "appointed_to": appointed_to,
                    "state": ExpertState.DRAFT if draft else ExpertState.PUBLISHED,
                },
            )
            _demand_private(made, name)
            _demand_topics(work, made.topics)
            stored = work.put(EXPERT, made, placed)
            work.note(stored, "created")
            return stored

        return self._write(write)

    def get(self, id: str) -> Expert:  # noqa: A002 - the field's name
        """Give an expert's profile; the name stays sealed.

        Raises:
            NotFound: `noun.unknown`; or it is a draft, suspended or past its term, and this
                account has no grant to read experts there.
            Denied: `account.required`.
        """

        def read(work: Work) -> Expert:
            _demand_somebody(work)
            return shown_expert(work, id)

        return self._read(read)

    def find(
        self,
        *,
        topic: str | None = None,
        region: str | None = None,
        organization: str | None = None,
        state: ExpertState | str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Expert]:
        """Find experts in office; who has a grant to read experts somewhere sees all there.

        Args:
            state: Only those whose profile stands so.
            topic: Only those with this topic.
            region: Only those in this region or one below it.
            organization: Only those of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`.
            Invalid: `field.choice`.
            Denied: `account.required`.
        """

        def read(work: Work) -> Page[Expert]:
            _demand_somebody(work)
            where = narrowed(work, topic=topic, region=region, organization=organization)
            if state is not None:
                where.append(Where("state", "=", ExpertState.of(state, "state").value))
            return work.page(
                EXPERT,
                where=tuple(where),
                also=(in_office(work.today),),
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    topic=topic,
                    region=region,
                    organization=organization,
                    state=state,
                    after=cursor,
                    limit=limit,
                ),
            )

        return self._read(read)

    def answered(self, id: str) -> list[Answered]:  # noqa: A002
        """List what an expert answered, as far as the answer is published now; newest first.

        Args:
            id: Of the expert.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """
        self.get(id)

        def read(work: Work) -> list[Answered]:
            today = work.today
            where = (
                Where("expert", "=", id),
                Where("state", "=", QuestionState.ANSWERED.value),
            )
            found: dict[str, Answered] = {}
            rows = work.each(QUESTION.name, Query(where=where))
            questions = (work.noun(QUESTION, row) for row in rows)
            at = {question.answer: question.updated_at for question in questions}
            for shelf in CONTENT.values():
                answers = (id_ for id_ in at if kind_of(id_) is shelf)
                while ids := list(islice(answers, _READ)):
                    for known in work.tx.get(shelf.name, ids):
                        content = work.noun(shelf, known)
                        if content.state is State.PUBLISHED and not stale(content, today):
                            one = Answered(shelf.name, content.id, content.title, at[content.id])
                            found[content.id] = one
            return sorted(found.values(), key=lambda one: (one.at, one.id), reverse=True)

        return self._read(read)

    def edit(
        self,
        id: str,  # noqa: A002
        *,
        version: int | None = None,
        name: str | None = None,
        **changes: Any,
    ) -> Expert:
        """Change the name or the profile of an expert.

        Args:
            id: Of the expert.
            version: The version that the change is based on; None: whatever there is.
            name: Another name, sealed in place of the old one; None: it stays.
            **changes: `title`, `profile`, `topics`, `keywords`, `languages`, `capacity`, `fields`,
                `affiliations`, `availability`, `appointed_from`, `appointed_to`.

        Raises:
            Denied: `grant.missing`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, `field.unknown`, organization and region do not change;
                `expert.name_public`; with the path of the field.
        """

        def write(work: Work) -> Expert:
            known = self._known(work, id, Action.EDIT)
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=EXPERT.name)
            demand_changeable(changes, Expert, _CHANGEABLE)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Expert)}
            changed = codec.structure(Expert, plain | changes)
            if name is not None:
                _demand_name(name)
                sealed = seal(work, id, NAME, name.strip())
                changed = attrs.evolve(changed, name=sealed)
            _demand_private(changed, name or open_sealed(work, id, NAME, known.name))
            _demand_topics(work, changed.topics)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(EXPERT, changed, placed)
            work.note(stored, "edited")
            return stored

        return self._write(write)

    def publish(self, id: str) -> Expert:  # noqa: A002
        """Show a profile that is a draft or suspended.

        Raises:
            Denied: `grant.missing`, no grant to publish experts there.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`, it is published.
        """
        return self._stood(id, ExpertState.PUBLISHED, Action.PUBLISH, "")

    def suspend(self, id: str, reason: str) -> Expert:  # noqa: A002
        """Show a profile no more for now; the expert is matched with nothing.

        Questions that wait for the expert, without a draft of an answer, are left to the
        association; `questions.route` finds another expert.

        Raises:
            Denied: `grant.missing`, no grant to withdraw experts there.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.reason`, none given; `lifecycle.illegal`, it is suspended.
        """
        if not reason.strip():
            raise Invalid("lifecycle.reason", path="reason", verb="suspend")
        return self._stood(id, ExpertState.SUSPENDED, Action.WITHDRAW, reason)

    def _stood(self, id_: str, state: ExpertState, action: Action, reason: str) -> Expert:
        def write(work: Work) -> Expert:
            known = self._known(work, id_, action)
            if known.state is state:
                verbs = ("publish", "suspend")
                verb, other = verbs if state is ExpertState.PUBLISHED else verbs[::-1]
                raise illegal(state, verb, (other, "edit"))
            changed = attrs.evolve(known, state=state, comment=reason)
            codec.check(changed)
            _, placed = work.placed(known.organization, known.region)
            stored = work.put(EXPERT, changed, placed)
            work.note(stored, state.value, reason=reason)
            if state is ExpertState.SUSPENDED:
                hand_back(work, stored.id)
            return stored

        return self._write(write)

    def reveal(self, id: str) -> str:  # noqa: A002
        """Give the name of an expert in plain; the look is written to the audit.

        Args:
            id: Of the expert.

        Raises:
            Denied: `grant.missing`, no grant `reveal` on kind `expert` there.
            NotFound: `noun.unknown`; `subject.erased`.
        """

        def write(work: Work) -> str:
            known = self._known(work, id, Action.REVEAL)
            name = open_sealed(work, id, NAME, known.name)
            work.record(
                "expert.revealed",
                kind=EXPERT.name,
                subject=id,
                organization=known.organization,
                region=known.region,
            )
            return name

        return self._write(write)

    def _known(self, work: Work, id_: str, action: Action) -> Expert:
        _demand_somebody(work)
        row = work.get_row(EXPERT, id_)
        work.allow(action, EXPERT.name, row.keys, id_)
        return work.noun(EXPERT, row)


def shown_expert(work: Work, id_: str, row: Row | None = None) -> Expert:
    """Give an expert whose profile is public today, or whom the actor has a grant to read.

    Args:
        work: The transaction.
        id_: Of the expert.
        row: As it was read; None: it is read.

    Raises:
        NotFound: `noun.unknown`, also of one that is hidden.
    """
    row = row or work.get_row(EXPERT, id_)
    known = work.noun(EXPERT, row)
    if not known.serves_on(work.today):
        hidden = work.actor.account is None and not work.actor.system
        if hidden or not work.readable(EXPERT.name, [row]):
            raise NotFound("noun.unknown", path="id", kind=EXPERT.name, id=id_[:64])
    return known


def public_text(expert: Expert) -> str:
    """Give the text by which an expert is found and matched: the public profile only."""
    parts = (expert.title, expert.profile, *expert.fields, *expert.keywords)
    return "\n".join(part for part in parts if part)


def _demand_somebody(work: Work) -> None:
    if not work.actor.system:
        _ = work.account


def _demand_name(name: str) -> None:
    if not name.strip():
        raise Invalid("field.too_short", path="name", shortest=1)
    if len(name) > _LONGEST_NAME:
        raise Invalid("field.too_long", path="name", length=len(name), longest=_LONGEST_NAME)


def _demand_private(expert: Expert, name: str) -> None:
    """Refuse a name that also stands where everybody can read it."""
    folded = fold(name.strip())
    closed = _closed_up(folded)
    # One character is a word of its own too often to say that it is the name.
    if len(closed) < _TELLING_NAME:
        return
    # A name of letters keeps its blanks: Li An is no part of Italian.
    spaced = any(one.isascii() and one.isalpha() for one in closed)
    for path, texts in _public_fields(expert):
        shown = [fold(text) for text in texts]
        if any(folded in one or (not spaced and closed in _closed_up(one)) for one in shown):
            raise Invalid("expert.name_public", path=path)


def _closed_up(folded: str) -> str:
    """Leave out what a name is set apart by: 王 伟 stands for 王伟, 扎西·顿珠 for 扎西顿珠."""
    return _APART.sub("", folded)


def _public_fields(expert: Expert) -> Iterable[tuple[str, Sequence[str]]]:
    yield "title", (expert.title,)
    yield "profile", (expert.profile,)
    yield "keywords", expert.keywords
    yield "fields", expert.fields
    yield "affiliations", expert.affiliations
    yield "availability", (expert.availability,)


def _demand_topics(work: Work, topics: Sequence[str]) -> None:
    for index, topic in enumerate(topics):
        demand_term(work, "topic", topic, f"topics[{index}]")
