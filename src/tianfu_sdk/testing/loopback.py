"""A small HTTP server on 127.0.0.1 that plays a vendor, well or badly."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

from tianfu_sdk.model.http import HttpRequest, HttpResponse

__all__ = ["Fault", "Loopback"]

Fault = Literal["", "cut", "reset", "silent", "stall", "drip", "half", "short", "noise", "garbled"]
"""How the server fails once it has read a request: `cut` closes without a word, `reset` breaks
the connection off, `silent` says nothing at all, `stall` falls silent after its headers, `drip`
sends a byte now and then for ever, `half` closes amid the body, `short` as well, without having
said how long it is; `noise` answers what is no HTTP, `garbled` a body that is not packed as its
headers say."""

_DRIP = 0.01
"""Seconds between two bytes."""


class Loopback:
    """A vendor on this machine; safe to call from several threads.

    ```python
    with Loopback() as vendor:
        vendor.script(lambda request: HttpResponse(status=200, body=b"{}"))
        transport.send(HttpRequest(method="POST", url=vendor.url + "/send"), timeout=5)
    vendor.requests  # what came, oldest first
    ```

    Args:
        tls: How it speaks TLS; None: it speaks in the clear.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[HttpRequest] = []
        """What came, oldest first."""
        self.fault: Fault = ""
        """How to fail from now on; empty: not."""
        self._answer: Callable[[HttpRequest], HttpResponse] = _nothing
        self._ended = threading.Event()
        self._scheme = "https" if tls else "http"
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls:
            # Each handshake by the thread of its connection.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        # A handler thread that outlives its test would be someone else's riddle.
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.002,), name="loopback", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def script(self, answer: HttpResponse | Callable[[HttpRequest], HttpResponse]) -> None:
        """Say what it answers from now on.

        Args:
            answer: One response for all, or a function of the request.
        """
        self._answer = (lambda _: answer) if isinstance(answer, HttpResponse) else answer

    def close(self) -> None:
        """Stop; may be called again."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def take(self, request: HttpRequest) -> HttpResponse:
        """Keep a request and give its answer."""
        self.requests.append(request)
        return self._answer(request)

    def wait(self, seconds: float | None = None) -> bool:
        """Hold a connection until the server is closed; tells whether it is."""
        return self._ended.wait(seconds)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a caller that ends its connection, such as amid a handshake."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _nothing(_: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200)


def _handler(vendor: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0 closes after each answer, so no idle connection outlives a test.
        def _serve(self) -> None:
            request = HttpRequest(
                method=self.command,
                url=vendor.url + self.path,
                headers=dict(self.headers.items()),
                body=self.rfile.read(int(self.headers.get("content-length") or 0)),
                client=self.client_address[0],
            )
            answer = vendor.take(request)
            if vendor.fault == "cut":
                return
            if vendor.fault == "reset":
                self._break_off()
            elif vendor.fault == "silent":
                vendor.wait()
            elif vendor.fault == "noise":
                self.wfile.write(b"\x00\x00\x00\x15 no HTTP\r\n\r\n")
            else:
                self._answer(answer)

        def _answer(self, answer: HttpResponse) -> None:
            short = vendor.fault == "short"
            missing = 1000 if vendor.fault in {"half", "stall", "drip"} else 0
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if vendor.fault == "garbled":
                self.send_header("content-encoding", "gzip")
            if not short:
                self.send_header("content-length", str(len(answer.body) + missing))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: len(answer.body) // 2] if short else answer.body)
            self.wfile.flush()
            if vendor.fault == "stall":
                vendor.wait()
            elif vendor.fault == "drip":
                self._drip()

        def _drip(self) -> None:
            with contextlib.suppress(OSError):
                while not vendor.wait(_DRIP):
                    self.wfile.write(b" ")

        def _break_off(self) -> None:
            # No time to linger: what closes it is a reset and not an end.
            now = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            os.close(self.connection.detach())

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - of http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Say nothing: a request line may carry a phone."""

    return Handler
