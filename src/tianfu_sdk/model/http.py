"""HTTP as plain values, so that backends are pure and no client's types are seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import attrs

__all__ = ["LARGEST_CALLBACK", "HttpRequest", "HttpResponse", "address_of", "caller_of"]

LARGEST_CALLBACK = 1 << 20
"""Bytes of a vendor's call that are read; what has more is not looked at."""


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


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address of the internet protocol; one of IPv4 inside IPv6 is given as IPv4.

    Args:
        text: Such as `203.0.113.7`.

    Returns:
        None: it is none.
    """
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def caller_of(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """Tell who called, behind proxies of one's own.

    Anybody can write `X-Forwarded-For`: it is believed from its right end, and only as far as
    the proxies that are known wrote it.

    Args:
        peer: Address that the connection came from.
        forwarded: The header `X-Forwarded-For`; empty: none.
        proxies: Addresses and networks of the own proxies, such as `10.0.0.0/8`.

    Returns:
        The first address, from the right, that is none of them.

    Raises:
        ValueError: One of `proxies` is no address and no network.
    """
    own = [ip_network(one) for one in proxies]
    caller = peer
    for hop in [*reversed(forwarded.split(",")), ""]:
        address = address_of(caller)
        if not hop.strip() or not any(address is not None and address in one for one in own):
            break
        caller = hop.strip()
    return caller
