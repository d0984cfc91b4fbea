"""What the gateway sends and signs is, byte by byte, what the vendor's own SDK does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tianfu_sms_huawei import HuaweiGateway
from tianfu_sms_huawei.signing import authorization

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.model.sms import Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text("utf-8"))
KEY, SECRET = "app-key-example", "secret-never-shown"
HOST = "https://smsapi.cn-north-4.myhuaweicloud.com:443"


def made(**settings):
    table = {
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "channel": "8824110605",
        "status_callback": "https://hub.invalid/sms/huawei",
    }
    clock = FrozenClock(datetime(2026, 1, 1, 8, 30, tzinfo=UTC))
    context = BackendContext(settings=table | settings, clock=clock, ids=CountingIds())
    return HuaweiGateway.open(context)


def batch_of(text):
    phones = ("+8613900000001", "+8613900000002", "+85251234567")
    return SmsBatch(
        reference="bat_1",
        signature="科普 四川~*",
        text="",
        template="8ff55eac",
        parameters=(("1", text), ("2", "2")),
        recipients=tuple(Recipient(f"sub_{n}", phone) for n, phone in enumerate(phones)),
    )


named = pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{v['name']} {v['call']}" for v in VECTORS]
)


@named
def test_the_sdks_request_gets_the_sdks_signature(vector):
    request = HttpRequest(
        method="POST",
        url=HOST + vector["path"],
        headers=vector["headers"],
        body=vector["body"].encode(),
    )
    assert authorization(request, key=KEY, secret=SECRET) == vector["authorization"]


@named
def test_the_gateways_request_is_the_sdks(vector):
    request = made(call=vector["call"]).request(batch_of(vector["text"]))
    assert request.url == HOST + vector["path"]
    # The signature does not cover a form, so it is compared by itself.
    assert request.body == vector["body"].encode()
    assert request.headers["authorization"] == vector["authorization_of_least"]
    theirs = vector["headers"] | {"host": vector["headers"]["host"].removesuffix(":443")}
    ours = {name: value for name, value in request.headers.items() if name != "authorization"}
    assert ours == {name: value for name, value in theirs.items() if name != "user-agent"}


def test_of_a_form_the_signature_says_nothing_and_of_json_it_does():
    by_call = {}
    for vector in VECTORS:
        by_call.setdefault(vector["call"], set()).add(vector["authorization"])
    assert {call: len(signed) for call, signed in by_call.items()} == {
        "batchSendSms": 1,
        "batchSendDiffSms": len(VECTORS) // 2,
    }


def test_wsse_is_the_hex_digest_in_base64():
    request = made(wsse=True).request(batch_of("x"))
    assert request.headers["authorization"] == (
        'WSSE realm="SDP",profile="UsernameToken",type="Appkey"'
    )
    given = dict(re.findall(r'(\w+)="([^"]*)"', request.headers["x-wsse"]))
    digest = hashlib.sha256(f"{given['Nonce']}{given['Created']}{SECRET}".encode()).hexdigest()
    assert given == {
        "Username": KEY,
        "PasswordDigest": base64.b64encode(digest.encode()).decode(),
        "Nonce": given["Nonce"],
        "Created": "2026-01-01T08:30:00Z",
    }
    assert request.headers["x-wsse"].startswith("UsernameToken Username=")
    assert "x-sdk-date" not in request.headers


@pytest.mark.ci
def test_the_vectors_are_what_the_sdk_makes_today():
    record = runpy.run_path(str(HERE / "record_vectors.py"))["record"]
    assert json.loads(json.dumps(record())) == VECTORS
