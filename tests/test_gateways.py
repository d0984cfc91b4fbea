"""What SMS gateways over HTTP share."""

from datetime import UTC, datetime

import attrs
import pytest

from tianfu_sdk import Denied, Invalid, Secret, Unsupported, gateways
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsBatch

BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text="汛期防范",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)


class TestAddresses:
    @pytest.mark.parametrize("host", ["sms.invalid", "10.0.0.1", "127.0.0.1.invalid", "[::2]"])
    def test_plain_http_to_another_machine_wants_a_word(self, host):
        url = f"http://{host}:1992/sms"
        with pytest.raises(Invalid) as raised:
            gateways.checked_url(url)
        assert (raised.value.code, raised.value.path) == ("sms.plain_http", "base_url")
        assert gateways.checked_url(url, allow_http=True) == url

    @pytest.mark.parametrize("url", ["https://sms.invalid/", "http://127.0.0.1:1", "http://[::1]/"])
    def test_https_and_this_machine_are_taken(self, url):
        assert gateways.checked_url(url) == url

    @pytest.mark.parametrize("url", ["", "x", "ftp://x", "https://u:p@x/", "https://x:99999/"])
    def test_what_is_none_is_refused_without_being_shown(self, url):
        with pytest.raises(Invalid) as raised:
            gateways.checked_url(url, allow_http=True)
        assert "u:p" not in str(raised.value)

    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://a.cn/", "a.cn"),
            ("https://a.cn:443/", "a.cn"),
            ("https://A.cn:8443/x", "a.cn:8443"),
            ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://[::1]:81/", "[::1]:81"),
        ],
    )
    def test_the_host_is_as_it_is_sent(self, url, host):
        assert gateways.host_of(url) == host


class TestCodes:
    CODES = gateways.Codes(
        {"OK": ErrorClass.OK, "a.b": ErrorClass.BAD_CONTENT},
        {"a.": ErrorClass.DEFERRED, "a.b.": ErrorClass.THROTTLED},
    )

    @pytest.mark.parametrize(
        ("code", "error"),
        [("OK", "ok"), ("a.b", "bad_content"), ("a.b.c", "throttled"), ("a.x", "deferred")],
    )
    def test_the_exact_code_then_the_longest_beginning(self, code, error):
        assert self.CODES.of(code).value == error

    @pytest.mark.parametrize("code", ["", "ok", "OK ", "b", "a"])
    def test_an_unknown_code_is_ambiguous_and_its_message_unknown(self, code):
        error = self.CODES.of(code)
        assert error is ErrorClass.AMBIGUOUS
        assert gateways.outcome("sub_1", error, code=code).status == "unknown"

    def test_every_class_has_a_status(self):
        said = {error.value: gateways.outcome("r", error).status for error in ErrorClass}
        assert said == {
            "ok": "accepted",
            "retry_safe": "deferred",
            "throttled": "deferred",
            "deferred": "deferred",
            "bad_recipient": "rejected",
            "bad_content": "rejected",
            "refused_by_person": "rejected",
            "stop_channel": "rejected",
            "ambiguous": "unknown",
        }

    @pytest.mark.parametrize("status", [413, 414, 431])
    def test_a_request_that_is_too_large_stops_the_channel(self, status):
        found = gateways.by_status(BATCH, HttpResponse(status=status, body=b"{}"))
        assert [one.ref for one in found] == ["sub_1", "sub_2"]
        assert {(one.error, one.code) for one in found} == {
            (ErrorClass.STOP_CHANNEL, f"http.{status}")
        }

    @pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("nan", None), ("9" * 9, None)])
    def test_too_fast_says_when_to_come_back(self, said, wait):
        answer = HttpResponse(status=429, headers={"Retry-After": said})
        assert gateways.by_status(BATCH, answer)[0].retry_after == wait

    @pytest.mark.parametrize("status", [200, 302, 400, 404, 500, 503])
    def test_of_anything_else_the_body_has_the_word(self, status):
        assert gateways.by_status(BATCH, HttpResponse(status=status)) is None

    @pytest.mark.parametrize(
        ("error", "statuses"),
        [
            (ErrorClass.OK, {200}),
            (ErrorClass.BAD_CONTENT, {200, 400, 404}),
            (ErrorClass.THROTTLED, {200, 302, 400, 404, 500, 503}),
        ],
    )
    def test_a_code_is_believed_as_far_as_its_status_lets(self, error, statuses):
        some = (200, 302, 400, 404, 500, 503)
        assert {one for one in some if gateways.believed(error, one)} == statuses

    def test_a_number_that_nobody_has_is_blamed_and_the_others_go_again(self):
        odd = attrs.evolve(
            BATCH, recipients=(*BATCH.recipients, Recipient("sub_3", "+8612012345678"))
        )
        found = gateways.refused_for_number(odd, code="X")
        assert [(one.ref, one.status, one.error.value) for one in found] == [
            ("sub_1", "deferred", "retry_safe"),
            ("sub_2", "deferred", "retry_safe"),
            ("sub_3", "rejected", "bad_recipient"),
        ]
        only = attrs.evolve(odd, recipients=odd.recipients[2:])
        for batch in (BATCH, only):
            found = gateways.refused_for_number(batch, code="X")
            assert {(one.status, one.error.value) for one in found} == {
                ("rejected", "bad_recipient")
            }


