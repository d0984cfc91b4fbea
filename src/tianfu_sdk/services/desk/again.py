"""A change that is made again where somebody else was quicker with one of its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tianfu_sdk.errors import Conflict

__all__ = ["until_done"]

T = TypeVar("T")
_TRIES = 20


def until_done(change: Callable[[], T]) -> T:
    """Make a change that reads anew all that it writes, again after each conflict.

    Args:
        change: One transaction.

    Raises:
        Conflict: Any but `storage.version`; that one after 20 tries.
    """
    for _ in range(_TRIES - 1):
        try:
            return change()
        except Conflict as error:
            if error.code != "storage.version":
                raise
    return change()
