"""Whether a store is sound, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tianfu_sdk.core.content.publishing import seeks
from tianfu_sdk.core.places import amending
from tianfu_sdk.core.rows.kinds import CONTENT, LISTING, MEDIA_USE, REGION, SUBSCRIPTION
from tianfu_sdk.errors import (
    CryptoError,
    Denied,
    PluginError,
    StorageError,
    TianfuError,
    Unsupported,
)
from tianfu_sdk.model.content import State
from tianfu_sdk.model.event import Finding
from tianfu_sdk.model.listing import ListingKind
from tianfu_sdk.model.region import RegionAmendment
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.atlas import read_mark
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.log.audit import Audit
from tianfu_sdk.services.log.rollups import looked_at as rollups_found
from tianfu_sdk.services.sms.reach import looked_at as reach_found
from tianfu_sdk.services.store.following import Following, published
from tianfu_sdk.services.store.keys import key_findings
from tianfu_sdk.text import ANALYZER_VERSION

__all__ = ["Doctor", "PluginState"]

_REKEY = "tianfu doctor --rekey-regions, or hub.as_system(reason=…).regions.rekey()"
_REBUILD = "tianfu doctor --rebuild-index, or hub.as_system(reason=…).rebuild_index()"


class PluginState(Protocol):
    """What the doctor reads of a plugin."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def state(self) -> str:
        """`ok`, `broken` or `blocked`."""
        ...

    @property
    def cause(self) -> str:
        """Why it is broken."""
        ...


class Doctor(Desk):
    """Look at everything once; only for the system."""

    def look(self, plugins: Sequence[PluginState]) -> list[Finding]:
        """Look; see `Hub.doctor`."""
        if not self._actor.system:
            raise Denied("account.required")
        return [
            *_tried("storage", self._storage),
            *_tried("audit", Audit(self._tools, self._actor).verify),
            *_tried("search", lambda: self._read(_search)),
            *self._followed(),
            *_tried("keys", lambda: self._read(key_findings)),
            *_tried("reach", lambda: self._read(reach_found)),
            *_tried("media", self._media),
            *_tried("rollups", lambda: self._read(rollups_found)),
            *_tried("regions", lambda: self._read(_regions)),
            *_plugins(plugins),
        ]

    def rebuild_index(self) -> int:
        """Build the search index anew; see `Hub.rebuild_index`."""
        if not self._actor.system:
            raise Denied("account.required")

        def write(work: Work) -> int:
            search = work.tx.search
            if search is None:
                raise Unsupported("ask.no_search", path="store")
            count = search.rebuild(published(work))
            work.record("search.rebuilt", kind="search", subject="index", data={"count": count})
            return count

        count = Following(self._tools, self._actor).rebuild()
        if count is None or self._read(lambda work: work.tx.search) is not None:
            return self._write(write)
        return count

    def _followed(self) -> list[Finding]:
        try:
            return self._behind()
        except Exception as error:  # noqa: BLE001 - a guest may raise anything
            # Only the name of a guest's own error: its message may hold what was indexed.
            said, hint = type(error).__name__, ""
            if isinstance(error, (TianfuError, PluginError)):
                said, hint = error.message, error.hint or ""
            name = self._tools.settings.ask.engine
            instead = "; the store's own answers" if self._tools.store.capabilities.search else ""
            return [
                Finding(
                    check="search",
                    severity="error",
                    message=f"the engine {name} cannot be used ({said}){instead}",
                    hint=hint or _REBUILD,
                )
            ]

    def _behind(self) -> list[Finding]:
        following = Following(self._tools, self._actor)
        behind = following.behind()
        if behind is None:
            return []
        name = self._tools.settings.ask.engine
        version = following.analyzer_version()
        if version not in (None, ANALYZER_VERSION):
            message = (
                f"the engine {name} has an index of analyzer {version}, not {ANALYZER_VERSION}"
            )
            return [Finding(check="search", severity="error", message=message, hint=_REBUILD)]
        if behind:
            hint = "tianfu worker feeds it"
            message = f"the engine {name} is {behind} events behind"
            return [Finding(check="search", severity="note", message=message, hint=hint)]
        return [_fine("search", f"the engine {name} has taken in all events")]

    def _storage(self) -> list[Finding]:
        wrong = self._tools.store.check()
        if not wrong:
            name = self._tools.store.capabilities.name
            return [_fine("storage", f"{name} is intact")]
        hint = "keep a copy of the file, then restore from a backup"
        return [
            Finding(check="storage", severity="error", message=text, hint=hint) for text in wrong
        ]

    def _media(self) -> list[Finding]:
        used = self._read(_used_media)
        missing = sorted(used.difference(self._tools.blobs.list()))
        if not missing:
            return [_fine("media", f"{len(used)} digests are used, all are kept")]
        message = f"{len(missing)} of {len(used)} digests that contents use are not kept"
        hint = "restore the media from a backup; look at the setting media"
        return [
            Finding(check="media", severity="error", message=message, hint=hint, subject=missing[0])
        ]


