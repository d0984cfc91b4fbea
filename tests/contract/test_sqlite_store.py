"""The embedded store against its contract."""

from __future__ import annotations

import pytest

from tianfu_sdk.backends.sqlite import SqliteStore
from tianfu_sdk.testing import CountingIds, SearchSuite, StorageSuite


class TestSqliteStore(StorageSuite):
    @pytest.fixture
    def store(self, clock, tmp_path):
        return SqliteStore(tmp_path / "kepu.db", clock=clock, ids=CountingIds())

    @pytest.fixture
    def reopen(self, clock, tmp_path):
        return lambda: SqliteStore(tmp_path / "kepu.db", clock=clock, ids=CountingIds())


class TestSqliteSearch(SearchSuite):
    @pytest.fixture
    def store(self, clock, tmp_path):
        return SqliteStore(tmp_path / "kepu.db", clock=clock, ids=CountingIds())
