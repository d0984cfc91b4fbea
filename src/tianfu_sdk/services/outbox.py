"""Messages in the outbox, as rows of the store: read, moved on, finished with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.core.campaign import Choice
from tianfu_sdk.core.keying import moment_key
from tianfu_sdk.core.kinds import CAMPAIGN, MESSAGE, SEAT, SUBSCRIBER
from tianfu_sdk.core.messages import BILLED, OPEN, message_id
from tianfu_sdk.model.sms import Campaign, CampaignState, MessageState, SmsReport
from tianfu_sdk.model.storage import IN_VALUES, JobInfo, JobState, NewJob, Query, Row, Where
from tianfu_sdk.services import quotas
from tianfu_sdk.services.lanes import hold, known_lanes, make_lane, queue_of
from tianfu_sdk.services.work import Work

__all__ = [
    "STATES",
    "begin",
    "billed_parts",
    "close",
    "drop_open",
    "enqueue",
    "finish",
    "half_queued",
    "jobs_in",
    "messages_of",
    "moved",
    "priority_of",
    "pulled",
    "put_messages",
    "queues",
    "report_of",
    "stands",
    "still_there",
    "tell_counts",
]

_URGENT = 0
_USUAL = 5
_LIVE = (CampaignState.SENDING.value, CampaignState.SENT.value, CampaignState.CANCELLED.value)

STATES: Mapping[str, MessageState] = {state.value: state for state in MessageState}
"""States of messages by their values."""


def stands(row: Row) -> MessageState:
    """Give the state of a message or of a receipt that was kept."""
    return STATES[row.keys["state"]]


def messages_of(work: Work, batch: str) -> list[Row]:
    """Give the messages of a batch."""
    query = Query(where=(Where("batch", "=", batch),), limit=1000)
    return list(work.in_order(MESSAGE.name, query, None))


def moved(row: Row, state: MessageState, **more: str) -> Row:
    """Give a message in another state."""
    return Row(row.id, row.version, None, dict(row.keys, state=state.value, **more))


def put_messages(work: Work, rows: Sequence[Row]) -> None:
    """Store messages that were read in this transaction."""
    if rows:
        work.tx.put(MESSAGE.name, rows)


def queues(work: Work) -> list[str]:
    """Name the queues of all gateways: one job is one batch."""
    return [queue_of(name) for name in known_lanes(work)]


def priority_of(campaign: Campaign) -> int:
    """Give the priority of a campaign's batches: emergencies go first."""
    return _USUAL if campaign.emergency is None else _URGENT


def begin(work: Work, campaign: Campaign) -> None:
    """Say for a while that this process is queueing a campaign, so that no worker takes over."""
    id_ = f"send~{campaign.id}"
    rows = work.tx.get(SEAT.name, [id_])
    lease = timedelta(seconds=work.tools.settings.sms.lease)
    hold(work, id_, rows[0] if rows else None, moment_key(work.now + lease))


def half_queued(work: Work) -> list[str]:
    """Give the campaigns whose queueing stopped half-way, because its process died."""
    query = Query(where=(Where("state", "=", CampaignState.SENDING.value),), order="updated")
    found = [work.noun(CAMPAIGN, row) for row in work.in_order(CAMPAIGN.name, query, None)]
    open_ = [one.id for one in found if one.queued is None]
    seats = work.tx.get(SEAT.name, [f"send~{id_}" for id_ in open_])
    now = moment_key(work.now)
    busy = {row.id for row in seats if row.keys["until"] > now}
    return [id_ for id_ in open_ if f"send~{id_}" not in busy]


def drop_open(work: Work, campaign: str) -> int:
    """Cancel the messages of a campaign that have not left; gives how many."""
    dropped = 0
    for state in (MessageState.QUEUED, MessageState.DEFERRED):
        where = (Where("state", "=", state.value), Where("campaign", "=", campaign))
        while rows := work.tx.find(MESSAGE.name, Query(where=where, limit=1000)):
            put_messages(work, [moved(row, MessageState.DROPPED) for row in rows])
            dropped += len(rows)
    return dropped


def finish(work: Work, campaign: Campaign) -> Campaign:
    """Move a campaign on to `sent` where nothing of it is left to do."""
    if campaign.state is not CampaignState.SENDING or campaign.queued is None:
        return campaign
    for state in OPEN:
        where = (Where("state", "=", state.value), Where("campaign", "=", campaign.id))
        # One row tells as much as a count, however many there are.
        if work.tx.find(MESSAGE.name, Query(where=where, limit=1, fields="keys")):
            return campaign
    quotas.settle(work, campaign.id, billed_parts(work, campaign))
    _, placed = work.placed(campaign.organization, campaign.region)
    stored = work.put(CAMPAIGN, attrs.evolve(campaign, state=CampaignState.SENT), placed)
    work.note(stored, "sent", count=stored.queued)
    return stored


def tell_counts(
    work: Work,
    campaign: Campaign,
    news: Iterable[tuple[MessageState, Row]],
    names: Mapping[MessageState, str],
) -> None:
    """Tell how many messages of a campaign came to which state: one event a state."""
    counts: Counter[MessageState] = Counter()
    parts: Counter[MessageState] = Counter()
    for state, row in news:
        counts[state] += 1
        parts[state] += row.keys["parts"]
    for state, count in counts.items():
        if state in names:
            work.tell(
                f"sms.{names[state]}",
                kind=CAMPAIGN.name,
                subject=campaign.id,
                organization=campaign.organization,
                region=campaign.region,
                data={"count": count, "parts": parts[state]},
            )


