"""The gateway against the contract of the SMS port, bound once and as a pair."""

from __future__ import annotations

import attrs
import pytest
from tianfu_sms_smpp import SmppGateway

from tianfu_sdk import Secret
from tianfu_sdk.testing import SmsGatewaySuite


class Cases(SmsGatewaySuite):
    bind = "transceiver"
    secrets = ("secret88",)
    faults = ("refused", "silent", "cut", "half")

    @pytest.fixture
    def gateway(self, context, smsc):
        smsc.password = "secret88"
        self.smsc = smsc
        table = {
            "host": "127.0.0.1",
            "port": smsc.port,
            "system_id": "kepu",
            "password": Secret("secret88"),
            "source_addr": "10658000",
            "tls": False,
            "bind": self.bind,
            "timeout": 2.0,
        }
        gateway = SmppGateway.open(attrs.evolve(context, settings=table))
        yield gateway
        gateway.close()

    def fail(self, gateway, fault):
        self.smsc.fault = fault

    def arrive(self, gateway, receipts, inbound):
        stats = {"delivered": "DELIVRD", "failed": "UNDELIV", "expired": "EXPIRED"}
        china = [one.at.timestamp() + 8 * 3600 for one in receipts]
        for one, moment in zip(receipts, china, strict=True):
            from datetime import UTC, datetime

            done = datetime.fromtimestamp(moment, UTC).strftime("%y%m%d%H%M%S")
            phone = one.phone.removeprefix("+")
            self.smsc.receipt(one.provider_id, phone, stats[one.state], done)
        for one in inbound:
            self.smsc.deliver(one.phone.removeprefix("+"), one.text.encode("utf-16-be"))
        return [attrs.evolve(one, ref="", reference="", phone="") for one in receipts]


class TestTransceiver(Cases):
    pass


class TestPair(Cases):
    bind = "pair"


del Cases
