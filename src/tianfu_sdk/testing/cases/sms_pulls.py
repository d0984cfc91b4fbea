"""`pulls`: what a vendor keeps until it is asked; an answer that cannot be read loses nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

import attrs
import pytest

from tianfu_sdk.errors import BackendError
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.sms import CallbackResult, Inbound, SmsReceipt
from tianfu_sdk.ports.sms import HttpSmsGateway, PullingSmsGateway
from tianfu_sdk.testing.cases.sms_base import SEED, SmsCases, tried
from tianfu_sdk.testing.cases.sms_callbacks import inbound_of, receipts_of, same_receipt
from tianfu_sdk.testing.cases.sms_spoiling import GARBAGE, spoilt

__all__ = ["PullCases"]


class PullCases(SmsCases):
    """Receipts and inbound messages that the hub fetches from a gateway over HTTP."""

    @pytest.fixture
    def pulling(self, http: HttpSmsGateway) -> PullingSmsGateway:
        """Give the gateway if it is asked for receipts."""
        if "pull" not in http.capabilities.receipts:
            pytest.skip("capabilities.receipts has no pull")
        assert isinstance(http, PullingSmsGateway)
        return http

    def fetched(
        self,
        gateway: PullingSmsGateway,
        receipts: Sequence[SmsReceipt],
        inbound: Sequence[Inbound],
    ) -> list[CallbackResult]:
        """Fetch once by every request."""
        return [
            gateway.pulled(request, self.pull_answer(request, receipts, inbound))
            for request in gateway.pulls()
        ]

    def test_what_is_fetched_is_read(self, pulling: PullingSmsGateway) -> None:
        receipts, inbound = receipts_of(5), inbound_of(["TD", "谢谢"])
        came = self.fetched(pulling, receipts, inbound)
        read = [receipt for result in came for receipt in result.receipts]
        assert len(read) == len(receipts)
        for was, now in zip(receipts, read, strict=True):
            assert same_receipt(was, now)
        heard = [message for result in came for message in result.inbound]
        if pulling.capabilities.inbound and heard:
            assert [(m.phone, m.text) for m in heard] == [(m.phone, m.text) for m in inbound]

    def test_nothing_new_is_nothing(self, pulling: PullingSmsGateway) -> None:
        for result in self.fetched(pulling, [], []):
            assert not result.receipts
            assert not result.inbound
            assert not result.more

    @pytest.mark.parametrize("name", GARBAGE)
    def test_an_answer_that_cannot_be_read_is_an_error(
        self, pulling: PullingSmsGateway, name: str
    ) -> None:
        for request in pulling.pulls():
            for status in (200, 401, 429, 500):
                with pytest.raises(BackendError):
                    pulling.pulled(request, HttpResponse(status=status, body=GARBAGE[name]))

    def test_no_spoilt_answer_raises_anything_else(self, pulling: PullingSmsGateway) -> None:
        rng = random.Random(SEED)
        for request in pulling.pulls():
            whole = self.pull_answer(request, receipts_of(3), inbound_of(["TD"]))
            for body in spoilt(whole.body, rng, 150):
                answer = attrs.evolve(whole, body=body)
                came = tried(partial(pulling.pulled, request, answer))
                assert isinstance(came, (CallbackResult, BackendError))
