"""Texts through translation engines, outside any transaction: which are asked, and in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from random import Random

import attrs

from tianfu_sdk.core import engine_runs
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.model.translation import (
    Failed,
    Segment,
    TranslationBatch,
    TranslationResult,
)
from tianfu_sdk.ports.translation import LocalTranslator, Translator
from tianfu_sdk.services.tools import Tools
from tianfu_sdk.text import canonical_language

__all__ = ["CONVERTER", "translate_texts"]

CONVERTER = "opencc"
"""The built-in engine between the ways of writing Chinese."""

_ELSEWHERE = frozenset({"auth", "quota", "rate_limited", "transient", "unsupported", "too_long"})
"""What another engine may be able to do; what one refuses, or echoes, is for a person."""
_OUT = {"auth": 600.0, "quota": 600.0, "transient": 30.0, "rate_limited": 30.0}
"""Seconds for which an engine that failed so at every text is not asked where none is named."""


@attrs.define
class _Health:
    """Which engines are left alone for a while; shared by all accounts of a hub."""

    _until: dict[str, float] = attrs.field(factory=dict)
    _guard: threading.Lock = attrs.field(factory=threading.Lock)

    def well(self, name: str) -> bool:
        with self._guard:
            return self._until.get(name, 0.0) <= time.monotonic()

    def note(self, name: str, results: Sequence[TranslationResult]) -> None:
        kinds = {one.kind if isinstance(one, Failed) else "" for one in results}
        kind = kinds.pop() if len(kinds) == 1 else ""
        with self._guard:
            if kind in _OUT:
                self._until[name] = time.monotonic() + _OUT[kind]
            else:
                self._until.pop(name, None)


def translate_texts(
    tools: Tools, engine: str | None, texts: Sequence[str], *, source: str, target: str
) -> list[TranslationResult]:
    """Translate texts: each of them, or why not.

    Text leaves the machine only to an engine that the caller named, or that the settings
    name with `third_party` allowed.

    Args:
        tools: Of the hub.
        engine: Name of an engine; None: those of the settings in their order, and the built-in
            converter of Chinese, as far as they have the pair.
        texts: Any texts.
        source: Language, BCP 47.
        target: Language, BCP 47.

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
    health: _Health = tools.kept.setdefault("translation.health", _Health())
    for translator in _engines(tools, engine, source, target, health):
        segments = [Segment(str(place), texts[place]) for place in todo]
        found = engine_runs.run(_line(tools, translator), segments, source=source, target=target)
        name = translator.capabilities.name
        health.note(name, found)
        results |= {p: _named(one, str(p), name) for p, one in zip(todo, found, strict=True)}
        todo = [place for place in todo if _may_elsewhere(results[place])]
        if not todo:
            break
    return [results[place] for place in range(len(texts))]


def _engines(
    tools: Tools, engine: str | None, source: str, target: str, health: _Health
) -> list[Translator]:
    if engine is not None:
        named = tools.translator(engine)
        if (source, target) not in named.capabilities.pairs:
            raise Unsupported("translation.unsupported", path=engine, source=source, target=target)
        return [named]
    ours = tools.settings.translation
    found = [tools.translator(name) for name in dict.fromkeys((*ours.engines, CONVERTER))]
    fit = [
        one
        for one in found
        if (source, target) in one.capabilities.pairs
        and (ours.third_party or not one.capabilities.third_party)
    ]
    if not fit:
        offered = ", ".join(tools.offered("translation")) or "-"
        raise Invalid("translation.engine_required", path="engine", offered=offered)
    return [one for one in fit if health.well(one.capabilities.name)] or fit


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


def _may_elsewhere(result: TranslationResult) -> bool:
    return isinstance(result, Failed) and result.kind in _ELSEWHERE


def _named(result: TranslationResult, id_: str, engine: str) -> TranslationResult:
    if isinstance(result, Failed):
        return attrs.evolve(result, id=id_, engine=engine)
    origin = "script" if result.origin == "script" or engine == CONVERTER else engine
    return attrs.evolve(
        result, id=id_, origin=result.origin if result.origin == "copied" else origin
    )
