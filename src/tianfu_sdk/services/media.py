"""The desk of media: bytes in, checked, kept once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, cast

from tianfu_sdk import codec
from tianfu_sdk.core.kinds import CONTENT
from tianfu_sdk.core.sniffing import form_of, sniff
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.media import Media, MediaInfo
from tianfu_sdk.services.media_uses import hold_upload, is_readable
from tianfu_sdk.services.work import Desk, Work

__all__ = ["MediaDesk"]

_HEAD = 4096


class MediaDesk(Desk):
    """Take media in and hand them out. Safe to share between threads."""

    def add(self, source: bytes | BinaryIO | Path, *, media_type: str | None = None) -> MediaInfo:
        """Keep the bytes of a medium; the same bytes are kept once.

        Args:
            source: Bytes, an open file, or a path.
            media_type: What it claims to be, such as `image/png`; None: what it looks like.

        Returns:
            Digest, size, type and form, for `Media`.

        Raises:
            Denied: `grant.missing`, no grant to create content anywhere.
            Invalid: `media.empty`; `media.type_clash`, it is not what it claims;
                `media.bad_type`, what it claims is no media type; `media.unknown_type`,
                nothing is claimed and nothing is recognised; `field.type`, a text for a path.
            NotFound: `media.no_file`, the path names no file that can be read.
            StorageFull: No room left; nothing was kept.
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
                return self._keep(file, media_type)
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        return self._keep(stream, media_type)

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

    def _keep(self, stream: BinaryIO, claimed: str | None) -> MediaInfo:
        head = stream.read(_HEAD)
        if not head:
            raise Invalid("media.empty", path="source")
        found = sniff(head)
        if found is None and claimed is None:
            raise Invalid("media.unknown_type", path="media_type")
        if claimed is not None and found is not None and not _agree(claimed, found):
            raise Invalid("media.type_clash", path="media_type", claimed=claimed, found=found)
        media_type = claimed or found or ""
        form = form_of(media_type, head)
        codec.check(Media(sha256="0" * 64, form=form, media_type=media_type))
        counted = _Counted(head, stream)
        digest = self._tools.blobs.put(cast(BinaryIO, counted))
        self._write(lambda work: hold_upload(work, digest))
        return MediaInfo(
            sha256=digest,
            size=counted.size,
            media_type=media_type,
            form=form,
        )


class _Counted(io.RawIOBase):
    """A stream with its head put back, which counts what passes."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            piece, self._head = (
                (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
            )
            if size < 0:
                piece += self._rest.read()
        else:
            piece = self._rest.read(size)
        self.size += len(piece)
        return piece


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
