"""Capabilities, and requests as values."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from tianfu_sdk import codec
from tianfu_sdk.errors import Unsupported
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.model.sms import SmsBatch, SmsCapabilities
from tianfu_sdk.ports.sms import (
    HttpSmsGateway,
    QueryingSmsGateway,
    SessionSmsGateway,
    SmsGateway,
)
from tianfu_sdk.testing.cases.sms_base import HOSTILE, SmsCases, batch_of, national

__all__ = ["CapabilityCases", "RequestCases"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


class CapabilityCases(SmsCases):
    """What a gateway says of itself."""

    def test_capabilities_are_sane_and_stable(
        self, gateway: SmsGateway, capabilities: SmsCapabilities
    ) -> None:
        assert isinstance(capabilities, SmsCapabilities)
        codec.check(capabilities)
        assert gateway.capabilities == capabilities
        assert re.fullmatch(r"[a-z][a-z0-9+.-]*", capabilities.name), "lower case, as registered"
        assert capabilities.timeout > 0
        assert capabilities.longest >= 70, "one plain message has 70 units"
        assert set(capabilities.receipts) <= {"push", "pull"}
        assert len(set(capabilities.receipts)) == len(capabilities.receipts)

    def test_the_gateway_has_the_shape_that_it_states(
        self, gateway: SmsGateway, capabilities: SmsCapabilities
    ) -> None:
        shape: Any = {"http": HttpSmsGateway, "session": SessionSmsGateway}[capabilities.shape]
        assert isinstance(gateway, shape)


class RequestCases(SmsCases):
    """`request` and `query`: pure, whole, and safe to send."""

    def settled(self, request: HttpRequest) -> HttpRequest:
        """Give a request without the headers that may differ."""
        headers = {n: v for n, v in request.headers.items() if n not in self.volatile}
        return attrs.evolve(request, headers=headers)

    def size(self, gateway: SmsGateway, wanted: int = 3) -> int:
        """Give how many recipients a common batch has."""
        return min(wanted, gateway.capabilities.phones_per_call)

    def test_a_request_can_be_sent(self, http: HttpSmsGateway) -> None:
        request = http.request(batch_of(self.size(http)))
        assert isinstance(request, HttpRequest)
        assert request.method in {"GET", "POST", "PUT"}
        parts = urlsplit(request.url)
        assert parts.scheme in {"http", "https"}
        assert parts.hostname
        assert not parts.username, "credentials in a URL end up in logs"
        assert not parts.fragment
        assert request.url.isascii()
        assert not re.search(r"[\x00-\x20\x7f]", request.url)
        assert isinstance(request.body, bytes)
        for name, value in request.headers.items():
            assert _TOKEN.fullmatch(name)
            assert value.isascii()
            assert value.isprintable(), "a line break in a header is another header"

    def test_the_same_batch_makes_the_same_request(self, http: HttpSmsGateway) -> None:
        batch = batch_of(self.size(http))
        first = http.request(batch)
        http.request(batch_of(1, first=500, text="别的内容"))
        assert self.settled(http.request(batch)) == self.settled(first)

    def test_requests_made_in_many_threads_do_not_mix(self, http: HttpSmsGateway) -> None:
        batches = [batch_of(self.size(http), first=10 * n, text=f"第{n}条") for n in range(40)]
        alone = [self.settled(http.request(batch)) for batch in batches]
        with ThreadPoolExecutor(8) as workers:
            together = list(workers.map(http.request, batches))
        assert [self.settled(request) for request in together] == alone

    def test_a_request_carries_every_recipient(self, http: HttpSmsGateway) -> None:
        batch = batch_of(http.capabilities.phones_per_call)
        texts = "\n".join(self.carried(http.request(batch)))
        missing = [one.ref for one in batch.recipients if national(one.phone) not in texts]
        assert not missing, f"{len(missing)} of {len(batch.recipients)} recipients are missing"

    def test_a_request_carries_nobody_else(self, http: HttpSmsGateway) -> None:
        other = batch_of(self.size(http), first=700)
        http.request(other)
        texts = "\n".join(self.carried(http.request(batch_of(self.size(http)))))
        assert not [one.ref for one in other.recipients if national(one.phone) in texts]

    def test_one_recipient_too_many_is_unsupported(self, http: HttpSmsGateway) -> None:
        with pytest.raises(Unsupported) as raised:
            http.request(batch_of(http.capabilities.phones_per_call + 1))
        assert raised.value.code == "sms.too_many"

    @pytest.mark.parametrize("name", HOSTILE)
    def test_every_character_survives(self, http: HttpSmsGateway, name: str) -> None:
        batch = batch_of(1, text=HOSTILE[name])
        texts = self.carried(http.request(batch))
        assert any(batch.text in text for text in texts), f"{name}: not found as it was"

    def test_the_longest_message_fits(self, http: HttpSmsGateway) -> None:
        brackets = len("【科普四川】")
        batch = batch_of(1, text="汛" * (http.capabilities.longest - brackets))
        assert any(batch.text in text for text in self.carried(http.request(batch)))

    def test_what_dedupes_carries_the_reference_in_every_attempt(
        self, http: HttpSmsGateway
    ) -> None:
        if not http.capabilities.dedupes:
            pytest.skip("capabilities.dedupes is false")
        for attempt in (1, 2):
            batch = batch_of(1, first=123, attempt=attempt)
            texts = self.carried(http.request(batch))
            assert any(batch.reference in text for text in texts)

    def test_a_batch_can_be_asked_for_only_if_the_capabilities_say_so(
        self, http: HttpSmsGateway
    ) -> None:
        can = http.capabilities
        assert isinstance(http, QueryingSmsGateway) or not can.can_query
        if isinstance(http, QueryingSmsGateway) and can.can_query:
            batch = batch_of(min(3, can.phones_per_query))
            asked = http.query(batch)
            assert self.settled(http.query(batch)) == self.settled(asked)
            assert asked != http.query(batch_of(1, first=900))
            assert not any(batch.text in text for text in self.carried(asked)), (
                "a question that carries the text may send it again"
            )

    def test_the_signature_stands_where_the_capabilities_say(self, http: HttpSmsGateway) -> None:
        batch = batch_of(1)
        whole = f"【{batch.signature}】"
        texts = self.carried(http.request(batch))
        if http.capabilities.signature == "in_text":
            assert any(text.startswith(whole) for text in texts)
            assert max(text.count(whole) for text in texts) == 1
        else:
            assert any(batch.signature in text for text in texts)
            assert not any(whole in text for text in texts), "its operator sets the brackets"

    def test_a_template_is_named_with_its_values(self, http: HttpSmsGateway) -> None:
        if http.capabilities.templates == "none":
            pytest.skip("capabilities.templates is none")
        values = (("place", "彭州市"), ("what", "防震演练~!*'()+&=/?"))
        text = "彭州市科普提示：防震演练~!*'()+&=/?。"
        batch = attrs.evolve(batch_of(1, text=text), template="T-20260101", parameters=values)
        texts = self.carried(http.request(batch))
        assert any("T-20260101" in text for text in texts)
        for _, value in values:
            assert any(value == text for text in texts), "a value is carried whole, by itself"

    def test_a_batch_is_left_as_it_was(self, http: HttpSmsGateway) -> None:
        batch: SmsBatch = batch_of(self.size(http))
        before = json.dumps(codec.to_plain(batch))
        http.request(batch)
        assert json.dumps(codec.to_plain(batch)) == before
