"""Indicators (绩效指标): figures that list their evidence."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.base import Labelled, Precision
from tianfu_sdk.model.checks import aware, text

__all__ = ["Adjustment", "AsOf", "DailyCount", "Figure", "Indicator", "IndicatorReport", "Period"]


class AsOf(Labelled):
    """Under which map of regions (行政区划) what happened in them is counted.

    The default everywhere is `then`: a figure that was handed in must not change because a
    county was moved years later. `today` is for comparing a region with its own past.
    """

    THEN = "then", "按当时区划", "as of then"
    """Regions as they stood on the day of each event: 简阳 lies in 资阳 until 2015."""
    TODAY = "today", "按现行区划", "as of today"
    """Codes of old count as what succeeded them, under what lies above it today."""


class Indicator(Labelled):
    """What is counted; the province's own formulas are not public, these are ours."""

    RESOURCES = "resources", "发布资源数", "resources published"
    ACTIVITIES = "activities", "发布活动数", "activities published"
    ATTENDANCE = "attendance", "活动参与人次", "attendance"
    REGISTRATIONS = "registrations", "活动报名人次", "persons registered"
    CHECKED_IN = "checked_in", "活动签到人次", "persons checked in"
    VIEWS = "views", "浏览次数", "views"
    SMS_DELIVERED = "sms_delivered", "短信送达条数", "SMS delivered"
    QUESTIONS = "questions", "提问数", "questions asked"
    ANSWERED = "answered", "已回答数", "questions answered"
    TRANSLATIONS = "translations", "审定译文数", "translations approved"
    DEALS = "deals", "供需对接成交数", "deals concluded"


@attrs.frozen(kw_only=True)
class Period:
    """From a moment up to another, the second not included."""

    start: datetime = attrs.field(metadata=aware)
    end: datetime = attrs.field(metadata=aware)

    def _check(self) -> None:
        if self.end <= self.start:
            raise Invalid("when.backwards", path="end")

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies inside."""
        return self.start <= moment < self.end


@attrs.frozen(kw_only=True)
class DailyCount:
    """How many events of a type there were in a region on a day."""

    day: date
    """In China."""
    region: str
    """GB/T 2260 code under the map that was asked for; empty: the events name none."""
    type: str
    """Such as `resource.viewed`."""
    count: int
    """Events."""
    amount: int
    """What the events count: messages of `sms.…`, persons of `registration.…` (taken off again
    where a check-in was a mistake), answers given at once of `question.asked`, first
    publications and approvals of what counts once ever; 0 of all others."""


@attrs.frozen(kw_only=True)
class Figure:
    """One indicator of one organization in one period."""

    indicator: Indicator
    organization: str
    own: int | None
    """Of the organization itself; None: nothing was reported, which is not 0."""
    value: int | None
    """With all below it: the sum of the own figures of the subtree; None: as `own`."""
    precision: Precision = Precision.EXACT
    """Never more exact than the evidence."""
    evidence: int = 0
    """How many events it rests on, the subtree included; `evidence()` lists them."""
    adjusted: int | None = None
    """`value` without the events that adjustments leave out; equal to it where none does."""
    excluded: int = 0
    """How many events of its evidence adjustments leave out."""


@attrs.frozen(kw_only=True)
class Adjustment:
    """An event that is left out of a figure (剔除), and why."""

    event: str
    """Id of the event."""
    reason: str = attrs.field(metadata=text(500, shortest=1))


@attrs.frozen(kw_only=True)
class IndicatorReport:
    """The figures of an organization and those below it."""

    organization: str
    period: Period
    figures: tuple[Figure, ...]
    answer_rate: float | None
    """Questions answered, at once or by an expert, by questions asked; None: none asked.

    Above 1 where more questions of earlier periods were answered than new ones asked.
    """
    adjusted_answer_rate: float | None
    """The same of the adjusted figures."""
    language_coverage: tuple[tuple[str, int, int], ...]
    """Language, published contents readable in it, published contents; as they stand now."""
    adjustments: tuple[Adjustment, ...] = ()
    as_of: AsOf = AsOf.THEN
    """Decides for whom an event counts that names a region but no organization."""

    def figure(self, indicator: Indicator | str, organization: str = "") -> Figure:
        """Give one figure; of the organization of the report where none is named.

        Raises:
            NotFound: `indicator.no_figure`.
        """
        wanted = Indicator.of(indicator, "indicator"), organization or self.organization
        for figure in self.figures:
            if (figure.indicator, figure.organization) == wanted:
                return figure
        raise NotFound("indicator.no_figure", path="organization", organization=wanted[1][:64])
