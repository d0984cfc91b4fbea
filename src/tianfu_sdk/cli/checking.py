"""What `tianfu plugins check` looks at; nothing of it leaves this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.backends.clock import SystemClock, TimeOrderedIds
from tianfu_sdk.errors import Denied, Invalid, PluginError, TianfuError, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import Recipient, SmsBatch, SmsCapabilities
from tianfu_sdk.model.storage import StorageCapabilities
from tianfu_sdk.model.translation import TranslationCapabilities
from tianfu_sdk.plugins import Offer, PluginInfo, Plugins
from tianfu_sdk.ports.sms import HttpSmsGateway, SessionSmsGateway
from tianfu_sdk.ports.translation import HttpTranslator, LocalTranslator
from tianfu_sdk.settings import Settings

__all__ = ["Report", "examine"]

_GARBAGE = (b"", b"<html></html>", b'{"half', b"null", b"[]", b"\xff\xfe", b"[" * 100_000)


@attrs.define
class Report:
    """What was found about one plugin."""

    name: str
    version: str
    passed: list[str] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)
    fine: bool = True

    def problem(self, text: str) -> None:
        """Note what is wrong."""
        self.problems.append(text)
        self.fine = False


def examine(plugins: Plugins, info: PluginInfo, settings: Settings) -> Report:
    """Look at one plugin.

    Args:
        plugins: All that came in.
        info: The one.
        settings: With the tables of its backends.
    """
    report = Report(info.name, info.version)
    if info.state != "ok":
        report.problem(info.cause or info.state)
        return report
    report.passed.append("loads, states API 1, and knows its hooks")
    for offer in plugins.offers(info.name):
        title = f"{offer.port}:{offer.name}"
        if title not in info.offers:
            continue  # of another plugin of the same distribution
        if title in info.hidden:
            report.problem(f"{title}: a built-in backend has this name and hides it")
        rivals = {
            o.plugin for o in plugins.offers() if (o.port, o.name) == (offer.port, offer.name)
        }
        if others := sorted(rivals - {info.name, "tianfu-sdk"}):
            report.problem(f"{title}: also offered by {', '.join(others)}")
        _examine_offer(report, title, offer, settings)
    return report


def _examine_offer(report: Report, title: str, offer: Offer, settings: Settings) -> None:
    table = settings.backends.get(offer.name)
    missing = [] if table is not None else _needed(offer.settings)
    if offer.builtin or (table is None and (missing or offer.settings is None)):
        # A built-in one has its suite; and to open a store would make a file.
        why = f"needs {', '.join(missing)}" if missing else "no table of settings"
        report.notes.append(f"{title}: not made: " + ("built in" if offer.builtin else why))
        return
    clock = SystemClock()
    context = BackendContext(settings=table or {}, clock=clock, ids=TimeOrderedIds(clock))
    try:
        backend = offer.factory(context)
    except Exception as error:  # noqa: BLE001 - a guest may raise anything
        report.problem(f"{title}: cannot be made: {_said(error)}")
        return
    try:
        look = _LOOKS.get(offer.port)
        if look is None:
            report.notes.append(f"{title}: made; there is no self-test for {offer.port}")
            return
        _run(report, title, look(backend))
    finally:
        close = getattr(backend, "close", None)
        if callable(close):
            _run(report, title, {"closes": lambda: _closes(close)})


def _run(report: Report, title: str, tests: Mapping[str, Callable[[], str | None]]) -> None:
    for name, test in tests.items():
        try:
            wrong = test()
        except Exception as error:  # noqa: BLE001 - a guest may raise anything
            wrong = _said(error)
        if wrong:
            report.problem(f"{title}: {name}: {wrong}")
            return  # what follows rests on it
        report.passed.append(f"{title}: {name}")


def _closes(close: Callable[[], Any]) -> str | None:
    close()
    return None


def _said(error: Exception) -> str:
    # An error that is not ours may quote a phone or a key.
    if not isinstance(error, (TianfuError, PluginError)):
        return type(error).__name__
    more = [f"{p.path}: {p.message}" for p in error.values.get("problems", ())[1:]]
    return "; ".join([str(error), *more])


def _needed(cls: type | None) -> list[str]:
    fields = attrs.fields(cls) if cls is not None else ()
    return [field.name for field in fields if field.default is attrs.NOTHING]


def _capable(backend: Any, wanted: type) -> str | None:
    can = backend.capabilities
    if not isinstance(can, wanted):
        return f"not a {wanted.__name__}"
    codec.check(can)
    return None if backend.capabilities == can else "they change from one look to the next"


def _shaped(backend: Any, shapes: Mapping[str, Any]) -> str | None:
    shape = shapes[backend.capabilities.shape]
    return None if isinstance(backend, shape) else f"some verbs of {shape.__name__} are missing"


def _sms(gateway: Any) -> dict[str, Callable[[], str | None]]:
    shapes = {"http": HttpSmsGateway, "session": SessionSmsGateway}
    tests: dict[str, Callable[[], str | None]] = {
        "capabilities": lambda: _capable(gateway, SmsCapabilities),
        "shape": lambda: _shaped(gateway, shapes),
    }
    if getattr(getattr(gateway, "capabilities", None), "shape", "") == "http":
        tests |= {
            "builds a request": lambda: _builds(gateway),
            "refuses one recipient too many": lambda: _refuses(gateway),
            "takes an unreadable answer for unknown": lambda: _unknown(gateway),
            "refuses a callback of nobody": lambda: _denies(gateway),
        }
    return tests


def _batch(count: int) -> SmsBatch:
    people = tuple(Recipient(f"sub_{n}", f"+86139{n:08d}") for n in range(count))
    return SmsBatch(reference="bat_1", signature="科普四川", text="自检", recipients=people)


def _builds(gateway: HttpSmsGateway) -> str | None:
    batch = _batch(gateway.capabilities.phones_per_call)
    return None if isinstance(gateway.request(batch), HttpRequest) else "not an HttpRequest"


def _refuses(gateway: HttpSmsGateway) -> str | None:
    try:
        gateway.request(_batch(gateway.capabilities.phones_per_call + 1))
    except Unsupported:
        return None
    return "it does not raise Unsupported"


def _unknown(gateway: HttpSmsGateway) -> str | None:
    batch = _batch(1)
    for body in _GARBAGE:
        results = gateway.result(batch, HttpResponse(status=200, body=body))
        if [result.status for result in results] != ["unknown"]:
            return "some are not"
    return None


def _denies(gateway: HttpSmsGateway) -> str | None:
    for body in _GARBAGE:
        try:
            gateway.callback(HttpRequest(method="POST", url="https://hub.invalid/", body=body))
        except (Denied, Invalid):
            continue
        return "it was believed"
    return None


def _translation(engine: Any) -> dict[str, Callable[[], str | None]]:
    def shaped() -> str | None:
        whole = isinstance(engine, (HttpTranslator, LocalTranslator))
        return None if whole else "neither request and result, nor translate"

    return {"capabilities": lambda: _capable(engine, TranslationCapabilities), "shape": shaped}


def _storage(store: Any) -> dict[str, Callable[[], str | None]]:
    def whole() -> str | None:
        missing = [
            n for n in ("open", "run", "check", "close") if not callable(getattr(store, n, 0))
        ]
        return f"missing: {', '.join(missing)}" if missing else None

    return {"capabilities": lambda: _capable(store, StorageCapabilities), "shape": whole}


_LOOKS: Mapping[str, Callable[[Any], dict[str, Callable[[], str | None]]]] = {
    "sms": _sms,
    "storage": _storage,
    "translation": _translation,
}
