"""What a list is narrowed by, checked: a slip is told, and not answered by an empty list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.storage import Group, Where
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.text import canonical_language

__all__ = ["demand_organization", "narrowed", "narrowed_page"]

N = TypeVar("N", bound=Noun)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def narrowed(
    work: Work,
    *,
    region: str | None = None,
    organization: str | None = None,
    topic: str | None = None,
    event_type: str | None = None,
    language: str | None = None,
) -> list[Where]:
    """Give the conditions of a list, one for each that is not None.

    Args:
        work: The open transaction.
        region: In this region or below it.
        organization: Of this organization or one below it, by id.
        topic: Code of the vocabulary `topic`.
        event_type: Code of the vocabulary `event_type`.
        language: A BCP 47 tag.

    Raises:
        NotFound: `region.unknown`, `organization.unknown`, `term.unknown`.
        Invalid: `text.bad_language`; `field.type`.
    """
    where: list[Where] = []
    if region is not None:
        demand_type(region, str, "region")
        where.append(Where(work.regions().level_of(region).value, "=", region))
    if organization is not None:
        demand_organization(work, organization, "organization")
        where.append(Where("org_path", "has", organization))
    if topic is not None:
        demand_term(work, "topic", topic, "topic")
        where.append(Where("topic", "has", topic))
    if event_type is not None:
        demand_term(work, "event_type", event_type, "event_type")
        where.append(Where("event_type", "=", event_type))
    if language is not None:
        where.append(Where("language", "=", canonical_language(language)))
    return where


def narrowed_page(
    read: Callable[[Callable[[Work], Page[N]]], Page[N]],
    shelf: NounKind[N],
    find: Callable[..., Page[N]],
    *,
    after: str | None,
    limit: int,
    own: Mapping[str, Any] = _NOTHING,
    more: Callable[[Work], Group] = lambda _: (),
    any_of: Callable[[Work], tuple[Group, ...] | None] = lambda _: None,
    order: str = "id",
    desc: bool = False,
    **narrow: str | None,
) -> Page[N]:
    """Find what an actor may read of one kind, narrowed by what `narrowed` knows, and more.

    Args:
        read: Of the desk: runs a function in a transaction that reads.
        shelf: The kind.
        find: The desk's method, which reads the next page.
        after: Cursor of a page.
        limit: Of a page, 1 to 1,000.
        own: What else that method takes, by name.
        more: Gives the conditions of that.
        any_of: Gives groups of which one must hold.
        order: Key by which it is ordered.
        desc: The last one first.
        **narrow: As `narrowed` takes it.

    Raises:
        NotFound: As `narrowed`.
        Invalid: As `narrowed`; `page.bad_cursor`, `storage.limit`.
    """
    return read(
        lambda work: work.page(
            shelf,
            where=(*narrowed(work, **narrow), *more(work)),
            any_of=any_of(work),
            order=order,
            desc=desc,
            after=after,
            limit=limit,
            again=lambda cursor: find(after=cursor, limit=limit, **own, **narrow),
        )
    )


def demand_organization(work: Work, id_: str, path: str) -> None:
    """Demand that there is an organization; raises `NotFound` (`organization.unknown`)."""
    demand_type(id_, str, path)
    try:
        work.placed(id_)
    except NotFound as error:
        if error.code == "organization.unknown":
            error.path = path
        raise
