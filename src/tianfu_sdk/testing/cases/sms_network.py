"""The gateway's own requests over a real connection: faults, and what is logged."""

from __future__ import annotations

import logging
import socket
import time
import traceback
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.errors import Ambiguous, TianfuError, Unavailable
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import SmsBatch
from tianfu_sdk.ports.sms import (
    HttpSmsGateway,
    QueryingSmsGateway,
    SessionSmsGateway,
    SmsGateway,
)
from tianfu_sdk.settings import Secret
from tianfu_sdk.testing.cases.sms_base import SmsCases, batch_of, national, tried
from tianfu_sdk.testing.cases.sms_callbacks import inbound_of, receipts_of
from tianfu_sdk.testing.cases.sms_spoiling import GARBAGE
from tianfu_sdk.testing.loopback import Fault, Loopback

__all__ = ["NetworkCases", "PrivacyCases"]


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

    def test_what_never_left_is_unavailable(
        self, http: HttpSmsGateway, transport: HttpxTransport
    ) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
            with pytest.raises(Unavailable) as raised:
                transport.send(toward(nobody, http.request(batch_of(1))), timeout=2)
        assert raised.value.retryable

    @pytest.mark.parametrize("fault", ["cut", "silent", "stall", "half"])
    def test_what_may_have_left_is_ambiguous(
        self, http: HttpSmsGateway, loopback: Loopback, transport: HttpxTransport, fault: Fault
    ) -> None:
        loopback.fault = fault
        batch = batch_of(1)
        loopback.script(self.answer(batch, "accepted"))
        started = time.monotonic()
        with pytest.raises(Ambiguous) as raised:
            transport.send(toward(loopback.url, http.request(batch)), timeout=0.3)
        assert not raised.value.retryable
        assert time.monotonic() - started < 3
        assert len(loopback.requests) == 1, "it was sent again by itself"


