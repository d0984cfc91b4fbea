"""What whoever asks may say, checked."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, datetime, time

import attrs

from tianfu_sdk.core.content.publishing import tags_of
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.search import SearchFilter
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.text import canonical_language

__all__ = [
    "Moment",
    "concerning",
    "demand_limit",
    "demand_text",
    "kinds_of",
    "languages_of",
    "within",
]

Moment = date | datetime | str
"""A day, which stands for its first moment in China; an aware time; or either in ISO 8601."""


def demand_text(text: str, longest: int, path: str) -> None:
    """Demand a text of characters that can be kept; raises `Invalid`."""
    demand_type(text, str, path)
    if len(text) > longest:
        raise Invalid("field.too_long", path=path, length=len(text), longest=longest)
    if not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text):
        raise Invalid("field.characters", path=path)


def demand_limit(limit: int, most: int) -> None:
    """Demand a number from 1 to `most`; raises `Invalid`."""
    demand_type(limit, int, "limit")
    if not 1 <= limit <= most:
        raise Invalid("storage.limit", path="limit", most=most)


def kinds_of(kinds: Sequence[str] | None) -> frozenset[str]:
    """Give the kinds that were asked for; raises `Invalid` (`ask.bad_kind`)."""
    if isinstance(kinds, str):
        raise Invalid("field.type", path="kinds", wanted="list", found="str")
    unknown = sorted(set(kinds or ()) - CONTENT.keys())
    if unknown:
        raise Invalid("ask.bad_kind", path="kinds", value=unknown[0])
    return frozenset(kinds or ())


def languages_of(language: str | Sequence[str] | None) -> tuple[str, ...]:
    """Give the languages that were asked for, in their order; raises `Invalid`."""
    given = (language,) if isinstance(language, str) else tuple(language or ())
    return tuple(dict.fromkeys(canonical_language(tag) for tag in given))


def within(only: SearchFilter, since: Moment | None, until: Moment | None) -> SearchFilter:
    """Narrow a filter to a time.

    Args:
        only: The filter.
        since: First moment of the time; None: from the beginning.
        until: First moment after it; None: without an end.

    Raises:
        Invalid: `ask.bad_time`, `field.type`, `field.naive_time`; `ask.backwards`, the time
            ends before it begins, or is empty.
    """
    first, past = _moment_of(since, "since"), _moment_of(until, "until")
    if first is not None and past is not None and past <= first:
        raise Invalid("ask.backwards", path="until", since=str(since), until=str(until))
    return attrs.evolve(only, since=first, until=past)


def concerning(work: Work, only: SearchFilter, region: str | None) -> SearchFilter:
    """Narrow a filter to what concerns a region; raises `NotFound` (`region.unknown`)."""
    if not region:
        return only
    return attrs.evolve(only, tags=tags_of(region, work.regions(), work.today))


def _moment_of(given: Moment | None, path: str) -> int | None:
    """Give the microseconds from 1970 to a moment."""
    moment = _read(given, path) if isinstance(given, str) else given
    if moment is None:
        return None
    if not isinstance(moment, date):
        raise Invalid("field.type", path=path, wanted="date", found=type(moment).__name__)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), SHANGHAI)
    if moment.tzinfo is None:
        raise Invalid("field.naive_time", path=path)
    return moment_key(moment)


def _read(text: str, path: str) -> date:
    for kind in (date, datetime):
        with contextlib.suppress(ValueError):
            return kind.fromisoformat(text.strip())
    raise Invalid("ask.bad_time", path=path, value=text[:40])
