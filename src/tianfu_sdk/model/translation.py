"""Translations (译文) of content, entered and approved by people."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import language_tag, text

__all__ = [
    "Code",
    "CodeKind",
    "Coverage",
    "EngineHealth",
    "Failed",
    "Missing",
    "Ok",
    "Readable",
    "Runs",
    "Segment",
    "SegmentState",
    "Translation",
    "TranslationBatch",
    "TranslationCapabilities",
    "TranslationResult",
    "TranslationState",
]


class TranslationState(Labelled):
    """Where a translation stands."""

    DRAFT = "draft", "草稿", "draft"
    APPROVED = "approved", "已审定", "approved"
    OUTDATED = "outdated", "已过时", "outdated"
    """It was approved, and its source has a newer revision since."""


@attrs.frozen(kw_only=True)
class Translation(Noun):
    """One content in another language; shown only once a person has approved it."""

    kind: str
    """Of the source."""
    source: str
    """Id of the source."""
    source_revision: int
    """The revision that was translated; another one makes this outdated."""
    language: str = attrs.field(metadata=language_tag)
    """Canonical, and not the source's own."""
    title: str = attrs.field(metadata=text(400, shortest=1))
    body: str = attrs.field(default="", metadata=text(1_000_000))
    texts: Mapping[str, str] = attrs.field(factory=dict)
    """Of further fields of the source, such as `summary`, `place` or `address`."""
    organization: str
    region: str
    state: TranslationState = TranslationState.DRAFT
    origin: str = attrs.field(default="human", metadata=text(64))
    """`human`, `script` (zh-Hans and zh-Hant), or the name of an engine."""
    translator: str = ""
    """Person."""
    approver: str = ""
    """Person."""
    native_reviewed: bool = False
    """A native reader has reviewed it; shown beside it where False."""
    note: str = attrs.field(default="", metadata=text(500))


@attrs.frozen
class Missing:
    """A content that has no current translation into a language."""

    kind: str
    id: str
    title: str
    language: str
    reason: str
    """`missing`, `draft`, or `outdated`."""


@attrs.frozen(kw_only=True)
class Coverage:
    """How much of the published content can be read in a language.

    Counted are published contents that have not expired and are written in another
    language: `approved`, `draft`, `outdated` and `missing` add up to `published`.
    """

    language: str
    published: int
    approved: int
    draft: int
    outdated: int
    missing: int


@attrs.frozen(kw_only=True)
class Readable:
    """A content as a reader of some language gets it."""

    kind: str
    id: str
    """Of the content."""
    title: str
    body: str
    asked: str
    """The language that was asked for."""
    language: str
    """Of title and body; mark them with it where it is not the one asked for."""
    translated: bool
    """It is a translation, not the original."""
    texts: Mapping[str, str] = attrs.field(factory=dict)
    """Of further fields, such as `summary`, `place` or `address`, as far as they are in this
    language."""
    outdated: bool = False
    """It translates an older revision."""
    reviewed_by_native: bool | None = None
    """For a translation: whether a native reader reviewed it; None for an original."""
    disclaimer: str = ""
    """Said wherever the content is shown; in the original's language."""


# Texts of segments: what a translator works on, whatever file or content it came from.


class SegmentState(Labelled):
    """How far a segment's translation has come; the members stand in that order."""

    EMPTY = "empty", "未翻译", "empty"
    MACHINE_DRAFT = "machine_draft", "机器初稿", "machine draft"
    NEEDS_WORK = "needs_work", "待修改", "needs work"
    TRANSLATED = "translated", "已翻译", "translated"
    REVIEWED = "reviewed", "已审校", "reviewed"
    APPROVED = "approved", "已审定", "approved"

    @property
    def rank(self) -> int:
        """How far, from 0: `min(states, key=lambda s: s.rank)` is the most cautious."""
        return list(SegmentState).index(self)


class CodeKind(Labelled):
    """What an inline code does to the text beside it."""

    OPEN = "open", "起始", "opening"
    CLOSE = "close", "结束", "closing"
    STANDALONE = "standalone", "独立", "standalone"