class TestReading:
    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[NaN]", b"\xff", b"[" * 99_999, b"1" * 5_000, b'"' + b"x" * (1 << 20)]
    )
    def test_what_is_no_json_is_unreadable(self, body):
        with pytest.raises(gateways.Unreadable):
            gateways.read_json(body)

    def test_a_form_is_read_strictly(self):
        assert gateways.read_form(b"a=1&b=%E7%A7%91+x&c=") == {"a": "1", "b": "科 x", "c": ""}
        for body in (b"", b"a", b"a=1&a=2", b"a=%ff", b"a=\xe7", b"&".join([b"a=1"] * 999)):
            with pytest.raises(gateways.Unreadable):
                gateways.read_form(body)

    def test_what_fits_is_read_and_counted(self, caplog):
        def read(entry):
            return gateways.text_of(entry, "t")

        assert gateways.fitting([], read) == []
        assert gateways.fitting([{"t": "a"}, {"t": "b"}], read) == ["a", "b"]
        assert not caplog.records
        assert gateways.fitting([{"t": "a"}, None, {"t": 1}], read) == ["a"]
        assert [record.getMessage() for record in caplog.records] == [
            "2 of 3 entries cannot be read"
        ]
        with pytest.raises(gateways.Unreadable):
            gateways.fitting([None], read)

    def test_members_are_of_their_type(self):
        entry = {"t": "x", "n": 7, "d": "08", "s": "\ud800", "b": True, "f": 1.5, "z": None}
        assert gateways.text_of(entry, "t") == "x"
        assert gateways.text_of(entry, "z", "-") == "-"
        assert (gateways.number_of(entry, "n"), gateways.number_of(entry, "d")) == (7, 8)
        assert gateways.number_of(entry, "q", 3) == 3
        for name in ("n", "s", "q"):
            with pytest.raises(gateways.Unreadable):
                gateways.text_of(entry, name)
        for name in ("t", "b", "f", "q"):
            with pytest.raises(gateways.Unreadable):
                gateways.number_of(entry, name)
        with pytest.raises(gateways.Unreadable):
            gateways.list_of(entry, "t")
        with pytest.raises(gateways.Unreadable):
            gateways.text_of([1], "t")

    @pytest.mark.parametrize(
        "text", ["13900000001", "8613900000001", "+8613900000001", "008613900000001"]
    )
    def test_all_spellings_of_a_phone_are_one(self, text):
        assert gateways.e164(text) == "+8613900000001"

    def test_a_phone_of_another_country(self):
        assert gateways.e164("85251234567") == gateways.e164("+85251234567") == "+85251234567"

    @pytest.mark.parametrize("text", ["", "x", "139 0000 0001", "+86139", "1" * 30, "١٢٣٤٥٦٧"])
    def test_what_is_no_phone_is_unreadable(self, text):
        with pytest.raises(gateways.Unreadable):
            gateways.e164(text)

    def test_times(self):
        moment = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
        assert gateways.local_time("2026-01-01 16:30:00") == moment
        assert gateways.local_time("") is None
        assert gateways.unix_time(int(moment.timestamp())) == moment
        for text in ("2026-13-01 00:00:00", "0001-01-01 00:00:00", "2026-01-01T00:00:00"):
            with pytest.raises(gateways.Unreadable):
                gateways.local_time(text)
        for seconds in (-1, 10**17):
            with pytest.raises(gateways.Unreadable):
                gateways.unix_time(seconds)


class TestTokens:
    TOKEN = Secret("ein-langes-token-科普")

    @pytest.mark.parametrize(
        "url",
        [
            "https://hub.invalid/sms/ein-langes-token-%E7%A7%91%E6%99%AE",
            "https://hub.invalid/sms/ein-langes-token-%E7%A7%91%E6%99%AE/",
            "https://hub.invalid/sms?a=1&token=ein-langes-token-%E7%A7%91%E6%99%AE",
            "/sms?token=ein-langes-token-%E7%A7%91%E6%99%AE",
        ],
    )
    def test_it_stands_in_the_path_or_the_query(self, url):
        gateways.verify_token(HttpRequest(method="POST", url=url), self.TOKEN)

    @pytest.mark.parametrize("tail", ["", "/", "/x", "?token=", "?token=%FF", "?tokens=x"])
    def test_any_other_is_denied(self, tail):
        request = HttpRequest(method="POST", url=f"https://hub.invalid{tail}")
        with pytest.raises(Denied):
            gateways.verify_token(request, self.TOKEN)
        with pytest.raises(Denied):
            gateways.verify_token(request, None)
        with pytest.raises(Denied):
            gateways.verify_token(request, Secret(""))

    def test_a_short_one_is_refused(self):
        gateways.long_enough(None, "callback_token")
        gateways.long_enough(Secret("x" * 16), "callback_token")
        with pytest.raises(Invalid) as raised:
            gateways.long_enough(Secret("x" * 15), "callback_token")
        assert raised.value.path == "callback_token"


def test_a_batch_without_a_template_gets_the_default_whose_variable_is_the_text():
    assert gateways.filled(BATCH, "T1", "content", gateway="x") == (
        "T1",
        (("content", "汛期防范"),),
    )
    own = attrs.evolve(BATCH, template="T2", parameters=(("a", "1"),))
    assert gateways.filled(own, "T1", "content", gateway="x") == ("T2", (("a", "1"),))
    with pytest.raises(Unsupported) as raised:
        gateways.filled(BATCH, "", "content", gateway="x")
    assert raised.value.code == "sms.no_template"
