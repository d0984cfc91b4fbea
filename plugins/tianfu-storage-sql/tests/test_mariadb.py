"""MariaDB against the contract, on both paths."""

import pytest

from tianfu_sdk.testing import SearchSuite, StorageSuite

pytestmark = pytest.mark.server


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


@pytest.mark.ci
class TestPortableStorage(_Portable, StorageSuite):
    pass


@pytest.mark.ci
class TestPortableSearch(_Portable, SearchSuite):
    pass
