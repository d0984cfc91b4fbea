"""What a store refuses at its border, apart from a row and a query (`Kind` checks those)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import (
    LONGEST_ID,
    LONGEST_KEY,
    LONGEST_PAGE,
    JobInfo,
    Key,
    Kind,
    NewJob,
    Outcome,
    Retry,
    Row,
)

__all__ = [
    "check_lease",
    "check_loaded",
    "check_loaded_job",
    "check_moment",
    "check_name",
    "check_new_job",
    "check_outcome",
    "check_page",
    "check_rows",
]

_TEXT = Key("text")
_LAST_PRIORITY = 9
_LARGEST = 2**31 - 1
_INT = 2**63


def check_name(value: str, path: str) -> None:
    """Refuse a name of a stream, queue, group or owner that a store cannot keep.

    Args:
        value: 1 to 64 characters, no NUL, no lone surrogates.
        path: What it names, for the error.

    Raises:
        Invalid: `storage.empty_id`, `storage.key_type`, `storage.key_too_long`,
            `storage.key_characters`.
    """
    _check_short(value, path)
    if not value:
        raise Invalid("storage.empty_id", path=path)


def check_page(number: int, path: str = "limit", most: int = LONGEST_PAGE) -> None:
    """Refuse a number of rows, events, jobs or hits that is not 1 to `most`.

    Args:
        number: What is asked for.
        path: Name of the argument, for the error.
        most: Largest number allowed.

    Raises:
        Invalid: `storage.limit`.
    """
    if not 1 <= number <= most:
        raise Invalid("storage.limit", path=path, most=most)


def check_new_job(job: NewJob) -> None:
    """Refuse a job that a queue cannot keep; its key is checked where it is made.

    Args:
        job: To be enqueued.

    Raises:
        Invalid: As in `check_name`, `storage.priority`, `field.naive_time`.
    """
    _check_short(job.group, "group")
    if not 0 <= job.priority <= _LAST_PRIORITY:
        raise Invalid("storage.priority", path="priority", value=job.priority)
    if job.due is not None:
        check_moment(job.due, "due")


def check_rows(kind: Kind, rows: Sequence[Row]) -> None:
    """Refuse rows of which a kind cannot hold one; raises `Invalid` that names the key."""
    if not _are_plain(kind, rows):
        for row in rows:
            kind.check_row(row)


def _are_plain(kind: Kind, rows: Sequence[Row]) -> bool:
    """Tell whether rows are as nearly all are, by few calls for many; `check_row` says the rest."""
    names, document = kind.by_name.keys(), kind.document
    if any(key.many or key.type not in {"str", "int"} for key in kind.keys):
        return False
    if not all(row.keys.keys() == names for row in rows):
        return False
    ids = [row.id for row in rows]
    texts = [row.keys[key.name] for key in kind.keys if key.type == "str" for row in rows]
    numbers = [row.keys[key.name] for key in kind.keys if key.type == "int" for row in rows]
    try:
        return (
            all(ids)
            and all((row.doc is not None) is document for row in rows)
            and "".join(ids).isprintable()
            and "".join(texts).isprintable()
            and max(map(len, ids), default=0) <= LONGEST_ID
            and max(map(len, texts), default=0) <= LONGEST_KEY
            and set(map(type, numbers)) <= {int}
            and max(map(abs, numbers), default=0) < _INT
        )
    except TypeError:
        return False


def check_loaded(row: Row) -> None:
    """Refuse a row of another store that was never stored there.

    Args:
        row: To be stored as it stands.

    Raises:
        Invalid: `storage.load_version`.
    """
    if not 1 <= row.version <= _LARGEST:
        raise Invalid("storage.load_version", path="version", value=row.version)


def check_loaded_job(job: JobInfo) -> None:
    """Refuse a job of another store that a queue cannot keep.

    Args:
        job: To be stored as it stands.

    Raises:
        Invalid: As in `check_name`, `storage.priority`, `storage.attempts`,
            `field.naive_time`.
    """
    check_new_job(NewJob(job.key, job.body, job.due, job.priority, job.group))
    if not 0 <= job.attempts <= _LARGEST:
        raise Invalid("storage.attempts", path="attempts", value=job.attempts)


def check_outcome(outcome: Outcome) -> None:
    """Refuse an outcome that cannot be stored.

    Args:
        outcome: Of a claimed job.

    Raises:
        Invalid: `field.naive_time`.
    """
    if isinstance(outcome, Retry):
        check_moment(outcome.due, "due")


def check_lease(lease: timedelta) -> None:
    """Refuse a lease that is over before it begins.

    Args:
        lease: How long a claim is to last.

    Raises:
        Invalid: `storage.lease`.
    """
    if lease <= timedelta(0):
        raise Invalid("storage.lease", path="lease")


def check_moment(moment: datetime, path: str) -> None:
    """Refuse a time without a zone.

    Args:
        moment: To be compared with the store's clock.
        path: Name of the argument, for the error.

    Raises:
        Invalid: `field.naive_time`.
    """
    if moment.tzinfo is None:
        raise Invalid("field.naive_time", path=path)


def _check_short(value: str, path: str) -> None:
    _TEXT.check(value, path)
    if len(value) > LONGEST_ID:
        raise Invalid("storage.key_too_long", path=path, length=len(value), longest=LONGEST_ID)
