"""How a content is handed to a translation engine, and what may come back.

Texts are cut at line ends, and lines that are too long at sentence ends; what lies between
the segments is kept and restored exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import attrs

from tianfu_sdk.core.translating import in_script
from tianfu_sdk.errors import (
    BackendError,
    QuotaExceeded,
    RateLimited,
    TianfuError,
    Unavailable,
    Unsupported,
)
from tianfu_sdk.model.translation import (
    Failed,
    Segment,
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.text import sentences, starts_inside_stack

__all__ = ["Cut", "batches", "cut", "demand_all", "join"]

_LINES = re.compile(r"(\s*[\r\n]\s*)")


@attrs.frozen
class Cut:
    """A text in segments; `frame` has the text between them, and a None a segment."""

    segments: tuple[Segment, ...]
    frame: tuple[str | None, ...]


def cut(text: str, name: str, longest: int) -> Cut:
    """Cut a text into segments.

    Args:
        text: Any text.
        name: Begins the ids of the segments.
        longest: Code points of a segment at most; a sentence that is longer is cut there.

    Returns:
        Segments in order, none blank, and the frame to join them again.
    """
    segments: list[Segment] = []
    frame: list[str | None] = []
    for part in _LINES.split(text):
        for piece in _pieces(part, longest) if part.strip() else (part,):
            inner = piece.strip()
            if not inner:
                frame.append(piece)
                continue
            before, _, after = piece.partition(inner)
            segments.append(Segment(f"{name}.{len(segments)}", inner))
            frame += [before, None, after]
    return Cut(tuple(segments), tuple(part for part in frame if part != ""))


def _pieces(line: str, longest: int) -> Iterator[str]:
    held = ""
    for sentence in sentences(line) if len(line) > longest else (line,):
        if held and len(held) + len(sentence) > longest:
            yield held
            held = ""
        held += sentence
        while len(held) > longest:
            at = longest
            while at > 1 and starts_inside_stack(held[at]):
                at -= 1
            yield held[:at]
            held = held[at:]
    if held:
        yield held


def batches(
    segments: Sequence[Segment], source: str, target: str, can: TranslationCapabilities
) -> Iterator[TranslationBatch]:
    """Put segments into batches that an engine takes, in order.

    Args:
        segments: None longer than the engine takes.
        source: Language, BCP 47.
        target: Language, BCP 47.
        can: What the engine takes.
    """
    held: list[Segment] = []
    size = 0
    for segment in segments:
        full = len(held) == can.max_segments or size + len(segment.text) > can.max_characters
        if held and full:
            yield TranslationBatch(source=source, target=target, segments=tuple(held))
            held, size = [], 0
        held.append(segment)
        size += len(segment.text)
    if held:
        yield TranslationBatch(source=source, target=target, segments=tuple(held))


def join(parts: Cut, translated: Sequence[str]) -> str:
    """Put the translated segments of a text into its frame."""
    rest = iter(translated)
    return "".join(next(rest) if part is None else part for part in parts.frame)


_ERRORS: dict[str, Callable[[str, Failed], TianfuError]] = {
    "quota": lambda name, _: QuotaExceeded("translation.quota", path=name),
    "rate_limited": lambda name, failed: RateLimited(
        "translation.rate_limited", path=name, retry_after=failed.retry_after
    ),
    "transient": lambda name, _: Unavailable("translation.transient", path=name),
}


def demand_all(
    batch: TranslationBatch, results: Sequence[TranslationResult], engine: str
) -> list[str]:
    """Demand that every segment of a batch came back translated.

    Args:
        batch: What the engine was given.
        results: What it gave.
        engine: Its name, for the errors.

    Returns:
        The translated texts, in order.

    Raises:
        BackendError: `translation.malformed`, other segments came back, empty ones, or
            such as are not in the script of the target; `translation.failed`; also as
            `RateLimited` (`translation.rate_limited`), `Unavailable`
            (`translation.transient`).
        QuotaExceeded: `translation.quota`.
        Unsupported: `translation.unsupported`, the engine cannot do this pair.
    """
    if [getattr(r, "id", None) for r in results] != [s.id for s in batch.segments]:
        raise BackendError("translation.malformed", path=engine, why="count")
    texts = []
    for result in results:
        if isinstance(result, Failed):
            raise _error(batch, result, engine)
        if not result.text.strip():
            raise BackendError("translation.malformed", path=engine, why="empty")
        texts.append(result.text)
    whole = "\n".join(texts)
    # An echo of the source, or a page of HTML, is no translation.
    if any(map(str.isalpha, whole)) and not in_script(batch.target, whole):
        raise BackendError("translation.malformed", path=engine, why="script")
    return texts


def _error(batch: TranslationBatch, failed: Failed, engine: str) -> TianfuError:
    if failed.kind == "unsupported":
        return Unsupported(
            "translation.unsupported", path=engine, source=batch.source, target=batch.target
        )
    make = _ERRORS.get(failed.kind)
    if make is not None:
        return make(engine, failed)
    return BackendError("translation.failed", path=engine, why=failed.kind, vendor=failed.code)
