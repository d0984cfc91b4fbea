"""Media in files and in memory."""

import errno
import hashlib
import io
import threading

import pytest

from tianfu_sdk.backends.blobs import FileBlobs, MemoryBlobs
from tianfu_sdk.errors import NotFound, StorageError, StorageFull

BODY = b"\x00\x01media" * 1000
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(params=["files", "memory"])
def blobs(request, tmp_path):
    return FileBlobs(tmp_path / "media") if request.param == "files" else MemoryBlobs()


def test_bytes_are_found_by_their_digest(blobs):
    assert not blobs.has(DIGEST)
    assert list(blobs.list()) == []
    assert blobs.put(io.BytesIO(BODY)) == DIGEST == blobs.put(io.BytesIO(BODY))
    assert blobs.has(DIGEST)
    assert list(blobs.list()) == [DIGEST]
    with blobs.open(DIGEST) as stream:
        assert stream.read() == BODY


@pytest.mark.parametrize(
    ("start", "length"), [(0, 0), (0, 5), (3, 4), (6999, 5), (7000, 5), (9999, 1), (5, None)]
)
def test_a_range_is_what_a_slice_is(blobs, start, length):
    blobs.put(io.BytesIO(BODY))
    end = None if length is None else start + length
    with blobs.open(DIGEST, start, length) as stream:
        assert stream.read() == BODY[start:end]


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again(blobs):
    blobs.put(io.BytesIO(BODY))
    blobs.delete(DIGEST)
    blobs.delete(DIGEST)
    assert not blobs.has(DIGEST)
    with pytest.raises(NotFound) as caught:
        blobs.open(DIGEST)
    assert caught.value.code == "blob.unknown"


@pytest.mark.parametrize("odd", ["", ".", "../x", "..", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_leads_nowhere(blobs, odd):
    assert not blobs.has(odd)
    blobs.delete(odd)
    with pytest.raises(NotFound):
        blobs.open(odd)


def test_threads_may_keep_the_same_bytes_at_once(blobs):
    found, errors = [], []

    def put():
        try:
            found.append(blobs.put(io.BytesIO(BODY)))
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(found) == {DIGEST}
    assert list(blobs.list()) == [DIGEST]


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [
        (errno.ENOSPC, StorageFull, "storage.full"),
        (errno.EDQUOT, StorageFull, "storage.full"),
        (errno.EIO, StorageError, "storage.io"),
        (errno.EACCES, StorageError, "storage.io"),
    ],
)
def test_a_disk_that_fails_is_told_and_leaves_nothing(tmp_path, monkeypatch, number, error, code):
    def fail(_):
        raise OSError(number, "no")

    monkeypatch.setattr("tianfu_sdk.backends.blobs.os.fsync", fail)
    with pytest.raises(error) as caught:
        FileBlobs(tmp_path / "media").put(io.BytesIO(BODY))
    assert caught.value.code == code
    assert "media" in str(caught.value)
    assert caught.value.hint
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    (tmp_path / "media").write_text("x")
    with pytest.raises(StorageError) as caught:
        FileBlobs(tmp_path / "media").put(io.BytesIO(BODY))
    assert caught.value.code == "storage.io"


def test_what_cannot_be_read_is_told(tmp_path):
    blobs = FileBlobs(tmp_path / "media")
    (tmp_path / "media" / DIGEST[:2] / DIGEST).mkdir(parents=True)
    with pytest.raises(StorageError) as caught:
        blobs.open(DIGEST)
    assert caught.value.code == "storage.io"
