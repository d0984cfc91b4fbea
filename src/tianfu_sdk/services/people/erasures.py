"""Erasing a subject, and erasing again what a restored copy brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import attrs

from tianfu_sdk.core.rows.kinds import (
    ACCOUNT,
    CONTACT_PERSON,
    EXPERT,
    QUESTION,
    REGISTRATION,
    SUBJECT_KEY,
    SUBSCRIBER,
    kind_of,
)
from tianfu_sdk.errors import Denied
from tianfu_sdk.ports.storage import Scrubbing
from tianfu_sdk.services.content.enrolment import forget_registration
from tianfu_sdk.services.content.question_groups import forget_question, hand_back
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.people.traces import blank_messages, claims_of, drop_claims, drop_receipts
from tianfu_sdk.services.sms.caps import forget_contacts
from tianfu_sdk.services.sms.parts import forget_phone
from tianfu_sdk.services.sms.reach import drop_reach

__all__ = ["Erasures", "forget"]

_BATCH = 100


def forget(work: Work, subject: str, claims: Sequence[str] | None = None) -> bool:
    """Erase one subject inside an open change; gives whether anything was there.

    Whoever erases calls this, `Erasures.replay` too, so that what a restored backup brought
    back goes the same way. It may be called for a subject who is gone already.

    Gone are the subject's key, without which nothing that is sealed can be opened by anybody,
    the row itself, and what tells of it elsewhere. An account's row stays, because grants and
    approvals hang on its random ids: without its post, out of service, and tied to nobody.
    Opt-outs stay, by blind index only; a registration stays in the figures of its activity.

    Args:
        work: The open change, of the system or of who asked for it.
        subject: Random id, such as `sub_01…`.
        claims: Of an account, what `traces.claims_of` gave; None: it is looked for here.
    """
    shelf = kind_of(subject)
    # While the phone can still be opened: messages are found by it.
    blanked = blank_messages(work, subject) if shelf is SUBSCRIBER else 0
    rows = work.tx.get(SUBJECT_KEY.name, [subject])
    work.tx.delete(SUBJECT_KEY.name, [(row.id, row.version) for row in rows])
    if shelf is SUBSCRIBER:
        return _forget_subscriber(work, subject) or blanked > 0 or bool(rows)
    if shelf is ACCOUNT:
        return _forget_account(work, subject, claims)
    if shelf is REGISTRATION:
        return forget_registration(work, subject) or bool(rows)
    if shelf is QUESTION:
        return forget_question(work, subject) or bool(rows)
    if shelf is EXPERT:
        hand_back(work, subject)
    if shelf in (EXPERT, CONTACT_PERSON):
        there = work.tx.get(shelf.name, [subject])
        work.tx.delete(shelf.name, [(row.id, row.version) for row in there])
        return bool(there or rows)
    return bool(rows)


def _forget_subscriber(work: Work, subject: str) -> bool:
    rows = work.tx.get(SUBSCRIBER.name, [subject])
    for row in rows:
        name = f"phone.{row.keys['organization']}"
        work.drop_unique(SUBSCRIBER.name, name, row.keys["phone_ix"].hex())
        forget_phone(work, row.keys["phone_ix"])
    work.tx.delete(SUBSCRIBER.name, [(row.id, row.version) for row in rows])
    forget_contacts(work, subject)
    drop_reach(work, [subject])
    drop_receipts(work, subject)
    return bool(rows)


def _forget_account(work: Work, subject: str, claims: Sequence[str] | None) -> bool:
    rows = work.tx.get(ACCOUNT.name, [subject])
    if not rows:
        return False
    tied = drop_claims(work, claims_of(work, subject) if claims is None else claims)
    known = work.noun(ACCOUNT, rows[0])
    blank = attrs.evolve(known, label="", active=False)
    if blank != known:
        work.put(ACCOUNT, blank, work.placed(known.organization)[1])
    return tied or blank != known


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
        if erased and isinstance(self._tools.store, Scrubbing):
            self._tools.store.scrub()
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
