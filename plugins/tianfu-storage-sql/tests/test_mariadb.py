"""MariaDB against the contract, on both paths."""

import pytest

from tianfu_sdk.testing import SearchSuite, StorageSuite

# A server that no Python package brings is for `.ci/run`.
pytestmark = [pytest.mark.server, pytest.mark.ci]


class _Mariadb:
    step = 0.2

    @pytest.fixture
    def store(self, mariadb_url, opened):
        return opened(mariadb_url)

    @pytest.fixture
    def reopen(self, mariadb_url, opened):
        return lambda: opened(mariadb_url)


class _Portable:
    """Plain SQL only, without SKIP LOCKED."""

    step = 0.2

    @pytest.fixture
    def store(self, portable_mariadb_url, opened):
        return opened(portable_mariadb_url, portable=True)

    @pytest.fixture
    def reopen(self, portable_mariadb_url, opened):
        return lambda: opened(portable_mariadb_url, portable=True)


class TestStorage(_Mariadb, StorageSuite):
    pass


class TestSearch(_Mariadb, SearchSuite):
    pass


class TestPortableStorage(_Portable, StorageSuite):
    pass


class TestPortableSearch(_Portable, SearchSuite):
    pass
