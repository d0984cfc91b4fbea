"""What bytes look like, by their first ones."""

from __future__ import annotations

from tianfu_sdk.model.media import MediaForm

__all__ = ["form_of", "sniff"]

# Offset, signature, type. From the formats' own specifications.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x1f\x8b", "application/gzip"),
)
_RIFF = frozenset({"image/webp", "audio/wav", "video/x-msvideo"})
_ZIPPED = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"mimetypeapplication/epub+zip", "application/epub+zip"),
)


def sniff(head: bytes) -> str | None:
    """Tell the media type of bytes.

    Args:
        head: The first bytes; 4,096 are plenty.

    Returns:
        Such as `image/png`; None where nothing is recognised.
    """
    for offset, signature, media_type in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            if media_type in _RIFF and head[:4] != b"RIFF":
                continue
            return _inside_zip(head) if media_type == "application/zip" else media_type
    return _text(head)


def _inside_zip(head: bytes) -> str:
    for mark, media_type in _ZIPPED:
        if mark in head:
            return media_type
    return "application/zip"


def _text(head: bytes) -> str | None:
    if b"\0" in head:
        return None
    try:
        # The head may end inside a character.
        text = head.decode("utf-8", errors="strict" if len(head) < 4 else "ignore")  # noqa: PLR2004
    except UnicodeDecodeError:
        return None
    if len(text.encode()) < len(head) - 3:
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("<svg") or ("<svg" in start and start.startswith("<?xml")):
        return "image/svg+xml"
    if start.startswith(("<!doctype html", "<html")):
        return "text/html"
    return "text/plain"


def form_of(media_type: str, head: bytes = b"") -> MediaForm:
    """Tell the form of a media type; a GIF of several frames is an animation."""
    if media_type == "image/gif" and b"NETSCAPE2.0" in head:
        return MediaForm.ANIMATION
    family = media_type.partition("/")[0]
    return {
        "image": MediaForm.IMAGE,
        "video": MediaForm.VIDEO,
        "audio": MediaForm.AUDIO,
        "text": MediaForm.ARTICLE,
    }.get(family, MediaForm.DOCUMENT)
