"""The bytes, against recorded vectors and hostile ones."""

from __future__ import annotations

import itertools
import random
import struct
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tianfu_sms_cmpp import codec
from tianfu_sms_cmpp.codes import RESULTS, result_class, state_of
from tianfu_sms_cmpp.wire import CmppWire

from tianfu_sdk import Invalid
from tianfu_sdk.links.wire import Answer, Arrival, Dead, Farewell, Reply
from tianfu_sdk.model.sms import ErrorClass

V2, V3 = codec.Form.of("2.0"), codec.Form.of("3.0")
FORMS = pytest.mark.parametrize("form", [V2, V3], ids=["2.0", "3.0"])
WHAT = codec.Submit(
    phones=["13900000001"], content="汛".encode("utf-16-be"), source="900001", src_id="10658000"
)


class TestVectors:
    def test_a_login_is_signed_as_recorded(self):
        said = codec.authenticator("900001", "888888", "1021080510")
        assert said.hex() == "90d00c1d517abd0b4f65f6bcf8535d16"

    def test_a_leading_zero_of_the_stamp_is_signed(self):
        said = codec.authenticator("901234", "secret", "0101000000")
        assert said.hex() == "63cb3b41e6814f6e7d00c9e83999170b"

    def test_a_whole_connect_is_as_recorded(self):
        moment = datetime(2026, 10, 21, 0, 5, 10, tzinfo=UTC)  # 08:05:10 in China
        body = codec.connect("900001", "888888", V2, moment)
        assert codec.frame(codec.CONNECT, 1, body).hex() == (
            "00000027000000010000000139303030303190d00c1d517abd0b4f65f6bcf8535d16203cdc73be"
        )

    @pytest.mark.parametrize(
        ("status", "wanted"),
        [
            (b"\0", "6c0b846e25bab6daa4ed1c466e0f4bd8"),
            (bytes(4), "7942977274098cf210ab0c16c367bc8d"),
        ],
    )
    def test_the_gateway_shows_that_it_knows_the_secret(self, status, wanted):
        proof = bytes.fromhex("90d00c1d517abd0b4f65f6bcf8535d16")
        assert codec.gateway_authenticator(status, proof, "888888").hex() == wanted

    @pytest.mark.parametrize(("form", "base", "phone"), [(V2, 138, 21), (V3, 163, 32)])
    @pytest.mark.parametrize("count", [1, 90, 99])
    def test_a_submit_is_as_long_as_the_table_says(self, form, base, phone, count):
        what = attrs.evolve(WHAT, phones=["13900000001"] * count, content=bytes(140))
        packet = codec.frame(codec.SUBMIT, 1, codec.submit(form, what))
        assert len(packet) == base + phone * count + 140 == codec.submit_width(form, count, 140)

    def test_ninety_phones_fit_what_some_peers_take(self):
        assert codec.submit_width(V2, 90, 140) <= 2477
        assert codec.submit_width(V3, 90, 140) <= 3335

    def test_every_field_of_a_submit_stands_where_the_table_says(self):
        body = codec.submit(V2, attrs.evolve(WHAT, total=3, number=2, header=True, service_id="S"))
        assert body[8:12] == b"\x03\x02\x01\x00"
        assert body[12:22] == b"S" + bytes(9)
        assert body[22] == 2
        assert body[44:47] == b"\x00\x01\x08"
        assert body[47:53] == b"900001"
        assert body[53:61] == b"01000000"
        assert body[95:116] == b"10658000" + bytes(13)
        assert body[116] == 1
        assert body[117:138] == b"13900000001" + bytes(10)
        assert body[138] == 2
        assert body[139:141] == "汛".encode("utf-16-be")
        assert body[141:] == bytes(8)


class TestFields:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("source", "1234567"),
            ("src_id", "1" * 22),
            ("service_id", "x" * 11),
            ("fee_type", "001"),
            ("fee_code", "1234567"),
            ("service_id", "业务"),
        ],
    )
    @FORMS
    def test_what_is_too_long_is_an_error_and_never_cut(self, form, name, value):
        with pytest.raises(Invalid) as raised:
            codec.submit(form, attrs.evolve(WHAT, **{name: value}))
        assert raised.value.code == "field.value"
        assert value not in str(raised.value)

    @pytest.mark.parametrize("count", [0, 100])
    def test_phones_are_one_to_ninety_nine(self, count):
        with pytest.raises(Invalid):
            codec.submit(V2, attrs.evolve(WHAT, phones=["13900000001"] * count))

    def test_a_content_has_140_bytes_at_most(self):
        with pytest.raises(Invalid):
            codec.submit(V2, attrs.evolve(WHAT, content=bytes(141)))

    @pytest.mark.parametrize("width", [21, 32])
    def test_receipts_of_both_lengths_are_read(self, width):
        said = struct.pack(">Q", 77) + b"DELIVRD" + b"2601010830" + b"2601010831"
        found = codec.read_receipt(said + b"13900000001".ljust(width, b"\0") + bytes(4))
        assert (found.id, found.stat, found.phone) == (77, "DELIVRD", "13900000001")
        assert found.done == datetime(2026, 1, 1, 8, 31, tzinfo=timezone(timedelta(hours=8)))

    @pytest.mark.parametrize("stamp", [b"0000000000", b"2613450000", b"26010108x1", bytes(10)])
    def test_a_time_that_is_none_is_left_out(self, stamp):
        said = struct.pack(">Q", 77) + b"DELIVRD" + stamp * 2 + bytes(25)
        assert codec.read_receipt(said).done is None

    @pytest.mark.parametrize("length", [0, 59, 61, 70, 72, 140])
    def test_a_receipt_of_another_length_is_none(self, length):
        with pytest.raises(codec.Malformed):
            codec.read_receipt(bytes(length))

    def test_counts_are_read_in_their_order(self):
        body = bytes(19) + struct.pack(">8I", *range(1, 9))
        assert attrs.astuple(codec.read_counts(body)) == tuple(range(1, 9))


