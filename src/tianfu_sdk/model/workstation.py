"""Academician (expert) workstations (院士(专家)工作站), and evaluations of them and of bases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import at_least, aware, each, matching, region_code, text, unique
from tianfu_sdk.model.rubric import CheckMethod, Rubric, Score

__all__ = [
    "Check",
    "Evaluation",
    "EvaluationState",
    "Review",
    "Ruling",
    "Standing",
    "Target",
    "TeamMember",
    "TeamRole",
    "Workstation",
    "WorkstationResult",
    "WorkstationState",
]


class WorkstationState(Labelled):
    """Where a workstation stands."""

    ACTIVE = "active", "在站", "active"
    RECTIFYING = "rectifying", "整改中", "rectifying"
    DELISTED = "delisted", "已撤站", "delisted"


class TeamRole(Labelled):
    """What somebody is in the team."""

    LEAD = "lead", "领衔院士（专家）", "lead"
    MEMBER = "member", "团队成员", "member"


@attrs.frozen(kw_only=True)
class TeamMember:
    """An expert who works in a workstation."""

    expert: str
    """Id of the expert; the name stays sealed there."""
    role: TeamRole = TeamRole.MEMBER
    since: date | None = None
    until: date | None = None
    """Last day; None: to the end of the term."""

    def _check(self) -> None:
        # A caller may have given it as text.
        TeamRole.of(self.role, "role")
        if self.since and self.until and self.until < self.since:
            raise Invalid("when.backwards", path="until")


@attrs.frozen(kw_only=True)
class Target:
    """What is to be reached in the term."""

    code: str = attrs.field(metadata=matching(r"[a-z][a-z0-9_]{0,39}", "rubric.bad_code"))
    title: str = attrs.field(metadata=text(100, shortest=1))
    amount: int = attrs.field(metadata=at_least(1))
    unit: str = attrs.field(default="", metadata=text(20))


@attrs.frozen(kw_only=True)
class Workstation(Noun):
    """A workstation that experts work in at a host."""

    organization: str
    """Id of the organization of kind `workstation` that it is."""
    host: str
    """Id of the organization where it is (建站单位)."""
    region: str = attrs.field(metadata=region_code)
    valid_from: date
    valid_to: date
    """Last day of the term."""
    team: tuple[TeamMember, ...] = ()
    targets: tuple[Target, ...] = ()
    state: WorkstationState = WorkstationState.ACTIVE
    rectify_until: date | None = None
    """Last day by which what was found is to be put right; only an evaluation sets it."""
    comment: str = attrs.field(default="", metadata=text(1000))
    """Why it stands so."""

    def _check(self) -> None:
        if self.valid_to < self.valid_from:
            raise Invalid("when.backwards", path="valid_to")
        for path, names in (
            ("team", [member.expert for member in self.team]),
            ("targets", [target.code for target in self.targets]),
        ):
            if len(set(names)) != len(names):
                raise Invalid("field.twice", path=path)


@attrs.frozen(kw_only=True)
class WorkstationResult(Noun):
    """Something that was reached, with what shows it; it is struck, never deleted."""

    workstation: str
    organization: str
    region: str = attrs.field(metadata=region_code)
    target: str
    """Code of the target that it counts for."""
    amount: int = attrs.field(metadata=at_least(1))
    on: date
    evidence: tuple[str, ...] = attrs.field(default=(), metadata=each(text(200, shortest=1)))
    note: str = attrs.field(default="", metadata=text(500))
    reporter: str = ""
    """Person who reported it, by random id."""
    struck: str = attrs.field(default="", metadata=text(500))
    """Why it does not count; empty: it does."""


@attrs.frozen(kw_only=True)
class Standing:
    """One target, and how much of it was reached."""

    target: Target
    achieved: int
    results: int
    """Results that count."""
    struck: int
    """Results that were struck."""

    @property
    def percent(self) -> float:
        """Of a hundred; more than was to be reached is more than 100."""
        return self.achieved * 100 / self.target.amount


class EvaluationState(Labelled):
    """Where an evaluation stands."""

    OPEN = "open", "评价中", "open"
    SUBMITTED = "submitted", "待评审", "submitted"
    DECIDED = "decided", "已定", "decided"


class Ruling(Labelled):
    """What is said of what was evaluated."""

    PASS = "pass", "通过", "passed"
    RECTIFY = "rectify", "限期整改", "to be rectified"
    DELIST = "delist", "撤销", "to be delisted"


@attrs.frozen(kw_only=True)
class Check:
    """One look at the thing itself."""

    method: CheckMethod
    on: date
    findings: str = attrs.field(metadata=text(5000, shortest=1))
    evidence: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Such as SHA-256 of media, or where the ledger is."""
    account: str = ""
    """Who looked, by id of the account."""
    post: str = ""
    """The post of that account as it was then."""


@attrs.frozen(kw_only=True)
class Review:
    """What one reviewer says of an evaluation."""

    verdict: Ruling
    comment: str = attrs.field(metadata=text(2000, shortest=1))
    person: str
    """By random id; never one who wrote the evaluation."""
    account: str
    post: str
    """The post under which it stands in the record; personal names are not kept."""
    at: datetime = attrs.field(metadata=aware)


@attrs.frozen(kw_only=True)
class Evaluation(Noun):
    """An evaluation of a workstation or base: what was found, scored, reviewed and decided."""

    workstation: str = ""
    """Id of the workstation; empty: a base is evaluated."""
    base: str = ""
    """Id of the science base (科普基地); empty: a workstation is evaluated."""
    organization: str
    region: str = attrs.field(metadata=region_code)
    start: date
    end: date
    """Last day of what is evaluated."""
    rubric: Rubric
    """As it was then."""
    checks: tuple[Check, ...] = ()
    values: Mapping[str, float | None] = attrs.field(factory=dict)
    standing: tuple[Standing, ...] = ()
    """Targets of a workstation and what was reached by `end`, counted when it was submitted."""
    score: Score | None = None
    reviews: tuple[Review, ...] = ()
    state: EvaluationState = EvaluationState.OPEN
    authors: tuple[str, ...] = ()
    """Persons who wrote it; none of them reviews or decides it."""
    outcome: Ruling | None = None
    rectify_until: date | None = None
    reason: str = attrs.field(default="", metadata=text(2000))
    decided_at: datetime | None = attrs.field(default=None, metadata=aware)
    decider: str = ""
    """Person who decided it, by random id."""

    @property
    def subject(self) -> str:
        """Id of what is evaluated."""
        return self.workstation or self.base
