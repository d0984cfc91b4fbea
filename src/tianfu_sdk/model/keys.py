"""Suites of ciphers, keys by id, and what a store's keys are used for."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Labelled

__all__ = ["KeyInfo", "KeyReport", "KeyUse", "Rotated", "Suite"]


class Suite(Labelled):
    """A cipher and a keyed hash that belong together."""

    AES = "aes256gcm", "AES-256-GCM 与 HMAC-SHA256", "AES-256-GCM and HMAC-SHA256"
    SM4 = "sm4gcm", "SM4-GCM 与 HMAC-SM3（国密）", "SM4-GCM and HMAC-SM3"


@attrs.frozen
class KeyInfo:
    """A master key as its holder names it; never the key itself."""

    id: str
    """16 hexadecimal digits at most 64 characters; the same key has the same id everywhere."""
    suite: Suite
    seals: bool = True
    """False: kept for look-ups by blind index only; it opens nothing."""


@attrs.frozen(kw_only=True)
class KeyUse:
    """What one key is used for in a store."""

    id: str
    suite: Suite | None
    """None: the key is not here."""
    current: bool = False
    """New subjects' keys are wrapped by it."""
    indexes: bool = False
    """New rows are found by its blind index."""
    subjects: int = 0
    """Subjects whose keys it wraps."""
    opt_outs: int = 0
    """Opt-outs whose rows name it."""


@attrs.frozen(kw_only=True)
class KeyReport:
    """The keys of a store, and how far a rotation is."""

    keys: tuple[KeyUse, ...]
    """Those that are here or used, oldest first."""
    reindexing: bool = False
    """A new index key is on its way to all rows."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of keys that rows name and nobody holds."""
        used = (use for use in self.keys if use.subjects or use.opt_outs or use.indexes)
        return tuple(use.id for use in used if use.suite is None)

    @property
    def behind(self) -> int:
        """Subjects whose keys an older master key wraps."""
        return sum(use.subjects for use in self.keys if not use.current)


@attrs.frozen(kw_only=True)
class Rotated:
    """What a rotation did this time."""

    rewrapped: int = 0
    """Subjects' keys that are wrapped by the current master key now."""
    reindexed: int = 0
    """Subscribers that are found by the current index key now."""
