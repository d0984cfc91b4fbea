"""The desk of science SMS (科普短信): compose, plan, approve, send, and what became of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import attrs

from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import CAMPAIGN
from tianfu_sdk.core.sms import campaign as rules
from tianfu_sdk.core.sms.campaign import Choice
from tianfu_sdk.core.sms.routes import names_of
from tianfu_sdk.core.sms.tally import Tally
from tianfu_sdk.core.sms.text_approvals import demand_awaited
from tianfu_sdk.errors import Invalid, TianfuError
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.sms import (
    Campaign,
    CampaignState,
    DispatchReport,
    UnknownBatch,
)
from tianfu_sdk.model.storage import JobState
from tianfu_sdk.services.desk.indexing import put_index_keys, settled
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms import caps, outbox, quotas
from tianfu_sdk.services.sms.audience import Audience, demand_reach
from tianfu_sdk.services.sms.campaigns import Campaigns
from tianfu_sdk.services.sms.counting import billed_parts
from tianfu_sdk.services.sms.dispatch import Dispatcher
from tianfu_sdk.services.sms.drafts import demand_no_drill, demand_translations, dues, not_before
from tianfu_sdk.services.sms.filling import Filling
from tianfu_sdk.services.sms.lanes import again, queue_of, try_again
from tianfu_sdk.services.sms.parts import forget_parts
from tianfu_sdk.services.sms.receipts import forget_early
from tianfu_sdk.services.sms.replies import Replies, demand_runner
from tianfu_sdk.services.sms.routes import Carriers, carriers_of, demand_sendable, ways_of
from tianfu_sdk.services.sms.sendkeys import first_of
from tianfu_sdk.services.sms.unclear import give_up, resolve, unknown_batches

__all__ = ["Sms"]

_SOME = 1000
_FEW = 20


class Sms(Campaigns, Replies):
    """Compose science SMS, plan and approve them, send them, and follow what became of them.

    Who wrote a campaign does not approve it. What is sent leaves through an outbox: a
    message is on disk as `sending` before it is on the air, and what may have gone out is
    never sent again by itself. Safe to share between threads.
    """

    def send(self, id: str, *, key: str = "") -> Campaign:  # noqa: A002
        """Put an approved campaign in the outbox; `dispatch` sends it when its hours come.

        Called again after a crash, it goes on where it stopped: a phone gets one message of a
        campaign at most.

        Args:
            id: Of the campaign.
            key: Of the caller's own, for this sending: said again, it gives the first result,
                also for another campaign of the same content; empty: none.

        Returns:
            The campaign, `sending`, with the number of messages in `queued`; under a key that
            was said before, the campaign that was sent then.

        Raises:
            Invalid: `lifecycle.illegal`, `sms.no_window`, `sms.drill`;
                `sms.template_unusable`, its template was withdrawn since;
                `sms.unapproved_text`;
                `sms.no_gateway_takes`, none of several takes one of its texts any more.
            Conflict: `sms.key_taken`, other content was sent under this key.
            Denied: `grant.missing`, no grant to send.
            QuotaExceeded: `quota.exceeded`, its organization or one above has not so many
                parts left. Its audience is counted as it stands now, and nothing is queued.
        """
        carriers = carriers_of(self._tools, self._known(id, Action.SEND))
        parts = self._parts_now(id, carriers)

        def begin(work: Work) -> tuple[Campaign, Filling | None]:
            known, placed = self._mine(work, id)
            first = first_of(work, known, key) if key else known
            if first.id != id:
                return first, None
            rules.demand_state(known, "send", CampaignState.APPROVED, CampaignState.SENDING)
            demand_reach(work, known, Action.SEND, placed)
            demand_no_drill(work, known, carriers)
            demand_translations(work, known)
            demand_awaited(known)
            ways = demand_sendable(work, known, carriers)
            due = not_before(work, known, carriers)
            if known.state is CampaignState.APPROVED:
                # Written, so that it and a change of index keys that begins now conflict.
                put_index_keys(work, settled(work))
                owner, _ = work.placed(known.organization)
                quotas.reserve(work, id, owner.path, parts or known.parts, due)
                known = attrs.evolve(known, state=CampaignState.SENDING)
                known = work.put(CAMPAIGN, known, placed)
                work.note(known, "queued", reason=known.override_reason)
            if known.queued is not None:
                return known, None
            outbox.begin(work, known)
            opens = dues(work, known, carriers, ways.split.gateways)
            return known, Filling(self._tools, self._actor, known, carriers, ways, opens)

        campaign, filling = again(self._write, begin)
        if filling is None:
            return campaign
        filling.run()
        return again(self._write, lambda work: outbox.close(work, id))

    def _parts_now(self, id_: str, carriers: Carriers) -> int:
        """Count the parts of a campaign before any is queued, where a quota limits them; else 0."""

        def read(work: Work) -> tuple[Campaign, bool]:
            known, _ = self._mine(work, id_)
            owner, _ = work.placed(known.organization)
            approved = known.state is CampaignState.APPROVED
            return known, approved and quotas.limited(work, owner.path)

        campaign, limited = self._read(read)
        if not limited:
            return 0
        ways = self._read(lambda work: ways_of(work, campaign, carriers))
        audience = Audience(campaign, ways.lead(carriers), self._tools, ways.joint)
        choices = self._walked(audience)
        return ways.parts(Tally.of(choices, ways.split.of))

    def _walked(self, audience: Audience) -> Iterator[Choice]:
        while not audience.over:
            yield from audience.take(self._read(audience.read))

    def finish_sends(self) -> int:
        """Go on with campaigns whose `send` died half-way; run by a worker.

        A `send` that still goes on is left alone.

        Returns:
            How many campaigns were brought into the outbox.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        self._read(demand_runner)
        stopped = self._read(outbox.half_queued)
        first: Exception | None = None
        done = 0
        for id_ in stopped:
            try:
                self.send(id_)
                done += 1
            except TianfuError as error:
                # Such as a window that has closed for good; the others are not kept waiting.
                first = first or error
        if first is not None:
            raise first
        return done

    def cancel(self, id: str, reason: str = "") -> Campaign:  # noqa: A002
        """Stop a campaign for good; what left already has left.

        Args:
            id: Of the campaign.
            reason: Why, for the audit.
        """

        def write(work: Work) -> Campaign:
            known, placed = self._mine(work, id)
            rules.demand_state(
                known,
                "cancel",
                CampaignState.DRAFT,
                CampaignState.APPROVED,
                CampaignState.SENDING,
            )
            for gateway in names_of(known):
                work.tx.drop(queue_of(gateway), id)
            dropped = outbox.drop_open(work, id)
            quotas.settle(work, id, billed_parts(work, known))
            stored = work.put(CAMPAIGN, attrs.evolve(known, state=CampaignState.CANCELLED), placed)
            work.note(stored, "cancelled", reason=reason, dropped=dropped)
            return stored

        return again(self._write, write)

    def pause(self, id: str, reason: str = "") -> Campaign:  # noqa: A002
        """Hold what has not left yet, until `resume`."""

        def write(work: Work) -> Campaign:
            known, _ = self._mine(work, id)
            for gateway in names_of(known):
                work.tx.hold(queue_of(gateway), id)
            work.note(known, "paused", reason=reason)
            return known

        return self._write(write)

    def resume(self, id: str, reason: str = "") -> Campaign:  # noqa: A002
        """Let a campaign go on: what was paused, and batches that waited for a person.

        A gateway of it that is left alone is tried at once. Messages that may have gone out
        stay `unknown` and are not sent again: `resolve` says what became of them.
        """

        def write(work: Work) -> Campaign:
            known, _ = self._mine(work, id)
            released = 0
            for gateway in names_of(known):
                queue = queue_of(gateway)
                work.tx.unhold(queue, id)
                jobs = outbox.jobs_in(work, queue, JobState.PARKED)
                released += work.tx.release(queue, [job.id for job in jobs if job.group == id])
                try_again(work, gateway)
            work.note(known, "resumed", reason=reason, released=released)
            return known

        return self._write(write)

    def dispatch(
        self,
        limit: int = 1000,
        *,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[DispatchReport], None] | None = None,
    ) -> DispatchReport:
        """Send what is due; run by a worker, or by whoever may send campaigns.

        Args:
            limit: Batches at most.
            stop: Asked before each claim; True: claim no more, settle what is on its way.
            progress: Called after each group of batches, with what became of all so far.

        Returns:
            What became of them.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        self._read(demand_runner)
        return Dispatcher(self._tools, self._actor).run(limit, stop, progress)

    def unknown(self, id: str) -> list[UnknownBatch]:  # noqa: A002
        """Give the batches of a campaign of which nobody knows whether they went out.

        Ask the gateway's operator by their reference, and say with `resolve` what became of
        them. A receipt that comes late settles them by itself.

        Args:
            id: Of the campaign.
        """

        def read(work: Work) -> list[UnknownBatch]:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id))
            return unknown_batches(work, campaign)

        return self._read(read)

    def resolve(
        self,
        id: str,  # noqa: A002
        batch: str,
        *,
        sent: bool,
        reason: str,
        only: Sequence[str] | None = None,
    ) -> Campaign:
        """Say what became of a batch of which nobody knew.

        Args:
            id: Of the campaign.
            batch: Its reference, as `unknown` gives it.
            sent: True: it went out, and counts as accepted. False: it did not, and is sent
                again, in its hours and under a new reference; who refused since is left out.
            reason: How it was found out, for the audit.
            only: Ids of the subscribers for whom it is known; None: for all of the batch.

        Raises:
            NotFound: `sms.no_unknown`, nothing of this batch is unknown.
            Invalid: `hub.no_reason`.
            Denied: `grant.missing`, no grant to send.
        """
        if not reason.strip():
            raise Invalid("hub.no_reason", path="reason")

        def write(work: Work) -> Campaign:
            known, placed = self._mine(work, id)
            demand_reach(work, known, Action.SEND, placed)
            return resolve(work, known, batch, sent=sent, reason=reason, only=only)

        return again(self._write, write)

    def purge(self) -> int:
        """Forget finished batches after `sms.done_days`; run by a worker.

        Messages and the figures of campaigns stay. What nobody found out of within
        `sms.unknown_hours` is given up: reported as such, never sent again.

        Returns:
            How many were forgotten.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        self._read(demand_runner)
        while self._write(lambda work: caps.purge(work, _SOME)):
            pass
        sms = self._tools.settings.sms
        old = self._tools.clock.now() - timedelta(days=sms.done_days)
        for forget in (forget_early, forget_parts):
            while self._write(functools.partial(forget, before=old, limit=_SOME)):
                pass
        if sms.unknown_hours:
            late = self._tools.clock.now() - timedelta(hours=sms.unknown_hours)
            while again(self._write, lambda work: give_up(work, late, _FEW)):
                pass
        queues = self._read(outbox.queues)
        return sum(self._purge(queue) for queue in queues)

    # Within a transaction.

    def _purge(self, queue: str) -> int:
        keep = timedelta(days=self._tools.settings.sms.done_days)
        count = 0
        while some := self._write(lambda work: work.tx.purge(queue, work.now - keep, _SOME)):
            count += some
        return count

    def _mine(self, work: Work, id_: str) -> tuple[Campaign, Placed]:
        known = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id_, Action.SEND))
        return known, work.placed(known.organization, known.region)[1]
