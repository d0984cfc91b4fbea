"""Jobs of one transaction: enqueue, claim, settle.

A job's primary key is a hash of its queue and key, so a repeated key meets its row wherever
that lives. Moments are the server's own, as microseconds since 1970.

Workers that were given a share claim by the column `shard`: the jobs of their own shards, and
those of others that have been due for a while, which nobody else seems to do.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tianfu_sdk.core.rows.border import (
    check_lease,
    check_name,
    check_new_job,
    check_outcome,
    check_page,
)
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.storage import Done, Job, NewJob, Outcome, Parked, Retry
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, among, bind, compiled, constant, server_micros, width

__all__ = ["DONE", "DROPPED", "LEASED", "PARKED", "QUEUED", "SHARDS", "Jobs", "micros", "uid_of"]

QUEUED, LEASED, DONE, PARKED, DROPPED = range(5)
SHARDS = 60
"""Divides by 2, 3, 4, 5 and 6, the numbers of nodes that share a queue."""
_PRIORITIES = range(10)
_MICROSECOND = timedelta(microseconds=1)
_TRIES = 20
_RIVALS = 8
"""Workers that find jobs side by side."""


@attrs.frozen
class Share:
    """The jobs that some workers claim first, or the others once they have waited."""

    number: int
    """From 0."""
    total: int
    wait: int | None = None
    """None: the own ones; else the others', in microseconds."""

    def shards(self) -> list[int]:
        """Give the values of the column."""
        mine = self.wait is None
        return [n for n in range(SHARDS) if (n % self.total == self.number) is mine]


