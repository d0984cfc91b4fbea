"""What is 云MAS's own, beside the contract; all of it unverified against the vendor."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from datetime import UTC, datetime

import attrs
import pytest
from tianfu_sms_mas import CODES, MasGateway

from tianfu_sdk import Denied, Invalid, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

SECRET, TOKEN = "secret-never-shown", "callback-token-never-shown"
EC, SIGN = "四川省科学技术协会", "DWItALe3A"
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text='汛期防范~!*\'()+&=/? "ཆུ་ལོག" 🌊',
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)
MOBILES = "13900000001,13900000002"


def made(**settings):
    table = {
        "base_url": "https://mas.invalid:28888",
        "ec_name": EC,
        "access_key_id": "kepu",
        "access_key_secret": SECRET,
        "signs": {"科普四川": SIGN},
        "callback_token": TOKEN,
    }
    table = {name: value for name, value in (table | settings).items() if value is not None}
    context = BackendContext(settings=table, clock=FrozenClock(), ids=CountingIds())
    return MasGateway.open(context)


def plain_of(request):
    return json.loads(base64.b64decode(request.body, validate=True))


def md5(*parts):
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def said(rspcod="success", success="true", group="0927", status=200):
    plain = {"msgGroup": group, "rspcod": rspcod, "success": success}
    return HttpResponse(status=status, body=json.dumps(plain).encode())


def pushed(plain, tail=TOKEN):
    body = json.dumps(plain).encode()
    return HttpRequest(method="POST", url=f"https://hub.invalid/sms/{tail}", body=body)


class TestSettings:
    @pytest.mark.parametrize(
        ("table", "path"),
        [
            ({"base_url": None}, "base_url"),
            ({"base_url": "http://112.35.1.155:1992"}, "base_url"),
            ({"base_url": "https://u:p@mas.invalid"}, "base_url"),
            ({"callback_token": "short"}, "callback_token"),
            ({"phones_per_call": 5001}, "phones_per_call"),
            ({"phones_per_call": 0}, "phones_per_call"),
            ({"path": "sms/norsubmit"}, "path"),
            ({"template_path": "/sms/tmp submit"}, "template_path"),
            ({"sign_name": "别的"}, "sign_name"),
        ],
    )
    def test_a_setting_that_is_wrong_is_named(self, table, path):
        with pytest.raises(Invalid) as raised:
            made(**table)
        assert raised.value.path == path

    def test_plain_http_wants_a_word_and_is_warned_of(self, caplog):
        with caplog.at_level(logging.WARNING):
            made()
            assert not caplog.records
            gateway = made(base_url="http://112.35.1.155:1992", allow_http=True)
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert "112.35.1.155 over plain http" in record.getMessage()
        assert gateway.request(BATCH).url == "http://112.35.1.155:1992/sms/norsubmit"

    def test_what_it_can_say(self):
        can = made().capabilities
        assert (can.phones_per_call, can.can_query, can.dedupes) == (500, False, False)
        assert (can.templates, can.signature, can.windows) == ("optional", "apart", ())
        assert (can.receipts, can.inbound) == (("push",), True)
        deaf = made(callback_token=None)
        assert (deaf.capabilities.receipts, deaf.capabilities.inbound) == ((), False)
        with pytest.raises(Denied):
            deaf.callback(pushed([]))


class TestRequests:
    def test_free_text(self):
        request = made(add_serial="01").request(BATCH)
        assert request.url == "https://mas.invalid:28888/sms/norsubmit"
        assert plain_of(request) == {
            "ecName": EC,
            "apId": "kepu",
            "mobiles": MOBILES,
            "content": BATCH.text,
            "sign": SIGN,
            "addSerial": "01",
            "mac": md5(EC, "kepu", SECRET, MOBILES, BATCH.text, SIGN, "01"),
        }

    def test_a_template(self):
        own = attrs.evolve(BATCH, template="9ec4", parameters=(("b", "二"), ("a", "1")))
        request = made().request(own)
        assert request.url == "https://mas.invalid:28888/sms/tmpsubmit"
        plain = plain_of(request)
        assert plain["templateId"] == "9ec4"
        assert json.loads(plain["params"]) == ["二", "1"]
        mac = md5(EC, "kepu", SECRET, "9ec4", MOBILES, plain["params"], SIGN)
        assert plain["mac"] == mac
        assert "content" not in plain

    def test_a_template_without_variables_has_one_empty_value(self):
        plain = plain_of(made().request(attrs.evolve(BATCH, template="9ec4")))
        assert json.loads(plain["params"]) == [""]

    def test_a_default_template_carries_the_text(self):
        plain = plain_of(made(template="T1").request(BATCH))
        assert (plain["templateId"], json.loads(plain["params"])) == ("T1", [BATCH.text])

    def test_the_secret_is_never_sent(self):
        for batch in (BATCH, attrs.evolve(BATCH, template="9ec4")):
            request = made().request(batch)
            assert SECRET not in base64.b64decode(request.body).decode()
            assert "secretKey" not in plain_of(request)

    def test_a_signature_needs_its_code(self):
        with pytest.raises(Unsupported) as raised:
            made().request(attrs.evolve(BATCH, signature="别的"))
        assert raised.value.code == "sms.no_sign"
        bare = attrs.evolve(BATCH, signature="")
        assert plain_of(made(sign_name="科普四川").request(bare))["sign"] == SIGN
        with pytest.raises(Unsupported):
            made().request(bare)

    def test_the_paths_are_settings(self):
        gateway = made(path="/sms/submit", template_path="/x/tmpsubmit")
        assert gateway.request(BATCH).url.endswith("/sms/submit")
        assert gateway.request(attrs.evolve(BATCH, template="T")).url.endswith("/x/tmpsubmit")


class TestResults:
    @pytest.mark.parametrize("success", [True, "true"])
    def test_one_id_for_all_of_a_call(self, success):
        found = made().result(BATCH, said(success=success))
        assert [(r.ref, r.status, r.provider_id) for r in found] == [
            ("sub_1", "accepted", "0927"),
            ("sub_2", "accepted", "0927"),
        ]

    @pytest.mark.parametrize(("code", "error"), sorted(CODES.exact.items()))
    @pytest.mark.parametrize("no", [False, "false"])
    def test_every_code_is_acted_on(self, code, error, no):
        success = True if code == "success" else no
        (one, _) = made().result(BATCH, said(code, success))
        assert (one.error, one.code) == (error, code)

    @pytest.mark.parametrize(
        "answer",
        [
            said("success", False),
            said("IllegalMac", True),
            said("success", True, group=""),
            said("success", "yes"),
            said("success", 1),
            said("success", None),
            said("SystemBusy", False),
            said("success", True, status=201),
            said("IllegalMac", False, status=500),
        ],
    )
    def test_what_is_not_sure_is_unknown(self, answer):
        assert {r.status for r in made().result(BATCH, answer)} == {"unknown"}

    def test_a_number_that_no_mobile_has_is_refused_alone(self):
        odd = attrs.evolve(
            BATCH, recipients=(*BATCH.recipients, Recipient("sub_3", "+8612000000003"))
        )
        found = made().result(odd, said("InvalidMobile", False))
        assert [r.status for r in found] == ["deferred", "deferred", "rejected"]

    def test_too_large_a_request_was_not_sent(self):
        found = made().result(BATCH, HttpResponse(status=413))
        assert {(r.error, r.code) for r in found} == {(ErrorClass.STOP_CHANNEL, "http.413")}


class TestCallbacks:
    RECEIPT = {
        "msgGroup": "0927",
        "mobile": "13900000001",
        "reportStatus": "CM:0000",
        "errorCode": "DELIVRD",
        "submitDate": "20260101163000",
        "receiveDate": "20260101163005",
    }
    INBOUND = {"mobile": "13900000001", "smsContent": "ＴＤ", "sendTime": "2026-01-01 16:31:00"}

    def test_a_receipt(self):
        (one,) = made().callback(pushed(self.RECEIPT)).receipts
        assert (one.provider_id, one.phone, one.state) == ("0927", "+8613900000001", "delivered")
        assert one.at == datetime(2026, 1, 1, 8, 30, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("fields", "states"),
        [
            ({"errorCode": "success"}, []),
            ({"errorCode": ""}, []),
            ({"reportStatus": "CM:3000", "errorCode": "success"}, []),
            ({"reportStatus": "CM:1001", "errorCode": "UNDELIV"}, ["failed"]),
            ({"reportStatus": "CM:1001", "errorCode": "MK:0001"}, ["failed"]),
            ({"reportStatus": "CM:1001", "errorCode": "EXPIRED"}, ["expired"]),
            ({"reportStatus": "CM:1001", "errorCode": "SystemBusy"}, []),
        ],
    )
    def test_only_what_is_known_to_be_final_is_told(self, fields, states):
        result = made().callback(pushed([self.RECEIPT | fields]))
        assert [one.state for one in result.receipts] == states
        assert result.response.status == 200

    def test_an_entry_that_does_not_fit_takes_no_other_with_it(self):
        came = made().callback(pushed([self.RECEIPT, None, self.INBOUND | {"mobile": "x"}]))
        assert (len(came.receipts), came.inbound) == (1, ())

    def test_an_inbound_message(self):
        (one,) = made().callback(pushed([self.INBOUND])).inbound
        assert (one.phone, one.text) == ("+8613900000001", "ＴＤ")
        assert one.at == datetime(2026, 1, 1, 8, 31, tzinfo=UTC)

    @pytest.mark.parametrize("time", ["", "16:31", "2026-13-01 00:00:00", "00010101000000"])
    def test_no_message_is_lost_for_its_time(self, time):
        (one,) = made().callback(pushed(self.INBOUND | {"sendTime": time})).inbound
        assert one.at is None

    @pytest.mark.parametrize(
        "plain",
        [
            {},
            RECEIPT | {"msgGroup": ""},
            RECEIPT | {"mobile": "x"},
            RECEIPT | {"reportStatus": None},
            INBOUND | {"smsContent": None},
            INBOUND | {"mobile": None},
            [None, 1],
        ],
    )
    def test_what_does_not_fit_is_refused(self, plain):
        with pytest.raises(Invalid) as raised:
            made().callback(pushed(plain))
        assert raised.value.code == "sms.callback_malformed"

    @pytest.mark.parametrize("tail", ["", TOKEN[:-1], TOKEN.upper(), "?token=", f"{TOKEN}/x"])
    def test_any_other_address_is_denied(self, tail):
        with pytest.raises(Denied):
            made().callback(pushed(self.RECEIPT, tail))


def test_its_name_is_all_that_is_shown():
    assert repr(made()) == "<MasGateway mas.invalid>"
