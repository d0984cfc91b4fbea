"""Plugins: found, checked, kept apart when they fail, and reported.

Built-in backends come in first, through the same hooks; a guest never displaces one. A
plugin that fails to load, or that states another API, is recorded with its cause and the
hub opens without it. Asking for a name that nobody offers, that two offer, or whose
plugin is broken or blocked raises `PluginError`.

Installed plugins are looked for when a hub opens, not when this is imported. What is
installed beside them is skipped by the text of its `entry_points.txt`, unparsed.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import pluggy

from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.hookspecs import API, PROJECT, BackendContext, Hooks
from tianfu_sdk.model.event import Event
from tianfu_sdk.settings import PluginSettings

__all__ = ["PORTS", "Offer", "PluginInfo", "Plugins"]

PORTS = ("storage", "search", "blobs", "sms", "translation", "keys")
"""What a plugin can offer backends for."""

_log = logging.getLogger("tianfu_sdk.plugins")
_LONGEST_CAUSE = 300

# Who to install where nobody offers a name. Only distributions that there are: a hint that
# names one that nobody has made yet invites somebody else to make it.
_KNOWN = {
    ("blobs", "s3"): "tianfu-blobs-s3",
    ("search", "tantivy"): "tianfu-search-tantivy",
    ("sms", "cmpp"): "tianfu-sms-cmpp",
    ("sms", "smpp"): "tianfu-sms-smpp",
    ("sms", "webhook"): "tianfu-sms-webhook",
    ("storage", "mariadb"): "tianfu-storage-sql",
    ("storage", "mysql"): "tianfu-storage-sql",
    ("storage", "postgresql"): "tianfu-storage-sql",
}
_EXTRAS = {
    ("storage", "mariadb"): "mysql",
    ("storage", "mysql"): "mysql",
    ("storage", "postgresql"): "postgresql",
}
"""The extra that brings the driver, where the distribution leaves the choice."""


@attrs.frozen(kw_only=True)
class PluginInfo:
    """One plugin, as `tianfu plugins list` shows it."""

    name: str
    """Name of the distribution, `tianfu-sdk` for built-in ones, else of the object."""
    version: str
    state: str
    """`ok`, `broken` or `blocked`."""
    offers: tuple[str, ...] = ()
    """Such as `sms:webhook`."""
    hidden: tuple[str, ...] = ()
    """Those of its offers that a built-in backend of the same name hides."""
    point: str = ""
    """Name of its entry point; empty: it was given as an object."""
    builtin: bool = False
    cause: str = ""
    """Why it is broken, one line."""
    trace: str = attrs.field(default="", repr=False)
    """Whole traceback."""


@attrs.frozen(kw_only=True)
class Offer:
    """A backend that a plugin offers."""

    port: str
    """One of `PORTS`."""
    name: str
    plugin: str
    """Who offers it."""
    builtin: bool
    factory: Callable[[BackendContext], Any] = attrs.field(repr=False)

    @property
    def settings(self) -> type | None:
        """The attrs class of its table of settings, where it says so.

        A factory says so by an attribute `settings`, its own or of the class that it is a
        method of.
        """
        for holder in (self.factory, getattr(self.factory, "__self__", None)):
            found = getattr(holder, "settings", None)
            if isinstance(found, type) and attrs.has(found):
                return found
        return None


@attrs.define(eq=False)
class _Guest:
    """A plugin on its way in."""

    plugin: Any
    name: str
    version: str
    point: str = ""
    builtin: bool = False
    offers: list[Offer] = attrs.field(factory=list)
    closed: bool = False
    """Whether what it may register is settled."""


class Plugins:
    """The plugins of one hub. Safe to share between threads.

    Args:
        settings: Which come in.
        builtin: The library's own.
        given: Objects that the caller passed to `Hub.open(plugins=[…])`; `only`, `block` and
            `off` are not about them, and one that is installed as well comes in once.
        discover: Whether to look at installed distributions.

    Raises:
        PluginError: `plugin.broken`, in strict mode only.
    """

    def __init__(
        self,
        settings: PluginSettings,
        *,
        builtin: Iterable[Any] = (),
        given: Sequence[Any] = (),
        discover: bool = True,
    ) -> None:
        self._settings = settings
        self._block = {_normal(name) for name in settings.block}
        self._only = None if settings.only is None else {_normal(name) for name in settings.only}
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._infos: list[PluginInfo] = []
        self._offers: dict[tuple[str, str], list[Offer]] = {}
        # What a plugin meant to offer before it failed, to name it when that is asked for.
        self._lost: dict[tuple[str, str], PluginInfo] = {}
        self._failures: deque[str] = deque(maxlen=100)
        self._given = tuple(given)
        for plugin in builtin:
            self._take(_Guest(plugin, "tianfu-sdk", "built-in", builtin=True))
        for plugin in given:
            self._take(_Guest(plugin, _name_of(plugin), _version_of(plugin)))
        if discover and not settings.off:
            self._discover()

    def __iter__(self) -> Iterator[PluginInfo]:
        return iter(self._infos)

    def found(self) -> Sequence[PluginInfo]:
        """Give all plugins: built-in ones first, broken and blocked ones included."""
        return tuple(self._infos)

    def names(self, port: str) -> list[str]:
        """Give the names that can be asked for at a port, such as `sms`."""
        return sorted(name for kind, name in self._offers if kind == port)

    def offers(self, plugin: str | None = None) -> Sequence[Offer]:
        """Give what is offered, by port and name.

        Args:
            plugin: Only by this one; None: by all.
        """
        every = [offer for offers in self._offers.values() for offer in offers]
        chosen = [offer for offer in every if plugin is None or offer.plugin == plugin]
        return sorted(chosen, key=lambda offer: (offer.port, offer.name, offer.plugin))

    @property
    def failures(self) -> Sequence[str]:
        """What went wrong in event hooks, newest last; at most 100 lines."""
        return tuple(self._failures)

    def make(self, port: str, name: str, context: BackendContext) -> Any:
        """Make a backend.

        Args:
            port: One of `PORTS`.
            name: Such as `sqlite` or `my-gateway`.
            context: Given to its factory.

        Raises:
            PluginError: `plugin.unknown`, `plugin.broken`, `plugin.blocked`,
                `plugin.collision`.
            Invalid: What a plugin's factory says of its table, with the path in the settings.
        """
        offers = self._offers.get((port, name), [])
        own = [offer for offer in offers if offer.builtin]
        chosen = own or offers
        if not chosen:
            raise self._unknown(port, name)
        if len(chosen) > 1:
            names = ", ".join(sorted(offer.plugin for offer in chosen))
            raise PluginError("plugin.collision", path=f"{port}:{name}", plugins=names)
        try:
            return chosen[0].factory(context)
        except Invalid as error:
            if chosen[0].builtin or error.path is None:
                raise
            # Which table, and where it is to stand: a field by itself tells nobody.
            where = f"backends.{name}.{error.path}"
            hint = f"it belongs in [backends.{name}] of the settings: settings=, --settings FILE"
            raise Invalid(error.code, path=where, hint=hint, **error.values) from error

    def tell(self, events: Iterable[Event]) -> None:
        """Tell plugins of committed events; a failure is recorded and stays the plugin's."""
        implementations = self._manager.hook.tianfu_event.get_hookimpls()
        if not implementations:
            return
        for event in events:
            # One by one: in a broadcast the first that raises silences the rest.
            for implementation in implementations:
                try:
                    self._call("tianfu_event", implementation, event=event)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - the change is committed already
                    # Its type only: its text may quote what it was told, or more.
                    line = f"{implementation.plugin_name}: {type(error).__name__} on {event.type}"
                    self._failures.append(line)
                    _log.warning("a plugin failed on an event: %s", line)

    def _call(self, hook: str, implementation: Any, **arguments: Any) -> None:
        if self._settings.trace:
            # Arguments are not logged: an event may name a subject, a factory hold a key.
            _log.info("%s -> %s", hook, implementation.plugin_name)
        wanted = implementation.argnames
        implementation.function(*(arguments[name] for name in wanted))

    def _discover(self) -> None:
        from importlib.metadata import distributions

        seen: set[str] = set()
        for distribution in distributions():
            try:
                # Parsing every entry point of every distribution takes three times as long.
                if f"[{PROJECT}]" not in (distribution.read_text("entry_points.txt") or ""):
                    continue
                name, version = str(distribution.name), str(distribution.version)
                points = tuple(distribution.entry_points.select(group=PROJECT))
            except Exception as error:  # noqa: BLE001 - whatever a damaged installation causes
                self._break(_Guest(None, str(getattr(distribution, "_path", "?")), "-"), error)
                continue
            if _normal(name) in seen:
                continue  # hidden by one that stands before it on the path, as in an import
            seen.add(_normal(name))
            for point in points:
                self._admit(point, name, version)

    def _admit(self, point: Any, name: str, version: str) -> None:
        guest = _Guest(None, name, version, point.name)
        normal = _normal(name)
        if normal in self._block or (self._only is not None and normal not in self._only):
            info = PluginInfo(name=name, version=version, state="blocked", point=point.name)
            self._infos.append(info)
            return
        try:
            guest.plugin = point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - an import may even end the process
            self._break(guest, error)
            return
        # One that is installed and was given as an object as well came in as that.
        if not any(guest.plugin is given for given in self._given):
            self._take(guest)

    def _take(self, guest: _Guest) -> None:
        try:
            self._check_in(guest)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if guest.builtin:
                raise
            self._leave(guest)
            self._break(guest, error)
            return
        finally:
            guest.closed = True
        hidden = []
        for offer in guest.offers:
            rivals = self._offers.setdefault((offer.port, offer.name), [])
            if any(rival.builtin for rival in rivals):
                hidden.append(f"{offer.port}:{offer.name}")
                _log.warning("%s of %s stays hidden: it is built in", hidden[-1], guest.name)
            rivals.append(offer)
        self._infos.append(
            PluginInfo(
                name=guest.name,
                version=guest.version,
                state="ok",
                offers=tuple(sorted(f"{offer.port}:{offer.name}" for offer in guest.offers)),
                hidden=tuple(sorted(hidden)),
                point=guest.point,
                builtin=guest.builtin,
            )
        )

    def _check_in(self, guest: _Guest) -> None:
        api = getattr(guest.plugin, "tianfu_api", None)
        if api != API:
            raise PluginError("plugin.api", path=guest.name, found=api, known=API)
        _check_names(guest)
        # Numbered, since one distribution may bring several.
        number = sum(info.name == guest.name for info in self._infos) + 1
        name = guest.name if number == 1 else f"{guest.name}#{number}"
        self._manager.register(guest.plugin, name=name)
        self._manager.check_pending()
        for hook in _HOOKS:
            for implementation in getattr(self._manager.hook, hook).get_hookimpls():
                if implementation.plugin is not guest.plugin:
                    continue
                if implementation.wrapper or implementation.hookwrapper:
                    raise PluginError("plugin.wrapper", path=guest.name, hook=hook)
                port = hook.removeprefix("tianfu_register_")
                if port in PORTS:
                    self._call(hook, implementation, register=_registrar(guest, port))

    def _leave(self, guest: _Guest) -> None:
        if self._manager.is_registered(guest.plugin):
            self._manager.unregister(guest.plugin)

    def _break(self, guest: _Guest, error: BaseException) -> None:
        # One line of it all: pluggy says only in its second line what is wrong.
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_CAUSE]
        info = PluginInfo(
            name=guest.name,
            version=guest.version,
            state="broken",
            point=guest.point,
            cause=cause,
            trace="".join(traceback.format_exception(error)),
        )
        self._infos.append(info)
        for offer in guest.offers:
            self._lost[offer.port, offer.name] = info
        _log.warning("plugin %s is left out: %s", guest.name, info.cause)
        if self._settings.strict:
            raise PluginError("plugin.broken", path=guest.name, cause=info.cause) from error

    def _unknown(self, port: str, name: str) -> PluginError:
        package = _KNOWN.get((port, name))
        missing = self._lost.get((port, name)) or self._likely(name, package)
        if missing is not None and missing.state == "broken":
            return PluginError("plugin.broken", path=missing.name, cause=missing.cause)
        if missing is not None:
            return PluginError("plugin.blocked", path=missing.name, name=f"{port}:{name}")
        offered = ", ".join(self.names(port)) or "-"
        broken = sorted({info.name for info in self._infos if info.state == "broken"})
        extra = _EXTRAS.get((port, name))
        wanted = f'"{package}[{extra}]"' if extra else package
        hint = f"pip install {wanted}" if package else None
        if broken and hint is None:
            hint = f"broken plugins: {', '.join(broken)}; see tianfu plugins list"
        return PluginError(
            "plugin.unknown", path=f"{port}:{name}", hint=hint, offered=offered, name=name
        )

    def _likely(self, name: str, package: str | None) -> PluginInfo | None:
        """Find the plugin that would offer a name, by what it is called."""
        for info in self._infos:
            if info.state == "ok":
                continue
            called = (info.point, _normal(info.name).split("-")[-1])
            if _normal(info.name) == package or name in called:
                return info
        return None


