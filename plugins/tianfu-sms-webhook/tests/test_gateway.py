"""What is the webhook's own, beside the contract."""

from __future__ import annotations

import json
from datetime import timedelta

import attrs
import pytest
from tianfu_sms_webhook import WebhookGateway, signed_headers, verify
from tianfu_sms_webhook.wire import batch_body

from tianfu_sdk import Denied, Invalid, Secret
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

SECRET = "outgoing-never-shown"
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text="汛期防范",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)
CLOCK = FrozenClock()


def made(**settings):
    table = {"url": "https://sms.invalid/hook", "secret": SECRET} | settings
    return WebhookGateway.open(BackendContext(settings=table, clock=CLOCK, ids=CountingIds()))


def results(status=200, headers=None, **body):
    answer = HttpResponse(status=status, headers=headers or {}, body=json.dumps(body).encode())
    return made().result(BATCH, answer)


def callback(plain, *, secret=SECRET, late=timedelta(0), **more):
    body = json.dumps(plain).encode()
    headers = signed_headers(body, secret=secret, now=CLOCK.now() - late)
    return HttpRequest(method="POST", url="https://hub.invalid/", headers=headers, body=body)


EMPTY = {"version": 1, "type": "sms.callback"}


class TestSettings:
    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1:8080/x", "http://[::1]/x", "http://localhost/x", "https://sms.invalid/"],
    )
    def test_https_and_this_machine_are_taken(self, url):
        assert made(url=url).request(BATCH).url == url

    @pytest.mark.parametrize("host", ["sms.invalid", "192.168.1.4", "127.0.0.1.invalid", "[::2]"])
    def test_plain_http_to_another_machine_wants_a_word(self, host):
        with pytest.raises(Invalid) as raised:
            made(url=f"http://{host}/hook")
        assert (raised.value.code, raised.value.path) == ("sms.plain_http", "url")
        assert made(url=f"http://{host}/hook", allow_http=True)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "sms.invalid",
            "ftp://x",
            "https://",
            "https://u:p@x/",
            "https://x:99999/",
            "https://[/",
        ],
    )
    def test_what_is_no_url_is_refused_without_being_shown(self, url):
        with pytest.raises(Invalid) as raised:
            made(url=url)
        assert raised.value.path == "url"
        assert "u:p" not in str(raised.value)

    @pytest.mark.parametrize(
        ("table", "path"),
        [
            ({"secret": "short"}, "secret"),
            ({"callback_secret": "short"}, "callback_secret"),
            ({"phones_per_call": 0}, "phones_per_call"),
            ({"phones_per_call": 10_001}, "phones_per_call"),
            ({"secrets": "x" * 20}, "secrets"),
        ],
    )
    def test_a_setting_that_is_wrong_is_named(self, table, path):
        with pytest.raises(Invalid) as raised:
            made(**table)
        assert raised.value.path == path

    def test_the_callback_secret_stands_for_itself(self):
        gateway = made(callback_secret=Secret("incoming-never-shown"))
        with pytest.raises(Denied):
            gateway.callback(callback(EMPTY))
        assert gateway.callback(callback(EMPTY, secret="incoming-never-shown"))


class TestRequests:
    def test_an_attempt_changes_no_byte_of_the_body(self):
        first = made().request(BATCH)
        second = made().request(attrs.evolve(BATCH, attempt=2))
        assert first.body == second.body
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "bat_1"
        assert [r.headers["x-tianfu-attempt"] for r in (first, second)] == ["1", "2"]

    def test_a_reference_cannot_break_out_of_its_header(self):
        request = made().request(attrs.evolve(BATCH, reference="a\r\nx: 批"))
        assert request.headers["idempotency-key"] == "a%0D%0Ax%3A%20%E6%89%B9"

    def test_the_body_is_the_one_in_the_readme(self):
        assert json.loads(batch_body(BATCH)) == {
            "version": 1,
            "type": "sms.batch",
            "reference": "bat_1",
            "signature": "科普四川",
            "text": "汛期防范",
            "recipients": [
                {"ref": "sub_1", "phone": "+8613900000001"},
                {"ref": "sub_2", "phone": "+8613900000002"},
            ],
        }


