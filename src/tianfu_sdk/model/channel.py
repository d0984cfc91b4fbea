"""Channels (科普频道): a language and a medium, filled by published content."""

from __future__ import annotations

from datetime import datetime

import attrs

from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import aware, each, language_tag, region_code, text

__all__ = ["Channel", "ChannelItem"]


@attrs.frozen(kw_only=True)
class Channel(Noun):
    """A stream of content in one language."""

    name: str = attrs.field(metadata=text(100, shortest=1))
    organization: str
    region: str = attrs.field(metadata=region_code)
    """Content for people of this region, and of those above it, appears."""
    language: str = attrs.field(metadata=language_tag)
    """Such as `bo` or `ii`; only this language appears."""
    kinds: tuple[str, ...] = ("resource", "activity", "notice", "news", "clarification")
    topics: tuple[str, ...] = attrs.field(default=(), metadata=each(text(64)))
    """Only these topics; empty: all."""


@attrs.frozen(kw_only=True)
class ChannelItem:
    """One content as a channel shows it."""

    kind: str
    id: str
    """Of the content, also where a translation of it is shown."""
    title: str
    body: str
    language: str
    """That title and body are said to be in."""
    translated: bool
    """It is an approved translation, not the original."""
    reviewed_by_native: bool | None = None
    """For a translation: whether a native reader reviewed it; None for an original."""
    disclaimer: str = ""
    """Said wherever the content is shown; in the original's language."""
    wrong_script: bool = False
    """It is said to be in Tibetan or Yi and is not written so."""
    published_at: datetime | None = attrs.field(default=None, metadata=aware)
    """When the original was published."""
