"""Messages that have no row of their own yet: the jobs of the outbox say for whom they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from tianfu_sdk.core.rows.kinds import BATCH
from tianfu_sdk.core.sms import batches
from tianfu_sdk.core.sms.batches import unpack
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import Campaign, MessageState
from tianfu_sdk.model.storage import JobInfo, JobState, Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.lanes import queue_of
from tianfu_sdk.services.sms.outbox import gone, messages_of

__all__ = ["Place", "waiting"]

_OPEN = (JobState.QUEUED, JobState.LEASED, JobState.PARKED)
_WALKED: Mapping[MessageState, tuple[str, tuple[JobState, ...]]] = {
    MessageState.QUEUED: (batches.QUEUED, _OPEN),
    MessageState.SENDING: (batches.SENDING, _OPEN),
    MessageState.DROPPED: (batches.DROPPED, (JobState.DROPPED, JobState.DONE)),
}
"""By the state of a message, where its batch stands, and how its job may."""
_JOBS = 50
"""Jobs read at a time: each names up to 1,000 people."""


@attrs.frozen
class Place:
    """How far a walk over such messages is."""

    walk: int = 0
    """Which of its queues and states of jobs it walks."""
    job: int = 0
    """Id of the job of the last message; 0: none yet."""
    done: int = 0
    """Messages of that job that were given."""

    @classmethod
    def of(cls, plain: object) -> Place:
        """Read it from a cursor; raises `Invalid` (`page.bad_cursor`)."""
        match plain:
            case [int(walk), int(job), int(done)] if min(walk, job, done) >= 0:
                return cls(walk, job, done)
        raise Invalid("page.bad_cursor", path="after")


def waiting(
    work: Work,
    campaign: Campaign,
    state: MessageState,
    after: Place,
    **only: str | None,
) -> Iterator[tuple[Row, Place]]:
    """Give messages of a campaign that have no row, as rows without an id and a region.

    Args:
        work: The open transaction.
        campaign: Whose.
        state: How they stand.
        after: Where the walk goes on.
        **only: Of `language` and `gateway`; None: of all.

    Returns:
        Each with the place after it. Whom a batch that was cancelled was for is known until
        its job is purged.
    """
    if state not in _WALKED:
        return
    stands_at, states = _WALKED[state]
    rows = _batches(work, campaign, stands_at, only)
    queues = sorted({queue_of(row.keys["gateway"]) for row in rows.values()})
    walks = [(queue, job_state) for queue in queues for job_state in states]
    for walk, (queue, job_state) in enumerate(walks):
        if walk < after.walk:
            continue
        here = after if walk == after.walk else Place(walk)
        for job in _jobs(work, queue, job_state, here.job):
            if job.key not in rows:
                continue
            done = here.done if job.id == here.job else 0
            some = _messages(work, state, rows[job.key], job)
            for number, row in enumerate(some[done:], done + 1):
                yield row, Place(walk, job.id, number)


def _batches(
    work: Work, campaign: Campaign, stands_at: str, only: Mapping[str, str | None]
) -> dict[str, Row]:
    where = (Where("campaign", "=", campaign.id), Where("state", "=", stands_at))
    return {
        row.id: row
        for row in work.each(BATCH.name, Query(where=where, fields="keys"))
        if row.keys["count"]
        and all(wanted in {None, row.keys[key]} for key, wanted in only.items())
    }


def _jobs(work: Work, queue: str, state: JobState, first: int) -> Iterator[JobInfo]:
    after = first - 1 if first else None
    while found := work.tx.jobs(queue, state, after, _JOBS):
        yield from found
        after = found[-1].id


def _messages(work: Work, state: MessageState, batch: Row, job: JobInfo) -> list[Row]:
    refs = unpack(job.body).refs or ()
    if len(refs) != batch.keys["count"]:
        there = {row.keys["subscriber"] for row in messages_of(work, batch.id)}
        refs = tuple(ref for ref in refs if ref not in there)[: batch.keys["count"]]
    erased = gone(work, refs)
    common = {
        "campaign": batch.keys["campaign"],
        "state": state.value,
        "language": batch.keys["language"],
        "batch": batch.id,
        "parts": batch.keys["parts"],
        "region": "",
        "error": "",
        "gateway": batch.keys["gateway"],
    }
    return [
        Row("", 0, None, {**common, "subscriber": "" if ref in erased else ref}) for ref in refs
    ]
