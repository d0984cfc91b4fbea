"""Who may read the bytes of a medium: by a content that uses them, or by having brought them.

Bytes have no rights of their own. Each revision of a content that uses a digest has a narrow
row of the kind `media_use`, with the keys that the rights to its content are decided by; so
the conditions that lists of content are filtered by decide over bytes as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tianfu_sdk.core.rows.keying import NEVER, Placed, day_key, moment_key, place_keys, unique_id
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.storage import Group, Where

__all__ = [
    "DOOMED",
    "LEASE",
    "UPLOAD",
    "digests_of",
    "doom_id",
    "doom_keys",
    "readable",
    "upload_id",
    "upload_keys",
    "use_id",
    "use_keys",
]

UPLOAD = "upload"
"""The `kind` of a row that says who brought bytes; its `item` is the account."""
DOOMED = "doomed"
"""The `kind` of a row that says that nothing uses bytes; it lets nobody read them. Its `state`
is empty while the grace runs, then the token of the round that deletes the bytes."""
LEASE = timedelta(minutes=10)
"""After this long another round takes over what a round that died had begun to delete."""


def digests_of(content: Content) -> tuple[str, ...]:
    """Give the digests that a revision uses, each once."""
    return tuple(dict.fromkeys(medium.sha256 for medium in content.media))


def use_id(content: Content, digest: str) -> str:
    """Give the id of the row by which a revision uses bytes."""
    return unique_id("media_use", content.id, str(content.revision), digest)


def use_keys(
    kind: str, content: Content, digest: str, placed: Placed, *, head: bool, now: datetime
) -> dict[str, Any]:
    """Give the keys of the row by which a revision uses bytes.

    Args:
        kind: Of the content.
        content: The revision.
        digest: Of the bytes.
        placed: Where the content belongs.
        head: Whether it is the revision that the content's own row holds. Publication shows
            that one only; all others are for those who have a grant to read.
        now: This moment.

    Returns:
        Keys of the kind `media_use`.
    """
    return place_keys(content.organization, placed) | {
        "digest": digest,
        "kind": kind,
        "item": content.id,
        "state": content.state.value if head else "",
        "expires": day_key(content.expires_on),
        "at": moment_key(now),
    }


def upload_id(account: str, digest: str) -> str:
    """Give the id of the row that says that an account brought bytes."""
    return unique_id("media_use", UPLOAD, account, digest)


def upload_keys(account: str, digest: str, *, now: datetime) -> dict[str, Any]:
    """Give the keys of the row that says that an account brought bytes.

    Args:
        account: Id of the account, or `system`.
        digest: Of the bytes.
        now: This moment.
    """
    return _keys(digest, UPLOAD, account, "", now)


def doom_id(digest: str) -> str:
    """Give the id of the row that says that nothing uses bytes."""
    return unique_id("media_use", DOOMED, digest)


def doom_keys(digest: str, token: str, *, now: datetime) -> dict[str, Any]:
    """Give the keys of the row that says that nothing uses bytes.

    Args:
        digest: Of the bytes.
        token: Of the round that is about to delete them; empty: the grace still runs.
        now: This moment.
    """
    return _keys(digest, DOOMED, "", token, now)


def _keys(digest: str, kind: str, item: str, state: str, now: datetime) -> dict[str, Any]:
    return place_keys("", Placed()) | {
        "digest": digest,
        "kind": kind,
        "item": item,
        "state": state,
        "expires": NEVER,
        "at": moment_key(now),
    }


def readable(scopes: Mapping[str, tuple[Group, ...]], account: str) -> tuple[Group, ...]:
    """Give the conditions under which a row of `media_use` opens its bytes.

    Args:
        scopes: By kind of content, what the reader may read (`core.policy.scope`).
        account: Id of the reader's account; empty: nobody.

    Returns:
        Groups joined by OR: a content that the reader may see uses the bytes, or the reader
        brought them. Kinds with the same rights share a group.
    """
    kinds: dict[Group, list[str]] = {}
    for kind, groups in scopes.items():
        for group in groups:
            kinds.setdefault(group, []).append(kind)
    found = [
        (Where("kind", "=", of[0]) if len(of) == 1 else Where("kind", "in", tuple(of)), *group)
        for group, of in kinds.items()
    ]
    if account:
        found.append((Where("kind", "=", UPLOAD), Where("item", "=", account)))
    return tuple(found)