# No slots where there are many: a frozen class sets each slot by a call.
@attrs.frozen(slots=False)
class Code:
    """An inline code (行内标记): what stands in a text and is no words, such as bold or a slot.

    It is carried through a translation untouched. The opening and the closing code of a pair
    have the same id; apart from that an id is unique in its segment.
    """

    id: str
    kind: CodeKind = CodeKind.STANDALONE
    data: str = attrs.field(default="", kw_only=True)
    """What stands for it in the native format, such as `<b>` or `{name}`; may be unknown."""
    shown: str = attrs.field(default="", kw_only=True)
    """Plain text that tells a person what it is; may be empty."""
    type: str = attrs.field(default="", kw_only=True)
    """`fmt`, `ui`, `quote`, `link`, `image`, `other`, or the type of an annotation."""
    annotation: bool = attrs.field(default=False, kw_only=True)
    """It marks words for people and tools (a term, a comment) and is no part of the format."""
    can_copy: bool = attrs.field(default=True, kw_only=True)
    """It may stand in a translation more often than in the source."""
    can_delete: bool = attrs.field(default=True, kw_only=True)
    """A translation may leave it out."""
    can_reorder: bool = attrs.field(default=True, kw_only=True)
    """It may change places with other codes."""


Runs = tuple[str | Code, ...]
"""A text in runs: words, and the codes between them; no string is empty, no two adjoin."""


# Values that cross the translation port.


@attrs.frozen(kw_only=True)
class TranslationCapabilities:
    """What an engine can do."""

    name: str
    pairs: frozenset[tuple[str, str]]
    """Source and target, BCP 47."""
    offline: bool
    third_party: bool
    """Text leaves to somebody else."""
    max_segments: int = 1000
    """Of one batch; a larger one is `Failed` (`too_long`), never cut."""
    max_characters: int = 100_000
    """Code points of all segments of one batch together; as above."""
    max_segment: int = 0
    """Code points of one segment; 0: as many as of a batch. A longer one is cut at sentence
    ends before it is sent, and put together after."""
    version: str = "1"
    """Of the engine and its model; what another version said is asked for anew."""
    terms: bool = False
    """It holds to the terms that a batch gives it."""
    unverified: frozenset[tuple[str, str]] = frozenset()
    """Pairs of which only third parties say that it has them."""


@attrs.frozen
class Segment:
    """One text of a batch."""

    id: str
    text: str


@attrs.frozen(kw_only=True)
class TranslationBatch:
    """Texts to be translated from one language to another."""

    source: str
    target: str
    segments: tuple[Segment, ...]
    terms: tuple[tuple[str, str], ...] = ()
    """Words as they stand in the segments, and how they are to be translated; for engines that
    have `terms`."""


@attrs.frozen(kw_only=True)
class Ok:
    """A translated segment."""

    id: str
    text: str
    origin: str = "machine"
    damaged: bool = False
    """Placeholders or markup of the source are missing in it, doubled or crossed."""
    stand_in: str = ""
    """The language that the engine was asked for instead of Amdo or Khams Tibetan, which it has
    not; filled in by who asked it."""


@attrs.frozen(kw_only=True)
class Failed:
    """A segment that could not be translated, and why."""

    id: str
    kind: str
    """`auth`, `quota`, `rate_limited`, `transient`, `unsupported`, `too_long`, `rejected`,
    `echo`, `malformed`."""
    retry_after: float | None = None
    code: str = ""
    engine: str = ""
    """Which one failed; filled in by who asked it."""
    tried: tuple[tuple[str, str], ...] = ()
    """All engines that failed at it and how, such as `("vendor", "rejected")`, in their order;
    filled in by who asked them."""


TranslationResult = Ok | Failed


@attrs.frozen(kw_only=True)
class EngineHealth:
    """How a translation engine does; counts are of this process since the hub opened."""

    engine: str
    rests: float
    """Seconds for which it is not asked where none is named, as it failed at everything."""
    asked: int
    """Texts that it was asked for, those of its cache left out."""
    failed: int
    """Of them, those that it failed at."""
    remembered: int
    """Texts that were answered by what it had said before."""
    kept: int
    """Texts of it in the cache of the store, of all processes."""
