"""The engine against the port, a failing vendor, the vendor's SDK, and what its README says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
import tianfu_translate_azure
from azure.ai.translation.text import TextTranslationClient
from azure.ai.translation.text.models import TranslateInputItem, TranslationTarget
from azure.core.credentials import AzureKeyCredential
from tianfu_translate_azure import AzureSettings, AzureTranslator

from tianfu_sdk import Hub, Invalid, Secret
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import Ok, Segment, TranslationBatch
from tianfu_sdk.testing import FrozenClock, Loopback, TranslatorFaultSuite, TranslatorSuite

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
KEY = "key-never-shown"
TEXTS = ("防洪 {1/}", "བོད།", "😀\n“+/%” <b>", "ꆈꌠ")
BATCH = TranslationBatch(
    source="zh-Hans",
    target="bo",
    segments=tuple(Segment(f"s{n}", text) for n, text in enumerate(TEXTS)),
)


def made(url="http://127.0.0.1:1", **settings):
    table = {"api_key": Secret(KEY)} | settings
    return AzureTranslator(AzureSettings(base_url=url, **table), FrozenClock())


def answered(texts, language):
    value = [{"translations": [{"language": language, "text": text}]} for text in texts]
    body = json.dumps({"value": value}, ensure_ascii=False)
    return HttpResponse(
        status=200, headers={"content-type": "application/json"}, body=body.encode()
    )


def vendor(say, request):
    """Answer as `POST /translate` does."""
    url = urlsplit(request.url)
    assert (url.path, parse_qs(url.query)) == ("/translate", {"api-version": ["2026-06-06"]})
    inputs = json.loads(request.body)["inputs"]
    targets = {target["language"] for one in inputs for target in one["targets"]}
    assert len(targets) == min(1, len(inputs))
    return answered([text for _, text in say([one["text"] for one in inputs])], "".join(targets))


class Local:
    """The vendor's form without a network, for cases of many calls."""

    def send(self, request, *, timeout):
        return vendor(lambda texts: [(n, f"word {text}") for n, text in enumerate(texts)], request)


class TestSuite(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return made()

    @pytest.fixture
    def transport(self):
        return Local()


class TestFaults(TranslatorFaultSuite):
    positional = True

    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url, pairs=(("zh-Hans", "bo"),))

    def answer(self, request, say):
        return vendor(say, request)

    def refusal(self):
        return HttpResponse(status=200, body=b'{"error": {"code": "400000", "message": "-"}}')


class TestFaultsOneByOne(TestFaults):
    positional = False

    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url, pairs=(("zh-Hans", "bo"),), texts_per_request=1)


@pytest.mark.parametrize("region", ["", "eastasia"])
def test_what_is_sent_is_what_the_vendors_sdk_sends(region):
    inputs = [
        TranslateInputItem(
            text=text, language="zh-Hans", targets=[TranslationTarget(language="bo")]
        )
        for text in TEXTS
    ]
    with Loopback() as service:
        service.script(answered(TEXTS, "bo"))
        options = {"region": region} if region else {}
        with TextTranslationClient(service.url, AzureKeyCredential(KEY), **options) as client:
            read = client.translate(inputs)
        (theirs,) = service.requests
        ours = made(service.url, region=region).request(BATCH)
    assert urlsplit(theirs.url).path == urlsplit(ours.url).path
    assert urlsplit(theirs.url).query == urlsplit(ours.url).query
    assert json.loads(theirs.body) == json.loads(ours.body)
    names = ("content-type", "ocp-apim-subscription-key", "ocp-apim-subscription-region")
    assert {n: theirs.headers.get(n) for n in names} == {n: ours.headers.get(n) for n in names}
    # And it reads what we take for an answer.
    assert [one["translations"][0]["text"] for one in read] == list(TEXTS)


def test_an_address_of_a_resource_has_the_path_that_the_sdk_gives_it():
    url = "https://name.cognitiveservices.azure.com"
    with TextTranslationClient(url, AzureKeyCredential(KEY)) as client:
        theirs = client._config.endpoint
    assert made(url + "/").request(BATCH).url == f"{theirs}/translate?api-version=2026-06-06"


def test_the_key_goes_in_its_header_and_is_not_shown():
    request = made(region="eastasia").request(BATCH)
    assert request.headers["ocp-apim-subscription-key"] == KEY
    assert KEY not in repr(request)


