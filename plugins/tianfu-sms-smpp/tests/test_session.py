"""The session: what goes right, and all that may not."""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tianfu_sdk import Unavailable
from tianfu_sdk.links.joining import split_header
from tianfu_sdk.model.sms import ErrorClass
from tianfu_sdk.text import sms_parts

LONG = "科普之城，汛期防范：" * 20


def exactly(peer, count):
    data = bytearray()
    while len(data) < count:
        data += peer.recv(count - len(data))
    return bytes(data)


def threads():
    return [one for one in threading.enumerate() if one.name == "tianfu-link"]


class TestSubmits:
    def test_each_phone_gets_the_text_once(self, smsc, gateway, batch):
        what = batch(100)
        results = gateway.submit(what)
        assert [one.status for one in results] == ["accepted"] * 100
        assert [one.phone for one in smsc.messages] == [o.phone[1:] for o in what.recipients]
        assert {m.content.decode("utf-16-be") for m in smsc.messages} == {
            "【科普四川】汛期防范提示"
        }
        assert [one.provider_id for one in results] == [one.id for one in smsc.messages]

    @pytest.mark.parametrize("text", [LONG, "😀" * 80, "བོད་ཡིག་དྲིལ་བསྒྲགས།" * 12])
    def test_a_long_text_is_cut_as_it_is_billed(self, smsc, gateway, batch, text):
        gateway.submit(batch(1, text))
        parts = sms_parts(text, "科普四川")
        parts[0] = "【科普四川】" + parts[0]
        came = sorted((split_header(m.content) for m in smsc.messages), key=lambda o: o[0].number)
        assert [data.decode("utf-16-be") for _, data in came] == parts
        assert {m.esm_class for m in smsc.messages} == {0x40}

    def test_a_payload_carries_it_whole(self, smsc, opened, batch):
        gateway = opened(smsc, long_messages="payload", signature="operator")
        gateway.connect()
        gateway.submit(batch(1, LONG))
        (one,) = smsc.messages
        assert (one.content, one.tlvs[0x424].decode("utf-16-be")) == (b"", LONG)

    def test_abroad_gets_gsm_and_the_mainland_ucs2(self, smsc, opened, batch):
        import attrs

        gateway = opened(smsc, signature="operator")
        gateway.connect()
        what = batch(1, "Keep away from the river.")
        abroad = attrs.evolve(what.recipients[0], ref="sub_x", phone="+85291234567")
        results = gateway.submit(attrs.evolve(what, recipients=(*what.recipients, abroad)))
        assert [one.status for one in results] == ["accepted"] * 2
        assert {(m.phone[:3], m.coding) for m in smsc.messages} == {("861", 8), ("852", 0)}

    def test_the_national_form_refuses_who_is_abroad(self, smsc, opened, batch):
        gateway = opened(smsc, phone_form="national")
        gateway.connect()
        (one,) = gateway.submit(batch(1, phone="+852{:08d}"))
        assert (one.status, one.error) == ("rejected", ErrorClass.BAD_RECIPIENT)
        gateway.submit(batch(1))
        assert [m.phone for m in smsc.messages] == ["13987650000"]

    @pytest.mark.parametrize(
        ("result", "status", "error"),
        [
            (0x08, "unknown", ErrorClass.AMBIGUOUS),
            (0x0A, "rejected", ErrorClass.STOP_CHANNEL),
            (0x0B, "rejected", ErrorClass.BAD_RECIPIENT),
            (0x01, "rejected", ErrorClass.BAD_CONTENT),
            (0x58, "deferred", ErrorClass.THROTTLED),
            (0x14, "deferred", ErrorClass.THROTTLED),
            (0x4FF, "unknown", ErrorClass.AMBIGUOUS),
        ],
    )
    def test_a_refusal_has_its_class_and_is_of_its_phone(
        self, smsc, gateway, batch, result, status, error
    ):
        what = batch(3, LONG)
        smsc.results[what.recipients[1].phone[1:]] = result
        first, second, third = gateway.submit(what)
        assert (first.status, third.status) == ("accepted", "accepted")
        assert (second.status, second.error) == (status, error)

    def test_a_message_can_be_asked_for(self, smsc, gateway, batch):
        (one,) = gateway.submit(batch(1))
        found = gateway.status(one.provider_id)
        assert (found.state, found.code) == ("delivered", 2)


