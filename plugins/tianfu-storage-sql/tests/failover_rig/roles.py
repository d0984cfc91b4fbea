"""One process of the rig: writers, workers and readers on one store, until stdin is closed.

Each thread keeps a diary: what it was told is done, what it was told may be done, and what
it was told is not. Run as `python roles.py SPEC`, a JSON object.
"""

import json
import os
import sys
import threading
import time
import traceback
from datetime import timedelta
from pathlib import Path

from tianfu_storage_sql import open_mysql, open_postgresql

from tianfu_sdk.errors import CommitUnknown, StorageError
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.storage import Done, JobState, Key, Kind, NewJob, Row
from tianfu_sdk.testing import CountingIds, FrozenClock

COUNT = Kind("count", (Key("number", "int"),))
LEASE = timedelta(seconds=8)
BATCH = 40
BOUNCE = 0.1


class Diary:
    """Lines of JSON; one write each, so that what stands there was said."""

    def __init__(self, path):
        self._file = Path(path).open("ab", buffering=0)  # noqa: SIM115 - as long as the process

    def write(self, what, **more):
        line = {"what": what, "at": time.monotonic(), **more}
        self._file.write(json.dumps(line).encode() + b"\n")


def opened(spec):
    make = open_postgresql if spec["url"].startswith("postgresql") else open_mysql
    context = BackendContext(
        url=spec["url"], settings=spec["settings"], clock=FrozenClock(), ids=CountingIds()
    )
    store = make(context)
    store.open([COUNT])
    return store


def watched(store, diary):
    """Note each commit whose answer was lost, and what was found out about it."""
    look_up = store._look_up

    def look(*lost):
        try:
            look_up(*lost)
        except CommitUnknown:
            diary.write("looked", found="unknown")
            raise
        except BaseException:
            diary.write("looked", found="not done")
            raise
        diary.write("looked", found="done")

    store._look_up = look


def tried(diary, who, key, fn):
    """Call; None where it failed, which is noted as what it may mean."""
    try:
        return fn()
    except CommitUnknown as error:
        diary.write("unknown", who=who, key=key, code=error.code)
    except StorageError as error:
        diary.write("failed", who=who, key=key, code=error.code)
        time.sleep(BOUNCE)
    return None


class Writer(threading.Thread):
    """Counts up its own row, each time with an event and a job, all in one transaction."""

    def __init__(self, store, diary, stop, who):
        super().__init__(name=who)
        self._given = store, diary, stop

    def run(self):
        store, diary, stop = self._given
        number = 0
        while not stop.is_set():
            key = f"{self.name}-{number}"
            number += 1

            def write(tx, key=key):
                rows = tx.get("count", [self.name])
                version, count = (rows[0].version, rows[0].keys["number"]) if rows else (0, 0)
                tx.put("count", [Row(self.name, version, b"{}", {"number": count + 1})])
                tx.append("written", [key.encode()])
                tx.enqueue("q", [NewJob(key)])
                return True

            if tried(diary, self.name, key, lambda write=write: store.run(write, write=True)):
                diary.write("ack", who=self.name, key=key)


class Worker(threading.Thread):
    """Claims jobs, does them once the claim is committed, and settles them with an event."""

    def __init__(self, store, diary, stop, who):
        super().__init__(name=who)
        self._given = store, diary, stop

    def run(self):
        store, diary, stop = self._given
        while not (stop.is_set() and self._nothing_left(store)):
            handed = []

            def claim(tx, handed=handed):
                jobs = tx.claim("q", BATCH, LEASE, self.name)
                handed.append(len(jobs))
                return jobs

            jobs = tried(
                diary, self.name, "claim", lambda claim=claim: store.run(claim, write=True)
            )
            if not jobs:
                time.sleep(0.02)
                continue
            diary.write("sent", who=self.name, keys=[job.key for job in jobs], handed=sum(handed))

            def settle(tx, jobs=jobs):
                ours = tx.settle([(job, Done()) for job in jobs])
                tx.append(
                    "done", [j.key.encode() for j, own in zip(jobs, ours, strict=True) if own]
                )
                return ours

            ours = None
            while ours is None:
                ours = tried(
                    diary, self.name, "settle", lambda settle=settle: store.run(settle, write=True)
                )
                if ours is None and stop.is_set():
                    break
            diary.write("settled", who=self.name, number=sum(ours or ()))

    def _nothing_left(self, store):
        def left(tx):
            states = (JobState.QUEUED, JobState.LEASED)
            return any(tx.jobs("q", state, None, 1) for state in states)

        return not store.run(left, write=False)


class Reader(threading.Thread):
    """Follows the events from its mark on."""

    def __init__(self, store, diary, stop, who, lag):
        super().__init__(name=who)
        self._given = store, diary, stop, lag

    def run(self):
        store, diary, stop, lag = self._given
        keys, mark = [], None

        def page(lag):
            return store.run(lambda tx: tx.read("written", mark, 500), write=False, max_lag=lag)

        while True:
            ending = stop.is_set()
            # What is asked last is asked of the primary.
            events = tried(diary, self.name, "read", lambda e=ending: page(None if e else lag))
            if events:
                keys += [event.body.decode() for event in events]
                mark = events[-1].cursor
            elif ending and events is not None:
                break
            else:
                time.sleep(0.01)
        diary.write("read", who=self.name, keys=keys)


def main():
    spec = json.loads(sys.argv[1])
    diary = Diary(spec["diary"])
    store = opened(spec)
    watched(store, diary)
    stop = threading.Event()

    def crash(given):
        # At once, so that nobody waits for what this process would have written.
        traceback.print_exception(given.exc_value)
        os._exit(1)

    threading.excepthook = crash
    made = []
    for role, number in spec["roles"].items():
        for n in range(number):
            who = f"{spec['name']}.{role}{n}"
            if role == "writer":
                made.append(Writer(store, diary, stop, who))
            elif role == "worker":
                made.append(Worker(store, diary, stop, who))
            else:
                lag = timedelta(seconds=5) if role == "lagging" else None
                made.append(Reader(store, diary, stop, who, lag))
    for thread in made:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in made:
        thread.join()
    store.close()


if __name__ == "__main__":
    main()
