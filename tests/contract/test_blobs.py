"""Files and memory against the contract of media."""

from __future__ import annotations

import pytest

from tianfu_sdk.backends.blobs import FileBlobs, MemoryBlobs
from tianfu_sdk.testing import BlobsSuite


class TestFileBlobs(BlobsSuite):
    @pytest.fixture
    def blobs(self, tmp_path):
        return FileBlobs(tmp_path / "media")

    @pytest.fixture
    def reopen(self, tmp_path):
        return lambda: FileBlobs(tmp_path / "media")

    @pytest.fixture
    def tear(self, tmp_path):
        # As a process leaves it that is killed; tests/backends/test_blobs.py kills one.
        return lambda: (tmp_path / "media" / ".new-torn").write_bytes(b"half of")


class TestMemoryBlobs(BlobsSuite):
    @pytest.fixture
    def blobs(self):
        return MemoryBlobs()
