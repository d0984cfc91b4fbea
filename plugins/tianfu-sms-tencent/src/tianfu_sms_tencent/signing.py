"""TC3-HMAC-SHA256, version 3 of Tencent Cloud's signatures.

Source: cloud.tencent.com document/api/382/52072; `tencentcloud-sdk-python-common` 3.1.195
signs alike.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

__all__ = ["CONTENT_TYPE", "authorization"]

CONTENT_TYPE = "application/json"
_ALGORITHM = "TC3-HMAC-SHA256"
_SIGNED = "content-type;host"


def authorization(
    *,
    host: str,
    service: str,
    body: bytes,
    timestamp: int,
    secret_id: str,
    secret_key: str,
    content_type: str = CONTENT_TYPE,
) -> str:
    """Sign a request that is posted to `/`.

    Args:
        host: The header as it is sent.
        service: Such as `sms`.
        body: As it goes out, byte by byte.
        timestamp: Seconds since 1970; the scope has its day in UTC.
        secret_id: Named in the signature.
        secret_key: Signs.
        content_type: The header as it is sent.

    Returns:
        The header `authorization`.
    """
    lines = f"content-type:{content_type}\nhost:{host}\n"
    canonical = f"POST\n/\n\n{lines}\n{_SIGNED}\n{_hash(body)}"
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    text = f"{_ALGORITHM}\n{timestamp}\n{scope}\n{_hash(canonical.encode())}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{secret_id}/{scope}"
    return f"{_ALGORITHM} Credential={credential}, SignedHeaders={_SIGNED}, Signature={signature}"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
