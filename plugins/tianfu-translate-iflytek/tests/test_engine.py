"""The engine against the port, a failing vendor, and what its README says."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
import tianfu_translate_iflytek
from tianfu_translate_iflytek import IflytekSettings, IflytekTranslator

from tianfu_sdk import Hub, Invalid, Secret
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import Ok, Segment, TranslationBatch
from tianfu_sdk.testing import FrozenClock, TranslatorFaultSuite, TranslatorSuite

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
KEY, SECRET = "key-never-shown", "secret-never-shown"
BATCH = TranslationBatch(source="zh-Hans", target="ii", segments=(Segment("a", "防洪"),))
both = pytest.mark.parametrize("service", ["new", "general"])


def made(url="http://127.0.0.1:1", **settings):
    table = {"app_id": "app", "api_key": Secret(KEY), "api_secret": Secret(SECRET)} | settings
    return IflytekTranslator(IflytekSettings(base_url=url, **table), FrozenClock())


def asked(request):
    """Give the languages and the text of a request, of either service."""
    body = json.loads(request.body)
    if urlsplit(request.url).path == "/v1/its":
        pair, data = body["parameter"]["its"], body["payload"]["input_data"]
        assert (data["encoding"], data["status"], body["header"]["status"]) == ("utf8", 3, 3)
    else:
        assert urlsplit(request.url).path == "/v2/its"
        pair, data = body["business"], body["data"]
    return pair["from"], pair["to"], base64.b64decode(data["text"]).decode()


def answered(said, *, new):
    result = {"from": "cn", "to": "ii", "trans_result": {"src": "-", "dst": said}}
    if new:
        text = base64.b64encode(json.dumps(result, ensure_ascii=False).encode()).decode()
        body = {"header": {"code": 0}, "payload": {"result": {"text": text}}}
    else:
        body = {"code": 0, "message": "success", "data": {"result": result}}
    return HttpResponse(status=200, body=json.dumps(body, ensure_ascii=False).encode())


def vendor(say, request):
    """Answer as either service does."""
    said = [text for _, text in say([asked(request)[2]])]
    one = said[0] if len(said) == 1 else said
    return answered(one, new=urlsplit(request.url).path == "/v1/its")


class Local:
    """The vendor's form without a network, for cases of many calls."""

    def send(self, request, *, timeout):
        return vendor(lambda texts: [(n, f"word {text}") for n, text in enumerate(texts)], request)


class TestNew(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return made()

    @pytest.fixture
    def transport(self):
        return Local()


class TestGeneral(TestNew):
    @pytest.fixture
    def translator(self):
        return made(service="general")


class TestFaultsOfNew(TranslatorFaultSuite):
    service = "new"

    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url, service=self.service, pairs=(("zh-Hans", "ii"),))

    def answer(self, request, say):
        return vendor(say, request)

    def refusal(self):
        body = b'{"code": 10163, "header": {"code": 10163, "message": "param validate error"}}'
        return HttpResponse(status=200, body=body)


class TestFaultsOfGeneral(TestFaultsOfNew):
    service = "general"


class TestForms:
    def test_new_signs_in_the_query(self):
        request = made(res_id="r1").request(BATCH)
        query = parse_qs(urlsplit(request.url).query)
        assert query["host"] == ["127.0.0.1"]
        assert query["date"] == ["Thu, 01 Jan 2026 08:30:00 GMT"]
        assert json.loads(request.body)["header"] == {"app_id": "app", "status": 3, "res_id": "r1"}
        assert "authorization" not in request.headers
        assert "res_id" not in json.loads(made().request(BATCH).body)["header"]

    def test_general_signs_in_headers(self):
        request = made(service="general").request(BATCH)
        assert urlsplit(request.url).query == ""
        assert request.headers.keys() >= {"date", "digest", "authorization"}

    @both
    def test_its_own_address_is_left_out(self, service):
        engine = made("", service=service)
        host = {"new": "itrans.xf-yun.com", "general": "itrans.xfyun.cn"}[service]
        assert urlsplit(engine.request(BATCH).url).hostname == host
        assert engine.capabilities.third_party
        assert not made(service=service).capabilities.third_party

    @both
    def test_no_secret_is_shown(self, service):
        request = made(service=service).request(BATCH)
        assert SECRET not in repr(request)
        assert KEY not in repr(request)

    @both
    def test_what_only_others_say_is_marked(self, service):
        can = made(service=service).capabilities
        assert ("zh-Hans", "ii") in can.unverified
        assert ("bo", "zh-Hans") in can.unverified
        assert ("zh-Hans", "en") in can.pairs - can.unverified
        assert not [pair for pair in can.pairs if "zh-Hans" not in pair]

    def test_a_text_fits_the_limit_of_its_service(self):
        longest = made(service="general").capabilities.max_characters
        text = "\U00020000" * longest
        request = made(service="general").request(
            attrs.evolve(BATCH, segments=(Segment("a", text),))
        )
        assert len(json.loads(request.body)["data"]["text"]) <= 4096
        assert made().capabilities.max_characters == 5000

    @both
    @pytest.mark.parametrize("text", ["ꆈꌠꉙ", "བོད།", "😀\n“+/%”"])
    def test_a_text_goes_as_it_is(self, service, text):
        request = made(service=service).request(attrs.evolve(BATCH, segments=(Segment("a", text),)))
        assert asked(request) == ("cn", "ii", text)


