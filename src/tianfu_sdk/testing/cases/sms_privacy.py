"""No phone, key or text in any log record, repr, traceback or print."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, get_args

import attrs
import pytest

from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.errors import TianfuError, Unavailable
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.ports.sms import (
    AcknowledgingSmsGateway,
    HttpSmsGateway,
    PullingSmsGateway,
    QueryingSmsGateway,
    SessionSmsGateway,
    SmsGateway,
)
from tianfu_sdk.testing.cases.sms_base import batch_of, tried
from tianfu_sdk.testing.cases.sms_callbacks import inbound_of, receipts_of
from tianfu_sdk.testing.cases.sms_listening import Ear, ListeningCases, whole
from tianfu_sdk.testing.cases.sms_network import nowhere, toward
from tianfu_sdk.testing.cases.sms_spoiling import GARBAGE
from tianfu_sdk.testing.loopback import Fault, Loopback

__all__ = ["PrivacyCases"]

_SOON = 0.1
"""Seconds in which a server on this machine that will ever answer has answered."""


class PrivacyCases(ListeningCases):
    """Sending, failing, being called, asking and polling, with an ear at every logger."""

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
        self, http: HttpSmsGateway, loopback: Loopback, ear: Ear, private: dict[str, str]
    ) -> None:
        batch = batch_of(min(3, http.capabilities.phones_per_call), text=self.text)
        transport = HttpxTransport()
        for answer in [self.answer(batch, "accepted"), self.answer(batch, "rejected"), *_pages()]:
            loopback.script(answer)
            request = toward(loopback.url, http.request(batch))
            http.result(batch, transport.send(request, timeout=5))
        transport.close()
        self.check_silent(private, ear.all())

    @pytest.mark.parametrize("fault", [one for one in get_args(Fault) if one])
    def test_nothing_is_logged_when_the_way_fails(
        self,
        http: HttpSmsGateway,
        loopback: Loopback,
        ear: Ear,
        private: dict[str, str],
        fault: Fault,
    ) -> None:
        batch = batch_of(min(3, http.capabilities.phones_per_call), text=self.text)
        loopback.script(self.answer(batch, "accepted"))
        loopback.fault = fault
        request = toward(loopback.url, http.request(batch))
        transport = HttpxTransport()
        found = tried(lambda: transport.send(request, timeout=_SOON))
        transport.close()
        if isinstance(found, TianfuError):
            self.check_silent(private, whole(found))
        else:
            self.check_silent(private, f"{http.result(batch, found)!r}")
        self.check_silent(private, ear.all())

    def test_nothing_is_logged_when_nothing_leaves(
        self, http: HttpSmsGateway, ear: Ear, private: dict[str, str]
    ) -> None:
        request = http.request(batch_of(1, text=self.text))
        transport = HttpxTransport()
        with nowhere("refused") as url, pytest.raises(Unavailable) as raised:
            transport.send(toward(url, request), timeout=2)
        transport.close()
        self.check_silent(private, whole(raised.value))
        self.check_silent(private, ear.all())

    def test_nothing_is_logged_when_it_is_asked(
        self, http: HttpSmsGateway, loopback: Loopback, ear: Ear, private: dict[str, str]
    ) -> None:
        can = http.capabilities
        asks, pulls = bool(can.can_query), "pull" in can.receipts
        if not asks and not pulls:
            pytest.skip("capabilities: the vendor cannot be asked anything")
        transport = HttpxTransport()
        if asks:
            assert isinstance(http, QueryingSmsGateway)
            batch = batch_of(min(3, can.phones_per_query), text=self.text)
            request = toward(loopback.url, http.query(batch))
            for answer in [self.query_answer(batch, "accepted"), *_pages()]:
                loopback.script(answer)
                answered = http.answer(batch, transport.send(request, timeout=5))
                self.check_silent(private, f"{request!r} {answered.results!r}")
        if pulls:
            assert isinstance(http, PullingSmsGateway)
            for request in http.pulls():
                said = self.pull_answer(request, receipts_of(2), inbound_of([self.text]))
                for answer in [said, *_pages()]:
                    loopback.script(answer)
                    came = transport.send(toward(loopback.url, request), timeout=5)
                    pulled = tried(partial(http.pulled, request, came))
                    told = whole(pulled) if isinstance(pulled, TianfuError) else repr(pulled)
                    self.check_silent(private, told)
        transport.close()
        self.check_silent(private, ear.all())

    def test_no_error_shows_anything(
        self, http: HttpSmsGateway, ear: Ear, private: dict[str, str]
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
            self.check_silent(private, whole(error))
        self.check_silent(private, ear.all())

    def test_a_session_says_nothing_private(
        self, session: SessionSmsGateway, ear: Ear, private: dict[str, str]
    ) -> None:
        can = session.capabilities
        batch = batch_of(min(3, can.phones_per_call), text=self.text)
        results = session.submit(batch)
        receipts = receipts_of(2) if can.receipts else []
        inbound = inbound_of([self.text]) if can.inbound else []
        if receipts or inbound:
            self.arrive(session, receipts, inbound)
        end, came = time.monotonic() + self.patience, 0
        while came < len(receipts) + len(inbound) and time.monotonic() < end:
            polled = session.poll()
            came += sum(map(len, polled))
            self.check_silent(private, f"{polled!r}")
            if isinstance(session, AcknowledgingSmsGateway):
                session.acknowledge()
            time.sleep(0.01)
        over = tried(lambda: session.submit(batch_of(can.phones_per_call + 1, text=self.text)))
        assert isinstance(over, TianfuError)
        session.close()
        self.check_silent(private, f"{session!r} {results!r} {whole(over)}")
        self.check_silent(private, ear.all())


def _pages() -> list[HttpResponse]:
    return [
        HttpResponse(status=502, body=GARBAGE["page"]),
        HttpResponse(status=200, body=GARBAGE["half"]),
        HttpResponse(status=403, body=GARBAGE["text"]),
    ]
