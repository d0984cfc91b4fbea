"""Subscriptions (订阅): what an organization wants to hear of as soon as it is published."""

from __future__ import annotations

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import both, each, region_code, unique
from tianfu_sdk.model.checks import text as text_

__all__ = ["Subscription"]


@attrs.frozen(kw_only=True)
class Subscription(Noun):
    """A stored search (订阅): what is published and fits it is told to its organization.

    It is of an organization and tells of no person; a person is a `Subscriber`.
    """

    name: str = attrs.field(metadata=text_(100, shortest=1))
    organization: str
    """Whose it is."""
    region: str = attrs.field(metadata=region_code)
    """Where its people are: what is nearer fits better."""
    text: str = attrs.field(default="", metadata=text_(2000))
    """Words that are looked for; empty: topics alone."""
    topics: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text_(64)), unique))
    """Codes of the vocabulary `topic`."""
    kinds: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Only these kinds of content, and of listings such as `service`; empty: all."""
    language: str = attrs.field(default="", metadata=text_(35))
    """That it must be readable in; empty: any."""
    audience: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Codes of the vocabulary `audience` that it is to be fit for."""
    media: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Forms of media that it had better have, such as `video`."""
    active: bool = True
    """False: nothing is looked for."""

    def _check(self) -> None:
        if not self.text.strip() and not self.topics:
            raise Invalid("subscription.empty", path="text")
