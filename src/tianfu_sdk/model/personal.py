"""What a store holds about one person, for that person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

__all__ = ["Erased", "PersonalData"]


@attrs.frozen(kw_only=True)
class PersonalData:
    """Everything about one subject, in plain; its repr shows nothing of it.

    Source:
        个人信息保护法 Art. 45: a person may consult and copy what is held about them.
    """

    subject: str
    """Random id, such as `sub_01…`."""
    kind: str
    """`subscriber`, `question`, `expert`, `contact_person`, `registration` or `account`."""
    at: datetime
    """When it was put together."""
    record: Mapping[str, Any] = attrs.field(repr=False)
    """The row itself as plain values, what was sealed included."""
    messages: Sequence[Mapping[str, Any]] = attrs.field(default=(), repr=False)
    """SMS by campaign: text, state, parts."""
    opt_outs: Sequence[Mapping[str, Any]] = attrs.field(default=(), repr=False)
    """What the phone refuses, and since when."""
    audit: Sequence[Mapping[str, Any]] = attrs.field(default=(), repr=False)
    """Who did what with it, oldest first; actors by random id."""
    events: Sequence[Mapping[str, Any]] = attrs.field(default=(), repr=False)
    """What was told of it, oldest first."""

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, ready for JSON; moments as ISO 8601."""
        return attrs.asdict(self) | {"at": self.at.isoformat()}


@attrs.frozen(kw_only=True)
class Erased:
    """That somebody was erased."""

    subject: str
    """Random id; it leads to nothing any more."""
    kind: str
    at: datetime
    scrubbed: bool
    """Whether the store's own files hold no byte of the key any more; False: such as in dead
    rows and logs of a server, which go by its own upkeep."""
