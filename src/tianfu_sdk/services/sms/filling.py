"""Putting a campaign in the outbox: its audience, batch by batch, from where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from tianfu_sdk.core.rows.kinds import CAMPAIGN
from tianfu_sdk.core.sms.campaign import Choice
from tianfu_sdk.core.sms.routes import Split
from tianfu_sdk.core.sms.tally import Batcher
from tianfu_sdk.model.sms import Campaign, CampaignState
from tianfu_sdk.services.desk.work import Desk
from tianfu_sdk.services.sms import outbox
from tianfu_sdk.services.sms.audience import Audience
from tianfu_sdk.services.sms.lanes import again
from tianfu_sdk.services.sms.routes import Carriers, Ways

__all__ = ["CHUNK", "Filling"]

CHUNK = 20_000
"""Messages that one transaction puts in the outbox, so that other writers get their turn."""


@attrs.frozen
class Filling(Desk):
    """Fill the outbox with a campaign. Several may do so at once: each goes on where one was."""

    _campaign: Campaign
    """One that is `sending`."""
    _carriers: Carriers
    """Its gateways."""
    _ways: Ways
    """How its texts go out through them."""
    _opens: Mapping[str, datetime]
    """When it may go out, by gateway."""

    def run(self) -> None:
        """Put in all that is left, unless the campaign is cancelled meanwhile."""
        while not self._some():
            known = self._read(lambda work: work.get(CAMPAIGN, self._campaign.id))
            if known.state is not CampaignState.SENDING or known.queued is not None:
                return

    def _some(self) -> bool:
        """Go on from the mark; False: another went on meanwhile."""
        id_ = self._campaign.id
        progress = self._read(lambda work: outbox.progress_of(work, id_))
        audience = Audience(
            self._campaign,
            self._ways.lead(self._carriers),
            self._tools,
            self._ways.joint,
            order=progress.order,
            after=progress.after,
        )
        split = self._ways.split
        phones = {name: self._carriers[name].phones_per_call for name in split.gateways}
        filled = _Filled(split, phones)
        while True:
            for choice in audience.take(self._read(audience.read)):
                if not choice.reason:
                    filled.add(choice)
            if filled.waiting < CHUNK and not audience.over:
                continue
            there = attrs.evolve(progress, order=audience.order, after=audience.after)
            put = self._queue(filled.take(), there)
            if put is None or audience.over:
                return put is not None
            progress = put

    def _queue(
        self, found: Mapping[str, Sequence[Sequence[Choice]]], there: outbox.Progress
    ) -> outbox.Progress | None:
        parcels = [
            outbox.Parcel(
                gateway=name,
                due=self._opens[name],
                parts={tag: one.parts for tag, one in self._ways.texts[name].items()},
                batches=batches,
            )
            for name, batches in found.items()
        ]
        id_ = self._campaign.id
        return again(self._write, lambda work: outbox.enqueue(work, id_, parcels, there))


class _Filled:
    """Batches that are ready, by gateway, and those that are not full yet."""

    def __init__(self, split: Split, phones: Mapping[str, int]) -> None:
        self._way = split.of
        self._open = {name: Batcher(most) for name, most in phones.items()}
        self._only = self._open[split.gateways[0]] if len(split.gateways) == 1 else None
        self._ready: dict[str, list[list[Choice]]] = {name: [] for name in phones}
        self._names = {id(batcher): name for name, batcher in self._open.items()}
        self.waiting = 0
        """Messages in them."""

    def add(self, choice: Choice) -> None:
        """Take one."""
        batcher = self._only or self._open[self._way(choice.phone_ix, choice.language)]
        self.waiting += 1
        full = batcher.add(choice)
        if full is not None:
            self._ready[self._names[id(batcher)]].append(full)

    def take(self) -> Mapping[str, list[list[Choice]]]:
        """Give all, and begin anew."""
        # What is not full goes too: the mark says that all up to here are in.
        ready = {name: [*self._ready[name], *self._open[name].rest()] for name in self._open}
        self._ready = {name: [] for name in self._open}
        self.waiting = 0
        return ready
