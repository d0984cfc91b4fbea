"""The desk of events: read what happened, at least once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tianfu_sdk import codec
from tianfu_sdk.core.kinds import MARK
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.storage import Cursor, Row
from tianfu_sdk.services.work import EVENTS, Desk, Work

__all__ = ["Events"]


class Events(Desk):
    """Read the stream of events. Safe to share between threads.

    Only an account with a grant to read kind `event`, or the system, may: events of all
    organizations stand in one stream.
    """

    def read(self, after: str | None = None, limit: int = 100) -> list[tuple[str, Event]]:
        """Give events after a cursor, oldest first, each with its own cursor.

        Args:
            after: Cursor of the last event seen; None: from the beginning.
            limit: 1 to 1,000.
        """

        def read(work: Work) -> list[tuple[str, Event]]:
            _demand_reader(work)
            found = work.tx.read(EVENTS, Cursor(after) if after else None, limit)
            return [(entry.cursor, codec.loads(Event, entry.body)) for entry in found]

        return self._read(read)

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
    if not work.actor.system and not work.scope(Action.READ, "event"):
        raise Denied("grant.missing", action="read", kind="event")


def _mark(work: Work, name: str) -> str | None:
    rows = work.tx.get(MARK.name, [f"consumer:{name}"])
    return (rows[0].doc or b"").decode() if rows else None


def _set_mark(work: Work, name: str, cursor: str) -> None:
    _demand_reader(work)
    rows = work.tx.get(MARK.name, [f"consumer:{name}"])
    version = rows[0].version if rows else 0
    work.tx.put(MARK.name, [Row(f"consumer:{name}", version, cursor.encode())])
