"""The gateway's own requests over a real connection, to a vendor that fails in every way."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import attrs
import pytest

from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.errors import Ambiguous, Unavailable
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.ports.sms import HttpSmsGateway
from tianfu_sdk.testing.cases.sms_base import SmsCases, batch_of, check_results
from tianfu_sdk.testing.cases.sms_spoiling import GARBAGE
from tianfu_sdk.testing.certificate import self_signed
from tianfu_sdk.testing.loopback import Fault, Loopback

__all__ = ["NetworkCases", "Nowhere", "nowhere", "toward"]

_OK = 200
_ENDS: tuple[Fault, ...] = ("cut", "reset", "half", "noise", "garbled")
_LIMITS = (0.15, 1.0, 5.0)
"""Seconds that an answer is waited for that never ends."""
_WAITS: tuple[Fault, ...] = ("silent", "stall", "drip")
"""After these nothing comes any more, and the time limit ends the call."""

Nowhere = Literal["refused", "hung", "no tls"]
"""Why nothing leaves: nobody listens; whoever does never begins TLS; or knows no TLS."""


@contextlib.contextmanager
def nowhere(why: Nowhere) -> Iterator[str]:
    """Give an address to which no request can leave."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{server.getsockname()[1]}"
        if why == "refused":
            yield f"http://{place}"
            return
        server.listen()
        if why == "hung":
            yield f"https://{place}"
            return
        plain = threading.Thread(target=_plainly, args=(server,))
        plain.start()
        try:
            yield f"https://{place}"
        finally:
            plain.join()


def _plainly(server: socket.socket) -> None:
    server.settimeout(5)
    with contextlib.suppress(OSError):
        caller, _ = server.accept()
        with caller:
            caller.recv(_OK)
            caller.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")


def toward(vendor: str, request: HttpRequest) -> HttpRequest:
    """Turn a request to another host."""
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return attrs.evolve(request, url=vendor + path)


class NetworkCases(SmsCases):
    """What a failure on the way means: only what provably did not leave may go again."""

    @pytest.fixture
    def transport(self) -> Iterator[HttpxTransport]:
        """Give the hub's own way to the network."""
        transport = HttpxTransport()
        yield transport
        transport.close()

    def test_a_batch_goes_out_and_its_answer_is_read(
        self, http: HttpSmsGateway, loopback: Loopback, transport: HttpxTransport
    ) -> None:
        batch = batch_of(min(3, http.capabilities.phones_per_call))
        loopback.script(self.answer(batch, "accepted"))
        request = toward(loopback.url, http.request(batch))
        results = http.result(batch, transport.send(request, timeout=5))
        assert [result.status for result in results] == ["accepted"] * len(batch.recipients)
        (came,) = loopback.requests
        assert (came.method, came.body) == (request.method, request.body)
        assert came.url == request.url
        assert {name: came.headers.get(name) for name in request.headers} == dict(request.headers)

    def test_a_redirect_is_not_followed(
        self, http: HttpSmsGateway, loopback: Loopback, transport: HttpxTransport
    ) -> None:
        loopback.script(HttpResponse(status=307, headers={"location": loopback.url + "/away"}))
        batch = batch_of(1)
        request = toward(loopback.url, http.request(batch))
        results = http.result(batch, transport.send(request, timeout=5))
        assert results[0].status != "accepted"
        assert len(loopback.requests) == 1, "phones went to where a redirect pointed"

    @pytest.mark.parametrize("why", ["refused", "hung", "no tls"])
    def test_what_never_left_is_unavailable(
        self, http: HttpSmsGateway, transport: HttpxTransport, why: Nowhere
    ) -> None:
        # Long enough for a refusal on a busy machine; only who hangs is waited for.
        limit = 0.15 if why == "hung" else 10
        with nowhere(why) as url, pytest.raises(Unavailable) as raised:
            transport.send(toward(url, http.request(batch_of(1))), timeout=limit)
        assert raised.value.retryable

    def test_a_certificate_that_nobody_vouches_for_ends_it_before_anything_leaves(
        self, http: HttpSmsGateway, transport: HttpxTransport, tmp_path: Path
    ) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self_signed(tmp_path))
        with Loopback(tls) as vendor, pytest.raises(Unavailable) as raised:
            transport.send(toward(vendor.url, http.request(batch_of(1))), timeout=5)
        assert vendor.requests == []
        assert (raised.value.code, raised.value.retryable) == ("http.untrusted", True)
        assert "SSL_CERT_FILE" in str(raised.value)

    @pytest.mark.parametrize("fault", [*_ENDS, *_WAITS])
    def test_what_may_have_left_is_ambiguous(
        self, http: HttpSmsGateway, loopback: Loopback, transport: HttpxTransport, fault: Fault
    ) -> None:
        loopback.fault = fault
        batch = batch_of(1)
        loopback.script(self.answer(batch, "accepted"))
        request = toward(loopback.url, http.request(batch))
        for limit in _LIMITS if fault in _WAITS else _LIMITS[-1:]:
            started = time.monotonic()
            with pytest.raises((Ambiguous, Unavailable)) as raised:
                transport.send(request, timeout=limit)
            # On a busy machine it may not have left in so short a time: then longer is waited.
            if raised.type is Ambiguous or loopback.requests:
                break
        assert raised.type is Ambiguous
        assert not raised.value.retryable
        assert time.monotonic() - started < limit + self.patience
        # A busy machine may read it after the gateway has ceased to wait.
        end = time.monotonic() + self.patience
        while not loopback.requests and time.monotonic() < end:
            time.sleep(0.01)
        assert len(loopback.requests) == 1, "it was sent again by itself"

    @pytest.mark.parametrize("status", [200, 500, 502, 503, 504])
    def test_a_bad_answer_on_the_way_is_never_a_refusal(
        self, http: HttpSmsGateway, loopback: Loopback, transport: HttpxTransport, status: int
    ) -> None:
        batch = batch_of(min(2, http.capabilities.phones_per_call))
        request = toward(loopback.url, http.request(batch))
        right = {"unknown"} if status == _OK else {"unknown", "deferred"}
        for name in ("empty", "page", "half", "nested", "wrong types"):
            loopback.script(HttpResponse(status=status, body=GARBAGE[name]))
            results = http.result(batch, transport.send(request, timeout=5))
            check_results(batch, results)
            assert {result.status for result in results} <= right

    def test_an_answer_that_ends_too_early_is_unknown(
        self, http: HttpSmsGateway, loopback: Loopback, transport: HttpxTransport
    ) -> None:
        batch = batch_of(min(4, http.capabilities.phones_per_call))
        whole = self.answer(batch, "accepted")
        if len(whole.body) < 2:
            return  # an answer by status alone has no half
        loopback.script(whole)
        loopback.fault = "short"
        came = transport.send(toward(loopback.url, http.request(batch)), timeout=5)
        assert came.body == whole.body[: len(whole.body) // 2]
        results = http.result(batch, came)
        check_results(batch, results)
        assert {result.status for result in results} == {"unknown"}
