"""Signatures of version 1: HMAC-SHA256 over time and body."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from tianfu_sdk import Denied

__all__ = ["SIGNATURE", "TIMESTAMP", "WINDOW", "signed_headers", "verify"]

TIMESTAMP = "x-tianfu-timestamp"
SIGNATURE = "x-tianfu-signature"
WINDOW = 300
"""Seconds that the time of a signature may differ from ours, either way."""

_SECONDS = re.compile(r"[0-9]{1,11}")


def signed_headers(body: bytes, *, secret: str, now: datetime) -> dict[str, str]:
    """Sign a body.

    Args:
        body: As it goes out, byte by byte.
        secret: Shared with the other side.
        now: Aware.

    Returns:
        The two headers, by lower-case name.
    """
    seconds = str(int(now.timestamp()))
    return {TIMESTAMP: seconds, SIGNATURE: f"v1={_digest(seconds, body, secret)}"}


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> None:
    """Hold a signed body against its headers, in constant time.

    Args:
        headers: By lower-case name.
        body: As it came in, byte by byte.
        secret: Shared with the other side.
        now: Aware.

    Raises:
        Denied: `sms.callback_forged`; it was not signed with this secret, or too long ago.
    """
    seconds = headers.get(TIMESTAMP, "")
    if not _SECONDS.fullmatch(seconds) or abs(now.timestamp() - int(seconds)) > WINDOW:
        raise Denied("sms.callback_forged", path=TIMESTAMP)
    wanted = f"v1={_digest(seconds, body, secret)}".encode("ascii")
    # As bytes: compare_digest refuses texts that are not ASCII.
    if not hmac.compare_digest(headers.get(SIGNATURE, "").encode("utf-8", "replace"), wanted):
        raise Denied("sms.callback_forged", path=SIGNATURE)


def _digest(seconds: str, body: bytes, secret: str) -> str:
    signed = seconds.encode("ascii") + b"." + body
    return hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