class TestPace:
    def test_no_more_submits_are_on_their_way_than_the_window_has(self, smsc_class, opened, batch):
        with smsc_class(window=8, delay=0.002) as smsc:
            gateway = opened(smsc, window=8)
            gateway.connect()
            with ThreadPoolExecutor(4) as workers:
                said = list(workers.map(lambda n: gateway.submit(batch(50, first=n)), (0, 50, 100)))
        assert {one.status for results in said for one in results} == {"accepted"}
        assert (smsc.overruns, len(smsc.messages)) == (0, 150)

    def test_a_window_that_is_too_wide_is_found_out_and_halved(self, smsc_class, opened, batch):
        with smsc_class(window=3, delay=0.002) as smsc:
            gateway = opened(smsc, window=16)
            gateway.connect()
            states = [one.status for one in gateway.submit(batch(100))]
            size = gateway._links[0].window.size
        assert set(states) <= {"accepted", "deferred"}
        assert len(smsc.messages) == states.count("accepted")
        assert size < 16


class TestReceipts:
    def test_a_receipt_finds_its_message(self, smsc, gateway, batch, stored):
        first, _ = gateway.submit(batch(2))
        number = smsc.receipt(first.provider_id, "8613987650000")
        ((receipt,), _) = stored(gateway, 1)
        assert (receipt.provider_id, receipt.state) == (first.provider_id, "delivered")
        assert (receipt.phone, receipt.code) == ("", "DELIVRD")
        assert smsc.wait(lambda: smsc.acks == [(number, 0)])

    def test_a_centre_may_write_ids_in_two_ways(self, smsc, opened, batch, stored):
        gateway = opened(smsc, response_ids="hex", receipt_ids="decimal")
        gateway.connect()
        (one,) = gateway.submit(batch(1))
        smsc.receipt(str(int(smsc.messages[0].id, 16)), "8613987650000")
        ((receipt,), _) = stored(gateway, 1)
        assert receipt.provider_id == one.provider_id

    def test_each_part_of_a_long_text_has_an_id_and_a_receipt_of_its_own(
        self, smsc, gateway, batch, stored
    ):
        (result,) = gateway.submit(batch(1, LONG))
        assert result.part_ids == tuple(one.id for one in smsc.messages)
        assert result.provider_id == result.part_ids[0]
        for one in smsc.messages:
            smsc.receipt(one.id, one.phone)
        receipts, _ = stored(gateway, len(smsc.messages))
        assert tuple(one.provider_id for one in receipts) == result.part_ids

    def test_nothing_is_acknowledged_before_it_is_stored(self, smsc, gateway, opened, stored):
        smsc.receipt("5", "8613987650000")
        assert smsc.wait(lambda: gateway.poll()[0] != ())
        gateway.close()
        assert smsc.acks == []
        other = opened(smsc)
        other.connect()
        assert len(stored(other, 1)[0]) == 1
        assert smsc.wait(lambda: len(smsc.acks) == 1)

    def test_more_than_there_is_room_for_comes_again(self, smsc, gateway):
        gateway._inbox._most = 2
        for number in range(4):
            smsc.receipt(str(number), "8613987650000")
        assert smsc.wait(lambda: [status for _, status in smsc.acks] == [0x14, 0x14])

    def test_what_cannot_be_read_is_refused_for_good(self, smsc, gateway):
        smsc.deliver("8613987650000", b"", tlvs=b"\0\1\0")
        assert smsc.wait(lambda: [status for _, status in smsc.acks] == [0xC0])


