"""What goes wrong between here and the bucket, as the library's own errors.

The words of the server and of the driver stay behind: an answer to a wrong signature repeats
the key's id and what was signed. What is told is the status and S3's own name of the error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from tianfu_sdk import StorageError, StorageFull, StorageUnavailable

__all__ = ["refused", "status_of", "typed", "unreachable"]

_STATUS = re.compile(r"status code: (\d{3})")
_NAME = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_FULL = 507
_SERVERS = 500


def status_of(error: BaseException) -> int:
    """Give the status of an HTTP answer that an error of the driver tells of; 0: there was none."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0


@contextlib.contextmanager
def typed(place: str) -> Iterator[None]:
    """Turn errors of the driver into the library's own.

    Args:
        place: Of the bucket, for the text; without credentials.

    Raises:
        StorageUnavailable: `s3.unreachable`, no answer, or one that may be another soon.
        StorageFull: `storage.full`.
        StorageError: `s3.refused`, an answer that stays as it is: no rights, no such bucket.
    """
    try:
        yield
    # OSError: the driver tells of a missing bucket or key as FileNotFoundError.
    except (BaseError, OSError, ValueError) as error:
        name = _NAME.search(str(error))
        raise _as_ours(error, status_of(error), name[1] if name else "", place) from None


def _as_ours(error: Exception, status: int, name: str, place: str) -> StorageError:
    denied = isinstance(error, (PermissionDeniedError, UnauthenticatedError))
    if status == _FULL:
        return StorageFull("storage.full", place=place)
    if denied or isinstance(error, FileNotFoundError) or 0 < status < _SERVERS:
        return refused(place, status, name)
    return unreachable(place, status, name)


def refused(place: str, status: int, name: str) -> StorageError:
    """Make the error of an answer that stays as it is."""
    what = " ".join(part for part in (str(status or ""), name) if part) or "-"
    return StorageError(
        "s3.refused",
        f"{place} refuses it: {what} (存储桶拒绝：{what})",
        hint="look at the bucket's name, its rights, and the clock of this machine",
        status=status,
    )


def unreachable(place: str, status: int, name: str) -> StorageUnavailable:
    """Make the error of no answer, or of one that may be another soon."""
    what = " ".join(part for part in (str(status or ""), name) if part) or "no answer"
    return StorageUnavailable(
        "s3.unreachable",
        f"{place} cannot be reached: {what} (存储桶无法访问：{what})",
        hint="try again; look at the endpoint and the network",
        status=status,
    )
