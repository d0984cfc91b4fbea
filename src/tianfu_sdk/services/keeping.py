"""The desk that keeps a store: backups, and what was done to the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from tianfu_sdk.errors import Denied, NotFound, Unsupported
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.keeping import BackedUp, MediaCopy, Restored
from tianfu_sdk.model.storage import SchemaChange
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.storage import BackupStore
from tianfu_sdk.services.audit import Audit
from tianfu_sdk.services.erasures import Erasures
from tianfu_sdk.services.work import Desk, Work

__all__ = ["Keeping", "copy_media", "media_beside"]

_NONE = MediaCopy(skipped=True)


class Keeping(Desk):
    """Keep a store; only the system may. Safe to share between threads."""

    def backup(
        self,
        target: str | Path,
        *,
        media: bool | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> BackedUp:
        """Copy the store as of one moment into a new file, while others write.

        Neither the master key nor the erasure log is in it: keep copies of both apart.

        Args:
            target: A file that is not there yet; it gets mode 0600.
            media: Whether media are copied as well, into the folder `<target>.media`; None:
                where they are files here, and not where they are kept by a service of their
                own. A folder that has media of an earlier backup gets what is new.
            progress: Called with what is copied and how much it is, in pages.

        Returns:
            What was made.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Conflict: `storage.target_there`.
            StorageFull: No room left; the file is not there then.
            StorageUnavailable: The folder cannot be written.
            Unsupported: `storage.no_backup`, this kind of store has `dump` instead.
        """
        self._demand_system()
        store = self._tools.store
        if not store.capabilities.backup:
            raise Unsupported("storage.no_backup", path="store")
        if media is None:
            media = urlsplit(self._tools.settings.media).scheme in {"", "file"}
        folder = media_beside(target)
        # Before and after: what the file names was there at its moment, and is in one of both.
        before = copy_media(self._tools.blobs, self._tools.folder(folder)) if media else _NONE
        cast(BackupStore, store).backup(target, progress)
        after = copy_media(self._tools.blobs, self._tools.folder(folder)) if media else _NONE
        copied = MediaCopy(
            copied=before.copied + after.copied,
            size=before.size + after.size,
            there=before.there,
            damaged=after.damaged,
            skipped=not media,
        )
        size = Path(target).stat().st_size
        self._record("store.backed_up", bytes=size, media=copied.copied)
        made = folder if copied.copied or copied.there else ""
        return BackedUp(file=str(target), size=size, media=copied, folder=made)

    @property
    def erasures(self) -> str:
        """Where the erasure log is; empty where there is none."""
        return self._tools.erasures.place

    def restored(self, source: str | Path) -> Restored:
        """Finish what `Hub.restore` began: media, who was erased since, and a look at the audit.

        Args:
            source: The backup; media are taken from the folder beside it.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            StorageCorrupt: `erasures.corrupt`.
        """
        self._demand_system()
        erased = Erasures(self._tools, self._actor).replay()
        folder = media_beside(source)
        media = _NONE
        if Path(folder).is_dir():
            media = copy_media(self._tools.folder(folder), self._tools.blobs)
        self._record("store.restored", erased=erased, media=media.copied)
        return Restored(
            file=str(source),
            media=media,
            erased=erased,
            erasures=self._tools.erasures.place,
            audit=tuple(Audit(self._tools, self._actor).verify()),
        )

    def migrated(self, steps: Sequence[SchemaChange]) -> None:
        """Record that the store was brought up, and erase again who is in the erasure log.

        Args:
            steps: What was done; nothing is recorded where there was nothing to do.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """
        self._demand_system()
        if steps:
            kinds = ",".join(step.kind for step in steps if step.kind)
            self._record("store.migrated", steps=len(steps), kinds=kinds[:200])
        # A backup that was made before an erasure may have needed this migration.
        Erasures(self._tools, self._actor).replay()

    def _record(self, action: str, **data: Value) -> None:
        def write(work: Work) -> None:
            work.record(action, kind="store", subject="store", data=data)

        self._write(write)

    def _demand_system(self) -> None:
        if not self._actor.system:
            raise Denied("account.required")


def media_beside(file: str | Path) -> str:
    """Give the folder that holds the media of a backup or dump."""
    return str(file) + ".media"


def copy_media(source: Blobs, target: Blobs) -> MediaCopy:
    """Copy media that the target has not yet, a piece at a time.

    Args:
        source: Read from; what disappears meanwhile is passed over.
        target: Written to.

    Returns:
        What was copied, and what is damaged at its source and was left out.
    """
    copied = size = there = 0
    damaged = []
    for digest in source.list():
        if target.has(digest):
            there += 1
            continue
        try:
            stream = source.open(digest)
        except NotFound:
            continue
        with stream:
            kept = target.put(stream)
            length = stream.tell()
        if kept != digest:
            target.delete(kept)
            damaged.append(digest)
            continue
        copied += 1
        size += length
    return MediaCopy(copied=copied, size=size, there=there, damaged=tuple(sorted(damaged)))
