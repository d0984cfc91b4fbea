"""The engine against the port, a failing vendor, and what its README says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest
import tianfu_translate_libretranslate
from tianfu_translate_libretranslate import LibreTranslateSettings, LibreTranslateTranslator

from tianfu_sdk import Hub, Invalid, Secret
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import Segment, TranslationBatch
from tianfu_sdk.testing import FrozenClock, TranslatorFaultSuite, TranslatorSuite

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
KEY = "key-never-shown"
BATCH = TranslationBatch(
    source="zh-Hans", target="en", segments=(Segment("a", "一"), Segment("b", "二"))
)


def made(url="http://127.0.0.1:1", **settings):
    return LibreTranslateTranslator(LibreTranslateSettings(base_url=url, **settings), FrozenClock())


def vendor(say, request):
    """Answer as the server's `POST /translate` does."""
    asked = json.loads(request.body)
    assert request.url.endswith("/translate")
    assert asked["format"] == "text"
    assert "auto" not in (asked["source"], asked["target"])
    body = {"translatedText": [text for _, text in say(asked["q"])]}
    return HttpResponse(status=200, body=json.dumps(body, ensure_ascii=False).encode())


class Local:
    """The vendor's form without a network, for cases of many calls."""

    def send(self, request, *, timeout):
        return vendor(lambda texts: [(n, f"word {text}") for n, text in enumerate(texts)], request)


class TestSuite(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        codes = {"zh-Hans": "zh", "en": "en", "bo": "bo", "ii": "ii"}
        return made(api_key=Secret(KEY), codes=codes)

    @pytest.fixture
    def transport(self):
        return Local()


class TestFaults(TranslatorFaultSuite):
    positional = True

    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url)

    def answer(self, request, say):
        return vendor(say, request)

    def refusal(self):
        return HttpResponse(status=200, body=b'{"error": "refused"}')


class TestFaultsOneByOne(TestFaults):
    positional = False

    @pytest.fixture
    def translator(self, loopback):
        codes = {"zh-Hans": "zh", "bo": "bo"}
        return made(loopback.url, texts_per_request=1, codes=codes, pairs=(("zh-Hans", "bo"),))


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "Invalid request: request (9) exceeds text limit (5)", "too_long"),
        (400, "bo is not supported", "unsupported"),
        (400, "Please contact the server operator to get an API key", "auth"),
        (400, "Invalid request: missing q parameter", "rejected"),
        (403, "Invalid API key", "auth"),
        (403, "Too many request limits violations", "auth"),
        (429, "Slowdown: 20 per 1 minute", "rate_limited"),
        (
            500,
            "Cannot translate text: 400: bo is not available as a target language from zh",
            "unsupported",
        ),
        (500, "Cannot translate text: out of memory", "transient"),
        (200, "odd", "rejected"),
    ],
)
def test_its_messages_are_understood(status, message, kind):
    answer = HttpResponse(status=status, body=json.dumps({"error": message}).encode())
    results = made().result(BATCH, answer)
    assert [(one.id, one.kind, one.retry_after) for one in results] == [
        ("a", kind, None),
        ("b", kind, None),
    ]


def test_the_key_goes_in_the_body_and_nowhere_else():
    request = made(api_key=Secret(KEY)).request(BATCH)
    assert json.loads(request.body)["api_key"] == KEY
    assert KEY not in repr(request)
    assert "api_key" not in json.loads(made().request(BATCH).body)


@pytest.mark.parametrize(
    ("language", "code"),
    [("ii", "yi"), ("ii", "YI"), ("bo", "ti"), ("bo", "ti-ER"), ("bo", "dz"), ("bo", "auto")],
)
def test_a_code_of_another_language_is_refused(language, code):
    assert made(codes={"zh-Hans": "zh", language: language})
    with pytest.raises(Invalid) as raised:
        made(codes={"zh-Hans": "zh", language: code})
    assert (raised.value.code, raised.value.path) == (
        "translation.code_trap",
        f"codes.{language}",
    )


@pytest.mark.parametrize("target", ["ii", "bo"])
def test_yi_and_tibetan_go_by_their_own_codes(target):
    engine = made(codes={"zh-Hans": "zh", "ii": "ii", "bo": "bo"})
    asked = json.loads(engine.request(attrs.evolve(BATCH, target=target)).body)
    assert (asked["source"], asked["target"]) == ("zh", target)


@pytest.mark.parametrize(
    ("table", "code", "path"),
    [
        ({"url": "http://mt.example.cn"}, "translation.plain_http", "base_url"),
        ({"url": "https://u:p@mt.example.cn"}, "field.value", "base_url"),
        ({"url": "https://mt.example.cn/?key=1"}, "field.value", "base_url"),
        ({"texts_per_request": 0}, "field.value", "texts_per_request"),
        ({"max_characters": 0}, "field.value", "max_characters"),
        ({"pairs": (("zh-Hans", "bo"),)}, "field.value", "pairs"),
        ({"pairs": (("en", "en"),)}, "field.value", "pairs"),
        ({"codes": {"zh-Hans": "zh"}}, "field.missing", "pairs"),
        ({"codes": {"zh_cn": "zh", "en": "en"}}, "field.value", "codes.zh_cn"),
    ],
)
def test_a_setting_that_is_wrong_is_named(table, code, path):
    with pytest.raises(Invalid) as raised:
        made(**table)
    assert (raised.value.code, raised.value.path) == (code, path)


@pytest.mark.parametrize(
    ("url", "own", "third_party"),
    [
        ("http://127.0.0.1:5000", None, False),
        ("http://localhost:5000", None, False),
        ("https://192.168.3.4", None, False),
        ("https://mt.example.cn", None, True),
        ("https://203.0.113.5", None, True),
        ("https://mt.example.cn", True, False),
        ("http://127.0.0.1:5000", False, True),
    ],
)
def test_whose_server_it_is(url, own, third_party):
    assert made(url, own=own).capabilities.third_party is third_party


def test_every_setting_stands_in_the_readme():
    (table,) = re.findall(r"\[backends\.libretranslate\]\n(.*?)\n\n", README, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in attrs.fields(LibreTranslateSettings))


def test_the_plugin_offers_itself_and_opens_by_its_table():
    table = {"base_url": "http://127.0.0.1:1/", "api_key": KEY, "pairs": [["zh-Hans", "en"]]}
    with Hub.open(
        "memory:",
        plugins=[tianfu_translate_libretranslate],
        settings={"backends": {"libretranslate": table}},
        discover=False,
    ) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
        engine = hub._tools.translator("libretranslate")
    assert info.offers == ("translation:libretranslate",)
    assert engine.capabilities.pairs == {("zh-Hans", "en")}
    assert engine.request(BATCH).url == "http://127.0.0.1:1/translate"