def enqueue(work: Work, id_: str, batches: Sequence[Sequence[Choice]], due: datetime) -> None:
    """Put batches in the outbox: a job a batch, a narrow row a message."""
    campaign = work.get(CAMPAIGN, id_)
    if campaign.state is not CampaignState.SENDING or campaign.queued is not None:
        return
    begin(work, campaign)
    ids = [message_id(id_, choice.phone_ix) for batch in batches for choice in batch]
    there = {row.id for row in work.tx.get(MESSAGE.name, ids)}
    # Who was erased since the audience was read gets no row that speaks of them.
    people = still_there(work, [choice.id for batch in batches for choice in batch])
    rows: list[Row] = []
    jobs: list[NewJob] = []
    priority = priority_of(campaign)
    for batch in batches:
        reference = work.tools.ids.new("bat")
        before = len(rows)
        for choice in batch:
            message = message_id(id_, choice.phone_ix)
            if message in there or choice.id not in people:
                continue
            there.add(message)
            keys = {
                "campaign": id_,
                "subscriber": choice.id,
                "state": MessageState.QUEUED.value,
                "language": choice.language,
                "batch": reference,
                "provider_id": "",
                "parts": choice.parts,
            }
            rows.append(Row(message, 0, None, keys))
        if len(rows) > before:
            body = json.dumps({"campaign": id_, "language": batch[0].language}).encode()
            jobs.append(NewJob(reference, body, due, priority, id_))
    quotas.queue(work, id_, sum(row.keys["parts"] for row in rows))
    work.tx.put(MESSAGE.name, rows)
    make_lane(work, campaign.gateway)
    work.tx.enqueue(queue_of(campaign.gateway), jobs)


def still_there(work: Work, ids: Sequence[str]) -> set[str]:
    """Give those of some subscribers who are not erased."""
    found: set[str] = set()
    for start in range(0, len(ids), IN_VALUES):
        some = tuple(ids[start : start + IN_VALUES])
        query = Query(where=(Where("id", "in", some),), limit=IN_VALUES, fields="keys")
        found |= {row.id for row in work.tx.find(SUBSCRIBER.name, query)}
    return found


def close(work: Work, id_: str) -> Campaign:
    """Note that all messages of a campaign are in the outbox."""
    known = work.get(CAMPAIGN, id_)
    if known.state is not CampaignState.SENDING or known.queued is not None:
        return known
    seats = work.tx.get(SEAT.name, [f"send~{id_}"])
    work.tx.delete(SEAT.name, [(row.id, row.version) for row in seats])
    quotas.close(work, id_)
    _, placed = work.placed(known.organization, known.region)
    count = sum(
        work.tx.count(
            MESSAGE.name,
            Query(where=(Where("state", "=", state.value), Where("campaign", "=", id_))),
        )
        for state in MessageState
    )
    stored = work.put(CAMPAIGN, attrs.evolve(known, queued=count), placed)
    work.tell(
        "sms.queued",
        kind=CAMPAIGN.name,
        subject=id_,
        organization=known.organization,
        region=known.region,
        data={"count": count},
    )
    return finish(work, stored)


def billed_parts(work: Work, campaign: Campaign) -> int:
    """Count the parts of a campaign that its gateway took, or may have taken or still take."""
    return sum(
        count * each
        for (_, state), (count, each) in _counts(work, campaign).items()
        if state in BILLED or state is MessageState.SENDING
    )


def report_of(work: Work, campaign: Campaign) -> SmsReport:
    """Say what became of a campaign."""
    by_state: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    parts = 0
    for (language, state), (count, each) in _counts(work, campaign).items():
        by_state[state.value] += count
        by_language[language] += count
        parts += count * each if state in BILLED else 0
    return SmsReport(
        campaign=campaign.id,
        state=campaign.state,
        planned=campaign.planned,
        by_state=dict(by_state),
        by_language=dict(by_language),
        parts=parts,
        cost=parts * work.tools.settings.sms.price,
    )


def _counts(work: Work, campaign: Campaign) -> dict[tuple[str, MessageState], tuple[int, int]]:
    """Count messages by language and state, each with the parts of one message."""
    found = {}
    for language in campaign.texts:
        for state in MessageState:
            where = (
                Where("state", "=", state.value),
                Where("campaign", "=", campaign.id),
                Where("language", "=", language),
            )
            count = work.tx.count(MESSAGE.name, Query(where=where))
            if count:
                one = work.tx.find(MESSAGE.name, Query(where=where, limit=1, fields="keys"))
                found[language, state] = count, int(one[0].keys["parts"])
    return found


def jobs_in(work: Work, queue: str, state: JobState) -> Iterator[JobInfo]:
    """Give all batches of a queue that stand so."""
    after: int | None = None
    while found := work.tx.jobs(queue, state, after, 1000):
        yield from found
        after = found[-1].id


def pulled(work: Work) -> list[str]:
    """Name the gateways of the campaigns changed last that are asked for receipts."""
    query = Query(where=(Where("state", "in", _LIVE),), order="updated", desc=True, limit=200)
    rows = work.tx.find(CAMPAIGN.name, query)
    names = sorted({work.noun(CAMPAIGN, row).gateway for row in rows})
    offered = set(work.tools.offered("sms"))
    return [
        name
        for name in names
        if name in offered
        and "pull" in (made := work.tools.gateway(name)).capabilities.receipts
        and (hasattr(made, "poll") or hasattr(made, "pulls"))
    ]
