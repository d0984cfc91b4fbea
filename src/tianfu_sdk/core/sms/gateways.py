"""What a gateway can say and lets through, as a deployment uses it."""

from __future__ import annotations

import attrs

from tianfu_sdk.core.sms.hours import narrowed, window
from tianfu_sdk.model.sms import SmsCapabilities
from tianfu_sdk.settings import GatewaySettings

__all__ = ["tightened"]


def tightened(capabilities: SmsCapabilities, own: GatewaySettings | None) -> SmsCapabilities:
    """Give what a gateway lets through where the settings of a deployment allow less.

    Args:
        capabilities: As the gateway says.
        own: Of the deployment; None: nothing.

    Raises:
        Invalid: `sms.bad_window`; `sms.no_window`, no hour is left.
    """
    if own is None:
        return capabilities
    rules = capabilities.rules
    if own.longest_value:
        limits = [limit for limit in (rules.longest_value, own.longest_value) if limit]
        rules = attrs.evolve(rules, longest_value=min(limits))
    if own.links is False:
        rules = attrs.evolve(rules, links=False, links_in_values=False)
    longest = min(own.longest or capabilities.longest, capabilities.longest)
    windows = capabilities.windows
    if own.window_start is not None or own.window_end is not None:
        path = f"gateways.{capabilities.name}"
        hours = window(own.window_start or "00:00", own.window_end or "00:00", path)
        windows = narrowed(windows, hours)
    return attrs.evolve(capabilities, rules=rules, longest=longest, windows=windows)
