"""What sessions share and needs no socket: window, parts of messages, codings, the inbox."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.links import coding
from tianfu_sdk.links.inbox import Inbox
from tianfu_sdk.links.joining import Concat, Joiner, split_header
from tianfu_sdk.links.window import Window
from tianfu_sdk.links.wire import Arrival
from tianfu_sdk.model.sms import SmsReceipt


class TestWindow:
    def test_it_is_halved_once_for_all_that_was_on_its_way(self):
        window = Window(16)
        for left in range(15, -1, -1):
            window.throttled(left)
        assert window.size == 8

    def test_it_grows_by_one_a_clean_round(self):
        window = Window(16)
        window.throttled(0)
        for _ in range(8):
            window.answered()
        assert window.size == 9

    @given(st.lists(st.one_of(st.none(), st.integers(0, 64)), max_size=200), st.integers(1, 64))
    def test_it_stays_between_one_and_the_most(self, told, most):
        window = Window(most)
        for one in told:
            if one is None:
                window.answered()
            else:
                window.throttled(one)
            assert 1 <= window.size <= most


class TestJoining:
    @pytest.mark.parametrize(
        ("data", "concat", "rest"),
        [
            (b"\x05\0\3\x07\2\1ab", Concat(7, 2, 1), b"ab"),
            (b"\x06\x08\4\x01\x02\3\2ab", Concat(0x0102, 3, 2), b"ab"),
            (b"\x08\x25\1\0\0\3\x07\2\1ab", Concat(7, 2, 1), b"ab"),
            (b"\x05\0\3\x07\1\1ab", None, b"ab"),
            (b"\x05\0\3\x07\2\3ab", None, b"ab"),
            (b"\x05\0\3\x07\2\0ab", None, b"ab"),
            (b"\x03\x25\1\0ab", None, b"ab"),
            (b"\x05\0\x09\x07\2\1ab", None, b"\x05\0\x09\x07\2\1ab"),
            (b"\xffab", None, b"\xffab"),
            (b"", None, b""),
        ],
    )
    def test_a_header_is_read_or_is_text(self, data, concat, rest):
        assert split_header(data) == (concat, rest)

    @given(st.binary(max_size=160))
    def test_any_bytes_have_a_header_or_none(self, data):
        concat, rest = split_header(data)
        assert data.endswith(rest)
        assert concat is None or 1 <= concat.number <= concat.total

    @given(st.permutations(range(1, 6)), st.integers(0, 4))
    def test_parts_are_joined_in_their_order(self, order, twice):
        joiner = Joiner()
        order = [order[twice], *order] if order[twice] != order[-1] else order
        found = [joiner.add("p", Concat(1, 5, n), bytes([n]), n, 0.0) for n in order]
        assert [one for one in found[:-1] if one] == []
        assert found[-1].data == bytes(range(1, 6))
        assert sorted(found[-1].held) == sorted(order)

    def test_what_waited_too_long_or_is_too_much_is_handed_on(self):
        joiner = Joiner(most=2, patience=10.0)
        for number in range(3):
            joiner.add(number, Concat(1, 2, 1), b"a", number, float(number))
        assert [one.held for one in joiner.late(3.0)] == [[0]]
        assert [one.held for one in joiner.late(11.5)] == [[1]]


class TestCoding:
    @given(st.text(st.sampled_from(sorted(coding._CODES)), max_size=80))
    def test_gsm_is_read_as_it_was_written(self, text):
        assert coding.fits_gsm(text)
        assert coding.from_gsm(coding.to_gsm(text)) == text

    def test_gsm_has_128_letters_of_its_own_and_ten_more(self):
        assert len(coding._BASIC) == 128
        assert len(coding._CODES) == 127 + 10
        assert coding.to_gsm("@€\n") == b"\x00\x1b\x65\x0a"

    def test_what_gsm_has_not_is_an_error(self):
        assert not coding.fits_gsm("汛")
        with pytest.raises(UnicodeEncodeError):
            coding.to_gsm("a汛")

    @pytest.mark.parametrize(
        "kind", [coding.ASCII, coding.LATIN, coding.BINARY, coding.UCS2, coding.GBK, coding.GSM]
    )
    @given(data=st.binary(max_size=160))
    def test_any_bytes_are_some_text(self, kind, data):
        coding.read(data, kind).encode("utf-8")


class _Peer:
    def __init__(self):
        self.told = []

    def post(self, data):
        self.told.append(data)


class TestInbox:
    def test_who_took_it_says_that_it_is_stored(self):
        inbox, peer = Inbox(2), _Peer()
        arrival = Arrival("x", b"yes", b"no")
        assert [inbox.put(peer, arrival) for _ in range(3)] == [True, True, False]
        receipt = SmsReceipt(state="delivered", provider_id="1")
        letters = inbox.take(10, 0.0)
        assert inbox.give([receipt], [], letters) == ((receipt,), ())
        assert inbox.give([], [], []) == ((receipt,), ())
        other = threading.Thread(target=inbox.acknowledge)
        other.start()
        other.join()
        assert peer.told == []
        inbox.acknowledge()
        assert peer.told == [b"yes", b"yes"]
        assert inbox.give([], [], []) == ((), ())
        assert inbox.put(peer, arrival)
