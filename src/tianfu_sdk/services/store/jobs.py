"""The desk of jobs: what is queued, what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tianfu_sdk import catalogue
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.storage import JobInfo, JobState, JobView
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.sms.lanes import queue_of

__all__ = ["Jobs"]

_SMS = queue_of("")


class Jobs(Desk):
    """Look at the outbox and re-drive what is parked.

    For the system, and for accounts whose grant to read or manage kind `job` covers the
    home of the first organization: jobs of all organizations stand in one queue. Safe to
    share between threads.
    """

    def queues(self) -> Sequence[str]:
        """Name the queues that have jobs or held groups, such as `sms.file`."""

        def read(work: Work) -> Sequence[str]:
            work.allow_everywhere(Action.READ, "job")
            return work.tx.queues()

        return self._read(read)

    def list(
        self,
        queue: str,
        *,
        state: JobState | str | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> list[JobInfo]:
        """List jobs of a queue by id.

        Args:
            queue: Such as `sms.file`.
            state: Only those that stand so.
            after: Id of the last job seen.
            limit: 1 to 1,000.
        """

        def read(work: Work) -> list[JobInfo]:
            work.allow_everywhere(Action.READ, "job")
            wanted = None if state is None else JobState.of(state, "state")
            return work.tx.jobs(queue, wanted, after, limit)

        return self._read(read)

    def get(self, queue: str, id: int) -> JobView:  # noqa: A002 - the field's name
        """Give one job for people to look at: why it waits, and what may be done.

        What it carries is left out, because it may name persons.

        Args:
            queue: Such as `sms.file`.
            id: Of the job.

        Raises:
            NotFound: `noun.unknown`.
        """

        def read(work: Work) -> JobView:
            work.allow_everywhere(Action.READ, "job")
            found = work.tx.jobs(queue, None, id - 1, 1)
            if not found or found[0].id != id:
                raise NotFound("noun.unknown", path="id", kind="job", id=str(id)[:64])
            return _view(found[0], held=found[0].group in work.tx.holds(queue))

        return self._read(read)

    def release(self, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again; gives how many were parked."""

        def write(work: Work) -> int:
            work.allow_everywhere(Action.MANAGE, "job")
            released = work.tx.release(queue, ids)
            work.record("job.released", kind="job", subject=queue, data={"count": released})
            return released

        return self._write(write)

    def drop(self, queue: str, group: str) -> int:
        """Cancel the queued and parked jobs of a group for good; gives how many.

        Args:
            queue: Not one of SMS: `sms.cancel` drops a campaign with its messages.
            group: Of the jobs.

        Raises:
            Invalid: `job.campaign`, a queue of SMS.
        """
        if queue.startswith(_SMS):
            raise Invalid("job.campaign", path="queue", group=group[:64])

        def write(work: Work) -> int:
            work.allow_everywhere(Action.MANAGE, "job")
            dropped = work.tx.drop(queue, group)
            data: dict[str, Value] = {"count": dropped, "group": group}
            work.record("job.dropped", kind="job", subject=queue, data=data)
            return dropped

        return self._write(write)

    def purge(self, queue: str, before: datetime, limit: int = 1000) -> int:
        """Forget done and dropped jobs last changed before a moment; gives how many.

        Args:
            queue: Such as `sms.file`.
            before: Older than any repeat of a key that can come.
            limit: At most.
        """

        def write(work: Work) -> int:
            work.allow_everywhere(Action.MANAGE, "job")
            return work.tx.purge(queue, before, limit)

        return self._write(write)


def _view(job: JobInfo, *, held: bool) -> JobView:
    known = catalogue.ENTRIES.get(job.reason)
    return JobView(
        id=job.id,
        queue=job.queue,
        key=job.key,
        state=job.state,
        due=job.due,
        attempts=job.attempts,
        priority=job.priority,
        group=job.group,
        held=held,
        reason=job.reason,
        why=known.en if known else "",
        why_zh=known.zh if known else "",
        hint=known.hint_en if known else "",
        hint_zh=known.hint_zh if known else "",
    )
