"""The bytes, against the specification's layout and hostile ones."""

from __future__ import annotations

import itertools
import random
import struct
from datetime import datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tianfu_sms_smpp import codec
from tianfu_sms_smpp.codes import STATUSES, state_of, status_class
from tianfu_sms_smpp.composing import parts_of
from tianfu_sms_smpp.wire import Names, SmppWire, e164

from tianfu_sdk import Invalid
from tianfu_sdk.links.coding import from_gsm
from tianfu_sdk.links.joining import Joiner, split_header
from tianfu_sdk.links.wire import Answer, Arrival, Dead, Farewell, Reply
from tianfu_sdk.model.sms import ErrorClass

WHAT = codec.Submit(phone="8613900000001", content=b"\x6c\x5b", coding=8, source="10658000")


def deliver(content, *, esm_class=0, tlvs=b"", phone=b"8613900000001", coding=0):
    body = b"\0\1\1" + phone + b"\0\0\1" + b"10658000\0" + bytes([esm_class, 0, 0])
    return body + b"\0\0\0\0" + bytes([coding, 0, len(content)]) + content + tlvs


def bound():
    wire = SmppWire(Names(), 8.0)
    wire.heard(codec.frame(codec.BIND_TRANSCEIVER | codec.RESPONSE, 1, b"smsc\0"))
    return wire


class TestVectors:
    def test_a_bind_is_laid_out_as_the_specification_says(self):
        # The worked example of SMPP 3.4, 3.1.1: a bind_transmitter of 47 bytes.
        what = codec.Bind(system_id="SMPP3TEST", password="secret08", system_type="SUBMIT1")
        whole = codec.frame(codec.BIND_TRANSMITTER, 1, codec.bind(attrs.evolve(what, ton=1, npi=1)))
        assert whole.hex() == (
            "0000002f" "00000002" "00000000" "00000001"
            "534d50503354455354" "00" "7365637265743038" "00" "5355424d495431" "00"
            "34" "01" "01" "00"
        )  # fmt: skip

    def test_a_submit_is_laid_out_as_the_specification_says(self):
        body = codec.submit_sm(attrs.evolve(WHAT, header=True, service_type="CMT"))
        assert body.hex() == (
            "434d5400" "0001" "313036353830303000" "0101" "3836313339303030303030303100"
            "40" "00" "00" "00" "00" "01" "00" "08" "00" "02" "6c5b"
        )  # fmt: skip

    def test_a_query_is_laid_out_as_the_specification_says(self):
        assert codec.query_sm("1f", "10658000", 0, 1).hex() == "3166000001313036353830303000"


class TestFields:
    @pytest.mark.parametrize(
        ("name", "value"),
        [("source", "1" * 21), ("phone", "1" * 21), ("service_type", "x" * 6), ("source", "科普")],
    )
    def test_what_is_too_long_is_an_error_and_never_cut(self, name, value):
        with pytest.raises(Invalid) as raised:
            codec.submit_sm(attrs.evolve(WHAT, **{name: value}))
        assert value not in str(raised.value)

    def test_a_password_has_8_characters_at_most(self):
        with pytest.raises(Invalid) as raised:
            codec.bind(codec.Bind(system_id="a", password="123456789"))
        assert raised.value.path == "password"
        assert "123456789" not in str(raised.value)

    def test_a_content_has_254_bytes_at_most(self):
        with pytest.raises(Invalid):
            codec.submit_sm(attrs.evolve(WHAT, content=bytes(255)))

    def test_a_payload_stands_for_a_content_that_is_empty(self):
        payload = codec.tlv(codec.Tag.MESSAGE_PAYLOAD, b"whole")
        assert codec.read_deliver(deliver(b"", tlvs=payload)).content == b"whole"
        assert codec.read_deliver(deliver(b"short", tlvs=payload)).content == b"short"


RECEIPT = (
    b"id:0123abc sub:001 dlvrd:001 submit date:2601010829 done date:260101083105 "
    b"stat:DELIVRD err:000 text:id:evil stat:UNDELIV"
)