class TestResults:
    def test_an_entry_that_contradicts_another_is_believed_as_little(self):
        found = results(
            results=[
                {"ref": "sub_1", "status": "accepted"},
                {"ref": "sub_1", "status": "rejected", "error": "bad_recipient"},
                {"ref": "sub_2", "status": "accepted"},
            ]
        )
        assert [one.status for one in found] == ["unknown", "accepted"]

    @pytest.mark.parametrize("error", [None, "ok", "ambiguous", "deferred", "blacklisted"])
    def test_a_refusal_without_a_known_reason_is_unknown(self, error):
        entry = {"ref": "sub_1", "status": "rejected", "error": error, "code": "E1"}
        assert results(results=[entry])[0].status == "unknown"
        assert results(400, error=error)[0].status == "unknown"

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
    def test_a_refusal_of_the_whole_batch_says_why(self, status):
        found = results(status, error="stop_channel", code="signature")
        assert {(one.status, one.error, one.code) for one in found} == {
            ("rejected", ErrorClass.STOP_CHANNEL, "signature")
        }

    @pytest.mark.parametrize(
        ("said", "wait"), [("7", 7.0), ("", None), ("-1", None), ("Thu, 01 Jan 2026", None)]
    )
    def test_too_fast_is_deferred(self, said, wait):
        (one, _) = results(429, {"Retry-After": said})
        assert (one.status, one.error, one.retry_after) == ("deferred", ErrorClass.THROTTLED, wait)

    @pytest.mark.parametrize("wait", ["30", True, -1, float("nan"), float("inf"), 10**400, None])
    def test_a_wait_that_is_none_is_left_out(self, wait):
        entry = {"ref": "sub_1", "status": "deferred", "error": "throttled", "retry_after": wait}
        assert results(results=[entry])[0].retry_after is None

    def test_another_version_is_not_guessed_at(self):
        entry = {"ref": "sub_1", "status": "accepted"}
        assert results(results=[entry])[0].status == "accepted"
        assert results(results=[entry], version=2)[0].status == "unknown"


class TestCallbacks:
    @pytest.mark.parametrize("seconds", [-300, 0, 300])
    def test_five_minutes_either_way_are_taken(self, seconds):
        assert made().callback(callback(EMPTY, late=timedelta(seconds=seconds)))

    @pytest.mark.parametrize("seconds", [-302, 301, 86400])
    def test_a_replay_after_that_is_refused(self, seconds):
        with pytest.raises(Denied) as raised:
            made().callback(callback(EMPTY, late=timedelta(seconds=seconds)))
        assert raised.value.code == "sms.callback_forged"

    @pytest.mark.parametrize(
        "stamp", ["", "-1", "1e9", "１７６７２５６２００", "9" * 12, " 1767256200"]
    )
    def test_a_time_that_is_none_is_refused(self, stamp):
        request = callback(EMPTY)
        forged = attrs.evolve(
            request, headers=dict(request.headers) | {"x-tianfu-timestamp": stamp}
        )
        with pytest.raises(Denied):
            made().callback(forged)

    @pytest.mark.parametrize("signature", ["", "v1=", "v2=00", "v1=签", "v1=" + "0" * 64])
    def test_a_signature_that_is_none_is_refused(self, signature):
        request = callback(EMPTY)
        forged = attrs.evolve(
            request, headers=dict(request.headers) | {"x-tianfu-signature": signature}
        )
        with pytest.raises(Denied):
            made().callback(forged)

    def test_a_batch_that_is_sent_back_is_no_callback(self):
        # One secret may serve both ways, so an own request is well signed.
        with pytest.raises(Invalid):
            made().callback(made().request(BATCH))

    @pytest.mark.parametrize(
        "more",
        [
            {"receipts": [{"state": "delivered"}]},
            {"receipts": [{"id": "m", "state": "lost"}]},
            {"receipts": [{"id": "m", "state": "delivered", "at": "2026-01-01T00:00:00"}]},
            {"inbound": [{"phone": "13900000001", "text": "R"}]},
            {"inbound": [{"phone": "+8613900000001"}]},
            {"inbound": [{"phone": "+8613900000001\n", "text": "R"}]},
            {"inbound": [{"phone": "+8613900000001", "text": "\ud800"}]},
            {"version": 2},
            {"type": "sms.batch"},
            {"inbound": [{"phone": "+8613900000001", "text": "x" * (1 << 20)}]},
        ],
    )
    def test_one_entry_that_does_not_fit_refuses_the_call(self, more):
        assert made().callback(callback(EMPTY)).receipts == ()
        with pytest.raises(Invalid) as raised:
            made().callback(callback(EMPTY | more))
        assert raised.value.code == "sms.callback_malformed"

    def test_members_of_later_versions_are_ignored(self):
        receipt = {"id": "m", "state": "expired", "operator": "x"}
        found = made().callback(callback(EMPTY | {"receipts": [receipt], "more": 1}))
        assert found.receipts[0].state == "expired"
        assert found.response.status == 204


def test_a_signature_is_verified_as_it_was_made():
    headers = signed_headers(b"{}", secret=SECRET, now=CLOCK.now())
    verify(headers, b"{}", secret=SECRET, now=CLOCK.now())
    with pytest.raises(Denied):
        verify(headers, b"{ }", secret=SECRET, now=CLOCK.now())
