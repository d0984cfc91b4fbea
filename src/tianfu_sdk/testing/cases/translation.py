"""Cases of translation engines: nothing lost, nothing echoed, nothing said aloud."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest

from tianfu_sdk.core.languages.segmenting import batches
from tianfu_sdk.errors import Unsupported
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    Segment,
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.ports.http import Transport
from tianfu_sdk.ports.translation import HttpTranslator, LocalTranslator, Translator
from tianfu_sdk.testing.cases.report import Reported
from tianfu_sdk.text import canonical_language

__all__ = ["FAILURES", "SAMPLES", "TranslationCases"]

FAILURES = frozenset(
    {"auth", "quota", "rate_limited", "transient", "unsupported"}
    | {"too_long", "rejected", "echo", "malformed"}
)
"""Every kind of `Failed`."""

# Tibetan and Yi are CLDR's own words: names of languages, months and days.
SAMPLES = {
    "zh": ("头发和发展", "软件与鼠标", "大家早上好。"),
    "en": ("Wash your hands.", "The software and the mouse.", "Good morning."),
    "bo": ("བོད་སྐད་", "ཟླ་བ་བཅུ་གཅིག་པ", "གཟའ་ཕུར་བུ་"),
    "ii": ("ꆈꌠꉙ", "ꊯꊪꆪ", "ꆏꊂꇖ"),
}
"""Texts by primary language."""

# What has broken batches, masks and codecs of others: each is one segment.
_ODD = (
    "第一行\n第二行",
    r"\d{4} \1 C:\new %s {name} {{x}} <b>&lt;&amp;</b>",
    "👨\u200d👩\u200d👧 𠮷 \u0f0b",
    "12345",
    "……！？",
)
_FOREIGN = (("zh-Hans", "ii"), ("zh-Hans", "bo"), ("ii", "zh-Hans"), ("x-one", "x-two"))
_MARK = "天府标记七四一"
# Tigrinya and Dzongkha are no Tibetan, Yiddish is no Yi; `auto` takes either for English.
_TRAPS = {"bo": {"ti", "tir", "dz", "dzo", "auto"}, "ii": {"yi", "yid", "auto"}}


def _strings(request: HttpRequest) -> Iterator[str]:
    """Give every string that a request says by itself: in its query, and in a body of JSON."""
    yield from (text for _, text in parse_qsl(urlsplit(request.url).query))
    try:
        todo = [json.loads(request.body)]
    except ValueError:
        todo = [dict(parse_qsl(request.body.decode("utf-8", "replace")))]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list):
            todo += one


class TranslationCases(Reported):
    """Fixtures and cases. An author overrides `translator`.

    Attributes:
        patience: Seconds that eight threads may take together.
        declared_codes: Codes such as `ti` that the vendor's page gives Tibetan or Yi.
    """

    patience: float = 30.0
    declared_codes: Collection[str] = ()

    @pytest.fixture
    def translator(self) -> Translator:
        """Give the engine. Override this."""
        raise NotImplementedError("override the fixture `translator`: return MyTranslator(…)")

    @pytest.fixture
    def transport(self) -> Transport | None:
        """Give what answers for the vendor; needed by an engine spoken to over HTTP."""
        return None

    @pytest.fixture
    def can(self, translator: Translator) -> TranslationCapabilities:
        """Give what the engine says it can; not to be overridden."""
        return translator.capabilities

    @pytest.fixture
    def pair(self, can: TranslationCapabilities) -> tuple[str, str]:
        """Give a pair of languages that the engine has."""
        return min(can.pairs)

    @pytest.fixture
    def texts(self, pair: tuple[str, str]) -> Sequence[str]:
        """Give texts of the pair's source language."""
        primary = pair[0].partition("-")[0]
        if primary not in SAMPLES:
            pytest.fail(f"override the fixture `texts`: no samples of {pair[0]}")
        return SAMPLES[primary]

    def run(
        self, translator: Translator, transport: Transport | None, batch: TranslationBatch
    ) -> list[TranslationResult]:
        """Run a batch through the engine, as a desk does."""
        if isinstance(translator, LocalTranslator):
            return list(translator.translate(batch))
        assert isinstance(translator, HttpTranslator)
        can = translator.capabilities
        parts = list(batches(batch.segments, batch.source, batch.target, can)) or [batch]
        return [one for part in parts for one in self._sent(translator, transport, part)]

    def _sent(
        self, translator: HttpTranslator, transport: Transport | None, batch: TranslationBatch
    ) -> Sequence[TranslationResult]:
        try:
            request = translator.request(batch)
        except Unsupported:
            return [Failed(id=segment.id, kind="unsupported") for segment in batch.segments]
        if transport is None:
            pytest.fail("an engine over HTTP needs the fixture `transport` as well")
        return translator.result(batch, transport.send(request, timeout=10))

    def batch(self, pair: tuple[str, str], texts: Sequence[str]) -> TranslationBatch:
        """Make a batch; ids do not sort as they stand."""
        segments = tuple(Segment(f"s{-place}", text) for place, text in enumerate(texts))
        return TranslationBatch(source=pair[0], target=pair[1], segments=segments)

    def test_what_it_can_is_said_in_data(
        self, translator: Translator, can: TranslationCapabilities
    ) -> None:
        assert can == translator.capabilities
        assert attrs.has(type(can))
        assert can.name.strip()
        assert can.pairs
        assert can.max_segments >= 1
        assert can.max_characters >= 1
        assert not (can.offline and can.third_party)

    def test_languages_are_canonical_tags(self, can: TranslationCapabilities) -> None:
        for source, target in can.pairs:
            assert (canonical_language(source), canonical_language(target)) == (source, target)
            assert source != target

    def test_same_order_and_length(
        self,
        translator: Translator,
        transport: Transport | None,
        pair: tuple[str, str],
        texts: Sequence[str],
    ) -> None:
        batch = self.batch(pair, [*texts, texts[0]])
        results = self.run(translator, transport, batch)
        assert [result.id for result in results] == [segment.id for segment in batch.segments]
        translated = [result.text for result in results if isinstance(result, Ok)]
        assert len(translated) == len(batch.segments)
        assert all(text.strip() for text in translated)

    def test_each_segment_is_translated_by_itself(
        self,
        translator: Translator,
        transport: Transport | None,
        pair: tuple[str, str],
        texts: Sequence[str],
        can: TranslationCapabilities,
    ) -> None:
        if not can.offline:
            pytest.skip("capabilities.offline is false: its answers may vary")
        whole = self.run(translator, transport, self.batch(pair, texts))
        for text, result in zip(texts, whole, strict=True):
            (alone,) = self.run(translator, transport, self.batch(pair, [text]))
            assert isinstance(alone, Ok)
            assert isinstance(result, Ok)
            assert alone.text == result.text

    def test_odd_texts_lose_nothing(
        self,
        translator: Translator,
        transport: Transport | None,
        pair: tuple[str, str],
        texts: Sequence[str],
    ) -> None:
        batch = self.batch(pair, [texts[0], *_ODD, texts[1]])
        results = self.run(translator, transport, batch)
        assert [result.id for result in results] == [segment.id for segment in batch.segments]
        for result in results:
            assert isinstance(result, (Ok, Failed))
            if isinstance(result, Failed):
                assert result.kind in FAILURES
            else:
                assert isinstance(result.text, str)
        assert isinstance(results[0], Ok)
        assert isinstance(results[-1], Ok)

    def test_an_empty_batch_gives_nothing(
        self, translator: Translator, transport: Transport | None, pair: tuple[str, str]
    ) -> None:
        assert self.run(translator, transport, self.batch(pair, [])) == []

    def test_a_pair_that_it_has_not_is_said_so(
        self, translator: Translator, transport: Transport | None, can: TranslationCapabilities
    ) -> None:
        for pair in sorted({*_FOREIGN, *((t, s) for s, t in can.pairs)} - can.pairs):
            results = self.run(translator, transport, self.batch(pair, ["一", "二"]))
            assert [getattr(result, "kind", "an echo") for result in results] == [
                "unsupported"
            ] * 2, pair

    def test_yi_and_tibetan_go_by_no_code_of_another_language(
        self, translator: Translator, can: TranslationCapabilities
    ) -> None:
        if isinstance(translator, LocalTranslator):
            pytest.skip("it sends nothing")
        found = [pair for pair in sorted(can.pairs) if {"bo", "ii"} & set(pair)]
        for pair in found:
            request = translator.request(self.batch(pair, [_MARK]))
            said = {text.lower() for text in _strings(request)}
            traps = {trap for tag in pair for trap in _TRAPS.get(tag, ())}
            assert not said & (traps - {*self.declared_codes}), pair
        if not found:
            pytest.skip("it has neither language")

    def test_a_batch_over_its_limits_is_refused_not_cut(
        self,
        translator: Translator,
        transport: Transport | None,
        pair: tuple[str, str],
        texts: Sequence[str],
        can: TranslationCapabilities,
    ) -> None:
        if not isinstance(translator, LocalTranslator):
            pytest.skip("over HTTP the vendor refuses it")
        many = self.batch(pair, [texts[0][:1]] * (can.max_segments + 1))
        filler = "a " * can.max_characters
        long = self.batch(pair, [filler[: can.max_characters], texts[0]])
        for batch in (many, long):
            results = self.run(translator, transport, batch)
            assert len(results) == len(batch.segments)
            kinds = {getattr(result, "kind", "translated") for result in results}
            assert kinds == {"too_long"}
        full = self.batch(pair, [filler[: can.max_characters - 1], texts[0][:1]])
        assert all(isinstance(r, Ok) for r in self.run(translator, transport, full))

    def test_eight_threads_share_it(
        self,
        translator: Translator,
        transport: Transport | None,
        pair: tuple[str, str],
        texts: Sequence[str],
        can: TranslationCapabilities,
    ) -> None:
        batches = [self.batch(pair, [*texts[n % len(texts) :], *texts]) for n in range(8)]
        alone = [self.run(translator, transport, batch) for batch in batches]
        start = threading.Barrier(8)

        def work(number: int) -> list[TranslationResult]:
            start.wait(self.patience)
            found = []
            for _ in range(10):
                found = self.run(translator, transport, batches[number])
            return found

        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(work, range(8), timeout=self.patience))
        for batch, one, other in zip(batches, alone, together, strict=True):
            assert [r.id for r in other] == [segment.id for segment in batch.segments]
            if can.offline:
                assert other == one

    def test_no_text_is_logged_or_printed(
        self,
        translator: Translator,
        transport: Transport | None,
        pair: tuple[str, str],
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            self.run(translator, transport, self.batch(pair, [_MARK]))
            self.run(translator, transport, self.batch(("x-one", "x-two"), [_MARK]))
        printed = capfd.readouterr()
        said = [printed.out, printed.err, *(record.getMessage() for record in caplog.records)]
        said += [str(record.exc_info) for record in caplog.records if record.exc_info]
        # The part that stays itself in either way of writing Chinese.
        assert not [line for line in said if _MARK[-3:] in line]
