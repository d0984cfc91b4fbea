"""Saved audiences (受众分组) of science SMS."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import both, each, region_code, text, unique

__all__ = ["Segment"]


@attrs.frozen(kw_only=True)
class Segment(Noun):
    """A named audience: which subscribers, not who they are today.

    A campaign takes the definition as it stands when it is composed, and keeps it: what is
    changed here later changes no campaign. Who belongs to it is looked up when the campaign is
    planned, and again when it is sent.
    """

    name: str = attrs.field(metadata=text(100, shortest=1))
    organization: str
    """Whose segment it is."""
    region: str = attrs.field(metadata=region_code)
    """Root of the region subtree whose subscribers it is of."""
    languages: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Only people of these languages; empty: of all."""
    interests: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(64)), unique))
    """Only people who asked for one of these topics; empty: whatever they asked for."""
    settings: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(64)), unique))
    """Only people of one of these settings (科普六进 …); empty: of all."""
    members: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Only these subscribers, by id; empty: all that fit the rest."""
    retired: bool = False
    """No campaign is composed with it any more."""
