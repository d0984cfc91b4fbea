"""What the gateway signs is, byte by byte, what the vendor's own SDK signs."""

from __future__ import annotations

import json
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tianfu_sms_tencent import CODES, TencentGateway
from tianfu_sms_tencent.signing import authorization

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text("utf-8"))


def request_of(vector):
    table = {
        "access_key_id": "AKID-example",
        "access_key_secret": "secret-never-shown",
        "sdk_app_id": "1400006666",
        "pull": True,
        "query": True,
    }
    if vector["sts"]:
        table["security_token"] = vector["sts"]
    clock = FrozenClock(datetime(2026, 1, 1, 8, 30, tzinfo=UTC))
    gateway = TencentGateway.open(BackendContext(settings=table, clock=clock, ids=CountingIds()))
    said = json.loads(vector["body"])
    if vector["action"] in {"PullSmsSendStatus", "PullSmsReplyStatus"}:
        (one,) = [r for r in gateway.pulls() if r.headers["x-tc-action"] == vector["action"]]
        return one
    phones = said.get("PhoneNumberSet") or [said["PhoneNumber"]]
    batch = SmsBatch(
        reference="bat_1",
        signature="科普 四川~*",
        text="",
        template="110",
        parameters=tuple((str(n), v) for n, v in enumerate(said.get("TemplateParamSet", []))),
        recipients=tuple(Recipient(f"sub_{n}", phone) for n, phone in enumerate(phones)),
    )
    return gateway.request(batch) if vector["action"] == "SendSms" else gateway.query(batch)


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{v['name']}{' sts' if v['sts'] else ''}" for v in VECTORS]
)
def test_the_gateways_request_is_the_sdks(vector):
    request = request_of(vector)
    assert request.method == "POST"
    assert request.url == "https://sms.tencentcloudapi.com/"
    assert request.body == vector["body"].encode()
    assert request.headers == vector["headers"]


def test_the_published_example_is_reproduced():
    # cloud.tencent.com document/api/213/30654; its secret key ends with asterisks.
    signed = authorization(
        host="cvm.tencentcloudapi.com",
        service="cvm",
        body=rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}',
        timestamp=1551113065,
        secret_id="AKID-example",
        secret_key="Gu5t9xGARNpq86cd98joQYCN3*******",
        content_type="application/json; charset=utf-8",
    )
    assert signed.endswith("2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c")


@pytest.mark.ci
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_vectors_are_what_the_sdk_makes_today():
    record = runpy.run_path(str(HERE / "record_vectors.py"))["record"]
    assert json.loads(json.dumps(record())) == VECTORS


@pytest.mark.ci
def test_the_table_holds_codes_that_the_sdk_knows():
    from tencentcloud.sms.v20210111 import errorcodes

    known = {value for value in vars(errorcodes).values() if isinstance(value, str)}
    ours = set(CODES.exact) - {"Ok", "UnauthorizedOperation"}
    assert ours <= known
    left = {code for code in known if CODES.of(code) is ErrorClass.AMBIGUOUS}
    assert {
        "InternalError.Timeout",
        "InternalError.OtherError",
        "FailedOperation.OtherError",
    } <= left
