"""Whether a store is sound, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tianfu_sdk.core import translating
from tianfu_sdk.core.kinds import CONTENT, TRANSLATION
from tianfu_sdk.core.publishing import search_doc, translation_doc
from tianfu_sdk.errors import CryptoError, Denied, StorageError, Unsupported
from tianfu_sdk.model.content import State
from tianfu_sdk.model.event import Finding
from tianfu_sdk.model.search import SearchDoc
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.audit import Audit
from tianfu_sdk.services.keys import key_findings
from tianfu_sdk.services.work import Desk, Work
from tianfu_sdk.text import ANALYZER_VERSION

__all__ = ["Doctor", "PluginState"]

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
            *_tried("keys", lambda: self._read(key_findings)),
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
            count = search.rebuild(_published(work))
            work.record("search.rebuilt", kind="search", subject="index", data={"count": count})
            return count

        return self._write(write)

    def _storage(self) -> list[Finding]:
        wrong = self._tools.store.check()
        if not wrong:
            name = self._tools.store.capabilities.name
            return [_fine("storage", f"{name} is intact")]
        hint = "keep a copy of the file, then restore from a backup"
        return [
            Finding(check="storage", severity="error", message=text, hint=hint) for text in wrong
        ]


def _tried(check: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Look at one thing; a store too damaged for it is a finding, not the end of the visit."""
    try:
        return look()
    except (StorageError, CryptoError) as error:
        return [
            Finding(check=check, severity="error", message=error.message, hint=error.hint or "")
        ]


def _published(work: Work) -> Iterator[SearchDoc]:
    regions = work.tools.regions()
    where = (Where("state", "=", State.PUBLISHED.value),)
    for shelf in CONTENT.values():
        for row in work.each(shelf.name, Query(where=where)):
            content = work.noun(shelf, row)
            yield search_doc(shelf.name, content, regions)
            sources = (Where("source", "=", content.id),)
            for found in work.each(TRANSLATION.name, Query(where=sources)):
                translation = work.noun(TRANSLATION, found)
                if translating.current(translation, content):
                    yield translation_doc(translation, content, regions)


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
        return [Finding(check="search", severity="error", message=message, hint=_REBUILD)]
    if search.size() < published:
        message = f"{search.size()} documents indexed, {published} contents published"
        return [Finding(check="search", severity="error", message=message, hint=_REBUILD)]
    return [_fine("search", f"{search.size()} documents, analyzer {ANALYZER_VERSION}")]


def _plugins(plugins: Sequence[PluginState]) -> list[Finding]:
    broken = [p for p in plugins if p.state == "broken"]
    if not broken:
        return [_fine("plugins", f"{sum(p.state == 'ok' for p in plugins)} loaded")]
    return [
        Finding(check="plugins", severity="error", message=f"{p.name}: {p.cause}", subject=p.name)
        for p in broken
    ]
