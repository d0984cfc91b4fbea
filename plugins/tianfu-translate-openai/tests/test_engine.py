"""The engine against the port, a failing vendor, and what its README says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest
import tianfu_translate_openai
from tianfu_translate_openai import OpenAiSettings, OpenAiTranslator

from tianfu_sdk import Hub, Invalid, Secret, Unsupported
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import Failed, Ok, Segment, TranslationBatch
from tianfu_sdk.testing import FrozenClock, TranslatorFaultSuite, TranslatorSuite

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
KEY = "key-never-shown"
PAIRS = (("zh-Hans", "bo"), ("zh-Hans", "en"))


def made(url="http://127.0.0.1:1/v1", **settings):
    table = {"model": "m", "pairs": PAIRS} | settings
    return OpenAiTranslator(OpenAiSettings(base_url=url, **table), FrozenClock())


def batch(*texts, target="bo", source="zh-Hans", terms=()):
    segments = tuple(Segment(f"s{n}", text) for n, text in enumerate(texts))
    return TranslationBatch(source=source, target=target, segments=segments, terms=terms)


def told(engine, asked):
    (message,) = json.loads(engine.request(asked).body)["messages"]
    assert message["role"] == "user"
    return message["content"]


def said(content, **more):
    choice = {"index": 0, "message": {"role": "assistant", "content": content}}
    body = {"choices": [choice | {"finish_reason": "stop"} | more]}
    return HttpResponse(status=200, body=json.dumps(body).encode())


def vendor(say, request):
    """Answer as a server does, and as an obedient model would."""
    assert request.url.endswith("/chat/completions")
    (message,) = json.loads(request.body)["messages"]
    content = message["content"]
    at = content.find('\n\n{"1": ')
    if at < 0:
        text = re.split(r"\n\n|不要额外解释：\n", content, maxsplit=1)[-1]
        found = [
            {"index": n, "finish_reason": "stop", "message": {"content": one}}
            for n, (_, one) in enumerate(say([text]))
        ]
        return HttpResponse(status=200, body=json.dumps({"choices": found}).encode())
    texts = json.loads(content[at:])
    pairs = [
        f"{json.dumps(str(place + 1))}: {json.dumps(one)}" for place, one in say([*texts.values()])
    ]
    return said("{" + ", ".join(pairs) + "}")


class Local:
    """The vendor's form without a network, for cases of many calls."""

    def send(self, request, *, timeout):
        return vendor(lambda texts: [(n, f"word {text}") for n, text in enumerate(texts)], request)


class TestSuiteOneByOne(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return made(form="hy-mt", api_key=Secret(KEY))

    @pytest.fixture
    def transport(self):
        return Local()


class TestSuiteNumbered(TestSuiteOneByOne):
    @pytest.fixture
    def translator(self):
        return made(texts_per_request=50)


class TestFaultsOfHyMt(TranslatorFaultSuite):
    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url, form="hy-mt")

    def answer(self, request, say):
        return vendor(say, request)


class TestFaultsOfPlain(TestFaultsOfHyMt):
    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url)


class TestFaultsOfNumbered(TestFaultsOfHyMt):
    @pytest.fixture
    def translator(self, loopback):
        return made(loopback.url, texts_per_request=50)


class TestForms:
    def test_hy_mt_to_or_from_chinese(self):
        assert told(made(form="hy-mt"), batch("防洪")) == (
            "将以下文本翻译为藏语，注意只需要输出翻译后的结果，不要额外解释：\n\n防洪"
        )

    def test_hy_mt_between_others(self):
        engine = made(form="hy-mt", pairs=(("en", "bo"),))
        assert told(engine, batch("Flood", source="en")) == (
            "Translate the following segment into Tibetan, without additional explanation.\n\nFlood"
        )

    def test_hy_mt_with_terms(self):
        terms = (("科协", "ཚན་མཐུན"), ("防洪", "ཆུ་ལོག"))
        assert told(made(form="hy-mt"), batch("科协防洪", terms=terms)) == (
            "参考下面的翻译：\n科协 翻译成 ཚན་མཐུན\n防洪 翻译成 ཆུ་ལོག\n\n"
            "将以下文本翻译为藏语，注意只需要输出翻译后的结果，不要额外解释：\n科协防洪"
        )

    def test_hy_mt_formatted_goes_and_comes_back(self):
        engine = made(form="hy-mt", formatted=True)
        asked = batch("请{1}快{/1}到{2/}")
        assert told(engine, asked).endswith("<source>请<s1>快</s1>到<s2></s2></source>")
        answer = said("<target><s2></s2>ལ་<s1>མགྱོགས་པོ་</s1></target>")
        (result,) = engine.result(asked, answer)
        assert result == Ok(id="s0", text="{2/}ལ་{1}མགྱོགས་པོ་{/1}")
        (result,) = engine.result(asked, said("no tag"))
        assert isinstance(result, Failed)
        assert result.kind == "malformed"

    def test_a_text_without_placeholders_is_not_formatted(self):
        assert "<source>" not in told(made(form="hy-mt", formatted=True), batch("防洪"))

    def test_sampling_is_the_published_one(self):
        body = json.loads(made(form="hy-mt").request(batch("防洪")).body)
        assert {k: body[k] for k in ("top_k", "top_p", "repetition_penalty", "temperature")} == {
            "top_k": 20,
            "top_p": 0.6,
            "repetition_penalty": 1.05,
            "temperature": 0.7,
        }

    def test_plain_has_terms_and_names_both_languages(self):
        content = told(made(), batch("防洪", terms=(("防洪", "ཆུ་ལོག"),)))
        assert "from Chinese into Tibetan" in content
        assert "防洪 = ཆུ་ལོག" in content

    def test_yi_is_not_asked_for_by_a_code(self):
        engine = made(pairs=(("zh-Hans", "ii"),))
        body = engine.request(batch("防洪", target="ii")).body.decode()
        assert "Nuosu Yi" in body
        assert "Yiddish" not in body
        assert not re.search(r'"(yi|ti)"', body)
        assert engine.capabilities.unverified == {("zh-Hans", "ii")}

    def test_hy_mt_does_not_claim_yi(self):
        can = made(form="hy-mt", pairs=()).capabilities
        assert ("zh-Hans", "bo") in can.pairs
        assert not [pair for pair in can.pairs if "ii" in pair]
        assert not can.unverified

    def test_more_texts_than_its_limit_are_refused(self):
        with pytest.raises(Unsupported) as raised:
            made().request(batch("一", "二"))
        assert raised.value.code == "translation.too_many"

    def test_the_key_goes_in_its_header(self):
        request = made(api_key=Secret(KEY)).request(batch("一"))
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in repr(request)
        assert "authorization" not in made().request(batch("一")).headers

    def test_an_answer_may_be_limited(self):
        assert "max_tokens" not in json.loads(made().request(batch("一")).body)
        assert json.loads(made(max_tokens=99).request(batch("一")).body)["max_tokens"] == 99


