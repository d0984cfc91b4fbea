"""The worker: sends what is due, fetches receipts, publishes, rolls up, clears away."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import FrameType

import attrs
import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, opened
from tianfu_sdk.errors import PluginError, TianfuError
from tianfu_sdk.hub import Hub

__all__ = ["Round", "serve", "turn", "worker"]

_DESKS = (
    "resources",
    "activities",
    "notices",
    "news",
    "bases",
    "clarifications",
    "studios",
    "listings",
)
_BATCHES = 1000
_EVENTS = 50_000
_DAY = timedelta(days=1)
_HOUR = 3600.0
_SHORTEST = 0.05
"""Seconds between two looks at a gateway that is limited."""

Stop = Callable[[], bool]
Tasks = Mapping[str, Callable[[], int]]


@attrs.frozen(kw_only=True)
class Round:
    """What one turn of the worker did."""

    batches: int = 0
    receipts: int = 0
    published: int = 0
    sealed: int = 0
    rolled_up: int = 0
    """Events taken into the daily roll-up."""
    followed: int = 0
    """Events that the search engine of a plugin took in."""
    alerted: int = 0
    """Needs and subscriptions that were told of what was published."""
    cleared: int = 0
    """Media that nothing used."""
    resumed: int = 0
    """Campaigns whose `send` had died half-way."""
    reminded: int = 0
    """Questions that became overdue."""
    purged: int = 0
    """Finished batches that were forgotten."""
    failed: tuple[str, ...] = ()
    """What could not be done, each with its code; the rest was."""


class _Sending:
    """Sends what is due, and knows when more may be sent."""

    def __init__(self, hub: Hub, stop: Stop) -> None:
        self._hub = hub
        self._stop = stop
        self.wait: float | None = None

    def tasks(self) -> Tasks:
        """Give the one task."""
        return {"batches": self._send}

    def _send(self) -> int:
        report = self._hub.sms.dispatch(_BATCHES, stop=self._stop)
        self.wait = report.wait
        return report.claimed


class _Keeping:
    """Does what is not sending: a gateway that is slow keeps none of it waiting."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._purged = -_HOUR

    def tasks(self) -> Tasks:
        """Give the tasks of one round."""
        hub = self._hub
        tasks: dict[str, Callable[[], int]] = {
            "resumed": hub.sms.finish_sends,
            "receipts": hub.sms.poll,
            "published": lambda: sum(len(getattr(hub, desk).publish_due()) for desk in _DESKS),
            "sealed": hub.audit.seal_open,
            "rolled_up": lambda: hub.events.roll_up(_EVENTS),
            "followed": hub.follow_index,
            "reminded": hub.questions.remind_due,
            "alerted": hub.subscriptions.alert,
            "cleared": lambda: hub.media.collect(every=_DAY).deleted,
        }
        if time.monotonic() - self._purged >= _HOUR:
            self._purged = time.monotonic()
            tasks["purged"] = hub.sms.purge
        return tasks


def turn(hub: Hub, stop: Stop = lambda: False) -> Round:
    """Do once all that is due.

    Args:
        hub: On behalf of the system.
        stop: Asked between two tasks and two claims; True: leave the rest for the next turn.
    """
    keeping = dict(_Keeping(hub).tasks())
    # First, so that what it queues is sent in the same turn.
    resumed = {"resumed": keeping.pop("resumed")}
    return _do({**resumed, **_Sending(hub, stop).tasks(), **keeping}, stop)


def _do(tasks: Tasks, stop: Stop) -> Round:
    done: dict[str, int] = {}
    failed = []
    for name, task in tasks.items():
        if stop():
            break
        try:
            done[name] = task()
        except Exception as error:  # noqa: BLE001 - a guest may raise anything
            # One trouble, such as a gateway that is away, must not stop the others. The name
            # only: a guest's message may hold phones.
            code = error.code if isinstance(error, (TianfuError, PluginError)) else None
            failed.append(f"{name}: {code or type(error).__name__}")
    return Round(**done, failed=tuple(failed))


def serve(
    hub: Hub,
    ended: threading.Event,
    *,
    interval: float,
    show: Callable[[Round], None] = lambda _: None,
) -> None:
    """Do what is due until told to end; sending has a thread of its own.

    Args:
        hub: On behalf of the system.
        ended: Once set, nothing more is claimed; what is on its way is settled.
        interval: Seconds between two rounds in which there was nothing to do.
        show: Told of each round in which something was done or failed.
    """

    def keep() -> None:
        keeping = _Keeping(hub)
        while not ended.is_set():
            found = _do(keeping.tasks(), ended.is_set)
            _shown(found, show)
            if found.rolled_up < _EVENTS:
                ended.wait(interval)

    keeper = threading.Thread(target=keep, name="tianfu-keeping")
    keeper.start()
    try:
        sending = _Sending(hub, ended.is_set)
        while not ended.is_set():
            found = _do(sending.tasks(), ended.is_set)
            _shown(found, show)
            if not found.batches:
                wait = interval if sending.wait is None else min(interval, sending.wait)
                ended.wait(max(wait, _SHORTEST))
    finally:
        ended.set()
        keeper.join()


def _shown(found: Round, show: Callable[[Round], None]) -> None:
    if found != Round():
        show(found)


@click.command()
@db_option()
@json_option()
@click.option("--once", is_flag=True, help="Do what is due, and end.")
@click.option(
    "--interval",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.1),
    help="Seconds between two rounds in which there was nothing to do.",
)
def worker(db: str, as_json: bool, once: bool, interval: float) -> None:  # noqa: FBT001
    """Send what is queued, fetch receipts, publish what is due, seal the audit, roll events up.

    A search engine that `ask.engine` names is fed. Once a day it clears away media that nothing
    uses.

    Runs until it gets SIGTERM or SIGINT; batches on their way are settled first. Any number
    may run on one store. Exit code 1 if something failed with --once.
    """
    with opened(db) as hub, _ended_by_signals() as ended:
        system = hub.as_system(reason="worker")
        if once:
            found = turn(system, ended.is_set)
            _show(found, as_json=as_json)
            raise SystemExit(1 if found.failed else 0)
        serve(system, ended, interval=interval, show=lambda found: _show(found, as_json=as_json))


def _show(found: Round, *, as_json: bool) -> None:
    if as_json:
        echo_json(attrs.asdict(found))
        return
    done = {
        "batches": found.batches,
        "receipts": found.receipts,
        "published": found.published,
        "audit lines sealed": found.sealed,
        "events rolled up": found.rolled_up,
        "events fed to the search engine": found.followed,
        "needs and subscriptions told": found.alerted,
        "media cleared away": found.cleared,
        "questions overdue": found.reminded,
        "campaigns resumed": found.resumed,
        "finished batches forgotten": found.purged,
    }
    click.echo(", ".join(f"{name} {count}" for name, count in done.items()))
    for line in found.failed:
        click.echo(f"failed {line}", err=True)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
