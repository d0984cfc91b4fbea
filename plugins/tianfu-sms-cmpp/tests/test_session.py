"""The session against the operator's side on loopback: what goes right, and all that may not."""

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
from tianfu_sdk.model.sms import ErrorClass
from tianfu_sdk.testing import CmppLoopback
from tianfu_sdk.testing.cmpp import _IDLE, _Session
from tianfu_sdk.text import sms_parts

LONG = "科普之城，汛期防范：" * 20


def threads():
    return [one for one in threading.enumerate() if one.name == "tianfu-link"]


def phone(one):
    return one.phone.removeprefix("+86")


class TestSubmits:
    def test_a_text_goes_out_once_with_its_signature(self, operator, gateway, batch):
        what = batch(3)
        results = gateway.submit(what)
        assert [one.status for one in results] == ["accepted"] * 3
        (came,) = operator.submits
        assert came.text == "【科普四川】汛期防范提示"
        assert came.phones == tuple(phone(one) for one in what.recipients)
        assert (came.src_id, came.receipt, came.total) == ("10658000", True, 1)
        assert operator.problems == []

    def test_the_operator_may_set_the_signature(self, operator, opened, batch):
        gateway = opened(operator, signature="operator")
        gateway.connect()
        gateway.submit(batch(1))
        assert operator.submits[0].text == "汛期防范提示"
        assert gateway.capabilities.signature == "apart"

    def test_a_signature_that_stands_in_the_text_is_not_doubled(self, operator, gateway, batch):
        gateway.submit(batch(1, "【科普四川】汛期防范提示"))
        assert operator.submits[0].text == "【科普四川】汛期防范提示"

    @pytest.mark.parametrize("text", [LONG, "😀" * 80, "བོད་ཡིག་དྲིལ་བསྒྲགས།" * 12])
    def test_a_long_text_is_cut_as_it_is_billed(self, operator, gateway, batch, text):
        gateway.submit(batch(2, text))
        parts = sms_parts(text, "科普四川")
        parts[0] = "【科普四川】" + parts[0]
        came = sorted(operator.submits, key=lambda one: one.number)
        assert [one.text for one in came] == parts
        assert {one.total for one in came} == {len(parts)}
        assert len({one.reference for one in came}) == 1
        assert operator.problems == []

    def test_two_long_texts_have_two_references(self, operator, gateway, batch):
        gateway.submit(batch(1, LONG))
        gateway.submit(batch(1, LONG, first=5))
        assert len({one.reference for one in operator.submits}) == 2

    def test_a_foreign_number_is_refused_and_the_others_go(self, operator, gateway, batch, evolve):
        what = batch(3)
        one = evolve(what.recipients[1], phone="+85290000000")
        what = evolve(what, recipients=(what.recipients[0], one, what.recipients[2]))
        results = gateway.submit(what)
        assert [r.status for r in results] == ["accepted", "rejected", "accepted"]
        assert results[1].error is ErrorClass.BAD_RECIPIENT
        assert len(operator.submits[0].phones) == 2

    def test_a_wrong_number_is_found_by_halves(self, operator, gateway, batch):
        what = batch(90)
        wrong = what.recipients[41]
        operator.results[phone(wrong)] = 13
        results = {one.ref: one for one in gateway.submit(what)}
        assert results.pop(wrong.ref).error is ErrorClass.BAD_RECIPIENT
        assert {one.status for one in results.values()} == {"accepted"}
        sent = [p for one in operator.submits for p in one.phones]
        assert sorted(sent) == sorted(phone(o) for o in what.recipients if o is not wrong)

    @pytest.mark.parametrize(
        ("result", "status", "error"),
        [
            (1, "rejected", ErrorClass.STOP_CHANNEL),
            (3, "unknown", ErrorClass.AMBIGUOUS),
            (4, "rejected", ErrorClass.BAD_CONTENT),
            (10, "rejected", ErrorClass.STOP_CHANNEL),
            (13, "rejected", ErrorClass.BAD_RECIPIENT),
            (77, "unknown", ErrorClass.AMBIGUOUS),
        ],
    )
    def test_a_refusal_has_its_class(self, operator, gateway, batch, result, status, error):
        what = batch(1, LONG)
        operator.results[phone(what.recipients[0])] = result
        (one,) = gateway.submit(what)
        assert (one.status, one.error, one.code) == (status, error, str(result))
        assert operator.submits == []

    def test_the_day_can_be_counted(self, operator, gateway, batch):
        gateway.submit(batch(5))
        counts = gateway.counts("20260101")
        assert (counts.submitted, counts.phones) == (1, 5)


