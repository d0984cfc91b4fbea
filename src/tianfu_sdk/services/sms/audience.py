"""The subscribers within a campaign's reach, read in the order of their phones' index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import Placed, place_keys
from tianfu_sdk.core.rows.kinds import CAMPAIGN, ORGANIZATION, REACH, SUBSCRIBER
from tianfu_sdk.core.sms.campaign import Candidate, Choice, Composed, Picker, hours_for
from tianfu_sdk.core.sms.contacts import Capping
from tianfu_sdk.core.sms.hours import next_open
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.sms import Campaign, SmsCapabilities
from tianfu_sdk.model.storage import (
    AND_GROUPS,
    IN_VALUES,
    LONGEST_PAGE,
    Group,
    KeyValue,
    Query,
    Row,
    Where,
)
from tianfu_sdk.services.desk.indexing import moving, phone_index
from tianfu_sdk.services.desk.people import PHONE, open_all
from tianfu_sdk.services.desk.work import Tools, Work
from tianfu_sdk.services.sms.caps import capping, contacts_between
from tianfu_sdk.services.sms.hours import hours_of
from tianfu_sdk.services.sms.optouts import opt_outs_between
from tianfu_sdk.services.sms.reach import NO_CONTACTS, candidates, demand_built, ignores_refusals

__all__ = ["LONGEST_LIST", "Audience", "Page", "demand_reach", "reaches_region"]

LONGEST_LIST = 10_000
"""Subscribers of an explicit list: it is read at once, and stands in the campaign."""
PAGE = LONGEST_PAGE
"""Subscribers read at a time; their opt-outs are one short range beside them."""


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


@attrs.frozen
class Page:
    """Subscribers that were read together."""

    order: str
    after: tuple[KeyValue, str] | None
    """Where the next page begins."""
    last: bool
    """Whether there is none after it."""
    candidates: Sequence[Candidate]
    capping: Capping | None = None
    """What says whether a phone had enough."""


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
        texts: As they go out, by language.
        order: By which key it was walked before; empty: it begins.
        after: Where it goes on: key and id of the last who was looked at.
    """

    def __init__(
        self,
        campaign: Campaign,
        capabilities: SmsCapabilities,
        tools: Tools,
        texts: Mapping[str, Composed],
        *,
        order: str = "",
        after: tuple[KeyValue, str] | None = None,
    ) -> None:
        self._campaign = campaign
        self._capabilities = capabilities
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
        """Read the next subscribers.

        Raises:
            StorageError: `reach.not_built`.
        """
        demand_built(work)
        changing = moving(work)
        order = self.order or ("id" if changing else "phone_ix")
        decide = capping(work, self._campaign, _due(work, self._campaign, self._capabilities))
        reached = _reached(work, self._campaign)
        if self._campaign.members:
            return self._listed(work, order, reached, decide)
        query = Query(
            where=reached[0],
            any_of=reached[1],
            order=order,
            after=self.after,
            limit=PAGE,
            fields="keys",
        )
        rows = work.tx.find(REACH.name, query)
        last = rows[-1] if rows else None
        after = None if last is None else (last.id if order == "id" else last.keys[order], last.id)
        phones = [row.keys["phone_ix"] for row in rows]
        found = self._looked_up(work, rows, sorted(phones) if changing else phones, decide)
        found = _lasting(work, found) if changing else found
        return Page(order, after, len(rows) < PAGE, found, decide)

    def _listed(self, work: Work, order: str, reached: _Reached, decide: Capping | None) -> Page:
        """Read those of a list who are within reach, all of them at once."""
        inside, any_of = reached
        rows = [
            row
            for row in work.tx.get(REACH.name, self._campaign.members)
            if matches(row.id, row.keys, inside)
            and (any_of is None or any(matches(row.id, row.keys, one) for one in any_of))
        ]
        rows.sort(key=lambda row: row.id if order == "id" else (row.keys["phone_ix"], row.id))
        found = self._looked_up(work, rows, sorted(row.keys["phone_ix"] for row in rows), decide)
        found = _lasting(work, found) if moving(work) else found
        last = rows[-1] if rows else None
        after = None if last is None else (last.id if order == "id" else last.keys[order], last.id)
        if order != "id" and self.after is not None:
            found = [one for one in found if (one.phone_ix, one.id) > self.after]
        return Page(order, after or self.after, last=True, candidates=found, capping=decide)

    def _looked_up(
        self, work: Work, rows: Sequence[Row], phones: Sequence[bytes], decide: Capping | None
    ) -> list[Candidate]:
        """Make candidates, with what their phones refused and, where it counts, were sent.

        Args:
            work: The transaction.
            rows: Narrow rows.
            phones: Their blind indexes, sorted.
            decide: None: nothing is capped.
        """
        heeded = not ignores_refusals(work, self._campaign)
        refused = opt_outs_between(work, phones) if heeded else {}
        contacts = contacts_between(work, phones) if decide is not None else NO_CONTACTS
        return candidates(work, rows, refused, contacts)

    def take(self, page: Page) -> list[Choice]:
        """Decide over the subscribers that were read."""
        self.over = page.last
        self.order = page.order
        self.after = page.after or self.after
        self._picker.capping = page.capping
        if page.order == "id":
            self._picker.remember()
        if self._skipped is not None:
            last = self._skipped[1]
            before = [one for one in page.candidates if one.id <= last]
            self._picker.remember(one.phone_ix for one in before)
            page = attrs.evolve(page, candidates=page.candidates[len(before) :])
        pick = self._picker.pick
        return [pick(candidate) for candidate in page.candidates]

    def walk(self, work: Work) -> Iterator[Choice]:
        """Decide over all subscribers in one transaction."""
        while not self.over:
            yield from self.take(self.read(work))


_Reached = tuple[Group, tuple[Group, ...] | None]


def _due(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> datetime:
    hours = hours_for(campaign, hours_of(work, campaign.organization, capabilities))
    return next_open(work.tx.now(), hours)


def _lasting(work: Work, found: Sequence[Candidate]) -> list[Candidate]:
    """Give candidates the index that their phones have once index keys have changed."""
    rows: list[Row] = []
    ids = [one.id for one in found]
    for start in range(0, len(ids), IN_VALUES):
        rows += work.tx.get(SUBSCRIBER.name, ids[start : start + IN_VALUES])
    phones = open_all(work, PHONE, {row.id: work.noun(SUBSCRIBER, row).phone for row in rows})
    return [
        attrs.evolve(one, phone_ix=phone_index(work, phones[one.id]))
        for one in found
        if one.id in phones
    ]


def _reached(work: Work, campaign: Campaign) -> _Reached:
    """Give the conditions on narrow rows that a campaign reaches, read once a transaction."""
    kept = f"reached~{campaign.id}"
    found: _Reached | None = work.kept.get(kept)
    if found is None:
        level = work.regions().level_of(campaign.region).value
        inside = (Where(level, "=", campaign.region),)
        found = inside, (None if campaign.whole_region else _of_subtree(work, campaign))
        work.kept[kept] = found
    return found


def _of_subtree(work: Work, campaign: Campaign) -> tuple[Group, ...]:
    below = (Where("org_path", "has", campaign.organization),)
    ids = [row.id for row in work.each(ORGANIZATION.name, Query(where=below, fields="keys"))]
    groups = [
        (Where("organization", "in", tuple(ids[start : start + IN_VALUES])),)
        for start in range(0, len(ids), IN_VALUES)
    ]
    if len(groups) > AND_GROUPS:
        raise Invalid(
            "sms.too_many_organizations", path="organization", most=AND_GROUPS * IN_VALUES
        )
    return tuple(groups)
