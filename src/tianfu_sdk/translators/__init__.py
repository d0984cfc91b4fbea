"""What translation engines over HTTP have in common, for their authors; all of it is pure.

`HttpEngine` is the whole of an engine but the vendor's words. Those are read strictly: what does
not fit exactly is `Failed` for each text of the batch, in its order, so that no text is lost,
stands beside another's translation, or is None.
"""

from __future__ import annotations

from tianfu_sdk.gateways import Unreadable, list_of, read_json, text_of
from tianfu_sdk.translators.answers import aligned, answered, by_status, failed, wait_of
from tianfu_sdk.translators.checking import checked_codes, checked_pairs, checked_url, is_own
from tianfu_sdk.translators.engine import EngineSettings, HttpEngine, demand_pair, json_request

__all__ = [
    "EngineSettings",
    "HttpEngine",
    "Unreadable",
    "aligned",
    "answered",
    "by_status",
    "checked_codes",
    "checked_pairs",
    "checked_url",
    "demand_pair",
    "failed",
    "is_own",
    "json_request",
    "list_of",
    "read_json",
    "text_of",
    "wait_of",
]
