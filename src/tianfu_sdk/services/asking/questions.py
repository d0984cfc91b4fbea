"""The desk of questions that nothing published answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import CONTENT, EXPERT, QUESTION, RESOURCE, WAITING, kind_of
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import problems
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.question import (
    Question,
    QuestionState,
    Refusal,
    Routing,
)
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.asking.ask import Ask
from tianfu_sdk.services.asking.askers import Askers, readable
from tianfu_sdk.services.asking.filing import routed, topics_of
from tianfu_sdk.services.content.question_groups import end_question, put_question, separate
from tianfu_sdk.services.content.resources import Resources
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.people import TEXT, open_sealed
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.offices.organizations import names_of

__all__ = ["Questions"]

_COMING = frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED, State.SCHEDULED})
"""States of a content that is to be published yet."""


class Questions(Askers):
    """Route filed questions and answer them. Safe to share between threads.

    What `ask` files is routed by itself: to an expert of its topic who has room, or to the
    association of its region or above it. Without either it is nobody's in particular: the
    system, or whoever has a grant for it, routes it.
    """

    # Reading.

    def get(self, id: str) -> Question:  # noqa: A002 - the field's name
        """Give a question; its text stays sealed. `askers` says how many asked it."""
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
        expert: str | None = None,
        group: str | None = None,
        region: str | None = None,
        organization: str | None = None,
        language: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Question]:
        """Find questions that this account may read, oldest first.

        Args:
            state: Only those that stand so; `grouped` ones wait with the one they ask the same as.
            expert: Only those that this expert has, by id.
            group: Only those that this question stands for, by id.
            region: Only those that were asked in this region or one below it.
            organization: Only those that this organization or one below it has.
            language: Only those in this language, BCP 47.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`.
            Invalid: `field.choice`, `text.bad_language`, `page.bad_cursor`, `storage.limit`.
            Denied: `account.required`.
        """
        where: list[Where] = []
        if state is not None:
            where.append(Where("state", "=", QuestionState.of(state, "state").value))
        if expert is not None:
            where.append(Where("expert", "=", expert))
        if group is not None:
            where.append(Where("group", "=", group))
        return narrowed_page(
            self._read,
            QUESTION,
            self.find,
            own={"state": state, "expert": expert, "group": group},
            more=lambda _: tuple(where),
            order="asked",
            after=after,
            limit=limit,
            region=region,
            organization=organization,
            language=language,
        )

    def overdue(self, *, after: str | None = None, limit: int = 50) -> Page[Question]:
        """Find questions that nobody answered in time, the longest overdue first.

        Args:
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        where = (
            Where("state", "in", tuple(state.value for state in WAITING)),
            Where("due", "<=", moment_key(self._tools.clock.now())),
        )
        return self._read(
            lambda work: work.page(
                QUESTION,
                where=where,
                order="due",
                after=after,
                limit=limit,
                again=lambda cursor: self.overdue(after=cursor, limit=limit),
            )
        )

    # Routing.

    def route(
        self,
        id: str,  # noqa: A002
        organization: str | None = None,
        *,
        expert: str = "",
    ) -> Question:
        """Give a question to an association, and to one of its experts.

        Args:
            id: Of the question.
            organization: Id of the association; None: the one that has the question, else the
                expert's. With no expert either, both are chosen anew, as when it was filed.
            expert: Id of an expert, or empty.

        Raises:
            Invalid: `question.closed`; `question.grouped`, route the one that stands for it;
                `expert.not_in_office`, a draft, suspended or out of term.
            NotFound: `noun.unknown`, `organization.unknown`.
        """

        def write(work: Work) -> Question:
            question, wording = self._open_for(work, id)
            if organization is None and not expert:
                return self._put(work, routed(work, question), wording, "routed")
            home = organization or question.organization
            if expert:
                chosen = work.get(EXPERT, expert, "expert")
                if not chosen.serves_on(work.today):
                    raise Invalid("expert.not_in_office", path="expert", id=expert)
                home = home or chosen.organization
            given = attrs.evolve(
                question,
                state=QuestionState.ROUTED,
                organization=home,
                expert=expert,
                routing=Routing.HAND,
                why={},
            )
            return self._put(work, given, wording, "routed")

        return until_done(lambda: self._write(write))

    def decline(self, id: str, reason: str) -> Question:  # noqa: A002
        """Say that the expert does not take a question; it goes to the next one, or on.

        Args:
            id: Of the question.
            reason: Why, 1 to 500 characters; kept with the question.

        Returns:
            The question as it is routed now; this expert does not get it again by itself.

        Raises:
            Invalid: `question.no_expert`, it is with no expert; `question.closed`;
                `question.grouped`; `field.too_short`, `field.too_long`.
        """

        def write(work: Work) -> Question:
            question, wording = self._open_for(work, id)
            if not question.expert:
                raise Invalid("question.no_expert", path="id")
            refusal = Refusal(expert=question.expert, reason=reason.strip(), at=work.now)
            for problem in problems(refusal):
                raise problem
            refused = attrs.evolve(question, refusals=(*question.refusals, refusal), expert="")
            return self._put(work, routed(work, refused), wording, "declined", reason)

        return until_done(lambda: self._write(write))

    def separate(self, id: str) -> Question:  # noqa: A002
        """Take a question out of its group, because it asks something else; it is routed anew.

        Raises:
            Invalid: `question.not_grouped`; `question.closed`, it ended with its group.
        """

        def read(work: Work) -> str:
            question = work.noun(QUESTION, _demand_grouped(work, id))
            return open_sealed(work, id, TEXT, question.text)

        # What joins another is not looked at for topics of its own until it stands alone.
        text = self._read(read)
        nearest = Ask(self._tools, self._actor).nearest(text)

        def write(work: Work) -> Question:
            row = _demand_grouped(work, id)
            topics = topics_of(work, text, nearest)
            alone = attrs.evolve(separate(work, row), topics=topics)
            return self._put(work, routed(work, alone), row.keys["wording"], "separated")

        return until_done(lambda: self._write(write))

    # Answering.

    def draft_answer(
        self,
        id: str,  # noqa: A002
        *,
        title: str,
        body: str,
        organization: str | None = None,
        instead: bool = False,
        **fields: Any,
    ) -> Resource:
        """Draft the resource that is to answer a question.

        It goes through the states of all content, so another person approves it. Once it is
        published the question is answered, with all that are grouped under it, and whoever asks
        the same next finds it. Nothing of the asker's text is copied. A question has one such
        draft at a time: what was withdrawn, retracted or archived is none any more.

        Args:
            id: Of the question.
            title: As a reader would look for it.
            body: The answer.
            organization: Whose it is; None: the association that the question is routed to.
            instead: Draft another one though there is one. The earlier one stays as it is and no
                longer ends the question; if it is published after all, call `answer`.
            **fields: Others of a resource. Topics, region and language are the question's,
                `source` names the expert's post and organization, if nothing else is given.

        Raises:
            Invalid: `question.closed`, `question.grouped`; `question.not_routed`, nobody has it
                yet: name an organization; with the path of the field.
            Conflict: `question.drafted`, somebody drafts the answer already.
            Denied: `grant.missing`, to answer the question, or to create resources there.
        """

        def write(work: Work) -> Resource:
            question, wording = self._open_for(work, id)
            if not instead and _in_work(work, question.draft):
                raise Conflict("question.drafted", path="id", id=question.draft)
            owner = organization or question.organization
            if not owner:
                raise Invalid("question.not_routed", path="organization")
            given = {
                "topics": question.topics,
                "region": question.region or work.placed(owner)[0].region,
                "language": question.language,
                "source": _credit(work, question),
            } | fields
            made = _Drafts(self._tools, self._actor).drafted(
                work, given | {"title": title, "body": body, "organization": owner}
            )
            drafted = attrs.evolve(question, draft=made.id)
            self._put(work, drafted, wording, "drafted")
            return made

        return self._write(write)

    def answer(self, id: str, content: str) -> Question:  # noqa: A002
        """Answer a question with a published content; those grouped under it as well.

        Args:
            id: Of the question.
            content: Id of the content.

        Raises:
            Invalid: `question.not_published`, `question.closed`, `question.grouped`.
            NotFound: `noun.unknown`.
        """

        def write(work: Work) -> Question:
            question, _ = self._open_for(work, id)
            shelf = kind_of(content)
            if shelf is None or shelf.name not in CONTENT:
                raise Invalid("question.not_published", path="content")
            if not readable(work, work.get(shelf, content, "content")):
                raise Invalid("question.not_published", path="content")
            ended = attrs.evolve(question, state=QuestionState.ANSWERED, answer=content)
            return end_question(work, ended, "answered")

        return self._write(write)

    def close(self, id: str, reason: str) -> Question:  # noqa: A002
        """Close a question without an answer, and say why; those grouped under it as well.

        Args:
            id: Of the question.
            reason: Its askers may read it.

        Raises:
            Invalid: `lifecycle.reason`, none is given; `question.closed`, `question.grouped`.
            NotFound: `noun.unknown`.
        """
        if not reason.strip():
            raise Invalid("lifecycle.reason", path="reason", verb="close")

        def write(work: Work) -> Question:
            question, _ = self._open_for(work, id)
            closed = attrs.evolve(question, state=QuestionState.CLOSED, comment=reason)
            return end_question(work, closed, "closed", reason)

        return self._write(write)

    # Work of the worker.

    def remind_due(self, limit: int = 100) -> int:
        """Tell of questions that have become overdue (`question.overdue`), each once.

        Args:
            limit: Questions at most.

        Returns:
            How many were told of.

        Raises:
            Denied: `account.required`.
        """

        def write(work: Work) -> int:
            where = (Where("remind", "<=", moment_key(work.now)),)
            scope = work.scope(Action.ANSWER, QUESTION.name)
            rows = work.rows(QUESTION.name, Query(where=where, order="remind", limit=limit), scope)
            for row in rows:
                question = attrs.evolve(work.noun(QUESTION, row), reminded=True)
                stored = put_question(work, question, row.keys["wording"])
                work.tell(
                    "question.overdue",
                    kind=QUESTION.name,
                    subject=stored.id,
                    organization=stored.organization,
                    region=stored.region or "",
                    data={"expert": stored.expert, "askers": stored.askers},
                )
            return len(rows)

        return self._write(write)

    # Within a transaction.

    def _open_for(self, work: Work, id_: str) -> tuple[Question, frozenset[bytes]]:
        row = work.visible(QUESTION, id_, Action.ANSWER)
        question = work.noun(QUESTION, row)
        if question.state is QuestionState.GROUPED:
            raise Invalid("question.grouped", path="id", id=question.group)
        if question.state not in WAITING:
            raise Invalid("question.closed", path="state", state=question.state.value)
        return question, row.keys["wording"]

    def _put(
        self,
        work: Work,
        question: Question,
        wording: frozenset[bytes],
        verb: str,
        reason: str = "",
    ) -> Question:
        stored = put_question(work, question, wording)
        work.note(stored, verb, reason=reason)
        return stored


@attrs.frozen
class _Drafts(Resources):
    """The desk of resources, as a question's answer is drafted through it."""

    def drafted(self, work: Work, fields: Mapping[str, Any]) -> Resource:
        """Create a resource within a change that another desk has opened; as `add`."""
        return self._create(work, [fields], bulk=False)[0]


def _demand_grouped(work: Work, id_: str) -> Row:
    row = work.visible(QUESTION, id_, Action.ANSWER)
    question = work.noun(QUESTION, row)
    if question.group and question.state is not QuestionState.GROUPED:
        # It ended with the one that stood for it, and is still listed under that.
        raise Invalid("question.closed", path="state", state=question.state.value)
    if not question.group:
        raise Invalid("question.not_grouped", path="id")
    return row


def _in_work(work: Work, draft: str) -> bool:
    rows = work.tx.get(RESOURCE.name, [draft] if draft else [])
    return any(row.keys["state"] in _COMING for row in rows)


def _credit(work: Work, question: Question) -> str:
    """Name who answers by post and organization only: the name of an expert is sealed."""
    for row in work.tx.get(EXPERT.name, [question.expert] if question.expert else []):
        expert = work.noun(EXPERT, row)
        home = names_of(work, [expert.organization]).get(expert.organization, "")
        return "专家解答：" + "，".join(part for part in (home, expert.title) if part)
    return ""
