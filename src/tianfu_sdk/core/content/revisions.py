"""What a caller may say of a content, and how one revision follows another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.lifecycle import BOOKKEEPING, stale, steps
from tianfu_sdk.core.rows.keying import NEVER_DUE, moment_key
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import Base, Content, State
from tianfu_sdk.model.listing import Listing
from tianfu_sdk.text import canonical_language

__all__ = [
    "changed",
    "demand_open",
    "made",
    "revision_id",
    "revision_keys",
    "ripe",
    "taken_over",
]

T = TypeVar("T", bound=Content)

_CLOSED = frozenset({State.RETRACTED, State.ARCHIVED})
_FIXED = frozenset({"organization", "region", "external_key"})
"""Fields that say which content it is."""
_DEALT = ("progress", "closed", "taken", "agreed", "concluded")
_EVALUATED = ("status", "evaluation", "rectify_until")


def made(noun: type[T], fields: Mapping[str, Any], *, id_: str, person: str, region: str) -> T:
    """Make a new content of what a caller says.

    Args:
        noun: What is made.
        fields: By name.
        id_: Of the content.
        person: Who makes it; empty for the system.
        region: Where it belongs if the fields do not say.

    Raises:
        Invalid: `content.kept`, only verbs set this field; with the path of the field.
    """
    _refuse_kept(fields)
    given = dict(fields)
    if region and not given.get("region"):
        given["region"] = region
    given |= {"id": id_, "author": person, "writers": (person,) if person else ()}
    return _canonical(codec.structure(noun, given))


def changed(base: T, changes: Mapping[str, Any]) -> T:
    """Give a content with fields changed as a caller says.

    Args:
        base: The revision that is edited.
        changes: Fields by name.

    Raises:
        Invalid: `content.kept`, only verbs set this field; `content.fixed`, it says which
            content it is; with the path of the field.
    """
    _refuse_kept(changes)
    fixed = _FIXED & changes.keys()
    if fixed:
        raise Invalid("content.fixed", path=min(fixed))
    plain = {field.name: getattr(base, field.name) for field in attrs.fields(type(base))}
    return _canonical(codec.structure(type(base), plain | dict(changes)))


def _refuse_kept(fields: Iterable[str]) -> None:
    kept = sorted(BOOKKEEPING & set(fields))
    if kept:
        raise Invalid("content.kept", path=kept[0])


def _canonical(content: T) -> T:
    # `bo-CN` and `bo` are one language: `ask`, channels and translations compare the tags.
    language = canonical_language(content.language)
    return content if language == content.language else attrs.evolve(content, language=language)


def demand_open(head: Content, verb: str) -> None:
    """Demand that a content was not put away for good.

    A revision that was in work when its content was retracted must not bring it back.

    Raises:
        Invalid: `lifecycle.illegal`.
    """
    if head.state in _CLOSED:
        raise illegal(head.state, verb, steps(head.state))


def ripe(content: Content, now: datetime) -> bool:
    """Tell whether the moment of a scheduled content has come, and it has not expired."""
    at = content.publish_at
    return at is not None and at <= now and not stale(content, now.astimezone(SHANGHAI).date())


def taken_over(head: T, moved: T) -> T:
    """Give a published revision as it takes the place of the one that readers saw so far.

    Args:
        head: The content as readers see it.
        moved: The new revision, published.
    """
    # A draft that was begun after this revision was scheduled stays the one in work.
    pending = head.pending if head.pending != moved.revision else 0
    taken = attrs.evolve(moved, version=head.version, created_at=head.created_at, pending=pending)
    if isinstance(taken, Listing) and isinstance(head, Listing):
        # What two sides have come to meanwhile is no matter of the text.
        kept = {name: getattr(head, name) for name in _DEALT}
        taken = attrs.evolve(taken, **kept)
    if isinstance(taken, Base) and isinstance(head, Base) and taken.evaluation != head.evaluation:
        # It was written before the evaluation was decided.
        kept = {name: getattr(head, name) for name in _EVALUATED}
        taken = attrs.evolve(taken, **kept)
    return taken


def revision_id(item: str, number: int) -> str:
    """Give the id of the row that keeps a revision beside its content."""
    return f"{item}~{number:05d}"


def revision_keys(content: Content) -> dict[str, Any]:
    """Give the keys of that row."""
    due = content.publish_at if content.state is State.SCHEDULED else None
    return {
        "item": content.id,
        "number": content.revision,
        "due": moment_key(due) if due else NEVER_DUE,
    }
