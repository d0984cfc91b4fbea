"""What goes wrong inside tantivy, as the library's own errors.

The driver tells most of it as `ValueError` with words, and a panic of its own as an exception
that is none (`PanicException` is a `BaseException`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tianfu_sdk import StorageBusy, StorageCorrupt, StorageError, StorageFull, TianfuError

__all__ = ["busy", "is_busy", "replaced", "typed"]

_BUSY = ("LockBusy", "LockFailure")
_FULL = ("os error 28", "No space left", "os error 122", "StorageFull")
_DENIED = (
    *("os error 13", "os error 30", "Permission denied", "Read-only"),
    *("Not a directory", "File exists"),
)
_DAMAGED = (
    "corrupt",
    "Failed to open file for read",
    "InvalidData",
    "InvalidSegment",
    "DoesNotExist",
    "Incompatible",
    "Unable to",
    "deserialize",
)
_SHOWN = 200


def is_busy(error: BaseException) -> bool:
    """Tell whether somebody else has the one writer."""
    return any(word in str(error) for word in _BUSY)


def busy(place: str, seconds: float) -> StorageBusy:
    """Make the error of who waited for the one writer in vain."""
    return StorageBusy(
        "tantivy.busy",
        f"{place} has been fed by another for more than {seconds:g} s"
        f"（另一进程占用索引写入已超过 {seconds:g} 秒）",
        hint="one worker feeds an index: leave it to them, or try again",
        seconds=seconds,
    )


def replaced(place: str) -> StorageBusy:
    """Make the error of who feeds from a mark of an index that is not the current one any more."""
    return StorageBusy(
        "tantivy.replaced",
        f"{place} was built anew meanwhile（索引已被重建）",
        hint="read the mark again: the next run of the worker does",
        seconds=0,
    )


@contextlib.contextmanager
def typed(place: str, *, reading: bool = False) -> Iterator[None]:
    """Turn errors of the driver into the library's own.

    Args:
        place: Folder of the index, for the text.
        reading: What fails to be read is damaged, whatever the driver says.

    Raises:
        StorageCorrupt: `tantivy.corrupt`; only rebuilding mends it.
        StorageFull: `storage.full`.
        StorageError: `tantivy.failed`.
    """
    try:
        yield
    except TianfuError:
        # Such as one of the store, out of which documents are read.
        raise
    except BaseException as error:
        # A panic is no `Exception`; whatever else is none is not the driver's.
        panicked = type(error).__name__ == "PanicException"
        if not (panicked or isinstance(error, (ValueError, OSError, RuntimeError))):
            raise
        raise _as_ours(error, place, damaged=panicked or reading) from None


def _as_ours(error: BaseException, place: str, *, damaged: bool) -> StorageError:
    said = str(error)
    if any(word in said for word in _FULL):
        return StorageFull("storage.full", place=place)
    if any(word in said for word in _DENIED):
        return _failed(place, said)
    if damaged or any(word in said for word in _DAMAGED):
        return StorageCorrupt(
            "tantivy.corrupt",
            f"the index in {place} is damaged, or another version made it（索引已损坏或版本不符）",
            hint="rebuild it from the store: tianfu doctor --rebuild-index",
            place=place,
        )
    return _failed(place, said)


def _failed(place: str, said: str) -> StorageError:
    # The driver names files and reasons, never what a document holds.
    return StorageError(
        "tantivy.failed",
        f"the index in {place} cannot be used: {said[:_SHOWN]}（索引无法使用）",
        hint="look at the rights and the room of the folder, then let the worker try again",
        place=place,
    )