class TestInbound:
    def test_what_a_person_wrote_is_read_by_its_coding(self, smsc, gateway, stored):
        smsc.deliver("8613900000001", "退订".encode("utf-16-be"))
        smsc.deliver("8613900000001", b"TD", coding=0)
        smsc.deliver("8613900000001", "é".encode("latin-1"), coding=3)
        _, inbound = stored(gateway, 3)
        assert [one.text for one in inbound] == ["退订", "TD", "é"]
        assert {one.phone for one in inbound} == {"+8613900000001"}

    def test_parts_are_put_together_and_acknowledged_together(self, smsc, gateway, stored):
        text = "长" * 66 + "😀" + "短信" * 30
        data = text.encode("utf-16-be")
        heads = [bytes([5, 0, 3, 9, 2, number]) for number in (1, 2)]
        smsc.deliver("8613900000001", heads[1] + data[134:], esm_class=0x40)
        time.sleep(0.05)
        assert gateway.poll() == ((), ())
        smsc.deliver("8613900000001", heads[0] + data[:134], esm_class=0x40)
        _, inbound = stored(gateway, 1)
        assert [one.text for one in inbound] == [text]
        assert smsc.wait(lambda: len(smsc.acks) == 2)


class TestBinds:
    @pytest.mark.parametrize("status", [0x0D, 0x0E, 0x05, 0x400])
    def test_a_refused_bind_is_said_with_its_status(self, smsc, opened, status):
        smsc.bind_status = status
        with pytest.raises(Unavailable) as raised:
            opened(smsc).connect()
        assert raised.value.code == "session.refused"
        assert raised.value.values["status"] == f"{status:#x}"
        assert threads() == []

    def test_a_pair_has_two_sessions(self, smsc, opened, batch, stored):
        gateway = opened(smsc, bind="pair")
        gateway.connect()
        assert [command for command, _ in smsc.binds] == [2, 1]
        (one,) = gateway.submit(batch(1))
        smsc.receipt(one.provider_id, "8613987650000")
        assert len(stored(gateway, 1)[0]) == 1
        gateway.close()
        assert smsc.unbinds == 2

    def test_a_pair_of_which_one_is_lost_is_bound_anew(self, smsc, opened, batch):
        gateway = opened(smsc, bind="pair")
        gateway.connect()
        import socket

        smsc.sessions[1]["socket"].shutdown(socket.SHUT_RDWR)
        assert smsc.wait(lambda: not gateway._alive())
        gateway.connect()
        assert len(smsc.binds) == 4
        assert gateway.submit(batch(1))[0].status == "accepted"


