"""The subscribers within a campaign's reach, read in the order of their phones' index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from tianfu_sdk.core.campaign import Candidate, Choice, Picker, compose
from tianfu_sdk.core.filters import matches
from tianfu_sdk.core.hours import window
from tianfu_sdk.core.keying import Placed, place_keys
from tianfu_sdk.core.kinds import CAMPAIGN, SUBSCRIBER
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.sms import Campaign, SmsCapabilities, Window
from tianfu_sdk.model.storage import Group, KeyValue, Query, Row, Where
from tianfu_sdk.services.indexing import moving, phone_index
from tianfu_sdk.services.optouts import opt_outs
from tianfu_sdk.services.people import PHONE, open_all
from tianfu_sdk.services.work import Tools, Work

__all__ = ["Audience", "Page", "candidates", "demand_reach", "policy_window", "reaches_region"]

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


@attrs.frozen
class Page:
    """Subscribers that were read together."""

    order: str
    after: tuple[KeyValue, str] | None
    """Where the next page begins."""
    last: bool
    """Whether there is none after it."""
    candidates: Sequence[Candidate]


class Audience:
    """A walk over the subscribers of a campaign, a page a step; holds nothing but its place.

    Equal phones stand next to each other in the order of their index. While index keys change
    that order moves, so a walk that begins then goes by id, and gives each phone the index that
    it has in the end: by that one a phone still gets one message of a campaign.

    `read` changes nothing, because what a transaction does may be done twice; `take` moves on.

    Args:
        campaign: The task.
        capabilities: Of its gateway.
        tools: Of the hub.
        order: By which key it was walked before; empty: it begins.
        after: Where it goes on: key and id of the last who was looked at.
    """

    def __init__(
        self,
        campaign: Campaign,
        capabilities: SmsCapabilities,
        tools: Tools,
        *,
        order: str = "",
        after: tuple[KeyValue, str] | None = None,
    ) -> None:
        texts = compose(campaign, capabilities, tools.settings.sms.suffix)
        self._campaign = campaign
        self._picker = Picker(campaign, texts, tools.clock.now(), real=capabilities.real)
        self.order = order
        """By which key it is walked."""
        # In the order of ids equal phones do not stand together, so all are looked at again.
        self.after = after if order != "id" else None
        """Key and id of the last who was looked at."""
        self._skipped = after if order == "id" else None
        self.over = False
        """Whether the last subscribers were taken."""

    def read(self, work: Work) -> Page:
        """Read the next subscribers."""
        changing = moving(work)
        order = self.order or ("id" if changing else "phone_ix")
        where = _where(work, self._campaign)
        query = Query(where=where, order=order, after=self.after, limit=PAGE)
        rows = work.tx.find(SUBSCRIBER.name, query)
        last = rows[-1] if rows else None
        after = None if last is None else (last.id if order == "id" else last.keys[order], last.id)
        found = candidates(work, rows)
        return Page(order, after, len(rows) < PAGE, _lasting(work, found) if changing else found)

    def take(self, page: Page) -> list[Choice]:
        """Decide over the subscribers that were read."""
        self.over = page.last
        self.order = page.order
        self.after = page.after or self.after
        if page.order == "id":
            self._picker.remember()
        if self._skipped is not None:
            last = self._skipped[1]
            before = [one for one in page.candidates if one.subscriber.id <= last]
            self._picker.remember(one.phone_ix for one in before)
            page = attrs.evolve(page, candidates=page.candidates[len(before) :])
        return [self._picker.pick(candidate) for candidate in page.candidates]

    def walk(self, work: Work) -> Iterator[Choice]:
        """Decide over all subscribers in one transaction."""
        while not self.over:
            yield from self.take(self.read(work))


def _lasting(work: Work, found: Sequence[Candidate]) -> list[Candidate]:
    """Give candidates the index that their phones have once index keys have changed."""
    sealed = {one.subscriber.id: one.subscriber.phone for one in found}
    phones = open_all(work, PHONE, sealed)
    return [
        attrs.evolve(one, phone_ix=phone_index(work, phones[one.subscriber.id]))
        for one in found
        if one.subscriber.id in phones
    ]


def _where(work: Work, campaign: Campaign) -> Group:
    level = work.regions().level_of(campaign.region).value
    inside = Where(level, "=", campaign.region)
    if campaign.whole_region:
        return (inside,)
    return inside, Where("org_path", "has", campaign.organization)
