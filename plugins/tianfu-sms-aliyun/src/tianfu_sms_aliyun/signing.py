"""ACS3-HMAC-SHA256, version 3 of Alibaba Cloud's signatures.

Source: help.aliyun.com document_detail/2593177; `alibabacloud-tea-openapi` 0.4.6 signs alike.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

__all__ = ["ALGORITHM", "authorization", "canonical_query", "digest"]

ALGORITHM = "ACS3-HMAC-SHA256"


def canonical_query(query: Mapping[str, str]) -> str:
    """Write a query as it is signed, and as it goes out: sorted, a blank as %20."""
    return "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in sorted(query))


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def digest(body: bytes) -> str:
    """Give the value of `x-acs-content-sha256`."""
    return hashlib.sha256(body).hexdigest()


def authorization(
    *,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    access_key_id: str,
    access_key_secret: str,
) -> str:
    """Sign a request.

    Args:
        method: Upper case.
        path: Such as `/`.
        query: As `canonical_query` writes it.
        headers: All that are to be signed, by lower-case name; `x-acs-content-sha256` among
            them covers the body.
        access_key_id: Named in the signature.
        access_key_secret: Signs.

    Returns:
        The header `authorization`.
    """
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    signed = ";".join(names)
    payload = headers["x-acs-content-sha256"]
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{payload}"
    text = f"{ALGORITHM}\n{digest(canonical.encode())}"
    signature = hmac.new(access_key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={access_key_id},SignedHeaders={signed},Signature={signature}"
