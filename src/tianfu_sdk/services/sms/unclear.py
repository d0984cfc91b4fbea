"""Messages of which nobody knows whether they went out, and what a person says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import attrs

from tianfu_sdk.core.rows.kinds import BATCH, CAMPAIGN, MESSAGE
from tianfu_sdk.core.sms.batches import QUEUED, Packed, batch_row, pack, unpack
from tianfu_sdk.core.sms.messages import GIVEN_UP, advance
from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.sms import Campaign, CampaignState, MessageState, UnknownBatch
from tianfu_sdk.model.storage import JobState, NewJob, Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.lanes import known_lanes, queue_of
from tianfu_sdk.services.sms.outbox import (
    finish,
    jobs_in,
    moved,
    priority_of,
    put_messages,
    stands,
    tell_counts,
)

__all__ = ["give_up", "let_go", "resolve", "unknown_batches"]

_TOLD = {
    MessageState.ACCEPTED: "accepted",
    MessageState.DEFERRED: "deferred",
    MessageState.DROPPED: "dropped",
}


def unknown_batches(work: Work, campaign: Campaign) -> list[UnknownBatch]:
    """Give the batches of a campaign of which nobody knows whether they went out."""
    where = (
        Where("state", "=", MessageState.UNKNOWN.value),
        Where("campaign", "=", campaign.id),
    )
    found: dict[str, list[Row]] = {}
    for row in work.each(MESSAGE.name, Query(where=where)):
        found.setdefault(row.keys["batch"], []).append(row)
    return [
        UnknownBatch(
            campaign=campaign.id,
            batch=batch,
            gateway=rows[0].keys["gateway"] or campaign.gateway,
            subscribers=tuple(sorted(row.keys["subscriber"] for row in rows)),
            parts=sum(row.keys["parts"] for row in rows),
        )
        for batch, rows in sorted(found.items())
    ]


def resolve(
    work: Work,
    campaign: Campaign,
    batch: str,
    *,
    sent: bool,
    reason: str,
    only: Collection[str] | None,
) -> Campaign:
    """Write down what a person found out of a batch, and send it anew if it did not go out.

    Raises:
        NotFound: `sms.no_unknown`, nothing of this batch is unknown.
    """
    where = (Where("batch", "=", batch), Where("campaign", "=", campaign.id))
    rows = [
        row
        for row in work.each(MESSAGE.name, Query(where=where))
        if stands(row) is MessageState.UNKNOWN
    ]
    open_ = len(rows)
    if only is not None:
        rows = [row for row in rows if row.keys["subscriber"] in only]
    if not rows:
        raise NotFound("sms.no_unknown", path="batch", batch=batch[:64])
    gateway = rows[0].keys["gateway"] or campaign.gateway
    if sent:
        told = MessageState.ACCEPTED
        put_messages(work, [moved(row, advance(stands(row), told)) for row in rows])
    elif campaign.state is CampaignState.CANCELLED:
        told = MessageState.DROPPED
        put_messages(work, [moved(row, told) for row in rows])
    else:
        told = MessageState.DEFERRED
        campaign = _send_anew(work, campaign, gateway, batch, rows)
    if len(rows) == open_:
        let_go(work, gateway, [batch])
    tell_counts(work, campaign, ((told, row) for row in rows), _TOLD)
    work.note(campaign, "resolved", reason=reason, batch=batch, sent=sent, count=len(rows))
    return finish(work, campaign)


def _send_anew(
    work: Work, campaign: Campaign, gateway: str, batch: str, rows: Sequence[Row]
) -> Campaign:
    """Put messages in the outbox under a reference that their gateway has not seen."""
    parked = jobs_in(work, queue_of(gateway), JobState.PARKED)
    # Where it was before, so that it goes on from here to none of those.
    before = next((unpack(job.body).before for job in parked if job.key == batch), ())
    by_language: dict[str, list[Row]] = {}
    for row in rows:
        by_language.setdefault(row.keys["language"], []).append(row)
    jobs, made = [], []
    for language, some in by_language.items():
        reference = work.tools.ids.new("bat")
        refs = tuple(row.keys["subscriber"] for row in some)
        packed = Packed(campaign=campaign.id, language=language, refs=refs, before=before)
        jobs.append(NewJob(reference, pack(packed), None, priority_of(campaign), campaign.id))
        parts = some[0].keys["parts"]
        made.append(
            batch_row(reference, packed, gateway=gateway, state=QUEUED, count=0, parts=parts)
        )
        again = [moved(row, MessageState.DEFERRED, batch=reference) for row in some]
        put_messages(work, again)
    work.tx.put(BATCH.name, made)
    work.tx.enqueue(queue_of(gateway), jobs)
    if campaign.state is CampaignState.SENDING:
        return campaign
    _, placed = work.placed(campaign.organization, campaign.region)
    return work.put(CAMPAIGN, attrs.evolve(campaign, state=CampaignState.SENDING), placed)


def let_go(work: Work, gateway: str, batches: Iterable[str]) -> None:
    """Release parked jobs of batches that are clear now; a worker finds nothing left to do."""
    wanted = set(batches)
    queue = queue_of(gateway)
    found = [job.id for job in jobs_in(work, queue, JobState.PARKED) if job.key in wanted]
    work.tx.release(queue, found)


def give_up(work: Work, before: datetime, limit: int) -> int:
    """Let batches go of which nobody found out in time; gives how many.

    Their messages stay unknown, with the reason that they were given up, and count as they did;
    a receipt that comes all the same still settles them.

    Args:
        work: The open change.
        before: Those that wait for a person since an earlier moment.
        limit: Batches at most.
    """
    count = 0
    for gateway in known_lanes(work):
        queue = queue_of(gateway)
        found = [
            job
            for job in jobs_in(work, queue, JobState.PARKED)
            if job.reason == "sms.unknown" and job.due < before
        ][: limit - count]
        for job in found:
            rows = [
                row
                for row in work.each(MESSAGE.name, Query(where=(Where("batch", "=", job.key),)))
                if stands(row) is MessageState.UNKNOWN
            ]
            lost = [r.but(error=GIVEN_UP) for r in rows]
            put_messages(work, lost)
            campaign = work.get(CAMPAIGN, job.group)
            work.note(campaign, "given_up", batch=job.key, count=len(rows))
        work.tx.release(queue, [job.id for job in found])
        count += len(found)
    return count
