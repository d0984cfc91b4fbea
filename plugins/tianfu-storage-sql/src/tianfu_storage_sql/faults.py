"""What goes wrong on a server, by code and never by words, and what we say then."""

from __future__ import annotations

import enum
from typing import Any

from tianfu_sdk.errors import (
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)

__all__ = ["Fault", "told"]


class Fault(enum.Enum):
    """What a driver's error means to a transaction."""

    AGAIN = "again"
    """A failure to serialise, a deadlock, a failed certification: call the body again."""
    BUSY = "busy"
    """A lock was not had in time."""
    CORRUPT = "corrupt"
    CROWDED = "crowded"
    """The server takes no more connections."""
    DENIED = "denied"
    """User or password are wrong, or the user may not do this."""
    DUPLICATE = "duplicate"
    FULL = "full"
    LOST = "lost"
    """The connection is gone."""
    MISSING = "missing"
    """A table is not there: the store was perhaps migrated since it was opened."""
    NO_DATABASE = "no_database"
    NO_PRIMARY = "no_primary"
    """Servers answer, and none of them takes writes: a standby is not promoted yet."""
    READ_ONLY = "read_only"
    REFUSED = "refused"
    """Nobody answers under that address."""
    TOO_LARGE = "too_large"
    OTHER = "other"


_SAID: dict[Fault, tuple[type[StorageError], str]] = {
    Fault.AGAIN: (StorageBusy, "storage.contended"),
    Fault.BUSY: (StorageBusy, "storage.busy"),
    Fault.CORRUPT: (StorageCorrupt, "storage.corrupt"),
    Fault.CROWDED: (StorageUnavailable, "storage.crowded"),
    Fault.DENIED: (StorageUnavailable, "storage.denied"),
    Fault.FULL: (StorageFull, "storage.full"),
    Fault.LOST: (StorageUnavailable, "storage.lost"),
    Fault.NO_DATABASE: (StorageUnavailable, "storage.no_database"),
    Fault.NO_PRIMARY: (StorageUnavailable, "storage.no_primary"),
    Fault.READ_ONLY: (StorageReadOnly, "storage.read_only"),
    Fault.REFUSED: (StorageUnavailable, "storage.refused"),
    Fault.TOO_LARGE: (StorageError, "storage.too_large"),
}


def told(fault: Fault, place: str, cause: BaseException, **values: Any) -> StorageError:
    """Make our error of a driver's.

    Args:
        fault: What it means.
        place: The address without user and password.
        cause: The driver's error; only its class and its code are told, since its text may
            quote what was written.
        **values: What else the text of the code names.
    """
    kind, code = _SAID.get(fault, (StorageError, "storage.failed"))
    number = getattr(cause, "sqlstate", None) or next(iter(cause.args), None)
    driver = type(cause).__name__
    if isinstance(number, int) or (isinstance(number, str) and number.isalnum()):
        driver = f"{driver} {number}"
    hint = None
    if fault is Fault.READ_ONLY:
        hint = "this server only reads: name the primary, or both with target_session_attrs"
    return kind(code, place=place, driver=driver, hint=hint, **values)
