"""The built-in SMS gateways, that reach nobody, against the contract of their port."""

from __future__ import annotations

import pytest

from tianfu_sdk.backends.outbox_file import OutboxFileGateway
from tianfu_sdk.backends.outbox_memory import MemoryGateway
from tianfu_sdk.model.sms import Recipient, SmsBatch, SmsReceipt
from tianfu_sdk.testing import SmsGatewaySuite

BATCH = SmsBatch(
    reference="bat_arrive",
    signature="科普四川",
    text="汛期防范",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)


class TestFolder(SmsGatewaySuite):
    @pytest.fixture
    def gateway(self, tmp_path, clock):
        return OutboxFileGateway(tmp_path / "outbox", clock=clock)

    @pytest.fixture(autouse=True)
    def _now(self, clock):
        self.now = clock.now()

    def arrive(self, gateway, receipts, inbound):
        # It says itself of all that it was given that it was delivered.
        return [
            SmsReceipt(provider_id=one.provider_id, ref=one.ref, state="delivered", at=self.now)
            for one in gateway.submit(BATCH)
        ]


class TestFolderInMemory(TestFolder):
    @pytest.fixture
    def gateway(self, clock):
        return OutboxFileGateway(None, clock=clock)


class TestMemory(SmsGatewaySuite):
    @pytest.fixture
    def gateway(self):
        return MemoryGateway()

    def arrive(self, gateway, receipts, inbound):
        gateway.receipts += receipts
        gateway.inbound += inbound
