"""What goes wrong on the way to the bucket is told in the library's own words."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from tianfu_blobs_s3 import S3Blobs, S3Settings

from tianfu_sdk import NotFound, Secret, StorageError, StorageFull, StorageUnavailable
from tianfu_sdk.backends.clock import SystemClock
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.testing import Loopback

BODY = b"media" * 100
DIGEST = hashlib.sha256(BODY).hexdigest()
LARGE = 20 << 20
SECRET = "never-shown-anywhere"
HERE = Path(__file__).parent


def place(endpoint, **more):
    table = {"access_key_id": "key", "secret_access_key": Secret(SECRET), "retries": 0}
    options = S3Settings(endpoint=endpoint, timeout=5.0, **table | more)
    return S3Blobs("s3://kepu/media", options, SystemClock())


def calls(blobs):
    return {
        "put": lambda: blobs.put(io.BytesIO(BODY)),
        "large": lambda: blobs.put(io.BytesIO(bytes(LARGE))),
        "open": lambda: blobs.open(DIGEST),
        "range": lambda: blobs.open(DIGEST, 3, 0),
        "has": lambda: blobs.has(DIGEST),
        "delete": lambda: blobs.delete(DIGEST),
        "list": lambda: list(blobs.list()),
        "tidy": lambda: blobs.tidy(timedelta(0)),
    }


EVERY = ("put", "large", "open", "range", "has", "delete", "list", "tidy")


def raised(call):
    """Give the error of a call, and all that a log would show of it."""
    with pytest.raises(StorageError) as caught:
        call()
    return caught.value, "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("call", EVERY)
def test_a_server_that_is_not_there_is_unreachable(call):
    error, _ = raised(calls(place("http://127.0.0.1:1"))[call])
    assert type(error) is StorageUnavailable
    assert (error.code, error.retryable) == ("s3.unreachable", True)
    assert "s3://kepu/media" in str(error)
    assert error.hint


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (500, StorageUnavailable, "s3.unreachable"),
        (503, StorageUnavailable, "s3.unreachable"),
        (507, StorageFull, "storage.full"),
        (400, StorageError, "s3.refused"),
        (403, StorageError, "s3.refused"),
    ],
)
@pytest.mark.parametrize("call", EVERY)
def test_the_status_of_an_answer_says_what_it_is(call, status, error, code):
    if call == "tidy" and status == 507:
        pytest.skip("nothing is written")
    words = f"<Error><Code>Odd</Code><StringToSign>{SECRET}</StringToSign></Error>"
    with Loopback() as vendor:
        vendor.script(lambda _: HttpResponse(status=status, body=words.encode()))
        found, shown = raised(calls(place(vendor.url))[call])
    assert (type(found), found.code) == (error, code)
    assert str(status) in str(found) or status == 507
    # An answer to a wrong signature repeats the key's id and what was signed.
    assert SECRET not in shown
    assert "StringToSign" not in shown


@pytest.mark.server
@pytest.mark.parametrize("call", EVERY)
def test_a_wrong_secret_is_refused_and_shown_nowhere(server, call):
    blobs = place(server.endpoint, access_key_id="tianfu-test-key")
    error, shown = raised(calls(blobs)[call])
    assert (type(error), error.code) == (StorageError, "s3.refused")
    assert SECRET not in shown
    assert "Signature=" not in shown


@pytest.mark.server
def test_a_bucket_that_is_not_there_keeps_nothing_and_says_so(server):
    blobs = S3Blobs("s3://no-such-bucket", server.settings(), SystemClock())
    assert not blobs.has(DIGEST)
    with pytest.raises(NotFound):
        blobs.open(DIGEST)


class Cut:
    """A way to the server that breaks off after so many bytes."""

    def __init__(self, port, most):
        self.port, self.left = port, most
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = [self._listener]
        self._guard = threading.Lock()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                with self._guard:
                    self._open += [near, far]
                for pair in ((near, far, True), (far, near, False)):
                    thread = threading.Thread(target=self._pass, args=pair)
                    self._threads.append(thread)
                    thread.start()

    def _pass(self, source, target, counted):
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                if counted:
                    self.left -= len(piece)
                    if self.left < 0:
                        break
                target.sendall(piece)
        if counted and self.left < 0:
            self.close()

    def close(self):
        with self._guard:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        for thread in self._threads:
            thread.join(10)


@pytest.mark.server
def test_a_connection_that_is_lost_in_the_middle_leaves_nothing_that_is_seen(server, make, prefix):
    blobs = make()
    with Cut(server.port, 12 << 20) as way:
        error, _ = raised(
            lambda: make(endpoint=way.endpoint, retries=0).put(io.BytesIO(bytes(LARGE)))
        )
    assert (type(error), error.code) == (StorageUnavailable, "s3.unreachable")
    assert list(blobs.list()) == []
    # The driver could not end what it had begun: the way was gone.
    assert server.begun(prefix) == 1
    assert blobs.tidy(timedelta(0)) == 1
    assert server.begun(prefix) == 0
    assert blobs.put(io.BytesIO(bytes(LARGE))) == hashlib.sha256(bytes(LARGE)).hexdigest()


KILLED = """
import io, sys
sys.path.insert(0, sys.argv[1])
from conftest import Server
class Zeros(io.RawIOBase):
    left = 200 << 20
    def readable(self): return True
    def read(self, size=-1):
        size = min(size, self.left)
        self.left -= size
        if not size:
            print("sending", flush=True)
        return bytes(size)
