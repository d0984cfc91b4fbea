"""One message to one person: its states, what an answer means, and the words of refusal."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from datetime import timedelta

from tianfu_sdk.model.sms import ErrorClass, MessageState, SmsResult

__all__ = [
    "BILLED",
    "FINAL",
    "GIVEN_UP",
    "MOST_TRIES",
    "OPEN",
    "OPT_OUT_WORDS",
    "REFUSALS",
    "advance",
    "backoff",
    "is_opt_out",
    "meaning",
    "message_id",
    "provider_key",
    "state_of",
]

OPEN = (MessageState.QUEUED, MessageState.DEFERRED, MessageState.SENDING)
"""Somebody still has to do something for these."""
FINAL = frozenset(
    {MessageState.REJECTED, MessageState.DELIVERED, MessageState.FAILED}
    | {MessageState.EXPIRED, MessageState.DROPPED}
)
"""States that never go back."""
BILLED = frozenset(
    {MessageState.ACCEPTED, MessageState.UNKNOWN, MessageState.DELIVERED}
    | {MessageState.FAILED, MessageState.EXPIRED}
)
"""States in which the gateway took the message, or may have."""

OPT_OUT_WORDS = frozenset({"TD", "T", "R", "N", "QX", "退订", "退", "拒收", "STOP", "UNSUBSCRIBE"})
"""What a person answers who wants no more; compared whole, never within a sentence."""

REFUSALS = frozenset({"BLACK", "MBBLACK", "TDBLACK", "TSBLACK"})
"""Codes of receipts that gateways of the mainland give for a phone on a list of who refused:
its owner answered 退订, or complained to the ministry.

Source: support.huaweicloud.com api-msgsms sms_05_0051, as codes of suppliers' platforms and of
China Mobile; that others mean the same by the same words is our reading.
"""

GIVEN_UP = "given_up"
"""Why a message stays unknown: nobody found out in time. It is never sent again by itself."""

MOST_TRIES = 10
"""Attempts before a batch waits for a person, and a deferred message is given up."""

_AGAIN = frozenset({ErrorClass.RETRY_SAFE, ErrorClass.THROTTLED, ErrorClass.DEFERRED})
_FIRST = timedelta(seconds=2)
_LONGEST = timedelta(minutes=15)
_DOUBLINGS = 16
_LONGEST_PROVIDER_ID = 120


def is_opt_out(text: str, words: Collection[str] = OPT_OUT_WORDS) -> bool:
    """Tell whether an inbound text (上行) says: no more.

    Args:
        text: As it came; width, case and blanks around it do not matter.
        words: Upper case, NFKC.

    Source: 通信短信息服务管理规定 (stop on refusal); words as vendors document them.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    return plain.upper() in words


def meaning(code: str, refusals: Collection[str] = ()) -> ErrorClass | None:
    """Give what the code of a receipt means for us; None where nothing is known of it.

    Args:
        code: As it came.
        refusals: More codes by which this vendor says that the person refused.
    """
    refused = code.upper() in REFUSALS or code in refusals
    return ErrorClass.REFUSED_BY_PERSON if refused else None


def message_id(campaign: str, phone_ix: bytes) -> str:
    """Give the id of a message: a phone has at most one of a campaign.

    Args:
        campaign: Its id.
        phone_ix: Blind index of the phone, 16 bytes.
    """
    return f"{campaign}~{phone_ix.hex()}"


def provider_key(gateway: str, provider_id: str) -> str:
    """Give the key by which a gateway's own id of a message is found; empty for none."""
    if not provider_id:
        return ""
    if len(provider_id) > _LONGEST_PROVIDER_ID:
        provider_id = hashlib.sha256(provider_id.encode()).hexdigest()
    return f"{gateway[:64]}:{provider_id}"


def advance(state: MessageState, evidence: MessageState) -> MessageState:
    """Move a message by what a gateway said of it; a final state never goes back.

    Args:
        state: Where it stands.
        evidence: What the answer or receipt says; may be late, early or said twice.

    Returns:
        Where it stands then.
    """
    if state in FINAL:
        return state
    # "Nobody knows" is no evidence against what is known.
    known = state is MessageState.ACCEPTED
    return state if known and evidence not in FINAL else evidence


def state_of(result: SmsResult) -> MessageState:
    """Tell what a gateway's answer about one recipient means.

    Returns:
        `deferred` where it may be tried again; `unknown` where it may have gone out, which
        is never tried again.
    """
    if result.status == "unknown" or result.error is ErrorClass.AMBIGUOUS:
        return MessageState.UNKNOWN
    if result.status == "accepted":
        return MessageState.ACCEPTED
    if result.status == "deferred":
        return MessageState.DEFERRED
    if result.error in _AGAIN or result.error is ErrorClass.STOP_CHANNEL:
        return MessageState.DEFERRED
    return MessageState.REJECTED


def backoff(attempt: int, token: str, least: float | None = None) -> timedelta:
    """Give how long to wait before the next attempt: full jitter, doubling to 15 minutes.

    Args:
        attempt: 1 for the first failure.
        token: Random text, from which the jitter comes.
        least: Seconds that the gateway asked for.

    Returns:
        Between 0 and the ceiling of this attempt, on top of `least`.
    """
    share = int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "big") / 2**64
    ceiling = min(_LONGEST, _FIRST * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS))
    return timedelta(seconds=max(least or 0.0, 0.0)) + ceiling * share
