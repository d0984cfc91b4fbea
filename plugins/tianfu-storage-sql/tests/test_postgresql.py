"""PostgreSQL against the contract, on both paths."""

import pytest

from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.testing import CountingIds, FrozenClock, SearchSuite, StorageSuite
from tianfu_storage_sql import open_postgresql

pytestmark = pytest.mark.server


def made(url, **settings):
    context = BackendContext(
        url=url, settings=settings, clock=FrozenClock(), ids=CountingIds()
    )
    return open_postgresql(context)


class _Postgresql:
    settings = {}

    @pytest.fixture
    def store(self, postgresql_url):
        return made(postgresql_url, **self.settings)

    @pytest.fixture
    def reopen(self, postgresql_url):
        return lambda: made(postgresql_url, **self.settings)


class TestStorage(_Postgresql, StorageSuite):
    pass


class TestSearch(_Postgresql, SearchSuite):
    pass


class TestPortableStorage(_Postgresql, StorageSuite):
    """Plain SQL only, as on an engine that speaks the protocol but not all of the dialect."""

    settings = {"portable": True}


class TestPortableSearch(_Postgresql, SearchSuite):
    settings = {"portable": True}
