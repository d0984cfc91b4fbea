"""The processes of one round, what they were told, and whether that holds."""

import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import attrs

from failover_rig.roles import COUNT

ROLES = Path(__file__).parent / "roles.py"
PATIENCE = 300


@attrs.frozen(kw_only=True)
class Figures:
    """What one round came to."""

    acknowledged: int
    lost: int
    twice: int
    """Writes that were applied twice."""
    unknown: int
    """Commits of which nobody could tell; each may be there or not."""
    looked_up: dict
    """Commits whose answer was lost, by what was found out."""
    failed: int
    """Writes that were said not to be done."""
    done: int
    sent_again: int
    """Jobs that were handed to a second worker after their lease."""
    handed: int
    """Jobs handed out inside a transaction of which the claim was not committed."""
    gap: float
    """Seconds, the longest in which a writer got no answer."""
    settled: int

    def __str__(self):
        return ", ".join(f"{name} {value}" for name, value in attrs.asdict(self).items())


class Troupe:
    """Processes of the rig; ended at the latest when the block is left."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._running = {}
        self._busy = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
            process.communicate()

    def start(self, name, url, *, settings=None, **roles):
        spec = {
            "name": name,
            "url": url,
            "settings": settings or {},
            "roles": roles,
            "diary": str(self._folder / f"{name}.jsonl"),
        }
        for role in ("writer", "worker"):
            self._busy |= {f"{name}.{role}{n}" for n in range(roles.get(role, 0))}
        self._running[name] = subprocess.Popen(
            [sys.executable, str(ROLES), json.dumps(spec)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def lines(self):
        found = []
        for diary in sorted(self._folder.glob("*.jsonl")):
            # The last line may be half written.
            found += [json.loads(x) for x in diary.read_bytes().split(b"\n")[:-1]]
        return found

    def wait(self, fn):
        """Wait until what stands in the diaries is enough."""
        until = time.monotonic() + PATIENCE
        while not fn(self.lines()):
            for name, process in self._running.items():
                assert process.poll() is None, f"{name} ended: {process.communicate()[1].decode()}"
            assert time.monotonic() < until, Counter(
                x["who"] + " " + x["what"] for x in self.lines()
            )
            time.sleep(0.1)

    def wait_for_writes(self, number, since=0.0):
        """Wait until each writer, and each worker, was told of so many since a moment."""

        def enough(lines):
            told = Counter(
                line["who"]
                for line in lines
                if line["what"] in {"ack", "settled"} and line["at"] > since
            )
            # A worker settles many at once.
            return all(told[who] >= (number if "writer" in who else 1) for who in self._busy)

        self.wait(enough)

    def end(self, *names):
        """Let processes come to their end."""
        for name in names:
            self._running[name].stdin.close()
        for name in names:
            process = self._running[name]
            process.stdin = None
            _, said = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, f"{name}: {said.decode()}"


def judged(store, lines):
    """Hold what the processes were told against what stands in the store."""
    acknowledged = {line["key"] for line in lines if line["what"] == "ack"}
    doubtful = {line["key"] for line in lines if line["what"] == "unknown"}
    failed = {line["key"] for line in lines if line["what"] == "failed" and "-" in line["key"]}
    written, done = read(store, "written"), read(store, "done")
    there = set(written)
    counts = {
        row.id: row.keys["number"]
        for row in store.run(lambda tx: tx.find(COUNT.name, everything()), write=False)
    }
    per_writer = Counter(key.rpartition("-")[0] for key in written)
    assert counts == dict(per_writer), "rows and events of one commit came apart"
    assert not failed & there, "what was said not to be done is there"
    assert there <= acknowledged | doubtful, "something is there that nobody was told of"
    for line in lines:
        if line["what"] == "read":
            assert line["keys"] == written, f"{line['who']} missed events, or saw them otherwise"
    for who in per_writer:
        own = [int(key.rpartition("-")[2]) for key in written if key.startswith(f"{who}-")]
        assert own == sorted(own), "events of one writer changed places"
    assert set(done) == there, "jobs were left, or done that were never written"
    sent = Counter(key for line in lines if line["what"] == "sent" for key in line["keys"])
    return Figures(
        acknowledged=len(acknowledged),
        lost=len(acknowledged - there),
        twice=len(written) - len(there) + len(done) - len(set(done)),
        unknown=len(doubtful),
        looked_up=dict(Counter(line["found"] for line in lines if line["what"] == "looked")),
        failed=len(failed),
        done=len(done),
        sent_again=sum(number - 1 for number in sent.values()),
        handed=sum(n["handed"] - len(n["keys"]) for n in lines if n["what"] == "sent"),
        settled=sum(line["number"] for line in lines if line["what"] == "settled"),
        gap=round(longest_gap(lines), 2),
    )


def everything():
    from tianfu_sdk.model.storage import Query

    return Query(limit=1000)


def read(store, stream):
    keys, mark = [], None

    def next_page(tx):
        return tx.read(stream, mark, 1000)

    while page := store.run(next_page, write=False):
        keys += [event.body.decode() for event in page]
        mark = page[-1].cursor
    return keys


def longest_gap(lines):
    moments = {}
    for line in lines:
        if line["what"] == "ack":
            moments.setdefault(line["who"], []).append(line["at"])
    return max(
        (b - a for told in moments.values() for a, b in itertools.pairwise(told)),
        default=0.0,
    )


def first_after(lines, moment):
    """Seconds from a moment until every writer was told of a write again, at most."""
    first = {}
    for line in lines:
        if line["what"] == "ack" and line["at"] > moment:
            first.setdefault(line["who"], line["at"] - moment)
    return max(first.values())
