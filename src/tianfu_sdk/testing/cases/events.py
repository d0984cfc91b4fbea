"""Cases of `append`, `read` and `last`."""

from __future__ import annotations

import threading
from concurrent.futures import wait

import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Cursor, StoredEvent
from tianfu_sdk.ports.storage import Store, Tx
from tianfu_sdk.testing.cases.base import StoreCases

__all__ = ["EventCases"]


class EventCases(StoreCases):
    """Streams keep their order and lose nothing to a reader that goes on from its mark."""

    def append(self, store: Store, stream: str, *bodies: bytes) -> None:
        """Append events, as every write of the suite."""
        self.twice(store, lambda tx: tx.append(stream, bodies))

    def events(
        self, store: Store, stream: str = "s", after: Cursor | None = None, limit: int = 1000
    ) -> list[StoredEvent]:
        """Read events."""
        return self.ask(store, lambda tx: tx.read(stream, after, limit))

    def bodies(self, store: Store, stream: str = "s", after: Cursor | None = None) -> list[bytes]:
        """Read what the events say."""
        return [event.body for event in self.events(store, stream, after)]

    def test_a_stream_nobody_wrote_to_is_empty(self, db: Store) -> None:
        assert self.events(db) == []
        assert self.ask(db, lambda tx: tx.last("s")) is None
        self.append(db, "s")
        assert self.events(db) == []
        assert self.ask(db, lambda tx: tx.last("s")) is None

    def test_bodies_come_back_unchanged(self, db: Store) -> None:
        bodies = [b"", b"\0\0", bytes(range(256)), "བོད་ꆈ😀".encode(), b"x" * 100_000]
        self.append(db, "s", *bodies)
        assert self.bodies(db) == bodies

    def test_events_keep_their_order(self, db: Store) -> None:
        def body(tx: Tx) -> None:
            tx.append("s", [b"3", b"1"])
            tx.append("other", [b"x"])
            tx.append("s", [b"2"])

        self.twice(db, body)
        self.append(db, "s", b"0")
        assert self.bodies(db) == [b"3", b"1", b"2", b"0"]

    def test_reading_goes_on_from_any_cursor(self, db: Store) -> None:
        for number in range(6):
            self.append(db, "s", b"a%d" % number, b"b%d" % number)
            self.append(db, "between", b"x")
        events = self.events(db)
        assert len({event.cursor for event in events}) == 12
        for place, event in enumerate(events):
            assert isinstance(event.cursor, str)
            assert self.events(db, after=event.cursor) == events[place + 1 :]
            assert self.events(db, after=event.cursor, limit=2) == events[place + 1 : place + 3]
        assert self.events(db, limit=5) == events[:5]
        assert self.events(db) == events, "cursors changed between two reads"

    def test_a_mark_finds_what_comes_later(self, db: Store) -> None:
        self.append(db, "s", b"1")
        mark = self.events(db)[-1].cursor
        assert self.events(db, after=mark) == []
        self.append(db, "other", b"x")
        assert self.events(db, after=mark) == []
        self.append(db, "s", b"2", b"3")
        assert self.bodies(db, after=mark) == [b"2", b"3"]

    def test_streams_are_apart(self, db: Store) -> None:
        names = ["s", "S", "s ", "s%", "s_", "s1", "流", "\U00020bb7", "x" * 64]
        for turn in range(2):
            for name in names:
                self.append(db, name, f"{name}{turn}".encode())
        for name in names:
            assert self.bodies(db, name) == [f"{name}0".encode(), f"{name}1".encode()]
        assert self.bodies(db, "none") == []

    def test_last_is_the_cursor_of_the_newest(self, db: Store) -> None:
        self.append(db, "s", b"1", b"2")
        self.append(db, "other", b"x")
        last = self.ask(db, lambda tx: tx.last("s"))
        assert last == self.events(db)[-1].cursor
        assert self.events(db, after=last) == []
        self.append(db, "s", b"3")
        assert self.bodies(db, after=last) == [b"3"]

    def test_a_transaction_reads_what_it_appended(self, db: Store) -> None:
        self.append(db, "s", b"1", b"2")

        def body(tx: Tx) -> tuple[list[StoredEvent], list[StoredEvent], Cursor | None]:
            mark = tx.last("s")
            tx.append("s", [b"3", b"4"])
            tx.append("other", [b"x"])
            return tx.read("s", None, 10), tx.read("s", mark, 1), tx.last("s")

        everything, one, last = self.twice(db, body)
        assert [event.body for event in everything] == [b"1", b"2", b"3", b"4"]
        assert [event.body for event in one] == [b"3"]
        assert last == everything[-1].cursor

    def test_events_rolled_back_never_were(self, db: Store) -> None:
        self.append(db, "s", b"1")
        mark = self.ask(db, lambda tx: tx.last("s"))

        def body(tx: Tx) -> None:
            tx.append("s", [b"lost"])
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            db.run(body, write=True)
        assert self.bodies(db) == [b"1"]
        assert self.ask(db, lambda tx: tx.last("s")) == mark
        self.append(db, "s", b"2")
        assert self.bodies(db, after=mark) == [b"2"]

    def test_an_event_not_committed_yet_is_never_passed_by(self, db: Store) -> None:
        appended, go = threading.Event(), threading.Event()

        def slow(tx: Tx) -> None:
            tx.append("s", [b"slow"])
            appended.set()
            assert go.wait(self.patience)

        with self.workers(2) as threads:
            try:
                first = threads.submit(db.run, slow, write=True)
                assert appended.wait(self.patience)
                second = threads.submit(db.run, lambda tx: tx.append("s", [b"quick"]), write=True)
                # Where writers queue, the second cannot end before the first.
                wait([second], timeout=0.05 if db.capabilities.single_writer else 1)
                seen = self.events(db)
                mark = seen[-1].cursor if seen else None
            finally:
                go.set()
            first.result(self.patience)
            second.result(self.patience)
        later = self.events(db, after=mark)
        assert sorted(event.body for event in seen + later) == [b"quick", b"slow"]
        assert self.events(db) == seen + later

    def test_pages_of_many_events(self, db: Store) -> None:
        bodies = [b"%d" % number for number in range(1001)]
        self.append(db, "s", *bodies)
        first = self.events(db, limit=1000)
        assert [event.body for event in first] == bodies[:1000]
        assert self.bodies(db, after=first[-1].cursor) == bodies[1000:]

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_limit_beyond_the_border_is_refused(self, db: Store, limit: int) -> None:
        with pytest.raises(Invalid):
            self.events(db, limit=limit)

    @pytest.mark.parametrize("stream", ["", "x" * 65, "a\0b"])
    def test_a_stream_name_beyond_the_border_is_refused(self, db: Store, stream: str) -> None:
        with pytest.raises(Invalid):
            self.append(db, stream, b"x")
