"""Erasing again what a restored copy brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from tianfu_sdk.core.kinds import SUBJECT_KEY
from tianfu_sdk.errors import Denied
from tianfu_sdk.services.work import Desk, Work

__all__ = ["Erasures", "forget"]

_BATCH = 100


def forget(work: Work, subject: str) -> bool:
    """Erase one subject inside an open change; gives whether anything was there.

    Whoever erases calls this, `Erasures.replay` too, so that what a restored backup brought
    back goes the same way. It may be called for a subject who is gone already.

    Args:
        work: The open change, of the system or of who asked for it.
        subject: Random id, such as `sub_01…`.
    """
    rows = work.tx.get(SUBJECT_KEY.name, [subject])
    # Without this key nothing that is sealed for the subject can be opened by anybody.
    work.tx.delete(SUBJECT_KEY.name, [(row.id, row.version) for row in rows])
    return bool(rows)


class Erasures(Desk):
    """Keep the store and the erasure log in step; only for the system."""

    def replay(self, progress: Callable[[int], None] | None = None) -> int:
        """Erase every subject of the erasure log who is in the store again.

        Args:
            progress: Called with how many of the log were looked at.

        Returns:
            How many had come back and were erased.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            StorageCorrupt: `erasures.corrupt`.
        """
        if not self._actor.system:
            raise Denied("account.required")
        erased = done = 0
        subjects = self._subjects()
        while batch := list(islice(subjects, _BATCH)):
            erased += self._write(lambda work, b=batch: _forget_all(work, b))  # type: ignore[misc]
            done += len(batch)
            if progress is not None:
                progress(done)
        return erased

    def _subjects(self) -> Iterator[str]:
        seen: set[str] = set()
        for erasure in self._tools.erasures.read():
            if erasure.subject not in seen:
                seen.add(erasure.subject)
                yield erasure.subject


def _forget_all(work: Work, subjects: list[str]) -> int:
    back = sum(forget(work, subject) for subject in subjects)
    if back:
        work.record("erasure.replayed", kind="erasure", subject="log", data={"count": back})
    return back
