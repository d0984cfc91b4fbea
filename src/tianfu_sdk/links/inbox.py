"""What came and is not yet stored: given to a thread, and told to the peer once it says so."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

import attrs

from tianfu_sdk.links.link import Link
from tianfu_sdk.links.wire import Arrival
from tianfu_sdk.model.sms import Inbound, SmsReceipt

__all__ = ["Inbox", "Letter", "Polled"]

Polled = tuple[Sequence[SmsReceipt], Sequence[Inbound]]

_LEASE = 120.0
"""Seconds after which what a thread was given, and never said it stored, is given to another."""


@attrs.frozen
class Letter:
    """Something that came, and how its peer is told that it is stored."""

    link: Link = attrs.field(repr=False)
    arrival: Arrival = attrs.field(repr=False)

    def accept(self) -> None:
        """Tell the peer; in vain where the link has ended: it comes again."""
        self.link.post(self.arrival.accept)


@attrs.define
class _Given:
    """What one thread was given since it last said that all is stored."""

    receipts: list[SmsReceipt] = attrs.field(factory=list)
    inbound: list[Inbound] = attrs.field(factory=list)
    letters: list[Letter] = attrs.field(factory=list)
    at: float = 0.0


class Inbox:
    """Keeps letters until they are stored. Safe to share between threads.

    Args:
        most: Letters at most; more are refused, and come again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._came = threading.Condition(self._guard)
        self._letters: deque[Letter] = deque()
        self._given: dict[int, _Given] = {}
        self._eager: set[int] = set()
        self._held = 0

    def put(self, link: Link, arrival: Arrival) -> bool:
        """Keep what came; False: there is no room."""
        with self._guard:
            if self._held >= self._most:
                return False
            self._held += 1
            self._letters.append(Letter(link, arrival))
            self._came.notify()
            return True

    def take(self, count: int, wait: float) -> list[Letter]:
        """Take letters out, oldest first; they still count as held until `done` or `give`.

        Args:
            count: At most.
            wait: Seconds to wait where there is none, if this thread just stored some: a peer
                sends the next ones when it is told of the ones before.
        """
        me = threading.get_ident()
        with self._guard:
            if not self._letters and me in self._eager:
                self._came.wait(wait)
            self._eager.discard(me)
            return [self._letters.popleft() for _ in range(min(count, len(self._letters)))]

    def done(self, letters: Sequence[Letter]) -> None:
        """Tell peers of letters that nobody has to store."""
        for letter in letters:
            letter.accept()
        with self._guard:
            self._held -= len(letters)

    def give(
        self,
        receipts: Sequence[SmsReceipt],
        inbound: Sequence[Inbound],
        letters: Sequence[Letter],
    ) -> Polled:
        """Give this thread all that it has not said to have stored, this included."""
        me, now = threading.get_ident(), time.monotonic()
        with self._guard:
            given = self._given.setdefault(me, _Given())
            given.receipts += receipts
            given.inbound += inbound
            given.letters += letters
            for other in [o for o, g in self._given.items() if o != me and g.at < now - _LEASE]:
                left = self._given.pop(other)
                given.receipts += left.receipts
                given.inbound += left.inbound
                given.letters += left.letters
            given.at = now
            return tuple(given.receipts), tuple(given.inbound)

    def acknowledge(self) -> None:
        """Tell peers that what this thread was given is stored."""
        me = threading.get_ident()
        with self._guard:
            given = self._given.pop(me, None)
            if given is None or not given.letters:
                return
            self._eager.add(me)
        self.done(given.letters)