class TestReceipts:
    def test_a_receipt_is_read(self):
        found = codec.read_receipt(codec.read_deliver(deliver(RECEIPT, esm_class=4)))
        china = timezone(timedelta(hours=8))
        assert (found.id, found.stat, found.error) == ("0123abc", "DELIVRD", "000")
        assert found.done == datetime(2026, 1, 1, 8, 31, 5, tzinfo=china)

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (b"", ("", "", None)),
            (b"id: stat:", ("", "", None)),
            (b"ID:7 Stat:delivrd", ("7", "DELIVRD", None)),
            (b"stat:UNDELIV id:7", ("7", "UNDELIV", None)),
            (b"id:7 done date:9913450000 stat:EXPIRED", ("7", "EXPIRED", None)),
            (b"hello", ("", "", None)),
        ],
    )
    def test_a_receipt_is_read_leniently(self, text, wanted):
        found = codec.read_receipt(codec.read_deliver(deliver(text, esm_class=4)))
        assert (found.id, found.stat, found.done) == wanted

    def test_optional_parameters_win(self):
        tlvs = codec.tlv(codec.Tag.RECEIPTED_MESSAGE_ID, b"77\0")
        tlvs += codec.tlv(codec.Tag.MESSAGE_STATE, b"\x05")
        (heard,) = bound().heard(
            codec.frame(codec.DELIVER_SM, 1, deliver(RECEIPT, esm_class=4, tlvs=tlvs))
        )
        assert (heard.item.receipt.provider_id, heard.item.receipt.state) == ("77", "failed")

    @pytest.mark.parametrize(
        ("names", "response", "receipt"),
        [
            (Names(), "0A1F", "0A1F"),
            (Names("hex", "decimal"), "0A1F", "2591"),
            (Names("decimal", "hex"), "2591", "a1f"),
            (Names("hex", "hex"), "0A1F", "a1f"),
            (Names("hex", "decimal"), "no number", "no number"),
        ],
    )
    def test_ids_have_one_spelling(self, names, response, receipt):
        assert names.of_response(response) == names.of_receipt(receipt)

    @pytest.mark.parametrize(
        ("state", "word", "wanted"),
        [
            (2, "", "delivered"),
            (2, "UNDELIV", "delivered"),
            (3, "", "expired"),
            (5, "", "failed"),
            (8, "", "failed"),
            (1, "DELIVRD", None),
            (6, "", None),
            (99, "DELIVRD", None),
            (None, "DELIVRD", "delivered"),
            (None, "ACCEPTD", None),
            (None, "WHATEVE", None),
        ],
    )
    def test_what_is_final(self, state, word, wanted):
        assert state_of(state, word) == wanted

    def test_a_word_of_the_device_is_nothing_final(self):
        (heard,) = bound().heard(codec.frame(codec.DELIVER_SM, 1, deliver(RECEIPT, esm_class=8)))
        assert heard.item.state is None


class TestCodes:
    def test_an_unknown_status_is_ambiguous(self):
        assert {status_class(one) for one in (0x09, 0x400, 2**31)} == {ErrorClass.AMBIGUOUS}
        assert [one for one, what in STATUSES.items() if what is ErrorClass.OK] == [0]
        assert status_class(0x14) is status_class(0x58) is ErrorClass.THROTTLED


class TestComposing:
    TEXT = "Stay away from the river during the flood. " * 12

    def make(self, text, **more):
        given = {"in_text": True, "gsm": False, "long": "udh", "reference": 7} | more
        return parts_of(text, more.pop("signature", "Kepu"), **given)

    def test_the_mainland_gets_ucs2(self):
        assert {part.coding for part in self.make("hello")} == {8}

    def test_brackets_are_no_letters_of_gsm(self):
        assert {part.coding for part in self.make("hello", gsm=True)} == {8}

    def test_abroad_gets_gsm_where_it_has_all_letters(self):
        parts = self.make(self.TEXT, gsm=True, in_text=False)
        assert {part.coding for part in parts} == {0}
        assert all(len(part.content) <= 159 for part in parts)
        assert "".join(from_gsm(split_header(p.content)[1]) for p in parts) == self.TEXT
        domestic = self.make(self.TEXT, in_text=False)
        assert len(parts) < len(domestic)

    def test_160_letters_of_gsm_are_one_part(self):
        assert len(self.make("a" * 160, gsm=True, in_text=False)) == 1
        assert len(self.make("a" * 161, gsm=True, in_text=False)) > 1

    @pytest.mark.parametrize("long", ["udh", "sar", "payload"])
    def test_a_long_text_is_whole_at_the_other_end(self, long):
        text = "科普之城😀" * 40
        parts = self.make(text, long=long)
        wire, joiner, found = bound(), Joiner(), None
        for number, part in enumerate(parts):
            body = deliver(
                part.content, esm_class=0x40 * part.header, tlvs=b"".join(part.tlvs), coding=8
            )
            (heard,) = wire.heard(codec.frame(codec.DELIVER_SM, number, body))
            note = heard.item
            if note.concat is None:
                found = note.data
            else:
                joined = joiner.add("p", note.concat, note.data, number, 0.0)
                found = joined.data if joined else found
        assert found.decode("utf-16-be") == f"【Kepu】{text}"
        assert (len(parts) == 1) == (long == "payload")


