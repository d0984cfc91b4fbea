"""Translation memories (翻译记忆): what was translated and approved before."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import language_tag, region_code
from tianfu_sdk.model.checks import text as sized
from tianfu_sdk.model.problem import Problem

__all__ = ["MatchKind", "MemoryHit", "MemoryReport", "MemoryText", "MemoryUnit"]


class MatchKind(Labelled):
    """How near a unit of a memory is to what is asked."""

    CONTEXT = "context", "上下文相同", "exact, in the same context"
    EXACT = "exact", "完全相同", "exact"
    FUZZY = "fuzzy", "相似", "fuzzy"


@attrs.frozen(kw_only=True)
class MemoryText:
    """What a unit says in one language."""

    language: str = attrs.field(metadata=language_tag)
    text: str = attrs.field(metadata=sized(20_000, shortest=1), repr=False)
    """The words, without inline codes."""
    markup: str = attrs.field(default="", repr=False, metadata=sized(60_000))
    """The same with its inline codes, as the content of a `seg` of TMX; empty: it has none."""


@attrs.frozen(kw_only=True)
class MemoryUnit(Noun):
    """One text in two languages or more, approved by a person."""

    organization: str
    region: str = attrs.field(metadata=region_code)
    texts: tuple[MemoryText, ...]
    source_language: str = attrs.field(metadata=language_tag)
    """The one that the others were translated from."""
    origin: str = ""
    """Id of the translation that it is of; of what came from a file its SHA-256."""
    context: str = ""
    """Of its neighbours: `core.languages.memory.context_of`; empty: unknown."""
    active: bool = True
    """False: its source was changed, or its translation is not approved any more. Kept, and
    never suggested."""
    note: str = attrs.field(default="", metadata=sized(500))

    def said(self, language: str) -> MemoryText | None:
        """Give what it says in a language, or None."""
        return next((one for one in self.texts if one.language == language), None)


@attrs.frozen(kw_only=True)
class MemoryHit:
    """A unit that may help to translate a text."""

    unit: str
    """Id."""
    kind: MatchKind
    score: float
    """1 where it is exact; else 1 minus the share of characters to be changed, of the longer
    text, both folded."""
    source: str = attrs.field(repr=False)
    """What the unit says in the language of the text."""
    target: str = attrs.field(repr=False)
    target_markup: str = attrs.field(default="", repr=False)
    """With inline codes, as `MemoryText.markup`."""
    suggestion: str = attrs.field(default="", repr=False)
    """What to enter: the target with the placeholders, tags and addresses of the text that was
    asked for, where the unit has its own. Empty: it cannot be told which goes where."""
    origin: str = ""


@attrs.frozen(kw_only=True)
class MemoryReport:
    """What became of a file of a translation memory."""

    units: int
    added: int
    unchanged: int
    problems: tuple[Problem, ...] = ()
    """Warnings; with an error nothing is taken in."""
