"""Clearing away the bytes of media that nothing uses, never those that something does.

Bytes lie outside of the store's transactions, so that "nothing uses them" and "they are
deleted" cannot be one step. Rows of the kind `media_use` make it safe against uploads and
publications at the same time, in any number of processes:

1. *Mark.* Bytes that are kept and that no row holds get a row that dooms them.
2. *Wait.* For a whole grace nothing happens to them; it is longer than any transaction, and
   than the moment between the last byte of an upload and its row.
3. *Look again.* In one transaction a doomed digest that something holds by now is spared;
   any other gets this round's token. This is the point of no return, so from here on nobody
   can begin to hold these bytes: they can be used only through a row that lets them be read,
   of which there is none, and an upload of the same bytes that finds a token keeps nothing
   and is made again.
4. *Delete* the bytes, and then the row.

An upload writes its row only after its bytes are kept, takes a doom without a token away in
the same transaction, and looks afterwards whether the bytes are still there. So whichever
comes first, the row of the upload or the token, the other one sees it: both write the doomed
digest's row, and a store lets only one of two such transactions pass.

A round that dies between 3 and 4 leaves its tokens; a later one takes them over after
`core.content.media.LEASE`. A round that was only suspended looks, before each deletion, whether the
token is still its own. What this cannot exclude is a process that is suspended for longer
than the lease between that look and the deletion itself, while the same bytes come in anew:
they would have to be brought once more.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import attrs

from tianfu_sdk.core.content import media
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import CONTENT, MARK, MEDIA_USE, REVISION, kind_of
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.media import Collected
from tianfu_sdk.model.storage import Group, KeyValue, Query, Row, Where
from tianfu_sdk.services.content.media_uses import firmly, is_held, settle_uses
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = ["Collecting"]

SHORTEST = timedelta(minutes=1)
"""Of a grace: longer than any transaction."""
_MANY = 500
_COUNTED = "media:counted"
_ROUND = "media:collected"


@attrs.frozen
class Collecting(Desk):
    """One round of clearing away; see `MediaDesk.collect`."""

    def collect(self, grace: timedelta, every: timedelta | None) -> Collected:
        """Do a round, or nothing if the last one is too young."""
        if not self._actor.system:
            raise Denied("account.required")
        if grace < SHORTEST:
            seconds = int(SHORTEST.total_seconds())
            raise Invalid(
                "field.too_small", path="grace", value=grace.total_seconds(), least=seconds
            )
        if not firmly(self._write, partial(_begins, every=every)):
            return Collected(due=False)
        self._count_uses()
        lapsed = self._lapse(grace)
        kept, waiting = self._mark()
        deleted = self._sweep(grace)
        torn = self._tools.blobs.tidy(grace)
        return Collected(
            kept=kept, waiting=max(0, waiting - deleted), deleted=deleted, lapsed=lapsed, torn=torn
        )

    # The rows must be complete before their absence means anything.

    def _count_uses(self) -> None:
        """Make sure that every revision there is has the rows of its media; once a store.

        A store that was written before there were such rows has contents without them.
        """
        if self._read(lambda work: bool(work.tx.get(MARK.name, [_COUNTED]))):
            return
        for kind in (*CONTENT, REVISION.name):
            after = None
            while True:
                page = self._read(partial(_page, kind=kind, after=after))
                if page:
                    ids = [row.id for row in page]
                    firmly(self._write, partial(_settle, kind=kind, ids=ids))
                if len(page) < _MANY:
                    break
                after = (page[-1].id, page[-1].id)
        firmly(self._write, partial(_set_mark, id_=_COUNTED, document=b"1"))

    def _lapse(self, grace: timedelta) -> int:
        """Let go of uploads that are older than the grace; gives how many."""
        lapsed = 0
        while True:
            done = firmly(self._write, partial(_forget_uploads, grace=grace))
            lapsed += done
            if done < _MANY:
                return lapsed

    def _mark(self) -> tuple[int, int]:
        """Doom what is kept and not held; gives how many are held, and how many doomed."""
        held = doomed = 0
        for digests in _chunks(self._tools.blobs.list()):
            found = self._read(partial(_unheld, digests=digests))
            if found:
                firmly(self._write, partial(_doom, digests=found))
            doomed += len(found)
            held += len(digests) - len(found)
        return held, doomed

    def _sweep(self, grace: timedelta) -> int:
        """Delete what was doomed for as long as the grace; gives how many."""
        token = self._tools.ids.token()
        deleted = 0
        after = None
        while rows := self._read(partial(_ripe, grace=grace, after=after)):
            after = (rows[-1].keys["at"], rows[-1].id)
            ids = [row.id for row in rows]
            sentence = partial(_sentence, ids=ids, grace=grace, token=token)
            deleted += self._delete(firmly(self._write, sentence), token)
        return deleted

    def _delete(self, digests: Sequence[str], token: str) -> int:
        gone: list[str] = []
        try:
            for digest in digests:
                if self._read(partial(_is_mine, digest=digest, token=token)):
                    self._tools.blobs.delete(digest)
                    gone.append(digest)
        finally:
            # What could not be deleted gets its place back, so that it may come in anew.
            firmly(self._write, partial(_close, digests=digests, gone=frozenset(gone), token=token))
        return len(gone)


def _begins(work: Work, every: timedelta | None) -> bool:
    rows = work.tx.get(MARK.name, [_ROUND])
    if every is not None and rows:
        last = datetime.fromisoformat((rows[0].doc or b"").decode())
        if last <= work.now < last + every:
            return False
    _set_mark(work, _ROUND, work.now.isoformat().encode())
    return True


def _set_mark(work: Work, id_: str, document: bytes) -> None:
    rows = work.tx.get(MARK.name, [id_])
    work.tx.put(MARK.name, [Row(id_, rows[0].version if rows else 0, document)])


def _chunks(digests: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(itertools.islice(digests, _MANY)):
        yield chunk


_Place = tuple[KeyValue, str] | None


def _page(
    work: Work,
    kind: str,
    after: _Place,
    *,
    where: Group = (),
    order: str = "id",
    any_of: tuple[Group, ...] | None = None,
) -> list[Row]:
    query = Query(where=where, any_of=any_of, order=order, after=after, limit=_MANY, fields="keys")
    return work.tx.find(kind, query)


def _unheld(work: Work, digests: Sequence[str]) -> list[str]:
    return [digest for digest in digests if not is_held(work, digest)]


def _settle(work: Work, kind: str, ids: Sequence[str]) -> None:
    """Write the rows of the media of contents, or of revisions beside them."""
    for row in work.tx.get(kind, ids):
        shelf = CONTENT.get(kind) or kind_of(str(row.keys["item"]))
        assert shelf is not None  # noqa: S101 - a revision is one of a content
        content: Content = work.noun(shelf, row)
        if content.media:
            _, placed = work.placed(content.organization, content.region)
            settle_uses(work, shelf.name, [(content, placed)], head=kind != REVISION.name)


def _forget_uploads(work: Work, grace: timedelta) -> int:
    over = Where("at", "<=", moment_key(work.now - grace))
    old = _page(
        work, MEDIA_USE.name, None, where=(Where("kind", "=", media.UPLOAD), over), order="at"
    )
    work.tx.delete(MEDIA_USE.name, [(row.id, row.version) for row in old])
    return len(old)


def _doom(work: Work, digests: Sequence[str]) -> None:
    ids = {media.doom_id(digest): digest for digest in digests}
    known = {row.id for row in work.tx.get(MEDIA_USE.name, list(ids))}
    rows = [
        Row(id_, 0, None, media.doom_keys(digest, "", now=work.now))
        for id_, digest in ids.items()
        if id_ not in known and not is_held(work, digest)
    ]
    work.tx.put(MEDIA_USE.name, rows)


def _ripe(work: Work, grace: timedelta, after: _Place) -> list[Row]:
    doomed = (Where("kind", "=", media.DOOMED),)
    waited = (Where("state", "=", ""), Where("at", "<=", moment_key(work.now - grace)))
    orphaned = (Where("state", "!=", ""), Where("at", "<=", moment_key(work.now - media.LEASE)))
    either = (waited, orphaned)
    return _page(work, MEDIA_USE.name, after, where=doomed, order="at", any_of=either)


def _sentence(work: Work, ids: Sequence[str], grace: timedelta, token: str) -> list[str]:
    """Look again at doomed digests: spare those that are held; gives those to be deleted."""
    ripe = moment_key(work.now - grace), moment_key(work.now - media.LEASE)
    spared, sentenced = [], []
    for row in work.tx.get(MEDIA_USE.name, ids):
        digest = str(row.keys["digest"])
        if is_held(work, digest):
            spared.append((row.id, row.version))
        elif int(row.keys["at"]) <= ripe[bool(row.keys["state"])]:
            keys = media.doom_keys(digest, token, now=work.now)
            sentenced.append(Row(row.id, row.version, None, keys))
    work.tx.delete(MEDIA_USE.name, spared)
    work.tx.put(MEDIA_USE.name, sentenced)
    return [str(row.keys["digest"]) for row in sentenced]


def _is_mine(work: Work, digest: str, token: str) -> bool:
    rows = work.tx.get(MEDIA_USE.name, [media.doom_id(digest)])
    return bool(rows) and rows[0].keys["state"] == token


def _close(work: Work, digests: Sequence[str], gone: frozenset[str], token: str) -> None:
    rows = work.tx.get(MEDIA_USE.name, [media.doom_id(digest) for digest in digests])
    mine = [row for row in rows if row.keys["state"] == token]
    work.tx.delete(
        MEDIA_USE.name, [(row.id, row.version) for row in mine if row.keys["digest"] in gone]
    )
    rest = [row.but(state="") for row in mine if row.keys["digest"] not in gone]
    work.tx.put(MEDIA_USE.name, rest)
    if gone:
        work.record("media.deleted", kind="media", subject="unused", data={"count": len(gone)})
