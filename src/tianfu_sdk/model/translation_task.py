"""Translation tasks (翻译任务): one content into one language, segment by segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import attrs

from tianfu_sdk import catalogue
from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import text
from tianfu_sdk.model.showing import cell, framed, table
from tianfu_sdk.model.translation import SegmentState

__all__ = ["TaskSegment", "TaskState", "TextProblem", "TranslationTask"]


class TaskState(Labelled):
    """What a translation task waits for."""

    OPEN = "open", "翻译中", "being translated"
    WAITING = "waiting", "待审定", "waiting for approval"
    APPROVED = "approved", "已审定", "approved"


@attrs.frozen(kw_only=True)
class TaskSegment:
    """One sentence of a source and its translation; reprs show no text."""

    id: str
    """Such as `s3`; it stays with its sentence over all revisions of the source."""
    field: str
    """Of the source, such as `body`."""
    source: str = attrs.field(repr=False)
    before: str = attrs.field(default="", repr=False)
    """What stands before the first segment of a field: blanks and line ends."""
    after: str = attrs.field(default="", repr=False)
    """What stands between this segment and the next of its field, or its end."""
    target: str = attrs.field(default="", repr=False, metadata=text(20_000))
    state: SegmentState = SegmentState.EMPTY
    origin: str = ""
    """`human`, `memory`, `copied` (nothing in it to translate), or the name of an engine."""
    translator: str = ""
    """Person who entered the translation, or had an engine draft it."""
    reviewer: str = ""
    """Person."""
    comment: str = attrs.field(default="", metadata=text(1000))
    """Why it was sent back; of a machine draft, what is not as asked for; of an empty one, which
    engines failed and how, such as `vendor: rejected`."""
    previous_source: str = attrs.field(default="", repr=False)
    """What the sentence was in the revision that `target` was made for, if it has changed."""
    dismissed: tuple[str, ...] = ()
    """Codes of problems that a person found to be none."""
    version: int = 1
    """Counts the changes of this segment; see `Translations.enter`."""


@attrs.frozen(kw_only=True)
class TranslationTask(Noun):
    """The translation of one content into one language while people work on it.

    What readers get is the `Translation`; it changes only when the task is approved.
    """

    kind: str
    """Of the source."""
    source: str
    """Id of the source."""
    source_revision: int
    """The revision whose sentences `segments` has."""
    source_language: str
    language: str
    organization: str
    region: str
    segments: tuple[TaskSegment, ...] = ()
    numbered: int = 0
    """Segments that ever were; the next id is one higher."""
    translation: str = ""
    """Id of the translation that was made of it last."""
    approver: str = ""
    """Person who approved it as it stands; empty while there is work."""
    native_reviewed: bool = False
    note: str = attrs.field(default="", metadata=text(500))

    def segment(self, id: str) -> TaskSegment:  # noqa: A002 - the field's name
        """Give a segment by its id; raises `KeyError`."""
        for one in self.segments:
            if one.id == id:
                return one
        raise KeyError(id)

    @property
    def state(self) -> TaskState:
        """What it waits for: translators, an approver, or nobody."""
        if self.approver:
            return TaskState.APPROVED
        todo = any(one.state.rank < SegmentState.TRANSLATED.rank for one in self.segments)
        return TaskState.OPEN if todo else TaskState.WAITING

    def _repr_html_(self) -> str:
        """Show both languages side by side."""
        head = (
            cell("", name="th"),
            cell(f"原文 {self.source_language}", "zh-Hans", "th"),
            cell(f"译文 {self.language}", "zh-Hans", "th"),
            cell("状态 state", "zh-Hans", "th"),
        )
        rows = (
            cell(one.id)
            + cell(one.source, self.source_language)
            + cell(one.target, self.language if one.target else "")
            + cell(f"{one.state.zh} {one.state.en}", "zh-Hans")
            for one in self.segments
        )
        return framed(table(head, rows))

    @property
    def progress(self) -> Mapping[SegmentState, int]:
        """Number of segments by state, states that no segment is in left out."""
        return Counter(one.state for one in self.segments)


@attrs.frozen(kw_only=True)
class TextProblem:
    """What is wrong with the translation of a segment; says where, and not what stands there."""

    code: str
    """Such as `check.placeholder`, `check.number`, `check.end_mark`."""
    severity: str
    """`error`: it cannot be approved so; or `warning`."""
    segment: str
    """Id of the segment."""
    field: str
    """That the segment is of."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where in the target, in characters: start and end."""
    values: Mapping[str, str | int] = attrs.field(factory=dict, hash=False)

    def text(self, language: str = "en") -> str:
        """Say it in `en` or `zh`."""
        shown = "zh" if language.startswith("zh") else "en"
        return catalogue.render(self.code, shown, self.values)
