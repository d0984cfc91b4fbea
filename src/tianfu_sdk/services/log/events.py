"""The desk of events: read what happened, at least once; roll it up; take it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from tianfu_sdk import codec
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import Placed, place_keys
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.event import (
    Consumer,
    Event,
    EventExport,
    ExportFormat,
    Finding,
    RollupState,
)
from tianfu_sdk.model.storage import LONGEST_PAGE, Cursor, Group
from tianfu_sdk.ports.event_files import EventPage
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.work import EVENTS, Desk, Work
from tianfu_sdk.services.log import consumers
from tianfu_sdk.services.log.rollups import Rollups, state_of

__all__ = ["EVENT", "Events", "covers"]

T = TypeVar("T")
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

    # Consumers.

    def consume(
        self, name: str, handle: Callable[[Event], None], *, limit: int = 1000, batch: int = 100
    ) -> int:
        """Hand every event to a function, and remember how far it got.

        At least once: the mark moves after a batch was handled, so what was handled when
        the process died is handed out again. What the account may not see is passed by, and
        is not handed out later where its grants grow.

        Args:
            name: Of the consumer; each has its own mark. Names belong to the account that
                uses them, or to the system: nobody moves the mark of another.
            handle: Called once an event, in order; if it raises, the mark stays.
            limit: Events at most.
            batch: Events a mark, 1 to 1,000.

        Returns:
            How many were handled.

        Raises:
            Denied: As `read`.
            Invalid: `events.bad_name`, `events.reserved`; `storage.limit`, of `limit` and `batch`.
        """
        consumers.check_name(name)
        if limit < 1:
            raise Invalid("storage.limit", path="limit", most=2**31)
        if not 1 <= batch <= LONGEST_PAGE:
            raise Invalid("storage.limit", path="batch", most=LONGEST_PAGE)
        done, over = 0, False
        while done < limit and not over:
            handled, over = self._consumed(name, handle, min(batch, limit - done))
            done += handled
        return done

    def _consumed(self, name: str, handle: Callable[[Event], None], most: int) -> tuple[int, bool]:
        known = self._read(lambda work: consumers.get(work, name))
        found, passed, over = self._read(lambda work: _part(work, known.cursor or None, most))
        for _, event in found:
            handle(event)
        if passed and passed != known.cursor:
            until_done(
                lambda: self._write(lambda work: consumers.move(work, known, passed, len(found)))
            )
        return len(found), over

    def consumers(self) -> list[Consumer]:
        """List the consumers of this account; the system sees those of all.

        Raises:
            Denied: As `read`.
        """
        return self._read(lambda work: _reading(work, lambda: consumers.each(work)))

    def forget(self, name: str, *, owner: str | None = None) -> None:
        """Forget a consumer: under its name all events are handed out again from the first.

        Args:
            name: Of the consumer.
            owner: For the system: of which account; None: its own.

        Raises:
            NotFound: `events.no_consumer`.
            Denied: `events.not_yours`, only the system names an owner; else as `read`.
            Invalid: `events.bad_name`, `events.reserved`.
        """
        self._write(lambda work: _reading(work, lambda: consumers.forget(work, name, owner)))

    def hand_over(self, name: str, *, owner: str, to: str) -> Consumer:
        """Give a consumer to another account, which goes on where it stands; for the system.

        Args:
            name: Of the consumer.
            owner: Whose it is, such as of an account that is closed; or `system`.
            to: Id of the account that takes it over; or `system`.

        Raises:
            Denied: `account.required`, only the system may.
            NotFound: `events.no_consumer`; `account.unknown`.
            Conflict: `events.consumer_there`, that one has a consumer of this name already.
            Invalid: `events.bad_name`, `events.reserved`.
        """
        return self._write(lambda work: consumers.hand_over(work, name, owner, to))

    # The daily roll-up.

    def roll_up(self, limit: int = 50_000) -> int:
        """Take events into the daily roll-up, from its mark on; for the system.

        5,000 events a transaction, in which rows and mark move together: each event is in
        the roll-up once, whatever happens to the process. Any number of workers may call it.

        Args:
            limit: Events at most.

        Returns:
            How many were taken in; 0 where none waits or another worker is at it.

        Raises:
            Denied: `account.required`, only for the system.
        """
        return Rollups(self._tools, self._actor).roll_up(limit)

    def rollups(self) -> RollupState:
        """Say how far the daily roll-up is.

        Raises:
            Denied: As `read`.
        """
        return self._read(lambda work: _reading(work, lambda: state_of(work)))

    def rebuild_rollups(self, *, progress: Callable[[int], None] | None = None) -> int:
        """Make the daily roll-up anew from the first event; for the system, audited.

        Figures stay exact meanwhile, but take longer. If it is broken off, a worker or
        `roll_up` goes on.

        Args:
            progress: Called with the number of events after each step.

        Returns:
            How many events were taken in.

        Raises:
            Denied: `account.required`, only for the system.
        """
        return Rollups(self._tools, self._actor).rebuild(progress)

    def verify_rollups(self) -> list[Finding]:
        """Add all events up again and compare with the daily roll-up; for the system.

        Takes about 30 s a million events; `doctor` only looks whether the sum is right.

        Returns:
            One finding `ok`, or an `error` a cell that differs.

        Raises:
            Denied: `account.required`, only for the system.
        """
        return Rollups(self._tools, self._actor).verify()

    # Taking away.

    def export(
        self,
        folder: str | Path,
        *,
        format: ExportFormat | str = ExportFormat.PARQUET,  # noqa: A002
        after: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> EventExport:
        """Write the events that the account may read into files, a file a month and call.

        Each call writes what is new since the last one into the same folder, so a nightly
        call keeps it current; see `docs/reference/events-parquet.md` for files and columns.

        Args:
            folder: Where; made for its owner only if it is not there.
            format: `parquet`, which needs the extra `parquet`, or `jsonl`.
            after: Cursor to begin after, for a folder without an export; None: where the
                last export into this folder ended.
            progress: Called with the number of events now and then.

        Returns:
            What was written, and the cursor to go on from.

        Raises:
            Denied: As `read`.
            PluginError: `extra.missing`.
            Invalid: `field.choice`, `storage.cursor`.
            Conflict: `export.begun`, the folder has an export and a cursor was given, or
                another format; `export.not_yours`, it is of another store or account;
                `export.busy`, another export into it was quicker.
            StorageFull: `storage.full`; the next call writes it again.
            StorageError: `storage.io`, the folder cannot be written.
        """
        first = self.read(limit=1)
        files = self._tools.event_files(
            Path(folder),
            ExportFormat.of(format, "format"),
            self._actor.name,
            first[0][1].id if first else "",
        )
        return files.run(after, self._pages, progress)

    def _pages(self, after: str | None) -> Iterator[EventPage]:
        over = False
        while not over:
            found, after, over = self._read(
                lambda work, c=after: _part(work, c, LONGEST_PAGE)  # type: ignore[misc]
            )
            yield found, after


def _reading(work: Work, fn: Callable[[], T]) -> T:
    """Do something that only who may read events may do."""
    _demand_reader(work)
    return fn()


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
    seen = [
        (cursor, event)
        for cursor, event in read
        if covers(work, groups, event.organization, event.region, event.subject)
    ]
    return seen, str(entries[-1].cursor) if entries else after, len(entries) < limit


def covers(
    work: Work,
    groups: tuple[Group, ...] | None,
    organization: str,
    region: str,
    subject: str = "",
) -> bool:
    """Tell whether what happened at a place is for who has these groups of conditions."""
    if groups is None:
        return True
    placed = Placed()
    try:
        if organization:
            placed = work.placed(organization, region or None)[1]
        elif region:
            placed = Placed(work.regions().levels(region))
    except NotFound:
        return False
    keys = place_keys(organization, placed)
    return any(matches(subject, keys, group) for group in groups)
