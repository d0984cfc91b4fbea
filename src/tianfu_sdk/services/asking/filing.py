"""Filing a question that nothing published answers, and finding who is to answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.asking import questions
from tianfu_sdk.core.matching.offices import in_office
from tianfu_sdk.core.places.regions import LEVELS, Levels
from tianfu_sdk.core.rows.kinds import EXPERT, ORGANIZATION, QUESTION
from tianfu_sdk.model.organization import Organization, OrganizationKind
from tianfu_sdk.model.question import Question, QuestionState, Routing
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.vocabulary import Term
from tianfu_sdk.services.content.question_groups import (
    note_routed,
    one_alike,
    put_question,
    wording_of,
)
from tianfu_sdk.services.desk.people import TEXT, new_subject, seal
from tianfu_sdk.services.desk.stamps import take_turn
from tianfu_sdk.services.desk.vocabularies import terms_of
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.sides import places_of
from tianfu_sdk.services.sms.quotas import policies_of
from tianfu_sdk.settings import days

__all__ = ["file_question", "routed", "topics_of"]

_EXPERTS = 500


def file_question(
    work: Work,
    text: str,
    region: str | None,
    language: str,
    nearest: Sequence[tuple[float, Sequence[str]]] | None,
) -> str | None:
    """File a question.

    It joins a waiting one that asks the same. Else it is routed: to an expert of its topic who
    has room, to the association of the region or above it, to the one that has none above it
    where there is one only, or it stays open.

    Args:
        work: The open change.
        text: Of the question; it is sealed.
        region: Where it was asked, GB/T 2260.
        language: In which, BCP 47.
        nearest: Score and topics of the published contents that are nearest to it; None: they
            were not looked for, so it is filed only where it joins a waiting one.

    Returns:
        Its id, or None where it is not filed.
    """
    wording = wording_of(work, text)
    where = work.regions().levels(region) if region else _nowhere(work)
    if nearest is not None:
        take_turn(work, "question", min(wording, default=b""))
    same = one_alike(work, text, wording, language, where)
    if same is None and nearest is None:
        return None
    id_ = work.new_id(QUESTION)
    key = new_subject(work, id_)
    made = codec.structure(
        Question,
        {
            "id": id_,
            "text": seal(work, id_, TEXT, text, key),
            "language": language,
            "region": region,
            "account": work.actor.account or "",
        },
    )
    data: dict[str, Any] = {"answered": False}
    if same is not None:
        other = work.noun(QUESTION, same)
        counted = attrs.evolve(other, grouped=other.grouped + 1)
        put_question(work, counted, same.keys["wording"])
        made = attrs.evolve(
            made,
            state=QuestionState.GROUPED,
            organization=other.organization,
            group=other.id,
            due=other.due,
        )
        data["group"] = other.id
    else:
        made = routed(work, attrs.evolve(made, topics=topics_of(work, text, nearest or ())))
        made = attrs.evolve(made, due=_due(work, made))
    stored = put_question(work, made, wording)
    work.tell("question.asked", kind="question", subject=id_, region=region or "", data=data)
    if stored.state is QuestionState.ROUTED:
        note_routed(work, stored)
    return id_


def routed(work: Work, question: Question) -> Question:
    """Choose who is to answer a question; the same for the same store.

    Args:
        work: The open transaction.
        question: With its region and topics; who refused it is passed over.

    Returns:
        The question as it is routed; open where there is neither expert nor association.
    """
    asked = (question.region,) if question.region else ()
    places = places_of(work, asked)
    association = _association(work, places) or _above_all(work)
    choice = _expert(work, question, places)
    if choice is not None:
        expert = work.get(EXPERT, choice.expert)
        return attrs.evolve(
            question,
            state=QuestionState.ROUTED,
            organization=association.id if association else expert.organization,
            expert=expert.id,
            routing=Routing.EXPERT,
            why=dict(choice.why),
        )
    if association is not None:
        return attrs.evolve(
            question,
            state=QuestionState.ROUTED,
            organization=association.id,
            expert="",
            routing=Routing.ASSOCIATION,
            why={},
        )
    return attrs.evolve(
        question, state=QuestionState.OPEN, organization="", expert="", routing=None, why={}
    )


def _expert(work: Work, question: Question, places: Sequence[Levels]) -> questions.Choice | None:
    if not question.topics:
        return None
    parents = {term.code: term.parent for term in _terms(work)}
    near = questions.related(question.topics, parents)
    any_of = tuple((Where("topic", "has", code),) for code in near)
    where = in_office(work.today)
    query = Query(where=where, any_of=any_of, limit=_EXPERTS)
    rows = {row.id: row for row in work.tx.find(EXPERT.name, query)}
    if len(rows) == _EXPERTS:
        # Of very many experts those who are near are looked at all the same.
        for level, codes in _around(work, places):
            near_by = attrs.evolve(query, where=(*where, Where(level, "in", codes)))
            rows |= {row.id: row for row in work.tx.find(EXPERT.name, near_by)}
    experts = [work.noun(EXPERT, row) for row in rows.values()]
    tree = work.regions()
    placed = [(e, places_of(work, (e.region,))) for e in experts if tree.knows(e.region)]
    capacity = {one.id: one.capacity for one in experts}
    found = questions.choices(
        placed,
        topics=question.topics,
        places=places,
        language=question.language,
        parents=parents,
        declined={one.expert for one in question.refusals},
    )
    # Counted best first, so that it is seldom more than a few.
    return next(
        (one for one in found if _others_of(work, question, one.expert) < capacity[one.expert]),
        None,
    )


def _others_of(work: Work, question: Question, expert: str) -> int:
    """Count the other questions that an expert has: one that is chosen anew is none of them."""
    take_turn(work, "expert", expert.encode())
    state = QuestionState.ROUTED.value
    where = (Where("expert", "=", expert), Where("state", "=", state))
    return work.tx.count(QUESTION.name, Query(where=where)) - (question.expert == expert)


def _association(work: Work, places: Sequence[Levels]) -> Organization | None:
    """Give the association of a region, or of the nearest one above it that has one."""
    of = Where("kind", "=", OrganizationKind.ASSOCIATION.value)
    for level, codes in reversed(_around(work, places)):
        below = (Where(name, "=", "") for name in LEVELS[LEVELS.index(level) + 1 :])
        where = (of, Where(level, "in", codes), *below)
        rows = work.tx.find(ORGANIZATION.name, Query(where=where, limit=1))
        if rows:
            return work.noun(ORGANIZATION, rows[0])
    return None


def _around(work: Work, places: Sequence[Levels]) -> list[tuple[str, tuple[str, ...]]]:
    """Give the codes of places and of what lies above them by level, the widest first."""
    tree, today = work.regions(), work.today
    found = []
    for level in LEVELS:
        codes = {code for place in places if (code := getattr(place, level))}
        known = sorted({one for code in codes for one in tree.known_as(code, today)})
        if known:
            found.append((level, tuple(known)))
    return found


def _above_all(work: Work) -> Organization | None:
    """Give the association that has none above it, where there is one only.

    Whoever asks without saying where, or from elsewhere, asks the association whose hub it is.
    """
    where = (Where("kind", "=", OrganizationKind.ASSOCIATION.value), Where("parent", "=", ""))
    rows = work.tx.find(ORGANIZATION.name, Query(where=where, limit=2))
    return work.noun(ORGANIZATION, rows[0]) if len(rows) == 1 else None


def _nowhere(work: Work) -> Levels:
    """Give the place of a question that does not say where: that of whom it is routed to."""
    association = _above_all(work)
    return work.placed(association.id)[1].levels if association else Levels()


def topics_of(
    work: Work, text: str, nearest: Sequence[tuple[float, Sequence[str]]]
) -> tuple[str, ...]:
    """Give the topics of a question: those that it names and those of the nearest contents."""
    labels = {term.code: tuple(term.labels.values()) for term in _terms(work) if term.active}
    return questions.guessed_topics(text, labels, nearest)


def _terms(work: Work) -> Sequence[Term]:
    found: Sequence[Term] | None = work.kept.get("terms~topic")
    if found is None:
        found = work.kept["terms~topic"] = terms_of(work, "topic")
    return found


def _due(work: Work, question: Question) -> Any:
    settings = work.tools.settings
    closed = days(settings.sms.holidays, "sms.holidays")
    if question.organization:
        path = work.placed(question.organization)[0].path
        closed = closed.union(*(policy.holidays for policy in policies_of(work, path).values()))
    worked = days(settings.ask.working_days, "ask.working_days")
    return questions.due_after(work.now, settings.ask.answer_days, closed, worked)
