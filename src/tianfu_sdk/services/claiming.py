"""Claiming batches, and looking at them again right before they are sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.core.campaign import Composed, overrides_hours
from tianfu_sdk.core.hours import next_open
from tianfu_sdk.core.keying import moment_key
from tianfu_sdk.core.kinds import CAMPAIGN, SUBSCRIBER
from tianfu_sdk.core.messages import backoff
from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.sms import (
    Campaign,
    CampaignState,
    MessageState,
    Recipient,
    SmsBatch,
)
from tianfu_sdk.model.storage import Done, Job, Outcome, Parked, Retry, Row
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.services.hours import hours_of
from tianfu_sdk.services.lanes import (
    book,
    queue_of,
    take_seat,
    turn_of,
)
from tianfu_sdk.services.outbox import finish, messages_of, moved, put_messages
from tianfu_sdk.services.people import PHONE, open_all
from tianfu_sdk.services.reach import still_wanted
from tianfu_sdk.services.texts import capabilities_of, sendable
from tianfu_sdk.services.work import Work

__all__ = ["MOST_TRIES", "Call", "Claim", "Group", "address", "claim", "give_back", "park"]

MOST_TRIES = 10
"""Attempts before a batch waits for a person, and a deferred message is given up."""

_WAITING = frozenset({MessageState.QUEUED.value, MessageState.DEFERRED.value})


@attrs.frozen(kw_only=True)
class Claim:
    """A batch that is ours for a while; its messages are `sending` on disk."""

    job: Job
    campaign: Campaign
    gateway: SmsGateway = attrs.field(repr=False)
    text: Composed = attrs.field(repr=False)
    fresh: tuple[str, ...]
    """Subscribers who certainly got nothing yet."""
    stale: tuple[str, ...]
    """Subscribers of whom the dispatcher before us left nobody knows what."""
    rows: tuple[Row, ...] = attrs.field(repr=False)
    """The messages of both, as they stand on disk."""
    tries: int
    """Attempts so far, those under earlier references included."""

    @property
    def messages(self) -> int:
        """Messages that the gateway may be sent."""
        dedupes = self.gateway.capabilities.dedupes
        return len(self.fresh) + len(self.stale) if dedupes or not self.stale else 0


@attrs.frozen(kw_only=True)
class Call:
    """A batch with its phones, and whom it leaves out after all."""

    claim: Claim
    batch: SmsBatch
    verb: str
    """`send`, `ask` or `none`."""
    left_out: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Group:
    """What one claim took."""

    taken: int = 0
    """Batches that were claimed, those included that need no call."""
    claims: tuple[Claim, ...] = ()
    probe: bool = False
    """It finds out whether the gateway is back."""
    seated: bool = False
    """A counted session is ours."""
    wait: float | None = None
    """Seconds until the gateway takes more, where it takes none now."""


def claim(work: Work, *, name: str, gateway: SmsGateway, most: int) -> Group:
    """Claim what a gateway takes now, and mark its messages as sending.

    Args:
        work: The open change.
        name: Of the gateway.
        gateway: Itself.
        most: Batches at most.
    """
    capabilities = gateway.capabilities
    booking = turn_of(work, name, capabilities, most)
    if booking is None:
        return Group()
    lease = timedelta(seconds=work.tools.settings.sms.lease)
    sessions = booking.pace.sessions if capabilities.shape == "session" else 0
    # Kept while nothing may be sent, too: receipts come through it.
    if sessions and not take_seat(work, name, sessions, lease):
        return Group()
    if not booking.turn.calls:
        left = (booking.turn.again or 0) - moment_key(work.now)
        return Group(wait=max(0, left) / 1_000_000, seated=bool(sessions))
    jobs = work.tx.claim(queue_of(name), booking.turn.calls, lease, work.tools.ids.new("dsp"))
    read = _Reader(work, name, gateway)
    claims = []
    for job in jobs:
        found = read.taken(job)
        if isinstance(found, Claim):
            claims.append(found)
        else:
            work.tx.settle([(job, found)])
    read.put()
    book(
        work,
        booking,
        calls=len(claims),
        messages=sum(one.messages for one in claims),
        lease=lease,
    )
    return Group(
        taken=len(jobs), claims=tuple(claims), probe=booking.turn.probe, seated=bool(sessions)
    )


class _Reader:
    """What one claim reads: each campaign once, and all messages put back in one go."""

    def __init__(self, work: Work, name: str, gateway: SmsGateway) -> None:
        self._work = work
        self._gateway = gateway
        self._capabilities = capabilities_of(work.tools, name)
        self._campaigns: dict[str, tuple[Campaign, Mapping[str, Composed]] | None] = {}
        self._moved: list[Row] = []

    def taken(self, job: Job) -> Claim | Outcome:
        """Mark the messages of a job as sending, or say what to do with the job instead."""
        body = json.loads(job.body)
        known = self._campaign(body["campaign"])
        if known is None:
            return Parked("noun.unknown")
        campaign, texts = known
        rows = messages_of(self._work, job.key)
        waiting = [r for r in rows if r.keys["state"] in _WAITING]
        stale = [r for r in rows if r.keys["state"] == MessageState.SENDING]
        if campaign.state is CampaignState.CANCELLED and waiting:
            self._moved += [moved(row, MessageState.DROPPED) for row in waiting]
            waiting = []
        if not waiting and not stale:
            return self._nothing_left(campaign, rows)
        if later := self._closed(campaign, stale):
            return Retry(later)
        text = texts[body["language"]]
        if text.refused and not stale:
            return Parked(text.refused)
        sending = [moved(row, MessageState.SENDING) for row in waiting]
        self._moved += sending
        return Claim(
            job=job,
            campaign=campaign,
            gateway=self._gateway,
            text=text,
            fresh=tuple(row.keys["subscriber"] for row in waiting),
            stale=tuple(row.keys["subscriber"] for row in stale),
            tries=job.attempts + int(body.get("tries", 0)),
            rows=(*(Row(r.id, r.version + 1, None, r.keys) for r in sending), *stale),
        )

    def put(self) -> None:
        """Store what was moved."""
        put_messages(self._work, self._moved)

    def _campaign(self, id_: str) -> tuple[Campaign, Mapping[str, Composed]] | None:
        if id_ not in self._campaigns:
            try:
                campaign = self._work.get(CAMPAIGN, id_)
            except NotFound:
                self._campaigns[id_] = None
            else:
                texts = sendable(self._work, campaign, self._capabilities)
                self._campaigns[id_] = campaign, texts
        return self._campaigns[id_]

    def _nothing_left(self, campaign: Campaign, rows: Sequence[Row]) -> Outcome:
        put_messages(self._work, self._moved)
        self._moved.clear()
        self._campaigns.pop(campaign.id, None)
        finish(self._work, self._work.get(CAMPAIGN, campaign.id))
        # Released by hand, it still waits for somebody to say what became of it.
        unclear = any(row.keys["state"] == MessageState.UNKNOWN for row in rows)
        return Parked("sms.unknown") if unclear else Done()

    def _closed(self, campaign: Campaign, stale: Sequence[Row]) -> datetime | None:
        """Give when the hours begin, outside of them."""
        # To ask what became of a message disturbs nobody; to send it, even again, does.
        capabilities = self._capabilities
        sends = not stale or capabilities.dedupes
        if not sends or overrides_hours(campaign):
            return None
        hours = hours_of(self._work, campaign.organization, capabilities)
        due = next_open(self._work.now, hours)
        return due if due > self._work.now else None


def park(work: Work, name: str, most: int, code: str) -> Group:
    """Leave the batches of a gateway that is not here to a person."""
    lease = timedelta(seconds=work.tools.settings.sms.lease)
    jobs = work.tx.claim(queue_of(name), most, lease, work.tools.ids.new("dsp"))
    work.tx.settle([(job, Parked(code)) for job in jobs])
    return Group(taken=len(jobs))


def address(work: Work, claim: Claim) -> Call:
    """Look at opt-outs again, and decrypt the phones of who still may be sent to."""
    capabilities = claim.gateway.capabilities
    wanted = (*claim.fresh, *claim.stale)
    asking = bool(claim.stale) and not capabilities.dedupes
    if asking:
        # To ask what became of a message is not to send one; what certainly did not leave waits
        # for its own turn, under a reference of its own.
        may = list(claim.stale) if capabilities.can_query else []
    else:
        reasons = still_wanted(work, claim.campaign, wanted, real=capabilities.real)
        may = [id_ for id_, reason in reasons.items() if not reason]
    allowed = {
        row.id: work.noun(SUBSCRIBER, row).phone for row in work.tx.get(SUBSCRIBER.name, may)
    }
    phones = open_all(work, PHONE, allowed)
    verb = ("ask" if capabilities.can_query else "none") if asking else "send"
    batch = SmsBatch(
        reference=claim.job.key,
        signature=claim.campaign.signature,
        text=claim.text.text,
        template=claim.text.template,
        parameters=claim.text.parameters,
        recipients=tuple(Recipient(id_, phones[id_]) for id_ in wanted if id_ in phones),
        attempt=claim.job.attempts,
    )
    left_out = () if asking else tuple(id_ for id_ in wanted if id_ not in phones)
    return Call(claim=claim, batch=batch, verb=verb, left_out=left_out)


def give_back(work: Work, claims: Sequence[Claim]) -> None:
    """Put batches back whose phones could not be read: nothing of them left."""
    for claim in claims:
        wait = backoff(claim.job.attempts, work.tools.ids.token())
        if not work.tx.settle([(claim.job, Retry(work.now + wait))])[0]:
            continue
        rows = [r for r in messages_of(work, claim.job.key) if r.keys["subscriber"] in claim.fresh]
        put_messages(work, [moved(row, MessageState.QUEUED) for row in rows])
