"""Rubrics (评分标准): what is scored, in which bands, and which grade comes of it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.checks import at_least as not_below
from tianfu_sdk.model.checks import matching, text

__all__ = ["Band", "CheckMethod", "Grade", "Rubric", "RubricItem", "Score"]

_CODE = r"[a-z][a-z0-9_]{0,39}"


class CheckMethod(Labelled):
    """How something was looked at."""

    LEDGER = "ledger", "台账检查", "check of the ledger"
    SITE_VISIT = "site_visit", "实地核查", "site visit"
    INTERVIEW = "interview", "访谈", "interview"


@attrs.frozen(kw_only=True)
class Band:
    """From a value up, so many points; the lower edge belongs to it."""

    at_least: float
    points: float = attrs.field(metadata=not_below(0))


@attrs.frozen(kw_only=True)
class RubricItem:
    """One thing that is scored."""

    code: str = attrs.field(metadata=matching(_CODE, "rubric.bad_code"))
    title: str = attrs.field(metadata=text(100, shortest=1))
    points: float = attrs.field(metadata=not_below(0))
    """Points at most."""
    unit: str = attrs.field(default="", metadata=text(20))
    """Of the value, such as 人次; empty: points, given by judgement."""
    bands: tuple[Band, ...] = ()
    """The highest one first; below all of them there are no points. None: by judgement."""

    def _check(self) -> None:
        edges = [band.at_least for band in self.bands]
        if edges != sorted(set(edges), reverse=True):
            raise Invalid("rubric.order", path="bands")
        if any(band.points > self.points for band in self.bands):
            raise Invalid("rubric.too_many_points", path="bands")


@attrs.frozen(kw_only=True)
class Grade:
    """From so many of a hundred up; the lower edge belongs to it."""

    code: str = attrs.field(metadata=matching(_CODE, "rubric.bad_code"))
    title: str = attrs.field(metadata=text(50, shortest=1))
    at_least: float


@attrs.frozen(kw_only=True)
class Rubric:
    """What is scored and how; whoever evaluates brings it, and the evaluation keeps it."""

    code: str = attrs.field(metadata=matching(_CODE, "rubric.bad_code"))
    title: str = attrs.field(metadata=text(200, shortest=1))
    items: tuple[RubricItem, ...]
    grades: tuple[Grade, ...]
    """The best first; the last one takes all that is below."""
    checks: tuple[CheckMethod, ...] = (CheckMethod.LEDGER, CheckMethod.SITE_VISIT)
    """Without which nothing is decided."""
    reviewers: int = attrs.field(default=1, metadata=not_below(1))
    """Persons who review it, at least."""
    note: str = attrs.field(default="", metadata=text(1000))
    """Where it is from, and what of it is not vouched for."""

    def _check(self) -> None:
        codes = [item.code for item in self.items]
        if not codes or not any(item.points for item in self.items):
            raise Invalid("rubric.empty", path="items")
        if len(set(codes)) != len(codes):
            raise Invalid("field.twice", path="items")
        edges = [grade.at_least for grade in self.grades]
        if not edges or edges != sorted(set(edges), reverse=True):
            raise Invalid("rubric.order", path="grades")


@attrs.frozen(kw_only=True)
class Score:
    """What a rubric says of values."""

    points: Mapping[str, float]
    """Points by item; what does not apply is left out."""
    total: float
    full: float
    """Points that there were to get."""
    percent: float
    """Of a hundred."""
    grade: str
    """Code of the grade."""
