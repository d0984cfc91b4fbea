"""Questions as rows: stored with their keyed wording, in groups that are answered together.

One question of a group waits and is routed; the others are `grouped` under it and end with
it. Each keeps the tokens of its own wording until it ends, so that another can take its place.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.asking.questions import alike, signature
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import QUESTION, WAITING
from tianfu_sdk.errors import CryptoError, NotFound
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.question import Question, QuestionState
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.services.desk.indexing import index_keys, settled
from tianfu_sdk.services.desk.people import TEXT, open_sealed
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "answer_questions",
    "end_question",
    "forget_question",
    "grouped_under",
    "one_alike",
    "put_question",
    "separate",
    "wording_of",
]

_CANDIDATES = 20
_WAITING = tuple(state.value for state in WAITING)


def wording_of(work: Work, text: str) -> frozenset[bytes]:
    """Give the tokens under which a question's wording is kept, by the current index key."""
    keys = settled(work)
    return signature(text, lambda value: work.tools.keys.index(value, keys.current))


def put_question(work: Work, question: Question, wording: frozenset[bytes]) -> Question:
    """Store a question; what has ended keeps no tokens of its wording."""
    codec.check(question)
    if question.organization:
        _, placed = work.placed(question.organization, question.region)
    else:
        levels = work.regions().levels(question.region) if question.region else Levels()
        placed = Placed(levels)
    ended = question.state in (QuestionState.ANSWERED, QuestionState.CLOSED)
    kept = frozenset() if ended else wording
    return work.put(QUESTION, question, placed, wording=kept)


def one_alike(
    work: Work, text: str, wording: frozenset[bytes], language: str, levels: Levels
) -> Row | None:
    """Give the waiting question that asks the same: in this language, in this prefecture.

    Tokens only find candidates; the texts themselves, opened for this moment, decide.

    Args:
        work: The transaction.
        text: Of the question.
        wording: As `wording_of` gives it.
        language: Of the question, BCP 47.
        levels: Of the place that it is asked of.
    """
    keys = index_keys(work)
    found: dict[str, Row] = {}
    where: Group = (
        Where("state", "in", _WAITING),
        # What names no prefecture is of a province, or of nowhere; these are not one.
        Where("province", "=", levels.province),
        Where("prefecture", "=", levels.prefecture),
    )
    older = (
        signature(text, lambda value, key=key: work.tools.keys.index(value, key))  # type: ignore[misc]
        for key in keys.older
    )
    for tokens in (wording, *older):
        groups = tuple((Where("wording", "has", token),) for token in sorted(tokens))
        if groups:
            query = Query(where=where, any_of=groups, order="asked", limit=_CANDIDATES)
            found |= {row.id: row for row in work.tx.find(QUESTION.name, query)}
    for row in sorted(found.values(), key=lambda row: (row.keys["asked"], row.id)):
        question = work.noun(QUESTION, row)
        if _spoken(question.language) != _spoken(language):
            continue
        try:
            other = open_sealed(work, row.id, TEXT, question.text)
        except (CryptoError, NotFound):
            # One that cannot be opened any more is nobody's double.
            continue
        if alike(text, other):
            return row
    return None


def _spoken(language: str) -> str:
    """Give a language without its script: Chinese is one, in whatever characters."""
    return language.partition("-")[0]


def grouped_under(work: Work, id_: str) -> Iterator[Row]:
    """Give the rows of the questions that another one stands for, oldest first."""
    yield from work.each(QUESTION.name, Query(where=(Where("group", "=", id_),)))


def end_question(work: Work, question: Question, verb: str, reason: str = "") -> Question:
    """Store a question that was answered or closed, and those that it stands for with it.

    Args:
        work: The open change.
        question: As it ends.
        verb: `answered` or `closed`.
        reason: For the audit.
    """
    stored = put_question(work, question, frozenset())
    work.note(stored, verb, reason=reason, askers=stored.askers)
    for row in list(grouped_under(work, question.id)):
        other = work.noun(QUESTION, row)
        ended = put_question(
            work,
            attrs.evolve(
                other, state=question.state, answer=question.answer, comment=question.comment
            ),
            frozenset(),
        )
        # Told one by one, so that every asker can be; the audit has the one line.
        work.tell(
            f"question.{verb}",
            kind=QUESTION.name,
            subject=ended.id,
            organization=stored.organization,
            region=ended.region or "",
            data={"group": question.id},
        )
    return stored


def answer_questions(work: Work, content: Content) -> None:
    """End the questions that a content was drafted to answer, now that it is published."""
    where = (Where("draft", "=", content.id), Where("state", "in", _WAITING))
    for row in work.tx.find(QUESTION.name, Query(where=where, limit=100)):
        question = work.noun(QUESTION, row)
        ended = attrs.evolve(question, state=QuestionState.ANSWERED, answer=content.id)
        end_question(work, ended, "answered")


def separate(work: Work, row: Row) -> Question:
    """Take a question out of its group; it is open by itself then, and not routed yet."""
    question = work.noun(QUESTION, row)
    _count(work, question.group, -1)
    alone = attrs.evolve(question, state=QuestionState.OPEN, group="")
    return put_question(work, alone, row.keys["wording"])


def forget_question(work: Work, subject: str) -> bool:
    """Erase the row of a question; who it stood for goes on under the next one."""
    rows = work.tx.get(QUESTION.name, [subject])
    for row in rows:
        question = work.noun(QUESTION, row)
        if question.group:
            _count(work, question.group, -1)
        elif question.grouped:
            _pass_on(work, question)
    work.tx.delete(QUESTION.name, [(row.id, row.version) for row in rows])
    return bool(rows)


def _pass_on(work: Work, question: Question) -> None:
    others = list(grouped_under(work, question.id))
    if not others:
        return
    heir = work.noun(QUESTION, others[0])
    lasting = {
        name: getattr(question, name)
        for name in ("state", "organization", "expert", "due", "topics", "routing", "why", "draft")
    }
    put_question(
        work,
        attrs.evolve(
            heir,
            **lasting,
            refusals=question.refusals,
            reminded=question.reminded,
            answer=question.answer,
            comment=question.comment,
            group="",
            grouped=len(others) - 1,
        ),
        others[0].keys["wording"],
    )
    for row in others[1:]:
        other = attrs.evolve(work.noun(QUESTION, row), group=heir.id)
        put_question(work, other, row.keys["wording"])


def _count(work: Work, id_: str, more: int) -> None:
    for row in work.tx.get(QUESTION.name, [id_]):
        question = work.noun(QUESTION, row)
        counted = attrs.evolve(question, grouped=max(0, question.grouped + more))
        put_question(work, counted, row.keys["wording"])
