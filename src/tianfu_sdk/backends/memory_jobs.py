"""One queue of the store in memory: its jobs and what becomes of them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.storage import (
    Done,
    Job,
    JobInfo,
    JobState,
    NewJob,
    Outcome,
    Parked,
    Retry,
)

__all__ = ["Queue", "StoredJob"]


@attrs.frozen
class StoredJob:
    """A job as it stands."""

    id: int
    queue: str
    new: NewJob
    due: datetime
    changed: datetime
    state: JobState = JobState.QUEUED
    attempts: int = 0
    token: str = ""
    reason: str = ""
    until: datetime = EPOCH
    """The end of its last lease."""

    def claimed(self) -> Job:
        """Give it as its owner gets it."""
        new = self.new
        return Job(
            self.id,
            self.queue,
            new.key,
            new.body,
            self.attempts,
            self.token,
            new.group,
            new.priority,
        )

    def info(self) -> JobInfo:
        """Give it as a person sees it."""
        new = self.new
        return JobInfo(
            self.id,
            self.queue,
            new.key,
            self.state,
            self.until if self.state is JobState.LEASED else self.due,
            self.attempts,
            new.priority,
            new.group,
            self.reason,
            new.body,
        )


@attrs.frozen
class Queue:
    """Jobs by id, in the order of their ids; their keys; the groups on hold.

    One that is committed is never changed; a transaction changes a copy.
    """

    name: str
    jobs: dict[int, StoredJob] = attrs.field(factory=dict)
    ids: dict[str, int] = attrs.field(factory=dict)
    held: set[str] = attrs.field(factory=set)

    def copy(self) -> Queue:
        """Give one that can be changed."""
        return Queue(self.name, dict(self.jobs), dict(self.ids), set(self.held))

    def add(self, jobs: Sequence[NewJob], now: datetime, number: Callable[[], int]) -> int:
        """Add jobs whose keys are new; gives how many."""
        before = len(self.jobs)
        for job in jobs:
            if job.key not in self.ids:
                id_ = self.ids[job.key] = number()
                due = now if job.due is None else job.due
                self.jobs[id_] = StoredJob(id_, self.name, job, due, now)
        return len(self.jobs) - before

    def load(
        self, jobs: Sequence[JobInfo], now: datetime, number: Callable[[], int]
    ) -> tuple[str, ...]:
        """Add jobs as they stand in another store; gives the keys that are there already."""
        known = []
        for job in jobs:
            if job.key in self.ids:
                known.append(job.key)
                continue
            id_ = self.ids[job.key] = number()
            self.jobs[id_] = StoredJob(
                id_,
                self.name,
                NewJob(job.key, bytes(job.body), job.due, job.priority, job.group),
                job.due,
                now,
                JobState.QUEUED if job.state is JobState.LEASED else job.state,
                job.attempts,
                reason=job.reason,
            )
        return tuple(known)

    def claim(self, n: int, lease: timedelta, now: datetime, tokens: Iterator[int]) -> list[Job]:
        """Lease the first jobs that are due."""
        due = (
            job
            for job in self.jobs.values()
            if job.state in {JobState.QUEUED, JobState.LEASED}
            and job.due <= now
            and (job.state is JobState.QUEUED or job.until <= now)
            and job.new.group not in self.held
        )
        taken = heapq.nsmallest(n, due, key=lambda job: (job.new.priority, job.due, job.id))
        claimed = [
            attrs.evolve(
                job,
                state=JobState.LEASED,
                until=now + lease,
                changed=now,
                attempts=job.attempts + 1,
                token=f"{next(tokens):032x}",
            )
            for job in taken
        ]
        self.jobs.update((job.id, job) for job in claimed)
        return [job.claimed() for job in claimed]

    def leased(self, job: Job) -> StoredJob | None:
        """Give a job whose lease this still is."""
        stored = self.jobs.get(job.id)
        if stored is None or stored.state is not JobState.LEASED or stored.token != job.token:
            return None
        return stored

    def settle(self, stored: StoredJob, outcome: Outcome, now: datetime) -> None:
        """Let a leased job stand as its owner says."""
        match outcome:
            case Done():
                stored = attrs.evolve(stored, state=JobState.DONE)
            case Retry(due):
                stored = attrs.evolve(stored, state=JobState.QUEUED, due=due)
            case Parked(reason):
                stored = attrs.evolve(stored, state=JobState.PARKED, reason=reason)
        self.jobs[stored.id] = attrs.evolve(stored, token="", changed=now)

    def page(self, state: JobState | None, after: int | None, limit: int) -> list[JobInfo]:
        """Give jobs in the order of their ids."""
        found = (
            job.info()
            for job in self.jobs.values()
            if (state is None or job.state is state) and (after is None or job.id > after)
        )
        return list(itertools.islice(found, limit))

    def first_due(self) -> datetime | None:
        """Give when the first queued job that is not held is due."""
        queued = (job for job in self.jobs.values() if job.state is JobState.QUEUED)
        return min((job.due for job in queued if job.new.group not in self.held), default=None)

    def parked(self, ids: Sequence[int]) -> list[StoredJob]:
        """Give those of some jobs that wait for a person."""
        found = (self.jobs.get(job_id) for job_id in dict.fromkeys(ids))
        return [job for job in found if job is not None and job.state is JobState.PARKED]

    def open(self, group: str) -> list[StoredJob]:
        """Give the jobs of a group that are neither over nor leased."""
        return [
            job
            for job in self.jobs.values()
            if job.new.group == group and job.state in {JobState.QUEUED, JobState.PARKED}
        ]

    def change(self, jobs: Iterable[StoredJob], now: datetime, **changes: Any) -> None:
        """Change jobs."""
        for job in jobs:
            self.jobs[job.id] = attrs.evolve(job, changed=now, **changes)

    def purge(self, before: datetime, limit: int) -> int:
        """Forget jobs that were over before a moment; gives how many."""
        old = (
            job
            for job in self.jobs.values()
            if job.state in {JobState.DONE, JobState.DROPPED} and job.changed < before
        )
        gone = list(itertools.islice(old, limit))
        for job in gone:
            del self.jobs[job.id]
            del self.ids[job.new.key]
        return len(gone)