def pieces(data, cuts):
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


class TestReader:
    @given(
        st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=300)), max_size=8),
        st.lists(st.integers(0, 5000), max_size=40),
    )
    def test_pdus_come_out_as_they_were_however_they_were_split(self, pdus, cuts):
        data = b"".join(codec.frame(command, 5, body, 3) for command, body in pdus)
        reader = codec.Reader()
        found = [pdu for piece in pieces(data, cuts) for pdu in reader.feed(piece)]
        assert [(one.command, one.body) for one in found] == pdus

    @pytest.mark.parametrize("length", [0, 15, 70_001, 2**32 - 1])
    def test_a_length_that_no_pdu_has_ends_it(self, length):
        with pytest.raises(Dead):
            codec.Reader().feed(struct.pack(">IIII", length, 1, 0, 1))

    @given(st.binary(max_size=4000), st.lists(st.integers(0, 4000), max_size=10))
    def test_any_bytes_are_read_or_refused(self, data, cuts):
        wire = bound()
        kinds = (Answer, Reply, Arrival, Farewell)
        try:
            for piece in pieces(data, cuts):
                assert all(isinstance(heard, kinds) for heard in wire.heard(piece))
        except Dead:
            pass

    @given(
        command=st.sampled_from([1, 2, 3, 4, 5, 6, 7, 9, 0x0B, 0x15, 0x21, 0x102, 0x103, 0]),
        answer=st.booleans(),
        status=st.integers(0, 2**32 - 1),
        body=st.binary(max_size=400),
    )
    def test_any_body_of_any_command_is_read_or_answered(self, command, answer, status, body):
        whole = codec.frame(command | (codec.RESPONSE if answer else 0), 7, body, status)
        (heard,) = bound().heard(whole)
        if isinstance(heard, Answer):
            assert heard.sequence == 7
        if isinstance(heard, (Reply, Farewell)):
            (pdu,) = codec.Reader().feed(heard.data)
            assert pdu.sequence == 7

    def test_a_delivery_that_is_spoilt_is_read_or_refused(self):
        rng = random.Random(20260101)
        tlvs = codec.tlv(codec.Tag.RECEIPTED_MESSAGE_ID, b"77\0")
        body = deliver(RECEIPT, esm_class=4, tlvs=tlvs)
        wire, seen = bound(), set()
        for _ in range(4000):
            other = bytearray(body[: rng.choice((len(body), rng.randrange(len(body) + 1)))])
            for _ in range(rng.randrange(4)):
                if other:
                    other[rng.randrange(len(other))] = rng.randrange(256)
            (heard,) = wire.heard(codec.frame(codec.DELIVER_SM, 1, bytes(other)))
            seen.add(type(heard))
        assert seen == {Arrival, Reply}

    def test_what_is_delivered_before_the_bind_is_nothing(self):
        wire = SmppWire(Names(), 8.0)
        assert list(wire.heard(codec.frame(codec.DELIVER_SM, 1, deliver(b"a")))) == []

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ("8613900000001", "+8613900000001"),
            ("+8613900000001", "+8613900000001"),
            ("13900000001", "+8613900000001"),
            ("85291234567", "+85291234567"),
            ("KEPU", "KEPU"),
            ("", ""),
        ],
    )
    def test_phones_are_read_as_they_are_written(self, given, wanted):
        assert e164(given) == wanted
