"""How a text is cut for a translation engine, and put together again.

Texts are cut at line ends, and lines that are too long at sentence ends; what lies between
the segments is kept and restored exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import attrs

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
)
from tianfu_sdk.text import sentences, starts_inside_stack

__all__ = ["Cut", "batches", "cut", "error_of", "join"]

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


_ERRORS: dict[str, Callable[[str | None, Failed], TianfuError]] = {
    "quota": lambda name, _: QuotaExceeded("translation.quota", path=name),
    "rate_limited": lambda name, failed: RateLimited(
        "translation.rate_limited", path=name, retry_after=failed.retry_after
    ),
    "transient": lambda name, _: Unavailable("translation.transient", path=name),
}


def error_of(failed: Failed, *, source: str, target: str) -> TianfuError:
    """Give the error that says why a text could not be translated.

    Args:
        failed: What the engine said; `engine` names it.
        source: Language, BCP 47.
        target: Language, BCP 47.

    Returns:
        `Unsupported` (`translation.unsupported`), `QuotaExceeded` (`translation.quota`),
        `RateLimited` (`translation.rate_limited`), `Unavailable` (`translation.transient`), or
        `BackendError`: `translation.malformed`, other segments came back, empty ones, the
        source itself, or another script; else `translation.failed`.
    """
    name = failed.engine or None
    if failed.kind == "unsupported":
        return Unsupported("translation.unsupported", path=name, source=source, target=target)
    if failed.kind in ("malformed", "echo"):
        why = failed.code or failed.kind
        return BackendError("translation.malformed", path=name, why=why)
    make = _ERRORS.get(failed.kind)
    if make is not None:
        return make(name, failed)
    return BackendError("translation.failed", path=name, why=failed.kind, vendor=failed.code)
