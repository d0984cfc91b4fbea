"""The real command in a real process is told to end while its batches are on their way."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tianfu_sdk.hub import Hub
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.testing import Loopback

COMMAND = """
import contextlib, sys
from tianfu_sdk.cli import app, worker
from tianfu_sdk.hub import Hub
from outbox_rig.child import SETTINGS
from outbox_rig.gateway import Gateway, Offer

@contextlib.contextmanager
def opened(db):
    offer = Offer(Gateway(sys.argv[2], phones=1, dedupes=True))
    settings = {**SETTINGS, "key_file": sys.argv[3]}
    with Hub.open(db, settings=settings, plugins=[offer], discover=False) as hub:
        yield hub

worker.opened = opened
app.run(["worker", "--db", sys.argv[1], "--interval", "0.2"])
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.timeout(120)
def test_told_to_end_it_settles_what_is_on_its_way_and_claims_no_more(tmp_path):
    from outbox_rig import places
    from outbox_rig.child import SETTINGS
    from outbox_rig.gateway import Gateway, Offer

    place, go = places.Sqlite(tmp_path), threading.Event()
    url = place.fresh()
    settings = {**SETTINGS, "key_file": place.key_file}
    offer = Offer(Gateway("http://unused.test", phones=1, dedupes=True))
    with Hub.open(url, settings=settings, plugins=[offer], discover=False) as hub:
        hub.as_(place.account).sms.send(place.campaign)
    with Loopback() as vendor:

        def slow(request):
            go.wait(60)
            return HttpResponse(status=200, body=_accepted(request))

        vendor.script(slow)
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, url, vendor.url, place.key_file],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            _until(lambda: len(vendor.requests) >= 4)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None
        finally:
            go.set()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors
    with Hub.open(url, settings=settings, plugins=[offer], discover=False) as hub:
        states = dict(hub.as_(place.account).sms.status(place.campaign))
        health = hub.sms.health()
    # One group was on its way; of the nine batches one was not claimed.
    assert states == {"accepted": 8, "queued": 1}
    assert (health.queued, health.leased, health.parked) == (1, 0, 0)
    assert len(vendor.requests) == 8


def _accepted(request):
    import json

    return json.dumps(dict.fromkeys(json.loads(request.body)["to"], "accepted")).encode()


def _until(done):
    for _ in range(600):
        if done():
            return
        time.sleep(0.1)
    raise AssertionError("waited for a minute")
