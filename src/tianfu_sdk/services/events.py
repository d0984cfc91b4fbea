"""The desk of events: read what happened, at least once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tianfu_sdk import codec
from tianfu_sdk.core.filters import matches
from tianfu_sdk.core.kinds import MARK, Placed, place_keys
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.storage import Cursor, Group, Row
from tianfu_sdk.services.work import EVENTS, Desk, Work

__all__ = ["Events"]

EVENT = "event"
"""What a grant to read events names."""


class Events(Desk):
    """Read the stream of events. Safe to share between threads.

    The system reads all of it; an account with a grant to read kind `event` what happened
    in the regions and organizations that its grants cover. What has no place, such as an
    inbound message, is for the system.
    """

    def read(self, after: str | None = None, limit: int = 100) -> list[tuple[str, Event]]:
        """Give events after a cursor, oldest first, each with its own cursor.

        Args:
            after: Cursor of the last event seen; None: from the beginning.
            limit: 1 to 1,000.

        Returns:
            Fewer than `limit` only at the end of the stream.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to read kind `event`.
            Invalid: `storage.cursor`, `storage.limit`.
        """
        found: list[tuple[str, Event]] = []
        while True:
            some, passed, over = self._read(
                lambda work, c=after: _part(work, c, limit)  # type: ignore[misc]
            )
            found += some
            if over or len(found) >= limit:
                return found[:limit]
            after = passed

    def __iter__(self) -> Iterator[Event]:
        after: str | None = None
        while found := self.read(after, 500):
            yield from (event for _, event in found)
            after = found[-1][0]

    def consume(
        self, name: str, handle: Callable[[Event], None], *, limit: int = 1000, batch: int = 100
    ) -> int:
        """Hand every event to a function, and remember how far it got.

        At least once: the mark moves after a batch was handled, so what was handled when
        the process died is handed out again.

        Args:
            name: Of the consumer; each has its own mark.
            handle: Called once an event, in order; if it raises, the mark stays.
            limit: Events at most.
            batch: Events a mark.

        Returns:
            How many were handled.
        """
        if not name or len(name) > 40:  # noqa: PLR2004 - fits an id
            raise Invalid("events.bad_name", path="name")
        done = 0
        while done < limit:
            mark = self._read(lambda work: _mark(work, name))
            found = self.read(mark, min(batch, limit - done))
            for _, event in found:
                handle(event)
            if not found:
                break
            last = found[-1][0]
            self._write(lambda work, c=last: _set_mark(work, name, c))  # type: ignore[misc]
            done += len(found)
        return done


def _demand_reader(work: Work) -> None:
    if not work.actor.system and not work.scope(Action.READ, EVENT):
        raise Denied("grant.missing", action=Action.READ.value, kind=EVENT)


def _part(
    work: Work, after: str | None, limit: int
) -> tuple[list[tuple[str, Event]], str | None, bool]:
    """Read entries; give what the actor may see of them, where they end, and if that is all."""
    _demand_reader(work)
    entries = work.tx.read(EVENTS, Cursor(after) if after else None, limit)
    groups = work.scope(Action.READ, EVENT)
    read = ((str(entry.cursor), codec.loads(Event, entry.body)) for entry in entries)
    seen = [(cursor, event) for cursor, event in read if _covers(work, groups, event)]
    return seen, entries[-1].cursor if entries else after, len(entries) < limit


def _covers(work: Work, groups: tuple[Group, ...] | None, event: Event) -> bool:
    if groups is None:
        return True
    placed = Placed()
    tree = work.regions()
    try:
        if event.organization:
            placed = work.placed(event.organization, event.region or None)[1]
        elif event.region:
            placed = Placed(tree.levels(event.region))
    except NotFound:
        return False
    keys = place_keys(event.organization, placed)
    return any(matches(event.subject, keys, group) for group in groups)


def _mark(work: Work, name: str) -> str | None:
    rows = work.tx.get(MARK.name, [f"consumer:{name}"])
    return (rows[0].doc or b"").decode() if rows else None


def _set_mark(work: Work, name: str, cursor: str) -> None:
    _demand_reader(work)
    rows = work.tx.get(MARK.name, [f"consumer:{name}"])
    version = rows[0].version if rows else 0
    work.tx.put(MARK.name, [Row(f"consumer:{name}", version, cursor.encode())])
