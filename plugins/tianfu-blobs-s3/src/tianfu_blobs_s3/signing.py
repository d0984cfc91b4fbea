"""AWS Signature Version 4 of a request without a body, as S3 and what speaks like it want it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

__all__ = ["encoded", "encoded_path", "signed_headers"]

_EMPTY = hashlib.sha256(b"").hexdigest()


def signed_headers(
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    *,
    region: str,
    key_id: str,
    secret: str,
    token: str = "",
    now: datetime,
) -> dict[str, str]:
    """Give the headers that sign a request without a body.

    Args:
        method: Such as `GET`.
        host: As in the header `Host`, with the port where it is not the usual one.
        path: Not percent-encoded yet.
        query: Not percent-encoded yet.
        region: Such as `cn-north-1`.
        key_id: Of the credentials.
        secret: Of the credentials.
        token: Of temporary credentials; empty: they are not.
        now: This moment; the server refuses what is some minutes off.

    Returns:
        Headers to send, `host` included.

    Source:
        AWS, Signature Version 4 signing process; S3 encodes a path once, not twice.
    """
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    day = moment[:8]
    headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": moment}
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            method,
            encoded_path(path),
            encoded(query),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            _EMPTY,
        ]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{scope},"
        f" SignedHeaders={names}, Signature={signature}"
    )
    return headers


def encoded_path(path: str) -> str:
    """Give a path as it is signed and sent."""
    return quote(path, safe="/~")


def encoded(query: Mapping[str, str]) -> str:
    """Give a query as it is signed and sent: sorted, each name with a value."""
    return "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items())
    )
