"""Submits a second of gateways that hold a session, to a bare server in a process of its own.

    python bench/sessions.py [--seconds 2]

The server answers whatever has the head of a submit and checks nothing, so that the client is
what is measured. A row is one gateway, so many threads of one hub, batches of so many phones.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import struct
import threading
import time

from tianfu_sdk.backends.clock import SystemClock, TimeOrderedIds
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.sms import Recipient, SmsBatch

CMPP = {"host": "127.0.0.1", "source_addr": "900001", "secret": "888888", "src_id": "10658000"}
SMPP = {"host": "127.0.0.1", "system_id": "kepu", "password": "secret", "tls": False}
TEXT = "汛期防范提示：请远离河道和山洪沟，拒收请回复R"


class _Server(asyncio.Protocol):
    """Cuts packets and answers each by its kind."""

    def connection_made(self, transport):
        self.transport, self.rest = transport, b""
        self.ids = itertools.count(1)

    def data_received(self, data):
        data = self.rest + data
        at, answers = 0, []
        while len(data) - at >= 12:
            length = int.from_bytes(data[at : at + 4], "big")
            if len(data) - at < length:
                break
            answers.append(self.answer(data[at : at + length]))
            at += length
        self.rest = data[at:]
        self.transport.write(b"".join(answers))


class _Cmpp(_Server):
    def answer(self, packet):
        _, command, sequence = struct.unpack_from(">III", packet)
        body = {1: bytes(21), 2: b"", 8: b"\0"}.get(command)
        if command == 4:
            body = struct.pack(">QI", next(self.ids), 0)
        return struct.pack(">III", 12 + len(body), command | 0x80000000, sequence) + body


class _Smpp(_Server):
    def answer(self, packet):
        _, command, _, sequence = struct.unpack_from(">IIII", packet)
        body = b"%x\0" % next(self.ids) if command == 4 else b"" if command in {6, 0x15} else b"\0"
        return struct.pack(">IIII", 16 + len(body), command | 0x80000000, 0, sequence) + body


def _serve(kind, told):
    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(kind, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def _context(table):
    clock = SystemClock()
    return BackendContext(clock=clock, ids=TimeOrderedIds(clock), settings=table)


def _cmpp(port, window):
    from tianfu_sms_cmpp import CmppGateway

    table = {**CMPP, "port": port, "version": "3.0", "window": window}
    return CmppGateway.open(_context(table))


def _smpp(port, window):
    from tianfu_sms_smpp import SmppGateway

    table = {**SMPP, "source_addr": "10658000", "port": port, "window": window}
    return SmppGateway.open(_context(table))


def _batch(number, phones):
    recipients = [Recipient(f"s{n}", f"+86139{n:08d}") for n in range(phones)]
    return SmsBatch(
        reference=f"b{number}", signature="科普四川", text=TEXT, recipients=tuple(recipients)
    )


def _measure(gateway, threads, phones, seconds):
    """Give submits and phones a second, through `submit` as a dispatcher calls it."""
    gateway.connect()
    end = time.perf_counter() + seconds
    counts = [0] * threads

    def work(place):
        batch = _batch(place, phones)
        while time.perf_counter() < end:
            results = gateway.submit(batch)
            assert results[0].status == "accepted"
            counts[place] += 1

    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    started = time.perf_counter()
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    took = time.perf_counter() - started
    gateway.close()
    return sum(counts) / took, sum(counts) * phones / took


KINDS = {"cmpp": (_Cmpp, _cmpp), "smpp": (_Smpp, _smpp)}
ROWS = [(1, 1), (16, 1), (64, 1), (16, 90), (64, 90)]
"""Window, which is as many threads, and phones a batch."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="*", default=list(KINDS))
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    print("| gateway | window | phones a batch | batches/s | phones/s |\n|---|---|---|---|---|")
    for name in options.which:
        server, client = KINDS[name]
        spawn = multiprocessing.get_context("spawn")
        told, tell = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_serve, args=(server, tell), daemon=True)
        process.start()
        port = told.recv()
        for window, phones in ROWS:
            batches, sent = _measure(client(port, window), window, phones, options.seconds)
            print(f"| {name} | {window} | {phones} | {batches:,.0f} | {sent:,.0f} |", flush=True)
        process.kill()
        process.join()


if __name__ == "__main__":
    main()
