"""The port of events that are taken away as files, for who evaluates them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from tianfu_sdk.model.event import Event, EventExport

__all__ = ["EventFiles", "EventPage"]

EventPage = tuple[list[tuple[str, Event]], str | None]
"""Events with their cursors, and the cursor of the last that was looked at."""


class EventFiles(Protocol):
    """One place that events are exported to, again and again."""

    def run(
        self,
        after: str | None,
        pages: Callable[[str | None], Iterator[EventPage]],
        progress: Callable[[int], None] | None = None,
    ) -> EventExport:
        """Write what is new since the last run, whole or not at all.

        Args:
            after: Cursor to begin after in a place without an export; None: where the last
                run ended.
            pages: Gives the events behind a cursor.
            progress: Called with the number of events now and then.

        Raises:
            PluginError: `extra.missing`.
            Conflict: `export.begun`, `export.not_yours`, `export.busy`.
            StorageFull: `storage.full`.
            StorageError: `storage.io`.
        """
        ...
