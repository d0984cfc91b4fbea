"""A vendor of SMS on this machine: takes batches of the gateway `webhook` and counts.

`python bench/vendor.py` prints its port, serves until its standard input ends, then prints how
many calls and numbers it took. It reads no more of a body than it must, so that what is measured
is who calls it.
"""

from __future__ import annotations

import asyncio
import json
import sys


class Vendor(asyncio.Protocol):
    """One connection, kept alive."""

    calls = 0
    numbers = 0

    def connection_made(self, transport) -> None:
        self._transport = transport
        self._came = bytearray()

    def data_received(self, data: bytes) -> None:
        self._came += data
        while True:
            end = self._came.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._came[:end]).lower()
            at = head.index(b"content-length:") + 15
            length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
            if len(self._came) < end + 4 + length:
                return
            body = bytes(self._came[end + 4 : end + 4 + length])
            del self._came[: end + 4 + length]
            self._transport.write(self._answer(body))

    def _answer(self, body: bytes) -> bytes:
        Vendor.calls += 1
        plain = json.loads(body)
        if "recipients" not in plain:
            Vendor.numbers += 1
            return _response(b"{}")
        to = plain["recipients"]
        reference = plain["reference"]
        Vendor.numbers += len(to)
        said = ",".join(
            f'{{"ref":"{one["ref"]}","status":"accepted","id":"{reference}-{place}"}}'
            for place, one in enumerate(to)
        )
        return _response(f'{{"version":1,"results":[{said}]}}'.encode())


def _response(body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        % len(body)
    ) + body


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Vendor, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    sys.stdout.write(f"{Vendor.calls} {Vendor.numbers}\n")


if __name__ == "__main__":
    asyncio.run(serve())
