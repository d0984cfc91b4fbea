"""What those who asked a question can do: see how it stands, and be told of the answer."""

from __future__ import annotations

from typing import Any

import attrs

from tianfu_sdk.core.content import lifecycle
from tianfu_sdk.core.rows.kinds import QUESTION, SUBSCRIBER, kind_of
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import State
from tianfu_sdk.model.question import Question, QuestionState, QuestionStatus
from tianfu_sdk.model.storage import Where
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.content.question_groups import put_question
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.people import CONTACT, open_sealed, seal, with_proofs
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.personal import PersonDesk

__all__ = ["Askers", "readable"]

_PURPOSE = "question_answer"
_LONGEST_CONTACT = 200
_ENDED = (QuestionState.ANSWERED, QuestionState.CLOSED)


class Askers(PersonDesk):
    """The part of the desk of questions that is for those who asked."""

    _about = QUESTION.name

    def mine(self, *, after: str | None = None, limit: int = 50) -> Page[Question]:
        """Find the questions that this account asked, oldest first; their texts stay sealed.

        Raises:
            Denied: `account.required`.
        """

        def read(work: Work) -> Page[Question]:
            where = (Where("account", "=", work.account.id),)
            # One's own, whatever else one may read.
            own = Work(work.tools, attrs.evolve(work.actor, system="own", account=None), work.tx)
            return own.page(
                QUESTION,
                where=where,
                order="asked",
                after=after,
                limit=limit,
                again=lambda cursor: self.mine(after=cursor, limit=limit),
            )

        return self._read(read)

    def status(self, id: str) -> QuestionStatus:  # noqa: A002
        """Tell an asker how a question stands, and what answers it.

        Anybody who has the id may: it was given to who asked, and cannot be guessed.

        Raises:
            NotFound: `noun.unknown`.
        """

        def read(work: Work) -> QuestionStatus:
            question = work.get(QUESTION, id)
            first = question
            for row in work.tx.get(QUESTION.name, [question.group] if question.group else []):
                first = work.noun(QUESTION, row)
            found = {"answer": "", "kind": "", "title": ""}
            shelf = kind_of(question.answer) if question.answer else None
            for row in work.tx.get(shelf.name, [question.answer]) if shelf else ():
                content = work.noun(shelf, row) if shelf else None
                if shelf and content and readable(work, content):
                    found = {"answer": content.id, "kind": shelf.name, "title": content.title}
            return QuestionStatus(
                id=id,
                state=question.state,
                due=first.due,
                askers=first.askers,
                comment=question.comment if question.state is QuestionState.CLOSED else "",
                **found,
            )

        return self._read(read)

    def follow(
        self,
        id: str,  # noqa: A002
        *,
        subscriber: str = "",
        contact: str = "",
        consent: str = "",
    ) -> Question:
        """Note who is to hear of the answer; by the back end of a page, with a grant to create.

        Args:
            id: Of the question.
            subscriber: Id of a subscriber; or
            contact: How else the asker is reached, up to 200 characters; sealed.
            consent: What proves that the asker agreed to be told; sealed. With a contact it
                must be given.

        Raises:
            Invalid: `question.nobody`, neither is given; `question.no_consent`, a contact
                without one; `question.closed`, it is answered or closed; `field.too_long`.
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, no grant to create questions there; `account.required`.
        """
        demand_type(contact, str, "contact")
        if not subscriber and not contact.strip():
            raise Invalid("question.nobody", path="subscriber")

        def write(work: Work) -> Question:
            row = work.get_row(QUESTION, id)
            work.allow(Action.CREATE, QUESTION.name, row.keys, id)
            question = work.noun(QUESTION, row)
            if question.state in _ENDED:
                # Nobody will be told any more, so no contact is taken in.
                raise Invalid("question.closed", path="state", state=question.state.value)
            if subscriber:
                work.get(SUBSCRIBER, subscriber, "subscriber")
                question = attrs.evolve(question, subscriber=subscriber)
            if contact.strip():
                question = _reached(work, question, contact, consent)
            stored = put_question(work, question, row.keys["wording"])
            work.record(
                "question.followed",
                kind=QUESTION.name,
                subject=id,
                organization=stored.organization,
                region=stored.region or "",
            )
            return stored

        return self._write(write)

    def contact(self, id: str) -> str:  # noqa: A002
        """Give how an asker is reached, in plain; empty: not at all. The look is audited.

        Raises:
            Denied: `grant.missing`, no grant `reveal` on kind `question` there.
            NotFound: `noun.unknown`; `subject.erased`.
        """

        def write(work: Work) -> str:
            question = work.noun(QUESTION, work.visible(QUESTION, id, Action.REVEAL))
            work.record(
                "question.revealed",
                kind=QUESTION.name,
                subject=id,
                organization=question.organization,
                region=question.region or "",
            )
            sealed = question.contact
            return open_sealed(work, id, CONTACT, sealed) if sealed else ""

        return self._write(write)


def readable(work: Work, content: Any) -> bool:
    """Tell whether everybody may read a content today."""
    today = work.today
    return content.state is State.PUBLISHED and not lifecycle.stale(content, today)


def _reached(work: Work, question: Question, contact: str, consent: str) -> Question:
    if not consent.strip():
        raise Invalid("question.no_consent", path="consent")
    if len(contact) > _LONGEST_CONTACT:
        length = len(contact)
        raise Invalid("field.too_long", path="contact", length=length, longest=_LONGEST_CONTACT)
    agreed = Consent(purpose=_PURPOSE, at=work.now, evidence=consent)
    return attrs.evolve(
        question,
        contact=seal(work, question.id, CONTACT, contact.strip()),
        consents=with_proofs(work, question.id, (*question.consents, agreed)),
    )
