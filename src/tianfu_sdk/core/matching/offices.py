"""Which experts are in office, as a condition on their keys; `Expert.serves_on` says it of one."""

from __future__ import annotations

from datetime import date

from tianfu_sdk.core.rows.keying import day_key
from tianfu_sdk.model.listing import ExpertState
from tianfu_sdk.model.storage import Group, Where

__all__ = ["in_office"]


def in_office(day: date) -> Group:
    """Give what holds of experts whose profile is public and who are in office on a day."""
    return (
        Where("state", "=", ExpertState.PUBLISHED.value),
        Where("since", "<=", day_key(day)),
        Where("until", ">=", day_key(day)),
    )
