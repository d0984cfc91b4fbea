"""Messages in the outbox, as rows of the store: read, moved on, finished with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.core.rows.kinds import BATCH, CAMPAIGN, MARK, MESSAGE, SEAT, SUBSCRIBER
from tianfu_sdk.core.sms import batches
from tianfu_sdk.core.sms.batches import Packed, batch_row, pack
from tianfu_sdk.core.sms.campaign import Choice
from tianfu_sdk.core.sms.messages import OPEN, message_id
from tianfu_sdk.core.sms.routes import names_of
from tianfu_sdk.model.sms import Campaign, CampaignState, MessageState
from tianfu_sdk.model.storage import (
    LONGEST_ID,
    JobInfo,
    JobState,
    KeyValue,
    NewJob,
    Query,
    Row,
    Where,
)
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms import caps, quotas
from tianfu_sdk.services.sms.counting import billed_parts
from tianfu_sdk.services.sms.lanes import clock, hold, known_lanes, make_lane, queue_of

__all__ = [
    "STATES",
    "URGENT",
    "Parcel",
    "Progress",
    "batch_moved",
    "begin",
    "blank_id",
    "close",
    "drop_open",
    "enqueue",
    "finish",
    "gone",
    "half_queued",
    "jobs_in",
    "messages_of",
    "moved",
    "open_batches",
    "priority_of",
    "progress_of",
    "pulled",
    "put_messages",
    "queues",
    "stands",
    "tell_counts",
]

URGENT = 0
"""Priority of what answers an emergency."""
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
    return row.but(state=state.value, **more)


def put_messages(work: Work, rows: Sequence[Row]) -> None:
    """Store messages that were read in this transaction."""
    if rows:
        work.tx.put(MESSAGE.name, rows)


def queues(work: Work) -> list[str]:
    """Name the queues of all gateways: one job is one batch."""
    return [queue_of(name) for name in known_lanes(work)]


def priority_of(campaign: Campaign) -> int:
    """Give the priority of a campaign's batches: emergencies go first."""
    return _USUAL if campaign.emergency is None else URGENT


def begin(work: Work, campaign: Campaign) -> None:
    """Say for a while that this process is queueing a campaign, so that no worker takes over."""
    id_ = f"send~{campaign.id}"
    rows = work.tx.get(SEAT.name, [id_])
    lease = timedelta(seconds=work.tools.settings.sms.lease)
    hold(work, id_, rows[0] if rows else None, clock(work, lease))


def half_queued(work: Work) -> list[str]:
    """Give the campaigns whose queueing stopped half-way, because its process died."""
    query = Query(where=(Where("state", "=", CampaignState.SENDING.value),), order="updated")
    found = [work.noun(CAMPAIGN, row) for row in work.in_order(CAMPAIGN.name, query, None)]
    open_ = [one.id for one in found if one.queued is None]
    seats = work.tx.get(SEAT.name, [f"send~{id_}" for id_ in open_])
    now = clock(work)
    busy = {row.id for row in seats if row.keys["until"] > now}
    return [id_ for id_ in open_ if f"send~{id_}" not in busy]


def drop_open(work: Work, campaign: str) -> int:
    """Cancel the messages of a campaign that have not left; gives how many."""
    dropped = 0
    where = (Where("state", "=", batches.QUEUED), Where("campaign", "=", campaign))
    while found := work.tx.find(BATCH.name, Query(where=where, limit=1000)):
        work.tx.put(BATCH.name, [batch_moved(row, batches.DROPPED) for row in found])
        dropped += sum(row.keys["count"] for row in found)
    busy = {row.id for row in open_batches(work, campaign)}
    for state in (MessageState.QUEUED, MessageState.DEFERRED):
        where = (Where("state", "=", state.value), Where("campaign", "=", campaign))
        for row in list(work.each(MESSAGE.name, Query(where=where))):
            # What is being handed over may go out all the same.
            if row.keys["batch"] not in busy:
                put_messages(work, [moved(row, MessageState.DROPPED)])
                dropped += 1
    return dropped


def batch_moved(row: Row, state: str, count: int | None = None) -> Row:
    """Give a batch in another state."""
    return row.but(state=state) if count is None else row.but(state=state, count=count)


def open_batches(work: Work, campaign: str) -> Iterator[Row]:
    """Give the batches of a campaign of which something is left to do."""
    for state in batches.OPEN:
        where = (Where("campaign", "=", campaign), Where("state", "=", state))
        yield from work.each(BATCH.name, Query(where=where, fields="keys"))


def finish(work: Work, campaign: Campaign) -> Campaign:
    """Move a campaign on to `sent` where nothing of it is left to do."""
    if campaign.state is not CampaignState.SENDING or campaign.queued is None:
        return campaign
    for stands_at in batches.OPEN:
        where = (Where("campaign", "=", campaign.id), Where("state", "=", stands_at))
        if work.tx.find(BATCH.name, Query(where=where, limit=1, fields="keys")):
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
    for (state, each), count in Counter((one, row.keys["parts"]) for one, row in news).items():
        counts[state] += count
        parts[state] += count * each
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


@attrs.frozen(kw_only=True)
class Progress:
    """How far a campaign was put in the outbox; stands in the store as its resume mark."""

    order: str = ""
    """By which key its audience is walked; empty: it has not begun."""
    after: tuple[KeyValue, str] | None = None
    """Key and id of the last subscriber who was looked at."""
    count: int = 0
    """Messages that are in the outbox."""
    older: bool = False
    """A program before put some in with a row each, so phones are looked up among those."""
    version: int = 0
    """Of the mark."""


