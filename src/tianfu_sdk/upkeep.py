"""What is done with a whole store before a hub of it is open: migrate, restore, load."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from tianfu_sdk.backends.blobs import FileBlobs
from tianfu_sdk.backends.crypto import FieldCipher
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.core.rows.rekeying import rekeyer
from tianfu_sdk.desks import Desks
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.storage import SchemaChange
from tianfu_sdk.opening import (
    Named,
    Prepared,
    atlas_of,
    beside,
    blobs_for,
    closed_on_failure,
    erasures_for,
    event_files,
    first_seen,
    keys_for,
    prepared,
    regions,
)
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.http import Transport
from tianfu_sdk.ports.keys import Keys
from tianfu_sdk.ports.storage import BackupStore
from tianfu_sdk.services.desk.tools import Holder
from tianfu_sdk.services.desk.work import Actor, Tools
from tianfu_sdk.settings import Settings

if TYPE_CHECKING:
    from tianfu_sdk.model.dump import Loaded
    from tianfu_sdk.model.keeping import Restored

__all__ = ["Upkeep"]


class Upkeep(Desks):
    """The part of a hub that brings a store into being, or into shape."""

    @classmethod
    def _of(
        cls, parts: Prepared, transport: Transport | None = None, keys: Keys | None = None
    ) -> Self:
        settings, url, found = parts.settings, parts.url, parts.plugins
        named = Named(found, settings, parts.clock, parts.ids, beside(url))
        tools = Tools(
            store=parts.store,
            clock=parts.clock,
            ids=parts.ids,
            settings=settings,
            regions=atlas_of(parts.store),
            keys=keys or keys_for(settings, url, parts.store, named),
            cipher=FieldCipher(),
            blobs=blobs_for(settings, url, named),
            folder=FileBlobs,
            event_files=event_files,
            erasures=erasures_for(settings, url),
            transport=transport or HttpxTransport(),
            gateway=functools.partial(named.make, "sms"),
            translator=functools.partial(named.make, "translation"),
            first_seen=first_seen,
            engine=functools.partial(named.engine, settings.ask.engine),
            offered=found.names,
            holder=Holder(parts.ids),
            tell=found.tell,
        )
        return cls(tools, Actor(), found)

    @classmethod
    def changes(
        cls,
        url: str = "",
        *,
        settings: Settings | Mapping[str, Any] | None = None,
        plugins: Sequence[Any] = (),
        discover: bool = True,
    ) -> list[SchemaChange]:
        """Say what `migrate` would do to a store; nothing is changed.

        Args:
            url: As in `open`.
            settings: As in `open`.
            plugins: As in `open`.
            discover: As in `open`.

        Returns:
            Steps in their order; empty where the store can be opened as it is.

        Raises:
            SchemaTooNew: `storage.schema_too_new`, `storage.kind_too_new`.
            StorageError: The store cannot be opened.
        """
        parts = prepared(
            url, settings=settings, plugins=plugins, clock=None, ids=None, discover=discover
        )
        try:
            return parts.store.changes(ALL_KINDS)
        finally:
            parts.store.close()

    @classmethod
    def migrate(
        cls,
        url: str = "",
        *,
        settings: Settings | Mapping[str, Any] | None = None,
        plugins: Sequence[Any] = (),
        clock: Clock | None = None,
        ids: Ids | None = None,
        discover: bool = True,
        progress: Callable[[SchemaChange], None] | None = None,
    ) -> Self:
        """Bring a store of an older program into the shape of this one, and open it.

        Other programs that have the store open write nothing from then on. If it is
        interrupted, calling it again goes on where it stopped. Make a backup first.

        Args:
            url: As in `open`.
            settings: As in `open`.
            plugins: As in `open`.
            clock: As in `open`.
            ids: As in `open`.
            discover: As in `open`.
            progress: Called after each step that was committed.

        Returns:
            The hub, without an account.

        Raises:
            SchemaTooNew: `storage.schema_too_new`, `storage.kind_too_new`.
            StorageError: `storage.rekey`; the store cannot be opened.
            StorageCorrupt: `codec.corrupt`, a document cannot be read.
        """
        parts = prepared(
            url, settings=settings, plugins=plugins, clock=clock, ids=ids, discover=discover
        )
        with closed_on_failure(parts.store):
            steps = parts.store.changes(ALL_KINDS)
            parts.store.migrate(ALL_KINDS, rekeyer(regions()), progress)
            hub = cls._of(parts)
            hub.as_system(reason="migrate").keeping.migrated(steps)
            return hub

    @classmethod
    def restore(
        cls,
        source: str | Path,
        url: str = "",
        *,
        settings: Settings | Mapping[str, Any] | None = None,
        plugins: Sequence[Any] = (),
        clock: Clock | None = None,
        ids: Ids | None = None,
        discover: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> Restored:
        """Make a store of a backup, and erase again who was erased since.

        Args:
            source: What `hub.keeping.backup` wrote; its media stand in the folder beside it.
            url: Where to; it must not be there yet.
            settings: As in `open`; `erasures` names the erasure log of the store that was
                lost, unless it stands beside the new one.
            plugins: As in `open`.
            clock: As in `open`.
            ids: As in `open`.
            discover: As in `open`.
            progress: Called with what is copied and how much it is, in pages.

        Returns:
            What was done, and what the audit says of the store now.

        Raises:
            Conflict: `storage.target_there`, the target is not empty.
            StorageCorrupt: The backup is damaged, or it is something else.
            SchemaTooNew: A newer program made it.
            SchemaTooOld: An older program made it. It is in its place: call `migrate`, which
                erases again as well.
            Unsupported: `storage.no_backup`, this kind of store has `load` instead.
        """
        parts = prepared(
            url, settings=settings, plugins=plugins, clock=clock, ids=ids, discover=discover
        )
        if not parts.store.capabilities.backup:
            raise Unsupported("storage.no_backup", path="url")
        with closed_on_failure(parts.store):
            cast(BackupStore, parts.store).restore(source, progress)
            parts.store.open(ALL_KINDS)
        with cls._of(parts) as hub:
            return hub.as_system(reason="restore").keeping.restored(source)

    @classmethod
    def load(
        cls,
        source: str | Path,
        url: str = "",
        *,
        settings: Settings | Mapping[str, Any] | None = None,
        plugins: Sequence[Any] = (),
        clock: Clock | None = None,
        ids: Ids | None = None,
        discover: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> Loaded:
        """Take a dump into a new store of any kind; see `hub.keeping.load`.

        Args:
            source: What `hub.keeping.dump` wrote; its media stand in the folder beside it.
            url: Where to: an empty store, or one that has this dump begun.
            settings: As in `open`; `erasures` names the erasure log of the store that the
                dump is of, unless it stands beside the new one.
            plugins: As in `open`.
            clock: As in `open`.
            ids: As in `open`.
            discover: As in `open`.
            progress: Called with lines done and lines in all.

        Returns:
            What was done.

        Raises:
            TianfuError: As `hub.keeping.load`.
        """
        from tianfu_sdk.services.store.loading import check_dump

        # Before a store is made that nothing goes into.
        check_dump(source)
        parts = prepared(
            url, settings=settings, plugins=plugins, clock=clock, ids=ids, discover=discover
        )
        with closed_on_failure(parts.store):
            parts.store.open(ALL_KINDS)
        with cls._of(parts) as hub:
            return hub.as_system(reason="load").keeping.load(source, progress=progress)

    def close(self) -> None:
        """Free connections and sessions; may be called again."""
        named = getattr(self._tools.gateway, "func", None)
        if named is not None:
            named.__self__.close()
        if self._tools.holder.gateways:
            from tianfu_sdk.services.sms.lanes import give_up_seats

            give_up_seats(self._tools)
        if self._tools.holder.threads is not None:
            self._tools.holder.threads.close()
        self._tools.transport.close()
        self._tools.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def as_system(self, *, reason: str) -> Self:
        """Give this hub on behalf of the system, for jobs; audited, never an approver.

        Args:
            reason: Why, for the audit.

        Raises:
            Invalid: `hub.no_reason`.
        """
        demand_type(reason, str, "reason")
        if not reason.strip():
            raise Invalid("hub.no_reason", path="reason")
        return self._as(Actor(system=reason))

    def _as(self, actor: Actor) -> Self:
        return type(self)(self._tools, actor, self._plugins)
