"""A small message centre of SMPP 3.4 that fails as it is told to; strict where it can be.

Servers made by others prove that we are understood; this one drops, splits, delays and lies.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import ssl
import struct
import threading
import time

import attrs


@attrs.frozen
class Sm:
    id: str
    phone: str
    source: str
    esm_class: int
    coding: int
    content: bytes
    tlvs: dict


_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Smsc:
    def __init__(self, *, window=64, delay=0.0, split=False, tls=None, password="secret"):  # noqa: S107 - of a test
        self.window, self.delay, self.split, self.password = window, delay, split, password
        self.tls = tls
        self.messages, self.binds, self.problems, self.acks = [], [], [], []
        self.overruns = self.unbinds = self.throttle = self.alive = 0
        self.fault = ""
        self.cut_at = None
        self.results = {}
        self.bind_status = 0
        self.sessions = []
        self.waiting = {}
        self._ids = itertools.count(1)
        self._sequence = itertools.count(1)
        self._turn = threading.RLock()
        self._ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.02)
        self._threads = []
        self._start(self._accept)

    @property
    def port(self):
        return self._server.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._ended.set()
        self._server.close()
        self.drop()
        for thread in self._threads:
            thread.join()

    def drop(self):
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session["socket"].shutdown(socket.SHUT_RDWR)

    def wait(self, until, seconds=5.0):
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def deliver(self, phone, content, *, esm_class=0, coding=8, tlvs=b"", dest="10658000"):
        body = b"\0\1\1" + phone.encode() + b"\0\0\1" + dest.encode() + b"\0"
        body += bytes([esm_class, 0, 0]) + b"\0\0\0\0" + bytes([coding, 0, len(content)])
        sequence = next(self._sequence)
        with self._turn:
            self.waiting[sequence] = body + content + tlvs
            for session in self._receivers()[:1]:
                self._tell(session, 5, sequence, self.waiting[sequence])
        return sequence

    def receipt(self, id_, phone, stat="DELIVRD", done="2601010830", tlvs=b""):
        text = f"id:{id_} sub:001 dlvrd:001 submit date:2601010829 done date:{done} stat:{stat} err:000 text:hi"
        return self.deliver(phone, text.encode(), esm_class=4, coding=0, tlvs=tlvs)

    def raw(self, data):
        for session in self._receivers():
            with contextlib.suppress(OSError):
                self._write(session, data)

    def ask(self):
        for session in self._receivers():
            self._tell(session, 0x15, next(self._sequence), b"")

    def unbind(self):
        for session in self._receivers():
            self._tell(session, 6, next(self._sequence), b"")

    def _receivers(self):
        with self._turn:
            return [s for s in self.sessions if s["open"] and s["kind"] != 2]

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
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
            if self.tls is not None:
                connection.settimeout(30.0)
                try:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                except OSError:
                    connection.close()
                    continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = {"socket": connection, "open": False, "kind": 0, "read": 0, "unanswered": 0}
            # TLS lets no thread read while another one writes.
            session["guard"] = threading.Lock()
            self.sessions.append(session)
            self._start(self._serve, session)

    def _serve(self, session):
        rest = b""
        try:
            while not self._ended.is_set():
                data = self._heard(session)
                if data is None:
                    continue
                if not data:
                    break
                if session["open"] and self.cut_at is not None:
                    session["read"] += len(data)
                    if session["read"] >= self.cut_at:
                        break
                rest = self._pdus(session, rest + data)
        except OSError:
            pass
        session["open"] = False
        session["socket"].close()

    def _heard(self, session):
        """Give what a peer says; None: nothing just now."""
        with session["guard"], contextlib.suppress(*_NOT_NOW):
            return session["socket"].recv(65536)
        select.select([session["socket"]], [], [], 0.02)
        return None

    def _pdus(self, session, data):
        while len(data) >= 16:
            length, command, status, sequence = struct.unpack_from(">IIII", data)
            if not 16 <= length <= 70000:
                raise OSError
            if len(data) < length:
                break
            self._one(session, command, status, sequence, data[16:length])
            data = data[length:]
        return data

    def _tell(self, session, command, sequence, body, status=0):
        with contextlib.suppress(OSError):
            self._write(
                session, struct.pack(">IIII", 16 + len(body), command, status, sequence) + body
            )

    def _write(self, session, data):
        pieces = [data[n : n + 1] for n in range(len(data))] if self.split else [data]
        with self._turn:
            for piece in pieces:
                rest = piece
                # A peer that is slow to read gets all of it, not as much as fits in time.
                while rest and not self._ended.is_set():
                    with session["guard"], contextlib.suppress(*_NOT_NOW):
                        rest = rest[session["socket"].send(rest) :]
                        continue
                    # Closed meanwhile, it is no socket to select: `send` says so.
                    with contextlib.suppress(ValueError):
                        select.select([], [session["socket"]], [], 0.02)

    def _one(self, session, command, status, sequence, body):
        if command in {1, 2, 9}:
            self._bind(session, command, sequence, body)
        elif not session["open"]:
            self.problems.append("no bind")
        elif command == 4:
            self._submit(session, sequence, body)
        elif command == 3:
            id_ = body.split(b"\0")[0]
            self._tell(session, 0x80000003, sequence, id_ + b"\0\0\2\0")
        elif command == 6:
            self.unbinds += 1
            self._tell(session, 0x80000006, sequence, b"")
            raise OSError
        elif command == 0x15:
            self._tell(session, 0x80000015, sequence, b"")
        elif command == 0x80000005:
            if status == 0:
                self.waiting.pop(sequence, None)
            self.acks.append((sequence, status))
        elif command == 0x80000015:
            self.alive += 1

    def _bind(self, session, command, sequence, body):
        system_id, password = body.split(b"\0")[:2]
        status = self.bind_status or (0 if password.decode() == self.password else 0x0E)
        self.binds.append((command, system_id.decode()))
        with self._turn:
            self._tell(session, command | 0x80000000, sequence, b"smsc\0", status)
            if status:
                raise OSError
            session.update(open=True, kind=command)
            if command != 2:
                for number, kept in list(self.waiting.items()):
                    self._tell(session, 5, number, kept)

    def _submit(self, session, sequence, body):
        session["unanswered"] += 1
        over = session["unanswered"] > self.window
        self.overruns += over
        sm = self._read(f"{next(self._ids):08x}", body)
        status = self.results.get(sm.phone, 0)
        if over or self.throttle > 0:
            self.throttle -= not over
            status = 0x58
        if not status:
            self.messages.append(sm)
        if self.delay:
            timer = threading.Timer(self.delay, self._answer, (session, sequence, sm, status))
            timer.daemon = True
            timer.start()
        else:
            self._answer(session, sequence, sm, status)

    def _answer(self, session, sequence, sm, status):
        session["unanswered"] -= 1
        if self.fault == "silent":
            return
        body = b"" if status else sm.id.encode() + b"\0"
        packet = struct.pack(">IIII", 16 + len(body), 0x80000004, status, sequence) + body
        if self.fault in {"cut", "half"}:
            with contextlib.suppress(OSError):
                if self.fault == "half":
                    self._write(session, packet[: len(packet) // 2])
                session["socket"].shutdown(socket.SHUT_RDWR)
            return
        with contextlib.suppress(OSError):
            self._write(session, packet)

    def _read(self, id_, body):
        def string(at):
            end = body.index(b"\0", at)
            return body[at:end].decode("ascii"), end + 1

        _, at = string(0)
        source, at = string(at + 2)
        phone, at = string(at + 2)
        esm_class = body[at]
        _, at = string(at + 3)
        _, at = string(at)
        registered, replace, coding, default, length = body[at : at + 5]
        if (registered, replace, default) != (1, 0, 0):
            self.problems.append("flags")
        content, at = body[at + 5 : at + 5 + length], at + 5 + length
        tlvs = {}
        while at < len(body):
            tag, size = struct.unpack_from(">HH", body, at)
            tlvs[tag] = body[at + 4 : at + 4 + size]
            at += 4 + size
        if at != len(body) or length > 254:
            self.problems.append("length")
        return Sm(id_, phone, source, esm_class, coding, content, tlvs)