class TestTerms:
    def sent(self, *terms, text="防洪演练和防洪", **settings):
        one = attrs.evolve(BATCH, segments=(Segment("a", text),), terms=terms)
        engine = made(**settings)
        assert engine.capabilities.terms == settings.get("dictionary", False)
        return json.loads(engine.request(one).body)["inputs"][0]["text"]

    def test_they_are_marked_where_the_settings_say_so(self):
        terms = (("防洪", "ཆུ་ལོག"), ("防洪演练", "སྦྱོང་བརྡར"))
        assert self.sent(*terms, dictionary=True) == (
            '<mstrans:dictionary translation="སྦྱོང་བརྡར">防洪演练</mstrans:dictionary>和'
            '<mstrans:dictionary translation="ཆུ་ལོག">防洪</mstrans:dictionary>'
        )
        assert self.sent(*terms) == "防洪演练和防洪"

    @pytest.mark.parametrize("word", ['a"b', "a<b", "a&b"])
    def test_a_term_that_would_break_the_markup_goes_without(self, word):
        assert self.sent((word, "x"), text=word, dictionary=True) == word
        assert self.sent(("x", word), text="x", dictionary=True) == "x"


class TestAnswers:
    def kinds(self, status, body, **headers):
        answer = HttpResponse(status=status, headers=headers, body=json.dumps(body).encode())
        return {(one.kind, one.retry_after) for one in made().result(BATCH, answer)}

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (400, "400036", "unsupported"),
            (400, 400035, "unsupported"),
            (400, "400050", "too_long"),
            (400, "400077", "too_long"),
            (400, "400000", "rejected"),
            (401, "401000", "auth"),
            (403, "403001", "quota"),
            (403, "403000", "auth"),
            (429, "429001", "rate_limited"),
            (500, "500000", "transient"),
            (200, "400000", "rejected"),
        ],
    )
    def test_its_codes_are_understood(self, status, code, kind):
        body = {"error": {"code": code, "message": "-"}}
        assert self.kinds(status, body) == {(kind, None)}

    def test_the_time_to_wait_is_read(self):
        body = {"error": {"code": "429001", "message": "-"}}
        assert self.kinds(429, body, **{"retry-after": "3"}) == {("rate_limited", 3.0)}

    @pytest.mark.parametrize("language", ["ti", "dz", "en", ""])
    def test_a_text_in_another_language_than_asked_is_none(self, language):
        results = made().result(BATCH, answered(TEXTS, language))
        assert {one.kind for one in results} == {"malformed"}

    def test_several_translations_of_one_text_are_none(self):
        entry = {"translations": [{"language": "bo", "text": "ཀ"}] * 2}
        body = json.dumps({"value": [entry] * len(TEXTS)}).encode()
        results = made().result(BATCH, HttpResponse(status=200, body=body))
        assert {one.kind for one in results} == {"malformed"}

    def test_each_text_has_its_own_result(self):
        results = made().result(BATCH, answered(["ཀ", "", "ཁ", "ག"], "bo"))
        assert [isinstance(one, Ok) for one in results] == [True, False, True, True]


@pytest.mark.parametrize(
    ("language", "code"), [("ii", "yi"), ("bo", "ti"), ("bo", "dz"), ("bo", "auto")]
)
def test_a_code_of_another_language_is_refused(language, code):
    with pytest.raises(Invalid) as raised:
        made(codes={"zh-Hans": "zh-Hans", language: code})
    assert raised.value.code == "translation.code_trap"


@pytest.mark.parametrize(
    ("table", "code", "path"),
    [
        ({"url": "http://mt.example.cn"}, "translation.plain_http", "base_url"),
        ({"region": "East Asia"}, "field.value", "region"),
        ({"texts_per_request": 1001}, "field.value", "texts_per_request"),
        ({"max_characters": 50_001}, "field.value", "max_characters"),
        ({"pairs": (("zh-Hans", "ii"),)}, "field.value", "pairs"),
    ],
)
def test_a_setting_that_is_wrong_is_named(table, code, path):
    with pytest.raises(Invalid) as raised:
        made(**table)
    assert (raised.value.code, raised.value.path) == (code, path)


def test_what_only_others_say_is_marked():
    can = made().capabilities
    assert {pair for pair in can.pairs if "bo" in pair} == can.unverified
    assert not can.third_party
    assert made("https://api.cognitive.microsofttranslator.com").capabilities.third_party


def test_every_setting_stands_in_the_readme():
    (table,) = re.findall(r"\[backends\.azure\]\n(.*?)\n\n", README, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in attrs.fields(AzureSettings))


def test_the_plugin_offers_itself_and_opens_by_its_table():
    with Hub.open(
        "memory:",
        plugins=[tianfu_translate_azure],
        settings={"backends": {"azure": {"api_key": KEY, "region": "eastasia"}}},
        discover=False,
    ) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
        engine = hub._tools.translator("azure")
    assert info.offers == ("translation:azure",)
    assert engine.capabilities.third_party
