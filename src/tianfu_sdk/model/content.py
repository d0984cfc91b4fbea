"""Content: resources, activities, notices, news, bases, clarifications (资源 … 辟谣)."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled, Noun, Quantity, When
from tianfu_sdk.model.checks import (
    at_least,
    aware,
    between,
    both,
    each,
    language_tag,
    region_code,
    text,
    unique,
)
from tianfu_sdk.model.media import Media

__all__ = [
    "Activity",
    "Base",
    "BaseStatus",
    "Change",
    "Clarification",
    "Content",
    "Measure",
    "NearDuplicate",
    "News",
    "Notice",
    "Repeated",
    "Resource",
    "Role",
    "State",
    "Verdict",
    "View",
]


class State(Labelled):
    """Where a content stands."""

    DRAFT = "draft", "草稿", "draft"
    SUBMITTED = "submitted", "待审", "submitted"
    APPROVED = "approved", "已审", "approved"
    SCHEDULED = "scheduled", "待发布", "scheduled"
    PUBLISHED = "published", "已发布", "published"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    RETRACTED = "retracted", "已更正撤销", "retracted"
    ARCHIVED = "archived", "已归档", "archived"
    SUPERSEDED = "superseded", "已被新版取代", "superseded"


@attrs.frozen(kw_only=True, slots=False)
class Content(Noun):
    """What associations publish; one noun is one revision of it."""

    title: str = attrs.field(metadata=text(200, shortest=1))
    summary: str = attrs.field(default="", metadata=text(1000))
    body: str = attrs.field(default="", metadata=text(1_000_000))
    organization: str
    """Id of the organization that owns it."""
    region: str = attrs.field(metadata=region_code)
    """Where it belongs, GB/T 2260; rights are checked by it."""
    language: str = attrs.field(default="zh-Hans", metadata=language_tag)
    """Of title and body, BCP 47."""
    topics: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Codes of the vocabulary `topic`."""
    keywords: tuple[str, ...] = attrs.field(default=(), metadata=each(text(50)))
    audience: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Codes of the vocabulary `audience`."""
    settings: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Codes of the vocabulary `setting` (科普六进 …)."""
    regions: tuple[str, ...] = attrs.field(default=(), metadata=both(each(region_code), unique))
    """Regions whose people it is for; empty: those of `region`."""
    media: tuple[Media, ...] = ()
    licence: str = attrs.field(default="", metadata=text(64))
    """SPDX id or a code of the vocabulary `licence`; empty: not known, so not to be shared."""
    source: str = attrs.field(default="", metadata=text(500))
    """Where the knowledge is from, as a reader can check it."""
    reviewer: str = attrs.field(default="", metadata=text(200))
    """Who vouches for it: a post or body (科普法 Art. 35)."""
    review_date: date | None = None
    expires_on: date | None = None
    """First day on which it must not be shown as current."""
    disclaimer: str = attrs.field(default="", metadata=text(500))
    """Said wherever it is shown, such as "sample, not vouched for"."""
    external_key: str = attrs.field(default="", metadata=text(100))
    """The owner's own key; unique by kind and organization."""
    state: State = State.DRAFT
    revision: int = 1
    pending: int = 0
    """Number of the revision that is being worked on while this one is published; 0: none."""
    author: str = ""
    """Person who wrote this revision last."""
    writers: tuple[str, ...] = ()
    """Persons who have written at it since the last approval; none of them may approve it."""
    approver: str = ""
    """Person who approved it."""
    comment: str = attrs.field(default="", metadata=text(2000))
    """Why it was returned, withdrawn or retracted."""
    publish_at: datetime | None = attrs.field(default=None, metadata=aware)
    published_at: datetime | None = attrs.field(default=None, metadata=aware)


@attrs.frozen(kw_only=True, slots=False)
class Resource(Content):
    """A science resource (科普资源): an article, image, video, animation or sound."""


@attrs.frozen(kw_only=True, slots=False)
class Role:
    """Who did what for an activity, in the word of its source."""

    role: str = attrs.field(metadata=text(64, shortest=1))
    """Code of the vocabulary `role`: `host` 主办, `undertaker` 承办, `supporter` 协办 …"""
    organization: str
    """Id of an organization."""
    printed: str = attrs.field(default="", metadata=text(50))
    """The word as the source has it."""


@attrs.frozen(kw_only=True, slots=False)
class Measure:
    """A counted thing, as exact as its source."""

    what: str = attrs.field(metadata=text(100, shortest=1))
    quantity: Quantity
    unit: str = attrs.field(default="", metadata=text(20))


@attrs.frozen(kw_only=True, slots=False)
class Activity(Content):
    """A science activity (科普活动)."""

    when: When = When()
    place: str = attrs.field(default="", metadata=text(300))
    roles: tuple[Role, ...] = ()
    attendance: Quantity | None = None
    """Persons who came; None: not reported, which is not nobody."""
    capacity: int | None = attrs.field(default=None, metadata=at_least(0))
    """Places; None: as many as come."""
    registration: bool = False
    """Whether people sign up for it (报名); False: who comes, comes."""
    registration_opens: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment at which one may; None: once it is published."""
    registration_closes: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment at which one may no more; None: when it is over, or begins where its end is
    not known."""
    waitlist: bool = True
    """Whether who finds no place waits for one (候补)."""
    largest_party: int = attrs.field(default=5, metadata=at_least(1))
    """Persons of one registration at most."""
    measures: tuple[Measure, ...] = ()

    def _check(self) -> None:
        opens, closes = self.registration_opens, self.registration_closes
        if opens and closes and closes <= opens:
            raise Invalid("when.backwards", path="registration_closes")


