"""The desk of media: bytes in, checked, kept once."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from tianfu_sdk import codec
from tianfu_sdk.core.content.sniffing import form_of, sniff
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Denied, Invalid, NotFound, StorageBusy
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.media import Collected, Media, MediaForm, MediaInfo
from tianfu_sdk.services.content.collecting import Collecting
from tianfu_sdk.services.content.media_uses import firmly, hold_upload, is_readable, let_upload_go
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = ["MediaDesk"]

_HEAD = 4096
_TRIES = 3


class MediaDesk(Desk):
    """Take media in and hand them out. Safe to share between threads."""

    def add(
        self,
        source: bytes | BinaryIO | Path,
        *,
        media_type: str | None = None,
        size: int | None = None,
    ) -> MediaInfo:
        """Keep the bytes of a medium; the same bytes are kept once.

        They are read in pieces, so that memory does not grow with them, and are there whole or
        not at all. Use them in a content within a day: what nothing uses is cleared away.

        Args:
            source: Bytes, an open file, or a path.
            media_type: What it claims to be, such as `image/png`; None: what it looks like.
            size: How many bytes there are, where that is known, such as from a header: a
                stream that ends early keeps nothing.

        Returns:
            Digest, size, type and form, for `Media`.

        Raises:
            Denied: `grant.missing`, no grant to create content anywhere.
            Invalid: `media.empty`; `media.type_clash`, it is not what it claims;
                `media.bad_type`, what it claims is no media type; `media.unknown_type`,
                nothing is claimed and nothing is recognised; `media.torn`, not `size` bytes;
                `field.type`, a text for a path, or a stream of text.
            NotFound: `media.no_file`, the path names no file that can be read.
            StorageUnavailable: `media.nowhere`, a server was opened without a place for media.
            StorageFull: No room left; nothing was kept.
            StorageBusy: `media.clearing`, the same bytes are being cleared away right now.
        """
        self._read(_demand_creator)
        given: Any = source
        if not isinstance(given, bytes | Path) and not hasattr(given, "read"):
            # A text may be bytes or a path: refused rather than guessed.
            found = type(given).__name__
            raise Invalid("field.type", path="source", wanted="bytes, file or Path", found=found)
        if isinstance(source, Path):
            try:
                file = source.open("rb")
            except OSError as error:
                raise NotFound(
                    "media.no_file", path="source", name=source.name, why=error.strerror
                ) from None
            with file:
                return self._keep(file, media_type, size)
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        return self._keep(stream, media_type, size)

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them.

        Whoever may see a content that uses them may read them, so those of published content
        are for everybody; whoever added them may read them until they are used.

        Args:
            digest: SHA-256, hex.
            start: Bytes to skip.
            length: Bytes at most; None: to the end.

        Returns:
            A stream; close it.

        Raises:
            NotFound: `blob.unknown`, they are not kept, or not for this account to read.
            Invalid: `field.type`; `field.too_small`, below 0.
        """
        demand_type(digest, str, "digest")
        for name, value in (("start", start), ("length", 0 if length is None else length)):
            demand_type(value, int, name)
            if value < 0:
                raise Invalid("field.too_small", path=name, value=value, least=0)
        if not self._read(lambda work: is_readable(work, digest)):
            raise NotFound("blob.unknown", path="digest")
        return self._tools.blobs.open(digest, start, length)

    def use(
        self,
        info: MediaInfo,
        *,
        title: str = "",
        alt: str = "",
        transcript: str = "",
        seconds: float | None = None,
    ) -> Media:
        """Make the `Media` that a content holds, of what `add` gave."""
        return Media(
            sha256=info.sha256,
            form=info.form,
            media_type=info.media_type,
            title=title,
            alt=alt,
            transcript=transcript,
            size=info.size,
            seconds=seconds,
        )

    def collect(
        self, *, grace: timedelta = timedelta(days=1), every: timedelta | None = None
    ) -> Collected:
        """Clear away the bytes that nothing uses, and what torn uploads left; for the system.

        Never what a revision of a content uses, nor what was added less than a grace ago. What
        nothing uses is only marked at first, and deleted by a round that finds it so when the
        grace is over; `tianfu worker` does a round a day. How it is safe against uploads and
        publications at the same time stands in `tianfu_sdk.services.content.collecting`.

        Args:
            grace: How long bytes stay that nothing uses, a minute at least.
            every: Do nothing if a round began less than this ago; None: do one now.

        Returns:
            What was done.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Invalid: `field.too_small`, a grace below a minute.
        """
        return Collecting(self._tools, self._actor).collect(grace, every)

    def _keep(self, stream: BinaryIO, claimed: str | None, size: int | None) -> MediaInfo:
        seekable = getattr(stream, "seekable", None)
        begin = stream.tell() if seekable is not None and seekable() else None
        head = _head(stream)
        if not head:
            raise Invalid("media.empty", path="source")
        media_type, form = _type_of(head, claimed)
        for _ in range(_TRIES):
            counted = _Counted(head, stream, size)
            digest = self._tools.blobs.put(cast(BinaryIO, counted))
            if self._hold(digest):
                return MediaInfo(sha256=digest, size=counted.size, media_type=media_type, form=form)
            if begin is None:
                break
            head = b""
            stream.seek(begin)
        raise StorageBusy("media.clearing", path="source")

    def _hold(self, digest: str) -> bool:
        if not firmly(self._write, partial(hold_upload, digest=digest)):
            return False
        if self._tools.blobs.has(digest):
            return True
        # They were deleted between their last byte and our row.
        firmly(self._write, partial(let_upload_go, digest=digest))
        return False


