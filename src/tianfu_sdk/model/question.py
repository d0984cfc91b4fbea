"""Questions (提问) and answers (答案): 向科学要答案."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from html import escape

import attrs

from tianfu_sdk.model.base import Labelled, Noun, When
from tianfu_sdk.model.checks import aware, language_tag, region_code
from tianfu_sdk.model.checks import text as text_
from tianfu_sdk.model.content import Verdict
from tianfu_sdk.model.showing import framed
from tianfu_sdk.model.subscriber import Consent, Sealed

__all__ = [
    "Answer",
    "Answers",
    "Fallback",
    "Question",
    "QuestionState",
    "QuestionStatus",
    "Refusal",
    "Related",
    "Routing",
    "Suggestion",
]


class QuestionState(Labelled):
    """Where a question stands."""

    OPEN = "open", "待分派", "open"
    ROUTED = "routed", "已分派", "routed"
    ANSWERED = "answered", "已回答", "answered"
    CLOSED = "closed", "已关闭", "closed"
    GROUPED = "grouped", "已并入同题", "grouped with another"


class Routing(Labelled):
    """Why a question is where it is."""

    EXPERT = "expert", "按主题和地区选定专家", "an expert of the topic, near the place"
    ASSOCIATION = "association", "由当地科协受理", "the association of the region or above it"
    HAND = "hand", "人工分派", "by hand"


@attrs.frozen(kw_only=True)
class Refusal:
    """An expert did not take a question."""

    expert: str
    reason: str = attrs.field(metadata=text_(500, shortest=1))
    at: datetime = attrs.field(metadata=aware)


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
    routing: Routing | None = None
    """Why it is where it is; None: it was not routed yet."""
    why: Mapping[str, float] = attrs.field(factory=dict)
    """What the expert was chosen by: contributions in [0, 1] that sum to the score."""
    refusals: tuple[Refusal, ...] = ()
    """Experts who did not take it; it is not routed to them again by itself."""
    draft: str = ""
    """Id of the content that was drafted to answer it; published, it is the answer."""
    group: str = ""
    """Id of the open question that asks the same and stands for this one; empty: itself."""
    grouped: int = 0
    """How many others it stands for."""
    reminded: bool = False
    """Whether it was told that it is overdue."""
    account: str = ""
    """Id of the account that asked; empty: nobody's."""
    subscriber: str = ""
    """Id of the subscriber who is to hear of the answer."""
    contact: Sealed | None = None
    """How else the asker is reached, such as a phone; sealed."""
    consents: tuple[Consent, ...] = ()
    """To being told of the answer."""

    @property
    def askers(self) -> int:
        """How many asked it."""
        return 1 + self.grouped


@attrs.frozen(kw_only=True)
class QuestionStatus:
    """What an asker may know of a question: no text, no names."""

    id: str
    state: QuestionState
    due: datetime | None
    """Until when an answer is to be expected."""
    askers: int
    """How many asked the same."""
    answer: str = ""
    """Id of the published content that answers it; empty: none does yet."""
    kind: str = ""
    title: str = ""
    comment: str = ""
    """Why it was closed."""


@attrs.frozen(kw_only=True, repr=False)
class Answer:
    """One published content that answers, with its passage, its source and why."""

    kind: str
    id: str
    """Of the content, also where a translation of it is shown."""
    title: str
    passage: str
    """The part of the text that holds most of the question's words."""
    highlights: tuple[tuple[int, int], ...] = ()
    """Where the passage has words of the question: start and end in characters of it."""
    language: str
    """Of title and passage, BCP 47."""
    original_language: str
    """Of the content itself; another one than `language`: this is its approved translation."""
    foreign: bool = False
    """True: it is in none of the languages that were asked in or for."""
    score: float
    why: Mapping[str, float]
    """Contributions, the largest first; they sum to the score exactly. By token of the question;
    `found←asked` for what stands in other words; `@region`, `@language`, `@freshness`,
    `@popularity` for what raises it beside the words; `@rumour` for a clarification of what the
    question repeats."""
    sureness: float
    """How probably it answers the question, 0 to 1, as fitted; the setting `ask.threshold` says
    how much is enough."""
    source: str
    """Who publishes it and what it rests on."""
    published: date | None
    """Day in China."""
    updated: date
    """Day in China on which it was last changed."""
    when: When | None = None
    """When an activity takes place; None: it is not told, or it is something else."""
    reviewer: str = ""
    """Who vouches for it; empty: it does not say."""
    disclaimer: str = ""
    reviewed_by_native: bool | None = None
    """For a translation: whether a native reader reviewed it; None for an original."""
    verdict: Verdict | None = None
    """What a clarification says of its rumour; None for all other kinds."""

    @property
    def translated(self) -> bool:
        """Whether this is a translation."""
        return self.language != self.original_language

    def marked(self, before: str = "【", after: str = "】") -> str:
        """Give the passage with marks about the words of the question.

        Args:
            before: Put before each.
            after: Put after each.
        """
        return _marked(self.passage, self.highlights, before, after, str)

    def __repr__(self) -> str:
        name = f"{self.kind} {self.id} {self.title!r}"
        return f"<Answer {name} {self.language} {self.score:.3f}: {self.marked()}>"

    def _repr_html_(self) -> str:
        return framed(_html_of(self))


def _html_of(answer: Answer) -> str:
    said = _marked(answer.passage, answer.highlights, "<mark>", "</mark>", escape)
    when = str(answer.when or "")
    parts = (when, answer.source, answer.reviewer, answer.disclaimer)
    about = " · ".join(part for part in parts if part)
    return (
        f'<div lang="{escape(answer.language)}"><b>{escape(answer.title)}</b>'
        f"<p>{said}</p></div><small>{escape(about)}</small>"
    )


def _marked(
    text: str,
    highlights: tuple[tuple[int, int], ...],
    before: str,
    after: str,
    shown: Callable[[str], str],
) -> str:
    parts, done = [], 0
    for start, end in highlights:
        parts += [shown(text[done:start]), before, shown(text[start:end]), after]
        done = end
    return "".join((*parts, shown(text[done:])))


@attrs.frozen(kw_only=True)
class Fallback:
    """The search engine of `ask.engine` could not answer: the one in the store did."""

    engine: str
    """Its name."""
    code: str
    """Of what went wrong, such as `tantivy.corrupt` or `search.analyzer`; of an error of its own
    the name of that. `tianfu doctor` says more."""


@attrs.frozen(kw_only=True)
class Answers:
    """The answers to one question, best first; or an honest abstention."""

    answers: tuple[Answer, ...]
    abstained: bool
    """True: nothing published answers it well enough."""
    question: str | None = None
    """Id of the question that was filed instead."""
    cursor: str | None = None
    """Place after the last answer, for `after`; None: there are no more."""
    fallback: Fallback | None = None
    """The engine that should have answered and could not; None: it did, or none is named."""

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    def _repr_html_(self) -> str:
        if not self.answers:
            return "<p>没有找到足够可靠的答案 / nothing published answers this well enough</p>"
        return framed(f"<ol>{''.join(f'<li>{_html_of(one)}</li>' for one in self.answers)}</ol>")


@attrs.frozen(kw_only=True)
class Suggestion:
    """A published title that goes on from what somebody begins to write."""

    text: str
    kind: str
    id: str
    """Of the content."""
    language: str


@attrs.frozen(kw_only=True)
class Related:
    """A published content that is about the same as another one."""

    kind: str
    id: str
    title: str
    language: str
    score: float
    why: Mapping[str, float]
    """Contributions, the largest first, as of an `Answer`; `@topic` for topics in common."""
