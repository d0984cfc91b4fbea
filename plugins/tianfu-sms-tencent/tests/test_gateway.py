"""What is Tencent Cloud's own, beside the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time

import attrs
import pytest
from tianfu_sms_tencent import CODES, TencentGateway
from tianfu_sms_tencent.codes import wait_for

from tianfu_sdk import Denied, Invalid, RateLimited, Unavailable, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text="汛期防范~!*'()+&=/? ཆུ་ལོག 🌊",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)
ONE = attrs.evolve(BATCH, recipients=BATCH.recipients[:1])
BLACKLIST = "FailedOperation.PhoneNumberInBlacklist"


def made(**settings):
    table = {
        "access_key_id": "AKID-example",
        "access_key_secret": SECRET,
        "sdk_app_id": "1400006666",
        "template": "110",
        "callback_token": TOKEN,
        "pull": True,
        "query": True,
    }
    return TencentGateway.open(
        BackendContext(settings=table | settings, clock=FrozenClock(), ids=CountingIds())
    )


def said(status=200, headers=None, **response):
    body = json.dumps({"Response": response}, ensure_ascii=False).encode()
    return HttpResponse(status=status, headers=headers or {}, body=body)


def each(*codes, phones=None, serial="2640:1"):
    phones = phones or [one.phone for one in BATCH.recipients]
    return said(
        SendStatusSet=[
            {"PhoneNumber": phone, "Code": code, "SerialNo": serial}
            for phone, code in zip(phones, codes, strict=False)
        ]
    )


def wrong(code, status=200, **more):
    return said(status, Error={"Code": code, "Message": "x"}, **more)


def pushed(plain, tail=TOKEN):
    body = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    return HttpRequest(method="POST", url=f"https://hub.invalid/sms/{tail}", body=body)


class TestSettings:
    @pytest.mark.parametrize(
        ("table", "path"),
        [
            ({"base_url": "http://sms.tencentcloudapi.com/"}, "base_url"),
            ({"base_url": "https://sms.tencentcloudapi.com/v2"}, "base_url"),
            ({"callback_token": "short"}, "callback_token"),
            ({"phones_per_call": 201}, "phones_per_call"),
            ({"phones_per_call": 0}, "phones_per_call"),
            ({"variable": "content"}, "variable"),
            ({"longest_value": -1}, "longest_value"),
        ],
    )
    def test_a_setting_that_is_wrong_is_named(self, table, path):
        with pytest.raises(Invalid) as raised:
            made(**table)
        assert raised.value.path == path

    def test_what_it_can_say(self):
        can = made().capabilities
        (window,) = can.windows
        assert (window.start, window.end) == (time(8), time(22))
        assert (can.phones_per_call, can.phones_per_query, can.longest) == (200, 1, 500)
        assert (can.templates, can.signature, can.dedupes) == ("required", "apart", False)
        assert (can.receipts, can.inbound, can.pace.calls) == (("push", "pull"), True, 3000)

    def test_what_may_stand_in_values_and_signatures(self):
        rules = made().capabilities.rules
        assert (rules.longest_value, rules.links_in_values) == (6, False)
        assert (rules.shortest_signature, rules.longest_signature) == (2, 12)
        assert made(longest_value=0).capabilities.rules.longest_value == 0

    def test_what_is_not_opened_is_not_promised(self):
        can = made(pull=False, query=False, callback_token=None).capabilities
        assert (can.receipts, can.inbound, can.can_query) == ((), False, False)
        pulled = made(callback_token=None)
        assert (pulled.capabilities.receipts, pulled.capabilities.inbound) == (("pull",), True)
        with pytest.raises(Denied):
            pulled.callback(pushed([]))


class TestRequests:
    def test_the_default_template_carries_the_text_in_its_only_variable(self):
        plain = json.loads(made().request(BATCH).body)
        assert (plain["TemplateId"], plain["TemplateParamSet"]) == ("110", [BATCH.text])
        assert plain["PhoneNumberSet"] == ["+8613900000001", "+8613900000002"]
        assert (plain["SessionContext"], plain["SignName"]) == ("bat_1", "科普四川")

    def test_values_stand_in_the_order_of_the_template(self):
        own = attrs.evolve(BATCH, template="111", parameters=(("b", "2"), ("a", "1")))
        plain = json.loads(made(sign_name="默认").request(own).body)
        assert (plain["TemplateId"], plain["TemplateParamSet"]) == ("111", ["2", "1"])
        bare = json.loads(made(sign_name="默认").request(attrs.evolve(own, signature="")).body)
        assert bare["SignName"] == "默认"

    def test_no_template_at_all_cannot_be_said(self):
        with pytest.raises(Unsupported) as raised:
            made(template="").request(BATCH)
        assert raised.value.code == "sms.no_template"

    def test_the_scope_has_the_day_of_utc(self):
        clock = FrozenClock(datetime(2026, 1, 1, 16, 30, tzinfo=UTC))
        table = {"access_key_id": "A", "access_key_secret": "s", "sdk_app_id": "1", "template": "1"}
        context = BackendContext(settings=table, clock=clock, ids=CountingIds())
        signed = TencentGateway.open(context).request(BATCH).headers["authorization"]
        assert "Credential=A/2026-01-01/sms/tc3_request," in signed


class TestResults:
    def test_every_phone_has_its_own_word(self):
        found = made().result(BATCH, each("Ok", BLACKLIST))
        assert [(r.ref, r.status, r.error.value, r.code, r.provider_id) for r in found] == [
            ("sub_1", "accepted", "ok", "Ok", "2640:1"),
            ("sub_2", "rejected", "refused_by_person", BLACKLIST, ""),
        ]

    @pytest.mark.parametrize(
        ("phones", "statuses"),
        [
            (["13900000002", "8613900000001"], ["accepted", "accepted"]),
            (["+8613900000001", "+8613900000001"], ["unknown", "unknown"]),
            (["+8613900000001", "x"], ["accepted", "unknown"]),
            (["+8613900000009"], ["unknown", "unknown"]),
        ],
    )
    def test_a_phone_is_known_in_every_spelling_and_once(self, phones, statuses):
        found = made().result(BATCH, each("Ok", "Ok", phones=phones))
        assert [one.status for one in found] == statuses

    def test_accepted_without_an_id_is_unknown(self):
        assert made().result(ONE, each("Ok", serial=""))[0].status == "unknown"

    @pytest.mark.parametrize(("code", "error"), sorted(CODES.exact.items()))
    def test_every_code_is_acted_on_for_one_and_for_all(self, code, error):
        (one, _) = made().result(BATCH, each(code, code))
        assert (one.error, one.code) == (error, code)
        if error is not ErrorClass.OK:
            assert {r.error for r in made().result(BATCH, wrong(code))} == {error}

    @pytest.mark.parametrize(
        ("code", "status", "error"),
        [
            ("AuthFailure.SignatureFailure", 200, "stop_channel"),
            ("AuthFailure", 403, "stop_channel"),
            ("UnauthorizedOperation.ServiceSuspendDueToArrears", 200, "stop_channel"),
            ("RequestLimitExceeded.UinLimitExceeded", 200, "throttled"),
            ("RequestLimitExceeded", 503, "throttled"),
            ("InternalError.Timeout", 200, "ambiguous"),
            ("InternalError", 500, "ambiguous"),
            ("LimitExceeded.SomethingNew", 200, "ambiguous"),
            ("AuthFailure.SignatureFailure", 500, "ambiguous"),
            ("Ok", 200, "ambiguous"),
        ],
    )
    def test_an_error_of_the_call_is_everybodys(self, code, status, error):
        found = made().result(BATCH, wrong(code, status))
        assert {r.error.value for r in found} == {error}

    def test_an_error_without_a_code_is_unknown(self):
        for error in ({}, {"Code": ""}, None, "x"):
            answer = said(Error=error, SendStatusSet=[])
            assert {r.status for r in made().result(BATCH, answer)} == {"unknown"}

    @pytest.mark.parametrize(
        ("code", "wait"),
        [
            ("LimitExceeded.PhoneNumberThirtySecondLimit", 30),
            ("LimitExceeded.PhoneNumberOneHourLimit", 3600),
            ("LimitExceeded.PhoneNumberDailyLimit", 86400),
            ("LimitExceeded.PhoneNumberSameContentDailyLimit", 86400),
            ("LimitExceeded.DeliveryFrequencyLimit", None),
            # The clock shows 16:30 in China.
            ("FailedOperation.MarketingSendTimeConstraint", 15.5 * 3600),
        ],
    )
    def test_a_limit_says_how_long_to_wait(self, code, wait):
        (one,) = made().result(ONE, each(code))
        assert (one.status, one.retry_after) == ("deferred", wait)

    def test_before_eight_it_is_the_same_day(self):
        early = datetime(2026, 1, 1, 22, 30, tzinfo=UTC)
        assert wait_for("FailedOperation.MarketingSendTimeConstraint", early) == 1.5 * 3600


class TestQuestions:
    def row(self, **more):
        return {
            "PhoneNumber": "+8613900000001",
            "SerialNo": "2640:1",
            "ReportStatus": "SUCCESS",
            "Description": "DELIVRD",
            "UserReceiveTime": 1767256205,
            "SessionContext": "bat_1",
        } | more

    def test_a_receipt_says_that_it_went_out(self):
        gateway = made()
        plain = json.loads(gateway.query(ONE).body)
        assert plain["PhoneNumber"] == "+8613900000001"
        assert plain["EndTime"] - plain["BeginTime"] == 86400
        found = gateway.answer(ONE, said(PullSmsSendStatusSet=[self.row()]))
        (result,), (receipt,) = found.results, found.receipts
        assert (result.status, result.provider_id) == ("accepted", "2640:1")
        assert (receipt.state, receipt.ref, receipt.reference) == ("delivered", "sub_1", "bat_1")
        assert receipt.at == datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC)
        with pytest.raises(Unsupported):
            gateway.query(BATCH)

    @pytest.mark.parametrize(
        "row",
        [
            {"SessionContext": ""},
            {"SessionContext": "bat_2"},
            {"PhoneNumber": "+8613900000002"},
            {"ReportStatus": "WAIT"},
        ],
    )
    def test_anything_else_says_nothing(self, row):
        found = made().answer(ONE, said(PullSmsSendStatusSet=[self.row(**row)]))
        assert ([r.status for r in found.results], found.receipts) == (["unknown"], ())

    def test_an_error_says_nothing(self):
        answer = wrong("UnauthorizedOperation", PullSmsSendStatusSet=[self.row()])
        assert made().answer(ONE, answer).results[0].status == "unknown"


class TestPulls:
    ROW = TestQuestions().row()
    REPLY = {"PhoneNumber": "+8613900000001", "ReplyContent": "ＴＤ", "ReplyTime": 1767256205}

    def test_receipts_and_inbound_are_asked_for_apart(self):
        gateway = made()
        statuses, replies = gateway.pulls()
        came = gateway.pulled(statuses, said(PullSmsSendStatusSet=[self.ROW]))
        assert [(r.provider_id, r.phone) for r in came.receipts] == [("2640:1", "+8613900000001")]
        came = gateway.pulled(replies, said(PullSmsReplyStatusSet=[self.REPLY]))
        assert [(m.phone, m.text) for m in came.inbound] == [("+8613900000001", "ＴＤ")]
        with pytest.raises(Unavailable):
            gateway.pulled(replies, said(PullSmsSendStatusSet=[self.ROW]))

    @pytest.mark.parametrize(("count", "more"), [(0, False), (99, False), (100, True)])
    def test_a_full_answer_is_asked_for_more(self, count, more):
        gateway = made()
        statuses, replies = gateway.pulls()
        came = gateway.pulled(statuses, said(PullSmsSendStatusSet=[self.ROW] * count))
        assert (came.more, len(came.receipts)) == (more, count)
        came = gateway.pulled(replies, said(PullSmsReplyStatusSet=[self.REPLY] * count))
        assert (came.more, len(came.inbound)) == (more, count)

    def test_a_row_that_does_not_fit_takes_no_other_with_it(self):
        gateway = made()
        rows = [self.ROW, None, self.ROW | {"ReportStatus": "?"}, self.ROW | {"SerialNo": "2"}]
        came = gateway.pulled(gateway.pulls()[0], said(PullSmsSendStatusSet=rows))
        assert [one.provider_id for one in came.receipts] == ["2640:1", "2"]

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (wrong("RequestLimitExceeded"), RateLimited),
            (HttpResponse(status=429, headers={"retry-after": "7"}), RateLimited),
            (wrong("AuthFailure.SignatureFailure"), Unavailable),
            (said(500, PullSmsSendStatusSet=[]), Unavailable),
            (said(PullSmsSendStatusSet={}), Unavailable),
        ],
    )
    def test_a_no_is_an_error(self, answer, error):
        gateway = made()
        with pytest.raises(error) as raised:
            gateway.pulled(gateway.pulls()[0], answer)
        assert raised.value.code == "sms.pull_failed"


class TestCallbacks:
    RECEIPT = {
        "user_receive_time": "2026-01-01 16:30:05",
        "nationcode": "86",
        "mobile": "13900000001",
        "report_status": "FAIL",
        "errmsg": "MK:0001",
        "description": "x",
        "sid": "2640:1",
    }
    INBOUND = {
        "extend": "",
        "mobile": "13900000001",
        "nationcode": "86",
        "sign": "科普四川",
        "text": " td ",
        "time": 1767256205,
    }

    def test_a_receipt(self):
        result = made().callback(pushed([self.RECEIPT]))
        (one,) = result.receipts
        assert (one.provider_id, one.phone, one.state) == ("2640:1", "+8613900000001", "failed")
        assert (one.code, one.at) == ("MK:0001", datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC))
        assert json.loads(result.response.body) == {"result": 0, "errmsg": "OK"}

    def test_an_entry_that_does_not_fit_takes_no_other_with_it(self):
        odd = [self.RECEIPT, self.RECEIPT | {"mobile": "x"}, None]
        assert len(made().callback(pushed(odd)).receipts) == 1

    def test_an_inbound_message_is_one_object(self):
        (one,) = made().callback(pushed(self.INBOUND)).inbound
        assert (one.phone, one.text) == ("+8613900000001", " td ")
        assert one.at == datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC)

    @pytest.mark.parametrize("tail", ["", TOKEN[:-1], TOKEN.upper(), "?token=", f"{TOKEN}/x"])
    def test_any_other_address_is_denied(self, tail):
        with pytest.raises(Denied) as raised:
            made().callback(pushed([self.RECEIPT], tail))
        assert raised.value.code == "sms.callback_forged"

    @pytest.mark.parametrize(
        "plain",
        [
            {},
            [RECEIPT | {"report_status": "success"}],
            [RECEIPT | {"sid": ""}],
            [RECEIPT | {"mobile": None}],
            [RECEIPT | {"user_receive_time": "now"}],
            INBOUND | {"text": 1},
            INBOUND | {"time": "soon"},
            INBOUND | {"nationcode": "x"},
            [None, 1],
        ],
    )
    def test_what_does_not_fit_refuses_the_call(self, plain):
        with pytest.raises(Invalid) as raised:
            made().callback(pushed(plain))
        assert raised.value.code == "sms.callback_malformed"


def test_its_name_is_all_that_is_shown():
    assert repr(made()) == "<TencentGateway sms.tencentcloudapi.com>"
