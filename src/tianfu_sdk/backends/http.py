"""The network; the only importer of httpx."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from tianfu_sdk.errors import Ambiguous, Unavailable
from tianfu_sdk.model.http import HttpRequest, HttpResponse

__all__ = ["HttpxTransport"]

_LARGEST = 32 << 20
"""Bytes of a response at most; a vendor's answer is a few kilobytes."""
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
    """Send requests with httpx, one shared client a process.

    Safe to share between threads and across a fork.

    TLS is verified and redirects are not followed. httpx logs whole URLs, which may carry
    phones or keys, so it is silenced in this thread while a request of ours is on its way.

    Args:
        client: Anything with httpx's `request(method, url, headers=, content=, timeout=)`;
            None: an `httpx.Client` of our own.
    """

    def __init__(self, client: Any = None) -> None:
        self._client = client
        self._own = client is None
        self._pid = os.getpid()
        self._guard = threading.Lock()

    def send(self, request: HttpRequest, *, timeout: float) -> HttpResponse:
        """Send a request and give whatever response came."""
        import httpx

        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_keep)
        _ours.sending = True
        try:
            answer = self._open().request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body,
                timeout=timeout,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable("http.not_sent", why=type(error).__name__) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unavailable("http.bad_url", why=type(error).__name__) from None
        except httpx.HTTPError as error:
            # Headers or body may have left: whoever asked must not send again by itself.
            raise Ambiguous("http.no_answer", why=type(error).__name__) from None
        finally:
            _ours.sending = False
        if len(answer.content) > _LARGEST:
            raise Ambiguous("http.no_answer", why="response too large")
        return HttpResponse(
            status=answer.status_code, headers=dict(answer.headers), body=answer.content
        )

    def close(self) -> None:
        """Close the client if it is our own."""
        with self._guard:
            if self._own and self._client is not None:
                self._client.close()
                self._client = None

    def _open(self) -> Any:
        with self._guard:
            # A forked child must not speak on the connections of its parent.
            if self._client is None or (self._own and self._pid != os.getpid()):
                import httpx

                self._client = httpx.Client(follow_redirects=False)
                self._pid = os.getpid()
            return self._client


class _Ours(threading.local):
    sending: bool = False


_ours = _Ours()


def _keep(record: logging.LogRecord) -> bool:
    # httpx's INFO line has the URL, httpcore's DEBUG lines have headers and URL. Requests of
    # the embedding program, in other threads or at other times, are logged as ever.
    return not _ours.sending or record.levelno >= logging.WARNING
