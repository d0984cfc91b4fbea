"""Claiming batches, and looking at them again right before they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.core.places.regions import LEVELS
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import BATCH, CAMPAIGN, REACH, SUBSCRIBER
from tianfu_sdk.core.sms import batches
from tianfu_sdk.core.sms.batches import Packed, batch_row, unpack
from tianfu_sdk.core.sms.campaign import (
    Candidate,
    Composed,
    blocked,
    overrides_hours,
    refuses,
)
from tianfu_sdk.core.sms.hours import next_open
from tianfu_sdk.core.sms.messages import GIVEN_UP, OPEN, backoff
from tianfu_sdk.core.sms.reach import shape_of
from tianfu_sdk.core.sms.routes import through
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
from tianfu_sdk.services.desk.people import PHONE, bytes_of, open_bytes
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.hours import hours_of
from tianfu_sdk.services.sms.lanes import (
    book,
    clock,
    moment_of,
    queue_of,
    take_seat,
    turn_of,
)
from tianfu_sdk.services.sms.optouts import opt_outs_between
from tianfu_sdk.services.sms.outbox import (
    URGENT,
    batch_moved,
    finish,
    messages_of,
    moved,
    priority_of,
    put_messages,
    stands,
)
from tianfu_sdk.services.sms.passing import Passing, Rest
from tianfu_sdk.services.sms.reach import demand_built, ignores_refusals
from tianfu_sdk.services.sms.texts import capabilities_of, sendable

__all__ = [
    "Call",
    "Claim",
    "Group",
    "Person",
    "address",
    "claim",
    "give_back",
    "park",
]

_OPEN = frozenset(OPEN)
_AT_ONCE = 64
"""Batches that go elsewhere in one commit: nothing is sent meanwhile."""


@attrs.frozen(kw_only=True)
class Claim:
    """A batch that is ours for a while; on disk it is being sent."""

    job: Job
    campaign: Campaign
    gateway: SmsGateway = attrs.field(repr=False)
    text: Composed = attrs.field(repr=False)
    batch: Row = attrs.field(repr=False)
    """Its own row, as it stands on disk."""
    refs: tuple[str, ...]
    """Subscribers who are left to be sent to."""
    stale: bool
    """The dispatcher before us left nobody knows what of it."""
    rows: Mapping[str, Row] = attrs.field(repr=False)
    """By subscriber the messages that have a row of their own already."""
    tries: int
    """Attempts so far, those under earlier references included."""

    @property
    def messages(self) -> int:
        """Messages that the gateway may be sent."""
        return len(self.refs) if self.gateway.capabilities.dedupes or not self.stale else 0


@attrs.define
class Person:
    """What the narrow row of a recipient says; not to be changed."""

    phone_ix: bytes = attrs.field(repr=False)
    region: str
    shape: str = attrs.field(repr=False)
    until: int
    phone: bytes = attrs.field(repr=False)
    """Sealed."""


@attrs.frozen(kw_only=True)
class Call:
    """A batch with its phones, and whom it leaves out after all."""

    claim: Claim
    batch: SmsBatch
    verb: str
    """`send`, `ask` or `none`."""
    people: Mapping[str, Person] = attrs.field(repr=False)
    """By subscriber, those of other batches of the group among them; who was erased is missing."""
    left_out: Mapping[str, str] = attrs.field(factory=dict)
    """By subscriber why; a reason as in `core.sms.campaign.blocked`, or `erased`."""


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
    passed: int = 0
    """Messages that went on to other gateways, because this one is left alone or gone."""


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
    away = booking.opened
    if not booking.turn.calls:
        left = (booking.turn.again or 0) - clock(work)
        passed = _elsewhere(work, name, moment_of(booking.row.keys["until"])) if away else 0
        return Group(wait=max(0, left) / 1_000_000, seated=bool(sessions), passed=passed)
    jobs = work.tx.claim(queue_of(name), booking.turn.calls, lease, work.tools.ids.new("dsp"))
    read = _Reader(work, name, gateway, jobs, Passing(work, name))
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
        parts=sum(one.messages * one.text.parts for one in claims),
        lease=lease,
    )
    return Group(
        taken=len(jobs),
        claims=tuple(claims),
        probe=booking.turn.probe,
        seated=bool(sessions),
        passed=read.passing.put(),
    )


def _elsewhere(work: Work, name: str, until: datetime) -> int:
    """Let batches of a gateway that is left alone go on to others; gives how many messages."""
    passing = Passing(work, name)
    may, others = passing.waiting()
    if not may:
        return 0
    queue, lease = queue_of(name), timedelta(seconds=work.tools.settings.sms.lease)
    # Nobody else sees these holds: what cannot go elsewhere keeps its place and its attempts.
    shut = sorted(set(others) - set(work.tx.holds(queue)))
    for group in shut:
        work.tx.hold(queue, group)
    jobs = work.tx.claim(queue, _AT_ONCE, lease, work.tools.ids.new("dsp"))
    for group in shut:
        work.tx.unhold(queue, group)
    read = _Reader(work, name, None, jobs, passing)
    work.tx.settle([(job, read.elsewhere(job) or Retry(until)) for job in jobs])
    read.put()
    return passing.put()


class _Reader:
    """What one claim reads: each campaign once, and all rows put back in one go."""

    def __init__(
        self,
        work: Work,
        name: str,
        gateway: SmsGateway | None,
        jobs: Sequence[Job],
        passing: Passing,
    ) -> None:
        self._work = work
        self._name = name
        self.passing = passing
        """What goes on to other gateways."""
        if gateway is not None:
            self._gateway = gateway
            self._capabilities = capabilities_of(work.tools, name)
        self._campaigns: dict[str, tuple[Campaign, Mapping[str, Composed]] | None] = {}
        self._batches = {r.id: r for r in work.tx.get(BATCH.name, [job.key for job in jobs])}
        self._moved: list[Row] = []
        self._claimed: list[Row] = []

    def taken(self, job: Job) -> Claim | Outcome:
        """Mark a batch as being sent, or say what to do with the job instead."""
        packed = unpack(job.body)
        known = self._campaign(packed.campaign)
        if known is None:
            return Parked("noun.unknown")
        campaign, texts = known
        text = texts[packed.language]
        batch, rows = self._stands(job, packed, text.parts)
        refs = _left(packed, batch, rows)
        stale = batch.keys["state"] == batches.SENDING
        if campaign.state is CampaignState.CANCELLED and refs and not stale:
            some = [rows[ref] for ref in refs if ref in rows]
            self._moved += [moved(row, MessageState.DROPPED) for row in some]
            self._claimed.append(batch_moved(batch, batches.DROPPED))
            refs = ()
        if not refs:
            return self._nothing_left(campaign, rows)
        if later := self._closed(campaign, stale=stale):
            return Retry(later)
        if text.refused and not stale:
            rest = Rest(campaign=campaign, job=job, batch=batch, refs=refs, rows=rows)
            gone = self._onward(rest, "sms.template_gone", last=True)
            return gone or Parked("sms.template_gone")
        sending = batch_moved(batch, batches.SENDING)
        self._claimed.append(sending)
        return Claim(
            job=job,
            campaign=campaign,
            gateway=self._gateway,
            text=text,
            batch=Row(batch.id, batch.version + 1, None, sending.keys),
            refs=refs,
            stale=stale,
            rows={ref: rows[ref] for ref in refs if ref in rows},
            tries=job.attempts + packed.tries,
        )

    def elsewhere(
        self, job: Job, reason: str = "sms.left_alone", *, gone: bool = False
    ) -> Outcome | None:
        """Let a batch go on to another gateway, if it may; None: it stays.

        Args:
            job: Claimed.
            reason: Why, a code.
            gone: This gateway is not here at all, so another that is away will do.
        """
        packed = unpack(job.body)
        found = self._work.tx.get(CAMPAIGN.name, [packed.campaign])
        batch = self._batches.get(job.key)
        if not found or batch is None or batch.keys["state"] != batches.QUEUED:
            return None
        campaign = self._work.noun(CAMPAIGN, found[0])
        if campaign.state is not CampaignState.SENDING:
            return None
        batch, rows = self._stands(job, packed, batch.keys["parts"])
        refs = _left(packed, batch, rows)
        if not refs:
            return self._nothing_left(campaign, rows)
        rest = Rest(campaign=campaign, job=job, batch=batch, refs=refs, rows=rows)
        return self._onward(rest, reason, last=gone)

    def _onward(self, rest: Rest, reason: str, *, last: bool) -> Outcome | None:
        urgent = priority_of(rest.campaign) == URGENT
        to = self.passing.to(rest, last=last, at_rest=not (last or urgent))
        return self.passing.whole(rest, to, reason) if to else None

    def put(self) -> None:
        """Store what was moved."""
        put_messages(self._work, self._moved)
        self._moved.clear()
        if self._claimed:
            self._work.tx.put(BATCH.name, self._claimed)
            self._claimed.clear()

    def _stands(self, job: Job, packed: Packed, parts: int) -> tuple[Row, Mapping[str, Row]]:
        """Give the row of a batch, and the messages of it that have rows of their own."""
        batch = self._batches.get(job.key)
        if batch is not None and packed.refs is not None:
            whole = batch.keys["count"] == len(packed.refs)
            if whole and batch.keys["state"] == batches.QUEUED:
                return batch, {}
        rows = {row.keys["subscriber"]: row for row in messages_of(self._work, job.key)}
        if batch is None:
            # Of a program before: where it stands is what its messages say.
            sending = any(stands(row) is MessageState.SENDING for row in rows.values())
            batch = batch_row(
                job.key,
                packed,
                gateway=self._name,
                state=batches.SENDING if sending else batches.QUEUED,
                count=0,
                parts=parts,
            )
        return batch, rows

    def _campaign(self, id_: str) -> tuple[Campaign, Mapping[str, Composed]] | None:
        if id_ not in self._campaigns:
            try:
                campaign = self._work.get(CAMPAIGN, id_)
            except NotFound:
                self._campaigns[id_] = None
            else:
                here = through(campaign, self._name)
                texts = sendable(self._work, here, self._capabilities)
                self._campaigns[id_] = campaign, texts
        return self._campaigns[id_]

    def _nothing_left(self, campaign: Campaign, rows: Mapping[str, Row]) -> Outcome:
        self.put()
        self._campaigns.pop(campaign.id, None)
        finish(self._work, self._work.get(CAMPAIGN, campaign.id))
        # Released by hand, it still waits for somebody to say what became of it.
        unclear = any(
            stands(row) is MessageState.UNKNOWN and row.keys["error"] != GIVEN_UP
            for row in rows.values()
        )
        return Parked("sms.unknown") if unclear else Done()

    def _closed(self, campaign: Campaign, *, stale: bool) -> datetime | None:
        """Give when the hours begin, outside of them."""
        # To ask what became of a message disturbs nobody; to send it, even again, does.
        capabilities = self._capabilities
        sends = not stale or capabilities.dedupes
        if not sends or overrides_hours(campaign):
            return None
        hours = hours_of(self._work, campaign.organization, capabilities)
        now = self._work.tx.now()
        due = next_open(now, hours)
        return due if due > now else None


def _left(packed: Packed, batch: Row, rows: Mapping[str, Row]) -> tuple[str, ...]:
    """Give the subscribers of a batch of whom nothing is known yet."""
    # Where all have rows, who has none was erased.
    waiting = batch.keys["state"] in batches.OPEN and batch.keys["count"] > 0
    refs = tuple(rows) if packed.refs is None else packed.refs
    return tuple(ref for ref in refs if (stands(rows[ref]) in _OPEN if ref in rows else waiting))


def park(work: Work, name: str, most: int, code: str) -> Group:
    """Let the batches of a gateway that is not here go on to others, or leave them to a person."""
    lease = timedelta(seconds=work.tools.settings.sms.lease)
    jobs = work.tx.claim(queue_of(name), most, lease, work.tools.ids.new("dsp"))
    passing = Passing(work, name)
    read = _Reader(work, name, None, jobs, passing)
    work.tx.settle([(job, read.elsewhere(job, code, gone=True) or Parked(code)) for job in jobs])
    read.put()
    return Group(taken=len(jobs), passed=passing.put())


_READ = ("phone_ix", *LEVELS, "shape", "until", "phone")


def address(work: Work, claims: Sequence[Claim]) -> list[Call]:
    """Look at opt-outs again, and decrypt the phones of who still may be sent to."""
    demand_built(work)
    wanted = list(dict.fromkeys(ref for claim in claims for ref in claim.refs))
    people = {
        id_: Person(phone_ix, county or prefecture or province, shape, until, phone)
        for id_, phone_ix, province, prefecture, county, shape, until, phone in work.tx.columns(
            REACH.name, wanted, _READ
        )
    }
    _read_long(work, people)
    refused = opt_outs_between(work, sorted(one.phone_ix for one in people.values()))
    blocks = [_blocked(work, claim, people, refused) for claim in claims]
    may = [
        [ref for ref in claim.refs if ref not in why] if _verb(claim) != "none" else []
        for claim, why in zip(claims, blocks, strict=True)
    ]
    sealed = {ref: people[ref].phone for refs in may for ref in refs}
    phones = open_bytes(work, PHONE, sealed)
    # One mapping for all calls: whoever reads it looks up those of the claim.
    return [
        _call(claim, people, [Recipient(ref, phones[ref]) for ref in refs if ref in phones], why)
        for claim, refs, why in zip(claims, may, blocks, strict=True)
    ]


def _read_long(work: Work, people: dict[str, Person]) -> None:
    """Read the documents of whom the narrow rows have no room for."""
    long = [id_ for id_, one in people.items() if not (one.shape and one.phone)]
    documents = {row.id: row for row in work.tx.get(SUBSCRIBER.name, long)} if long else {}
    for id_ in long:
        if id_ not in documents:
            del people[id_]
            continue
        noun = work.noun(SUBSCRIBER, documents[id_])
        one = people[id_]
        shape, until = (one.shape, one.until) if one.shape else shape_of(noun, None)
        phone = one.phone or bytes_of(noun.phone)
        people[id_] = Person(one.phone_ix, one.region, shape, until, phone)


def _verb(claim: Claim) -> str:
    capabilities = claim.gateway.capabilities
    if not claim.stale or capabilities.dedupes:
        return "send"
    return "ask" if capabilities.can_query else "none"


def _blocked(
    work: Work,
    claim: Claim,
    people: Mapping[str, Person],
    refused: Mapping[bytes, frozenset[str]],
) -> dict[str, str]:
    """Give whom a call leaves out, and why."""
    why = {ref: "erased" for ref in claim.refs if ref not in people}
    # To ask what became of a message is not to send one.
    if _verb(claim) != "send":
        return why
    campaign, real, now = claim.campaign, claim.gateway.capabilities.real, work.now
    moment = moment_key(now)
    heeded = not ignores_refusals(work, campaign)
    # Nearly all of a batch are of a few shapes, so each is looked at once.
    of_shape: dict[str, str] = {}
    for ref in claim.refs:
        one = people.get(ref)
        if one is None:
            continue
        reason = of_shape.get(one.shape)
        if reason is None:
            plain = Candidate(ref, one.phone_ix, one.shape)
            reason = of_shape[one.shape] = blocked(campaign, plain, now, real=real)
        if not reason and one.until <= moment:
            reason = "no_consent"
        if heeded and one.phone_ix in refused and reason != "synthetic":
            reason = refuses(campaign, refused[one.phone_ix]) or reason
        if reason:
            why[ref] = reason
    return why


def _call(
    claim: Claim, people: Mapping[str, Person], to: Sequence[Recipient], why: Mapping[str, str]
) -> Call:
    verb = _verb(claim)
    batch = SmsBatch(
        reference=claim.job.key,
        signature=claim.campaign.signature,
        text=claim.text.text,
        template=claim.text.template,
        parameters=claim.text.parameters,
        recipients=tuple(to),
        attempt=claim.job.attempts,
    )
    left_out: dict[str, str] = {}
    if verb == "send" and len(to) < len(claim.refs):
        sent = {one.ref for one in to}
        left_out = {ref: why.get(ref, "erased") for ref in claim.refs if ref not in sent}
    return Call(claim=claim, batch=batch, verb=verb, people=people, left_out=left_out)


def give_back(work: Work, claims: Sequence[Claim]) -> None:
    """Put batches back whose phones could not be read: nothing of them left."""
    for claim in claims:
        wait = backoff(claim.job.attempts, work.tools.ids.token())
        if work.tx.settle([(claim.job, Retry(work.tx.now() + wait))])[0] and not claim.stale:
            work.tx.put(BATCH.name, [batch_moved(claim.batch, batches.QUEUED)])
