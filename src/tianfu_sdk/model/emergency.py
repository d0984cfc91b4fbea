"""Emergencies (应急科普): reports, official alerts, response plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from tianfu_sdk.model.base import EPOCH, Labelled, Noun
from tianfu_sdk.model.checks import aware, region_code, text

__all__ = [
    "AfterAction",
    "Alert",
    "EmergencyReport",
    "EmergencyState",
    "Level",
    "ResponsePlan",
]


class Level(Labelled):
    """Level of a warning; red is highest (突发事件应对法 2024 Art. 63)."""

    RED = "red", "红色(一级)", "red (I)"
    ORANGE = "orange", "橙色(二级)", "orange (II)"
    YELLOW = "yellow", "黄色(三级)", "yellow (III)"
    BLUE = "blue", "蓝色(四级)", "blue (IV)"


class EmergencyState(Labelled):
    """Where an emergency report stands."""

    REPORTED = "reported", "已上报", "reported"
    VERIFIED = "verified", "已核实", "verified"
    RESPONDING = "responding", "响应中", "responding"
    CLOSED = "closed", "已结束", "closed"
    REJECTED = "rejected", "不属实", "rejected"


@attrs.frozen(kw_only=True)
class Alert:
    """An official warning that a report rests on; we explain warnings and never issue one.

    Source:
        突发事件应对法 2024 Art. 64: type, level, start, area, cautions, measures, issuer, time.
    """

    issuer: str = attrs.field(metadata=text(100, shortest=1))
    identifier: str = attrs.field(default="", metadata=text(100))
    level: Level
    issued_at: datetime = attrs.field(metadata=aware)


@attrs.frozen(kw_only=True)
class EmergencyReport(Noun):
    """An event that an association reports upward (应急事件上报)."""

    title: str = attrs.field(metadata=text(200, shortest=1))
    event_type: str = attrs.field(metadata=text(64, shortest=1))
    """Code of the vocabulary `event_type`, such as `earthquake`."""
    level: Level
    organization: str
    region: str = attrs.field(metadata=region_code)
    description: str = attrs.field(default="", metadata=text(5000))
    happened_at: datetime = attrs.field(metadata=aware)
    alert: Alert | None = None
    drill: bool = False
    """A drill (演练) never reaches a real gateway."""
    state: EmergencyState = EmergencyState.REPORTED
    reporter: str = ""
    """Person."""
    verifier: str = ""
    """Person."""
    plan: str | None = None
    campaign: str | None = None
    resources: tuple[str, ...] = ()
    left_out: Mapping[str, str] = attrs.field(factory=dict)
    """Languages that the plan has a text in which was not used, and why: `not_approved`, or the
    slot that cannot be said in them, such as `place`."""
    reported_at: datetime = attrs.field(default=EPOCH, metadata=aware)
    verified_at: datetime | None = attrs.field(default=None, metadata=aware)
    responded_at: datetime | None = attrs.field(default=None, metadata=aware)
    closed_at: datetime | None = attrs.field(default=None, metadata=aware)
    comment: str = attrs.field(default="", metadata=text(2000))


@attrs.frozen(kw_only=True)
class ResponsePlan(Noun):
    """What is prepared for an event (预案): approved resources and SMS texts."""

    name: str = attrs.field(metadata=text(200, shortest=1))
    organization: str
    region: str = attrs.field(metadata=region_code)
    """It answers events in this subtree."""
    event_type: str = attrs.field(metadata=text(64, shortest=1))
    levels: tuple[Level, ...] = tuple(Level)
    resources: tuple[str, ...] = ()
    """Ids of resources; only those published at the time are used."""
    texts: Mapping[str, str]
    """SMS by language, with slots that are filled in when it is used: `core.emergency.SLOTS`."""
    writers: Mapping[str, str] = attrs.field(factory=dict)
    """By language: the person who wrote the text as it stands."""
    approvers: Mapping[str, str] = attrs.field(factory=dict)
    """By language: the person who approved the text as it stands; another than its writer."""
    signature: str = attrs.field(metadata=text(20, shortest=2))
    gateway: str = "file"
    topic: str = ""


@attrs.frozen(kw_only=True)
class AfterAction:
    """After-action report of one emergency: what was done, and how long it took."""

    report: str
    plan: str | None
    seconds_to_verify: float | None
    seconds_to_respond: float | None
    seconds_to_close: float | None
    resources: tuple[str, ...]
    languages: tuple[str, ...]
    """Of the texts that were sent."""
    missing_languages: tuple[str, ...]
    """Usual in the region, but without a text."""
    messages: Mapping[str, int]
    """By state."""
