"""Two small gateways against their contract: one over HTTP, one with a session.

The vendor of the first is unlike the webhook's: forms instead of JSON, numbers without +86,
callbacks known by a token in their path, an answer by number and not by reference.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlencode, urlsplit

import attrs
import pytest

from tianfu_sdk.errors import Ambiguous, Denied, Invalid, Unavailable, Unsupported
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    ErrorClass,
    Inbound,
    QueryAnswer,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
)
from tianfu_sdk.settings import Secret
from tianfu_sdk.testing import SmsGatewaySuite

CHINA = timezone(timedelta(hours=8))
KEY = "key-never-shown"
TOKEN = "token-never-shown"
CLASSES = {
    "0": ("accepted", ErrorClass.OK),
    "1": ("rejected", ErrorClass.BAD_RECIPIENT),
    "2": ("deferred", ErrorClass.THROTTLED),
}


class FormGateway:
    """A vendor of forms."""

    def __init__(self, url, key, token):
        self.url, self.key, self.token = url, key, token

    @property
    def capabilities(self):
        return SmsCapabilities(
            name="form",
            shape="http",
            phones_per_call=60,
            receipts=("push",),
            inbound=True,
            signature="in_text",
            phones_per_query=60,
        )

    def request(self, batch):
        if len(batch.recipients) > 60:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=60)
        mobiles = ",".join(one.phone.removeprefix("+86") for one in batch.recipients)
        return self._form("send", ref=batch.reference, mobiles=mobiles, content=self._text(batch))

    def query(self, batch):
        mobiles = ",".join(one.phone.removeprefix("+86") for one in batch.recipients)
        return self._form("report", ref=batch.reference, mobiles=mobiles)

    def answer(self, batch, response):
        return QueryAnswer(results=tuple(self.result(batch, response)))

    def _text(self, batch):
        return f"【{batch.signature}】{batch.text}"

    def _form(self, path, **fields):
        return HttpRequest(
            method="POST",
            url=f"{self.url}/{path}",
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "authorization": f"Bearer {self.key.reveal()}",
            },
            body=urlencode(fields).encode(),
        )

    def result(self, batch, response):
        said = self._said(response)
        return [self._one(one, said, response) for one in batch.recipients]

    def _said(self, response):
        if response.status != 200:
            return {}
        try:
            rows = json.loads(response.body)["list"]
            return {str(row["mobile"]): row for row in rows}
        except (ValueError, LookupError, TypeError, RecursionError):
            return {}

    def _one(self, one, said, response):
        row = said.get(one.phone.removeprefix("+86"), {})
        status, error = CLASSES.get(row.get("code") if self._whole(row) else "", (None, None))
        if status is None:
            return SmsResult(ref=one.ref, status="unknown", error=ErrorClass.AMBIGUOUS)
        return SmsResult(
            ref=one.ref, status=status, error=error, code=row["code"], provider_id=row["id"]
        )

    def _whole(self, row):
        texts = [row.get("code"), row.get("id")]
        return all(isinstance(text, str) and text.isprintable() for text in texts)

    def callback(self, request):
        if urlsplit(request.url).path != f"/cb/{self.token.reveal()}":
            raise Denied("sms.callback_forged")
        try:
            form = parse_qs(request.body.decode(), strict_parsing=True, errors="strict")
            rows = [json.loads(row) for row in form["row"]]
            receipts = [self._receipt(row) for row in rows if row["kind"] == "report"]
            inbound = [self._inbound(row) for row in rows if row["kind"] == "mo"]
        except (ValueError, LookupError, TypeError, RecursionError, OverflowError):
            raise Invalid("sms.callback_malformed") from None
        return CallbackResult(receipts=tuple(receipts), inbound=tuple(inbound))

    def _receipt(self, row):
        state = {"DELIVRD": "delivered", "UNDELIV": "failed", "EXPIRED": "expired"}[row["stat"]]
        return SmsReceipt(
            provider_id=self._str(row["id"]), state=state, code=row["stat"], at=self._at(row)
        )

    def _inbound(self, row):
        phone = self._str(row["mobile"])
        if not (phone.isascii() and phone.isdigit()):
            raise ValueError
        return Inbound(phone=f"+86{phone}", text=self._str(row["content"]), at=self._at(row))

    def _str(self, text):
        if not isinstance(text, str):
            raise TypeError
        text.encode()
        return text

    def _at(self, row):
        return datetime.strptime(row["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)


class SessionGateway:
    """A vendor with a session, in this process."""

    def __init__(self):
        self._lock = threading.Lock()
        self._open = False
        self._sent = 0
        self.waiting = ([], [])
        self.fault = ""

    @property
    def capabilities(self):
        return SmsCapabilities(
            name="line", shape="session", phones_per_call=20, receipts=("pull",), inbound=True
        )

    def connect(self):
        with self._lock:
            if self.fault == "refused":
                raise Unavailable("http.not_sent", why="refused")
            self._open = True

    def submit(self, batch):
        if len(batch.recipients) > 20:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=20)
        with self._lock:
            if not self._open:
                raise Unavailable("http.not_sent", why="closed")
            if self.fault:
                raise Ambiguous("http.no_answer", why=self.fault)
            first = self._sent
            self._sent += len(batch.recipients)
        return [
            SmsResult(ref=one.ref, status="accepted", provider_id=str(first + number))
            for number, one in enumerate(batch.recipients)
        ]

    def poll(self):
        with self._lock:
            return self.waiting

    def acknowledge(self):
        with self._lock:
            self.waiting = ([], [])

    def close(self):
        with self._lock:
            self._open = False


class TestFormGateway(SmsGatewaySuite):
    secrets = (KEY, TOKEN)

    @pytest.fixture
    def gateway(self):
        return FormGateway("https://sms.invalid/v1", Secret(KEY), Secret(TOKEN))

    def answer(self, batch, outcome):
        code = {"accepted": "0", "rejected": "1", "throttled": "2", "mixed": "0"}[outcome]
        rows = [
            {"mobile": one.phone[3:], "code": code, "id": f"m{number}"}
            for number, one in enumerate(batch.recipients)
        ]
        if outcome == "mixed":
            rows[-1]["code"] = "1"
        rows.reverse()  # in no order of ours
        return HttpResponse(status=200, body=json.dumps({"code": 0, "list": rows}).encode())

    def signed_callback(self, receipts, inbound):
        rows = [
            {"kind": "report", "id": one.provider_id, "stat": one.code, "time": self.clocked(one)}
            for one in receipts
        ]
        rows += [
            {
                "kind": "mo",
                "mobile": one.phone[3:],
                "content": one.text,
                "time": self.clocked(one),
            }
            for one in inbound
        ]
        return HttpRequest(
            method="POST",
            url=f"https://hub.invalid/cb/{TOKEN}",
            body=urlencode([("row", json.dumps(row)) for row in rows]).encode(),
        )

    def clocked(self, one):
        return one.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")

    def forged(self, request):
        return [
            attrs.evolve(request, url=request.url + "x"),
            attrs.evolve(request, url="https://hub.invalid/cb/"),
        ]


class TestSessionGateway(SmsGatewaySuite):
    faults = ("refused", "silent", "cut", "half")

    def fail(self, gateway, fault):
        gateway.fault = fault

    @pytest.fixture
    def gateway(self):
        return SessionGateway()

    def arrive(self, gateway, receipts, inbound):
        gateway.waiting = (list(receipts), list(inbound))