class TestAnswers:
    def results(self, service, status, body):
        return made(service=service).result(
            BATCH, HttpResponse(status=status, body=json.dumps(body).encode())
        )

    @both
    def test_a_translation(self, service):
        result = made(service=service).result(BATCH, answered("ꆈꌠ", new=service == "new"))
        assert result == [Ok(id="a", text="ꆈꌠ")]

    @both
    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (200, 10005, "auth"),
            (200, 10313, "auth"),
            (200, 11200, "auth"),
            (200, 11201, "quota"),
            (200, 11202, "rate_limited"),
            (429, 11202, "rate_limited"),
            (200, 10114, "transient"),
            (200, 100_005, "transient"),
            (200, 10163, "rejected"),
            (200, 99999, "rejected"),
            (503, 99999, "transient"),
            (403, 99999, "auth"),
        ],
    )
    def test_its_codes_are_understood(self, service, status, code, kind):
        said = {"code": code, "message": "-", "sid": "s"}
        body = {"header": said} if service == "new" else said
        (result,) = self.results(service, status, body)
        assert result.kind == kind
        assert str(code) in {result.code, str(code)}

    @both
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_signature_that_is_refused_is_auth(self, service, status):
        (result,) = self.results(service, status, {"message": "HMAC signature does not match"})
        assert result.kind == "auth"

    @pytest.mark.parametrize(
        "text", ["%%", base64.b64encode(b"\xff").decode(), base64.b64encode(b"[1]").decode()]
    )
    def test_a_result_that_is_no_json_in_base64_is_none(self, text):
        body = {"header": {"code": 0}, "payload": {"result": {"text": text}}}
        (result,) = self.results("new", 200, body)
        assert result.kind == "malformed"


@pytest.mark.parametrize(
    ("language", "code"), [("ii", "yi"), ("bo", "ti"), ("bo", "TI"), ("bo", "dz"), ("bo", "auto")]
)
def test_a_code_of_another_language_is_refused(language, code):
    with pytest.raises(Invalid) as raised:
        made(codes={"zh-Hans": "cn", language: code})
    assert (raised.value.code, raised.value.path) == (
        "translation.code_trap",
        f"codes.{language}",
    )


@pytest.mark.parametrize(
    ("table", "code", "path"),
    [
        ({"url": "http://itrans.example.cn"}, "translation.plain_http", "base_url"),
        ({"service": "old"}, "field.value", "service"),
        ({"service": "general", "res_id": "r"}, "field.value", "res_id"),
        ({"app_id": " "}, "field.value", "app_id"),
        ({"texts_per_request": 2}, "field.value", "texts_per_request"),
        ({"max_characters": 5001}, "field.value", "max_characters"),
        ({"pairs": (("zh-Hans", "yi"),)}, "field.value", "pairs"),
        ({"codes": {"en": "en", "ii": "ii"}}, "field.missing", "pairs"),
    ],
)
def test_a_setting_that_is_wrong_is_named(table, code, path):
    with pytest.raises(Invalid) as raised:
        made(**table)
    assert (raised.value.code, raised.value.path) == (code, path)


def test_every_setting_stands_in_the_readme():
    (table,) = re.findall(r"\[backends\.iflytek\]\n(.*?)\n\n", README, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in attrs.fields(IflytekSettings))


def test_every_code_of_the_readme_means_what_it_says():
    rows = re.findall(r"^\| ([\d, to]+) \| [^|]* \| `(\w+)` \|$", README, re.MULTILINE)
    assert len(rows) >= 5
    for numbers, kind in rows:
        for number in re.findall(r"\d{5,}", numbers):
            body = json.dumps({"header": {"code": int(number)}}).encode()
            (result,) = made().result(BATCH, HttpResponse(status=200, body=body))
            assert result.kind == kind, number


def test_the_plugin_offers_itself_and_opens_by_its_table():
    table = {"app_id": "app", "api_key": KEY, "api_secret": SECRET}
    with Hub.open(
        "memory:",
        plugins=[tianfu_translate_iflytek],
        settings={"backends": {"iflytek": table}},
        discover=False,
    ) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
        engine = hub._tools.translator("iflytek")
    assert info.offers == ("translation:iflytek",)
    assert ("zh-Hans", "ii") in engine.capabilities.pairs
