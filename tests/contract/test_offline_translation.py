"""The built-in engines under the suite, and engines that are wrong in one way each."""

import json
import logging

import attrs
import pytest

from tianfu_sdk.backends.offline_translation import (
    OpenccTranslator,
    PseudoTranslator,
    WylieTranslator,
)
from tianfu_sdk.errors import Unsupported
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import Failed, Ok, Segment, TranslationBatch
from tianfu_sdk.testing.cases.translation import FAILURES, SAMPLES
from tianfu_sdk.testing.translation import TranslatorSuite


class TestOpencc(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return OpenccTranslator()


class TestOpenccBack(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return OpenccTranslator()

    @pytest.fixture
    def pair(self):
        return ("zh-Hant-TW", "zh-Hans")


class TestPseudo(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return PseudoTranslator()


class TestWylie(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        pytest.importorskip("pyewts")
        return WylieTranslator()


class TestWylieBack(TestWylie):
    @pytest.fixture
    def pair(self):
        return ("bo-Latn", "bo")

    @pytest.fixture
    def texts(self):
        return ("a mdo/", "zla ba bcu gcig pa", "gza' phur bu")

    def test_tokens_stay_and_what_is_no_ewts_is_refused(self, translator, pair):
        asked = self.batch(pair, ["bod {1/} yig/", "qqq", "bod"])
        first, second, third = translator.translate(asked)
        assert first.text == "བོད་{1/}ཡིག།"
        assert (second.kind, second.code) == ("rejected", "text.bad_wylie")
        assert third.text == "བོད"


class Vendor:
    """An engine over HTTP in both shapes' words: it reverses texts, to be seen."""

    capabilities = attrs.evolve(
        OpenccTranslator().capabilities,
        name="vendor",
        pairs=frozenset({("zh-Hans", "bo")}),
        offline=False,
        third_party=True,
    )

    def request(self, batch):
        if (batch.source, batch.target) not in self.capabilities.pairs:
            raise Unsupported("translation.unsupported")
        body = json.dumps([segment.text for segment in batch.segments]).encode()
        return HttpRequest(method="POST", url="https://mt.invalid/", body=body)

    def result(self, batch, response):
        if response.status != 200:
            return [Failed(id=s.id, kind="transient") for s in batch.segments]
        texts = json.loads(response.body)
        return [Ok(id=s.id, text=t) for s, t in zip(batch.segments, texts, strict=True)]


class Reversing:
    def send(self, request, *, timeout):
        texts = [text[::-1] for text in json.loads(request.body)]
        return HttpResponse(status=200, body=json.dumps(texts).encode())

    def close(self):
        pass


class TestHttpShape(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return Vendor()

    @pytest.fixture
    def transport(self):
        return Reversing()


def batch(target, *texts, source="zh-Hans"):
    segments = tuple(Segment(str(place), text) for place, text in enumerate(texts))
    return TranslationBatch(source=source, target=target, segments=segments)


@pytest.mark.parametrize(
    ("source", "target", "text", "wanted"),
    [
        ("zh-Hans", "zh-Hant", "头发和发展，皇后在后面", "頭髮和發展，皇后在後面"),
        ("zh-Hans", "zh-Hant-TW", "软件、鼠标", "軟體、滑鼠"),
        ("zh-Hans", "zh-Hant-HK", "卫生", "衞生"),
        ("zh-Hant", "zh-Hans", "頭髮和發展", "头发和发展"),
        ("zh-Hant-TW", "zh-Hans", "軟體", "软件"),
    ],
)
def test_opencc_converts_by_phrases(source, target, text, wanted):
    (result,) = OpenccTranslator().translate(batch(target, text, source=source))
    assert result == Ok(id="0", text=wanted, origin="script")


@pytest.mark.parametrize("target", ["bo", "ii", "yi", "zh-Hans", "zh-Hant-MO", "zh-TW", "en"])
def test_opencc_claims_only_what_it_does(target):
    results = OpenccTranslator().translate(batch(target, "头发", "发展"))
    assert results == [Failed(id="0", kind="unsupported"), Failed(id="1", kind="unsupported")]


def test_opencc_keeps_what_is_not_chinese():
    odd = r"\d{4} \1 C:\new %s {name} <b>&lt;</b> 👨‍👩‍👧 " + "".join(SAMPLES["bo"] + SAMPLES["ii"])
    (result,) = OpenccTranslator().translate(batch("zh-Hant", odd))
    assert result.text == odd


def test_pseudo_is_marked_longer_and_never_passes_for_a_language():
    translator = PseudoTranslator()
    assert all(target.endswith("-x-pseudo") for _, target in translator.capabilities.pairs)
    text = "勤洗手，多通风。" * 5
    first, second = translator.translate(batch("zh-Hans-x-pseudo", text, "——"))
    assert first.text.startswith(f"⟦{text}")
    assert first.text.endswith("⟧")
    assert 1.35 <= len(first.text) / len(text) <= 1.5
    assert second.text == "——"


class Wrong(OpenccTranslator):
    """Right, until a change is laid over its results."""

    def __init__(self, change):
        self.change = change

    def translate(self, batch):
        return self.change(batch, list(super().translate(batch)))


def echo(batch, results):
    return [Ok(id=s.id, text=s.text) for s in batch.segments]


def truncate(batch, results):
    if results and results[0] == Failed(id=results[0].id, kind="too_long"):
        return [Ok(id=s.id, text=s.text[:10]) for s in batch.segments]
    return results


def split_lines(batch, results):
    return [
        Ok(id=r.id, text=line)
        for r in results
        for line in (r.text.split("\n") if isinstance(r, Ok) else [""])
    ]


def log(batch, results):
    logging.getLogger("mt").debug("translate %s", batch.segments)
    return results


def speak(batch, results):
    print(batch.segments)  # noqa: T201
    return results


def same_answer(batch, results):
    return [attrs.evolve(r, text=results[0].text) if isinstance(r, Ok) else r for r in results]


MUTANTS = {
    "echoes a pair that it has not": (echo, "test_a_pair_that_it_has_not_is_said_so"),
    "cuts what is too long": (truncate, "test_a_batch_over_its_limits_is_refused_not_cut"),
    "answers the other way round": (
        lambda _, results: results[::-1],
        "test_same_order_and_length",
    ),
    "loses a segment": (lambda _, results: results[:-1], "test_same_order_and_length"),
    "gives one answer to all": (same_answer, "test_each_segment_is_translated_by_itself"),
    "splits at line ends": (split_lines, "test_odd_texts_lose_nothing"),
    "gives None for punctuation": (
        lambda batch, results: [
            None if s.text == "……！？" else r for s, r in zip(batch.segments, results, strict=True)
        ],
        "test_odd_texts_lose_nothing",
    ),
    "names failures of its own": (
        lambda batch, results: [
            Failed(id=r.id, kind="oops") if s.text == "12345" else r
            for s, r in zip(batch.segments, results, strict=True)
        ],
        "test_odd_texts_lose_nothing",
    ),
    "gives something for nothing": (
        lambda batch, results: results or [Ok(id="0", text="?")],
        "test_an_empty_batch_gives_nothing",
    ),
    "logs texts": (log, "test_no_text_is_logged_or_printed"),
    "prints texts": (speak, "test_no_text_is_logged_or_printed"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_suite_notices_an_engine_that(name, caplog, capfd):
    change, case = MUTANTS[name]
    for translator, fails in ((OpenccTranslator(), False), (Wrong(change), True)):
        suite = TranslatorSuite()
        given = {
            "translator": translator,
            "transport": None,
            "can": translator.capabilities,
            "pair": ("zh-Hans", "zh-Hant"),
            "texts": SAMPLES["zh"],
            "caplog": caplog,
            "capfd": capfd,
        }
        method = getattr(suite, case)
        code = method.__func__.__code__
        wanted = code.co_varnames[1 : code.co_argcount]
        arguments = {key: given[key] for key in wanted}
        if fails:
            with pytest.raises((AssertionError, AttributeError, ValueError)):
                method(**arguments)
        else:
            method(**arguments)


def test_a_claim_of_yiddish_for_yi_is_seen():
    class Claims(OpenccTranslator):
        capabilities = attrs.evolve(
            OpenccTranslator().capabilities, pairs=frozenset({("zh-CN", "iii")})
        )

    with pytest.raises(AssertionError):
        TranslatorSuite().test_languages_are_canonical_tags(Claims().capabilities)


def test_failures_are_a_closed_set():
    assert "unsupported" in FAILURES
    assert len(FAILURES) == 9
