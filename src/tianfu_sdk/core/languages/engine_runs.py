"""Texts through a translation engine: masked, cut to its limits, tried again, held to account.

Each text comes back as `Ok` or `Failed`, in the order in which it was given; one that fails
takes no other with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

import attrs

from tianfu_sdk.core.languages import segmenting
from tianfu_sdk.core.languages.patterns import ADDRESS, MARKUP, SLOT
from tianfu_sdk.core.languages.translating import in_script
from tianfu_sdk.errors import (
    Ambiguous,
    QuotaExceeded,
    RateLimited,
    TianfuError,
    Unavailable,
    Unsupported,
)
from tianfu_sdk.model.translation import (
    Code,
    Failed,
    Ok,
    Runs,
    Segment,
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.text import Masked, canonical_language, mask, unmask

__all__ = ["ATTEMPTS", "MOST_TERMS", "PROTECTED", "Line", "Terms", "protected", "run"]

PROTECTED = re.compile(f"{ADDRESS}|{MARKUP}|{SLOT}")
"""What goes through an engine untouched: addresses, tags, entities and placeholders."""

ATTEMPTS = 4
"""Times that a text is sent at most."""
MOST_TERMS = 50
"""Terms of a batch: a prompt that is longer than its text helps no engine."""
Terms = Callable[[str], Iterable[tuple[str, str]]]
"""Gives the words of a text that are terms, and how they are to be translated."""
_SHORTEST = 40
"""Code points under which a text is not cut any more, whatever an engine says of its length."""
_BACKOFF = 0.5
_LONGEST_WAIT = 30.0
_AGAIN = frozenset({"rate_limited", "transient"})


@attrs.frozen
class Line:
    """How an engine is reached, and how one waits for it."""

    can: TranslationCapabilities
    call: Callable[[TranslationBatch], Sequence[TranslationResult]]
    """Sends one batch; may raise `TianfuError`."""
    wait: Callable[[float], None]
    """Waits some seconds before another attempt."""
    chance: Random
    """Spreads the attempts of many programs."""
    patience: float = 60.0
    """Seconds that all waits together may take."""


def protected(text: str) -> Runs:
    """Give a text as words and codes: what engines are not to touch is a code."""
    parts: list[str | Code] = []
    done = 0
    for number, found in enumerate(PROTECTED.finditer(text), 1):
        parts += [text[done : found.start()]] if found.start() > done else []
        parts.append(Code(str(number), data=found[0], can_copy=False, can_delete=False))
        done = found.end()
    return (*parts, text[done:]) if done < len(text) or not parts else tuple(parts)


@attrs.define
class _Piece:
    """A part of a text that is sent by itself."""

    segment: Segment
    result: TranslationResult | None = None
    attempts: int = 0


@attrs.frozen
class _Text:
    segment: Segment
    masked: Masked
    cut: segmenting.Cut
    pieces: tuple[_Piece, ...]


def run(
    line: Line,
    texts: Sequence[Segment],
    *,
    source: str,
    target: str,
    terms: Terms | None = None,
) -> list[TranslationResult]:
    """Translate texts through one engine.

    Placeholders, tags and addresses are masked and verified after. Texts over the engine's
    limits are cut at sentence ends and put together again. What is refused for now is tried
    again, after the time that the engine names or a growing one. An answer in another script
    than the target's is `Failed` (`echo`).

    Args:
        line: The engine.
        texts: Any; one without letters comes back as it is.
        source: Language, BCP 47.
        target: Language, BCP 47.
        terms: Gives the terms of a text, for engines that have `terms`; a batch has those of
            its own texts, `MOST_TERMS` at most.

    Returns:
        One `Ok` or `Failed` a text, in their order.
    """
    can = line.can
    longest = min(can.max_segment or can.max_characters, can.max_characters)
    made = [_prepared(text, str(place), longest) for place, text in enumerate(texts)]
    pieces = [piece for text in made for piece in text.pieces]
    _work(line, pieces, source, target, terms if can.terms else None)
    return [_whole(text, source, target) for text in made]


def _prepared(text: Segment, name: str, longest: int) -> _Text:
    masked = mask(protected(text.text))
    cut = segmenting.cut(masked.text, name, longest)
    pieces = tuple(_Piece(segment) for segment in cut.segments)
    for piece in pieces:
        if not any(map(str.isalpha, _bare(piece.segment.text, masked))):
            piece.result = Ok(id=piece.segment.id, text=piece.segment.text, origin="copied")
    return _Text(text, masked, cut, pieces)


def _bare(text: str, masked: Masked) -> str:
    for token in masked.codes:
        text = text.replace(token, "")
    return text


def _work(
    line: Line,
    pieces: Sequence[_Piece],
    source: str,
    target: str,
    terms: Terms | None,
) -> None:
    waited = 0.0
    todo = [piece for piece in pieces if piece.result is None]
    while todo:
        again: list[_Piece] = []
        pause = 0.0
        for batch, held in _batches(todo, source, target, terms, line.can):
            for piece, result in zip(held, _asked(line, batch), strict=True):
                piece.attempts += 1
                piece.result = _split(line, piece, result, batch)
                if _may_again(piece):
                    again.append(piece)
                    pause = max(pause, _pause(line, piece))
        if not again or waited + pause > line.patience:
            return
        line.wait(pause)
        waited += pause
        todo = again


def _batches(
    pieces: Sequence[_Piece],
    source: str,
    target: str,
    terms: Terms | None,
    can: TranslationCapabilities,
) -> Iterator[tuple[TranslationBatch, list[_Piece]]]:
    rest = iter(pieces)
    for batch in segmenting.batches([piece.segment for piece in pieces], source, target, can):
        held = [next(rest) for _ in batch.segments]
        yield attrs.evolve(batch, terms=_terms(batch, terms)), held


def _terms(batch: TranslationBatch, terms: Terms | None) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    if terms is not None:
        for segment in batch.segments:
            for word, wanted in terms(segment.text):
                found.setdefault(word, wanted)
    return tuple(found.items())[:MOST_TERMS]


def _may_again(piece: _Piece) -> bool:
    return (
        isinstance(piece.result, Failed)
        and piece.result.kind in _AGAIN
        and piece.attempts < ATTEMPTS
    )


def _pause(line: Line, piece: _Piece) -> float:
    result = piece.result
    if isinstance(result, Failed) and result.retry_after is not None:
        return result.retry_after
    most = min(_BACKOFF * 2**piece.attempts, _LONGEST_WAIT)
    return line.chance.uniform(most / 2, most)


def _asked(line: Line, batch: TranslationBatch) -> list[TranslationResult]:
    """Send a batch; whatever goes wrong is said of each segment, and none is missing."""
    try:
        results = list(line.call(batch))
    except TianfuError as error:
        after = error.retry_after if isinstance(error, RateLimited) else None
        return _all(batch, _kind(error), error.code, after)
    if [getattr(result, "id", None) for result in results] != [s.id for s in batch.segments]:
        return _all(batch, "malformed", "count")
    return [_held(result) for result in results]


def _kind(error: TianfuError) -> str:
    kinds: dict[type[TianfuError], str] = {
        RateLimited: "rate_limited",
        Unsupported: "unsupported",
        QuotaExceeded: "quota",
        # A translation that is asked for twice costs, and does no other harm.
        Ambiguous: "transient",
        Unavailable: "transient",
    }
    return next((kind for cls, kind in kinds.items() if isinstance(error, cls)), "malformed")


def _all(
    batch: TranslationBatch, kind: str, code: str, after: float | None = None
) -> list[TranslationResult]:
    return [Failed(id=s.id, kind=kind, code=code, retry_after=after) for s in batch.segments]


def _held(result: TranslationResult) -> TranslationResult:
    # What a plugin gives is not what its types say.
    text: object = getattr(result, "text", None)
    if isinstance(result, Failed) or (isinstance(text, str) and text.strip()):
        return result
    return Failed(id=result.id, kind="malformed", code="empty")


def _split(
    line: Line, piece: _Piece, result: TranslationResult, batch: TranslationBatch
) -> TranslationResult:
    """Send what an engine finds too long again: alone, then in halves."""
    if not isinstance(result, Failed) or result.kind != "too_long":
        return result
    if len(batch.segments) > 1:
        alone = attrs.evolve(batch, segments=(piece.segment,))
        (result,) = _asked(line, alone)
        return _split(line, piece, result, alone)
    size = len(piece.segment.text)
    if size <= _SHORTEST:
        return result
    halves = segmenting.cut(piece.segment.text, piece.segment.id, max(size // 2 + 1, _SHORTEST))
    said: list[str] = []
    for half in halves.segments:
        single = attrs.evolve(batch, segments=(half,))
        (one,) = _asked(line, single)
        one = _split(line, _Piece(half), one, single)
        if isinstance(one, Failed):
            return attrs.evolve(one, id=piece.segment.id)
        said.append(one.text)
    return Ok(id=piece.segment.id, text=segmenting.join(halves, said), origin=line.can.name)


def _whole(text: _Text, source: str, target: str) -> TranslationResult:
    """Put the pieces of a text together, with its codes."""
    said: list[str] = []
    for piece in text.pieces:
        result = piece.result
        if result is None or isinstance(result, Failed):
            failed = result or Failed(id="", kind="transient")
            return attrs.evolve(failed, id=text.segment.id)
        said.append(result.text)
    joined = segmenting.join(text.cut, said)
    if _echoes(text, joined, source, target):
        return Failed(id=text.segment.id, kind="echo")
    back = unmask(joined, text.masked)
    return Ok(
        id=text.segment.id,
        text="".join(part if isinstance(part, str) else part.data for part in back.runs),
        origin=_origins(text.pieces),
        damaged=not back.intact,
    )


def _echoes(text: _Text, said: str, source: str, target: str) -> bool:
    """Tell whether what came back is the source itself, or in no case the target's language."""
    words, asked = _bare(said, text.masked), _bare(text.masked.text, text.masked)
    if not any(map(str.isalpha, asked)):
        return False
    if any(map(str.isalpha, words)) and not in_script(target, words):
        return True
    primaries = {canonical_language(tag).partition("-")[0] for tag in (source, target)}
    private = "-x-" in target
    return words == asked and len(primaries) > 1 and not private and not words.isascii()


def _origins(pieces: Iterable[_Piece]) -> str:
    found = {p.result.origin for p in pieces if isinstance(p.result, Ok)} - {"copied"}
    return min(found, default="copied")
