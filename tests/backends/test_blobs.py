"""Media in files: what the contract cannot see from outside, such as faults of the disk."""

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tianfu_sdk.backends.blobs import FileBlobs
from tianfu_sdk.errors import StorageError, StorageFull

BODY = b"\x00\x01media" * 1000
DIGEST = hashlib.sha256(BODY).hexdigest()
SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kepu.db.media"


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [
        (errno.ENOSPC, StorageFull, "storage.full"),
        (errno.EDQUOT, StorageFull, "storage.full"),
        (errno.EIO, StorageError, "storage.io"),
        (errno.EACCES, StorageError, "storage.io"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_is_told_and_leaves_nothing(
    folder, monkeypatch, number, error, code, call
):
    def fail(*_):
        raise OSError(number, "no")

    name = {"fsync": "os.fsync", "replace": "Path.replace"}[call]
    monkeypatch.setattr(f"tianfu_sdk.files.{name}", fail)
    with pytest.raises(error) as caught:
        FileBlobs(folder).put(io.BytesIO(BODY))
    assert caught.value.code == code
    assert "media" in str(caught.value)
    assert caught.value.hint
    assert files(folder) == []


def test_a_disk_that_is_really_full_is_told():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("wb", buffering=0) as device:
        blobs = FileBlobs("/nowhere")
        with pytest.raises(StorageFull) as caught:
            blobs._write(device, io.BytesIO(BODY))
    assert caught.value.code == "storage.full"


def test_a_file_where_the_folder_should_be_is_told(folder):
    folder.write_text("x")
    with pytest.raises(StorageError) as caught:
        FileBlobs(folder).put(io.BytesIO(BODY))
    assert caught.value.code == "storage.io"


def test_what_cannot_be_read_is_told(folder):
    blobs = FileBlobs(folder)
    (folder / DIGEST[:2] / DIGEST).mkdir(parents=True)
    for call in (blobs.open, blobs.delete):
        with pytest.raises(StorageError) as caught:
            call(DIGEST)
        assert caught.value.code == "storage.io"


def test_nothing_but_the_bytes_stands_in_the_folder(folder):
    FileBlobs(folder).put(io.BytesIO(BODY))
    assert files(folder) == [f"{DIGEST[:2]}/{DIGEST}"]


def test_bytes_are_on_the_disk_before_they_have_a_name_and_so_is_every_folder(folder, monkeypatch):
    done = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle):
        done.append(("sync", os.fstat(handle).st_ino))
        fsync(handle)

    def renamed(self, target):
        done.append(("name", self.stat().st_ino))
        return replace(self, target)

    monkeypatch.setattr("tianfu_sdk.files.os.fsync", synced)
    monkeypatch.setattr("tianfu_sdk.files.Path.replace", renamed)
    FileBlobs(folder).put(io.BytesIO(BODY))
    target = folder / DIGEST[:2] / DIGEST
    place = done.index(("name", target.stat().st_ino))
    before, after = done[:place], done[place + 1 :]
    assert ("sync", target.stat().st_ino) in before
    assert ("sync", folder.parent.stat().st_ino) in before
    assert ("sync", folder.stat().st_ino) in before
    # The new name, and the folder that it stands in, which another may have made just now.
    assert ("sync", target.parent.stat().st_ino) in after
    assert ("sync", folder.stat().st_ino) in after


def test_a_range_is_not_read_before_it_is_asked_for(folder):
    blobs = FileBlobs(folder)
    digest = blobs.put(io.BytesIO(bytes(50 << 20)))
    import tracemalloc

    tracemalloc.start()
    try:
        with blobs.open(digest, 1, (50 << 20) - 2) as stream:
            assert stream.read(10) == bytes(10)
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


# Another process.

ENDLESS = """
import io, sys
from tianfu_sdk.backends.blobs import FileBlobs
class Endless(io.RawIOBase):
    count = 0
    def readable(self): return True
    def read(self, size=-1):
        self.count += 1
        if self.count == 4:
            print("running", flush=True)
            sys.stdin.read()  # held here until it is killed
        return bytes(1 << 20)
FileBlobs(sys.argv[1]).put(Endless())
"""


def test_an_upload_that_is_killed_shows_nothing_and_is_tidied_away(folder):
    blobs = FileBlobs(folder)
    kept = blobs.put(io.BytesIO(BODY))
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(folder)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"running\n"
        assert list(blobs.list()) == [kept]
        # While it runs nobody takes it away who asks for what is old only.
        assert blobs.tidy(timedelta(hours=1)) == 0
        process.send_signal(signal.SIGKILL)
    assert len(files(folder)) == 2
    assert list(blobs.list()) == [kept]
    assert blobs.tidy(timedelta(hours=1)) == 0
    assert blobs.tidy(timedelta(0)) == 1
    assert files(folder) == [f"{kept[:2]}/{kept}"]
    assert blobs.tidy(timedelta(0)) == 0


def test_what_is_torn_and_old_is_tidied_away_and_what_still_grows_is_not(folder):
    blobs = FileBlobs(folder)
    blobs.put(io.BytesIO(BODY))
    old, young = folder / ".new-old", folder / ".new-young"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    hours = time.time() - 7200
    os.utime(old, (hours, hours))
    assert blobs.tidy(timedelta(hours=1)) == 1
    assert files(folder) == [".new-young", f"{DIGEST[:2]}/{DIGEST}"]


TWO = """
import io, sys
from tianfu_sdk.backends.blobs import FileBlobs
blobs = FileBlobs(sys.argv[1])
sys.stdin.readline()
for round in range(40):
    for number in range(5):
        body = number.to_bytes(4) * 20000
        digest = blobs.put(io.BytesIO(body))
        try:
            with blobs.open(digest) as stream:
                found = stream.read()
        except LookupError:
            continue  # the other one has deleted it
        assert found == body, "half of it"
        if round % 3 == 0:
            blobs.delete(digest)
    assert all(blobs.has(d) in (True, False) for d in blobs.list())
for number in range(5):
    blobs.put(io.BytesIO(number.to_bytes(4) * 20000))
"""


def test_two_processes_put_read_and_delete_the_same_bytes_at_once(folder):
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(folder)], env=environment, stdin=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in both:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=50)
    assert [process.returncode for process in both] == [0, 0]
    wanted = {hashlib.sha256(number.to_bytes(4) * 20000).hexdigest() for number in range(5)}
    assert set(FileBlobs(folder).list()) == wanted
    assert len(files(folder)) == 5
