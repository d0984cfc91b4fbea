"""What a hub is put together of: backends by name, keys, media, and joined transactions."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs

from tianfu_sdk.backends.blobs import FileBlobs, MemoryBlobs, NoBlobs
from tianfu_sdk.backends.builtin import BUILTIN, shipped_regions, shipped_table, sqlite_path
from tianfu_sdk.backends.clock import SystemClock, TimeOrderedIds
from tianfu_sdk.backends.crypto import demand_suite
from tianfu_sdk.backends.erasures import FileErasures, MemoryErasures, NoErasures
from tianfu_sdk.backends.keyfiles import key_file, key_file_beside
from tianfu_sdk.backends.keyring import LocalKeys, new_master_key, suites_in
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.kinds import SUBJECT_KEY
from tianfu_sdk.errors import Conflict, CryptoError, Invalid, StorageError
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.erasure import Erasure
from tianfu_sdk.model.event import ExportFormat
from tianfu_sdk.model.storage import Kind, Query, SchemaChange
from tianfu_sdk.plugins import Plugins
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.erasures import ErasureLog
from tianfu_sdk.ports.event_files import EventFiles
from tianfu_sdk.ports.first_seen import FirstSeen
from tianfu_sdk.ports.keys import Keys
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.ports.storage import BackupStore, Rekey, Scrubbing, Store, Tx
from tianfu_sdk.services.desk.atlas import Atlas, read_mark, write_mark
from tianfu_sdk.settings import Settings

__all__ = [
    "Joined",
    "Named",
    "NotInUnit",
    "Optioned",
    "Prepared",
    "atlas_of",
    "beside",
    "blobs_for",
    "closed_on_failure",
    "erasures_for",
    "event_files",
    "first_seen",
    "keys_for",
    "normal",
    "optioned",
    "prepared",
    "regions",
    "scheme_of",
]

T = TypeVar("T")
_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_MOST_RETRIES = 20


class Joined:
    """A store whose transactions join one that is open already."""

    def __init__(self, store: Store, tx: Tx) -> None:
        self._store = store
        self._tx = tx
        self.capabilities = store.capabilities
        self.lost: Exception | None = None
        """What ended a writing call half-way."""

    def open(self, kinds: Sequence[Kind]) -> None:
        """Do nothing: it is open."""

    def changes(self, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Give nothing: what is open has its shape."""
        return self._store.changes(kinds)

    def migrate(
        self,
        kinds: Sequence[Kind],  # noqa: ARG002 - refused
        rekey: Rekey,  # noqa: ARG002
        progress: Callable[[SchemaChange], None] | None = None,  # noqa: ARG002
    ) -> None:
        """Refuse: a migration has transactions of its own."""
        raise StorageError("storage.nested")

    def run(
        self,
        fn: Callable[[Tx], T],
        *,
        write: bool,
        max_lag: timedelta | None = None,  # noqa: ARG002 - the open transaction has every commit
    ) -> T:
        """Call `fn` in the open transaction."""
        if self.lost is not None:
            raise self.lost
        try:
            return fn(self._tx)
        except Exception as error:
            if write:
                self.lost = error
            raise

    def backup(self, target: str, progress: Any = None) -> None:  # noqa: ARG002 - refused
        """Refuse: a backup is of what is committed."""
        raise StorageError("storage.nested")

    def check(self) -> list[str]:
        """Look for damage."""
        return self._store.check()

    def close(self) -> None:
        """Do nothing: whoever opened it closes it."""


class NotInUnit:
    """The erasure log within a unit: it is written to at once, and a unit may be undone."""

    place = ""

    def append(self, subjects: Sequence[str], at: datetime) -> None:  # noqa: ARG002 - refused
        """Refuse."""
        raise Invalid("hub.unit_erases", path="fn")

    def read(self) -> Iterator[Erasure]:
        """Give nothing."""
        return iter(())


