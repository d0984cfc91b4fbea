"""Questions (提问) and answers (答案): 向科学要答案."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import aware, language_tag, region_code
from tianfu_sdk.model.checks import text as text_
from tianfu_sdk.model.content import Verdict
from tianfu_sdk.model.subscriber import Sealed

__all__ = ["Answer", "Answers", "Question", "QuestionState"]


class QuestionState(Labelled):
    """Where a question stands."""

    OPEN = "open", "待分派", "open"
    ROUTED = "routed", "已分派", "routed"
    ANSWERED = "answered", "已回答", "answered"
    CLOSED = "closed", "已关闭", "closed"


@attrs.frozen(kw_only=True)
class Question(Noun):
    """A question that no published content answers; its text is sealed."""

    text: Sealed
    language: str = attrs.field(default="zh-Hans", metadata=language_tag)
    region: str | None = attrs.field(default=None, metadata=region_code)
    topics: tuple[str, ...] = ()
    state: QuestionState = QuestionState.OPEN
    organization: str = ""
    """Association that it was routed to."""
    expert: str = ""
    """Expert that it was routed to."""
    due: datetime | None = attrs.field(default=None, metadata=aware)
    answer: str = ""
    """Id of the content that answers it."""
    comment: str = attrs.field(default="", metadata=text_(2000))


@attrs.frozen(kw_only=True)
class Answer:
    """One published content that answers, with its passage, its source and why."""

    kind: str
    id: str
    title: str
    passage: str
    """The part of the text that holds most of the question's words."""
    language: str
    score: float
    why: Mapping[str, float]
    """Contributions by token and feature; they sum to the score."""
    source: str
    """Who publishes it and what it rests on."""
    disclaimer: str = ""
    reviewed_by_native: bool | None = None
    """For a translation: whether a native reader reviewed it; None for an original."""
    verdict: Verdict | None = None
    """What a clarification says of its rumour; None for all other kinds."""


@attrs.frozen(kw_only=True)
class Answers:
    """The answers to one question, best first; or an honest abstention."""

    answers: tuple[Answer, ...]
    abstained: bool
    """True: nothing published answers it well enough."""
    question: str | None = None
    """Id of the question that was filed instead."""

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)
