"""A hub whose media are in a bucket, on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest
import tianfu_blobs_s3

from tianfu_sdk import Hub, NotFound
from tianfu_sdk.testing import FrozenClock

pytestmark = pytest.mark.server
MIB = 1 << 20
HERE = Path(__file__).parent
PNG = b"\x89PNG\r\n\x1a\n" + bytes(5000)


@pytest.fixture
def hub(server, prefix):
    table = {
        "endpoint": server.endpoint,
        "access_key_id": "tianfu-test-key",
        "secret_access_key": "tianfu-test-secret-never-shown",
    }
    settings = {
        "media": f"s3://kepu-media/{quote(prefix)}",
        "backends": {"s3": table},
        "accessible": False,
    }
    # The hub's clock does not stand still: the bucket's server looks at signatures' age.
    with Hub.open("memory:", settings=settings, plugins=[tianfu_blobs_s3], discover=False) as hub:
        yield hub


def test_a_medium_goes_in_is_published_and_read_by_everybody(hub):
    first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me = hub.as_(first.id)
    other = me.accounts.create(organization=first.organization, label="审核")
    me.accounts.grant(other.id, ["*"], region="510000")
    info = me.media.add(PNG)
    made = me.resources.create(
        title="x", organization=first.organization, media=[me.media.use(info)]
    )
    with pytest.raises(NotFound):
        hub.media.open(info.sha256)
    me.resources.submit(made.id)
    hub.as_(other.id).resources.approve(made.id)
    me.resources.publish(made.id)
    with hub.media.open(info.sha256) as stream:
        assert stream.read() == PNG
    with hub.media.open(info.sha256, 1, 3) as stream:
        assert stream.read() == b"PNG"


def test_media_that_nothing_uses_are_cleared_away(hub, server, prefix):
    first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me = hub.as_(first.id)
    used = me.media.add(PNG)
    me.media.add(PNG + b"x")
    me.resources.create(title="x", organization=first.organization, media=[me.media.use(used)])
    server.begin(f"{prefix}/ab/torn")
    clock = FrozenClock()
    # The desk's clock runs on by days; that of the bucket is real.
    desk = attrs.evolve(hub._tools, clock=clock)
    system = type(hub)(desk, hub._actor, hub.plugins).as_system(reason="test")
    clock.set(hub._tools.clock.now())
    done = []
    for _ in range(3):
        clock.tick(timedelta(days=2))
        done.append(system.media.collect().deleted)
    assert done == [0, 1, 0]
    assert list(hub._tools.blobs.list()) == [used.sha256]
    assert server.begun(prefix) == 1, "young by the server's own clock"


PROGRAM = """
import hashlib, io, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import Server

class Synthetic(io.RawIOBase):
    def __init__(self, size):
        self.left, self.count = size, 0
    def readable(self):
        return True
    def read(self, size=-1):
        assert size > 0, "all at once"
        size = min(size, self.left)
        self.left -= size
        self.count += 1
        return self.count.to_bytes(8)[:size] + bytes(max(0, size - 8))

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

def start():
    Path("/proc/self/clear_refs").write_text("5")
    return peak()

blobs = Server(int(sys.argv[2])).place(sys.argv[3])
blobs.put(io.BytesIO(b"first"))
size = int(sys.argv[4])
before = start()
digest = blobs.put(Synthetic(size))
up, read = peak() - before, 0
before = start()
sha = hashlib.sha256()
with blobs.open(digest) as stream:
    while piece := stream.read(1 << 20):
        read += len(piece)
        sha.update(piece)
assert (read, sha.hexdigest()) == (size, digest)
print(up, peak() - before, peak())
"""


def measured(server, prefix, size):
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("peaks are read from /proc, which is not here")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(HERE), str(server.port), prefix, str(size)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(number) for number in done.stdout.split()]


def test_an_upload_and_a_download_take_a_few_parts_of_memory(server, prefix):
    up, down, _ = measured(server, prefix, 72 * MIB)
    assert up < 48 * MIB
    assert down < 24 * MIB


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_two_gibibytes_pass_in_64_mebibytes(server, prefix):
    up, down, peak = measured(server, prefix, 2048 * MIB)
    assert peak < 96 * MIB, "the whole process, with all that it has loaded"
    assert max(up, down) < 64 * MIB
