"""A gateway of the operator on loopback, and one of ours that speaks to it."""

from __future__ import annotations

import attrs
import pytest
from tianfu_sms_cmpp import CmppGateway

from tianfu_sdk import Secret
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.sms import Recipient, SmsBatch
from tianfu_sdk.testing import CmppLoopback, CountingIds, FrozenClock


@pytest.fixture(params=["2.0", "3.0"])
def version(request):
    return request.param


@pytest.fixture
def operator(version):
    with CmppLoopback(version) as operator:
        yield operator


@pytest.fixture
def opened():
    """Give what makes gateways; they are closed at the end."""
    made = []

    def open_(operator, **settings):
        table = {
            "host": "127.0.0.1",
            "port": operator.port,
            "source_addr": "900001",
            "secret": Secret("888888"),
            "src_id": "10658000",
            "version": operator.version,
            "timeout": 5.0,
        } | settings
        context = BackendContext(clock=FrozenClock(), ids=CountingIds(), settings=table)
        gateway = CmppGateway.open(context)
        made.append(gateway)
        return gateway

    yield open_
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(operator, opened):
    gateway = opened(operator)
    gateway.connect()
    return gateway


def batch_of(count, text="汛期防范提示", first=0):
    return SmsBatch(
        reference=f"bat_{first:026d}",
        signature="科普四川",
        text=text,
        recipients=tuple(
            Recipient(f"sub_{n:026d}", f"+86139{87650000 + n:08d}")
            for n in range(first, first + count)
        ),
    )


@pytest.fixture
def batch():
    return batch_of


@pytest.fixture
def stored():
    """Give what polls until so many came, and says that they are stored."""

    def poll(gateway, count, seconds=5.0):
        import time

        receipts, inbound = [], []
        end = time.monotonic() + seconds
        while len(receipts) + len(inbound) < count and time.monotonic() < end:
            new = gateway.poll()
            receipts += new[0]
            inbound += new[1]
            gateway.acknowledge()
            time.sleep(0.005)
        return receipts, inbound

    return poll


@pytest.fixture
def evolve():
    return attrs.evolve
