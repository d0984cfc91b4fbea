"""Indicators (绩效指标): figures that list their evidence."""

from __future__ import annotations

from datetime import datetime

import attrs

from tianfu_sdk.model.base import Labelled, Precision
from tianfu_sdk.model.checks import aware

__all__ = ["Adjustment", "Figure", "Indicator", "IndicatorReport", "Period"]


class Indicator(Labelled):
    """What is counted; the province's own formulas are not public, these are ours."""

    RESOURCES = "resources", "发布资源数", "resources published"
    ACTIVITIES = "activities", "发布活动数", "activities published"
    ATTENDANCE = "attendance", "活动参与人次", "attendance"
    VIEWS = "views", "浏览次数", "views"
    SMS_DELIVERED = "sms_delivered", "短信送达条数", "SMS delivered"
    QUESTIONS = "questions", "提问数", "questions asked"
    ANSWERED = "answered", "已回答数", "questions answered"
    TRANSLATIONS = "translations", "审定译文数", "translations approved"


@attrs.frozen(kw_only=True)
class Period:
    """From a moment up to another, the second not included."""

    start: datetime = attrs.field(metadata=aware)
    end: datetime = attrs.field(metadata=aware)


@attrs.frozen(kw_only=True)
class Figure:
    """One indicator of one organization in one period."""

    indicator: Indicator
    organization: str
    own: int
    """Of the organization itself."""
    value: int
    """With all below it: the sum of the own figures of the subtree."""
    precision: Precision = Precision.EXACT
    """Never more exact than the evidence."""
    evidence: int = 0
    """How many events it rests on, the subtree included; `evidence()` lists them."""


@attrs.frozen(kw_only=True)
class Adjustment:
    """An event that is left out of a figure (剔除), and why."""

    event: str
    reason: str


@attrs.frozen(kw_only=True)
class IndicatorReport:
    """The figures of an organization and those below it."""

    organization: str
    period: Period
    figures: tuple[Figure, ...]
    answer_rate: float | None
    """Questions answered, at once or by an expert, by questions asked; None: none asked."""
    language_coverage: tuple[tuple[str, int, int], ...]
    """Language, published contents readable in it, published contents."""

    def figure(self, indicator: Indicator, organization: str | None = None) -> Figure:
        """Give one figure, by default that of the organization asked for."""
        wanted = organization or self.organization
        return next(
            f for f in self.figures if f.indicator == indicator and f.organization == wanted
        )
