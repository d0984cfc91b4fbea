"""Keys of callers for one sending: said again, it gives the first result."""

from __future__ import annotations

import hashlib
import json

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import CAMPAIGN
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.services.desk.work import Work

__all__ = ["first_of"]

_CONTENT = (
    *("organization", "region", "whole_region", "texts", "signature", "topic", "purpose"),
    *("settings", "languages", "interests", "members", "segment", "segment_version", "group"),
    *("content", "gateway", "route", "fallback", "fallback_order", "templates", "emergency"),
)


def first_of(work: Work, campaign: Campaign, key: str) -> Campaign:
    """Give the campaign that was sent under a key first: this one, if none was.

    Raises:
        Conflict: `sms.key_taken`, other content was sent under it.
    """
    name = f"send.{campaign.organization}"
    mine = _digest(campaign)
    owner = work.owner_of(CAMPAIGN.name, name, key)
    if owner is None:
        work.claim_unique(CAMPAIGN.name, name, key, f"{campaign.id} {mine}")
        return campaign
    first, _, digest = owner.partition(" ")
    if digest != mine:
        raise Conflict("sms.key_taken", path="key", id=first)
    return campaign if first == campaign.id else work.noun(CAMPAIGN, work.visible(CAMPAIGN, first))


def _digest(campaign: Campaign) -> str:
    plain = codec.to_plain(campaign)
    content = {name: plain.get(name) for name in _CONTENT}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