class TestPace:
    def test_no_more_submits_are_on_their_way_than_the_window_has(self, opened, batch):
        with CmppLoopback("2.0", window=4, delay=0.01) as operator:
            gateway = opened(operator, window=4)
            gateway.connect()
            with ThreadPoolExecutor(12) as workers:
                said = list(workers.map(lambda n: gateway.submit(batch(1, first=n)), range(60)))
        assert {one.status for results in said for one in results} == {"accepted"}
        assert operator.overruns == 0
        assert len(operator.submits) == 60

    def test_a_window_that_is_too_wide_is_found_out_and_halved(self, opened, batch):
        with CmppLoopback("2.0", window=3, delay=0.002) as operator:
            gateway = opened(operator, window=16)
            gateway.connect()
            with ThreadPoolExecutor(16) as workers:
                said = list(workers.map(lambda n: gateway.submit(batch(1, first=n)), range(80)))
            size = gateway._links[0].window.size
        states = [one.status for results in said for one in results]
        assert set(states) <= {"accepted", "deferred"}
        assert len(operator.submits) == states.count("accepted")
        assert size < 16

    def test_a_gateway_that_throttles_is_asked_again_a_moment_later(self, operator, gateway, batch):
        operator.throttle = 2
        (one,) = gateway.submit(batch(1))
        assert one.status == "accepted"
        assert len(operator.submits) == 1

    def test_one_that_goes_on_throttling_is_the_turn_of_the_hub(self, operator, gateway, batch):
        operator.throttle = 100
        results = gateway.submit(batch(3))
        assert {(o.status, o.error, o.retry_after) for o in results} == {
            ("deferred", ErrorClass.THROTTLED, 1.0)
        }
        assert operator.submits == []

    def test_of_a_long_text_nothing_is_out_when_it_is_throttled(self, operator, gateway, batch):
        operator.throttle = 3
        (one,) = gateway.submit(batch(1, LONG))
        assert one.status == "deferred"
        assert operator.submits == []


