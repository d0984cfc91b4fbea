"""One connection: a thread owns its socket, callers put requests in and wait for answers.

Nobody but that thread reads or writes, so no caller waits for a peer that is slow to read, and
what is on its way when the connection ends is known to the byte: a request of which nothing
was handed to the system certainly did not leave.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tianfu_sdk.links.window import Window
from tianfu_sdk.links.wire import (
    Answer,
    Arrival,
    Dead,
    Farewell,
    Frame,
    Heard,
    Late,
    Outcome,
    Reply,
    Times,
    Wire,
)

__all__ = ["Link"]

_log = logging.getLogger("tianfu_sdk.sms")

_CHUNK = 65536
_FULL = 262144
"""Bytes that wait to be written before nothing more is read: who does not read is not heard."""
_RECORD = 16384
"""Bytes at once over TLS: as many as one record has."""
_SEQUENCES = 0x7FFFFFFF
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_TARDY = 10_000
"""Requests whose answers are still listened for after their time."""


@attrs.define(eq=False)
class _Call:
    """What one caller wants sent."""

    frames: Sequence[Frame]
    outcomes: list[Outcome]
    values: list[Any]
    left: int
    late: Late | None = None
    given_up: bool = False
    """Nobody waits for it any more."""
    done: threading.Event = attrs.field(factory=threading.Event)

    def settle(self, place: int, outcome: Outcome, value: Any = None) -> None:
        if self.given_up:
            return
        self.outcomes[place] = outcome
        self.values[place] = value
        self.left -= 1
        if not self.left:
            self.done.set()

    def tell(self, place: int, value: Any) -> None:
        if self.late is not None and value is not None:
            self.late(place, value)


@attrs.define(eq=False)
class _Pending:
    """A request that was written or is about to be."""

    call: _Call | None
    """None: a question of ours, outside of the window."""
    place: int
    start: int
    """Bytes that were to be written before it."""
    until: float


class Link:
    """A connection with a thread of its own. Safe to share between threads.

    Args:
        connection: Open, over TLS or not; it belongs to the link from now on.
        wire: Reads and writes its bytes.
        window: Requests on their way at most.
        times: Limits.
        arrived: Told of what is delivered, in the link's thread; False: there is no room.
    """

    def __init__(
        self,
        connection: socket.socket,
        wire: Wire,
        *,
        window: int,
        times: Times,
        arrived: Callable[[Link, Arrival], bool],
    ) -> None:
        self._socket = connection
        self._wire = wire
        self._times = times
        self._arrived = arrived
        self.window = Window(window)
        self._guard = threading.Lock()
        self._waiting: deque[tuple[_Call, int]] = deque()
        self._pending: dict[int, _Pending] = {}
        self._tardy: OrderedDict[int, _Pending] = OrderedDict()
        """Those whose time is over: their places in the window are free."""
        self._outside = 0
        """Requests among the pending ones that the window does not count."""
        self._sequence = 0
        self._out = bytearray()
        self._written = 0
        self._sent = 0
        self._tried = 0
        """Bytes that were handed to TLS: how many of them left it does not say."""
        self._tls = connection if isinstance(connection, ssl.SSLSocket) else None
        self._closing = False
        self._ended = False
        self.why = ""
        """Why it ended, once it did."""
        now = time.monotonic()
        self._heard_at = self._wrote_at = self._asked_at = now
        self._asked = 0
        self._leave_by: float | None = None
        self._left = False
        connection.setblocking(False)
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._asleep = False
        self._events = selectors.EVENT_READ
        # A daemon: a program that forgets to close it can end all the same.
        self._thread = threading.Thread(target=self._run, name="tianfu-link", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether requests can be put in."""
        return not (self._ended or self._closing)

    def exchange(
        self, frames: Sequence[Frame], timeout: float, late: Late | None = None
    ) -> list[tuple[Outcome, Any]]:
        """Send requests, as many at once as the window lets through, and wait for all answers.

        Args:
            frames: The requests.
            timeout: Seconds at most.
            late: Told of answers that come after that.

        Returns:
            One each, in order: `said` with the answer; `lost`, it may have left and nobody
            knows; `unsent`, nothing of it left.
        """
        count = len(frames)
        call = _Call(frames, ["unsent"] * count, [None] * count, count, late)
        if not count:
            return []
        with self._guard:
            if not self.alive:
                return [("unsent", None)] * count
            self._waiting.extend((call, place) for place in range(count))
        self._rouse()
        if not call.done.wait(timeout):
            self._give_up(call)
        return list(zip(call.outcomes, call.values, strict=True))

    def post(self, data: bytes) -> None:
        """Write what needs no answer, unless the link has ended."""
        with self._guard:
            if self._ended or self._left:
                return
            self._append(data)
        self._rouse()

    def close(self) -> None:
        """End the session and the thread, in limited time; may be called again."""
        with self._guard:
            self._closing = True
        self._rouse()
        if threading.current_thread() is not self._thread:
            self._thread.join(2 * self._times.goodbye + 1)

    def drop(self) -> None:
        """End the connection and the thread at once, without a goodbye."""
        with self._guard:
            self._closing = self._left = True
            self._leave_by = time.monotonic()
            self._out.clear()
        self._rouse()
        self._thread.join(self._times.goodbye)

    def abandon(self) -> None:
        """Drop the connection of a parent process: nothing is said on it, nobody is waited for."""
        self._ended = True
        for one in (self._socket, self._wake, self._woken):
            one.close()

    # What callers do, under the guard.

    def _append(self, data: bytes) -> None:
        if not self._out:
            self._wrote_at = time.monotonic()
        self._out += data
        self._written += len(data)

    def _rouse(self) -> None:
        if self._asleep:
            # Full or closed: it is awake, or never will be again.
            with contextlib.suppress(OSError):
                self._asleep = False
                self._wake.send(b"\0")

    def _give_up(self, call: _Call) -> None:
        with self._guard:
            mine = [one for one in self._waiting if one[0] is call]
            for one in mine:
                self._waiting.remove(one)
            for _, place in mine:
                call.settle(place, "unsent")
            for pending in self._pending.values():
                if pending.call is call:
                    call.settle(pending.place, self._left_or_not(pending))
            # An answer that comes later only frees its place in the window.
            call.given_up = True

    def _left_or_not(self, pending: _Pending) -> Outcome:
        # Only while the connection lives may what waits to be written still leave.
        unsent = self._ended and pending.start >= max(self._sent, self._tried)
        return "unsent" if unsent else "lost"

    # What the thread does.

    def _run(self) -> None:
        selector = selectors.DefaultSelector()
        try:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                self._step(selector)
        except Dead as error:
            self._end(str(error))
        except OSError as error:
            self._end(type(error).__name__)
        except Exception as error:  # noqa: BLE001 - callers wait: they must be told
            self._end(type(error).__name__)
        finally:
            selector.close()

    def _step(self, selector: selectors.BaseSelector) -> None:
        with self._guard:
            wait = self._prepare()
            if self._out:
                # Most of the time there is room, and a turn is saved.
                self._write()
            events = selectors.EVENT_WRITE if self._out else 0
            if len(self._out) < _FULL:
                events |= selectors.EVENT_READ
            self._asleep = True
        if events != self._events:
            selector.modify(self._socket, events)
            self._events = events
        ready = selector.select(wait)
        self._asleep = False
        for key, mask in ready:
            if key.fileobj is self._woken:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(_CHUNK)
            else:
                if mask & selectors.EVENT_READ:
                    self._read()
                if mask & selectors.EVENT_WRITE:
                    with self._guard:
                        self._write()

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(_CHUNK)
            except _NOT_NOW:
                return
            if not data:
                raise Dead("closed")
            self._heard_at = time.monotonic()
            self._asked = 0
            for heard in self._wire.heard(data):
                self._take(heard)
            # What TLS has read already, no selector tells of.
            if self._tls is None or not self._tls.pending():
                return

    def _take(self, heard: Heard) -> None:
        match heard:
            case Answer():
                with self._guard:
                    self._answered(heard)
            case Reply(data):
                with self._guard:
                    self._append(data)
            case Arrival():
                if not self._arrived(self, heard):
                    self.post(heard.refuse)
            case Farewell(data):
                with self._guard:
                    self._append(data)
                    self._closing = self._left = True
                    self._leave_by = time.monotonic() + self._times.goodbye

    def _answered(self, answer: Answer) -> None:
        pending = self._pending.pop(answer.sequence, None)
        if pending is None:
            tardy = self._tardy.pop(answer.sequence, None)
            if tardy is not None and tardy.call is not None:
                tardy.call.tell(tardy.place, answer.value)
            return
        if pending.call is None:
            self._outside -= 1
            return
        if answer.throttled:
            self.window.throttled(len(self._pending) - self._outside)
        else:
            self.window.answered()
        if pending.call.given_up:
            pending.call.tell(pending.place, answer.value)
        elif answer.value is None:
            pending.call.settle(pending.place, "lost")
        else:
            pending.call.settle(pending.place, "said", answer.value)

    def _write(self) -> None:
        try:
            if self._tls is None:
                count = self._socket.send(self._out)
            else:
                record = bytes(self._out[:_RECORD])
                self._tried = max(self._tried, self._sent + len(record))
                count = self._tls.send(record)
        except _NOT_NOW:
            return
        del self._out[:count]
        self._sent += count
        self._wrote_at = time.monotonic()

    def _prepare(self) -> float:
        """Do what is due, and give the seconds until something else is."""
        now = time.monotonic()
        dues = [self._expire(now), self._look(now)]
        if self._closing:
            dues.append(self._leave(now))
        if not self._left:
            self._fill(now)
        if self._out:
            dues.append(self._wrote_at + self._times.write)
            if dues[-1] <= now:
                raise Dead("not_read")
        return max(0.0, min(dues) - now)

    def _fill(self, now: float) -> None:
        while self._waiting and len(self._pending) - self._outside < self.window.size:
            if len(self._out) >= _FULL:
                return
            call, place = self._waiting.popleft()
            self._request(call.frames[place], call, place, now + self._times.answer)

    def _request(self, frame: Frame, call: _Call | None, place: int, until: float) -> None:
        self._sequence = self._sequence % _SEQUENCES + 1
        start = self._written
        self._append(frame(self._sequence))
        self._pending[self._sequence] = _Pending(call, place, start, until)
        self._outside += call is None

    def _expire(self, now: float) -> float:
        """Let go of requests that were never answered, the oldest first."""
        while self._pending:
            sequence = next(iter(self._pending))
            pending = self._pending[sequence]
            if pending.until > now:
                return pending.until
            del self._pending[sequence]
            if pending.call is None:
                self._outside -= 1
            else:
                pending.call.settle(pending.place, "lost")
                self._tardy[sequence] = pending
                if len(self._tardy) > _TARDY:
                    self._tardy.popitem(last=False)
        return now + self._times.idle

    def _look(self, now: float) -> float:
        """Ask the peer whether it is there, when nothing was heard of it."""
        due = max(self._heard_at, self._asked_at) + (
            self._times.probe if self._asked else self._times.idle
        )
        if due > now:
            return due
        if self._asked >= self._times.probes:
            raise Dead("silent")
        self._asked += 1
        self._asked_at = now
        if not self._left:
            self._request(self._wire.probe, None, 0, now + self._times.answer)
        return now + self._times.probe

    def _leave(self, now: float) -> float:
        """Say goodbye once all that was written is answered, or time is over."""
        if self._leave_by is None:
            self._leave_by = now + self._times.goodbye
            self._unsend()
        busy = len(self._pending) - self._outside
        if not self._left and (not busy or now >= self._leave_by):
            self._left = True
            self._leave_by = now + self._times.goodbye
            self._request(self._wire.goodbye, None, 0, self._leave_by + 1)
            return self._leave_by
        if self._left and not self._out and not self._pending:
            raise Dead("closed")
        if self._left and now >= self._leave_by:
            raise Dead("closed")
        return self._leave_by

    def _unsend(self) -> None:
        for call, place in self._waiting:
            call.settle(place, "unsent")
        self._waiting.clear()

    def _end(self, why: str) -> None:
        with self._guard:
            self._ended = True
            self.why = why
            self._unsend()
            for pending in self._pending.values():
                if pending.call is not None:
                    pending.call.settle(pending.place, self._left_or_not(pending))
            self._pending.clear()
            self._out.clear()
        if not self._closing:
            _log.warning("a session ended: %s", why)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for one in (self._socket, self._wake, self._woken):
            one.close()