def _tried(check: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Look at one thing; a store too damaged for it is a finding, not the end of the visit."""
    try:
        return look()
    except (StorageError, CryptoError) as error:
        return [
            Finding(check=check, severity="error", message=error.message, hint=error.hint or "")
        ]


def _fine(check: str, message: str) -> Finding:
    return Finding(check=check, severity="ok", message=message)


def _search(work: Work) -> list[Finding]:
    search = work.tx.search
    if search is None:
        return [Finding(check="search", severity="note", message="the store has no engine")]
    version = search.analyzer_version()
    where = (Where("state", "=", State.PUBLISHED.value),)
    published = sum(work.tx.count(kind, Query(where=where)) for kind in CONTENT)
    if version not in (None, ANALYZER_VERSION):
        message = f"the index was made by analyzer {version}, this is {ANALYZER_VERSION}"
        if version == 0:
            message = "the store was migrated, and its index not made anew"
        return [Finding(check="search", severity="error", message=message, hint=_REBUILD)]
    if search.size() < published:
        message = f"{search.size()} documents indexed, {published} contents published"
        return [Finding(check="search", severity="error", message=message, hint=_REBUILD)]
    needs = work.tx.count(
        LISTING.name, Query(where=(*where, Where("kind", "=", ListingKind.NEED.value)))
    )
    stored = work.each(SUBSCRIPTION.name, Query(where=(Where("active", "=", 1),)))
    needs += sum(seeks(work.noun(SUBSCRIPTION, row)) for row in stored)
    if search.sought() < needs:
        message = f"{search.sought()} of {needs} needs and subscriptions are found by answers"
        return [Finding(check="search", severity="error", message=message, hint=_REBUILD)]
    return [_fine("search", f"{search.size()} documents, analyzer {ANALYZER_VERSION}")]


def _used_media(work: Work) -> set[str]:
    where = (Where("kind", "in", tuple(CONTENT)),)
    rows = work.each(MEDIA_USE.name, Query(where=where, fields="keys"))
    return {str(row.keys["digest"]) for row in rows}


def _regions(work: Work) -> list[Finding]:
    tree, mark = work.regions(), read_mark(work.tx)
    made = [work.noun(REGION, row) for row in work.each(REGION.name, Query())]
    found = []
    for amendment in made:
        try:
            amending.amended(tree, amendment.code, amendment.rows)
        except TianfuError as error:
            found.append(_unfit(amendment, error))
    table = work.tools.regions.table
    message = f"table {table}, {len(made)} codes amended"
    if mark.version and mark.keyed != tree.fingerprint():
        behind = f"{message}; rows are keyed by an older one"
        found.append(Finding(check="regions", severity="note", message=behind, hint=_REKEY))
    return found or [_fine("regions", message)]


def _unfit(amendment: RegionAmendment, error: TianfuError) -> Finding:
    return Finding(
        check="regions",
        severity="error",
        message=f"what was amended about {amendment.code} does not fit: {error.message}",
        subject=amendment.id,
        hint=error.hint or "",
    )


def _plugins(plugins: Sequence[PluginState]) -> list[Finding]:
    broken = [p for p in plugins if p.state == "broken"]
    if not broken:
        return [_fine("plugins", f"{sum(p.state == 'ok' for p in plugins)} loaded")]
    return [
        Finding(check="plugins", severity="error", message=f"{p.name}: {p.cause}", subject=p.name)
        for p in broken
    ]