class TestReceipts:
    @pytest.mark.parametrize("width", [21, 32])
    def test_a_receipt_is_of_the_one_phone(self, operator, gateway, batch, stored, width):
        what = batch(3)
        results = gateway.submit(what)
        id_ = operator.submits[0].id
        operator.receipt(id_, phone(what.recipients[1]), width=width)
        ((receipt,), _) = stored(gateway, 1)
        assert receipt.provider_id == results[1].provider_id
        assert (receipt.state, receipt.phone) == ("delivered", what.recipients[1].phone)

    def test_each_part_of_a_long_text_has_an_id_and_receipts_of_its_own(
        self, operator, gateway, batch, stored
    ):
        what = batch(2, LONG)
        results = gateway.submit(what)
        ids = [str(one.id) for one in sorted(operator.submits, key=lambda one: one.number)]
        assert [one.part_ids for one in results] == [tuple(ids)] * 2
        assert {one.provider_id for one in results} == {ids[0]}
        first, second = (phone(one) for one in what.recipients)
        operator.receipt(int(ids[1]), first)
        operator.receipt(int(ids[0]), second, "UNDELIV")
        receipts, _ = stored(gateway, 2)
        assert [(one.provider_id, one.phone, one.state) for one in receipts] == [
            (ids[1], what.recipients[0].phone, "delivered"),
            (ids[0], what.recipients[1].phone, "failed"),
        ]
        assert operator.wait(lambda: len(operator.acknowledged) == 2)

    def test_a_text_of_one_part_has_no_ids_of_parts(self, gateway, batch):
        assert [one.part_ids for one in gateway.submit(batch(2))] == [()] * 2

    def test_receipts_that_come_before_the_answer_are_told(self, opened, batch, stored):
        with CmppLoopback("2.0", delay=0.3) as operator:
            gateway = opened(operator)
            gateway.connect()
            what = batch(1, LONG)
            with ThreadPoolExecutor(1) as worker:
                said = worker.submit(gateway.submit, what)
                count = len(sms_parts(LONG, "科普四川"))
                assert operator.wait(lambda: len(operator.submits) == count)
                for one in operator.submits:
                    operator.receipt(one.id, phone(what.recipients[0]))
                receipts, _ = stored(gateway, count)
                (result,) = said.result()
            assert sorted(one.provider_id for one in receipts) == sorted(result.part_ids)

    def test_what_is_not_final_is_acknowledged_and_not_told(self, operator, gateway, stored):
        operator.receipt(5, "13900000001", "ACCEPTD")
        assert stored(gateway, 1, 0.2) == ([], [])
        assert operator.wait(lambda: len(operator.acknowledged) == 1)

    def test_nothing_is_acknowledged_before_it_is_stored(self, operator, gateway):
        id_ = operator.receipt(5, "13900000001")
        assert operator.wait(lambda: gateway.poll()[0] != ())
        gateway.poll()
        time.sleep(0.05)
        assert operator.acknowledged == []
        gateway.acknowledge()
        assert operator.wait(lambda: operator.acknowledged == [id_])

    def test_what_was_not_stored_comes_again_over_the_next_session(
        self, operator, gateway, opened, stored
    ):
        id_ = operator.receipt(5, "13900000001")
        assert operator.wait(lambda: gateway.poll()[0] != ())
        gateway.close()
        other = opened(operator)
        other.connect()
        receipts, _ = stored(other, 1)
        assert len(receipts) == 1
        assert operator.wait(lambda: operator.acknowledged == [id_])

    def test_what_a_thread_took_and_never_stored_is_given_to_another(self, operator, gateway):
        operator.receipt(5, "13900000001")
        with ThreadPoolExecutor(1) as worker:
            assert operator.wait(lambda: worker.submit(gateway.poll).result()[0] != ())
        assert gateway.poll() == ((), ())
        for given in gateway._inbox._given.values():
            given.at -= 1000
        assert len(gateway.poll()[0]) == 1

    def test_more_than_there_is_room_for_is_refused_and_not_lost(self, operator, opened, stored):
        gateway = opened(operator)
        gateway._inbox._most = 5
        gateway.connect()
        for number in range(8):
            operator.receipt(number, "13900000001")
        assert operator.wait(lambda: len(operator.refused) == 3)
        assert {result for _, result in operator.refused} == {8}
        assert len(stored(gateway, 5)[0]) == 5
        operator.drop()
        assert operator.wait(lambda: not gateway._alive())
        gateway.connect()
        assert len(stored(gateway, 3)[0]) == 3

    def test_a_receipt_that_cannot_be_read_is_refused_for_good(self, operator, gateway):
        id_ = operator.deliver("13900000001", b"too short", receipt=True)
        assert operator.wait(lambda: operator.refused == [(id_, 1)])
        assert gateway.poll() == ((), ())


