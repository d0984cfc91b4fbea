"""By which words of which vendor a person refused; whoever did gets no more."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tianfu_sdk.gateways import REFUSALS, meaning
from tianfu_sdk.model.sms import ErrorClass

PERSON = ErrorClass.REFUSED_BY_PERSON
PHONE = "13900000001"


def plugin(name):
    return pytest.importorskip(name, reason=f"pip install -e plugins/{name.replace('_', '-')}")


def aliyun(code):
    plugin("tianfu_sms_aliyun")
    from tianfu_sms_aliyun.wire import read_callback

    entry = {"phone_number": PHONE, "success": False, "err_code": code, "biz_id": "1"}
    return read_callback(json.dumps([entry]).encode())[0]


def huawei(code):
    plugin("tianfu_sms_huawei")
    from tianfu_sms_huawei.wire import read_callback

    form = {"smsMsgId": "1", "status": code, "total": "1", "sequence": "1"}
    return read_callback(urlencode(form).encode(), "application/x-www-form-urlencoded")[0]


def mas(code):
    plugin("tianfu_sms_mas")
    from tianfu_sms_mas.wire import read_callback

    entry = {"msgGroup": "1", "reportStatus": "CM:9999", "mobile": PHONE, "errorCode": code}
    return read_callback(json.dumps(entry).encode())[0]


def tencent(code):
    plugin("tianfu_sms_tencent")
    from tianfu_sms_tencent.wire import read_callback

    entry = {"sid": "1", "mobile": PHONE, "nationcode": "86", "report_status": "FAIL"}
    return read_callback(json.dumps([entry | {"errmsg": code}]).encode())[0]


def tencent_pulled(code):
    plugin("tianfu_sms_tencent")
    from tianfu_sms_tencent.wire import read_statuses

    entry = {"SerialNo": "1", "PhoneNumber": PHONE, "ReportStatus": "FAIL", "Description": code}
    return read_statuses({"PullSmsSendStatusSet": [entry]})[1]


def cmpp(code):
    plugin("tianfu_sms_cmpp")
    from tianfu_sms_cmpp import codec, wire

    content = bytes(8) + code.encode().ljust(7, b"\0") + b"2601010830" * 2
    content += PHONE.encode().ljust(21, b"\0") + bytes(4)
    deliver = codec.Deliver(
        id=1, dest="1", coding=0, header=False, phone=PHONE, receipt=True, content=content
    )
    receipt = wire._receipt(deliver).receipt
    return [receipt] if receipt else []


def smpp(code):
    plugin("tianfu_sms_smpp")
    from tianfu_sms_smpp import codec, wire

    text = f"id:1 sub:001 dlvrd:000 submit date:2601010830 done date:2601010831 stat:{code} err:000"
    deliver = codec.Deliver(
        phone=PHONE, dest="1", kind=1, header=False, coding=0, content=text.encode(), tlvs={}
    )
    receipt = wire.SmppWire(wire.Names(), 8.0)._mail(deliver).receipt
    return [receipt] if receipt else []


VENDORS = [aliyun, huawei, mas, tencent, tencent_pulled, cmpp, smpp]
OWN = [(aliyun, "W-BLACK"), (huawei, "2:70"), (huawei, "2:86")]


@pytest.mark.parametrize(
    ("vendor", "code"), [*((vendor, code) for vendor in VENDORS for code in sorted(REFUSALS)), *OWN]
)
def test_a_receipt_says_that_the_person_refused(vendor, code):
    (receipt,) = vendor(code)
    assert (receipt.state, receipt.error, receipt.code) == ("failed", PERSON, code)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("code", ["UNDELIV", "REJECTD", "EXPIRED", "MA:0001"])
def test_a_receipt_of_another_failure_says_nothing_of_the_person(vendor, code):
    # Of SMPP the last is no word of a receipt that is final.
    assert [receipt.error for receipt in vendor(code)] in ([None], [])


def test_lists_of_words_and_of_signatures_are_no_refusals():
    codes = ("BLACK_KEY_CONTROL_LIMIT", "isv.BLACK_KEY_CONTROL_LIMIT", "SIGNBLOCKED", "", "70")
    assert {meaning(code, {"2:70"}) for code in codes} == {None}
    assert meaning("black") is meaning("2:70", {"2:70"}) is PERSON


def test_an_answer_of_tencent_cloud_says_that_the_person_refused():
    codes = plugin("tianfu_sms_tencent").codes.CODES
    assert codes.of("FailedOperation.PhoneNumberInBlacklist") is PERSON
    assert codes.of("LimitExceeded.AppCountryOrRegionInBlacklist") is ErrorClass.BAD_RECIPIENT


def test_a_receiver_of_the_webhook_may_say_so_in_both_directions():
    wire = plugin("tianfu_sms_webhook").wire
    entry = {"id": "1", "state": "failed", "error": "refused_by_person", "code": "E7"}
    body = {"version": 1, "type": "sms.callback", "receipts": [entry]}
    ((receipt,), _) = wire.read_callback(json.dumps(body).encode())
    assert (receipt.error, receipt.code) == (PERSON, "E7")
    entry = {"ref": "sub_1", "status": "rejected", "error": "refused_by_person"}
    assert wire._result(entry).error is PERSON
    body["receipts"][0]["error"] = "stop_channel"
    with pytest.raises(wire.Unreadable):
        wire.read_callback(json.dumps(body).encode())
