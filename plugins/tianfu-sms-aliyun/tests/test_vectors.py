"""What the gateway signs is, byte by byte, what the vendor's own SDK signs."""

from __future__ import annotations

import json
import runpy
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
from tianfu_sms_aliyun import AliyunGateway
from tianfu_sms_aliyun.signing import authorization, canonical_query, digest

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.sms import Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text("utf-8"))
KEY, SECRET = "LTAI-example-id", "secret-never-shown"
NONCE = "3156853299f313e23d1673dc12e1703d"


class OneNonce(CountingIds):
    def token(self):
        return NONCE


def made(vector):
    table = {
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "call": vector["action"] if vector["action"] != "QuerySendDetails" else "SendSms",
    }
    if vector["sts"]:
        table["security_token"] = vector["sts"]
    clock = FrozenClock(datetime(2026, 1, 1, 8, 30, tzinfo=UTC))
    return AliyunGateway.open(BackendContext(settings=table, clock=clock, ids=OneNonce()))


def batch_of(vector):
    said = vector["parameters"]
    phones = said.get("PhoneNumbers") or said.get("PhoneNumber")
    phones = phones.split(",") if phones else json.loads(said["PhoneNumberJson"])
    values = said.get("TemplateParam")
    return SmsBatch(
        reference="bat_1",
        signature="科普 四川~*",
        text="",
        template="SMS_100000001",
        parameters=tuple(json.loads(values).items()) if values else (),
        recipients=tuple(
            Recipient(
                f"sub_{n}", f"+86{phone}" if len(phone) == 11 and phone[0] == "1" else f"+{phone}"
            )
            for n, phone in enumerate(phones)
        ),
    )


def named(vectors):
    return pytest.mark.parametrize(
        "vector", vectors, ids=[f"{v['name']}{' sts' if v['sts'] else ''}" for v in vectors]
    )


@named(VECTORS)
def test_the_sdks_request_gets_the_sdks_signature(vector):
    body = vector["body"].encode()
    assert vector["headers"]["x-acs-content-sha256"] == digest(body)
    ours = authorization(
        method="POST",
        path="/",
        query=canonical_query(vector["query"]),
        headers=vector["headers"],
        access_key_id=KEY,
        access_key_secret=SECRET,
    )
    assert ours == vector["authorization"]


@named([v for v in VECTORS if v["action"] != "SendBatchSms"])
def test_the_gateways_request_is_the_sdks(vector):
    gateway, batch = made(vector), batch_of(vector)
    if vector["action"] == "QuerySendDetails":
        request = gateway.query(batch)
    else:
        request = gateway.request(batch)
    assert dict(parse_qsl(urlsplit(request.url).query)) == vector["query"]
    assert "+" not in urlsplit(request.url).query, "a blank goes out as it is signed"
    assert request.body == vector["body"].encode() == b""
    assert request.headers["authorization"] == vector["authorization_of_least"]
    signed = {n: v for n, v in request.headers.items() if n != "authorization"}
    assert signed.items() <= vector["headers"].items()


@named([v for v in VECTORS if v["action"] == "SendBatchSms"])
def test_a_form_is_covered_by_its_digest(vector):
    batch = attrs.evolve(batch_of(vector), parameters=(("content", "ཆུ་ལོག ~!*'()+&=/? 🌊"),))
    request = made(vector).request(batch)
    form = dict(parse_qsl(request.body.decode()))
    assert sorted(form) == sorted(dict(parse_qsl(vector["body"])))
    assert json.loads(form["TemplateParamJson"]) == [dict(batch.parameters)] * 3
    assert json.loads(form["SignNameJson"]) == json.loads(vector["parameters"]["SignNameJson"])
    assert request.headers["x-acs-content-sha256"] == digest(request.body)
    least = {n: v for n, v in request.headers.items() if n not in {"authorization", "accept"}}
    assert request.headers["authorization"] == authorization(
        method="POST",
        path="/",
        query=canonical_query(vector["query"]),
        headers=least,
        access_key_id=KEY,
        access_key_secret=SECRET,
    )


def test_the_published_example_is_reproduced():
    # help.aliyun.com document_detail/2593177
    query = {
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    }
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": digest(b""),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": NONCE,
        "x-acs-version": "2014-05-26",
    }
    made_of = {"access_key_id": "YourAccessKeyId", "access_key_secret": "YourAccessKeySecret"}
    signed = authorization(
        method="POST", path="/", query=canonical_query(query), headers=headers, **made_of
    )
    assert signed.endswith("06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


@pytest.mark.ci
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_vectors_are_what_the_sdk_makes_today():
    record = runpy.run_path(str(HERE / "record_vectors.py"))["record"]
    assert json.loads(json.dumps(record())) == VECTORS