class TestInbound:
    def test_what_a_person_wrote_is_read_by_its_coding(self, operator, gateway, stored):
        texts = {8: "退订".encode("utf-16-be"), 15: "退订".encode("gbk"), 0: b"TD"}
        for coding, content in texts.items():
            operator.inbound("8613900000001", [content], coding=coding)
        _, inbound = stored(gateway, 3)
        assert [one.text for one in inbound] == ["退订", "退订", "TD"]
        assert {one.phone for one in inbound} == {"+8613900000001"}

    def test_parts_are_put_together_in_any_order(self, operator, gateway, stored):
        text = "长" * 66 + "😀" + "短信" * 30
        data = text.encode("utf-16-be")
        contents = [data[at : at + 134] for at in range(0, len(data), 134)]
        assert len(contents) == 2
        ids = operator.inbound("13900000001", contents, order=[1, 0])
        _, inbound = stored(gateway, 1)
        assert [one.text for one in inbound] == [text]
        assert operator.wait(lambda: sorted(operator.acknowledged) == sorted(ids))

    def test_parts_of_two_people_are_kept_apart(self, operator, gateway, stored):
        a, b = [["甲" * 67, "一"], ["乙" * 67, "二"]]
        for place in (0, 1):
            for who, parts in (("13900000001", a), ("13900000002", b)):
                contents = [part.encode("utf-16-be") for part in parts]
                operator.inbound(who, contents, order=[place])
        _, inbound = stored(gateway, 2)
        assert [one.text for one in inbound] == ["".join(a), "".join(b)]

    def test_a_part_that_stays_alone_is_not_acknowledged(self, operator, gateway):
        operator.inbound("13900000001", ["甲".encode("utf-16-be")] * 2, order=[0])
        time.sleep(0.1)
        assert gateway.poll() == ((), ())
        gateway.acknowledge()
        time.sleep(0.05)
        assert operator.acknowledged == []

    def test_a_part_that_waited_too_long_is_handed_on_alone(self, operator, gateway, stored):
        gateway._joiner._patience = 0.0
        operator.inbound("13900000001", ["甲".encode("utf-16-be")] * 2, order=[0])
        _, inbound = stored(gateway, 1)
        assert [one.text for one in inbound] == ["甲"]
        assert operator.wait(lambda: len(operator.acknowledged) == 1)

    def test_a_service_number_is_handed_on_as_it_is(self, operator, gateway, stored):
        operator.inbound("10086", ["余额".encode("utf-16-be")])
        assert stored(gateway, 1)[1][0].phone == "10086"


class TestLogin:
    @pytest.mark.parametrize("status", [1, 2, 3, 4, 5, 200])
    def test_a_refused_login_is_said_with_its_status(self, operator, opened, status):
        operator.status = status
        gateway = opened(operator)
        with pytest.raises(Unavailable) as raised:
            gateway.connect()
        assert raised.value.code == "session.refused"
        assert raised.value.values["status"] == status
        assert threads() == []

    def test_a_wrong_secret_does_not_log_in(self, operator, opened):
        with pytest.raises(Unavailable) as raised:
            opened(operator, secret="wrong").connect()
        assert raised.value.values["status"] == 3
        assert "wrong" not in str(raised.value)

    def test_the_other_version_does_not_log_in(self, operator, opened, version):
        other = "3.0" if version == "2.0" else "2.0"
        with pytest.raises(Unavailable) as raised:
            opened(operator, version=other).connect()
        assert raised.value.values["status"] == 4

    def test_who_refuses_is_not_hammered(self, operator, opened):
        operator.status = 3
        gateway = opened(operator)
        for _ in range(5):
            with pytest.raises(Unavailable):
                gateway.connect()
        assert len(operator._sessions) == 1
        gateway._not_before = 0.0
        operator.status = 0
        gateway.connect()
        assert operator.logins == 1

    def test_a_gateway_that_does_not_know_the_secret_is_warned_of(
        self, operator, opened, batch, caplog
    ):
        operator.proof = False
        gateway = opened(operator)
        gateway.connect()
        assert "did not show" in caplog.text
        assert gateway.submit(batch(1))[0].status == "accepted"
        with pytest.raises(Unavailable):
            opened(operator, strict_peer=True).connect()

    def test_nobody_at_the_other_end_is_unavailable(self, operator, opened, batch):
        gateway = opened(operator)
        operator.close()
        with pytest.raises(Unavailable) as raised:
            gateway.connect()
        assert raised.value.code == "session.unreachable"
        with pytest.raises(Unavailable):
            gateway.submit(batch(1))

    def test_a_peer_that_says_nothing_is_left_in_time(self, operator, opened):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            gateway = opened(operator, port=silent.getsockname()[1], connect_timeout=0.2)
            start = time.monotonic()
            with pytest.raises(Unavailable):
                gateway.connect()
            assert time.monotonic() - start < 8
        assert threads() == []


