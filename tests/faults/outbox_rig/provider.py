"""The provider: an HTTP server in the test process, which outlives the workers and counts."""

import contextlib
import json
import os
import random
import signal
import threading
import urllib.request

from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.testing import Loopback


class Provider:
    """Counts what reaches phones; may kill the worker that calls it, and defer at random."""

    def __init__(self):
        self._server = Loopback()
        self._server.script(self._answer)
        self._guard = threading.Lock()
        self.begin(seed=0, dedupes=False)

    def begin(self, *, seed, dedupes):
        """Forget all, for the next seed."""
        self._server.requests.clear()
        self._random = random.Random(seed)
        self._dedupes = dedupes
        self.delivered = []
        """Recipient, phone and reference of all that reached a phone, in order."""
        self.calls = 0
        self.kill = {}
        """At which call of all: `before` it takes the batch or `after`."""
        self.killed = []
        self.pids = set()

    @property
    def url(self):
        return self._server.url

    def close(self):
        self._server.close()

    def quiet(self):
        """Wait until nothing is on its way: a lease ends long after that."""
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{self.url}/quiet", data=b"{}", timeout=20).read()  # noqa: S310 - ours

    def _answer(self, request):
        if request.url.endswith("/quiet"):
            return HttpResponse(status=200)
        try:
            asked = json.loads(request.body)
        except ValueError:
            # Who asked was killed half-way through its question.
            return HttpResponse(status=400)
        with self._guard:
            if request.url.endswith("/query"):
                return self._said(asked)
            self.calls += 1
            when = self.kill.pop(self.calls, None)
            if when == "before":
                self._kill("call before")
                return HttpResponse(status=503)
            hook = "recipients" in asked
            if hook:
                asked["to"] = {one["ref"]: one["phone"] for one in asked["recipients"]}
            said = self._take(asked)
            if hook:
                said = _as_webhook(asked["reference"], said)
            if when == "after":
                self._kill("call after")
            return HttpResponse(status=200, body=json.dumps(said).encode())

    def _take(self, asked):
        reference, said = asked["reference"], {}
        if asked.get("stops") and self._random.random() < 0.15:
            # Of the account, so nobody looks whether the batch is known.
            return dict.fromkeys(asked["to"], "stopped")
        for ref, phone in asked["to"].items():
            known = (ref, phone, reference) in self.delivered
            if not known and self._random.random() < 0.1:
                said[ref] = "deferred"
                continue
            if not (known and self._dedupes):
                self.delivered.append((ref, phone, reference))
            said[ref] = "accepted"
        return said

    def _said(self, asked):
        said = {
            ref: "accepted" if (ref, phone, asked["reference"]) in self.delivered else "deferred"
            for ref, phone in asked["to"].items()
        }
        return HttpResponse(status=200, body=json.dumps(said).encode())

    def _kill(self, step):
        self.killed.append(step)
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _as_webhook(reference, said):
    """Answer as a receiver of the gateway `webhook` does."""
    return {
        "version": 1,
        "results": [
            {"ref": ref, "status": status, "id": f"{reference}:{ref}"}
            if status == "accepted"
            else {"ref": ref, "status": status, "error": "retry_safe"}
            for ref, status in said.items()
        ],
    }
