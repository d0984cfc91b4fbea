"""PostgreSQL against the contract, on both paths."""

import pytest

from tianfu_sdk.testing import SearchSuite, StorageSuite

pytestmark = pytest.mark.server


class _Postgresql:
    step = 0.2

    @pytest.fixture
    def store(self, postgresql_url, opened):
        return opened(postgresql_url)

    @pytest.fixture
    def reopen(self, postgresql_url, opened):
        return lambda: opened(postgresql_url)


class _Portable:
    """Plain SQL only, as on an engine that speaks the protocol but not all of the dialect."""

    step = 0.2

    @pytest.fixture
    def store(self, portable_url, opened):
        return opened(portable_url, portable=True)

    @pytest.fixture
    def reopen(self, portable_url, opened):
        return lambda: opened(portable_url, portable=True)


class TestStorage(_Postgresql, StorageSuite):
    pass


class TestSearch(_Postgresql, SearchSuite):
    pass


@pytest.mark.ci
class TestPortableStorage(_Portable, StorageSuite):
    pass


@pytest.mark.ci
class TestPortableSearch(_Portable, SearchSuite):
    pass
