"""A gateway of CMPP 2.0 and 3.0 on 127.0.0.1, strict and faulty, for tests of clients.

Written from the byte tables alone, not from any client's code. No real operator's gateway was
seen: what it checks is what the tables say.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Literal, Self

import attrs

from tianfu_sdk.testing.cmpp_fields import CmppSubmit, Wrong, read_submit

__all__ = ["CmppLoopback", "CmppSubmit"]

_IDLE = 0.02


@attrs.define(eq=False)
class _Session:
    number: int
    socket: socket.socket
    guard: threading.Lock = attrs.field(factory=threading.Lock)
    open: bool = False
    """Logged in."""
    sequence: int = 0
    unanswered: int = 0
    read: int = 0
    """Bytes since the login."""


class CmppLoopback:
    """Takes submits and delivers what it is told to, until it is closed.

    Args:
        version: `2.0` or `3.0`; a client of another one is refused with status 4.
        source_addr: SP_Id that may log in.
        secret: Shared with it.
        window: Submits without an answer that a client may have; more are `overruns`.
        delay: Seconds before a submit is answered.
        split: Writes every byte by itself.

    Attributes:
        submits: What was taken.
        problems: What broke a rule, by name.
        acknowledged: Msg_Ids of DELIVERs that were answered with 0.
        refused: Msg_Ids of DELIVERs that were answered otherwise, with the result.
        overruns: Submits beyond the window.
        logins: Sessions that were let in.
        farewells: Sessions that were ended by TERMINATE.
        alive: Answers to ACTIVE_TEST.
        throttle: Submits that will be answered with 8.
        results: By phone, the result of a submit that has it.
        fault: What goes wrong: `silent` (no submit is answered), `half` (half an answer, then
            the end), `cut` (the end instead of an answer), `refused` (nobody is let in), or
            empty.
        cut_at: The connection ends once it has read so many bytes since the login.
        status: Of the next logins; 0 lets in.
        proof: Whether it shows that it knows the secret.
    """

    def __init__(
        self,
        version: Literal["2.0", "3.0"] = "2.0",
        *,
        source_addr: str = "900001",
        secret: str = "888888",  # noqa: S107 - of a test
        window: int = 64,
        delay: float = 0.0,
        split: bool = False,
    ) -> None:
        self.version = version
        self._new = version == "3.0"
        self._phone = 32 if self._new else 21
        self._status = 4 if self._new else 1
        self._source, self._secret = source_addr.encode(), secret.encode()
        self._window, self._delay, self._split = window, delay, split
        self.submits: list[CmppSubmit] = []
        self.problems: list[str] = []
        self.acknowledged: list[int] = []
        self.refused: list[tuple[int, int]] = []
        self.overruns = self.logins = self.farewells = self.alive = self.throttle = 0
        self.results: dict[str, int] = {}
        self.fault: Literal["", "silent", "half", "cut", "refused"] = ""
        self.cut_at: int | None = None
        self.status = 0
        self.proof = True
        self._ids = itertools.count(0x1234_5678_0000_0001)
        self._deliver_ids = itertools.count(0x7000_0000_0000_0001)
        self._waiting: dict[int, bytes] = {}
        """Bodies of DELIVERs that nobody acknowledged, by Msg_Id."""
        self._sessions: list[_Session] = []
        self._threads: list[threading.Thread] = []
        self._turn = threading.RLock()
        self._ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(_IDLE)
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        port: int = self._server.getsockname()[1]
        return port

    def close(self) -> None:
        """Stop; may be called again."""
        self._ended.set()
        self._server.close()
        self.drop()
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What a test lets it do.

    def drop(self) -> None:
        """End all connections at once."""
        for session in self._sessions:
            _end(session)

    def receipt(
        self,
        id_: int,
        phone: str,
        stat: str = "DELIVRD",
        *,
        at: datetime | None = None,
        width: Literal[21, 32] | None = None,
    ) -> int:
        """Deliver a receipt.

        Args:
            id_: Msg_Id of the submit.
            phone: As it was submitted.
            stat: 7 characters.
            at: When it was done.
            width: Bytes of the phone in it; None: those of the version.

        Returns:
            Msg_Id of the DELIVER.
        """
        china = (at or datetime.now(UTC)) + timedelta(hours=8)
        stamp = china.astimezone(UTC).strftime("%y%m%d%H%M").encode()
        number = phone.encode().ljust(width or self._phone, b"\0")
        said = struct.pack(">Q", id_) + stat.encode().ljust(7, b"\0") + stamp + stamp
        return self.deliver(phone, said + number + bytes(4), receipt=True)

    def inbound(
        self,
        phone: str,
        contents: Sequence[bytes],
        *,
        coding: int = 8,
        reference: int = 7,
        order: Sequence[int] | None = None,
    ) -> list[int]:
        """Deliver what a person wrote.

        Args:
            phone: Whose.
            contents: Of its parts.
            coding: Msg_Fmt.
            reference: Of its header, where there are several parts.
            order: Places of the parts as they are sent; None: as they stand.

        Returns:
            Msg_Ids of the DELIVERs.
        """
        if len(contents) == 1:
            return [self.deliver(phone, contents[0], coding=coding)]
        return [
            self.deliver(
                phone,
                bytes([5, 0, 3, reference, len(contents), place + 1]) + contents[place],
                coding=coding,
                header=True,
            )
            for place in (order or range(len(contents)))
        ]

    def deliver(
        self,
        phone: str,
        content: bytes,
        *,
        receipt: bool = False,
        coding: int = 8,
        header: bool = False,
    ) -> int:
        """Deliver any content; kept until it is acknowledged, and delivered again at a login."""
        id_ = next(self._deliver_ids)
        kind = b"\0" if self._new else b""
        body = b"".join(
            [
                struct.pack(">Q", id_),
                b"10658000".ljust(21, b"\0"),
                bytes(10),
                bytes([0, header, 0 if receipt else coding]),
                phone.encode().ljust(self._phone, b"\0"),
                kind,
                bytes([receipt, len(content)]),
                content,
                bytes(20 if self._new else 8),
            ]
        )
        with self._turn:
            self._waiting[id_] = body
            for session in self._opened()[:1]:
                self._tell(session, 5, body)
        return id_

    def raw(self, data: bytes) -> None:
        """Write any bytes to all who are logged in."""
        for session in self._opened():
            with contextlib.suppress(OSError):
                self._write(session, data)

    def ask(self) -> None:
        """Ask all who are logged in whether they are there; answers count in `alive`."""
        for session in self._opened():
            self._tell(session, 8, b"")

    def terminate(self) -> None:
        """End all sessions politely."""
        for session in self._opened():
            self._tell(session, 2, b"")

    def wait(self, until: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Wait for something that another thread brings about; False: it did not come."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def _opened(self) -> list[_Session]:
        # Whoever is being let in is not passed over.
        with self._turn:
            return [one for one in self._sessions if one.open]

    # Connections.

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="cmpp-loopback", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self.fault == "refused":
                connection.close()
                continue
            connection.settimeout(_IDLE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = _Session(len(self._sessions) + 1, connection)
            self._sessions.append(session)
            self._start(self._serve, session)

    def _serve(self, session: _Session) -> None:
        rest = b""
        try:
            while not self._ended.is_set():
                with contextlib.suppress(TimeoutError):
                    data = session.socket.recv(65536)
                    if not data:
                        break
                    if self._cut(session, len(data)):
                        break
                    rest = self._packets(session, rest + data)
        except OSError:
            pass
        session.open = False
        session.socket.close()

    def _cut(self, session: _Session, count: int) -> bool:
        if not session.open or self.cut_at is None:
            return False
        session.read += count
        return session.read >= self.cut_at

    def _packets(self, session: _Session, data: bytes) -> bytes:
        while len(data) >= 12:
            length, command, sequence = struct.unpack_from(">III", data)
            if not 12 <= length <= (3335 if self._new else 2477):
                self.problems.append("length")
                raise OSError
            if len(data) < length:
                break
            self._one(session, command, sequence, data[12:length])
            data = data[length:]
        return data

    def _one(self, session: _Session, command: int, sequence: int, body: bytes) -> None:
        if command == 1:
            self._login(session, sequence, body)
        elif not session.open:
            self.problems.append("no login")
            raise OSError
        elif command == 2:
            self.farewells += 1
            self._send(session, 0x80000002, sequence, b"")
            raise OSError
        elif command == 4:
            self._submit(session, sequence, body)
        elif command == 6:
            self._count(session, sequence, body)
        elif command == 8:
            self._send(session, 0x80000008, sequence, b"\0")
        elif command == 0x80000005:
            self._acknowledged(body)
        elif command == 0x80000008:
            self.alive += 1
        elif command != 0x80000002:
            self.problems.append(f"command {command:#x}")

    def _tell(self, session: _Session, command: int, body: bytes) -> None:
        session.sequence += 1
        with contextlib.suppress(OSError):
            self._send(session, command, session.sequence, body)

    def _send(self, session: _Session, command: int, sequence: int, body: bytes) -> None:
        self._write(session, struct.pack(">III", 12 + len(body), command, sequence) + body)

    def _write(self, session: _Session, data: bytes) -> None:
        pieces = [data[at : at + 1] for at in range(len(data))] if self._split else [data]
        with session.guard:
            for piece in pieces:
                rest = piece
                while rest and not self._ended.is_set():
                    # A peer that is slow to read gets all of it, not as much as fits in time.
                    with contextlib.suppress(TimeoutError):
                        rest = rest[session.socket.send(rest) :]

    # Commands.

    def _login(self, session: _Session, sequence: int, body: bytes) -> None:
        status = self.status or self._checked(body)
        said = status.to_bytes(self._status, "big")
        proof = hashlib.md5(said + body[6:22] + self._secret, usedforsecurity=False).digest()
        version = bytes([0x30 if self._new else 0x20])
        answer = said + (proof if self.proof else bytes(16)) + version
        with self._turn:
            # Counted first: whoever was let in may look at once.
            self.logins += not status
            self._send(session, 0x80000001, sequence, answer)
            if status:
                raise OSError
            session.open = True
            for kept in list(self._waiting.values()):
                self._tell(session, 5, kept)

    def _checked(self, body: bytes) -> int:
        if len(body) != 27:
            return 1
        source, proof, version, stamp = struct.unpack(">6s16sBI", body)
        if source != self._source.ljust(6, b"\0"):
            return 2
        digits = b"%010d" % stamp
        key = self._source + bytes(9) + self._secret + digits
        wanted = hashlib.md5(key, usedforsecurity=False).digest()
        if proof != wanted or len(digits) != 10:
            return 3
        return 0 if version == (0x30 if self._new else 0x20) else 4

    def _submit(self, session: _Session, sequence: int, body: bytes) -> None:
        session.unanswered += 1
        over = session.unanswered > self._window
        self.overruns += over
        id_ = next(self._ids)
        try:
            read = read_submit(
                body, source=self._source, new=self._new, id_=id_, connection=session.number
            )
            result = next((self.results[p] for p in read.phones if p in self.results), 0)
        except Wrong as error:
            self.problems.append(str(error))
            result, read = 1, None
        if over or self.throttle > 0:
            self.throttle -= not over
            result = 8
        if read is not None and not result:
            self.submits.append(read)
        answer = struct.pack(">Q", 0 if result else id_) + result.to_bytes(self._status, "big")
        if self._delay:
            timer = threading.Timer(self._delay, self._answer, (session, sequence, answer))
            timer.daemon = True
            timer.start()
        else:
            self._answer(session, sequence, answer)

    def _answer(self, session: _Session, sequence: int, answer: bytes) -> None:
        session.unanswered -= 1
        if self.fault == "silent":
            return
        if self.fault == "cut":
            _end(session)
            return
        packet = struct.pack(">III", 12 + len(answer), 0x80000004, sequence) + answer
        if self.fault == "half":
            self._write(session, packet[: len(packet) // 2])
            _end(session)
            return
        with contextlib.suppress(OSError):
            self._write(session, packet)

    def _count(self, session: _Session, sequence: int, body: bytes) -> None:
        if len(body) != 27:
            self.problems.append("query")
        phones = sum(len(one.phones) for one in self.submits)
        counts = struct.pack(">8I", len(self.submits), phones, phones, 0, 0, 0, 0, 0)
        self._send(session, 0x80000006, sequence, body[:19] + counts)

    def _acknowledged(self, body: bytes) -> None:
        if len(body) != 8 + self._status:
            self.problems.append("deliver_resp")
            return
        id_, result = struct.unpack(">Q", body[:8])[0], int.from_bytes(body[8:], "big")
        if result:
            self.refused.append((id_, result))
        else:
            self._waiting.pop(id_, None)
            self.acknowledged.append(id_)


def _end(session: _Session) -> None:
    with contextlib.suppress(OSError):
        session.socket.shutdown(socket.SHUT_RDWR)
