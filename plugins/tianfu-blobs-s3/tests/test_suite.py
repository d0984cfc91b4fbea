"""The bucket against the contract of media, on a real server."""

from __future__ import annotations

import hashlib

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
