"""Jobs as people see them: list, release, hold, drop, purge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from tianfu_sdk.core.rows.border import check_loaded_job, check_moment, check_name, check_page
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.storage import JobInfo, JobState
from tianfu_storage_sql.faults import Fault
from tianfu_storage_sql.jobs import DONE, DROPPED, LEASED, PARKED, QUEUED, SHARDS, micros, uid_of
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text, bind, compiled, constant, server_micros

__all__ = ["Listing"]

_STATES = (JobState.QUEUED, JobState.LEASED, JobState.DONE, JobState.PARKED, JobState.DROPPED)
_MICROSECOND = timedelta(microseconds=1)


class Listing:
    """The verbs of people.

    Args:
        tables: In the driver's dialect.
        driver: Knows what a duplicate is.
        stamped: Whether ids are given with the jobs, and not counted by the server.
    """

    def __init__(self, tables: Tables, driver: Driver, *, stamped: bool = False) -> None:
        self._driver = driver
        self._stamped = stamped
        job, hold = tables.job, tables.hold
        c, h = job.c, hold.c
        queue, group = bind(0, c.queue.type), bind(1, c.grp.type)
        now = server_micros()

        def said(statement: Any) -> Text:
            return compiled(statement, driver.dialect)

        self._streams = Text("SELECT DISTINCT stream FROM tf_event", ())
        self._queues = Text("SELECT queue FROM tf_job UNION SELECT queue FROM tf_hold", ())
        self._holds = said(sa.select(h.grp).where(h.queue == queue))
        on_hold = sa.select(constant("1")).select_from(hold)
        on_hold = on_hold.where(h.queue == c.queue, h.grp == c.grp)
        self._first = said(
            sa.select(c.due)
            .where(
                c.queue == queue,
                c.priority == bind(1, c.priority.type),
                c.state == constant(str(QUEUED)),
                c.token == constant("''"),
                ~sa.exists(on_hold),
            )
            .order_by(c.due, c.id)
            .limit(constant("1"))
        )
        self._load = said(_loading(job, stamped=stamped))
        self._there = said(sa.select(c.uid).where(c.uid == bind(0, c.uid.type)))
        leased = c.token != constant("''")
        stands = sa.case((leased, constant(str(LEASED))), else_=c.state)
        due = sa.case((leased, c.until), else_=c.due)
        columns = (c.id, c.job_key, stands, due, c.attempts, c.priority, c.grp, c.reason, c.body)
        listed = (
            sa.select(*columns)
            .where(c.queue == queue, c.id > bind(1, c.id.type))
            .order_by(c.id)
            .limit(bind(2, sa.BigInteger()))
        )
        self._all = said(listed)
        # A state is said in the text, so that a partial index can serve it.
        asked = [c.state == constant(str(n)) for n in range(len(_STATES))]
        asked[LEASED] = sa.and_(c.state == constant(str(QUEUED)), leased)
        asked[QUEUED] = sa.and_(c.state == constant(str(QUEUED)), ~leased)
        self._by_state = [said(listed.where(each)) for each in asked]
        self._release = said(
            sa.update(job)
            .where(c.queue == queue, c.id == bind(1, c.id.type), c.state == constant(str(PARKED)))
            .values(
                state=constant(str(QUEUED)),
                due=now,
                reason=constant("''"),
                attempts=constant("0"),
                changed=now,
            )
        )
        self._held = said(sa.select(h.grp).where(h.queue == queue, h.grp == group))
        self._hold = said(sa.insert(hold).values(queue=queue, grp=group))
        self._unhold = said(sa.delete(hold).where(h.queue == queue, h.grp == group))
        waiting = c.state.in_([constant(str(QUEUED)), constant(str(PARKED))])
        self._drop = said(
            sa.update(job)
            .where(c.queue == queue, c.grp == group, waiting, ~leased)
            .values(state=constant(str(DROPPED)), changed=now)
        )
        ended = c.state.in_([constant(str(DONE)), constant(str(DROPPED))])
        self._old = said(
            sa.select(c.uid)
            .where(c.queue == queue, ended, c.changed < bind(1, c.changed.type))
            .order_by(c.id)
            .limit(bind(2, sa.BigInteger()))
        )
        self._forget = said(sa.delete(job).where(c.uid == bind(0, c.uid.type), ended))

    # Sorted here: by code point, whatever the server's order of a set is.

    def streams(self, session: Session) -> list[str]:
        """Give the streams that have events."""
        return sorted(row[0] for row in session.rows(self._streams, ()))

    def queues(self, session: Session) -> list[str]:
        """Give the queues that have jobs or held groups."""
        return sorted(row[0] for row in session.rows(self._queues, ()))

    def holds(self, session: Session, queue: str) -> list[str]:
        """Give the groups of a queue that are on hold."""
        check_name(queue, "queue")
        return sorted(row[0] for row in session.rows(self._holds, (queue,)))

    def first_due(self, session: Session, queue: str) -> datetime | None:
        """Give when the first queued job that is not held is due."""
        check_name(queue, "queue")
        # Priority by priority, so that each is one look into the index.
        looks = (session.rows(self._first, (queue, priority)) for priority in range(10))
        found = [rows[0][0] for rows in looks if rows]
        return EPOCH + min(found) * _MICROSECOND if found else None

    def load(
        self,
        session: Session,
        queue: str,
        jobs: Sequence[JobInfo],
        stamps: Callable[[int], list[int]],
    ) -> None:
        """Add jobs as they stand."""
        check_name(queue, "queue")
        values: list[tuple[Any, ...]] = []
        for job in jobs:
            check_loaded_job(job)
            uid = uid_of(queue, job.key)
            state = QUEUED if job.state is JobState.LEASED else _STATES.index(job.state)
            head = (uid, queue, job.key, job.body, state, micros(job.due), job.priority)
            values.append((*head, job.group, job.attempts, job.reason, uid[0] % SHARDS))
        if self._stamped:
            given = zip(values, stamps(len(values)), strict=True)
            values = [(*value, id_) for value, id_ in given]
        known = self._known(session, queue, [job.key for job in jobs])
        if not known:
            try:
                session.change_many(self._load, values)
            except self._driver.errors as error:
                if self._driver.fault(error) is not Fault.DUPLICATE:
                    raise
                # Somebody else was quicker; which of them, nobody can ask any more.
                session.failure = None
                known = tuple(job.key for job in jobs)
        if known:
            raise Conflict("storage.job_known", path=queue, ids=known)

    def _known(self, session: Session, queue: str, keys: Sequence[str]) -> tuple[str, ...]:
        counts = Counter(keys)
        uids = {uid_of(queue, key): key for key in counts}
        there = [row[0] for uid in uids for row in session.rows(self._there, (uid,))]
        known = {uids[bytes(uid)] for uid in there}
        return tuple(key for key, count in counts.items() if key in known or count > 1)

    def jobs(
        self, session: Session, queue: str, state: JobState | None, after: int | None, limit: int
    ) -> list[JobInfo]:
        """List jobs by id."""
        check_name(queue, "queue")
        check_page(limit)
        text = self._all if state is None else self._by_state[_STATES.index(state)]
        return [
            JobInfo(r[0], queue, r[1], _STATES[r[2]], EPOCH + r[3] * _MICROSECOND, *r[4:])
            for r in session.rows(text, (queue, after or 0, limit))
        ]

    def release(self, session: Session, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again."""
        check_name(queue, "queue")
        return session.change_many(self._release, [(queue, id_) for id_ in dict.fromkeys(ids)])

    def hold(self, session: Session, queue: str, group: str) -> None:
        """Hold a group."""
        check_name(queue, "queue")
        check_name(group, "group")
        if session.rows(self._held, (queue, group)):
            return
        session.do("SAVEPOINT tf_hold")
        try:
            session.change(self._hold, (queue, group))
        except self._driver.errors as error:
            if self._driver.fault(error) is not Fault.DUPLICATE:
                raise
            session.failure = None
            session.do("ROLLBACK TO SAVEPOINT tf_hold")

    def unhold(self, session: Session, queue: str, group: str) -> None:
        """Let a group go on."""
        check_name(queue, "queue")
        check_name(group, "group")
        session.change(self._unhold, (queue, group))

    def drop(self, session: Session, queue: str, group: str) -> int:
        """Cancel a group's queued and parked jobs."""
        check_name(queue, "queue")
        check_name(group, "group")
        return session.change(self._drop, (queue, group))

    def purge(self, session: Session, queue: str, before: datetime, limit: int) -> int:
        """Forget old done and dropped jobs."""
        check_name(queue, "queue")
        check_moment(before, "before")
        check_page(limit)
        old = session.rows(self._old, (queue, micros(before), limit))
        return session.change_many(self._forget, [(row[0],) for row in old])


def _loading(job: sa.Table, *, stamped: bool) -> sa.Insert:
    names = ("uid", "queue", "job_key", "body", "state", "due", "priority", "grp", "attempts")
    more = ("reason", "shard", "id") if stamped else ("reason", "shard")
    values: dict[str, Any] = {
        name: bind(place, job.c[name].type) for place, name in enumerate((*names, *more))
    }
    blank = constant("''")
    return sa.insert(job).values(
        **values, token=blank, owner=blank, until=constant("0"), changed=server_micros()
    )