_HOOKS = tuple(sorted(name for name in vars(Hooks) if name.startswith("tianfu_")))
_NAME = re.compile(r"[a-z][a-z0-9+.-]{0,47}")


def _check_names(guest: _Guest) -> None:
    # pluggy takes a misspelt hook in silence, and does not see one without its marker.
    for name in dir(guest.plugin):
        if not name.startswith("tianfu_"):
            continue
        value = getattr(guest.plugin, name, None)
        marked = getattr(value, "tianfu_sdk_impl", None) is not None
        if marked and name not in _HOOKS:
            raise PluginError("plugin.unknown_hook", path=guest.name, hook=name)
        if not marked and (name in _HOOKS or name.startswith("tianfu_register_")):
            raise PluginError("plugin.unmarked_hook", path=guest.name, hook=name)


def _registrar(guest: _Guest, port: str) -> Callable[..., None]:
    def register(name: Any, factory: Any) -> None:
        path = f"{port}:{name}"
        if guest.closed:
            raise PluginError("plugin.late", path=path, name=guest.name)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise PluginError("plugin.bad_name", path=path)
        if not callable(factory):
            raise PluginError("plugin.factory", path=path)
        if any((offer.port, offer.name) == (port, name) for offer in guest.offers):
            raise PluginError("plugin.collision", path=path, plugins=guest.name)
        guest.offers.append(
            Offer(port=port, name=name, plugin=guest.name, builtin=guest.builtin, factory=factory)
        )

    return register


def _normal(name: str) -> str:
    # As package indexes compare names: `Tianfu_SMS.webhook` is `tianfu-sms-webhook`.
    return re.sub(r"[-_.]+", "-", name).lower()


def _name_of(plugin: Any) -> str:
    for name in ("tianfu_name", "__name__"):
        found = getattr(plugin, name, "")
        if isinstance(found, str) and found:
            return found
    return type(plugin).__qualname__


def _version_of(plugin: Any) -> str:
    found = getattr(plugin, "__version__", "")
    return found if isinstance(found, str) and found else "-"
