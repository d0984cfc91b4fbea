"""Gateways that hold a session."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tianfu_sdk.errors import Ambiguous, TianfuError, Unavailable, Unsupported
from tianfu_sdk.model.sms import Inbound, SmsReceipt
from tianfu_sdk.ports.sms import AcknowledgingSmsGateway, SessionSmsGateway
from tianfu_sdk.testing.cases.sms_base import (
    HOSTILE,
    SessionFault,
    batch_of,
    check_results,
    tried,
)
from tianfu_sdk.testing.cases.sms_callbacks import inbound_of, receipts_of, same_receipt
from tianfu_sdk.testing.cases.sms_listening import Ear, ListeningCases, whole

__all__ = ["SessionCases"]


def heard(session: SessionSmsGateway) -> None:
    """Say that what was polled is stored, to a gateway that wants to know."""
    if isinstance(session, AcknowledgingSmsGateway):
        session.acknowledge()


class SessionCases(ListeningCases):
    """`connect`, `submit`, `poll`, `close`."""

    def polled(
        self, session: SessionSmsGateway, receipts: int, inbound: int
    ) -> tuple[list[SmsReceipt], list[Inbound]]:
        """Poll until so many came, or patience ends."""
        found: tuple[list[SmsReceipt], list[Inbound]] = ([], [])
        end = time.monotonic() + self.patience
        while True:
            new: tuple[Sequence[SmsReceipt], Sequence[Inbound]] = session.poll()
            found[0].extend(new[0])
            found[1].extend(new[1])
            heard(session)
            if len(found[0]) >= receipts and len(found[1]) >= inbound:
                return found
            if time.monotonic() > end:
                return found
            time.sleep(0.01)

    def test_connecting_and_closing_twice_does_no_harm(self, session: SessionSmsGateway) -> None:
        session.connect()
        batch = batch_of(1)
        check_results(batch, session.submit(batch))
        session.close()
        session.close()

    def test_a_session_can_be_opened_again(self, session: SessionSmsGateway) -> None:
        session.close()
        session.connect()
        batch = batch_of(1)
        check_results(batch, session.submit(batch))

    def test_a_closed_session_sends_nothing_or_opens_itself(
        self, session: SessionSmsGateway
    ) -> None:
        session.close()
        batch = batch_of(1)
        found = tried(lambda: session.submit(batch))
        if not isinstance(found, Unavailable):
            assert not isinstance(found, TianfuError), "nothing left, so it is `Unavailable`"
            check_results(batch, found)

    def test_every_recipient_has_a_result_in_order(self, session: SessionSmsGateway) -> None:
        batch = batch_of(session.capabilities.phones_per_call)
        results = session.submit(batch)
        check_results(batch, results)
        assert {result.status for result in results} == {"accepted"}

    def test_one_recipient_too_many_is_unsupported_in_a_session(
        self, session: SessionSmsGateway
    ) -> None:
        with pytest.raises(Unsupported) as raised:
            session.submit(batch_of(session.capabilities.phones_per_call + 1))
        assert raised.value.code == "sms.too_many"

    @pytest.mark.parametrize("fault", ["silent", "cut", "half"])
    def test_what_may_have_left_is_never_sent_again(
        self, session: SessionSmsGateway, ear: Ear, private: dict[str, str], fault: SessionFault
    ) -> None:
        if fault not in self.faults:
            pytest.skip(f"faults: the author's vendor cannot be {fault}")
        self.fail(session, fault)
        batch = batch_of(min(3, session.capabilities.phones_per_call), text=self.text)
        started = time.monotonic()
        found = tried(lambda: session.submit(batch))
        assert time.monotonic() - started < session.capabilities.timeout + self.patience
        if isinstance(found, TianfuError):
            assert isinstance(found, Ambiguous), "some of it may have left"
            self.check_silent(private, whole(found))
        else:
            check_results(batch, found)
            assert {result.status for result in found} == {"unknown"}
        self.fail(session, "")
        session.connect()
        assert [one.status for one in session.submit(batch_of(1, first=50))] == ["accepted"]
        self.check_silent(private, ear.all())

    def test_a_session_that_is_refused_sends_nothing(
        self, session: SessionSmsGateway, ear: Ear, private: dict[str, str]
    ) -> None:
        if "refused" not in self.faults:
            pytest.skip("faults: the author's vendor cannot refuse a session")
        session.close()
        self.fail(session, "refused")
        for _ in range(2):
            with pytest.raises(Unavailable) as raised:
                session.connect()
            assert raised.value.retryable
            self.check_silent(private, whole(raised.value))
        with pytest.raises(Unavailable) as raised:
            session.submit(batch_of(1, text=self.text))
        self.check_silent(private, f"{whole(raised.value)}\n{ear.all()}")

    @pytest.mark.parametrize("name", HOSTILE)
    def test_every_text_can_be_submitted(self, session: SessionSmsGateway, name: str) -> None:
        batch = batch_of(1, text=HOSTILE[name])
        check_results(batch, session.submit(batch))

    def test_threads_that_share_a_session_get_their_own_results(
        self, session: SessionSmsGateway
    ) -> None:
        size = min(3, session.capabilities.phones_per_call)
        batches = [batch_of(size, first=10 * number) for number in range(24)]
        with ThreadPoolExecutor(6) as workers:
            answers = list(workers.map(session.submit, batches))
        for batch, results in zip(batches, answers, strict=True):
            check_results(batch, results)
        # Phones of one batch may have an id in common: receipts name both.
        ids = [{result.provider_id for result in results} - {""} for results in answers]
        assert len(set().union(*ids)) == sum(map(len, ids)), "two batches got one provider id"

    def test_a_poll_gives_what_came_once(self, session: SessionSmsGateway) -> None:
        can = session.capabilities
        receipts = receipts_of(3) if can.receipts else []
        inbound = inbound_of(["退订", HOSTILE["tibetan"]]) if can.inbound else []
        if not receipts and not inbound:
            assert [list(part) for part in session.poll()] == [[], []]
            return
        own = self.arrive(session, receipts, inbound)
        receipts = receipts if own is None else list(own)
        got = self.polled(session, len(receipts), len(inbound))
        assert len(got[0]) == len(receipts)
        assert all(map(same_receipt, receipts, got[0]))
        assert [(one.phone, one.text) for one in got[1]] == [
            (one.phone, one.text) for one in inbound
        ]
        assert [list(part) for part in session.poll()] == [[], []]

    def test_what_was_not_stored_is_given_again(self, session: SessionSmsGateway) -> None:
        if not isinstance(session, AcknowledgingSmsGateway):
            pytest.skip("the gateway has no `acknowledge`: what a poll gave counts as stored")
        can = session.capabilities
        receipts = receipts_of(2) if can.receipts else []
        inbound = inbound_of(["TD"]) if can.inbound else []
        self.arrive(session, receipts, inbound)
        end = time.monotonic() + self.patience
        first = session.poll()
        while len(first[0]) + len(first[1]) < len(receipts) + len(inbound):
            assert time.monotonic() < end
            time.sleep(0.01)
            first = session.poll()
        assert session.poll() == first
        session.acknowledge()
        assert [list(part) for part in session.poll()] == [[], []]

    def test_a_poll_with_nothing_new_is_empty(self, session: SessionSmsGateway) -> None:
        for _ in range(2):
            assert [list(part) for part in session.poll()] == [[], []]
