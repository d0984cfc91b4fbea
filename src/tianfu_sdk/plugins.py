"""Plugins: found, checked, kept apart when they fail, and reported.

Built-in backends come in first, through the same hooks; a guest never displaces one. A
plugin that fails to load, or that states another API, is recorded with its cause and the
hub opens without it. Asking for a name that nobody offers, that two offer, or whose
plugin is broken raises `PluginError`.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import pluggy

from tianfu_sdk.errors import PluginError
from tianfu_sdk.hookspecs import API, PROJECT, BackendContext, Hooks
from tianfu_sdk.model.event import Event
from tianfu_sdk.settings import PluginSettings

__all__ = ["PORTS", "PluginInfo", "Plugins"]

PORTS = ("storage", "search", "blobs", "sms", "translation", "keys")
"""What a plugin can offer backends for."""

_log = logging.getLogger("tianfu_sdk.plugins")
_LONGEST_CAUSE = 300

# Who to install where nobody offers a name; known distributions of this project.
_KNOWN = {
    ("storage", "postgresql"): "tianfu-storage-sql",
    ("storage", "mysql"): "tianfu-storage-sql",
    ("storage", "mariadb"): "tianfu-storage-sql",
    ("blobs", "s3"): "tianfu-blobs-s3",
    ("search", "tantivy"): "tianfu-search-tantivy",
    ("sms", "webhook"): "tianfu-sms-webhook",
    ("sms", "aliyun"): "tianfu-sms-aliyun",
    ("sms", "tencent"): "tianfu-sms-tencent",
    ("sms", "cmpp"): "tianfu-sms-cmpp",
    ("sms", "smpp"): "tianfu-sms-smpp",
    ("sms", "huawei"): "tianfu-sms-huawei",
    ("sms", "mas"): "tianfu-sms-mas",
}


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
    builtin: bool = False
    cause: str = ""
    """Why it is broken, one line."""
    trace: str = attrs.field(default="", repr=False)
    """Whole traceback."""


@attrs.define
class _Guest:
    """A plugin on its way in."""

    plugin: Any
    name: str
    version: str
    builtin: bool = False
    offers: list[tuple[str, str, Callable[[BackendContext], Any]]] = attrs.field(factory=list)


class Plugins:
    """The plugins of one hub.

    Args:
        settings: Which come in.
        builtin: The library's own.
        given: Objects that the caller passed to `Hub.open(plugins=[…])`.
        discover: Whether to look at installed distributions.
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
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._infos: list[PluginInfo] = []
        self._offers: dict[tuple[str, str], list[_Guest]] = {}
        self._factories: dict[tuple[str, str, str], Callable[[BackendContext], Any]] = {}
        self._failures: list[str] = []
        for plugin in builtin:
            self._take(_Guest(plugin, "tianfu-sdk", _own_version(), builtin=True))
        for plugin in given:
            name = str(getattr(plugin, "tianfu_name", "") or _name_of(plugin))
            self._take(_Guest(plugin, name, str(getattr(plugin, "__version__", "-"))))
        if discover and not settings.off:
            self._discover()
        if settings.trace:
            self._manager.add_hookcall_monitoring(_trace_before, _trace_after)

    def __iter__(self) -> Iterator[PluginInfo]:
        return iter(self._infos)

    def found(self) -> Sequence[PluginInfo]:
        """Give all plugins: built-in ones first, broken and blocked ones included."""
        return tuple(self._infos)

    def names(self, port: str) -> list[str]:
        """Give the names that can be asked for at a port, such as `sms`."""
        return sorted(name for kind, name in self._offers if kind == port)

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
            PluginError: `plugin.unknown`, `plugin.broken`, `plugin.collision`.
        """
        guests = self._offers.get((port, name), [])
        own = [guest for guest in guests if guest.builtin]
        chosen = own or guests
        if not chosen:
            raise self._unknown(port, name)
        if len(chosen) > 1:
            names = ", ".join(sorted(guest.name for guest in chosen))
            raise PluginError("plugin.collision", path=f"{port}:{name}", plugins=names)
        return self._factories[port, name, chosen[0].name](context)

    def tell(self, events: Iterable[Event]) -> None:
        """Tell plugins of committed events; a failure is recorded and stays the plugin's."""
        implementations = self._manager.hook.tianfu_event.get_hookimpls()
        if not implementations:
            return
        for event in events:
            # One by one: in a broadcast the first that raises silences the rest.
            for implementation in implementations:
                try:
                    if self._settings.trace:
                        _log.info("tianfu_event %s -> %s", event.type, implementation.plugin_name)
                    arguments = [event] if implementation.argnames else []
                    implementation.function(*arguments)
                except Exception as error:  # noqa: BLE001 - a guest may raise anything
                    line = f"{implementation.plugin_name}: {type(error).__name__}"
                    self._failures = [*self._failures, line][-100:]
                    _log.warning("a plugin failed on an event: %s", line)

    def _discover(self) -> None:
        from importlib.metadata import distributions

        seen = set()
        for distribution in distributions():
            for point in distribution.entry_points:
                if point.group != PROJECT or (distribution.name, point.name) in seen:
                    continue
                seen.add((distribution.name, point.name))
                self._admit(point, distribution.name, distribution.version)

    def _admit(self, point: Any, name: str, version: str) -> None:
        only, block, own = self._settings.only, self._settings.block, _canonical(name)
        if own in map(_canonical, block) or (only is not None and own not in map(_canonical, only)):
            self._infos.append(PluginInfo(name=name, version=version, state="blocked"))
            return
        try:
            plugin = point.load()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self._break(_Guest(None, name, version), error)
            return
        self._take(_Guest(plugin, name, version))

    def _take(self, guest: _Guest) -> None:
        try:
            self._check_in(guest)
        except Exception as error:
            if guest.builtin:
                raise
            self._leave(guest)
            self._break(guest, error)
            return
        for port, name, factory in guest.offers:
            self._offers.setdefault((port, name), []).append(guest)
            self._factories[port, name, guest.name] = factory
        offers = tuple(sorted(f"{port}:{name}" for port, name, _ in guest.offers))
        self._infos.append(
            PluginInfo(
                name=guest.name,
                version=guest.version,
                state="ok",
                offers=offers,
                builtin=guest.builtin,
            )
        )

    def _check_in(self, guest: _Guest) -> None:
        api = getattr(guest.plugin, "tianfu_api", None)
        if api != API:
            raise PluginError("plugin.api", path=guest.name, found=api, known=API)
        # Named by the object: one distribution may bring several.
        self._manager.register(guest.plugin, name=f"{guest.name}:{id(guest.plugin)}")
        self._check_names(guest)
        for port in PORTS:
            caller = getattr(self._manager.hook, f"tianfu_register_{port}")
            for implementation in caller.get_hookimpls():
                if implementation.plugin is guest.plugin:
                    implementation.function(self._registrar(guest, port))

    def _check_names(self, guest: _Guest) -> None:
        known = {name for name in dir(Hooks) if name.startswith("tianfu_")}
        for name in dir(guest.plugin):
            if name.startswith("tianfu_") and name not in known:
                value = getattr(guest.plugin, name, None)
                if getattr(value, "tianfu_sdk_impl", None) is not None:
                    raise PluginError("plugin.unknown_hook", path=guest.name, hook=name)
        self._manager.check_pending()

    def _registrar(self, guest: _Guest, port: str) -> Callable[..., None]:
        def register(name: str, factory: Callable[[BackendContext], Any]) -> None:
            if not callable(factory):
                raise PluginError("plugin.factory", path=f"{port}:{name}")
            guest.offers.append((port, name, factory))

        return register

    def _leave(self, guest: _Guest) -> None:
        if guest.plugin is not None and self._manager.is_registered(guest.plugin):
            self._manager.unregister(guest.plugin)

    def _break(self, guest: _Guest, error: BaseException) -> None:
        # One line of it all: pluggy says only in its second line what is wrong.
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_CAUSE]
        self._infos.append(
            PluginInfo(
                name=guest.name,
                version=guest.version,
                state="broken",
                cause=cause,
                trace="".join(traceback.format_exception(error)),
            )
        )
        _log.warning("plugin %s is left out: %s", guest.name, cause)
        if self._settings.strict:
            raise PluginError("plugin.broken", path=guest.name, cause=cause) from error

    def _unknown(self, port: str, name: str) -> PluginError:
        broken = [info for info in self._infos if info.state == "broken"]
        for info in broken:
            if info.name == _KNOWN.get((port, name)) or name in info.name:
                return PluginError("plugin.broken", path=info.name, cause=info.cause)
        offered = ", ".join(self.names(port)) or "-"
        package = _KNOWN.get((port, name))
        hint = f"pip install {package}" if package else None
        return PluginError(
            "plugin.unknown", path=f"{port}:{name}", hint=hint, offered=offered, name=name
        )


def _trace_before(hook: str, _: Any, __: Any) -> None:
    # Arguments are not logged: an event may name a subject.
    _log.info("call %s", hook)


def _trace_after(_: Any, hook: str, __: Any, ___: Any) -> None:
    _log.info("done %s", hook)


def _name_of(plugin: Any) -> str:
    return str(getattr(plugin, "__name__", "") or type(plugin).__qualname__)


def _canonical(name: str) -> str:
    # As pip compares names (PEP 503): tianfu_sms_webhook is tianfu-sms-webhook.
    return re.sub(r"[-_.]+", "-", name).lower()


def _own_version() -> str:
    return "built-in"
