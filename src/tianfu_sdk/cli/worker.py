"""The worker: sends what is due, fetches receipts, publishes, rolls up, clears away."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import FrameType

import attrs
import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, opened
from tianfu_sdk.errors import PluginError, TianfuError
from tianfu_sdk.hub import Hub

__all__ = ["Round", "turn", "worker"]

_DESKS = ("resources", "activities", "notices", "news", "bases", "listings")
_BATCHES = 200
_EVENTS = 50_000
_DAY = timedelta(days=1)


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
    cleared: int = 0
    """Media that nothing used."""
    failed: tuple[str, ...] = ()
    """What could not be done, each with its code; the rest was."""


def turn(hub: Hub, stop: Callable[[], bool] = lambda: False) -> Round:
    """Do once all that is due.

    Args:
        hub: On behalf of the system.
        stop: Asked between two tasks; True: leave the rest for the next turn.
    """
    tasks: list[tuple[str, Callable[[], int]]] = [
        ("batches", lambda: hub.sms.dispatch(_BATCHES).claimed),
        ("receipts", hub.sms.poll),
        ("published", lambda: sum(len(getattr(hub, desk).publish_due()) for desk in _DESKS)),
        ("sealed", hub.audit.seal_open),
        ("rolled_up", lambda: hub.events.roll_up(_EVENTS)),
        ("followed", hub.follow_index),
        ("cleared", lambda: hub.media.collect(every=_DAY).deleted),
    ]
    done: dict[str, int] = {}
    failed = []
    for name, task in tasks:
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

    Once a day it clears away media that nothing uses.

    Runs until it gets SIGTERM or SIGINT; batches on their way are settled first. Any number
    may run on one store. Exit code 1 if something failed with --once.
    """
    with opened(db) as hub, _ended_by_signals() as ended:
        system = hub.as_system(reason="worker")
        while True:
            found = turn(system, ended.is_set)
            if once or found.batches or found.failed:
                _show(found, as_json=as_json)
            if once:
                raise SystemExit(1 if found.failed else 0)
            busy = found.batches or found.rolled_up == _EVENTS
            if ended.is_set() or (not busy and ended.wait(interval)):
                return


def _show(found: Round, *, as_json: bool) -> None:
    if as_json:
        echo_json(attrs.asdict(found))
        return
    click.echo(
        f"batches {found.batches}, receipts {found.receipts},"
        f" published {found.published}, audit lines sealed {found.sealed},"
        f" events rolled up {found.rolled_up}, media cleared away {found.cleared}"
    )
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
