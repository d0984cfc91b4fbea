"""A message centre on loopback, and a gateway that speaks to it."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import pytest
from tianfu_sms_smpp import SmppGateway

from tianfu_sdk import Secret
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.model.sms import Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

_spec = importlib.util.spec_from_file_location("smpp_smsc", Path(__file__).with_name("smsc.py"))
_module = importlib.util.module_from_spec(_spec)
sys.modules["smpp_smsc"] = _module
_spec.loader.exec_module(_module)


@pytest.fixture(scope="session")
def smsc_class():
    return _module.Smsc


@pytest.fixture
def smsc(smsc_class):
    with smsc_class() as smsc:
        yield smsc
        assert smsc.problems == []


@pytest.fixture
def opened():
    """Give what makes gateways; they are closed at the end."""
    made = []

    def open_(port, **settings):
        table = {
            "host": "127.0.0.1",
            "port": getattr(port, "port", port),
            "system_id": "kepu",
            "password": Secret("secret"),
            "source_addr": "10658000",
            "timeout": 5.0,
            "tls": False,
        } | settings
        context = BackendContext(clock=FrozenClock(), ids=CountingIds(), settings=table)
        gateway = SmppGateway.open(context)
        made.append(gateway)
        return gateway

    yield open_
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(smsc, opened):
    gateway = opened(smsc)
    gateway.connect()
    return gateway


@pytest.fixture
def batch():
    def make(count, text="汛期防范提示", first=0, phone="+86139{:08d}"):
        return SmsBatch(
            reference=f"bat_{first:026d}",
            signature="科普四川",
            text=text,
            recipients=tuple(
                Recipient(f"sub_{n:026d}", phone.format(87650000 + n))
                for n in range(first, first + count)
            ),
        )

    return make


@pytest.fixture
def stored():
    """Give what polls until so many came, and says that they are stored."""

    def poll(gateway, count, seconds=5.0):
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
