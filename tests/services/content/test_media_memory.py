"""Media pass through in pieces: memory does not grow with their size."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src"
MIB = 1 << 20

# In a process of its own, whose peak is only that of what is measured.
PROGRAM = """
import io, sys
from pathlib import Path
from tianfu_sdk.hub import Hub

class Synthetic(io.RawIOBase):
    '''So many bytes that are made as they are read; a PNG by its first ones.'''
    def __init__(self, size):
        self.left = size
        self.count = 0
    def readable(self):
        return True
    def read(self, size=-1):
        assert size > 0, "all at once"
        size = min(size, self.left)
        self.left -= size
        self.count += 1
        head = b"\\x89PNG\\r\\n\\x1a\\n" if self.count == 1 else self.count.to_bytes(8)
        return head[:size] + bytes(max(0, size - 8))

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

def start():
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew from what is held now
    return peak()

size = int(sys.argv[2])
with Hub.open(f"sqlite:///{sys.argv[1]}", discover=False) as hub:
    first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me = hub.as_(first.id)
    me.media.add(b"\\x89PNG\\r\\n\\x1a\\n")
    before = start()
    info = me.media.add(Synthetic(size), size=size)
    up = peak() - before
    assert info.size == size
    before = start()
    read = 0
    for start_, length in ((0, None), (1, size - 1)):
        with me.media.open(info.sha256, start_, length) as stream:
            while piece := stream.read(1 << 20):
                read += len(piece)
    down = peak() - before
    assert read == 2 * size - 1
print(up, down, peak())
"""


def measured(tmp_path, size):
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("peaks are read from /proc, which is not here")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "kepu.db"), str(size)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(number) for number in done.stdout.split()]


def test_an_upload_and_a_download_take_a_few_pieces_of_memory(tmp_path):
    up, down, _ = measured(tmp_path, 160 * MIB)
    assert up < 16 * MIB
    assert down < 16 * MIB


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_two_gibibytes_pass_in_64_mebibytes(tmp_path):
    _, _, peak = measured(tmp_path, 2048 * MIB)
    assert peak < 64 * MIB, "the whole process, with all that it has loaded"
