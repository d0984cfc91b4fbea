"""For authors of plugins: conformance suites, and what makes tests repeat exactly.

The suites are pytest classes; pytest is imported when one of them is asked for, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tianfu_sdk.testing.blobs import BlobsSuite
    from tianfu_sdk.testing.clock import CountingIds, FrozenClock
    from tianfu_sdk.testing.cmpp import CmppLoopback
    from tianfu_sdk.testing.keys import KeysSuite
    from tianfu_sdk.testing.loopback import Loopback
    from tianfu_sdk.testing.moving import MovingSuite
    from tianfu_sdk.testing.ready import hub
    from tianfu_sdk.testing.search import FollowerSuite, SearchSuite
    from tianfu_sdk.testing.sms import SmsGatewaySuite
    from tianfu_sdk.testing.storage import StorageSuite
    from tianfu_sdk.testing.translation import TranslatorFaultSuite, TranslatorSuite

__all__ = [
    "BlobsSuite",
    "CmppLoopback",
    "CountingIds",
    "FollowerSuite",
    "FrozenClock",
    "KeysSuite",
    "Loopback",
    "MovingSuite",
    "SearchSuite",
    "SmsGatewaySuite",
    "StorageSuite",
    "TranslatorFaultSuite",
    "TranslatorSuite",
    "hub",
]

_ROOMS = {
    "BlobsSuite": "tianfu_sdk.testing.blobs",
    "CmppLoopback": "tianfu_sdk.testing.cmpp",
    "CountingIds": "tianfu_sdk.testing.clock",
    "FollowerSuite": "tianfu_sdk.testing.search",
    "FrozenClock": "tianfu_sdk.testing.clock",
    "KeysSuite": "tianfu_sdk.testing.keys",
    "Loopback": "tianfu_sdk.testing.loopback",
    "MovingSuite": "tianfu_sdk.testing.moving",
    "SearchSuite": "tianfu_sdk.testing.search",
    "SmsGatewaySuite": "tianfu_sdk.testing.sms",
    "StorageSuite": "tianfu_sdk.testing.storage",
    "TranslatorFaultSuite": "tianfu_sdk.testing.translation",
    "TranslatorSuite": "tianfu_sdk.testing.translation",
    "hub": "tianfu_sdk.testing.ready",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found = getattr(importlib.import_module(_ROOMS[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