class TestFaults:
    def test_what_was_written_and_not_answered_is_unknown(self, operator, opened, batch):
        operator.fault = "silent"
        gateway = opened(operator, timeout=0.3)
        gateway.connect()
        start = time.monotonic()
        results = gateway.submit(batch(3))
        assert time.monotonic() - start < 3
        assert {(o.status, o.error) for o in results} == {("unknown", ErrorClass.AMBIGUOUS)}

    def test_an_answer_that_comes_too_late_still_lets_a_receipt_find_its_message(
        self, opened, batch, stored
    ):
        with CmppLoopback("2.0", delay=0.6) as operator:
            gateway = opened(operator, timeout=0.2)
            gateway.connect()
            what = batch(2)
            assert {one.status for one in gateway.submit(what)} == {"unknown"}
            assert operator.wait(
                lambda: gateway._strays.find(str(operator.submits[0].id), what.recipients[0].phone)
            )
            operator.receipt(operator.submits[0].id, phone(what.recipients[1]))
            ((receipt,), _) = stored(gateway, 1)
            assert (receipt.reference, receipt.ref) == (what.reference, what.recipients[1].ref)

    def test_of_a_long_text_a_late_answer_says_nothing(self, opened, batch):
        with CmppLoopback("2.0", delay=0.4) as operator:
            gateway = opened(operator, timeout=0.2)
            gateway.connect()
            assert gateway.submit(batch(1, LONG))[0].status == "unknown"
            time.sleep(0.5)
            assert (
                gateway._strays.find(str(operator.submits[0].id), batch(1).recipients[0].phone)
                is None
            )

    @pytest.mark.parametrize("fault", ["cut", "half"])
    def test_a_connection_that_ends_before_the_answer_leaves_it_unknown(
        self, operator, gateway, batch, fault
    ):
        operator.fault = fault
        assert {one.status for one in gateway.submit(batch(2))} == {"unknown"}
        with pytest.raises(Unavailable):
            gateway.submit(batch(1, first=7))
        operator.fault = ""
        gateway.connect()
        assert gateway.submit(batch(1, first=9))[0].status == "accepted"

    def test_a_connection_may_end_at_every_byte_of_a_submit(self, operator, opened, batch):
        whole = (138 + 21 if operator.version == "2.0" else 163 + 32) + 24
        gateway = opened(operator, timeout=5.0)
        for at in range(1, whole + 1):
            operator.cut_at = at
            gateway.connect()
            before = len(operator.submits)
            try:
                (one,) = gateway.submit(batch(1, first=at))
            except Unavailable:
                state = "unsent"
            else:
                state = one.status
            # It was handed to the system, so nobody can know: never "rejected", never resent.
            assert state in {"unknown", "unsent"}
            assert len(operator.submits) == before
            assert operator.wait(lambda: not gateway._alive())
        operator.cut_at = None

    def test_a_peer_that_writes_byte_by_byte_is_understood(self, version, opened, batch, stored):
        with CmppLoopback(version, split=True) as operator:
            gateway = opened(operator)
            gateway.connect()
            assert {one.status for one in gateway.submit(batch(5, LONG))} == {"accepted"}
            operator.receipt(1, "13900000001")
            assert len(stored(gateway, 1)[0]) == 1

    @pytest.mark.parametrize("part", [2, 3])
    def test_a_text_of_which_some_parts_went_out_is_unknown(
        self, operator, opened, batch, part, stored
    ):
        gateway = opened(operator, timeout=1.0)
        gateway.connect()
        what = batch(1, LONG)
        body = {"2.0": 138 + 21 + 140, "3.0": 163 + 32 + 140}[operator.version]
        operator.cut_at = body * part - 30
        (one,) = gateway.submit(what)
        assert (one.status, one.provider_id) == ("unknown", "")
        assert one.code.startswith("part ")

    def test_what_waits_for_the_window_when_it_ends_did_not_leave(self, opened, batch):
        with CmppLoopback("2.0") as operator:
            operator.fault = "silent"
            gateway = opened(operator, window=1, timeout=3.0)
            gateway.connect()
            with ThreadPoolExecutor(2) as workers:
                first = workers.submit(gateway.submit, batch(1))
                assert operator.wait(lambda: len(operator.submits) == 1)
                second = workers.submit(gateway.submit, batch(1, first=5))
                time.sleep(0.05)
                operator.drop()
                assert first.result()[0].status == "unknown"
                with pytest.raises(Unavailable) as raised:
                    second.result()
            assert raised.value.retryable

    def test_a_silent_peer_is_asked_and_then_left(self, operator, opened):
        gateway = opened(operator, idle=0.05)
        gateway.connect()
        time.sleep(0.3)
        assert gateway._alive()
        operator._packets = lambda session, data: b""
        link = gateway._links[0]
        link._times = type(link._times)(idle=0.05, probe=0.05, probes=2)
        assert operator.wait(lambda: not gateway._alive())
        assert link.why == "silent"

    def test_it_says_that_it_is_there(self, operator, gateway):
        operator.ask()
        assert operator.wait(lambda: operator.alive == 1)

    def test_a_peer_that_ends_the_session_gets_its_answer_and_is_connected_again(
        self, operator, gateway, batch
    ):
        operator.terminate()
        assert operator.wait(lambda: not gateway._alive())
        gateway.connect()
        assert gateway.submit(batch(1))[0].status == "accepted"
        assert operator.problems == []

    @pytest.mark.parametrize("seed", range(12))
    def test_hostile_packets_neither_crash_nor_hang_it(self, operator, opened, batch, seed):
        rng = random.Random(seed)
        gateway = opened(operator, timeout=1.0)
        gateway.connect()
        for _ in range(40):
            command = rng.choice([1, 2, 4, 5, 5, 5, 6, 8, 0x80000004, 0x80000001, 0x80000008, 99])
            body = rng.randbytes(rng.choice((0, 1, 9, 12, 30, 145, 182, 400)))
            length = 12 + len(body)
            if rng.random() < 0.05:
                length = rng.choice((0, 5, 2**31, 8193))
            operator.raw(struct.pack(">III", length, command, rng.randrange(5)) + body)
        gateway.poll()
        try:
            results = gateway.submit(batch(1))
        except Unavailable:
            results = ()
        assert all(one.status in {"accepted", "unknown"} for one in results)
        start = time.monotonic()
        gateway.close()
        assert time.monotonic() - start < 6
        gateway.connect()
        assert gateway.submit(batch(1, first=3))[0].status == "accepted"


