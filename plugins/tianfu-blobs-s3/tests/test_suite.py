"""The bucket against the contract of media, on a real server."""

from __future__ import annotations

import hashlib
import io

import pytest

from tianfu_sdk.testing import BlobsSuite

pytestmark = pytest.mark.server


class TestS3Blobs(BlobsSuite):
    # More than one part, after more than is held in memory.
    large = 18 << 20

    @pytest.fixture
    def blobs(self, make):
        return make()

    @pytest.fixture
    def reopen(self, make):
        return make

    @pytest.fixture
    def tear(self, server, prefix):
        digest = hashlib.sha256(b"half of").hexdigest()
        return lambda: server.begin(f"{prefix}/{digest[:2]}/{digest}")


def test_a_server_without_bulk_deletion_is_asked_for_one_at_a_time(make):
    blobs = make(bulk_delete=False)
    digests = [blobs.put(io.BytesIO(bytes([number]))) for number in range(3)]
    for digest in digests[:2]:
        blobs.delete(digest)
        blobs.delete(digest)
    assert list(blobs.list()) == digests[2:]
