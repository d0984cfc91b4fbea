"""Erasures (删除): whose personal data were erased, by random id."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk.errors import Invalid

__all__ = ["Erasure"]

_SUBJECT = re.compile(r"[a-z]{2,10}_[0-9A-Za-z]{1,50}")


def _subject(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    # Held to the form of our own ids, so that no phone and no name is ever written there.
    if not isinstance(value, str) or not _SUBJECT.fullmatch(value):
        raise Invalid("erasures.bad_subject", path=attribute.name)


def _aware(_: Any, attribute: attrs.Attribute[Any], value: datetime) -> None:
    if value.tzinfo is None:
        raise Invalid("field.naive_time", path=attribute.name)


@attrs.frozen
class Erasure:
    """One subject whose personal data were erased.

    Source:
        个人信息保护法 Art. 47: erased data must not come back, not by a backup either.
    """

    subject: str = attrs.field(validator=_subject)
    """Random id, such as `sub_01…`; it tells nothing of the person."""
    at: datetime = attrs.field(validator=_aware)
    """When erasing was asked for."""
