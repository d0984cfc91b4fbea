"""Texts through a translation engine, outside any transaction."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core import segmenting
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.model.translation import TranslationBatch, TranslationResult
from tianfu_sdk.ports.translation import LocalTranslator, Translator
from tianfu_sdk.services.work import Tools
from tianfu_sdk.text import canonical_language

__all__ = ["CONVERTER", "translate_texts"]

CONVERTER = "opencc"
"""The built-in engine between the ways of writing Chinese; used where none is named."""


def translate_texts(
    tools: Tools, engine: str | None, texts: Sequence[str], *, source: str, target: str
) -> tuple[list[str], str]:
    """Translate texts whole: all of them, or an error.

    Text leaves the machine only to an engine that the caller named.

    Args:
        tools: Of the hub.
        engine: Name of an engine; None: the built-in converter of Chinese, if it can.
        texts: Any texts; blank ones come back as they are.
        source: Language, BCP 47.
        target: Language, BCP 47.

    Returns:
        The texts in order, and where they are from: `script`, or the engine's name.

    Raises:
        Invalid: `translation.engine_required`, none is named and the converter cannot.
        Unsupported: `translation.unsupported`.
        PluginError: `plugin.unknown` and others: nobody offers the engine.
        BackendError: `translation.failed`, `translation.malformed`; `RateLimited`,
            `Unavailable`, `Ambiguous`.
        QuotaExceeded: `translation.quota`.
    """
    source, target = canonical_language(source), canonical_language(target)
    translator = tools.translator(engine or CONVERTER)
    can = translator.capabilities
    if (source, target) not in can.pairs:
        if engine is None:
            offered = ", ".join(tools.offered("translation")) or "-"
            raise Invalid("translation.engine_required", path="engine", offered=offered)
        raise Unsupported("translation.unsupported", path=engine, source=source, target=target)
    cuts = [
        segmenting.cut(text, f"t{place}", can.max_characters) for place, text in enumerate(texts)
    ]
    segments = [segment for part in cuts for segment in part.segments]
    done: dict[str, str] = {}
    for batch in segmenting.batches(segments, source, target, can):
        results = _run(tools, translator, batch)
        translated = segmenting.demand_all(batch, results, can.name)
        done |= dict(zip((s.id for s in batch.segments), translated, strict=True))
    joined = [segmenting.join(part, [done[s.id] for s in part.segments]) for part in cuts]
    return joined, "script" if can.name == CONVERTER else can.name


def _run(
    tools: Tools, translator: Translator, batch: TranslationBatch
) -> Sequence[TranslationResult]:
    if isinstance(translator, LocalTranslator):
        return translator.translate(batch)
    request = translator.request(batch)
    response = tools.transport.send(request, timeout=tools.settings.timeout)
    return translator.result(batch, response)