def test_the_loopback_writes_all_to_a_peer_that_is_slow(operator):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(_IDLE)
        theirs.settimeout(30.0)
        operator._sessions.append(_Session(1, ours, open=True))
        data = bytes(range(256)) * 2**15
        writer = threading.Thread(target=operator.raw, args=(data,))
        writer.start()
        # Long enough for the buffers to be full, and for who writes in time only to give up.
        writer.join(0.2)
        came = bytearray()
        while len(came) < len(data):
            came += theirs.recv(len(data) - len(came))
        assert came == data
        writer.join()


class TestEnds:
    def test_closing_says_goodbye_and_leaves_no_thread(self, operator, gateway):
        assert len(threads()) == 1
        gateway.close()
        assert threads() == []
        assert operator.wait(lambda: operator.farewells == 1)

    def test_closing_takes_limited_time_when_nobody_answers(self, operator, gateway):
        operator._packets = lambda session, data: b""
        start = time.monotonic()
        gateway.close()
        assert time.monotonic() - start < 6
        assert threads() == []

    def test_calls_on_their_way_end_well_when_it_is_closed(self, opened, batch):
        with CmppLoopback("2.0", delay=0.2) as operator:
            gateway = opened(operator)
            gateway.connect()
            with ThreadPoolExecutor(1) as worker:
                said = worker.submit(gateway.submit, batch(1))
                assert operator.wait(lambda: len(operator.submits) == 1)
                gateway.close()
                assert said.result()[0].status == "accepted"

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_forked_child_has_a_session_of_its_own(self, operator, gateway, batch):
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
        assert operator.logins == 2
        assert gateway.submit(batch(1, first=60))[0].status == "accepted"
        assert operator.problems == []