class TestFaults:
    def test_what_was_written_and_not_answered_is_unknown(self, smsc, opened, batch):
        smsc.fault = "silent"
        gateway = opened(smsc, timeout=0.3)
        gateway.connect()
        start = time.monotonic()
        results = gateway.submit(batch(3))
        assert time.monotonic() - start < 3
        assert {(o.status, o.error) for o in results} == {("unknown", ErrorClass.AMBIGUOUS)}

    def test_an_answer_that_comes_too_late_still_lets_a_receipt_find_its_message(
        self, smsc_class, opened, batch, stored
    ):
        with smsc_class(delay=0.5) as smsc:
            gateway = opened(smsc, timeout=0.2)
            gateway.connect()
            what = batch(2)
            assert {one.status for one in gateway.submit(what)} == {"unknown"}
            assert smsc.wait(lambda: gateway._strays.find(smsc.messages[1].id, ""))
            smsc.receipt(smsc.messages[1].id, "10658000")
            ((receipt,), _) = stored(gateway, 1)
            assert (receipt.reference, receipt.ref) == (what.reference, what.recipients[1].ref)

    def test_of_a_batch_that_is_cut_short_the_rest_did_not_leave(self, smsc, opened, batch):
        smsc.fault = "silent"
        gateway = opened(smsc, timeout=4.0, window=5)
        gateway.connect()
        with ThreadPoolExecutor(1) as worker:
            said = worker.submit(gateway.submit, batch(20))
            assert smsc.wait(lambda: len(smsc.messages) == 5)
            smsc.drop()
            results = said.result()
        assert [o.status for o in results] == ["unknown"] * 5 + ["deferred"] * 15
        assert {o.error for o in results[5:]} == {ErrorClass.RETRY_SAFE}

    def test_a_connection_may_end_at_every_byte_of_a_submit(self, smsc, opened, batch):
        gateway = opened(smsc)
        for at in range(1, 90):
            smsc.cut_at = at
            gateway.connect()
            before = len(smsc.messages)
            try:
                (one,) = gateway.submit(batch(1, first=at))
            except Unavailable:
                state = "unsent"
            else:
                state = one.status
            if len(smsc.messages) == before:
                assert state in {"unknown", "unsent"}
            else:
                assert state == "accepted"
                break
            assert smsc.wait(lambda: not gateway._alive())
        assert at > 60
        smsc.cut_at = None

    def test_a_peer_that_writes_byte_by_byte_is_understood(self, smsc_class, opened, batch, stored):
        with smsc_class(split=True) as smsc:
            # A packet a byte is long under way where the machine is busy.
            gateway = opened(smsc, timeout=60.0)
            gateway.connect()
            assert {one.status for one in gateway.submit(batch(5, LONG))} == {"accepted"}
            smsc.receipt("1", "8613900000001")
            assert len(stored(gateway, 1, 60.0)[0]) == 1

    def test_the_centre_of_these_tests_writes_all_to_a_peer_that_is_slow(self, smsc):
        with socket.create_connection(("127.0.0.1", smsc.port)) as peer:
            peer.settimeout(30.0)
            body = b"kepu\0secret\0\0\x34\0\0\0"
            peer.sendall(struct.pack(">IIII", 16 + len(body), 1, 0, 1) + body)
            assert len(exactly(peer, 21)) == 21
            data = bytes(range(256)) * 2**15
            writer = threading.Thread(target=smsc.raw, args=(data,))
            writer.start()
            # Long enough for the buffers to be full, and for who writes in time only to give up.
            writer.join(0.2)
            assert exactly(peer, len(data)) == data
            writer.join()

    def test_it_says_that_it_is_there_and_asks(self, smsc, opened):
        gateway = opened(smsc, idle=0.05)
        gateway.connect()
        smsc.ask()
        assert smsc.wait(lambda: smsc.alive == 1)
        time.sleep(0.2)
        assert gateway._alive()

    def test_a_peer_that_unbinds_is_bound_again(self, smsc, gateway, batch):
        smsc.unbind()
        assert smsc.wait(lambda: not gateway._alive())
        gateway.connect()
        assert gateway.submit(batch(1))[0].status == "accepted"

    @pytest.mark.parametrize("seed", range(12))
    def test_hostile_pdus_neither_crash_nor_hang_it(self, smsc, opened, batch, seed):
        rng = random.Random(seed)
        gateway = opened(smsc, timeout=1.0)
        gateway.connect()
        commands = [1, 3, 4, 5, 5, 5, 6, 9, 0x15, 0x80000004, 0x80000009, 0x80000000, 0x103, 99]
        for _ in range(40):
            body = rng.randbytes(rng.choice((0, 1, 9, 17, 60, 300)))
            length = 16 + len(body)
            if rng.random() < 0.05:
                length = rng.choice((0, 15, 2**31, 70_001))
            head = struct.pack(
                ">IIII", length, rng.choice(commands), rng.choice((0, 8, 0x58)), rng.randrange(5)
            )
            smsc.raw(head + body)
        gateway.poll()
        try:
            results = gateway.submit(batch(1))
        except Unavailable:
            results = ()
        assert all(one.status in {"accepted", "unknown", "deferred"} for one in results)
        gateway.close()
        gateway.connect()
        assert gateway.submit(batch(1, first=3))[0].status == "accepted"
        assert threads() != []
        gateway.close()
        assert threads() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_a_session_of_its_own(smsc, gateway, batch):
    def child():
        try:
            gateway.submit(batch(1))
        except Unavailable:
            gateway.connect()
            said = gateway.submit(batch(1, first=50))
            gateway.close()
            os._exit(0 if said[0].status == "accepted" else 3)
        os._exit(4)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(20)
    assert process.exitcode == 0
    assert len(smsc.binds) == 2
    assert gateway.submit(batch(1, first=60))[0].status == "accepted"
