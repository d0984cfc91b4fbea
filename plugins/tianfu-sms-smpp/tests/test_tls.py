"""Sessions over TLS: verified, whole, and as certain of what left as without."""

from __future__ import annotations

import socket
import ssl
import time

import attrs
import pytest
from tianfu_sms_smpp import SmppSettings

from tianfu_sdk import Unavailable
from tianfu_sdk.testing.certificate import self_signed

LONG = "科普之城，汛期防范：" * 20


@pytest.fixture
def centre(tmp_path, smsc_class):
    made = []

    def open_(address="127.0.0.1", **more):
        path = self_signed(tmp_path, address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        smsc = smsc_class(tls=context, **more)
        made.append(smsc)
        return smsc, str(path)

    yield open_
    for smsc in made:
        smsc.close()


@pytest.mark.parametrize("split", [False, True], ids=["whole", "byte by byte"])
def test_a_batch_and_its_receipts_pass(centre, opened, batch, stored, split):
    smsc, ca = centre(split=split)
    gateway = opened(smsc, tls=True, ca_file=ca)
    gateway.connect()
    results = gateway.submit(batch(20, LONG))
    assert {one.status for one in results} == {"accepted"}
    for one in smsc.messages:
        smsc.receipt(one.id, one.phone)
    ids = sorted(id_ for one in results for id_ in one.part_ids)
    receipts, _ = stored(gateway, len(ids), 40.0)
    assert sorted(one.provider_id for one in receipts) == ids
    gateway.close()
    assert smsc.unbinds == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(centre, opened):
    smsc, _ = centre()
    with pytest.raises(Unavailable) as raised:
        opened(smsc, tls=True).connect()
    assert raised.value.values["why"] == "SSLCertVerificationError"
    assert smsc.binds == []


def test_a_certificate_of_another_name_is_refused(centre, opened):
    smsc, ca = centre("127.0.0.2")
    with pytest.raises(Unavailable) as raised:
        opened(smsc, tls=True, ca_file=ca).connect()
    assert raised.value.values["why"] == "SSLCertVerificationError"
    assert smsc.binds == []


def test_a_centre_without_tls_is_told_no_password(smsc, opened):
    with pytest.raises(Unavailable) as raised:
        opened(smsc, tls=True, connect_timeout=0.5).connect()
    assert raised.value.code == "session.unreachable"
    assert smsc.binds == []


def test_a_peer_that_never_shakes_hands_is_left_in_time(opened):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = opened(silent.getsockname()[1], tls=True, connect_timeout=0.3)
        start = time.monotonic()
        with pytest.raises(Unavailable) as raised:
            gateway.connect()
        assert time.monotonic() - start < 3
    assert raised.value.values["why"] == "TimeoutError"


def test_certificates_that_are_not_there_are_unavailable(smsc, opened, tmp_path):
    with pytest.raises(Unavailable):
        opened(smsc, tls=True, ca_file=str(tmp_path / "none.pem")).connect()


def test_what_was_handed_to_tls_may_have_left(centre, opened, batch):
    smsc, ca = centre()
    gateway = opened(smsc, tls=True, ca_file=ca)
    gateway.connect()
    smsc.fault = "cut"
    assert {one.status for one in gateway.submit(batch(3))} == {"unknown"}


def test_tls_is_on_unless_it_is_said():
    assert attrs.fields(SmppSettings).tls.default is True
