"""HTTP as plain values, so that backends are pure and no client's types are seen."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["HttpRequest", "HttpResponse"]


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen(kw_only=True)
class HttpRequest:
    """A request to send, or one that came in. Its repr shows method and host only."""

    method: str
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower, repr=False)
    """By lower-case name."""
    body: bytes = attrs.field(default=b"", repr=False)
    client: str = attrs.field(default="", repr=False)
    """Address of the caller, for a request that came in."""


@attrs.frozen(kw_only=True)
class HttpResponse:
    """A response that came, or one to give. Its repr shows the status only."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower, repr=False)
    """By lower-case name."""
    body: bytes = attrs.field(default=b"", repr=False)
