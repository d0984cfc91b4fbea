"""The desk of jobs: what is queued, what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tianfu_sdk.model.account import Action
from tianfu_sdk.model.storage import JobInfo, JobState
from tianfu_sdk.services.work import Desk, Work

__all__ = ["Jobs"]


class Jobs(Desk):
    """Look at the outbox and re-drive what is parked.

    For the system, and for accounts whose grant to read or manage kind `job` covers the
    home of the first organization: jobs of all organizations stand in one queue. Safe to
    share between threads.
    """

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
            queue: Such as `sms`.
            state: Only those that stand so.
            after: Id of the last job seen.
            limit: 1 to 1,000.
        """

        def read(work: Work) -> list[JobInfo]:
            work.allow_everywhere(Action.READ, "job")
            wanted = None if state is None else JobState.of(state, "state")
            return work.tx.jobs(queue, wanted, after, limit)

        return self._read(read)

    def release(self, queue: str, ids: Sequence[int]) -> int:
        """Queue parked jobs again; gives how many were parked."""

        def write(work: Work) -> int:
            work.allow_everywhere(Action.MANAGE, "job")
            released = work.tx.release(queue, ids)
            work.record("job.released", kind="job", subject=queue, data={"count": released})
            return released

        return self._write(write)

    def purge(self, queue: str, before: datetime, limit: int = 1000) -> int:
        """Forget done and dropped jobs last changed before a moment; gives how many.

        Args:
            queue: Such as `sms`.
            before: Older than any repeat of a key that can come.
            limit: At most.
        """

        def write(work: Work) -> int:
            work.allow_everywhere(Action.MANAGE, "job")
            return work.tx.purge(queue, before, limit)

        return self._write(write)
