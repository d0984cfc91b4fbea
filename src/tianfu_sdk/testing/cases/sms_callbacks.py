"""`callback`: the gateway's own is read, anything else is refused by a typed error."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import attrs
import pytest

from tianfu_sdk.errors import Denied, Invalid, TianfuError
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import CallbackResult, Inbound, SmsReceipt
from tianfu_sdk.ports.sms import HttpSmsGateway
from tianfu_sdk.testing.cases.sms_base import HOSTILE, SEED, SmsCases, tried
from tianfu_sdk.testing.cases.sms_spoiling import GARBAGE, spoilt

__all__ = ["CallbackCases", "inbound_of", "receipts_of"]

_STATES = ("delivered", "failed", "expired")


def receipts_of(count: int) -> list[SmsReceipt]:
    """Make receipts, each a second after the one before."""
    start = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    return [
        SmsReceipt(
            provider_id=f"msg-{number:06d}",
            ref=f"sub_{number:026d}",
            reference=f"bat_{0:026d}",
            phone=f"+86139{87650000 + number:08d}",
            state="failed" if number % 3 == 1 else "delivered",
            at=start + timedelta(seconds=number),
            code="UNDELIV" if number % 3 == 1 else "DELIVRD",
        )
        for number in range(count)
    ]


def inbound_of(texts: Sequence[str]) -> list[Inbound]:
    """Make what people answered."""
    start = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    return [
        Inbound(
            phone=f"+86139{87650000 + number:08d}",
            text=text,
            at=start + timedelta(seconds=number),
            provider_id=f"in-{number:06d}",
        )
        for number, text in enumerate(texts)
    ]


def same_receipt(sent: SmsReceipt, read: SmsReceipt) -> bool:
    """Tell whether a receipt was read as it was sent, as far as a vendor says it."""
    known = bool(read.provider_id or read.ref)
    return (
        known
        and read.state == sent.state
        and read.provider_id in {"", sent.provider_id}
        and read.ref in {"", sent.ref}
        and read.phone in {"", sent.phone}
        and (read.at is None or read.at == sent.at)
    )


class CallbackCases(SmsCases):
    """Receipts and inbound messages that the vendor sends us."""

    @pytest.fixture
    def pushing(self, http: HttpSmsGateway) -> HttpSmsGateway:
        """Give the gateway if its vendor calls back."""
        if "push" not in http.capabilities.receipts and not http.capabilities.inbound:
            pytest.skip("capabilities: no receipts by push, no inbound")
        return http

    def called(
        self, gateway: HttpSmsGateway, receipts: Sequence[SmsReceipt], inbound: Sequence[Inbound]
    ) -> HttpRequest:
        """Make an authentic callback of what the vendor can say."""
        can = gateway.capabilities
        return self.signed_callback(
            receipts if "push" in can.receipts else (), inbound if can.inbound else ()
        )

    def check_callback(self, result: CallbackResult) -> None:
        """Hold what was read to what the port says of any of it."""
        assert isinstance(result, CallbackResult)
        assert isinstance(result.response, HttpResponse)
        moments = [one.at for one in result.receipts] + [one.at for one in result.inbound]
        assert all(at is None or at.tzinfo is not None for at in moments), "times are aware"
        for receipt in result.receipts:
            assert receipt.state in _STATES
            texts = (receipt.provider_id, receipt.ref, receipt.reference, receipt.code)
            assert all(isinstance(text, str) for text in texts)
            "".join(texts).encode("utf-8")
        for message in result.inbound:
            assert message.phone.startswith("+"), "E.164"
            assert message.phone[1:].isascii()
            assert message.phone[1:].isdigit()
            (message.text + message.provider_id).encode("utf-8")

    def test_a_gateway_that_is_never_called_back_refuses_every_callback(
        self, http: HttpSmsGateway
    ) -> None:
        if "push" in http.capabilities.receipts or http.capabilities.inbound:
            pytest.skip("capabilities: the vendor calls back")
        for body in GARBAGE.values():
            with pytest.raises((Denied, Invalid)):
                http.callback(HttpRequest(method="POST", url="https://hub.invalid/", body=body))

    def test_receipts_are_read_in_order(self, pushing: HttpSmsGateway) -> None:
        if "push" not in pushing.capabilities.receipts:
            pytest.skip("capabilities.receipts has no push")
        for count in (1, self.callback_size):
            sent = receipts_of(count)
            result = pushing.callback(self.called(pushing, sent, ()))
            self.check_callback(result)
            assert 200 <= result.response.status < 300
            assert len(result.receipts) == count
            wrong = [
                one
                for one, read in zip(sent, result.receipts, strict=True)
                if not same_receipt(one, read)
            ]
            assert not wrong
            assert not result.inbound

    def test_what_people_answer_is_read_whole(self, pushing: HttpSmsGateway) -> None:
        if not pushing.capabilities.inbound:
            pytest.skip("capabilities.inbound is false")
        for text in ("ＴＤ", " td ", "退订", *HOSTILE.values()):
            (sent,) = inbound_of([text])
            result = pushing.callback(self.called(pushing, (), [sent]))
            self.check_callback(result)
            (read,) = result.inbound
            assert (read.phone, read.text) == (sent.phone, sent.text)
            assert read.at in {None, sent.at}

    def test_a_callback_that_comes_twice_is_read_twice_alike(self, pushing: HttpSmsGateway) -> None:
        request = self.called(pushing, receipts_of(1), inbound_of(["退订"][: self.callback_size]))
        first = pushing.callback(request)
        assert pushing.callback(request) == first, "the hub drops duplicates, not the gateway"

    def test_a_receipt_that_stands_twice_in_one_callback_does_no_harm(
        self, pushing: HttpSmsGateway
    ) -> None:
        if "push" not in pushing.capabilities.receipts or self.callback_size < 3:
            return  # one receipt a callback cannot stand twice in it
        one, two = receipts_of(2)
        result = pushing.callback(self.called(pushing, [one, two, one], ()))
        self.check_callback(result)
        kept = list(dict.fromkeys(result.receipts))
        assert len(kept) == 2
        assert same_receipt(one, kept[0])
        assert same_receipt(two, kept[1])

    def test_a_forged_callback_is_denied(self, pushing: HttpSmsGateway) -> None:
        request = self.called(pushing, receipts_of(1), inbound_of(["退订"]))
        pushing.callback(request)
        for number, forgery in enumerate(self.forged(request)):
            found = tried(partial(pushing.callback, forgery))
            assert isinstance(found, Denied), f"forgery {number} was taken for the gateway's own"
            assert found.code == "sms.callback_forged"

    @pytest.mark.parametrize("name", GARBAGE)
    def test_an_authentic_callback_that_cannot_be_read_is_invalid(
        self, pushing: HttpSmsGateway, name: str
    ) -> None:
        request = self.called(pushing, receipts_of(1), inbound_of(["退订"]))
        if not request.body:
            return  # a callback by query alone has no body to spoil; see the next case
        broken = self.resigned(attrs.evolve(request, body=GARBAGE[name]))
        found = tried(lambda: pushing.callback(broken))
        if isinstance(found, Denied):
            pytest.fail("denied: override `resigned` if the signature covers the body")
        assert isinstance(found, Invalid), "it was read"
        assert found.code == "sms.callback_malformed"

    def test_nothing_that_is_spoilt_raises_anything_else(self, pushing: HttpSmsGateway) -> None:
        rng = random.Random(SEED)
        texts = list(HOSTILE.values())[: max(1, self.callback_size // 2)]
        request = self.called(pushing, receipts_of(min(3, self.callback_size)), inbound_of(texts))
        read = 0
        for number, changed in enumerate(_changed(request, rng, 400)):
            asked = changed if number % 4 == 0 else self.resigned(changed)
            found = tried(partial(pushing.callback, asked))
            if isinstance(found, TianfuError):
                assert isinstance(found, (Denied, Invalid))
                assert found.code in {"sms.callback_forged", "sms.callback_malformed"}
            else:
                self.check_callback(found)
                read += 1
        assert read < 400, "a callback that takes everything checks nothing"


def _changed(request: HttpRequest, rng: random.Random, count: int) -> list[HttpRequest]:
    if request.body:
        return [attrs.evolve(request, body=body) for body in spoilt(request.body, rng, count)]
    path, _, query = request.url.partition("?")
    # What is no ASCII cannot come in a URL; it would be quoted.
    others = (other.decode("ascii", "ignore") for other in spoilt(query.encode(), rng, count))
    return [attrs.evolve(request, url=f"{path}?{other}") for other in others]