class _Counted(io.RawIOBase):
    """A stream with its head put back, which counts what passes and knows when it is torn."""

    def __init__(self, head: bytes, rest: BinaryIO, size: int | None) -> None:
        super().__init__()
        self._head = head
        self._rest = rest
        self._wanted = size
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._head and size >= 0:
            piece, self._head = self._head[:size], self._head[size:]
        else:
            piece, self._head = self._head + _bytes(self._rest, size), b""
        self.size += len(piece)
        if self._wanted is not None and (
            self.size > self._wanted or (not piece and size != 0 and self.size < self._wanted)
        ):
            raise Invalid("media.torn", path="size", found=self.size, wanted=self._wanted)
        return piece


def _head(stream: BinaryIO) -> bytes:
    head = b""
    # A read may give less than was asked for, as those of a network do.
    while len(head) < _HEAD and (piece := _bytes(stream, _HEAD - len(head))):
        head += piece
    return head


def _bytes(stream: BinaryIO, size: int) -> bytes:
    piece: Any = stream.read(size)
    if not isinstance(piece, bytes):
        # A text file, or a stream that does not wait: its end would be taken too early.
        found = type(piece).__name__
        raise Invalid("field.type", path="source", wanted="a stream of bytes", found=found)
    return piece


def _type_of(head: bytes, claimed: str | None) -> tuple[str, MediaForm]:
    found = sniff(head)
    if found is None and claimed is None:
        raise Invalid("media.unknown_type", path="media_type")
    if claimed is not None and found is not None and not _agree(claimed, found):
        raise Invalid("media.type_clash", path="media_type", claimed=claimed, found=found)
    media_type = claimed or found or ""
    form = form_of(media_type, head)
    codec.check(Media(sha256="0" * 64, form=form, media_type=media_type))
    return media_type, form


def _agree(claimed: str, found: str) -> bool:
    return claimed == found or {claimed, found} in (
        {"audio/mp4", "video/mp4"},
        {"audio/ogg", "video/ogg"},
        {"audio/wav", "audio/x-wav"},
        {"text/plain", "text/html"},
        {"text/plain", "text/markdown"},
    )


def _demand_creator(work: Work) -> None:
    if work.actor.system:
        return
    for kind in CONTENT:
        if work.scope(Action.CREATE, kind):
            return
    raise Denied("grant.missing", action=Action.CREATE.value, kind="resource")
