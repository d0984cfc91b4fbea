"""Supply and demand: listings, experts, and what a match is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import at_least, each, language_tag, region_code, text, unique
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.subscriber import Sealed

__all__ = ["Expert", "Listing", "ListingKind", "Match", "Matches"]


class ListingKind(Labelled):
    """What is offered or sought."""

    SERVICE = "service", "科技服务供给", "service"
    ACHIEVEMENT = "achievement", "科研成果转化", "achievement"
    PROJECT = "project", "科研项目承接", "project"
    NEED = "need", "科技需求", "need"


@attrs.frozen(kw_only=True)
class Listing(Content):
    """Something offered or sought; it goes through the same states as all content."""

    kind: ListingKind
    deadline: date | None = None
    """Last day on which it can be taken up."""
    capacity: int | None = attrs.field(default=None, metadata=at_least(0))
    """How many it can serve; 0: full."""


@attrs.frozen(kw_only=True)
class Expert(Noun):
    """An expert (专家); the name is sealed, the profile is public."""

    name: Sealed
    title: str = attrs.field(default="", metadata=text(100))
    """Post or degree, such as 高级农艺师; public."""
    profile: str = attrs.field(default="", metadata=text(2000))
    organization: str
    region: str = attrs.field(metadata=region_code)
    topics: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    keywords: tuple[str, ...] = attrs.field(default=(), metadata=each(text(50)))
    languages: tuple[str, ...] = attrs.field(default=("zh-Hans",), metadata=each(language_tag))
    capacity: int = attrs.field(default=1, metadata=at_least(0))
    """Questions or projects at a time; 0: takes none now."""


@attrs.frozen(kw_only=True)
class Match:
    """One candidate, its score in [0, 1] and why; the contributions sum to the score."""

    kind: str
    id: str
    title: str
    score: float
    why: Mapping[str, float]


@attrs.frozen(kw_only=True)
class Matches:
    """Candidates, best first, and those that a hard gate left out."""

    to: str
    """What it was narrowed to, such as `expert`; empty: everything."""
    found: tuple[Match, ...]
    gated: Mapping[str, int]
    """Left out by reason: `language`, `deadline`, `expired`, `capacity`."""

    def __iter__(self) -> Iterator[Match]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)
