"""Answers of translation engines over HTTP, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tianfu_sdk.gateways import Unreadable, read_json
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import Failed, Ok, TranslationBatch, TranslationResult

__all__ = ["aligned", "answered", "by_status", "failed", "wait_of"]

_OK = 200
_SERVER_FAILED = 500
_REFUSED = 400
_KINDS = {
    401: "auth",
    402: "quota",
    403: "auth",
    408: "transient",
    413: "too_long",
    414: "too_long",
    429: "rate_limited",
    456: "quota",
}
_SECONDS = re.compile(r"[0-9]{1,6}")


def failed(
    batch: TranslationBatch, kind: str, *, code: str = "", wait: float | None = None
) -> list[TranslationResult]:
    """Give every text of a batch the same failure.

    Args:
        batch: What was asked.
        kind: As of `Failed`.
        code: The vendor's own code, or ours.
        wait: Seconds that it asked for.
    """
    return [
        Failed(id=segment.id, kind=kind, code=code, retry_after=wait) for segment in batch.segments
    ]


def aligned(batch: TranslationBatch, texts: Sequence[object]) -> list[TranslationResult]:
    """Put what came back beside what was sent.

    Args:
        batch: What was asked.
        texts: Translations in the order of the batch, as they were read.

    Returns:
        `Ok` a text; `Failed` (`malformed`) for one that is empty or no text, and for all of
        them where their number is another one.
    """
    if len(texts) != len(batch.segments):
        return failed(batch, "malformed", code="count")
    return [
        Ok(id=segment.id, text=text)
        if _is_text(text)
        else Failed(id=segment.id, kind="malformed", code="empty")
        for segment, text in zip(batch.segments, map(_text, texts), strict=True)
    ]


def _text(text: object) -> str:
    return text if isinstance(text, str) else ""


def _is_text(text: str) -> bool:
    # No store keeps half a surrogate pair.
    return bool(text.strip()) and not any("\ud800" <= char <= "\udfff" for char in text)


def answered(
    batch: TranslationBatch,
    response: HttpResponse,
    read: Callable[[Any], Sequence[object]],
    *,
    now: datetime | None = None,
) -> list[TranslationResult]:
    """Read an answer whole: its status, its JSON, its texts.

    Args:
        batch: What was asked.
        response: What came.
        read: Gives the texts of the JSON in the order of the batch, or raises `Unreadable`.
        now: As of `wait_of`.

    Returns:
        One `Ok` or `Failed` a text, in their order.
    """
    found = by_status(batch, response, now=now)
    if found is not None:
        return found
    try:
        return aligned(batch, read(read_json(response.body)))
    except Unreadable:
        return failed(batch, "malformed", code="unreadable")


def by_status(
    batch: TranslationBatch, response: HttpResponse, *, now: datetime | None = None
) -> list[TranslationResult] | None:
    """Give what the status of an answer says by itself.

    401 and 403 are `auth`, 402 and 456 `quota`, 408 `transient`, 413 and 414 `too_long`, 429
    `rate_limited`, other 4xx `rejected`, 5xx `transient`; what is neither they nor 200, such as
    a redirect to a login page, is `malformed`.

    Args:
        batch: What was asked.
        response: What came.
        now: As of `wait_of`.

    Returns:
        None for 200: the body has the word.
    """
    status = response.status
    if status == _OK:
        return None
    kind = _KINDS.get(status, "transient" if status >= _SERVER_FAILED else "rejected")
    if status < _REFUSED:
        kind = "malformed"
    wait = wait_of(response, now=now) if kind in {"rate_limited", "transient"} else None
    return failed(batch, kind, code=f"http.{status}", wait=wait)


def wait_of(response: HttpResponse, *, now: datetime | None = None) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).

    Args:
        response: What came.
        now: What a date is held against where the answer does not say its own.

    Returns:
        Seconds, 0 for a date that is past; None where it says nothing that can be read.
    """
    text = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _date(text)
    since = _date(response.headers.get("date", "")) or now
    return max(0.0, (until - since).total_seconds()) if until and since else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
