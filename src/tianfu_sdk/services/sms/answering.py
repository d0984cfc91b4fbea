"""What to answer a vendor's call, whatever became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from tianfu_sdk.errors import Denied, Invalid, PluginError, TianfuError, Unsupported
from tianfu_sdk.model.http import LARGEST_CALLBACK, HttpRequest, HttpResponse, address_of

__all__ = ["Networks", "answered", "demand_from", "networks_of"]

Networks = tuple[IPv4Network | IPv6Network, ...]

_log = logging.getLogger("tianfu_sdk.sms")

_FORGED, _UNREADABLE, _NO_SUCH, _TOO_LARGE, _BROKEN, _LATER = 403, 400, 404, 413, 500, 503
_STATUS = ((Denied, _FORGED), (Unsupported, _NO_SUCH), (Invalid, _UNREADABLE))
_UNKNOWN = frozenset({"plugin.unknown", "plugin.not_installed"})
_WAIT = "30"
"""Seconds after which a vendor may call again."""


def answered(request: HttpRequest, take: Callable[[], HttpResponse]) -> HttpResponse:
    """Take a call and say what to answer; an error becomes a status, and a line of the log.

    Args:
        request: As it came in.
        take: Takes it.
    """
    if len(request.body) > LARGEST_CALLBACK:
        return _without(_TOO_LARGE, "sms.callback_malformed")
    try:
        return take()
    except (TianfuError, PluginError) as error:
        return _without(_status(error), error.code)
    except Exception as error:  # noqa: BLE001 - a guest may raise anything, and quote the body
        return _without(_BROKEN, type(error).__name__)


def _status(error: TianfuError | PluginError) -> int:
    if isinstance(error, PluginError):
        # One that is broken is here again once it is mended; what nobody knows never was.
        return _NO_SUCH if error.code in _UNKNOWN else _LATER
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return _LATER if error.retryable else _BROKEN


def _without(status: int, why: str) -> HttpResponse:
    # No name and no address: whoever calls may have put anything in either.
    level = logging.ERROR if status >= _BROKEN else logging.INFO
    _log.log(level, "a callback was answered with %d: %s", status, why)
    return HttpResponse(status=status, headers={"retry-after": _WAIT} if status == _LATER else {})


def networks_of(texts: Iterable[str]) -> Networks:
    """Read addresses that a vendor calls from.

    Raises:
        Invalid: `field.value`, one of them is none.
    """
    try:
        return tuple(ip_network(one) for one in texts)
    except ValueError:
        raise Invalid("field.value", path="networks", value="-") from None


def demand_from(client: str, networks: Networks) -> None:
    """Demand that a call comes from one of some networks.

    Args:
        client: Address of the caller; empty: it is not known.
        networks: Empty: any.

    Raises:
        Denied: `sms.callback_elsewhere`.
    """
    caller = address_of(client)
    if networks and not any(caller is not None and caller in one for one in networks):
        raise Denied("sms.callback_elsewhere", path="client")