def progress_of(work: Work, id_: str) -> Progress:
    """Tell how far a campaign was put in the outbox."""
    rows = work.tx.get(MARK.name, [_mark(id_)])
    if not rows:
        # What is sent by now gets rows, but not before the first part is in.
        where = (Where("campaign", "=", id_),)
        older = sum(
            work.tx.count(MESSAGE.name, Query(where=(Where("state", "=", state), *where)))
            for state in STATES
        )
        return Progress(count=older, older=older > 0)
    found = json.loads(rows[0].doc or b"{}")
    after = found["after"]
    if after is not None:
        after = (bytes.fromhex(after[0]) if found["order"] == "phone_ix" else after[0], after[1])
    return Progress(
        order=found["order"],
        after=after,
        count=found["count"],
        older=found["older"],
        version=rows[0].version,
    )


def _mark(id_: str) -> str:
    return f"sms:send:{id_}"


def _put_progress(work: Work, id_: str, progress: Progress) -> None:
    after: tuple[str, str] | None = None
    if progress.after is not None:
        value, last = progress.after
        after = (value.hex() if isinstance(value, bytes) else str(value), last)
    document = {
        "order": progress.order,
        "after": after,
        "count": progress.count,
        "older": progress.older,
    }
    work.tx.put(MARK.name, [Row(_mark(id_), progress.version, json.dumps(document).encode())])


@attrs.frozen(kw_only=True)
class Parcel:
    """Batches for one gateway."""

    gateway: str
    due: datetime
    """When they may go out."""
    parts: Mapping[str, int]
    """Billed parts of a message, by language."""
    batches: Sequence[Sequence[Choice]]


def enqueue(work: Work, id_: str, parcels: Sequence[Parcel], progress: Progress) -> Progress | None:
    """Put batches in the outbox: a job a batch, that carries the ids of its recipients.

    Args:
        work: The open change.
        id_: Of the campaign.
        parcels: Batches, by gateway.
        progress: How far the campaign is once they are in; but `count`, `older` and `version` are
            of before.

    Returns:
        Where it goes on; None: somebody else went on meanwhile, and nothing was put.
    """
    campaign = work.get(CAMPAIGN, id_)
    if campaign.state is not CampaignState.SENDING or campaign.queued is not None:
        return None
    if progress_of(work, id_).version != progress.version:
        return None
    there: set[str] = set()
    if progress.older:
        every = (choice for parcel in parcels for batch in parcel.batches for choice in batch)
        ids = [message_id(id_, choice.phone_ix) for choice in every]
        there = {row.id for row in work.tx.get(MESSAGE.name, ids)}
    begin(work, campaign)
    rows: list[Row] = []
    for parcel in parcels:
        rows += _put_in(work, campaign, parcel, there)
    quotas.queue(work, id_, sum(row.keys["count"] * row.keys["parts"] for row in rows))
    work.tx.put(BATCH.name, rows)
    for gateway in names_of(campaign):
        # Also of those that only take over, so that workers look there.
        make_lane(work, gateway)
    count = progress.count + sum(row.keys["count"] for row in rows)
    progress = attrs.evolve(progress, count=count)
    _put_progress(work, id_, progress)
    return attrs.evolve(progress, version=progress.version + 1)


def _put_in(work: Work, campaign: Campaign, parcel: Parcel, there: Collection[str]) -> list[Row]:
    """Put jobs in the queue of a gateway; gives the rows of their batches."""
    id_ = campaign.id
    rows: list[Row] = []
    jobs: list[NewJob] = []
    for batch in caps.book(work, campaign, parcel.batches, parcel.due):
        reference = work.tools.ids.new("bat")
        refs = tuple(one.id for one in batch if message_id(id_, one.phone_ix) not in there)
        if not refs:
            continue
        language = batch[0].language
        packed = Packed(campaign=id_, language=language, refs=refs)
        jobs.append(NewJob(reference, pack(packed), parcel.due, priority_of(campaign), id_))
        rows.append(
            batch_row(
                reference,
                packed,
                gateway=parcel.gateway,
                state=batches.QUEUED,
                count=len(refs),
                parts=parcel.parts[language],
            )
        )
    work.tx.enqueue(queue_of(parcel.gateway), jobs)
    return rows


def gone(work: Work, ids: Sequence[str]) -> frozenset[str]:
    """Give those of some subscribers who were erased."""
    return frozenset(ids) - {id_ for (id_,) in work.tx.columns(SUBSCRIBER.name, ids, ())}


def blank_id(work: Work, campaign: str) -> str:
    """Give an id for a message to a person who was erased."""
    return f"{campaign}~{work.tools.ids.token()}"[:LONGEST_ID]


def close(work: Work, id_: str) -> Campaign:
    """Note that all messages of a campaign are in the outbox."""
    known = work.get(CAMPAIGN, id_)
    if known.state is not CampaignState.SENDING or known.queued is not None:
        return known
    seats = work.tx.get(SEAT.name, [f"send~{id_}"])
    work.tx.delete(SEAT.name, [(row.id, row.version) for row in seats])
    quotas.close(work, id_)
    _, placed = work.placed(known.organization, known.region)
    count = progress_of(work, id_).count
    marks = work.tx.get(MARK.name, [_mark(id_)])
    work.tx.delete(MARK.name, [(row.id, row.version) for row in marks])
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
    names = sorted({name for row in rows for name in names_of(work.noun(CAMPAIGN, row))})
    offered = set(work.tools.offered("sms"))
    return [
        name
        for name in names
        if name in offered
        and "pull" in (made := work.tools.gateway(name)).capabilities.receipts
        and (hasattr(made, "poll") or hasattr(made, "pulls"))
    ]
