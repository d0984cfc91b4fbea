"""The gateway against the contract of the SMS port, in both versions."""

from __future__ import annotations

import attrs
import pytest
from tianfu_sms_cmpp import CmppGateway

from tianfu_sdk import Secret
from tianfu_sdk.testing import CmppLoopback, SmsGatewaySuite


class Cases(SmsGatewaySuite):
    version = "2.0"
    secrets = ("888888",)
    faults = ("refused", "silent", "cut", "half")

    @pytest.fixture
    def operator(self):
        with CmppLoopback(self.version) as operator:
            yield operator
            assert operator.problems == []

    @pytest.fixture
    def gateway(self, context, operator):
        self.operator = operator
        table = {
            "host": "127.0.0.1",
            "port": operator.port,
            "source_addr": "900001",
            "secret": Secret("888888"),
            "src_id": "10658000",
            "version": self.version,
            "timeout": 2.0,
        }
        gateway = CmppGateway.open(attrs.evolve(context, settings=table))
        yield gateway
        gateway.close()

    def fail(self, gateway, fault):
        self.operator.fault = fault

    def arrive(self, gateway, receipts, inbound):
        stats = {"delivered": "DELIVRD", "failed": "UNDELIV", "expired": "EXPIRED"}
        made = []
        for number, one in enumerate(receipts):
            phone = one.phone.removeprefix("+86")
            self.operator.receipt(1000 + number, phone, stats[one.state], at=one.at)
            # The protocol has minutes, no seconds.
            at, id_ = one.at.replace(second=0), str(1000 + number)
            made.append(attrs.evolve(one, provider_id=id_, ref="", reference="", at=at))
        for one in inbound:
            content = one.text.encode("utf-16-be")
            self.operator.inbound(one.phone.removeprefix("+86"), [content])
        return made


class TestCmpp2(Cases):
    pass


class TestCmpp3(Cases):
    version = "3.0"


del Cases
