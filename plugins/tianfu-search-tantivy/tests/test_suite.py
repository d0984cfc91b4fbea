"""The engine against the contract of followers."""

from __future__ import annotations

import pytest

from tianfu_sdk.testing import FollowerSuite


class TestTantivy(FollowerSuite):
    @pytest.fixture
    def engine(self, make):
        return make()

    @pytest.fixture
    def reopen(self, make):
        return make
