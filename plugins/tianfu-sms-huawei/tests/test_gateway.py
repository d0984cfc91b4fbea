"""What is Huawei Cloud's own, beside the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from urllib.parse import parse_qsl, urlencode

import attrs
import pytest
from tianfu_sms_huawei import CODES, HuaweiGateway
from tianfu_sms_huawei.signing import authorization, stamp

from tianfu_sdk import Denied, Invalid, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

SECRET, PUSH, TOKEN = "secret-never-shown", "push-never-shown", "callback-token-never-shown"
PUSHED = {"push_key_id": "push-key", "push_key_secret": PUSH}
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text="汛期防范~!*'()+&=/? ཆུ་ལོག 🌊",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)
ONE = attrs.evolve(BATCH, recipients=BATCH.recipients[:1])
CLOCK = FrozenClock()


def made(**settings):
    table = {
        "access_key_id": "app-key-example",
        "access_key_secret": SECRET,
        "channel": "8824110605",
        "template": "8ff55eac",
        "callback_token": TOKEN,
    }
    table = {name: value for name, value in (table | settings).items() if value is not None}
    context = BackendContext(settings=table, clock=CLOCK, ids=CountingIds())
    return HuaweiGateway.open(context)


def said(code="000000", *statuses, status=200, phones=None, ids=("m-1", "m-2")):
    phones = phones or [one.phone for one in BATCH.recipients]
    result = [
        {"originTo": phone, "status": one, "smsMsgId": id_}
        for phone, one, id_ in zip(phones, statuses, ids, strict=False)
    ]
    plain = {"code": code, "description": "x"} | ({"result": result} if statuses else {})
    return HttpResponse(status=status, body=json.dumps(plain).encode())


def form_of(request):
    return dict(parse_qsl(request.body.decode(), strict_parsing=True))


RECEIPT = {
    "smsMsgId": "m-1",
    "total": "1",
    "sequence": "1",
    "status": "DELIVRD",
    "source": "2",
    "updateTime": "2026-01-01T08:30:05Z",
    "extend": "bat_1",
    "to": "+8613900000001",
}
INBOUND = {
    "smsMsgId": "in-1",
    "from": "+8613900000001",
    "to": "8824110605",
    "body": " td ",
    "createTime": "2026-01-01T08:31:00Z",
}


def pushed(fields, *, tail=TOKEN, kind="application/x-www-form-urlencoded", **headers):
    if isinstance(fields, bytes):
        body = fields
    elif "json" in kind:
        body = json.dumps(fields).encode()
    else:
        body = urlencode(fields).encode()
    return HttpRequest(
        method="POST",
        url=f"https://hub.invalid/sms/{tail}",
        headers={"content-type": kind, "host": "hub.invalid"} | headers,
        body=body,
    )


def signed(request, *, key="push-key", secret=PUSH, late=timedelta(0)):
    request = attrs.evolve(
        request, headers={**request.headers, "x-sdk-date": stamp(CLOCK.now() - late)}
    )
    mark = authorization(request, key=key, secret=secret)
    return attrs.evolve(request, headers={**request.headers, "authorization": mark})


class TestSettings:
    @pytest.mark.parametrize(
        ("table", "path"),
        [
            ({"base_url": "http://smsapi.cn-north-4.myhuaweicloud.com"}, "base_url"),
            ({"status_callback": "http://hub.invalid/"}, "status_callback"),
            ({"callback_token": "short"}, "callback_token"),
            ({"push_key_id": "k", "push_key_secret": "short"}, "push_key_secret"),
            ({"push_key_id": "k"}, "push_key_id"),
            ({"push_key_secret": PUSH}, "push_key_id"),
            ({"phones_per_call": 501}, "phones_per_call"),
            ({"longest_value": -1}, "longest_value"),
            ({"call": "batchSend"}, "call"),
            ({"channel": None}, "channel"),
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
        assert (can.phones_per_call, can.can_query, can.dedupes) == (500, False, False)
        assert (can.templates, can.signature, can.pace.messages) == ("required", "apart", 500)
        assert (can.receipts, can.inbound, can.rules.longest_value) == (("push",), True, 20)

    def test_without_token_and_key_nothing_is_heard(self):
        gateway = made(callback_token=None)
        assert (gateway.capabilities.receipts, gateway.capabilities.inbound) == ((), False)
        with pytest.raises(Denied):
            gateway.callback(pushed(RECEIPT))


class TestRequests:
    def test_the_form(self):
        gateway = made(status_callback="https://hub.invalid/sms/huawei/")
        assert form_of(gateway.request(BATCH)) == {
            "from": "8824110605",
            "to": "+8613900000001,+8613900000002",
            "templateId": "8ff55eac",
            "templateParas": json.dumps([BATCH.text], ensure_ascii=False),
            "statusCallback": f"https://hub.invalid/sms/huawei/{TOKEN}",
            "extend": "bat_1",
            "signature": "科普四川",
        }

    def test_the_json(self):
        own = attrs.evolve(BATCH, template="T2", parameters=(("b", "2"), ("a", "1")), signature="")
        request = made(call="batchSendDiffSms", sign_name="默认").request(own)
        assert json.loads(request.body) == {
            "from": "8824110605",
            "smsContent": [
                {
                    "to": ["+8613900000001", "+8613900000002"],
                    "templateId": "T2",
                    "templateParas": ["2", "1"],
                    "signature": "默认",
                }
            ],
            "extend": "bat_1",
        }

    def test_a_template_without_variables_carries_no_values(self):
        own = attrs.evolve(BATCH, template="T2")
        assert "templateParas" not in form_of(made().request(own))

    def test_no_template_at_all_cannot_be_said(self):
        with pytest.raises(Unsupported) as raised:
            made(template="").request(BATCH)
        assert raised.value.code == "sms.no_template"


class TestResults:
    def test_every_number_has_its_own_word(self):
        for code in ("000000", "E000510"):
            found = made().result(BATCH, said(code, "000000", "E200022"))
            assert [(r.ref, r.status, r.error.value, r.code, r.provider_id) for r in found] == [
                ("sub_1", "accepted", "ok", "000000", "m-1"),
                ("sub_2", "rejected", "bad_recipient", "E200022", ""),
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
    def test_a_number_is_known_in_every_spelling_and_once(self, phones, statuses):
        found = made().result(BATCH, said("000000", "000000", "000000", phones=phones))
        assert [one.status for one in found] == statuses

    def test_accepted_without_an_id_or_a_status_is_unknown(self):
        assert made().result(ONE, said("000000", "000000", ids=("",)))[0].status == "unknown"
        assert made().result(ONE, said("000000"))[0].status == "unknown"

    @pytest.mark.parametrize(("code", "error"), sorted(CODES.exact.items()))
    def test_every_code_is_acted_on_for_one_and_for_all(self, code, error):
        (one, _) = made().result(BATCH, said("E000510", code, code))
        assert (one.error, one.code) == (error, code)
        if error is not ErrorClass.OK:
            assert {r.error for r in made().result(BATCH, said(code, status=400))} == {error}

    @pytest.mark.parametrize(
        ("code", "status", "error"),
        [
            ("E000001", 401, "stop_channel"),
            ("E000101", 401, "stop_channel"),
            ("E000112", 200, "stop_channel"),
            ("E000620", 403, "stop_channel"),
            ("E000630", 200, "ambiguous"),
            ("E000000", 400, "ambiguous"),
            ("E200015", 500, "ambiguous"),
            ("E999999", 200, "ambiguous"),
        ],
    )
    def test_a_code_of_the_call_is_everybodys(self, code, status, error):
        found = made().result(BATCH, said(code, status=status))
        assert {(r.error.value, r.code) for r in found} == {(error, code)}


class TestCallbacks:
    def test_a_receipt(self):
        result = made().callback(pushed(RECEIPT))
        (one,) = result.receipts
        assert (one.provider_id, one.reference, one.phone) == ("m-1", "bat_1", "+8613900000001")
        assert (one.state, one.parts, one.code) == ("delivered", 1, "DELIVRD")
        assert one.at == datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC)
        assert (result.response.status, result.response.body) == (200, b"")

    def test_the_least_that_a_receipt_says(self):
        (one,) = made().callback(pushed({"smsMsgId": "m-1", "status": "BLACK"})).receipts
        assert (one.state, one.code, one.phone, one.at) == ("failed", "BLACK", "", None)

    @pytest.mark.parametrize(
        ("fields", "states"),
        [
            ({"status": "EXPIRED"}, ["expired"]),
            ({"status": "REJECTD"}, ["failed"]),
            ({"status": "E200022"}, ["failed"]),
            ({"status": "ACCEPTD"}, []),
            ({"status": "UNKNOWN"}, []),
            ({"total": "3", "sequence": "1"}, []),
            ({"total": "3", "sequence": "3"}, ["delivered"]),
            ({"total": "3", "sequence": "1", "status": "UNDELIV"}, ["failed"]),
        ],
    )
    def test_only_what_is_final_is_told(self, fields, states):
        result = made().callback(pushed(RECEIPT | fields))
        assert [one.state for one in result.receipts] == states
        assert result.response.status == 200

    def test_many_receipts_come_as_json(self):
        reports = [RECEIPT, RECEIPT | {"smsMsgId": "m-2", "total": 1, "sequence": 1}]
        request = pushed({"statusReportList": reports}, kind="application/json;charset=UTF-8")
        assert [one.provider_id for one in made().callback(request).receipts] == ["m-1", "m-2"]

    def test_an_entry_that_does_not_fit_takes_no_other_with_it(self):
        odd = {"statusReportList": [RECEIPT, RECEIPT | {"to": "x"}, None]}
        assert len(made().callback(pushed(odd, kind="application/json")).receipts) == 1
        with pytest.raises(Invalid):
            made().callback(pushed({"statusReportList": [None]}, kind="application/json"))

    def test_an_inbound_message(self):
        (one,) = made().callback(pushed(INBOUND)).inbound
        assert (one.phone, one.text, one.provider_id) == ("+8613900000001", " td ", "in-1")
        assert one.at == datetime(2026, 1, 1, 8, 31, tzinfo=UTC)
        (late,) = made().callback(pushed(INBOUND | {"createTime": ""})).inbound
        assert late.at is None

    @pytest.mark.parametrize(
        "fields",
        [
            RECEIPT | {"smsMsgId": ""},
            RECEIPT | {"updateTime": "2026-01-01 08:30:05"},
            RECEIPT | {"to": "x"},
            RECEIPT | {"total": "many"},
            {name: value for name, value in INBOUND.items() if name != "body"},
            {name: value for name, value in INBOUND.items() if name != "smsMsgId"},
            b"status=DELIVRD&smsMsgId=a&smsMsgId=b",
            b"",
        ],
    )
    def test_what_does_not_fit_is_refused(self, fields):
        with pytest.raises(Invalid) as raised:
            made().callback(pushed(fields))
        assert raised.value.code == "sms.callback_malformed"

    @pytest.mark.parametrize("tail", ["", TOKEN[:-1], TOKEN.upper(), "?token=", f"{TOKEN}/x"])
    def test_any_other_address_is_denied(self, tail):
        with pytest.raises(Denied):
            made().callback(pushed(RECEIPT, tail=tail))


class TestPushSignatures:
    ONLY_KEY = PUSHED | {"callback_token": None}

    @pytest.mark.parametrize("fields", [RECEIPT, INBOUND])
    def test_what_is_signed_is_taken(self, fields):
        assert made(**self.ONLY_KEY).callback(signed(pushed(fields, tail="")))

    def test_the_form_of_the_vendors_page_is_read(self):
        # connection and content-length are signed there, and no blank stands after the commas.
        request = signed(pushed(RECEIPT, connection="close", **{"content-length": "9"}))
        bare = request.headers["authorization"].replace(", ", ",")
        request = attrs.evolve(request, headers={**request.headers, "authorization": bare})
        assert made(**self.ONLY_KEY).callback(request).receipts

    @pytest.mark.parametrize("minutes", [-15, 0, 15])
    def test_fifteen_minutes_either_way_are_taken(self, minutes):
        request = signed(pushed(RECEIPT), late=timedelta(minutes=minutes))
        assert made(**self.ONLY_KEY).callback(request)

    @pytest.mark.parametrize("minutes", [-16, 16, 24 * 60])
    def test_a_replay_after_that_is_denied(self, minutes):
        request = signed(pushed(RECEIPT), late=timedelta(minutes=minutes))
        with pytest.raises(Denied) as raised:
            made(**self.ONLY_KEY).callback(request)
        assert raised.value.path == "x-sdk-date"

    def changed(self):
        good = signed(pushed(RECEIPT))
        return {
            "another secret": signed(pushed(RECEIPT), secret="another-secret-16b"),
            "another key": signed(pushed(RECEIPT), key="another"),
            "body": attrs.evolve(good, body=good.body.replace(b"DELIVRD", b"UNDELIV")),
            "path": attrs.evolve(good, url=good.url + "/x"),
            "query": attrs.evolve(good, url=good.url + "?a=1"),
            "method": attrs.evolve(good, method="PUT"),
            "host": attrs.evolve(good, headers={**good.headers, "host": "other.invalid"}),
            "date": attrs.evolve(good, headers={**good.headers, "x-sdk-date": "20260101T083001Z"}),
            "no date": attrs.evolve(
                good, headers={n: v for n, v in good.headers.items() if n != "x-sdk-date"}
            ),
            "no signature": attrs.evolve(good, headers={**good.headers, "authorization": ""}),
            "no such time": attrs.evolve(good, headers={**good.headers, "x-sdk-date": "now"}),
        }

    @pytest.mark.parametrize("what", [
        "another secret", "another key", "body", "path", "query", "method", "host", "date",
        "no date", "no signature", "no such time",
    ])  # fmt: skip
    def test_anything_else_is_denied(self, what):
        assert made(**self.ONLY_KEY).callback(signed(pushed(RECEIPT)))
        with pytest.raises(Denied) as raised:
            made(**self.ONLY_KEY).callback(self.changed()[what])
        assert raised.value.code == "sms.callback_forged"

    def test_a_date_that_is_not_signed_is_no_date(self):
        request = pushed(RECEIPT)
        date = stamp(CLOCK.now())
        # As if the signature were of another day: only what is signed counts.
        signature = authorization(
            attrs.evolve(request, headers={**request.headers, "x-sdk-date": date}),
            key="push-key",
            secret=PUSH,
        ).replace(";x-sdk-date", "")
        headers = {**request.headers, "x-sdk-date": date, "authorization": signature}
        with pytest.raises(Denied):
            made(**self.ONLY_KEY).callback(attrs.evolve(request, headers=headers))

    def test_an_unsigned_body_needs_the_token_as_well(self):
        content = {"x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}
        request = signed(pushed(RECEIPT, **content))
        assert made(**PUSHED).callback(request).receipts
        with pytest.raises(Denied) as raised:
            made(**self.ONLY_KEY).callback(request)
        assert raised.value.path == "x-sdk-content-sha256"
        lie = signed(pushed(RECEIPT, **{"x-sdk-content-sha256": "0" * 64}))
        with pytest.raises(Denied):
            made(**PUSHED).callback(lie)

    def test_where_both_are_set_both_are_held(self):
        gateway = made(**PUSHED)
        assert gateway.callback(signed(pushed(RECEIPT)))
        for request in (pushed(RECEIPT), signed(pushed(RECEIPT, tail="x"))):
            with pytest.raises(Denied):
                gateway.callback(request)


def test_its_name_is_all_that_is_shown():
    assert repr(made()) == "<HuaweiGateway smsapi.cn-north-4.myhuaweicloud.com>"
