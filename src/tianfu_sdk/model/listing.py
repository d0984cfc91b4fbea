"""Supply and demand: listings and experts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled, Noun, Quantity
from tianfu_sdk.model.checks import (
    at_least,
    between,
    both,
    each,
    language_tag,
    region_code,
    text,
    unique,
)
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.media import MediaForm
from tianfu_sdk.model.subscriber import Sealed

__all__ = [
    "OWN_FIELDS",
    "Cooperation",
    "Delivery",
    "Expert",
    "ExpertState",
    "IpStatus",
    "Listing",
    "ListingKind",
    "ListingProgress",
    "Studio",
]


class ListingKind(Labelled):
    """What is offered or sought."""

    SERVICE = "service", "科技服务供给", "service"
    ACHIEVEMENT = "achievement", "科研成果转化", "achievement"
    PROJECT = "project", "科研项目承接", "project"
    NEED = "need", "科技需求", "need"


class ListingProgress(Labelled):
    """How far the two sides of a listing are; that it is published is another matter."""

    OPEN = "open", "待对接", "open"
    NEGOTIATING = "negotiating", "洽谈中", "negotiating"
    AGREED = "agreed", "已达成意向", "agreed"
    CONCLUDED = "concluded", "已成交", "concluded"
    FAILED = "failed", "未成", "failed"
    CLOSED = "closed", "已关闭", "closed"


class Cooperation(Labelled):
    """As what the two sides may work together.

    Source:
        民法典 Art. 843: contracts on technology are made on its development, transfer, licence,
        on consulting and on services. The last two members are ours.
    """

    DEVELOPMENT = "development", "技术开发", "development"
    TRANSFER = "transfer", "技术转让", "transfer"
    LICENCE = "licence", "技术许可", "licence"
    CONSULTING = "consulting", "技术咨询", "consulting"
    SERVICE = "service", "技术服务", "service"
    EQUITY = "equity", "作价入股", "contribution as equity"
    FREE = "free", "公益帮扶", "free help"


class IpStatus(Labelled):
    """How the right in an achievement stands."""

    GRANTED = "granted", "已授权", "granted"
    PENDING = "pending", "申请中", "applied for"
    REGISTERED = "registered", "已登记", "registered"
    SECRET = "secret", "技术秘密", "trade secret"
    NONE = "none", "无", "none"


class Delivery(Labelled):
    """Where a service is given."""

    ON_SITE = "on_site", "上门", "on site"
    REMOTE = "remote", "线上", "remote"
    AT_PROVIDER = "at_provider", "到店", "at the provider"


OFFERED = frozenset(kind for kind in ListingKind if kind is not ListingKind.NEED)

OWN_FIELDS: Mapping[str, frozenset[ListingKind]] = MappingProxyType(
    {
        "studio": OFFERED,
        "delivery": frozenset({ListingKind.SERVICE}),
        "maturity": frozenset({ListingKind.ACHIEVEMENT}),
        "ip_status": frozenset({ListingKind.ACHIEVEMENT}),
        "ip_numbers": frozenset({ListingKind.ACHIEVEMENT}),
        "starts_on": frozenset({ListingKind.PROJECT}),
        "ends_on": frozenset({ListingKind.PROJECT}),
        "requirements": frozenset({ListingKind.PROJECT, ListingKind.NEED}),
        "wanted_media": frozenset({ListingKind.NEED}),
    }
)
"""Fields of a listing that only some kinds have; all others every kind has."""


@attrs.frozen(kw_only=True, slots=False)
class Studio(Content):
    """A studio (科创工作室): the page of a team under which its services and achievements stand."""

    experts: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Ids of experts who work in it."""
    address: str = attrs.field(default="", metadata=text(300))
    """Where it is; public."""


