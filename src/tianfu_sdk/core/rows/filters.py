"""Conditions of the storage port, decided over one row in plain Python.

The memory store finds with them, and the permission rules ask them whether a noun in hand
lies within a scope that a store would have filtered by.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Group, Query

__all__ = ["allowed", "any_matches", "beyond", "matches", "sort_key"]

_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, members: value in members,
    "prefix": lambda value, beginning: value.startswith(beginning),
    "has": lambda members, value: value in members,
}


def matches(row_id: str, keys: Mapping[str, Any], group: Group) -> bool:
    """Tell whether all conditions of a group hold; an empty group always does.

    Args:
        row_id: What a condition on `id` is about.
        keys: Search keys of the row; multi-valued ones as sets.
        group: Conditions that fit the row's kind (`Kind.check_query`).

    Returns:
        True where none fails.

    Raises:
        Invalid: `storage.no_key`: a condition is about a key that the row has not.
    """
    # A loop: a generator would be a frame of its own for each row that is looked at.
    for where in group:  # noqa: SIM110
        if not _HOLDS[where.op](_value(row_id, keys, where.key), where.value):
            return False
    return True


def any_matches(row_id: str, keys: Mapping[str, Any], groups: tuple[Group, ...] | None) -> bool:
    """Tell whether at least one group holds.

    Args:
        row_id: As in `matches`.
        keys: As in `matches`.
        groups: None asks nothing; of no groups none can hold.

    Returns:
        True for None, False for an empty tuple.
    """
    return groups is None or any(matches(row_id, keys, group) for group in groups)


def allowed(row_id: str, keys: Mapping[str, Any], query: Query) -> bool:
    """Tell whether a row is one that a query is about: `where` AND `any_of` AND `scope`.

    Args:
        row_id: As in `matches`.
        keys: As in `matches`.
        query: Its order, `after` and `limit` do not count.

    Returns:
        True where all three hold.
    """
    return (
        matches(row_id, keys, query.where)
        and any_matches(row_id, keys, query.any_of)
        and any_matches(row_id, keys, query.scope)
    )


def sort_key(row_id: str, keys: Mapping[str, Any], order: str) -> tuple[Any, str]:
    """Give the place of a row in an order: the value of the order key, then the id.

    Python compares text by code point and bytes bytewise, as the port wants it.

    Args:
        row_id: As in `matches`.
        keys: As in `matches`.
        order: A scalar key or `id`.

    Returns:
        What `Query.after` takes of the last row seen.
    """
    return _value(row_id, keys, order), row_id


def beyond(place: tuple[Any, str], query: Query) -> bool:
    """Tell whether a place comes strictly after `query.after` in the query's direction.

    Args:
        place: Of `sort_key`.
        query: What is asked.

    Returns:
        True also where the query starts at the beginning.
    """
    if query.after is None:
        return True
    return place < query.after if query.desc else place > query.after


def _value(row_id: str, keys: Mapping[str, Any], name: str) -> Any:
    if name == "id":
        return row_id
    try:
        return keys[name]
    except KeyError:
        raise Invalid("storage.no_key", path=name, value=name) from None
