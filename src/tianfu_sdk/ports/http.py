"""The one door to the network."""

from __future__ import annotations

from typing import Protocol

from tianfu_sdk.model.http import HttpRequest, HttpResponse

__all__ = ["Transport"]


class Transport(Protocol):
    """Sends HTTP requests. Safe to share between threads."""

    def send(self, request: HttpRequest, *, timeout: float) -> HttpResponse:
        """Send a request and give whatever response came.

        Args:
            request: What to send.
            timeout: Seconds that the whole call may take, from connecting to the answer's end.

        Raises:
            Unavailable: `http.not_sent`, it failed before the request left.
            Ambiguous: `http.no_answer`, it failed after some of it may have left.
        """
        ...

    def close(self) -> None:
        """Free connections; may be called again."""
        ...