def micros(moment: datetime) -> int:
    """Give a moment as microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def uid_of(queue: str, key: str) -> bytes:
    """Give the primary key of a job."""
    # No name holds a NUL.
    return hashlib.blake2b(f"{queue}\0{key}".encode(), digest_size=16).digest()


class Jobs:
    """The verbs of workers.

    Args:
        tables: In the driver's dialect.
        driver: Whose features are used.
        part: Number of our share and how many there are, or None.
        wait: Seconds after which the jobs of other shares are claimed as well.
        stamped: Whether ids are given with the jobs, and not counted by the server.
    """

    def __init__(
        self,
        tables: Tables,
        driver: Driver,
        part: tuple[int, int] | None,
        wait: float = 0.0,
        *,
        stamped: bool = False,
    ) -> None:
        self._stamped = stamped
        # What tells the jobs of a claim apart: ids that are given are not unique by any key.
        self._mark_of: Callable[[Job], int | str] = attrgetter("key" if stamped else "id")
        self._driver = driver
        self._features = driver.features
        self._tables = tables
        self._shares: list[Share | None] = [None]
        if part is not None:
            self._shares = [Share(*part)]
            if part[1] > 1 and wait < math.inf:
                self._shares.append(Share(*part, round(wait * 1_000_000)))
        self._table = tables.job
        self._said: dict[Any, Text] = {}
        self._insert = self._say_insert()

    def now(self, session: Session) -> datetime:
        """Ask the server for this moment."""
        ((since,),) = session.rows(self._text("now"), ())
        return EPOCH + int(since) * _MICROSECOND

    # enqueue

    def enqueue(
        self,
        session: Session,
        queue: str,
        jobs: Sequence[NewJob],
        stamps: Callable[[int], list[int]],
    ) -> int:
        """Add jobs whose keys are new.

        Args:
            session: Of a transaction that writes.
            queue: Name of the queue.
            jobs: The jobs.
            stamps: Gives so many ids, where the server does not count them.
        """
        check_name(queue, "queue")
        for job in jobs:
            check_new_job(job)
        distinct = {uid_of(queue, job.key): job for job in reversed(jobs)}
        values: list[tuple[Any, ...]] = [
            (
                uid,
                queue,
                job.key,
                job.body,
                None if job.due is None else micros(job.due),
                job.priority,
                job.group,
                uid[0] % SHARDS,
            )
            # From the back twice: the first of a key that stands twice, in the order given.
            for uid, job in reversed(distinct.items())
        ]
        if self._stamped:
            given = zip(values, stamps(len(values)), strict=True)
            values = [(*value, id_) for value, id_ in given]
        if self._features.ignoring:
            return session.change_many(self._insert, values)
        return self._insert_new(session, values)

    def _insert_new(self, session: Session, values: list[tuple[Any, ...]]) -> int:
        for _ in range(_TRIES):
            known = self._known(session, [value[0] for value in values])
            new = [value for value in values if value[0] not in known]
            if not new:
                return 0
            session.do("SAVEPOINT tf_jobs")
            try:
                return session.change_many(self._insert, new)
            except self._driver.errors as error:
                # Another writer was quicker with one of them: it is known by now.
                if self._driver.fault(error) is not Fault.DUPLICATE:
                    raise
                session.failure = None
                session.do("ROLLBACK TO SAVEPOINT tf_jobs")
                last = error
        raise last

    def _known(self, session: Session, uids: Sequence[bytes]) -> set[bytes]:
        known: set[bytes] = set()
        for start in range(0, len(uids), 500):
            chunk, number = self._padded(uids[start : start + 500])
            text = self._text("known", number)
            known.update(bytes(row[0]) for row in session.rows(text, chunk))
        return known

    # claim

    def claim(
        self, session: Session, queue: str, n: int, lease: timedelta, owner: str
    ) -> list[Job]:
        """Take due jobs by (priority, due, id)."""
        check_name(queue, "queue")
        check_page(n, "n")
        check_lease(lease)
        check_name(owner, "owner")
        token = secrets.token_hex(16)
        length = max(1, lease // _MICROSECOND)
        jobs: list[Job] = []
        for priorities, share in self._looks(session, queue):
            if len(jobs) < n:
                rows = self._take(
                    session, (queue, n - len(jobs), token, owner, length), priorities, share
                )
                jobs += sorted_jobs(queue, token, rows)
        return jobs

    def _looks(self, session: Session, queue: str) -> list[tuple[tuple[int, ...], Share | None]]:
        """Say where jobs are to be taken, one after the other."""
        if self._features.returning and len(self._shares) == 1:
            return [(tuple(_PRIORITIES), self._shares[0])]
        # Priority by priority: jobs that are due later never stand in the way of the index.
        due = session.rows(self._text("due"), (queue,) * len(_PRIORITIES))
        return [((row[0],), share) for row in due for share in self._shares]

    def _take(
        self,
        session: Session,
        taking: tuple[Any, ...],
        priorities: tuple[int, ...],
        share: Share | None,
    ) -> list[Any]:
        queue, n, token, owner, length = taking
        if self._features.returning:
            return session.rows(self._text("take", priorities, share), taking)
        (priority,) = priorities
        for _ in range(_TRIES):
            if self._features.skip_locked:
                rows = self._locked_rows(session, queue, priority, n, share)
            else:
                rows = session.rows(self._text("due_rows", share), (queue, priority, n))
            if not rows:
                return []
            taken = self._mark(session, rows, token, owner, length)
            if taken:
                return taken
        return []

    def _locked_rows(
        self, session: Session, queue: str, priority: int, n: int, share: Share | None
    ) -> list[Any]:
        """Lock due jobs and no other row.

        A locking search locks what it only passes by: all that is due, so that no other worker
        finds anything; and on a cluster the claim of another node ends whoever has locked its
        rows. So jobs are found without a lock and then locked by their ids.
        """
        rows: list[Any] = []
        tried: set[bytes] = set()
        for window in (n, n * _RIVALS):
            found = session.rows(self._text("due_ids", share), (queue, priority, window))
            due = [bytes(row[0]) for row in sorted(found, key=lambda row: (row[1], row[2]))]
            uids = [uid for uid in due[:window] if uid not in tried]
            tried.update(uids)
            while uids and len(rows) < n:
                missing = n - len(rows)
                chunk, uids = uids[:missing], uids[missing:]
                padded, number = self._padded(chunk)
                rows += session.rows(self._text("locked", number), padded)
            # Fewer than were asked for: there are no more, or rivals are at work on the first.
            if len(rows) >= n or len(due) < window:
                break
        return rows

    def _mark(
        self, session: Session, rows: list[Any], token: str, owner: str, length: int
    ) -> list[Any]:
        # In one order for all, so that two workers on the same rows do not lock crosswise.
        uids = sorted(bytes(row[-1]) for row in rows)
        attempts: dict[bytes, int] = {}
        for start in range(0, len(uids), 500):
            chunk, number = self._padded(uids[start : start + 500])
            changed = session.change(self._text("mark", number), (token, owner, length, *chunk))
            if changed and not self._features.skip_locked:
                marked = session.rows(self._text("marked", number), (token, *chunk))
                attempts.update((bytes(row[0]), row[1]) for row in marked)
        if self._features.skip_locked:
            # They were locked when they were read, so all of them are ours.
            return [(*row[:4], row[4] + 1, *row[5:]) for row in rows]
        return [
            (*row[:4], attempts[uid], *row[5:])
            for row in rows
            if (uid := bytes(row[-1])) in attempts
        ]

    # settle

    def settle(self, session: Session, settled: Sequence[tuple[Job, Outcome]]) -> list[bool]:
        """End the jobs whose token still stands."""
        mark_of = self._mark_of
        alike: dict[tuple[str, str, Outcome | None], list[Job]] = {}
        seen: set[tuple[int | str, str]] = set()
        for job, outcome in settled:
            stand = None
            if type(outcome) is not Done:
                check_outcome(outcome)
                stand = outcome
            claim = mark_of(job), job.token
            # A job that stands twice is only the first time still this claim's.
            if claim not in seen and job.token:
                seen.add(claim)
                # All done ones are alike: nothing in them is to be compared.
                alike.setdefault((job.queue, job.token, stand), []).append(job)
        ours: set[tuple[int | str, str]] = set()
        for (queue, token, stand), jobs in alike.items():
            ended = self._end(session, queue, token, _stand(stand or Done()), jobs)
            ours.update([(mark, token) for mark in ended])
        if len(ours) == len(settled):
            return [True] * len(settled)
        told: list[bool] = []
        for job, _ in settled:
            told.append((mark_of(job), job.token) in ours)
            ours.discard((mark_of(job), job.token))
        return told

    def _end(
        self,
        session: Session,
        queue: str,
        token: str,
        stand: tuple[int, int | None, str],
        jobs: list[Job],
    ) -> list[int | str]:
        state, due, reason = stand
        if self._features.returning and not self._stamped:
            # Written by us: quicker than the driver's way, which looks at each value for what
            # it may be.
            ids = "{" + ",".join([str(job.id) for job in jobs]) + "}"
            ((count, some),) = session.rows(
                self._text("end"), (state, due, reason, queue, ids, token)
            )
            return [job.id for job in jobs] if count == len(jobs) else some or []
        ended: list[int | str] = []
        # In one order for all, so that two workers on the same rows do not lock crosswise.
        known = sorted((uid_of(queue, job.key), self._mark_of(job)) for job in jobs)
        for start in range(0, len(known), 500):
            chunk = known[start : start + 500]
            padded, number = self._padded([uid for uid, _ in chunk])
            rows = session.rows(self._text("ours", number), (token, *padded))
            if rows:
                session.change(self._text("ended", number), (state, due, reason, token, *padded))
            found = {bytes(row[0]) for row in rows}
            ended += [mark for uid, mark in chunk if uid in found]
        return ended

    # Texts.

    @staticmethod
    def _padded(uids: Sequence[bytes]) -> tuple[list[bytes], int]:
        number = width(len(uids))
        return [*uids, *[uids[-1]] * (number - len(uids))], number

    def _text(self, name: str, *more: Any) -> Text:
        key = (name, *more)
        text = self._said.get(key)
        if text is None:
            text = compiled(getattr(self, f"_say_{name}")(*more), self._driver.dialect)
            self._said[key] = text
        return text

    @staticmethod
    def _say_now() -> Any:
        return sa.select(server_micros())

    def _say_insert(self) -> Text:
        job, c = self._table, self._table.c
        now = server_micros()
        values: dict[str, Any] = {
            "uid": bind(0, c.uid.type),
            "queue": bind(1, c.queue.type),
            "job_key": bind(2, c.job_key.type),
            "body": bind(3, c.body.type),
            "due": sa.func.coalesce(bind(4, c.due.type), now),
            "priority": bind(5, c.priority.type),
            "grp": bind(6, c.grp.type),
            "shard": bind(7, c.shard.type),
            "changed": now,
            "state": constant("0"),
            "attempts": constant("0"),
            "until": constant("0"),
            **dict.fromkeys(("token", "owner", "reason"), constant("''")),
        }
        if self._stamped:
            values["id"] = bind(8, c.id.type)
        insert: Any = sa.insert(job).values(**values)
        if self._features.ignoring == "conflict":
            insert = postgresql.insert(job).values(**values).on_conflict_do_nothing()
        ignoring = self._features.ignoring == "duplicate"
        tail = " ON DUPLICATE KEY UPDATE uid = uid" if ignoring else ""
        return compiled(insert, self._driver.dialect, tail)

    def _open(self, share: Share | None = None) -> list[sa.ColumnElement[bool]]:
        c, hold = self._table.c, self._tables.hold
        held = (
            sa.select(constant("1"))
            .select_from(hold)
            .where(hold.c.queue == c.queue, hold.c.grp == c.grp)
        )
        return [*self._free(), ~sa.exists(held), *self._of(share)]

    def _free(self) -> list[sa.ColumnElement[bool]]:
        c, now = self._table.c, server_micros()
        return [c.state == constant("0"), c.due <= now, c.until <= now]

    def _of(self, share: Share | None) -> list[sa.ColumnElement[bool]]:
        if share is None:
            return []
        c = self._table.c
        found: list[sa.ColumnElement[bool]] = [
            c.shard.in_([constant(str(n)) for n in share.shards()])
        ]
        if share.wait:
            found.append(c.due <= server_micros() - constant(str(share.wait)))
        return found

    def _say_due(self) -> Any:
        """Ask which priorities have something due, by a look into the index for each."""
        c = self._table.c
        looks = [
            sa.select(
                sa.select(c.priority)
                .where(
                    c.queue == bind(place, c.queue.type),
                    c.priority == constant(str(priority)),
                    *self._open(),
                )
                .limit(constant("1"))
                .scalar_subquery()
                .label("priority")
            )
            for place, priority in enumerate(_PRIORITIES)
        ]
        found = sa.union_all(*looks).subquery("p")
        column = found.c.priority
        return sa.select(column).where(column.is_not(None)).order_by(column)

    def _next(self, share: Share | None, *columns: Any) -> sa.Select[Any]:
        c = self._table.c
        return (
            sa.select(*columns)
            .where(
                c.queue == bind(0, c.queue.type),
                c.priority == bind(1, c.priority.type),
                *self._open(share),
            )
            .order_by(c.due, c.id)
            .limit(bind(2, sa.BigInteger()))
        )

    def _say_due_ids(self, share: Share | None) -> Any:
        c = self._table.c
        return self._next(share, c.uid, c.due, c.id)

    def _say_locked(self, number: int) -> Any:
        c = self._table.c
        return (
            sa.select(*self._columns(), c.uid)
            .where(among(c.uid, 0, number), *self._free())
            .with_for_update(skip_locked=True)
        )

    def _columns(self) -> list[Any]:
        """Say what a job is made of, first what a claim is ordered by."""
        c = self._table.c
        return [c.priority, c.due, c.id, c.job_key, c.attempts, c.grp, c.body]

    def _leased(self, start: int) -> dict[str, Any]:
        c = self._table.c
        now = server_micros()
        return {
            "token": bind(start, c.token.type),
            "owner": bind(start + 1, c.owner.type),
            "until": now + bind(start + 2, c.until.type),
            "changed": now,
            "attempts": c.attempts + constant("1"),
        }

    def _say_take(self, priorities: tuple[int, ...], share: Share | None) -> Any:
        """Look into the index for one priority after the other, until there are enough."""
        c, hold = self._table.c, self._tables.hold
        looks = (
            sa.values(sa.column("priority", c.priority.type), name="p", literal_binds=True)
            .data([(priority,) for priority in priorities])
            .alias("p")
        )
        # Asked once a statement, not once a job.
        held = sa.select(hold.c.grp).where(hold.c.queue == bind(0, c.queue.type))
        n = bind(1, sa.BigInteger())
        place = constant("tf_job.ctid")
        first = (
            sa.select(place.label("place"))
            .select_from(self._table)
            .where(
                c.queue == bind(0, c.queue.type),
                c.priority == looks.c.priority,
                *self._free(),
                c.grp.not_in(held),
                *self._of(share),
            )
            .order_by(c.due, c.id)
            .limit(n)
            .with_for_update(skip_locked=True)
            .lateral("first")
        )
        taken = sa.select(first.c.place).select_from(looks.join(first, sa.true())).limit(n)
        # What is locked cannot move, so where it lies is the quickest way back to it. What was
        # changed after this statement began is locked as it is now, where the statement does not
        # see it: it is left for the next claim.
        return (
            sa.update(self._table)
            .where(place == sa.any_(sa.func.array(taken.scalar_subquery())))
            .values(self._leased(2))
            .returning(*self._columns())
        )

    def _say_due_rows(self, share: Share | None) -> Any:
        return self._next(share, *self._columns(), self._table.c.uid)

    def _say_mark(self, number: int) -> Any:
        c = self._table.c
        return (
            sa.update(self._table)
            .where(among(c.uid, 3, number), *self._free())
            .values(self._leased(0))
        )

    def _say_marked(self, number: int) -> Any:
        c = self._table.c
        return sa.select(c.uid, c.attempts).where(
            c.token == bind(0, c.token.type), among(c.uid, 1, number)
        )

    def _ended(self) -> dict[str, Any]:
        c = self._table.c
        now = server_micros()
        return {
            "state": bind(0, c.state.type),
            "due": sa.func.coalesce(bind(1, c.due.type), now),
            "reason": bind(2, c.reason.type),
            "token": constant("''"),
            "until": constant("0"),
            "changed": now,
        }

    # A token stands as long as its lease does, so a state says nothing more about it; the
    # server would take it for a reason to look through all that is open.

    def _say_end(self) -> Any:
        c = self._table.c
        many = bind(4, postgresql.ARRAY(c.id.type))
        ended = (
            sa.update(self._table)
            .where(
                c.queue == bind(3, c.queue.type),
                c.id == sa.any_(many),
                c.token == bind(5, c.token.type),
            )
            .values(self._ended())
            .returning(c.id)
            .cte("ended")
        )
        # All of them, most of the time: a number is less to send and to read than they are.
        missing = sa.func.count() < sa.func.cardinality(many)
        ids = sa.case((missing, sa.func.array_agg(ended.c.id)))
        return sa.select(sa.func.count(), ids).select_from(ended)

    def _say_ours(self, number: int) -> Any:
        c = self._table.c
        return (
            sa.select(c.uid)
            .where(among(c.uid, 1, number), c.token == bind(0, c.token.type))
            .with_for_update()
        )

    def _say_ended(self, number: int) -> Any:
        c = self._table.c
        return (
            sa.update(self._table)
            .where(among(c.uid, 4, number), c.token == bind(3, c.token.type))
            .values(self._ended())
        )

    def _say_known(self, number: int) -> Any:
        return sa.select(self._table.c.uid).where(among(self._table.c.uid, 0, number))


def sorted_jobs(queue: str, token: str, rows: Sequence[Any]) -> list[Job]:
    """Make jobs of rows, in the order of a claim."""
    return [
        Job(row[2], queue, row[3], row[6], row[4], token, row[5], row[0]) for row in sorted(rows)
    ]


def _stand(outcome: Outcome) -> tuple[int, int | None, str]:
    match outcome:
        case Done():
            return DONE, None, ""
        case Retry(due):
            return QUEUED, micros(due), ""
        case Parked(reason):
            return PARKED, None, reason