class TestCodes:
    def test_an_unknown_code_is_ambiguous(self):
        assert {result_class(code) for code in (14, 99, 255, 2**31)} == {ErrorClass.AMBIGUOUS}
        assert RESULTS[0] is ErrorClass.OK
        assert [code for code, what in RESULTS.items() if what is ErrorClass.OK] == [0]

    @pytest.mark.parametrize(
        ("stat", "state"),
        [
            ("DELIVRD", "delivered"),
            ("EXPIRED", "expired"),
            ("UNDELIV", "failed"),
            ("DELETED", "failed"),
            ("REJECTD", "failed"),
            ("MA:0001", "failed"),
            ("IB:0024", "failed"),
            ("ACCEPTD", None),
            ("UNKNOWN", None),
            ("XX:0001", None),
            ("", None),
        ],
    )
    def test_a_receipt_says_what_is_final(self, stat, state):
        assert state_of(stat) == state


def pieces(data, cuts):
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


class TestReader:
    @given(
        st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=300)), max_size=8),
        st.lists(st.integers(0, 5000), max_size=40),
    )
    def test_packets_come_out_as_they_were_however_they_were_split(self, packets, cuts):
        data = b"".join(codec.frame(command, 5, body) for command, body in packets)
        reader = codec.Reader()
        found = [packet for piece in pieces(data, cuts) for packet in reader.feed(piece)]
        assert [(one.command, one.body) for one in found] == packets

    @pytest.mark.parametrize("length", [0, 11, 8193, 2**31, 2**32 - 1])
    def test_a_length_that_no_packet_has_ends_it(self, length):
        with pytest.raises(Dead):
            codec.Reader().feed(struct.pack(">III", length, 1, 1))

    @given(st.binary(max_size=4000), st.lists(st.integers(0, 4000), max_size=10))
    def test_any_bytes_are_read_or_refused(self, data, cuts):
        wire = CmppWire(V3)
        kinds = (Answer, Reply, Arrival, Farewell)
        try:
            for piece in pieces(data, cuts):
                assert all(isinstance(heard, kinds) for heard in wire.heard(piece))
        except Dead:
            pass

    @FORMS
    @given(
        command=st.sampled_from([1, 2, 4, 5, 6, 7, 8, 9, 0]),
        answer=st.booleans(),
        body=st.binary(max_size=400),
    )
    def test_any_body_of_any_command_is_read_or_answered(self, form, command, answer, body):
        wire = CmppWire(form)
        width = 21 if form is V3 else 18
        assert wire.heard(codec.frame(codec.CONNECT | codec.RESPONSE, 1, bytes(width)))
        whole = codec.frame(command | (codec.RESPONSE if answer else 0), 7, body)
        for heard in wire.heard(whole):
            if isinstance(heard, Answer):
                assert heard.sequence == 7
            if isinstance(heard, (Reply, Farewell)):
                (packet,) = codec.Reader().feed(heard.data)
                assert packet.sequence == 7

    @FORMS
    def test_a_delivery_that_is_spoilt_is_read_or_refused(self, form):
        rng = random.Random(20260101)
        content = struct.pack(">Q", 1) + b"DELIVRD" + b"2601010830" * 2 + bytes(25)
        body = bytes(8) + b"1".ljust(21, b"\0") + bytes(10) + b"\0\0\0"
        body += b"13900000001".ljust(form.phone, b"\0") + b"\0" * form.typed + b"\1"
        body += bytes([len(content)]) + content + bytes(form.tail)
        wire = CmppWire(form)
        wire.heard(codec.frame(codec.CONNECT | codec.RESPONSE, 1, bytes(21 if form is V3 else 18)))
        (whole,) = wire.heard(codec.frame(codec.DELIVER, 1, body))
        assert isinstance(whole, Arrival)
        seen = set()
        for _ in range(3000):
            other = bytearray(body[: rng.choice((len(body), rng.randrange(len(body) + 1)))])
            for _ in range(rng.randrange(4)):
                if other:
                    other[rng.randrange(len(other))] = rng.randrange(256)
            (heard,) = wire.heard(codec.frame(codec.DELIVER, 1, bytes(other)))
            seen.add(type(heard))
        assert seen == {Arrival, Reply}

    def test_what_is_delivered_before_the_login_is_nothing(self):
        wire = CmppWire(V2)
        assert list(wire.heard(codec.frame(codec.DELIVER, 1, bytes(200)))) == []
