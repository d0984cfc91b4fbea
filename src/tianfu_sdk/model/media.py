"""Media (媒体): bytes kept once by their SHA-256, and how content uses them."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.checks import at_least, matching, text

__all__ = ["Collected", "Media", "MediaForm", "MediaInfo"]


class MediaForm(Labelled):
    """The form of a medium."""

    ARTICLE = "article", "图文", "article"
    IMAGE = "image", "图片", "image"
    VIDEO = "video", "视频", "video"
    ANIMATION = "animation", "动画", "animation"
    AUDIO = "audio", "音频", "audio"
    DOCUMENT = "document", "文档", "document"


@attrs.frozen(kw_only=True)
class Media:
    """A medium as one content uses it."""

    sha256: str = attrs.field(metadata=matching(r"[0-9a-f]{64}", "media.bad_digest"))
    """Hex digest; finds the bytes."""
    form: MediaForm
    media_type: str = attrs.field(metadata=matching(r"[a-z]+/[a-z0-9.+-]+", "media.bad_type"))
    """Such as `image/png`, checked against the first bytes."""
    title: str = attrs.field(default="", metadata=text(200))
    alt: str = attrs.field(default="", metadata=text(1000))
    """What an image or animation shows, for those who do not see it."""
    transcript: str = attrs.field(default="", metadata=text(100_000))
    """What audio or video says, for those who do not hear it."""
    size: int = attrs.field(default=0, metadata=at_least(0))
    """Bytes."""
    seconds: float | None = attrs.field(default=None, metadata=at_least(0))
    """How long it plays."""


@attrs.frozen(kw_only=True)
class MediaInfo:
    """What `hub.media.add` learnt of a stream of bytes."""

    sha256: str
    size: int
    media_type: str
    form: MediaForm


@attrs.frozen(kw_only=True)
class Collected:
    """What one round of clearing away unused media did."""

    due: bool = True
    """False: a round was done not long ago, so this one did nothing."""
    kept: int = 0
    """Digests whose bytes are used, or were brought not long ago."""
    waiting: int = 0
    """Digests that nothing uses; they go if that is still so when the grace is over."""
    deleted: int = 0
    """Digests whose bytes were deleted."""
    lapsed: int = 0
    """Uploads whose grace is over: who made them no longer keeps their bytes by that alone."""
    torn: int = 0
    """Remains of uploads that were killed half-way."""