@attrs.frozen(kw_only=True, slots=False)
class Listing(Content):
    """Something offered or sought; it goes through the same states as all content."""

    kind: ListingKind
    deadline: date | None = None
    """Last day on which it can be taken up."""
    capacity: int | None = attrs.field(default=None, metadata=at_least(0))
    """With how many it can be concluded; 0: full; None: a need with one, an offer with any."""
    terms: str = attrs.field(default="", metadata=text(2000))
    """On what terms; public."""
    cooperation: tuple[Cooperation, ...] = attrs.field(default=(), metadata=unique)
    """As what the two sides may work together; empty: open."""
    budget: Quantity | None = None
    """What it costs or may cost, yuan; None: to be negotiated (面议)."""
    budget_most: int | None = attrs.field(default=None, metadata=at_least(0))
    """Upper end where the budget is a range, yuan."""
    contact: str = ""
    """Id of a contact person; who that is, the other side learns once both agreed to talk."""
    studio: str = ""
    """Of an offer: id of the studio that it belongs to."""
    delivery: Delivery | None = None
    """Of a service: where it is given."""
    maturity: int | None = attrs.field(default=None, metadata=between(1, 9))
    """Of an achievement: technology readiness level (技术就绪度), 1 to 9.

    Source: GB/T 22900-2022 has nine levels; its text was not seen.
    """
    ip_status: IpStatus | None = None
    """Of an achievement: how the right in it stands."""
    ip_numbers: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(50)), unique))
    """Of an achievement: numbers of patents and registrations."""
    starts_on: date | None = None
    """Of a project: first day."""
    ends_on: date | None = None
    """Of a project: last day."""
    requirements: str = attrs.field(default="", metadata=text(2000))
    """Of a need or project: what has to be reached (技术指标), so that it can be checked."""
    wanted_media: tuple[MediaForm, ...] = attrs.field(default=(), metadata=unique)
    """Of a need: forms of media that what answers it had better have."""
    progress: ListingProgress = ListingProgress.OPEN
    """How far the two sides are; only verbs set it."""
    closed: bool = False
    """Whether its owner takes no more interests; only verbs set it."""
    taken: int = 0
    """With how many it is agreed or concluded now, whoever came to whom; only verbs set it."""
    agreed: int = 0
    """With how many it ever was agreed; only verbs set it."""
    concluded: int = 0
    """With how many of these it is concluded; only verbs set it."""

    def _check(self) -> None:
        for name, kinds in OWN_FIELDS.items():
            if getattr(self, name) and self.kind not in kinds:
                raise Invalid("listing.unfit_field", path=name, kind=self.kind.value)
        if self.budget_most is not None:
            if self.budget is None:
                raise Invalid("listing.no_budget", path="budget")
            if self.budget_most < self.budget.value:
                least = self.budget.value
                raise Invalid(
                    "field.too_small", path="budget_most", value=self.budget_most, least=least
                )
        if self.budget is not None and self.budget.value < 0:
            raise Invalid("field.too_small", path="budget", value=self.budget.value, least=0)
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise Invalid("when.backwards", path="ends_on")

    @property
    def room(self) -> int | None:
        """With how many it can be concluded: a need that says nothing with one; None: any."""
        if self.capacity is None and self.kind is ListingKind.NEED:
            return 1
        return self.capacity

    @property
    def left(self) -> int | None:
        """With how many more it can be concluded; None: any."""
        return None if self.room is None else max(0, self.room - self.taken)

    def open_on(self, day: date) -> bool:
        """Tell whether its two sides may still find to one another on a day, room apart."""
        return not (self.closed or (self.deadline is not None and self.deadline < day))

    def progress_on(self, day: date) -> ListingProgress:
        """Give the progress on a day: what nobody took up is closed after its deadline."""
        over = self.deadline is not None and self.deadline < day
        missed = over and self.progress is ListingProgress.OPEN
        return ListingProgress.CLOSED if missed else self.progress


class ExpertState(Labelled):
    """Where the profile of an expert stands."""

    DRAFT = "draft", "草稿", "draft"
    PUBLISHED = "published", "已发布", "published"
    SUSPENDED = "suspended", "暂停", "suspended"


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
    fields: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(100)), unique))
    """Fields of science or practice (研究领域), in words."""
    affiliations: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(200)), unique))
    """Other bodies and posts; public."""
    availability: str = attrs.field(default="", metadata=text(200))
    """When and how one can have the expert, such as 每周三下午线上; public."""
    appointed_from: date | None = None
    """First day of the appointment (聘期); None: not given."""
    appointed_to: date | None = None
    """Last day of it; None: no end."""
    state: ExpertState = ExpertState.PUBLISHED
    comment: str = attrs.field(default="", metadata=text(500))
    """Why the profile stands so."""

    def _check(self) -> None:
        first, last = self.appointed_from, self.appointed_to
        if first and last and last < first:
            raise Invalid("when.backwards", path="appointed_to")

    def serves_on(self, day: date) -> bool:
        """Tell whether the profile is public and the expert in office on a day."""
        began = self.appointed_from is None or self.appointed_from <= day
        lasts = self.appointed_to is None or self.appointed_to >= day
        return self.state is ExpertState.PUBLISHED and began and lasts
