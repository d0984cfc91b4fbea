"""Jobs of one transaction: enqueue, claim, settle and what people do with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tianfu_sdk.core.rows.border import (
    check_lease,
    check_loaded_job,
    check_moment,
    check_name,
    check_new_job,
    check_outcome,
    check_page,
)
from tianfu_sdk.errors import Conflict
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

__all__ = ["Jobs"]

# A leased job is an open one with a token; `until` says until when it is its owner's. No
# column of an index changes when a job is claimed, so claiming writes the row and nothing else.
_STATES = (JobState.QUEUED, JobState.LEASED, JobState.DONE, JobState.PARKED, JobState.DROPPED)
_QUEUED, _LEASED, _DONE, _PARKED, _DROPPED = range(5)
_MICROSECOND = timedelta(microseconds=1)
_WIDTH = 100
_RUN = 8
"""Jobs in a row from which on they are named by the first and the last of them."""
_THESE = f"id IN ({', '.join('?' * _WIDTH)})"
_THOSE = "id BETWEEN ? AND ?"
_CLAIM = (
    "UPDATE tf_job SET until = ?, token = ?, owner = ?, attempts = attempts + 1, changed = ? WHERE "
)
_OURS = "SELECT id FROM tf_job WHERE token = ? AND state = 0 AND "
_SETTLE = (
    "UPDATE tf_job SET state = ?, due = ?, reason = ?, token = '', until = 0, changed = ? WHERE "
)
_STANDS = "CASE WHEN token <> '' THEN 1 ELSE state END"
_ASKED = {
    _QUEUED: "state = 0 AND token = ''",
    _LEASED: "state = 0 AND token <> ''",
    _DONE: "state = 2",
    _PARKED: "state = 3",
    _DROPPED: "state = 4",
}


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND


def _named(ids: list[int]) -> Iterator[tuple[str, list[int]]]:
    """Say which jobs are meant, in conditions of few shapes with their values.

    Args:
        ids: Each once, in rising order. Who claims gets mostly neighbours.
    """
    if len(ids) >= _RUN and ids[-1] - ids[0] == len(ids) - 1:
        yield _THOSE, [ids[0], ids[-1]]
        return
    some: list[int] = []
    first = 0
    for place, id_ in enumerate(ids, 1):
        if place < len(ids) and ids[place] == id_ + 1:
            continue
        if place - first >= _RUN:
            yield _THOSE, [ids[first], id_]
        else:
            some += ids[first:place]
        first = place
    for start in range(0, len(some), _WIDTH):
        part = some[start : start + _WIDTH]
        yield _THESE, part + part[-1:] * (_WIDTH - len(part))


class Jobs:
    """The outbox of one open transaction.

    Args:
        connection: Inside its transaction.
        now: This moment, by the injected clock.
        token: A fresh fencing token; one claim uses one.
    """

    def __init__(self, connection: sqlite3.Connection, now: datetime, token: str) -> None:
        self._connection = connection
        self._now = _micros(now)
        self._token = token
        self._claims = 0

    def enqueue(self, queue: str, jobs: Sequence[NewJob]) -> int:
        """Add jobs whose keys are new."""
        check_name(queue, "queue")
        for job in jobs:
            check_new_job(job)
        if not jobs:
            return 0
        records = (
            (queue, j.key, j.body, _micros(j.due) if j.due else self._now, j.priority, j.group)
            for j in jobs
        )
        return self._connection.executemany(
            "INSERT INTO tf_job (queue, job_key, body, state, due, priority, grp, attempts, token,"
            f" owner, reason, changed) VALUES (?, ?, ?, 0, ?, ?, ?, 0, '', '', '', {self._now})"
            " ON CONFLICT (queue, job_key) DO NOTHING",
            records,
        ).rowcount

    def claim(self, queue: str, n: int, lease: timedelta, owner: str) -> list[Job]:
        """Take due jobs by (priority, due, id)."""
        check_name(queue, "queue")
        check_page(n, "n")
        check_lease(lease)
        check_name(owner, "owner")
        self._claims += 1
        token = f"{self._token}.{self._claims}"
        rows: list[Any] = []
        # Priority by priority: jobs that are due later never stand in the way of the index.
        for priority in range(10):
            rows += self._connection.execute(
                "SELECT id, job_key, body, attempts, grp, priority FROM tf_job"
                " WHERE queue = ? AND priority = ? AND due <= ? AND state < 2 AND until <= ?"
                " AND NOT EXISTS"
                " (SELECT 1 FROM tf_hold AS h WHERE h.queue = tf_job.queue AND h.grp = tf_job.grp)"
                " ORDER BY due, id LIMIT ?",
                (queue, priority, self._now, self._now, n - len(rows)),
            ).fetchall()
            if len(rows) == n:
                break
        until = self._now + lease // _MICROSECOND
        for which, ids in _named(sorted([row[0] for row in rows])):
            self._connection.execute(_CLAIM + which, (until, token, owner, self._now, *ids))
        return [Job(r[0], queue, r[1], r[2], r[3] + 1, token, r[4], r[5]) for r in rows]

    def settle(self, settled: Sequence[tuple[Job, Outcome]]) -> list[bool]:
        """End the jobs whose token still stands."""
        alike: dict[tuple[Outcome | None, str], dict[int, None]] = {}
        seen: set[tuple[int, str]] = set()
        for job, outcome in settled:
            # All done ones are alike: nothing in them is to be looked at.
            stand = None
            if type(outcome) is not Done:
                check_outcome(outcome)
                stand = outcome
            claim = job.id, job.token
            # A job that stands twice is only the first time still this claim's.
            if claim not in seen and job.token:
                seen.add(claim)
                alike.setdefault((stand, job.token), {})[job.id] = None
        ours: set[tuple[int, str]] = set()
        for (stand, token), given in alike.items():
            values = (*self._stand(stand or Done()), self._now)
            found: list[int] = []
            # Asked first: quicker than an UPDATE that tells of each row.
            for which, ids in _named(sorted(given)):
                found += [row[0] for row in self._connection.execute(_OURS + which, (token, *ids))]
            for which, ids in _named(sorted(found)):
                self._connection.execute(_SETTLE + which, (*values, *ids))
            ours.update([(id_, token) for id_ in found])
        if len(ours) == len(settled):
            return [True] * len(settled)
        told: list[bool] = []
        for job, _ in settled:
            told.append((job.id, job.token) in ours)
            ours.discard((job.id, job.token))
        return told

    def _stand(self, outcome: Outcome) -> tuple[int, int, str]:
        match outcome:
            case Done():
                return _DONE, self._now, ""
            case Retry(due):
                return _QUEUED, _micros(due), ""
            case Parked(reason):
                return _PARKED, self._now, reason

    def jobs(
        self, queue: str, state: JobState | None, after: int | None, limit: int
    ) -> list[JobInfo]:
        """List jobs by id."""
        check_name(queue, "queue")
        check_page(limit)
        asked = "1" if state is None else _ASKED[_STATES.index(state)]
        rows = self._connection.execute(
            f"SELECT id, job_key, {_STANDS}, max(due, until), attempts, priority, grp, reason, body"
            f" FROM tf_job WHERE queue = ? AND id > ? AND {asked} ORDER BY id LIMIT ?",
            (queue, after or 0, limit),
        )
        return [
            JobInfo(r[0], queue, r[1], _STATES[r[2]], EPOCH + r[3] * _MICROSECOND, *r[4:])
            for r in rows
        ]

    def release(self, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again."""
        check_name(queue, "queue")
        return self._connection.executemany(
            "UPDATE tf_job SET state = 0, due = ?, reason = '', attempts = 0, changed = ?"
            " WHERE id = ? AND queue = ? AND state = 3",
            ((self._now, self._now, id_, queue) for id_ in ids),
        ).rowcount * bool(ids)

    def hold(self, queue: str, group: str) -> None:
        """Hold a group."""
        check_name(queue, "queue")
        check_name(group, "group")
        self._connection.execute("INSERT OR IGNORE INTO tf_hold VALUES (?, ?)", (queue, group))

    def unhold(self, queue: str, group: str) -> None:
        """Let a group go on."""
        check_name(queue, "queue")
        check_name(group, "group")
        self._connection.execute("DELETE FROM tf_hold WHERE queue = ? AND grp = ?", (queue, group))

    def drop(self, queue: str, group: str) -> int:
        """Cancel a group's queued and parked jobs."""
        check_name(queue, "queue")
        check_name(group, "group")
        return self._connection.execute(
            "UPDATE tf_job SET state = 4, changed = ?"
            " WHERE queue = ? AND grp = ? AND state IN (0, 3) AND token = ''",
            (self._now, queue, group),
        ).rowcount

    def queues(self) -> list[str]:
        """Give the queues that have jobs or holds."""
        rows = self._connection.execute(
            "SELECT queue FROM tf_job UNION SELECT queue FROM tf_hold ORDER BY 1"
        )
        return [row[0] for row in rows]

    def holds(self, queue: str) -> list[str]:
        """Give the held groups of a queue."""
        check_name(queue, "queue")
        rows = self._connection.execute(
            "SELECT grp FROM tf_hold WHERE queue = ? ORDER BY grp", (queue,)
        )
        return [row[0] for row in rows]

    def first_due(self, queue: str) -> datetime | None:
        """Give when the first queued job that is not held is due."""
        check_name(queue, "queue")
        # Priority by priority, so that each is one look into the index.
        found = [
            row[0]
            for priority in range(10)
            for row in self._connection.execute(
                "SELECT due FROM tf_job WHERE queue = ? AND priority = ? AND state < 2"
                f" AND {_ASKED[_QUEUED]} AND NOT EXISTS"
                " (SELECT 1 FROM tf_hold AS h WHERE h.queue = tf_job.queue AND h.grp = tf_job.grp)"
                " ORDER BY due, id LIMIT 1",
                (queue, priority),
            )
        ]
        return EPOCH + min(found) * _MICROSECOND if found else None

    def load(self, queue: str, jobs: Sequence[JobInfo]) -> None:
        """Store jobs as they stand, under new ids."""
        check_name(queue, "queue")
        for job in jobs:
            check_loaded_job(job)
        known = []
        for job in jobs:
            state = JobState.QUEUED if job.state is JobState.LEASED else job.state
            done = self._connection.execute(
                "INSERT INTO tf_job (queue, job_key, body, state, due, priority, grp, attempts,"
                " token, owner, reason, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?)"
                " ON CONFLICT (queue, job_key) DO NOTHING",
                (
                    *(queue, job.key, job.body, _STATES.index(state), _micros(job.due)),
                    *(job.priority, job.group, job.attempts, job.reason, self._now),
                ),
            )
            if not done.rowcount:
                known.append(job.key)
        if known:
            raise Conflict("storage.job_known", path=queue, ids=tuple(known))

    def purge(self, queue: str, before: datetime, limit: int) -> int:
        """Forget old done and dropped jobs."""
        check_name(queue, "queue")
        check_moment(before, "before")
        check_page(limit)
        return self._connection.execute(
            "DELETE FROM tf_job WHERE id IN (SELECT id FROM tf_job"
            " WHERE queue = ? AND state IN (2, 4) AND changed < ? ORDER BY id LIMIT ?)",
            (queue, _micros(before), limit),
        ).rowcount
