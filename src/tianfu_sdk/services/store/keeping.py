"""The desk that keeps a store: backups, and what was done to the whole of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from tianfu_sdk.core.rows.kinds import KEPT
from tianfu_sdk.errors import Denied, Invalid, NotFound, Unsupported
from tianfu_sdk.files import new_file
from tianfu_sdk.model.dump import Dumped, Loaded
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.keeping import BackedUp, MediaCopy, Restored
from tianfu_sdk.model.storage import SchemaChange, SchemaStep
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.storage import BackupStore
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.log.audit import Audit
from tianfu_sdk.services.people.erasures import Erasures
from tianfu_sdk.services.sms.reach import Reaching
from tianfu_sdk.services.store.doctor import Doctor
from tianfu_sdk.services.store.dumping import write_dump
from tianfu_sdk.services.store.everything import content_of
from tianfu_sdk.services.store.following import Following
from tianfu_sdk.services.store.loading import Loading, check_dump

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
            media = self._has_files()
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
        log = self._tools.erasures.place
        return BackedUp(file=str(target), size=size, media=copied, folder=made, erasures=log)

    def dump(
        self,
        target: str | Path,
        *,
        media: bool | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Dumped:
        """Write everything, as of one moment, in a form that any other store can take in.

        Sealed values stay sealed, and the master key is not in it. The form is that of
        `docs/reference/dump-format.md`. Constant memory, however large the store is.

        Args:
            target: A file that is not there yet; it gets mode 0600.
            media: As in `backup`.
            progress: Called with items written and how many there are, as far as is known.

        Returns:
            What was made, with the content hash of what stands in it.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Conflict: `storage.target_there`.
            StorageFull: No room left; the file is not there then.
            StorageUnavailable: The folder cannot be written.
        """
        self._demand_system()
        # Before the snapshot, so that the dump tells that it was made.
        self._record("store.dumped", file=Path(target).name[:200])
        with new_file(Path(target)) as draft:
            trailer = write_dump(self._tools, draft.file, progress)
            size = draft.file.tell()
        if media is None:
            media = self._has_files()
        folder = media_beside(target)
        copied = copy_media(self._tools.blobs, self._tools.folder(folder)) if media else _NONE
        return Dumped(
            file=str(target),
            lines=trailer.lines,
            size=size,
            content=trailer.content,
            media=copied,
            folder=folder if copied.copied or copied.there else "",
            erasures=self._tools.erasures.place,
        )

    def load(
        self, source: str | Path, *, progress: Callable[[int, int], None] | None = None
    ) -> Loaded:
        """Take a dump into this store, which is empty or has the same dump begun.

        The dump is checked whole first. It goes in batch by batch; when it is interrupted,
        calling this again goes on. At its end the content hash is that of the dump, the search
        index is built, and who is in the erasure log is erased. Cursors of consumers point at
        the same events as before. A dump of an older program gets the keys of this one.

        Args:
            source: What `dump` wrote; its media stand in the folder beside it.
            progress: Called with lines done and lines in all.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Conflict: `dump.not_empty`, `dump.other_begun`.
            Invalid: `dump.not_a_dump`, `dump.unknown_kind`.
            SchemaTooNew: `dump.format_too_new`, `storage.kind_too_new`,
                `codec.schema_too_new`.
            StorageCorrupt: `dump.truncated`, `dump.damaged`, `dump.bad_line`.
            StorageError: `dump.content`, `storage.rekey`.
        """
        self._demand_system()
        checked = check_dump(source)
        loading = Loading(self._tools, checked)
        content = loading.run(progress)
        # A dump of an older program has none of them.
        Reaching(self._tools, self._actor).run()
        self._seal_what_is_open()
        folder = media_beside(source)
        media = _NONE
        if Path(folder).is_dir():
            media = copy_media(self._tools.folder(folder), self._tools.blobs)
        indexed = None
        # Neither the store nor a plugin may have an engine.
        with contextlib.suppress(Unsupported):
            indexed = Doctor(self._tools, self._actor).rebuild_index()
        erased = Erasures(self._tools, self._actor).replay()
        self._record("store.loaded", lines=checked.trailer.lines, erased=erased)
        loading.end()
        return Loaded(
            file=str(source),
            lines=checked.trailer.lines,
            content=content,
            rekeyed=checked.rekeyed,
            indexed=indexed,
            erased=erased,
            erasures=self._tools.erasures.place,
            media=media,
            other_regions=checked.header.regions != self._tools.regions.table,
        )

    def _seal_what_is_open(self) -> None:
        # Lines that no worker had sealed where they come from: where every change seals its own,
        # nobody else would, and the next seal would not fit. A last seal that was tampered with
        # has no place; that is for `verify` to say.
        if self._tools.store.capabilities.single_writer:
            audit = Audit(self._tools, self._actor)
            with contextlib.suppress(Invalid):
                while audit.seal_open():
                    pass

    def content_hash(self) -> Mapping[str, str]:
        """Tell this store's content from another's: equal where two stores hold the same.

        Returns:
            Digests by part: `kind:…` (rows in any order), `stream:…` (events in theirs),
            `queue:…` (jobs and held groups). What each store makes for itself is left out:
            cursors, ids of jobs, who has a job leased, the search index.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """
        self._demand_system()
        return self._tools.store.run(lambda tx: content_of(tx, KEPT), write=False)

    def _has_files(self) -> bool:
        return urlsplit(self._tools.settings.media).scheme in {"", "file"}

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
        # An engine outside the store has followed it further than this copy goes.
        Following(self._tools, self._actor).rebuild()
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
        Reaching(self._tools, self._actor).run()
        if any(step.step is SchemaStep.STORE for step in steps):
            # What the store's own tables hold for search may not be what was asked of them then.
            with contextlib.suppress(Unsupported):
                Doctor(self._tools, self._actor).rebuild_index()
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
