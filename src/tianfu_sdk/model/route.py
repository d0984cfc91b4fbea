"""Routes: through which gateways a campaign goes, and what it costs through each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from tianfu_sdk.model.checks import at_least, text

__all__ = ["GatewayPlan", "Leg"]


@attrs.frozen(kw_only=True)
class Leg:
    """One gateway of a campaign's route (通道路由)."""

    gateway: str = attrs.field(metadata=text(64, shortest=1))
    """Its name."""
    weight: int = attrs.field(default=0, metadata=at_least(0))
    """Its share of the recipients, relative to the other legs; 0: it only takes over."""
    templates: Mapping[str, str] = MappingProxyType({})
    """By language tag: id of its approved template that the text is of."""


@attrs.frozen(kw_only=True)
class GatewayPlan:
    """What a plan says of one gateway of a campaign."""

    gateway: str
    weight: int
    """0: it only takes over."""
    languages: tuple[str, ...]
    """Of the campaign's texts, those that it takes."""
    recipients: int
    """Who are sent to through it, where nothing has to be taken over."""
    parts: int
    """Billed parts of theirs."""
    cost: int
    """In 1/1000 yuan."""
    batches: int
    all_parts: int
    """Billed parts, should it have to carry all that it takes."""
    all_cost: int
    """The same in 1/1000 yuan."""
    not_before: datetime | None
    """When it may begin, UTC; None: its hours never open."""
    rate: float
    """Messages a second; 0: nobody limits it."""
