"""What a killed process runs: a hub whose store and wire kill it at a step, and the worker."""

import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import attrs

from outbox_rig.gateway import Gateway, Offer
from tianfu_sdk.backends.clock import SystemClock
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.backends.outbox_memory import MemoryGateway
from tianfu_sdk.cli.worker import serve, turn
from tianfu_sdk.core.sms import batches
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.storage import Done
from tianfu_sdk.services.sms import audience, claiming, dispatch, filling, hearing
from tianfu_sdk.services.sms.outbox import batch_moved

SETTINGS = {"sms": {"window_start": "00:00", "window_end": "00:00", "lease": 120}}


class Later(SystemClock):
    """The machine's clock, moved on, so that the leases of the dead are over."""

    def __init__(self, seconds):
        self.ahead = timedelta(seconds=seconds)

    def now(self):
        return super().now() + self.ahead


class Steps:
    """Counts the steps of this process, and ends it at one of them as kill -9 does."""

    def __init__(self, die_at, note):
        self._die_at = die_at
        self._note = note
        self._count = 0
        self._guard = threading.Lock()

    def __call__(self, name):
        with self._guard:
            self._count += 1
            if self._count == self._die_at:
                with Path(self._note).open("a") as file:
                    file.write(f"{name}\n")
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


class Store:
    """A store that may be the end of its process before, within and after each commit."""

    def __init__(self, real, steps):
        self._real = real
        self._steps = steps

    def run(self, fn, *, write, **more):
        if not write:
            return self._real.run(fn, write=False, **more)
        did = set()

        def body(tx):
            result = fn(Verbs(tx, did))
            self._steps(f"{_name(did)} before commit")
            return result

        self._steps("write before begin")
        result = self._real.run(body, write=True, **more)
        self._steps(f"{_name(did)} after commit")
        return result

    def __getattr__(self, name):
        return getattr(self._real, name)


class Verbs:
    """A transaction that remembers what it was for."""

    def __init__(self, tx, did):
        self._tx = tx
        self._did = did

    def __getattr__(self, name):
        if name in ("claim", "settle", "enqueue"):
            self._did.add(name)
        return getattr(self._tx, name)


def _name(did):
    return next((verb for verb in ("claim", "settle", "enqueue") if verb in did), "write")


class Wire:
    """A transport that may be the end of its process before and after each call."""

    def __init__(self, real, steps):
        self._real = real
        self._steps = steps

    def send(self, request, *, timeout):
        self._steps("call before send")
        answer = self._real.send(request, timeout=timeout)
        self._steps("call after answer")
        return answer

    def close(self):
        self._real.close()


def run(spec, client):
    """Do what a spec says, until it is done or the process is dead."""
    # Many small transactions, so that there are many places to die at.
    filling.CHUNK = 3
    audience.PAGE = 4
    steps = Steps(spec["die_at"], spec["note"])
    if spec["mutant"]:
        MUTANTS[spec["mutant"]]()
    with Hub.open(
        spec["url"],
        settings={**SETTINGS, "key_file": spec["key_file"], "erasures": spec["key_file"] + ".log"},
        plugins=[Offer(*(Gateway(**one) for one in spec["gateways"])), *plugins(spec["url"])],
        clock=Later(spec["ahead"]),
        discover=False,
        transport=HttpxTransport(client),
    ) as real:
        tools = attrs.evolve(
            real._tools,
            store=Store(real._tools.store, steps),
            transport=Wire(real._tools.transport, steps),
        )
        hub = Hub(tools, real._actor, real.plugins)
        if spec["task"] == "send":
            hub.as_(spec["account"]).sms.send(spec["campaign"])
        elif spec["task"] == "serve":
            serve(hub.as_system(reason="worker"), threading.Event(), interval=0.01)
        else:
            system = hub.as_system(reason="worker")
            found = turn(system)
            while found.batches or found.resumed:
                found = turn(system)
            if found.failed:
                raise RuntimeError(found.failed)


def _acknowledge_first():
    real = dispatch.claim

    def claim(work, **more):
        group = real(work, **more)
        work.tx.settle([(one.job, Done()) for one in group.claims])
        return group

    dispatch.claim = claim


def _send_again():
    real = claiming._Reader._stands

    def forgets(self, job, packed, text):
        batch, rows = real(self, job, packed, text)
        return batch_moved(batch, batches.QUEUED), rows

    claiming._Reader._stands = forgets


def _carry_on():
    for name in ("turned_away", "unsent"):
        real = getattr(hearing, name)
        setattr(
            hearing,
            name,
            lambda *args, real=real, stale, **more: real(*args, stale=False, **more),
        )


MUTANTS = {
    "acknowledge first": _acknowledge_first,
    "send again": _send_again,
    "carry on": _carry_on,
}
"""Designs that lose messages or send them twice: the suite must say so."""


def warm():
    """Send one campaign in memory: what is read and built lazily is there before the fork."""
    from outbox_rig.places import approved

    with approved("memory:", settings=SETTINGS, plugins=[Offer(MemoryGateway())]) as (
        hub,
        me,
        campaign,
    ):
        me.sms.send(campaign)
        turn(hub.as_system(reason="warm"))
        hub.as_system(reason="warm").sms.report(campaign)


def look(url, key_file):
    """Open a store once, and give how many campaigns it has."""
    settings = {**SETTINGS, "key_file": key_file, "erasures": key_file + ".log"}
    offers = [Offer(MemoryGateway()), *plugins(url)]
    with Hub.open(url, settings=settings, plugins=offers, discover=False) as hub:
        system = hub.as_system(reason="warm")
        turn(system)
        return len(system.sms.find().items)


def plugins(url):
    """Give the plugin that a URL needs."""
    if url.startswith(("sqlite", "memory")):
        return []
    import tianfu_storage_sql

    return [tianfu_storage_sql]
