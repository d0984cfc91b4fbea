"""What planning reads of a subscriber: a few short keys beside the document, and what they say.

A row of kind `reach` says the same as its subscriber's document, so that a plan for millions
reads narrow rows only. What most people share (language, consents, interests) is one text, the
shape: there are few different ones, so a decision is made once a shape.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from typing import Any

import attrs

from tianfu_sdk.core.places.regions import LEVELS
from tianfu_sdk.core.rows.keying import NEVER_DUE, moment_key
from tianfu_sdk.model.storage import LONGEST_KEY
from tianfu_sdk.model.subscriber import Subscriber

__all__ = ["Held", "Traits", "reach_keys", "shape_of", "traits_of"]


@attrs.frozen
class Held:
    """What a person last said to one purpose."""

    granted: bool
    topics: frozenset[str]
    """Only these; empty: all."""
    until: int
    """Moment key of its end; `NEVER_DUE`: it has none, or the row says it."""


@attrs.frozen
class Traits:
    """What a shape says."""

    language: str
    synthetic: bool
    consents: Mapping[str, Held]
    """By purpose."""
    topics: frozenset[str]
    settings: frozenset[str]


def shape_of(subscriber: Subscriber, longest: int | None = LONGEST_KEY) -> tuple[str, int]:
    """Write what planning asks of a subscriber.

    Args:
        subscriber: As its document has it.
        longest: Characters that the shape may have; None: any number.

    Returns:
        The shape, empty where it would be too long, so that the document is to be asked; and
        the moment key until which all that was consented to holds. Where purposes end at
        different moments those stand in the shape, and this is `NEVER_DUE`.
    """
    newest = {consent.purpose: consent for consent in subscriber.consents}
    ends = {c.purpose: moment_key(c.until) or NEVER_DUE for c in newest.values() if c.granted}
    common = len(set(ends.values())) == 1
    until = next(iter(ends.values())) if common else NEVER_DUE
    consents = []
    for purpose, consent in sorted(newest.items()):
        one: list[Any] = [purpose, int(consent.granted), sorted(consent.topics)]
        end = ends.get(purpose, NEVER_DUE)
        if not common and end != NEVER_DUE:
            one.append(end)
        consents.append(one)
    what = [
        subscriber.language,
        int(subscriber.synthetic),
        consents,
        sorted(subscriber.topics),
        sorted(subscriber.settings),
    ]
    shape = json.dumps(what, ensure_ascii=False, separators=(",", ":"))
    if longest is not None and len(shape) > longest:
        return "", NEVER_DUE
    return shape, until


def traits_of(shape: str) -> Traits:
    """Read a shape, which is not empty."""
    language, synthetic, consents, topics, settings = json.loads(shape)
    return Traits(
        language,
        bool(synthetic),
        {
            purpose: Held(bool(granted), frozenset(only), end[0] if end else NEVER_DUE)
            for purpose, granted, only, *end in consents
        },
        frozenset(topics),
        frozenset(settings),
    )


def reach_keys(subscriber: Subscriber, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Give the keys of a subscriber's narrow row.

    Args:
        subscriber: As its document has it.
        keys: Of the row of that document.
    """
    shape, until = shape_of(subscriber)
    taken = {name: keys[name] for name in ("phone_ix", "organization", *LEVELS)}
    return {**taken, "shape": shape, "until": until, "phone": _sealed(subscriber)}


def _sealed(subscriber: Subscriber) -> bytes:
    """Give the sealed phone as bytes; empty where it is too long: the document is to be asked."""
    try:
        sealed = binascii.a2b_base64(subscriber.phone.token)
    except ValueError:
        return b""
    return sealed if len(sealed) <= LONGEST_KEY else b""
