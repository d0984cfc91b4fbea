"""What was done to a whole store: backups and their way back."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.event import Finding

__all__ = ["BackedUp", "MediaCopy", "Restored"]


@attrs.frozen(kw_only=True)
class MediaCopy:
    """What became of the media of a copy."""

    copied: int = 0
    """Media that are new in the copy."""
    size: int = 0
    """Bytes of these."""
    there: int = 0
    """Media that were in the copy already."""
    damaged: tuple[str, ...] = ()
    """Digests of media whose bytes are others; they were left out."""
    skipped: bool = False
    """Media are kept elsewhere, or were not asked for; nothing was copied."""


@attrs.frozen(kw_only=True)
class BackedUp:
    """A backup that was made."""

    file: str
    size: int
    """Bytes of the file."""
    media: MediaCopy
    folder: str = ""
    """Where the media are; empty where none were copied."""
    erasures: str = ""
    """Where the erasure log is, which is not in it; empty where there is none."""


@attrs.frozen(kw_only=True)
class Restored:
    """A backup that was put back."""

    file: str
    media: MediaCopy
    erased: int
    """Subjects that the backup still had and that were erased again."""
    erasures: str
    """Where the erasure log was read; empty where there is none."""
    audit: tuple[Finding, ...] = ()
    """What the audit says of the store now."""
