"""What whoever asks may say, checked."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.text import canonical_language

__all__ = ["demand_limit", "demand_text", "kinds_of", "languages_of"]


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
