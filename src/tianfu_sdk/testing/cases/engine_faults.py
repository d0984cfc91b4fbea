"""Cases of engines over HTTP whose vendor fails: nothing lost, nothing beside another's text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random

import attrs
import pytest

from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.core.languages import engine_runs
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    Segment,
    TranslationBatch,
    TranslationResult,
)
from tianfu_sdk.ports.translation import HttpTranslator
from tianfu_sdk.testing.cases.engine_seeds import Said, Vendor, seeds
from tianfu_sdk.testing.cases.report import Reported
from tianfu_sdk.testing.cases.translation import SAMPLES
from tianfu_sdk.testing.loopback import Loopback

__all__ = ["EngineFaultCases", "Said", "honest"]

_WORDS = {
    "zh": ("甲甲", "乙乙", "丙丙", "丁丁", "戊戊"),
    "en": ("alpha", "bravo", "charlie", "delta", "echo"),
    "bo": ("ཀཀ", "ཁཁ", "གག", "ངང", "ཅཅ"),
    "ii": ("ꀀꀀ", "ꀁꀁ", "ꀂꀂ", "ꀃꀃ", "ꀄꀄ"),
}
_TOKEN = re.compile(r"\{+/?\d+/?\}+")
_LOGIN = HttpResponse(
    status=200,
    headers={"content-type": "text/html"},
    body=b"<!doctype html><title>Sign in</title><form action='/login'></form>",
)
_PLACEHOLDER = "{name}"


def _primary(language: str) -> str:
    return language.partition("-")[0]


def honest(texts: Sequence[str], pair: tuple[str, str]) -> Said:
    """Translate as a good vendor does: each text so that it can be told from the others."""
    source, target = map(_primary, pair)
    said: Said = []
    for place, text in enumerate(texts):
        word = next((_WORDS[target][n] for n, one in enumerate(_WORDS[source]) if one in text), "")
        tokens = " ".join(_TOKEN.findall(text))
        said.append((place, f"{SAMPLES[target][1]} {word} {tokens}".strip()))
    return said


@attrs.define
class _Run:
    """What became of some texts, and how they were asked for."""

    results: list[TranslationResult]
    waits: list[float]
    asked: int


class EngineFaultCases(Reported):
    """Fixtures and cases. An author overrides `translator` and `answer`.

    Attributes:
        positional: In the vendor's form nothing but the place tells which text a translation is
            of, and a request has several: a vendor that mixes them up cannot be found out.
        vendor_error: Kind of `Failed` that `refusal` stands for.
    """

    positional: bool = False
    vendor_error: str = "rejected"

    @pytest.fixture
    def loopback(self) -> Iterator[Loopback]:
        """Give a vendor on 127.0.0.1."""
        with Loopback() as vendor:
            yield vendor

    @pytest.fixture
    def transport(self) -> Iterator[HttpxTransport]:
        """Give what sends requests in a hub."""
        import httpx

        # Its own client, and no certificates to load: both take longer than a case.
        with httpx.Client(verify=False) as client:  # noqa: S501 - plain http on this machine
            yield HttpxTransport(client)

    @pytest.fixture
    def translator(self, loopback: Loopback) -> HttpTranslator:
        """Give the engine, at `loopback.url`. Override this."""
        raise NotImplementedError("override the fixture `translator`: return MyTranslator(…)")

    @pytest.fixture
    def pair(self, translator: HttpTranslator) -> tuple[str, str]:
        """Give a pair of languages that the engine has, and the suite has words of."""
        known = [
            pair
            for pair in sorted(translator.capabilities.pairs)
            if {_primary(tag) for tag in pair} <= _WORDS.keys()
            and _primary(pair[0]) != _primary(pair[1])
        ]
        if not known:
            pytest.fail("override the fixture `translator` with a pair of zh, en, bo or ii")
        return known[0]

    def answer(self, request: HttpRequest, say: Callable[[list[str]], Said]) -> HttpResponse:
        """Answer in the vendor's form. Override this.

        Args:
            request: As the engine built it; read the texts out of it.
            say: Give it the texts; write down what it says, in its order. Where the form names
                texts, write the name that the place stands for.
        """
        raise NotImplementedError("override `answer`: read the texts, write what `say` gives")

    def refusal(self) -> HttpResponse:
        """Give an error of the vendor under status 200; of the kind `vendor_error`."""
        return HttpResponse(status=200, body=b'{"error": {"message": "refused"}}')

    @pytest.fixture
    def run(
        self,
        translator: HttpTranslator,
        transport: HttpxTransport,
        loopback: Loopback,
        pair: tuple[str, str],
    ) -> Callable[..., _Run]:
        """Give what runs five texts through the engine as a desk does; not to be overridden."""
        source = _primary(pair[0])
        texts = [f"{SAMPLES[source][0]} {word}" for word in _WORDS[source]]
        texts[2] += f" {_PLACEHOLDER}"
        segments = [Segment(f"s{-place}", text) for place, text in enumerate(texts)]

        def run(count: int = 5, timeout: float = 5.0, vendor: Vendor | None = None) -> _Run:
            def call(batch: TranslationBatch) -> Sequence[TranslationResult]:
                request = translator.request(batch)
                if vendor is not None:
                    loopback.fault = vendor.line()
                return translator.result(batch, transport.send(request, timeout=timeout))

            waits: list[float] = []
            line = engine_runs.Line(
                can=translator.capabilities,
                call=call,
                wait=waits.append,
                chance=Random(1),
                patience=1000.0,
            )
            asked = len(loopback.requests)
            results = engine_runs.run(line, segments[:count], source=pair[0], target=pair[1])
            _hold(results, segments[:count], pair)
            return _Run(results, waits, len(loopback.requests) - asked)

        return run

    @pytest.fixture
    def least(self, translator: HttpTranslator) -> int:
        """Give the requests that five texts need; not to be overridden."""
        return -(-5 // translator.capabilities.max_segments)

    def vendor(
        self, loopback: Loopback, pair: tuple[str, str], twist: Callable[[Said], Said]
    ) -> None:
        """Let the vendor say something else than it should."""
        loopback.script(
            lambda request: self.answer(request, lambda texts: twist(honest(texts, pair)))
        )

    def kinds(self, run: _Run) -> set[str]:
        """Give the kinds of failures, `""` for a translation."""
        return {one.kind if isinstance(one, Failed) else "" for one in run.results}

    def test_a_good_vendor_is_understood(
        self, run: Callable[..., _Run], loopback: Loopback, pair: tuple[str, str], least: int
    ) -> None:
        self.vendor(loopback, pair, lambda said: said)
        done = run()
        assert self.kinds(done) == {""}
        assert not [one for one in done.results if isinstance(one, Ok) and one.damaged]
        assert (done.asked, done.waits) == (least, [])

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(401, "auth"), (403, "auth"), (402, "quota"), (456, "quota"), (302, "malformed")],
    )
    def test_what_will_not_pass_is_not_asked_again(
        self, run: Callable[..., _Run], loopback: Loopback, least: int, status: int, kind: str
    ) -> None:
        loopback.script(HttpResponse(status=status, body=b"{}"))
        done = run()
        assert self.kinds(done) == {kind}
        assert (done.asked, done.waits) == (least, [])

    @pytest.mark.parametrize(("status", "kind"), [(429, "rate_limited"), (503, "transient")])
    def test_what_does_not_pass_is_given_up(
        self, run: Callable[..., _Run], loopback: Loopback, least: int, status: int, kind: str
    ) -> None:
        loopback.script(HttpResponse(status=status, body=b"{}"))
        done = run()
        assert self.kinds(done) == {kind}
        assert done.asked == least * engine_runs.ATTEMPTS
        assert done.waits == sorted(done.waits)
        assert len(done.waits) == engine_runs.ATTEMPTS - 1

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(
        ("headers", "wait"),
        [
            ({}, None),
            ({"retry-after": "7"}, 7.0),
            (
                {
                    "date": "Thu, 01 Jan 2026 00:00:00 GMT",
                    "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT",
                },
                9.0,
            ),
        ],
    )
    def test_what_passes_is_waited_for(  # noqa: PLR0917 - fixtures
        self,
        run: Callable[..., _Run],
        loopback: Loopback,
        pair: tuple[str, str],
        status: int,
        headers: dict[str, str],
        wait: float | None,
    ) -> None:
        busy = HttpResponse(status=status, headers=headers, body=b"{}")

        def answer(request: HttpRequest) -> HttpResponse:
            if len(loopback.requests) == 1:
                return busy
            return self.answer(request, lambda texts: honest(texts, pair))

        loopback.script(answer)
        done = run()
        assert self.kinds(done) == {""}
        assert len(done.waits) == 1
        assert wait is None or done.waits == [wait]

    def test_an_error_under_status_200_is_an_error(
        self, run: Callable[..., _Run], loopback: Loopback
    ) -> None:
        loopback.script(self.refusal())
        assert self.kinds(run()) == {self.vendor_error}

    def test_a_login_page_is_no_translation(
        self, run: Callable[..., _Run], loopback: Loopback, least: int
    ) -> None:
        loopback.script(_LOGIN)
        done = run()
        assert self.kinds(done) == {"malformed"}
        assert done.asked == least

    @pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
    def test_a_body_that_was_cut_is_no_translation(
        self, run: Callable[..., _Run], loopback: Loopback, pair: tuple[str, str], part: float
    ) -> None:
        def answer(request: HttpRequest) -> HttpResponse:
            whole = self.answer(request, lambda texts: honest(texts, pair))
            return attrs.evolve(whole, body=whole.body[: int(len(whole.body) * part)])

        loopback.script(answer)
        assert self.kinds(run()) == {"malformed"}

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'"x"', b"\xff\xfe", b"[" * 9999])
    def test_other_json_is_no_translation(
        self, run: Callable[..., _Run], loopback: Loopback, body: bytes
    ) -> None:
        loopback.script(HttpResponse(status=200, body=body))
        assert self.kinds(run()) == {"malformed"}

    @pytest.mark.parametrize(
        "twist",
        [
            lambda said: said[:-1],
            lambda said: said[:0],
            lambda said: [*said, (len(said), said[-1][1])],
            lambda said: [*said, said[0]],
        ],
        ids=["one-less", "none", "one-more", "one-twice"],
    )
    def test_another_number_of_translations_is_refused(
        self,
        run: Callable[..., _Run],
        loopback: Loopback,
        pair: tuple[str, str],
        twist: Callable[[Said], Said],
    ) -> None:
        self.vendor(loopback, pair, twist)
        assert self.kinds(run()) == {"malformed"}

    @pytest.mark.parametrize(
        "twist",
        [
            lambda said: said[::-1],
            lambda said: said[1:] + said[:1],
            lambda said: [said[0], said[0], *said[2:]],
        ],
        ids=["reversed", "rotated", "one-instead-of-another"],
    )
    def test_translations_that_are_mixed_up_do_not_pass_for_others(
        self,
        run: Callable[..., _Run],
        loopback: Loopback,
        pair: tuple[str, str],
        twist: Callable[[Said], Said],
    ) -> None:
        if self.positional:
            pytest.skip("positional: its form has no names, so nobody could tell")
        self.vendor(loopback, pair, twist)
        assert self.kinds(run()) <= {"", "malformed"}

    @pytest.mark.parametrize("said", ["", "  \n", None])
    def test_an_empty_translation_is_none(
        self,
        run: Callable[..., _Run],
        loopback: Loopback,
        pair: tuple[str, str],
        said: str | None,
    ) -> None:
        self.vendor(loopback, pair, lambda texts: [(place, said) for place, _ in texts])
        assert self.kinds(run()) == {"malformed"}

    def test_the_source_itself_is_no_translation(
        self, run: Callable[..., _Run], loopback: Loopback
    ) -> None:
        loopback.script(lambda request: self.answer(request, lambda t: list(enumerate(t))))
        assert self.kinds(run()) == {"echo"}

    def test_a_placeholder_that_is_lost_is_told(
        self, run: Callable[..., _Run], loopback: Loopback, pair: tuple[str, str]
    ) -> None:
        def lost(said: Said) -> Said:
            return [(place, _TOKEN.sub("", text or "").strip()) for place, text in said]

        self.vendor(loopback, pair, lost)
        done = run()
        assert self.kinds(done) == {""}
        damaged = [isinstance(one, Ok) and one.damaged for one in done.results]
        assert damaged == [False, False, True, False, False]

    def test_whatever_a_vendor_does_nothing_is_lost_or_moved(
        self,
        run: Callable[..., _Run],
        loopback: Loopback,
        pair: tuple[str, str],
        record_property: Callable[[str, object], None],
    ) -> None:
        counts: Counter[str] = Counter()
        for seed in seeds():
            vendor = Vendor(seed, self.positional)
            loopback.script(
                lambda request, vendor=vendor: vendor.answer(  # type: ignore[misc]
                    request, self.answer, lambda texts: honest(texts, pair), self.refusal()
                )
            )
            try:
                done = run(1 + seed % 5, vendor=vendor)
            except AssertionError as error:
                error.add_note(f"again: TIANFU_SEED={seed} TIANFU_SEEDS=1")
                raise
            # A text alone, in halves, and each of both as often as it is of use.
            assert done.asked <= 20 * engine_runs.ATTEMPTS, f"seed {seed}"
            counts["requests"] += done.asked
            counts["texts"] += len(done.results)
            counts["translated"] += sum(isinstance(one, Ok) for one in done.results)
            counts["faults"] += vendor.counts.total() - vendor.counts["well"]
        for name, count in counts.items():
            record_property(name, count)

    @pytest.mark.parametrize("fault", ["silent", "half", "cut", "reset", "noise"])
    def test_a_vendor_that_hangs_or_breaks_off_is_given_up(
        self, run: Callable[..., _Run], loopback: Loopback, pair: tuple[str, str], fault: str
    ) -> None:
        self.vendor(loopback, pair, lambda said: said)
        loopback.fault = fault  # type: ignore[assignment]
        done = run(1, 0.1 if fault == "silent" else 5.0)
        assert self.kinds(done) == {"transient"}
        assert done.asked <= engine_runs.ATTEMPTS
        assert len(done.waits) == engine_runs.ATTEMPTS - 1


def _hold(
    results: Sequence[TranslationResult], segments: Sequence[Segment], pair: tuple[str, str]
) -> None:
    """Hold results to what is true whatever a vendor does."""
    assert [one.id for one in results] == [segment.id for segment in segments]
    for place, one in enumerate(results):
        assert isinstance(one, (Ok, Failed))
        if isinstance(one, Ok):
            assert isinstance(one.text, str)
            assert _WORDS[_primary(pair[1])][place] in one.text, "another text's translation"
