"""MariaDB against the contract, on both paths."""

import pytest

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.testing import CountingIds, FrozenClock, SearchSuite, StorageSuite
from tianfu_storage_sql import open_mysql

pytestmark = pytest.mark.server


def made(url, **settings):
    context = BackendContext(
        url=url, settings=settings, clock=FrozenClock(), ids=CountingIds()
    )
    return open_mysql(context)


class _Mariadb:
    settings = {}

    @pytest.fixture
    def store(self, mariadb_url):
        return made(mariadb_url, **self.settings)

    @pytest.fixture
    def reopen(self, mariadb_url):
        return lambda: made(mariadb_url, **self.settings)


class TestStorage(_Mariadb, StorageSuite):
    pass


class TestSearch(_Mariadb, SearchSuite):
    pass


class TestPortableStorage(_Mariadb, StorageSuite):
    """Plain SQL only, without SKIP LOCKED."""

    settings = {"portable": True}


class TestPortableSearch(_Mariadb, SearchSuite):
    settings = {"portable": True}
