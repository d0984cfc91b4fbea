"""What is Alibaba Cloud's own, beside the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
from tianfu_sms_aliyun import CODES, AliyunGateway

from tianfu_sdk import Denied, Invalid, Unsupported
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock, Loopback

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text="汛期防范~!*'()+&=/? ཆུ་ལོག 🌊",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)
ONE = attrs.evolve(BATCH, recipients=BATCH.recipients[:1])
CLOCK = FrozenClock()


def made(clock=CLOCK, **settings):
    table = {
        "access_key_id": "LTAI-example-id",
        "access_key_secret": SECRET,
        "template": "SMS_1",
        "callback_token": TOKEN,
    }
    context = BackendContext(settings=table | settings, clock=clock, ids=CountingIds())
    return AliyunGateway.open(context)


def said(code, status=200, headers=None, **more):
    body = json.dumps({"Code": code, "Message": code} | more, ensure_ascii=False).encode()
    return HttpResponse(status=status, headers=headers or {}, body=body)


def query_of(request):
    return dict(parse_qsl(urlsplit(request.url).query))


def pushed(entries, tail=TOKEN):
    body = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return HttpRequest(method="POST", url=f"https://hub.invalid/sms/{tail}", body=body)


def many(count):
    recipients = tuple(Recipient(f"sub_{n}", f"+86139{n:08d}") for n in range(count))
    return attrs.evolve(BATCH, recipients=recipients)


class TestSettings:
    @pytest.mark.parametrize(
        ("table", "path"),
        [
            ({"base_url": "http://dysmsapi.aliyuncs.com/"}, "base_url"),
            ({"callback_token": "short"}, "callback_token"),
            ({"phones_per_call": 1001}, "phones_per_call"),
            ({"phones_per_call": 101, "call": "SendBatchSms"}, "phones_per_call"),
            ({"call": "SendSmsNow"}, "call"),
            ({"access_key": "x"}, "access_key"),
        ],
    )
    def test_a_setting_that_is_wrong_is_named(self, table, path):
        with pytest.raises(Invalid) as raised:
            made(**table)
        assert raised.value.path == path

    def test_what_it_can_say(self):
        can = made().capabilities
        (window,) = can.windows
        assert (window.start, window.end) == (time(8), time(20))
        assert (can.phones_per_call, can.phones_per_query, can.longest) == (1000, 1, 500)
        assert (can.templates, can.signature, can.dedupes) == ("required", "apart", False)
        assert (can.receipts, can.inbound, can.pace.calls) == (("push",), True, 5000)
        assert made(call="SendBatchSms").capabilities.phones_per_call == 100
        assert made(phones_per_call=500).capabilities.phones_per_call == 500

    def test_without_a_token_nothing_is_heard(self):
        gateway = made(callback_token=None)
        assert (gateway.capabilities.receipts, gateway.capabilities.inbound) == ((), False)
        with pytest.raises(Denied):
            gateway.callback(pushed([]))


class TestRequests:
    def test_the_default_template_carries_the_text_in_its_variable(self):
        query = query_of(made(variable="正文").request(BATCH))
        assert query["TemplateCode"] == "SMS_1"
        assert json.loads(query["TemplateParam"]) == {"正文": BATCH.text}
        assert query["PhoneNumbers"] == "13900000001,13900000002"
        assert (query["OutId"], query["SignName"]) == ("bat_1", "科普四川")

    def test_a_batch_brings_its_own_template_and_signature(self):
        own = attrs.evolve(BATCH, template="SMS_2", parameters=(("b", "2"), ("a", "1")))
        query = query_of(made(sign_name="默认").request(own))
        assert (query["TemplateCode"], query["TemplateParam"]) == ("SMS_2", '{"b":"2","a":"1"}')
        assert query["SignName"] == "科普四川"
        bare = attrs.evolve(own, parameters=(), signature="")
        query = query_of(made(sign_name="默认").request(bare))
        assert "TemplateParam" not in query
        assert query["SignName"] == "默认"

    def test_no_template_at_all_cannot_be_said(self):
        with pytest.raises(Unsupported) as raised:
            made(template="").request(BATCH)
        assert raised.value.code == "sms.no_template"

    def test_a_batch_call_carries_everything_in_its_body(self):
        request = made(call="SendBatchSms").request(BATCH)
        assert query_of(request) == {"OutId": "bat_1", "TemplateCode": "SMS_1"}
        form = {name: json.loads(text) for name, text in parse_qsl(request.body.decode())}
        assert form == {
            "PhoneNumberJson": ["13900000001", "13900000002"],
            "SignNameJson": ["科普四川"] * 2,
            "TemplateParamJson": [{"content": BATCH.text}] * 2,
        }

    def test_every_request_has_a_nonce_of_its_own(self):
        gateway = made()
        nonces = {gateway.request(BATCH).headers["x-acs-signature-nonce"] for _ in range(9)}
        assert len(nonces) == 9

    @pytest.mark.parametrize("call", ["SendSms", "SendBatchSms"])
    def test_one_too_many_is_refused(self, call):
        gateway = made(call=call)
        most = gateway.capabilities.phones_per_call
        assert gateway.request(many(most))
        with pytest.raises(Unsupported) as raised:
            gateway.request(many(most + 1))
        assert raised.value.code == "sms.too_many"

    @pytest.mark.parametrize("status", [413, 414, 431])
    def test_a_line_that_is_too_long_for_a_server_on_the_way_was_not_sent(self, status):
        batch = many(1000)
        line = len(made().request(batch).url)
        assert 13_000 < line < 15_000
        # An nginx with its 8 kB; the same phones in a body pass.
        assert len(made(phones_per_call=500).request(many(500)).url) < 8_192
        assert len(made(call="SendBatchSms").request(many(100)).url) < 200

        def proxy(request):
            too_long = len(request.url) > 8_192
            return HttpResponse(status=status) if too_long else said("OK", BizId="1^0")

        transport = HttpxTransport()
        with Loopback() as vendor:
            vendor.script(proxy)
            gateway = made(base_url=vendor.url)
            refused = gateway.result(batch, transport.send(gateway.request(batch), timeout=5))
            taken = gateway.result(ONE, transport.send(gateway.request(ONE), timeout=5))
        transport.close()
        assert {(r.status, r.error, r.code) for r in refused} == {
            ("rejected", ErrorClass.STOP_CHANNEL, f"http.{status}")
        }
        assert [r.status for r in taken] == ["accepted"]


class TestResults:
    def test_one_id_for_all_of_a_call(self):
        found = made().result(BATCH, said("OK", BizId="900^0"))
        assert [(r.ref, r.status, r.provider_id) for r in found] == [
            ("sub_1", "accepted", "900^0"),
            ("sub_2", "accepted", "900^0"),
        ]

    @pytest.mark.parametrize(("code", "error"), sorted(CODES.exact.items()))
    def test_every_code_is_acted_on(self, code, error):
        (one,) = made().result(ONE, said(code, 200, BizId="9^0"))
        assert (one.error, one.code) == (error, code)

    @pytest.mark.parametrize(
        ("code", "status", "error"),
        [
            ("isv.ACCOUNT_ABNORMAL", 200, "stop_channel"),
            ("InvalidAccessKeyId.NotFound", 404, "stop_channel"),
            ("InvalidTimeStamp.Expired", 400, "stop_channel"),
            ("Throttling.Api", 400, "throttled"),
            ("Throttling.User", 503, "throttled"),
            ("SignatureNonceUsed", 400, "ambiguous"),
            ("ServiceUnavailable", 503, "ambiguous"),
            ("isv.SOMETHING_NEW", 200, "ambiguous"),
            ("isv.MOBILE_NUMBER_ILLEGAL", 500, "ambiguous"),
            ("isv.MOBILE_NUMBER_ILLEGAL", 302, "ambiguous"),
            ("OK", 400, "ambiguous"),
            ("ok", 200, "ambiguous"),
        ],
    )
    def test_what_is_not_sure_is_unknown(self, code, status, error):
        (one,) = made().result(ONE, said(code, status, BizId="9^0"))
        assert one.error.value == error
        assert (one.status == "unknown") == (error == "ambiguous")

    def test_a_number_that_no_mobile_has_is_refused_alone(self):
        odd = Recipient("sub_3", "+8612000000003")
        batch = attrs.evolve(BATCH, recipients=(*BATCH.recipients, odd))
        found = made().result(batch, said("isv.MOBILE_NUMBER_ILLEGAL"))
        assert [(r.ref, r.status) for r in found] == [
            ("sub_1", "deferred"),
            ("sub_2", "deferred"),
            ("sub_3", "rejected"),
        ]

    def test_accepted_without_an_id_is_unknown(self):
        assert made().result(ONE, said("OK"))[0].status == "unknown"

    @pytest.mark.parametrize(
        ("code", "message", "wait"),
        [
            ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", 60),
            ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", 3600),
            ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", 86400),
            ("isv.BUSINESS_LIMIT_CONTROL", "触发业务流控", None),
            ("isv.DAY_LIMIT_CONTROL", "触发日发送限额", 86400),
        ],
    )
    def test_a_limit_says_how_long_to_wait(self, code, message, wait):
        (one,) = made().result(ONE, said(code, Message=message))
        assert (one.status, one.error, one.retry_after) == ("deferred", ErrorClass.DEFERRED, wait)

    @pytest.mark.parametrize(
        ("given", "wait"), [("2", 2.0), ("1500", 1.5), ("x", None), ("", None)]
    )
    def test_too_fast_says_so_too(self, given, wait):
        (one,) = made().result(ONE, said("Throttling", 400, {"x-acs-retry-after": given}))
        assert (one.error, one.retry_after) == (ErrorClass.THROTTLED, wait)


class TestQuestions:
    def details(self, *entries, code="OK"):
        listed = {"SmsSendDetailDTO": list(entries)}
        return said(code, TotalCount=str(len(entries)), SmsSendDetailDTOs=listed)

    def entry(self, status, **more):
        return {"OutId": "bat_1", "PhoneNum": "13900000001", "SendStatus": status} | more

    @pytest.mark.parametrize(
        ("now", "day"),
        [
            (datetime(2026, 1, 1, 8, 30, tzinfo=UTC), "20260101"),
            (datetime(2026, 1, 1, 16, 5, tzinfo=UTC), "20260101"),
            (datetime(2026, 1, 1, 16, 15, tzinfo=UTC), "20260102"),
        ],
    )
    def test_it_asks_about_one_phone_on_the_day_of_china(self, now, day):
        query = query_of(made(FrozenClock(now)).query(ONE))
        assert (query["PhoneNumber"], query["SendDate"]) == ("13900000001", day)
        with pytest.raises(Unsupported):
            made().query(BATCH)

    def test_what_came_of_it(self):
        gateway = made()
        waiting = gateway.answer(ONE, self.details(self.entry(1)))
        assert ([r.status for r in waiting.results], waiting.receipts) == (["accepted"], ())
        done = gateway.answer(ONE, self.details(self.entry(3, ReceiveDate="2026-01-01 16:30:05")))
        (receipt,) = done.receipts
        assert (receipt.state, receipt.reference, receipt.ref) == ("delivered", "bat_1", "sub_1")
        assert receipt.at == datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC)
        (failed,) = gateway.answer(ONE, self.details(self.entry(2, ErrCode="MK:0001"))).receipts
        assert (failed.state, failed.code) == ("failed", "MK:0001")

    def test_messages_of_others_say_nothing(self):
        others = [
            self.entry(3, OutId="bat_2"),
            self.entry(3, OutId=None),
            self.entry(3, PhoneNum="13900000002"),
        ]
        for entries in ([], others):
            found = made().answer(ONE, self.details(*entries))
            assert ([r.status for r in found.results], found.receipts) == (["unknown"], ())
        assert (
            made().answer(ONE, self.details(*others, self.entry(1))).results[0].status == "accepted"
        )

    @pytest.mark.parametrize("entries", [[4], [True], ["x"], [1, 3], [None]])
    def test_what_contradicts_itself_is_unknown(self, entries):
        found = made().answer(ONE, self.details(*[self.entry(one) for one in entries]))
        assert found.results[0].status == "unknown"
        refused = made().answer(ONE, self.details(self.entry(3), code="isv.INVALID_PARAMETERS"))
        assert refused.results[0].status == "unknown"


class TestCallbacks:
    RECEIPT = {
        "phone_number": "13900000001",
        "send_time": "2026-01-01 16:30:00",
        "report_time": "2026-01-01 16:30:05",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "2",
        "biz_id": "900^0",
        "out_id": "bat_1",
    }
    INBOUND = {
        "phone_number": "13900000001",
        "content": "ＴＤ",
        "send_time": "2026-01-01 16:31:00",
        "dest_code": "1069",
        "sequence_id": "7",
    }

    def test_a_receipt_names_call_phone_batch_and_parts(self):
        result = made().callback(pushed([self.RECEIPT]))
        (one,) = result.receipts
        assert (one.provider_id, one.reference, one.phone) == ("900^0", "bat_1", "+8613900000001")
        assert (one.state, one.parts, one.code) == ("delivered", 2, "DELIVERED")
        assert one.at == datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC)
        assert json.loads(result.response.body) == {"code": 0, "msg": "成功"}
        assert result.response.status == 200

    def test_an_entry_that_does_not_fit_takes_no_other_with_it(self):
        odd = [self.INBOUND, self.INBOUND | {"phone_number": "x"}, None, self.RECEIPT]
        came = made().callback(pushed(odd))
        assert (len(came.inbound), len(came.receipts)) == (1, 1)

    @pytest.mark.parametrize("sequence", ["7", 7])
    def test_a_sequence_is_a_text_or_a_number(self, sequence):
        (one,) = made().callback(pushed([self.INBOUND | {"sequence_id": sequence}])).inbound
        assert (one.provider_id, one.phone, one.text) == ("7", "+8613900000001", "ＴＤ")

    @pytest.mark.parametrize("tail", [f"{TOKEN}?a=1", f"?token={TOKEN}", f"{TOKEN}/"])
    def test_the_token_stands_in_path_or_query(self, tail):
        assert made().callback(pushed([], tail)).receipts == ()

    @pytest.mark.parametrize("tail", ["", TOKEN[:-1], TOKEN.upper(), "?token=", f"{TOKEN}/x"])
    def test_any_other_address_is_denied(self, tail):
        with pytest.raises(Denied) as raised:
            made().callback(pushed([self.RECEIPT], tail))
        assert raised.value.code == "sms.callback_forged"

    @pytest.mark.parametrize(
        "entries",
        [
            {},
            [RECEIPT | {"success": "true"}],
            [RECEIPT | {"biz_id": None}],
            [RECEIPT | {"phone_number": "x"}],
            [RECEIPT | {"report_time": "yesterday"}],
            [RECEIPT | {"sms_size": "two"}],
            [INBOUND | {"content": None}],
            [INBOUND | {"sequence_id": True}],
            [None, 1],
            b"x" * (1 << 21),
        ],
    )
    def test_what_does_not_fit_refuses_the_call(self, entries):
        with pytest.raises(Invalid) as raised:
            made().callback(pushed(entries))
        assert raised.value.code == "sms.callback_malformed"


def test_its_name_is_all_that_is_shown():
    assert repr(made()) == "<AliyunGateway dysmsapi.aliyuncs.com>"
