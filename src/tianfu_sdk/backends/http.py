"""The network; the only importer of httpx."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tianfu_sdk.errors import Ambiguous, Unavailable
from tianfu_sdk.model.http import HttpRequest, HttpResponse

__all__ = ["HttpxTransport"]

_LARGEST = 32 << 20
"""Bytes of a response at most; a vendor's answer is a few kilobytes."""
_WARNING = 30
"""As `logging` numbers it, which is not loaded before a request is sent."""
_IDLE = 20
"""Connections that are kept for the next request."""
# One by one: a filter of a logger does not see what its children log.
_LOGGERS = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


class HttpxTransport:
    """Send requests with httpx over connections that are used again.

    Safe to share between threads and across a fork.

    TLS is verified and redirects are not followed. httpx logs whole URLs, which may carry
    phones or keys, so it is silenced in this thread while a request of ours is on its way.
    Time limits of httpx are for each wait, so that a server which sends a byte now and then
    could hold a call for ever: a connection is cut when the whole call took too long.

    Args:
        client: Anything with httpx's `request(method, url, headers=, content=, timeout=)`,
            which sees to the time of a whole call itself; None: clients of our own.
    """

    def __init__(self, client: Any = None) -> None:
        self._client = client
        self._idle: dict[Any, list[_Line]] = defaultdict(list)
        self._context: Any = None
        self._watch = _Watch()
        self._pid = os.getpid()
        self._guard = threading.Lock()

    def send(self, request: HttpRequest, *, timeout: float) -> HttpResponse:
        """Send a request and give whatever response came."""
        import logging

        import httpx

        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_keep)
        _ours.sending = True
        try:
            if self._client is not None:
                return _given(self._client, request, timeout)
            return self._send(request, timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            if why := _untrusted(error):
                raise Unavailable("http.untrusted", why=why) from None
            raise Unavailable("http.not_sent", why=type(error).__name__) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unavailable("http.bad_url", why=type(error).__name__) from None
        except httpx.HTTPError as error:
            # Headers or body may have left: whoever asked must not send again by itself.
            raise Ambiguous("http.no_answer", why=type(error).__name__) from None
        finally:
            _ours.sending = False

    def _send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        import httpx

        url = httpx.URL(request.url)
        origin = (url.scheme, url.host, url.port)
        line = self._take(origin)
        try:
            with self._watch.over(line, timeout):
                return line.send(request, timeout)
        finally:
            self._give_back(origin, line)

    def close(self) -> None:
        """Close the clients that are our own."""
        with self._guard:
            lines = [line for lines in self._idle.values() for line in lines]
            self._idle.clear()
        for line in lines:
            line.close()

    def _take(self, origin: Any) -> _Line:
        import httpx

        with self._guard:
            # A forked child must not speak on the connections of its parent.
            if self._pid != os.getpid():
                self._idle.clear()
                self._watch = _Watch()
                self._pid = os.getpid()
            if self._idle[origin]:
                return self._idle[origin].pop()
            if self._context is None:
                # Reading the authorities' certificates takes longer than a request.
                self._context = httpx.create_ssl_context()
        return _Line(
            httpx.Client(
                verify=self._context,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=1),
            )
        )

    def _give_back(self, origin: Any, line: _Line) -> None:
        with self._guard:
            many = sum(map(len, self._idle.values())) >= _IDLE
            keep = not (line.late or many) and self._pid == os.getpid()
            if keep:
                self._idle[origin].append(line)
        if not keep:
            line.close()


class _Watch:
    """Cuts calls that take too long, from one thread that ends when none is on its way."""

    def __init__(self) -> None:
        self._due: dict[_Line, float] = {}
        self._changed = threading.Condition()
        self._next = math.inf
        self._runs = False

    @contextlib.contextmanager
    def over(self, line: _Line, seconds: float) -> Iterator[None]:
        """Watch over a call while it lasts."""
        due = time.monotonic() + seconds
        with self._changed:
            self._due[line] = due
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="tianfu-http-watch", daemon=True).start()
            elif due < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(line, None)

    def _run(self) -> None:
        with self._changed:
            while self._due:
                now = time.monotonic()
                for line in [line for line, due in self._due.items() if due <= now]:
                    del self._due[line]
                    line.cut()
                self._next = min(self._due.values(), default=now)
                self._changed.wait(self._next - now)
            self._runs = False


class _Line:
    """A client of one server with one connection, which another thread can cut.

    Args:
        client: A client that opens one connection at a time.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._socket: Any = None
        self.late = False
        """Whether it was cut; it is not for use any more then."""

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Send one request and read its answer."""
        try:
            with self._client.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body,
                timeout=timeout,
                extensions={"trace": self._traced},
            ) as answer:
                status, headers = answer.status_code, dict(answer.headers)
                body = _read(answer)
        except Exception as error:
            if self.late and not _is_before(error):
                raise Ambiguous("http.no_answer", why="too late") from None
            raise
        # What ends with its connection looks whole when it was cut.
        if self.late:
            raise Ambiguous("http.no_answer", why="too late")
        return HttpResponse(status=status, headers=headers, body=body)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def cut(self) -> None:
        """End the call that is on its way; called by another thread."""
        import socket

        self.late = True
        if self._socket is not None:
            # Of the socket below TLS; a close would leave its number to others while it is read.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _traced(self, _: str, info: Mapping[str, Any]) -> None:
        stream: Any = info.get("return_value")
        if not hasattr(stream, "get_extra_info"):
            return
        self._socket = stream.get_extra_info("socket")
        if self.late:
            import httpx

            stream.close()
            raise httpx.ConnectTimeout("late")


def _read(answer: Any) -> bytes:
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > _LARGEST:
            raise Ambiguous("http.no_answer", why="response too large")
    return bytes(body)


def _untrusted(error: BaseException | None) -> str:
    """Give what is wrong with a certificate, where that is why; empty: it is not."""
    import ssl

    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            # What follows names the host that was called.
            return str(error.verify_message).partition(",")[0]
        error = error.__cause__ or error.__context__
    return ""


def _is_before(error: Exception) -> bool:
    """Tell whether a request failed before any of it left."""
    import httpx

    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


def _given(client: Any, request: HttpRequest, timeout: float) -> HttpResponse:
    answer = client.request(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.body,
        timeout=timeout,
    )
    if len(answer.content) > _LARGEST:
        raise Ambiguous("http.no_answer", why="response too large")
    return HttpResponse(
        status=answer.status_code, headers=dict(answer.headers), body=answer.content
    )


class _Ours(threading.local):
    sending: bool = False


_ours = _Ours()


def _keep(record: Any) -> bool:
    # httpx's INFO line has the URL, httpcore's DEBUG lines have headers and URL. Requests of
    # the embedding program, in other threads or at other times, are logged as ever.
    return not _ours.sending or bool(record.levelno >= _WARNING)