class TestAnswers:
    def kind(self, answer, *texts, **settings):
        results = made(**settings).result(batch(*(texts or ("一",))), answer)
        kinds = {one.kind if isinstance(one, Failed) else one.text for one in results}
        assert len(results) == (len(texts) or 1)
        return kinds.pop() if len(kinds) == 1 else kinds

    @pytest.mark.parametrize(
        ("status", "error", "kind"),
        [
            (429, {"code": "insufficient_quota"}, "quota"),
            (429, {"code": "rate_limit_exceeded"}, "rate_limited"),
            (200, {"code": "rate_limit_exceeded"}, "rate_limited"),
            (400, {"code": "context_length_exceeded"}, "too_long"),
            (400, {"message": "This model's maximum context length is 8 tokens"}, "too_long"),
            (400, {"code": "content_filter"}, "rejected"),
            (401, {"code": "invalid_api_key"}, "auth"),
            (404, {"code": "model_not_found"}, "rejected"),
            (500, {"code": None, "type": 7}, "transient"),
            (200, "odd", "rejected"),
        ],
    )
    def test_errors(self, status, error, kind):
        body = json.dumps({"error": error}).encode()
        assert self.kind(HttpResponse(status=status, body=body)) == kind

    def test_an_answer_that_was_cut_short_is_too_long(self):
        assert self.kind(said("ཀ", finish_reason="length")) == "too_long"

    def test_what_is_refused_is_rejected(self):
        assert self.kind(said("", finish_reason="content_filter")) == "rejected"
        assert self.kind(said(None, message={"refusal": "no", "content": None})) == "rejected"

    def test_thoughts_are_dropped(self):
        assert self.kind(said("<think>\nམ\n</think>\n\nཀ")) == "ཀ"

    @pytest.mark.parametrize("content", ['{"1": "ཀ", "2": "ཁ"}', '```json\n{"2":"ཁ","1":"ཀ"}\n```'])
    def test_numbered_texts_find_their_place(self, content):
        results = made(texts_per_request=2).result(batch("一", "二"), said(content))
        assert [one.text for one in results] == ["ཀ", "ཁ"]

    @pytest.mark.parametrize(
        "content",
        ['{"1": "ཀ"}', '{"1": "ཀ", "1": "ཁ"}', '{"1": "ཀ", "3": "ཁ"}', '["ཀ", "ཁ"]', "ཀ\nཁ"],
    )
    def test_other_numbers_are_refused(self, content):
        assert self.kind(said(content), "一", "二", texts_per_request=2) == "malformed"


@pytest.mark.parametrize(
    ("table", "code", "path"),
    [
        ({"url": "http://mt.example.cn/v1"}, "translation.plain_http", "base_url"),
        ({"form": "chat"}, "field.value", "form"),
        ({"model": " "}, "field.value", "model"),
        ({"pairs": ()}, "field.missing", "pairs"),
        ({"pairs": (("zh-Hans", "yi"),)}, "field.value", "pairs"),
        ({"pairs": (("zh-Hans", "ti"),)}, "field.value", "pairs"),
        ({"texts_per_request": 51}, "field.value", "texts_per_request"),
        ({"texts_per_request": 2, "form": "hy-mt"}, "field.value", "texts_per_request"),
        ({"max_tokens": -1}, "field.value", "max_tokens"),
        ({"max_characters": 0}, "field.value", "max_characters"),
    ],
)
def test_a_setting_that_is_wrong_is_named(table, code, path):
    with pytest.raises(Invalid) as raised:
        made(**table)
    assert (raised.value.code, raised.value.path) == (code, path)


def test_whose_server_it_is():
    assert not made().capabilities.third_party
    assert made("https://mt.example.cn/v1").capabilities.third_party
    assert not made("https://mt.example.cn/v1", own=True).capabilities.third_party


def test_every_setting_stands_in_the_readme():
    (table,) = re.findall(r"\[backends\.openai\]\n(.*?)\n\n", README, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in attrs.fields(OpenAiSettings))


def test_the_plugin_offers_itself_and_opens_by_its_table():
    table = {"base_url": "http://127.0.0.1:1/v1/", "model": "m", "form": "hy-mt", "api_key": KEY}
    with Hub.open(
        "memory:",
        plugins=[tianfu_translate_openai],
        settings={"backends": {"openai": table}},
        discover=False,
    ) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
        engine = hub._tools.translator("openai")
    assert info.offers == ("translation:openai",)
    assert engine.request(batch("一")).url == "http://127.0.0.1:1/v1/chat/completions"
