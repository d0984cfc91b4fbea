"""The subscribers within a campaign's reach, read in the order of their phones' index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from tianfu_sdk.core.campaign import Candidate, Choice, Picker, compose
from tianfu_sdk.core.filters import matches
from tianfu_sdk.core.hours import window
from tianfu_sdk.core.kinds import CAMPAIGN, SUBSCRIBER, Placed, place_keys
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.sms import Campaign, SmsCapabilities, Window
from tianfu_sdk.model.storage import Group, KeyValue, Query, Row, Where
from tianfu_sdk.services.optouts import opt_outs
from tianfu_sdk.services.work import Work

__all__ = ["Audience", "candidates", "demand_reach", "policy_window", "reaches_region"]

PAGE = 500
"""Subscribers read at a time; their opt-outs are one query."""


def policy_window(work: Work) -> Window:
    """Give the window of the settings."""
    sms = work.tools.settings.sms
    return window(sms.window_start, sms.window_end)


def reaches_region(work: Work, action: Action, placed: Placed) -> bool:
    """Tell whether the actor's grants reach everybody of a region, whoever looks after them."""
    groups = work.scope(action, CAMPAIGN.name)
    keys = place_keys("", Placed(placed.levels)) | {"state": ""}
    return groups is None or any(matches("", keys, group) for group in groups)


def demand_reach(work: Work, campaign: Campaign, action: Action, placed: Placed) -> None:
    """Demand that the actor's grants reach as far as the campaign does.

    Raises:
        Denied: `grant.missing`.
    """
    if campaign.whole_region:
        work.allow_at(action, CAMPAIGN.name, "", Placed(placed.levels))


def candidates(work: Work, rows: Sequence[Row]) -> list[Candidate]:
    """Make candidates of the rows of subscribers, with what their phones refuse."""
    refused = opt_outs(work, (row.keys["phone_ix"] for row in rows))
    return [
        Candidate(
            work.noun(SUBSCRIBER, row),
            row.keys["phone_ix"],
            refused.get(row.keys["phone_ix"], frozenset()),
        )
        for row in rows
    ]


@attrs.define
class Audience:
    """A walk over the subscribers of a campaign, a page a call; holds nothing but its place.

    Args:
        campaign: The task.
        capabilities: Of its gateway.
    """

    campaign: Campaign
    capabilities: SmsCapabilities
    over: bool = False
    _after: tuple[KeyValue, str] | None = None
    _picker: Picker | None = None

    def page(self, work: Work) -> list[Choice]:
        """Decide over the next subscribers; `over` says whether they were the last."""
        if self._picker is None:
            texts = compose(self.campaign, self.capabilities, work.tools.settings.sms.suffix)
            self._picker = Picker(self.campaign, texts, work.now, real=self.capabilities.real)
        query = Query(
            where=_where(work, self.campaign), order="phone_ix", after=self._after, limit=PAGE
        )
        rows = work.tx.find(SUBSCRIBER.name, query)
        choices = [self._picker.pick(candidate) for candidate in candidates(work, rows)]
        self.over = len(rows) < PAGE
        if rows:
            self._after = (rows[-1].keys["phone_ix"], rows[-1].id)
        return choices

    def all(self, work: Work) -> Iterator[Choice]:
        """Decide over all subscribers in one transaction."""
        while not self.over:
            yield from self.page(work)


def _where(work: Work, campaign: Campaign) -> Group:
    level = work.tools.regions().level_of(campaign.region).value
    inside = Where(level, "=", campaign.region)
    if campaign.whole_region:
        return (inside,)
    return inside, Where("org_path", "has", campaign.organization)