@attrs.frozen(kw_only=True, slots=False)
class Notice(Content):
    """A notice (科普公告)."""

    until: date | None = None
    """First day on which it does not hold any more."""


@attrs.frozen(kw_only=True, slots=False)
class News(Content):
    """A report (科普动态) on something that was done."""

    when: When = When()
    about: str | None = None
    """Id of the activity that it reports on."""
    byline: str | None = None
    """Id of the organization that wrote it."""
    place_region: str | None = attrs.field(default=None, metadata=region_code)
    """Where it happened, where that is not `region`."""
    measures: tuple[Measure, ...] = ()


class BaseStatus(Labelled):
    """Where the naming of a science base stands."""

    LISTED = "listed", "在册，未认定", "listed, not named"
    APPLIED = "applied", "已申报", "applied"
    REVIEWED = "reviewed", "已评审", "reviewed"
    NAMED = "named", "已认定", "named"
    DUE = "due", "待复核", "due for review"
    RECTIFYING = "rectifying", "整改中", "rectifying"
    DELISTED = "delisted", "已取消", "delisted"


@attrs.frozen(kw_only=True, slots=False)
class Base(Content):
    """A science base (科普基地); shared where several associations use it (共享基地)."""

    kind: str = attrs.field(default="other", metadata=text(64))
    """Code of the vocabulary `base_kind`."""
    status: BaseStatus = BaseStatus.LISTED
    named_from: date | None = None
    named_to: date | None = None
    address: str = attrs.field(default="", metadata=text(300))
    shared: bool = False
    floor_area: float | None = attrs.field(default=None, metadata=at_least(0))
    """Exhibition space, m²."""
    open_days: int | None = attrs.field(default=None, metadata=between(0, 366))
    """Days a year; None: not reported, which is not 0."""
    youth_free: bool | None = None
    """Free for the young (科普法 Art. 46); None: not reported."""
    evaluation: str = ""
    """Id of the last evaluation that was decided; only that sets it."""
    rectify_until: date | None = None
    """Last day by which what that evaluation found is to be put right."""

    def _check(self) -> None:
        if self.named_from and self.named_to and self.named_to < self.named_from:
            raise Invalid("when.backwards", path="named_to")


class Verdict(Labelled):
    """What a clarification says of the claim that it is about."""

    FALSE = "false", "不实", "false"
    MISLEADING = "misleading", "误导", "misleading"
    UNPROVEN = "unproven", "尚无定论", "unproven"
    PARTLY_TRUE = "partly_true", "部分属实", "partly true"


@attrs.frozen(kw_only=True, slots=False)
class Clarification(Content):
    """A clarification (辟谣): a claim as it goes round, and what is right; `body` explains.

    Source:
        科普法 Art. 36: errors that spread widely are clarified and corrected.
    """

    rumour: str = attrs.field(metadata=text(5000, shortest=1))
    """The claim as it goes round, in its own words."""
    variants: tuple[str, ...] = attrs.field(default=(), metadata=each(text(5000, shortest=1)))
    """The same claim in other words."""
    verdict: Verdict
    evidence: tuple[str, ...] = attrs.field(default=(), metadata=each(text(500, shortest=1)))
    """What the verdict rests on, piece by piece, as a reader can check it: a paper, a
    standard, a page."""

    @property
    def wordings(self) -> tuple[str, ...]:
        """The claim in all its words."""
        return (self.rumour, *self.variants)


@attrs.frozen(kw_only=True)
class Repeated:
    """A text repeats a known rumour; this is the clarification of it."""

    id: str
    """Of the clarification."""
    title: str
    verdict: Verdict
    wording: str
    """Of the rumour: the one that the text repeats best."""
    share: float
    """How much of that wording the text repeats, 0 to 1."""
    language: str
    """Of the wording."""


@attrs.frozen(kw_only=True, slots=False)
class View:
    """What is told of one view of a content; anybody may tell it, so it is held to its size."""

    channel: str = attrs.field(default="", metadata=text(64))
    """Through which channel or app."""
    language: str = attrs.field(default="", metadata=text(35))
    """In which language, BCP 47."""
    seconds: float | None = attrs.field(default=None, metadata=at_least(0))
    """How long it was open."""


@attrs.frozen(kw_only=True)
class NearDuplicate:
    """A content looks like an edited copy of an older one, or of a part of it."""

    id: str
    """Of the younger one."""
    of: str
    """Of the older one."""
    share: float
    """Of both texts' runs of three characters (syllables, words) those that both have, 0 to 1."""
    part: float
    """Of the shorter one's runs those that stand in the longer one, 0 to 1."""


@attrs.frozen
class Change:
    """One field that differs between two revisions."""

    field: str
    before: str
    after: str
