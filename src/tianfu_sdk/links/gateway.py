"""The part of a session gateway that no protocol changes: connecting, polling, closing, forks."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import attrs

from tianfu_sdk.errors import Unavailable
from tianfu_sdk.links.inbox import Inbox, Letter, Polled
from tianfu_sdk.links.joining import Concat, Joined, Joiner
from tianfu_sdk.links.link import Link
from tianfu_sdk.links.strays import Strays
from tianfu_sdk.links.wire import Arrival, Times, Wire
from tianfu_sdk.model.sms import Inbound, SmsReceipt

__all__ = ["LinkGateway", "Mail", "Note", "Slip", "State"]

State = Literal["delivered", "failed", "expired"]

_SOME = 500
"""Letters of one poll."""
_WAIT = 0.1
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0

_GATEWAYS: weakref.WeakSet[LinkGateway] = weakref.WeakSet()


@attrs.frozen
class Slip:
    """A receipt as it came."""

    provider_id: str
    phone: str = attrs.field(repr=False)
    """To whom, where one id has many; else empty."""
    state: State | None
    """None: nothing that is final."""
    receipt: SmsReceipt | None
    """What the hub is told; None with `state`."""


@attrs.frozen
class Note:
    """What a person wrote, or a part of it."""

    sender: object = attrs.field(repr=False)
    """What parts of one message have in common."""
    inbound: Inbound = attrs.field(repr=False)
    """Without its text where it is a part."""
    concat: Concat | None
    data: bytes = attrs.field(repr=False)
    coding: str


Mail = Slip | Note


class LinkGateway(ABC):
    """A gateway over links of its own. Safe to share between threads and across a fork.

    Args:
        times: Limits of a link.
        inbox: Letters at most that are not stored yet.
    """

    def __init__(self, *, times: Times, inbox: int = 10_000) -> None:
        self._times = times
        self._size = inbox
        self._renew()
        _GATEWAYS.add(self)

    def _renew(self) -> None:
        self._pid = os.getpid()
        self._guard = threading.Lock()
        self._links: tuple[Link, ...] = ()
        self._inbox = Inbox(self._size)
        self._strays = Strays(self._size)
        self._reading = threading.Lock()
        self._joiner: Joiner[tuple[Letter, Note]] = Joiner()
        self._failures = 0
        self._not_before = 0.0
        self._failed: Unavailable | None = None

    def forget_parent(self) -> None:
        """Let go of what a parent process holds: its sessions stay its own."""
        for link in self._links:
            link.abandon()
        self._renew()

    # What a protocol brings.

    @abstractmethod
    def _dial(self) -> Sequence[Link]:
        """Open the links and log in; the first is the one to submit over.

        Raises:
            Unavailable: It does not answer, or refuses the login.
        """

    @abstractmethod
    def _mail(self, item: Any) -> Mail:
        """Give what an arrival is."""

    @abstractmethod
    def _read(self, data: bytes, coding: str) -> str:
        """Read the text of an inbound message."""

    # The port.

    def connect(self) -> None:
        """Open the session, or do nothing where it is open.

        After a failure the next ones in line get the same answer for a while, doubling to a
        minute: a peer that is away or refuses the login is not hammered.

        Raises:
            Unavailable: `session.unreachable`, `session.refused`, `session.lost`.
        """
        with self._guard:
            if self._alive():
                return
            if self._failed is not None and time.monotonic() < self._not_before:
                raise Unavailable(self._failed.code, **self._failed.values)
            old, self._links = self._links, ()
            try:
                for link in old:
                    link.close()
                self._links = tuple(self._dial())
            except Unavailable as error:
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._failures, 10))
                self._failures += 1
                self._failed, self._not_before = error, time.monotonic() + pause
                raise
            self._failures, self._failed = 0, None

    def poll(self) -> Polled:
        """Give what came and this thread has not yet said to have stored.

        Parts of inbound messages that are not whole yet, and receipts that are not final, are
        not among it. Right after `acknowledge` it waits a moment: a peer sends the next receipts
        when it is told of the ones before.
        """
        with self._reading:
            receipts: list[SmsReceipt] = []
            inbound: list[Inbound] = []
            letters: list[Letter] = []
            while not receipts and not inbound:
                some = self._inbox.take(_SOME, _WAIT)
                for one in some:
                    self._sort(one, receipts, inbound, letters)
                for joined in self._joiner.late(time.monotonic()):
                    self._hand_on(joined, inbound, letters)
                if not some:
                    break
            return self._inbox.give(receipts, inbound, letters)

    def acknowledge(self) -> None:
        """Tell the peer that all that this thread was given by `poll` is stored."""
        self._inbox.acknowledge()

    def close(self) -> None:
        """End the session in limited time; may be called again."""
        with self._guard:
            links, self._links = self._links, ()
            self._failed = None
        for link in links:
            link.close()

    # For protocols.

    def _open(
        self,
        address: tuple[str, int],
        wire: Wire,
        *,
        timeout: float,
        window: int,
        tls: ssl.SSLContext | None = None,
    ) -> Link:
        """Open a link, without a login.

        Args:
            address: Host and port of the peer; over TLS its certificate must name the host.
            wire: Of the protocol.
            timeout: Seconds for the connection, and again for TLS.
            window: Requests on their way at most.
            tls: None: in the clear.

        Raises:
            Unavailable: `session.unreachable`.
        """
        try:
            connection = socket.create_connection(address, timeout)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                connection = _shaken(connection, address[0], tls, timeout)
        except OSError as error:
            raise Unavailable("session.unreachable", why=type(error).__name__) from None
        return Link(connection, wire, window=window, times=self._times, arrived=self._arrived)

    def _link(self) -> Link:
        """Give the link to submit over.

        Raises:
            Unavailable: `session.lost`, there is none: nothing left.
        """
        links = self._links
        if not links or not links[0].alive:
            raise Unavailable("session.lost", why=links[0].why if links else "closed")
        return links[0]

    def _alive(self) -> bool:
        return bool(self._links) and all(link.alive for link in self._links)

    def _arrived(self, link: Link, arrival: Arrival) -> bool:
        return self._inbox.put(link, arrival)

    def _sort(
        self,
        letter: Letter,
        receipts: list[SmsReceipt],
        inbound: list[Inbound],
        letters: list[Letter],
    ) -> None:
        """Read a letter."""
        mail: Mail = letter.arrival.item
        if isinstance(mail, Note):
            self._take_note(letter, mail, inbound, letters)
        elif mail.receipt is None:
            self._inbox.done([letter])
        else:
            reference, ref = self._strays.find(mail.provider_id, mail.phone) or ("", "")
            receipts.append(attrs.evolve(mail.receipt, reference=reference, ref=ref))
            letters.append(letter)

    def _take_note(
        self, letter: Letter, note: Note, inbound: list[Inbound], letters: list[Letter]
    ) -> None:
        if note.concat is None:
            inbound.append(attrs.evolve(note.inbound, text=self._read(note.data, note.coding)))
            letters.append(letter)
            return
        now = time.monotonic()
        joined = self._joiner.add(note.sender, note.concat, note.data, (letter, note), now)
        if joined is not None:
            self._hand_on(joined, inbound, letters)

    def _hand_on(
        self,
        joined: Joined[tuple[Letter, Note]],
        inbound: list[Inbound],
        letters: list[Letter],
    ) -> None:
        _, note = joined.held[0]
        inbound.append(attrs.evolve(note.inbound, text=self._read(joined.data, note.coding)))
        letters += [letter for letter, _ in joined.held]


def _shaken(
    connection: socket.socket, host: str, tls: ssl.SSLContext, timeout: float
) -> ssl.SSLSocket:
    """Shake hands, all of it in limited time: a peer that drips bytes does not prolong it."""
    end = time.monotonic() + timeout
    connection.setblocking(False)
    shaken = tls.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    try:
        while True:
            try:
                shaken.do_handshake()
            except ssl.SSLWantReadError:
                _await(shaken, selectors.EVENT_READ, end)
            except ssl.SSLWantWriteError:
                _await(shaken, selectors.EVENT_WRITE, end)
            else:
                return shaken
    except BaseException:
        shaken.close()
        raise


def _await(connection: socket.socket, event: int, end: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, event)
        if not selector.select(max(0.0, end - time.monotonic())):
            raise TimeoutError


def _after_fork() -> None:
    for gateway in list(_GATEWAYS):
        gateway.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
