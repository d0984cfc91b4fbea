"""What stands in an XLIFF document, as values; version 1.2 and 2 alike."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.formats.markup import Element, Markup
from tianfu_sdk.formats.xliff.report import Problem
from tianfu_sdk.model.translation import CodeKind, Runs, SegmentState
from tianfu_sdk.text.masks import Masked, mask, runs

__all__ = [
    "Contents",
    "Key",
    "Match",
    "Meta",
    "Note",
    "Place",
    "Segment",
    "Target",
    "Unit",
]

Key = str | tuple[str, str] | tuple[str, str, str]
"""A segment: its unit where that has only one; unit and segment; or file, unit and segment."""


def _as_runs(value: Runs | str | None) -> Runs | None:
    return runs((value,)) if isinstance(value, str) else value


def _as_text(value: Runs | str) -> Runs:
    return runs((value,)) if isinstance(value, str) else value


@attrs.frozen
class Note:
    """A note for translators."""

    text: str
    category: str = ""
    """2.x only; in 1.2 who wrote it."""
    applies_to: str = ""
    """`source`, `target`, or empty: both."""
    priority: int = 1
    """1, the highest, to 10."""
    id: str = ""


@attrs.frozen
class Meta:
    """One piece of metadata, of the metadata module."""

    type: str
    value: str
    category: str = ""


@attrs.frozen(kw_only=True)
class Match:
    """A translation that a memory or an engine has suggested."""

    source: Runs
    target: Runs
    similarity: float | None = None
    """Percent."""
    origin: str = ""
    type: str = ""
    """`tm`, `mt` and others of the translation candidates module."""


# No slots where there are many: a frozen class sets each slot by a call.
@attrs.frozen(kw_only=True, slots=False)
class Segment:
    """A text and its translation."""

    id: str = ""
    """As written, or else `#` and its place among the parts of the unit, from 1."""
    source: Runs = attrs.field(converter=_as_text)
    """A string is taken as words without codes."""
    target: Runs | None = attrs.field(default=None, converter=_as_runs)
    state: SegmentState = SegmentState.EMPTY
    native_state: str = ""
    """As the file says it, such as `needs-adaptation` or `initial tfk:machine`."""
    ignorable: bool = False
    """What stands between segments; it is not translated."""

    @property
    def masked(self) -> Masked:
        """The source as one string, with a token for each code."""
        return mask(self.source)

    @property
    def masked_target(self) -> Masked:
        """The target as one string; its tokens are not those of `masked`."""
        return mask(self.target or ())


@attrs.frozen(kw_only=True, slots=False)
class Unit:
    """A paragraph, a message, a label: what is translated as a whole."""

    id: str
    segments: tuple[Segment, ...]
    file: str = ""
    """Id of its file; in 1.2 its `original`."""
    groups: tuple[str, ...] = ()
    """Ids of the groups around it, from the outside in."""
    name: str = ""
    translate: bool = True
    preserve: bool = False
    """White space counts."""
    longest: int | None = None
    """Characters that its text may have, where the file says so."""
    notes: tuple[Note, ...] = ()
    metadata: tuple[Meta, ...] = ()
    matches: tuple[Match, ...] = ()
    line: int = 0
    """Of the file, from 1; 0: not read from one."""


@attrs.frozen
class Target:
    """A new translation of a segment."""

    text: Runs | str
    """Words and codes; a string has the tokens of `Segment.masked` where codes stand."""
    state: SegmentState = SegmentState.TRANSLATED
    leave_out: bool = attrs.field(default=False, kw_only=True)
    """Codes that may be deleted may be missing."""


@attrs.frozen(eq=False, slots=False)
class Place:
    """Where in the markup a segment stands."""

    unit: Element
    holder: Element
    """`segment`, `ignorable` or `trans-unit`."""
    source: Element
    target: Element | None
    segment: Segment
    codes: Mapping[tuple[str, CodeKind], Element]
    """What the codes of both sides were read from, the source's before the target's."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Contents:
    """What a document says."""

    version: str
    source: str
    target: str | None
    units: tuple[Unit, ...]
    warnings: tuple[Problem, ...] = ()
    markup: Markup
    places: Mapping[tuple[str, str, str], Place]
    """By file, unit and segment."""
