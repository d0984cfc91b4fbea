"""Digests of what a store holds, equal in any two stores that hold the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tianfu_sdk.core.rows.cursors import without_cursors
from tianfu_sdk.model.dump import DumpEvent, DumpHold, DumpItem, DumpJob, DumpRow
from tianfu_sdk.model.storage import JobState

__all__ = ["ContentHash"]

_MODULUS = 2**256


class ContentHash:
    """Folds items into one digest a part: a kind, a stream, a queue.

    Rows, jobs and holds count in any order, events in theirs. What every store makes for
    itself is left out: cursors (their place in the stream counts), ids of jobs, and who has
    a job leased.
    """

    def __init__(self) -> None:
        self._sums: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._chains: dict[str, Any] = {}

    def add(self, item: DumpItem) -> None:
        """Add one item."""
        match item:
            case DumpRow(kind, row, places):
                bare = without_cursors(kind, row)
                # A cursor that points at nothing is none in the next store.
                there = {name: place for name, place in places.items() if place >= 0}
                shown = [row.id, row.version, dict(bare.keys), there]
                doc = bare.doc
                self._any_order(f"kind:{kind}", shown, b"\0" if doc is None else b"\1" + doc)
            case DumpEvent(stream, body):
                chain = self._chains.setdefault(f"stream:{stream}", hashlib.sha256())
                chain.update(len(body).to_bytes(8, "big") + body)
            case DumpHold(queue, group):
                self._any_order(f"queue:{queue}", ["hold", group], b"")
            case DumpJob(job):
                state = JobState.QUEUED if job.state is JobState.LEASED else job.state
                shown = ["job", job.key, state.value, job.due.timestamp(), job.attempts]
                shown += [job.priority, job.group, job.reason]
                self._any_order(f"queue:{job.queue}", shown, job.body)

    def parts(self) -> dict[str, str]:
        """Give the digests by part, sorted: `kind:…`, `stream:…`, `queue:…`."""
        found = {name: chain.hexdigest() for name, chain in self._chains.items()}
        for name, total in self._sums.items():
            counted = f"{self._counts[name]}:{total:064x}"
            found[name] = hashlib.sha256(counted.encode()).hexdigest()
        return dict(sorted(found.items()))

    def _any_order(self, part: str, shown: list[Any], body: bytes) -> None:
        text = json.dumps(shown, ensure_ascii=False, sort_keys=True, default=_plain)
        sha = hashlib.sha256(text.encode())
        sha.update(b"\0" + body)
        # A sum is the same in any order, and tells two equal ones from none.
        total = self._sums.get(part, 0) + int.from_bytes(sha.digest(), "big")
        self._sums[part] = total % _MODULUS
        self._counts[part] = self._counts.get(part, 0) + 1


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value.hex()
