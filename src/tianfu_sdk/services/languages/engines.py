"""Texts through translation engines, outside any transaction: which are asked, and in turn."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

import attrs

from tianfu_sdk.core.languages import engine_runs
from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.translating import STANDS_IN
from tianfu_sdk.core.languages.translation_cache import key_of
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.model.translation import (
    EngineHealth,
    Failed,
    Segment,
    TranslationBatch,
    TranslationResult,
)
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.ports.translation import LocalTranslator, Translator
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.languages import translation_cache
from tianfu_sdk.text import canonical_language

__all__ = ["CONVERTER", "health_of", "translate_texts"]

CONVERTER = "opencc"
"""The built-in engine between the ways of writing Chinese."""

_log = logging.getLogger("tianfu_sdk.translations")
_PASSING = ("rate_limited", "transient")
_OUT = {"auth": 600.0, "quota": 600.0, "transient": 30.0, "rate_limited": 30.0}
"""Seconds for which an engine that failed so at every text is not asked where none is named."""


@attrs.define
class _Health:
    """Which engines are left alone for a while, and what became of texts; of all accounts."""

    _until: dict[str, float] = attrs.field(factory=dict)
    counts: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    """Texts by engine and what became of them: `asked`, `failed`, `remembered`."""
    _guard: threading.Lock = attrs.field(factory=threading.Lock)

    def rests(self, name: str) -> float:
        """Give the seconds for which an engine is not asked yet; 0 where it is well."""
        with self._guard:
            return max(0.0, self._until.get(name, 0.0) - time.monotonic())

    def note(self, name: str, results: Sequence[TranslationResult], remembered: int) -> None:
        """Take down how an engine did."""
        kinds = {one.kind if isinstance(one, Failed) else "" for one in results}
        kind = kinds.pop() if len(kinds) == 1 else ""
        with self._guard:
            self.counts[name, "asked"] += len(results)
            self.counts[name, "failed"] += sum(isinstance(one, Failed) for one in results)
            self.counts[name, "remembered"] += remembered
            if kind in _OUT:
                self._until[name] = time.monotonic() + _OUT[kind]
            elif results:
                self._until.pop(name, None)

    def names(self) -> list[str]:
        """Give the engines that were asked."""
        with self._guard:
            return sorted({name for name, _ in self.counts})


@attrs.frozen
class _Way:
    """An engine, and the pair that it is asked for."""

    engine: Translator
    source: str
    target: str
    stand_in: str = ""
    """The language that is asked for instead of one that the engine has not."""

    @property
    def name(self) -> str:
        return self.engine.capabilities.name


def _known_health(tools: Tools) -> _Health:
    health: _Health = tools.kept.setdefault("translation.health", _Health())
    return health


def translate_texts(
    tools: Tools,
    engine: str | None,
    texts: Sequence[str],
    *,
    source: str,
    target: str,
    glossary: Glossary | None = None,
) -> list[TranslationResult]:
    """Translate texts: each of them, or why not.

    Text leaves the machine only to an engine that the caller named, or that the settings
    name with `third_party` allowed. What one engine fails at, whatever the reason, the next
    one is asked for. What an engine said before to the same text with the same terms is taken
    from the cache, where it is not in this process (`[translation] cache_texts`, `cache_days`).

    Args:
        tools: Of the hub.
        engine: Name of an engine; None: those of the settings in their order, and the built-in
            converter of Chinese, as far as they have the pair.
        texts: Any texts.
        source: Language, BCP 47.
        target: Language, BCP 47. An engine without Amdo (`adx`) or Khams (`khg`) is asked for
            Tibetan, which the result says (`stand_in`).
        glossary: Its preferred terms go with the texts, to engines that have `terms`.

    Returns:
        One `Ok` or `Failed` a text, in order; `origin` is `script` (the converter), `copied`
        (nothing in it to translate), or the name of the engine.

    Raises:
        Invalid: `translation.engine_required`, none is named and none of the settings may.
        Unsupported: `translation.unsupported`, the engine that is named has no such pair.
        PluginError: `plugin.unknown` and others: nobody offers the engine.
    """
    source, target = canonical_language(source), canonical_language(target)
    results: dict[int, TranslationResult] = {}
    todo = list(range(len(texts)))
    for way in _ways(tools, engine, source, target):
        if way.stand_in:
            _log.warning("%s is asked for %s: it has no %s", way.name, way.stand_in, target)
        found = _said(tools, way, [texts[place] for place in todo], glossary)
        for place, one in zip(todo, found, strict=True):
            results[place] = _after(results.get(place), _named(one, str(place), way))
        todo = [place for place in todo if isinstance(results[place], Failed)]
        if not todo:
            break
    return [results[place] for place in range(len(texts))]


def _ways(tools: Tools, engine: str | None, source: str, target: str) -> list[_Way]:
    if engine is not None:
        named = _way(tools.translator(engine), source, target)
        if named is None:
            raise Unsupported("translation.unsupported", path=engine, source=source, target=target)
        return [named]
    ours = tools.settings.translation
    found = [
        _way(tools.translator(name), source, target)
        for name in dict.fromkeys((*ours.engines, CONVERTER))
    ]
    fit = [
        one
        for one in found
        if one and (ours.third_party or not one.engine.capabilities.third_party)
    ]
    if not fit:
        offered = ", ".join(tools.offered("translation")) or "-"
        raise Invalid("translation.engine_required", path="engine", offered=offered)
    health = _known_health(tools)
    return [one for one in fit if not health.rests(one.name)] or fit


def _way(engine: Translator, source: str, target: str) -> _Way | None:
    pairs = engine.capabilities.pairs
    if (source, target) in pairs:
        return _Way(engine, source, target)
    near_source, near_target = STANDS_IN.get(source, source), STANDS_IN.get(target, target)
    for pair in ((source, near_target), (near_source, target), (near_source, near_target)):
        if pair in pairs:
            instead = near_target if pair[1] != target else near_source
            return _Way(engine, *pair, stand_in=instead)
    return None


def _said(
    tools: Tools, way: _Way, texts: Sequence[str], glossary: Glossary | None
) -> list[TranslationResult]:
    """Give what an engine says to texts: what it said before, and the rest asked."""
    can = way.engine.capabilities

    def terms(text: str) -> list[tuple[str, str]]:
        return glossary.wanted(text, way.source, way.target) if glossary is not None else []

    # What is in this process is quicker than the store.
    keys = [
        key_of(
            can,
            text,
            source=way.source,
            target=way.target,
            terms=terms(text) if can.terms else (),
        )
        for text in texts
        if not can.offline
    ]
    before = translation_cache.known(tools, keys)
    results: dict[int, TranslationResult] = {
        place: before[key] for place, key in enumerate(keys) if key in before
    }
    todo = [place for place in range(len(texts)) if place not in results]
    segments = [Segment(str(place), texts[place]) for place in todo]
    found = engine_runs.run(
        _line(tools, way.engine), segments, source=way.source, target=way.target, terms=terms
    )
    _known_health(tools).note(way.name, found, len(results))
    results |= dict(zip(todo, found, strict=True))
    if keys:
        new = {keys[place]: results[place] for place in todo}
        translation_cache.remember(tools, way.name, new)
    return [results[place] for place in range(len(texts))]


def _line(tools: Tools, translator: Translator) -> engine_runs.Line:
    def call(batch: TranslationBatch) -> Sequence[TranslationResult]:
        if isinstance(translator, LocalTranslator):
            return translator.translate(batch)
        request = translator.request(batch)
        response = tools.transport.send(request, timeout=tools.settings.timeout)
        return translator.result(batch, response)

    return engine_runs.Line(
        can=translator.capabilities,
        call=call,
        wait=time.sleep,
        chance=Random(),  # noqa: S311 - spreads attempts
        patience=tools.settings.translation.patience,
    )


def _named(result: TranslationResult, id_: str, way: _Way) -> TranslationResult:
    if isinstance(result, Failed):
        tried = ((way.name, result.kind),)
        return attrs.evolve(result, id=id_, engine=way.name, tried=tried)
    if result.origin == "copied":
        return attrs.evolve(result, id=id_)
    origin = "script" if result.origin == "script" or way.name == CONVERTER else way.name
    return attrs.evolve(result, id=id_, origin=origin, stand_in=way.stand_in)


def _after(before: TranslationResult | None, now: TranslationResult) -> TranslationResult:
    """Give what to say of a text after another engine: of failures, one that may pass."""
    if not isinstance(before, Failed) or not isinstance(now, Failed):
        return now
    said = before if before.kind in _PASSING and now.kind not in _PASSING else now
    return attrs.evolve(said, tried=before.tried + now.tried)


def health_of(tools: Tools, tx: Tx) -> tuple[EngineHealth, ...]:
    """Say how engines do: those of the settings, and those that were asked since."""
    health, ours = _known_health(tools), tools.settings.translation
    return tuple(
        EngineHealth(
            engine=name,
            rests=health.rests(name),
            asked=health.counts[name, "asked"],
            failed=health.counts[name, "failed"],
            remembered=health.counts[name, "remembered"],
            kept=translation_cache.counted(tx, name),
        )
        for name in dict.fromkeys((*ours.engines, CONVERTER, *health.names()))
    )