class _Ear(logging.Handler):
    """Hears every record of the process, and keeps all that any formatter could show."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.heard: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        extras = {k: v for k, v in vars(record).items() if k not in {"msg", "message"}}
        self.heard.append(f"{self.format(record)}\n{extras!r}")


class PrivacyCases(SmsCases):
    """No phone, key or text in any log record, repr or error."""

    text = "退订请回复R，防汛科普第壹期"

    @pytest.fixture
    def ear(self) -> Iterator[_Ear]:
        """Hear all loggers, at every level."""
        ear = _Ear()
        names = [*logging.Logger.manager.loggerDict, "httpx", "httpcore", "tianfu_sdk"]
        loggers = [logging.getLogger(name) for name in dict.fromkeys(names)]
        before = [(logger, logger.level) for logger in [logging.root, *loggers]]
        for logger, level in before:
            if level != logging.NOTSET or logger is logging.root:
                logger.setLevel(logging.DEBUG)
        logging.root.addHandler(ear)
        yield ear
        logging.root.removeHandler(ear)
        for logger, level in before:
            logger.setLevel(level)

    @pytest.fixture
    def private(self, gateway: SmsGateway) -> dict[str, str]:
        """Give what must never be seen, by what it is."""
        found = {f"secret {n}": text for n, text in enumerate([*self.secrets, *_kept(gateway)])}
        phones = [one.phone for one in batch_of(3).recipients]
        phones += [one.phone for one in inbound_of([self.text])]
        found |= {f"phone {n}": national(phone) for n, phone in enumerate(phones)}
        return {name: text for name, text in (found | {"text": self.text}).items() if text}

    def check_silent(self, private: dict[str, str], shown: str) -> None:
        """Look for what is private in what is shown; its value is not shown here either."""
        assert not [name for name, text in private.items() if text in shown]

    def test_no_repr_shows_anything(self, gateway: SmsGateway, private: dict[str, str]) -> None:
        can = gateway.capabilities
        self.check_silent(private, f"{gateway!r} {gateway} {can!r}")
        if isinstance(gateway, HttpSmsGateway) and can.shape == "http":
            batch = batch_of(min(3, can.phones_per_call), text=self.text)
            results = gateway.result(batch, self.answer(batch, "accepted"))
            self.check_silent(private, f"{gateway.request(batch)!r} {results!r} {batch!r}")
            if isinstance(gateway, QueryingSmsGateway) and can.can_query:
                some = batch_of(min(len(batch.recipients), can.phones_per_query))
                self.check_silent(private, f"{gateway.query(some)!r}")

    def test_nothing_is_logged_on_the_way_out(
        self, http: HttpSmsGateway, loopback: Loopback, ear: _Ear, private: dict[str, str]
    ) -> None:
        batch = batch_of(min(3, http.capabilities.phones_per_call), text=self.text)
        transport = HttpxTransport()
        logging.getLogger("tianfu_sdk.testing").debug("listening")
        for answer in [self.answer(batch, "accepted"), self.answer(batch, "rejected"), *_pages()]:
            loopback.script(answer)
            request = toward(loopback.url, http.request(batch))
            http.result(batch, transport.send(request, timeout=5))
        loopback.fault = "cut"
        with pytest.raises(Ambiguous) as raised:
            transport.send(toward(loopback.url, http.request(batch)), timeout=5)
        transport.close()
        self.check_silent(private, _whole(raised.value))
        assert any("listening" in line for line in ear.heard)
        self.check_silent(private, "\n".join(ear.heard))

    def test_no_error_shows_anything(
        self, http: HttpSmsGateway, ear: _Ear, private: dict[str, str]
    ) -> None:
        most = http.capabilities.phones_per_call
        refused: list[Any] = [tried(lambda: http.request(batch_of(most + 1, text=self.text)))]
        if "push" in http.capabilities.receipts or http.capabilities.inbound:
            receipts = receipts_of(1) if "push" in http.capabilities.receipts else []
            inbound = inbound_of([self.text]) if http.capabilities.inbound else []
            request = self.signed_callback(receipts, inbound)
            self.check_silent(private, f"{http.callback(request)!r} {request!r}")
            wrong = [*self.forged(request)]
            half = attrs.evolve(request, body=request.body[: len(request.body) * 2 // 3])
            wrong += [self.resigned(half), half]
            refused += [tried(partial(http.callback, asked)) for asked in wrong]
        for error in refused:
            assert isinstance(error, TianfuError)
            self.check_silent(private, _whole(error))
        self.check_silent(private, "\n".join(ear.heard))

    def test_a_session_says_nothing_private(
        self, session: SessionSmsGateway, ear: _Ear, private: dict[str, str]
    ) -> None:
        can = session.capabilities
        batch = batch_of(min(3, can.phones_per_call), text=self.text)
        results = session.submit(batch)
        receipts, inbound = session.poll()
        over = tried(lambda: session.submit(batch_of(can.phones_per_call + 1, text=self.text)))
        assert isinstance(over, TianfuError)
        session.close()
        self.check_silent(private, f"{session!r} {results!r} {receipts!r} {inbound!r}")
        self.check_silent(private, _whole(over))
        self.check_silent(private, "\n".join(ear.heard))


def _pages() -> list[HttpResponse]:
    return [
        HttpResponse(status=502, body=GARBAGE["page"]),
        HttpResponse(status=200, body=GARBAGE["half"]),
        HttpResponse(status=403, body=GARBAGE["text"]),
    ]


def _whole(error: TianfuError) -> str:
    """Give all that a log of this error could show."""
    shown = "".join(traceback.format_exception(error))
    return f"{shown}\n{error!r}\n{error.text('zh')}\n{error.values!r}\n{error.path}\n{error.hint}"


def _kept(thing: Any, depth: int = 2) -> Iterator[str]:
    """Give the secrets that an object keeps."""
    names = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
    for name in names:
        value = getattr(thing, name, None)
        if isinstance(value, Secret):
            yield value.reveal()
        elif depth and not isinstance(value, (SmsBatch, type(None), str, bytes, int)):
            yield from _kept(value, depth - 1)