Server(int(sys.argv[2])).place(sys.argv[3]).put(Zeros())
"""


@pytest.mark.server
def test_a_process_that_is_killed_while_it_sends_leaves_nothing_that_is_seen(
    server, make, prefix, tmp_path
):
    blobs = make()
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(HERE), str(server.port), prefix],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"sending\n"
        deadline = time.monotonic() + 20
        while not server.begun(prefix) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
    assert list(blobs.list()) == []
    assert not blobs.has(hashlib.sha256(bytes(200 << 20)).hexdigest())
    assert server.begun(prefix) == 1
    # The spool has no name, so it went with its process.
    assert list(tmp_path.iterdir()) == []
    assert blobs.tidy(timedelta(hours=1)) == 0
    assert blobs.tidy(timedelta(0)) == 1
    assert server.begun(prefix) == 0


def test_a_spool_without_room_is_told(monkeypatch, tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    monkeypatch.setattr(
        "tianfu_blobs_s3.blobs.tempfile.TemporaryFile", lambda **_: full.open("wb", buffering=0)
    )
    blobs = place("http://127.0.0.1:1", spool=str(tmp_path))
    with pytest.raises(StorageFull) as caught:
        blobs.put(io.BytesIO(bytes(LARGE)))
    assert (caught.value.code, caught.value.path) == ("storage.full", "spool")


def test_a_spool_that_is_not_there_is_told(tmp_path):
    blobs = place("http://127.0.0.1:1", spool=str(tmp_path / "none"))
    with pytest.raises(StorageError) as caught:
        blobs.put(io.BytesIO(bytes(LARGE)))
    assert (caught.value.code, caught.value.path) == ("storage.io", "spool")


def test_an_upload_of_which_nobody_says_when_it_began_is_left_alone():
    begun = "<Upload><Key>{}</Key><UploadId>{}</UploadId><Initiated>{}</Initiated></Upload>"
    listed = "".join(
        (
            begun.format("media/a", "1", "2020-01-01T00:00:00Z"),
            begun.format("media/b", "2", ""),
            begun.format("media/c", "3", "lately"),
        )
    )
    body = f"<ListMultipartUploadsResult>{listed}</ListMultipartUploadsResult>".encode()
    with Loopback() as vendor:
        vendor.script(HttpResponse(status=200, body=body))
        assert place(vendor.url).tidy(timedelta(0)) == 1
    ended = [request.url for request in vendor.requests if request.method == "DELETE"]
    assert len(ended) == 1
    assert "uploadId=1" in ended[0]