class Optioned:
    """A store whose calls are made with options.

    Args:
        store: What is called.
        retries: How often a transaction is tried again that failed for the moment.
        max_lag: What a read allows a standby to be behind.
        pause: Waits so many seconds.
    """

    def __init__(
        self,
        store: Store,
        *,
        retries: int = 0,
        max_lag: timedelta | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._retries = retries
        self._max_lag = max_lag
        self._pause = pause
        self.capabilities = store.capabilities

    def evolve(self, *, retries: int | None, max_lag: timedelta | None) -> Optioned:
        """Give the same store with other options; None: as they are."""
        return Optioned(
            self._store,
            retries=self._retries if retries is None else retries,
            max_lag=self._max_lag if max_lag is None else max_lag,
            pause=self._pause,
        )

    def open(self, kinds: Sequence[Kind]) -> None:
        """Open the store."""
        self._store.open(kinds)

    def changes(self, kinds: Sequence[Kind]) -> list[SchemaChange]:
        """Say what `migrate` would do."""
        return self._store.changes(kinds)

    def migrate(
        self,
        kinds: Sequence[Kind],
        rekey: Rekey,
        progress: Callable[[SchemaChange], None] | None = None,
    ) -> None:
        """Bring the store into the shape of these kinds."""
        self._store.migrate(kinds, rekey, progress)

    def run(self, fn: Callable[[Tx], T], *, write: bool, max_lag: timedelta | None = None) -> T:
        """Call `fn` in one transaction, again where the store could not take it just now."""
        lag = self._max_lag if max_lag is None else max_lag
        tries = 0
        while True:
            try:
                return self._store.run(fn, write=write, max_lag=None if write else lag)
            except StorageError as error:
                # What is retryable stored nothing; a lost commit is `CommitUnknown` and is not.
                if not error.retryable or tries >= self._retries:
                    raise
            tries += 1
            # Jittered, so that those who failed together do not come back together.
            self._pause(min(_LONGEST_PAUSE, _PAUSE * 2**tries) * (0.5 + random.random()))  # noqa: S311

    def backup(self, target: str, progress: Any = None) -> None:
        """Copy the store into a new file."""
        cast(BackupStore, self._store).backup(target, progress)

    def check(self) -> list[str]:
        """Look for damage."""
        return self._store.check()

    def scrub(self) -> bool:
        """Leave nothing of deleted rows in files, where the store can."""
        return isinstance(self._store, Scrubbing) and self._store.scrub()

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def optioned(store: Store, *, retries: int | None, max_lag: timedelta | None) -> Store:
    """Give a store whose calls are made with options; None: as they are.

    Raises:
        Invalid: `hub.bad_option`, `field.type`.
    """
    if retries is not None:
        demand_type(retries, int, "retries")
    if max_lag is not None:
        demand_type(max_lag, timedelta, "max_lag")
    if retries is not None and not 0 <= retries <= _MOST_RETRIES:
        raise Invalid("hub.bad_option", path="retries", wanted=f"0–{_MOST_RETRIES}")
    if max_lag is not None and max_lag < timedelta(0):
        raise Invalid("hub.bad_option", path="max_lag", wanted="≥ 0 s")
    if isinstance(store, Joined):
        # A joined transaction is over with its first failure, and has every commit.
        return store
    if not isinstance(store, Optioned):
        store = Optioned(store)
    return store.evolve(retries=retries, max_lag=max_lag)


class Named:
    """Backends by name, made when they are first asked for."""

    def __init__(
        self,
        plugins: Plugins,
        settings: Settings,
        clock: Clock,
        ids: Ids,
        defaults: Mapping[tuple[str, str], Mapping[str, Any]],
    ) -> None:
        self._plugins = plugins
        self._defaults = defaults
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._made: dict[tuple[str, str], Any] = {}
        self._guard = threading.Lock()

    def make(self, port: str, name: str, url: str = "", **more: Any) -> Any:
        """Give the backend of a name, made once."""
        with self._guard:
            if (port, name) not in self._made:
                own = self._settings.backends.get(name, {})
                table = {**self._defaults.get((port, name), {}), **own, **more}
                context = BackendContext(url=url, settings=table, clock=self._clock, ids=self._ids)
                self._made[port, name] = self._plugins.make(port, name, context)
            return self._made[port, name]

    def engine(self, name: str) -> FollowerSearch | None:
        """Give the search engine of a name; None for no name."""
        return self.make("search", name) if name else None

    def close(self) -> None:
        """Close what can be closed."""
        with self._guard:
            for backend in self._made.values():
                close = getattr(backend, "close", None)
                if close is not None:
                    close()
            self._made.clear()


@attrs.frozen
class Prepared:
    """What a hub is opened with: everything but an open store."""

    url: str
    settings: Settings
    clock: Clock
    ids: Ids
    plugins: Plugins
    store: Store


def prepared(
    url: str,
    *,
    settings: Settings | Mapping[str, Any] | None,
    plugins: Sequence[Any],
    clock: Clock | None,
    ids: Ids | None,
    discover: bool,
) -> Prepared:
    """Find what a hub is opened with; see `Hub.open` for the arguments.

    Raises:
        Invalid: `hub.bad_url`, `hub.no_url`, `settings.…`; `match.…`, weights that no match can
            be made with.
        PluginError: Nobody offers the scheme; in strict mode a plugin is broken.
    """
    if not isinstance(settings, Settings):
        if settings is not None:
            demand_type(settings, Mapping, "settings")
        settings = Settings.load(values=settings, environment=os.environ)
    if settings.match.weights:
        _demand_weights(settings.match.weights)
    if isinstance(plugins, str):
        raise Invalid("field.type", path="plugins", wanted="list", found="str")
    url = normal(url or settings.db)
    clock = clock or SystemClock()
    ids = ids or TimeOrderedIds(clock)
    found = Plugins(settings.plugins, builtin=BUILTIN, given=plugins, discover=discover)
    scheme = scheme_of(url)
    own = dict(settings.backends.get(scheme, {})) | {"timeout": settings.timeout}
    context = BackendContext(url=url, settings=own, clock=clock, ids=ids)
    return Prepared(url, settings, clock, ids, found, found.make("storage", scheme, context))


def scheme_of(url: str) -> str:
    """Give the scheme of a URL, empty where it has none.

    `urlsplit` refuses a list of hosts with an IPv6 address among them, in some versions of Python.
    """
    scheme, colon, _ = url.partition(":")
    named = colon and scheme.isascii() and scheme.replace("+", "").replace("-", "").isalnum()
    return scheme.lower() if named else ""


def _demand_weights(own: Mapping[str, Mapping[str, float]]) -> None:
    """Refuse weights that no match can be made with now, not when the first one is asked for."""
    # Loaded for who weighs by weights of their own only.
    from tianfu_sdk.core.matching.matching import weights_for

    for target in own:
        weights_for(target, own)


@contextlib.contextmanager
def closed_on_failure(store: Store) -> Iterator[None]:
    """Close a store that a hub could not be made of."""
    try:
        yield
    except BaseException:
        store.close()
        raise


@functools.cache
def regions() -> RegionTree:
    """Give the shipped regions, read once a process."""
    return RegionTree(shipped_regions())


def atlas_of(store: Store) -> Atlas:
    """Give the regions of a store, and note in it which shipped table it is opened with."""
    atlas = Atlas(regions, shipped_table)
    # It may be open for reading only or be damaged, or another process may note the same.
    with contextlib.suppress(Conflict, StorageError):
        mark = store.run(read_mark, write=False)
        # A store that holds nothing yet stays so: `bootstrap` notes what it was made with.
        if mark.version and mark.table != atlas.table:
            store.run(lambda tx: _note(tx, atlas.table), write=True)
    return atlas


def _note(tx: Tx, table: str) -> None:
    mark = read_mark(tx)
    if mark.table != table:
        write_mark(tx, attrs.evolve(mark, table=table))


def first_seen() -> FirstSeen:
    """Give a new memory of keys; SQLite is loaded only for this."""
    from tianfu_sdk.backends.sqlite.first_seen import SqliteFirstSeen

    return SqliteFirstSeen()


def event_files(folder: Path, format_: ExportFormat, reader: str, store: str) -> EventFiles:
    """Give the exports of events into a folder; what writes them is loaded only for this."""
    from tianfu_sdk.backends.event_files import FolderEventFiles

    return FolderEventFiles(folder, format_, reader, store)


def normal(url: str) -> str:
    """Refuse what is no URL.

    Raises:
        Invalid: `hub.no_url`, `hub.bad_url`.
    """
    if not url:
        raise Invalid("hub.no_url", path="url")
    # A `Path`, say, which reads like a URL to whoever gives one.
    if ":" not in str(url) or type(url) is not str:
        raise Invalid("hub.bad_url", path="url", url=str(url)[:100])
    return url


def keys_for(settings: Settings, url: str, store: Store, named: Named) -> Keys:
    """Give the holder of master keys that the settings name, or the one beside the database.

    Raises:
        PluginError: Nobody offers the holder of this name.
        Invalid: `keys.both`, a holder is named and a key given as well.
        CryptoError: `crypto.no_suite`, this machine lacks what a given key asks for.
    """
    if settings.keys:
        if settings.key is not None or settings.key_file:
            raise Invalid("keys.both", path="keys")
        holder: Keys = named.make("keys", settings.keys)
        return holder
    if settings.key is not None:
        return _checked(settings.key.reveal)
    if settings.key_file:
        # A file that is not there is told when a key is needed: who only reads needs none.
        there = Path(settings.key_file).exists()
        load = key_file(Path(settings.key_file))
        return _checked(load) if there else LocalKeys(load)
    scheme = scheme_of(url)
    if scheme == "memory":
        return LocalKeys(new_master_key)
    if scheme == "sqlite":
        path = sqlite_path(url)
        load = key_file_beside(path, sealed=_holds_sealed(store))
        there = path.with_name(path.name + ".key").exists()
        return _checked(load) if there else LocalKeys(load)

    def missing() -> str:
        raise CryptoError("keys.missing")

    return LocalKeys(missing)


def _checked(load: Callable[[], str]) -> Keys:
    """Look at start whether this machine can do what the keys ask for."""
    try:
        wanted = suites_in(load())
    except CryptoError:
        # What is wrong with the text is told when a key is needed: who only reads needs none.
        wanted = set()
    for suite in wanted:
        demand_suite(suite)
    return LocalKeys(load)


def _holds_sealed(store: Store) -> bool:
    query = Query(limit=1, fields="keys")
    return bool(store.run(lambda tx: tx.find(SUBJECT_KEY.name, query), write=False))


def beside(url: str) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Give what backends keep beside the database where their settings do not say."""
    if scheme_of(url) != "sqlite":
        return {}
    path = sqlite_path(url)
    return {("sms", "file"): {"folder": str(path.with_name(path.name + ".sms"))}}


def blobs_for(settings: Settings, url: str, named: Named) -> Blobs:
    """Give the place of media that the settings name, or the one beside the database.

    A server has none beside it, so one that nobody named takes no media.
    """
    if settings.media:
        scheme = scheme_of(settings.media)
        if scheme and scheme != "file":
            blobs: Blobs = named.make("blobs", scheme, settings.media)
            return blobs
        return FileBlobs(settings.media.removeprefix("file://"))
    if scheme_of(url) == "sqlite":
        path = sqlite_path(url)
        return FileBlobs(path.with_name(path.name + ".media"))
    return MemoryBlobs() if scheme_of(url) == "memory" else NoBlobs()


def erasures_for(settings: Settings, url: str) -> ErasureLog:
    """Give the erasure log that the settings name, or the one beside the database."""
    if settings.erasures:
        return FileErasures(settings.erasures)
    scheme = scheme_of(url)
    if scheme == "sqlite":
        path = sqlite_path(url)
        return FileErasures(path.with_name(path.name + ".erased"))
    return MemoryErasures() if scheme == "memory" else NoErasures()
