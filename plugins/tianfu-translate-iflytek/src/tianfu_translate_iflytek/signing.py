"""How the vendor wants requests signed: HMAC-SHA256 over host, date, request line, digest."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime

from tianfu_sdk import Secret

__all__ = ["authorization", "date_of", "digest_of"]


def date_of(moment: datetime) -> str:
    """Write a time as the vendor reads it; it takes one that is at most five minutes off.

    Args:
        moment: Aware.

    Returns:
        Such as `Thu, 01 Jan 2026 08:30:00 GMT` (RFC 9110).
    """
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def digest_of(body: bytes) -> str:
    """Give the header `Digest` of a body, as it is sent byte by byte."""
    return f"SHA-256={b64encode(hashlib.sha256(body).digest()).decode()}"


def authorization(
    key: Secret, secret: Secret, *, host: str, date: str, line: str, digest: str = ""
) -> str:
    """Sign a request.

    Args:
        key: The APIKey.
        secret: The APISecret.
        host: Without a port.
        date: As it is sent.
        line: The request line, such as `POST /v2/its HTTP/1.1`, without a query.
        digest: Of the body; empty: the body is not signed.

    Returns:
        The text of `authorization`, not encoded.

    Source:
        The vendor's page on signatures, and its SDK (iFLYTEK-OP/websdk-java).
    """
    names, text = "host date request-line", f"host: {host}\ndate: {date}\n{line}"
    if digest:
        names, text = f"{names} digest", f"{text}\ndigest: {digest}"
    mac = hmac.new(secret.reveal().encode(), text.encode(), hashlib.sha256)
    signature = b64encode(mac.digest()).decode()
    return (
        f'api_key="{key.reveal()}", algorithm="hmac-sha256", headers="{names}",'
        f' signature="{signature}"'
    )
