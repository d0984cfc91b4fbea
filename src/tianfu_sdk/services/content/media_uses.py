"""What holds on to the bytes of media, within a transaction: uses, uploads, and who may read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from tianfu_sdk.core.content import media
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import CONTENT, MEDIA_USE
from tianfu_sdk.errors import Conflict, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "demand_readable",
    "firmly",
    "forget_dropped",
    "hold_upload",
    "is_held",
    "is_readable",
    "let_upload_go",
    "settle_uses",
]

T = TypeVar("T")

_TRIES = 5
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HELD = (Where("kind", "!=", media.DOOMED),)


def firmly(write: Callable[[Callable[[Work], T]], T], fn: Callable[[Work], T]) -> T:
    """Write, and look again where another was quicker at the rows of the same bytes.

    Args:
        write: `Desk._write`.
        fn: Reads what it decides by in the same transaction.

    Raises:
        Conflict: `storage.version`, others were quicker several times in a row.
    """
    for _ in range(_TRIES - 1):
        try:
            return write(fn)
        except Conflict:
            continue
    return write(fn)


def is_readable(work: Work, digest: str) -> bool:
    """Tell whether the actor may read bytes: by one scoped read, as lists are filtered."""
    if not _DIGEST.fullmatch(digest):
        return False
    query = Query(where=(Where("digest", "=", digest), *_HELD), limit=1, fields="keys")
    return bool(work.rows(MEDIA_USE.name, query, _scope(work)))


def _scope(work: Work) -> tuple[Group, ...] | None:
    if work.actor.system:
        return None
    scopes = {kind: work.scope(Action.READ, kind) or () for kind in CONTENT}
    return media.readable(scopes, work.actor.account or "")


def hold_upload(work: Work, digest: str) -> bool:
    """Note that the actor brought bytes, which keeps them until something uses them.

    Returns:
        False: the same bytes are being deleted in this moment, so they must be brought again.
    """
    doomed = work.tx.get(MEDIA_USE.name, [media.doom_id(digest)])
    if doomed and doomed[0].keys["state"]:
        return False
    work.tx.delete(MEDIA_USE.name, [(row.id, row.version) for row in doomed])
    id_ = media.upload_id(work.actor.name, digest)
    keys = media.upload_keys(work.actor.name, digest, now=work.now)
    rows = work.tx.get(MEDIA_USE.name, [id_])
    work.tx.put(MEDIA_USE.name, [Row(id_, rows[0].version if rows else 0, None, keys)])
    home = "" if work.actor.system else work.account.organization
    work.record("media.added", kind="media", subject=digest, organization=home)
    return True


def let_upload_go(work: Work, digest: str) -> None:
    """Take back what `hold_upload` noted."""
    rows = work.tx.get(MEDIA_USE.name, [media.upload_id(work.actor.name, digest)])
    work.tx.delete(MEDIA_USE.name, [(row.id, row.version) for row in rows])


def is_held(work: Work, digest: str) -> bool:
    """Tell whether anything holds on to bytes: a revision that uses them, or an upload."""
    query = Query(where=(Where("digest", "=", digest), *_HELD), limit=1, fields="keys")
    return bool(work.tx.find(MEDIA_USE.name, query))


def demand_readable(work: Work, content: Content, known: Iterable[str] = ()) -> None:
    """Demand that the actor may read the bytes of all media that a content names.

    Without this, whoever knows a digest could put it into a draft of their own and read
    the bytes through that.

    Args:
        work: The transaction.
        content: As it is to be stored.
        known: Digests that the content named before.

    Raises:
        NotFound: `blob.unknown`, as for a digest that is not kept; the path names it.
    """
    fine = set(known)
    for place, medium in enumerate(content.media):
        if medium.sha256 not in fine and not is_readable(work, medium.sha256):
            raise NotFound("blob.unknown", path=f"media[{place}].sha256")
        fine.add(medium.sha256)


def settle_uses(
    work: Work, kind: str, revisions: Iterable[tuple[Content, Placed]], *, head: bool
) -> None:
    """Let the rows of bytes say what revisions say, which were stored in this transaction.

    Args:
        work: The transaction.
        kind: Of the contents.
        revisions: Each with its place.
        head: Whether they are what the contents' own rows hold.
    """
    wanted = {
        media.use_id(content, digest): media.use_keys(
            kind, content, digest, placed, head=head, now=work.now
        )
        for content, placed in revisions
        for digest in media.digests_of(content)
    }
    if not wanted:
        return
    known = {row.id: row for row in work.tx.get(MEDIA_USE.name, list(wanted))}
    rows = []
    for id_, keys in wanted.items():
        row = known.get(id_)
        if row is None:
            rows.append(Row(id_, 0, None, keys))
        elif dict(row.keys) != keys | {"at": row.keys["at"]}:
            rows.append(Row(id_, row.version, None, keys))
    work.tx.put(MEDIA_USE.name, rows)


def forget_dropped(work: Work, before: Content, after: Content) -> None:
    """Let go of the bytes that a revision used before it was edited in place, and no more."""
    dropped = set(media.digests_of(before)) - set(media.digests_of(after))
    if dropped and before.revision == after.revision:
        ids = [media.use_id(before, digest) for digest in sorted(dropped)]
        rows = work.tx.get(MEDIA_USE.name, ids)
        work.tx.delete(MEDIA_USE.name, [(row.id, row.version) for row in rows])
