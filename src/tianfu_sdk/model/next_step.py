"""Who may do the next step of a campaign, and what stands in its way."""

from __future__ import annotations

from datetime import datetime

import attrs

from tianfu_sdk.model.sms import CampaignState

__all__ = ["Blocker", "CampaignExplanation", "Doer", "LegState"]


@attrs.frozen(kw_only=True)
class Blocker:
    """Something that stands in the way of a step, and what to do about it."""

    code: str
    """As of the error that the step would raise."""
    path: str
    message: str
    message_zh: str
    hint: str
    hint_zh: str


@attrs.frozen(kw_only=True)
class Doer:
    """An account that has a grant for a step."""

    account: str
    label: str
    """Its post."""
    allowed: bool
    reason: str
    """Why not: `lifecycle.own_work`; empty where it may."""
    grants: tuple[str, ...]
    """Ids of the grants that say so."""


@attrs.frozen(kw_only=True)
class LegState:
    """One gateway of a campaign, as it is now."""

    gateway: str
    weight: int
    """0: it only takes over."""
    works: bool
    """False: it failed and is left alone for a while."""
    languages: tuple[str, ...]
    """Of the campaign's texts, those that it takes."""


@attrs.frozen(kw_only=True)
class CampaignExplanation:
    """Who may do the next step of a campaign, and what stands in its way."""

    campaign: str
    state: CampaignState
    step: str
    """`approve`, `send`, `dispatch` (a worker does it), or empty: nothing is left to do."""
    ready: bool
    """Nothing stands in the way of whoever is allowed to."""
    blockers: tuple[Blocker, ...]
    """What would be refused, whoever asks."""
    yours: tuple[Blocker, ...]
    """Why the account that asks may not do it; empty where it may."""
    who: tuple[Doer, ...]
    """Accounts of its organization and of those above that have a grant for it."""
    not_before: datetime | None
    """When its messages may go out, UTC; None: it is not known, or they are on their way."""
    gateways: tuple[LegState, ...] = ()
    """Those that it goes through, in order of preference."""
