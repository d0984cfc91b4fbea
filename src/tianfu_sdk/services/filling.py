"""Putting a campaign in the outbox: its audience, batch by batch, from where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from tianfu_sdk.core.campaign import Choice, Composed
from tianfu_sdk.core.kinds import CAMPAIGN
from tianfu_sdk.core.tally import Batcher
from tianfu_sdk.model.sms import Campaign, CampaignState, SmsCapabilities
from tianfu_sdk.services import outbox
from tianfu_sdk.services.audience import Audience
from tianfu_sdk.services.lanes import again
from tianfu_sdk.services.work import Desk

__all__ = ["CHUNK", "Filling"]

CHUNK = 20_000
"""Messages that one transaction puts in the outbox, so that other writers get their turn."""


class Filling(Desk):
    """Fill the outbox with a campaign. Several may do so at once: each goes on where one was."""

    def run(
        self,
        campaign: Campaign,
        capabilities: SmsCapabilities,
        due: datetime,
        texts: Mapping[str, Composed],
    ) -> None:
        """Put in all that is left, unless the campaign is cancelled meanwhile.

        Args:
            campaign: One that is `sending`.
            capabilities: Of its gateway.
            due: When it may go out.
            texts: As they go out, by language.
        """
        while not self._some(campaign, capabilities, due, texts):
            known = self._read(lambda work: work.get(CAMPAIGN, campaign.id))
            if known.state is not CampaignState.SENDING or known.queued is not None:
                return

    def _some(
        self,
        campaign: Campaign,
        capabilities: SmsCapabilities,
        due: datetime,
        texts: Mapping[str, Composed],
    ) -> bool:
        """Go on from the mark; False: another went on meanwhile."""
        progress = self._read(lambda work: outbox.progress_of(work, campaign.id))
        audience = Audience(
            campaign,
            capabilities,
            self._tools,
            texts,
            order=progress.order,
            after=progress.after,
        )
        batcher = Batcher(capabilities.phones_per_call)
        ready: list[list[Choice]] = []
        waiting = 0
        while True:
            for choice in audience.take(self._read(audience.read)):
                if choice.reason:
                    continue
                waiting += 1
                full = batcher.add(choice)
                if full is not None:
                    ready.append(full)
            if waiting < CHUNK and not audience.over:
                continue
            # What is not full goes too: the mark says that all up to here are in.
            ready += batcher.rest()
            there = attrs.evolve(progress, order=audience.order, after=audience.after)
            put = self._queue(campaign.id, ready, due, there)
            if put is None or audience.over:
                return put is not None
            progress, waiting = put, 0
            ready.clear()

    def _queue(
        self, id_: str, found: Sequence[Sequence[Choice]], due: datetime, there: outbox.Progress
    ) -> outbox.Progress | None:
        return again(self._write, lambda work: outbox.enqueue(work, id_, found, due, there))
