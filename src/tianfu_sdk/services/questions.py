"""The desk of questions that nothing published answers."""

from __future__ import annotations

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import lifecycle
from tianfu_sdk.core.keying import Placed
from tianfu_sdk.core.kinds import CONTENT, EXPERT, QUESTION, kind_of
from tianfu_sdk.core.regions import Levels
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import State
from tianfu_sdk.model.question import Question, QuestionState
from tianfu_sdk.model.storage import Group, Where
from tianfu_sdk.services.page import Page
from tianfu_sdk.services.people import TEXT, open_sealed
from tianfu_sdk.services.personal import PersonDesk
from tianfu_sdk.services.work import Work

__all__ = ["Questions"]

_OPEN = frozenset({QuestionState.OPEN, QuestionState.ROUTED})


class Questions(PersonDesk):
    """Route filed questions and answer them. Safe to share between threads.

    A question without a region is nobody's in particular: the system, or whoever has a
    grant for it, routes it to an association.
    """

    _about = QUESTION.name

    def get(self, id: str) -> Question:  # noqa: A002 - the field's name
        """Give a question; its text stays sealed."""
        return self._read(lambda work: work.noun(QUESTION, work.visible(QUESTION, id)))

    def text(self, id: str) -> str:  # noqa: A002
        """Give the text of a question, for those who may answer it.

        Raises:
            Denied: `grant.missing`.
        """

        def read(work: Work) -> str:
            question = work.noun(QUESTION, work.visible(QUESTION, id, Action.ANSWER))
            return open_sealed(work, id, TEXT, question.text)

        return self._read(read)

    def find(
        self,
        *,
        state: QuestionState | str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Question]:
        """Find questions that this account may read, oldest first."""

        def read(work: Work) -> Page[Question]:
            where: Group = ()
            if state is not None:
                where = (Where("state", "=", QuestionState.of(state, "state").value),)
            return work.page(
                QUESTION,
                where=where,
                order="asked",
                after=after,
                limit=limit,
                again=lambda cursor: self.find(state=state, after=cursor, limit=limit),
            )

        return self._read(read)

    def route(self, id: str, organization: str, *, expert: str = "") -> Question:  # noqa: A002
        """Give a question to an association, and to one of its experts.

        Args:
            id: Of the question.
            organization: Id of the association.
            expert: Id of an expert, or empty.
        """

        def write(work: Work) -> Question:
            question = self._open_for(work, id)
            if expert:
                work.get(EXPERT, expert)
            return self._put(
                work,
                attrs.evolve(
                    question, state=QuestionState.ROUTED, organization=organization, expert=expert
                ),
                "routed",
            )

        return self._write(write)

    def answer(self, id: str, content: str) -> Question:  # noqa: A002
        """Answer a question with a published content.

        Args:
            id: Of the question.
            content: Id of the content.

        Raises:
            Invalid: `question.not_published`, `question.closed`.
        """

        def write(work: Work) -> Question:
            question = self._open_for(work, id)
            shelf = kind_of(content)
            if shelf is None or shelf.name not in CONTENT:
                raise Invalid("question.not_published", path="content")
            answer = work.get(shelf, content)
            today = work.now.astimezone(SHANGHAI).date()
            if answer.state is not State.PUBLISHED or lifecycle.stale(answer, today):
                raise Invalid("question.not_published", path="content")
            return self._put(
                work,
                attrs.evolve(question, state=QuestionState.ANSWERED, answer=content),
                "answered",
            )

        return self._write(write)

    def close(self, id: str, reason: str) -> Question:  # noqa: A002
        """Close a question without an answer, and say why."""

        def write(work: Work) -> Question:
            question = self._open_for(work, id)
            closed = attrs.evolve(question, state=QuestionState.CLOSED, comment=reason)
            return self._put(work, closed, "closed", reason)

        return self._write(write)

    def _open_for(self, work: Work, id_: str) -> Question:
        question = work.noun(QUESTION, work.visible(QUESTION, id_, Action.ANSWER))
        if question.state not in _OPEN:
            raise Invalid("question.closed", path="state", state=question.state.value)
        return question

    def _put(self, work: Work, question: Question, verb: str, reason: str = "") -> Question:
        if question.organization:
            _, placed = work.placed(question.organization, question.region)
        else:
            levels = work.regions().levels(question.region) if question.region else Levels()
            placed = Placed(levels)
        codec.check(question)
        stored = work.put(QUESTION, question, placed)
        work.note(stored, verb, reason=reason)
        return stored
