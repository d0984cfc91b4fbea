"""Records of the data files as fields of nouns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tianfu_sdk.model.base import Precision, Quantity, When
from tianfu_sdk.model.content import Measure, Role

__all__ = ["activity", "base", "news", "when"]

_SOURCE = "2020年11月一版报纸的报道（报名和期号不详），由项目用自己的话转述"


def when(record: Mapping[str, Any]) -> When:
    """Give a time as exact as the page gives it."""
    if record["precision"] == "recent" or record["start"] is None:
        return When.recent()
    first = date.fromisoformat(record["start"])
    return When.day(first, date.fromisoformat(record["end"]) if record["end"] else None)


def _quantity(record: Mapping[str, Any]) -> Quantity:
    return Quantity(record["value"], Precision.of(record["precision"], "precision"))


def _measures(record: Mapping[str, Any]) -> tuple[Measure, ...]:
    return tuple(
        Measure(what=q["what"], quantity=_quantity(q), unit=q.get("unit") or "")
        for q in record["quantities"]
        if q["what"] != "attendance"
    )


def _shared(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": record["title"],
        "body": record["body"],
        "region": record["region"],
        "licence": "CC-BY-4.0",
        "source": _SOURCE,
        "external_key": record["key"],
    }


def activity(record: Mapping[str, Any], ids: Mapping[str, str], owner: str) -> dict[str, Any]:
    """Give the fields of an activity.

    Args:
        record: Of the page.
        ids: Organization id by key.
        owner: Id of the organization that publishes it.
    """
    roles = tuple(
        Role(role=r["role"], organization=ids[r["organization"]], printed=r["printed"] or "")
        for r in record["roles"]
    )
    attendance = record["attendance"]
    return _shared(record) | {
        "organization": owner,
        "when": when(record["when"]),
        "place": record["place"] or "",
        "roles": roles,
        "attendance": _quantity(attendance) if attendance else None,
        "settings": tuple(record["settings"]),
        "topics": tuple(record["topics"]),
        "measures": _measures(record),
    }


def news(
    record: Mapping[str, Any], ids: Mapping[str, str], owner: str, about: str | None
) -> dict[str, Any]:
    """Give the fields of a news item; `about` is the id of its activity."""
    return _shared(record) | {
        "organization": owner,
        "when": when(record["when"]),
        "about": about,
        "byline": ids[record["byline"]] if record["byline"] else None,
        "place_region": record["place_region"],
        "measures": _measures(record),
    }


def base(record: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Give the fields of a base that the page names; it says nothing of its status."""
    return {
        "title": record["name"],
        "organization": owner,
        "region": record["region"],
        "kind": record["kind"],
        "body": record["note"],
        "source": _SOURCE,
        "licence": "CC-BY-4.0",
        "external_key": record["key"],
    }
