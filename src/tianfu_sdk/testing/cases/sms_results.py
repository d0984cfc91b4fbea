"""`result`: whatever the vendor answers, one result a recipient and never an exception."""

from __future__ import annotations

import random

import attrs
import pytest

from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.sms import ErrorClass, SmsReceipt
from tianfu_sdk.ports.sms import HttpSmsGateway, QueryingSmsGateway
from tianfu_sdk.testing.cases.sms_base import SEED, SmsCases, batch_of, check_results
from tianfu_sdk.testing.cases.sms_spoiling import GARBAGE, spoilt

__all__ = ["ResultCases"]


class ResultCases(SmsCases):
    """What a response means, one recipient at a time."""

    @pytest.fixture
    def few(self, http: HttpSmsGateway) -> int:
        """Give how many recipients a common batch has."""
        return min(5, http.capabilities.phones_per_call)

    def test_accepted_is_accepted(self, http: HttpSmsGateway, few: int) -> None:
        batch = batch_of(few)
        results = http.result(batch, self.answer(batch, "accepted"))
        check_results(batch, results)
        assert [result.status for result in results] == ["accepted"] * few

    def test_rejected_is_rejected_with_its_class(self, http: HttpSmsGateway, few: int) -> None:
        batch = batch_of(few)
        results = http.result(batch, self.answer(batch, "rejected"))
        check_results(batch, results)
        assert [result.status for result in results] == ["rejected"] * few

    def test_throttled_is_not_a_refusal_for_good(self, http: HttpSmsGateway, few: int) -> None:
        batch = batch_of(few)
        results = http.result(batch, self.answer(batch, "throttled"))
        check_results(batch, results)
        assert {result.error for result in results} <= {
            ErrorClass.THROTTLED,
            ErrorClass.DEFERRED,
            ErrorClass.RETRY_SAFE,
        }

    def test_each_recipient_gets_the_own_result(self, http: HttpSmsGateway, few: int) -> None:
        if http.capabilities.phones_per_call == 1:
            pytest.skip("capabilities.phones_per_call is 1")
        batch = batch_of(few)
        results = http.result(batch, self.answer(batch, "mixed"))
        check_results(batch, results)
        statuses = [result.status for result in results]
        if self.answers_each:
            assert statuses[0] == "accepted"
            assert statuses[-1] == "rejected"
        else:
            assert len(set(statuses)) == 1

    @pytest.fixture
    def asked(self, http: HttpSmsGateway) -> QueryingSmsGateway:
        """Give the gateway if it can be asked what became of a batch."""
        if not http.capabilities.can_query:
            pytest.skip("capabilities.phones_per_query is 0")
        assert isinstance(http, QueryingSmsGateway)
        return http

    def test_the_answer_to_a_question_is_read_too(self, asked: QueryingSmsGateway) -> None:
        batch = batch_of(min(5, asked.capabilities.phones_per_query))
        answer = asked.answer(batch, self.query_answer(batch, "accepted"))
        check_results(batch, answer.results)
        assert {result.status for result in answer.results} == {"accepted"}
        assert all(isinstance(receipt, SmsReceipt) for receipt in answer.receipts)

    @pytest.mark.parametrize("name", GARBAGE)
    def test_an_unreadable_answer_to_a_question_is_unknown(
        self, asked: QueryingSmsGateway, name: str
    ) -> None:
        batch = batch_of(min(2, asked.capabilities.phones_per_query))
        for status in (200, 404, 429, 500, 503):
            answer = asked.answer(batch, HttpResponse(status=status, body=GARBAGE[name]))
            check_results(batch, answer.results)
            assert {result.status for result in answer.results} == {"unknown"}
            assert not answer.receipts

    def test_no_spoilt_answer_to_a_question_raises(self, asked: QueryingSmsGateway) -> None:
        rng = random.Random(SEED)
        batch = batch_of(min(5, asked.capabilities.phones_per_query))
        whole = self.query_answer(batch, "accepted")
        for body in spoilt(whole.body, rng, 150):
            check_results(batch, asked.answer(batch, attrs.evolve(whole, body=body)).results)

    def test_a_full_call_is_read_in_order(self, http: HttpSmsGateway) -> None:
        batch = batch_of(http.capabilities.phones_per_call)
        results = http.result(batch, self.answer(batch, "accepted"))
        check_results(batch, results)
        assert {result.status for result in results} == {"accepted"}

    def test_who_is_missing_in_the_answer_is_unknown(self, http: HttpSmsGateway, few: int) -> None:
        if http.capabilities.phones_per_call == 1:
            pytest.skip("capabilities.phones_per_call is 1")
        batch = batch_of(few)
        part = attrs.evolve(batch, recipients=batch.recipients[: few // 2])
        results = http.result(batch, self.answer(part, "accepted"))
        check_results(batch, results)
        if self.answers_each:
            missing = results[few // 2 :]
            assert {result.status for result in missing} == {"unknown"}

    def test_who_was_not_asked_for_is_left_out(self, http: HttpSmsGateway, few: int) -> None:
        batch = batch_of(few)
        results = http.result(batch, self.answer(batch_of(few + 2), "accepted"))
        check_results(batch, results)

    @pytest.mark.parametrize("name", GARBAGE)
    def test_an_unreadable_answer_is_unknown(self, http: HttpSmsGateway, name: str) -> None:
        batch = batch_of(min(2, http.capabilities.phones_per_call))
        results = http.result(batch, HttpResponse(status=200, body=GARBAGE[name]))
        check_results(batch, results)
        assert {result.status for result in results} == {"unknown"}

    def test_half_an_answer_is_unknown(self, http: HttpSmsGateway, few: int) -> None:
        batch = batch_of(few)
        whole = self.answer(batch, "accepted")
        if len(whole.body) < 2:
            return  # an answer by status alone has no half
        results = http.result(batch, attrs.evolve(whole, body=whole.body[: len(whole.body) // 2]))
        check_results(batch, results)
        assert {result.status for result in results} == {"unknown"}

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
    def test_a_failure_of_the_server_is_never_a_refusal(
        self, http: HttpSmsGateway, status: int
    ) -> None:
        batch = batch_of(min(2, http.capabilities.phones_per_call))
        bodies = [*GARBAGE.values(), self.answer(batch, "rejected").body]
        for body in [*bodies, self.answer(batch, "accepted").body]:
            results = http.result(batch, HttpResponse(status=status, body=body))
            check_results(batch, results)
            assert {result.status for result in results} <= {"unknown", "deferred"}

    @pytest.mark.parametrize("wait", ["7", "", "soon", "-1", "nan", "inf", "1e999", "9" * 5000])
    def test_too_many_requests_says_when_to_come_back_or_not(
        self, http: HttpSmsGateway, wait: str
    ) -> None:
        batch = batch_of(min(2, http.capabilities.phones_per_call))
        for body in GARBAGE.values():
            answer = HttpResponse(status=429, headers={"Retry-After": wait}, body=body)
            results = http.result(batch, answer)
            check_results(batch, results)
            assert "accepted" not in {result.status for result in results}
            assert ErrorClass.BAD_RECIPIENT not in {result.error for result in results}

    @pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 405, 413, 422])
    def test_what_is_no_success_is_never_accepted(self, http: HttpSmsGateway, status: int) -> None:
        batch = batch_of(min(2, http.capabilities.phones_per_call))
        for body in GARBAGE.values():
            results = http.result(batch, HttpResponse(status=status, body=body))
            check_results(batch, results)
            assert "accepted" not in {result.status for result in results}

    def test_nothing_that_is_spoilt_raises(self, http: HttpSmsGateway, few: int) -> None:
        rng = random.Random(SEED)
        batch = batch_of(few)
        for outcome in ("accepted", "rejected", "mixed"):
            whole = self.answer(batch, outcome)
            for body in spoilt(whole.body, rng, 150):
                check_results(batch, http.result(batch, attrs.evolve(whole, body=body)))
